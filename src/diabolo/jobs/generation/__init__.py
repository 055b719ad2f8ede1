"""Generation: new rows, where their codes come from, and how good they are."""

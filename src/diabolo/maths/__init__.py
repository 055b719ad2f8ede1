"""Pure functions on tensors, no state: one noun a file."""

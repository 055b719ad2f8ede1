"""Blame: which cell of a row is wrong, what was expected there, and how sure that is."""

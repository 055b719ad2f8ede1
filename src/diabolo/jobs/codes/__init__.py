"""Codes: to them and back, seen, grouped, searched, and the ways between them."""

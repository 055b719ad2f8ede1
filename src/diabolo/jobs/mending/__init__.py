"""Mending: noise out, larger, gaps filled, tiles in order, at any size."""

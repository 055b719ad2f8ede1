"""Diagnosis: what is wrong with a model, and what to change."""

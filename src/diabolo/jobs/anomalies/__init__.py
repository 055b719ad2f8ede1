"""Anomalies: what is unlike the training rows, how sure that is, and where."""

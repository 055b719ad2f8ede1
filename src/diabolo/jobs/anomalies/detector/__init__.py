"""A detector of anomalies: scores learned on rows, p-values, thresholds, drift, and what it is worth."""

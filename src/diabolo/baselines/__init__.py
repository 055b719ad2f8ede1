"""What is simpler than an autoencoder and is shown beside it: the mean, PCA, ridge regression, filters, neighbors."""

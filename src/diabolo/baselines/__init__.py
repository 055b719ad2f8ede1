"""What is simpler than an autoencoder and is shown beside it: PCA, the mean."""

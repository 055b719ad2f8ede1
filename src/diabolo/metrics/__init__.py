"""Numbers about reconstructions and codes, each with its definition and source. Arrays or tensors in, plain numbers out."""

"""Pre-trained networks: their trunk, what of it can be pruned, and the heads we put on it."""

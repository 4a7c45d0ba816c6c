"""What the weights of a trunk are before training: pre-trained, reached, random or shuffled."""

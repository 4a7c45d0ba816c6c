"""How it is shown: each writer turns blocks into one format."""

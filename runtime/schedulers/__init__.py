"""Who runs the jobs of a plan, and in which order."""

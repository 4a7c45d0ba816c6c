"""What people do to a store as a whole: look at it, clear it out, see whether it is sound, take studies in and out."""

"""What engineers know, and whether a model agrees."""

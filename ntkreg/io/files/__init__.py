"""Bytes of a file -> a grid of cells with true addresses."""

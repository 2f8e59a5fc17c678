"""Columns that give the target away."""

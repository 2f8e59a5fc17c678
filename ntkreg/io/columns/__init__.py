"""Columns of a table: their kinds, and what was noticed about them."""

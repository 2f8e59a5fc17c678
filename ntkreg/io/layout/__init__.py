"""Where in a grid the table stands: header, units, blocks, totals, names."""

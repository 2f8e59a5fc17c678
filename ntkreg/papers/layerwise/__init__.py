"""Layer by layer: large steps on the first layer, one step on the second, an exact ridge head."""

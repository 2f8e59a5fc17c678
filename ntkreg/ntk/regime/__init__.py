"""Whether trained nets stayed in their kernel regime: measurements, width study, verdict."""

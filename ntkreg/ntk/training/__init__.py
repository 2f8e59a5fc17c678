"""From a prescription to trained nets."""

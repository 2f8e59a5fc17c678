"""What one cell says: numbers, missing marks, dates, units."""

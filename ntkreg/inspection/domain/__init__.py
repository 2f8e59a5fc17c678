"""What the model was trained on, and how far a row lies from it."""

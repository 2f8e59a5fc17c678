"""Why a model predicts what it predicts, by the user's own columns."""

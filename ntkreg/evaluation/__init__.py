"""How well each method predicts rows that it has not seen, judged on the same folds for all."""

from ntkreg.evaluation.metrics import scores

__all__ = ["scores"]

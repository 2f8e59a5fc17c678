"""What makes a prediction something to act on: intervals, domain flags, remarks."""

from ntkreg.decision.intervals import calibrate, mean_over_repeats
from ntkreg.decision.predict import predict_rows
from ntkreg.decision.results import IntervalResult, RowPredictions

__all__ = ["IntervalResult", "RowPredictions", "calibrate", "mean_over_repeats", "predict_rows"]

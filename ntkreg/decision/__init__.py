"""What makes a prediction something to act on: intervals, domain flags, specification, remarks."""

from ntkreg.decision.difficulty import Difficulty, fit_difficulty
from ntkreg.decision.held_out import decide_held_out
from ntkreg.decision.intervals import calibrate, mean_over_repeats
from ntkreg.decision.predict import predict_rows
from ntkreg.decision.results import HeldOutDecisions, IntervalResult, RowPredictions
from ntkreg.decision.specification import COST_RATIO, judge_specification

__all__ = [
    "COST_RATIO",
    "Difficulty",
    "HeldOutDecisions",
    "IntervalResult",
    "RowPredictions",
    "calibrate",
    "decide_held_out",
    "fit_difficulty",
    "judge_specification",
    "mean_over_repeats",
    "predict_rows",
]

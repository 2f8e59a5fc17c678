"""How well each method predicts rows that it has not seen, judged on the same folds for all."""

from ntkreg.evaluation.benchmark import run_benchmark
from ntkreg.evaluation.blend import BlendRegressor
from ntkreg.evaluation.comparison import compare
from ntkreg.evaluation.contenders import CONTENDER_NAMES, build_contender
from ntkreg.evaluation.folds import inner_groups
from ntkreg.evaluation.learning_curves import learning_curve
from ntkreg.evaluation.lightgbm_table import DefaultLightGBM, SmallTableLightGBM
from ntkreg.evaluation.metrics import overall_scores, scores
from ntkreg.evaluation.splits import make_plan
from ntkreg.evaluation.table_model import TableModel

__all__ = [
    "CONTENDER_NAMES",
    "BlendRegressor",
    "DefaultLightGBM",
    "SmallTableLightGBM",
    "TableModel",
    "build_contender",
    "compare",
    "inner_groups",
    "learning_curve",
    "make_plan",
    "overall_scores",
    "run_benchmark",
    "scores",
]

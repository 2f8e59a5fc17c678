"""The whole work as library calls: study, fit, predict, and the folders they write."""

from ntkreg.study.checking import check_table
from ntkreg.study.comparing import compare_models
from ntkreg.study.explaining import explain_file, write_explanation_page
from ntkreg.study.fitting import fit_model
from ntkreg.study.folders import check_free, check_free_file, default_folder, new_file, new_folder
from ntkreg.study.gates import failed_gates
from ntkreg.study.judging import knowledge_in_words
from ntkreg.study.output import leaderboard_table, write_leaderboard, write_run
from ntkreg.study.prediction import FilePredictions, check_ending, predict_file, write_predictions
from ntkreg.study.specification import decisions_in_words
from ntkreg.study.starting import init_knowledge
from ntkreg.study.whole import StudyResult, run_study

__all__ = [
    "FilePredictions",
    "StudyResult",
    "check_ending",
    "check_free",
    "check_free_file",
    "check_table",
    "compare_models",
    "decisions_in_words",
    "default_folder",
    "explain_file",
    "failed_gates",
    "fit_model",
    "init_knowledge",
    "knowledge_in_words",
    "leaderboard_table",
    "new_file",
    "new_folder",
    "predict_file",
    "run_study",
    "write_explanation_page",
    "write_leaderboard",
    "write_predictions",
    "write_run",
]

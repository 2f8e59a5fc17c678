"""The models on offer: one entry each, which is all that a new model needs to be offered.

Nothing is imported before a model is built, so that the command line knows the names at once.
`ntkreg/papers/__init__.py` says what an estimator must supply to stand here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ntkreg.messages import Sentence


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """What is known of a model before it is built.

    Parameters
    ----------
    name : str
        As on the command line.
    label : Sentence or str
        What a reader is told; a plain text is the same in all languages.
    regressor : str, default=""
        "module:Class" of a regressor on numeric arrays, the module being that which defines it. It
        is built as `Class(random_state=seed)` behind a `TableEncoder` and may be saved. Empty for
        models with a builder of their own in :mod:`ntkreg.evaluation.contenders`.
    default : bool, default=False
        Whether it takes part in a run when no models are named.
    family : bool, default=False
        Whether it is a network of the NTK family, which is set against the best of the others.
    simplicity : int or None, default=8
        Rank among models of equal error, the least first; None never wins a tie.
    own_held_out : bool, default=False
        Whether its `cv_prediction_` comes from folds in which everything was learned anew, so that
        intervals may be calibrated on it.
    stand_in : str, default=""
        A faster model with the same predictions, for studies of many fits.
    takes_over_from : tuple of str, default=()
        Models that are fitted just before it where they take part, since it reuses their work.
    """

    name: str
    label: Sentence | str
    regressor: str = ""
    default: bool = False
    family: bool = False
    simplicity: int | None = 8
    own_held_out: bool = False
    stand_in: str = ""
    takes_over_from: tuple[str, ...] = ()


_ENTRIES = (
    ModelEntry(
        name="ntk",
        label=Sentence("I310"),
        regressor="ntkreg.ntk.regressor:NTKRegressor",
        default=True,
        family=True,
        simplicity=3,
        own_held_out=True,
        # a net predicts as its kernel does, which is fitted in a fraction of the time
        stand_in="ntk-kernel",
        # the prescription of the kernel, while it is remembered
        takes_over_from=("ntk-kernel",),
    ),
    ModelEntry(
        name="ntk-kernel",
        label=Sentence("I311"),
        regressor="ntkreg.ntk.kernel_regressor:NTKKernelRegressor",
        default=True,
        family=True,
        simplicity=2,
        own_held_out=True,
    ),
    ModelEntry(name="lightgbm", label="LightGBM", default=True, simplicity=6),
    ModelEntry(name="lightgbm-default", label=Sentence("I312"), default=True, simplicity=5),
    ModelEntry(name="random-forest", label=Sentence("I313"), default=True, simplicity=4),
    ModelEntry(name="ridge", label=Sentence("I314"), default=True, simplicity=1),
    ModelEntry(name="mean", label=Sentence("I315"), default=True, simplicity=None),
    ModelEntry(
        name="blend",
        label=Sentence("I316"),
        default=True,
        family=True,
        simplicity=7,
        stand_in="ntk-kernel",
        takes_over_from=("ntk-kernel", "ntk", "lightgbm"),
    ),
    ModelEntry(
        name="layerwise",
        label=Sentence("I320"),
        regressor="ntkreg.papers.layerwise.estimator:LayerwiseRegressor",
    ),
    ModelEntry(
        name="teacher-student",
        label=Sentence("I319"),
        regressor="ntkreg.papers.teacher_student:TeacherStudentRegressor",
    ),
    ModelEntry(
        name="two-phase",
        label=Sentence("I321"),
        regressor="ntkreg.papers.two_phase:TwoPhaseRegressor",
    ),
)

MODELS = {entry.name: entry for entry in _ENTRIES}
MODEL_NAMES = tuple(MODELS)
DEFAULT_NAMES = tuple(entry.name for entry in _ENTRIES if entry.default)


def in_run_order(names: Iterable[str]) -> list[str]:
    """Return names in the order of fitting: each right behind those whose work it takes over.

    Examples
    --------
    >>> in_run_order(["mean", "blend", "ntk", "ntk-kernel"])
    ['ntk-kernel', 'ntk', 'mean', 'blend']
    """
    wanted, ordered = set(names), []

    def visit(name: str) -> None:
        for other in MODELS[name].takes_over_from:
            visit(other)
        if name in wanted and name not in ordered:
            ordered.append(name)

    for name in MODEL_NAMES:
        if name in wanted:
            visit(name)
    return ordered

"""What is saved: a fitted estimator with all that a prediction needs besides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ntkreg.decision.results import IntervalResult
from ntkreg.io.dataset import Column
from ntkreg.ntk.results import Prescription

if TYPE_CHECKING:
    from ntkreg.inspection import Domain


@dataclass(frozen=True)
class FittedModel:
    """A model that is ready to predict the rows of a new file.

    Parameters
    ----------
    name : str
        One of :data:`ntkreg.models.MODEL_NAMES`.
    estimator : object
        Fitted; `predict` takes a DataFrame of the feature columns under their safe names.
    columns : tuple of Column
        All columns of the training table with their roles.
    interval : IntervalResult
        Conformal intervals from held-out residuals.
    domain : Domain
        What the model was trained on.
    prescription : Prescription or None
        Of the kernel, when the model is of the NTK family.
    settings : mapping, default={}
        Settings in effect when it was fitted.
    versions : mapping of str to str, default={}
        Package versions.
    data_sha256 : str, default=""
        Hash of the training file's bytes.
    """

    name: str
    estimator: Any
    columns: tuple[Column, ...]
    interval: IntervalResult
    domain: Domain
    prescription: Prescription | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    data_sha256: str = ""

    @property
    def target(self) -> Column:
        """The column that is predicted."""
        return next(column for column in self.columns if column.role == "target")

    @property
    def feature_columns(self) -> tuple[Column, ...]:
        """The feature columns in the order that the estimator expects."""
        return tuple(column for column in self.columns if column.role == "feature")

"""Claims and experiments as frozen objects."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

PAPERS: Mapping[str, str] = {
    "P1": "Zhou, Wang, Lei, Ying, Zhou: Optimal Rates for Generalization of Gradient Descent"
    " Methods with Deep Neural Networks, arXiv 2606.06764",
    "P1b": "Zhou, Wang, Lei, Kloft, Ying: Generalization in Deep Neural Networks: Minimax Rates"
    " for Gradient Methods, arXiv 2606.06772",
    "P2": "Akiyama, Suzuki: Excess Risk of Two-Layer ReLU Neural Networks in Teacher-Student"
    " Settings and its Superiority to Kernel Methods, arXiv 2205.14818",
    "P3": "Satpathi, Srikant: The Dynamics of Gradient Descent for Overparametrized Neural"
    " Networks, arXiv 2105.06569",
    "P4": "Dandi, Pesce, Zdeborova, Krzakala: The Computational Advantage of Depth, arXiv"
    " 2502.13961",
    "P5": "Kawaguchi, Sun: A Recipe for Global Convergence Guarantee in Deep Neural Networks,"
    " arXiv 2104.05785",
    "tables": "Real tables: which of the papers' ideas helps where",
}
Origin = Literal["paper", "neighbouring theory", "data"]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One statement, what was measured for it, and the bar that decides.

    Parameters
    ----------
    key : str
        Short name, unique in its experiment.
    words : str
        The statement in English, one sentence.
    origin : {"paper", "neighbouring theory", "data"}
        "paper" only for what was read in the paper itself; what follows from theory around it or
        is recalled is "neighbouring theory"; "data" is what was first seen in experiments.
    source : str
        Section, theorem or equation; for neighbouring theory its name; for data where it was seen.
    value : float
        What was measured.
    at_least, at_most : float, default=-inf and inf
        The bar: the claim held if the value lies between them.
    """

    key: str
    words: str
    origin: Origin
    source: str
    value: float
    at_least: float = -math.inf
    at_most: float = math.inf

    def __post_init__(self) -> None:
        if self.origin not in get_args(Origin):
            raise ValueError(f"origin must be one of {get_args(Origin)}, got {self.origin!r}")
        if not (math.isfinite(self.at_least) or math.isfinite(self.at_most)):
            raise ValueError(f"claim {self.key!r} has no bar: give at_least or at_most")

    @property
    def held(self) -> bool:
        """Whether the value meets the bar; a value that is no number does not."""
        return bool(self.at_least <= self.value <= self.at_most)

    @property
    def bar(self) -> str:
        """The bar as text."""
        if not math.isfinite(self.at_least):
            return f"at most {self.at_most:.4g}"
        if not math.isfinite(self.at_most):
            return f"at least {self.at_least:.4g}"
        return f"{self.at_least:.4g} to {self.at_most:.4g}"


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """What one script found.

    Parameters
    ----------
    paper : str
        Key of `PAPERS`.
    title : str
    setting : str
        What was run, so that it can be repeated: data, sizes, seeds. A paragraph.
    claims : tuple of Claim
    figure : altair chart
        Of :mod:`claims.figures`.
    numbers : mapping
        What stands in the figure and what the claims were computed from: numbers, texts, lists,
        arrays, mappings.
    remarks : tuple of str
        What the experiment does not show, and where it departs from the paper.
    """

    paper: str
    title: str
    setting: str
    claims: tuple[Claim, ...]
    figure: Any
    numbers: Mapping[str, Any]
    remarks: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.paper not in PAPERS:
            raise ValueError(f"paper must be one of {tuple(PAPERS)}, got {self.paper!r}")
        keys = [claim.key for claim in self.claims]
        if not keys or len(set(keys)) < len(keys):
            raise ValueError(f"claims need different keys, at least one, got {keys}")

"""Pairs of columns in every explained model of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ntkreg.inspection.attribution.interactions import (
    Interaction,
    find_interactions,
    leading_columns,
)
from ntkreg.inspection.results import Explanation
from ntkreg.io.dataset import Dataset
from ntkreg.study.stages import Stages


def explain_pairs(
    fitted: Mapping[str, Any],
    explanations: Sequence[Explanation],
    dataset: Dataset,
    stages: Stages,
    *,
    seed: int,
) -> tuple[Interaction, ...]:
    """Measure the interactions of the leading columns of the chosen model in all models.

    Parameters
    ----------
    fitted : mapping of str to estimator
    explanations : sequence of Explanation
        The chosen model first; the same pairs are looked at in the others.
    dataset : Dataset
    stages : Stages
        Times the work as the stage "pairs".
    seed : int
    """
    with stages.stage("pairs"):
        columns = leading_columns(explanations[0]) if explanations else ()
        return tuple(
            pair
            for explanation in explanations
            for pair in find_interactions(
                fitted[explanation.model], explanation, columns, dataset, seed=seed
            )
        )

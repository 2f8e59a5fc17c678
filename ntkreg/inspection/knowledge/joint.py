"""A column together with those that move with it.

How Shapley values are shared within a cluster of correlated columns is not identified by the
rows: they say what happens when the cluster moves, not which of its columns does it. Their sum
is: it is the attribution of the cluster as one (additivity). It is held against the direction in
which the cluster moves, its first principal component, so that every column of a cluster gets
the same verdict; shapes and ranges are held against the column itself, which has the unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ntkreg.inspection.association import correlated_partner
from ntkreg.inspection.clusters import Clusters, find_clusters
from ntkreg.inspection.results import Expectation
from ntkreg.inspection.space import is_numeric, numbers
from ntkreg.io.dataset import Dataset
from ntkreg.messages import Sentence

RELATED = 0.3
MAX_RELATED = 5
MOST_NAMES = 5

Values = NDArray[np.float64]


@dataclass(frozen=True)
class KnownTable:
    """A table with what all expectations about it need.

    Parameters
    ----------
    dataset : Dataset
    clusters : Clusters
        Of its feature columns.
    standard : ndarray of shape (n_rows, n_features)
        Numeric columns with mean 0 and standard deviation 1, NaN where a cell is missing and for
        categories and constants.
    """

    dataset: Dataset
    clusters: Clusters
    standard: Values


@dataclass(frozen=True)
class Joint:
    """A column and its cluster.

    Parameters
    ----------
    index : int
        Position of the column among the features.
    members : tuple of int
        Its cluster, itself included; the column alone where there is none.
    signs : tuple of int
        1 for a member that rises with the column, -1 for one that falls, 0 for a category.
    x : ndarray of shape (n_rows,) or None
        What the attribution is held against, NaN where it is missing or out of the range of the
        expectation; None for a category.
    outside : ndarray of shape (n_rows, n_others)
        The other columns, standardised, 0 where missing.
    partner : str or None
        A column outside the cluster that moves together with this one all the same.
    """

    index: int
    members: tuple[int, ...]
    signs: tuple[int, ...]
    x: Values | None
    outside: Values
    partner: str | None


def know(dataset: Dataset) -> KnownTable:
    """Prepare a table for any number of expectations."""
    standard = np.full((dataset.n_rows, len(dataset.feature_columns)), np.nan)
    for j, column in enumerate(dataset.feature_columns):
        if is_numeric(dataset.features[column.key]):
            x = numbers(dataset.features[column.key])
            known = x[np.isfinite(x)]
            if len(known) and np.ptp(known) > 0:
                standard[:, j] = (x - known.mean()) / known.std()
    return KnownTable(dataset, find_clusters(dataset), standard)


def join(expectation: Expectation, index: int, table: KnownTable) -> Joint:
    """Find what an expectation about one column is to be judged by.

    Parameters
    ----------
    expectation : Expectation
    index : int
        Position of its column among the features.
    table : KnownTable
    """
    dataset, standard = table.dataset, table.standard
    column = dataset.feature_columns[index]
    members = table.clusters.of(index)
    signs = tuple(_sign(table, index, member) for member in members)
    x = None
    if is_numeric(dataset.features[column.key]):
        whole = not expectation.has_range and expectation.effect not in ("peak", "valley")
        own = numbers(dataset.features[column.key])
        numeric = [(m, s) for m, s in zip(members, signs, strict=True) if s]
        together = whole and len(numeric) > 1
        x = _direction(standard, numeric) if together else _within(own, expectation)
    others = [j for j in range(standard.shape[1]) if j not in members]
    outside = np.nan_to_num(standard[:, others])
    names = {dataset.feature_columns[member].name for member in members}
    partner = correlated_partner(column, dataset, apart_from=names)
    return Joint(index, members, signs, x, outside, partner)


def _sign(table: KnownTable, index: int, member: int) -> int:
    if not np.isfinite(table.standard[:, [index, member]]).any(axis=0).all():
        return 0
    return int(np.sign(table.clusters.strengths[index, member]))


def _direction(standard: Values, numeric: list[tuple[int, int]]) -> Values:
    """First principal component of the members, each turned to rise with the column."""
    part = standard[:, [member for member, _ in numeric]] * [sign for _, sign in numeric]
    filled = np.nan_to_num(part)
    weights = np.linalg.eigh(filled.T @ filled)[1][:, -1]
    x = filled @ (weights * np.sign(weights.sum()))
    return np.where(np.isfinite(part).any(axis=1), x, np.nan)


def _within(x: Values, expectation: Expectation) -> Values:
    """Return the column with NaN outside the range of the expectation."""
    outside = np.zeros(len(x), dtype=bool)
    if expectation.low is not None:
        outside |= x < expectation.low
    if expectation.high is not None:
        outside |= x > expectation.high
    return np.where(outside, np.nan, x)


def adjusted(z: Values, outside: Values) -> Values:
    """Return what is left of a direction when related columns are taken out of it.

    Noise that happens to go with a related column is given to either of the two, which makes the
    slope of each less sure than the slope of a column on its own (variance inflation). Regressing
    residuals on what is left gives the partial slope, with the scatter that it has.

    Parameters
    ----------
    z : ndarray of shape (n_rows,)
        The direction, mean 0.
    outside : ndarray of shape (n_rows, n_others)
        Other columns; those with a correlation of more than 0.3 are related, five at most.
    """
    centred = outside - outside.mean(axis=0)
    scale = np.sqrt((centred**2).sum(axis=0) * (z @ z))
    r = np.abs(z @ centred) / np.where(scale > 0, scale, np.inf)
    most = min(MAX_RELATED, len(z) // 10)
    related = [j for j in np.argsort(-r, kind="stable")[:most] if r[j] > RELATED]
    fit = centred[:, related] @ np.linalg.lstsq(centred[:, related], z, rcond=None)[0]
    left: Values = z - fit
    # a column that others determine keeps its own scatter: its partner is named instead
    return left if left @ left > 0.05 * (z @ z) else z


def joint_name(joint: Joint, name: str, table: KnownTable) -> str | Sentence:
    """Return how a verdict names a column: itself, or with its cluster in words."""
    columns = table.dataset.feature_columns
    named: dict[int, list[str]] = {1: [], -1: [], 0: []}
    for member, sign in zip(joint.members, joint.signs, strict=True):
        if member != joint.index:
            named[sign].append(columns[member].name)
    along, against = (_some(names) for names in (named[1] + named[0], named[-1]))
    if not along and not against:
        return name
    code = "V431" if not against else ("V433" if along else "V432")
    return Sentence(code, {"column": name, "along": along, "against": against})


def _some(names: list[str]) -> list[str]:
    return [*names[:MOST_NAMES], "…"] if len(names) > MOST_NAMES else names


def disagreeing(
    expectation: Expectation, joint: Joint, expectations: tuple[Expectation, ...], table: KnownTable
) -> Expectation | None:
    """Return another expectation about the cluster that cannot hold at the same time.

    Directions are compared by the signs with which the columns move together; a shape disagrees
    with a direction and with the other shape. Expectations with a range are not compared, nor is
    "none", which another column of the cluster may stand in for.
    """
    columns = table.dataset.feature_columns
    signs = {columns[m].name: s for m, s in zip(joint.members, joint.signs, strict=True)}
    wanted = {"increasing": 1, "decreasing": -1, "peak": 2, "valley": 3}
    if expectation.has_range or expectation.effect not in wanted:
        return None
    for other in expectations:
        sign = signs.get(other.column, 0)
        if not sign or other.column == expectation.column or other.has_range:
            continue
        effect = wanted.get(other.effect)
        if effect is None:
            continue
        # a shape is the same whichever way the columns go together
        turned = effect * sign if abs(effect) == 1 else effect
        if turned != wanted[expectation.effect]:
            return other
    return None

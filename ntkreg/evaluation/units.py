"""Which rows belong together: near-duplicates, and the union of two such relations."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from ntkreg.preprocessing.encoder import is_category, levels_of, numbers_of

TOLERANCE = 1e-6


def duplicate_units(features: pd.DataFrame) -> NDArray[np.int64]:
    """Return a numbering of the rows in which near-duplicates share a number.

    Two rows are near-duplicates if every number agrees to within 1e-6 of its column's standard
    deviation, every text is equal, and the same cells are missing. Chains count: if a is close
    to b and b to c, the three share a number.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_features)
        Numeric and text columns.

    Returns
    -------
    ndarray of shape (n_rows,) of int
        Numbers from 0 in order of first appearance.
    """
    points = _comparable(features)
    _, first, same = np.unique(points, axis=0, return_index=True, return_inverse=True)
    # exact copies are one point of the tree, so that thousands of them make no million pairs
    pairs = cKDTree(points[first]).query_pairs(TOLERANCE, p=np.inf, output_type="ndarray")
    near = components(len(first), pairs)
    return in_order_of_appearance(near[same.ravel()])


def _comparable(features: pd.DataFrame) -> NDArray[np.float64]:
    columns = [np.zeros(len(features))]
    for j in range(features.shape[1]):
        column = features.iloc[:, j]
        if is_category(column):
            # codes of different texts differ by 1 or more
            codes, _ = pd.factorize(levels_of(column))
            columns.append(codes.astype(np.float64))
            continue
        values = numbers_of(column)
        missing = np.isnan(values)
        known = values[~missing]
        spread = float(known.std()) if len(known) else 0.0
        columns.append(np.where(missing, 0.0, values) / (spread or 1.0))
        columns.append(missing.astype(np.float64))
    return np.column_stack(columns)


def union_of(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a numbering in which rows share a number that share one in either input.

    Parameters
    ----------
    first, second : ndarray of shape (n_rows,) of int
        Two numberings from 0.

    Returns
    -------
    ndarray of shape (n_rows,) of int
        The finest common coarsening, numbered from 0 in order of first appearance.
    """
    # rows are the edges of the bipartite graph between the two numberings
    n_first = int(first.max()) + 1
    edges = np.column_stack([first, second + n_first])
    labels = components(n_first + int(second.max()) + 1, edges)
    return in_order_of_appearance(labels[first])


def components(n_nodes: int, edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the connected component of each node of a graph given by its edges (m, 2)."""
    graph = coo_array(
        (np.ones(len(edges), dtype=bool), (edges[:, 0], edges[:, 1])), shape=(n_nodes, n_nodes)
    )
    _, labels = connected_components(graph, directed=False)
    return np.asarray(labels, dtype=np.int64)


def in_order_of_appearance(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Renumber labels 0, 1, ... in order of first appearance."""
    codes, _ = pd.factorize(labels)
    return np.asarray(codes, dtype=np.int64)

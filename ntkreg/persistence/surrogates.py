"""Fitted models of other libraries as plain arrays that predict the same.

A forest is its node arrays, a linear model its coefficients. So a saved model needs no pickle, and
its predictions do not depend on the version of scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ForestArrays:
    """The trees of a random forest, their nodes one after another.

    Parameters
    ----------
    roots : ndarray of shape (n_trees,) of int
        Node at which each tree begins.
    left, right : ndarray of shape (n_nodes,) of int
        Child nodes; a leaf is its own child.
    feature : ndarray of shape (n_nodes,) of int
        Column that is compared (0 at a leaf).
    threshold : ndarray of shape (n_nodes,)
        A row goes left where its value, as float32, is not above it.
    value : ndarray of shape (n_nodes,)
        Prediction at a leaf.
    depth : int
        Depth of the deepest tree.
    """

    roots: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: Floats
    value: Floats
    depth: int

    def predict(self, X: ArrayLike) -> Floats:
        """Return the mean over the trees, shape (n_rows,)."""
        # scikit-learn compares float32 values with float64 thresholds
        rows = np.asarray(X, dtype=np.float32)
        total = np.zeros(len(rows))
        index = np.arange(len(rows))
        for root in self.roots:
            node = np.full(len(rows), root)
            for _ in range(self.depth):
                below = rows[index, self.feature[node]] <= self.threshold[node]
                node = np.where(below, self.left[node], self.right[node])
            total += self.value[node]
        return total / len(self.roots)


@dataclass(frozen=True)
class LinearModel:
    """`X @ coefficients + intercept`; a constant model has zero coefficients."""

    coefficients: Floats
    intercept: float

    def predict(self, X: ArrayLike) -> Floats:
        """Return predictions, shape (n_rows,)."""
        rows = np.asarray(X, dtype=np.float64)
        if not self.coefficients.any():
            return np.full(len(rows), self.intercept)
        predictions: Floats = rows @ self.coefficients + self.intercept
        return predictions


@dataclass(frozen=True)
class AffineScaler:
    """`(X - centre) / scale`, column by column."""

    centre: Floats
    scale: Floats

    def transform(self, X: ArrayLike) -> Floats:
        """Return the scaled columns."""
        scaled: Floats = (np.asarray(X, dtype=np.float64) - self.centre) / self.scale
        return scaled


@dataclass(frozen=True)
class Chain:
    """Transformers followed by a model, as a scikit-learn Pipeline predicts."""

    steps: tuple[Any, ...]

    def predict(self, X: Any) -> Floats:
        """Pass X through the transformers and predict."""
        for step in self.steps[:-1]:
            X = step.transform(X)
        predictions: Floats = self.steps[-1].predict(X)
        return predictions


def as_arrays(model: Any) -> Any:
    """Return a model that can be saved and predicts the same, or the model itself.

    Knows scikit-learn's Pipeline, StandardScaler, RandomForestRegressor, DummyRegressor and linear
    models.
    """
    names = {kind.__name__ for kind in type(model).__mro__}
    if "BaseForest" in names:
        return _forest(model)
    if "Pipeline" in names:
        return Chain(tuple(step for _, step in model.steps if step != "passthrough"))
    if "StandardScaler" in names:
        zero, one = np.zeros(model.n_features_in_), np.ones(model.n_features_in_)
        centre = zero if model.mean_ is None else model.mean_
        return AffineScaler(centre, one if model.scale_ is None else model.scale_)
    if "DummyRegressor" in names:
        return LinearModel(np.zeros(1), float(np.ravel(model.constant_)[0]))
    if names & {"LinearModel", "LinearRegression", "_BaseRidgeCV"} and "ntkreg" not in _home(model):
        return LinearModel(np.ravel(model.coef_), float(np.ravel(model.intercept_)[0]))
    return model


def _home(model: Any) -> str:
    return type(model).__module__.partition(".")[0]


def _forest(forest: Any) -> ForestArrays:
    trees = [tree.tree_ for tree in forest.estimators_]
    offsets = np.cumsum([0] + [tree.node_count for tree in trees])
    left, right, feature = [], [], []
    for tree, offset in zip(trees, offsets, strict=False):
        own = np.arange(tree.node_count)
        leaf = tree.children_left < 0
        left.append(offset + np.where(leaf, own, tree.children_left))
        right.append(offset + np.where(leaf, own, tree.children_right))
        feature.append(np.where(leaf, 0, tree.feature))
    return ForestArrays(
        roots=offsets[:-1].astype(np.int64),
        left=np.concatenate(left).astype(np.int64),
        right=np.concatenate(right).astype(np.int64),
        feature=np.concatenate(feature).astype(np.int64),
        threshold=np.concatenate([tree.threshold for tree in trees]),
        value=np.concatenate([tree.value[:, 0, 0] for tree in trees]),
        depth=max(tree.max_depth for tree in trees),
    )

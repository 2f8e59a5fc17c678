"""Tables as LightGBM takes them: level codes for text, NaN for what is missing or unknown."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ntkreg.preprocessing.encoder import is_category, levels_of, numbers_of


def table_categories(table: pd.DataFrame) -> dict[int, list[str]]:
    """Return the levels of each text column by position, in sorted order."""
    return {
        j: sorted({level for level in levels_of(table.iloc[:, j]) if level is not None})
        for j in range(table.shape[1])
        if is_category(table.iloc[:, j])
    }


def table_matrix(table: pd.DataFrame, categories: Mapping[int, list[str]]) -> NDArray[np.float64]:
    """Return a table as numbers: level codes for text, NaN for missing cells and unknown levels."""
    matrix = np.empty(table.shape)
    for j in range(table.shape[1]):
        if j in categories:
            code = {level: k for k, level in enumerate(categories[j])}
            matrix[:, j] = [code.get(level, np.nan) for level in levels_of(table.iloc[:, j])]
        else:
            matrix[:, j] = numbers_of(table.iloc[:, j])
    return matrix

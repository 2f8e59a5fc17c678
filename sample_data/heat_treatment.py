"""Quenching and tempering of steel parts: hardness by the Hollomon-Jaffe parameter."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

TARGET = "硬さ[HRC]"
N_ROWS = 122
# carbon in %, ideal diameter in mm, HRC lost for each unit of the tempering parameter, Ac3 in ℃
STEELS = {
    "S45C": (0.45, 26.0, 3.7, 790.0),
    "SCM435": (0.36, 52.0, 3.0, 800.0),
    "SCM440": (0.41, 64.0, 2.9, 795.0),
    "SUJ2": (1.00, 50.0, 3.3, 785.0),
}


def truth(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return the noiseless hardness in HRC, shape (n_rows,).

    Martensite of a hardness set by carbon, in a fraction set by austenitising and quenching,
    softened by tempering; the rest is pearlite and bainite of about 24 HRC.
    """
    martensite = 66 - 41 * np.exp(-3.9 * table["炭素量[%]"].to_numpy(float))
    loss = _of_steel(table, 2) * np.logaddexp(0, 2 * (tempering_parameter(table) - 9.3)) / 2
    fraction = _austenitised(table) * _hardened(table)
    hardness: NDArray[np.float64] = fraction * (martensite - loss) + (1 - fraction) * 24
    return hardness


def tempering_parameter(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return T (20 + log10 t) / 1000 with T in K and t in hours (Hollomon and Jaffe 1945)."""
    kelvin = table["焼戻温度[℃]"].to_numpy(float) + 273.15
    hours = table["焼戻時間[min]"].to_numpy(float) / 60
    parameter: NDArray[np.float64] = kelvin * (20 + np.log10(hours)) / 1000
    return parameter


def _austenitised(table: pd.DataFrame) -> NDArray[np.float64]:
    above: NDArray[np.float64] = table["焼入温度[℃]"].to_numpy(float) - _of_steel(table, 3) - 30
    soaked: NDArray[np.float64] = 1 - np.exp(-table["保持時間[min]"].to_numpy(float) / 14)
    done: NDArray[np.float64] = soaked / (1 + np.exp(-above / 14))
    return done


def _hardened(table: pd.DataFrame) -> NDArray[np.float64]:
    """Share of martensite by diameter; warmer oil is thinner and takes heat off faster."""
    severity = 0.6 + 0.011 * (table["油温[℃]"].to_numpy(float) - 30)
    load = 1 - 0.0008 * (table["装入量[kg]"].to_numpy(float) - 200)
    relative = table["部品径[mm]"].to_numpy(float) / (_of_steel(table, 1) * severity * load)
    share: NDArray[np.float64] = 1 / (1 + (relative / 1.1) ** 3)
    return share


def _of_steel(table: pd.DataFrame, place: int) -> NDArray[np.float64]:
    return np.array([STEELS[name][place] for name in table["鋼種"]])


def conditions(rng: np.random.Generator) -> pd.DataFrame:
    """Return the conditions of all charges as they truly were."""
    n = N_ROWS
    steel = rng.choice(list(STEELS), n, p=[0.35, 0.25, 0.25, 0.15])
    carbon = np.array([STEELS[name][0] for name in steel]) + rng.normal(0, 0.015, n)
    diameter = rng.choice([12.0, 16, 20, 22, 25, 30, 32, 36, 40], n)
    length = rng.uniform(110, 150, n)
    return pd.DataFrame(
        {
            "チャージNo": [f"H{k:04d}" for k in 2301 + np.arange(n)],
            "鋼種": steel,
            "炭素量[%]": carbon,
            "部品径[mm]": diameter,
            "部品質量[g]": np.pi / 4 * diameter**2 * length * 7.85e-3,
            "装入量[kg]": rng.uniform(120, 320, n),
            "焼入温度[℃]": rng.choice(np.arange(820.0, 890, 5), n),
            "保持時間[min]": rng.choice(np.arange(20.0, 95, 5), n),
            "油温[℃]": rng.uniform(32, 88, n),
            "洗浄液濃度[%]": rng.normal(3.0, 0.5, n),
            "焼戻温度[℃]": rng.choice(np.arange(180.0, 610, 10), n),
            "焼戻時間[min]": rng.choice([45.0, 60, 90, 120, 180, 240], n),
        }
    )


def recorded(rng: np.random.Generator) -> pd.DataFrame:
    """Return the table as text, as the plant wrote it down: noise, rounding, gaps."""
    table = conditions(rng)
    table[TARGET] = truth(table) + rng.normal(0, 1.3, len(table))
    digits = {"炭素量[%]": 2, "洗浄液濃度[%]": 1, TARGET: 1}
    text = pd.DataFrame({"チャージNo": table["チャージNo"], "鋼種": table["鋼種"]})
    for column in table.columns[2:]:
        text[column] = [f"{value:.{digits.get(column, 0)}f}" for value in table[column]]
    gaps = {"保持時間[min]": 4, "油温[℃]": 6, "部品質量[g]": 5, "洗浄液濃度[%]": 9}
    for column, count in gaps.items():
        text.loc[rng.choice(len(text), count, replace=False), column] = ""
    text.loc[rng.choice(len(text), 2, replace=False), TARGET] = "未測定"
    # one clerk typed in full width
    odd = int(rng.choice(len(text)))
    text.loc[odd, "焼入温度[℃]"] = str(text.loc[odd, "焼入温度[℃]"]).translate(FULL_WIDTH)
    return text


FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")

"""Injection moulding of a polypropylene box: linear shrinkage from pressure and temperature."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

TITLE = "射出成形 条件出し実績　PP角箱（基準寸法 120 mm）"
NOTE = "※収縮率は成形48時間後、23℃で測定。空欄は未測定。"
LOTS = 24
TARGET = "収縮率[%]"

# Gate and wall: half-cosine cooling of a slab (first Fourier term), diffusivity in mm2/s
DIFFUSIVITY = 0.09
GATE_THICKNESS = 2.0
WALL_THICKNESS = 3.0
GATE_FREEZE_TEMPERATURE = 125.0
MACHINE_SHIFT = {"1号機": 0.0, "2号機": 0.02, "5号機": -0.03}


def truth(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return the noiseless shrinkage in percent, shape (n_rows,), without the lot's own part.

    The pressure that reaches the cavity is held until the gate freezes; the specific volume at
    that moment (Tait equation, melt branch, constants of the size used for polypropylene) against
    that at room temperature is the shrinkage. Cooling inside the mould holds part of it back.
    """
    melt = table["樹脂温度[℃]"].to_numpy(float)
    mould = table["金型温度[℃]"].to_numpy(float)
    hold_time = table["保圧時間[s]"].to_numpy(float)
    cooling = table["冷却時間[s]"].to_numpy(float)
    freeze = gate_freeze_time(melt, mould)
    sealed = 1 / (1 + np.exp(-(hold_time - freeze) / 0.7))
    pressure = _cavity_pressure(table) * (0.35 + 0.65 * sealed)
    left = 8 / np.pi**2 * np.exp(-(np.pi**2) * DIFFUSIVITY * (freeze + 1) / WALL_THICKNESS**2)
    core = mould + (melt - mould) * left
    volume = specific_volume(core, pressure)
    free = 100 * 0.26 * (1 - 1.11 / volume) + 0.006 * (mould - 45)
    held_back = 0.16 * (1 - np.exp(-(cooling + hold_time) / 14))
    shift = table["号機"].map(MACHINE_SHIFT).to_numpy(float)
    shrinkage: NDArray[np.float64] = free * (1 - held_back) + shift
    return shrinkage


def gate_freeze_time(melt: NDArray[np.float64], mould: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return seconds until the middle of the gate is at its freezing temperature."""
    ratio = 4 / np.pi * (melt - mould) / (GATE_FREEZE_TEMPERATURE - mould)
    seconds: NDArray[np.float64] = GATE_THICKNESS**2 / (np.pi**2 * DIFFUSIVITY) * np.log(ratio)
    return seconds


def specific_volume(
    temperature: NDArray[np.float64], pressure: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return cm3/g by the Tait equation; temperature in degrees Celsius, pressure in MPa."""
    above = temperature - 145.0
    stiffness = 88.0 * np.exp(-4.6e-3 * above)
    volume: NDArray[np.float64] = (1.245 + 1.1e-3 * above) * (
        1 - 0.0894 * np.log1p(pressure / stiffness)
    )
    return volume


def _cavity_pressure(table: pd.DataFrame) -> NDArray[np.float64]:
    """Hold pressure less the loss along the flow path, which grows with viscosity."""
    viscosity = np.exp(-0.006 * (table["樹脂温度[℃]"].to_numpy(float) - 215))
    viscosity = viscosity * (30 / table["MFR[g/10min]"].to_numpy(float)) ** 0.9
    frozen_layer = (60 / table["射出速度[mm/s]"].to_numpy(float)) ** 0.45
    loss = np.minimum(0.24 * viscosity * frozen_layer, 0.75)
    compaction = 1 + 0.004 * (table["背圧[MPa]"].to_numpy(float) - 8)
    pressure: NDArray[np.float64] = table["保圧[MPa]"].to_numpy(float) * (1 - loss) * compaction
    return pressure


def conditions(rng: np.random.Generator) -> pd.DataFrame:
    """Return about 300 rows of conditions, lot after lot, as they truly were."""
    rows = rng.integers(11, 15, LOTS)
    lot = np.repeat(np.arange(LOTS), rows)
    n = len(lot)
    melt_centre, mould_centre = rng.normal(0, 6, LOTS)[lot], rng.normal(0, 4, LOTS)[lot]
    machine = rng.choice(list(MACHINE_SHIFT), LOTS, p=[0.45, 0.35, 0.2])[lot]
    hold_time, cooling = rng.choice(np.arange(2.0, 10.5, 0.5), n), rng.choice(range(12, 31, 2), n)
    opening = 9 + np.where(machine == "5号機", 1.5, 0) + rng.normal(0, 0.4, n)
    day = np.cumsum(rng.choice([1, 1, 2, 3], LOTS))[lot]
    return pd.DataFrame(
        {
            "No.": np.arange(1, n + 1),
            "成形日": pd.Timestamp("2024-04-01") + pd.to_timedelta(day, unit="D"),
            "号機": machine,
            "材料ロット": np.array([_lot_name(k) for k in range(LOTS)])[lot],
            "MFR[g/10min]": np.round(rng.normal(30, 3, LOTS), 1)[lot],
            "樹脂温度[℃]": np.clip(215 + melt_centre + rng.normal(0, 9, n), 190, 240),
            "金型温度[℃]": np.clip(45 + mould_centre + rng.normal(0, 6, n), 28, 65),
            "射出速度[mm/s]": rng.choice(np.arange(30.0, 125, 5), n),
            "背圧[MPa]": rng.choice(np.arange(4.0, 13, 1), n),
            "保圧[MPa]": rng.choice(np.arange(25.0, 72.5, 2.5), n),
            "保圧時間[s]": hold_time,
            "冷却時間[s]": cooling.astype(float),
            "サイクル時間[s]": hold_time + cooling + opening,
            "型締力[kN]": rng.choice(np.arange(900.0, 1350, 50), n),
        }
    )


def _lot_name(number: int) -> str:
    month, letter = divmod(number, 6)
    return f"PP24{month + 3:02d}-{'ABCDEF'[letter]}"


def recorded(rng: np.random.Generator) -> pd.DataFrame:
    """Return the table as the plant wrote it down: lot effect, noise, rounding, blank cells."""
    table = conditions(rng)
    lot = pd.factorize(table["材料ロット"])[0]
    target = truth(table) + rng.normal(0, 0.03, LOTS)[lot] + rng.normal(0, 0.035, len(table))
    table[TARGET] = target
    table["樹脂温度[℃]"] += rng.normal(0, 0.8, len(table))
    digits = {"樹脂温度[℃]": 0, "金型温度[℃]": 1, "サイクル時間[s]": 1, TARGET: 2}
    table = table.round(digits)
    for column, count in {"金型温度[℃]": 5, "背圧[MPa]": 4, "サイクル時間[s]": 3}.items():
        table.loc[rng.choice(len(table), count, replace=False), column] = np.nan
    table["備考"] = None
    for text in ("段取替え直後", "ヒータ交換後", "乾燥機 清掃"):
        table.loc[rng.choice(len(table), 2, replace=False), "備考"] = text
    return table

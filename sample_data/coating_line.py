"""A slot-die coating line over four months: dry weight, with a filter that clogs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import lfilter

TARGET = "dry_weight[g/m2]"
N_ROWS = 1500
WIDTH = 0.6
DISPLACEMENT = 70.0


def truth(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return the noiseless dry coat weight in g/m2, shape (n_rows,).

    A gear pump delivers its displacement less the slip, which grows with the pressure ahead of
    the filter and falls with viscosity. Solids over web area is the dry weight; the gauge also
    sees the water that the dryer leaves behind.
    """
    viscosity = table["viscosity[mPa·s]"].to_numpy(float)
    slip = 0.35 * table["filter_dp[kPa]"].to_numpy(float) / viscosity
    flow = DISPLACEMENT * table["pump_speed[rpm]"].to_numpy(float) * (1 - slip)
    area = WIDTH * table["line_speed[m/min]"].to_numpy(float)
    solids = 1.35 * flow * table["solids[%]"].to_numpy(float) / 100 / area
    dry_air = 0.055 * (table["dryer_temp[℃]"].to_numpy(float) - 110)
    residue = 1.2 * np.exp(-dry_air) * (table["humidity[%RH]"].to_numpy(float) / 50) ** 1.5
    weight: NDArray[np.float64] = solids + residue
    return weight


def conditions(rng: np.random.Generator) -> pd.DataFrame:
    """Return the hours in which the line ran, in order, as they truly were."""
    time = _running_hours(rng)
    n = len(time)
    day = (time - time[0]).total_seconds().to_numpy() / 86400
    solids = 48 + _wander(rng, n, 0.97, 0.7)
    temperature = 23 + 0.03 * day + _daily(time, 1.0) + _wander(rng, n, 0.9, 0.9)
    viscosity = 2600 * np.exp(-0.045 * (temperature - 25) + 0.06 * (solids - 48))
    speed = np.clip(18 + _steps(rng, n, 0.8) + _wander(rng, n, 0.5, 0.15), 14, 22)
    pump = 0.4 * speed + 17.8 + _steps(rng, n, 0.7) + _wander(rng, n, 0.5, 0.1)
    return pd.DataFrame(
        {
            "datetime": time,
            "line_speed[m/min]": speed,
            "pump_speed[rpm]": pump,
            "solids[%]": solids,
            "slurry_temp[℃]": temperature,
            "viscosity[mPa·s]": viscosity * np.exp(rng.normal(0, 0.012, n)),
            "filter_dp[kPa]": _filter(rng, day),
            "dryer_temp[℃]": 112 + _steps(rng, n, 4) + _wander(rng, n, 0.6, 0.6),
            "humidity[%RH]": np.clip(
                42 + 0.2 * day - _daily(time, 6) + _wander(rng, n, 0.93, 6), 20, 90
            ),
            "web_tension[N]": 180 + _steps(rng, n, 9) + rng.normal(0, 1.5, n),
        }
    )


def _running_hours(rng: np.random.Generator) -> pd.DatetimeIndex:
    """Hours from Monday morning to Saturday morning, with a few stops."""
    hours = pd.date_range("2024-04-08 06:00", periods=3200, freq="h")
    week_hour = hours.day_of_week * 24 + hours.hour
    hours = hours[(week_hour >= 6) & (week_hour < 120)]
    stops = np.zeros(len(hours), dtype=bool)
    for start in rng.choice(len(hours), 14, replace=False):
        stops[start : start + int(rng.integers(4, 16))] = True
    return hours[~stops][:N_ROWS]


def _wander(rng: np.random.Generator, n: int, memory: float, spread: float) -> NDArray[np.float64]:
    """Stationary first-order autoregression with standard deviation `spread`."""
    shocks = rng.normal(0, spread * np.sqrt(1 - memory**2), n)
    shocks[0] = rng.normal(0, spread)
    wander: NDArray[np.float64] = lfilter([1.0], [1.0, -memory], shocks)
    return wander


def _steps(rng: np.random.Generator, n: int, spread: float) -> NDArray[np.float64]:
    """Return a set point that somebody changes about once a shift."""
    change = rng.random(n) < 0.11
    levels: NDArray[np.float64] = rng.normal(0, spread, n)[np.cumsum(change)]
    return levels


def _daily(time: pd.DatetimeIndex, height: float) -> NDArray[np.float64]:
    wave: NDArray[np.float64] = height * np.sin(2 * np.pi * (time.hour.to_numpy() - 9) / 24)
    return wave


def _filter(rng: np.random.Generator, day: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pressure ahead of the filter: clogs exponentially, falls back when it is changed."""
    changes = np.cumsum(rng.uniform(7, 13, 40))
    last = np.concatenate([[0.0], changes])[np.searchsorted(changes, day, side="right")]
    pressure: NDArray[np.float64] = 60 * np.exp(0.15 * (day - last)) + _wander(
        rng, len(day), 0.6, 8
    )
    return np.clip(pressure, 30, None)


def recorded(rng: np.random.Generator) -> pd.DataFrame:
    """Return the logger's table: slow disturbance, gauge noise, shift-wise solids, drop-outs."""
    table = conditions(rng)
    n = len(table)
    table[TARGET] = truth(table) + _wander(rng, n, 0.8, 0.8) + rng.normal(0, 0.5, n)
    # solids are analysed once a shift and stand in the log until the next analysis
    shift = np.cumsum(np.isin(table["datetime"].dt.hour, (6, 14, 22)))
    table["solids[%]"] = table.groupby(shift)["solids[%]"].transform("first")
    for column in ("viscosity[mPa·s]", "filter_dp[kPa]"):
        start = int(rng.integers(0, n - 12))
        table.loc[start : start + 8, column] = np.nan
    table.loc[rng.choice(n, 6, replace=False), "humidity[%RH]"] = np.nan
    return table


DIGITS = {
    "line_speed[m/min]": 1,
    "pump_speed[rpm]": 1,
    "solids[%]": 1,
    "slurry_temp[℃]": 1,
    "viscosity[mPa·s]": -1,
    "filter_dp[kPa]": 0,
    "dryer_temp[℃]": 1,
    "humidity[%RH]": 0,
    "web_tension[N]": 0,
    TARGET: 1,
}

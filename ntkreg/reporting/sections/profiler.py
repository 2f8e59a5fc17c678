"""Section: the live profiler. What the page's script needs, as one JSON document.

Arrays stand in one list, equal ones once, each in the shorter of two exact forms: decimal numbers
or the base64 of 64-bit floats.
"""

from __future__ import annotations

import base64
import json
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ntkreg.decision.what_if import Factor, WhatIf
from ntkreg.io.dataset import Column
from ntkreg.messages import Sentence
from ntkreg.ntk.portable import PortableMember
from ntkreg.preprocessing.embedding import Embedding
from ntkreg.reporting.text import column_label, cut, decimals, percent, plain, quantity
from ntkreg.reporting.view import View

N_PLACES = 33
N_STEPS = 200
MARGIN = 0.05
_MAX_DECIMALS = 6
# half-width characters below the chart, and how few still tell levels apart
_CHART_CELLS = 44
_LEAST_CELLS = 4
_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def profiler(view: View) -> dict[str, Any] | None:
    """Return the section's sentences and its document, or None where there is no predictor."""
    found = view.content.what_if
    if found is None:
        return None
    return {
        "model": [view.say(sentence) for sentence in _which_model(view, found)],
        "terms": [view.say(sentence) for sentence in _terms(view, found)],
        "limits": any(limit is not None for limit in view.content.specification),
        "json": Markup(as_json(document(view, found))),
    }


def _which_model(view: View, found: WhatIf) -> list[Sentence]:
    """Say what model is shown, and how far it is from the recommended one."""
    chosen = view.content.benchmark.chosen
    values = {"model": view.model(found.model), "chosen": view.model(chosen)}
    if chosen == found.model:
        return [Sentence("I760", values)]
    gap = quantity(found.chosen_difference, view.unit)
    said = [Sentence("I761", values | {"gap": gap})]
    errors = {r.name: quantity(r.overall.rmse, view.unit) for r in view.content.benchmark.results}
    if found.model in errors:
        said.append(Sentence("I762", {"own": errors[found.model], "other": errors[chosen]}))
    return said


def _terms(view: View, found: WhatIf) -> list[Sentence]:
    """Say how the numbers come about, and what data the page holds."""
    n_points, confidence = len(found.row_numbers), {"confidence": percent(found.confidence)}
    error = {"n": found.n_training, "error": quantity(found.projection_error, view.unit)}
    return [
        Sentence("I763" if found.is_exact else "I764", {"points": n_points} | error),
        Sentence("I765" if math.isfinite(found.half_width) else "I767", confidence),
        Sentence("I766", {"n": n_points}),
    ]


def as_json(value: Any) -> str:
    """Return JSON that may stand inside a script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_ESCAPES)


@dataclass
class Arrays:
    """Collects arrays and gives each a number; equal arrays have the same."""

    packed: list[Any] = field(default_factory=list)
    known: dict[bytes, int] = field(default_factory=dict)

    def add(self, values: NDArray[np.float64]) -> int:
        """Return the number of an array."""
        flat = np.ascontiguousarray(values, dtype="<f8").ravel()
        raw = flat.tobytes()
        if raw not in self.known:
            self.known[raw] = len(self.packed)
            # -0.0 and all others come back from their shortest decimals as they were
            plain_numbers = [int(v) if v.is_integer() and v else v for v in flat.tolist()]
            coded = {"f8": base64.b64encode(raw).decode("ascii")}
            self.packed.append(min(plain_numbers, coded, key=lambda form: len(as_json(form))))
        return self.known[raw]


def document(view: View, found: WhatIf) -> dict[str, Any]:
    """Return everything that the script needs, as plain lists, numbers and texts."""
    arrays, t = Arrays(), view.t["profiler"]
    predictor, y = found.predictor, view.content.dataset.y
    columns = view.content.dataset.feature_columns
    embeddings: list[dict[str, Any]] = []
    members = [_member(member, arrays, embeddings) for member in predictor.members]
    limits = [limit for limit in view.content.specification if limit is not None]
    return {
        "rows": arrays.add(predictor.rows),
        "columns": predictor.rows.shape[1],
        "rowNumbers": found.row_numbers.tolist(),
        "offset": predictor.offset,
        "members": members,
        "embeddings": embeddings,
        "arrays": arrays.packed,
        "factors": [_factor(view, found, k, column) for k, column in enumerate(columns)],
        "order": _order(view, found),
        "half": found.half_width if math.isfinite(found.half_width) else None,
        "limits": limits,
        "range": [float(y.min()), float(y.max())],
        "decimals": max(decimals(float(y.std())) - 1, 0),
        "text": {
            **t["script"],
            "interval": t["script"]["interval"].replace("{confidence}", percent(found.confidence)),
            "columns": [
                t["column"].format(target=plain(view.content.dataset.target.name), what=t[what])
                for what in ("prediction", "lower", "upper")
            ],
        },
    }


def _order(view: View, found: WhatIf) -> list[int]:
    """Return the factors that vary, those that move predictions most first."""
    explanations = view.content.explanations
    weight = explanations[0].importance if explanations else np.zeros(len(found.factors))
    ranked = np.argsort(-weight, kind="stable").tolist()
    return [k for k in ranked if found.factors[k].positions]


def _member(
    member: PortableMember, arrays: Arrays, embeddings: list[dict[str, Any]]
) -> dict[str, Any]:
    packed = _embedding(member.embedding, arrays)
    if packed not in embeddings:
        embeddings.append(packed)
    columns = member.embedding.columns
    # the script goes from column to column, the embedding from kind to kind
    order = np.argsort(columns, kind="stable")
    scales = member.metric.scales / np.sqrt(max(len(columns), 1))
    coefficients = member.coefficients
    if member.profile is None:
        coefficients = np.append(coefficients[:-1][order], coefficients[-1])
    return {
        "embedding": embeddings.index(packed),
        "scales": arrays.add(scales[order]),
        "bias": float(member.metric.bias),
        "sphere": member.metric.sphere,
        "coefficients": arrays.add(coefficients),
        "profile": None if member.profile is None else arrays.add(member.profile),
    }


def _embedding(embedding: Embedding, arrays: Arrays) -> dict[str, Any]:
    empty = np.empty(0)
    return {
        "clipped": embedding.clipped,
        "mean": arrays.add(embedding.mean),
        "scale": arrays.add(embedding.scale),
        "lower": arrays.add(embedding.lower),
        "upper": arrays.add(embedding.upper),
        "knots": arrays.add(np.concatenate([empty, *embedding.knots])),
        "scores": arrays.add(np.concatenate([empty, *embedding.scores])),
        "nKnots": [len(knots) for knots in embedding.knots],
        "levels": arrays.add(np.concatenate([empty, *embedding.levels])),
        "nLevels": [len(levels) for levels in embedding.levels],
    }


def _factor(view: View, found: WhatIf, k: int, column: Column) -> dict[str, Any]:
    factor = found.factors[k]
    told = {
        "name": plain(column.name),
        "label": cut(column_label(column), 40),
        "at": list(factor.positions),
        "start": factor.start if math.isfinite(factor.start) else None,
    }
    if factor.levels is not None:
        names = [plain(level) for level in factor.levels]
        return told | {
            "levels": names,
            "places": [*range(len(names)), -1],
            "short": _short_names(view, names),
        }
    if not factor.positions:
        return told | {"levels": None}
    values = view.content.dataset.features[column.key].to_numpy(dtype=np.float64)
    values = np.unique(values[np.isfinite(values)])
    places = _decimals(values)
    levels = [member.embedding.levels[factor.positions[0]] for member in found.predictor.members]
    # the model has an own effect of each level, and none between them
    if any(len(known) for known in levels):
        span = {"low": factor.low, "high": factor.high, "places": values.tolist(), "snaps": True}
    else:
        span = span_of(factor, places)
    return told | {"levels": None, "decimals": places} | span


def _short_names(view: View, levels: list[str]) -> list[str]:
    """Return names that fit side by side below the chart, or none."""
    cells = _CHART_CELLS // (len(levels) + 1) - 1
    names = [*levels, view.t["profiler"]["script"]["other_short"]]
    return [cut(name, cells) for name in names] if cells >= _LEAST_CELLS else []


def _decimals(values: NDArray[np.float64]) -> int:
    """Return how many decimals the values were written with, at most 6."""
    exact = (d for d in range(_MAX_DECIMALS) if np.array_equal(np.round(values, d), values))
    return next(exact, _MAX_DECIMALS)


def span_of(factor: Factor, places: int) -> dict[str, Any]:
    """Return round ends a little outside the training range, and the slider's steps."""
    width = factor.high - factor.low
    power = 10.0 ** math.floor(math.log10(width / N_STEPS))
    rough = next(t * power for t in (1, 2, 5, 10) if t * power >= width / N_STEPS)
    step = max(rough, 10.0**-places) if places < _MAX_DECIMALS else rough
    more = math.floor(MARGIN * width / step)
    low = (math.floor(factor.low / step + 1e-9) - more) * step
    high = (math.ceil(factor.high / step - 1e-9) + more) * step
    # a time or a share does not become negative
    low, high = (
        max(low, 0.0 if factor.low >= 0 else low),
        min(high, 0.0 if factor.high <= 0 else high),
    )
    grid = np.linspace(low, high, N_PLACES)
    return {
        "low": _short(low),
        "high": _short(high),
        "step": _short(step),
        "places": [_short(v) for v in grid.tolist()],
        "snaps": False,
    }


def _short(value: float) -> float:
    return float(f"{value:.12g}")

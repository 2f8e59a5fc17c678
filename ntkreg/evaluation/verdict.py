"""Which model to use on this table, in words.

The rule, in the order in which it is applied:

1. The contender with the least held-out RMSE leads, whatever it is.
2. A simpler contender is taken instead if it is within 1 % of the leader *and* the corrected
   paired interval of their difference contains 0. "Not significant" alone would not do: with a
   handful of folds hardly any difference is, and always falling back on the simplest model would
   throw away real gains. The least error is the best guess even where it is not proven; but a gain
   below 1 % is worth less than a model that can be checked more easily. Simpler comes first in
   `BY_SIMPLICITY`; the mean never wins a tie, since it answers nothing.
3. If the chosen one is of the network's family it is set against the best of the others, and the
   other way round. Percentages are of the overall held-out RMSE; "beyond chance" means that the
   corrected 95 % interval does not contain 0, and otherwise the sentence says "no significant
   difference".
4. If the leader is not better than the mean beyond chance, and its R2 is below 0.3, it stays the
   chosen one, but the verdict is only that the columns do not predict the target. With a higher R2
   the verdict ends with a word of caution instead.
5. R2 of 0.7 and more is called usable, of 0.3 and more weak, below that not usable. The limits are
   a convention of this tool.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ntkreg.evaluation.comparison import compare
from ntkreg.evaluation.contenders import FAMILY, LABELS
from ntkreg.evaluation.results import Comparison, ContenderResult, SplitPlan
from ntkreg.messages import Sentence
from ntkreg.models import MODELS

TIE = 0.01
USABLE, WEAK = 0.7, 0.3
_RANKS = {e.name: e.simplicity for e in MODELS.values() if e.simplicity is not None}
BY_SIMPLICITY = tuple(sorted(_RANKS, key=lambda name: _RANKS[name]))


def decide(
    results: Sequence[ContenderResult], plan: SplitPlan, failures: Sequence[tuple[str, str]] = ()
) -> tuple[str, tuple[Sentence, ...]]:
    """Choose a contender and say why.

    Parameters
    ----------
    results : sequence of ContenderResult
        At least one, sorted by overall RMSE, best first.
    plan : SplitPlan
        The folds.
    failures : sequence of (str, str), default=()
        Contenders that could not be fitted, with the error.

    Returns
    -------
    tuple of (str, tuple of Sentence)
        Name of the chosen contender, and the verdict in order of importance.
    """
    best = results[0]
    if best.name == "mean" or (_like_the_mean(best, results, plan) and not _is_fair(best)):
        chosen, said = best, [Sentence("V307"), _strength(best.overall.r2)]
    else:
        chosen = choose(results, plan)
        said = _recommendation(chosen, best, results, plan)
        if chosen is not best:
            said.append(_tie(chosen, best))
        said.append(_strength(chosen.overall.r2))
        if _like_the_mean(chosen, results, plan):
            said.append(Sentence("V313"))
    if failures:
        said.append(Sentence("V311", {"names": [LABELS[name] for name, _ in failures]}))
    return chosen.name, tuple(said)


def choose(results: Sequence[ContenderResult], plan: SplitPlan) -> ContenderResult:
    """Return the leader, or a simpler contender that is as good (rules 1 and 2 above)."""
    best = results[0]
    if best.name not in BY_SIMPLICITY:
        return best
    for name in BY_SIMPLICITY[: BY_SIMPLICITY.index(best.name)]:
        for result in results:
            close = result.name == name and result.overall.rmse <= (1 + TIE) * best.overall.rmse
            if close and not _beyond_chance(compare(result, best, plan)):
                return result
    return best


def _beyond_chance(comparison: Comparison) -> bool:
    return comparison.lower > 0 or comparison.upper < 0


def _like_the_mean(
    result: ContenderResult, results: Sequence[ContenderResult], plan: SplitPlan
) -> bool:
    mean = next((other for other in results if other.name == "mean"), None)
    return mean is not None and not compare(result, mean, plan).upper < 0


def _is_fair(result: ContenderResult) -> bool:
    return result.overall.r2 >= WEAK


def _tie(chosen: ContenderResult, best: ContenderResult) -> Sentence:
    values = {
        "chosen": LABELS[chosen.name],
        "best": LABELS[best.name],
        "rmse": chosen.overall.rmse,
        "percent": _percent(best.overall.rmse, chosen.overall.rmse),
    }
    return Sentence("V306", values)


def _recommendation(
    chosen: ContenderResult,
    best: ContenderResult,
    results: Sequence[ContenderResult],
    plan: SplitPlan,
) -> list[Sentence]:
    ours = chosen.name in FAMILY
    values: dict[str, Any] = {"chosen": LABELS[chosen.name], "rmse": chosen.overall.rmse}
    rival = next((result for result in results if (result.name in FAMILY) is not ours), None)
    if rival is None:
        return [Sentence("V305", values)] if chosen is best else []
    if rival.overall.rmse < chosen.overall.rmse:
        return []
    difference = compare(chosen, rival, plan)
    values |= {
        "rival": LABELS[rival.name],
        "rival_rmse": rival.overall.rmse,
        "percent": _percent(chosen.overall.rmse, rival.overall.rmse),
        "lower": difference.lower,
        "upper": difference.upper,
    }
    sure = difference.upper < 0
    if ours:
        return [Sentence("V301" if sure else "V302", values)]
    return [Sentence("V303" if sure else "V304", values)]


def _percent(better: float, worse: float) -> float:
    """Return by how many per cent the first error is lower than the second."""
    return 100 * (1 - better / worse) if worse > 0 else 0.0


def _strength(r2: float) -> Sentence:
    if math.isnan(r2):
        return Sentence("V312")
    if r2 >= USABLE:
        return Sentence("V308", {"r2": r2})
    return Sentence("V309" if r2 >= WEAK else "V310", {"r2": r2})

"""Gates: findings that the caller asked to be told about by the exit code."""

from __future__ import annotations

from collections.abc import Sequence

from ntkreg.messages import Sentence
from ntkreg.reporting.content import ReportContent


def failed_gates(content: ReportContent, gates: Sequence[str]) -> tuple[Sentence, ...]:
    """Return a sentence for every gate that a study failed.

    Parameters
    ----------
    content : ReportContent
        What the study found.
    gates : sequence of {"leak", "contradiction", "not-better"}
        "leak": a column may give the target away. "contradiction": the recommended model
        contradicts an expectation of the knowledge file. "not-better": the recommended model is
        not better than the mean beyond chance.

    Returns
    -------
    tuple of Sentence
        Empty if all gates are passed.
    """
    failed = []
    if "leak" in gates and content.leaks:
        columns = [leak.column for leak in content.leaks]
        failed.append(Sentence("W652", {"columns": columns}))
    chosen = content.benchmark.chosen
    contradicted = [
        verdict.expectation.column
        for verdict in content.knowledge
        if verdict.model == chosen and verdict.verdict == "CONTRADICTED"
    ]
    if "contradiction" in gates and contradicted:
        failed.append(Sentence("W653", {"columns": contradicted}))
    against_mean = [c for c in content.benchmark.comparisons if c.name == "mean"]
    # differences are those of the mean to the chosen model
    if "not-better" in gates and (chosen == "mean" or any(c.lower <= 0 for c in against_mean)):
        failed.append(Sentence("W654"))
    return tuple(failed)

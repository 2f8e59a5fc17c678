"""The page of all experiments, from the numbers that they wrote."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from claims.results import PAPERS

HEAD = """# Claims and what became of them

Written by `make experiments`; do not edit. Every claim was measured on this project's own code and
set against a bar that stands in the script, `experiments/NAME.py`. Where a claim comes from:
**paper** - read in the paper itself; **neighbouring theory** - it follows from theory around the
paper, which is named, and is not a statement of the paper; **data** - first seen in experiments.
A bar is this project's choice unless the source says otherwise.
"""
SUMMARY = ("| | Claim | Measured | Bar | Held | From |", "|---|---|---|---|---|---|")


def write_page(out: Path) -> None:
    """Write `index.md` from all `*.json` of a folder."""
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in out.glob("*.json")}
    order = list(PAPERS)
    names = sorted(found, key=lambda name: (order.index(found[name]["paper"]), name))
    rows = [_row(name, found[name]["paper"], c) for name in names for c in found[name]["claims"]]
    held = sum(claim["held"] for name in names for claim in found[name]["claims"])
    parts = [HEAD, f"{held} of {len(rows)} claims held.\n", "\n".join([*SUMMARY, *rows]) + "\n"]
    last = ""
    for name in names:
        paper = found[name]["paper"]
        if paper != last:
            parts.append(f"## {paper}\n\n{PAPERS[paper]}\n")
        parts.append(_section(name, found[name]))
        last = paper
    parts.append(_runs({name: found[name]["run"] for name in names}))
    replace(out / "index.md", "\n".join(parts))


def replace(path: Path, text: str) -> None:
    """Write a file in one piece: two experiments may run at the same time."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _row(name: str, paper: str, claim: dict[str, Any]) -> str:
    value = "none" if claim["value"] is None else f"{claim['value']:.4g}"
    cells = (paper, f"[{claim['words']}](#{name})", value, claim["bar"], _yes(claim["held"]))
    return "| " + " | ".join([*cells, claim["origin"]]) + " |"


def _yes(held: bool) -> str:
    return "yes" if held else "**no**"


def _section(name: str, found: dict[str, Any]) -> str:
    claims = [
        f"- {c['words']} *{c['origin']}: {c['source']}* Measured"
        f" {'none' if c['value'] is None else format(c['value'], '.4g')}, bar {c['bar']}:"
        f" {'held' if c['held'] else '**did not hold**'}."
        for c in found["claims"]
    ]
    parts = [
        f'<a id="{name}"></a>\n\n### {found["title"]}',
        f"{found['setting']} (`experiments/{name}.py`, [numbers]({name}.json))",
        f"![{found['title']}]({name}.svg)",
        "\n".join(claims),
        *found["remarks"],
    ]
    return "\n\n".join(parts) + "\n"


def _runs(runs: dict[str, Any]) -> str:
    lines = ["## Runs\n", "| Experiment | Seconds | Threads | Machine | Versions |"]
    lines.append("|---|---|---|---|---|")
    for name, run in runs.items():
        versions = {"Python": run["python"], **run["versions"]}
        told = ", ".join(f"{package} {version}" for package, version in versions.items())
        lines.append(
            f"| {name} | {run['seconds']:g} | {run['threads']} | {run['machine']} | {told} |"
        )
    return "\n".join(lines) + "\n"

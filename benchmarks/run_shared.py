"""Time and accuracy of `ntkreg run` on six public tables.

    python benchmarks/run_shared.py DATA_DIR [--only airfoil_self_noise.csv] [--timeout 1800]

runs the command as a user would, once a table, and prints a markdown table: wall and CPU seconds of
the whole command (reading, comparing eight contenders on held-out rows, explaining, report, model),
the recommended model, and RMSE and R2 of each contender on held-out rows. Machine, threads and
versions stand below it. Other measured properties of a table are dropped where they would give the
target away.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

CONTENDERS = (
    "ntk",
    "ntk-kernel",
    "lightgbm",
    "lightgbm-default",
    "random-forest",
    "ridge",
    "mean",
    "blend",
)
THREAD_LIMITS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
PACKAGES = ("ntkreg", "numpy", "scipy", "pandas", "scikit-learn", "lightgbm", "torch", "shap")


@dataclass(frozen=True)
class Table:
    """A file, its target, and the options of the run."""

    file: str
    target: str
    options: tuple[str, ...] = ()


TABLES = (
    Table("prater_gasoline.csv", "yield", ("--group", "Sample")),
    Table(
        "fdm_3d_printing.csv", "roughness", ("--drop", "tension_strenght", "--drop", "elongation")
    ),
    Table(
        "concrete_slump.csv",
        "Compressive Strength (28-day)(Mpa)",
        ("--drop", "SLUMP(cm)", "--drop", "FLOW(cm)"),
    ),
    Table("kaneko_boiling_point.csv", "boiling point"),
    Table(
        "steel_strength.csv",
        "yield strength",
        ("--drop", "formula", "--drop", "tensile strength", "--drop", "elongation"),
    ),
    Table("airfoil_self_noise.csv", "Scaled sound pressure level, in decibels"),
)


@dataclass(frozen=True)
class Run:
    """Wall and CPU seconds of one command, and its numbers (`run.json`) or the error."""

    wall: float
    cpu: float
    found: dict[str, Any] | str


def run_table(table: Table, data: Path, timeout: float) -> Run:
    """Run the command on one table."""
    start, before = time.perf_counter(), os.times()
    found = _found(table, data, timeout)
    after = os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return Run(time.perf_counter() - start, cpu, found)


def _found(table: Table, data: Path, timeout: float) -> dict[str, Any] | str:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [_executable(), "run", str(data / table.file), "--target", table.target]
        command += [*table.options, "--out", str(out), "--lang", "en", "--quiet"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired:
            return f"stopped after {timeout:.0f} s"
        if done.returncode:
            return f"exit {done.returncode}: {done.stderr.strip()[-300:]}"
        found: dict[str, Any] = json.loads((out / "run.json").read_text(encoding="utf-8"))
        return found


def _executable() -> str:
    beside = shutil.which("ntkreg", path=str(Path(sys.executable).parent))
    found = beside or shutil.which("ntkreg")
    if found is None:
        raise SystemExit("ntkreg is not installed: run `pip install -e .` first")
    return found


def row_of(table: Table, run: Run) -> str:
    """Return one line of the markdown table."""
    cells = [table.file, f"{run.wall:.0f}", f"{run.cpu:.0f}"]
    if isinstance(run.found, str):
        cells += [f"failed: {run.found!r}", *[""] * len(CONTENDERS)]
        return "| " + " | ".join(cells) + " |"
    cells.append(run.found["chosen"])
    for name in CONTENDERS:
        score = run.found["scores"].get(name)
        cells.append("failed" if score is None else _score(score))
    return "| " + " | ".join(cells) + " |"


def _score(score: dict[str, Any]) -> str:
    r2 = "-" if score["r2"] is None else f"{score['r2']:.3f}"
    return f"{score['rmse']:.4g} ({r2}; {score['seconds']:.1f} s)"


def machine() -> str:
    """Return processor, cores and system in words."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        name = names[0] if names else name
    return (
        f"{name}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    )


def threads() -> str:
    """Return the thread limits in effect."""
    limits = {key: os.environ[key] for key in THREAD_LIMITS if key in os.environ}
    return ", ".join(f"{k}={v}" for k, v in limits.items()) or "no limit set"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all tables and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("data", type=Path, help="folder with the public tables")
    parser.add_argument("--only", action="append", help="file name; may be repeated")
    parser.add_argument("--timeout", type=float, default=1800.0, help="seconds a table")
    options = parser.parse_args(arguments)
    print("Held-out RMSE (R2; seconds of one fit) of each contender.\n")
    print("| table | wall s | CPU s | recommended | " + " | ".join(CONTENDERS) + " |")
    print("|" + "---|" * (4 + len(CONTENDERS)))
    failed = False
    for table in TABLES:
        if options.only and table.file not in options.only:
            continue
        run = run_table(table, options.data, options.timeout)
        failed |= isinstance(run.found, str)
        print(row_of(table, run), flush=True)
    print(f"\nMachine: {machine()}. Threads: {threads()}.")
    print("Versions: " + ", ".join(f"{name} {version(name)}" for name in PACKAGES) + ".")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

"""Time and memory that reading a clean table takes, against pandas.

    python benchmarks/read_speed.py [--rows 1000000] [--sheet-rows 100000] [--runs 5]

Each reading is a process of its own, so that its peak memory is its own; the readers take turns,
and medians are shown. The goals: a text file in at most 3 times the time and 2 times the memory of
`pandas.read_csv`, a workbook in at most 1.2 times the time of
`pandas.read_excel(engine="openpyxl")`. Times are without the import; on a machine that has other
work, the processor's seconds tell more.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

COLUMNS, SHEET_COLUMNS = 10, 20


def make_text(path: Path, rows: int) -> None:
    """Write a clean table of nine numeric columns and a category."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(rows, COLUMNS - 1)).round(4))
    table.columns = [f"x{j}" for j in range(COLUMNS - 1)]
    table["kind"] = rng.choice(["left", "middle", "right"], rows)
    table.to_csv(path, index=False)


def make_sheet(path: Path, rows: int) -> None:
    """Write a clean numeric workbook."""
    rng = np.random.default_rng(0)
    names = [f"x{j}" for j in range(SHEET_COLUMNS)]
    pd.DataFrame(rng.normal(size=(rows, SHEET_COLUMNS)).round(4), columns=names).to_excel(
        path, index=False
    )


def read_once(reader: str, path: Path) -> dict[str, float]:
    """Seconds and megabytes of one reading in this process."""
    from ntkreg.io import read_raw, read_table

    readers = {
        "read_raw": read_raw,
        "read_table": lambda path: read_table(path, target="x0"),
        "pandas": pd.read_csv if path.suffix == ".csv" else pd.read_excel,
    }
    start, cpu_start = time.perf_counter(), time.process_time()
    readers[reader](path)
    return {
        "seconds": time.perf_counter() - start,
        "CPU s": time.process_time() - cpu_start,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def measure(reader: str, path: Path) -> dict[str, float]:
    """Seconds and megabytes of one reading in a new process."""
    command = [sys.executable, __file__, "--once", reader, str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(json.loads(output))


def make(path: Path, rows: int) -> None:
    """Write a file in a process of its own: a child's peak memory begins at its parent's."""
    subprocess.run([sys.executable, __file__, "--make", str(rows), str(path)], check=True)


def compare(path: Path, runs: int) -> None:
    """Print the medians of all readers' figures for a file."""
    figures: dict[str, list[dict[str, float]]] = {
        r: [] for r in ("pandas", "read_raw", "read_table")
    }
    for _ in range(runs):
        for reader, found in figures.items():
            found.append(measure(reader, path))
    for unit in figures["pandas"][0]:
        medians = {r: statistics.median(f[unit] for f in found) for r, found in figures.items()}
        shown = "  ".join(f"{reader} {m:8.2f}" for reader, m in medians.items())
        ratios = [medians[r] / medians["pandas"] for r in ("read_raw", "read_table")]
        print(f"{path.suffix[1:]:5}{unit:10} {shown}  ratios {ratios[0]:5.2f} {ratios[1]:5.2f}",
              flush=True)  # fmt: skip


def main() -> None:
    """Make the files and compare the readers, or read one file and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--sheet-rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--make", nargs=2, metavar=("ROWS", "FILE"))
    parser.add_argument("--once", nargs=2, metavar=("READER", "FILE"))
    arguments = parser.parse_args()
    if arguments.once:
        print(json.dumps(read_once(arguments.once[0], Path(arguments.once[1]))))
        return
    if arguments.make:
        rows, path = int(arguments.make[0]), Path(arguments.make[1])
        (make_text if path.suffix == ".csv" else make_sheet)(path, rows)
        return
    with tempfile.TemporaryDirectory() as folder:
        text, sheet = Path(folder) / "t.csv", Path(folder) / "t.xlsx"
        make(text, arguments.rows)
        compare(text, arguments.runs)
        if arguments.sheet_rows:
            make(sheet, arguments.sheet_rows)
            compare(sheet, arguments.runs)


if __name__ == "__main__":
    main()

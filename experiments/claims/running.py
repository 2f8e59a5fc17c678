"""Running one experiment, or all of them two at a time, and writing what they found."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from claims import figures
from claims.page import replace, write_page
from claims.results import Claim, Experiment

FOLDER = Path(__file__).parents[1]
OUT = FOLDER.parent / "docs" / "experiments"
PACKAGES = ("ntkreg", "numpy", "scipy", "scikit-learn", "torch", "lightgbm", "altair")
Run = Callable[[bool], Experiment]


def scripts() -> list[Path]:
    """Return the experiments: every module beside this package."""
    return sorted(path for path in FOLDER.glob("*.py") if not path.name.startswith("_"))


def main(run: Run) -> None:
    """Run one experiment: print its claims, and write its figure and numbers.

    Parameters
    ----------
    run : callable
        `run(fast)` returns the Experiment.
    """
    script = Path(sys.argv[0])
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    _add_options(parser)
    options = parser.parse_args()
    start = time.perf_counter()
    with threadpool_limits(1):
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(1)
        found = run(options.fast)
    seconds = time.perf_counter() - start
    print(*[_line(claim) for claim in found.claims], f"{seconds:.1f} s", sep="\n")
    out = _folder(options)
    if out is not None:
        write(found, script.stem, seconds, out)
        write_page(out)


def run_all(arguments: Sequence[str] | None = None) -> int:
    """Run experiments as processes of one thread each; return how many could not be run."""
    parser = argparse.ArgumentParser(
        prog="experiments", description="Run the experiments and write their page."
    )
    parser.add_argument("names", nargs="*", help="scripts, without .py (default: all)")
    parser.add_argument("--workers", type=int, default=2)
    _add_options(parser)
    options = parser.parse_args(arguments)
    known = {path.stem: path for path in scripts()}
    if unknown := set(options.names) - set(known):
        parser.error(f"no such experiment: {sorted(unknown)}; there are {sorted(known)}")
    out = _folder(options)
    chosen = [known[name] for name in options.names] or list(known.values())
    with ThreadPoolExecutor(options.workers) as pool:
        codes = list(pool.map(lambda path: _process(path, options.fast, out), chosen))
    if out is not None:
        write_page(out)
    return sum(code != 0 for code in codes)


def write(found: Experiment, name: str, seconds: float, out: Path) -> None:
    """Write the figure and the numbers of one experiment."""
    out.mkdir(parents=True, exist_ok=True)
    document = {
        "paper": found.paper,
        "title": found.title,
        "setting": found.setting,
        "remarks": list(found.remarks),
        "claims": [_claim(claim) for claim in found.claims],
        "numbers": rounded(found.numbers),
        "run": {"seconds": round(seconds, 1), **_surroundings()},
    }
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    replace(out / f"{name}.svg", figures.svg(found.figure))
    replace(out / f"{name}.json", text + "\n")


def rounded(value: Any) -> Any:
    """Return numbers, arrays, lists and mappings as JSON with six digits; what is not finite, null.

    Raises
    ------
    TypeError
        For anything else.
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(f"{value:.6g}") if np.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    raise TypeError(f"{type(value).__name__} does not belong into the numbers of an experiment")


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fast", action="store_true", help="the small version of the tests")
    parser.add_argument("--out", type=Path, help=f"default: {OUT.name}, with --fast nothing")


def _folder(options: argparse.Namespace) -> Path | None:
    given: Path | None = options.out
    return given or (None if options.fast else OUT)


def _line(claim: Claim) -> str:
    verdict = "held" if claim.held else "DID NOT HOLD"
    return f"{verdict}: {claim.words} [{claim.value:.4g}; bar: {claim.bar}; {claim.origin}]"


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "key": claim.key,
        "words": claim.words,
        "origin": claim.origin,
        "source": claim.source,
        "value": rounded(float(claim.value)),
        "bar": claim.bar,
        "held": claim.held,
    }


def _process(path: Path, fast: bool, out: Path | None) -> int:
    """Run one script in a process of its own and print what it says in one piece."""
    command = [sys.executable, str(path)] + ["--fast"] * fast
    command += ["--out", str(out)] if out is not None else []
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    done = subprocess.run(
        command, env=os.environ | threads, capture_output=True, text=True, check=False
    )
    print(f"== {path.stem}", done.stdout.rstrip(), sep="\n", flush=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr, flush=True)
    return done.returncode


def _surroundings() -> dict[str, Any]:
    return {
        "machine": f"{_processor()}, {os.cpu_count()} processors",
        "threads": 1,
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in PACKAGES},
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()

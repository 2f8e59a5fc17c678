"""Independent pieces of work on several threads; the results do not depend on how many."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from joblib import cpu_count

# rows; work on fewer is done before a thread has begun
WORTH_THREADS = 50_000

Item = TypeVar("Item")
Result = TypeVar("Result")


def threads_for(n_threads: int | None) -> int:
    """Return how many threads to use: one inside a worker process, else one per processor."""
    if n_threads is not None:
        return n_threads
    return 1 if multiprocessing.parent_process() is not None else int(cpu_count())


def map_on_threads(
    work: Callable[[Item], Result], items: Iterable[Item], n_threads: int
) -> list[Result]:
    """Return work(item) of each item, in order; numpy and LAPACK release the interpreter's lock."""
    if n_threads == 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(work, items))

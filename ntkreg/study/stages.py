"""How far a study is, and how long each stage took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Progress = Callable[[int, int, str], None]


@dataclass
class Stages:
    """Times the stages of a study and tells the caller how far the work is.

    Parameters
    ----------
    progress : callable
        Called as `progress(done, total, text)` before each step.
    seconds : dict of str to float
        Time taken by each stage, summed.
    done, total : int
        Steps.
    n_later : int, default=12
        Steps expected after the benchmark: declined proposals, learning curve, three fits, two
        explanations, knowledge, the training regime, the profiler, pairs of columns, the end.
    """

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)
    done: int = 0
    total: int = 1
    n_later: int = 12

    @contextmanager
    def stage(self, name: str, text: str = "") -> Iterator[None]:
        """Time one step; an error inside passes through."""
        self.progress(self.done, self.total, text or name)
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
        self.done = min(self.done + 1, self.total)

    def benchmark(self, done: int, total: int, text: str) -> None:
        """Take the progress of the benchmark as a part of the whole."""
        self.done, self.total = done, total + self.n_later
        self.progress(done, self.total, text)

    def expect(self, n_steps: int) -> None:
        """Say how many steps are left."""
        self.total = self.done + n_steps

    def finish(self) -> dict[str, float]:
        """Tell the caller that nothing is left; returns the time taken by each stage."""
        self.progress(self.total, self.total, "")
        return self.seconds

"""Nesterov's iteration on the weights of a net, with a step that can be cut on the way."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ntkreg.ntk.network.backpropagation import Backpropagation

if TYPE_CHECKING:
    import torch

    Tensors = list[torch.Tensor]


class Momentum:
    """The iteration; the engine's parameters are the points where gradients are taken.

    With small steps eta it follows x'' + (3/t) x' + grad = 0 at t = j sqrt(eta) (Su, Boyd, Candes,
    JMLR 17, 2016), and x' is (x_j - x_{j-1})/sqrt(eta). So where the step is cut, the same motion
    goes on with sqrt(2) times the count and 1/sqrt(2) times the difference. Flow time is t^2/8 (the
    small-time expansion of the Nesterov filter against that of gradient flow), so that a run
    whose step was cut ends at the time that was prescribed for it.

    Parameters
    ----------
    engine : Backpropagation
    learning_rate : float
    n_steps : int
        Prescribed number of steps of this size.
    """

    def __init__(self, engine: Backpropagation, learning_rate: float, n_steps: int) -> None:
        import torch

        self.engine = engine
        self.learning_rate = learning_rate
        self.goal = learning_rate * n_steps**2 / 8.0
        # flow time before the momentum was last zero, and the count of steps since
        self.start, self.count = 0.0, 0.0
        self.live = engine.parameters()
        self.iterate = [p.clone() for p in self.live]
        empty = [[torch.empty_like(p) for p in self.live] for _ in range(2)]
        self.spare = empty[0], empty[1]
        self.kept = self.live, self.iterate
        self.keep()

    def left(self) -> int:
        """Return how many steps of the present size are still to be taken."""
        whole = math.sqrt(8.0 * max(self.goal - self.start, 0.0) / self.learning_rate)
        return max(math.ceil(whole - self.count - 1e-9), 0)

    def keep(self) -> None:
        """Remember the present state as the one to come back to; nothing is copied."""
        if self.kept[0] is not self.live:
            self.spare = self.kept
        self.kept = self.live, self.iterate
        self.kept_time = self.start, self.count * math.sqrt(self.learning_rate)
        self.better = True

    def advance(self, last: bool) -> None:
        """Take one step; extrapolate unless it is the last."""
        import torch

        first, second = self._writable()
        for point, gradient, out in zip(self.live, self.engine.gradients(), first, strict=True):
            torch.add(point, gradient, alpha=-self.learning_rate, out=out)
        self.count += 1.0
        # the point of step j + 1 is x_j + j/(j + 3) (x_j - x_{j-1})
        reach = 1.0 if last else 1.0 + self.count / (self.count + 3.0)
        for before, now, out in zip(self.iterate, first, second, strict=True):
            torch.lerp(before, now, reach, out=out)
        self._place(second, first)

    def back(self) -> None:
        """Return to the point that was kept."""
        if self.kept[0] is not self.live:
            self.spare = self.live, self.iterate
        self._place(*self.kept)

    def cut(self) -> None:
        """Go on from the state that was kept, with half the step.

        The momentum goes on too, unless nothing better came of that at the last cut.
        """
        import torch

        self.back()
        self.learning_rate /= 2.0
        self.start, time = self.kept_time
        if self.better:
            before, share = self.iterate, math.sqrt(0.5)
            self.count = time / math.sqrt(self.learning_rate)
        else:
            before, share = self.live, 1.0
            self.start, self.count = self.start + time**2 / 8.0, 0.0
        first, second = self._writable()
        for old, point, one, two in zip(before, self.live, first, second, strict=True):
            one.copy_(old)
            torch.lerp(old, point, share, out=two)
        self._place(second, first)
        self.better = False

    def _writable(self) -> tuple[Tensors, Tensors]:
        """Return two sets of tensors that may be overwritten, entry by entry."""
        return self.spare if self.kept[0] is self.live else (self.live, self.iterate)

    def _place(self, live: Tensors, iterate: Tensors) -> None:
        self.live, self.iterate = live, iterate
        self.engine.replace(live)

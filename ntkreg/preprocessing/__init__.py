"""From a :class:`~ntkreg.io.dataset.Dataset`'s features to the numbers that models take."""

from ntkreg.preprocessing.encoder import TableEncoder

__all__ = ["TableEncoder"]

"""Precision of the training."""

from __future__ import annotations

from functools import cache
from typing import Literal

from ntkreg.ntk.network.architecture import Architecture

Dtype = Literal["float32", "float64", "bfloat16"]
DTYPES = ("float32", "float64", "bfloat16")

# below this width conversions take what the faster products give
MIN_WIDTH_OF_BFLOAT16 = 256


def master(dtype: str) -> str:
    """Return the dtype in which weights are kept."""
    return "float32" if dtype == "bfloat16" else dtype


@cache
def has_fast_bfloat16() -> bool:
    """Return whether this processor multiplies bfloat16 numbers faster than float32 ones."""
    import torch

    # the list of abilities is younger than the oldest torch that is supported
    found: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))


def resolve_dtype(dtype: str, architecture: Architecture) -> Dtype:
    """Return the dtype that "auto" stands for, or the given one.

    That is "bfloat16" where products of two hidden layers outweigh the rest and the processor
    multiplies such numbers faster, else "float32".
    """
    if dtype == "auto":
        deep = any(branch.depth > 1 for branch in architecture.branches)
        wide = architecture.width >= MIN_WIDTH_OF_BFLOAT16
        return "bfloat16" if deep and wide and has_fast_bfloat16() else "float32"
    known: dict[str, Dtype] = {name: name for name in DTYPES}  # type: ignore[misc]
    return known[dtype]

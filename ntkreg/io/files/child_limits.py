"""Limits of the child process that reads workbooks, and the watch over them."""

from __future__ import annotations

import contextlib
import io
import subprocess
import time
import zipfile
from dataclasses import dataclass
from typing import Literal

import psutil

from ntkreg.exceptions import InputError
from ntkreg.io.files.sniff import SMALL

Kind = Literal["xlsx", "xls", "xlsb", "ods"]

# of a small file, in seconds of computing and in bytes; a large one gets more of each
SECONDS = 7.0
MEMORY = 700_000_000
OUTPUT = 40_000_000
# a packed byte of a sheet costs about one microsecond, and far more where the sheet is constant: an
# unpacked one costs a tenth. Slow computers need several times as much
_SECONDS_PER_BYTE = 4e-6
_SECONDS_PER_UNPACKED_BYTE = 2e-7
_MEMORY_PER_BYTE = 10
_OUTPUT_PER_BYTE = 20
_PAUSE = 0.05
_IDLE = 3


@dataclass(frozen=True)
class Limits:
    """What a child may take: seconds of computing, bytes of memory, characters of output."""

    seconds: float
    memory: int
    output: int


def limits_of(data: bytes, kind: Kind) -> Limits:
    """Return the limits for a file by its size, packed and, up to `SMALL`, unpacked."""
    seconds = _SECONDS_PER_BYTE * len(data)
    if kind != "xls":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
        seconds = max(seconds, _SECONDS_PER_UNPACKED_BYTE * min(unpacked, SMALL))
    memory = MEMORY + _MEMORY_PER_BYTE * len(data)
    return Limits(SECONDS + seconds, memory, OUTPUT + _OUTPUT_PER_BYTE * len(data))


def watch(process: subprocess.Popen[bytes], limits: Limits, file: str, kind: Kind) -> None:
    """Wait for the child's end, but not beyond its limits.

    Its seconds are those it computes, because a busy computer makes no file hostile; a child that
    only waits is given up later.

    Raises
    ------
    InputError
        If the child takes more time or memory than it may.
    """
    end = time.monotonic() + _IDLE * limits.seconds
    while process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PAUSE)
            return
        # the limit of memory that the child sets itself does not exist on every system
        spent, taken = _used(process.pid)
        if taken > limits.memory:
            raise InputError("E141", {"file": file}, file=file, kind=kind)
        if spent > limits.seconds or time.monotonic() > end:
            where = {"file": file}
            raise InputError("E140", where, file=file, kind=kind, seconds=limits.seconds)


def _used(child: int) -> tuple[float, int]:
    """Seconds of computing and bytes of memory; nothing once the child has ended."""
    try:
        process = psutil.Process(child)
        return sum(process.cpu_times()[:2]), process.memory_info().rss
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0, 0

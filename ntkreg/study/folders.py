"""Folders and files that appear whole or not at all, and never over something of the user's."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ntkreg.exceptions import FileAccessError, InputError

# a folder with one of these was written by this program and may be replaced on request
_OURS = ("run.json", "model.json", "leaderboard.json")
_ILLEGAL = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(CON|PRN|AUX|NUL|(COM|LPT)[0-9¹²³])(\.|$)", re.IGNORECASE)
_LONGEST = 60


def clean_name(text: str) -> str:
    """Return a text as a file name that every system takes.

    Examples
    --------
    >>> clean_name("強度/降伏:点"), clean_name("../.."), clean_name("aux.xlsx")
    ('強度_降伏_点', '_', '_aux.xlsx')
    """
    name = _ILLEGAL.sub("_", unicodedata.normalize("NFC", text))[:_LONGEST].strip(". ")
    name = name.lstrip("._") if not name.strip("._") else name
    if not name:
        return "_"
    return f"_{name}" if _RESERVED.match(name) else name


def default_folder(path: str | Path, target: str) -> Path:
    """Return where a run goes when the user names no folder: ``ntkreg_runs/<file>_<target>``."""
    return Path("ntkreg_runs") / clean_name(f"{Path(path).stem}_{target}")


def check_free(path: str | Path, *, force: bool = False) -> None:
    """Raise if a folder cannot be written at `path`; call it before the long work.

    Raises
    ------
    InputError
        If something is there and `force` is false, or if it is not ours to replace.
    FileAccessError
        If the place is not writable.
    """
    path = Path(path)
    if path.exists() or path.is_symlink():
        if not force:
            raise InputError("E520", {"file": str(path)}, path=str(path))
        if not _replaceable(path):
            raise InputError("E521", {"file": str(path)}, path=str(path))
    _check_writable(path)


def check_free_file(
    path: str | Path, *, force: bool = False, sources: tuple[Path, ...] = ()
) -> None:
    """Raise if a file cannot be written at `path`; never over one of `sources`.

    Raises
    ------
    InputError
        If something is there and `force` is false, or if it is a folder or one of `sources`.
    FileAccessError
        If the place is not writable.
    """
    path = Path(path)
    if path.exists():
        if not force:
            raise InputError("E520", {"file": str(path)}, path=str(path))
        same = any(source.exists() and path.samefile(source) for source in sources)
        if path.is_dir() or same:
            raise InputError("E521", {"file": str(path)}, path=str(path))
    _check_writable(path)


def _replaceable(path: Path) -> bool:
    if path.is_symlink() or not path.is_dir():
        return False
    return any((path / name).is_file() for name in _OURS) or not any(path.iterdir())


def _check_writable(path: Path) -> None:
    parent = path.absolute().parent
    while not parent.exists() and parent != parent.parent:
        parent = parent.parent
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise FileAccessError("E522", {"file": str(path)}, path=str(path), parent=str(parent))


@contextmanager
def new_folder(path: str | Path, *, force: bool = False) -> Iterator[Path]:
    """Give a temporary folder beside `path`, which takes its place when the block ends well.

    When the block fails or is interrupted, nothing is left behind and what was at `path` stays.

    Parameters
    ----------
    path : str or Path
        The folder to make.
    force : bool, default=False
        Replace a folder that an earlier call made.

    Yields
    ------
    Path
        Where to write meanwhile.

    Raises
    ------
    InputError, FileAccessError
        As :func:`check_free`.
    """
    path = Path(path)
    check_free(path, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.parent / f".{path.name}.{secrets.token_hex(4)}.part"
    beside.mkdir()
    try:
        yield beside
        _publish(beside, path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _publish(beside: Path, path: Path) -> None:
    if not path.exists():
        beside.rename(path)
        return
    old = beside.with_suffix(".old")
    try:
        path.rename(old)
    except OSError as error:
        # on Windows a file of the folder that is open in Excel or a browser forbids the move
        raise FileAccessError("E523", {"file": str(path)}, path=str(path)) from error
    try:
        beside.rename(path)
    except BaseException:
        old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def new_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary file beside `path`, which takes its place when the block ends well."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # the ending stays: what is written depends on it
    beside = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")
    try:
        yield beside
        try:
            beside.replace(path)
        except OSError as error:
            raise FileAccessError("E523", {"file": str(path)}, path=str(path)) from error
    finally:
        beside.unlink(missing_ok=True)

"""What is this file really? Decided by its content, never by its name alone."""

from __future__ import annotations

import codecs
import difflib
import io
import lzma
import re
import struct
import zipfile
import zlib
from itertools import chain
from pathlib import Path
from typing import Literal

from ntkreg.exceptions import FileAccessError, InputError
from ntkreg.io.files.ole import SIGNATURE

ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
TEXT_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
WORKBOOK_SUFFIXES = {
    "xlsx": (".xlsx", ".xlsm"),
    "xls": (".xls",),
    "xlsb": (".xlsb",),
    "ods": (".ods",),
}
FileKind = Literal["xlsx", "xls", "xlsb", "ods", "text"]
MAX_RATIO = 200
MAX_UNPACKED = 1_000_000_000
SMALL = 50_000_000
# a sheet of one value packs to a three-hundredth, zeros as bombs are made of to a thousandth
_MAX_RATIO_OF_MEDIUM = 400
_MEDIUM = 200_000_000
_DIRT, _DIRT_SHARE, _DIRT_SHARE_OF_SMALL = 8, 0.05, 0.2

# XML parsers differ in what they do with a document type declaration; a spreadsheet never needs one
_DOCTYPES = tuple("<!DOCTYPE".encode(code) for code in ("ascii", "utf-16-le", "utf-16-be"))


_COMMENT = re.compile(rb"(?:<!--.*?-->\s*)+", re.DOTALL)
# an object, or a list of objects, lists or texts; a name in brackets is not one
_JSON = re.compile(rb"\{\s*(?:\"|\})|\[\s*(?:\{\s*\"|\[\s*[\"\d\-]|\"[^\"]*\"\s*[,\]])")
_BEGINNINGS = {
    "PDF": (b"%pdf",),
    "HTML": (b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<meta"),
    "XML": (b"<?xml",),
}


def read_bytes(path: Path) -> bytes:
    """Return the file's bytes.

    Raises
    ------
    FileAccessError
        If it is absent, a folder or cannot be read.
    InputError
        If it is the lock file of an open workbook.
    """
    where = {"file": path.name}
    if path.name.startswith("~$"):
        raise InputError("E107", where, file=path.name, name=path.name[2:])
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileAccessError(
            "E101", where, file=path.name, folder=str(path.parent), near=_neighbours(path)
        ) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FileAccessError("E102", where, file=path.name, reason=reason) from error


def _neighbours(path: Path) -> list[str]:
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    except OSError:
        return ["-"]
    return (
        difflib.get_close_matches(path.name, names, n=3, cutoff=0.5) or sorted(names)[:3] or ["-"]
    )


def identify(data: bytes, path: Path) -> FileKind:
    """Return how a file must be read.

    Parameters
    ----------
    data : bytes
        The whole file.
    path : Path
        For messages and for the suffix.

    Raises
    ------
    InputError
        If it is empty, of a kind that is not supported, damaged, protected or misnamed.
    """
    where = {"file": path.name}
    if not data.lstrip(b" \t\r\n\x00\x1a\xef\xbb\xbf\xff\xfe"):
        raise InputError("E103", where, file=path.name)
    if data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06"):
        return _check_zip(data, path.name)
    if data.startswith(SIGNATURE):
        if ENCRYPTED in data:
            raise InputError("E109", where, file=path.name)
        return "xls"
    what = _other_kind(data)
    if what:
        raise InputError("E110", where, file=path.name, what=what)
    if path.suffix.lower() in chain.from_iterable(WORKBOOK_SUFFIXES.values()):
        raise InputError("E113", where, file=path.name, suffix=path.suffix)
    return "text"


def _other_kind(data: bytes) -> str | None:
    """Name of a known kind that is no table; None for text."""
    head = _COMMENT.sub(b"", data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower())
    if _JSON.match(head):
        return "JSON"
    for what, beginnings in _BEGINNINGS.items():
        if head.startswith(beginnings):
            return what
    # some recorders fill a text file up with NULs; a few more inside are dirt, many another kind
    sample = data.rstrip(b"\x00\x1a")[:4096]
    dirt = max(_DIRT_SHARE * len(sample), min(_DIRT, _DIRT_SHARE_OF_SMALL * len(sample)))
    binary = sample.count(b"\x00") > dirt and not data.startswith(TEXT_BOMS)
    return "binary" if binary else None


def _check_zip(data: bytes, file: str) -> FileKind:
    """Check a zip before it is unpacked for good, and all its bytes by checksum; say what it is."""
    where = {"file": file}
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        parts = archive.infolist()
        names = {part.filename.replace("\\", "/") for part in parts}
        total = sum(part.file_size for part in parts)
        packed = max(sum(part.compress_size for part in parts), 1)
        ratio = _MAX_RATIO_OF_MEDIUM if total <= _MEDIUM else MAX_RATIO
        if total > MAX_UNPACKED or (total > SMALL and total / packed > ratio):
            raise InputError("E112", where, file=file, megabytes=total / 1e6)
        kind = _zip_kind(archive, names)
        if kind is None:
            raise InputError("E110", where, file=file, what="zip")
        for part in parts:
            _check_part(archive.read(part), part.filename, file)
        return kind
    except InputError:
        raise
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        EOFError,
        OSError,
        NotImplementedError,
        ValueError,  # a place before the file, a name in no encoding
        struct.error,
        zlib.error,
        lzma.LZMAError,
    ) as error:
        raise InputError("E111", where, file=file, reason=str(error)) from error
    except RuntimeError as error:  # zipfile's word for an encrypted part
        raise InputError("E109", where, file=file) from error


def _check_part(content: bytes, part: str, file: str) -> None:
    where = {"file": file}
    if part.endswith((".xml", ".rels")) and any(mark in content for mark in _DOCTYPES):
        raise InputError("E132", where, file=file, part=part)
    if part == "META-INF/manifest.xml" and b"encryption-data" in content:
        raise InputError("E109", where, file=file)


def _zip_kind(archive: zipfile.ZipFile, names: set[str]) -> FileKind | None:
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names:
        return "xlsb"
    # templates and flat copies bear longer types
    if {"mimetype", "content.xml"} <= names and b"spreadsheet" in archive.read("mimetype"):
        return "ods"
    return None

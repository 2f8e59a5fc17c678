"""The model folder: model.json, arrays.safetensors and, for LightGBM, booster.txt."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from ntkreg.exceptions import FileAccessError, ModelFileError
from ntkreg.io.dataset import Column
from ntkreg.persistence.model import FittedModel
from ntkreg.persistence.packing import Parts, UnknownTypeError, pack, unpack
from ntkreg.persistence.types import SAVED_TYPES

# 2: intervals know how hard a row is; folders of version 1 are read, their intervals all equal
SCHEMA_VERSION = 2
_ARRAYS = "arrays.safetensors"
# the checksum covers every byte of model.json, its own digits counted as zeros
_CHECKSUM = re.compile(rb'\A\{\n "checksum": "([0-9a-f]{64})"')
_ZEROS = "0" * 64


def save_model(folder: str | Path, model: FittedModel) -> Path:
    """Write a model into a folder.

    The files say what they hold: ``model.json`` (columns, kinds, units, settings, versions, data
    hash, structure, checksums), ``arrays.safetensors`` and, for LightGBM, ``booster.txt``.

    Parameters
    ----------
    folder : str or Path
        Made if it does not exist; files of the same names are replaced.
    model : FittedModel
        What to save.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    TypeError
        If the model holds an object of a type that cannot be saved.
    OSError
        If the folder cannot be written.
    """
    from safetensors.numpy import save

    folder = Path(folder)
    parts = Parts()
    structure = pack(model, SAVED_TYPES, parts)
    contents = {_ARRAYS: save(parts.arrays)}
    contents |= {name: text.encode("utf-8") for name, text in parts.texts.items()}
    document = {
        "checksum": _ZEROS,
        "schema_version": SCHEMA_VERSION,
        "model": model.name,
        "target": model.target.name,
        "columns": [_describe(column) for column in model.columns],
        "settings": dict(model.settings),
        "versions": dict(model.versions),
        "data_sha256": model.data_sha256,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        "structure": structure,
    }
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode("utf-8")
    digest = hashlib.sha256(text).hexdigest()
    contents["model.json"] = text.replace(_ZEROS.encode(), digest.encode(), 1)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        beside = folder / f"{name}.part"
        beside.write_bytes(content)
        beside.replace(folder / name)
    return folder


def _describe(column: Column) -> dict[str, Any]:
    names = ("key", "name", "original", "unit", "kind", "role")
    return {name: getattr(column, name) for name in names} | {"levels": list(column.levels)}


def load_model(folder: str | Path) -> FittedModel:
    """Read a model folder; nothing in it is executed.

    Parameters
    ----------
    folder : str or Path
        As written by :func:`save_model`.

    Returns
    -------
    FittedModel
        Predicts what the saved one predicted.

    Raises
    ------
    ModelFileError
        If the folder holds no model, is incomplete, was changed or is from a newer version.
    FileAccessError
        If a file cannot be read.
    """
    folder = Path(folder)
    if not (folder / "model.json").is_file():
        raise ModelFileError("E501", {"file": str(folder)}, folder=str(folder))
    document = _read_document(folder)
    contents = {
        name: _read_part(folder, name, digest) for name, digest in document["files"].items()
    }
    try:
        model = _rebuild(document["structure"], contents)
    except UnknownTypeError as error:
        raise ModelFileError(
            "E504", {"file": str(folder)}, folder=str(folder), type=str(error)
        ) from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise _not_understood(folder, repr(error)) from error
    if not isinstance(model, FittedModel):
        raise _not_understood(folder, type(model).__name__)
    return model


def _read_document(folder: Path) -> dict[str, Any]:
    raw = _read(folder, "model.json")
    version = re.search(rb'"schema_version": (\d{1,9})\b', raw)
    if version and int(version[1]) > SCHEMA_VERSION:
        raise ModelFileError(
            "E502",
            {"file": str(folder)},
            folder=str(folder),
            version=int(version[1]),
            known=SCHEMA_VERSION,
        )
    checksum = _CHECKSUM.match(raw)
    if checksum is None:
        raise _changed(folder, "model.json")
    start, end = checksum.span(1)
    blank = raw[:start] + _ZEROS.encode() + raw[end:]
    if hashlib.sha256(blank).hexdigest().encode() != checksum[1]:
        raise _changed(folder, "model.json")
    try:
        document: dict[str, Any] = json.loads(raw)
    except ValueError as error:
        raise _not_understood(folder, str(error)) from error
    files = document.get("files")
    if not isinstance(files, dict) or _ARRAYS not in files or "structure" not in document:
        raise _not_understood(folder, "files")
    return document


def _read_part(folder: Path, name: str, digest: Any) -> bytes:
    if not re.fullmatch(r"arrays\.safetensors|booster\d*\.txt", name):
        raise _not_understood(folder, name)
    if not (folder / name).is_file():
        raise ModelFileError("E505", {"file": name}, folder=str(folder), file=name)
    content = _read(folder, name)
    if hashlib.sha256(content).hexdigest() != digest:
        raise _changed(folder, name)
    return content


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise FileAccessError(
            "E507",
            {"file": name},
            folder=str(folder),
            file=name,
            reason=error.strerror or str(error),
        ) from error


def _rebuild(structure: Any, contents: dict[str, bytes]) -> Any:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(contents[_ARRAYS])
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    texts = {name: content.decode("utf-8") for name, content in contents.items() if name != _ARRAYS}
    return unpack(structure, SAVED_TYPES, Parts(arrays, texts))


def _changed(folder: Path, name: str) -> ModelFileError:
    return ModelFileError("E503", {"file": name}, folder=str(folder), file=name)


def _not_understood(folder: Path, detail: str) -> ModelFileError:
    return ModelFileError("E506", {"file": str(folder)}, folder=str(folder), detail=detail)

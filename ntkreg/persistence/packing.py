"""Python objects of a few known types to a JSON tree with arrays and texts beside it, and back.

A JSON object is always a tagged node, its kind under ``"$"``; nothing is ever imported or called
that is not in the list of types handed in, so that a hostile file can only be refused.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ntkreg.persistence.surrogates import as_arrays

Types = Mapping[str, str]


class UnknownTypeError(ValueError):
    """A tree names a type that is not in the list."""


@dataclass
class Parts:
    """What cannot stand in JSON: numeric arrays and long texts, by key."""

    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def add_array(self, array: NDArray[Any]) -> str:
        """Store a numeric array and return its key."""
        key = f"a{len(self.arrays)}"
        self.arrays[key] = np.ascontiguousarray(array).reshape(array.shape)
        return key

    def add_text(self, text: str) -> str:
        """Store a text and return its file name."""
        number = len(self.texts) + 1
        name = "booster.txt" if number == 1 else f"booster{number}.txt"
        self.texts[name] = text
        return name


def pack(value: Any, types: Types, parts: Parts, path: str = "") -> Any:
    """Turn a value into a JSON tree.

    Parameters
    ----------
    value : object
        Numbers, texts, None, lists, tuples, dicts, arrays, and instances of the listed types
        (dataclasses and scikit-learn estimators), nested at will.
    types : mapping of str to str
        Class name to the module that defines it.
    parts : Parts
        Takes the arrays and the texts.
    path : str, default=""
        Where the value stands, for the error message.

    Returns
    -------
    object
        Numbers, texts, None, lists, and dicts with a ``"$"`` key.

    Raises
    ------
    TypeError
        If a value is of another type.
    """
    if value is None or isinstance(value, (str, bool, int, np.generic)):
        return _pack_scalar(value)
    if isinstance(value, float):
        return _pack_float(value)
    if isinstance(value, list):
        return [pack(item, types, parts, f"{path}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, tuple):
        return {"$": "tuple", "items": pack(list(value), types, parts, path)}
    if isinstance(value, Mapping):
        items = [[pack(k, types, parts, path), pack(v, types, parts, f"{path}[{k!r}]")]
                 for k, v in value.items()]  # fmt: skip
        return {"$": "dict", "items": items}
    if isinstance(value, np.ndarray):
        return _pack_array(value, types, parts, path)
    return _pack_instance(value, types, parts, path)


def _pack_scalar(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return _pack_float(value) if isinstance(value, float) else value


def _pack_float(value: float) -> Any:
    # JSON has no NaN and no infinity; repr of a finite float comes back bit for bit
    return float(value) if math.isfinite(value) else {"$": "float", "text": str(float(value))}


def _pack_array(value: NDArray[Any], types: Types, parts: Parts, path: str) -> dict[str, Any]:
    if value.dtype.kind in "fiub":
        # matrix products differ in the last bit between row and column order: keep the order
        turned = value.flags.f_contiguous and not value.flags.c_contiguous
        key = parts.add_array(value.T if turned else value)
        return {"$": "array", "key": key} | ({"turned": True} if turned else {})
    items = pack(value.ravel().tolist(), types, parts, path)
    return {"$": "text_array", "dtype": value.dtype.str, "shape": list(value.shape), "items": items}


def _pack_instance(value: Any, types: Types, parts: Parts, path: str) -> dict[str, Any]:
    value = as_arrays(value)
    name = type(value).__name__
    if name == "Booster" and type(value).__module__.partition(".")[0] == "lightgbm":
        return {"$": "booster", "file": parts.add_text(value.model_to_string())}
    if types.get(name) != type(value).__module__:
        raise TypeError(f"{path or 'value'}: {type(value).__module__}.{name} cannot be saved")
    if is_dataclass(value):
        content = {f.name: getattr(value, f.name) for f in fields(value) if f.init}
        return {"$": "dataclass", "type": name, "fields": _pack_names(content, types, parts, path)}
    params = value.get_params(deep=False)
    # the unfitted parts of a composite only mattered to `fit`; their fitted copies are state
    params = {k: None if _holds_estimator(v) else v for k, v in params.items()}
    state = {k: v for k, v in vars(value).items() if k not in params}
    return {
        "$": "estimator",
        "type": name,
        "params": _pack_names(params, types, parts, path),
        "state": _pack_names(state, types, parts, path),
    }


def _holds_estimator(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_holds_estimator(item) for item in value)
    return hasattr(value, "get_params")


def _pack_names(content: Mapping[str, Any], types: Types, parts: Parts, path: str) -> list[Any]:
    return [[k, pack(v, types, parts, f"{path}.{k}".lstrip("."))] for k, v in content.items()]


def unpack(tree: Any, types: Types, parts: Parts) -> Any:
    """Turn a tree of :func:`pack` back into the value.

    Raises
    ------
    UnknownTypeError
        If the tree names a kind or a type that is not known.
    KeyError, TypeError, ValueError
        If the tree is not of the right form.
    """
    if isinstance(tree, list):
        return [unpack(item, types, parts) for item in tree]
    if not isinstance(tree, dict):
        return tree
    kind = tree.get("$")
    if kind not in _READERS:
        raise UnknownTypeError(str(kind))
    return _READERS[kind](tree, types, parts)


def _unpack_array(tree: Any, _types: Types, parts: Parts) -> NDArray[Any]:
    array = parts.arrays[tree["key"]]
    return array.T if tree.get("turned") else array


def _unpack_text_array(tree: Any, types: Types, parts: Parts) -> NDArray[Any]:
    array = np.empty(len(tree["items"]), dtype=np.dtype(tree["dtype"]))
    array[:] = unpack(tree["items"], types, parts)
    return array.reshape(tree["shape"])


def _unpack_booster(tree: Any, _types: Types, parts: Parts) -> Any:
    import lightgbm

    try:
        return lightgbm.Booster(model_str=parts.texts[tree["file"]])
    except lightgbm.basic.LightGBMError as error:
        raise ValueError(str(error)) from error


def _unpack_dataclass(tree: Any, types: Types, parts: Parts) -> Any:
    return _class(tree["type"], types)(**_unpack_names(tree["fields"], types, parts))


def _unpack_estimator(tree: Any, types: Types, parts: Parts) -> Any:
    estimator = _class(tree["type"], types)(**_unpack_names(tree["params"], types, parts))
    vars(estimator).update(_unpack_names(tree["state"], types, parts))
    return estimator


def _unpack_names(pairs: Any, types: Types, parts: Parts) -> dict[str, Any]:
    return {str(key): unpack(value, types, parts) for key, value in pairs}


def _class(name: str, types: Types) -> Any:
    if name not in types:
        raise UnknownTypeError(str(name))
    return getattr(importlib.import_module(types[name]), name)


_READERS: dict[Any, Callable[[Any, Types, Parts], Any]] = {
    "float": lambda tree, _types, _parts: float(tree["text"]),
    "tuple": lambda tree, types, parts: tuple(unpack(tree["items"], types, parts)),
    "dict": lambda tree, types, parts: dict(unpack(tree["items"], types, parts)),
    "array": _unpack_array,
    "text_array": _unpack_text_array,
    "booster": _unpack_booster,
    "dataclass": _unpack_dataclass,
    "estimator": _unpack_estimator,
}

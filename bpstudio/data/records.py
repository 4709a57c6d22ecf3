"""Frozen records from JSON and back, strictly.

A hand-written file deserves an answer that names the place: `data.preparation.seed: expected a whole number, got
"7"`. Nothing is guessed, nothing unknown is skipped, and a truth value is not a number.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Collection, Mapping
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

Record = TypeVar("Record")


def write(record: object) -> dict[str, Any]:
    """Every field of a frozen record as JSON-able values."""
    fields = dataclasses.fields(cast(Any, record))
    return {item.name: _plain(getattr(record, item.name)) for item in fields if item.init}


def read(record: type[Record], document: object, path: str) -> Record:
    """The record of which `document` lists the fields; `path` names the place in the file in every error."""
    fields = [item for item in dataclasses.fields(cast(Any, record)) if item.init]
    required = [
        item.name
        for item in fields
        if item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
    ]
    entries = mapping(document, path, [item.name for item in fields], required)
    hints = get_type_hints(record)
    values = {name: _value(hints[name], value, f"{path}.{name}") for name, value in entries.items()}
    try:
        return record(**values)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def mapping(document: object, path: str, known: Collection[str], required: Collection[str] = ()) -> dict[str, Any]:
    """`document` as a JSON object whose keys are all known and none of the required ones absent."""
    if not isinstance(document, dict):
        raise ValueError(f"{path}: expected an object {{…}}, got {shown(document)}")
    for key in document:
        if key not in known:
            import difflib  # only where a name is misspelt

            close = difflib.get_close_matches(str(key), list(known), 1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known))}"
            raise ValueError(f"{path}.{key}: not known here; {hint}")
    for key in required:
        if key not in document:
            raise ValueError(f"{path}.{key}: missing")
    return document


def sequence(document: object, path: str) -> list[Any]:
    """`document` as a JSON array."""
    if not isinstance(document, list | tuple):
        raise ValueError(f"{path}: expected a list […], got {shown(document)}")
    return list(document)


def text(document: object, path: str) -> str:
    """`document` as a JSON string."""
    if not isinstance(document, str):
        raise ValueError(f"{path}: expected text, got {shown(document)}")
    return document


def whole(document: object, path: str) -> int:
    """A whole number that fits in 64 bits."""
    if isinstance(document, bool) or not isinstance(document, int):
        raise ValueError(f"{path}: expected a whole number, got {shown(document)}")
    if not -(2**63) <= document < 2**63:
        raise ValueError(f"{path}: expected a whole number of at most 64 bits, got one of {document.bit_length()} bits")
    return document


def number(document: object, path: str) -> float:
    """A finite number; whole numbers are taken as floats."""
    if isinstance(document, bool) or not isinstance(document, int | float):
        raise ValueError(f"{path}: expected a number, got {shown(document)}")
    try:
        value = float(document)
    except OverflowError:
        raise ValueError(f"{path}: expected a number below 1.8e308, got a larger one") from None
    if not math.isfinite(value):
        raise ValueError(f"{path}: expected a finite number, got {value}")
    return value


def shown(document: object) -> str:
    """A short picture of a JSON value for a message."""
    if isinstance(document, dict):
        return "an object {…}"
    if isinstance(document, list | tuple):
        return f"a list of {len(document)}"
    if document is None or isinstance(document, bool):
        return {None: "null", True: "true", False: "false"}[document]
    if isinstance(document, int) and document.bit_length() > 200:
        return f"a whole number of {document.bit_length()} bits"
    shortened = f'"{document}"' if isinstance(document, str) else repr(document)
    return shortened if len(shortened) <= 60 else shortened[:57] + "…" + shortened[-1]


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if dataclasses.is_dataclass(value):
        return write(value)
    return value


def _value(hint: Any, document: object, path: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if document is None and type(None) in arguments:
            return None
        return _value(next(each for each in arguments if each is not type(None)), document, path)
    if origin is Literal:
        if not isinstance(document, str) or document not in arguments:
            raise ValueError(f"{path}: expected one of {', '.join(map(str, arguments))}, got {shown(document)}")
        return document
    if origin is tuple:
        entries = sequence(document, path)
        if arguments[-1] is not Ellipsis and len(entries) != len(arguments):
            raise ValueError(f"{path}: expected a list of {len(arguments)}, got one of {len(entries)}")
        inner = [arguments[0]] * len(entries) if arguments[-1] is Ellipsis else arguments
        return tuple(_value(inner[i], entry, f"{path}[{i}]") for i, entry in enumerate(entries))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(document, dict):
            raise ValueError(f"{path}: expected an object {{…}}, got {shown(document)}")
        return {text(key, path): _value(arguments[1], entry, f"{path}.{key}") for key, entry in document.items()}
    if hint is bool:
        if not isinstance(document, bool):
            raise ValueError(f"{path}: expected true or false, got {shown(document)}")
        return document
    if hint in (str, int, float):
        return {str: text, int: whole, float: number}[hint](document, path)
    return read(hint, document, path)

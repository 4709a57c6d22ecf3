"""JSON that a person reads: short lists on one line, long ones of numbers or names filled like a paragraph.

Floats are written by ``repr``, the shortest text that reads back to the same double, so nothing is rounded on the way
through a file.
"""

import json
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

WIDTH = 120
_INDENT = 2
_MANY = 8  # keys; more of them do not go on one line
_SHORT = 30  # characters of a text that may stand in a filled paragraph


def write(value: Any) -> str:
    """The JSON text of `value` (dicts, lists, tuples, arrays, strings, numbers, booleans, None), with a final newline.

    Raises ValueError for NaN and infinities: JSON has no numbers for them.
    """
    return _lines(_plain(value), 0, 0) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value


def _lines(value: Any, depth: int, used: int) -> str:
    """`value` as text whose first line starts after `used` characters, further lines indented for `depth`."""
    short = _one_line(value, WIDTH - used)
    if short is not None:
        return short
    inner = " " * (_INDENT * (depth + 1))
    outer = " " * (_INDENT * depth)
    if isinstance(value, dict):
        if len(value) > _MANY and all(map(_is_short, value.values())):
            pairs = (f"{_scalar(str(key))}: {_scalar(each)}" for key, each in value.items())
            return "{\n" + _filled(pairs, inner) + f"\n{outer}}}"
        parts = []
        for key, element in value.items():
            name = f"{inner}{_scalar(str(key))}: "
            parts.append(name + _lines(_plain(element), depth + 1, len(name) + 1))
        return "{\n" + ",\n".join(parts) + f"\n{outer}}}"
    if isinstance(value, list | tuple):
        if all(map(_is_short, value)):
            return "[\n" + _filled(map(_scalar, value), inner) + f"\n{outer}]"
        elements = (inner + _lines(_plain(element), depth + 1, len(inner) + 1) for element in value)
        return "[\n" + ",\n".join(elements) + f"\n{outer}]"
    return _scalar(value)


def _is_short(value: Any) -> bool:
    return value is None or isinstance(value, int | float) or (isinstance(value, str) and len(value) <= _SHORT)


def _one_line(value: Any, room: int) -> str | None:
    """`value` on one line, or None when it does not fit there or deserves lines of its own."""
    if isinstance(value, dict):
        if len(value) > _MANY or sum(isinstance(element, dict) for element in value.values()) > 1:
            return None
        parts: list[str] = []
        for key, element in value.items():
            text = _one_line(_plain(element), room)
            if text is None:
                return None
            parts.append(f"{_scalar(str(key))}: {text}")
        line = "{" + ", ".join(parts) + "}"
    elif isinstance(value, list | tuple):
        if len(value) > room:
            return None
        parts = []
        for element in value:
            text = _one_line(_plain(element), room)
            if text is None:
                return None
            parts.append(text)
        line = "[" + ", ".join(parts) + "]"
    else:
        line = _scalar(value)
    return line if len(line) <= room else None


def _filled(parts: Iterable[str], indent: str) -> str:
    lines: list[str] = []
    line = indent
    for part in parts:
        piece = f"{part}, "
        if len(line) + len(piece) > WIDTH + 1 and line != indent:
            lines.append(line.rstrip())
            line = indent
        line += piece
    return "\n".join([*lines, line]).removesuffix(", ")


def _scalar(value: Any) -> str:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"JSON has no number for {value!r}: only finite numbers can be saved")
        return float.__repr__(value)  # a NumPy scalar is a float, too, and would write its type
    return json.dumps(value, ensure_ascii=False)

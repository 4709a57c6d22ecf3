"""Numbers and records as JSON has them, read without trust: each reader raises ValueError with the path of the field,
what was expected and what came.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bpstudio.training.checks import whole

_SAID = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def plain_number(value: float) -> float | str:
    """A number as JSON has it; one that is not finite as a text."""
    if math.isfinite(value):
        return float(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def read_number(path: str, value: object) -> float:
    """The number that ``plain_number`` wrote."""
    if isinstance(value, str) and value in _SAID:
        return _SAID[value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{path}: expected a number, got {shown(value)}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{path}: the number is too large") from None


def read_index(path: str, value: object) -> tuple[int, ...]:
    """At most four whole numbers from 0."""
    if not isinstance(value, (list, tuple)) or len(value) > 4:
        raise ValueError(f"{path}: expected at most four whole numbers, got {shown(value)}")
    for each in value:
        whole(path, each, 0)
    return tuple(value)


def read_object(path: str, value: object) -> dict[str, Any]:
    """A copy of an object."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"{path}: expected an object, got {shown(value)}")
    return dict(value)


def read_record(path: str, value: object, *names: str) -> dict[str, Any]:
    """A copy of an object that has these fields and no others."""
    given = read_object(path, value)
    for name in names:
        if name not in given:
            raise ValueError(f"{path}.{name}: missing")
    for name in given:
        if name not in names:
            raise ValueError(f"{path}.{shown(name)}: unknown; expected {', '.join(names)}")
    return given


def shown(value: object) -> str:
    """A value as it can stand in a message, at most 40 characters."""
    if isinstance(value, (Mapping, list, tuple)):
        return "an object" if isinstance(value, Mapping) else "a list"
    if isinstance(value, int) and abs(value) >= 2**63:
        return "a number of many digits"
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 40 else text[:37] + "..."

"""What a number in the description of a run has to be: each check raises ValueError that names what was expected."""

from __future__ import annotations

import math
import operator
from typing import SupportsIndex


def number(name: str, value: object, low: float = -math.inf) -> None:
    """Raise ValueError unless the value is a finite number of at least ``low``."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not good or (isinstance(value, (int, float)) and value < low):
        bound = "" if low == -math.inf else f" of at least {low:g}"
        raise ValueError(f"{name}: expected a finite number{bound}, got {value!r}")


def above(name: str, value: object, low: float) -> None:
    """Raise ValueError unless the value is a finite number above ``low``."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not (good and isinstance(value, (int, float)) and value > low):
        raise ValueError(f"{name}: expected a finite number above {low:g}, got {value!r}")


def share(name: str, value: object) -> None:
    """Raise ValueError unless the value is a number from 0 to below 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise ValueError(f"{name}: expected a number from 0 to below 1, got {value!r}")


def whole(name: str, value: object, low: int) -> None:
    """Raise ValueError unless the value is a whole number of at least ``low``."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value < 2**53:
        raise ValueError(f"{name}: expected a whole number of at least {low}, got {value!r}")


def count(name: str, value: SupportsIndex) -> int:
    """A whole number, be it Python's or NumPy's. Raises ValueError for anything else."""
    try:
        return operator.index(value)
    except TypeError:
        raise ValueError(f"{name}: expected a whole number, got {value!r}") from None


def one_of(name: str, value: object, names: tuple[str, ...]) -> None:
    """Raise ValueError unless the value is one of the names."""
    if value not in names:
        raise ValueError(f"{name}: expected one of {', '.join(names)}, got {value!r}")

"""How a parameter is written in a text that is read back, and in a formula."""

from __future__ import annotations

import re
from fractions import Fraction

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def written(value: float) -> str:
    """The shortest text that ``read`` makes the same double of: 0.2, 1, 2/3."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = repr(value)
    small = Fraction(value).limit_denominator(12)
    if len(text) > 12 and small.numerator / small.denominator == value:
        return f"{small.numerator}/{small.denominator}"
    return text


def factor(value: float) -> str:
    """The same as a factor in a formula, with a minus of its own and in brackets where it needs them."""
    text = written(value).replace("-", "−")
    return f"({text})" if "/" in text or text.startswith("−") else text


def read(text: str) -> float | None:
    """A number as it is written: 0.2, 1e-3, 2/3; None for anything else, and for what is not finite."""
    above, slash, below = text.partition("/")
    parts = [above.strip()] + ([below.strip()] if slash else [])
    if not all(_NUMBER.fullmatch(part) and len(part) <= 40 for part in parts):
        return None
    value = float(parts[0])
    if slash:
        divisor = float(parts[1])
        if divisor == 0:
            return None
        value /= divisor
    return value if abs(value) < float("inf") else None

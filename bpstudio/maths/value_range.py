"""Between which values the outputs of an activation lie: what a picture of them has to show."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from bpstudio.maths.activations import activation

_REACH, _POINTS = 60.0, 481
_FAR = 80
"""How many points lie between the two places whose outputs say whether f is bounded on that side."""


@lru_cache(maxsize=64)
def value_range(name: str) -> tuple[bool, float | None]:
    """(whether outputs can be below 0, the largest |f|, or None where it has no bound), found by trying the function
    from z = −60 to 60. Of one function per unit the widest of all.
    """
    function = activation(name)
    if function.units:
        parts = [value_range(unit.name) for unit in function.units]
        ends = [end for _, end in parts if end is not None]
        return any(signed for signed, _ in parts), max(ends) if len(ends) == len(parts) else None
    if not function.elementwise:
        return False, 1.0  # softmax: shares of 1
    with np.errstate(all="ignore"):
        a = function.f(np.linspace(-_REACH, _REACH, _POINTS))
    if not np.isfinite(a).all():
        return True, None
    pairs = ((a[0], a[_FAR]), (a[-1], a[-1 - _FAR]))
    is_bounded = all(math.isclose(far, near, rel_tol=1e-6, abs_tol=1e-6) for far, near in pairs)
    return bool(a.min() < 0.0), round(float(np.abs(a).max()), 6) if is_bounded else None

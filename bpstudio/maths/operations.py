"""A step of training is a list of elementary array operations, each bound to the arrays it reads and writes.

Binding once and running often costs about a third of writing the same expressions with fresh arrays, and it fixes the
code path: the same list gives the same digits, whoever runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Operation = tuple[Callable[..., Any], tuple[Any, ...]]


def constant(value: float, dtype: npt.DTypeLike) -> Array:
    """A read-only 0-d array: NumPy converts a Python float anew at every call, which doubles the cost of a small
    operation.
    """
    array = np.array(value, dtype=dtype)
    array.flags.writeable = False
    return array


def run(operations: Iterable[Operation]) -> None:
    """Carry out the operations in order."""
    for function, arguments in operations:
        function(*arguments)

"""Clipping: what keeps one steep place from throwing the parameters far away.

It works on the gradient that the rule is given; the gradient that is shown, and the objective, stay what they are. Only
what is trained is clipped, and only what is trained counts in a norm.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from bpstudio.maths.operations import Array, Operation, constant
from bpstudio.training.checks import above, number


@dataclass(frozen=True, slots=True)
class ClipByValue:
    """g ← min(max(g, −limit), limit), each number by itself: the direction changes."""

    limit: float = 1.0
    name: ClassVar[str] = "value"
    of_all: ClassVar[bool] = False
    """Whether all gradients have to be known before the first one can be clipped."""

    def __post_init__(self) -> None:
        above("clipping.limit", self.limit, 0)

    def operations(self, g: Array, clipped: Array) -> list[Operation]:
        """The operations that write ``clipped`` from ``g``, two flat slices."""
        # Both take their output by name only (NumPy 2.4 deprecates the position).
        return [
            (partial(np.minimum, out=clipped), (g, constant(self.limit, g.dtype))),
            (partial(np.maximum, out=clipped), (clipped, constant(-self.limit, g.dtype))),
        ]


@dataclass(frozen=True, slots=True)
class ClipByNorm:
    """g ← g · min(1, max_norm/(‖g‖ + ε)), ‖g‖ over all that is trained (Pascanu, Mikolov and Bengio 2013): the
    direction stays. ε is 10⁻⁶ in PyTorch and 0 in Caffe.
    """

    max_norm: float = 1.0
    epsilon: float = 1e-6
    name: ClassVar[str] = "global_norm"
    of_all: ClassVar[bool] = True

    def __post_init__(self) -> None:
        above("clipping.max_norm", self.max_norm, 0)
        number("clipping.epsilon", self.epsilon, 0)

    def factor(self, norm: float) -> float:
        """What a gradient of this norm is multiplied with."""
        with np.errstate(all="ignore"):
            return float(np.minimum(1.0, np.divide(self.max_norm, norm + self.epsilon)))

    def operations(self, g: Array, clipped: Array) -> list[Operation]:
        """The operations that write ``clipped`` from ``g``: all that is trained, as two flat slices."""
        one, most = constant(1.0, g.dtype), constant(self.max_norm, g.dtype)
        factor = np.zeros((), g.dtype)
        operations: list[Operation] = [(np.dot, (g, g, factor)), (np.sqrt, (factor, factor))]
        if self.epsilon:
            operations.append((np.add, (factor, constant(self.epsilon, g.dtype), factor)))
        return [
            *operations,
            (np.divide, (most, factor, factor)),
            (partial(np.minimum, out=factor), (factor, one)),
            (np.multiply, (g, factor, clipped)),
        ]


Clipping = ClipByValue | ClipByNorm
CLIPPINGS: dict[str, type[Clipping]] = {kind.name: kind for kind in (ClipByValue, ClipByNorm)}

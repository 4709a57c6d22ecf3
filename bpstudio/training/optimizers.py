"""From the gradient to the update. Computing an update and applying it are two acts: these rules only compute.

A rule is written once, over flat slices: it may be handed all trainable parameters at once, or (sequential order) one
layer's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bpstudio.maths.operations import Array, Operation, constant

Slots = tuple[Array, ...]


def _check_rate(rate: float) -> None:
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not (math.isfinite(rate) and rate > 0):
        raise ValueError(f"optimizer.rate: expected a finite number above 0, got {rate!r}")


@dataclass(frozen=True, slots=True)
class SGD:
    """Gradient descent: update = −η g."""

    rate: float
    name: ClassVar[str] = "sgd"
    states: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        _check_rate(self.rate)

    def operations(self, g: Array, update: Array, state: Slots, state_next: Slots) -> list[Operation]:
        """The operations that write ``update`` from the gradient ``g``; both are flat slices."""
        return [(np.multiply, (g, constant(-self.rate, g.dtype), update))]


@dataclass(frozen=True, slots=True)
class Momentum:
    """Momentum (Polyak 1964) with the rate outside the velocity: v ← μ v + g, update = −η v."""

    rate: float
    momentum: float = 0.9
    name: ClassVar[str] = "momentum"
    states: ClassVar[tuple[str, ...]] = ("velocity",)

    def __post_init__(self) -> None:
        _check_rate(self.rate)
        if isinstance(self.momentum, bool) or not isinstance(self.momentum, (int, float)) or not 0 <= self.momentum < 1:
            raise ValueError(f"optimizer.momentum: expected a number from 0 to below 1, got {self.momentum!r}")

    def operations(self, g: Array, update: Array, state: Slots, state_next: Slots) -> list[Operation]:
        """The operations that write the next velocity and ``update``; all are flat slices."""
        (velocity,), (velocity_next,) = state, state_next
        return [
            (np.multiply, (velocity, constant(self.momentum, g.dtype), velocity_next)),
            (np.add, (velocity_next, g, velocity_next)),
            (np.multiply, (velocity_next, constant(-self.rate, g.dtype), update)),
        ]


Optimizer = SGD | Momentum
OPTIMIZERS: dict[str, type[SGD | Momentum]] = {"sgd": SGD, "momentum": Momentum}

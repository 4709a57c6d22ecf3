"""Running means: m⁺ = ρ m + (1 − ρ) x forgets what is old at the rate ρ."""

from __future__ import annotations

import numpy as np

from bpstudio.maths.operations import Array, Operation, constant


def running_mean(m: Array, x: Array, rho: float, after: Array, room: Array) -> list[Operation]:
    """The operations that write m⁺ = ρ m + (1 − ρ) x into ``after``; ``room`` is scratch memory of the same shape."""
    return [
        (np.multiply, (x, constant(1 - rho, x.dtype), room)),
        (np.multiply, (m, constant(rho, x.dtype), after)),
        (np.add, (after, room, after)),
    ]


def mean_of_squares(s: Array, x: Array, rho: float, after: Array, room: Array) -> list[Operation]:
    """The operations that write s⁺ = ρ s + (1 − ρ) x² into ``after``."""
    return [
        (np.multiply, (x, constant(1 - rho, x.dtype), room)),
        (np.multiply, (room, x, room)),
        (np.multiply, (s, constant(rho, x.dtype), after)),
        (np.add, (after, room, after)),
    ]

"""What one unit does with its weighted input, as a record: a = f(z), and how steep f is there: f′(z).

The slope decides how much of the error passes backward through the unit. Where f is flat (a saturated sigmoid) almost
nothing passes, which is the whole story of the vanishing gradient. Function and derivative therefore stand side by
side in one record.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bpstudio.maths.operations import Array, Operation, run

Forward = Callable[[Array, Array], list[Operation]]
Backward = Callable[[Array, Array, Array], list[Operation]]


@dataclass(frozen=True, slots=True)
class Piece:
    """The written form of f and f′ on one stretch of z, ending at ``upto``.

    The templates take letters or numbers for {z} and {a}; {z_operand} and {a_operand} are the same in brackets where
    they have a sign. ``closed`` says whether the end itself belongs to the stretch.
    """

    value: str
    slope: str
    upto: float = math.inf
    closed: bool = True

    @property
    def is_short(self) -> bool:
        """Whether f′ has a formula that fits into a sentence."""
        return 0 < len(self.slope) <= 40

    def holds(self, z: float) -> bool:
        """Whether z lies before the end of the stretch."""
        return z <= self.upto if self.closed else z < self.upto


@dataclass(frozen=True, slots=True)
class Activation:
    """One activation function.

    ``forward(z, a)`` lists the operations that write a = f(z); ``backward(z, a, slope)`` those that write f′(z),
    elementwise, where a is f(z) already. Softmax couples the units of a row, so it has no slope of its own
    (``backward`` is None): its Jacobian is ∂a_i/∂z_j = a_i (δ_ij − a_j).

    name         the canonical text, from which ``activation()`` makes this record again
    family       the bare name; parameters: (name, value) pairs, all of them
    symbol       how f is written before (z)
    max_slope    the largest |f′|; None where there is none (softmax, one function per unit, z²)
    saturates    whether f has a flat end: f′ → 0 for z → −∞ or z → ∞
    switches     whether f is exactly off (0, slope 0) up to z = 0 and on above it, as ReLU is
    monotone     whether f′ is never negative
    kinks        where f′ jumps
    has_gradient whether f′ is anything but 0: a step function passes no error
    pieces       the written form, from left to right
    units        one function for each unit; empty where all units have the same
    """

    name: str
    symbol: str
    forward: Forward
    backward: Backward | None
    max_slope: float | None
    saturates: bool = False
    family: str = ""
    parameters: tuple[tuple[str, float], ...] = ()
    switches: bool = False
    monotone: bool = True
    kinks: tuple[float, ...] = ()
    has_gradient: bool = True
    pieces: tuple[Piece, ...] = ()
    units: tuple[Activation, ...] = ()

    @property
    def elementwise(self) -> bool:
        """Whether each output depends on its own weighted input alone."""
        return self.backward is not None

    @property
    def everywhere(self) -> bool:
        """Whether it is the same formula for every unit, so that its operations work on any flat stretch of memory."""
        return self.backward is not None and not self.units

    def of(self, unit: int) -> Activation:
        """The function of one unit, numbered from 0."""
        return self.units[unit] if self.units else self

    def flat_scale(self, count: int) -> Array | None:
        """(count,) for each of so many units the largest |f′| against which it is flat; NaN for a unit without a flat
        end, None where no unit has one.
        """
        units = [self.of(unit) for unit in range(count)] if self.units else [self]
        scale = np.array([unit.max_slope if unit.saturates and unit.max_slope else np.nan for unit in units])
        return None if np.isnan(scale).all() else np.broadcast_to(scale, count)

    def switching(self, count: int) -> Array | None:
        """(count,) which of so many units are off up to z = 0, as ReLU is; None where none is."""
        found = (
            np.array([self.of(unit).switches for unit in range(count)]) if self.units else np.full(count, self.switches)
        )
        return found if found.any() else None

    def piece(self, z: float) -> Piece:
        """The written form that holds at z; of the last stretch where z is not a number."""
        return next((piece for piece in self.pieces if piece.holds(z)), self.pieces[-1])

    def f(self, z: Array) -> Array:
        """a = f(z), the same shape and dtype as z; softmax works along the last axis."""
        a = np.empty_like(z, order="C")
        with np.errstate(all="ignore"):
            run(self.forward(z, a))
        return a

    def df(self, z: Array, a: Array) -> Array:
        """f′(z), given a = f(z). Raises ValueError for softmax, which has a Jacobian instead."""
        if self.backward is None:
            raise ValueError(f"{self.name} has no elementwise derivative; its Jacobian is diag(a) − a aᵀ")
        slope = np.empty_like(z, order="C")
        with np.errstate(all="ignore"):
            run(self.backward(z, a, slope))
        return slope

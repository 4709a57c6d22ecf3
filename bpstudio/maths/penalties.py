"""What else is asked of a network beside a small loss: small weights, or units that are seldom on.

A penalty is a part of the objective, objective = loss + Σ penalties, and its gradient a part of the gradient. Value and
slope stand side by side here:

- L1: λ Σ|w|, slope λ sign(w), and 0 at w = 0 (Tibshirani 1996)
- L2: λ/2 Σw², slope λ w (Hoerl and Kennard 1970; "weight decay": Krogh and Hertz 1992)
- Kullback–Leibler sparsity: β Σ_j ρ ln(ρ/ρ̂_j) + (1 − ρ) ln((1 − ρ)/(1 − ρ̂_j)), where ρ̂_j is the mean of a_j over the
  batch (Ng 2011, *Sparse autoencoder*; the UFLDL exercise)
- running-mean sparsity (DeepLearnToolbox, Palm 2012): the same slope, at a mean p that forgets slowly instead of at ρ̂.
  It adds nothing to the objective, so its term is the gradient of nothing, and says so wherever it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bpstudio.maths.operations import Array, Operation, constant

APPLY_TO = ("weights", "all")
FORMS_L1 = ("plain", "training_rows", "batch_rows")
FORMS_L2 = ("half", "half_training_rows", "half_batch_rows", "plain")


def _check_at_least_zero(name: str, value: object) -> None:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    if not good:
        raise ValueError(f"{name}: expected a finite number of at least 0, got {value!r}")


def _check_between(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1:
        raise ValueError(f"{name}: expected a number above 0 and below 1, got {value!r}")


def _check_one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name}: expected one of {', '.join(known)}, got {value!r}")


def _checked_layers(layers: object) -> tuple[int, ...]:
    if not isinstance(layers, (tuple, list)) or not layers:
        raise ValueError(f"layers: expected one layer or more, got {layers!r}")
    if any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for n in layers) or len(set(layers)) < len(layers):
        raise ValueError(f"layers: expected different whole numbers of at least 0, got {list(layers)!r}")
    return tuple(sorted(layers))


def _rows(form: str, rows: int, training_rows: int | None) -> int:
    """By how many rows a form divides."""
    if form.endswith("batch_rows"):
        return rows
    if not form.endswith("training_rows"):
        return 1
    if training_rows is None:
        raise ValueError("penalties: λ/n needs the number of training rows")
    return training_rows


@dataclass(frozen=True, slots=True)
class L1:
    """λ Σ|w|; ``form`` "training_rows" takes λ/n with the number n of training rows (Nielsen), "batch_rows" λ/N with
    the rows of the batch. ``apply_to`` "all" counts biases too.
    """

    strength: float
    form: str = "plain"
    apply_to: str = "weights"
    name: ClassVar[str] = "l1"

    def __post_init__(self) -> None:
        _check_at_least_zero("strength", self.strength)
        _check_one_of("form", self.form, FORMS_L1)
        _check_one_of("apply_to", self.apply_to, APPLY_TO)

    def factor(self, rows: int, training_rows: int | None) -> float:
        """c of c Σ|w|."""
        return self.strength / _rows(self.form, rows, training_rows)

    def slope_factor(self, rows: int, training_rows: int | None) -> float:
        """What sign(w) is multiplied with in the gradient."""
        return self.factor(rows, training_rows)

    def size(self, w: Array) -> float:
        """Σ|w|."""
        return float(np.abs(w).sum())

    def direction(self, w: Array, room: Array) -> tuple[Array, list[Operation]]:
        """sign(w), the slope without its factor, and the operations that write it into ``room``; its product with w
        is ``size``.
        """
        return room, [(np.sign, (w, room))]


@dataclass(frozen=True, slots=True)
class L2:
    """λ/2 Σw²; ``form`` "half_training_rows" takes λ/2n with the number n of training rows (Nielsen), "half_batch_rows"
    λ/2N with the rows of the batch (scikit-learn), "plain" λ Σw² (Keras). ``apply_to`` "all" counts biases too.
    """

    strength: float
    form: str = "half"
    apply_to: str = "weights"
    name: ClassVar[str] = "l2"

    def __post_init__(self) -> None:
        _check_at_least_zero("strength", self.strength)
        _check_one_of("form", self.form, FORMS_L2)
        _check_one_of("apply_to", self.apply_to, APPLY_TO)

    def factor(self, rows: int, training_rows: int | None) -> float:
        """c of c Σw²."""
        half = 1.0 if self.form == "plain" else 0.5
        return half * self.strength / _rows(self.form, rows, training_rows)

    def slope_factor(self, rows: int, training_rows: int | None) -> float:
        """2c: what a weight is multiplied with in the gradient."""
        return 2.0 * self.factor(rows, training_rows)

    def size(self, w: Array) -> float:
        """Σw²."""
        flat = w.ravel()
        return float(flat.dot(flat))

    def direction(self, w: Array, room: Array) -> tuple[Array, list[Operation]]:
        """w, the slope without its factor, for which nothing is to be done; its product with w is ``size``."""
        return w, []


@dataclass(frozen=True, slots=True)
class KLSparsity:
    """β Σ_j ρ ln(ρ/ρ̂_j) + (1 − ρ) ln((1 − ρ)/(1 − ρ̂_j)) over the units j of the listed layers, which count from 0.

    ``weight`` is β. ρ̂_j is the mean of a_j over the rows of the batch, so every output has to lie between 0 and 1.
    """

    weight: float
    rho: float
    layers: tuple[int, ...]
    name: ClassVar[str] = "kl_sparsity"

    def __post_init__(self) -> None:
        _check_at_least_zero("weight", self.weight)
        _check_between("rho", self.rho)
        object.__setattr__(self, "layers", _checked_layers(self.layers))

    def units(self, mean: Array) -> Array:
        """β KL(ρ ‖ ρ̂_j) of each unit, from the means ρ̂."""
        rho, beta = self.rho, self.weight
        with np.errstate(all="ignore"):
            return beta * (rho * np.log(rho / mean) + (1 - rho) * np.log((1 - rho) / (1 - mean)))


@dataclass(frozen=True, slots=True)
class RunningSparsity:
    """DeepLearnToolbox's sparsity: p ← decay · p + (1 − decay) · mean(a) in every training pass, p = 0 at first, and
    β (−ρ/p + (1 − ρ)/(1 − p)) / N is added to ∂C/∂a of every row. Nothing is added to the objective: this is the
    gradient of nothing.
    """

    weight: float
    rho: float
    layers: tuple[int, ...]
    decay: float = 0.99
    name: ClassVar[str] = "running_sparsity"

    def __post_init__(self) -> None:
        _check_at_least_zero("weight", self.weight)
        _check_between("rho", self.rho)
        if isinstance(self.decay, bool) or not isinstance(self.decay, (int, float)) or not 0 <= self.decay < 1:
            raise ValueError(f"decay: expected a number from 0 to below 1, got {self.decay!r}")
        object.__setattr__(self, "layers", _checked_layers(self.layers))

    def average(self, p: Array, mean: Array, out: Array, room: Array) -> list[Operation]:
        """Writes the next p from the last one and the mean of the batch; ``room`` is scratch of the same shape."""
        return [
            (np.multiply, (p, constant(self.decay, p.dtype), out)),
            (np.multiply, (mean, constant(1.0 - self.decay, p.dtype), room)),
            (np.add, (out, room, out)),
        ]


WeightPenalty = L1 | L2
Sparsity = KLSparsity | RunningSparsity
Penalty = L1 | L2 | KLSparsity | RunningSparsity
PENALTIES: dict[str, type[L1 | L2 | KLSparsity | RunningSparsity]] = {
    kind.name: kind for kind in (L1, L2, KLSparsity, RunningSparsity)
}


def listed_layers(penalties: Iterable[Penalty]) -> tuple[int, ...]:
    """The layers of which a sparsity is asked, counted from 0."""
    return tuple(
        sorted({n for rule in penalties if isinstance(rule, KLSparsity | RunningSparsity) for n in rule.layers})
    )


def sparsity_slope(rule: Sparsity, p: Array, out: Array, room: Array, rows: int) -> list[Operation]:
    """Writes β (−ρ/p + (1 − ρ)/(1 − p)) / N: what a unit whose mean is p adds to ∂C/∂a of each of the N rows.

    For the Kullback–Leibler sparsity it is the derivative of ``KLSparsity.units``, since ∂ρ̂/∂a is 1/N.
    """
    share = rule.weight / rows
    return [
        (np.subtract, (constant(1.0, p.dtype), p, room)),
        (np.divide, (constant(share * (1.0 - rule.rho), p.dtype), room, room)),
        (np.divide, (constant(share * rule.rho, p.dtype), p, out)),
        (np.subtract, (room, out, out)),
    ]


Mean = Callable[[int], Array]


def penalty_value(rule: Penalty, parameters: list[Array], mean: Mean, rows: int, training_rows: int | None) -> float:
    """What a penalty adds to the objective. ``parameters`` are those to which an L1 or L2 applies, ``mean(l)`` the mean
    output of each unit of layer l over the rows.
    """
    if isinstance(rule, L1 | L2):
        return rule.factor(rows, training_rows) * sum(rule.size(part) for part in parameters)
    if isinstance(rule, KLSparsity):
        return float(sum(rule.units(mean(layer)).sum() for layer in rule.layers))
    return 0.0

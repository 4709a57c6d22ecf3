"""How the learning rate changes while training goes on: η_t = η · f(k), where k updates are done before this one.

A large rate finds the valley, a small one its floor. All of them are functions of k alone, so any step can be asked for
without those before it; only *reduce on plateau* looks at the validations too, and then at nothing but how many times
it had reduced the rate before this step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from bpstudio.training.checks import above, number, share, whole


def power(base: float, exponent: float) -> float:
    """base^exponent; infinite where a float does not reach so far."""
    try:
        return float(base**exponent)
    except OverflowError:
        return math.inf


@dataclass(frozen=True, slots=True)
class Constant:
    """η_t = η."""

    name: ClassVar[str] = "constant"
    constant: ClassVar[bool] = True

    def rate(self, rate: float, k: int, reductions: int = 0) -> float:
        """η_t of update k + 1."""
        return rate


@dataclass(frozen=True, slots=True)
class Step:
    """η_t = η γ^⌊k/s⌋: every ``step_size`` updates the rate is multiplied by ``gamma``."""

    step_size: int = 100
    gamma: float = 0.5
    name: ClassVar[str] = "step"
    constant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        whole("schedule.step_size", self.step_size, 1)
        above("schedule.gamma", self.gamma, 0)

    def rate(self, rate: float, k: int, reductions: int = 0) -> float:
        """η_t of update k + 1."""
        return rate * power(self.gamma, k // self.step_size)


@dataclass(frozen=True, slots=True)
class Exponential:
    """η_t = η γᵏ."""

    gamma: float = 0.999
    name: ClassVar[str] = "exponential"
    constant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        above("schedule.gamma", self.gamma, 0)

    def rate(self, rate: float, k: int, reductions: int = 0) -> float:
        """η_t of update k + 1."""
        return rate * power(self.gamma, k)


@dataclass(frozen=True, slots=True)
class InverseTime:
    """η_t = η / (1 + d k) (Robbins and Monro 1951 ask for a rate that falls like this)."""

    decay: float = 0.01
    name: ClassVar[str] = "inverse_time"
    constant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        number("schedule.decay", self.decay, 0)

    def rate(self, rate: float, k: int, reductions: int = 0) -> float:
        """η_t of update k + 1."""
        return rate / (1 + self.decay * k)


@dataclass(frozen=True, slots=True)
class Inv:
    """η_t = η (1 + γ k)^−p: the policy "inv" of Caffe (Jia et al. 2014)."""

    gamma: float = 0.0001
    power: float = 0.75
    name: ClassVar[str] = "inv"
    constant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        number("schedule.gamma", self.gamma, 0)
        number("schedule.power", self.power, 0)

    def rate(self, rate: float, k: int, reductions: int = 0) -> float:
        """η_t of update k + 1."""
        return rate * power(1 + self.gamma * k, -self.power)


@dataclass(frozen=True, slots=True)
class LinearWarmup:
    """η_t = η (s + (1 − s) min(k, n)/n): from a share ``start_factor`` of the rate to all of it in ``total_iters``
    updates (Goyal et al. 2017).
    """

    start_factor: float = 0.1
    total_iters: int = 100
    name: ClassVar[str] = "linear_warmup"
    constant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        number("schedule.start_factor", self.start_factor, 0)
        whole("schedule.total_iters", self.total_iters, 1)

    def rate(self, rate: float, k: int, reductions: int = 0) -> float:
        """η_t of update k + 1."""
        done = min(k, self.total_iters) / self.total_iters
        return rate * (self.start_factor + (1 - self.start_factor) * done)


@dataclass(frozen=True, slots=True)
class Cosine:
    """η_t = η_min + (η − η_min)(1 + cos(π k/T))/2 (Loshchilov and Hutter 2017); after T updates it rises again."""

    t_max: int = 1000
    eta_min: float = 0.0
    name: ClassVar[str] = "cosine"
    constant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        whole("schedule.t_max", self.t_max, 1)
        number("schedule.eta_min", self.eta_min, 0)

    def rate(self, rate: float, k: int, reductions: int = 0) -> float:
        """η_t of update k + 1."""
        return self.eta_min + (rate - self.eta_min) * (1 + math.cos(math.pi * k / self.t_max)) / 2


@dataclass(frozen=True, slots=True)
class Plateau:
    """η_t = max(η fʳ, η_min): each time that ``patience`` validations in a row brought nothing better by more than
    ``min_delta``, the rate is multiplied by ``factor``. r counts how often that was so before this step.
    """

    factor: float = 0.5
    patience: int = 5
    min_delta: float = 0.0
    eta_min: float = 0.0
    name: ClassVar[str] = "plateau"
    constant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        share("schedule.factor", self.factor)
        above("schedule.factor", self.factor, 0)
        whole("schedule.patience", self.patience, 1)
        number("schedule.min_delta", self.min_delta, 0)
        number("schedule.eta_min", self.eta_min, 0)

    def rate(self, rate: float, k: int, reductions: int = 0) -> float:
        """η_t of update k + 1, after so many reductions."""
        return rate if reductions == 0 else max(rate * power(self.factor, reductions), min(self.eta_min, rate))


Schedule = Constant | Step | Exponential | InverseTime | Inv | LinearWarmup | Cosine | Plateau
SCHEDULES: dict[str, type[Schedule]] = {
    kind.name: kind for kind in (Constant, Step, Exponential, InverseTime, Inv, LinearWarmup, Cosine, Plateau)
}

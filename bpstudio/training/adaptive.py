"""Adam and its family: a running mean of the gradient over the root of a running mean of its squares.

Both means begin at 0 and are too small at first. Dividing by 1 − βᵗ repairs that, where t counts the updates that the
means have seen; multiplying by it, a mistake that is often made, would make it worse.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from typing_extensions import override

from bpstudio.maths.operations import Array, Operation, constant
from bpstudio.training.checks import number, one_of, share
from bpstudio.training.clock import Clock
from bpstudio.training.rule import Rule, Slots
from bpstudio.training.running import mean_of_squares, running_mean

EPSILON_FORMS = ("outside", "hat")
NEGLIGIBLE = 2.0**-60


def correction(beta: float, t: int) -> float:
    """1 − βᵗ: what share of a running mean after t values is made of them, and not of the 0 at which it began."""
    return 1.0 - beta**t


@dataclass(frozen=True, slots=True)
class _Moments(Rule):
    """Rules with a running mean m of the gradient: β₁ for it, β₂ for its size."""

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    counts: ClassVar[bool] = True
    signed: ClassVar[frozenset[str]] = frozenset({"m"})

    @override
    def check(self) -> None:
        share("optimizer.beta1", self.beta1)
        share("optimizer.beta2", self.beta2)
        number("optimizer.epsilon", self.epsilon, 0)

    @property
    @override
    def states(self) -> tuple[str, ...]:
        return ("m", "v")


@dataclass(frozen=True, slots=True)
class Adam(_Moments):
    """Adam (Kingma and Ba 2015): m⁺ = β₁ m + (1 − β₁) g, v⁺ = β₂ v + (1 − β₂) g².

    ``epsilon_form`` says to which root ε is added:
    "outside"  update = −η (m⁺/(1 − β₁ᵗ)) / (√(v⁺/(1 − β₂ᵗ)) + ε)          (Algorithm 1, PyTorch)
    "hat"      update = −η √(1 − β₂ᵗ)/(1 − β₁ᵗ) · m⁺/(√v⁺ + ε)              (section 2, Keras, Caffe, scikit-learn)
    ``amsgrad`` takes the greatest v⁺ that there was, v_max, in place of v⁺ (Reddi, Kale and Kumar 2018).
    """

    epsilon_form: str = "outside"
    amsgrad: bool = False
    name: ClassVar[str] = "adam"

    @override
    def check(self) -> None:
        _Moments.check(self)
        one_of("optimizer.epsilon_form", self.epsilon_form, EPSILON_FORMS)

    @property
    @override
    def states(self) -> tuple[str, ...]:
        return ("m", "v", "v_max") if self.amsgrad else ("m", "v")

    @override
    def operations(
        self, g: Array, update: Array, state: Slots, state_next: Slots, clock: Clock, factor: float = 1.0
    ) -> list[Operation]:
        room, under = np.empty_like(g), np.empty_like(g)
        operations = running_mean(state[0], g, self.beta1, state_next[0], room)
        operations += mean_of_squares(state[1], g, self.beta2, state_next[1], room)
        size = state_next[1]
        if self.amsgrad:
            operations.append((partial(np.maximum, out=state_next[2]), (state[2], size)))
            size = state_next[2]
        beta1, beta2 = self.beta1, self.beta2
        if self.epsilon_form == "hat":
            step = clock.counted(
                "hat", factor, lambda rate, t: -factor * rate * math.sqrt(correction(beta2, t)) / correction(beta1, t)
            )
            operations.append((np.sqrt, (size, under)))
        else:
            step = clock.counted("step", factor, lambda rate, t: -factor * rate / correction(beta1, t))
            whole = clock.counted("whole", 1.0, lambda _, t: correction(beta2, t))
            operations += [(np.divide, (size, whole, under)), (np.sqrt, (under, under))]
        return [
            *operations,
            (np.add, (under, constant(self.epsilon, g.dtype), under)),
            (np.multiply, (state_next[0], step, update)),
            (np.divide, (update, under, update)),
        ]


@dataclass(frozen=True, slots=True)
class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019): θ shrinks by η w θ beside Adam's update, and the
    decay is not divided by the size of the gradient.
    """

    name: ClassVar[str] = "adamw"
    decoupled: ClassVar[bool] = True
    usual_decay: ClassVar[float] = 0.01
    """What it decays by where nobody says: without a decay it would be Adam."""


@dataclass(frozen=True, slots=True)
class AdaMax(_Moments):
    """AdaMax (Kingma and Ba 2015, section 7.1) in the form of torch.optim.Adamax: m⁺ as in Adam,
    u⁺ = max(β₂ u, |g| + ε), update = −η/(1 − β₁ᵗ) · m⁺/u⁺.
    """

    name: ClassVar[str] = "adamax"

    @property
    @override
    def states(self) -> tuple[str, ...]:
        return ("m", "u")

    @override
    def operations(
        self, g: Array, update: Array, state: Slots, state_next: Slots, clock: Clock, factor: float = 1.0
    ) -> list[Operation]:
        (m, u), (m_next, u_next) = state, state_next
        room = np.empty_like(g)
        beta1 = self.beta1
        step = clock.counted("step", factor, lambda rate, t: -factor * rate / correction(beta1, t))
        return [
            *running_mean(m, g, beta1, m_next, room),
            (np.absolute, (g, room)),
            (np.add, (room, constant(self.epsilon, g.dtype), room)),
            (np.multiply, (u, constant(self.beta2, g.dtype), u_next)),
            (partial(np.maximum, out=u_next), (u_next, room)),
            (np.multiply, (m_next, step, update)),
            (np.divide, (update, u_next, update)),
        ]


@dataclass(frozen=True, slots=True)
class NAdam(_Moments):
    """Adam with Nesterov's look ahead (Dozat 2016) in the form of torch.optim.NAdam, with ψ = ``momentum_decay``:

    μ_t = β₁ (1 − ½ 0.96^(t ψ)),  P_t = μ_1 ⋯ μ_t,
    update = −η ((1 − μ_t) g/(1 − P_t) + μ_{t+1} m⁺/(1 − P_{t+1})) / (√(v⁺/(1 − β₂ᵗ)) + ε)
    """

    momentum_decay: float = 0.004
    name: ClassVar[str] = "nadam"

    @override
    def check(self) -> None:
        _Moments.check(self)
        number("optimizer.momentum_decay", self.momentum_decay, 0)

    def mu(self, t: int) -> float:
        """μ_t."""
        return self.beta1 * (1.0 - 0.5 * math.pow(0.96, t * self.momentum_decay))

    def product(self, t: int, known: list[float] | None = None) -> float:
        """P_t = μ_1 ⋯ μ_t; 0 once it is too small to make a difference to 1. ``known`` keeps P_0, P_1, … for next
        time.
        """
        products = [1.0] if known is None else known
        while len(products) <= t and products[-1] > NEGLIGIBLE:
            products.append(products[-1] * self.mu(len(products)))
        return products[t] if t < len(products) and products[t] > NEGLIGIBLE else 0.0

    @override
    def operations(
        self, g: Array, update: Array, state: Slots, state_next: Slots, clock: Clock, factor: float = 1.0
    ) -> list[Operation]:
        (m, v), (m_next, v_next) = state, state_next
        room, under = np.empty_like(g), np.empty_like(g)
        mu, product, known = self.mu, self.product, [1.0]
        of_g = clock.counted("of g", factor, lambda rate, t: -factor * rate * (1.0 - mu(t)) / (1.0 - product(t, known)))
        of_m = clock.counted("of m", factor, lambda rate, t: -factor * rate * mu(t + 1) / (1.0 - product(t + 1, known)))
        beta2 = self.beta2
        whole = clock.counted("whole", 1.0, lambda _, t: correction(beta2, t))
        return [
            *running_mean(m, g, self.beta1, m_next, room),
            *mean_of_squares(v, g, beta2, v_next, room),
            (np.divide, (v_next, whole, under)),
            (np.sqrt, (under, under)),
            (np.add, (under, constant(self.epsilon, g.dtype), under)),
            (np.multiply, (g, of_g, update)),
            (np.multiply, (m_next, of_m, room)),
            (np.add, (update, room, update)),
            (np.divide, (update, under, update)),
        ]

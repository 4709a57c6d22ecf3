"""From the gradient to the update, rule by rule. Computing an update and applying it are two acts: these only compute.

g is the gradient that the rule is given (clipped, decayed), η the rate of this step, θ a parameter; x⁺ is the value of
x after this step. All of it is elementwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from typing_extensions import override

from bpstudio.maths.operations import Array, Operation, constant
from bpstudio.training.adaptive import Adam, AdaMax, AdamW, NAdam
from bpstudio.training.checks import above, number, one_of, share
from bpstudio.training.clock import Clock
from bpstudio.training.rule import Rule, Slots
from bpstudio.training.running import mean_of_squares, running_mean

VELOCITIES = ("outside", "inside")
ROOTS = ("outside", "inside")


@dataclass(frozen=True, slots=True)
class SGD(Rule):
    """Gradient descent: update = −η g."""

    name: ClassVar[str] = "sgd"

    @override
    def operations(
        self, g: Array, update: Array, state: Slots, state_next: Slots, clock: Clock, factor: float = 1.0
    ) -> list[Operation]:
        return [(np.multiply, (g, clock.rated(-factor), update))]


@dataclass(frozen=True, slots=True)
class _Velocity(Rule):
    """Rules with a velocity, a running sum of gradients."""

    momentum: float = 0.9
    velocity: str = "outside"
    signed: ClassVar[frozenset[str]] = frozenset({"velocity"})

    @override
    def check(self) -> None:
        share("optimizer.momentum", self.momentum)
        one_of("optimizer.velocity", self.velocity, VELOCITIES)

    @property
    @override
    def states(self) -> tuple[str, ...]:
        return ("velocity",)

    @property
    @override
    def meaning(self) -> tuple[str, ...]:
        return (self.name, self.velocity)


@dataclass(frozen=True, slots=True)
class Momentum(_Velocity):
    """Momentum (Polyak 1964). ``velocity`` says where the rate is:

    "outside"  v⁺ = μ v + g,    update = −η v⁺      (PyTorch)
    "inside"   v⁺ = μ v + η g,  update = −v⁺        (Caffe, DeepLearnToolbox, Keras; the same until η changes)
    """

    name: ClassVar[str] = "momentum"

    @override
    def operations(
        self, g: Array, update: Array, state: Slots, state_next: Slots, clock: Clock, factor: float = 1.0
    ) -> list[Operation]:
        (v,), (v_next,) = state, state_next
        kept = constant(self.momentum, g.dtype)
        if self.velocity == "inside":
            return [
                (np.multiply, (g, clock.rated(factor), update)),
                (np.multiply, (v, kept, v_next)),
                (np.add, (v_next, update, v_next)),
                (np.negative, (v_next, update)),
            ]
        return [
            (np.multiply, (v, kept, v_next)),
            (np.add, (v_next, g, v_next)),
            (np.multiply, (v_next, clock.rated(-factor), update)),
        ]


@dataclass(frozen=True, slots=True)
class Nesterov(_Velocity):
    """Momentum that looks ahead (Nesterov 1983; Sutskever et al. 2013). ``velocity`` says where the rate is:

    "outside"  v⁺ = μ v + g,    update = −η (g + μ v⁺)         (PyTorch)
    "inside"   v⁺ = μ v + η g,  update = μ v − (1 + μ) v⁺      (Caffe, Keras, scikit-learn)
    """

    name: ClassVar[str] = "nesterov"

    @override
    def operations(
        self, g: Array, update: Array, state: Slots, state_next: Slots, clock: Clock, factor: float = 1.0
    ) -> list[Operation]:
        (v,), (v_next,) = state, state_next
        kept = constant(self.momentum, g.dtype)
        if self.velocity == "inside":
            ahead = np.empty_like(g)
            return [
                (np.multiply, (v, kept, update)),
                (np.multiply, (g, clock.rated(factor), ahead)),
                (np.add, (update, ahead, v_next)),
                (np.multiply, (v_next, constant(1.0 + self.momentum, g.dtype), ahead)),
                (np.subtract, (update, ahead, update)),
            ]
        return [
            (np.multiply, (v, kept, v_next)),
            (np.add, (v_next, g, v_next)),
            (np.multiply, (v_next, kept, update)),
            (np.add, (update, g, update)),
            (np.multiply, (update, clock.rated(-factor), update)),
        ]


@dataclass(frozen=True, slots=True)
class AdaGrad(Rule):
    """AdaGrad (Duchi, Hazan and Singer 2011): s⁺ = s + g², update = −η g/(√s⁺ + ε); ``epsilon_form`` "inside" puts ε
    under the root (Keras). s begins at ``initial_accumulator`` (0 in PyTorch and Caffe, 0.1 in Keras).
    """

    epsilon: float = 1e-10
    epsilon_form: str = "outside"
    initial_accumulator: float = 0.0
    name: ClassVar[str] = "adagrad"

    @override
    def check(self) -> None:
        number("optimizer.epsilon", self.epsilon, 0)
        one_of("optimizer.epsilon_form", self.epsilon_form, ROOTS)
        number("optimizer.initial_accumulator", self.initial_accumulator, 0)

    @property
    @override
    def states(self) -> tuple[str, ...]:
        return ("s",)

    @property
    @override
    def begins(self) -> Mapping[str, float]:
        return {"s": self.initial_accumulator}

    @override
    def operations(
        self, g: Array, update: Array, state: Slots, state_next: Slots, clock: Clock, factor: float = 1.0
    ) -> list[Operation]:
        (s,), (s_next,) = state, state_next
        under = np.empty_like(g)
        return [
            (np.multiply, (g, g, s_next)),
            (np.add, (s_next, s, s_next)),
            *root(s_next, self.epsilon, self.epsilon_form, under),
            (np.multiply, (g, clock.rated(-factor), update)),
            (np.divide, (update, under, update)),
        ]


@dataclass(frozen=True, slots=True)
class RMSProp(Rule):
    """RMSProp (Tieleman and Hinton 2012): s⁺ = ρ s + (1 − ρ) g², update = −η g/(√s⁺ + ε).

    ``epsilon_form`` "inside" puts ε under the root (Keras). ``centred`` takes the variance s⁺ − m⁺² in place of s⁺,
    with m⁺ = ρ m + (1 − ρ) g (Graves 2013). ``momentum`` μ: b⁺ = μ b + g/(√s⁺ + ε), update = −η b⁺.
    """

    rho: float = 0.9
    epsilon: float = 1e-8
    epsilon_form: str = "outside"
    centred: bool = False
    momentum: float = 0.0
    name: ClassVar[str] = "rmsprop"
    signed: ClassVar[frozenset[str]] = frozenset({"m", "b"})

    @override
    def check(self) -> None:
        share("optimizer.rho", self.rho)
        number("optimizer.epsilon", self.epsilon, 0)
        one_of("optimizer.epsilon_form", self.epsilon_form, ROOTS)
        share("optimizer.momentum", self.momentum)

    @property
    @override
    def states(self) -> tuple[str, ...]:
        return ("s", *(("m",) if self.centred else ()), *(("b",) if self.momentum else ()))

    @override
    def operations(
        self, g: Array, update: Array, state: Slots, state_next: Slots, clock: Clock, factor: float = 1.0
    ) -> list[Operation]:
        now, after = dict(zip(self.states, state, strict=True)), dict(zip(self.states, state_next, strict=True))
        under, room = np.empty_like(g), np.empty_like(g)
        operations = mean_of_squares(now["s"], g, self.rho, after["s"], room)
        spread = after["s"]
        if self.centred:
            operations += running_mean(now["m"], g, self.rho, after["m"], room)
            # A variance is not negative; its rounding error can be.
            operations += [
                (np.multiply, (after["m"], after["m"], room)),
                (np.subtract, (spread, room, room)),
                (partial(np.maximum, out=room), (room, constant(0.0, g.dtype))),
            ]
            spread = room
        operations += [*root(spread, self.epsilon, self.epsilon_form, under), (np.divide, (g, under, update))]
        if self.momentum:
            operations += [
                (np.multiply, (now["b"], constant(self.momentum, g.dtype), after["b"])),
                (np.add, (after["b"], update, after["b"])),
                (np.multiply, (after["b"], clock.rated(-factor), update)),
            ]
            return operations
        return [*operations, (np.multiply, (update, clock.rated(-factor), update))]


@dataclass(frozen=True, slots=True)
class Adadelta(Rule):
    """Adadelta (Zeiler 2012): s⁺ = ρ s + (1 − ρ) g², d = √(u + ε)/√(s⁺ + ε) · g, u⁺ = ρ u + (1 − ρ) d²,
    update = −η d.
    """

    rho: float = 0.9
    epsilon: float = 1e-6
    name: ClassVar[str] = "adadelta"

    @override
    def check(self) -> None:
        share("optimizer.rho", self.rho)
        number("optimizer.epsilon", self.epsilon, 0)

    @property
    @override
    def states(self) -> tuple[str, ...]:
        return ("s", "u")

    @override
    def operations(
        self, g: Array, update: Array, state: Slots, state_next: Slots, clock: Clock, factor: float = 1.0
    ) -> list[Operation]:
        (s, u), (s_next, u_next) = state, state_next
        under, room = np.empty_like(g), np.empty_like(g)
        return [
            *mean_of_squares(s, g, self.rho, s_next, room),
            *root(u, self.epsilon, "inside", update),
            *root(s_next, self.epsilon, "inside", under),
            (np.divide, (update, under, update)),
            (np.multiply, (update, g, update)),
            *mean_of_squares(u, update, self.rho, u_next, room),
            (np.multiply, (update, clock.rated(-factor), update)),
        ]


@dataclass(frozen=True, slots=True)
class Rprop(Rule):
    """Resilient backpropagation (Riedmiller and Braun 1993), in the form of torch.optim.Rprop: only signs count.

    Every parameter has a step of its own, at first η. It grows by ``eta_plus`` where the sign of g stayed and shrinks
    by ``eta_minus`` where it changed, between ``step_min`` and ``step_max``; update = −step⁺ sign(g). Where the sign
    changed nothing moves, and g counts as 0 for the next comparison.
    """

    eta_minus: float = 0.5
    eta_plus: float = 1.2
    step_min: float = 1e-6
    step_max: float = 50.0
    name: ClassVar[str] = "rprop"
    signed: ClassVar[frozenset[str]] = frozenset({"g"})

    @override
    def check(self) -> None:
        share("optimizer.eta_minus", self.eta_minus)
        above("optimizer.eta_minus", self.eta_minus, 0)
        above("optimizer.eta_plus", self.eta_plus, 1)
        number("optimizer.step_min", self.step_min, 0)
        number("optimizer.step_max", self.step_max, self.step_min)

    @property
    @override
    def states(self) -> tuple[str, ...]:
        return ("g", "step")

    @property
    @override
    def begins(self) -> Mapping[str, float]:
        return {"step": self.rate}

    @property
    @override
    def begins_for_biases(self) -> Mapping[str, float]:
        return {"step": self.rate * self.bias_rate}

    @override
    def operations(
        self, g: Array, update: Array, state: Slots, state_next: Slots, clock: Clock, factor: float = 1.0
    ) -> list[Operation]:
        (before, step), (g_next, step_next) = state, state_next
        low, high = constant(self.step_min, g.dtype), constant(self.step_max, g.dtype)
        turned = np.empty_like(g)
        return [
            (np.multiply, (before, g, turned)),
            (np.copyto, (step_next, step)),
            (self._resize, (turned, step_next)),
            (partial(np.maximum, out=step_next), (step_next, low)),
            (partial(np.minimum, out=step_next), (step_next, high)),
            (np.copyto, (g_next, g)),
            (_zero_where_negative, (turned, g_next)),
            (np.sign, (g_next, update)),
            (np.multiply, (update, step_next, update)),
            (np.negative, (update, update)),
        ]

    def _resize(self, turned: Array, step: Array) -> None:
        step[turned > 0] *= step.dtype.type(self.eta_plus)
        step[turned < 0] *= step.dtype.type(self.eta_minus)


def _zero_where_negative(turned: Array, g: Array) -> None:
    g[turned < 0] = 0


def root(s: Array, epsilon: float, form: str, out: Array) -> list[Operation]:
    """The operations that write √s + ε ("outside") or √(s + ε) ("inside")."""
    small = constant(epsilon, s.dtype)
    if form == "inside":
        return [(np.add, (s, small, out)), (np.sqrt, (out, out))]
    return [(np.sqrt, (s, out)), (np.add, (out, small, out))]


Optimizer = Rule
OPTIMIZERS: dict[str, type[Rule]] = {
    kind.name: kind for kind in (SGD, Momentum, Nesterov, AdaGrad, RMSProp, Adadelta, Adam, AdamW, AdaMax, NAdam, Rprop)
}

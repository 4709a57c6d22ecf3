"""What every optimiser has in common: its fields, and what it has to say about the numbers that it keeps.

A rule turns a gradient into an update and never applies it. It is written over flat slices, so that it may be handed
all trainable parameters at once, only the biases, or (sequential order) one layer's; it reads the old state and writes
only the next one. Computing the same step twice therefore gives the same update, and moves no velocity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from bpstudio.maths.operations import Array, Operation
from bpstudio.training.checks import above, number
from bpstudio.training.clock import Clock

Slots = tuple[Array, ...]
NOTHING: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Rule:
    """An optimiser: η, and what can be added to any rule.

    rate            η, before the schedule
    weight_decay    w: g + w θ takes the place of g (*coupled*; AdamW instead shrinks θ by η w, *decoupled*)
    decay_biases    whether biases and thresholds decay too
    bias_rate       what η is multiplied with for biases and thresholds (Caffe's lr_mult)

    Weight decay is no part of the objective and of no gradient that is shown.
    """

    rate: float
    weight_decay: float = field(default=0.0, kw_only=True)
    decay_biases: bool = field(default=True, kw_only=True)
    bias_rate: float = field(default=1.0, kw_only=True)
    name: ClassVar[str] = ""
    signed: ClassVar[frozenset[str]] = frozenset()
    """States made of gradients: they turn their sign where a bias becomes a threshold. Squares do not."""
    counts: ClassVar[bool] = False
    """Whether the rule asks how many updates its state has seen (t)."""
    decoupled: ClassVar[bool] = False
    """Whether weight decay shrinks the parameter beside the rule instead of entering the gradient."""

    def __post_init__(self) -> None:
        above("optimizer.rate", self.rate, 0)
        number("optimizer.weight_decay", self.weight_decay, 0)
        number("optimizer.bias_rate", self.bias_rate, 0)
        if not isinstance(self.decay_biases, bool):
            raise ValueError(f"optimizer.decay_biases: expected true or false, got {self.decay_biases!r}")
        self.check()

    def check(self) -> None:
        """Raise ValueError where a field of the rule itself is out of its range."""

    @property
    def states(self) -> tuple[str, ...]:
        """The names of the numbers that the rule keeps of every parameter, by the letters of its formula."""
        return ()

    @property
    def meaning(self) -> tuple[str, ...]:
        """State goes on where this is the same: what its numbers stand for."""
        return (self.name,)

    @property
    def begins(self) -> Mapping[str, float]:
        """What a state is at first, where that is not 0; for biases see ``begins_for_biases``."""
        return NOTHING

    @property
    def begins_for_biases(self) -> Mapping[str, float]:
        """The same for biases."""
        return self.begins

    @property
    def moves_alike(self) -> bool:
        """Whether weights and biases are treated alike, so that one operation can move both."""
        return self.bias_rate == 1 and (self.weight_decay == 0 or self.decay_biases)

    def decays(self, biases: bool) -> bool:
        """Whether weight decay works on these parameters."""
        return self.weight_decay > 0 and (self.decay_biases or not biases)

    def operations(
        self, g: Array, update: Array, state: Slots, state_next: Slots, clock: Clock, factor: float = 1.0
    ) -> list[Operation]:
        """The operations that write ``update`` and the next state from the gradient ``g``; all are flat slices.

        ``factor`` multiplies the rate. Numbers that depend on the step come from the clock.
        """
        raise NotImplementedError

"""From the gradient to the update: it is clipped, weight decay is added, the rule makes an update of it.

    g = ∂C/∂θ  →  clip(g)  →  clip(g) + w θ  →  rule  →  update

Everything is read from the parameters and the state of before and written beside them; what is frozen is not touched,
so that its update stays exactly 0 (multiplied by 0, an infinite gradient would give NaN).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bpstudio.engine.trace import Params, Trace, params_layout
from bpstudio.maths.operations import Array, Operation, constant
from bpstudio.training.clock import Clock
from bpstudio.training.experiment import Experiment


def clock_of(experiment: Experiment, begun: int = 0, reductions: Callable[[int], int] | None = None) -> Clock:
    """The clock of an experiment whose optimiser's state began at step ``begun``."""
    return Clock(experiment.optimizer.rate, experiment.schedule, experiment.dtype, begun, reductions)


def fresh_state(experiment: Experiment, name: str) -> Array:
    """What a state of the optimiser is before the first update, flat; 0 for everything that is frozen."""
    layout, rule = params_layout(experiment.network), experiment.optimizer
    flat = np.zeros(layout.size, experiment.dtype)
    flat[: layout.weights] = rule.begins.get(name, 0.0)
    flat[layout.weights : layout.trainable] = rule.begins_for_biases.get(name, 0.0)
    return flat


def further_numbers(experiment: Experiment) -> int:
    """About how many numbers the rule keeps beyond what ``Network.memory_bytes`` counts, which has room for two states:
    of each state there is one before and one after the update, and most rules need two arrays to compute in.
    """
    rule, states = experiment.optimizer, len(experiment.optimizer.states)
    changed = experiment.clipping is not None or rule.weight_decay > 0
    beyond = 2 * states + (2 if states > 1 else 0) + changed - 2
    return max(beyond, 0) * params_layout(experiment.network).size


class Updating:
    """Lists the operations that write ``trace.update`` and the next state of an optimiser."""

    def __init__(
        self,
        experiment: Experiment,
        clock: Clock,
        params: Params,
        trace: Trace,
        state: list[Array],
        state_next: list[Array],
    ) -> None:
        self._rule = experiment.optimizer
        self._clipping = experiment.clipping
        self._clock = clock
        self._params = params.flat
        self._gradient = trace.gradient.flat
        self._update = trace.update.flat
        self._state = state
        self._state_next = state_next
        self._layout = params_layout(experiment.network)
        changes = self._clipping is not None or self._rule.weight_decay > 0
        self._room: Array = np.zeros(self._gradient.size if changes else 0, self._gradient.dtype)

    def all(self) -> list[Operation]:
        """For everything that is trained at once."""
        weights, trainable = self._layout.weights, self._layout.trainable
        if trainable == 0:
            return []
        if self._rule.moves_alike:
            return self._clip(slice(0, trainable)) + self._move(slice(0, trainable), biases=False)
        operations = self._clip(slice(0, trainable))
        for place, biases in ((slice(0, weights), False), (slice(weights, trainable), True)):
            if place.stop > place.start:
                operations += self._move(place, biases)
        return operations

    def layer(self, number: int) -> list[Operation]:
        """For what is trained of one layer, counted from 0."""
        operations: list[Operation] = []
        for place, biases in ((self._layout.W[number], False), (self._layout.b[number], True)):
            if place.start < place.stop <= self._layout.trainable:
                operations += self._clip(place) + self._move(place, biases)
        return operations

    def _clip(self, place: slice) -> list[Operation]:
        if self._clipping is None:
            return []
        return self._clipping.operations(self._gradient[place], self._room[place])

    def _move(self, place: slice, biases: bool) -> list[Operation]:
        rule, clock = self._rule, self._clock
        factor = rule.bias_rate if biases else 1.0
        g = self._gradient[place] if self._clipping is None else self._room[place]
        p, update, room = self._params[place], self._update[place], self._room[place]
        operations: list[Operation] = []
        decays = rule.decays(biases)
        if decays and not rule.decoupled:
            decay = constant(rule.weight_decay, g.dtype)
            if self._clipping is None:
                operations += [(np.multiply, (p, decay, room)), (np.add, (g, room, room))]
                g = room
            else:
                shrink = np.empty_like(g)
                operations += [(np.multiply, (p, decay, shrink)), (np.add, (g, shrink, room))]
        operations += rule.operations(
            g, update, tuple(s[place] for s in self._state), tuple(s[place] for s in self._state_next), clock, factor
        )
        if decays and rule.decoupled:
            shrink = np.empty_like(g)
            operations += [
                (np.multiply, (p, clock.rated(-factor * rule.weight_decay), shrink)),
                (np.add, (update, shrink, update)),
            ]
        return operations

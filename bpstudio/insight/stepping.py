"""What the optimiser of a step would make of another gradient of one parameter: the engine's own rule, asked once more.

The state of before, the rate of the step and the factor of clipping are those that were recorded.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bpstudio.insight.elements import Edge
from bpstudio.maths.operations import Array, run
from bpstudio.training.clipping import ClipByNorm, ClipByValue
from bpstudio.training.clock import Clock
from bpstudio.training.frame import Frame
from bpstudio.training.rule import NOTHING
from bpstudio.training.schedules import Constant

LONG = 10**12
"""So many updates, and no correction is left: 1 − βᵗ is 1."""


def update_of(frame: Frame, edge: Edge, gradient: Array, settings: Mapping[str, float] = NOTHING) -> Array:
    """The update (…) for gradients (…) of one trained parameter.

    What somebody may have forgotten: ``rate`` replaces η, factors of biases included; ``velocity`` multiplies the
    state of before; ``corrected``, ``decay`` and ``clipped`` are 0 without the corrections 1 − βᵗ, weight decay and
    clipping.
    """
    rate = settings.get("rate")
    rule, clipping = frame.experiment.optimizer, frame.experiment.clipping
    g = np.array(gradient, np.float64)
    if not settings.get("clipped", 1.0):
        pass
    elif isinstance(clipping, ClipByValue):
        g = np.clip(g, -clipping.limit, clipping.limit)
    elif isinstance(clipping, ClipByNorm):
        g = g * clipping.factor(frame.gradient_norm)
    theta = _of(edge, frame.params.W, frame.params.b)
    decays = rule.decays(edge.is_bias) and bool(settings.get("decay", 1.0))
    if decays and not rule.decoupled:
        g = g + rule.weight_decay * theta
    eta = frame.rate * (rule.bias_rate if edge.is_bias else 1.0) if rate is None else rate
    begun = frame.begun if settings.get("corrected", 1.0) else frame.begun - LONG
    clock = Clock(eta, Constant(), np.float64, begun)
    keeps = settings.get("velocity", 1.0)
    before = tuple(
        np.full_like(g, keeps * _of(edge, state.W, state.b)) for state in (frame.state[name] for name in rule.states)
    )
    update = np.zeros_like(g)
    operations = rule.operations(g, update, before, tuple(np.zeros_like(g) for _ in before), clock)
    clock.at(frame.step)
    with np.errstate(all="ignore"):
        run(operations)
    return update - eta * rule.weight_decay * theta if decays and rule.decoupled else update


def _of(edge: Edge, W: tuple[Array, ...], b: tuple[Array, ...]) -> float:
    return float(b[edge.layer - 1][edge.to] if edge.is_bias else W[edge.layer - 1][edge.to, edge.source])

"""What the optimiser of a step would make of another gradient of one parameter: the engine's own rule, asked once more.

The state of before, the rate of the step and the factor of clipping are those that were recorded.
"""

from __future__ import annotations

import numpy as np

from bpstudio.insight.elements import Edge
from bpstudio.maths.operations import Array, run
from bpstudio.training.clipping import ClipByNorm, ClipByValue
from bpstudio.training.clock import Clock
from bpstudio.training.frame import Frame
from bpstudio.training.schedules import Constant


def update_of(frame: Frame, edge: Edge, gradient: Array, rate: float | None = None, keeps: float = 1.0) -> Array:
    """The update (…) for gradients (…) of one trained parameter.

    ``rate`` replaces η, factors of biases included; ``keeps`` multiplies the state of before (0: a rule that forgot).
    """
    rule, clipping = frame.experiment.optimizer, frame.experiment.clipping
    g = np.array(gradient, np.float64)
    if isinstance(clipping, ClipByValue):
        g = np.clip(g, -clipping.limit, clipping.limit)
    elif isinstance(clipping, ClipByNorm):
        g = g * clipping.factor(frame.gradient_norm)
    theta = _of(edge, frame.params.W, frame.params.b)
    decays = rule.decays(edge.is_bias)
    if decays and not rule.decoupled:
        g = g + rule.weight_decay * theta
    eta = frame.rate * (rule.bias_rate if edge.is_bias else 1.0) if rate is None else rate
    clock = Clock(eta, Constant(), np.float64, frame.begun)
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

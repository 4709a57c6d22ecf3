"""What the objective of a step would be if one weight had another value, everything else held.

A curve like this is the reason for a choice of loss (Solla, Levin and Fleisher 1988): with a sigmoid at the output,
cross-entropy is convex in the weights of a single layer, and least squares is not. Where the sigmoid is flat, so is it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from bpstudio.insight.elements import Edge
from bpstudio.insight.gradcheck import Objective
from bpstudio.maths.operations import Array
from bpstudio.training.carry import check_fit
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame

REACH = 8.0
"""How far the curve goes on both sides of 0, unless the weight itself lies further out."""
_BESIDE = {("sigmoid", "bce"), ("softmax", "categorical_ce")}
_SQUARED = "half_squared_error"


@dataclass(frozen=True, eq=False)
class CostCurve:
    """The objective ``costs`` over ``values`` of one weight, and where the weight is: ``value``, ``cost``, ``slope``.

    ``others`` are the same over the loss that is the usual alternative, whose name is ``other``; empty where there is
    none.
    """

    values: Array
    costs: Array
    others: Array
    loss: str
    other: str
    value: float
    cost: float
    slope: float


def bends_up(costs: Array) -> bool:
    """Whether costs at even distances have no second difference below 0, but for rounding."""
    if not np.isfinite(costs).all():
        return False
    rounding = 1e-12 * max(1.0, float(np.abs(costs).max()))
    return bool((np.diff(costs, 2) >= -rounding).all())


def alternative(experiment: Experiment) -> str:
    """The loss that books compare with the present one: least squares beside a cross-entropy, and the other way round;
    "" where there is none.
    """
    output = experiment.network.layers[-1].activation
    for activation, entropy in _BESIDE:
        if output == activation and experiment.loss in (entropy, _SQUARED):
            return entropy if experiment.loss == _SQUARED else _SQUARED
    return ""


def cost_along(frame: Frame, edge: Edge, points: int = 121) -> CostCurve:
    """The objective over the values of one weight or bias. Raises ValueError for an unknown edge."""
    objective = Objective(frame)
    array, index = objective.place(edge)
    value, slope = float(array[index]), objective.recorded(edge)
    reach = max(REACH, 1.5 * abs(value)) if np.isfinite(value) else REACH
    values = np.linspace(-reach, reach, points)
    other = alternative(frame.experiment)
    others = np.zeros(0)
    if other:
        experiment = frame.experiment.replace(loss=other)
        try:
            check_fit(experiment, frame.dataset)
        except ValueError:
            other = ""  # its targets are of another kind
        else:
            others = _costs(Objective(dataclasses.replace(frame, experiment=experiment)), edge, values)
    costs = _costs(objective, edge, values)
    return CostCurve(values, costs, others, frame.experiment.loss, other, value, objective.value(), slope)


def _costs(objective: Objective, edge: Edge, values: Array) -> Array:
    array, index = objective.place(edge)
    kept, costs = float(array[index]), np.empty(len(values))
    for number, value in enumerate(values):
        array[index] = value
        costs[number] = objective.value()
    array[index] = kept
    return costs

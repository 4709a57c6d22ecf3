"""What the network answers to every row of its data, and what each row costs it.

The cost of a row is its own: the objective of a batch of one, without the 1/N, as everywhere where a single row is
looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bpstudio.engine.passes import weighted_inputs
from bpstudio.insight.response import predicted_class
from bpstudio.maths.losses import loss
from bpstudio.maths.operations import Array
from bpstudio.training.frame import Frame

_ROWS_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class Answers:
    """The outputs (rows, outputs), the own cost (rows,) and the class that is answered (rows,), None for numbers."""

    outputs: Array
    costs: Array
    classes: Array | None


def answers(frame: Frame, progress: Callable[[float], None] = lambda share: None) -> Answers:
    """The answers at a frame's parameters. `progress(share)` is called now and then and may raise to give up."""
    experiment, dataset = frame.experiment, frame.dataset
    network = experiment.network
    outputs = np.empty((dataset.rows, network.outputs))
    costs = np.empty(dataset.rows)
    record = loss(experiment.loss)
    own = record.scale(experiment.reduction, 1, network.outputs)
    last = network.layers[-1].activation
    for start in range(0, dataset.rows, _ROWS_AT_ONCE):
        progress(start / dataset.rows)
        part = slice(start, start + _ROWS_AT_ONCE)
        z, a = weighted_inputs(network, frame.params, dataset.x[part])
        outputs[part] = a[-1]
        with np.errstate(all="ignore"):
            costs[part] = record.rows(last, z[-1], a[-1], dataset.y[part]) * own
    classes = None if dataset.task == "regression" else predicted_class(dataset, outputs)
    return Answers(outputs, costs, classes)

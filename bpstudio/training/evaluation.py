"""The network judged on rows of the data at given parameters; nothing here touches a run."""

from __future__ import annotations

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.passes import weighted_inputs
from bpstudio.engine.trace import Params, Trace
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.operations import Array
from bpstudio.training.arithmetic import accuracy, compute_step
from bpstudio.training.experiment import Experiment


def probe(experiment: Experiment, params: Params, dataset: Dataset, row: int) -> Trace:
    """Forward and backward for one row at the given parameters: a trace of a batch of one."""
    if not 0 <= row < len(dataset.x):
        raise ValueError(f"row: expected 0 to {len(dataset.x) - 1}, got {row}")
    return compute_step(experiment, params, dataset.x[row : row + 1], dataset.y[row : row + 1])[0]


def evaluate(experiment: Experiment, params: Params, dataset: Dataset, rows: Array) -> tuple[float, float]:
    """(objective, accuracy) over the given rows of a data set; accuracy is NaN for a regression."""
    y = dataset.y[rows].astype(experiment.dtype)
    z, a = weighted_inputs(experiment.network, params, dataset.x[rows])
    output = experiment.network.layers[-1].activation
    with np.errstate(all="ignore"):
        costs = loss_named(experiment.loss).rows(output, z[-1], a[-1], y)
    total = float(costs.sum()) * loss_named(experiment.loss).scale(
        experiment.reduction, len(y), experiment.network.outputs
    )
    return total, float(accuracy(dataset.task, a[-1], y))

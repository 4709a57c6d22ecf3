"""The network judged on rows of the data at given parameters; nothing here touches a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.passes import weighted_inputs
from bpstudio.engine.penalizing import stretches
from bpstudio.engine.trace import Params, Trace, params_layout
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.operations import Array
from bpstudio.maths.penalties import Penalty, WeightPenalty, penalty_value
from bpstudio.training.arithmetic import accuracy, compute_step
from bpstudio.training.experiment import Experiment


def probe(experiment: Experiment, params: Params, dataset: Dataset, row: int) -> Trace:
    """Forward and backward for one row at the given parameters: a trace of a batch of one, of the row's own cost.

    Penalties are left out: they belong to the network or to a whole batch, not to a row.
    """
    if not 0 <= row < len(dataset.x):
        raise ValueError(f"row: expected 0 to {len(dataset.x) - 1}, got {row}")
    alone = experiment.replace(penalties=())
    return compute_step(alone, params, dataset.x[row : row + 1], dataset.y[row : row + 1])[0]


def evaluate(experiment: Experiment, params: Params, dataset: Dataset, rows: Array) -> tuple[float, float]:
    """(loss, accuracy) over the given rows of a data set; accuracy is NaN for a regression.

    The loss is without penalties: it says how good the answers are, whatever else was asked of the network, and can be
    compared between runs that were asked different things.
    """
    y = dataset.y[rows].astype(experiment.dtype)
    z, a = weighted_inputs(experiment.network, params, dataset.x[rows])
    output = experiment.network.layers[-1].activation
    with np.errstate(all="ignore"):
        costs = loss_named(experiment.loss).rows(output, z[-1], a[-1], y)
    rule = loss_named(experiment.loss)
    total = float(costs.sum()) * rule.scale(experiment.reduction, len(y), experiment.network.outputs)
    return total, float(accuracy(dataset.task, a[-1], y, dataset.middle))


def objective(experiment: Experiment, params: Params, x: Array, y: Array, training_rows: int | None = None) -> float:
    """Loss and penalties over rows x (N, inputs), y (N, outputs) taken as one batch: what a step differentiates.

    ``training_rows`` is n of the penalties that divide by it. A running-mean sparsity adds nothing. Dropout drops
    nothing here.
    """
    z, a = weighted_inputs(experiment.network, params, x)
    rule = loss_named(experiment.loss)
    with np.errstate(all="ignore"):
        costs = rule.rows(experiment.network.layers[-1].activation, z[-1], a[-1], y)
    loss = float(costs.sum()) * rule.scale(experiment.reduction, len(y), experiment.network.outputs)
    return loss + penalty(experiment, params, a, training_rows)


def penalty(experiment: Experiment, params: Params, a: Sequence[Array], training_rows: int | None = None) -> float:
    """What the penalties of an experiment add to the objective, at these parameters and outputs a of every layer."""
    network, rows = experiment.network, len(a[-1])
    layout = params_layout(network)

    def parameters(rule: Penalty) -> list[Array]:
        if not isinstance(rule, WeightPenalty):
            return []
        return [params.flat[place] for place in stretches(layout, range(len(network.layers)), rule.apply_to)]

    return sum(
        penalty_value(rule, parameters(rule), lambda layer: np.mean(a[layer], axis=0), rows, training_rows)
        for rule in experiment.penalties
    )

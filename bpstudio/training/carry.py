"""What an edit carries over: parameters and optimiser state where rule and shape stay, fresh draws elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.network import MEMORY_LIMIT
from bpstudio.engine.trace import Params, draw_params, params_layout
from bpstudio.maths.activations import activation
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.operations import Array
from bpstudio.training.experiment import Experiment


def carried(
    old: Experiment, old_params: Params, old_state: dict[str, Params], new: Experiment, typed: Params | None
) -> tuple[Params, dict[str, Params], bool]:
    """(parameters, optimiser state, whether the run restarts) for an experiment that follows another.

    Layers whose inputs, units and initialiser are the same keep their parameters; the others are drawn from the seed.
    ``typed`` parameters win over both. A run restarts when no layer is kept, or the data's width or the seed changed.
    """
    kept, restarts = _kept_layers(old, new)
    params = draw_params(new.network, new.seed)
    if not restarts:
        _copy(old_params, params, kept)
    if typed is not None:
        _copy(typed, params, [(number, number) for number in range(len(new.network.layers))])
    state: dict[str, Params] = {}
    if not restarts and new.optimizer.name == old.optimizer.name:
        # A velocity is made of gradients, and turns with its parameter where a bias becomes a threshold.
        for name, values in old_state.items():
            state[name] = Params(new.network, np.zeros_like(params.flat))
            _copy(values, state[name], kept)
    return params, state, restarts


def _copy(source: Params, into: Params, layers: list[tuple[int, int]]) -> None:
    for to, number in layers:
        into.take(to, source, number)


def packed(experiment: Experiment, params: Params, state: dict[str, Params]) -> Array:
    """Parameters and optimiser state in one flat array, in the layout of the experiment's network."""
    network = experiment.network
    size = params_layout(network).size
    memory = np.zeros(size * (1 + len(experiment.optimizer.states)), experiment.dtype)
    for number, name in enumerate(("", *experiment.optimizer.states)):
        source = params if not name else state.get(name)
        if source is not None:
            target = Params(network, memory[size * number : size * (number + 1)])
            for layer in range(len(network.layers)):
                target.take(layer, source, layer)
    return memory


def named_states(experiment: Experiment, flat: Array) -> dict[str, Params]:
    """The optimiser's numbers by name, as views into their flat array."""
    size = params_layout(experiment.network).size
    return {
        name: Params(experiment.network, flat[size * i : size * (i + 1)])
        for i, name in enumerate(experiment.optimizer.states)
    }


def same_values(first: Params, second: Params) -> bool:
    """Bitwise the same values, layer by layer, in the second one's dtype: −0.0 is not 0.0, and trains differently."""
    pairs = zip([*first.W, *first.b], [*second.W, *second.b], strict=True)
    return all(np.asarray(p, q.dtype).tobytes() == q.tobytes() for p, q in pairs)


def _kept_layers(old: Experiment, new: Experiment) -> tuple[list[tuple[int, int]], bool]:
    """((new layer, old layer) of those that keep their parameters, whether the run restarts)."""
    ends = (old.network.inputs, old.network.outputs), (new.network.inputs, new.network.outputs)
    if old.seed != new.seed or ends[0] != ends[1]:
        return [], True

    def signature(experiment: Experiment, number: int) -> tuple[Any, ...]:
        layer = experiment.network.layers[number]
        return (experiment.network.sizes[number], layer.units, layer.initializer)

    count_old, count_new = len(old.network.layers), len(new.network.layers)
    shorter = min(count_old, count_new)
    front = 0
    while front < shorter and signature(old, front) == signature(new, front):
        front += 1
    back = 0
    while back < shorter - front and signature(old, count_old - 1 - back) == signature(new, count_new - 1 - back):
        back += 1
    # A layer in the middle that only changed its width leaves those around it touched, but not the others.
    inner = []
    if count_old == count_new:
        inner = [(n, n) for n in range(front, count_new - back) if signature(old, n) == signature(new, n)]
    kept = [(n, n) for n in range(front)] + inner
    kept += [(count_new - 1 - n, count_old - 1 - n) for n in range(back)]
    return kept, not kept


def check_fit(experiment: Experiment, dataset: Dataset) -> None:
    """Refuse data that the network or the loss cannot take. Raises ValueError that names what was expected."""
    network = experiment.network
    if dataset.x.shape[1] != network.inputs:
        raise ValueError(f"network.inputs: the data has {dataset.x.shape[1]} input columns, got {network.inputs}")
    if dataset.y.shape[1] != network.outputs:
        last = len(network.layers) - 1
        raise ValueError(
            f"network.layers[{last}].units: the data has {dataset.y.shape[1]} target columns, got {network.outputs}"
        )
    if len(dataset.train) == 0:
        raise ValueError("data: expected at least one training row, got none")
    rows = len(dataset.train) if experiment.batch_size == 0 else min(experiment.batch_size, len(dataset.train))
    need = network.memory_bytes(rows, 8 if experiment.dtype == "float64" else 4)
    if need > MEMORY_LIMIT:
        raise ValueError(
            f"batch_size: {rows:,} rows of this network need about {need / 2**30:,.1f} GiB of memory; "
            f"the limit is {MEMORY_LIMIT / 2**30:.0f} GiB. Use a smaller batch or fewer units."
        )
    _check_targets(experiment, dataset)


def _check_targets(experiment: Experiment, dataset: Dataset) -> None:
    last = len(experiment.network.layers) - 1
    output, rule = experiment.network.layers[last].activation, loss_named(experiment.loss)
    record = activation(output)
    # Looked at over the numbers that a unit usually gets: a loss that takes none below 0 has no value after a tanh.
    reached = record.f(np.repeat(np.linspace(-6.0, 6.0, 25)[:, None], experiment.network.outputs, axis=1))
    if not rule.takes(reached):
        bounds = "from 0 to 1" if np.isfinite(rule.highest) else "of at least 0"
        raise ValueError(f"loss: {rule.family} needs outputs {bounds}, which {output} does not keep to")
    misfit = rule.check_targets(dataset.y, output)
    if misfit is not None:
        column = "" if misfit.column is None else f", column {dataset.output_names[misfit.column]}"
        raise ValueError(f"data: row {misfit.row + 1}{column}: {misfit.problem}")

"""What an edit carries over: parameters and optimiser state where rule and shape stay, fresh draws elsewhere."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dropout
from bpstudio.engine.memory import gibibytes, memory_limit
from bpstudio.engine.penalizing import Averages, average_places, averages_size, named_averages
from bpstudio.engine.trace import Params, draw_params, params_layout
from bpstudio.maths.activations import activation
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.operations import Array
from bpstudio.training.experiment import Experiment, source_of
from bpstudio.training.update import fresh_state, further_numbers


def carried(
    old: Experiment, old_params: Params, old_state: dict[str, Params], new: Experiment, typed: Params | None
) -> tuple[Params, dict[str, Params] | None, bool]:
    """(parameters, optimiser state or None where it begins anew, whether the run restarts) for an experiment that
    follows another.

    Layers whose inputs, units and initialiser are the same keep their parameters; the others are drawn from the seed.
    ``typed`` parameters win over both. A run restarts when no layer is kept, or the data's width or the seed changed.
    """
    kept, restarts = _kept_layers(old, new)
    params = draw_params(new.network, new.seed)
    if not restarts:
        _copy(old_params, params, kept)
    if typed is not None:
        _copy(typed, params, [(number, number) for number in range(len(new.network.layers))])
    return params, None if restarts else _carried_state(old, old_state, new, kept), restarts


def _carried_state(
    old: Experiment, old_state: dict[str, Params], new: Experiment, kept: list[tuple[int, int]]
) -> dict[str, Params] | None:
    """The optimiser's numbers where rule and shape stay, its first ones elsewhere; None where all of them begin anew.

    A rule that counts its updates has one count for all parameters, which would be wrong for those whose state begins
    now: 1 − βᵗ must not be nearly 1 while a mean is still nearly 0. It begins anew as a whole.
    """
    if old.optimizer.meaning != new.optimizer.meaning:
        return None
    before, after = old.network.layers, new.network.layers
    of_weights = [(to, at) for to, at in kept if before[at].train_weights and after[to].train_weights]
    of_biases = [(to, at) for to, at in kept if before[at].trains_bias and after[to].trains_bias]
    trained = sum(layer.train_weights for layer in after), sum(layer.trains_bias for layer in after)
    if new.optimizer.counts and (len(of_weights), len(of_biases)) != trained:
        return None
    state = {}
    for name in new.optimizer.states:
        values = state[name] = Params(new.network, fresh_state(new, name))
        if name not in old_state:
            continue
        for to, at in of_weights:
            values.W[to][...] = old_state[name].W[at]
        for to, at in of_biases:
            # What is made of gradients turns with its parameter where a bias becomes a threshold; a square does not.
            turned = name in new.optimizer.signed and before[at].bias_sign != after[to].bias_sign
            values.b[to][...] = 0.0 - old_state[name].b[at] if turned else old_state[name].b[at]
    return state


def _copy(source: Params, into: Params, layers: list[tuple[int, int]]) -> None:
    for to, number in layers:
        into.take(to, source, number)


def carried_averages(old: Experiment, averages: Averages, new: Experiment) -> Averages:
    """The running means of a sparsity in the layers that are kept and listed before and after an edit."""
    listed = average_places(new.network, new.penalties)
    return {to: averages[at] for to, at in _kept_layers(old, new)[0] if at in averages and to in listed}


def memory_size(experiment: Experiment) -> int:
    """How many numbers ``packed`` makes of an experiment's parameters, optimiser state and running means."""
    network = experiment.network
    size = params_layout(network).size * (1 + len(experiment.optimizer.states))
    return size + averages_size(network, experiment.penalties)


def packed(
    experiment: Experiment,
    params: Params,
    state: dict[str, Params] | None = None,
    averages: Averages = MappingProxyType({}),
) -> Array:
    """Parameters, optimiser state and running means of a sparsity in one flat array, in the layout of the experiment's
    network; a state that is not given is what it is at first, and a mean is 0.
    """
    network = experiment.network
    size = params_layout(network).size
    count = 1 + len(experiment.optimizer.states)
    memory = np.zeros(memory_size(experiment), experiment.dtype)
    for number, mean in named_averages(network, experiment.penalties, memory[size * count :]).items():
        if number in averages:
            mean[...] = averages[number]
    for number, name in enumerate(("", *experiment.optimizer.states)):
        source = params if not name else (state or {}).get(name)
        part = memory[size * number : size * (number + 1)]
        if source is None:
            part[...] = fresh_state(experiment, name)
            continue
        target = Params(network, part)
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


def averages_of(experiment: Experiment, flat: Array) -> Averages:
    """The running means of a sparsity by layer, counted from 0: views into what follows the optimiser's numbers."""
    start = params_layout(experiment.network).size * len(experiment.optimizer.states)
    return named_averages(experiment.network, experiment.penalties, flat[start:])


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
        network = experiment.network
        layer = network.layers[number]
        # Layers without weights have nothing to carry; what they make of a shape is in the shapes of the others.
        return (layer.kind, network.shapes[number], network.weight_shapes[number], layer.initializer)

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
    return kept, not any(new.network.layers[number].has_weights for number, _ in kept)


def judged_alike(old: Experiment, old_data: Dataset, new: Experiment, data: Dataset) -> bool:
    """Whether costs of the rows that are judged mean the same before and after an edit."""
    if (old.loss, old.reduction) != (new.loss, new.reduction):
        return False
    return data is old_data or data.hash == old_data.hash


def check_fit(experiment: Experiment, dataset: Dataset) -> None:
    """Refuse data that the network or the loss cannot take. Raises ValueError that names what was expected."""
    network = experiment.network
    if dataset.x.shape[1] != network.inputs:
        raise ValueError(f"network.inputs: the data has {dataset.x.shape[1]} input columns, got {network.inputs}")
    rule = loss_named(experiment.loss)
    if dataset.outputs == 1 < network.outputs and rule.of_rows:
        wrong = dataset.y[:, 0][~np.isin(dataset.y[:, 0], np.arange(network.outputs))]
        found = f", and {wrong[0]:g} is none of 0 to {network.outputs - 1}" if wrong.size else ""
        raise ValueError(
            f"data: {rule.family} needs a target column for each of the {network.outputs} classes, 1 in that of the "
            f"row's class and 0 in the others; got one column of class numbers{found}"
        )
    if dataset.y.shape[1] != network.outputs:
        last = len(network.layers) - 1
        raise ValueError(
            f"network.layers[{last}].units: the data has {dataset.y.shape[1]} target columns, got {network.outputs}"
        )
    if len(dataset.train) == 0:
        raise ValueError("data: expected at least one training row, got none")
    for number, layer in enumerate(network.layers):
        if isinstance(layer, Dropout) and layer.masks and len(layer.masks) < dataset.rows:
            raise ValueError(
                f"network.layers[{number}].masks: expected one for each of the {dataset.rows} rows of the data, "
                f"got {len(layer.masks)}"
            )
    rows = len(dataset.train) if experiment.batch_size == 0 else min(experiment.batch_size, len(dataset.train))
    itemsize = 8 if experiment.dtype == "float64" else 4
    need = network.memory_bytes(rows, itemsize) + itemsize * further_numbers(experiment)
    if need > memory_limit():
        raise ValueError(
            f"batch_size: {rows:,} rows of this network need about {gibibytes(need)} GiB of memory; "
            f"the limit is {gibibytes(memory_limit())} GiB. Use a smaller batch or fewer units."
        )
    _check_targets(experiment, dataset)


def _check_targets(experiment: Experiment, dataset: Dataset) -> None:
    network, rule = experiment.network, loss_named(experiment.loss)
    last = len(network.layers) - 1
    source = source_of(network, last)
    made, output = network.layers[source].activation, network.layers[last].activation
    # Looked at over the numbers that a unit usually gets: a loss that takes none below 0 has no value after a tanh.
    usual = np.repeat(np.linspace(-6.0, 6.0, 25)[:, None], network.sizes[source + 1], axis=1)
    reached = activation(made).f(usual)
    if not rule.takes(reached):
        bounds = "from 0 to 1" if np.isfinite(rule.highest) else "of at least 0"
        raise ValueError(f"loss: {rule.family} needs outputs {bounds}, which {made} does not keep to")
    misfit = rule.check_targets(dataset.y, output)
    if misfit is not None:
        column = "" if misfit.column is None else f", column {dataset.output_names[misfit.column]}"
        raise ValueError(f"data: row {misfit.row + 1}{column}: {misfit.problem}")

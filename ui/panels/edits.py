"""One experiment in, another one out: what each control of the builder does, without any control.

An edit makes a whole new Experiment, so it either is valid or raises, and the old one stays as it was.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import (
    LAYERS,
    Activate,
    AvgPool2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool2D,
    Shape,
)
from bpstudio.engine.network import Network
from bpstudio.insight.conventions import changed
from bpstudio.maths.activations import fitted
from bpstudio.maths.penalties import KLSparsity, Penalty, RunningSparsity
from bpstudio.training.adaptive import AdamW
from bpstudio.training.carry import check_fit
from bpstudio.training.clipping import CLIPPINGS
from bpstudio.training.experiment import Experiment
from bpstudio.training.schedules import SCHEDULES
from bpstudio.training.stopping import EarlyStopping
from ui.panels.plain import PlainError

MOST_UNITS = 10**12
"""Above this a memory estimate only fills the screen with digits."""


def with_layers(experiment: Experiment, layers: Sequence[Layer]) -> Experiment:
    """The same experiment on other layers; a sparsity goes with the layers of which it is asked, and goes with the
    last of them.
    """
    network = dataclasses.replace(experiment.network, layers=tuple(layers))
    return experiment.replace(network=network, penalties=_following(experiment, layers))


def _following(experiment: Experiment, layers: Sequence[Layer]) -> tuple[Penalty, ...]:
    """The penalties where the layers stand now; a layer that is the same object was only moved."""
    before = experiment.network.layers
    if len(before) == len(layers) and sum(old is not new for old, new in zip(before, layers, strict=True)) <= 1:
        return experiment.penalties
    now = {id(layer): place for place, layer in enumerate(layers)}
    rules: list[Penalty] = []
    for rule in experiment.penalties:
        if isinstance(rule, (KLSparsity, RunningSparsity)):
            listed = tuple(now[id(before[n])] for n in rule.layers if id(before[n]) in now)
            rules += [dataclasses.replace(rule, layers=listed)] if listed else []
        else:
            rules.append(rule)
    return tuple(rules)


def with_layer(experiment: Experiment, index: int, **changes: Any) -> Experiment:
    """Layer `index` (from 0) with other fields."""
    if changes.get("units", 0) > MOST_UNITS:
        raise PlainError("No computer has the memory for that many units.")
    layers = list(experiment.network.layers)
    if "units" in changes and "activation" not in changes:
        # Units with functions of their own: a new one has that of the last.
        changes["activation"] = fitted(layers[index].activation, changes["units"])
    layers[index] = dataclasses.replace(layers[index], **changes)
    return with_layers(experiment, layers)


def with_hidden_layer(experiment: Experiment) -> Experiment:
    """One more hidden layer below the output, like the one under it."""
    layers = list(experiment.network.layers)
    below = next((layer for layer in reversed(layers[:-1]) if isinstance(layer, Dense)), None)
    if below is None:
        below = Dense(4, "tanh" if layers[-1].activation != "sigmoid" else "sigmoid")
    at = _output(layers)
    layers.insert(at, dataclasses.replace(below, train_weights=True, train_bias=True, name=""))
    return with_layers(experiment, _flattened(experiment.network, layers))


def with_new_layer(experiment: Experiment, kind: str) -> Experiment:
    """One more layer of a kind, where it makes sense: layers for images behind the last of them, others below the
    output. A Flatten is put where images meet a dense layer.
    """
    network = experiment.network
    if kind == Dense.kind:
        return with_hidden_layer(experiment)
    layers = list(network.layers)
    if not LAYERS[kind].spatial:
        layers.insert(_output(layers), Activate("relu") if kind == Activate.kind else Dropout())
        return with_layers(experiment, _flattened(network, layers))
    if network.input_shape is None:
        raise PlainError("Convolution and pooling need images; these data are rows of numbers.")
    at = max((number + 1 for number, layer in enumerate(layers) if layer.spatial), default=0)
    layers.insert(at, _fitting(network, layers, at, kind))
    return with_layers(experiment, _flattened(network, layers))


def _output(layers: Sequence[Layer]) -> int:
    """Where the layer with the output's weights stands; activations of their own may follow it."""
    return max((number for number, layer in enumerate(layers) if layer.has_weights), default=len(layers) - 1)


def _fitting(network: Network, layers: Sequence[Layer], at: int, kind: str) -> Layer:
    """A new layer for images whose window is no larger than the image that it gets."""
    shape = network.input_shape or (1, 1)
    image: Shape = shape if len(shape) == 3 else (1, *shape)
    for layer in layers[:at]:
        image = layer.output_shape(image)
    most = 3 if kind == Conv2D.kind else 2
    window = min(most, *image[1:]), min(most, *image[1:])
    if kind == Conv2D.kind:
        return Conv2D(4, window)
    return (MaxPool2D if kind == MaxPool2D.kind else AvgPool2D)(window, window)


def _flattened(network: Network, layers: Sequence[Layer]) -> list[Layer]:
    """The layers with a Flatten where images meet a dense layer, and without one that has nothing to flatten."""
    shape = network.input_shape
    is_image = shape is not None and (len(shape) == 3 or layers[0].spatial)
    kept: list[Layer] = []
    for layer in layers:
        if isinstance(layer, Flatten) and not is_image:
            continue
        if isinstance(layer, Dense) and is_image:
            kept.append(Flatten())
        is_image = is_image and not isinstance(layer, (Dense, Flatten))
        kept.append(layer)
    return kept


def without_layer(experiment: Experiment, index: int) -> Experiment:
    """Without a hidden layer; the output layer stays, because the data decides how many outputs there are."""
    layers = list(experiment.network.layers)
    if index == _output(layers):
        raise PlainError("The output layer stays: the data says how many outputs there are.")
    del layers[index]
    return with_layers(experiment, _flattened(experiment.network, layers))


def with_moved_layer(experiment: Experiment, index: int, by: int) -> Experiment:
    """A hidden layer `by` places further up (positive) or down among the hidden layers."""
    layers = list(experiment.network.layers)
    target = index + by
    if not (0 <= index < len(layers) - 1 and 0 <= target < len(layers) - 1):
        raise PlainError("Only hidden layers change places.")
    layers.insert(target, layers.pop(index))
    return with_layers(experiment, _flattened(experiment.network, layers))


def with_initializer(experiment: Experiment, **changes: Any) -> Experiment:
    """The initialiser of every layer with other fields."""
    return with_layers(
        experiment,
        [
            dataclasses.replace(layer, initializer=dataclasses.replace(layer.initializer, **changes))
            if isinstance(layer, (Dense, Conv2D))
            else layer
            for layer in experiment.network.layers
        ],
    )


def with_rule(experiment: Experiment, rule: str) -> Experiment:
    """Another optimiser at the same rate. AdamW decays, or it would be Adam."""
    new = changed(experiment, "optimizer", rule)
    if isinstance(new.optimizer, AdamW) and new.optimizer.weight_decay == 0:
        return new.replace(optimizer=dataclasses.replace(new.optimizer, weight_decay=AdamW.usual_decay))
    return new


def with_schedule(experiment: Experiment, schedule: str) -> Experiment:
    """Another schedule, with its usual numbers."""
    return experiment.replace(schedule=SCHEDULES[schedule]())


def with_clipping(experiment: Experiment, clipping: str) -> Experiment:
    """Another way of clipping; "" for none."""
    return experiment.replace(clipping=CLIPPINGS[clipping]() if clipping else None)


def with_stopping(experiment: Experiment, is_on: bool) -> Experiment:
    """With or without early stopping."""
    return experiment.replace(stopping=EarlyStopping() if is_on else None)


def fits(experiment: Experiment, dataset: Dataset) -> bool:
    """Whether this experiment can be trained on this data as it is."""
    try:
        check_fit(experiment, dataset)
    except ValueError:
        return False
    return experiment.network.input_shape == dataset.input_shape

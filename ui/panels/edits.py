"""One experiment in, another one out: what each control of the builder does, without any control.

An edit makes a whole new Experiment, so it either is valid or raises, and the old one stays as it was.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.maths.initializers import Initializer
from bpstudio.training.carry import check_fit
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD, Momentum
from ui.panels.plain import PlainError

MOST_UNITS = 10**12
"""Above this a memory estimate only fills the screen with digits."""


def with_layers(experiment: Experiment, layers: Sequence[Dense]) -> Experiment:
    """The same experiment on other layers."""
    return experiment.replace(network=dataclasses.replace(experiment.network, layers=tuple(layers)))


def with_layer(experiment: Experiment, index: int, **changes: Any) -> Experiment:
    """Layer `index` (from 0) with other fields."""
    if changes.get("units", 0) > MOST_UNITS:
        raise PlainError("No computer has the memory for that many units.")
    layers = list(experiment.network.layers)
    layers[index] = dataclasses.replace(layers[index], **changes)
    return with_layers(experiment, layers)


def with_hidden_layer(experiment: Experiment) -> Experiment:
    """One more hidden layer below the output, like the one under it."""
    layers = list(experiment.network.layers)
    below = layers[-2] if len(layers) > 1 else Dense(4, "tanh" if layers[-1].activation != "sigmoid" else "sigmoid")
    layers.insert(len(layers) - 1, dataclasses.replace(below, train_weights=True, train_bias=True, name=""))
    return with_layers(experiment, layers)


def without_layer(experiment: Experiment, index: int) -> Experiment:
    """Without a hidden layer; the output layer stays, because the data decides how many outputs there are."""
    layers = list(experiment.network.layers)
    if index == len(layers) - 1:
        raise PlainError("The output layer stays: the data says how many outputs there are.")
    del layers[index]
    return with_layers(experiment, layers)


def with_moved_layer(experiment: Experiment, index: int, by: int) -> Experiment:
    """A hidden layer `by` places further up (positive) or down among the hidden layers."""
    layers = list(experiment.network.layers)
    target = index + by
    if not (0 <= index < len(layers) - 1 and 0 <= target < len(layers) - 1):
        raise PlainError("Only hidden layers change places.")
    layers.insert(target, layers.pop(index))
    return with_layers(experiment, layers)


def with_initializer(experiment: Experiment, **changes: Any) -> Experiment:
    """The initialiser of every layer with other fields."""
    return with_layers(
        experiment,
        [
            dataclasses.replace(layer, initializer=dataclasses.replace(layer.initializer, **changes))
            for layer in experiment.network.layers
        ],
    )


def with_rule(experiment: Experiment, rule: str) -> Experiment:
    """Another optimiser at the same rate."""
    rate = experiment.optimizer.rate
    return experiment.replace(optimizer=Momentum(rate) if rule == "momentum" else SGD(rate))


def fits(experiment: Experiment, dataset: Dataset) -> bool:
    """Whether this experiment can be trained on this data as it is."""
    try:
        check_fit(experiment, dataset)
    except ValueError:
        return False
    return experiment.network.input_shape == dataset.input_shape


def suggested(dataset: Dataset) -> Experiment:
    """A network and conventions that suit the data: one hidden tanh layer, and the output that the task asks for."""
    hidden = 30 if dataset.inputs > 50 else 8
    activation, loss, rate = {
        "regression": ("identity", "half_squared_error", 0.05),
        "binary": ("sigmoid", "bce", 0.1),
        "classes": ("softmax", "categorical_ce", 0.1),
    }[dataset.task]
    xavier = Initializer("xavier_normal")
    layers = (Dense(hidden, "tanh", xavier), Dense(dataset.outputs, activation, xavier))
    return Experiment(
        network=Network(dataset.inputs, layers, dataset.input_shape),
        loss=loss,
        optimizer=SGD(rate),
        batch_size=min(32, len(dataset.train)),
    )

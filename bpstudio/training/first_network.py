"""A network and conventions to begin with on data that nobody has trained on yet."""

from __future__ import annotations

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.maths.initializers import Initializer
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD


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

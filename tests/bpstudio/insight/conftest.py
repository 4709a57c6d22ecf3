"""Networks, data and sessions for the tests of insight."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Activate, AvgPool2D, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params
from bpstudio.maths.initializers import Initializer
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session

#: Weights that keep every unit away from 0 and from its flat ends, so that relative errors mean something.
START = Initializer(weights="normal", std=0.7, biases="normal", bias_std=0.3)


def mazur_session(**changes: object) -> Session:
    """The worked 2-2-2 example, biases frozen."""
    layers = tuple(Dense(2, train_bias=False) for _ in range(2))
    network = Network(2, layers)
    start = Params.from_layers(
        network, [([[0.15, 0.20], [0.25, 0.30]], [0.35, 0.35]), ([[0.40, 0.45], [0.50, 0.55]], [0.60, 0.60])]
    )
    data = Dataset.from_arrays(np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]]))
    return Session(Experiment(network, optimizer=SGD(0.5)).replace(**changes), data, start)


def random_session(
    sizes: tuple[int, ...] = (4, 5, 3),
    activations: tuple[str, ...] = ("tanh", "sigmoid"),
    loss: str = "half_squared_error",
    rows: int = 12,
    batch_size: int = 4,
    seed: int = 0,
    biases: tuple[str, ...] = (),
    **changes: object,
) -> Session:
    """A session on random data that suits the loss."""
    rng = np.random.default_rng(seed)
    kinds = biases or ("bias",) * len(activations)
    specs = zip(sizes[1:], activations, kinds, strict=True)
    layers = tuple(Dense(units, name, START, bias=kind) for units, name, kind in specs)
    x, outputs = rng.normal(size=(rows, sizes[0])), sizes[-1]
    if loss == "categorical_ce":
        y = np.eye(outputs)[rng.integers(0, outputs, rows)]
    elif loss == "bce":
        y = rng.uniform(0.05, 0.95, (rows, outputs))
    else:
        y = rng.uniform(-0.9, 0.9, (rows, outputs))
    network = Network(sizes[0], layers)
    experiment = Experiment(network, loss=loss, batch_size=batch_size, seed=seed, optimizer=SGD(0.1))
    return Session(experiment.replace(**changes), Dataset.from_arrays(x, y))


@pytest.fixture(scope="session")
def mazur() -> Callable[..., Session]:
    return mazur_session


@pytest.fixture(scope="session")
def session() -> Callable[..., Session]:
    return random_session


IMAGE = (2, 7, 6)
LAYERS: tuple[Layer, ...] = (
    Conv2D(2, (3, 2), (2, 1), (1, 1), "tanh", "convolution"),
    MaxPool2D((2, 2), (1, 1)),
    Dropout(0.4),
    Conv2D(2, (2, 2), activation="relu", bias="threshold"),
    Activate("tanh"),
    AvgPool2D((2, 2), (1, 1), (1, 0)),
    Flatten(),
    Dense(3, "tanh"),
    Dropout(0.4),
    Dense(2, "identity"),
)
"""One layer of each kind, with strides, borders, a turned kernel and a threshold."""


@pytest.fixture(scope="session")
def image_network() -> Network:
    """A network with one layer of each kind."""
    return Network(math.prod(IMAGE), LAYERS, IMAGE)


@pytest.fixture(scope="session")
def image_frame() -> Callable[..., Frame]:
    """Makes the first step of layers on noise: image_frame(layers, shape, rows of the batch)."""

    def make(layers: tuple[Layer, ...] = LAYERS, shape: tuple[int, ...] = IMAGE, batch: int = 3) -> Frame:
        random = np.random.default_rng(3)
        network = Network(math.prod(shape), layers, shape if len(shape) > 1 else None)
        rows = batch + 1
        x, y = (random.normal(size=(rows, count)) for count in (network.inputs, network.outputs))
        experiment = Experiment(network, loss="half_squared_error", batch_size=batch, optimizer=SGD(0.1))
        return Session(experiment, Dataset.from_arrays(x, y)).frame()

    return make

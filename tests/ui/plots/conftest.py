"""Runs to draw, made once: real sessions, stepped a little."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtWidgets import QApplication

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params
from bpstudio.maths.initializers import Initializer
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.metrics import Leg, Metrics, Series
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session
from ui import language, theme
from ui.focus import Focus


@pytest.fixture(autouse=True)
def looks(qapp: QApplication) -> Iterator[None]:
    """Each test begins in English and in the dark."""
    language.install(qapp, "en")
    theme.apply(qapp, "dark")
    yield
    language.install(qapp, "en")
    theme.apply(qapp, "dark")


@pytest.fixture
def focus(qapp: QApplication) -> Focus:
    return Focus()


def mazur(steps: int) -> Session:
    """The worked 2-2-2 example: one row."""
    network = Network(2, (Dense(2, train_bias=False), Dense(2, train_bias=False)))
    layers = [([[0.15, 0.2], [0.25, 0.3]], [0.35, 0.35]), ([[0.4, 0.45], [0.5, 0.55]], [0.6, 0.6])]
    session = Session(
        Experiment(network), Dataset.from_arrays([[0.05, 0.1]], [[0.01, 0.99]]), Params.from_layers(network, layers)
    )
    session.run(steps)
    return session


def three_classes(steps: int, hidden: tuple[Dense, ...] = (Dense(6, "tanh"),)) -> Session:
    """Three clouds of two inputs; a quarter of the rows validates."""
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 1.0], [1.0, -0.5], [-1.0, -0.5]])
    kind = np.repeat([0, 1, 2], 24)
    dataset = Dataset.from_arrays(
        centres[kind] + 0.4 * rng.normal(size=(72, 2)),
        kind,
        task="classes",
        class_names=("setosa", "versicolor", "virginica"),
        input_names=("length", "width"),
        validation=np.arange(0, 72, 4),
    )
    network = Network(2, (*hidden, Dense(3, "softmax")))
    experiment = Experiment(network, loss="categorical_ce", optimizer=SGD(0.2), batch_size=9)
    session = Session(experiment, dataset)
    session.run(steps)
    return session


def sine(steps: int, rate: float = 0.1) -> Session:
    """A regression with one input."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, 40)
    dataset = Dataset.from_arrays(x, np.sin(x), validation=np.arange(30, 40))
    network = Network(1, (Dense(8, "tanh"), Dense(1, "identity")))
    session = Session(Experiment(network, optimizer=SGD(rate), batch_size=0), dataset)
    session.run(steps)
    return session


def xor_from_zero(steps: int, batch_size: int = 0) -> Session:
    """Zero weights on the full batch: every gradient is exactly 0."""
    zeros = Initializer("zeros")
    network = Network(2, (Dense(2, "sigmoid", zeros), Dense(1, "sigmoid", zeros)))
    dataset = Dataset.from_arrays([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], task="binary")
    session = Session(Experiment(network, batch_size=batch_size, shuffle=False), dataset)
    session.run(steps)
    return session


@pytest.fixture
def mazur_session() -> Session:
    return mazur(0)


@pytest.fixture(scope="session")
def mazur_frame() -> Frame:
    return mazur(60).frame()


@pytest.fixture(scope="session")
def classes_frame() -> Frame:
    return three_classes(90).frame()


@pytest.fixture(scope="session")
def relu_frame() -> Frame:
    return three_classes(20, (Dense(6, "relu"),)).frame()


@pytest.fixture(scope="session")
def deep_frame() -> Frame:
    return three_classes(30, tuple(Dense(6, "sigmoid") for _ in range(10))).frame()


@pytest.fixture(scope="session")
def sine_frame() -> Frame:
    return sine(80).frame()


@pytest.fixture(scope="session")
def diverged_frame() -> Frame:
    session = sine(0, rate=80.0)
    session.run(500)
    return session.frame()


@pytest.fixture(scope="session")
def zero_frame() -> Frame:
    return xor_from_zero(20).frame()


@pytest.fixture(scope="session")
def recorded(mazur_frame: Frame) -> Callable[..., Frame]:
    """A frame whose record is this series of losses; every other column is 0.1."""

    def frame(losses: np.ndarray, budget: int | None = None) -> Frame:
        columns = mazur_frame.metrics.columns
        numbers, units = Series(len(columns)), Series(4, np.uint8)
        rows = np.full((len(losses), len(columns)), 0.1)
        rows[:, columns.index("loss")] = losses
        numbers.append(rows)
        units.append(np.zeros((len(losses), 4), np.uint8))
        if budget is not None:
            numbers.forget(budget)
        places = ((1, 0), (1, 1), (2, 0), (2, 1))
        leg = Leg(0, len(losses), columns, numbers.view(), units.view(), places, np.empty((0, 3)))
        last = len(losses) - 1
        return replace(mazur_frame, metrics=Metrics((leg,)), step=last, last_step=last)

    return frame

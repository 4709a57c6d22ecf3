"""A runner, a focus and the panels on them, as the main window wires them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import pytest
from PyQt6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.walk import Walk
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session
from ui import language, theme
from ui.focus import Focus
from ui.runner import Runner


class View(Protocol):
    def show_frame(self, frame: Frame) -> None: ...


@dataclass
class Stage:
    """Everything a panel needs; closed after the test."""

    qtbot: QtBot
    runner: Runner = field(default_factory=Runner)
    focus: Focus = field(default_factory=Focus)
    views: list[View] = field(default_factory=list)
    window: QWidget | None = None

    def __post_init__(self) -> None:
        self.runner.frame_arrived.connect(self._arrived)
        self.failures: list[str] = []
        self.runner.failed.connect(self.failures.append)

    def open(self, session: Session) -> None:
        self.runner.open(session)
        self.settle()

    def show(self, *panels: QWidget, width: int = 200, height: int = 700) -> None:
        """Put panels under each other into a window of the left column's width, and let frames reach them."""
        self.window = QWidget()
        self.qtbot.addWidget(self.window)
        column = QVBoxLayout(self.window)
        column.setContentsMargins(8, 8, 8, 8)
        for panel in panels:
            column.addWidget(panel)
            self.views.append(panel)  # type: ignore[arg-type]
        column.addStretch(1)
        self.window.resize(width, height)
        self.window.show()
        self.window.activateWindow()
        self.qtbot.waitUntil(self.window.isActiveWindow)
        if self.runner.frame is not None:
            self._arrived(self.runner.frame)

    def settle(self) -> Frame:
        """Wait until every command is carried out and shown."""
        self.qtbot.waitUntil(lambda: self.runner.idle)
        assert self.runner.frame is not None
        return self.runner.frame

    @property
    def frame(self) -> Frame:
        assert self.runner.frame is not None
        return self.runner.frame

    def _arrived(self, frame: Frame) -> None:
        self.focus.follow(Walk.of(frame))
        for view in self.views:
            view.show_frame(frame)


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[Stage]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, "dark")
    language.install(app, "en")
    made = Stage(qtbot)
    yield made
    made.runner.close()
    language.install(app, "en")


def mazur() -> Session:
    """The worked 2-2-2 example."""
    layers = (Dense(2, train_bias=False), Dense(2, train_bias=False))
    experiment = Experiment(Network(2, layers), optimizer=SGD(0.5))
    data = Dataset.from_arrays(
        [[0.05, 0.10]], [[0.01, 0.99]], input_names=("i1", "i2"), output_names=("o1", "o2"), name="Mazur 2015"
    )
    start = Session(experiment, data).params
    for into, values in zip(start.W, ([[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]), strict=True):
        into[...] = values
    start.b[0][...] = 0.35
    start.b[1][...] = 0.60
    return Session(experiment, data, start=start)


def clouds(rows: int = 96, inputs: int = 4) -> Session:
    """Three classes in a 4-10-3 softmax network, 32 rows at once."""
    from numpy.random import default_rng

    rng = default_rng(7)
    kinds = rng.integers(0, 3, rows)
    x = rng.normal(size=(rows, inputs)) + kinds[:, None]
    data = Dataset.from_arrays(x, kinds, task="classes", validation=range(0, rows, 5))
    network = Network(inputs, (Dense(10, "tanh"), Dense(3, "softmax")))
    return Session(Experiment(network, loss="categorical_ce", optimizer=SGD(0.1), batch_size=32), data)


@pytest.fixture
def mazur_session() -> Session:
    return mazur()


@pytest.fixture
def clouds_session() -> Session:
    return clouds()

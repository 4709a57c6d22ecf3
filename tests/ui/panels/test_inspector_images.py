"""The explanation of layers of images, and the curve of the numerical check, with the real engine behind them."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

import bpstudio
from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Conv2D, Dense, Dropout, Flatten, MaxPool2D
from bpstudio.insight.elements import Edge, Element, KernelEntry, Map, Names, Pixel, Unit
from bpstudio.insight.walk import Walk
from ui import language, theme
from ui.explain.card import Card
from ui.focus import Focus
from ui.panels.inspector import Inspector
from ui.runner import Runner


class Bench:
    """An inspector on a small network of images."""

    def __init__(self, qtbot: QtBot) -> None:
        random = np.random.default_rng(4)
        layers = (Conv2D(2, (2, 2), activation="tanh"), MaxPool2D(), Flatten(), Dropout(0.3), Dense(2, "sigmoid"))
        network = bpstudio.Network(25, layers, (1, 5, 5))
        data = Dataset.from_arrays(random.uniform(size=(4, 25)), random.uniform(size=(4, 2)))
        session = bpstudio.Session(bpstudio.Experiment(network, batch_size=2), data)
        self.qtbot, self.runner, self.focus = qtbot, Runner(), Focus()
        self.focus.set(grain="edge")
        self.inspector = Inspector(self.runner, self.focus, Card)
        qtbot.addWidget(self.inspector)
        self.inspector.resize(330, 900)
        self.inspector.show()
        self.runner.frame_arrived.connect(lambda frame: self.focus.follow(Walk.of(frame)))
        self.runner.frame_arrived.connect(self.inspector.show_frame)
        self.runner.open(session)
        qtbot.waitUntil(lambda: self.runner.idle and self.focus.walk is not None)

    def look(self, element: Element | None, beat: str = "") -> None:
        walk = self.focus.walk
        assert walk is not None
        self.focus.set(playhead=walk.find("edge", beat) if beat else walk.count("edge"), selection=None)
        self.focus.set(selection=element)
        self.qtbot.waitUntil(lambda: self.runner.idle)

    def texts(self) -> str:
        return "\n".join(label.text() for label in self.inspector.findChildren(QLabel) if label.isVisible())


@pytest.fixture
def bench(qapp: QApplication, qtbot: QtBot) -> Iterator[Bench]:
    language.install(qapp, "en")
    theme.apply(qapp, "dark")
    made = Bench(qtbot)
    yield made
    made.runner.close()
    language.install(qapp, "en")


def test_a_pixel_shows_its_window_beside_the_kernel(bench: Bench) -> None:
    bench.look(Pixel(1, 1, 2, 0))
    card = bench.inspector._cards[0]
    assert isinstance(card, Card)
    assert [grid.title.text for grid in card.grids.grids] == ["window", "kernel"]
    assert card.grids.height() > 40
    assert "Pixel p¹₂,₃,₁ (layer 1, map 2, row 3, column 1)" in bench.texts()
    assert "The weighted input is the sum of 5 terms" in bench.texts()


def test_nothing_of_a_place_is_given_away_before_its_beat(bench: Bench) -> None:
    bench.look(Pixel(1, 1, 2, 0), "forward/p1_2_2_1")
    card = bench.inspector._cards[0]
    assert isinstance(card, Card)
    assert not card.grids.grids
    assert "Not computed yet" in bench.inspector._head._place.text()
    bench.look(Pixel(1, 1, 2, 0), "forward/p1_2_3_1")
    assert card.grids.grids


def test_a_number_of_a_kernel_is_checked_and_can_be_typed(bench: Bench) -> None:
    bench.look(KernelEntry(1, 0, 0, 1, 1))
    frame = bench.runner.frame
    assert frame is not None
    assert bench.inspector._shown == Edge(1, 0, 3)
    bench.qtbot.waitUntil(lambda: "✓" in bench.texts() or "kink" in bench.texts())
    assert "The sum of δ · x over 16 places" in bench.texts()
    bench.inspector.edit_value()
    bench.qtbot.keyClicks(bench.inspector._head._value, "0.25")
    bench.qtbot.keyClick(bench.inspector._head._value, Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: bench.runner.idle and float(bench.runner.frame.params.W[0][0, 0, 1, 1]) == 0.25)  # type: ignore[union-attr]


def test_a_map_and_a_beat_about_one_are_summed_up(bench: Bench) -> None:
    bench.look(Map(1, 0))
    assert "Map m¹₁ (layer 1, map 1 of 2)" in bench.texts()
    walk = bench.focus.walk
    assert walk is not None
    bench.focus.set(selection=None)
    bench.focus.set(grain="neuron", playhead=walk.find("neuron", "forward/m2_2"))
    bench.qtbot.waitUntil(lambda: "Map m²₂" in bench.texts())
    assert "at each the greatest of 2×2 pixels" in bench.texts()
    bench.focus.set(playhead=walk.find("neuron", "backward/m1_2/delta"))
    bench.qtbot.waitUntil(lambda: "δ of m¹₂: " in bench.texts())


def test_every_element_can_be_looked_at_in_both_languages(bench: Bench, qapp: QApplication) -> None:
    frame = bench.runner.frame
    assert frame is not None
    names = Names.of(frame.experiment.network)
    for tongue in ("en", "zh_CN"):
        language.install(qapp, tongue)
        for layer, shape in enumerate(names.shapes):
            bench.look(names.placed(Unit(layer, math.prod(shape) - 1)))
            assert bench.inspector.derivation is not None


def test_the_error_over_epsilon_unfolds(bench: Bench) -> None:
    bench.look(KernelEntry(1, 1, 0, 0, 0))
    check = bench.inspector._check
    assert check.plot.isHidden()
    bench.qtbot.mouseClick(check.more, Qt.MouseButton.LeftButton)
    bench.qtbot.waitUntil(lambda: check.plot.curve is not None)
    curve = check.plot.curve
    assert curve is not None
    assert curve.errors[0] > curve.errors.min()
    assert curve.errors[-1] > curve.errors.min()
    assert "best at ε = " in check.plot.accessibleName()
    first = check.plot.curve
    bench.look(Edge(5, 0, 0))
    bench.qtbot.waitUntil(lambda: check.plot.curve is not None and check.plot.curve is not first)
    bench.qtbot.mouseClick(check.more, Qt.MouseButton.LeftButton)
    assert check.plot.isHidden()

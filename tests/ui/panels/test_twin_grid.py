"""A map or a kernel in the table twin: a grid beside the table that it comes from."""

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Conv2D, Dense, Flatten, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.insight.elements import Edge, Kernel, KernelEntry, Map, Pixel, Unit
from bpstudio.insight.example import Numbers
from bpstudio.insight.notation import number
from bpstudio.training.experiment import Experiment
from bpstudio.training.session import Session
from ui.panels.twin import Twin
from ui.panels.twin_text import NOTHING_YET

SHOWN = Qt.ItemDataRole.DisplayRole


@pytest.fixture
def session() -> Session:
    random = np.random.default_rng(2)
    layers = (Conv2D(3, (3, 2), activation="tanh"), MaxPool2D((2, 2), (1, 1)), Flatten(), Dense(2))
    network = Network(2 * 5 * 4, layers, (2, 5, 4))
    data = Dataset.from_arrays(random.uniform(size=(6, 40)), random.uniform(size=(6, 2)))
    return Session(Experiment(network, batch_size=3), data)


@pytest.fixture
def twin(stage, session: Session) -> Twin:
    stage.open(session)
    made = Twin(stage.runner, stage.focus)
    stage.show(made, width=1280, height=300)
    stage.focus.set(grain="step", playhead=1)
    return made


def shown(twin: Twin, row: int, column: int) -> object:
    return twin.grid.cells.data(twin.grid.cells.index(row, column), SHOWN)


def test_a_map_is_a_grid_of_its_numbers(twin: Twin, stage) -> None:
    assert twin.grid.isHidden()
    stage.focus.set(selection=Map(1, 2))
    assert twin.grid.isVisible()
    assert twin.units.isVisible()
    assert not twin.edges.isVisible()
    values = np.asarray(Numbers(stage.runner.frame, stage.focus.example).a(1)).reshape(3, 3, 3)[2]
    assert (twin.grid.cells.rowCount(), twin.grid.cells.columnCount()) == (3, 3)
    for (row, column), value in np.ndenumerate(values):
        assert shown(twin, row, column) == number(float(value), 4)
    twin.grid.quantity.setCurrentIndex(twin.grid.quantity.findData("delta"))
    twin.grid.quantity.activated.emit(0)
    deltas = np.asarray(Numbers(stage.runner.frame, stage.focus.example).delta(1)).reshape(3, 3, 3)[2]
    assert shown(twin, 1, 2) == number(float(deltas[1, 2]), 4)


def test_a_cell_selects_its_pixel_and_is_followed(twin: Twin, stage) -> None:
    stage.focus.set(selection=Pixel(2, 1, 0, 1))
    assert twin.grid.whole == Map(2, 1)
    assert (twin.grid.view.currentIndex().row(), twin.grid.view.currentIndex().column()) == (0, 1)
    twin.grid.view.setCurrentIndex(twin.grid.cells.index(1, 0))
    assert stage.focus.selection == Pixel(2, 1, 1, 0)


def test_a_kernel_is_a_grid_of_its_weights(twin: Twin, stage, session: Session) -> None:
    stage.focus.set(selection=KernelEntry(1, 2, 1, 0, 1))
    assert twin.grid.whole == Kernel(1, 2, 1)
    assert twin.edges.isVisible()
    assert not twin.units.isVisible()
    kernel = session.frame().params.W[0][2, 1]
    assert (twin.grid.cells.rowCount(), twin.grid.cells.columnCount()) == kernel.shape
    assert shown(twin, 2, 1) == number(float(kernel[2, 1]), 4)
    row = twin.edges.rows.place_of(KernelEntry(1, 2, 1, 2, 1))
    assert row is not None
    assert twin.edges.rows.element(row) == KernelEntry(1, 2, 1, 2, 1)


def test_what_is_not_computed_stands_there_as_a_point(twin: Twin, stage) -> None:
    stage.focus.set(selection=Map(1, 0), grain="layer", playhead=0)
    assert shown(twin, 1, 1) == NOTHING_YET


def test_the_tables_come_back_with_another_selection(twin: Twin, stage) -> None:
    stage.focus.set(selection=Map(1, 0))
    for other in (Unit(3, 1), Edge(4, 0, 2), None):
        stage.focus.set(selection=other)
        assert twin.grid.isHidden()
        assert twin.units.isVisible()
        assert twin.edges.isVisible()


def test_the_grid_is_copied_with_every_digit(twin: Twin, stage) -> None:
    stage.focus.set(selection=Map(1, 1))
    twin.grid.view.copy()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    lines = [line.split("\t") for line in clipboard.text().splitlines()]
    values = np.asarray(Numbers(stage.runner.frame, stage.focus.example).a(1)).reshape(3, 3, 3)[1]
    assert np.array_equal(np.array(lines, dtype=float), values)


def test_images_are_rows_of_the_tables_too(twin: Twin, stage, session: Session) -> None:
    sizes = session.experiment.network.sizes
    pixels = twin.units.rows.sheet.table  # type: ignore[union-attr]
    assert pixels.rows == sum(sizes) + 2 + 2 * 2 + 2  # two +1 nodes, targets, parts of the loss, the costs
    weights = twin.edges.rows.sheet.table  # type: ignore[union-attr]
    assert weights.rows == session.experiment.network.parameter_count
    twin.search.setText("m1_2")
    assert len(twin.units.rows.order) == 9
    assert len(twin.edges.rows.order) == 2 * 6 + 1

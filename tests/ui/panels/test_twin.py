"""The table twin: what the tables show, follow, copy and say."""

import csv
import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QItemSelectionModel, QPointF, Qt
from PyQt6.QtGui import QEnterEvent, QGuiApplication, QMouseEvent
from PyQt6.QtWidgets import QApplication, QFileDialog

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.elements import BIAS, Edge, LossNode, Row, Target, Unit, WholeBatch
from bpstudio.training.experiment import Experiment
from bpstudio.training.session import Session
from ui import language
from ui.panels.twin import Twin
from ui.panels.twin_table import TwinTable
from ui.panels.twin_text import NOTHING_YET

SHOWN, EXACT, SPOKEN = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
)


@pytest.fixture
def twin(stage, mazur_session: Session) -> Twin:
    stage.open(mazur_session)
    made = Twin(stage.runner, stage.focus)
    stage.show(made, width=1280, height=300)
    stage.focus.set(notation="mazur", grain="edge", playhead=stage.focus.walk.find("edge", "backward/w5"))
    return made


def cell(table: TwinTable, element: object, column: str, role: Qt.ItemDataRole = SHOWN) -> object:
    place = table.rows.place_of(element)  # type: ignore[arg-type]
    assert place is not None
    return table.rows.data(table.rows.index(place, table.rows.columns.index(column)), role)


def headings(table: TwinTable) -> list[str]:
    return [
        str(table.rows.headerData(place, Qt.Orientation.Horizontal, SHOWN)) for place in range(len(table.rows.columns))
    ]


def test_numbers_stand_there_as_far_as_the_walk_has_come(twin: Twin, stage) -> None:
    assert headings(twin.units) == ["layer", "unit", "net", "value out", "∂C/∂out", "f′(net)", "δ"]
    assert headings(twin.edges)[3:] == ["w, b", "∂C/∂w", "update", "new w, b", "❄"]
    assert cell(twin.units, Unit(2, 0), "delta") == "0.138498562"
    assert cell(twin.units, Unit(1, 0), "delta") == NOTHING_YET
    assert cell(twin.units, Unit(0, 0), "a") == "0.05"
    assert cell(twin.units, Unit(0, 0), "z") == ""
    assert cell(twin.units, LossNode(), "a") == "0.298371109"
    assert cell(twin.edges, Edge(2, 0, 0), "gradient") == "0.082167041"
    assert cell(twin.edges, Edge(2, 0, 0), "weight") == "0.40"
    assert cell(twin.edges, Edge(2, 0, 0), "new") == NOTHING_YET
    assert cell(twin.edges, Edge(2, 0, BIAS), "frozen") == "❄"
    stage.focus.set(playhead=0)
    assert cell(twin.units, LossNode(), "a") == NOTHING_YET
    stage.focus.set(playhead=stage.focus.last)
    assert cell(twin.edges, Edge(2, 0, 0), "new") == "0.358916480"
    assert cell(twin.edges, Edge(2, 0, BIAS), "new") == "0.60", "frozen: as it was typed"


def test_the_digits_are_the_chosen_ones_and_the_tooltip_has_them_all(twin: Twin, stage) -> None:
    value = stage.frame.trace.layers[1].delta[0, 1]
    assert cell(twin.units, Unit(2, 1), "delta", EXACT) == repr(float(value))
    stage.focus.set(digits=4)
    assert cell(twin.units, Unit(2, 1), "delta") == "−0.0381"
    assert cell(twin.units, Unit(1, 1), "delta", EXACT) == "not computed yet"
    assert cell(twin.units, Unit(0, 1), "z", EXACT) is None


def test_a_screen_reader_hears_what_of_what(twin: Twin) -> None:
    assert twin.units.accessibleName() == "Units and loss of this step"
    assert cell(twin.units, Unit(2, 0), "delta", SPOKEN) == "δ of o₁: 0.138498562"
    assert cell(twin.units, Unit(1, 0), "delta", SPOKEN) == "δ of h₁: not computed yet"
    assert cell(twin.edges, Edge(2, 0, 0), "gradient", SPOKEN) == "∂C/∂w of w₅: 0.082167041, in this beat"
    assert cell(twin.edges, Edge(2, 0, BIAS), "frozen", SPOKEN) == "frozen"
    assert cell(twin.units, Unit(0, 0), "delta", SPOKEN) == "nothing"
    header = twin.units.rows.headerData(6, Qt.Orientation.Horizontal, SPOKEN)
    assert header == "δ: error term, +∂C/∂net"
    for widget in (twin.layer, twin.search, *twin.doors, twin.close_button):
        assert widget.accessibleName()


def test_the_sign_of_delta_is_that_of_the_notation(twin: Twin, stage) -> None:
    stage.focus.set(delta_sign=-1)
    assert cell(twin.units, Unit(2, 0), "delta") == "−0.138498562"
    assert "−∂C/∂net" in str(twin.units.rows.headerData(6, Qt.Orientation.Horizontal, SPOKEN))


def test_thresholds_are_called_so(twin: Twin, stage) -> None:
    network = stage.frame.experiment.network
    layers = tuple(dataclasses.replace(layer, bias="threshold") for layer in network.layers)
    stage.runner.apply(stage.frame.experiment.replace(network=dataclasses.replace(network, layers=layers)))
    stage.settle()
    twin.show_frame(stage.frame)
    assert headings(twin.edges)[3] == "w, θ"
    assert headings(twin.edges)[6] == "new w, θ"


def test_the_cell_of_the_beat_is_framed_and_in_sight(twin: Twin, stage) -> None:
    stage.focus.set(playhead=stage.focus.walk.find("edge", "update/b_o2"))
    here = twin.edges.rows.beat_cell()
    assert twin.edges.rows.element(here.row()) == Edge(2, 1, BIAS)
    viewport = twin.edges.viewport()
    assert viewport is not None
    assert viewport.rect().intersects(twin.edges.visualRect(here))
    framed = viewport.grab(twin.edges.visualRect(here)).toImage()
    stage.focus.set(playhead=stage.focus.playhead - 3)
    plain = viewport.grab(twin.edges.visualRect(here)).toImage()
    assert framed != plain


def test_what_is_selected_on_the_canvas_is_selected_here(twin: Twin, stage) -> None:
    stage.focus.set(selection=Edge(2, 1, 1))
    assert twin.edges.rows.element(twin.edges.currentIndex().row()) == Edge(2, 1, 1)
    assert not twin.units.currentIndex().isValid()
    stage.focus.set(selection=Target(1))
    assert twin.units.rows.element(twin.units.currentIndex().row()) == Target(1)
    assert not twin.edges.currentIndex().isValid()
    stage.focus.set(selection=None)
    assert not twin.units.currentIndex().isValid()


def test_arrow_keys_select_on_the_canvas(twin: Twin, stage) -> None:
    twin.take_keyboard()
    assert twin.edges.hasFocus(), "the beat is about an edge"
    assert stage.focus.selection is None, "coming in selects nothing"
    stage.qtbot.keyClick(twin.edges, Qt.Key.Key_Down)
    assert stage.focus.selection == Edge(1, 0, 1)
    stage.qtbot.keyClick(twin.edges, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    assert stage.focus.selection == Edge(2, 1, BIAS)
    stage.qtbot.keyClick(twin.edges, Qt.Key.Key_Left)
    assert stage.focus.selection == Edge(2, 1, BIAS), "another cell of the same row"
    stage.focus.set(selection=Unit(1, 0))
    twin.take_keyboard()
    assert twin.units.hasFocus()


def test_the_mouse_points_both_ways(twin: Twin, stage) -> None:
    table, viewport = twin.units, twin.units.viewport()
    assert viewport is not None
    at = table.visualRect(table.rows.index(table.rows.place_of(Unit(0, 1)) or 0, 3)).center()
    none, left = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(viewport, QEnterEvent(QPointF(at), QPointF(at), QPointF(viewport.mapToGlobal(at))))
    move = QMouseEvent(QEvent.Type.MouseMove, QPointF(at), QPointF(viewport.mapToGlobal(at)), none, none, left)
    QApplication.sendEvent(viewport, move)
    assert stage.focus.hover == Unit(0, 1)
    QApplication.sendEvent(viewport, QEvent(QEvent.Type.Leave))
    assert stage.focus.hover is None
    row = table.rows.index(table.rows.place_of(Unit(1, 0)) or 0, 1)
    before = viewport.grab(table.visualRect(row)).toImage()
    stage.focus.set(hover=Unit(1, 0))
    assert viewport.grab(table.visualRect(row)).toImage() != before


def test_layer_and_name_filter_both_tables(twin: Twin, stage) -> None:
    twin.layer.setCurrentIndex(twin.layer.findData(2))
    twin.layer.activated.emit(twin.layer.currentIndex())
    assert {twin.edges.rows.element(place).layer for place in range(twin.edges.rows.rowCount())} == {2}  # type: ignore[union-attr]
    assert twin.units.rows.rowCount() == 2
    twin.layer.setCurrentIndex(0)
    twin.layer.activated.emit(0)
    stage.qtbot.keyClicks(twin.search, "h1")
    assert twin.units.rows.rowCount() == 1
    assert twin.edges.rows.rowCount() == 5
    assert "5 / 12" in twin.doors[1].text()
    stage.qtbot.keyClicks(twin.search, "zzz")
    assert "h1zzz" in twin.message.text()
    twin.search.clear()
    assert twin.edges.rows.rowCount() == 12
    assert not twin.message.isVisible()


def test_sorting_by_size_and_back_to_the_network(twin: Twin, stage) -> None:
    stage.focus.set(playhead=stage.focus.last)
    column = twin.edges.rows.columns.index("gradient")
    stage.focus.set(selection=Edge(2, 0, BIAS))
    twin.edges.sortByColumn(column, Qt.SortOrder.DescendingOrder)
    assert twin.edges.rows.element(0) == Edge(2, 0, BIAS), "0.138 is the largest"
    assert twin.edges.currentIndex().row() == 0, "the selection goes with its row"
    menu = twin.edges.menu()
    back = next(action for action in menu.actions() if action.text() == "As in the network")
    back.trigger()
    menu.close()
    assert twin.edges.rows.order.tolist() == list(range(12))


def test_copy_goes_to_a_spreadsheet(twin: Twin, stage) -> None:
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    table = twin.edges
    table.setFocus()
    selection = table.selectionModel()
    assert selection is not None
    first, last = table.rows.index(6, 3), table.rows.index(7, 5)
    flags = QItemSelectionModel.SelectionFlag
    selection.select(type(selection.selection())(first, last), flags.ClearAndSelect)
    stage.qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    gradient = stage.frame.trace.layers[1].dW[0, 0]
    assert clipboard.text() == f"w, b\t∂C/∂w\tupdate\n0.4\t{float(gradient)!r}\tnot yet\n0.45\tnot yet\tnot yet\n"
    selection.setCurrentIndex(table.rows.index(8, 3), flags.ClearAndSelect)
    table.copy()
    assert clipboard.text().splitlines()[1].split("\t")[1:4] == ["b_o1", "+1 → o₁", "0.6"], "one cell: its whole row"
    assert clipboard.text().splitlines()[1].endswith("frozen")
    table.copy(everything=True)
    rows = list(csv.reader(io.StringIO(clipboard.text()), delimiter="\t"))
    assert len(rows) == 13
    assert "12 rows" in twin.message.text()


def test_csv_has_every_digit(twin: Twin, stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.focus.set(playhead=stage.focus.last)
    path = tmp_path / "edges"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    twin.edges.save_wanted.emit()
    stage.settle()
    rows = list(csv.reader((tmp_path / "edges.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[0][4] == "∂C/∂w"
    made = np.array([float(row[4]) for row in rows[1:]]).reshape(2, 2, 3)
    for layer, record in enumerate(stage.frame.trace.layers):
        assert (made[layer] == np.column_stack((record.dW, record.db))).all()
    assert "Saved" in twin.message.text()
    twin.write(twin.units, str(tmp_path / "no" / "such" / "folder.csv"))
    stage.settle()
    assert twin.message.text().startswith("✕")


def test_the_whole_batch_and_a_row_of_it(stage, clouds_session: Session) -> None:
    stage.open(clouds_session)
    twin = Twin(stage.runner, stage.focus)
    stage.show(twin, width=1280, height=300)
    stage.focus.set(grain="step", example=Row(3))
    assert "own" in twin.edges.rows.columns
    value = stage.frame.trace.layers[0].a[3, 2]
    assert cell(twin.units, Unit(1, 2), "a", EXACT) == repr(float(value))
    assert "row 4 of 32" in twin.whose.text()
    stage.focus.set(example=WholeBatch())
    assert "own" not in twin.edges.rows.columns
    assert float(str(cell(twin.units, Unit(1, 2), "a", EXACT))) == pytest.approx(
        stage.frame.trace.layers[0].a[:, 2].mean()
    )
    twin.search.setText("c1")
    stage.open(Session(clouds_session.experiment, clouds_session.dataset))
    assert twin.search.text() == "c1", "another run keeps the filter"


def test_many_edges_open_and_only_what_is_seen_is_written(stage, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    data = Dataset.from_arrays(rng.random((8, 784)), rng.random((8, 10)))
    stage.open(Session(Experiment(Network(784, (Dense(100), Dense(10))), batch_size=8), data))
    twin = Twin(stage.runner, stage.focus)
    written = []
    shown = type(twin.edges.rows).data
    monkeypatch.setattr(
        type(twin.edges.rows),
        "data",
        lambda self, index, role=0: written.append(index.row()) or shown(self, index, role),
    )
    stage.show(twin, width=1280, height=300)
    twin.edges.grab()
    assert twin.edges.rows.rowCount() == 79_510
    assert len(set(written)) < 100
    twin.edges.scrollToBottom()
    twin.edges.grab()
    assert len(set(written)) < 200
    twin.edges.copy(everything=True)
    assert "save it as a file" in twin.message.text()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    clipboard.setText("before")
    twin.message.clear()
    twin.edges.selectAll()
    twin.edges.copy()
    assert "save it as a file" in twin.message.text(), "all of it selected is all of it"
    assert clipboard.text() == "before"


def test_while_training_runs_the_tables_change_ten_times_a_second(twin: Twin, stage, monkeypatch) -> None:
    renewed = []
    monkeypatch.setattr(twin.units.rows, "show_sheet", lambda *_, **__: renewed.append(1))
    stage.focus.set(grain="step")
    renewed.clear()
    stage.runner.play()
    stage.qtbot.waitUntil(lambda: stage.frame.step > 300 and len(renewed) > 2)
    stage.runner.pause()
    stage.settle()
    assert len(renewed) < 60


def test_hidden_it_does_nothing_and_shown_again_it_is_right(twin: Twin, stage) -> None:
    twin.hide()
    before = cell(twin.units, Unit(2, 0), "delta")
    stage.focus.set(playhead=0)
    assert cell(twin.units, Unit(2, 0), "delta") == before
    twin.show()
    assert cell(twin.units, Unit(2, 0), "delta") == NOTHING_YET


def test_chinese(twin: Twin, stage, qapp: QApplication) -> None:
    language.install(qapp, "zh_CN")
    stage.qtbot.waitUntil(lambda: twin.layer.itemText(0) == "所有层")
    assert headings(twin.units)[0] == "层"
    assert cell(twin.units, Unit(0, 0), "layer") == "输入"
    assert cell(twin.units, Unit(1, 0), "delta", SPOKEN) == "h₁ 的 δ：还没算到"


def test_the_menu_key_opens_the_menu_at_the_cell(twin: Twin, stage) -> None:
    twin.units.setFocus()
    twin.units.setCurrentIndex(twin.units.rows.index(3, 6))
    menu = twin.units.menu()
    texts = [action.text().split("\t")[0] for action in menu.actions() if not action.isSeparator()]
    assert texts[:3] == ["Copy the selection", "Copy the table", "Save as CSV…"]
    assert texts[3:] == ["Sort by δ, smallest first", "Sort by δ, largest first", "As in the network"]
    menu.close()

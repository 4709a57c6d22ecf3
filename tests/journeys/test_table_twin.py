"""F4: the step as tables in the place of the curves, beside the network that they speak of."""

from collections.abc import Callable
from typing import Any

import pytest
from PyQt6.QtCore import Qt

from bpstudio.insight.elements import Edge

Visit = Callable[..., Any]
Key = Qt.Key


def rows(person: Any) -> tuple[int, int]:
    above, below = person.window.split_sizes()[1]
    return above, below


def share(person: Any) -> float:
    above, below = rows(person)
    return below / (above + below)


def test_the_tables_stand_where_the_curves_were_and_the_network_stays_in_sight(visit: Visit) -> None:
    person = visit("mazur")
    person.window.resize(1280, 720)
    person.settle()
    window, tables = person.window, person.app.tables
    curves = rows(person)
    assert tables.panel is None, "made when they are wanted"
    person.press(Key.Key_F4)
    assert tables.panel.isVisible()
    assert not window.plots.isVisible()
    assert rows(person)[1] > curves[1]
    assert window.canvas.height() > 200
    assert tables.panel.units.height() > 7 * 22
    assert person.app.actions["view.twin"].isChecked()
    person.app.focus.set(selection=Edge(2, 0, 0))
    assert tables.panel.edges.rows.element(tables.panel.edges.currentIndex().row()) == Edge(2, 0, 0)
    person.press(Key.Key_Escape)
    assert window.canvas.hasFocus()
    assert tables.panel.isVisible(), "Esc leaves the tables, and does not close them"
    person.press(Key.Key_F4)
    assert not tables.panel.isVisible()
    assert window.plots.isVisible()
    assert rows(person) == curves


def test_another_height_and_the_tables_themselves_are_found_again(visit: Visit) -> None:
    person = visit("mazur")
    curves = share(person)
    person.press(Key.Key_F4)
    splitter = person.window.centralWidget()
    splitter.setSizes([300, 400])
    splitter.splitterMoved.emit(300, 1)
    tall = share(person)
    assert person.window.close()
    person = visit("mazur")
    assert person.app.tables.panel.isVisible()
    assert not person.window.plots.isVisible()
    assert share(person) == pytest.approx(tall, abs=0.01)
    person.press(Key.Key_F4)
    assert share(person) == pytest.approx(curves, abs=0.01), "the curves keep their own height"
    person.press(Key.Key_F4)
    person.do("view.reset_layout")
    assert not person.app.tables.shown
    assert person.window.plots.isVisible()


def test_the_key_unfolds_what_is_folded(visit: Visit) -> None:
    person = visit("mazur")
    person.window.toggle_panel("bottom", False)
    person.press(Key.Key_F4)
    assert person.app.tables.panel.isVisible()
    person.window.toggle_panel("bottom", False)
    person.press(Key.Key_Escape).press(Key.Key_F4)
    assert person.app.tables.panel.isVisible(), "shown and folded away is not seen"


def test_the_table_of_all_rows_is_still_there(visit: Visit) -> None:
    person = visit("iris")
    person.do("data.table")
    assert person.window.data.rows_window.isVisible()
    person.window.data.rows_window.close()

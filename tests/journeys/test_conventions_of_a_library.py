"""Somebody with a Keras script: its conventions in one go, its W the way round that it prints, and the way back."""

from pathlib import Path
from typing import Any

import numpy as np
from PyQt6.QtCore import Qt

from bpstudio.files import lesson
from bpstudio.insight.elements import BIAS, Edge
from ui.canvas import headline
from ui.canvas.picture import Picture
from ui.panels.convention_sets import SetsWindow


def opened(person: Any) -> SetsWindow:
    dialog = person.window.conventions.sets.dialog
    assert dialog is not None
    person.wait(dialog.names.hasFocus)
    return dialog  # type: ignore[no-any-return]


def take(person: Any, title: str) -> None:
    """Go through the list by keyboard until the set is there, and take it."""
    dialog = opened(person)
    for _ in range(dialog.names.count()):
        if dialog.title.text() == title:
            break
        person.qtbot.keyClick(dialog.names, Qt.Key.Key_Down)
    assert dialog.title.text() == title
    person.qtbot.keyClick(dialog.names, Qt.Key.Key_Return)
    person.settle()


def said(person: Any, address: str) -> str:
    focus = person.app.focus
    focus.set(grain="layer")
    focus.set(playhead=focus.walk.find("layer", address))

    def line() -> str:
        return headline.beat_line(Picture(person.window.canvas.view()))

    person.wait(lambda: line() != "")  # when its pulse has arrived
    return line()


def test_the_numbers_are_those_of_the_script_and_nothing_is_lost(visit: Any, home: Path) -> None:
    person = visit("mazur")
    window, before = person.window, person.frame
    focus = person.app.focus
    window.builder.training.conventions.set_open(True)
    person.wait(window.builder.training.sets.isVisible)
    person.click(window.builder.training.sets)
    dialog = opened(person)
    assert dialog.title.text() == "Mazur, corrected", "by which everything is done already"
    take(person, "Keras")
    after = person.frame
    assert (after.experiment.loss, after.experiment.reduction) == ("squared_error", "mean_all")
    assert np.array_equal(after.params.flat, before.params.flat), "the weights of the sheet stay"
    assert window.conventions.source.text() == "as in Keras"
    assert "= i W¹ + b¹" in said(person, "forward/layer1")
    person.do("view.twin")
    edges = person.app.tables.panel.edges.rows
    person.wait(lambda: edges.rowCount() == 12)
    assert [edges.element(row) for row in range(4)] == [Edge(1, 0, 0), Edge(1, 1, 0), Edge(1, 0, 1), Edge(1, 1, 1)]
    assert edges.element(4) == Edge(1, 0, BIAS)
    lesson.write(person.app.document.as_lesson(person.frame), home / "keras.json")
    person.do("edit.undo")
    assert person.frame.experiment == before.experiment
    assert (focus.weight_layout, focus.scale_delta) == ("out_in", "row")
    person.do("edit.redo")
    assert person.frame.experiment == after.experiment
    assert focus.weight_layout == "in_out"

    person = visit(home / "keras.json")
    assert person.app.focus.weight_layout == "in_out"
    assert person.frame.experiment == after.experiment
    person.do("view.weight_layout")
    assert person.app.focus.weight_layout == "out_in"
    assert "= W¹ i + b¹" in said(person, "forward/layer1")


def test_a_command_leads_there_and_leaving_changes_nothing(visit: Any) -> None:
    person = visit("mazur")
    frame, eye = person.frame, person.app.focus.eye
    person.do("network.conventions")
    dialog = opened(person)
    person.qtbot.keyClick(dialog.names, Qt.Key.Key_End)
    assert dialog.title.text() == "Classic index derivation"
    person.qtbot.keyClick(dialog.names, Qt.Key.Key_Escape)
    assert person.settle().frame is frame
    assert person.app.focus.eye == eye

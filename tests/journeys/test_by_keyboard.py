"""The whole product without a mouse: a lesson, a table of one's own, training, saving. Every act is a key."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QApplication, QFileDialog, QLineEdit, QPushButton, QWidget

from bpstudio.insight.elements import BIAS, Edge, Unit
from ui.panels.start_page import Door

Visit = Callable[..., Any]
Key, Mod = Qt.Key, Qt.KeyboardModifier
CONTROL, SHIFT, ALT = Mod.ControlModifier, Mod.ShiftModifier, Mod.AltModifier
PATIENCE = 120
"""So many presses of Tab lead anywhere."""


def here() -> QWidget:
    popup = QApplication.activePopupWidget()
    holder = popup.focusWidget() or popup if popup is not None else QApplication.focusWidget()
    assert holder is not None, "nothing has the keyboard"
    return holder


def type_in(person: Any, text: str) -> None:
    """Keys of letters and digits, on whatever has the keyboard."""
    person.qtbot.keyClicks(here(), text)


def tab_to(person: Any, wanted: Callable[[QWidget], bool], key: Key = Key.Key_Tab) -> QWidget:
    """Press Tab until something has the keyboard."""
    for _ in range(PATIENCE):
        if wanted(here()):
            return here()
        person.press(key)
    raise AssertionError(f"Tab does not lead there, but to {here()}")


def is_button(*words: str) -> Callable[[QWidget], bool]:
    return lambda widget: isinstance(widget, QPushButton) and all(word in widget.text() for word in words)


def come_back(person: Any, window: QWidget | None = None) -> None:
    """What the desktop does when a dialog or a list closes; the offscreen platform has nobody who does it."""
    back = window or person.window
    person.wait(lambda: QApplication.activePopupWidget() is None and QApplication.activeModalWidget() in (None, back))
    back.activateWindow()
    person.wait(back.isActiveWindow)


def in_file_dialog(path: Path) -> None:
    """What is typed when a file is asked for: that runs in a loop of its own, so it is left with the clock."""

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QFileDialog) or not isinstance(QApplication.focusWidget(), QLineEdit):
            QTimer.singleShot(10, answer)
            return
        from PyQt6.QtTest import QTest

        QTest.keySequence(QApplication.focusWidget(), "Ctrl+A")
        QTest.keyClicks(QApplication.focusWidget(), str(path))
        QTest.keyClick(QApplication.focusWidget(), Key.Key_Return)

    QTimer.singleShot(10, answer)


def table(home: Path) -> Path:
    """y = 0.6 x² over a year that is far from 0."""
    path = home / "harvest.csv"
    rows = [(1990 + row % 30, round((row * 7 % 60) / 30 - 1, 3)) for row in range(60)]
    lines = [f"{year},{x},{0.6 * x * x + 0.01 * (year - 2004.5):.4f}" for year, x in rows]
    path.write_text("\n".join(["year,height,yield", *lines]) + "\n", encoding="utf-8")
    return path


def test_a_lesson_then_ones_own_table_trained_and_saved(visit: Visit, home: Path) -> None:
    person = visit(door="")
    focus, window = person.app.focus, person.window

    # The first of the three doors.
    tab_to(person, lambda widget: isinstance(widget, Door) and widget.accessibleName() == "A worked example")
    person.press(Key.Key_Return)
    assert here() is window.canvas

    # The tour of the first time is left, then the step walked there and back.
    assert window.tour.isVisible()
    person.press(Key.Key_Escape)
    assert not window.tour.isVisible()
    person.press(Key.Key_Right, times=4).press(Key.Key_Left)
    assert focus.playhead == 3
    person.press(Key.Key_PageDown, times=2)
    assert focus.walk.beat(focus.grain, focus.playhead).phase == "L"
    person.press(Key.Key_End)
    assert focus.playhead == focus.last == 55

    # Select by the arrows, and by name.
    person.press(Key.Key_Right, SHIFT)
    assert focus.selection is not None
    person.press(Key.Key_G, CONTROL)
    person.wait(lambda: here().window() is not window)
    type_in(person, "w5")
    person.press(Key.Key_Return)
    come_back(person)
    assert focus.selection == Edge(2, 0, 0)

    # Type another weight, see what becomes of it, take it back.
    before = person.frame
    person.press(Key.Key_F2)
    person.press(Key.Key_A, CONTROL)
    type_in(person, "0,5")
    person.press(Key.Key_Return)
    assert person.frame.params.W[1][0, 0] == 0.5
    assert person.frame.loss != before.loss
    person.press(Key.Key_Escape)
    assert here() is window.canvas
    person.press(Key.Key_Z, CONTROL)
    assert person.frame.params.flat.tobytes() == before.params.flat.tobytes()

    # Read the step in its tables.
    person.press(Key.Key_F4)
    edges = person.app.tables.panel.edges
    assert here() is edges, "the selection is an edge"
    person.press(Key.Key_Down, times=2)
    assert focus.selection == Edge(2, 0, BIAS)
    person.press(Key.Key_Backtab)
    assert here() is person.app.tables.panel.units
    person.press(Key.Key_Home, CONTROL)
    assert focus.selection == Unit(0, 0)
    person.press(Key.Key_F4)
    assert here() is window.canvas

    # A table of one's own.
    in_file_dialog(table(home))
    person.press(Key.Key_O, CONTROL, SHIFT)
    opened = window.data.data_window
    person.wait(lambda: opened.isActiveWindow() and opened.use.isEnabled())
    assert opened.preparation.targets == ("yield",)
    assert opened.preparation.inputs == ("year", "height")
    tab_to(person, lambda widget: widget is opened.columns_table)
    person.press(Key.Key_Home).press(Key.Key_Right)
    for key, inputs in ((Key.Key_End, ("height",)), (Key.Key_Home, ("year", "height"))):
        person.press(Key.Key_Return)
        chosen = QApplication.activePopupWidget()
        assert chosen is not None, "Enter opens the choices of a cell"
        person.press(key, on=here()).press(Key.Key_Return, on=here())
        person.wait(lambda inputs=inputs: opened.preparation.inputs == inputs and opened.use.isEnabled())
        come_back(person, opened)
        assert here() is opened.columns_table
    tab_to(person, is_button("standardise"))
    person.press(Key.Key_Space)
    person.wait(opened.use.isEnabled)
    person.press(Key.Key_Return)
    person.wait(lambda: not opened.isVisible())
    come_back(person)
    person.wait(lambda: person.frame.dataset.input_names == ("year", "height"))
    assert here().window() is window

    # Train it.
    person.press(Key.Key_Escape)
    assert here() is window.canvas
    start = person.frame
    person.press(Key.Key_1).press(Key.Key_Space)
    baseline = float(np.var(start.dataset.y[start.dataset.train])) / 2
    person.wait(lambda: person.frame.step > 100 and person.frame.loss < baseline)
    person.press(Key.Key_Space)
    trained = person.settle().frame
    assert trained.run == "paused"

    # Save it, close it.
    place = home / "harvest.json"
    in_file_dialog(place)
    person.press(Key.Key_S, CONTROL)
    come_back(person)
    assert place.is_file()
    assert not window.isWindowModified()
    person.press(Key.Key_W, CONTROL)
    assert not window.isVisible()


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_alt_and_a_letter_open_a_menu(visit: Visit, language: str) -> None:
    person = visit("mazur", speech=language)
    for letter, menu in (("F", "file"), ("V", "view"), ("H", "help")):
        person.qtbot.keyClick(here(), getattr(Key, f"Key_{letter}"), ALT)
        opened = person.app.actions.menu(menu)
        assert opened.isVisible()
        person.qtbot.keyClick(opened, Key.Key_Down)
        assert opened.activeAction() is not None
        person.qtbot.keyClick(opened, Key.Key_Escape)
        assert not opened.isVisible()
        person.press(Key.Key_Escape)
        assert here() is person.window.canvas


def test_the_panels_are_a_key_apart(visit: Visit) -> None:
    person = visit("mazur")
    seen = []
    for _ in range(6):
        person.press(Key.Key_F6)
        region = next(
            region
            for region in (person.window.canvas, person.window.timeline, *person.window.findChildren(QWidget))
            if region is here() or (region.objectName() in ("left", "right", "bottom") and region.isAncestorOf(here()))
        )
        seen.append(region)
        assert not here().visibleRegion().isEmpty()
    assert len(set(seen)) >= 5
    assert seen[-1] in seen[:-1], "and round again"

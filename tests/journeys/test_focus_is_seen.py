"""The Tab key reaches every control, leads round and never into a trap, and what has the keyboard is always seen."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QAbstractButton, QApplication, QWidget

from ui import tabbing, theme

Visit = Callable[..., Any]
LEAST_PIXELS, LEAST_CONTRAST = 24, 3.0
"""So many pixels change by so much when a control gets the keyboard (WCAG 2.4.13 asks for 3:1)."""


def luminances(window: QWidget, area: QRect) -> np.ndarray:
    image = window.grab(area).toImage().convertToFormat(QImage.Format.Format_RGB32)
    bits = image.constBits()
    assert bits is not None
    bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    channels = rows[:, : image.width(), 2::-1] / 255.0
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]))


def seen(widget: QWidget) -> int:
    """How many pixels say that a widget has the keyboard."""
    window = widget.window()
    assert window is not None
    area = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size()).adjusted(-4, -4, 4, 4) & window.rect()
    if area.isEmpty() or widget.visibleRegion().isEmpty():
        return 0
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    with_it = luminances(window, area)
    widget.clearFocus()
    without = luminances(window, area)
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    brighter, darker = np.maximum(with_it, without), np.minimum(with_it, without)
    return int(((brighter + 0.05) / (darker + 0.05) >= LEAST_CONTRAST).sum())


def looked_at(walk: Iterable[QWidget]) -> tuple[list[QWidget], dict[str, int]]:
    """The stops of a walk, each looked at while Tab is there, and those that hardly show it."""
    shown = {widget: seen(widget) for widget in walk}
    return list(shown), {called(widget): count for widget, count in shown.items() if count < LEAST_PIXELS}


def round_by_tab(person: Any, key: Qt.Key = Qt.Key.Key_Tab) -> Iterator[QWidget]:
    """Every widget that Tab comes to, until it is back."""
    first = here = QApplication.focusWidget()
    for _ in range(400):
        assert here is not None
        yield here
        person.qtbot.keyClick(here, key)
        here = QApplication.focusWidget()
        if here is first:
            return
    raise AssertionError("Tab does not lead back")


def called(widget: QWidget) -> str:
    text = getattr(widget, "text", lambda: "")
    return f"{type(widget).__name__} {widget.accessibleName() or (text() if callable(text) else text)}"


@pytest.fixture
def person(visit: Visit, request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[Any]:
    flashing = qapp.cursorFlashTime()
    qapp.setCursorFlashTime(0)
    here = visit("iris", look=request.param)
    here.window.resize(1280, 720)
    yield here.settle()
    qapp.setCursorFlashTime(flashing)


@pytest.mark.parametrize("person", sorted(theme.THEMES), indirect=True)
def test_what_has_the_keyboard_is_seen(person: Any, home: Path) -> None:
    stops, faint = looked_at(round_by_tab(person))
    assert faint == {}

    # In the tables of the step.
    person.press(Qt.Key.Key_F4)
    twin = person.app.tables.panel
    in_tables = [widget for widget in tabbing.stops(person.window) if twin.isAncestorOf(widget)]
    in_tables[0].setFocus()
    walked, faint = looked_at(itertools.takewhile(twin.isAncestorOf, round_by_tab(person)))
    assert faint == {}
    assert walked == in_tables
    assert twin.units in walked

    # In the window of a file.
    path = home / "own.csv"
    path.write_text("a,b,c\n" + "".join(f"{row},{row * row},{row % 3}\n" for row in range(30)), encoding="utf-8")
    person.app.files.open_path(path)
    window = person.window.data.data_window
    person.wait(lambda: window.isVisible() and window.use.isEnabled())
    window.activateWindow()
    person.wait(window.isActiveWindow)
    window.other.setFocus()
    stops, faint = looked_at(round_by_tab(person))
    assert faint == {}
    assert window.use in stops
    assert stops.index(window.preview.cells) < stops.index(window.columns_table) < stops.index(window.use)
    assert all(called(widget).partition(" ")[2].strip() for widget in stops)


@pytest.mark.parametrize("person", ["dark"], indirect=True)
def test_tab_comes_to_every_control_in_both_directions_and_each_has_a_name(person: Any) -> None:
    wanted = {
        widget
        for widget in person.window.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and widget.isEnabled()
        if widget.focusProxy() is None
    }
    wanted -= {
        other
        for widget in wanted
        if isinstance(widget, QAbstractButton) and (group := widget.group()) is not None and group.exclusive()
        for other in group.buttons()
        if not other.isChecked()  # the arrow keys lead there
    }
    forward = list(round_by_tab(person))
    assert not sorted(f"{called(widget)} in {called(widget.parentWidget())}" for widget in set(forward) ^ wanted)
    backward = list(round_by_tab(person, Qt.Key.Key_Backtab))
    assert backward[1:] == forward[:0:-1]
    assert [widget for widget in tabbing.stops(person.window) if not called(widget).partition(" ")[2].strip()] == []

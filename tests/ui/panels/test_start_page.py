"""The start page by itself: its doors, what stands under them, keys, and that no name is too long for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from ui import language, theme
from ui.panels.start_page import Link, StartPage

Key = Qt.Key
LONG = "an-exercise-with-a-name-that-goes-on-and-on-until-nobody-reads-it-any-more & more.json"


@dataclass
class Hall:
    page: StartPage
    place: QWidget
    done: list[str] = field(default_factory=list)


@pytest.fixture
def hall(qtbot: QtBot, qapp: QApplication) -> Iterator[Hall]:
    theme.apply(qapp, "dark")
    language.install(qapp, "en")
    place, done = QWidget(), list[str]()
    qtbot.addWidget(place)
    place.resize(720, 480)

    def link(text: str) -> Link:
        return Link(text, lambda: done.append(text))

    columns = [[link("0  One neuron"), link("1  A step")], [link(LONG), link("b.json")], [link("Make points")]]
    page = StartPage(place, done.append, lambda: (columns, link("Go on")), lambda: done.append("left"))
    place.show()
    place.activateWindow()
    qtbot.waitUntil(place.isActiveWindow)
    page.open()
    yield Hall(page, place, done)
    theme.apply(qapp, "dark")
    language.install(qapp, "en")


def test_keys_go_through_the_doors_and_out(hall: Hall, qtbot: QtBot) -> None:
    page = hall.page
    for key in (Key.Key_1, Key.Key_2, Key.Key_3, Key.Key_Return):
        qtbot.keyClick(QApplication.focusWidget() or page, key)
    assert hall.done == ["example", "sheet", "data", "example"]
    for _ in range(4):
        qtbot.keyClick(QApplication.focusWidget() or page, Key.Key_Down)
    qtbot.keyClick(QApplication.focusWidget() or page, Key.Key_Return)
    assert hall.done[-1] == "0  One neuron"
    qtbot.keyClick(QApplication.focusWidget() or page, Key.Key_Escape)
    assert hall.done[-1] == "left"
    assert not page.isVisible()
    assert not page.leave(), "it is left once"


def test_examples_stand_beside_each_other_where_the_doors_do(hall: Hall, qtbot: QtBot, qapp: QApplication) -> None:
    first, second = hall.page.examples
    qtbot.waitUntil(lambda: first.y() == second.y() and first.x() < second.x())
    low = max(link.geometry().bottom() for link in hall.page.links[2:])
    assert first.y() > low, "below what is under the other doors"
    theme.apply(qapp, "dark", 2.0)
    qtbot.waitUntil(lambda: first.x() == second.x() and first.y() < second.y())
    qtbot.waitUntil(lambda: second.geometry().bottom() < hall.page.doors[1].y())


def test_everything_has_a_name_for_a_screen_reader(hall: Hall) -> None:
    page = hall.page
    assert page.accessibleName() == "Start page"
    assert [door.accessibleName() for door in page.doors] == ["A worked example", "My exercise sheet", "My data"]
    assert all(door.accessibleDescription() for door in page.doors)
    assert [link.accessibleName() for link in page.links][2] == LONG


@pytest.mark.parametrize(("width", "scale"), [(720, 1.0), (1400, 1.0), (720, 1.5), (720, 2.0)])
def test_a_long_name_takes_no_room_from_the_doors(
    hall: Hall, qtbot: QtBot, qapp: QApplication, width: int, scale: float
) -> None:
    theme.apply(qapp, "light", scale)
    hall.place.resize(width, 480)
    hall.page.open()
    qapp.processEvents()
    doors = hall.page.doors

    def arranged() -> None:
        assert max(door.width() for door in doors) - min(door.width() for door in doors) <= 1
        assert all(door.mapTo(hall.place, QPoint(door.width(), 0)).x() <= width for door in doors)
        for link in hall.page.links:
            assert link.fontMetrics().horizontalAdvance(link.shown) < link.width()
            assert link.accessibleName() == link.toolTip()
            assert link.shown == link.accessibleName() or "…" in link.shown
        assert "…" in hall.page.links[2].shown or width > 1000

    qtbot.waitUntil(arranged)

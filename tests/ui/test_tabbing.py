"""The order of the Tab key."""

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot
from typing_extensions import override

from ui import placing, tabbing


class Window(QMainWindow):
    def __init__(self) -> None:
        super().__init__()
        self.buttons = {name: QPushButton(name) for name in "abcdefgh"}
        self.tall = QWidget()
        column = QVBoxLayout(self.tall)
        for name in "dc":
            self.buttons[name].setFixedHeight(400)
            column.addWidget(self.buttons[name])
        self.stack = QStackedWidget()
        self.stack.addWidget(self.buttons["e"])
        self.stack.addWidget(self.buttons["f"])
        self.row = QHBoxLayout()
        for name in "hg":
            self.row.addWidget(self.buttons[name])
        below = QWidget()
        lower = QVBoxLayout(below)
        lower.addWidget(self.stack)
        lower.addLayout(self.row)
        self.area = placing.scrolled("area", self.tall)
        middle = QSplitter(Qt.Orientation.Horizontal)
        for part in (self.buttons["b"], self.area, below):
            middle.addWidget(part)
        self.setCentralWidget(middle)
        tools = self.addToolBar("tools")
        assert tools is not None
        tools.addWidget(self.buttons["a"])
        self.buttons["a"].setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @override
    def focusNextPrevChild(self, next: bool) -> bool:
        return tabbing.go(self, next)


def opened(qtbot: QtBot) -> Window:
    window = Window()
    qtbot.addWidget(window)
    window.resize(700, 300)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.buttons["a"].setFocus()
    return window


def here() -> str:
    holder = QApplication.focusWidget()
    assert isinstance(holder, QPushButton | QLineEdit)
    return holder.text()


def test_tab_goes_as_a_page_is_read_and_round(qtbot: QtBot) -> None:
    window = opened(qtbot)
    assert "".join(widget.text() for widget in tabbing.stops(window)) == "abdcehg"  # type: ignore[attr-defined]
    walked = []
    for _ in range(8):
        walked.append(here())
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert "".join(walked) == "abdcehga"
    back = []
    for _ in range(7):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Backtab)
        back.append(here())
    assert "".join(back) == "aghecdb"


def test_what_cannot_be_used_is_passed_over_and_what_is_new_is_found(qtbot: QtBot) -> None:
    window = opened(qtbot)
    window.buttons["b"].setEnabled(False)
    window.buttons["h"].hide()
    window.buttons["c"].setFocusPolicy(Qt.FocusPolicy.NoFocus)
    window.stack.setCurrentIndex(1)
    window.row.insertWidget(0, new := QLineEdit("new"))
    qtbot.waitUntil(new.isVisible)
    assert [widget.text() for widget in tabbing.stops(window)] == ["a", "d", "f", "new", "g"]  # type: ignore[attr-defined]


def test_what_is_out_of_sight_is_scrolled_to(qtbot: QtBot) -> None:
    window = opened(qtbot)
    assert window.buttons["c"].visibleRegion().isEmpty()
    window.buttons["e"].setFocus()
    qtbot.keyClick(window.buttons["e"], Qt.Key.Key_Backtab)
    assert here() == "c"
    assert not window.buttons["c"].visibleRegion().isEmpty()


def test_from_a_place_that_is_no_stop_it_begins_at_the_first(qtbot: QtBot) -> None:
    window = opened(qtbot)
    window.buttons["a"].clearFocus()
    assert tabbing.go(window, forward=True)
    assert here() == "a"
    for button in window.buttons.values():
        button.setEnabled(False)
    assert not tabbing.go(window, forward=True)

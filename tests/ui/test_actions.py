"""Every command once, every key once."""

from collections import Counter

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import QComboBox, QLineEdit, QMainWindow, QPushButton, QTableWidget, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from ui.actions import COMMANDS, MENUS, SUBMENUS, Actions, keys

# As in the table of keys that the project agreed on.
AGREED = {
    "C": "Space Right Left Shift+Left Shift+Right Shift+Up Shift+Down PgDown PgUp Home End Ctrl+Right Ctrl+Left "
    "Ctrl+Home Ctrl+End 1 2 3 4 , . B G W U Return F2 Ctrl+Up Ctrl+Down Ctrl+C Ctrl+Shift+C + - 0 ?",
    "W": "F5 Ctrl+Z Ctrl+Shift+Z Ctrl+S Ctrl+O Ctrl+N Ctrl+W Ctrl+Shift+O Ctrl+Shift+P Ctrl+G Ctrl++ Ctrl+- Ctrl+0 F6 "
    "Shift+F6 F4 F11 F1 Shift+F1 Ctrl+R Ctrl+Shift+R Esc",
}


def test_no_key_has_two_meanings_in_one_context() -> None:
    # The keys of W work where those of C do, so they share one room; in a presentation P stands in for some of C.
    of = {context: [QKeySequence(key).toString() for key, where, _ in keys() if where == context] for context in "CWP"}
    for room in (of["C"] + of["W"], [key for key in of["C"] if key not in of["P"]] + of["W"] + of["P"]):
        assert [key for key, count in Counter(room).items() if count > 1] == []


def test_every_key_is_one_that_qt_knows() -> None:
    assert [key for key, _, _ in keys() if QKeySequence(key).isEmpty()] == []


@pytest.mark.parametrize("context", ["C", "W"])
def test_agreed_keys_are_there(context: str) -> None:
    there = {QKeySequence(key).toString() for key, where, _ in keys() if where == context}
    assert {QKeySequence(key).toString() for key in AGREED[context].split()} - there == set()


def test_ids_are_unique_and_stand_in_a_menu() -> None:
    ids = [command.id for command in COMMANDS if command.id]
    assert len(ids) == len(set(ids))
    assert {command.menu for command in COMMANDS if command.id} <= {name for name, _ in MENUS}


class Window(QMainWindow):
    def __init__(self) -> None:
        super().__init__()
        self.commands = Actions()
        self.done: list[str] = []
        middle = QWidget()
        self.canvas, self.field = QWidget(), QLineEdit()
        self.canvas.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.button = QPushButton("press", self.canvas)
        column = QVBoxLayout(middle)
        column.addWidget(self.canvas)
        column.addWidget(self.field)
        self.setCentralWidget(middle)
        bar = self.menuBar()
        assert bar is not None
        self.commands.fill(bar)
        self.commands.attach(self)
        self.commands.listen(self.canvas)
        for command in COMMANDS:
            if self.commands.find(command.id) is not None:
                self.commands.connect(command.id, lambda name=command.id: self.done.append(name))


@pytest.fixture
def window(qtbot: QtBot) -> Window:
    made = Window()
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    made.canvas.setFocus()
    return made


def test_letters_fire_on_the_canvas_and_not_while_typing(window: Window, qtbot: QtBot) -> None:
    qtbot.keyClick(window.canvas, Qt.Key.Key_G)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Space)
    qtbot.keyClick(window.canvas, Qt.Key.Key_F5)
    assert window.done == ["view.color_gradient", "run.play", "run.play"]
    window.field.setFocus()
    window.done.clear()
    for key in (Qt.Key.Key_G, Qt.Key.Key_Space, Qt.Key.Key_1, Qt.Key.Key_Comma, Qt.Key.Key_Left, Qt.Key.Key_Home):
        qtbot.keyClick(window.field, key)
    assert window.done == []
    assert window.field.text() == "g 1,"
    qtbot.keyClick(window.field, Qt.Key.Key_F5)
    assert window.done == ["run.play"], "keys of the whole window work there too"


def test_button_inside_the_canvas_keeps_its_space_key(window: Window, qtbot: QtBot) -> None:
    pressed = []
    window.button.clicked.connect(lambda: pressed.append(1))
    window.commands.guard(window.button)
    window.button.setFocus()
    qtbot.keyClick(window.button, Qt.Key.Key_Space)
    assert pressed == [1]
    assert window.done == []
    qtbot.keyClick(window.button, Qt.Key.Key_G)
    assert window.done == ["view.color_gradient"]


def test_every_command_stands_in_a_menu_once(window: Window) -> None:
    found: Counter[str] = Counter()
    for name in (*(name for name, _ in MENUS), *SUBMENUS):
        found.update(a.objectName() for a in window.commands.menu(name).actions() if a.objectName())
    assert found == Counter(command.id for command in COMMANDS if command.id and command.id not in SUBMENUS)


def test_tooltip_names_the_key(window: Window) -> None:
    assert window.commands["run.play"].toolTip() == "Play (Space, F5)"
    assert window.commands["run.next_step"].toolTip() == "Next training step (Ctrl+→)"
    assert window.commands["view.text.larger"].toolTip().startswith("Larger (Ctrl++")


def test_a_list_that_pops_up_keeps_its_enter_key(window: Window, qtbot: QtBot) -> None:
    box = QComboBox(window.canvas)
    box.addItems(["one", "two"])
    box.show()
    chosen: list[int] = []
    box.activated.connect(chosen.append)
    window.commands.guard(box)
    box.showPopup()
    view = box.view()
    assert view is not None
    window.commands.guard(view)
    qtbot.keyClick(view, Qt.Key.Key_End)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert chosen == [1]
    assert window.done == []


def test_a_table_keeps_its_letters_and_lets_go_with_esc(window: Window, qtbot: QtBot) -> None:
    table = QTableWidget(2, 2, window.canvas)
    table.show()
    window.commands.guard(table)
    table.setFocus()
    for key in (Qt.Key.Key_G, Qt.Key.Key_Home, Qt.Key.Key_Escape):
        qtbot.keyClick(table, key)
    assert window.done == ["edit.leave"]

"""Going to a place by its name: what cannot be found is said in plain words, in the language in use."""

from collections.abc import Iterator

import pytest
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from bpstudio.files import lesson
from bpstudio.insight.elements import Edge, Unit
from ui import language
from ui.focus import Focus
from ui.go_to import GoTo
from ui.navigation import Navigation
from ui.runner import Runner


@pytest.fixture
def go_to(qtbot: QtBot) -> Iterator[GoTo]:
    runner, focus = Runner(), Focus()
    navigation = Navigation(focus, runner)
    parent = QWidget()
    qtbot.addWidget(parent)
    runner.open(lesson.load("mazur").session())
    qtbot.waitUntil(lambda: runner.idle)
    yield GoTo(focus, runner, navigation, parent)
    navigation.pause()
    runner.close()
    app = QApplication.instance()
    assert app is not None
    language.install(app, "en")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("w99", "There is no w99: the weights are w1 … w8."),
        ("h99", "There is no “h99” here. Units are i1, i2"),
        ("forward/h9/z", "There is no beat “forward/h9/z”. Near it: "),
        ("999", "Beats of this grain go from 0 to"),
    ],
)
def test_what_is_not_there_is_said_plainly(go_to: GoTo, asked: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        go_to.answer(asked)
    go_to.line.setText(asked)
    go_to.accept()
    english = go_to.problem.text()
    assert said.partition("i1, i2")[0] in english
    app = QApplication.instance()
    assert app is not None
    language.install(app, "zh_CN")
    go_to.accept()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in go_to.problem.text()), go_to.problem.text()


def test_units_and_weights_are_found(go_to: GoTo) -> None:
    go_to.answer("w5")
    assert go_to._focus.selection == Edge(2, 0, 0)
    go_to.answer("h1")
    assert go_to._focus.selection == Unit(1, 0)

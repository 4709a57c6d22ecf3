"""Runs that were left behind: what each is, and that a button does what it says."""

import pytest
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from ui.panels.left_behind import MOST, LeftBehind, Rescue


@pytest.fixture
def done() -> list[str]:
    return []


def rescue(name: str, done: list[str], readable: bool = True) -> Rescue:
    return Rescue(
        name,
        f"line of {name}",
        (lambda: done.append(f"recover {name}")) if readable else None,
        lambda: done.append(f"discard {name}"),
    )


def test_nothing_left_behind_takes_no_room(qtbot: QtBot) -> None:
    panel = LeftBehind()
    qtbot.addWidget(panel)
    panel.show_rescues([])
    assert (panel.isHidden(), panel.buttons) == (True, [])


def test_each_run_can_be_recovered_or_discarded(qtbot: QtBot, done: list[str]) -> None:
    panel = LeftBehind()
    qtbot.addWidget(panel)
    panel.show_rescues([rescue("a", done), rescue("b", done, readable=False)])
    assert not panel.isHidden()
    texts = [label.text() for label in panel.findChildren(QLabel)]
    assert {"a", "line of a", "b", "line of b"} <= set(texts)
    assert [button.text() for button in panel.buttons] == ["Recover", "Discard", "Discard", "Look later"]
    assert panel.rows[1][0] is None, "what cannot be read cannot be recovered"
    panel.rows[1][1].click()
    assert (done, panel.is_decided) == (["discard b"], False)
    panel.buttons[0].click()
    assert (done[-1], panel.is_decided) == ("recover a", True)


def test_looking_later_hides_them_until_they_are_shown_again(qtbot: QtBot, done: list[str]) -> None:
    panel = LeftBehind()
    qtbot.addWidget(panel)
    many = [rescue(str(number), done) for number in range(MOST + 2)]
    panel.show_rescues(many)
    assert len(panel.rows) == MOST
    panel.later.click()
    assert (panel.isHidden(), panel.is_decided) == (True, True)
    panel.show_rescues(many)
    assert (panel.isHidden(), panel.is_decided) == (False, False)

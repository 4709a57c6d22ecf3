"""No command is a button to nowhere, and none stumbles, whenever it is given."""

from collections.abc import Callable
from typing import Any

import pytest
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWhatsThis

from ui.actions import COMMANDS

Visit = Callable[..., Any]


def test_every_command_is_carried_out_by_somebody(visit: Visit) -> None:
    actions = visit("mazur").app.actions
    idle = [
        command.id
        for command in COMMANDS
        if (action := actions.find(command.id)) is not None and action.receivers(action.triggered) == 0
    ]
    assert idle == []


@pytest.mark.parametrize(
    "state",
    [pytest.param("beginning", marks=pytest.mark.soak), "in the middle of a backward pass", "training"],
)
def test_no_command_stumbles(visit: Visit, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    for name in ("getOpenFileName", "getSaveFileName"):
        monkeypatch.setattr(QFileDialog, name, lambda *_: ("", ""))
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Discard.value)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _: True)
    person = visit("mazur")
    for command in COMMANDS:
        action = person.app.actions.find(command.id)
        if action is None or command.id == "file.close" or not action.isEnabled():
            continue
        if state == "in the middle of a backward pass":
            person.app.focus.set(grain="edge", playhead=30)
        elif state == "training" and not person.app.runner.playing:
            person.app.focus.set(grain="step")
            person.app.navigation.play()
        action.trigger()
        QWhatsThis.leaveWhatsThisMode()
        for window in QApplication.topLevelWidgets():
            if window is not person.window and window.isVisible() and window.isWindow():
                window.close()
        QApplication.processEvents()
    person.app.navigation.pause()
    person.settle()
    assert person.app.errors.dialog is None
    assert person.window.isVisible()

"""A learner whose book has δ = (t − o) f′ and thresholds: the window takes the book's side, and nothing is lost."""

from typing import Any

import numpy as np
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QApplication, QMenu

from ui.canvas import headline, units
from ui.canvas.picture import Picture


def choose(person: Any, name: str, value: str) -> None:
    """Open a part of the line under the network by keyboard, go down to what is wanted, and take it."""
    part = next(
        each for each in person.window.conventions.parts if each.convention is not None and each.convention.name == name
    )
    part.setFocus()

    def walk() -> None:
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        place = [action.data() for action in menu.actions()].index(value)
        for _ in range(place + 1):
            person.qtbot.keyClick(menu, Qt.Key.Key_Down)
        person.qtbot.keyClick(menu, Qt.Key.Key_Return)

    QTimer.singleShot(0, walk)
    person.qtbot.keyClick(part, Qt.Key.Key_Space)
    person.settle()


def said(person: Any) -> str:
    picture = Picture(person.window.canvas.view())
    return f"{headline.beat_line(picture)} {units.badge_text(picture, 2, 0, picture.delta(2))}"


def test_the_window_writes_as_the_older_book_does(visit: Any) -> None:
    person = visit("mazur")
    line, canvas = person.window.conventions, person.window.canvas
    top = line.mapTo(person.window, line.rect().topLeft()).y()
    assert top >= canvas.mapTo(person.window, canvas.rect().bottomLeft()).y(), "directly under the canvas"
    assert line.height() <= 22
    focus = person.app.focus
    focus.set(playhead=focus.walk.find("edge", "update/w5"))
    before = person.frame
    choose(person, "delta", "-1")
    assert said(person) == (
        "w₅⁺ = w₅ + η δ_o1 · out_h1 = 0.40 + 0.5 · (−0.138498562) · 0.593269992 = 0.358916480 δ −0.138499"
    )
    assert person.frame is before, "looking never changes the run"
    choose(person, "bias", "threshold frozen")
    assert [layer.bias for layer in person.frame.experiment.network.layers] == ["threshold", "threshold"]
    assert np.array_equal(person.frame.params.b[1], [-0.6, -0.6])
    assert person.frame.loss == before.loss
    focus.set(playhead=focus.walk.find("edge", "backward/b_o1"))
    assert said(person).startswith("∂C/∂θ_o1 = δ_o1 = −0.138498562, frozen: stays −0.60")
    person.do("edit.undo")
    assert person.frame.experiment == before.experiment
    assert focus.delta_sign == -1, "how it is written is nothing to undo"

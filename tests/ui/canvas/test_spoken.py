"""What a screen reader hears of the canvas."""

from typing import Any

import pytest
from PyQt6.QtCore import QEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bpstudio.insight.elements import BIAS, Edge, LossNode, PlusOne, Target, Unit
from ui import language
from ui.canvas import spoken
from ui.canvas.widget import Canvas
from ui.focus import Focus

W5 = Edge(2, 0, 0)


def heard(easel: Any, element: object, at: str = "backward/w5") -> str:
    return spoken.name(easel.view("mazur", at=at, notation="mazur", selection=element), about_beat=False)


@pytest.mark.parametrize(
    ("element", "words"),
    [
        (W5, "w₅   h₁ → o₁; 0.40; ∂C/∂w₅ = 0.082167041"),
        (Edge(2, 0, BIAS), "b_o1   +1 → o₁; 0.60; ∂C/∂b_o1 = not computed yet"),
        (Unit(2, 0), "o₁ · o1; 0.751365070; δ_o1 = 0.138498562"),
        (Unit(1, 0), "h₁; 0.593269992"),
        (Unit(0, 1), "i₂ · i2; 0.10"),
        (LossNode(), "C · loss; 0.298371109"),
        (Target(0), "target_o1; 0.01"),
        (PlusOne(1), "+1"),
    ],
)
def test_an_element_is_its_name_and_its_numbers(easel: Any, element: object, words: str) -> None:
    assert heard(easel, element) == f"The network: {words}"


def test_what_is_not_computed_is_said_so(easel: Any) -> None:
    assert heard(easel, Unit(1, 0), at="start") == "The network: h₁; not computed yet"
    assert heard(easel, LossNode(), at="start") == "The network: C · loss; not computed yet"


def test_the_beat_is_said_with_its_line_although_its_pulse_is_under_way(easel: Any) -> None:
    view = easel.view("mazur", at="backward/w5", notation="mazur", phase=0.2)
    assert spoken.name(view, about_beat=True) == (
        "The network: BACKWARD: beat 24 of 55 · how much does w₅ change the loss? "
        "∂C/∂w₅ = δ_o1 · out_h1 = 0.138498562 · 0.593269992 = 0.082167041"
    )


def test_with_nothing_selected_the_beat_is_all_there_is(easel: Any) -> None:
    view = easel.view("mazur", at="start")
    assert spoken.name(view, about_beat=False) == spoken.name(view, about_beat=True)
    assert spoken.name(None, about_beat=True) == "The network"
    assert spoken.description(None).startswith("Nothing is selected")


@pytest.fixture
def canvas(easel: Any, qtbot: QtBot, focus: Focus) -> Canvas:
    made = Canvas(focus)
    qtbot.addWidget(made)
    made.resize(800, 500)
    made.show_frame(easel.frame_of("mazur"))
    made.show()
    return made


@pytest.fixture
def focus(easel: Any) -> Focus:
    from bpstudio.insight.walk import Walk

    made = Focus()
    made.follow(Walk.of(easel.frame_of("mazur")))
    made.set(notation="mazur")
    return made


def test_name_and_description_follow_the_eye_when_it_rests(canvas: Canvas, focus: Focus, qtbot: QtBot) -> None:
    focus.set(playhead=3)
    focus.set(playhead=4)
    assert "beat 4" not in canvas.accessibleName(), "not while the key is held"
    qtbot.waitUntil(lambda: "beat 4 of 55" in canvas.accessibleName())
    focus.set(selection=W5)
    qtbot.waitUntil(lambda: canvas.accessibleName().startswith("The network: w₅   h₁ → o₁"))
    assert "w₅ = 0.4\n" not in canvas.accessibleDescription()
    assert canvas.accessibleDescription().startswith("w₅   h₁ → o₁; w₅ = 0.4; ∂C/∂w₅: not computed yet")
    assert "beat 4 of 55" in canvas.accessibleDescription()
    assert canvas.accessibleDescription().endswith("F4 shows the same as tables.")


def test_training_is_not_read_out(canvas: Canvas, easel: Any, qtbot: QtBot) -> None:
    from dataclasses import replace

    running = replace(easel.frame_of("mazur"), run="running")
    canvas.show_frame(running)
    qtbot.waitUntil(lambda: canvas.accessibleName() == "The network: TRAINING")
    canvas.show_frame(replace(running, step=7))
    assert not canvas._voice._rest.isActive()
    canvas.show_frame(easel.frame_of("mazur"))
    qtbot.waitUntil(lambda: "TRAINING" not in canvas.accessibleName())


def test_the_language_changes_at_once(canvas: Canvas, qapp: QApplication) -> None:
    language.install(qapp, "zh_CN")
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.LanguageChange))
    assert canvas.accessibleName().startswith("网络：")
    language.install(qapp, "en")

"""Somebody brings the numbers of another program, and one of them is wrong."""

import json
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt

from bpstudio.insight.elements import Edge
from ui import theme

CASE = Path(__file__).parents[1] / "bpstudio" / "files" / "cases" / "mazur.json"


@pytest.fixture
def wrong(tmp_path):
    """The worked example with a gradient from which f′ was left out."""
    found = json.loads(CASE.read_text())
    found["published"] = []
    layer = found["expected"]["layers"][1]
    layer["dW"][0][0] /= layer["a"][0][0] * (1 - layer["a"][0][0])
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(found))
    return path


def test_case_opens_at_the_wrong_gradient(visit, wrong):
    person = visit(wrong)
    window, focus = person.window, person.app.focus
    person.wait(lambda: focus.mark is not None)
    assert focus.selection == Edge(2, 0, 0)
    assert focus.walk.beat(focus.grain, focus.playhead).address == "backward/w5"
    words = window.messages.words.text()
    assert window.messages.isVisible()
    assert "layer 2, unit 1, input 1" in words
    assert f"{person.frame.trace.layers[1].dW[0, 0]:.9g}" in words

    picture = window.canvas.grab().toImage()
    warning = theme.current().warning.rgb()
    spots = sum(picture.pixel(x, y) == warning for x in range(picture.width()) for y in range(picture.height()))
    assert spots > 20, "the weight is marked"

    # It is a run like any other: walk on, train, go back.
    at = person.playhead
    person.press(Qt.Key.Key_Right)
    assert person.playhead == at + 1
    person.do("run.next_step")
    person.wait(lambda: person.frame.step == 1)
    person.do("run.first_step")
    person.wait(lambda: person.frame.step == 0)
    assert person.app.document.path is None, "saving asks for a file of its own"
    assert not person.app.document.modified


def test_case_that_passes_opens_before_its_first_beat(visit):
    person = visit(CASE)
    person.wait(lambda: person.app.document.title == "mazur")
    person.settle()
    assert person.app.focus.mark is None
    assert person.window.messages.level == "good"
    assert person.playhead == 0

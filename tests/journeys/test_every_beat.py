"""A learner looks at every beat: headline, line, picture, explanation and timeline tell the same, and never fail."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import Qt

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.elements import Edge, Example, LossNode, Probe, Row, Unit, WholeBatch
from bpstudio.insight.lines import headline, line
from bpstudio.insight.notation import number
from bpstudio.training.experiment import Experiment
from bpstudio.training.session import Session
from ui.canvas import headline as above
from ui.language import tr

Visit = Callable[..., Any]


def look(person: Any) -> None:
    """Compare what every view shows of the present beat with the walk."""
    window, focus, frame, walk = person.window, person.app.focus, person.frame, person.app.focus.walk
    grain, index = focus.grain, focus.playhead
    window.canvas.grab()
    picture = window.canvas._drawn.picture
    assert (picture.grain, picture.index, picture.arrived) == (grain, index, True)
    assert window.timeline.strip.place == index
    if index == 0:
        assert above.sentence(picture) == tr(above.START)
        assert above.beat_line(picture) == ""
        return
    beat = walk.beat(grain, index)
    said = above.sentence(picture)
    assert said.startswith(tr(above.BEAT, index=index, count=walk.count(grain)))
    assert headline(frame, beat, focus.notation).rendered(tr) in said
    made = line(frame, focus.example, beat, focus.notation, focus.digits).rendered(tr)
    assert above.beat_line(picture).startswith(made)
    assert "{" not in said + made
    assert above.phase_word(picture)[0] == tr(above.WORDS[beat.phase])
    # With the last beat the whole step is shown at full strength.
    for element in () if picture.whole else beat.lights:
        assert not isinstance(element, Unit | Edge) or picture.is_lit(element)
    if grain == "layer" or beat.kind == "softmax":
        return
    explained(person, beat)


def explained(person: Any, beat: Any) -> None:
    """The explanation is about what the beat computes, with its number, which the walk has just reached."""
    inspector, focus, frame = person.window.inspector, person.app.focus, person.frame
    if beat.phase == "L":
        assert inspector._shown == LossNode()
    elif beat.kind in ("gradient", "update") and beat.source is not None:
        assert inspector._shown == Edge(beat.layer, beat.unit, beat.source)
    else:
        assert inspector._shown == Unit(beat.layer, beat.unit)
    derivation = inspector._cards[0]._shown[0]
    if beat.kind in ("a", "delta") and isinstance(focus.example, Row):
        trace, row = frame.trace.layers[beat.layer - 1], focus.example.position
        value = trace.a[row, beat.unit]
        if beat.kind == "delta":
            value = trace.delta[row, beat.unit] * len(frame.batch)
        assert number(derivation.result, 9) == number(float(value), 9)
        assert inspector._knower(derivation)(None)


def walk_through(person: Any, grain: str, by: int = 1) -> None:
    """Every beat of a grain, there by keyboard and back again."""
    focus = person.app.focus
    focus.set(grain=grain, playhead=0, reduced_motion=True)
    person.window.canvas.setFocus()
    look(person)
    canvas, last = person.window.canvas, focus.walk.count(grain)
    for index in range(1, last + 1):
        person.qtbot.keyClick(canvas, Qt.Key.Key_Right)
        assert focus.playhead == index
        if index % by == 0 or index == last:
            look(person)
    for index in range(last - 1, -1, -1):
        person.qtbot.keyClick(canvas, Qt.Key.Key_Left)
        assert focus.playhead == index
        if index % (3 * by) == 0:
            look(person)


@pytest.mark.parametrize(("grain", "count"), [("edge", 55), ("neuron", 17), ("layer", 9)])
def test_every_beat_of_the_worked_example(visit: Visit, grain: str, count: int) -> None:
    person = visit("mazur")
    assert person.app.focus.walk.count(grain) == count
    walk_through(person, grain)


@pytest.mark.parametrize("language", [pytest.param("en", marks=pytest.mark.soak), "zh_CN"])
def test_every_beat_of_the_sequential_update(visit: Visit, language: str) -> None:
    person = visit("mazur", speech=language)
    person.click(next(each for each in person.window.lesson.switches if each.objectName() == "sequential"))
    walk_through(person, "edge")


@pytest.mark.parametrize("grain", ["edge", "neuron", pytest.param("layer", marks=pytest.mark.soak)])
def test_every_beat_of_softmax(visit: Visit, grain: str) -> None:
    walk_through(visit("softmax"), grain)


@pytest.mark.parametrize(
    "example",
    [Row(16), pytest.param(WholeBatch(), marks=pytest.mark.soak), pytest.param(Probe(40), marks=pytest.mark.soak)],
)
def test_every_beat_of_a_batch(visit: Visit, example: Example) -> None:
    person = visit("mazur")
    draw = np.random.default_rng(3)
    kinds = np.eye(3)[draw.integers(0, 3, 64)]
    data = Dataset.from_arrays(draw.normal(size=(64, 4)), kinds, task="classes", class_names=("a", "b", "c"))
    network = Network(4, (Dense(10, "tanh"), Dense(3, "softmax")))
    person.app.runner.open(Session(Experiment(network, loss="categorical_ce", batch_size=32), data))
    person.wait(lambda: len(person.frame.batch) == 32)
    person.app.focus.set(example=example)
    # Layouts are somebody else's test, and take half of the time.
    for side in ("left", "bottom"):
        person.window.toggle_panel(side, False)
    assert person.app.focus.walk.count("neuron") == 55
    walk_through(person, "edge", by=29)
    walk_through(person, "neuron")
    walk_through(person, "layer")

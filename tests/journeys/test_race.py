"""Several rates side by side: start, look, compare, run longer, and go on with one of them."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel

from bpstudio.engine.rehearsal import same_bits
from bpstudio.training.session import Session
from ui import language
from ui.race_window import RaceWindow

Visit = Callable[..., Any]
Key = Qt.Key
Button = Qt.MouseButton.LeftButton


def open_race(person: Any) -> RaceWindow:
    person.press(Key.Key_F7)
    window: RaceWindow = person.app.commands.race
    person.wait(lambda: window.isVisible() and window.isActiveWindow())
    return window


def race(person: Any, values: str, steps: int = 60) -> RaceWindow:
    """The window with a race over these rates that has run."""
    window = open_race(person)
    window.form.values.setFocus()
    window.form.values.selectAll()
    person.qtbot.keyClicks(window.form.values, values)
    window.form.unit.show_value("steps")
    window.form.length.show_value(steps)
    person.qtbot.mouseClick(window.start, Button)
    at_rest(person, window, steps)
    return window


def at_rest(person: Any, window: RaceWindow, step: int) -> None:
    person.wait(lambda: window.standings is not None and window.standings.step == step and not window.is_running)
    person.settle()


def test_a_race_from_the_first_key_to_the_run_that_goes_on(visit: Visit) -> None:
    person = visit("xor")
    before = person.frame
    window = race(person, "0.01 0.1 0.5 1e200")
    standings = window.standings
    assert standings is not None
    assert [entrant.name for entrant in window._entrants] == ["0.01", "0.1", "0.5", "1e200"]
    assert person.frame is before, "looking never changes the run"
    # Plots draw ten times a second.
    person.wait(lambda: len(window.plot.content_shown.curves) == 4)
    curves = window.plot.content_shown.curves
    assert {curve.name for curve in curves} == {"0.01", "0.1", "0.5", "1e200"}
    assert len({(curve.pen.color().name(), tuple(curve.pen.dashPattern())) for curve in curves}) == 4

    # The table sorts by loss, and its cursor chooses whose network is shown.
    window.table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    losses = [window.table.model_of_race.places[number].loss for number in window.table.order()]
    assert losses == sorted(losses)
    window.table.setFocus()
    window.choose(2)
    person.wait(lambda: window.shown is not None and window.shown.experiment.optimizer.rate == 0.5)
    single = Session(window._entrants[2].experiment, before.dataset, before.start)
    single.run(60)
    assert window.shown is not None
    assert same_bits(window.shown.params.flat, single.params.flat)
    assert "0.5" in window.heading.text()
    person.wait(lambda: "0.5" in {entry.name for entry in window.plot.values_at(31)})
    read = {entry.name: entry.value for entry in window.plot.values_at(31)}
    assert float(read["0.5"]) == pytest.approx(single.metrics.value("loss", 31), rel=1e-6)

    # Run longer, then make it the run: one edit.
    person.qtbot.mouseClick(window.longer, Button)
    at_rest(person, window, 120)
    single.run(60)
    person.qtbot.mouseClick(window.resume, Button)
    person.wait(lambda: person.frame.step == 120 and person.frame.run != "running")
    assert person.frame.experiment.optimizer.rate == 0.5
    assert same_bits(person.frame.params.flat, single.params.flat)
    assert person.frame.metrics.value("loss", 77) == single.metrics.value("loss", 77)
    person.do("edit.undo")
    assert person.frame.experiment == before.experiment
    assert person.frame.step == before.step
    assert same_bits(person.frame.params.flat, before.params.flat)
    person.do("edit.redo")
    assert person.frame.experiment.optimizer.rate == 0.5


def test_a_member_that_diverges_is_named_and_the_others_go_on(visit: Visit) -> None:
    person = visit("four-equations")
    network = person.frame.experiment.network
    linear = tuple(dataclasses.replace(layer, activation="identity") for layer in network.layers)
    person.app.runner.apply(person.frame.experiment.replace(network=dataclasses.replace(network, layers=linear)))
    window = race(person.settle(), "0.01 1e200", steps=40)
    places = window.table.model_of_race.places
    assert [place.rests for place in places] == [False, True]
    assert "diverged" in places[1].state
    assert not window.table.isColumnHidden(5)


def test_weights_are_compared_with_those_of_another_member(visit: Visit) -> None:
    person = visit("mazur")
    window = race(person, "0.1 0.5", steps=30)
    window.choose(1)
    window.color.show_value("difference")
    window.color.activated.emit(window.color.currentIndex())
    person.wait(lambda: window.canvas.view() is not None and window.canvas.view().other is not None)
    view = window.canvas.view()
    assert view is not None
    assert view.other is not None
    assert window.standings is not None
    assert same_bits(view.other.flat, window.standings.race.params(0).flat)
    assert view.eye.color == "difference"
    assert not window.canvas.grab().isNull()
    assert person.app.focus.color == "gradient", "the main window keeps its own colours"


def test_stopping_rests_between_two_steps_and_goes_on_later(visit: Visit) -> None:
    person = visit("xor")
    window = open_race(person)
    window.form.unit.show_value("steps")
    window.form.length.show_value(2_000_000)
    person.qtbot.mouseClick(window.start, Button)
    person.wait(lambda: window.standings is not None and window.standings.step > 0)
    person.qtbot.mouseClick(window.stop, Button)
    person.wait(lambda: not window.is_running)
    reached = window.standings.step if window.standings is not None else 0
    assert 0 < reached < 2_000_000
    assert window.longer.isVisible()
    person.qtbot.mouseClick(window.longer, Button)
    person.wait(lambda: window.standings is not None and window.standings.step > reached)
    person.qtbot.keyClick(window, Key.Key_Escape)
    assert not window.isVisible()
    person.wait(lambda: not window.is_running)


@pytest.mark.parametrize(("what", "count"), [("seed", 8), ("initializer", 4), ("optimizer", 5)])
def test_starts_rules_and_optimizers_race_too(visit: Visit, what: str, count: int) -> None:
    person = visit("xor")
    window = open_race(person)
    window.form.varied.show_value(what)
    window.form.varied.activated.emit(window.form.varied.currentIndex())
    window.form.unit.show_value("steps")
    window.form.length.show_value(20)
    person.qtbot.mouseClick(window.start, Button)
    at_rest(person, window, 20)
    assert window.standings is not None
    assert len(window.standings.members) == count
    assert not window.message.text()


def test_values_that_are_no_race_are_refused_beside_the_field(visit: Visit) -> None:
    person = visit("mazur")
    window = open_race(person)
    for typed, said in (("0.5", "2 to 16"), ("0.1 -1", "above 0"), ("0.1 0.1", "twice"), ("0.1 x", "x")):
        window.form.values.selectAll()
        person.qtbot.keyClicks(window.form.values, typed)
        assert said in window.form.preview.text(), typed
        person.qtbot.mouseClick(window.start, Button)
        assert window.standings is None
    window.form.low.setFocus()
    window.form.low.selectAll()
    person.qtbot.keyClicks(window.form.low, "0.001")
    person.qtbot.keyClick(window.form.low, Key.Key_Return)
    assert "6 members: 0.001" in window.form.preview.text()


def test_both_languages(visit: Visit, qapp: Any) -> None:
    person = visit("mazur")
    window = race(person, "0.1 0.5", steps=10)
    language.install(qapp, "zh_CN")
    person.wait(lambda: window.windowTitle() == "竞速" and window.resume.text() == "用这一个继续")
    shown = [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
    assert "取值" in shown
    assert "步" in window.form.unit.currentText()

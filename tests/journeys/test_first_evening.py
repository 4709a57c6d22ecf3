"""A learner opens bpstudio for the first time and stays for an evening."""

from collections.abc import Callable
from typing import Any

import pytest
from PyQt6.QtCore import Qt

from bpstudio.files.lesson import NAMES
from bpstudio.insight.elements import Edge
from bpstudio.training.optimizers import SGD

Key, Mod = Qt.Key, Qt.KeyboardModifier
Visit = Callable[..., Any]


def test_forward_and_back_through_one_step_by_keyboard(visit: Visit) -> None:
    person = visit()
    assert person.window.canvas.hasFocus()
    assert person.playhead == 0
    person.press(Key.Key_Right)
    assert (person.window.tour.stop, person.playhead) == (1, 0), "the first → only turns the page of the tour"
    for beat in range(1, 56):
        person.press(Key.Key_Right)
        assert person.playhead == beat
    assert person.frame.step == 0
    person.press(Key.Key_Right)
    assert (person.frame.step, person.playhead) == (1, 0)
    assert person.frame.loss == pytest.approx(0.291027774, abs=5e-10)
    person.press(Key.Key_Left)
    assert (person.frame.step, person.playhead) == (0, 55)
    assert person.frame.loss == pytest.approx(0.298371109, abs=5e-10)
    for beat in range(54, -1, -1):
        person.press(Key.Key_Left)
        assert person.playhead == beat


def test_tour_follows_what_is_done_and_closes_with_esc(visit: Visit) -> None:
    person = visit()
    tour = person.window.tour
    assert tour.isVisible()
    person.press(Key.Key_Right).press(Key.Key_Right).press(Key.Key_Right)
    assert tour.stop == 2
    person.press(Key.Key_PageDown).press(Key.Key_PageDown)
    assert person.playhead == 19
    assert tour.stop == 3
    assert "0.298" in tour._words.text() or tour.stop == 3
    person.press(Key.Key_Escape)
    assert not tour.isVisible()
    assert person.playhead == 19, "Esc closes one thing at a time"


def test_tour_stays_away_when_told(visit: Visit) -> None:
    person = visit()
    person.click(person.window.tour._never)
    person = visit()
    assert not person.window.tour.isVisible()


def test_phases_grains_and_ends_by_keyboard(visit: Visit) -> None:
    person = visit()
    person.press(Key.Key_Escape)
    places = [person.press(Key.Key_PageDown).playhead for _ in range(4)]
    assert places == [16, 19, 43, 55]
    person.press(Key.Key_3)
    assert person.app.focus.grain == "neuron"
    person.press(Key.Key_Home)
    assert person.playhead == 0
    person.press(Key.Key_End)
    assert person.playhead == 17
    person.press(Key.Key_2)
    assert (person.app.focus.grain, person.playhead) == ("layer", 9)


def test_same_by_mouse(visit: Visit) -> None:
    person = visit()
    buttons = person.window.toolbar._buttons
    person.click(buttons["run.next_beat"])
    person.click(buttons["run.next_beat"])
    assert person.playhead == 1
    person.click(buttons["run.end"])
    assert person.playhead == 55
    person.click(buttons["run.previous_beat"])
    assert person.playhead == 54
    person.click(person.window.toolbar._grains["layer"])
    assert person.app.focus.grain == "layer"
    assert person.window.canvas.hasFocus(), "buttons do not take the keyboard away"


def test_play_walks_by_itself_and_space_pauses(visit: Visit) -> None:
    person = visit()
    person.press(Key.Key_Escape)
    person.app.focus.set(speed=8.0)
    person.press(Key.Key_Space)
    person.wait(lambda: person.playhead >= 3)
    person.press(Key.Key_Space)
    assert not person.app.navigation.playing


def test_train_pause_rewind_undo(visit: Visit) -> None:
    person = visit()
    person.press(Key.Key_Escape).press(Key.Key_1)
    person.press(Key.Key_Space)
    person.wait(lambda: person.frame.step > 300)
    person.press(Key.Key_Space)
    reached = person.settle().frame
    assert reached.run == "paused"
    assert reached.loss < 0.1
    person.press(Key.Key_Home, Mod.ControlModifier)
    assert person.frame.step == 0
    assert person.frame.loss == pytest.approx(0.298371109, abs=5e-10)
    person.press(Key.Key_End, Mod.ControlModifier)
    assert person.frame.params.flat.tobytes() == reached.params.flat.tobytes()
    person.press(Key.Key_Z, Mod.ControlModifier)
    assert person.frame.step == 0
    person.press(Key.Key_Z, Mod.ControlModifier, Mod.ShiftModifier)
    assert person.frame.step == reached.step


def test_typed_weight_takes_effect_at_once_and_is_undone(visit: Visit) -> None:
    person = visit()
    person.press(Key.Key_Escape)
    person.app.focus.set(selection=Edge(2, 0, 0))
    person.press(Key.Key_F2)
    field = person.window.inspector._head._value
    assert field.hasFocus()
    field.selectAll()
    person.qtbot.keyClicks(field, "0,5")
    person.press(Key.Key_Return, on=field)
    assert person.frame.params.W[1][0, 0] == 0.5
    assert person.frame.loss != pytest.approx(0.298371109, abs=1e-6)
    assert person.app.document.modified
    person.press(Key.Key_Z, Mod.ControlModifier, on=person.window.canvas)
    assert person.frame.params.W[1][0, 0] == 0.4
    assert not person.app.document.modified


def test_language_and_theme_change_while_training(visit: Visit) -> None:
    person = visit()
    person.press(Key.Key_Escape).press(Key.Key_1).press(Key.Key_Space)
    person.wait(lambda: person.frame.step > 50)
    chinese = next(a for a in person.app.actions.menu("view.language").actions() if a.data() == "zh_CN")
    chinese.trigger()
    person.app.actions["view.theme.light"].trigger()
    here = person.frame.step
    person.wait(lambda: person.frame.step > here + 50)
    assert person.app.actions["run.play"].text() == "播放"
    assert person.window._title.text().startswith("手算例子")
    assert person.window.palette().window().color().lightness() > 200
    person.press(Key.Key_Space, on=person.window.canvas)
    person.settle()


def test_every_lesson_opens_and_moves(visit: Visit) -> None:
    person = visit()
    person.press(Key.Key_Escape)
    for action in person.app.files._lessons:
        action.trigger()
        person.settle()
        assert person.playhead <= person.app.focus.last
        before = person.frame.step
        person.press(Key.Key_Right, Mod.ControlModifier, on=person.window.canvas)
        assert person.frame.step == before + 1
    assert len(person.app.files._lessons) == len(NAMES)


def test_switch_of_the_lesson_shows_what_the_page_printed(visit: Visit) -> None:
    person = visit()
    switches = {switch.objectName(): switch for switch in person.window.lesson.switches}
    for name, loss in (("sequential", 0.291027924), ("trained-biases", 0.280471447), ("simultaneous", 0.291027774)):
        person.click(switches[name])
        assert person.frame.step == 0
        person.press(Key.Key_Right, Mod.ControlModifier, on=person.window.canvas)
        assert person.frame.loss == pytest.approx(loss, abs=6e-10)
        assert [each.objectName() for each in switches.values() if each.is_on] == [name]


def test_scenes_lead_from_beat_to_beat(visit: Visit) -> None:
    person = visit()
    for scene in person.app.document.lesson.scenes:
        person.click(person.window.lesson.scene.later)
        walk = person.app.focus.walk
        assert person.frame.step == scene.step
        assert person.app.document.choice is person.app.document.switches.named(scene.variant)
        assert person.playhead == walk.find(person.app.focus.grain, scene.at)


def test_edit_in_the_builder_reaches_the_run(visit: Visit) -> None:
    person = visit()
    rate = person.window.builder.training.rate
    rate.setFocus()
    rate.selectAll()
    person.qtbot.keyClicks(rate, "0.25")
    person.press(Key.Key_Return, on=rate)
    assert person.frame.experiment.optimizer == SGD(0.25)
    person.press(Key.Key_Escape, on=rate)
    assert person.window.canvas.hasFocus()

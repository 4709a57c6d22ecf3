"""Bookmarks: set where one stands, with a note typed in place, found again by a click."""

from collections.abc import Iterator
from typing import Any

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QApplication, QLineEdit

from bpstudio.training.session import Session
from ui import language
from ui.marking import Marking
from ui.navigation import Navigation
from ui.panels.marks import Bookmarks
from ui.panels.marks_row import wrapped
from ui.panels.step_bar import StepSlider
from ui.theme import current


@pytest.fixture
def panel(stage: Any, mazur_session: Session) -> Iterator[Bookmarks]:
    navigation = Navigation(stage.focus, stage.runner)
    shown = Bookmarks(Marking(stage.runner, stage.focus, navigation), stage.runner, stage.focus)
    stage.focus.set(grain="edge", notation="mazur")
    stage.open(mazur_session)
    stage.show(shown, width=280)
    yield shown
    navigation.pause()


def titles(panel: Bookmarks) -> list[str]:
    return [panel.list.lines.line(key).title for key in panel.list.lines.keys]


def click(stage: Any, panel: Bookmarks, row: int, part: str = "row") -> None:
    view = panel.list
    index = view.lines.index(row)
    place = view.place(index, view.visualRect(index))
    at = {"row": place.words.center(), "cross": place.cross.center()}[part]
    stage.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    stage.settle()


def test_an_empty_list_says_what_it_is_for(stage: Any, panel: Bookmarks) -> None:
    assert panel.empty.isVisible()
    assert not panel.list.isVisible()
    stage.runner.bookmark("backward/w5")
    stage.settle()
    assert not panel.empty.isVisible()
    assert panel.list.isVisible()


def test_here_opens_a_note_that_enter_keeps(stage: Any, panel: Bookmarks) -> None:
    stage.focus.set(playhead=24)
    stage.qtbot.mouseClick(panel.add, Qt.MouseButton.LeftButton)
    stage.settle()
    editor = panel.list.editor
    assert editor is not None
    stage.qtbot.keyClicks(editor, "compare")
    stage.qtbot.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    stage.qtbot.keyClicks(editor, "with the sheet")
    stage.qtbot.keyClick(editor, Qt.Key.Key_Return)
    frame = stage.settle()
    assert [(mark.step, mark.address, mark.note) for mark in frame.bookmarks] == [
        (0, "backward/w5", "compare\nwith the sheet")
    ]
    assert panel.list.editor is None
    assert titles(panel) == ["compare\nwith the sheet"]


def test_a_note_that_is_open_is_not_opened_twice(stage: Any, panel: Bookmarks) -> None:
    panel.mark_here()
    stage.settle()
    editor = panel.list.editor
    panel.list.write(1)
    assert panel.list.editor is editor


def test_esc_leaves_the_note_and_keeps_the_bookmark(stage: Any, panel: Bookmarks) -> None:
    line = QLineEdit(stage.window)
    stage.window.layout().addWidget(line)
    panel.mark_here(line)
    stage.settle()
    assert panel.list.editor is not None
    stage.qtbot.keyClicks(panel.list.editor, "not this")
    stage.qtbot.keyClick(panel.list.editor, Qt.Key.Key_Escape)
    frame = stage.settle()
    assert [mark.note for mark in frame.bookmarks] == [""]
    assert panel.list.editor is None
    stage.qtbot.waitUntil(line.hasFocus)


def test_a_frame_does_not_touch_what_is_being_typed(stage: Any, panel: Bookmarks) -> None:
    panel.mark_here()
    stage.settle()
    editor = panel.list.editor
    assert editor is not None
    stage.qtbot.keyClicks(editor, "half a ")
    stage.runner.step()
    stage.settle()
    assert panel.list.editor is editor
    assert editor.toPlainText() == "half a "


def test_a_bookmark_more_keeps_what_is_being_typed(stage: Any, panel: Bookmarks) -> None:
    panel.mark_here()
    stage.settle()
    stage.qtbot.keyClicks(panel.list.editor, "half a note")
    stage.focus.set(playhead=7)
    panel.mark_here()
    frame = stage.settle()
    assert [mark.note for mark in frame.bookmarks] == ["half a note", ""]
    assert panel.list.editor is not None
    assert panel.list.chosen == 2
    # And one that goes takes its field along.
    stage.runner.remove_bookmark(2)
    stage.settle()
    assert panel.list.editor is None


def test_a_row_says_the_beat_in_the_letters_of_the_moment(stage: Any, panel: Bookmarks) -> None:
    stage.runner.bookmark("backward/w5")
    stage.settle()
    assert titles(panel) == ["How much does w₅ change the loss?"]
    stage.focus.set(notation="nielsen")
    assert titles(panel) == ["How much does w²₁₁ change the loss?"]
    app = QApplication.instance()
    assert app is not None
    language.install(app, "zh_CN")
    stage.qtbot.waitUntil(lambda: "change" not in titles(panel)[0])
    assert "w²₁₁" in titles(panel)[0]


def test_a_click_goes_to_step_and_beat_at_the_present_grain(stage: Any, panel: Bookmarks) -> None:
    stage.runner.bookmark("backward/w5")
    stage.runner.step(20)
    stage.settle()
    stage.focus.set(grain="neuron", playhead=3)
    click(stage, panel, 0)
    assert stage.frame.step == 0
    walk = stage.focus.walk
    assert walk is not None
    assert (stage.focus.grain, stage.focus.playhead) == ("neuron", walk.find("neuron", "backward/w5"))


def test_a_bookmark_of_a_whole_step_leaves_the_eye_alone(stage: Any, panel: Bookmarks) -> None:
    stage.runner.bookmark("")
    stage.runner.step(5)
    stage.settle()
    stage.focus.set(playhead=7)
    click(stage, panel, 0)
    assert (stage.frame.step, stage.focus.playhead) == (0, 7)


def test_it_leads_back_to_its_branch(stage: Any, panel: Bookmarks) -> None:
    stage.runner.step(6)
    stage.settle()
    stage.runner.bookmark("backward/w5")
    stage.runner.seek(3)
    frame = stage.settle()
    stage.runner.apply(experiment=frame.experiment.replace(batch_size=0, reduction="sum", seed=5), name="seed")
    stage.runner.branch("other")
    frame = stage.settle()
    assert len(frame.branches) > 1
    assert frame.branch != frame.bookmarks[0].branch
    assert "first run" in panel.list.lines.line(panel.list.lines.keys[0]).detail
    click(stage, panel, 0)
    assert (stage.frame.branch, stage.frame.step) == (1, 6)
    assert stage.focus.playhead == 24


def test_the_cross_and_del_take_away_and_undo_brings_back(stage: Any, panel: Bookmarks) -> None:
    for address in ("forward/h1/z", "backward/w5"):
        stage.runner.bookmark(address)
    stage.settle()
    click(stage, panel, 0, "cross")
    assert [mark.address for mark in stage.frame.bookmarks] == ["backward/w5"]
    panel.list.setFocus()
    stage.qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    assert stage.settle().bookmarks == ()
    stage.runner.undo()
    stage.runner.undo()
    assert len(stage.settle().bookmarks) == 2


def test_keys_in_the_list(stage: Any, panel: Bookmarks) -> None:
    for address in ("forward/h1/z", "backward/w5"):
        stage.runner.bookmark(address)
    stage.settle()
    panel.list.setFocus()
    stage.qtbot.keyClick(panel.list, Qt.Key.Key_Down)
    stage.qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    stage.settle()
    assert stage.focus.playhead == 24
    stage.qtbot.keyClick(panel.list, Qt.Key.Key_F2)
    assert panel.list.editor is not None
    stage.qtbot.keyClick(panel.list.editor, Qt.Key.Key_Escape)
    assert panel.list.editor is None


def test_the_menu_of_a_row_says_what_can_be_done(stage: Any, panel: Bookmarks) -> None:
    stage.runner.bookmark("backward/w5")
    stage.settle()
    key = panel.list.lines.keys[0]
    acts = {action.text(): action for action in panel.list.menu(key).actions()}
    assert list(acts) == ["Go there", "Write a note", "Remove"]
    acts["Write a note"].trigger()
    assert panel.list.editor is not None
    stage.qtbot.keyClick(panel.list.editor, Qt.Key.Key_Escape)
    acts["Remove"].trigger()
    assert stage.settle().bookmarks == ()


def test_next_and_previous_go_round(stage: Any, panel: Bookmarks) -> None:
    marking = panel._marking
    assert not marking.neighbour(1)
    stage.runner.bookmark("backward/w5")
    stage.runner.bookmark("forward/h1/z")
    stage.runner.step(4)
    stage.settle()
    stage.runner.bookmark("loss/C")
    stage.settle()
    seen = []
    for by in (1, 1, 1, 1, -1, -1):
        assert marking.neighbour(by)
        stage.settle()
        seen.append((stage.frame.step, stage.focus.playhead))
    assert seen == [(4, 19), (0, 3), (0, 24), (4, 19), (0, 24), (0, 3)]


def test_where_one_stands_is_marked(stage: Any, panel: Bookmarks) -> None:
    stage.runner.bookmark("backward/w5")
    stage.settle()
    key = panel.list.lines.keys[0]
    stage.focus.set(playhead=3)
    assert not panel.list.lines.line(key).is_here
    stage.focus.set(playhead=24)
    assert panel.list.lines.line(key).is_here


def test_titles_wrap_and_end_with_dots() -> None:
    font = current().font(13)
    assert wrapped("one two", font, 1000, 3) == ["one two"]
    assert wrapped("one\ntwo", font, 1000, 3) == ["one", "two"]
    long = wrapped("word " * 60, font, 120, 3)
    assert len(long) == 3
    assert long[-1].endswith("…")
    assert wrapped("one\ntwo\nthree", font, 1000, 2)[-1].endswith("…")


def test_the_slider_has_a_flag_and_a_click_beside_it_goes_there(stage: Any, panel: Bookmarks) -> None:
    slider = StepSlider(stage.window)
    stage.window.layout().addWidget(slider)
    stage.qtbot.waitUntil(lambda: slider.isVisible() and slider.width() > 100)
    stage.runner.step(1000)
    stage.settle()
    stage.runner.seek(437)
    stage.runner.bookmark("", "half way")
    frame = stage.settle()
    slider.show_run(0, frame.last_step, 0, ())
    assert slider.marks.show_frame(frame)
    assert not slider.marks.show_frame(frame)
    assert [(mark.step, mark.kind) for mark in slider.marks.marks] == [(437, "bookmark")]
    at = QPoint(round(slider.x_of(437)) + 2, slider.height() // 2)
    assert slider.step_at(at.x()) != 437
    stage.qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=at)
    assert slider.sliderPosition() == 437
    assert slider.marks.told(437) == "step 437\nhalf way"

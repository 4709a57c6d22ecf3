from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from bpstudio.insight.elements import Unit
from bpstudio.training.frame import Frame
from ui.focus import Focus
from ui.plots.live import LiveView
from ui.plots.row import PlotsRow


class Counter(LiveView):
    def __init__(self, focus: Focus) -> None:
        super().__init__(focus)
        self.drawn: list[Frame | None] = []

    def draw(self) -> None:
        self.drawn.append(self.frame)

    def concern(self) -> object:
        return self.focus.selection


@pytest.fixture
def view(qtbot: QtBot, focus: Focus) -> Counter:
    view = Counter(focus)
    qtbot.addWidget(view)
    return view


def test_a_hidden_view_does_nothing_and_catches_up_once(view: Counter, mazur_frame: Frame, focus: Focus):
    for step in range(5):
        view.show_frame(replace(mazur_frame, step=step))
    focus.set(selection=Unit(1, 0))
    view.refresh()
    assert view.drawn == []
    view.show()
    assert [frame.step for frame in view.drawn if frame is not None] == [4]
    view.hide()
    view.show()
    assert len(view.drawn) == 1


def test_a_stream_of_frames_is_drawn_ten_times_a_second_the_newest_last(
    qtbot: QtBot, view: Counter, mazur_frame: Frame
):
    view.show()
    view.drawn.clear()
    qtbot.waitUntil(lambda: view._since.elapsed() > 100)
    for step in range(50):
        view.show_frame(replace(mazur_frame, step=step))
    assert [frame.step for frame in view.drawn if frame is not None] == [0]
    qtbot.waitUntil(lambda: len(view.drawn) == 2)
    assert view.drawn[-1] is not None
    assert view.drawn[-1].step == 49


def test_paced_view_waits_to_be_told_while_training_runs(qtbot: QtBot, view: Counter, mazur_frame: Frame):
    view.paced = True
    view.show()
    assert view.wait < 0, "it has just been drawn"
    qtbot.waitUntil(lambda: view._since.elapsed() > 100)
    view.drawn.clear()
    view.show_frame(replace(mazur_frame, run="running"))
    assert view.drawn == []
    assert view.wait >= 0
    view.refresh()
    assert view.wait < 0
    qtbot.waitUntil(lambda: view._since.elapsed() > 100)
    view.show_frame(replace(mazur_frame, run="paused"))
    assert len(view.drawn) == 2, "at rest it draws by itself"


def test_only_what_it_reads_of_the_focus_concerns_a_view(qtbot: QtBot, view: Counter, focus: Focus):
    view.show()
    qtbot.waitUntil(lambda: view._since.elapsed() > 100)
    view.drawn.clear()
    focus.set(zoom=2.0)
    focus.set(speed=2.0)
    assert view.drawn == []
    focus.set(selection=Unit(1, 0))
    assert len(view.drawn) == 1


def test_plots_behind_another_title_are_not_drawn(
    qtbot: QtBot, focus: Focus, classes_frame: Frame, monkeypatch: pytest.MonkeyPatch
):
    row = PlotsRow(focus)
    qtbot.addWidget(row)
    row.resize(1280, 200)
    row.show()
    for plot in row.all:
        monkeypatch.setattr(plot, "draw", lambda plot=plot: drawn.append(plot))
    drawn: list[LiveView] = []
    row.show_frame(classes_frame)
    for plot in row.all:
        plot.refresh()
    assert {row.loss, row.saturation, row.gradient, row.bars} == set(drawn)
    drawn.clear()
    row.fourth.choose(1)
    assert drawn == [row.fit]

"""The canvas in a window: what the mouse and the keyboard do, when it paints anew, and when it rests."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QHelpEvent, QMouseEvent, QWheelEvent
from PyQt6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

import bpstudio
from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.elements import BIAS, Edge, LossNode, PlusOne, Target, Unit
from bpstudio.insight.walk import Walk
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session
from ui import language, theme
from ui.canvas import painting, widget
from ui.canvas.picture import Picture
from ui.canvas.widget import Canvas
from ui.focus import Focus

W5 = Edge(2, 0, 0)


@pytest.fixture
def focus(qapp: QApplication) -> Focus:
    return Focus()


@pytest.fixture
def canvas(easel: Any, focus: Focus, qtbot: QtBot) -> Canvas:
    """The worked example on 730×390, walked to w5."""
    made = Canvas(focus)
    qtbot.addWidget(made)
    made.resize(730, 390)
    frame = easel.frame_of("mazur")
    focus.follow(Walk.of(frame))
    made.show_frame(frame)
    with qtbot.waitExposed(made):
        made.show()
    focus.set(playhead=24, notation="mazur", reduced_motion=True)
    made.repaint()
    return made


@pytest.fixture
def paints(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is painted from now on: "still" for the network, "words" for the text around it, "moving" for the rest."""
    seen: list[str] = []
    still, words, moving = painting.paint_shapes, painting.paint_words, painting.paint_moving
    monkeypatch.setattr(painting, "paint_shapes", lambda *given: seen.append("still") or still(*given))
    monkeypatch.setattr(painting, "paint_words", lambda *given: seen.append("words") or words(*given))
    monkeypatch.setattr(widget.painting, "paint_moving", lambda *given: seen.append("moving") or moving(*given))
    return seen


def picture(canvas: Canvas) -> Picture:
    view = canvas.view()
    assert view is not None
    return Picture(view)


def middle_of(canvas: Canvas, edge: Edge, t: float = 0.5) -> QPointF:
    x1, y1, x2, y2 = picture(canvas).geometry.line(edge)
    return QPointF(x1 + (x2 - x1) * t, y1 + (y2 - y1) * t)


def center_of(canvas: Canvas, unit: Unit) -> QPointF:
    return QPointF(*picture(canvas).geometry.units[unit.layer][unit.index].tolist())


def mouse(canvas: Canvas, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton, down: Qt.MouseButton) -> None:
    event = QMouseEvent(kind, at, canvas.mapToGlobal(at), button, down, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(canvas, event)


def press(canvas: Canvas, at: QPointF) -> None:
    mouse(canvas, QEvent.Type.MouseButtonPress, at, Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton)


def move(canvas: Canvas, at: QPointF, held: bool = False) -> None:
    down = Qt.MouseButton.LeftButton if held else Qt.MouseButton.NoButton
    mouse(canvas, QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, down)


def release(canvas: Canvas, at: QPointF) -> None:
    mouse(canvas, QEvent.Type.MouseButtonRelease, at, Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton)


def click(canvas: Canvas, at: QPointF) -> None:
    press(canvas, at)
    release(canvas, at)


def wheel(canvas: Canvas, at: QPointF, notches: int) -> None:
    event = QWheelEvent(
        at,
        canvas.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


# ---- looking


def test_clicks_select_what_is_there(canvas: Canvas, focus: Focus) -> None:
    geometry = picture(canvas).geometry
    wanted: list[tuple[object, QPointF]] = [
        (W5, middle_of(canvas, W5)),
        (Edge(1, 1, BIAS), middle_of(canvas, Edge(1, 1, BIAS))),
        (Unit(1, 1), center_of(canvas, Unit(1, 1))),
        (LossNode(), geometry.box(LossNode()).center()),
        (PlusOne(2), geometry.plus_box(2).center()),
        (Target(1), geometry.answer_box(1).center() - QPointF(20, 0)),
        (None, QPointF(10, 200)),
    ]
    for element, point in wanted:
        click(canvas, point)
        assert focus.selection == element


def test_hover_follows_the_mouse_and_leaves_with_it(canvas: Canvas, focus: Focus) -> None:
    move(canvas, center_of(canvas, Unit(2, 0)))
    assert focus.hover == Unit(2, 0)
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert focus.hover is None


def test_a_drag_pans_and_selects_nothing(canvas: Canvas, focus: Focus) -> None:
    start = center_of(canvas, Unit(1, 0))
    press(canvas, start)
    move(canvas, start + QPointF(30, 10), held=True)
    move(canvas, start + QPointF(80, -20), held=True)
    release(canvas, start + QPointF(80, -20))
    assert focus.pan == (80.0, -20.0)
    assert focus.selection is None
    assert center_of(canvas, Unit(1, 0)) == start + QPointF(80, -20)


def test_a_trembling_hand_still_clicks(canvas: Canvas, focus: Focus) -> None:
    at = center_of(canvas, Unit(1, 0))
    press(canvas, at)
    move(canvas, at + QPointF(2, 1), held=True)
    release(canvas, at + QPointF(2, 1))
    assert focus.selection == Unit(1, 0)
    assert focus.pan == (0.0, 0.0)


def test_the_wheel_zooms_to_the_cursor_and_fit_takes_it_back(canvas: Canvas, focus: Focus) -> None:
    at = center_of(canvas, Unit(2, 1))
    wheel(canvas, at, 3)
    assert focus.zoom == pytest.approx(widget.STEP**3)
    moved = center_of(canvas, Unit(2, 1))
    assert (moved.x(), moved.y()) == pytest.approx((at.x(), at.y()))
    wheel(canvas, at, -3)
    assert focus.zoom == 1.0
    canvas.zoom_in()
    canvas.fit()
    assert (focus.zoom, focus.pan) == (1.0, (0.0, 0.0))


def test_zoom_has_ends(canvas: Canvas, focus: Focus) -> None:
    for _ in range(60):
        canvas.zoom_in()
    assert focus.zoom == widget.NEAREST
    for _ in range(90):
        canvas.zoom_out()
    assert focus.zoom == widget.FARTHEST
    canvas.repaint()


def test_the_keyboard_walks_from_unit_to_edge_to_unit(canvas: Canvas, focus: Focus) -> None:
    focus.set(selection=Unit(1, 0))
    seen = []
    for direction in ("right", "right", "left", "left", "down"):
        canvas.neighbour(direction)  # type: ignore[arg-type]
        seen.append(focus.selection)
    assert seen == [W5, Unit(2, 0), W5, Unit(1, 0), Unit(1, 1)]


def test_a_double_click_wants_the_card(canvas: Canvas, qtbot: QtBot) -> None:
    at = middle_of(canvas, W5)
    with qtbot.waitSignal(canvas.opened):
        click(canvas, at)
        mouse(canvas, QEvent.Type.MouseButtonDblClick, at, Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton)


def test_tooltips_come_from_edges_and_from_the_legend(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda point, text, *rest: told.append(text))
    for at in (middle_of(canvas, W5), QPointF(60, 355)):
        QApplication.sendEvent(canvas, QHelpEvent(QEvent.Type.ToolTip, at.toPoint(), canvas.mapToGlobal(at).toPoint()))
    assert told[0].startswith("w₅   h₁ → o₁\nw₅ = 0.4\n∂C/∂w₅ = 0.0821670405642")
    assert "log scale" in told[1]


# ---- the colour range


def test_the_range_is_locked_for_a_run_and_moves_only_by_fit(canvas: Canvas, easel: Any) -> None:
    first = picture(canvas).limits
    session = bpstudio.load_lesson("mazur").session()
    session.run(20000)
    canvas.show_frame(session.frame())
    assert picture(canvas).limits == first
    said = canvas.fit_range()
    assert picture(canvas).limits.top < first.top
    assert said.startswith("Colour range: 1e-")
    session.seek(0)
    canvas.show_frame(session.frame())
    assert picture(canvas).limits.top < first.top, "it stays where it was put"


def test_another_network_begins_a_new_range(canvas: Canvas, easel: Any) -> None:
    canvas.show_frame(easel.frame_of("iris"))
    assert picture(canvas).limits == easel.limits_of("iris")


# ---- painting only on change


def test_hover_repaints_what_moves_alone(canvas: Canvas, focus: Focus, paints: list[str]) -> None:
    canvas.repaint()
    focus.set(hover=W5)
    canvas.repaint()
    assert set(paints) == {"moving"}
    focus.set(color="weight")
    canvas.repaint()
    assert paints.count("still") == 1


def test_while_training_runs_text_follows_more_slowly_than_the_picture(
    canvas: Canvas, focus: Focus, paints: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(widget, "TEXT_SECONDS", 1000.0)
    frames = [replace(canvas._frame, run="running", step=step) for step in range(4)]  # type: ignore[type-var]
    for frame in frames[:3]:
        canvas.show_frame(frame)
        canvas.repaint()
    assert (paints.count("still"), paints.count("words")) == (3, 1)
    focus.set(zoom=1.5)
    canvas.repaint()
    assert paints.count("words") == 2, "a picture that is looked at otherwise has its text elsewhere"
    canvas.show_frame(replace(frames[3], run="paused"))
    canvas.repaint()
    assert paints.count("words") == 3, "at rest every number is that of the step"


@pytest.mark.parametrize(
    "change",
    [
        lambda canvas, focus: canvas.resize(731, 390),
        lambda canvas, focus: theme.apply(QApplication.instance(), "light"),
        lambda canvas, focus: language.install(QApplication.instance(), "zh_CN"),
        lambda canvas, focus: focus.set(playhead=25),
        lambda canvas, focus: focus.set(selection=W5),
        lambda canvas, focus: focus.set(zoom=2.0),
        lambda canvas, focus: canvas.show_frame(replace(canvas._frame, run="running")),
    ],
    ids=["size", "theme", "language", "playhead", "selection", "zoom", "frame"],
)
def test_what_changes_the_picture_paints_it_anew(
    canvas: Canvas, focus: Focus, paints: list[str], change: Callable[[Canvas, Focus], object]
) -> None:
    change(canvas, focus)
    QApplication.processEvents()
    canvas.repaint()
    assert "still" in paints


def test_nothing_is_painted_while_nothing_changes(canvas: Canvas, paints: list[str], qtbot: QtBot) -> None:
    def is_quiet() -> bool:
        paints.clear()
        QApplication.processEvents()
        return paints == []

    qtbot.waitUntil(is_quiet)  # what the window has to tell at its beginning is over
    for _ in range(5):
        QApplication.processEvents()
    assert paints == []


def test_a_hidden_canvas_only_remembers(canvas: Canvas, easel: Any, paints: list[str]) -> None:
    canvas.hide()
    canvas.show_frame(easel.frame_of("iris"))
    QApplication.processEvents()
    assert paints == []
    canvas.show()
    QApplication.processEvents()
    canvas.repaint()
    assert "still" in paints
    assert picture(canvas).network.sizes == (4, 6, 3)


def test_looking_at_what_the_next_network_has_not_is_no_error(canvas: Canvas, focus: Focus, easel: Any) -> None:
    focus.set(selection=Edge(2, 1, BIAS), hover=Unit(2, 1))
    canvas.show_frame(easel.frame_of("xor"))
    canvas.repaint()
    assert picture(canvas).eye.selection is None


def test_an_empty_canvas_paints_and_answers_nothing(qtbot: QtBot, focus: Focus) -> None:
    made = Canvas(focus)
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.show()
    made.repaint()
    made.neighbour("left")
    assert made.fit_range() == ""
    click(made, QPointF(50, 50))
    assert focus.selection is None


# ---- the pulse


def test_a_pulse_runs_for_one_beat_forward_and_rests(canvas: Canvas, focus: Focus, qtbot: QtBot) -> None:
    focus.set(reduced_motion=False, speed=8.0)
    focus.set(playhead=25)
    assert canvas._timer.isActive()
    assert canvas._timer.interval() >= 16
    view = canvas.view()
    assert view is not None
    assert view.phase < 1.0
    qtbot.waitUntil(lambda: not canvas._timer.isActive())
    view = canvas.view()
    assert view is not None
    assert view.phase == 1.0


@pytest.mark.parametrize("playhead", [23, 27, 0, 24])
def test_no_pulse_backward_or_over_a_jump(canvas: Canvas, focus: Focus, playhead: int) -> None:
    focus.set(reduced_motion=False)
    focus.set(playhead=playhead)
    assert not canvas._timer.isActive()


def test_no_pulse_with_reduced_motion_or_while_hidden(canvas: Canvas, focus: Focus) -> None:
    focus.set(playhead=25)
    assert not canvas._timer.isActive()
    canvas.hide()
    focus.set(reduced_motion=False)
    focus.set(playhead=26)
    assert not canvas._timer.isActive()


def test_a_pulse_repaints_what_moves_alone(
    canvas: Canvas, focus: Focus, paints: list[str], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    focus.set(reduced_motion=False, speed=4.0)
    now = itertools.count(0.0, 0.005)
    monkeypatch.setattr(widget, "time", SimpleNamespace(monotonic=lambda: next(now)))  # the machine may be busy
    focus.set(playhead=25)
    qtbot.waitUntil(lambda: not canvas._timer.isActive())
    canvas.repaint()
    assert paints.count("still") == 2, "once when it begins, once when its result appears"
    assert paints.count("moving") > 2


def deep_frame(layers: int) -> Frame:
    draw = np.random.default_rng(2)
    data = Dataset.from_arrays(draw.normal(size=(4, 3)), draw.uniform(size=(4, 1)))
    network = Network(3, (*(Dense(4) for _ in range(layers - 1)), Dense(1)))
    return Session(Experiment(network, batch_size=4), data).frame()


def test_a_deep_network_is_seen_whole_and_a_small_one_after_it_at_its_own_size(
    canvas: Canvas, focus: Focus, easel: Any
) -> None:
    for frame, is_deep in ((deep_frame(30), True), (easel.frame_of("mazur"), False)):
        focus.follow(Walk.of(frame))
        canvas.show_frame(frame)
        assert (focus.zoom < 1.0) is is_deep
        view = canvas.view()
        assert view is not None
        for column in Picture(view).geometry.units:
            assert column[:, 0].min() > 0
            assert column[:, 0].max() < canvas.width()
            assert column[:, 1].min() > 58
            assert column[:, 1].max() < canvas.height() - 64


def test_who_has_zoomed_keeps_the_place(canvas: Canvas, focus: Focus) -> None:
    canvas.zoom_in()
    zoom, pan = focus.zoom, focus.pan
    frame = deep_frame(30)
    focus.follow(Walk.of(frame))
    canvas.show_frame(frame)
    assert (focus.zoom, focus.pan) == (zoom, pan)

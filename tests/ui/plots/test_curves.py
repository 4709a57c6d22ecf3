from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QAction, QColor, QKeySequence, QWheelEvent
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from bpstudio.training.frame import Frame
from ui import language, theme
from ui.focus import Focus
from ui.plots.curves import CurvePlot
from ui.plots.kept import Kept
from ui.plots.layers import GradientPlot, SaturationPlot
from ui.plots.loss import LossPlot
from ui.plots.pane import Line
from ui.plots.scales import LinearScale, LogScale


def shown(qtbot: QtBot, plot: CurvePlot, frame: Frame | None, width: int = 400, height: int = 220) -> CurvePlot:
    qtbot.addWidget(plot)
    plot.resize(width, height)
    plot.show()
    if frame is not None:
        plot.show_frame(frame)
    plot.refresh()
    return plot


def names(plot: CurvePlot) -> list[str]:
    return [text for text, _ in plot.pane.written_names()]


def lines(plot: CurvePlot, monkeypatch: pytest.MonkeyPatch) -> list[Line]:
    """What is handed to the pane at the next refresh."""
    taken: list[Line] = []
    monkeypatch.setattr(plot.pane, "set_lines", taken.extend)
    plot.refresh()
    return taken


@pytest.mark.parametrize("length", [500, 60_000, 300_000])
def test_a_spike_of_a_single_step_is_drawn(
    qtbot: QtBot, focus: Focus, recorded: Callable[..., Frame], monkeypatch: pytest.MonkeyPatch, length: int
):
    """Taking every n-th step, or a mean, would lose it."""
    rng = np.random.default_rng(0)
    losses = rng.uniform(0.4, 0.6, length)
    losses[length // 3], losses[length // 2] = 7.5, 0.001
    plot = shown(qtbot, LossPlot(focus), recorded(losses))
    plot.set_scale("linear")
    drawn = np.concatenate([line.y for line in lines(plot, monkeypatch)])
    assert drawn.max() == 7.5
    assert drawn.min() == 0.001
    assert plot.pane.y_view[0] <= 0.001 < 7.5 <= plot.pane.y_view[1]
    assert sum(len(line.x) for line in lines(plot, monkeypatch)) < 6000


def test_a_spike_is_on_the_screen_where_it_happened(qtbot: QtBot, focus: Focus, recorded: Callable[..., Frame]):
    losses = np.full(40_000, 0.5)
    losses[10_000] = 8.0
    plot = shown(qtbot, LossPlot(focus), recorded(losses))
    plot.set_scale("linear")
    plot.refresh()
    image = plot.pane.grab().toImage()
    top = plot.pane.pixel(10_000, 5.3)
    columns = range(round(top.x()) - 3, round(top.x()) + 4)
    ground = theme.current().background
    assert any(image.pixelColor(x, round(top.y())) != ground for x in columns)
    assert image.pixelColor(round(top.x()) + 20, round(top.y())) == ground


def test_the_trend_of_a_noisy_curve_is_its_mean(
    qtbot: QtBot, focus: Focus, recorded: Callable[..., Frame], monkeypatch: pytest.MonkeyPatch
):
    rng = np.random.default_rng(0)
    plot = shown(qtbot, LossPlot(focus), recorded(rng.choice([0.0, 1.0], 50_000, p=[0.8, 0.2])))
    plot.set_scale("linear")
    noise, trend = lines(plot, monkeypatch)
    assert (noise.y.min(), noise.y.max()) == (0.0, 1.0)
    assert abs(trend.y.mean() - 0.2) < 0.01
    assert trend.y.std() < 0.05
    assert f"{plot.mean_of:,}" in plot.whole_story()


def test_values_at_the_cursor_are_the_recorded_ones(qtbot: QtBot, focus: Focus, classes_frame: Frame):
    plot = shown(qtbot, LossPlot(focus), classes_frame)
    pixel = plot.pane.pixel(33.0, 0.0)
    plot.pane.cursor_moved(QPointF(pixel.x(), plot.pane.area.center().y()))
    assert plot.step_at_cursor() == 33
    entries = {entry.name: entry.value for entry in plot.values_at(33)}
    assert entries["training"] == f"{classes_frame.metrics.value('loss', 33):.9f}"
    at, loss, _ = classes_frame.metrics.validation[classes_frame.metrics.validation[:, 0] <= 33][-1]
    assert float(entries[f"validation, step {int(at)}"]) == pytest.approx(loss, abs=1e-9)
    assert plot.pane.cursor_at is not None
    assert plot._readout is not None
    assert plot._readout.isVisible()
    plot.pane.cursor_moved(None)
    assert not plot._readout.isVisible()


def test_a_value_that_was_given_up_is_shown_as_a_range(qtbot: QtBot, focus: Focus, recorded: Callable[..., Frame]):
    losses = np.linspace(1.0, 2.0, 100_000)
    frame = recorded(losses, budget=2_000_000)
    assert frame.metrics.value("loss", 16) is None
    plot = shown(qtbot, LossPlot(focus), frame)
    [entry] = [entry for entry in plot.values_at(16) if entry.name == "training"]
    low, high = (float(part) for part in entry.value.split(" … "))
    assert low <= losses[16] <= high < 1.1


def test_names_stand_beside_the_data_and_never_on_each_other(qtbot: QtBot, focus: Focus, deep_frame: Frame):
    for plot in (shown(qtbot, kind(focus), deep_frame, 320, 220) for kind in (GradientPlot, SaturationPlot, LossPlot)):
        places = [place for _, place in plot.pane.written_names()]
        assert len(places) >= 3
        for index, place in enumerate(places):
            assert place.left() > plot.pane.area.right()
            assert place.right() <= plot.pane.width()
            assert place.top() >= 0
            assert place.bottom() <= plot.pane.height()
            assert not any(place.intersects(other) for other in places[:index])


def test_where_not_all_names_have_room_the_ends_do(qtbot: QtBot, focus: Focus, deep_frame: Frame):
    plot = shown(qtbot, GradientPlot(focus), deep_frame, 320, 130)
    written = names(plot)
    assert 2 <= len(written) < 11
    assert {"layer 1", "layer 11"} <= set(written)


def test_a_click_seeks_and_the_playhead_can_be_dragged(qtbot: QtBot, focus: Focus, mazur_frame: Frame):
    sought: list[int] = []
    plot = shown(qtbot, LossPlot(focus, seek=sought.append), mazur_frame)
    glass = plot.pane._glass

    def at(step: float) -> QPoint:
        return QPointF(plot.pane.pixel(step, 0.0).x(), plot.pane.area.center().y()).toPoint()

    qtbot.mouseClick(glass, Qt.MouseButton.LeftButton, pos=at(20))
    assert sought == [20]
    sought.clear()
    before = plot.pane.x_view
    qtbot.mousePress(glass, Qt.MouseButton.LeftButton, pos=at(60) - QPoint(2, 0))
    qtbot.mouseMove(glass, at(50))
    qtbot.mouseMove(glass, at(40))
    qtbot.mouseRelease(glass, Qt.MouseButton.LeftButton, pos=at(40))
    assert sought
    assert sought[-1] == 40
    assert plot.pane.x_view == before


def test_nothing_can_be_clicked_where_nobody_seeks(qtbot: QtBot, focus: Focus, mazur_frame: Frame):
    plot = shown(qtbot, LossPlot(focus), mazur_frame)
    qtbot.mouseClick(plot.pane._glass, Qt.MouseButton.LeftButton, pos=plot.pane.area.center())
    assert not plot.pane.by_hand


def test_zoom_and_pan_stay_while_training_goes_on_and_fit_brings_everything_back(
    qtbot: QtBot, focus: Focus, mazur_frame: Frame
):
    plot = shown(qtbot, LossPlot(focus), mazur_frame)
    everything = plot.pane.x_view
    centre = QPointF(plot.pane.area.center())
    step = plot.pane.position(centre)[0]
    for _ in range(3):
        event = QWheelEvent(
            centre, plot.pane._glass.mapToGlobal(centre), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(plot.pane._glass, event)
    low, high = plot.pane.x_view
    assert high - low == pytest.approx((everything[1] - everything[0]) * 0.85**3)
    # Within a pixel or two: numbers beside the axis may need another width.
    assert plot.pane.position(centre)[0] == pytest.approx(step, abs=1.0)
    plot.show_frame(replace(mazur_frame, last_step=200))
    plot.refresh()
    assert plot.pane.x_view == (low, high)
    qtbot.mousePress(plot.pane._glass, Qt.MouseButton.LeftButton, pos=plot.pane.area.center())
    qtbot.mouseMove(plot.pane._glass, plot.pane.area.center() + QPoint(30, 0))
    qtbot.mouseRelease(plot.pane._glass, Qt.MouseButton.LeftButton, pos=plot.pane.area.center() + QPoint(30, 0))
    assert plot.pane.x_view[0] == pytest.approx(low - 30 / plot.pane.area.width() * (high - low))
    qtbot.keyClicks(plot, "0")
    plot.refresh()
    assert plot.pane.x_view == (0.0, 200.0)
    assert not plot.pane.by_hand


def test_a_view_of_steps_that_are_gone_shows_everything(
    qtbot: QtBot, focus: Focus, mazur_frame: Frame, recorded: Callable[..., Frame]
):
    plot = shown(qtbot, LossPlot(focus), recorded(np.linspace(2.0, 1.0, 5000)))
    plot.pane.zoom(0.1, (4500.0, 1.1))
    plot.refresh()
    assert plot.pane.x_view[0] > 4000
    plot.show_frame(mazur_frame)
    plot.refresh()
    assert plot.pane.x_view == (0.0, 60.0)


def test_keys_zoom(qtbot: QtBot, focus: Focus, mazur_frame: Frame):
    plot = shown(qtbot, LossPlot(focus), mazur_frame)
    qtbot.keyClicks(plot, "+")
    assert plot.pane.x_view[1] - plot.pane.x_view[0] == pytest.approx(40.0)
    qtbot.keyClicks(plot, "-")
    assert plot.pane.x_view == (0.0, 60.0)


def test_the_zoom_keys_mean_the_plot_that_has_the_focus(qtbot: QtBot, focus: Focus, mazur_frame: Frame):
    """The window's own shortcut of the same key would zoom the canvas instead."""
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(500, 250)
    elsewhere: list[str] = []
    action = QAction(window)
    action.setShortcut(QKeySequence("+"))
    action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
    action.triggered.connect(lambda: elsewhere.append("+"))
    window.addAction(action)
    plot = LossPlot(focus, window)
    plot.resize(400, 220)
    window.show()
    plot.show_frame(mazur_frame)
    plot.refresh()
    window.activateWindow()
    plot.setFocus()
    qtbot.waitUntil(plot.hasFocus)
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    assert plot.pane.by_hand
    assert elsewhere == []


def test_a_logarithmic_axis_cannot_be_zoomed_past_its_decades(qtbot: QtBot, focus: Focus, mazur_frame: Frame):
    plot = shown(qtbot, GradientPlot(focus), mazur_frame)
    for _ in range(40):
        plot.pane.zoom(0.5)
    assert plot.pane.y_view[1] - plot.pane.y_view[0] >= 1.0
    assert plot.pane.x_view[1] - plot.pane.x_view[0] >= 4.0
    assert len(plot.pane.y_ticks()) >= 1


def test_log_and_linear_by_choice_else_by_the_data(qtbot: QtBot, focus: Focus, recorded: Callable[..., Frame]):
    plot = shown(qtbot, LossPlot(focus), recorded(np.geomspace(1.0, 1e-4, 500)))
    assert isinstance(plot.scale, LogScale)
    assert [option.text() for option in plot.header.options if option.isChecked()] == ["log"]
    plot.header.options[1].click()
    plot.refresh()
    assert isinstance(plot.scale, LinearScale)
    plot.set_scale("")
    plot.show_frame(recorded(np.linspace(2.4, 2.2, 500)))
    plot.refresh()
    assert isinstance(plot.scale, LinearScale)
    assert [text for _, text in plot.pane.y_ticks()] == ["2.20", "2.25", "2.30", "2.35", "2.40"]


def test_a_gradient_that_is_exactly_zero_is_not_a_small_one(qtbot: QtBot, focus: Focus, zero_frame: Frame):
    plot = shown(qtbot, GradientPlot(focus), zero_frame)
    assert isinstance(plot.scale, LogScale)
    assert plot.scale.shelf is not None
    assert (plot.scale.shelf, "0") in plot.pane.y_ticks()
    assert {entry.value for entry in plot.values_at(10)} == {"0"}


def test_kept_curves_are_grey_stay_through_a_new_run_and_can_be_removed(
    qtbot: QtBot, focus: Focus, mazur_frame: Frame, recorded: Callable[..., Frame]
):
    plot = shown(qtbot, LossPlot(focus), recorded(np.linspace(0.9, 0.5, 300)))
    assert plot.frame is not None
    plot.set_kept([Kept.pin(1, plot.frame.metrics)])
    plot.show_frame(mazur_frame)
    plot.refresh()
    assert names(plot).count("kept 1") == 1
    ghost = next(curve for curve in plot.content_shown.curves if curve.name == "kept 1")
    assert ghost.pen.color() == theme.current().dashed
    assert plot.pane.x_view == (0.0, 299.0)
    assert next(e.value for e in plot.values_at(299) if e.name == "kept 1") == "0.5"
    remove = next(action for action in plot.menu().actions() if action.text() == "Remove kept curve 1")
    remove.trigger()
    plot.refresh()
    assert names(plot) == ["training"]
    assert plot.pane.x_view == (0.0, 60.0)


def test_where_the_run_left_the_numbers_there_is_a_mark(qtbot: QtBot, focus: Focus, diverged_frame: Frame):
    assert diverged_frame.nonfinite is not None
    plot = shown(qtbot, LossPlot(focus), diverged_frame)
    image = plot.pane.grab().toImage()
    color = theme.current().nonfinite
    x = round(plot.pane.pixel(diverged_frame.nonfinite.step, 0.0).x())
    near = [
        image.pixelColor(column, row)
        for column in range(max(0, x - 40), min(x + 40, image.width()))
        for row in range(plot.pane.area.top(), plot.pane.area.bottom())
    ]
    assert sum(_near(found, color) for found in near) > 20


def _near(one: QColor, other: QColor) -> bool:
    return max(abs(a - b) for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)) < 40


def test_before_the_first_step_and_before_anything_is_open(qtbot: QtBot, focus: Focus, mazur_frame: Frame):
    plot = shown(qtbot, LossPlot(focus), None)
    assert plot.pane.message == "Nothing is open yet."
    assert plot.header.options == []
    plot.show_frame(mazur_frame)
    plot.refresh()
    assert plot.pane.message == ""


def test_an_edit_is_marked_where_it_was_made(qtbot: QtBot, focus: Focus):
    from bpstudio.training.optimizers import SGD
    from bpstudio.training.session import Session

    frame = _edited(Session, SGD)
    plot = shown(qtbot, LossPlot(focus), frame)
    assert plot.content_shown.edits == (15,)


def _edited(session_type: type, sgd: type) -> Frame:
    from bpstudio.data.dataset import Dataset
    from bpstudio.engine.layers import Dense
    from bpstudio.engine.network import Network
    from bpstudio.training.experiment import Experiment

    session = session_type(Experiment(Network(1, (Dense(1),))), Dataset.from_arrays([0.0, 1.0], [0.0, 1.0]))
    session.run(15)
    session.apply(experiment=session.experiment.replace(optimizer=sgd(0.1)))
    session.run(10)
    return session.frame()


def test_language_and_theme_change_while_running(qtbot: QtBot, qapp: QApplication, focus: Focus, classes_frame: Frame):
    plot = shown(qtbot, LossPlot(focus), classes_frame)
    assert {"training", "validation"} <= set(names(plot))
    dark = plot.grab().toImage().pixelColor(2, 2)
    language.install(qapp, "zh_CN")
    theme.apply(qapp, "light")
    QApplication.processEvents()
    plot.refresh()
    assert {"训练", "验证"} <= set(names(plot))
    assert [button.text() for button in plot.header.buttons] == ["损失 C", "准确率"]
    assert plot.accessibleName() == "损失 C"
    light = plot.grab().toImage().pixelColor(2, 2)
    assert (dark, light) == (theme.THEMES["dark"].panel, theme.THEMES["light"].panel)
    assert any("对数" in action.text() for action in plot.menu().actions())

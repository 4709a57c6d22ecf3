from typing import TypeVar

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from bpstudio.training.frame import Frame
from bpstudio.training.schedules import Exponential
from bpstudio.training.session import Session
from ui import theme
from ui.focus import Focus
from ui.plots.bars import GradientBars, ratio_text
from ui.plots.curves import CurvePlot
from ui.plots.framed import FramedPlot
from ui.plots.layers import SaturationPlot
from ui.plots.loss import LossPlot
from ui.plots.unit_map import SaturationMap

Plot = TypeVar("Plot", bound=FramedPlot)


def shown(qtbot: QtBot, plot: Plot, frame: Frame) -> Plot:
    qtbot.addWidget(plot)
    plot.resize(400, 220)
    plot.show()
    plot.show_frame(frame)
    plot.refresh()
    return plot


def assert_all_shares_are_seen(plot: CurvePlot) -> None:
    """0, a half and 1 are named, and a line at exactly 0 or 1 lies clear of the plot's frame."""
    low, high = plot.pane.y_view
    assert [text for _, text in plot.pane.y_ticks()] == ["0", "0.5", "1"]
    pixel = (high - low) / plot.pane.area.height()
    assert -0.1 < low <= -2 * pixel
    assert 1 + 2 * pixel <= high < 1.1


def test_the_baseline_is_named_with_its_number(qtbot: QtBot, focus: Focus, classes_frame: Frame):
    plot = shown(qtbot, LossPlot(focus), classes_frame)
    train = classes_frame.dataset.train
    share = classes_frame.dataset.y[train].mean(axis=0)
    entropy = -np.sum(share * np.log(share))
    names = [text for text, _ in plot.pane.written_names()]
    assert f"baseline {entropy:.4g}" in names
    assert any(entry.name == "always the share of each class" for entry in plot.values_at(5))
    plot.header.buttons[1].click()
    plot.refresh()
    assert f"baseline {share.max():.4g}" in [text for text, _ in plot.pane.written_names()]
    accuracy = {entry.name: entry.value for entry in plot.values_at(17)}
    assert float(accuracy["training"]) == pytest.approx(classes_frame.metrics.value("accuracy", 17), abs=1e-8)
    assert "always the most frequent class" in accuracy
    assert_all_shares_are_seen(plot)


def test_the_rate_is_drawn_where_it_follows_a_schedule(
    qtbot: QtBot, focus: Focus, mazur_session: Session, mazur_frame: Frame
):
    experiment = mazur_session.experiment
    mazur_session.apply(experiment=experiment.replace(schedule=Exponential(0.9)))
    mazur_session.run(20)
    plot = shown(qtbot, LossPlot(focus), mazur_session.frame())
    assert [button.text() for button in plot.header.buttons] == ["Loss C", "Rate η"]
    assert plot.columns() == ("loss", "rate")
    plot.header.buttons[1].click()
    plot.refresh()
    assert plot.subtitle() == "η = η₀ γᵏ"
    (entry,) = plot.values_at(12)
    assert float(entry.value) == pytest.approx(experiment.optimizer.rate * 0.9**12, rel=1e-6)
    plot.show_frame(mazur_frame)
    plot.refresh()
    assert plot.name() == "Loss C", "a constant rate has no curve"


def test_a_single_row_has_no_baseline_and_numbers_have_no_accuracy(qtbot: QtBot, focus: Focus, mazur_frame: Frame):
    plot = shown(qtbot, LossPlot(focus), mazur_frame)
    assert [text for text, _ in plot.pane.written_names()] == ["training"]
    assert [button.text() for button in plot.header.buttons] == ["Loss C"]
    plot.show_accuracy(True)
    plot.refresh()
    assert plot.columns() == ("loss",)


def test_accuracy_gives_way_when_the_next_data_have_no_classes(
    qtbot: QtBot, focus: Focus, classes_frame: Frame, mazur_frame: Frame
):
    plot = shown(qtbot, LossPlot(focus), classes_frame)
    plot.show_accuracy(True)
    plot.refresh()
    plot.show_frame(mazur_frame)
    plot.refresh()
    assert plot.pane.message == ""
    assert plot.name() == "Loss C"
    assert float(plot.values_at(0)[0].value) == pytest.approx(0.298371109)


def test_the_loss_is_written_in_the_letters_in_use(qtbot: QtBot, focus: Focus, mazur_frame: Frame):
    focus.set(notation="mazur")
    plot = shown(qtbot, LossPlot(focus), mazur_frame)
    assert plot.header.below.text or plot.header.beside.text == "½ Σ (out − target)²"
    focus.set(notation="nielsen")
    plot.refresh()
    assert plot.subtitle() == "½ Σ (a − y)²"


def test_saturation_is_drawn_where_it_means_something_and_says_where_not(
    qtbot: QtBot, focus: Focus, classes_frame: Frame, relu_frame: Frame
):
    plot = shown(qtbot, SaturationPlot(focus), classes_frame)
    assert [text for text, _ in plot.pane.written_names()] == ["layer 1"]
    assert "softmax: none" in plot.subtitle()
    assert_all_shares_are_seen(plot)
    plot.show_frame(relu_frame)
    plot.refresh()
    assert "ReLU layers (1) report off and dead units instead" in plot.pane.message
    off = relu_frame.metrics.value("off/1", relu_frame.step)
    assert f"ReLU: {100 * off:.0f} % off" in plot.subtitle()


def test_the_map_shows_the_recorded_level_of_each_unit(qtbot: QtBot, focus: Focus, mazur_frame: Frame):
    """Upside down, the first unit would show the last one's saturation."""
    from PyQt6.QtCore import QPointF

    plot = shown(qtbot, SaturationMap(focus), mazur_frame)
    assert [text for _, text in plot.pane.row_names] == ["h₁", "h₂", "o₁", "o₂"]
    _, levels, units = mazur_frame.metrics.units(points=1000)
    height = plot.pane.area.height() / 4
    for row, (layer, index) in enumerate(units):
        plot.pane.cursor_moved(QPointF(plot.pane.pixel(30.5, 0).x(), plot.pane.area.top() + (row + 0.5) * height))
        unit, step, value = plot.value_at_cursor()
        assert (unit.layer, unit.index, step) == (layer, index, 30)
        assert value == levels[30, row] / 255
    image = plot.pane.grab().toImage()
    x = round(plot.pane.pixel(55, 0).x())
    shades = [image.pixelColor(x, round(plot.pane.area.top() + (row + 0.5) * height)).lightness() for row in range(4)]
    assert np.argsort(shades).tolist() == np.argsort(levels[55], kind="stable").tolist()


def test_the_map_of_a_long_run_is_no_wider_than_a_picture_can_be(qtbot: QtBot, focus: Focus, mazur_frame: Frame):
    """The newest cell of the record is often a single step; as wide as that, a long run has a column per step."""
    plot = shown(qtbot, SaturationMap(focus), mazur_frame)
    plot._steps = np.append(np.arange(0, 99_968, 64), 99_999)
    plot._levels = np.zeros((len(plot._steps), 4), np.uint8)
    plot._levels[700, 2] = 255
    picture = plot._columns(100_000)
    assert picture.shape[0] == 4
    assert picture.shape[1] <= 2000
    row, column = np.argwhere(picture != picture[0, 0])[0]
    assert row == 1, "the first unit stands at the top"
    assert column == pytest.approx(700 * 64 / 100_000 * picture.shape[1], abs=1)


def test_a_deep_network_has_the_names_of_its_layers_at_the_map(qtbot: QtBot, focus: Focus, deep_frame: Frame):
    plot = shown(qtbot, SaturationMap(focus), deep_frame)
    assert [text for _, text in plot.pane.row_names] == [f"layer {k}" for k in range(1, 11)]


def test_the_map_says_why_it_is_empty(qtbot: QtBot, focus: Focus, relu_frame: Frame):
    plot = shown(qtbot, SaturationMap(focus), relu_frame)
    assert "report off and dead units instead" in plot.pane.message
    assert plot.value_at_cursor() is None


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(1.0, "1"), (1 / 3.3, "1/3.3"), (1 / 18.84, "1/18.8"), (1 / 1906.2, "1/1,906"), (0.0, "0"), (3.25, "3.2"),
     (1 / 5.6e5, "1/5.6e5"), (None, "–"), (0.1, "1/10")],
)  # fmt: skip
def test_ratios_are_written_as_fractions(ratio: float | None, text: str):
    assert ratio_text(ratio) == text


def test_bars_are_as_long_as_the_gradients_are_large(qtbot: QtBot, focus: Focus, deep_frame: Frame):
    plot = shown(qtbot, GradientBars(focus), deep_frame)
    norms = np.array([np.linalg.norm(layer.dW) for layer in deep_frame.trace.layers])
    np.testing.assert_allclose(plot.lengths(), norms / norms.max())
    plot.header.options[1].click()
    plot.refresh()
    lengths = plot.lengths()
    assert max(lengths) == 1.0
    assert min(lengths) > 0.0
    gaps, decades = np.diff(lengths), np.diff(np.log10(norms))
    np.testing.assert_allclose(gaps / gaps.sum(), decades / decades.sum(), atol=1e-9)


def test_bars_of_zero_are_zero_and_of_infinity_no_length(
    qtbot: QtBot, focus: Focus, zero_frame: Frame, diverged_frame: Frame
):
    plot = shown(qtbot, GradientBars(focus), zero_frame)
    assert plot.lengths() == [0.0, 0.0]
    plot.set_logarithmic(True)
    plot.refresh()
    assert plot.lengths() == [0.0, 0.0]
    plot.show_frame(diverged_frame)
    plot.refresh()
    assert all(0.0 <= length <= 1.0 for length in plot.lengths())
    plot.grab()


def test_the_plot_with_the_keyboard_is_framed(qtbot: QtBot, focus: Focus, classes_frame: Frame):
    plot = shown(qtbot, LossPlot(focus), classes_frame)
    plot.activateWindow()
    qtbot.waitUntil(plot.isActiveWindow)
    plot.clearFocus()
    accent = theme.current().accent.name()
    assert plot.grab().toImage().pixelColor(0, 100).name() != accent
    plot.setFocus()
    assert plot.grab().toImage().pixelColor(0, 100).name() == accent

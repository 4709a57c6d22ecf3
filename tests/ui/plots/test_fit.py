import numpy as np
import pytest
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor
from pytestqt.qtbot import QtBot

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.elements import Edge, Probe, Row, Unit
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session
from ui import theme
from ui.focus import Focus
from ui.plots.classes import class_color, class_symbol
from ui.plots.confusion import ConfusionMatrix
from ui.plots.fit import FitPlot, FitQuestion
from ui.plots.framed import FramedPlot
from ui.theme import contrast


def shown(qtbot: QtBot, plot: FramedPlot, frame: Frame) -> FramedPlot:
    qtbot.addWidget(plot)
    plot.resize(420, 240)
    plot.show()
    plot.show_frame(frame)
    plot.refresh()
    return plot


def test_the_curve_is_what_the_network_answers(
    qtbot: QtBot, focus: Focus, sine_frame: Frame, monkeypatch: pytest.MonkeyPatch
):
    plot = shown(qtbot, FitPlot(focus), sine_frame)
    drawn = []
    monkeypatch.setattr(plot.pane, "set_lines", drawn.extend)
    plot.refresh()
    [line] = drawn
    weights, biases = sine_frame.params.W, sine_frame.params.b
    expected = np.tanh(line.x[:, None] @ weights[0].T + biases[0]) @ weights[1].T + biases[1]
    np.testing.assert_allclose(line.y, expected[:, 0], rtol=1e-9)
    assert plot.pane.x_view[0] < sine_frame.dataset.x.min() < sine_frame.dataset.x.max() < plot.pane.x_view[1]
    assert (plot.pane.x_axis.name, plot.pane.y_axis.name) == ("x", "y")


def test_the_surface_is_the_right_way_up(qtbot: QtBot, focus: Focus, classes_frame: Frame):
    """A class that lives at the top must be coloured at the top."""
    plot = shown(qtbot, FitPlot(focus), classes_frame)
    image = plot.pane.grab().toImage()
    session_answers = {}
    for place in ((0.0, 2.0), (1.6, -1.4), (-1.6, -1.4)):
        pixel = plot.pane.pixel(*place)
        session_answers[place] = image.pixelColor(round(pixel.x()), round(pixel.y()))
    for index, found in enumerate(session_answers.values()):
        wanted = class_color(theme.current(), index, 3)
        distances = [
            sum(abs(a - b) for a, b in zip(_hue(found), _hue(class_color(theme.current(), k, 3)), strict=True))
            for k in range(3)
        ]
        assert int(np.argmin(distances)) == index, (found.name(), wanted.name())


def _hue(color: QColor) -> tuple[float, ...]:
    """Direction of a colour away from the ground, whatever its strength."""
    ground = theme.current().background
    away = np.array([color.red() - ground.red(), color.green() - ground.green(), color.blue() - ground.blue()], float)
    return tuple(away / (np.abs(away).max() or 1.0))


def test_a_selected_unit_shows_its_own_activation(qtbot: QtBot, focus: Focus, classes_frame: Frame):
    plot = shown(qtbot, FitPlot(focus), classes_frame)
    focus.set(selection=Unit(1, 2))
    plot.refresh()
    assert plot.subtitle().startswith("activation of h₃")
    assert plot._shown.layer == 1
    focus.set(selection=Unit(2, 1))
    plot.refresh()
    assert plot.subtitle().startswith("output for versicolor")
    focus.set(selection=Edge(1, 0, 0))
    plot.refresh()
    assert plot.subtitle().startswith("class with the largest output")
    focus.set(selection=Unit(9, 9))
    plot.refresh()
    assert plot.subtitle().startswith("class with the largest output")


def test_a_hidden_unit_of_a_curve_has_no_targets(qtbot: QtBot, focus: Focus, sine_frame: Frame):
    plot = shown(qtbot, FitPlot(focus), sine_frame)
    assert len(plot._scatter.rows) == sine_frame.dataset.rows
    focus.set(selection=Unit(1, 0))
    plot.refresh()
    assert len(plot._scatter.rows) == 0


def test_more_than_two_inputs_say_what_is_needed(qtbot: QtBot, focus: Focus):
    dataset = Dataset.from_arrays(np.eye(4), [0.0, 1.0, 0.0, 1.0])
    frame = Session(Experiment(Network(4, (Dense(1),))), dataset).frame()
    plot = shown(qtbot, FitPlot(focus), frame)
    assert plot.pane.message == "A curve needs one input and a surface needs two; this network has 4."


def test_clicking_a_point_makes_its_row_the_example(qtbot: QtBot, focus: Focus, classes_frame: Frame):
    plot = shown(qtbot, FitPlot(focus), classes_frame)
    outside = next(row for row in range(classes_frame.dataset.rows) if row not in classes_frame.batch)
    inside = int(classes_frame.batch[3])
    for row, example in ((outside, Probe(outside)), (inside, Row(3))):
        pixel = plot.pane.pixel(*classes_frame.dataset.x[row])
        # Clouds overlap: choose by the exact place, which is nearest to its own row.
        plot.pane.picked(*plot.pane.position(QPointF(pixel)))
        assert focus.example == example
        plot.refresh()
        assert plot.example_row() == row


def test_the_values_of_a_row_under_the_mouse(qtbot: QtBot, focus: Focus, sine_frame: Frame):
    plot = shown(qtbot, FitPlot(focus), sine_frame)
    x, y = sine_frame.dataset.x[35, 0], sine_frame.dataset.y[35, 0]
    plot.pane.cursor_moved(plot.pane.pixel(x, y))
    title, entries = plot.values_under_cursor()
    assert title == "row 36, validation"
    assert float(entries[-1].value.replace("−", "-")) == pytest.approx(y, abs=1e-4)


def test_an_answer_for_data_that_are_gone_is_not_shown(qtbot: QtBot, focus: Focus, classes_frame: Frame):
    wide = Session(Experiment(Network(4, (Dense(1),))), Dataset.from_arrays(np.eye(4), np.zeros(4))).frame()
    asked: list[FitQuestion] = []
    plot = shown(qtbot, FitPlot(focus, ask=asked.append), classes_frame)
    plot.show_frame(wide)
    plot.refresh()
    plot.show_answer(asked[0], asked[0].answer(lambda share: None))
    assert plot._shown is None
    assert "needs one input" in plot.pane.message
    plot.show_frame(classes_frame)
    plot.refresh()
    assert len(asked) == 2


def test_it_asks_once_and_shows_what_it_asked_for(qtbot: QtBot, focus: Focus, classes_frame: Frame, sine_frame: Frame):
    asked: list[FitQuestion] = []
    plot = shown(qtbot, FitPlot(focus, ask=asked.append), classes_frame)
    assert len(asked) == 1
    plot.show_frame(sine_frame)
    plot.refresh()
    assert len(asked) == 1
    plot.show_answer("somebody else's question", "answer")
    assert plot._shown is None
    plot.show_answer(asked[0], asked[0].answer(lambda share: None))
    assert plot._shown is asked[0]
    qtbot.waitUntil(lambda: len(asked) == 2)
    assert asked[1].frame is sine_frame
    plot.show_answer(asked[1], RuntimeError("broken"))
    plot.mark_stale()
    qtbot.waitUntil(lambda: len(asked) == 3)


def test_classes_differ_by_colour_and_shape_and_can_be_seen(classes_frame: Frame):
    for count in (2, 3, 8, 20):
        for look in theme.THEMES.values():
            marks = {(class_color(look, k, count).name(), class_symbol(k)) for k in range(count)}
            assert len(marks) == count
            assert all(contrast(class_color(look, k, count), look.background) >= 3 for k in range(count))
        assert len({class_symbol(k) for k in range(min(count, 8))}) == min(count, 8)


def test_confusion_shows_validation_rows_and_can_show_training_rows(qtbot: QtBot, focus: Focus, classes_frame: Frame):
    plot = shown(qtbot, ConfusionMatrix(focus), classes_frame)
    assert plot.found.rows == len(classes_frame.dataset.validation)
    plot.header.options[0].click()
    plot.refresh()
    assert plot.found.rows == len(classes_frame.dataset.train)
    assert f"{100 * plot.found.right:.1f} %" in plot.subtitle()


def test_confusion_of_numbers_says_that_it_needs_classes(qtbot: QtBot, focus: Focus, sine_frame: Frame):
    plot = shown(qtbot, ConfusionMatrix(focus), sine_frame)
    assert plot.message == "A confusion matrix needs classes; these targets are numbers."
    assert plot.table() is None


def test_a_cell_tells_what_it_counts(qtbot: QtBot, focus: Focus, classes_frame: Frame):
    plot = shown(qtbot, ConfusionMatrix(focus), classes_frame)
    left, top, wide, high = plot.cells._layout()
    qtbot.mouseMove(plot.cells, QPointF(left + 2.5 * wide, top + 1.5 * high).toPoint())
    count, rows = plot.found.counts[1, 2], plot.found.counts[1].sum()
    assert plot.cells.toolTip() == f"{count} of {rows} rows of class versicolor are taken for virginica."
    assert plot.cells.testAttribute(Qt.WidgetAttribute.WA_MouseTracking) or plot.cells.hasMouseTracking()

"""The curve at a unit: what it shows and when, how quickly, and how it is worked with."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params
from bpstudio.insight.elements import BIAS, Edge, Probe, Row, Unit, WholeBatch
from bpstudio.insight.walk import Walk
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session
from ui import language, theme
from ui.focus import Focus
from ui.plots.unit_curve import UnitCurvePlot


def one_neuron(bias: float = 0.9) -> Session:
    network = Network(1, (Dense(1, "sigmoid"),))
    params = Params.from_layers(network, [([[0.6]], [bias])])
    return Session(Experiment(network), Dataset.from_arrays([[1.0]], [[0.0]]), params)


def shown(qtbot: QtBot, focus: Focus, frame: Frame, **eye: object) -> UnitCurvePlot:
    plot = UnitCurvePlot(focus)
    qtbot.addWidget(plot)
    plot.resize(330, 148)
    plot.show()
    focus.follow(Walk.of(frame))
    focus.set(**({"grain": "step"} | eye))
    plot.show_frame(frame)
    return plot


def at_beat(focus: Focus, address: str) -> None:
    assert focus.walk is not None
    focus.set(grain="edge", playhead=focus.walk.find("edge", address))


def test_at_rest_every_frame_moves_the_dot_at_once(qtbot: QtBot, focus: Focus):
    """A bias that is dragged: no clock may stand between the frame and the dot."""
    plot = shown(qtbot, focus, one_neuron().frame())
    for bias in (1.0, 1.1, 1.2, 1.3):
        frame = one_neuron(bias).frame()
        plot.show_frame(frame)
        assert plot.curve is not None
        assert plot.curve.example is not None
        assert plot.curve.example.z == frame.trace.layers[0].z[0, 0]


def test_while_training_runs_it_keeps_to_ten_pictures_a_second(qtbot: QtBot, focus: Focus):
    plot = shown(qtbot, focus, replace(one_neuron().frame(), run="running"))
    first = plot.curve
    for _ in range(5):
        plot.show_frame(replace(one_neuron(2.0).frame(), run="running"))
    assert plot.curve is first
    plot.show_frame(one_neuron(2.0).frame())  # it comes to rest
    assert plot.curve is not first


def test_nothing_is_given_away_before_the_walk_has_it(qtbot: QtBot, focus: Focus):
    frame = one_neuron(9.0).frame()
    plot = shown(qtbot, focus, frame)
    focus.set(grain="edge", playhead=0)
    curve = plot.curve
    assert curve is not None
    assert (curve.example, len(curve.rows), plot.pane.x_view) == (None, 0, (-6.0, 6.0))
    assert plot.subtitle() == "no dot yet: z¹₁ is not computed"
    assert plot.table() is None
    steps = (("forward/o1/z", (True, False, False)), ("forward/o1/a", (True, True, False)))
    for address, expected in (*steps, ("backward/o1/error", (True, True, False)), ("backward/o1/delta", (True,) * 3)):
        at_beat(focus, address)
        assert plot.curve is not None
        place = plot.curve.example
        assert place is not None
        assert tuple(value is not None for value in (place.z, place.a, place.slope)) == expected
        assert (plot.curve.tangent() is not None) == expected[2]
    assert plot.subtitle() == "z¹₁ 9.6 · a¹₁ 0.9999 · σ′ 6.8e-5"
    assert plot.table() is not None


def test_the_dot_is_painted_where_the_example_stands(qtbot: QtBot, focus: Focus):
    plot = shown(qtbot, focus, one_neuron().frame())
    assert plot.curve is not None
    place = plot.curve.example
    assert place is not None
    assert place.a is not None

    def found() -> str:
        pixel = plot.pane.pixel(place.z, place.a or 0.0)
        return plot.pane.grab().toImage().pixelColor(round(pixel.x()), round(pixel.y())).name()

    assert found() == theme.current().text.name()
    focus.set(grain="edge", playhead=0)
    assert found() != theme.current().text.name()


def test_flat_ends_are_shaded_and_the_middle_is_not(qtbot: QtBot, focus: Focus):
    plot = shown(qtbot, focus, one_neuron().frame())
    image = plot.pane.grab().toImage()

    def ground(z: float) -> str:
        pixel = plot.pane.pixel(z, 0.9 if z < 1 else 0.6)
        return image.pixelColor(round(pixel.x()), round(pixel.y())).name()

    look = theme.current()
    assert ground(-5.7) == ground(5.7) == look.track.name() != look.background.name()
    assert ground(-3.0) == ground(3.4) == look.background.name()


def test_it_is_about_the_selection_an_edges_unit_or_what_it_is_told(qtbot: QtBot, focus: Focus, mazur_frame: Frame):
    plot = shown(qtbot, focus, mazur_frame)
    titles: list[str] = []
    plot.say_title = titles.append
    for selection in (Unit(1, 0), Edge(2, 1, 0), Edge(1, 1, BIAS), None):
        focus.set(selection=selection)
    assert titles == ["The curve at h₁", "The curve at o₂", "The curve at h₂", "The curve at o₁"]
    focus.set(selection=Unit(0, 0))
    assert plot.title == "The curve"
    assert plot.pane.message == "An input is given: it has no curve."
    other = UnitCurvePlot(focus, subject=lambda frame: Unit(1, 1))
    qtbot.addWidget(other)
    other.show_frame(mazur_frame)
    assert other.title == "The curve at h₂"


def test_folded_away_it_still_knows_its_title(qtbot: QtBot, focus: Focus, mazur_frame: Frame):
    plot = shown(qtbot, focus, mazur_frame, selection=Unit(2, 0))
    plot.hide()
    drawn = plot.curve
    focus.set(selection=Unit(1, 0))
    assert plot.title == "The curve at h₁"
    assert plot.curve is drawn
    plot.show()
    assert plot.curve is not None
    assert plot.curve.unit == Unit(1, 0)


def test_the_beat_says_which_unit_while_nothing_is_selected(qtbot: QtBot, focus: Focus, mazur_frame: Frame):
    plot = shown(qtbot, focus, mazur_frame)
    at_beat(focus, "forward/h2/a")
    assert plot.title == "The curve at h₂"
    at_beat(focus, "backward/w7")
    assert plot.title == "The curve at o₂"


def test_choosing_a_dot_makes_its_row_the_example(qtbot: QtBot, focus: Focus, classes_frame: Frame):
    plot = shown(qtbot, focus, classes_frame, selection=Unit(1, 2))
    assert plot.curve is not None
    z, a, _ = plot.curve.dots[4]
    plot.pane.picked(z, a)
    row = int(classes_frame.batch[focus.example.position])  # type: ignore[union-attr]
    assert row in plot.curve.rows
    assert plot.curve.example is not None
    assert plot.curve.example.z == pytest.approx(z, abs=0.2)
    plot.pane.picked(z, a + 5)
    assert classes_frame.batch[focus.example.position] == row  # type: ignore[union-attr]


def test_the_values_under_the_cursor(qtbot: QtBot, focus: Focus, classes_frame: Frame):
    plot = shown(qtbot, focus, classes_frame, selection=Unit(1, 2))
    plot.pane.cursor_moved(plot.pane.pixel(-1.5, 0.9))
    said = plot.values_under_cursor()
    assert said is not None
    title, entries = said
    assert title.startswith("z¹₃ −1.5")
    z = plot.pane.position(plot.pane.pixel(-1.5, 0.9))[0]
    values = dict(
        zip([entry.name for entry in entries], [float(e.value.replace("−", "-")) for e in entries], strict=True)
    )
    assert values == pytest.approx({"tanh": np.tanh(z), "tanh′": 1 - np.tanh(z) ** 2}, abs=1e-4)
    assert plot.curve is not None
    dot = plot.curve.dots[0]
    plot.pane.cursor_moved(plot.pane.pixel(dot[0], dot[1]))
    said = plot.values_under_cursor()
    assert said is not None
    assert said[0].startswith("row ")
    assert [entry.name for entry in said[1]] == ["z¹₃", "tanh", "tanh′"]
    at_beat(focus, "forward/h3/a")
    said = plot.values_under_cursor()
    assert said is not None
    assert [entry.name for entry in said[1]] == ["z¹₃", "tanh"]


def test_a_batch_says_how_many_rows_are_flat_and_how_many_are_drawn(qtbot: QtBot, focus: Focus):
    z = np.linspace(-8, 8, 4000)
    network = Network(1, (Dense(1, "sigmoid"),))
    params = Params.from_layers(network, [([[1.0]], [0.0])])
    session = Session(Experiment(network, batch_size=0), Dataset.from_arrays(z, np.zeros(4000)), params)
    plot = shown(qtbot, focus, session.frame(), example=WholeBatch())
    flat = int(np.count_nonzero(np.abs(z) > 3.6368929))
    assert plot.curve is not None
    assert plot.subtitle() == f"{flat:,} of 4,000 rows flat · dots: {len(plot.curve.rows)} of 4,000 rows"
    assert plot.whole_story().endswith("shaded: |f′| is below 0.1 of its maximum")
    table = plot.table()
    assert table is not None
    assert len(table[1]) == 4000


def test_relu_has_an_off_zone_and_softmax_a_section(qtbot: QtBot, focus: Focus, relu_frame: Frame):
    plot = shown(qtbot, focus, relu_frame, selection=Unit(1, 0))
    off = np.count_nonzero(relu_frame.trace.layers[0].z[:, 0] <= 0)
    assert f"{off} of 9 rows off" in plot.subtitle()
    focus.set(selection=Unit(2, 1))
    assert "the other units of this row stay as they are" in plot.subtitle()
    focus.set(example=WholeBatch())
    assert plot.pane.message == "Each row has a softmax curve of its own: choose a row."
    focus.set(example=Probe(3), grain="edge", playhead=0)
    assert plot.pane.message == "A softmax curve depends on every z of its row, and they are not computed yet."
    focus.set(grain="step")
    assert plot.pane.message == ""
    assert plot.curve is not None
    assert plot.curve.example is not None
    assert plot.curve.example.row == 3


def test_a_diverged_run_can_be_looked_at(qtbot: QtBot, focus: Focus, diverged_frame: Frame):
    plot = shown(qtbot, focus, diverged_frame)
    for unit in (Unit(1, 0), Unit(2, 0)):
        focus.set(selection=unit)
        plot.grab()
        assert plot.curve is not None


def test_the_numbers_and_the_picture_can_be_saved(
    qtbot: QtBot, focus: Focus, classes_frame: Frame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    plot = shown(qtbot, focus, classes_frame, selection=Unit(1, 2))
    plot.export_csv(tmp_path / "curve.csv")
    with (tmp_path / "curve.csv").open() as file:
        names, *rows = csv.reader(file)
    layer = classes_frame.trace.layers[0]
    assert names == ["row", "z", "a", "slope"]
    assert [int(row[0]) for row in rows] == [row + 1 for row in classes_frame.batch]
    assert layer.slope is not None
    for k, found in enumerate(rows):
        assert [float(value) for value in found[1:]] == [layer.z[k, 2], layer.a[k, 2], layer.slope[k, 2]]
    assert plot.header.buttons == []
    titles: list[list[str]] = []
    monkeypatch.setattr(plot.header, "set_titles", lambda texts, chosen: titles.append(list(texts)))
    plot.export_png(tmp_path / "curve.png")
    assert titles == [["The curve at h₃"], []]
    assert (tmp_path / "curve.png").read_bytes()[:4] == b"\x89PNG"


def wheel(plot: UnitCurvePlot, held: Qt.KeyboardModifier) -> bool:
    """Turn the wheel over the data; whether the plot has kept it for itself."""
    at = QPointF(plot.pane.area.center())
    event = QWheelEvent(
        at,
        plot.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        held,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(plot.pane._glass, event)
    return plot.pane.by_hand


def test_the_wheel_scrolls_the_panel_and_zooms_with_ctrl(qtbot: QtBot, focus: Focus, mazur_frame: Frame):
    plot = shown(qtbot, focus, mazur_frame)
    assert not wheel(plot, Qt.KeyboardModifier.NoModifier)
    assert wheel(plot, Qt.KeyboardModifier.ControlModifier)
    left, right = plot.pane.x_view
    assert right - left < 12
    plot.show_frame(mazur_frame)
    assert plot.pane.x_view == (left, right)
    focus.set(selection=Unit(1, 1))
    assert plot.pane.x_view == (-6.0, 6.0)


def test_the_keyboard_zooms_what_has_the_focus(qtbot: QtBot, focus: Focus, mazur_frame: Frame):
    plot = shown(qtbot, focus, mazur_frame)
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    assert plot.pane.x_view[1] < 6.0
    qtbot.keyClick(plot, Qt.Key.Key_0)
    assert plot.pane.x_view == (-6.0, 6.0)


def test_names_and_colours_follow_language_theme_and_notation(
    qtbot: QtBot, qapp: QApplication, focus: Focus, mazur_frame: Frame
):
    plot = shown(qtbot, focus, mazur_frame, selection=Unit(2, 0), notation="mazur")
    assert plot.pane.x_axis.name == "net_o1"
    assert [(end.text, end.color.name()) for end in plot.pane.ends] == [
        ("σ", theme.current().phase["F"].name()),
        ("σ′", theme.current().phase["B"].name()),
    ]
    focus.set(notation="nielsen")
    assert plot.pane.x_axis.name == "z²₁"
    titles: list[str] = []
    plot.say_title = titles.append
    language.install(qapp, "zh_CN")
    QApplication.processEvents()
    assert titles == ["o₁ 处的曲线"]
    height = plot.height()
    theme.apply(qapp, "light", 1.5)
    QApplication.processEvents()
    assert plot.pane.ends[0].color == theme.current().phase["F"]
    assert plot.height() == round(height * 1.5)


@pytest.mark.parametrize("width", [120, 200, 330, 600])
def test_any_width_will_do(qtbot: QtBot, focus: Focus, classes_frame: Frame, width: int):
    plot = shown(qtbot, focus, classes_frame, selection=Unit(1, 2))
    plot.resize(width, plot.height())
    assert plot.pane.area.width() >= 10
    plot.grab()


def test_another_network_waits_for_its_frame(qtbot: QtBot, focus: Focus, mazur_frame: Frame, classes_frame: Frame):
    plot = shown(qtbot, focus, mazur_frame)
    drawn = plot.curve
    focus.follow(Walk.of(classes_frame))
    assert plot.curve is drawn
    plot.show_frame(classes_frame)
    assert plot.curve is not drawn
    focus.set(example=Row(400))
    assert plot.curve is not None
    assert plot.curve.example is not None
    assert plot.curve.example.row == classes_frame.batch[0]

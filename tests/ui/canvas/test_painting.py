"""The picture is a function of its View, and what it shows is what was computed."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QColor, QPainter
from PyQt6.QtWidgets import QApplication

import bpstudio
from bpstudio.insight.elements import BIAS, Edge, LossNode, Unit, WholeBatch
from bpstudio.training.divergence import NonFinite
from ui import language, theme
from ui.canvas import edges, painting
from ui.canvas.edges import FADED
from ui.canvas.picture import Picture
from ui.canvas.strokes import mixed
from ui.canvas.view import View

W5 = Edge(2, 0, 0)


def color_at(easel: Any, view: View, point: QPointF) -> QColor:
    image = easel.painted(view)
    return image.pixelColor(int(point.x() * view.ratio), int(point.y() * view.ratio))


def along(view: View, edge: Edge, t: float) -> QPointF:
    x1, y1, x2, y2 = Picture(view).geometry.line(edge)
    return QPointF(x1 + (x2 - x1) * t, y1 + (y2 - y1) * t)


NAMES = ("mazur", "iris", "vanishing", "wide", "relu", "matrix", "medium", "diverged", "softmax", "xor")
LAYERS = ("small images", "lenet", "dropped images", "layers")


@pytest.mark.parametrize("name", NAMES)
def test_the_same_view_gives_the_same_pixels_and_covers_all(easel: Any, name: str) -> None:
    view = easel.view(name, grain="neuron")
    first, second = easel.pixels(easel.painted(view)), easel.pixels(easel.painted(view))
    assert np.array_equal(first, second)
    assert not (first == 0xFFFF00FF).any()


@pytest.mark.parametrize("look", ["dark", "light"])
@pytest.mark.parametrize("name", LAYERS)
def test_layers_of_any_kind_are_painted_in_every_phase(easel: Any, name: str, look: str) -> None:
    walk = easel.view(name).walk
    count = walk.count("layer")
    for playhead in (0, 1, count // 2, count - 1, count):
        view = easel.view(name, look=look, grain="layer", playhead=playhead, phase=0.5 if playhead == 1 else 1.0)
        assert not (easel.pixels(easel.painted(view)) == 0xFFFF00FF).any()


@pytest.mark.parametrize("look", ["dark", "light"])
@pytest.mark.parametrize(
    "at", ["start", "forward/h1/w2", "forward/o1/a", "loss/o2", "backward/w5", "backward/h1/sum", "update/w5"]
)
def test_each_phase_paints_in_both_looks(easel: Any, at: str, look: str) -> None:
    view = easel.view("mazur", at=at, look=look, notation="mazur")
    assert not (easel.pixels(easel.painted(view)) == 0xFFFF00FF).any()


def test_still_and_moving_part_make_the_picture(easel: Any) -> None:
    view = easel.view("mazur", at="backward/w5", phase=0.4, hover=Unit(1, 1), selection=W5, under_mouse="width")

    def in_two(painter: QPainter, view: View) -> None:
        painting.paint_still(painter, view)
        painting.paint_moving(painter, view)

    assert np.array_equal(easel.pixels(easel.painted(view)), easel.pixels(easel.painted(view, in_two)))


def test_hover_and_a_pulse_under_way_leave_the_still_part_alone(easel: Any) -> None:
    view = easel.view("mazur", at="backward/w5", phase=0.2)
    pointed = replace(view, phase=0.7, eye=replace(view.eye, hover=Unit(1, 0)), under_mouse="color")
    assert painting.same_still(view, pointed)
    assert np.array_equal(
        easel.pixels(easel.painted(view, painting.paint_still)),
        easel.pixels(easel.painted(pointed, painting.paint_still)),
    )
    assert not np.array_equal(easel.pixels(easel.painted(view)), easel.pixels(easel.painted(pointed)))


@pytest.mark.parametrize(
    "change",
    [{"phase": 1.0}, {"width": 731.0}, {"theme": theme.THEMES["light"]}, {"language": "zh_CN"}, {"ratio": 2.0}],
    ids=lambda change: next(iter(change)),
)
def test_what_changes_the_still_part_is_noticed(easel: Any, change: dict[str, object]) -> None:
    view = easel.view("mazur", at="backward/w5", phase=0.2)
    assert not painting.same_still(view, view.replace(**change))


def test_an_edge_has_the_colour_of_its_gradient_on_the_locked_scale(easel: Any) -> None:
    view = easel.view("mazur", grain="step")
    for edge in (Edge(2, 0, 0), Edge(2, 1, 1), Edge(1, 0, 0), Edge(1, 1, 1)):
        gradient = easel.frame_of("mazur").trace.layers[edge.layer - 1].dW[edge.to, edge.source]
        expected = QColor(int(view.theme.gradient(view.limits.place(np.array([gradient])))[0]))
        assert easel.near(color_at(easel, view, along(view, edge, 0.6)), expected), edge


def test_a_vanishing_gradient_loses_its_colour_because_the_range_stays(easel: Any) -> None:
    frame = easel.frame_of("mazur")
    session = bpstudio.load_lesson("mazur").session()
    session.run(20000)
    later = easel.view("mazur", frame=session.frame(), grain="step")
    before = easel.view("mazur", frame=frame, grain="step")
    bright, dim = (color_at(easel, view, along(view, W5, 0.6)) for view in (before, later))
    assert bright.lightness() > dim.lightness() + 25


def test_not_computed_is_dashed_and_has_no_colour(easel: Any) -> None:
    view = easel.view("mazur", playhead=0)
    x1, y1, x2, _ = Picture(view).geometry.line(Edge(1, 0, 0))
    row = easel.pixels(easel.painted(view))[round(y1), round(x1) + 2 : round(x2) - 2]
    background = view.theme.background.rgb()
    assert 0.2 < (row == background).mean() < 0.8, "gaps and dashes"
    assert not easel.has_color(easel.painted(view), QColor(int(view.theme.gradient(1.0))), (0, 60, 730, 320))
    center = Picture(view).geometry.units[1][0]
    assert easel.near(color_at(easel, view, QPointF(center[0], center[1] + 20)), view.theme.background), (
        "hollow, not filled with 0"
    )


def test_computed_exactly_zero_is_solid_and_grey_not_the_lowest_colour(easel: Any) -> None:
    view = easel.view("xor", grain="step")  # from zero weights on the full batch every weight's gradient is exactly 0
    assert not easel.frame_of("xor").trace.layers[0].dW.any()
    x1, y1, x2, y2 = Picture(view).geometry.line(Edge(1, 0, 0))
    row = easel.pixels(easel.painted(view))[round(y1 - 0.5) : round(y1 + 1), round(x1) + 2 : round(x2) - 2]
    assert (row != view.theme.background.rgb()).any(axis=0).all(), "no gaps"
    assert easel.has_color(easel.painted(view), view.theme.zero, (x1, y1 - 2, x2, y2 + 2), tolerance=40)
    assert not easel.has_color(easel.painted(view), QColor(int(view.theme.gradient(0.0))), (60, 60, 600, 320))


def test_not_finite_is_cyan_and_its_origin_is_framed(easel: Any) -> None:
    view = easel.view("diverged", grain="step")
    problem = view.frame.nonfinite
    assert problem is not None
    image = easel.painted(view)
    assert easel.has_color(image, view.theme.nonfinite, (100, 60, 500, 320))
    box = Picture(view).geometry.box(Unit(problem.layer, problem.index[-1]))
    frame = (box.left() - 9, box.top() - 9, box.left() - 2, box.bottom() + 9)
    assert easel.has_color(image, view.theme.nonfinite, frame)


@pytest.mark.parametrize("value", [np.inf, -1.2345678e300])
@pytest.mark.parametrize("at", ["right", "panned"])
def test_the_badge_of_an_infinite_loss_stays_in_the_picture(easel: Any, at: str, value: float) -> None:
    """The loss stands at the right edge, and its badge is wider than it is."""
    frame = easel.frame_of("diverged")
    problem = NonFinite(frame.step, 2, "loss", (), value)
    pan = {"pan": (2000.0, 0.0)} if at == "panned" else {}
    view = easel.view("diverged", grain="step", frame=replace(frame, nonfinite=problem, loss=np.inf), **pan)
    node = Picture(view).geometry.box(LossNode())
    image, color = easel.painted(view), view.theme.nonfinite
    edge = view.width - 3
    assert not easel.has_color(image, color, (edge, node.top() - 40, view.width, node.bottom() + 12))
    if at == "right":
        assert node.right() + 6 > edge, "here it would have been cut off"
        assert easel.has_color(image, color, (edge - 8, node.top() - 24, edge, node.top() - 8))


def test_fill_is_the_activation_of_the_example(easel: Any) -> None:
    view = easel.view("mazur", grain="step")
    center = Picture(view).geometry.units[2][1]
    expected = QColor(int(view.theme.activation(view.frame.trace.layers[1].a[0, 1])))
    assert easel.near(color_at(easel, view, QPointF(center[0] - 20, center[1] + 20)), expected)


def test_ring_covers_the_share_of_the_circle_that_the_saturation_is(easel: Any) -> None:
    view = easel.view("mazur", size=(940, 590), grain="step")
    geometry = Picture(view).geometry
    slope = view.frame.trace.layers[1].slope
    assert slope is not None
    share = 1 - slope[0, 0] / 0.25
    x, y = geometry.units[2][0]
    middle = geometry.radii[2] + 1.1 * geometry.ring_width(2)
    image = easel.painted(view)
    angles = np.linspace(0.0, 1.0, 240, endpoint=False)
    seen = [
        image.pixelColor(
            round(x + middle * np.sin(2 * np.pi * t)), round(y - middle * np.cos(2 * np.pi * t))
        ).lightness()
        > 110
        for t in angles
    ]
    assert np.mean(seen) == pytest.approx(share, abs=0.03)


def test_a_relu_unit_that_is_off_is_hollow_and_not_red(easel: Any) -> None:
    view = easel.view("relu", size=(940, 590), grain="step")
    off = np.flatnonzero(view.frame.trace.layers[0].z[0] <= 0)
    assert len(off), "the example needs a unit that is off"
    geometry = Picture(view).geometry
    x, y = geometry.units[1][off[0]]
    image = easel.painted(view)
    assert easel.near(image.pixelColor(round(x), round(y + geometry.radii[1] * 0.75)), view.theme.background)
    assert not easel.has_color(image, view.theme.error, (0, 60, 940, 520))


def test_before_is_weaker_than_now_and_the_whole_step_is_at_full_strength(easel: Any) -> None:
    edge = Edge(2, 1, 1)
    value = easel.frame_of("mazur").trace.layers[1].dW[1, 1]
    view = easel.view("mazur", at="backward/h1/sum")
    full = QColor(int(view.theme.gradient(view.limits.place(np.array([value])))[0]))
    assert easel.near(color_at(easel, view, along(view, edge, 0.6)), mixed(full, view.theme.background, FADED))
    whole = easel.view("mazur", grain="step")
    assert easel.near(color_at(easel, whole, along(whole, edge, 0.6)), full)


def test_going_forward_turns_dashes_into_solid_blue(easel: Any) -> None:
    view = easel.view("mazur", at="forward/h1/a")
    blue = mixed(view.theme.phase["F"], view.theme.background, FADED)
    assert easel.near(color_at(easel, view, along(view, Edge(1, 0, 0), 0.4)), blue, 30)
    later = easel.view("mazur", at="backward/w5")
    assert not easel.has_color(easel.painted(later), blue, (110, 80, 250, 320)), (
        "backward the question is another: dashed again"
    )


def test_the_result_appears_when_the_pulse_has_arrived(easel: Any) -> None:
    under_way, arrived = (easel.view("mazur", at="backward/w5", phase=phase) for phase in (0.3, 1.0))
    yellow = QColor(int(arrived.theme.gradient(arrived.limits.place(np.array([0.082167041])))[0]))
    box = (340.0, 70.0, 490.0, 110.0)
    assert easel.has_color(easel.painted(arrived), yellow, box)
    assert not easel.has_color(easel.painted(under_way), yellow, box)


def test_gradient_pulse_travels_backward_and_forward_pulse_forward(easel: Any) -> None:
    from ui.canvas.moving import ways_of

    for at, backward in (("backward/w5", True), ("forward/o1/w5", False), ("backward/h1/from-o1", True)):
        picture = Picture(easel.view("mazur", at=at))
        assert picture.beat is not None
        assert picture.beat.pulse is not None
        (x1, _, x2, _), *_ = ways_of(picture, picture.beat.pulse).tolist()
        assert (x2 < x1) is backward, at


def test_reduced_motion_leaves_the_pulse_out(easel: Any) -> None:
    quiet = easel.view("mazur", at="backward/w5", phase=0.5, reduced_motion=True)

    def moving(view: View) -> np.ndarray:
        return easel.pixels(easel.painted(view, painting.paint_moving))

    assert (moving(quiet) == 0xFFFF00FF).all()
    assert not (moving(easel.view("mazur", at="backward/w5", phase=0.5)) == 0xFFFF00FF).all()


@pytest.mark.parametrize("color", ["weight", "update"])
def test_signed_modes_are_blue_below_and_amber_above_zero(easel: Any, color: str) -> None:
    view = easel.view("mazur", grain="step", color=color)
    numbers = Picture(view).shown
    for edge in (Edge(2, 0, 1), Edge(2, 1, 0)):
        value = numbers[edge.layer - 1][edge.to, edge.source]
        shown = color_at(easel, view, along(view, edge, 0.62))
        assert (shown.red() > shown.blue()) is bool(value > 0), edge


def test_update_is_not_known_before_its_beat(easel: Any) -> None:
    view = easel.view("mazur", at="backward/w5", color="update")
    assert not any(states.any() for states in Picture(view).shown_states)
    assert all(states.all() for states in Picture(easel.view("mazur", at="backward/w5", color="weight")).shown_states)


def test_wider_means_larger_weight(easel: Any) -> None:
    view = easel.view("mazur", grain="step")

    def thickness(edge: Edge) -> int:
        point = along(view, edge, 0.3)
        column = easel.pixels(easel.painted(view))[round(point.y()) - 8 : round(point.y()) + 9, round(point.x())]
        return int((column != view.theme.background.rgb()).sum())

    assert thickness(Edge(1, 0, 0)) < thickness(Edge(2, 1, 1))  # 0.15 and 0.55


def test_sequential_order_shows_the_new_weight_before_the_error_goes_back_through_it(easel: Any) -> None:
    session = easel.frame_of("mazur").experiment.replace(update_order="sequential")
    frame = bpstudio.Session(session, easel.frame_of("mazur").dataset, easel.frame_of("mazur").params).frame()
    before, after = (Picture(easel.view("mazur", frame=frame, at=at)) for at in ("backward/w5", "backward/h1/from-o1"))
    assert before.shown_weights[1][0, 0] == 0.4
    assert after.shown_weights[1][0, 0] == pytest.approx(0.358916480, abs=1e-9)
    assert after.shown_weights[0][0, 0] == 0.15, "the layer below is not updated yet"


def test_an_image_is_drawn_from_the_inputs(easel: Any) -> None:
    view = easel.view("wide", grain="step")
    geometry = Picture(view).geometry
    row = view.frame.trace.x[0]
    bright, dark = int(np.argmax(row)), int(np.argmin(row))
    image = easel.painted(view)

    def lightness(pixel: int) -> int:
        center = geometry.pixel(pixel).center()
        return image.pixelColor(int(center.x()), int(center.y())).lightness()

    assert lightness(bright) > lightness(dark) + 100


def test_the_one_extreme_weight_survives_in_the_matrix(easel: Any) -> None:
    frame = easel.frame_of("matrix")
    params = frame.params.copy()
    params.W[0][...] = 0.0
    params.W[0][137, 203] = 3.0
    view = easel.view("matrix", frame=replace(frame, params=params), grain="step", color="weight")
    assert Picture(view).geometry.mode(1) == "matrix"
    band = Picture(view).geometry.band(1)
    amber = QColor(int(view.theme.signed(1.0)))
    assert easel.has_color(easel.painted(view), amber, (band.left(), band.top(), band.right(), band.bottom()))


def test_strongest_edges_are_chosen_by_what_is_shown(easel: Any) -> None:
    picture = Picture(easel.view("wide", grain="step"))
    for part in edges.chosen(picture):
        shown = np.abs(picture.shown[part.layer - 1])
        assert part.count <= 120
        assert np.sort(np.abs(part.values))[0] >= np.sort(shown.ravel())[-part.count]


def test_a_selected_weak_edge_is_drawn_among_the_strongest(easel: Any) -> None:
    shown = np.abs(Picture(easel.view("wide", grain="step")).shown[0])
    to, source = np.unravel_index(int(np.argmin(shown)), shown.shape)
    edge = Edge(1, int(to), int(source) if source < 784 else BIAS)
    view = easel.view("wide", grain="step", selection=edge)
    assert int(to) * 785 + int(source) in edges.chosen(Picture(view))[0].flat


def test_a_whole_batch_shows_means(easel: Any) -> None:
    picture = Picture(easel.view("iris", grain="step", example=WholeBatch()))
    assert np.allclose(picture.numbers.a(2), picture.frame.trace.layers[1].a.mean(axis=0))


def test_training_shows_the_whole_step_wherever_the_playhead_is(easel: Any) -> None:
    frame = replace(easel.frame_of("mazur"), run="running")
    picture = Picture(easel.view("mazur", frame=frame, playhead=3))
    assert picture.whole
    assert picture.beat is None
    assert picture.known(LossNode(), "C")


def test_the_language_is_part_of_the_picture(easel: Any, qapp: QApplication) -> None:
    english = easel.pixels(easel.painted(easel.view("iris", grain="step")))
    language.install(qapp, "zh_CN")
    chinese = easel.pixels(easel.painted(easel.view("iris", grain="step")))
    assert not np.array_equal(english, chinese)


def test_zoom_magnifies_about_the_pan(easel: Any) -> None:
    plain, near_view = Picture(easel.view("iris")), Picture(easel.view("iris", zoom=2.0, pan=(30.0, -10.0)))
    for layer in range(3):
        assert np.allclose(near_view.geometry.units[layer], plain.geometry.units[layer] * 2.0 + (30.0, -10.0))
    assert near_view.geometry.radii[1] > plain.geometry.radii[1]


def test_a_high_resolution_screen_gets_the_same_picture(easel: Any) -> None:
    view, fine = easel.view("mazur", grain="step"), easel.view("mazur", grain="step", ratio=2.0)
    image, double = easel.painted(view), easel.painted(fine)
    assert (double.width(), double.height()) == (2 * image.width(), 2 * image.height())
    for edge in (Edge(2, 0, 0), Edge(1, 1, 1)):
        assert easel.near(color_at(easel, view, along(view, edge, 0.6)), color_at(easel, fine, along(fine, edge, 0.6)))

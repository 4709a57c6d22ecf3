"""Layers of images on the canvas: maps, kernels, windows, and what a dropout drops."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

import bpstudio
from bpstudio.insight.elements import BIAS, Edge, Kernel, KernelEntry, Map, Pixel, PlusOne, Unit, unit_of
from bpstudio.insight.walk import Walk
from bpstudio.insight.windows import winner
from ui import language
from ui.canvas import kernels, links, maps, painting, spoken, text, titles, words
from ui.canvas.picture import Picture
from ui.canvas.scale import fill_of
from ui.canvas.view import View
from ui.canvas.widget import Canvas
from ui.focus import Focus

LARGE = (1240, 760)


def picture_of(easel: Any, name: str, **eye: Any) -> Picture:
    return Picture(easel.view(name, LARGE, **eye))


def beat_of(easel: Any, name: str, start: str) -> int:
    """The beat of the layer grain whose address begins like this."""
    walk = easel.view(name).walk
    return next(n for n in range(walk.count("layer") + 1) if walk.beat("layer", n).address.startswith(start))


def middle(picture: Picture, pixel: Pixel) -> QPointF:
    box = picture.geometry.cell_box(pixel)
    assert box is not None
    return box.center()


# ---- maps


@pytest.mark.parametrize("name", ["small images", "dropped images"])
def test_a_pixel_has_the_colour_of_its_number(easel: Any, name: str) -> None:
    picture = picture_of(easel, name)
    view = picture.view
    image, theme = easel.painted(view), view.theme
    for layer, channel, row, column in ((1, 0, 1, 1), (1, 1, 2, 0), (2, 1, 0, 1)):
        pixel = Pixel(layer, channel, row, column)
        t = picture.numbers.a(layer)[unit_of(picture.network.shapes[layer], pixel).index] / picture.fill_end(layer)
        wanted = QColor(int((theme.signed(t) if picture.is_signed(layer) else theme.activation(t)).ravel()[0]))
        box = picture.geometry.cell_box(pixel)
        assert box is not None
        # At the corner of a pixel stands no number.
        assert easel.near(image.pixelColor(int(box.left()) + 3, int(box.top()) + 3), wanted, 4)


def test_maps_that_are_not_computed_are_dashed_and_empty(easel: Any) -> None:
    picture = picture_of(easel, "small images", grain="layer", playhead=0)
    image, theme = easel.painted(picture.view), picture.theme
    box = picture.geometry.map_box(Map(1, 0))
    assert box is not None
    frame = [image.pixelColor(x, int(box.top())) for x in range(int(box.left()), int(box.right()))]
    inked = [not easel.near(color, theme.background, 30) for color in frame]
    assert any(inked)
    assert not all(inked)
    assert easel.near(image.pixelColor(int(box.left()) + 12, int(box.top()) + 12), theme.background)


def test_in_the_backward_phase_maps_turn_to_delta(easel: Any) -> None:
    at = beat_of(easel, "small images", "backward/layer1/delta")
    picture = picture_of(easel, "small images", grain="layer", playhead=at)
    assert maps.shows_delta(picture, 1)
    assert maps.shows_delta(picture, 2)
    assert not maps.shows_delta(picture, 0)
    end = maps.delta_end(picture, 1)
    assert 0 < np.abs(picture.delta(1)).max() <= end
    image = easel.painted(picture.view)
    value = picture.delta(1)[unit_of((2, 3, 3), Pixel(1, 1, 2, 2)).index]
    box = picture.geometry.cell_box(Pixel(1, 1, 2, 2))
    assert box is not None
    wanted = QColor(int(np.asarray(picture.theme.signed(value / end)).ravel()[0]))
    assert easel.near(image.pixelColor(int(box.left()) + 3, int(box.top()) + 3), wanted, 4)
    assert titles.words(picture, 1)[1][0].startswith("δ −")
    assert not maps.shows_delta(picture_of(easel, "small images"), 1)


def test_a_map_with_a_number_that_is_not_finite_says_so(easel: Any) -> None:
    session = easel.layers("dropped images")
    start = session.frame().params.copy()
    start.W[0][1] = 1e308
    frame = bpstudio.Session(session.experiment, session.dataset, start).frame()
    view = easel.view("dropped images", LARGE, frame=frame)
    picture = Picture(view)
    assert not np.isfinite(picture.numbers.a(1)[picture.place(Map(1, 1))]).all()
    box = picture.geometry.map_box(Map(1, 1))
    assert box is not None
    image = easel.painted(view)
    assert easel.has_color(image, view.theme.nonfinite, (box.left() - 2, box.top() - 2, box.right(), box.bottom()))


def test_few_numbers_are_written_into_their_pixels_and_tiny_ones_shortened(easel: Any) -> None:
    pen = text.pen_of(picture_of(easel, "small images").theme, text.SMALL, mono=True)

    def write(value: float, digits: int) -> str:
        return f"{value:.{digits}f}"

    assert pen.compact(0.25, pen.width("0.00"), write) == "0.25"
    assert pen.compact(-0.25, pen.width("0.00"), write) == "−.25"
    assert pen.compact(0.0004, pen.width("0.00"), lambda *_: "0.00040000") == "4e-4"
    assert pen.compact(0.25, 3.0, write) == ""


def test_fills_lie_on_the_map_of_what_the_layer_below_gives(easel: Any) -> None:
    network = easel.frame_of("dropped images").experiment.network
    assert [fill_of(network, layer).signed for layer in range(1, 6)] == [True] * 5
    assert fill_of(network, 1).end is None
    assert fill_of(network, 2).end == 1.0
    assert fill_of(network, 4).end == pytest.approx(2.0)  # tanh, twice as large where it was kept
    lenet = easel.frame_of("lenet").experiment.network
    assert (fill_of(lenet, 2).signed, fill_of(lenet, 2).end) == (False, None)
    assert (fill_of(lenet, 8).signed, fill_of(lenet, 8).end) == (False, 1.0)
    assert fill_of(lenet, 0).is_input


def test_every_column_says_what_it_is(easel: Any) -> None:
    picture = picture_of(easel, "lenet")
    assert titles.words(picture, 1) == ("conv1", ("6 maps 24×24", "6×24×24"))
    assert titles.words(picture, 2)[0] == "max pooling"
    assert titles.words(picture, 5)[0] == "flatten"
    assert titles.words(picture_of(easel, "layers"), 3) == ("dropout", ("p = 0.4",))
    assert picture.geometry.layout.titles > 0
    assert Picture(easel.view("mazur")).geometry.layout.titles == 0


# ---- kernels


def test_a_kernel_has_a_line_in_the_colour_of_its_largest_gradient(easel: Any) -> None:
    picture = picture_of(easel, "lenet")
    lines = kernels.chosen(picture, 1)
    assert len(lines.filters) == 6
    image = easel.painted(picture.view)
    for number in range(6):
        gradient = picture.values_of(Kernel(1, number, 0), picture.gradients[0])
        largest = gradient.ravel()[np.argmax(np.abs(gradient))]
        assert kernels._largest(picture, 1, picture.gradients[0])[number, 0] == largest
        color = QColor(int(picture.theme.gradient(picture.limits.place(np.array([largest])))[0]))
        x1, y1, x2, y2 = picture.geometry.map_line(1, number, 0)
        near = (x1 + 2, min(y1, y2) - 1, x2, max(y1, y2) + 2)
        assert easel.has_color(image, color, near, tolerance=20)


def test_of_many_kernels_the_strongest_have_lines_and_the_chosen_ones(easel: Any) -> None:
    picture = picture_of(easel, "lenet", selection=Map(3, 7))
    assert len(kernels.chosen(picture, 3).filters) == 6 * 16  # few enough
    waiting = picture_of(easel, "lenet", grain="layer", playhead=0, selection=Kernel(3, 11, 4))
    lines = kernels.chosen(waiting, 3)
    assert len(lines.filters) <= 60
    assert (11, 4) in set(zip(lines.filters.tolist(), lines.channels.tolist(), strict=True))


def test_kernels_have_pictures_where_there_is_room(easel: Any) -> None:
    picture = picture_of(easel, "lenet")
    shown = kernels.pictured(picture)
    assert {each.kernel for each in shown} == {Kernel(1, number, 0) for number in range(6)}
    boxes = [each.box for each in shown]
    assert not any(a.intersects(b) for n, a in enumerate(boxes) for b in boxes[:n])
    selected = kernels.pictured(picture_of(easel, "lenet", selection=Map(3, 7)))
    assert {each.kernel for each in selected if each.kernel.layer == 3} == {Kernel(3, 7, c) for c in range(6)}


def test_a_kernels_picture_has_the_colours_of_its_weights(easel: Any) -> None:
    picture = picture_of(easel, "small images")
    image = easel.painted(picture.view)
    for each in kernels.pictured(picture):
        values = picture.values_of(each.kernel, picture.weights[0])
        for (u, v), value in np.ndenumerate(values):
            cell = each.cell(u, v, values.shape)
            wanted = QColor(int(picture.theme.signed(np.array([value / picture.limits.weight]))[0]))
            assert easel.near(image.pixelColor(int(cell.left()) + 3, int(cell.top()) + 3), wanted, 6)
            assert kernels.at(kernels.pictured(picture), picture, cell.center()) == KernelEntry(
                1, each.kernel.filter, 0, u, v
            )


# ---- layers without weights


def test_what_is_dropped_looks_like_nothing_else(easel: Any) -> None:
    picture = picture_of(easel, "layers")
    dropped, off = picture.numbers.dropped(3), picture.numbers.off(2)
    assert dropped is not None
    assert off is not None
    image = easel.painted(picture.view)

    def inked(layer: int, index: int) -> int:
        x, y = picture.geometry.units[layer][index].tolist()
        away = picture.geometry.radii[layer] * 0.6
        box = easel.pixels(image)[int(y - away) : int(y + away), int(x - away) : int(x + away)]
        return int((box != picture.theme.background.rgb()).sum())

    crossed = [inked(3, index) for index in np.flatnonzero(dropped)]
    plain = [inked(2, index) for index in np.flatnonzero(off)]
    assert crossed
    assert plain
    assert min(crossed) > 1.3 * max(plain)
    index = int(np.flatnonzero(dropped)[0])
    assert "dropped" in words.tooltip(picture, Unit(3, index))
    kept = int(np.flatnonzero(~dropped)[0])
    assert "kept" in words.tooltip(picture, Unit(3, kept))


def test_the_line_to_what_is_dropped_ends_half_way(easel: Any) -> None:
    picture = picture_of(easel, "layers")
    dropped = picture.numbers.dropped(3)
    assert dropped is not None
    image = easel.painted(picture.view)
    for index in range(6):
        x1, y, x2, _ = links.unit_lines(picture, 3, np.array([index]))[0].tolist()
        box = (x1 + 0.75 * (x2 - x1), y - 2, x2 - 1, y + 3)
        is_drawn = (
            easel.pixels(image)[int(box[1]) : int(box[3]), int(box[0]) : int(box[2])] != picture.theme.background.rgb()
        ).any()
        assert bool(is_drawn) != bool(dropped[index])


def test_a_pooled_pixel_shows_its_window_and_the_greatest_of_it(easel: Any) -> None:
    pixel = Pixel(2, 0, 1, 0)
    plain, chosen = (easel.view("small images", LARGE, selection=each) for each in (None, pixel))
    picture = Picture(chosen)
    greatest = winner(picture.network, pixel, picture.numbers.a(1))
    assert greatest is not None
    changed = easel.pixels(easel.painted(plain)) != easel.pixels(easel.painted(chosen))
    box = picture.geometry.cell_box(greatest)
    assert box is not None
    assert changed[int(box.top()) : int(box.bottom()), int(box.left()) : int(box.right())].any()
    other = picture.geometry.map_box(Map(1, 1))
    assert other is not None
    assert not changed[
        int(other.top()) + 3 : int(other.bottom()) - 3, int(other.left()) + 3 : int(other.right()) - 3
    ].any()
    assert f"row {greatest.row + 1}" in words.tooltip(picture, pixel)


# ---- words


@pytest.mark.parametrize(
    "element",
    [
        Map(0, 0),
        Map(1, 1),
        Pixel(1, 0, 2, 1),
        Pixel(2, 1, 0, 0),
        Kernel(1, 1, 0),
        KernelEntry(1, 0, 0, 2, 2),
        Edge(1, 1, BIAS),
        Unit(3, 5),
        PlusOne(1),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh_CN"])
def test_everything_has_a_title_and_its_numbers(easel: Any, qapp: QApplication, element: Any, lang: str) -> None:
    language.install(qapp, lang)
    picture = picture_of(easel, "small images", selection=element)
    tip = words.tooltip(picture, element)
    assert len(tip.splitlines()) >= 2
    assert "{" not in tip
    assert words.title(picture, element) in spoken.name(picture.view, about_beat=False)


def test_the_range_of_a_map_is_said(easel: Any) -> None:
    picture = picture_of(easel, "small images")
    values = picture.numbers.a(1)[:9]
    tip = words.tooltip(picture, Map(1, 0), Pixel(1, 0, 1, 1))
    assert "map 1 of 2, 3×3" in tip
    assert f"{values.min():.4f}"[:5] in tip
    assert "row 2, column 2" in tip
    later = picture_of(easel, "small images", grain="layer", playhead=0)
    assert "not computed yet" in words.tooltip(later, Map(1, 0))


# ---- mouse and keys


@pytest.fixture
def canvas(easel: Any, qtbot: QtBot) -> Canvas:
    made = Canvas(Focus())
    qtbot.addWidget(made)
    made.resize(*LARGE)
    frame = easel.frame_of("lenet")
    made._focus.follow(Walk.of(frame))
    made.show_frame(frame)
    with qtbot.waitExposed(made):
        made.show()
    made._focus.set(grain="step", playhead=1, reduced_motion=True)
    made.repaint()
    return made


def view_of(canvas: Canvas) -> View:
    view = canvas.view()
    assert view is not None
    return view


def test_a_click_selects_a_map_and_a_second_one_its_pixel(canvas: Canvas, qtbot: QtBot) -> None:
    picture, pixel = Picture(view_of(canvas)), Pixel(1, 2, 11, 5)
    at = middle(picture, pixel).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert canvas._focus.selection == Map(1, 2)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert canvas._focus.selection == pixel


def test_a_near_pixel_and_a_kernels_number_are_selected_at_once(canvas: Canvas, qtbot: QtBot, easel: Any) -> None:
    frame = easel.frame_of("small images")
    canvas._focus.follow(Walk.of(frame))
    canvas.show_frame(frame)
    canvas.repaint()
    picture = Picture(view_of(canvas))
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=middle(picture, Pixel(1, 1, 2, 0)).toPoint())
    assert canvas._focus.selection == Pixel(1, 1, 2, 0)
    shown = kernels.pictured(picture)[1]
    cell = shown.cell(2, 1, (3, 3))
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=cell.center().toPoint())
    assert canvas._focus.selection == KernelEntry(1, shown.kernel.filter, 0, 2, 1)


def test_keys_lead_through_maps_into_their_pixels(canvas: Canvas) -> None:
    canvas._focus.set(selection=Map(1, 3))
    canvas.neighbour("down")
    assert canvas._focus.selection == Map(1, 4)
    canvas.inside()
    assert canvas._focus.selection == Pixel(1, 4, 12, 12)
    canvas.neighbour("left")
    assert canvas._focus.selection == Pixel(1, 4, 12, 11)
    canvas.inside()
    assert canvas._focus.selection == Map(1, 4)


def test_while_training_runs_the_maps_follow(canvas: Canvas, easel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    session = easel.layers("lenet")
    painted: list[int] = []
    paint = maps.paint
    monkeypatch.setattr(painting.maps, "paint", lambda *given: painted.append(1) or paint(*given))
    for _ in range(3):
        session.run(1)
        canvas.show_frame(replace(session.frame(), run="running"))
        canvas.repaint()
    assert len(painted) == 3


def test_a_tooltip_of_a_map_says_the_pixel_too(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda _at, tip, _widget: said.append(tip))
    canvas._tip(middle(Picture(view_of(canvas)), Pixel(1, 2, 11, 5)), canvas.mapToGlobal(canvas.rect().center()))
    assert "row 12, column 6" in said[0]


def test_a_dropped_pixel_is_crossed_out(easel: Any) -> None:
    picture = picture_of(easel, "dropped images")
    dropped = picture.numbers.dropped(3)
    assert dropped is not None
    image = easel.painted(picture.view)
    for index in np.flatnonzero(dropped).tolist():
        box = picture.geometry.box(Unit(3, index))
        assert easel.near(image.pixelColor(int(box.left()) + 3, int(box.top()) + 3), picture.theme.track)
        middle = (box.center().x() - 2, box.center().y() - 2, box.center().x() + 3, box.center().y() + 3)
        assert easel.has_color(image, picture.theme.secondary, middle, tolerance=60)
    assert "dropped in this step" in words.tooltip(picture, Map(3, 0))


def test_a_kernel_grows_while_the_walk_goes_through_its_places(easel: Any) -> None:
    walk = easel.view("small images").walk
    first = walk.find("edge", "backward/p1_2_1_1/kernels")
    seen = []
    for place in range(9):
        picture = picture_of(easel, "small images", grain="edge", playhead=first + place)
        grown = kernels.growing(picture, Kernel(1, 1, 0))
        assert grown is not None
        assert grown[1:] == (place + 1, 9)
        assert kernels.growing(picture, Kernel(1, 0, 0)) is None
        seen.append(grown[0])
    assert np.allclose(seen[-1], picture.frame.trace.layers[0].dW[1, 0], rtol=1e-12)
    assert not np.allclose(seen[0], seen[-1])


def test_three_channels_are_red_green_and_blue_of_one_image(easel: Any) -> None:
    picture = picture_of(easel, "dropped images")
    found = picture.geometry.maps(0)
    assert found is not None
    assert found.joined is not None
    box, image = picture.geometry.rect(found.joined), easel.painted(picture.view)
    values = np.asarray(picture.numbers.a(0)).reshape(3, 6, 6) / picture.limits.inputs
    for row, column in np.ndindex(6, 6):
        x, y = box.left() + (column + 0.5) * box.width() / 6, box.top() + (row + 0.5) * box.height() / 6
        wanted = QColor(*(round(float(value) * 255) for value in values[:, row, column]))
        assert easel.near(image.pixelColor(int(x), int(y)), wanted, 2)

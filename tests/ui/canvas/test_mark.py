"""The line at which a person's number leaves ours is seen on the canvas."""

from typing import Any

import numpy as np
import pytest

from bpstudio.insight.elements import BIAS, Edge, Edges, LossNode, Unit
from ui.canvas import edges, labels, mark, painting, units, words
from ui.canvas.picture import Picture
from ui.focus import Mark


@pytest.mark.parametrize(
    ("address", "elements"),
    [
        ("forward/h1/w2", {Edge(1, 0, 1)}),
        ("forward/h1/z", {Edge(1, 0, 0), Edge(1, 0, 1), Edge(1, 0, BIAS), Unit(1, 0)}),
        ("loss/C", {LossNode()}),
        ("loss/o2", {LossNode()}),
        ("backward/o1/delta", {Unit(2, 0)}),
        ("backward/h1/from-o2", {Edge(2, 1, 0), Unit(1, 0)}),
        ("backward/b_o1", {Edge(2, 0, BIAS)}),
        ("update/w5", {Edge(2, 0, 0)}),
        ("start", set()),
        ("", set()),
        ("backward/w999", set()),
    ],
)
def test_an_address_marks_what_its_beat_works_with(easel: Any, address: str, elements: set[object]) -> None:
    assert set(mark.marked(easel.view("mazur").walk, Mark(address))) == elements


def test_what_is_lit_goes_before_what_the_beat_works_with(easel: Any) -> None:
    walk = easel.view("mazur").walk
    lit = (Edge(2, 0, 0), Edges(2, source=1), Edge(2, 7, 0))
    assert mark.marked(walk, Mark("backward/h1/sum", lit)) == (Edge(2, 0, 0), Edge(2, 0, 1), Edge(2, 1, 1))
    assert mark.marked(walk, None) == ()


def test_of_a_wide_layer_only_the_unit_is_marked(easel: Any) -> None:
    assert mark.marked(easel.view("wide").walk, Mark("forward/h3/z")) == (Unit(1, 2),)


@pytest.mark.parametrize("look", ["dark", "light"])
def test_the_marked_unit_is_ringed_and_the_legend_says_why(easel: Any, look: str) -> None:
    plain = easel.view("mazur", at="backward/w5", look=look)
    view = easel.view("mazur", at="backward/w5", look=look, mark=Mark("backward/o1/delta"))
    x, y = Picture(view).geometry.units[2][0].tolist()
    around = (x - 60, y - 60, x + 60, y + 60)
    assert easel.has_color(easel.painted(view), view.theme.warning, around, tolerance=2)
    assert not easel.has_color(easel.painted(plain), plain.theme.warning, around, tolerance=2)
    legend = (view.width / 2, view.height - 62, view.width, view.height)
    assert easel.has_color(easel.painted(view), view.theme.warning, legend, tolerance=2)


def test_rails_lie_under_badges_and_beside_labels(easel: Any) -> None:
    """The line from the +1 node to h₁ goes behind the badge of h₁."""
    view = easel.view("mazur", at="update/b_o2", mark=Mark("forward/h1/z", (Edge(1, 0, BIAS), Edge(2, 0, 0))))
    picture = Picture(view)
    [badge] = [box for unit, _, box, _ in units.badges(picture) if unit == Unit(1, 0)]
    inside = (badge.left() + 3, badge.top() + 3, badge.right() - 3, badge.bottom() - 3)
    assert not easel.has_color(easel.painted(view), view.theme.warning, inside, tolerance=2)
    lines = edges.chosen(picture)
    wanted = labels.requests(picture, lines)
    [w5] = [request for request in wanted if request.edge == Edge(2, 0, 0)]
    [w6] = [request for request in wanted if request.edge == Edge(2, 0, 1)]
    gaps = [labels.wishes(picture, request)[0].gap for request in (w5, w6)]
    assert gaps[0] > view.theme.px(mark.RAIL) + 2 > gaps[1]


def test_a_mark_on_a_line_that_is_gone_paints_nothing(easel: Any) -> None:
    plain, view = easel.view("mazur"), easel.view("mazur", mark=Mark("backward/h9/delta"))
    assert np.array_equal(easel.pixels(easel.painted(plain)), easel.pixels(easel.painted(view)))


@pytest.mark.parametrize("name", ["wide", "matrix", "medium", "vanishing", "diverged"])
@pytest.mark.parametrize("part", ["forward", "backward"])
def test_any_network_can_be_marked(easel: Any, name: str, part: str) -> None:
    walk = easel.view(name).walk
    unit = walk.names.unit(Unit(1, 0))
    address = f"forward/{unit}/z" if part == "forward" else f"backward/{unit}/sum"
    view = easel.view(name, mark=Mark(address))
    assert mark.marked(walk, Mark(address))
    assert not (easel.pixels(easel.painted(view)) == 0xFFFF00FF).any()
    assert painting.same_still(view, view)


def test_the_tooltip_of_a_marked_line_says_so(easel: Any) -> None:
    picture = Picture(easel.view("mazur", mark=Mark("backward/o1/delta")))
    assert words.LEAVES in words.tooltip(picture, Unit(2, 0))
    assert words.LEAVES not in words.tooltip(picture, Unit(2, 1))


def test_the_mark_of_a_case_is_no_number_of_the_person(easel: Any) -> None:
    picture = Picture(easel.view("mazur", mark=Mark("backward/o1/delta", of_case=True)))
    assert words.DIFFERS in words.tooltip(picture, Unit(2, 0))
    assert words.LEAVES not in words.tooltip(picture, Unit(2, 0))
    assert words.DIFFERS not in words.tooltip(picture, Unit(2, 1))

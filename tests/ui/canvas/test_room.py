"""Text never covers a line, a disc or other text, and belongs to the line it is nearest to."""

from typing import Any

import numpy as np
import pytest
from PyQt6.QtGui import QPainter

from bpstudio.insight.elements import LossNode, Unit
from ui import language
from ui.canvas import edges, labels, moving, nodes, painting, units
from ui.canvas.picture import Picture
from ui.canvas.room import Beside, OneOf, arrange, beside, box_of, crossing, overlapping
from ui.canvas.view import View

EMPTY = b""


def segments(*lines: tuple[float, ...]) -> bytes:
    return np.array(lines, dtype=float).tobytes()


def test_crossing_finds_lines_through_past_and_inside_a_box() -> None:
    box = np.array([[10.0, 10.0, 20.0, 20.0]])
    lines = np.array(
        [[0, 0, 30, 30], [0, 15, 30, 15], [12, 12, 13, 13], [0, 30, 30, 40], [25, 0, 25, 40], [0, 0, 9, 9]]
    )
    assert crossing(box, lines.astype(float))[0].tolist() == [True, True, True, False, False, False]


def test_a_second_text_goes_to_its_next_place_and_a_third_finds_none() -> None:
    wish = OneOf(((0.0, 0.0, 10.0, 10.0), (20.0, 0.0, 30.0, 10.0)))
    found = arrange((0.0, 0.0, 40.0, 40.0), EMPTY, EMPTY, ((wish,), (wish,), (wish,)))
    assert [place and place[1][0] for place in found] == [0.0, 20.0, None]


def test_a_shorter_wording_is_tried_where_the_long_one_has_no_room() -> None:
    line = (0.0, 50.0, 60.0, 50.0)
    long, short = Beside(line, 90.0, 12.0, 3.0), Beside(line, 30.0, 12.0, 3.0)
    found = arrange((0.0, 0.0, 60.0, 100.0), segments(line), EMPTY, ((long, short),))
    assert found[0] is not None
    assert found[0][0] == 1


def test_text_between_two_lines_is_refused_when_it_could_be_either_ones() -> None:
    line, other = (0.0, 50.0, 200.0, 50.0), (0.0, 31.0, 200.0, 31.0)
    wish = Beside(line, 40.0, 12.0, 3.0, (0.0,))
    alone = arrange((0.0, 0.0, 200.0, 200.0), segments(line), EMPTY, ((wish,),))
    crowded = arrange((0.0, 0.0, 200.0, 200.0), segments(line, other), EMPTY, ((wish,),))
    assert alone[0] is not None
    assert alone[0][1][3] < 50, "above its line"
    assert crowded[0] is not None
    assert crowded[0][1][1] > 50, "above there is another line as near"


@pytest.mark.parametrize("line", [(0, 0, 100, 0), (0, 0, 100, 60), (100, 0, 0, 60), (50, 0, 50, 90), (0, 60, 100, 0)])
def test_no_candidate_touches_its_own_line(line: tuple[float, ...]) -> None:
    places = beside(Beside(tuple(map(float, line)), 44.0, 14.0, 3.0))  # type: ignore[arg-type]
    assert not crossing(places, np.array([line], dtype=float)).any()


def texts(view: View) -> tuple[Picture, list[labels.Label], list[tuple[float, float, float, float]], np.ndarray]:
    """The labels of a view, every box that text takes, and the drawn lines."""
    picture = Picture(view.still)
    lines = edges.chosen(picture)
    badges = [box for _, _, box, _ in units.badges(picture)]
    seen: list[labels.Label] = []
    plus: list[tuple[float, float, float, float]] = []
    real, real_plus = labels.paint, nodes.paint_plus_labels
    labels.paint = lambda painter, picture, found: seen.extend(found)  # type: ignore[assignment]
    nodes.paint_plus_labels = lambda painter, picture, found, places: plus.extend(p[1] for p in places if p)  # type: ignore[assignment]
    try:
        painting._paint_labels(QPainter(), picture, lines, badges)
    finally:
        labels.paint, nodes.paint_plus_labels = real, real_plus
    boxes = [box_of(label.box) for label in seen] + plus
    return picture, seen, boxes, np.concatenate([part.places for part in lines])


@pytest.mark.parametrize("tongue", ["en", "zh_CN"])
@pytest.mark.parametrize("size", [(730, 390), (900, 560), (1200, 800)])
@pytest.mark.parametrize("name", ["mazur", "iris", "xor", "four-equations", "softmax", "relu"])
def test_labels_cover_nothing(easel: Any, qapp: Any, name: str, size: tuple[int, int], tongue: str) -> None:
    language.install(qapp, tongue)
    walk = easel.view(name).walk
    for playhead in (0, walk.count("edge") // 3, walk.count("edge") * 2 // 3, -1):
        view = easel.view(name, size=size, playhead=playhead)
        picture, _, boxes, lines = texts(view)
        if not boxes:
            continue
        taken = np.array(boxes)
        assert not crossing(taken, lines).any(), "on a line"
        geometry = picture.geometry
        solid = [
            box_of(geometry.box(Unit(layer, index)))
            for layer in range(picture.depth + 1)
            for index in geometry.drawn(layer)
        ]
        solid += [box_of(geometry.plus_box(layer)) for layer in range(1, picture.depth + 1)]
        solid += [box_of(box) for box in (geometry.box(LossNode()), *moving.resting(picture))]
        solid += [box_of(box) for _, _, box, _ in units.badges(picture)]
        assert not overlapping(taken, np.array(solid)).any(), "on a disc, a badge or a pulse"
        together = overlapping(taken, taken)
        np.fill_diagonal(together, False)
        assert not together.any(), "on each other"
        assert (taken[:, 0] >= 0).all()
        assert (taken[:, 2] <= size[0]).all()


def test_the_worked_example_shows_all_its_weights_at_1280x720(easel: Any) -> None:
    for at in ("start", "forward/o2/a", "backward/w5"):
        _, seen, _, _ = texts(easel.view("mazur", at=at, notation="mazur"))
        assert {label.words.first[:2] for label in seen} == {f"w{n}" for n in "₁₂₃₄₅₆₇₈"}, at


def test_the_beat_has_all_digits_where_there_is_room(easel: Any) -> None:
    _, seen, _, _ = texts(easel.view("mazur", size=(940, 590), at="backward/w5", notation="mazur"))
    now = next(label for label in seen if label.strong)
    assert (now.words.first, now.words.second, now.words.glyph) == ("w₅ 0.40", "+0.082167041", "down")


def test_labels_stay_where_they_are_while_numbers_change(easel: Any) -> None:
    from dataclasses import replace

    import bpstudio

    session = bpstudio.load_lesson("iris").session()
    places = []
    for _ in range(4):
        session.run(25)
        frame = replace(session.frame(), run="running")
        _, seen, _, _ = texts(easel.view("iris", frame=frame, size=(1200, 800)))
        places.append([(label.edge, label.box.center().x(), label.box.center().y()) for label in seen])
    assert places[0]
    assert all(place == places[0] for place in places)


def test_the_gather_beat_has_a_bar_for_each_row(easel: Any) -> None:
    _, seen, _, _ = texts(easel.view("relu", size=(940, 590), at="backward/w31"))
    now = next(label for label in seen if label.strong)
    assert now.words.rows == 4
    picture = Picture(easel.view("relu", at="backward/w31"))
    given = picture.numbers.contributions(now.edge)
    assert np.mean(given) == pytest.approx(picture.gradient_of(now.edge), rel=1e-12)

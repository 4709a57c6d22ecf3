from typing import Any

import numpy as np
import pytest

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.elements import BIAS, Edge, Names
from bpstudio.insight.gradcheck import GradientCheck, check
from ui import theme
from ui.canvas import checked
from ui.canvas.picture import NOT_YET, Picture


def found(verdicts: tuple[str, ...], errors: tuple[float, ...], edges: tuple[Edge, ...]) -> GradientCheck:
    zeros = np.zeros(len(edges))
    return GradientCheck(edges, zeros, zeros, np.array(errors), zeros, verdicts, 9, 1e-6, True, 0.0)


EDGES = (Edge(1, 0, 0), Edge(1, 0, 1), Edge(1, 1, BIAS), Edge(2, 0, 0), Edge(2, 0, 1))
RESULT = found(("agrees", "kink", "agrees", "sequential", "differs"), (1e-9, 0.5, 0.0, 0.1, 0.2), EDGES)


def test_errors_lie_where_the_edges_are() -> None:
    first, second = checked.errors(RESULT, Names.of(Network(2, (Dense(2), Dense(1)))))
    assert first[0, 0] == 1e-9
    assert first[0, 1] == checked.KINKED
    assert 0 < first[1, -1] <= checked.TINY
    assert np.isnan(first[1, 0])
    assert second[0].tolist()[:2] == [checked.CONVENTION, checked.WRONG]
    assert np.isnan(second[0, -1])


def test_only_what_differs_is_red(qapp: object) -> None:
    look = theme.current()
    colors, places = checked.colors_of(look, np.array([1e-12, 1e-6, checked.KINKED, checked.CONVENTION, checked.WRONG]))
    assert [int(color) == look.error.rgb() for color in colors] == [False] * 4 + [True]
    assert [int(color) == look.warning.rgb() for color in colors] == [False, False, True, True, False]
    assert places[0] == 0.0
    assert places[0] < places[1] < 1.0


@pytest.mark.parametrize(
    ("value", "words"), [(float("nan"), ""), (3e-10, "3e-10 ✓"), (checked.KINKED, "a kink lies here"), (1e-300, "0 ✓")]
)
def test_an_error_is_said(qapp: object, value: float, words: str) -> None:
    assert checked.said(value) == words


@pytest.mark.parametrize("name", ["mazur", "lenet"])
def test_the_canvas_shows_what_was_checked_and_dashes_the_rest(easel: Any, name: str) -> None:
    frame = easel.frame_of(name)
    result = check(frame, sample=30)
    view = easel.view(name, color="check").replace(check=result)
    picture = Picture(view)
    known = sum(int((states != NOT_YET).sum()) for states in picture.shown_states)
    assert known == result.count
    nothing = Picture(view.replace(check=None))
    assert all((states == NOT_YET).all() for states in nothing.shown_states)
    one, other = (easel.pixels(easel.painted(each)) for each in (view, view.replace(check=None)))
    assert (one != other).any()

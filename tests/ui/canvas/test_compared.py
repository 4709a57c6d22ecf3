"""The canvas coloured by the difference from another branch of the run."""

from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest
from PyQt6.QtCore import QCoreApplication

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight import branches, compared
from bpstudio.insight.elements import BIAS, Edge
from bpstudio.insight.notation import signed
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session
from ui import language
from ui.canvas import edges, headline, labels, words
from ui.canvas.legend import Legend
from ui.canvas.picture import NOT_YET, Picture


def forked(easel: Any, step: int = 8) -> Session:
    """The first run to step 12; from step 5 on another rate, to a step; compared with the first run."""
    session: Session = easel.session((2, 3, 2), ("tanh", "identity"))
    session.run(12)
    session.seek(5)
    session.apply(session.experiment.replace(optimizer=SGD(0.4)), name="change learning rate")
    session.run(step - 5)
    session.compare(1)
    return session


def view(easel: Any, frame: Frame, **changes: object) -> Any:
    return easel.view("xor", frame=frame, color="difference", **changes)


def said(legend: Legend) -> list[str]:
    """Every text of the entry of the colour."""
    legend.pen = MagicMock(wraps=legend.pen)
    entry = legend._color(20.0)
    entry.paint(MagicMock())
    return [call.args[3] for call in legend.pen.put.call_args_list]


def test_an_edge_has_the_colour_of_own_minus_other(easel: Any) -> None:
    frame = forked(easel).frame()
    assert frame.beside is not None
    picture = Picture(view(easel, frame))
    for own, other, shown in zip(frame.params, frame.beside.params, picture.shown, strict=True):
        assert np.array_equal(shown[:, :-1], own[0] - other[0])
        assert np.array_equal(shown[:, -1], own[1] - other[1])
    assert all((states != NOT_YET).all() for states in picture.shown_states)
    largest = max(float(np.abs(part).max()) for part in picture.shown)
    assert largest <= picture.signed_end < 10 * largest
    colors, _ = edges.colors_of(picture, np.array([-picture.signed_end, 0.0, picture.signed_end]))
    ends = picture.theme.signed(np.array([-1.0, 1.0]))
    assert [int(colors[0]), int(colors[2])] == [int(each) for each in ends]
    assert int(colors[1]) == picture.theme.zero.rgb(), "no difference is exactly 0, not the middle of the map"


def test_numbers_beside_lines_and_in_the_tip_are_the_difference(easel: Any) -> None:
    frame = forked(easel).frame()
    assert frame.beside is not None
    edge = Edge(1, 2, 1)
    picture = Picture(view(easel, frame, selection=edge, grain="step"))
    own, other = frame.params.W[0][2, 1], frame.beside.params.W[0][2, 1]
    found = next(each for each in labels.requests(picture, edges.chosen(picture)) if each.edge == edge)
    assert found.wordings[0].second == f"w − w′ {signed(own - other)}"
    tip = words.tooltip(picture, edge)
    assert f"w′ = {float(other)!r} (first run)" in tip
    assert f"w − w′ = {float(own - other)!r}" in tip
    bias = words.tooltip(picture, Edge(2, 0, BIAS))
    assert f"b′ = {float(frame.beside.params.b[1][0])!r}" in bias


def test_legend_and_headline_name_the_branch_and_the_pointer_stands_at_its_number(easel: Any) -> None:
    session = forked(easel)
    picture = Picture(view(easel, session.frame()).replace(width=1000.0))
    assert "colour: w − w(first run)" in said(Legend(picture))
    assert "edges: difference from first run" in headline.drawn(picture)
    session.rename_branch(1, "the very first of all the runs that there were")
    texts = said(Legend(Picture(view(easel, session.frame()).replace(width=1000.0))))
    assert "colour: w − w(the very first of all t…)" in texts
    app = QCoreApplication.instance()
    assert app is not None
    language.install(app, "zh_CN")
    texts = said(Legend(Picture(view(easel, forked(easel).frame()).replace(width=1000.0))))
    assert "颜色：w − w(最初的训练)" in texts


@pytest.mark.parametrize("case", ["no step", "itself", "nothing"])
def test_where_nothing_corresponds_edges_are_not_available_and_the_legend_says_why(easel: Any, case: str) -> None:
    session = forked(easel, 15 if case == "no step" else 8)
    if case == "itself":
        session.switch(1, 8)
    if case == "nothing":
        session.compare(None)
    frame = session.frame()
    assert frame.beside is None
    seen = view(easel, frame)
    picture = Picture(seen)
    assert all((states == NOT_YET).all() for states in picture.shown_states)
    assert all((part == 0).all() for part in picture.shown)
    why = {"no step": "ends at step 12", "itself": "the run is on first run itself", "nothing": "no branch is compared"}
    assert any(why[case] in text for text in said(Legend(picture)))
    assert why[case] in words.tooltip(picture, Edge(1, 0, 0))
    image = easel.painted(seen)
    assert easel.has_color(image, picture.theme.dashed, tolerance=2)


def test_only_the_layers_that_correspond_have_colours(easel: Any) -> None:
    session = forked(easel)
    network = session.experiment.network
    other = Network(2, (network.layers[0], Dense(4, "tanh"), network.layers[1]))
    session.apply(session.experiment.replace(network=other), name="add a layer")
    picture = Picture(view(easel, session.frame()))
    known = [bool((states != NOT_YET).all()) for states in picture.shown_states]
    assert known == [True, False, False]
    assert "no weight of the other network corresponds to it" in words.tooltip(picture, Edge(2, 0, 0))
    found = [each for each in labels.requests(picture, edges.chosen(picture)) if each.edge.layer == 2]
    assert {each.wordings[0].second for each in found} == {""}
    assert "colour: w − w(first run)" in " ".join(said(Legend(picture)))


@pytest.mark.parametrize("name", ["small images", "dropped images"])
def test_kernels_are_compared_too(easel: Any, name: str) -> None:
    session: Session = easel.layers(name)
    session.run(4)
    session.seek(2)
    session.apply(session.experiment.replace(optimizer=SGD(0.5)), name="change learning rate")
    session.run(2)
    session.compare(1)
    seen = easel.view(name, frame=session.frame(), color="difference")
    nothing = easel.view(name, frame=session.frame(), color="weight")
    one, other = (easel.pixels(easel.painted(each)) for each in (seen, nothing))
    assert (one != other).any()
    assert np.isfinite(np.concatenate([part.ravel() for part in Picture(seen).shown])).all()


def test_what_the_engine_says_of_branches_can_be_said_in_chinese() -> None:
    entries = language.catalogue("zh_CN")
    said = [compared.NO_BRANCH, compared.ITSELF, compared.ENDS, compared.BEGINS, compared.OTHER_LAYERS]
    said += [branches.FIRST_RUN, branches.BRANCH, branches.BRANCH_OF, branches.BY_HAND]
    assert [words for words in said if words not in entries] == []

"""A layer's biases on the canvas: from +1, thresholds from −1, and nothing where there are none."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from bpstudio.engine.network import Network
from bpstudio.insight.elements import BIAS, Edge, PlusOne, Unit
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session
from ui.canvas import edges, headline, nodes, text, units, words
from ui.canvas.labels import _carried
from ui.canvas.picture import Picture


def changed(frame: Frame, *kinds: str) -> Frame:
    layers = zip(frame.experiment.network.layers, kinds, strict=True)
    network = Network(
        frame.experiment.network.inputs, tuple(dataclasses.replace(each, bias=kind) for each, kind in layers)
    )
    assert frame.start is not None
    return Session(frame.experiment.replace(network=network), frame.dataset, frame.start.fitted(network)).frame()


def test_thresholds_come_from_a_node_that_carries_minus_one(easel: Any) -> None:
    frame = changed(easel.frame_of("mazur"), "threshold", "none")
    picture = Picture(easel.view("mazur", frame=frame, at="backward/b_h1"))
    assert words.title(picture, Edge(1, 0, BIAS)) == "θ¹₁   −1 → h₁"
    assert words.facts(picture, PlusOne(1)) == ["always −1: the thresholds are its weights"]
    assert [label.words for label in nodes.plus_labels(picture)] == ["threshold −0.35"]


def test_nothing_is_drawn_where_there_is_no_bias(easel: Any) -> None:
    """No node, no edge, no label: those pixels are what they would be with an empty corner."""
    frame = changed(easel.frame_of("mazur"), "threshold", "none")
    view = easel.view("mazur", frame=frame, playhead=0)
    picture = Picture(view)
    assert picture.biased == (1,)
    assert [int(part.source.max()) for part in edges.chosen(picture)] == [2, 1]
    image = easel.pixels(easel.painted(view))
    node = picture.geometry.plus_box(2).adjusted(-2, -2, 2, 2)
    corner = image[round(node.top()) : round(node.bottom()), round(node.left()) : round(node.right())]
    ground = np.uint32(view.theme.background.rgb())
    assert (corner == ground).all()
    other = picture.geometry.plus_box(1)
    assert (
        image[round(other.top()) : round(other.bottom()), round(other.left()) : round(other.right())] != ground
    ).any()


@pytest.mark.parametrize("kinds", [("threshold", "none"), ("none", "threshold"), ("none", "none")])
@pytest.mark.parametrize("grain", ["edge", "neuron", "layer", "step"])
def test_every_beat_can_be_painted(easel: Any, kinds: tuple[str, str], grain: str) -> None:
    frame = changed(easel.frame_of("mazur"), *kinds)
    for index in range(Picture(easel.view("mazur", frame=frame, grain=grain)).walk.count(grain) + 1):
        easel.painted(easel.view("mazur", size=(420, 300), frame=frame, grain=grain, playhead=index, phase=0.5))


def test_badges_and_tooltips_flip_with_the_sign_of_delta(easel: Any) -> None:
    """What goes back over an edge is made of δ; gradients and their colours stay."""
    plain, older = (
        Picture(easel.view("mazur", notation="mazur", at="backward/h1/from-o1", delta_sign=sign)) for sign in (1, -1)
    )
    assert np.array_equal(plain.delta(2), -older.delta(2))
    assert units.badge_text(plain, 2, 0, plain.delta(2)) == "δ +0.138499"
    assert units.badge_text(older, 2, 0, older.delta(2)) == "δ −0.138499"
    edge = Edge(2, 0, 0)
    assert (_carried(plain, edge, 4), _carried(older, edge, 4)) == ("← 0.0554", "← −0.0554")
    whole, old_whole = (Picture(easel.view("mazur", notation="mazur", delta_sign=sign)) for sign in (1, -1))
    told, turned = (words.facts(each, Unit(2, 0)) for each in (whole, old_whole))
    assert [line for line in told if line not in turned] == ["δ_o1 = 0.13849856162855698"]
    assert [line for line in turned if line not in told] == ["δ_o1 = -0.13849856162855698"]
    assert words.facts(whole, edge) == words.facts(old_whole, edge)
    batch = easel.view("mazur", notation="mazur", delta_sign=-1, scale_delta="batch")
    assert np.array_equal(Picture(batch).delta(2), -whole.numbers.batch_delta(2))


def test_a_line_of_a_whole_layer_is_never_shortened_into_another_statement(easel: Any) -> None:
    """W⁺ is not 0.066: that is the size of the step at the end of the sentence."""
    picture = Picture(easel.view("mazur", size=(430, 320), grain="layer", at="update/layer2"))
    font = text.pen_of(picture.theme, 13, mono=True)
    shown = headline.fitted(picture, font, 300.0)
    assert shown.endswith("…")
    assert headline.beat_line(picture, 4).startswith(shown[:-1])

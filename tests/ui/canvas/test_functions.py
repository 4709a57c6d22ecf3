"""Units with functions of their own on the canvas: each says which, and what lets no error through says so."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.elements import Unit
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session
from ui.canvas import units, words
from ui.canvas.picture import Picture

SIZE = (900, 620)


def changed(frame: Frame, first: str, last: str = "sigmoid") -> Frame:
    """The same step with other functions."""
    layers = tuple(
        dataclasses.replace(layer, activation=name)
        for layer, name in zip(frame.experiment.network.layers, (first, last), strict=True)
    )
    assert all(isinstance(layer, Dense) for layer in layers)
    network = Network(frame.experiment.network.inputs, layers)
    assert frame.start is not None
    return Session(frame.experiment.replace(network=network), frame.dataset, frame.start.fitted(network)).frame()


def test_a_unit_says_what_its_own_function_is(easel: Any) -> None:
    frame = changed(easel.frame_of("mazur"), "per_unit(elu(alpha=2), formula(z / (1 + abs(z))))")
    picture = Picture(easel.view("mazur", frame=frame))
    assert words.facts(picture, Unit(1, 0))[0] == "f = elu(alpha=2)"
    assert words.facts(picture, Unit(1, 1))[0] == "f = z / (1 + abs(z))"
    assert not any(line.startswith("f =") for line in words.facts(picture, Unit(2, 0)))


def test_what_has_no_slope_says_why_nothing_comes_back(easel: Any) -> None:
    frame = changed(easel.frame_of("mazur"), "per_unit(step, tanh)")
    picture = Picture(easel.view("mazur", frame=frame))
    assert "its slope is 0: no error comes through" in words.facts(picture, Unit(1, 0))
    assert units.badge_text(picture, 1, 0, picture.delta(1)) == "δ 0 (slope 0)"
    assert units.badge_text(picture, 1, 1, picture.delta(1)).startswith("δ +0.0")
    assert not any("saturation" in line.lower() for line in words.facts(picture, Unit(1, 0)))


def test_the_name_of_its_function_stands_on_the_rim(easel: Any) -> None:
    """Only where units differ: the picture is another one there, and the same everywhere else."""
    alike, differing = (
        Picture(easel.view("mazur", size=SIZE, frame=changed(easel.frame_of("mazur"), name), playhead=0))
        for name in ("sigmoid", "per_unit(sigmoid, relu)")
    )
    images = [easel.pixels(easel.painted(picture.view)) for picture in (alike, differing)]
    other = images[0] != images[1]
    for index in range(2):
        x, y = differing.geometry.units[1][index].tolist()
        radius = differing.geometry.radii[1]
        corner = other[round(y - radius) : round(y), round(x - 1.4 * radius) : round(x - 0.2 * radius)]
        assert corner.any()
        assert not other[round(y) : round(y + 1.4 * radius), round(x) : round(x + 1.4 * radius)].any()
    left = round(differing.geometry.units[2][:, 0].min() - 2 * differing.geometry.radii[2])
    assert not np.any(other[:400, left:])


@pytest.mark.parametrize("first", ["per_unit(step, formula(z^2))", "softmax", "gelu", "hard_tanh"])
def test_every_beat_can_be_painted(easel: Any, first: str) -> None:
    frame = changed(easel.frame_of("mazur"), first)
    for grain, every in (("edge", 5), ("neuron", 2), ("layer", 1)):
        count = Picture(easel.view("mazur", frame=frame, grain=grain)).walk.count(grain)
        for index in range(0, count + 1, every):
            easel.painted(easel.view("mazur", size=(420, 300), frame=frame, grain=grain, playhead=index, phase=0.5))

"""Every written piece of a loss is the number that was computed."""

import math
import re

import numpy as np
import pytest

from bpstudio.insight.loss_formulas import (
    corner_notes,
    element,
    element_at,
    error,
    error_at,
    of_row,
    own_output,
    written,
)
from bpstudio.insight.notation import number
from bpstudio.maths.losses import LOSSES, loss

TEXTS = [*LOSSES, "huber(delta=0.4)"]


def value_of(text: str) -> float:
    """What a formula of numbers comes to; it is read as Python after a few signs are exchanged."""
    text = text.replace("−", "-").replace("·", "*").replace("²", "**2").replace("½", "0.5*")
    text = re.sub(r"0\.5\*(?=\s*\*|\s*\))", "0.5", text)
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text)
    text = re.sub(r"(?<=[\d)])\s+(?=[(\dl])", "*", text)
    text = re.sub(r"\bln\s*(\([^()]*\)|[\d.]+)", r"log(\1)", text)
    names = {"log": math.log, "abs": abs, "max": max, "min": min, "sign": np.sign}
    return float(eval(text, {"__builtins__": {}}, names))


def rows(family: str) -> list[tuple[np.ndarray, np.ndarray]]:
    if family in ("bce", "categorical_ce"):
        return [(np.array([0.25, 0.625, 0.5]), np.array([0.75, 0.125, 1.0]))]
    if family in ("hinge", "squared_hinge"):
        return [(np.array([0.25, -1.5, 2.0]), np.array([1.0, -1.0, -1.0])), (np.array([-1.0, 1, 0]), np.ones(3))]
    if family == "multiclass_hinge":
        return [(np.array([0.25, -1.5, 0.5]), np.eye(3)[k]) for k in range(3)]
    return [
        (np.array([0.25, -1.5, 3.0]), np.array([0.5, 0.25, -0.75])),
        (np.array([1.0, 1, 1]), np.array([1.0, 0.6, 0])),
    ]


@pytest.mark.parametrize("text", TEXTS)
def test_every_piece_is_the_computed_number(text: str) -> None:
    rule = loss(text)
    for a, y in rows(rule.family):
        values, slopes = rule.value(a, y), rule.da(a, y)
        for at in range(3):
            letters = {"a": number(a[at], 17), "y": number(y[at], 17), "own": number(own_output(rule, a, y), 17)}
            part = value_of(written(element_at(rule, a, y, at), **letters))
            assert part == pytest.approx(values[at], rel=1e-12, abs=1e-15)
            for sign in (1, -1):
                slope = value_of(written(error_at(rule, a, y, at, sign), **letters))
                assert slope == pytest.approx(sign * slopes[at], rel=1e-12, abs=1e-15)
                shared = value_of(written(error_at(rule, a, y, at, sign), **letters, outputs=3))
                assert shared == pytest.approx(sign * slopes[at] / 3, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("text", TEXTS)
def test_every_loss_has_its_letters(text: str) -> None:
    for formula in (of_row(text, a="a", y="y"), element(text, a="a", y="y"), error(text, a="a", y="y")):
        assert "a" in formula
        assert "{" not in formula
    assert "0.4" in of_row("huber(delta=0.4)", a="a", y="y")


@pytest.mark.parametrize(
    ("text", "a", "y", "words"),
    [
        ("hinge", [0.5], [1.0], "1 − 1 · 0.5 = 0.5 > 0"),
        ("hinge", [-2.0], [-1.0], "1 − (−1) · (−2) = −1: right by the margin of 1, costs nothing and pulls at nothing"),
        ("squared_hinge", [1.0], [1.0], "on the corner of the loss: slope taken as 0"),
        ("huber(delta=0.4)", [1.0], [0.0], "further away than δ = 0.4: the error pulls no harder"),
        ("mean_absolute_error", [0.5], [0.5], "on the corner of the loss: slope taken as 0"),
        ("multiclass_hinge", [0.5, 0.25, -3], [0, 1, 0], "1 + 0.5 − 0.25 = 1.25 > 0"),
    ],
)
def test_the_side_of_a_corner_is_said(text: str, a: list[float], y: list[float], words: str) -> None:
    (note,) = corner_notes(loss(text), np.array(a), np.array(y), 0)
    assert str(note) == words


def test_the_right_class_counts_the_others() -> None:
    (note,) = corner_notes(loss("multiclass_hinge"), np.array([0.5, 0.25, -3.0]), np.array([0.0, 1, 0]), 1)
    assert str(note) == "other classes within the margin of 1: 1"
    assert corner_notes(loss("huber"), np.array([0.5]), np.array([0.0]), 0) == ()
    assert corner_notes(loss("bce"), np.array([0.5]), np.array([0.0]), 0) == ()

"""What can be stopped at of a thing that somebody points at, and how that is said."""

import math

import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Conv2D, Dense, Flatten
from bpstudio.engine.network import Network
from bpstudio.insight.asked import asked
from bpstudio.insight.elements import BIAS, Edge, KernelEntry, LossNode, Map, Pixel, Unit
from bpstudio.insight.watchable import conditions_on, crossing, flip_of
from bpstudio.training.conditions import (
    Condition,
    Expression,
    GradientNorm,
    PredictionFlips,
    UnitDies,
    UnitFlat,
    ValidationTurns,
    WeightCrosses,
)
from bpstudio.training.experiment import Experiment
from bpstudio.training.lookout import misfit

NETWORK = Network(2, (Dense(3, "relu"), Dense(3, "sigmoid", train_bias=False), Dense(2, "softmax")))
IMAGES = Network(36, (Conv2D(2, (3, 3), activation="relu"), Flatten(), Dense(2, "sigmoid")), (1, 6, 6))
ROWS = Dataset.from_arrays([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1], task="classes")


@pytest.mark.parametrize(
    ("element", "found"),
    [
        (Unit(1, 2), (UnitDies(1, 2),)),
        (Unit(2, 0), (UnitFlat(2, 0),)),
        (Unit(3, 0), ()),
        (Unit(0, 0), ()),
        (LossNode(), ()),
        (None, ()),
        (Edge(2, 1, 0), (WeightCrosses(2, (1, 0)),)),
        (Edge(1, 1, BIAS), (WeightCrosses(1, (1,), bias=True),)),
        (Edge(2, 1, BIAS), ()),
    ],
    ids=lambda value: str(value).replace(" ", ""),
)
def test_conditions_on_a_thing(element: object, found: tuple[Condition, ...]) -> None:
    assert conditions_on(NETWORK, element) == found  # type: ignore[arg-type]
    experiment = Experiment(NETWORK, loss="categorical_ce")
    assert all(misfit(each, experiment, ROWS) is None for each in found)


def test_of_an_image_a_map_is_a_unit_and_an_entry_a_weight() -> None:
    assert conditions_on(IMAGES, Map(1, 1)) == conditions_on(IMAGES, Pixel(1, 1, 0, 2)) == (UnitDies(1, 1),)
    assert crossing(IMAGES, KernelEntry(1, 1, 0, 2, 1)) == WeightCrosses(1, (1, 0, 2, 1))


def test_only_classes_flip() -> None:
    assert flip_of(ROWS, 2) == PredictionFlips(2)
    assert flip_of(ROWS, 3) is None
    assert flip_of(Dataset.from_arrays([[0.0]], [[1.0]]), 0) is None


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (GradientNorm(0, 10), "‖∇C‖ exceeds 10"),
        (GradientNorm(0.5, math.inf), "‖∇C‖ falls below 0.5"),
        (GradientNorm(0.5, 10), "‖∇C‖ leaves 0.5 … 10"),
        (UnitFlat(), "a unit goes flat"),
        (UnitFlat(2), "a unit of layer 2 goes flat"),
        (UnitFlat(2, 0), "h²₁ goes flat"),
        (UnitDies(1, 2), "h¹₃ dies"),
        (UnitDies(9, 2), "h^9_3 dies"),
        (ValidationTurns(), "the validation loss rises"),
        (ValidationTurns(3), "the validation loss rises 3 times in a row"),
        (WeightCrosses(1, (0, 1)), "w₂ crosses zero"),
        (WeightCrosses(1, (7, 1)), "w^1_8,2 crosses zero"),
        (PredictionFlips(16), "the prediction of row 17 flips"),
        (Expression("loss < 0.1"), "loss < 0.1"),
    ],
    ids=lambda value: str(value).replace(" ", ""),
)
def test_words(condition: Condition, words: str) -> None:
    assert asked(condition, NETWORK, "mazur").text == words

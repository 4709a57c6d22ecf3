"""What an event is about is selected, and the row that it is about is shown."""

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.concerned import element_of, example_of
from bpstudio.insight.elements import BIAS, Edge, Probe, Row, Unit
from bpstudio.training.breakpoints import Hit
from bpstudio.training.conditions import (
    Condition,
    Expression,
    GradientNorm,
    PredictionFlips,
    UnitDies,
    UnitFlat,
    WeightCrosses,
)
from bpstudio.training.divergence import NonFinite
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.past import Event
from bpstudio.training.session import Session

NETWORK = Network(2, (Dense(3), Dense(2, "softmax")))


@pytest.fixture
def frame() -> Frame:
    x = np.linspace(0, 1, 12).reshape(6, 2)
    data = Dataset.from_arrays(x, [0, 1, 0, 1, 0, 1], task="classes")
    return Session(Experiment(NETWORK, loss="categorical_ce", batch_size=3, shuffle=False), data).frame()


@pytest.mark.parametrize(
    ("hit", "element"),
    [
        (Hit(WeightCrosses(2, (1, 0)), 4), Edge(2, 1, 0)),
        (Hit(WeightCrosses(1, (2,), bias=True), 4), Edge(1, 2, BIAS)),
        (Hit(WeightCrosses(3, (0, 0)), 4), None),
        (Hit(UnitFlat(), 4, layer=1, index=(2,)), Unit(1, 2)),
        (Hit(UnitDies(1, 7), 4, layer=1, index=(7,)), None),
        (Hit(GradientNorm(), 4), None),
        (Hit(Expression("loss < 1"), 4), None),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_selected(hit: Hit, element: object) -> None:
    assert element_of(hit, NETWORK) == element
    assert element_of(Event("breakpoint", 1, 4, 1, hit=hit), NETWORK) == element


def test_a_row_of_the_batch_or_a_probe(frame: Frame) -> None:
    inside, outside = int(frame.batch[2]), next(row for row in range(6) if row not in frame.batch)
    assert example_of(Hit(PredictionFlips(inside), 0), frame) == Row(2)
    assert example_of(Hit(PredictionFlips(outside), 0), frame) == Probe(outside)
    assert example_of(Hit(PredictionFlips(99), 0), frame) is None


def test_what_is_not_finite(frame: Frame) -> None:
    event = Event("nonfinite", 1, 0, 1, nonfinite=NonFinite(0, 1, "z", (1, 2), float("inf")))
    assert element_of(event, NETWORK) == Unit(1, 2)
    assert example_of(event, frame) == Row(1)


@pytest.mark.parametrize("condition", [GradientNorm(), UnitFlat()], ids=["norm", "unit"])
def test_elsewhere_any_row_will_do(condition: Condition, frame: Frame) -> None:
    assert example_of(Hit(condition, 0, layer=1, index=(0,)), frame) is None

"""The objective over one weight: what a loop computes, convex or not, and its tangent the gradient."""

import math

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params
from bpstudio.insight.cost_curve import alternative, bends_up, cost_along
from bpstudio.insight.elements import BIAS, Edge
from bpstudio.maths.penalties import L2
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session

X, Y = [[-1.0], [0.5], [2.0]], [[0.0], [0.0], [1.0]]


def one_weight(loss: str, w: float, **changes: object) -> Frame:
    network = Network(1, (Dense(1, "sigmoid", bias="none"),))
    experiment = Experiment(network, loss=loss, batch_size=0, **changes)  # type: ignore[arg-type]
    data = Dataset.from_arrays(X, Y, "binary")
    return Session(experiment, data, Params.from_layers(network, [([[w]], [0.0])])).frame()


def by_hand(loss: str, w: float) -> float:
    total = 0.0
    for (x,), (y,) in zip(X, Y, strict=True):
        a = 1 / (1 + math.exp(-w * x))
        total += (a - y) ** 2 / 2 if loss == "half_squared_error" else -y * math.log(a) - (1 - y) * math.log(1 - a)
    return total / 3


@pytest.mark.parametrize(
    ("loss", "other", "convex"), [("bce", "half_squared_error", True), ("half_squared_error", "bce", False)]
)
def test_both_costs_are_those_of_a_loop_and_one_of_them_is_convex(loss: str, other: str, convex: bool) -> None:
    curve = cost_along(one_weight(loss, -6.0), Edge(1, 0, 0))
    assert (curve.loss, curve.other, curve.value) == (loss, other, -6.0)
    for place in range(0, len(curve.values), 7):
        assert curve.costs[place] == pytest.approx(by_hand(loss, curve.values[place]), rel=1e-12)
        assert curve.others[place] == pytest.approx(by_hand(other, curve.values[place]), rel=1e-12)
    assert bends_up(curve.costs) is convex
    step = curve.values[1] - curve.values[0]
    at = int(np.argmin(np.abs(curve.values + 6.0)))
    assert curve.slope == pytest.approx((curve.costs[at + 1] - curve.costs[at - 1]) / (2 * step), rel=0.05)
    assert curve.cost == pytest.approx(by_hand(loss, -6.0), rel=1e-12)


def test_far_weights_stay_in_view_and_penalties_belong_to_the_objective() -> None:
    curve = cost_along(one_weight("bce", 30.0, penalties=(L2(0.1),)), Edge(1, 0, 0))
    assert curve.values[-1] == 45.0
    plain = cost_along(one_weight("bce", 30.0), Edge(1, 0, 0))
    np.testing.assert_allclose(curve.costs - plain.costs, 0.05 * curve.values**2, rtol=1e-9, atol=1e-12)


def test_a_hidden_bias_has_a_curve_and_no_alternative_where_there_is_none() -> None:
    network = Network(1, (Dense(3, "tanh"), Dense(1, "identity")))
    frame = Session(Experiment(network, batch_size=0), Dataset.from_arrays(X, Y)).frame()
    assert alternative(frame.experiment) == ""
    before = frame.params.flat.tobytes()
    curve = cost_along(frame, Edge(1, 2, BIAS))
    assert curve.others.size == 0
    assert np.isfinite(curve.costs).all()
    assert frame.params.flat.tobytes() == before

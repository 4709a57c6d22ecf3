"""One row's numbers, against plain loops over that row alone."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.insight.elements import Probe, Row, WholeBatch
from bpstudio.insight.example import Numbers, neighbour, switched
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session


def by_hand(frame: Frame, x: list[float], y: list[float]) -> tuple[list[list[float]], list[list[float]], float]:
    """(activations, deltas, cost) of one row of a tanh/sigmoid network with the half squared error, in plain loops."""
    activations, weights = [x], list(zip(frame.params.W, frame.params.b, strict=True))
    for place, (W, b) in enumerate(weights):
        squash = math.tanh if place == 0 else lambda z: 1 / (1 + math.exp(-z))
        activations.append(
            [
                squash(sum(w * a for w, a in zip(row, activations[-1], strict=True)) + c)
                for row, c in zip(W, b, strict=True)
            ]
        )
    out = activations[-1]
    deltas = [[(a - t) * a * (1 - a) for a, t in zip(out, y, strict=True)]]
    back = [sum(weights[1][0][k][j] * deltas[0][k] for k in range(len(out))) for j in range(len(activations[1]))]
    deltas.insert(0, [e * (1 - a * a) for e, a in zip(back, activations[1], strict=True)])
    return activations, deltas, sum((a - t) ** 2 / 2 for a, t in zip(out, y, strict=True))


@pytest.mark.parametrize("reduction", ["mean_batch", "mean_all", "sum"])
def test_a_row_has_the_numbers_of_its_own_cost(session: Callable[..., Session], reduction: str) -> None:
    """No 1/N in them; a mean over all outputs keeps its 1/K, because that belongs to the cost of a single row too."""
    frame = session(reduction=reduction).frame()
    divisor = 3 if reduction == "mean_all" else 1
    for position in range(4):
        numbers = Numbers(frame, Row(position))
        a, delta, cost = by_hand(frame, frame.trace.x[position].tolist(), frame.trace.y[position].tolist())
        assert numbers.a(2) == pytest.approx(a[2], rel=1e-12)
        assert numbers.delta(2) * divisor == pytest.approx(delta[1], rel=1e-12)
        assert numbers.delta(1) * divisor == pytest.approx(delta[0], rel=1e-12)
        assert numbers.cost() * divisor == pytest.approx(cost, rel=1e-12)
        assert numbers.elements().sum() == pytest.approx(numbers.cost(), rel=1e-12)
        assert numbers.gradient(2)[:, -1] == pytest.approx(numbers.delta(2), rel=1e-12)
        assert numbers.batch_delta(1) == pytest.approx(frame.trace.layers[0].delta[position])


@pytest.mark.parametrize("reduction", ["mean_batch", "mean_all", "sum"])
def test_the_rows_gather_to_the_batch(session: Callable[..., Session], reduction: str) -> None:
    frame = session(reduction=reduction).frame()
    rows = [Numbers(frame, Row(position)) for position in range(4)]
    whole = Numbers(frame, WholeBatch())
    share = 1.0 if reduction == "sum" else 0.25
    for layer in (1, 2):
        gathered = sum(row.gradient(layer) for row in rows) * share
        assert gathered == pytest.approx(whole.gradient(layer), rel=1e-12)
        assert whole.delta(layer) == pytest.approx(sum(row.delta(layer) for row in rows) / 4, rel=1e-12)
        assert whole.a(layer) == pytest.approx(sum(row.a(layer) for row in rows) / 4, rel=1e-12)
    assert sum(row.cost() for row in rows) * share == pytest.approx(whole.cost(), rel=1e-12)


def test_a_probe_is_a_row_of_the_dataset_by_itself(session: Callable[..., Session]) -> None:
    run = session(shuffle=False, update_order="sequential")
    frame = run.frame()
    before = run.frame().params.flat.copy()
    numbers = Numbers(frame, Probe(9))
    a, delta, cost = by_hand(frame, frame.dataset.x[9].tolist(), frame.dataset.y[9].tolist())
    assert numbers.a(1) == pytest.approx(a[1], rel=1e-12)
    assert numbers.delta(1) == pytest.approx(delta[0], rel=1e-12)
    assert numbers.cost() == pytest.approx(cost, rel=1e-12)
    assert np.array_equal(run.frame().params.flat, before)
    # The batch keeps its own gradient, whoever looks at a probe.
    assert np.array_equal(numbers.batch_gradient(1), Numbers(frame, Row(0)).batch_gradient(1))


def test_an_example_outside_is_refused(session: Callable[..., Session]) -> None:
    frame = session().frame()
    with pytest.raises(ValueError, match="position 0 … 3 in the batch, came 4"):
        Numbers(frame, Row(4))
    with pytest.raises(ValueError, match="row 0 … 11 of the dataset, came 12"):
        Numbers(frame, Probe(12))


def test_saturation_of_a_row_and_of_the_batch(session: Callable[..., Session]) -> None:
    """A row says how flat, the batch says in what share of its rows; ReLU, identity and softmax have no flat end."""
    frame = session(sizes=(4, 5, 3), flat_threshold=0.9).frame()
    slope = frame.trace.layers[0].slope
    assert slope is not None
    row, whole = Numbers(frame, Row(2)).saturation(1), Numbers(frame, WholeBatch()).saturation(1)
    assert row == pytest.approx(1 - slope[2])
    assert whole == pytest.approx((slope < 0.9).mean(axis=0))
    other = session(activations=("relu", "softmax"), loss="categorical_ce").frame()
    assert Numbers(other, Row(0)).saturation(1) is None
    assert Numbers(other, Row(0)).saturation(2) is None
    off = Numbers(other, Row(0)).off(1)
    assert off is not None
    assert np.array_equal(off, other.trace.layers[0].z[0] <= 0)
    assert Numbers(other, WholeBatch()).off(1) == pytest.approx((other.trace.layers[0].z <= 0).mean(axis=0))
    assert Numbers(other, Row(0)).off(2) is None


def test_a_batch_of_one_is_its_row(mazur: Callable[..., Session]) -> None:
    frame = mazur().frame()
    assert not Numbers(frame, WholeBatch()).is_mean
    assert np.array_equal(Numbers(frame, WholeBatch()).delta(1), Numbers(frame, Row(0)).delta(1))


def test_ticks_are_every_rows_activation(session: Callable[..., Session]) -> None:
    frame = session().frame()
    assert np.array_equal(Numbers(frame, WholeBatch()).ticks(1, 3), frame.trace.layers[0].a[:, 3])
    assert np.array_equal(Numbers(frame, WholeBatch()).ticks(0, 1), frame.trace.x[:, 1])


@pytest.mark.parametrize(("task", "targets"), [("binary", [0.0, 1.0, 0.5, 1.0]), ("classes", [0, 1, 2, 1])])
def test_the_true_class_is_that_of_the_row_in_the_data(
    session: Callable[..., Session], task: str, targets: list[float]
) -> None:
    data = Dataset.from_arrays(np.eye(4), np.array(targets), task)
    frame = session((4, data.outputs), ("sigmoid",)).frame()
    frame = dataclasses.replace(frame, dataset=data, batch=np.array([2, 3, 0, 1]))
    assert data.class_index is not None
    # A target of exactly one half counts as class 1 everywhere.
    assert [Numbers(frame, Row(k)).true_class() for k in range(4)] == data.class_index[[2, 3, 0, 1]].tolist()
    assert data.class_index[2] == (1 if task == "binary" else 2)
    assert Numbers(frame, Probe(3)).true_class() == data.class_index[3]
    assert Numbers(frame, WholeBatch()).true_class() is None


def test_a_regression_has_no_class(session: Callable[..., Session]) -> None:
    assert Numbers(session().frame(), Row(0)).true_class() is None


def test_the_neighbours_of_a_row_go_round_the_batch_and_those_of_a_probe_round_the_data(
    session: Callable[..., Session],
) -> None:
    frame = session().frame()
    assert [neighbour(frame, Row(3), by) for by in (1, -1, -4)] == [Row(0), Row(2), Row(3)]
    assert [neighbour(frame, Probe(11), by) for by in (1, -1)] == [Probe(0), Probe(10)]
    assert [neighbour(frame, WholeBatch(), by) for by in (1, -1)] == [Row(0), Row(3)]
    assert [switched(each) for each in (Row(2), Probe(7), WholeBatch())] == [WholeBatch(), WholeBatch(), Row(0)]

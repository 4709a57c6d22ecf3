"""The gradient of the whole objective, with all that an experiment can hold, against differences of it."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Activate, AvgPool2D, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.insight.elements import BIAS, Edge
from bpstudio.insight.gradcheck import KINK, SPARSE, GradientCheck, Input, check, check_inputs, error_curve
from bpstudio.maths.penalties import L1, L2, KLSparsity, RunningSparsity
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session

RNG = np.random.default_rng(3)
IMAGES = Dataset.from_arrays(RNG.normal(size=(12, 36)), np.eye(3)[RNG.integers(0, 3, 12)], "classes")
LAYERS: dict[str, tuple[Layer, ...]] = {
    "a convolution and a maximum": (Conv2D(2, (3, 3), activation="tanh"), MaxPool2D(), Flatten(), Dense(3, "softmax")),
    "a true convolution with steps and a mean": (
        Conv2D(3, (2, 2), (2, 2), (1, 1), "sigmoid", "convolution", bias="threshold"),
        AvgPool2D((3, 3), (1, 1), (1, 1)),
        Flatten(),
        Dense(3, "softmax"),
    ),
    "a dropout and a lone activation": (
        Flatten(),
        Dense(9, "identity"),
        Activate("softplus"),
        Dropout(0.4),
        Dense(3, "softmax"),
    ),
    "a softmax inside": (Flatten(), Dense(5, "softmax"), Dense(3, "softmax")),
    "one function per unit": (Flatten(), Dense(3, "per_unit(tanh, sigmoid, gelu)"), Dense(3, "softmax")),
    "a typed function": (Flatten(), Dense(4, "formula(z / (1 + abs(z)) + sin(z))"), Dense(3, "softmax")),
}
PENALTIES: dict[str, tuple[Any, ...]] = {
    "nothing": (),
    "L1 and L2": (L1(0.01), L2(0.02, "half_training_rows")),
    "L2 of biases too": (L2(0.05, apply_to="all"),),
}


def frame_of(layers: tuple[Layer, ...], steps: int = 3, **changes: Any) -> Frame:
    network = Network(36, layers, (6, 6))
    session = Session(Experiment(network, loss="categorical_ce", batch_size=4, **changes), IMAGES)
    session.run(steps)
    return session.frame()


def agreeing(found: GradientCheck) -> None:
    assert found.passed
    assert found.agreeing == found.count == found.total
    assert np.abs(found.analytic).max() > 1e-4


@pytest.mark.parametrize("penalties", PENALTIES.values(), ids=PENALTIES)
@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
def test_every_kind_of_layer_agrees_with_differences(layers: tuple[Layer, ...], penalties: tuple[Any, ...]) -> None:
    frame = frame_of(layers, penalties=penalties)
    agreeing(check(frame, sample=10_000))
    agreeing(check_inputs(frame, sample=10_000))


def test_a_sparsity_of_the_objective_agrees_and_the_running_one_is_a_property() -> None:
    layers = (Flatten(), Dense(6, "sigmoid"), Dense(3, "softmax"))
    agreeing(check(frame_of(layers, penalties=(KLSparsity(3.0, 0.05, (1,)),)), sample=10_000))
    found = check(frame_of(layers, penalties=(RunningSparsity(3.0, 0.05, layers=(1,)),)), sample=10_000)
    assert found.passed
    assert found.gap > 1e-3
    below = [verdict for edge, verdict in zip(found.edges, found.verdicts, strict=True) if edge.layer == 2]  # type: ignore[union-attr]
    above = [verdict for edge, verdict in zip(found.edges, found.verdicts, strict=True) if edge.layer == 3]  # type: ignore[union-attr]
    assert SPARSE in below
    assert set(above) == {"agrees"}


def test_what_was_dropped_in_the_step_is_dropped_in_the_check() -> None:
    frame = frame_of(LAYERS["a dropout and a lone activation"])
    trace = frame.trace
    assert 0 < (trace.slopes[3] == 0).mean() < 1
    drawn = dataclasses.replace(frame, trace=trace)
    agreeing(check(drawn, sample=10_000))


def test_equal_numbers_in_a_window_are_a_kink() -> None:
    data = Dataset.from_arrays(np.ones((1, 36)), [[0.0, 1.0, 0.0]])
    network = Network(36, (MaxPool2D((3, 3), (3, 3)), Flatten(), Dense(3, "softmax")), (6, 6))
    frame = Session(Experiment(network, loss="categorical_ce"), data).frame()
    found = check_inputs(frame, sample=10_000)
    assert found.passed
    assert KINK in found.verdicts


def test_where_training_has_come_to_rest_nothing_agrees_with_nothing() -> None:
    """The gradient is 1e-17 there and the difference 1e-13: rounding, and no mistake."""
    data = Dataset.from_arrays([[-2.0], [-1.0], [0.0], [1.0], [2.0]], [[4.0], [1.0], [0.0], [1.0], [4.0]])
    network = Network(1, (Dense(4, "identity"), Dense(1, "identity")))
    session = Session(Experiment(network, batch_size=0), data)
    session.run(3000)
    found = check(session.frame())
    assert 0 < np.abs(found.analytic).max() < 1e-12
    assert found.passed
    assert found.agreeing == found.count


def test_the_error_falls_with_h_and_rises_again() -> None:
    curve = error_curve(frame_of(LAYERS["a true convolution with steps and a mean"]), Edge(1, 1, 3))
    assert 1e-8 < curve.best < 1e-3
    assert curve.errors[0] > 100 * curve.errors.min()
    assert curve.errors[-1] > 100 * curve.errors.min()
    inner = (curve.steps > 1e-4) & (curve.steps < 1e-2)
    slope = np.polyfit(np.log(curve.steps[inner]), np.log(curve.errors[inner]), 1)[0]
    assert slope == pytest.approx(2.0, abs=0.3)  # a central difference is of second order


@pytest.mark.parametrize(
    "element", [Edge(1, 2, 0), Edge(2, 0, 0), Edge(1, 0, 9), Edge(3, 0, BIAS), Input(4, 0), Input(0, 36)]
)
def test_what_is_not_there_cannot_be_checked(element: Edge | Input) -> None:
    with pytest.raises(ValueError, match=r"no edge|no input|has no biases"):
        check(frame_of(LAYERS["a convolution and a maximum"]), element)

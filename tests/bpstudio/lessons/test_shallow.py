"""Ng's six lines in NumPy, with samples in columns, beside the lesson that is about them."""

import math

import numpy as np
import pytest

from bpstudio.engine.trace import Params
from bpstudio.files import lesson


def six_lines(params: Params, X: np.ndarray, Y: np.ndarray, relu: bool) -> tuple[np.ndarray, ...]:
    """dW¹, db¹, dW², db² and J of a network with one hidden layer (Ng 2017)."""
    m = X.shape[1]
    (W1, W2), (b1, b2) = params.W, (b[:, None] for b in params.b)
    Z1 = W1 @ X + b1
    A1 = np.maximum(Z1, 0) if relu else np.tanh(Z1)
    A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
    dZ2 = A2 - Y
    dZ1 = W2.T @ dZ2 * ((Z1 > 0) if relu else 1 - A1**2)
    J = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m
    return dZ1 @ X.T / m, dZ1.sum(axis=1) / m, dZ2 @ A1.T / m, dZ2.sum(axis=1) / m, J


@pytest.mark.parametrize("variant", ["tanh", "relu", "zeros"])
def test_the_six_lines_give_the_same(variant: str) -> None:
    session = lesson.load("shallow").choose(variant).session()
    for step in (0, 1, 10, 200):
        session.run(step - session.step_number)
        frame = session.frame()
        first, second = frame.trace.layers
        lines = six_lines(frame.params, frame.trace.x.T, frame.dataset.y.T, variant == "relu")
        for got, wanted in zip((first.dW, first.db, second.dW, second.db, frame.loss), lines, strict=True):
            np.testing.assert_allclose(got, wanted, atol=1e-14)


def test_two_close_columns_keep_tanh_at_a_quarter_of_ln_2_and_not_relu() -> None:
    tanh, relu = (lesson.load("shallow").choose(name).session() for name in ("tanh", "relu"))
    for session in (tanh, relu):
        session.run(3000)
    assert tanh.loss == pytest.approx(math.log(2) / 4, abs=0.001)
    answers = tanh.predict(lesson.load("shallow").dataset.x).ravel()
    assert [k for k, a in enumerate(answers) if abs(a - 0.5) < 0.4] == [2, 5]
    assert relu.loss < 0.01


def test_from_zero_only_the_last_bias_moves() -> None:
    session = lesson.load("shallow").choose("zeros").session()
    session.run(200)
    params = session.params
    assert not any(params.W[0].ravel())
    assert not any(params.b[0])
    assert not any(params.W[1].ravel())
    assert params.b[1][0] == pytest.approx(math.log(3 / 5))

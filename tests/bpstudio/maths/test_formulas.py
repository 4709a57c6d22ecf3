"""Every derivative against differences of its function, and every formula at its limits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpstudio.maths.activations import ACTIVATIONS, activation
from bpstudio.maths.initializers import Initializer
from bpstudio.maths.losses import LOSSES, REDUCTIONS, scale

ELEMENTWISE = [name for name, rule in ACTIVATIONS.items() if rule.elementwise]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_slope_is_the_limit_of_differences(name: str) -> None:
    rule = ACTIVATIONS[name]
    z = np.linspace(-4, 4, 41) + 0.013  # clear of the kink at 0
    h = 1e-6
    numeric = (rule.f(z + h) - rule.f(z - h)) / (2 * h)
    assert np.allclose(rule.df(z, rule.f(z)), numeric, rtol=1e-8, atol=1e-9)
    assert rule.max_slope is not None
    assert np.max(np.abs(rule.df(z, rule.f(z)))) <= rule.max_slope


@pytest.mark.parametrize("name", list(ACTIVATIONS))
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_extreme_inputs_stay_finite_and_keep_the_dtype(name: str, dtype: str) -> None:
    z = np.array([[-1000.0, -1.0, 0.0, 1.0, 1000.0]], dtype)
    a = ACTIVATIONS[name].f(z)
    assert np.isfinite(a).all()
    assert a.dtype == np.dtype(dtype)
    if ACTIVATIONS[name].elementwise:
        assert ACTIVATIONS[name].df(z, a).dtype == np.dtype(dtype)


def test_relu_takes_its_slope_at_the_kink_as_zero() -> None:
    z = np.array([-0.0, 0.0, 5e-324])
    assert ACTIVATIONS["relu"].df(z, ACTIVATIONS["relu"].f(z)).tolist() == [0, 0, 1]


def test_softmax_of_two_three_four() -> None:
    # Checked by hand: e⁰, e⁻¹, e⁻² over their sum. A widely copied text prints 0.0903 for the first.
    shares = ACTIVATIONS["softmax"].f(np.array([2.0, 3.0, 4.0]))
    total = 1 + math.exp(-1) + math.exp(-2)
    assert np.allclose(shares, [math.exp(-2) / total, math.exp(-1) / total, 1 / total], rtol=1e-15)
    assert round(float(shares[0]), 7) == 0.0900306


def test_softmax_has_no_elementwise_slope() -> None:
    with pytest.raises(ValueError, match="Jacobian"):
        ACTIVATIONS["softmax"].df(np.zeros(3), np.ones(3) / 3)


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"expected one of identity, sigmoid, .* got 'sigmod'"):
        activation("sigmod")
    with pytest.raises(ValueError, match="mean_batch"):
        scale("mean", 1, 1)


@pytest.mark.parametrize("name", list(LOSSES))
def test_loss_slope_is_the_limit_of_differences(name: str) -> None:
    rng = np.random.default_rng(3)
    a, y = rng.uniform(0.05, 0.95, (5, 3)), rng.uniform(0, 1, (5, 3))
    rule = LOSSES[name]
    h = 1e-6
    for k in range(3):
        up, down = a.copy(), a.copy()
        up[:, k] += h
        down[:, k] -= h
        numeric = (rule.rows("identity", a, up, y) - rule.rows("identity", a, down, y)) / (2 * h)
        assert np.allclose(rule.da(a, y)[:, k], numeric, rtol=1e-7)


@pytest.mark.parametrize(("loss", "output"), [("bce", "sigmoid"), ("categorical_ce", "softmax")])
def test_a_pair_gives_the_value_and_the_error_of_its_two_halves(loss: str, output: str) -> None:
    rng = np.random.default_rng(4)
    z = rng.normal(size=(6, 3))
    y = ACTIVATIONS["softmax"].f(rng.normal(size=(6, 3)))
    a = ACTIVATIONS[output].f(z)
    rule = LOSSES[loss]
    assert np.allclose(rule.rows(output, z, a, y), rule.rows("identity", z, a, y), rtol=1e-13)
    h = 1e-6
    for k in range(3):
        step = np.zeros(3)
        step[k] = h
        numeric = (rule.rows(output, z + step, a, y) - rule.rows(output, z - step, a, y)) / (2 * h)
        assert np.allclose(numeric, (a - y)[:, k], atol=1e-8)


def test_pairs_are_exact_at_logits_of_a_thousand() -> None:
    z = np.array([[1000.0], [-1000.0], [1000.0]])
    y = np.array([[0.0], [1.0], [1.0]])
    assert LOSSES["bce"].rows("sigmoid", z, ACTIVATIONS["sigmoid"].f(z), y).tolist() == [1000.0, 1000.0, 0.0]
    z = np.array([[1000.0, -1000.0, 0.0]])
    y = np.array([[0.0, 0.0, 1.0]])
    assert LOSSES["categorical_ce"].rows("softmax", z, ACTIVATIONS["softmax"].f(z), y).tolist() == [1000.0]


def test_nothing_times_the_logarithm_of_nothing_is_nothing() -> None:
    a, y = np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]])
    assert LOSSES["bce"].rows("identity", a, a, y).tolist() == [0.0]
    assert LOSSES["categorical_ce"].rows("identity", a, a, y).tolist() == [0.0]


@given(st.integers(1, 50), st.integers(1, 9))
def test_reductions_divide_by_what_they_say(rows: int, outputs: int) -> None:
    assert [scale(name, rows, outputs) * rows * outputs for name in REDUCTIONS] == pytest.approx(
        [outputs, 1, rows * outputs]
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"weights": "xavier"}, "initializer.weights: expected one of"),
        ({"biases": "he"}, "initializer.biases: expected one of"),
        ({"std": float("nan")}, "initializer.std: expected a finite number"),
        ({"bias_std": -1.0}, "initializer.bias_std: expected a finite number"),
    ],
)
def test_a_wrong_initialiser_is_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Initializer(**values)  # type: ignore[arg-type]


def test_a_loss_of_whole_rows_has_no_mean_over_outputs() -> None:
    assert LOSSES["categorical_ce"].scale("mean_all", 4, 3) == 1 / 4
    assert LOSSES["bce"].scale("mean_all", 4, 3) == 1 / 12

"""Each rule's numbers against what its source says of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bpstudio.maths.initializers import (
    BIAS_RULES,
    WEIGHT_RULES,
    Fans,
    Initializer,
    measured_spread,
    reference_spreads,
)
from bpstudio.maths.operations import Array

SHAPES = ((200, 300), (300, 200), (40, 8, 11, 9))
DRAWN_AS_EVER = ("zeros", "normal", "lecun_normal", "xavier_normal", "he_normal")


def drawn(initializer: Initializer, shape: tuple[int, ...], seed: int = 0) -> tuple[Array, Array]:
    fans = Fans.of(shape)
    return initializer.draw(np.random.default_rng(seed), fans.inputs, fans.outputs, shape)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("rule", WEIGHT_RULES)
def test_drawn_weights_have_the_stated_mean_and_spread(rule: str, shape: tuple[int, ...]) -> None:
    initializer = Initializer(rule, std=0.7, limit=0.3, value=-0.2, gain=1.5)
    W, b = drawn(initializer, shape)
    assert W.shape == shape
    assert b.shape == (shape[0],)
    assert W.dtype == b.dtype == np.float64
    assert measured_spread(W) == pytest.approx(initializer.spread_of(shape), rel=0.02, abs=1e-15)
    assert W.mean() == pytest.approx(
        -0.2 if rule == "constant" else 0.0, abs=0.02 * initializer.spread_of(shape) + 1e-12
    )
    if WEIGHT_RULES[rule].law == "uniform":
        limit = initializer.spread_of(shape) * math.sqrt(3)
        assert 0.99 * limit < np.abs(W).max() <= limit


@pytest.mark.parametrize(
    ("rule", "limit"),
    [
        ("lecun_uniform", math.sqrt(3 / 300)),
        ("xavier_uniform", math.sqrt(6 / 500)),
        ("he_uniform", math.sqrt(6 / 300)),
        ("ufldl", math.sqrt(6 / 501)),
        ("deep_learn_toolbox", 4 * math.sqrt(6 / 500)),
        ("ng", 0.12),
        ("uniform", 0.3),
    ],
)
def test_uniform_rules_end_where_their_sources_say(rule: str, limit: float) -> None:
    W, _ = drawn(Initializer(rule, limit=0.3), (200, 300))
    assert 0.999 * limit < np.abs(W).max() <= limit


@pytest.mark.parametrize(
    ("rule", "std"),
    [
        ("lecun_normal", 300**-0.5),
        ("xavier_normal", math.sqrt(2 / 500)),
        ("he_normal", math.sqrt(2 / 300)),
        ("nielsen", 300**-0.5),
        ("nielsen_large", 1.0),
        ("normal", 0.7),
    ],
)
def test_normal_rules_have_the_deviation_of_their_sources_and_no_limit(rule: str, std: float) -> None:
    W, _ = drawn(Initializer(rule, std=0.7), (200, 300))
    assert W.std() == pytest.approx(std, rel=0.01)
    assert np.mean(np.abs(W) < std) == pytest.approx(math.erf(1 / math.sqrt(2)), abs=0.01)
    assert np.abs(W).max() > 3.5 * std


@pytest.mark.parametrize("shape", [(5, 8), (8, 5), (6, 6), (1, 4), (4, 1), (3, 2, 3, 3), (20, 1, 3, 3)], ids=str)
def test_orthogonal_weights_keep_lengths(shape: tuple[int, ...]) -> None:
    W, _ = drawn(Initializer("orthogonal", gain=1.3), shape)
    flat = W.reshape(shape[0], -1)
    rows, columns = flat.shape
    product = flat @ flat.T if rows <= columns else flat.T @ flat
    np.testing.assert_allclose(product, 1.3**2 * np.eye(min(rows, columns)), atol=1e-14)


def test_no_direction_is_preferred_among_orthogonal_weights() -> None:
    # Without the correction of signs the diagonal of Q would lie on one side.
    corners = [drawn(Initializer("orthogonal"), (3, 3), seed)[0][0, 0] for seed in range(400)]
    assert np.mean(corners) == pytest.approx(0.0, abs=0.12)


@pytest.mark.parametrize(("units", "inputs"), [(30, 2), (7, 5), (4, 1)])
def test_nguyen_widrow_spreads_the_units_over_the_inputs(units: int, inputs: int) -> None:
    W, b = drawn(Initializer("nguyen_widrow"), (units, inputs))
    length = 0.7 * units ** (1 / inputs)
    np.testing.assert_allclose(np.linalg.norm(W, axis=1), length, rtol=1e-14)
    assert np.abs(b).max() <= length
    # A unit bends where w·x + b = 0, at the distance |b|/‖w‖ from the middle: within the cube of the inputs.
    bends = np.abs(b) / np.linalg.norm(W, axis=1)
    assert bends.max() <= 1
    many = np.concatenate([drawn(Initializer("nguyen_widrow"), (units, inputs), seed)[1] for seed in range(200)])
    assert many.std() == pytest.approx(length / math.sqrt(3), rel=0.06)


@pytest.mark.parametrize(
    ("rule", "std"),
    [
        ("nielsen", 1.0),
        ("nielsen_large", 1.0),
        ("ng", 0.12 / math.sqrt(3)),
        ("deep_learn_toolbox", 4 * math.sqrt(6 / 4010) / math.sqrt(3)),
        ("ufldl", 0.0),
    ],
)
def test_some_rules_say_how_biases_begin(rule: str, std: float) -> None:
    initializer = Initializer(rule, biases="constant", bias_value=9.0)
    _, b = drawn(initializer, (4000, 10))
    assert initializer.own_biases
    assert b.std() == pytest.approx(std, rel=0.04)
    assert abs(b.mean()) < 0.05


def test_kernels_of_deep_learn_toolbox_begin_without_the_four_and_without_biases() -> None:
    W, b = drawn(Initializer("deep_learn_toolbox"), (12, 6, 5, 5))
    limit = math.sqrt(6 / (6 * 25 + 12 * 25))
    assert 0.99 * limit < np.abs(W).max() <= limit
    assert not b.any()


@pytest.mark.parametrize("rule", BIAS_RULES)
def test_biases_follow_their_own_rule_otherwise(rule: str) -> None:
    initializer = Initializer("he_normal", biases=rule, bias_std=0.3, bias_limit=0.6, bias_value=0.25)
    _, b = drawn(initializer, (4000, 3))
    stated = {"zeros": (0, 0), "constant": (0.25, 0), "normal": (0, 0.3), "uniform": (0, 0.6 / math.sqrt(3))}[rule]
    assert (b.mean(), b.std()) == pytest.approx(stated, abs=0.02)
    assert (
        rule == "zeros" or f"{ {'constant': 0.25, 'normal': 0.3, 'uniform': 0.6}[rule]:g}" in initializer.bias_formula
    )


@pytest.mark.parametrize("rule", DRAWN_AS_EVER)
def test_a_start_is_drawn_digit_for_digit_as_ever(rule: str) -> None:
    """Files keep a seed, not the weights: normal numbers for W, then for b, and zeros draw them too."""
    initializer = Initializer(rule, 0.7, "normal", 0.2)
    W, b = initializer.draw(np.random.default_rng((5, 1)), 4, 3)
    rng = np.random.default_rng((5, 1))
    np.testing.assert_array_equal(W, rng.standard_normal((3, 4)) * initializer.spread(4, 3))
    np.testing.assert_array_equal(b, rng.standard_normal(3) * 0.2)


@pytest.mark.parametrize("rule", ["xavier_uniform", "he_uniform", "lecun_uniform"])
def test_a_uniform_start_is_drawn_digit_for_digit_as_ever(rule: str) -> None:
    initializer = Initializer(rule, biases="normal", bias_std=0.2)
    W, b = initializer.draw(np.random.default_rng(9), 4, 3)
    rng, limit = np.random.default_rng(9), initializer.spread(4, 3) * math.sqrt(3)
    np.testing.assert_array_equal(W, rng.uniform(-limit, limit, (3, 4)))
    np.testing.assert_array_equal(b, rng.standard_normal(3) * 0.2)


@pytest.mark.parametrize("rule", WEIGHT_RULES)
def test_a_seed_makes_one_start_and_zero_is_plainly_zero(rule: str) -> None:
    initializer = Initializer(rule)
    first, again, other = (drawn(initializer, (6, 7), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert initializer.is_equal or (first[0] != other[0]).any()
    for values in first:
        assert not np.signbit(values[values == 0]).any()


def test_kernels_count_their_window() -> None:
    assert Fans.of((16, 6, 5, 5)) == Fans(150, 400, 16, True)
    assert Fans.of((3, 4)) == Fans(4, 3, 3, False)
    spreads = reference_spreads((16, 6, 5, 5))
    assert spreads == pytest.approx({"LeCun": 150**-0.5, "Xavier": (2 / 550) ** 0.5, "He": (2 / 150) ** 0.5})


def test_a_rule_is_written_with_its_number() -> None:
    assert Initializer("normal", 0.5).formula == "N(0, 0.5)"
    assert Initializer("uniform", limit=0.12).formula == "U(±0.12)"
    assert Initializer("constant", value=-2.0).formula == "-2"
    assert Initializer().formula == "N(0, √(2/(in + out)))"
    assert Initializer("nielsen").bias_formula == "N(0, 1)"
    assert Initializer().bias_formula == "0"


def test_only_numbers_that_were_changed_are_written() -> None:
    assert Initializer("he_normal").to_dict() == {
        "weights": "he_normal",
        "std": 1.0,
        "biases": "zeros",
        "bias_std": 1.0,
    }
    assert Initializer("uniform", limit=0.12, bias_value=0.1).to_dict()["limit"] == 0.12
    assert Initializer(**Initializer("orthogonal", gain=2.0).to_dict()) == Initializer("orthogonal", gain=2.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"limit": -0.1}, "initializer.limit: expected a finite number of at least 0, got -0.1"),
        ({"gain": math.inf}, "initializer.gain: expected a finite number of at least 0"),
        ({"bias_limit": math.nan}, "initializer.bias_limit: expected a finite"),
        ({"value": math.nan}, "initializer.value: expected a finite number, got nan"),
        ({"bias_value": math.inf}, "initializer.bias_value: expected a finite number, got inf"),
    ],
)
def test_a_wrong_number_is_named(values: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Initializer(**values)  # type: ignore[arg-type]

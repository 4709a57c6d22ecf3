"""Every loss against loops over single numbers, at its kinks, at its limits, and with targets that it does not take."""

import math
import re

import numpy as np
import pytest

from bpstudio.maths.activations import activation
from bpstudio.maths.losses import LOSSES, REDUCTIONS, loss


def element(name: str, a: float, y: float, delta: float = 1.0) -> float:
    """ℓ of one output, as the books write it."""
    d = a - y
    if name == "half_squared_error":
        return d * d / 2
    if name == "squared_error":
        return d * d
    if name == "mean_absolute_error":
        return abs(d)
    if name == "huber":
        return d * d / 2 if abs(d) <= delta else delta * (abs(d) - delta / 2)
    if name == "bce":
        return -y * math.log(a) - (1 - y) * math.log(1 - a)
    if name == "categorical_ce":
        return -y * math.log(a)
    margin = max(0.0, 1 - y * a)
    return margin if name == "hinge" else margin**2


def element_slope(name: str, a: float, y: float, delta: float = 1.0) -> float:
    """∂ℓ/∂a of one output."""
    d = a - y
    if name == "half_squared_error":
        return d
    if name == "squared_error":
        return 2 * d
    if name == "mean_absolute_error":
        return (d > 0) - (d < 0)
    if name == "huber":
        return d if abs(d) <= delta else math.copysign(delta, d)
    if name == "bce":
        return -y / a + (1 - y) / (1 - a)
    if name == "categorical_ce":
        return -y / a
    if name == "hinge":
        return -y if 1 - y * a > 0 else 0
    return -2 * y * max(0.0, 1 - y * a)


def row_hinge(a: list[float], y: list[float]) -> tuple[float, list[float]]:
    """The multi-class hinge of one row, and its slopes."""
    own = y.index(1)
    cost, slopes = 0.0, [0.0] * len(a)
    for j, value in enumerate(a):
        if j != own and 1 + value - a[own] > 0:
            cost += 1 + value - a[own]
            slopes[j] += 1
            slopes[own] -= 1
    return cost, slopes


def sample(name: str, rows: int = 7, outputs: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    if name in ("bce", "categorical_ce"):
        return rng.uniform(0.05, 0.95, (rows, outputs)), rng.uniform(0, 1, (rows, outputs))
    a = rng.normal(0, 1.5, (rows, outputs))
    if name in ("hinge", "squared_hinge"):
        return a, rng.choice([-1.0, 1.0], (rows, outputs))
    if name == "multiclass_hinge":
        return a, np.eye(outputs)[rng.integers(0, outputs, rows)]
    return a, rng.normal(size=(rows, outputs))


TEXTS = [*LOSSES, "huber(delta=0.4)"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_value_and_slope_are_those_of_a_loop(text: str, dtype: str) -> None:
    rule = loss(text)
    a, y = (part.astype(dtype) for part in sample(rule.family))
    values, slopes = rule.value(a, y), rule.da(a, y)
    assert values.dtype == slopes.dtype == np.dtype(dtype)
    tolerance = 1e-14 if dtype == "float64" else 2e-6
    for row in range(len(a)):
        outputs, targets = a[row].astype(float).tolist(), y[row].astype(float).tolist()
        if rule.family == "multiclass_hinge":
            cost, wanted = row_hinge(outputs, targets)
        else:
            pairs = list(zip(outputs, targets, strict=True))
            cost = sum(element(rule.family, *pair, **rule.parameters) for pair in pairs)
            wanted = [element_slope(rule.family, *pair, **rule.parameters) for pair in pairs]
        assert values[row].sum() == pytest.approx(cost, rel=tolerance * 10)
        assert slopes[row] == pytest.approx(wanted, rel=tolerance * 10, abs=tolerance)


@pytest.mark.parametrize("text", TEXTS)
def test_a_block_of_steps_gives_the_numbers_of_each(text: str) -> None:
    rule = loss(text)
    a, y = sample(rule.family, rows=8)
    blocks = rule.rows("identity", a, a.reshape(2, 4, 3), y.reshape(2, 4, 3))
    assert blocks.ravel().tolist() == rule.rows("identity", a, a, y).tolist()


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_reductions_divide_what_they_say(text: str, reduction: str) -> None:
    rule = loss(text)
    divisor = {"mean_batch": 7, "mean_all": 7 if rule.of_rows else 21, "sum": 1}[reduction]
    assert rule.scale(reduction, 7, 3) == 1 / divisor


def test_corners_have_the_stated_slopes() -> None:
    one = np.ones((1, 1))
    assert loss("mean_absolute_error").da(one, one).item() == 0
    for name in ("hinge", "squared_hinge"):
        for y in (-one, one):
            slope = loss(name).da(y, y).item()
            assert slope == 0
            assert not np.signbit(slope)
    assert loss("huber(delta=0.5)").da(one * 0.5, one * 0).item() == 0.5
    assert loss("multiclass_hinge").da(np.array([[1.0, 2.0]]), np.array([[0.0, 1.0]])).tolist() == [[0, 0]]


@pytest.mark.parametrize("text", [text for text in TEXTS if loss(text).side is not None])
def test_a_kink_is_where_its_side_changes(text: str) -> None:
    rule = loss(text)
    assert rule.side is not None
    a, y = sample(rule.family, rows=4000)
    side = rule.side(a, y)
    h = 1e-3
    for k in range(3):
        step = np.zeros(3)
        step[k] = h
        bend = rule.da(a + step, y) - rule.da(a, y)
        # The slope of a smooth stretch is straight; where it bends, a side has changed.
        expected = rule.da(a + 2 * step, y) - rule.da(a + step, y)
        same = (side == rule.side(a + 2 * step, y)).all(axis=1)
        assert np.allclose(bend[same], expected[same], atol=1e-9)
    assert same.any()
    assert not same.all()


@pytest.mark.parametrize("text", TEXTS)
def test_extreme_outputs_stay_finite(text: str) -> None:
    rule = loss(text)
    paired = rule.paired_with or "identity"
    z = np.array([[1000.0, -1000.0, 0.0], [-1000.0, 1000.0, 1.0]])
    y = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    y = y * 2 - 1 if rule.family in ("hinge", "squared_hinge") else y
    a = activation(paired).f(z)
    assert np.isfinite(rule.rows(paired, z, a, y)).all()
    if rule.paired_with is None:
        assert np.isfinite(rule.da(a, y)).all()


def test_a_text_says_its_parameters_and_no_more() -> None:
    assert loss("huber(delta=1)").name == loss(" huber ").name == "huber"
    assert loss("huber( delta = 0.40 )").name == "huber(delta=0.4)"
    assert loss("huber(delta=2/3)").name == "huber(delta=2/3)"
    assert loss(loss("huber(delta=0.1)").name).parameters == {"delta": 0.1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mse", "expected one of half_squared_error, .* got 'mse'"),
        ("huber(width=1)", "huber takes delta=…, got 'width=1'"),
        ("huber(delta=nan)", "delta of huber must be a finite number, got 'nan'"),
        ("huber(delta=0)", "delta of huber must be above 0"),
        ("huber(delta=1, delta=2)", "huber takes delta"),
        ("bce(weight=1)", "bce takes no parameters"),
        ("__import__('os')", "expected one of"),
    ],
)
def test_a_wrong_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loss(text)


@pytest.mark.parametrize(
    ("text", "y", "row", "column", "words"),
    [
        ("bce", [[0.5, 1], [2, 0]], 1, 0, "between 0 and 1, got 2"),
        ("bce", [[0.5, -0.25]], 0, 1, "got −0.25"),
        ("hinge", [[1, -1], [1, 0]], 1, 1, "targets −1 and \\+1, got 0"),
        ("squared_hinge", [[0.5]], 0, 0, "got 0.5"),
        ("categorical_ce", [[1, -1]], 0, 1, "not negative, got −1"),
        ("categorical_ce", [[1, 0], [1, 1]], 1, None, "sum to 1, got 2"),
        ("multiclass_hinge", [[1, 0], [0.5, 0.5]], 1, 0, "one target of 1 in each row .* got 0.5"),
        ("multiclass_hinge", [[1, 0], [0, 0]], 1, None, "got 0 of them"),
        ("multiclass_hinge", [[1, 1]], 0, None, "got 2 of them"),
    ],
)
def test_targets_outside_the_domain_are_found_where_they_stand(
    text: str, y: list[list[float]], row: int, column: int | None, words: str
) -> None:
    misfit = loss(text).check_targets(np.array(y, float), "softmax")
    assert misfit is not None
    assert (misfit.row, misfit.column) == (row, column)
    assert re.search(words, misfit.problem)


@pytest.mark.parametrize("text", TEXTS)
def test_targets_within_the_domain_are_taken(text: str) -> None:
    y = {"hinge": [[1, -1]], "squared_hinge": [[-1, 1]]}.get(text, [[1, 0]])
    assert loss(text).check_targets(np.array(y, float), "softmax") is None

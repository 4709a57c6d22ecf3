"""Every activation against an oracle that computes in sixty digits and shares no code with it."""

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpstudio.maths.activations import (
    ACTIVATIONS,
    FAMILIES,
    activation,
    fitted,
    formula,
    per_unit,
)
from bpstudio.maths.error_function import erf, normal_density, normal_distribution
from bpstudio.maths.operations import run

Exact = Callable[[Decimal], Decimal]
PRECISION = 60
ONE = Decimal(1)


@lru_cache
def pi(digits: int) -> Decimal:
    """Machin's formula."""
    with localcontext() as context:
        context.prec = digits + 10

        def arctangent(inverse: int) -> Decimal:
            total = term = ONE / inverse
            for n in range(3, 4 * digits, 2):
                term = -term / inverse**2
                total += term / n
            return total

        return 4 * (4 * arctangent(5) - arctangent(239))


def exact_erf(x: Decimal) -> Decimal:
    """Its series, with digits enough for what cancels in it."""
    with localcontext() as context:
        context.prec = PRECISION + int(x * x)
        total, term, n = Decimal(0), x, 0
        while abs(term) > Decimal(10) ** -context.prec:
            total += term / (2 * n + 1)
            n += 1
            term = -term * x * x / n
        return 2 * total / pi(context.prec).sqrt()


def phi(z: Decimal) -> Decimal:
    """The normal distribution function."""
    with localcontext() as context:
        context.prec = PRECISION + int(z * z)
        return (1 + exact_erf(z * Decimal("0.5").sqrt())) / 2


def double(value: float) -> Decimal:
    """A parameter as it is kept: the double, not what was typed."""
    return Decimal(value)


def sigma(z: Decimal) -> Decimal:
    return 1 / (1 + (-z).exp())


def hyperbolic(z: Decimal) -> Decimal:
    """tanh, by the exponential that does not overflow."""
    power = (-2 * abs(z)).exp()
    return ((1 - power) / (1 + power)).copy_sign(z)


def below(alpha: str, scale: str = "1") -> Exact:
    return lambda z: Decimal(scale) * (z if z > 0 else Decimal(alpha) * (z.exp() - 1))


def clipped(slope: Decimal, offset: Decimal, low: int) -> Exact:
    return lambda z: max(Decimal(low), min(ONE, slope * z + offset))


ORACLE: dict[str, Exact] = {
    "identity": lambda z: z,
    "sigmoid": sigma,
    "tanh": hyperbolic,
    "scaled_tanh": lambda z: double(1.7159) * hyperbolic(double(2 / 3) * z),
    "scaled_tanh(amplitude=1.2, steepness=0.8)": lambda z: double(1.2) * hyperbolic(double(0.8) * z),
    "relu": lambda z: max(Decimal(0), z),
    "leaky_relu": lambda z: z if z > 0 else double(0.01) * z,
    "leaky_relu(slope=0.2)": lambda z: z if z > 0 else double(0.2) * z,
    "leaky_relu(slope=1.5)": lambda z: z if z > 0 else double(1.5) * z,
    "leaky_relu(slope=-0.3)": lambda z: z if z > 0 else double(-0.3) * z,
    "elu": below("1"),
    "elu(alpha=0.75)": below("0.75"),
    "selu": below("1.6732632423543772848170429916717", "1.0507009873554804934193349852946"),
    "gelu": lambda z: z * phi(z),
    "gelu_tanh": lambda z: z * sigma(2 * (2 / pi(PRECISION)).sqrt() * (z + Decimal("0.044715") * z**3)),
    "silu": lambda z: z * sigma(z),
    "softplus": lambda z: (1 + z.exp()).ln() if z < 200 else z + (-z).exp(),
    "softplus(beta=2)": lambda z: (1 + (2 * z).exp()).ln() / 2,
    "hard_sigmoid": clipped(double(1 / 6), Decimal("0.5"), 0),
    "hard_sigmoid(slope=0.2)": clipped(double(0.2), Decimal("0.5"), 0),
    "hard_tanh": clipped(ONE, Decimal(0), -1),
    "step": lambda z: Decimal(int(z > 0)),
}
GRID = [*np.linspace(-12, 12, 97).tolist(), -30.1, -7.3, -1e-3, 1e-9, -1e-9, 0.31, 2.9, 27.5]
ROUNDED = ("gelu_tanh",)
"""e^u of a rounded u of a hundred: the last two digits are those of u."""
KINK_SLOPES = {"relu": 0.0, "leaky_relu(slope=0.2)": 0.2, "elu(alpha=0.75)": 0.75, "selu": 1.7580993408473766}


def precise(name: str, z: float) -> Decimal:
    with localcontext() as context:
        context.prec = PRECISION
        return ORACLE[name](Decimal(z))


def precise_slope(name: str, z: float) -> Decimal:
    """Central differences, in which 1e−20 of 60 digits leaves twenty times more than is compared."""
    with localcontext() as context:
        context.prec = PRECISION
        h = Decimal("1e-20")
        return (ORACLE[name](Decimal(z) + h) - ORACLE[name](Decimal(z) - h)) / (2 * h)


def test_the_oracle_knows_every_function() -> None:
    assert {name.partition("(")[0] for name in ORACLE} == {
        name for name, rule in ACTIVATIONS.items() if rule.elementwise
    }


@pytest.mark.parametrize("name", ORACLE)
def test_values_are_right_to_the_last_digits(name: str) -> None:
    z = np.array(GRID)
    got = activation(name).f(z)
    want = np.array([float(precise(name, each)) for each in GRID])
    # Relative to each value itself, however small; only beside the 1 of a corner or a sum is rounding absolute.
    absolute = 1e-16 if "hard" in name else 0.0
    assert np.max(np.abs(got - want) - absolute - (1e-13 if name in ROUNDED else 5e-15) * np.abs(want)) <= 0


@pytest.mark.parametrize("name", ORACLE)
def test_slopes_are_right_to_the_last_digits(name: str) -> None:
    rule = activation(name)
    z = np.array([each for each in GRID if all(abs(each - kink) > 1e-9 for kink in rule.kinks)])
    got = rule.df(z, rule.f(z))
    want = np.array([float(precise_slope(name, each)) for each in z.tolist()])
    assert np.max(np.abs(got - want)) <= (2e-14 if name in ROUNDED else 2e-15)


@pytest.mark.parametrize("name", ["gelu", "silu", "softplus", "elu", "selu", "softplus(beta=2)"])
def test_a_small_slope_keeps_its_digits(name: str) -> None:
    z = np.array([-30.0, -20.0, -11.0, -8.0])
    rule = activation(name)
    want = np.array([float(precise_slope(name, each)) for each in z.tolist()])
    assert np.allclose(rule.df(z, rule.f(z)), want, rtol=3e-14, atol=0)


@pytest.mark.parametrize(("name", "slope"), KINK_SLOPES.items())
def test_the_slope_at_the_kink_is_the_one_that_is_stated(name: str, slope: float) -> None:
    rule = activation(name)
    assert rule.kinks == (0.0,)
    z = np.array([0.0, -0.0])
    assert rule.df(z, rule.f(z)).tolist() == [slope, slope]


@pytest.mark.parametrize(("name", "corner"), [("hard_tanh", 1.0), ("hard_sigmoid", 3.0)])
def test_corners_of_the_clipped_ones_count_to_the_flat_side(name: str, corner: float) -> None:
    rule = activation(name)
    z = np.array([-corner, corner, np.nextafter(corner, 0), np.nextafter(-corner, 0)])
    assert rule.df(z, rule.f(z)).tolist() == [0, 0, rule.max_slope, rule.max_slope]


@pytest.mark.parametrize("name", ORACLE)
def test_the_record_says_what_is_so(name: str) -> None:
    rule = activation(name)
    z = np.linspace(-40, 40, 160_001)
    slope = rule.df(z, rule.f(z))
    assert rule.max_slope is not None
    assert np.abs(slope).max() <= rule.max_slope + 1e-15
    assert np.abs(slope).max() >= 0.999 * rule.max_slope
    assert (slope.min() >= 0) == rule.monotone
    flat_ends = min(abs(slope[0]), abs(slope[-1])) < 1e-9
    assert (flat_ends and not rule.switches and rule.has_gradient) == rule.saturates
    assert bool(slope.any()) == rule.has_gradient
    jumps = np.flatnonzero(np.abs(np.diff(slope)) > 0.01)
    if rule.has_gradient:
        assert len(jumps) == len(rule.kinks)
        assert all(abs(z[k] - kink) < 1e-3 for k, kink in zip(jumps, rule.kinks, strict=True))


@pytest.mark.parametrize("name", [*ORACLE, "formula(z / (1 + abs(z)))", "per_unit(gelu, elu, hard_sigmoid)"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_limits_are_right_and_single_precision_stays(name: str, dtype: str) -> None:
    rule = activation(name)
    z = np.array([[-1000.0, 1000.0, 0.0]] * 2, dtype)
    a = rule.f(z)
    slope = rule.df(z, a)
    assert a.dtype == slope.dtype == np.dtype(dtype)
    assert np.isfinite(a).all()
    assert np.isfinite(slope).all()


@pytest.mark.parametrize("name", ["sigmoid", "gelu", "elu(alpha=0.5)", "softplus(beta=3)", "formula(z * tanh(z))"])
def test_memory_order_changes_no_digit(name: str) -> None:
    rule = activation(name)
    z = np.random.default_rng(1).normal(scale=3, size=(7, 5))
    turned = np.asfortranarray(z)
    assert np.array_equal(rule.f(z), rule.f(turned))
    assert np.array_equal(rule.df(z, rule.f(z)), rule.df(turned, rule.f(turned)))


def test_a_bound_step_can_be_run_again_and_again() -> None:
    rule = activation("per_unit(elu, leaky_relu, formula(z^2 / (1 + z^2)), gelu_tanh, hard_tanh)")
    z, a, slope = (np.zeros((3, 5)) for _ in range(3))
    assert rule.backward is not None
    forward, backward = rule.forward(z, a), rule.backward(z, a, slope)
    for seed in range(3):
        z[...] = np.random.default_rng(seed).normal(size=z.shape)
        run(forward)
        run(backward)
        assert np.array_equal(a, rule.f(z))
        assert np.array_equal(slope, rule.df(z, a))


def test_the_error_function_is_that_of_the_c_library() -> None:
    x = np.linspace(-7, 7, 2801)
    want = np.array([math.erf(each) for each in x.tolist()])
    assert np.max(np.abs(erf(x) - want) - 2**-52 * np.abs(want)) <= 0
    assert erf(np.array([np.inf, -np.inf, 1e300])).tolist() == [1, -1, 1]
    assert np.isnan(erf(np.array([np.nan]))).all()
    assert math.copysign(1, float(erf(np.array([-0.0]))[0])) == -1


def test_the_normal_distribution_is_exact_far_into_its_tail() -> None:
    z = np.concatenate([np.linspace(-12, 8, 161), [-20.5, -30.25, -37.5]])
    want = np.array([float(phi(Decimal(each))) for each in z.tolist()])
    assert np.max(np.abs(normal_distribution(z) / want - 1)) < 1e-15
    assert normal_distribution(np.array([-1000.0, -np.inf, np.inf, 1000.0])).tolist() == [0, 0, 1, 1]
    dense = np.array([float((-(Decimal(each) ** 2) / 2).exp() / (2 * pi(40)).sqrt()) for each in z.tolist()])
    assert np.max(np.abs(normal_density(z) / dense - 1)) < 1e-15


# ---- texts


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("relu", "relu"),
        (" leaky_relu ( slope = 0.20 ) ", "leaky_relu(slope=0.2)"),
        ("leaky_relu(slope=1e-2)", "leaky_relu"),
        ("scaled_tanh(steepness=2/3, amplitude=1.7159)", "scaled_tanh"),
        ("scaled_tanh(steepness=1/3)", "scaled_tanh(steepness=1/3)"),
        ("scaled_tanh(steepness=0.8,amplitude=1.2)", "scaled_tanh(amplitude=1.2, steepness=0.8)"),
        ("per_unit(relu,tanh , leaky_relu(slope=.2))", "per_unit(relu, tanh, leaky_relu(slope=0.2))"),
        ("formula(z/(1+abs(z)))", "formula(z / (1 + abs(z)))"),
        ("per_unit(formula(max(0,z)),relu)", "per_unit(formula(max(0, z)), relu)"),
    ],
)
def test_a_text_has_one_canonical_form(text: str, canonical: str) -> None:
    assert activation(text).name == canonical
    assert activation(canonical).name == canonical
    assert activation(canonical) is activation(canonical)


@given(st.sampled_from([name for name, family in FAMILIES.items() if family.parameters]), st.data())
def test_every_parameter_survives_its_text(name: str, data: st.DataObject) -> None:
    numbers = st.floats(1e-6, 1e6)
    values = {parameter.name: data.draw(numbers) for parameter in FAMILIES[name].parameters}
    record = FAMILIES[name].make(**values)
    assert dict(activation(record.name).parameters) == values
    assert activation(record.name).name == record.name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sigmod", "expected one of identity, sigmoid, .*softmax, per_unit.*, formula.*, got 'sigmod'"),
        ("relu(", "expected a closing bracket at the end"),
        ("relu(x=1)", "relu: expected no parameters, got 'x'"),
        ("leaky_relu(0.1)", "leaky_relu: expected slope=…, got '0.1'"),
        ("leaky_relu(alpha=1)", "leaky_relu: expected slope, got 'alpha'"),
        ("leaky_relu(slope=nan)", "slope: expected a finite number, got 'nan'"),
        ("leaky_relu(slope=1e400)", "slope: expected a finite number"),
        ("leaky_relu(slope=1/0)", "slope: expected a finite number"),
        ("leaky_relu(slope=True)", "slope: expected a finite number"),
        ("leaky_relu(slope=__import__('os'))", "slope: expected a finite number"),
        ("elu(alpha=1, alpha=2)", "alpha is given twice"),
        ("elu(alpha=0)", "alpha: expected a number above 0, got 0.0"),
        ("softplus(beta=-1)", "beta: expected a number above 0, got -1.0"),
        ("scaled_tanh(amplitude=0)", "amplitude: expected a number above 0"),
        ("hard_sigmoid(slope=0)", "slope: expected a number above 0"),
        ("per_unit()", "expected something between the commas"),
        ("per_unit(relu,,tanh)", "expected something between the commas"),
        ("per_unit(softmax, relu)", "expected functions of one unit, got 'softmax'"),
        ("per_unit(per_unit(relu))", "expected functions of one unit"),
        ("formula(1/z)", "f is not finite at z = 0"),
        ("formula()", "expected a number, z"),
        ("x" * 200_000, "at most"),
    ],
)
def test_a_wrong_text_is_refused_in_words(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        activation(text)


@given(st.text(st.sampled_from("relu_per_unitformla(softx)=,.0123z+-*/ \n\u00e9e"), max_size=40))
def test_garbage_raises_nothing_but_value_errors(text: str) -> None:
    try:
        record = activation(text)
    except ValueError:
        return
    assert activation(record.name).name == record.name


def test_each_unit_has_its_own_function() -> None:
    rule = activation(per_unit("sigmoid", "sigmoid", "leaky_relu(slope=0.5)", formula("z^2")))
    z = np.array([[-1.0, 2.0, -3.0, 0.5], [0.0, -1.0, 1.0, -2.0]])
    a = rule.f(z)
    slope = rule.df(z, a)
    for unit in range(4):
        own = rule.of(unit)
        assert np.array_equal(a[:, unit], own.f(z[:, unit]))
        assert np.array_equal(slope[:, unit], own.df(z[:, unit], a[:, unit]))
    assert rule.elementwise
    assert not rule.everywhere
    with pytest.raises(ValueError, match="expected 4 units, as many as functions, got 3"):
        rule.forward(z[:, :3], a[:, :3])


def test_units_come_and_go_with_the_last_function() -> None:
    assert fitted("relu", 9) == "relu"
    assert fitted("per_unit(relu, tanh)", 4) == "per_unit(relu, tanh, tanh, tanh)"
    assert fitted("per_unit(relu, tanh, step)", 2) == "per_unit(relu, tanh)"


def test_flatness_is_measured_unit_by_unit() -> None:
    scale = activation("per_unit(sigmoid, relu, elu, step)").flat_scale(4)
    assert scale is not None
    assert scale.tolist()[:3:2] == [0.25, 1.0]
    assert np.isnan(scale[[1, 3]]).all()
    assert activation("relu").flat_scale(3) is None
    switching = activation("per_unit(sigmoid, relu)").switching(2)
    assert switching is not None
    assert switching.tolist() == [False, True]
    assert activation("leaky_relu").switching(2) is None

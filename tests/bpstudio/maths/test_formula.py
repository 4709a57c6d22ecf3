"""Typed formulas: what may be said, that value and derivative are right, and what is refused before it is used."""

import math
import sys

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bpstudio.maths.activations import activation, formula
from bpstudio.maths.dual import slope_operations, value_operations
from bpstudio.maths.formula import COMPARISONS, CONSTANTS, FUNCTIONS, LONGEST, FormulaError, Node, parse, spelled
from bpstudio.maths.formula_check import check, sampled
from bpstudio.maths.formula_slope import derivative
from bpstudio.maths.operations import Array, run


def value(node: Node, z: Array) -> Array:
    out = np.empty_like(z)
    with np.errstate(all="ignore"):
        run(value_operations(node, z, out))
    return out


def slope(node: Node, z: Array) -> Array:
    out = np.empty_like(z)
    with np.errstate(all="ignore"):
        run(slope_operations(node, z, out))
    return out


PLAIN = {
    "exp": math.exp, "log": math.log, "sqrt": math.sqrt, "abs": abs, "sin": math.sin, "cos": math.cos, "tan": math.tan,
    "atan": math.atan, "sinh": math.sinh, "cosh": math.cosh, "tanh": math.tanh, "erf": math.erf, "min": min, "max": max,
    "sign": lambda u: math.copysign(1, u) if u else 0.0,
    "sigmoid": lambda u: 1 / (1 + math.exp(-u)),
    "relu": lambda u: max(u, 0.0),
    "softplus": lambda u: math.log1p(math.exp(u)),
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
    "^": lambda a, b: a**b, "neg": lambda a: -a,
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    "where": lambda chosen, a, b: a if chosen else b,
}  # fmt: skip


def by_hand(node: Node, z: float) -> float:
    """The value of a tree in plain Python, one operation after the other."""
    if node.kind == "z":
        return z
    if node.kind == "number":
        return float(node.text)
    if node.kind in CONSTANTS:
        return CONSTANTS[node.kind]
    found = PLAIN[node.kind](*(by_hand(argument, z) for argument in node.arguments))
    assert not isinstance(found, complex)
    return found


NUMBERS = st.sampled_from(["0.5", "1", "2", "3", "1.702", "0.1", "1e-3"]).map(lambda text: Node("number", text=text))
LEAVES = st.one_of(st.just(Node("z")), st.just(Node("z")), NUMBERS, st.sampled_from([Node("pi"), Node("e")]))


def grown(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    unary = st.sampled_from([name for name, count in FUNCTIONS.items() if count == 1] + ["neg"])
    binary = st.sampled_from(["+", "-", "*", "/", "^", "min", "max"])
    choice = st.tuples(st.sampled_from(COMPARISONS), inner, inner, inner, inner)
    return st.one_of(
        st.tuples(unary, inner).map(lambda made: Node(made[0], made[1:])),
        st.tuples(binary, inner, inner).map(lambda made: Node(made[0], made[1:])),
        choice.map(lambda made: Node("where", (Node(made[0], made[1:3]), *made[3:]))),
    )


TREES = st.recursive(LEAVES, grown, max_leaves=7).filter(lambda node: node.varies)


@given(TREES)
def test_a_tree_and_its_text_are_the_same(node: Node) -> None:
    assert parse(spelled(node)) == node
    assert spelled(parse(spelled(node))) == spelled(node)


@settings(max_examples=60, derandomize=True)
@given(TREES, st.floats(-3, 3))
def test_the_value_is_that_of_plain_arithmetic(node: Node, z: float) -> None:
    got = float(value(node, np.array([z]))[0])
    try:
        want = by_hand(node, z)
        near = [by_hand(node, z + h) for h in (1e-13, -1e-13)]
    except (ArithmeticError, ValueError, AssertionError):
        assume(False)
    assume(math.isfinite(want) and abs(want) < 1e100)
    # A cosine of a large number, or a difference of two, has lost digits before it comes here.
    assume(all(abs(each - want) <= 1e-9 * (1 + abs(want)) for each in near))
    assert got == pytest.approx(want, rel=1e-9, abs=1e-12)


@settings(max_examples=60, derandomize=True)
@given(TREES, st.integers(-25, 25))
def test_the_derivative_is_the_limit_of_differences(node: Node, place: int) -> None:
    z = 0.1 * place + 0.0137
    wide = value(node, z + np.array([-2e-4, -1e-4, 1e-4, 2e-4, -2e-3, -1e-3, 1e-3, 2e-3]))
    assume(np.isfinite(wide).all() and np.abs(wide).max() < 1e6)

    def numeric(f: Array, h: float) -> float:
        return float((f[0] - f[3] + 8 * (f[2] - f[1])) / (12 * h))

    near, far = numeric(wide[:4], 1e-4), numeric(wide[4:], 1e-3)
    scale = 1e-3 + abs(near) + 1e-3 * float(np.abs(wide).max())
    assume(abs(near - far) < 1e-6 * scale)  # else there is a corner within, or it bends too fast for differences
    got = float(slope(node, np.array([z]))[0])
    if any(each.kind == "^" and each.arguments[1].varies for each in node.walk()):
        assume(math.isfinite(got))  # z^(z − z) has a value below 0, and a logarithm of z in its derivative
    assert got == pytest.approx(near, abs=1e-5 * scale)


@settings(max_examples=50, derandomize=True)
@given(TREES)
def test_the_written_derivative_is_the_computed_one(node: Node) -> None:
    z = np.linspace(-2.9, 2.9, 30) + 0.0021
    computed, tree = slope(node, z), derivative(node)
    read = np.zeros_like(z) if tree is None else value(tree, z)
    both = np.isfinite(computed) & np.isfinite(read) & (np.abs(computed) < 1e8) & np.isfinite(value(node, z))
    assert np.allclose(read[both], computed[both], rtol=1e-7, atol=1e-7)
    if tree is not None and tree.varies:
        assert parse(spelled(tree)).varies


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("z/(1+abs(z))", "z / (1 + abs(z))"),
        ("((z))", "z"),
        ("-z^2", "-z^2"),
        ("(-z)^2", "(-z)^2"),
        ("2^3^z", "2^3^z"),
        ("(2^3)^z", "(2^3)^z"),
        ("z-(1-z)", "z - (1 - z)"),
        ("(z-1)-z", "z - 1 - z"),
        ("z/(2*3)", "z / (2 * 3)"),
        ("2^-z", "2^-z"),
        ("+z", "z"),
        ("z**2 − π · ln(z×z÷2)", "z^2 - pi * log(z * z / 2)"),
        ("where(z≤0, 0, z)", "where(z <= 0, 0, z)"),
    ],
)
def test_a_formula_has_one_canonical_text(typed: str, canonical: str) -> None:
    assert spelled(parse(typed)) == canonical


def test_a_minus_binds_less_than_a_power_and_powers_from_the_right() -> None:
    z = np.array([3.0])
    assert value(parse("-z^2"), z) == [-9.0]
    assert value(parse("2^z^2"), z) == [512.0]
    assert value(parse("2 - z - 1"), z) == [-2.0]
    assert value(parse("12 / z / 2"), z) == [2.0]


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", 0, "a number, z, a function or an opening bracket, but the formula ends here"),
        ("z +", 3, "but the formula ends here"),
        ("z z", 2, "expected an operator"),
        ("2z", 1, "expected an operator"),
        ("foo(z)", 0, "foo is not known; known are z, pi, e, exp"),
        ("1 + x", 4, "x is not known"),
        ("z.real", 1, "has no meaning here"),
        ("z.__class__", 1, "has no meaning here"),
        ("__import__('os')", 11, None),
        ("lambda: 0", 6, None),
        ("(z", 2, "closing bracket, but the formula ends here"),
        ("z)", 1, "or the end, not '\\)'"),
        ("max(z)", 5, "max takes 2 arguments"),
        ("max(z, 1, 2)", 8, "closing bracket: max takes 2 arguments"),
        ("where(z, 1, 2)", 7, "expected a comparison such as z < 0"),
        ("exp z", 4, "expected an opening bracket after exp"),
        ("0,5 * z", 1, "expected a point before decimals"),
        ("z < 0", 2, "expected an operator"),
        ("1e999 * z", 0, "1e999 is too large"),
        ("3", None, "expected z somewhere"),
        ("z; 1", 1, "has no meaning here"),
        ("z[0]", 1, "has no meaning here"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(text: str, position: int | None, message: str | None) -> None:
    with pytest.raises(FormulaError, match=message) as refused:
        parse(text)
    assert refused.value.position == position
    assert str(refused.value).startswith("formula: ")


@settings(max_examples=100)
@given(st.one_of(st.text(max_size=60), st.text(st.sampled_from("z()+-*/^,.0123e<>= sinexplogwhrmax'\"[]{}_"))))
def test_garbage_raises_nothing_but_value_errors(text: str) -> None:
    try:
        record = activation(formula(text))
    except ValueError:
        return
    assert activation(record.name).name == record.name


@pytest.mark.parametrize(
    "text", ["(" * 10_000 + "z", "-" * 10_000 + "z", "z+" * 5_000 + "z", "2^" * 390 + "z", "abs(" * 90 + "z", "1" * 390]
)
def test_no_formula_is_too_long_to_be_refused(text: str) -> None:
    before = sys.getrecursionlimit()
    with pytest.raises(FormulaError, match=r"at most|somewhere|too large"):
        parse(text)
    assert sys.getrecursionlimit() == before


def test_the_longest_formulas_can_be_computed_and_read_back() -> None:
    for text in ("+".join(["z"] * 99), "abs(" * 38 + "z" + ")" * 38, " " * LONGEST + "z" + "+0.123456789" * 30):
        record = activation(formula(text))
        assert activation(record.name).name == record.name
        assert np.isfinite(record.f(np.array([0.3, -2.0]))).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1/z", "f is not finite at z = 0"),
        ("1/(z - 0.00123)", "f has a pole at z = 0.00123"),
        ("1/(z - 0.00123)^2", "f has a pole at z = 0.00123"),
        ("where(z < 0, 1/z, z)", "pole at z = 0"),
        ("sin(z)/z", "not finite at z = 0"),
        ("log(z)", "f is not finite at z = 0"),
        ("sqrt(z)", "f is not finite at z = −0.005"),
        ("sqrt(abs(z))", "f′ is not finite at z = 0"),
        ("tan(z)", "pole at z = 1.5708|pole at z = −1.5708"),
        ("z^-2", "not finite at z = 0"),
        ("exp(z^2)", "f is not finite at z = −26.7"),
        ("z / 0", "not finite"),
        ("1/(z^2 + 1e-12)", "f has a pole at z = 0"),
    ],
)
def test_what_cannot_be_used_is_refused_before_it_is(text: str, message: str) -> None:
    parse(text)
    with pytest.raises(FormulaError, match=message):
        check(text)
    with pytest.raises(ValueError, match=message):
        activation(f"formula({text})")


@pytest.mark.parametrize(
    ("text", "kinks", "jumps"),
    [
        ("max(0, z)", (0.0,), ()),
        ("min(1, max(-1, z))", (-1.0, 1.0), ()),
        ("abs(z - 0.1) + abs(z + 0.3)", (-0.3, 0.1), ()),
        ("where(z < 0, exp(z) - 1, z)", (), ()),
        ("where(z < 0, 2*z, z)", (0.0,), ()),
        ("where(z > 1.2345, z, 0)", (), (1.2345,)),
        ("sign(z)", (), (0.0,)),
        ("z * abs(z)", (), ()),
        ("z / (1 + abs(z))", (), ()),
        ("relu(z)^2", (), ()),
        ("sigmoid(z)", (), ()),
    ],
)
def test_kinks_and_jumps_are_found_where_they_are(
    text: str, kinks: tuple[float, ...], jumps: tuple[float, ...]
) -> None:
    found = check(text)
    assert found.kinks == pytest.approx(kinks, abs=1e-9)
    assert found.jumps == pytest.approx(jumps, abs=1e-9)
    assert activation(f"formula({text})").kinks == tuple(sorted(found.kinks + found.jumps))


@pytest.mark.parametrize(
    ("text", "max_slope", "monotone", "saturates"),
    [
        ("1 / (1 + exp(-z))", 0.25, True, True),
        ("z^2", None, False, False),
        ("exp(z)", None, True, False),
        ("sin(z)", 1.0, False, False),
        ("2 * z + 1", 2.0, True, False),
        ("z * sigmoid(z)", 1.0998393, False, True),
        ("sign(z)", 0.0, True, False),
    ],
)
def test_the_record_of_a_formula_says_what_was_found(
    text: str, max_slope: float | None, monotone: bool, saturates: bool
) -> None:
    rule = activation(f"formula({text})")
    assert rule.max_slope == (max_slope if max_slope is None else pytest.approx(max_slope, abs=1e-4))
    assert (rule.monotone, rule.saturates) == (monotone, saturates)
    assert rule.has_gradient == (max_slope != 0)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("1 / (1 + exp(-z))", "sigmoid"),
        ("max(0, z)", "relu"),
        ("max(z, 0)", "relu"),
        ("relu(z)", "relu"),
        ("min(1, max(-1, z))", "hard_tanh"),
        ("where(z > 0, z, 0.01 * z)", "leaky_relu"),
        ("z * sigmoid(z)", "silu"),
        ("0.5 * z * (1 + erf(z / sqrt(2)))", "gelu"),
        ("0.5 * z * (1 + tanh(sqrt(2/pi) * (z + 0.044715 * z^3)))", "gelu_tanh"),
        ("softplus(z)", "softplus"),
        ("1.7159 * tanh(2/3 * z)", "scaled_tanh"),
        ("where(z > 0, z, exp(z) - 1)", "elu"),
    ],
)
def test_a_typed_function_is_the_named_one(text: str, named: str) -> None:
    z = np.linspace(-5, 5, 201)
    typed, rule = activation(f"formula({text})"), activation(named)
    a = rule.f(z)
    assert np.allclose(typed.f(z), a, rtol=1e-12, atol=1e-14)
    assert np.allclose(typed.df(z, a), rule.df(z, a), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("power", ["0", "1", "2", "3", "0.5", "2.5", "-1", "-2"])
def test_every_constant_power_has_its_derivative(power: str) -> None:
    z, n = np.array([0.3, 1.7, 4.0]), float(power)
    assert np.allclose(value(parse(f"z^{power}"), z), z**n, rtol=1e-14)
    assert np.allclose(slope(parse(f"z^{power}"), z), n * z ** (n - 1), rtol=1e-14)


def test_equal_parts_and_what_is_not_needed_cost_nothing() -> None:
    z, out = np.zeros(3), np.zeros(3)
    node = parse("tanh(3*z) + tanh(3*z) * 2")
    assert len(value_operations(node, z, out)) == 4
    assert len(slope_operations(parse("z + 5 * 3 - exp(2)"), z, out)) == 1


def test_a_long_formula_needs_a_handful_of_arrays() -> None:
    z, out = np.linspace(-2, 2, 5), np.empty(5)
    node = parse(" + ".join(f"tanh({k} * z + sin(z^{k}))" for k in range(1, 12)))
    operations = slope_operations(node, z, out)
    written = {id(arguments[-1]) for _, arguments in operations}
    assert len(operations) > 100
    assert len(written) < 12
    run(operations)
    tree = derivative(node)
    assert tree is not None
    assert np.allclose(out, value(tree, z), rtol=1e-12)


def test_a_picture_of_what_has_a_pole_has_a_gap() -> None:
    z, f, df = sampled("1 / z", -1, 1, 3)
    assert z.tolist() == [-1, 0, 1]
    assert f[0] == -1
    assert np.isnan(f[1])
    assert np.isnan(df[1])

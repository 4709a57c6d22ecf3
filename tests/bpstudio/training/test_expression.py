"""The small grammar of typed conditions: what it reads, what it refuses and where, and that blocks change nothing."""

import contextlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpstudio.training.expression import (
    DEEPEST,
    FUNCTIONS,
    LONGEST,
    MOST,
    ExpressionError,
    Node,
    known_columns,
    left_side,
    parse,
    truth,
    written,
)

KNOWN = known_columns(2)


def is_true(text: str, **values: float) -> bool:
    tree = parse(text, KNOWN)
    return bool(
        truth(tree, {name: np.array([values.get(name.replace("/", ""), math.nan)]) for name in tree.columns})[0]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("loss < 0.1", True),
        ("loss<0.1 and step>100", True),
        ("loss < 0.1 AND not step <= 100", True),
        ("loss > 1 or step > 1", True),
        ("loss > 1 or step > 1 and loss > 1", False),
        ("(loss < 1 or step > 1) and loss > 1", False),
        ("0.01 < loss < 0.1", True),
        ("0 < loss < 0.01", False),
        ("1 + 2 * 3 == 7 and step > 0", True),
        ("2 ^ 3 ^ 2 == 512 and step > 0", True),
        ("-2 ^ 2 == -4 and step > 0", True),
        ("2 ^ -1 == .5 and step > 0", True),
        ("10 - 4 - 3 == 3 and step > 0", True),
        ("12 / 2 / 3 == 2 and step > 0", True),
        ("--step == step", True),
        ("step ≥ 412 and step ≤ 412 and step − 12 == 4e2", True),
        ("step ≠ 412", False),
        ("step != 411", True),
        ("abs(-3) == max(1, 3, 2) and min(4, 3) == 3 and step > 0", True),
        ("log10(1000) == 3 and sqrt(9) == 3 and log(1) == 0 and step > 0", True),
        ("norm[1] > 10 * norm[2]", True),
        ("norm[ 2 ] > norm[1]", False),
        ("validation_loss < 9", False),
        ("validation_loss != 9", False),
        ("not validation_loss < 9", True),
    ],
)
def test_what_it_says(text: str, expected: bool) -> None:
    assert is_true(text, loss=0.05, step=412, norm1=3.0, norm2=0.1) is expected


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("los < 1", 1, "did you mean loss?"),
        ("loss < 1 and validation < 2", 14, "did you mean validation_loss?"),
        ("loss < 1 and xyzzy < 2", 14, "known are loss"),
        ("loss", 5, "a comparison such as loss < 0.1"),
        ("loss <", 7, "a number, a column such as loss"),
        ("", 1, "the expression ends here"),
        ("loss = 1", 6, "two equals signs"),
        ("loss < 0,5", 9, "a point before decimals"),
        ("loss < 1 step", 10, "an operator"),
        ("(loss < 1", 10, "a closing bracket"),
        ("(loss < 1) + 2 < 3", 1, "a number, not a comparison"),
        ("2 < (loss < 1)", 5, "a number, not a comparison"),
        ("-(loss < 1) < 2", 2, "a number, not a comparison"),
        ("(loss < 1) ^ 2 < 2", 1, "a number, not a comparison"),
        ("abs(loss < 1) < 2", 10, "a closing bracket"),
        ("loss and step < 2", 1, "not a number"),
        ("step < 2 and loss", 14, "not a number"),
        ("not loss", 5, "not a number"),
        ("norm < 1", 6, "a layer after norm, as in norm[1]"),
        ("norm[3] < 1", 6, "the number of a layer, 1 to 2"),
        ("norm[0] < 1", 6, "the number of a layer, 1 to 2"),
        ("norm[1.5] < 1", 6, "the number of a layer, 1 to 2"),
        ("norm[1 < 1", 8, "a closing bracket ]"),
        ("loss[1] < 1", 5, "loss is about the whole network"),
        ("min(loss) < 1", 9, "two numbers or more"),
        ("sqrt(loss, 2) < 1", 10, "sqrt takes one number"),
        ("sqrt < 1", 6, "an opening bracket after sqrt"),
        ("loss < 1e999", 8, "too large"),
        ("loss < $5", 8, "“$” has no meaning here"),
        ("__import__('os') < 1", 12, "has no meaning here"),
        ("loss.real < 1", 5, "has no meaning here"),
        ("1 < 2", 1, "a column such as loss somewhere"),
        ("(" * 60 + "loss", DEEPEST + 1, "at most 40 brackets"),
        ("not " * 60 + "loss < 1", 4 * DEEPEST + 5, "at most 40 brackets"),
        ("loss" + " " * LONGEST + "< 1", LONGEST + 1, "at most 400 characters"),
        ("loss<" + "<".join("1" * (MOST - 1)), 203, "at most 100 operations"),
    ],
)
def test_what_it_refuses_and_where(text: str, place: int, said: str) -> None:
    with pytest.raises(ExpressionError, match="expression: ") as refused:
        parse(text, KNOWN)
    assert said in str(refused.value)
    assert refused.value.position + 1 == place
    assert f"(at character {place})" in str(refused.value)


def test_without_a_network_any_layer_may_be_named() -> None:
    assert parse("norm[7] < 1 and rate > 0").columns == ("norm/7", "rate")
    with pytest.raises(ExpressionError, match="did you mean rate"):
        parse("rates > 0")
    assert [written(name) for name in ("norm/7", "rate")] == ["norm[7]", "rate"]


def test_the_number_that_is_told_is_the_left_side() -> None:
    tree = parse("step > 3 and not 2 * loss < 1", KNOWN)
    values = {"loss": np.array([1.0, 2.0]), "step": np.array([5.0, 6.0])}
    assert left_side(tree, values).tolist() == [5.0, 6.0]


NAMES = st.sampled_from(["loss", "rate", "norm/1", "validation_loss"])
LITERALS = st.sampled_from(["0", "1", "0.1", "3e2", "2", "1e-300", "1e300"])
NUMBERS = st.recursive(
    NAMES.map(lambda name: Node("column", text=name)) | LITERALS.map(lambda text: Node("number", text=text)),
    lambda below: st.one_of(
        st.builds(lambda kind, a, b: Node(kind, (a, b)), st.sampled_from(["+", "-", "*", "/", "^"]), below, below),
        st.builds(
            lambda kind, *ab: Node(kind, ab[: FUNCTIONS.get(kind, 1)]),
            st.sampled_from(["neg", *FUNCTIONS]),
            below,
            below,
        ),
    ),
    max_leaves=6,
)
TRUTHS = st.recursive(
    st.builds(
        lambda kind, a, b: Node(kind, (a, b)), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS, NUMBERS
    ),
    lambda below: (
        st.builds(lambda a: Node("not", (a,)), below)
        | st.builds(lambda kind, a, b: Node(kind, (a, b)), st.sampled_from(["and", "or"]), below, below)
    ),
    max_leaves=3,
)


def spelled(node: Node) -> str:
    """The text of a tree, with a bracket around everything."""
    texts = [spelled(argument) for argument in node.arguments]
    if node.kind == "column":
        return written(node.text)
    if node.kind == "number":
        return node.text
    if node.kind in FUNCTIONS:
        return f"{node.kind}({', '.join(texts)})"
    if node.kind in ("neg", "not"):
        return f"({'-' if node.kind == 'neg' else 'not '}{texts[0]})"
    return f"({texts[0]} {node.kind} {texts[1]})"


@given(TRUTHS)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_what_is_written_is_what_is_read(tree: Node) -> None:
    if not tree.columns:
        tree = Node("and", (tree, parse("step > 0")))
    assert parse(spelled(tree), KNOWN) == tree


FLOATS = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, -0.0, 1.0, 0.1, -2.5])


@given(TRUTHS, st.lists(st.tuples(FLOATS, FLOATS, FLOATS, FLOATS), min_size=1, max_size=40))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_a_block_of_steps_says_what_each_step_says(tree: Node, rows: list[tuple[float, ...]]) -> None:
    table = np.array(rows)
    names = ("loss", "rate", "norm/1", "validation_loss")
    together = truth(tree, {name: table[:, n].copy() for n, name in enumerate(names)})
    alone = [
        truth(tree, {name: table[row : row + 1, n] for n, name in enumerate(names)})[0] for row in range(len(rows))
    ]
    assert together.shape == (len(rows),)
    assert together.tolist() == alone


@given(st.text(alphabet="loss<>=! andornt()[]0123.+-*/^,norm≤e", max_size=30))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_nothing_that_is_typed_does_anything_else(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        tree = parse(text, KNOWN)
        assert tree.is_truth
        assert truth(tree, {name: np.ones(3) for name in tree.columns}).shape == (3,)

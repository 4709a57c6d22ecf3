import math

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as examples
from hypothesis import strategies as st

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight import own_names
from bpstudio.insight.elements import BIAS, Edge, LossNode, Names, PlusOne, Target, Unit
from bpstudio.insight.notation import (
    NOTATIONS,
    SYMBOLS,
    Letters,
    Notation,
    exact,
    given,
    number,
    operand,
    rough,
    signed,
    total,
)

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def network(*sizes: int) -> Network:
    return Network(sizes[0], tuple(Dense(units) for units in sizes[1:]))


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0821670405642308, 9, "0.082167041"),
        (0.268597970217, 9, "0.268597970"),
        (0.2 * 0.1, 9, "0.02"),
        (0.15 * 0.05, 9, "0.0075"),
        (0.1 + 0.2 - 0.3, 9, "5.551115e-17"),
        (-0.0190491183, 9, "−0.019049118"),
        (0.000438567734, 9, "0.000438568"),
        (1.23456789e-7, 9, "1.234568e-7"),
        (1e-7, 9, "1e-7"),
        (1234567.5, 9, "1.234568e6"),
        (123456.75, 9, "123456.75"),
        (12.0, 9, "12"),
        (1e22, 9, "1e22"),
        (-0.0, 9, "0"),
        (5e-324, 9, "4.940656e-324"),
        (0.138498562, 6, "0.138499"),
        (0.00006, 6, "0.00006"),
        (0.0000601, 6, "0.000060"),
        (0.0087123, 4, "0.0087"),
        (0.593269992, 4, "0.5933"),
        (math.nan, 9, "NaN"),
        (math.inf, 9, "+∞"),
        (-math.inf, 4, "−∞"),
    ],
)
def test_a_number_is_written_like_in_the_walk(value: float, digits: int, text: str) -> None:
    assert number(value, digits) == text


@patient
@examples(st.floats(-1e300, 1e300), st.integers(2, 12))
def test_a_written_number_reads_back_as_its_rounding(value: float, digits: int) -> None:
    """Never another number: within half a unit of the last place that is shown, and only 0 is written 0."""
    text = number(value, digits).replace("−", "-")
    assert (float(text) == 0) == (value == 0)
    if value and abs(value) < 1e6 and "e" not in text:
        assert abs(float(text) - value) <= 0.5000001 * 10.0**-digits
        assert float(text) == 0 or abs(float(text) / value - 1) < 0.06
    else:
        assert abs(float(text) - value) <= 0.06 * abs(value)


def test_given_values_have_two_decimals_and_sums_have_signs() -> None:
    assert [given(value) for value in (0.4, 0.05, 0.15, 2.0, -0.5, 0.149780716132)] == [
        "0.40", "0.05", "0.15", "2", "−0.50", "0.149780716",
    ]  # fmt: skip
    assert [signed(value, 6) for value in (0.138498562, -0.0380982, 0.0, math.inf)] == [
        "+0.138499", "−0.038098", "0", "+∞",
    ]  # fmt: skip
    assert operand("−0.5") == "(−0.5)"
    assert operand("0.5") == "0.5"
    assert total(["−1", "2", "−3"]) == "−1 + 2 − 3"
    assert float(exact(0.1 + 0.2)) == 0.1 + 0.2


def test_the_two_notations_name_the_worked_example() -> None:
    mazur, nielsen = (Letters(name, network(2, 2, 2)) for name in ("mazur", "nielsen"))
    w5, unit = Edge(2, 0, 0), Unit(2, 0)
    assert [mazur.text(symbol, unit) for symbol in ("z", "a", "y", "delta", "element")] == [
        "net_o1", "out_o1", "target_o1", "δ_o1", "E_o1",
    ]  # fmt: skip
    assert [nielsen.text(symbol, unit) for symbol in ("z", "a", "y", "delta", "slope")] == [
        "z²₁", "a²₁", "y₁", "δ²₁", "σ′(z²₁)",
    ]  # fmt: skip
    assert (mazur.edge(w5), nielsen.edge(w5), mazur.edge(Edge(1, 1, BIAS))) == ("w₅", "w²₁₁", "b_h2")
    assert mazur.tex("dw", w5) == r"\frac{\partial C}{\partial w_{5}}"
    assert nielsen.tex("slope", unit) == r"\sigma'(z^{2}_{1})"
    assert [mazur.unit(Unit(layer, 1)) for layer in range(3)] == ["i₂", "h₂", "o₂"]
    assert (mazur.activation(Unit(0, 0)), nielsen.activation(Unit(0, 0))) == ("i₁", "x₁")
    assert [mazur.element(e) for e in (LossNode(), PlusOne(1), Target(1))] == ["C", "+1", "target_o2"]


def test_two_numbers_in_one_index_are_told_apart() -> None:
    """w²₁₁₂ could be 1,12 or 11,2."""
    wide = Letters("nielsen", network(2, 12, 12, 2))
    assert wide.edge(Edge(2, 0, 11)) == "w²₁,₁₂"
    assert wide.edge(Edge(2, 10, 1)) == "w²₁₁,₂"
    assert wide.unit(Unit(2, 10)) == "h²₁₁"
    assert Letters("mazur", network(2, 12, 12, 2)).tex("z", Unit(1, 2)) == "net_{h1,3}"


def test_another_notation_is_a_table_and_a_wrong_table_is_refused() -> None:
    table = dict(NOTATIONS["mazur"].symbols)
    table["delta"] = ("e_{{{u_tex}}}", "e_{u}")
    own = Letters(Notation.from_table("own", "e for δ", table), network(2, 2, 2))
    assert own.text("delta", Unit(1, 0)) == "e_h1"
    with pytest.raises(ValueError, match="symbol 'z' is missing"):
        Notation.from_table("own", "", {key: value for key, value in table.items() if key != "z"})
    with pytest.raises(ValueError, match="symbol 'zz' is unknown"):
        Notation.from_table("own", "", {**table, "zz": ("", "")})
    with pytest.raises(ValueError, match="expected one of mazur, nielsen, came 'ng'"):
        Letters("ng", network(2, 2, 2))
    assert all(set(notation.symbols) == set(SYMBOLS) for notation in NOTATIONS.values())


@patient
@examples(st.lists(st.integers(1, 4), min_size=2, max_size=5))
def test_names_lead_back_to_what_they_name(sizes: list[int]) -> None:
    names, number_of_weights = Names(sizes), 0
    for layer, size in enumerate(sizes):
        for index in range(size):
            assert names.find_unit(names.unit(Unit(layer, index))) == Unit(layer, index)
            if layer:
                for source in range(sizes[layer - 1]):
                    number_of_weights += 1
                    edge = Edge(layer, index, source)
                    assert names.edge(edge) == f"w{number_of_weights}"
                    assert names.find(f"w{number_of_weights}") == edge
                bias = Edge(layer, index, BIAS)
                assert names.find(names.edge(bias)) == bias
    for element in (LossNode(), PlusOne(1), Target(0)):
        assert names.find(names.element(element)) == element


@pytest.mark.parametrize(
    ("value", "figures", "text"),
    [(3.2e-7, 1, "3e-7"), (-1.24e-12, 2, "−1.2e-12"), (123456.0, 1, "1e5"), (-2e11, 1, "−2e11"), (0.0, 1, "0")],
)
def test_a_rough_size_has_one_sign_and_a_short_exponent(value: float, figures: int, text: str) -> None:
    assert rough(value, figures) == text
    assert [rough(each) for each in (math.nan, math.inf, -math.inf)] == ["NaN", "+∞", "−∞"]


@pytest.mark.parametrize("name", ["w9", "w0", "h3", "i3", "o0", "h1_1", "b_i1", "x1", "", "w", "plus-one3", "target3"])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"expected|weights are w1 … w8"):
        Names((2, 2, 2)).find(name)


OWN = {"i1": "age", "h1": "H", "h2": "v21", "w1": "w13", "w5": "θ₁", "b_h1": "net bias", "target1": "t1", "o2": "输出"}


def test_own_names_stand_in_text_and_in_tex() -> None:
    for name in NOTATIONS:
        own = Letters(NOTATIONS[name].having(names=OWN), network(2, 2, 2))
        assert [own.unit(Unit(layer, 0)) for layer in range(3)] == ["age", "H", "o₁"]
        assert (own.activation(Unit(0, 0)), own.tex("input", Unit(0, 0))) == ("age", r"\mathrm{age}")
        assert [own.edge(Edge(1, 0, 0)), own.edge(Edge(2, 0, 0)), own.edge(Edge(1, 0, BIAS))] == [
            "w₁₃", "θ₁", "net bias",
        ]  # fmt: skip
        assert own.tex("w", Edge(1, 0, 0)) == "w_{13}"
        assert own.tex("dw", Edge(2, 0, 0)) == r"\frac{\partial C}{\partial \theta_{1}}"
        assert own.tex("db", Edge(1, 0, BIAS)) == r"\frac{\partial C}{\partial \mathrm{net\ bias}}"
        assert own.text("dw", Edge(1, 0, 0)) == "∂C/∂w₁₃"
        assert own.text("y", Unit(2, 0)) == own.element(Target(0)) == "t₁"
        assert own.names.edge(Edge(1, 0, 0)) == "w1", "an address is no name"
    mazur, nielsen = (Letters(NOTATIONS[name].having(names=OWN), network(2, 2, 2)) for name in ("mazur", "nielsen"))
    assert (mazur.text("z", Unit(1, 1)), nielsen.text("z", Unit(1, 1))) == ("net_v21", "z_v21")
    assert (mazur.tex("delta", Unit(1, 1)), nielsen.tex("delta", Unit(1, 1))) == (r"\delta_{v21}",) * 2
    assert nielsen.tex("came_in", Edge(1, 0, 1)) == r"\frac{\partial z_{H}}{\partial w^{1}_{12}}"
    assert nielsen.text("came_in", Edge(1, 0, 1)) == "∂z_H/∂w¹₁₂"
    # No font of mathematics has these: the text says the name, the formula keeps its letter.
    assert (nielsen.text("z", Unit(2, 1)), nielsen.tex("z", Unit(2, 1))) == ("z_输出", "z^{2}_{2}")
    # Nor has a formula room for a sentence, four times.
    assert own_names.tex("weight12") == r"\mathrm{weight}_{12}"
    assert own_names.tex("weight123") is own_names.index_tex("from A to B") is None


@patient
@examples(st.text(min_size=1, max_size=20).filter(lambda text: text.strip() and text.isprintable()))
def test_no_name_breaks_a_formula(name: str) -> None:
    """What reaches TeX is letters, digits and plain signs between braces that match."""
    for table in NOTATIONS.values():
        own = Letters(
            table.having(names={"h1": name, "w1": name + "x" if len(name) < 20 else name[1:]}), network(2, 2, 2)
        )
        for tex in (own.tex("z", Unit(1, 0)), own.tex("came_in", Edge(1, 0, 0)), own.tex("delta", Unit(1, 0))):
            assert tex.count("{") == tex.count("}")
            assert tex.isascii()
            assert not set(tex) & set("$%&#~")
        assert own.element(Unit(1, 0)) == own.unit(Unit(1, 0)) != ""


def test_a_notation_with_names_is_made_once() -> None:
    table = NOTATIONS["mazur"]
    assert table.having(names={}) is table.having(delta_sign=1) is table
    older = table.having(names=OWN, delta_sign=-1)
    assert older is table.having(names=dict(reversed(OWN.items())), delta_sign=-1)
    assert (older.delta_sign, dict(older.own), older.name) == (-1, OWN, "mazur")
    assert older.having(delta_sign=1).names == older.names
    assert older.having(names={}, delta_sign=1) is table


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"h1": " "}, "a visible name for h1"),
        ({"h1": "a\n"}, "a visible name for h1"),
        ({"h1": "x" * 21}, "at most 20 characters for h1, came 21"),
        ({"h1": "v", "w2": "v "}, "'v' is the name of h1 and of w2"),
    ],
)
def test_a_name_that_cannot_be_is_refused(names: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NOTATIONS["mazur"].having(names=names)
    with pytest.raises(ValueError, match="delta_sign: expected 1 or -1, came 0"):
        NOTATIONS["mazur"].having(delta_sign=0)

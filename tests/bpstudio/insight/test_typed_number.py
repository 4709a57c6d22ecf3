"""Numbers as people type them: what is read, what is refused and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpstudio.insight.phrase import Phrase
from bpstudio.insight.typed_number import (
    NumberError,
    echoed,
    read_many,
    read_number,
    read_typed,
    read_whole,
    shortest,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.123", 0.123),
        ("0,123", 0.123),  # a German reader means 0.123, a QLocale("de") reads "0.123" as 123
        ("1,234", 1.234),
        ("1.234", 1.234),
        (".5", 0.5),
        (",5", 0.5),
        ("5.", 5.0),
        ("-0.25", -0.25),
        ("\u22120.25", -0.25),
        ("\uff0d0.25", -0.25),
        ("+3", 3.0),
        ("1e-3", 0.001),
        ("1E-3", 0.001),
        ("2,5e2", 250.0),
        ("1e\u22123", 0.001),
        ("1/3", 1 / 3),
        (" 1 / 3 ", 1 / 3),
        ("-1/3", -1 / 3),
        ("1/\u22124", -0.25),
        ("0,5/2", 0.25),
        ("1\u20442", 0.5),
        ("\u00a00.5\u00a0", 0.5),
        ("\uff10\uff0e\uff15", 0.5),
        ("0\u30025", 0.5),
        ("1e300", 1e300),
        ("0", 0.0),
        ("0e5", 0.0),
        ("0/7", 0.0),
        ("5e-324", 5e-324),
        ("4.386 · 10⁻⁴", 4.386e-4),
        ("4,386\u00d710^-4", 4.386e-4),
        ("4.386*10^(-4)", 4.386e-4),
        (r"4.386 \cdot 10^{-4}", 4.386e-4),
        ("2 x 10**3", 2000.0),
        ("\u2212 0.25", -0.25),
    ],
)
def test_reads(text: str, value: float) -> None:
    assert read_number(text) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1,234.5", "group separators. Write one decimal separator and nothing else, such as 1234.5"),
        ("1.234,5", "group separators. Write one decimal separator and nothing else, such as 1234.5"),
        ("1.234.567", "such as 1234567"),
        ("1,234,567", "group separators"),
        ("1 234", "group separators"),
        ("1 234,5", "such as 1234.5"),
        ("1'234.5", "group separators"),
        ("1\u202f234", "group separators"),
        ("1_000", "such as 1000"),
        ("", "Type a number"),
        ("   ", "Type a number"),
        ("abc", "is not a number"),
        ("0.5 m", "is not a number"),
        ("3²", "is not a number"),
        ("3·102", "is not a number"),
        ("3·10", "is not a number"),
        ("0.7*0.2*0.6", "is not a number"),
        ("0,1,2", "such as 0.1.$"),
        ("0.0822.", "such as 0.0822.$"),
        ("0,123,456", "such as 0.123.$"),
        ("٣", "is not a number"),
        ("0x10", "is not a number"),
        ("--1", "is not a number"),
        ("1e", "is not a number"),
        ("e5", "is not a number"),
        (".", "is not a number"),
        ("nan", "not a finite number"),
        ("-inf", "not a finite number"),
        ("Infinity", "not a finite number"),
        ("1e999", "too large"),
        ("1e300/1e-300", "too large"),
        ("1e-999", "too small"),
        ("1e-300/1e300", "too small"),
        ("1/0", "Division by zero"),
        ("1/0.0", "Division by zero"),
        ("1/2/3", "more than one fraction bar"),
        ("1/", "is not a number"),
        ("__import__('os')", "is not a number"),
        ("1" * 61, "too many"),
    ],
)
def test_refuses_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(NumberError, match=reason.replace(".", r"\.")):
        read_number(text)


@pytest.mark.parametrize(("text", "value"), [("32", 32), ("1e3", 1000), ("4,0", 4), ("6/3", 2), ("-2", -2)])
def test_reads_whole_numbers(text: str, value: int) -> None:
    assert read_whole(text) == value
    assert isinstance(read_whole(text), int)


def test_a_grouped_whole_number_is_told_how_to_write_it() -> None:
    with pytest.raises(NumberError, match=r"“1,400” is read as 1\.4\. Write 1400"):
        read_whole("1,400")
    with pytest.raises(NumberError, match=r"0\.5 is not a whole number"):
        read_whole("1/2")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_shown_reads_back_as_the_same_number(value: float) -> None:
    assert read_number(shortest(value)) == value
    assert read_number(shortest(value).replace(".", ",").replace("-", "\u2212")) == value


def test_what_no_text_reads_back_as_is_shown_all_the_same() -> None:
    assert [shortest(value) for value in (float("nan"), float("inf"), float("-inf"))] == ["nan", "inf", "-inf"]


def test_echo_has_nine_digits_and_no_padded_exponent() -> None:
    assert echoed(1 / 3) == "= 0.333333333"
    assert echoed(0.5) == "= 0.5"
    assert echoed(1e-7) == "= 1e-7"
    assert echoed(1e300) == "= 1e300"
    assert shortest(1e-7) == "1e-7"
    assert shortest(-0.0) == "0"


@pytest.mark.parametrize(
    ("text", "figures", "decimals", "unit"),
    [
        ("4.386 · 10⁻⁴", 4, 7, 1e-7),
        ("0.0822", 3, 4, 1e-4),
        ("0,0820", 3, 4, 1e-4),
        ("4.386e-4", 4, 7, 1e-7),
        ("120", 3, 0, 1.0),
        ("1.2e3", 2, -2, 100.0),
        ("0", 1, 0, 1.0),
        ("0.00", 1, 2, 0.01),
        ("0.5/3", 1, 1, 0.1),
    ],
)
def test_the_typed_digits_are_counted(text: str, figures: int, decimals: int, unit: float) -> None:
    typed = read_typed(text)
    assert (typed.figures, typed.decimals, typed.unit) == (figures, decimals, unit)
    assert not typed.is_exact


def test_a_fraction_of_whole_numbers_is_exact() -> None:
    assert read_typed(" 1 / 3 ").is_exact
    assert read_typed("1/3").value == 1 / 3


@pytest.mark.parametrize(
    "text",
    [
        "0.5 0.25 -3",
        "0,5; 0,25; -3",
        "0.5\n0.25\n\u22123\n",
        "0.5\t0.25\t-3",
        "0.5, 0.25, -3",
        "(0.5, 1/4, -3)",
        "[0,5 1 / 4 -3]",
        "0.5 ; 0.25,\n-3",
        "= 0.5\n= 0.25\n= \u2212 3",
        "5·10⁻¹ 25 · 10⁻² -3",
    ],
)
def test_several_numbers_however_they_are_separated(text: str) -> None:
    assert [entry.number.value for entry in read_many(text)] == [0.5, 0.25, -3.0]
    assert {entry.name for entry in read_many(text)} == {""}


@pytest.mark.parametrize(
    "text",
    [
        "w5 = 0.08\nout h1: 0,59",
        "w5=0.08; out h1=0.59",
        "w5 = 0.08, out h1 = 0.59",
        "w5 = 0.08 out h1 = 0.59",
        "w5 \uff1d 0.08\n out h1\uff1a0.59",
        "w5 ≈ 0.08\nout h1 ≈ 5.9 · 10^-1",
    ],
)
def test_names_stand_before_numbers(text: str) -> None:
    assert [(entry.name, entry.number.value) for entry in read_many(text)] == [("w5", 0.08), ("out h1", 0.59)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Type a number"),
        (" \n ; ", "Type a number"),
        ("abc", "“abc” is not a number"),
        ("0,1,2", "group separators"),
        ("1/0", "Division by zero"),
        ("0.5; 1/0", "Number 2: Division by zero"),
        ("0.5\nabc\n3", "Number 2: “abc” is not a number"),
        ("w5 = x", "“x” is not a number"),
        ("w5 = ", "is not a number"),
        ("0.1 " * 10_002, "More than 10000 numbers"),
        ("1" * 500_000, "500000 characters"),
    ],
)
def test_what_is_no_list_of_numbers_is_refused_with_its_place(text: str, reason: str) -> None:
    with pytest.raises(NumberError, match=reason):
        read_many(text)


def test_a_refusal_inside_a_refusal_is_translated_too() -> None:
    with pytest.raises(NumberError) as caught:
        read_many("1 1/0")
    reason = caught.value.phrase.values["reason"]
    assert isinstance(reason, Phrase)
    assert "Division" in reason.template
    shouted = caught.value.phrase.rendered(lambda template: template.replace("Division", "Teilung"))
    assert "Teilung" in shouted

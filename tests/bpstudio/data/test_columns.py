import math

import pytest

from bpstudio.data.choices import ReadOptions
from bpstudio.data.errors import DataError
from bpstudio.data.readers import read_table


def column(values, name="c", **options):
    body = "\n".join(f"{value}\t1" for value in values)
    read = read_table(
        f"{name}\tother\n{body}\n".encode(), "t.tsv", ReadOptions(separator="\t", header="yes", **options)
    )
    return read.column(name)


@pytest.mark.parametrize(
    ("values", "kind", "reason"),
    [
        (["1", "-2.5", "+3e-2", ".5", "5."], "number", "all 5 values are numbers"),
        (["1", "2", "3"], "number", "all 3 values are numbers"),
        (["no", "Yes", "no"], "yes/no", "2 different values: no, Yes"),
        (["0", "1", "1"], "yes/no", "2 different values: 0, 1"),
        (["0.0", "1", "1.0"], "yes/no", "3 different"),
        (["-1", "1", "1"], "number", "all 3 values are numbers"),
        (["是", "否", "是"], "yes/no", "2 different values: 否, 是"),
        (["red", "blue", "red", "green"], "category", "3 different values: blue, green, red"),
        (["a", "b", "c", "d", "e", "f", "f"], "category", "6 different values: a, b, c, d, e, …"),
        (["2024-01-31", "2024-2-1"], "date", "all 2 values are dates (YYYY-MM-DD)"),
        (["31/12/2023", "01/02/2024"], "date", "all 2 values are dates (DD/MM/YYYY)"),
        (["12/31/2023", "01/02/2024"], "date", "all 2 values are dates (MM/DD/YYYY)"),
        (["2024-01-31 10:30", "2024-02-01 00:00"], "date", "all 2 values are dates (YYYY-MM-DD hh:mm)"),
        (["ann", "bob", "cyd"], "id", "all 3 values are different"),
        (["7", "7", "7"], "constant", "all 3 values are 7"),
        (["", "x", "NA"], "mostly empty", "2 of 3 values are missing"),
        (["", "?", "-"], "mostly empty", "3 of 3 values are missing"),
        (["1", "2", "abc", "4"], "text", "3 of 4 values are numbers, but row 3 is “abc”"),
        (["1", "2", "1,234.5", "4"], "text", "3 of 4 values are numbers, but row 3 is “1,234.5”"),
        (["1", "2", "inf", "4"], "text", "row 3 is “inf”"),
        (["1", "2", "1e999", "4"], "text", "row 3 is “1e999”"),
        (["1", "2", "1_000", "4"], "text", "row 3 is “1_000”"),
    ],
)
def test_the_kind_is_found_and_has_a_reason(values, kind, reason):
    found = column(values)
    assert found.kind == found.found == kind
    assert reason in str(found.reason) or (values[0] == "0.0" and "different values" in str(found.reason))


def test_row_numbers_are_an_id_only_under_a_name_that_says_so():
    for name in ("Id", "index", "customer_id", "编号", "#"):
        assert column(["1", "2", "3"], name).kind == "id"
    assert column(["1", "2", "3"], "x").kind == "number"
    assert column(["1.5", "2", "3"], "id").kind == "number"


def test_many_texts_are_no_category():
    values = [f"w{i}" for i in range(30)] * 2
    found = column(values)
    assert (found.kind, str(found.reason)) == ("text", "30 different values: too many for a category")
    assert column(values * 10).kind == "category"


@pytest.mark.parametrize("gap", ["", "NA", "na", "N/A", "NaN", "nan", "null", "NULL", "?", "-", "  "])
def test_what_counts_as_missing(gap):
    found = column(["1", gap, "3"])
    assert found.kind == "number"
    assert found.missing.tolist() == [False, True, False]
    assert math.isnan(found.numbers[1])
    assert found.numbers[[0, 2]].tolist() == [1, 3]
    assert (found.present, found.missing_count) == (2, 1)


def test_the_list_of_missing_texts_is_a_choice():
    assert column(["1", "999", "3"], missing=("999",)).missing.tolist() == [False, True, False]
    assert column(["x", "NA", "x"], missing=()).missing_count == 0


def test_yes_no_becomes_one_and_zero():
    assert column(["yes", "no", ""]).numbers.tolist()[:2] == [1, 0]
    assert column(["true", "false"]).numbers.tolist() == [1, 0]
    assert column(["是", "否"]).numbers.tolist() == [1, 0]


def test_days_are_counted_from_1970():
    assert column(["1970-01-02", "1969-12-31", "2000-01-01"]).numbers.tolist() == [1, -1, 10957]
    assert column(["1970-01-01 12:00", "1970-01-02 00:00"]).numbers.tolist() == [0.5, 1]


def test_categories_are_in_a_persons_order():
    assert column(["10", "9", "x", "x", "9", "10", "B", "a"]).distinct == ("10", "9", "a", "B", "x")
    assert column(["10", "9", "10", "9"]).distinct == ("9", "10")


# What a person insists on


def insist(values, kind, **options):
    body = "\n".join(f"{value}\t1" for value in values)
    read = read_table(f"c\tother\n{body}\n".encode(), "t.tsv", ReadOptions(separator="\t", header="yes", **options))
    return read.with_kind("c", kind).column("c")


def test_text_insisted_on_as_a_number_names_row_and_column():
    with pytest.raises(DataError, match=r"Row 3 of c is “abc”, which is not a number\. Correct that cell") as caught:
        insist(["1", "2", "abc", "4"], "number")
    assert (caught.value.row, caught.value.column) == (3, "c")


@pytest.mark.parametrize(
    ("text", "decimal", "message"),
    [
        ("1,234.5", ".", "with group separators it could be two different numbers"),
        ("1.234,5", ",", "with group separators"),
        ("1,234", ".", "with group separators"),
        ("1'234", ".", "with group separators"),
        ("1 234", ".", "with group separators"),
        ("1,5", ".", "but the decimal mark of this file is “.”. Choose the decimal mark “,”"),
        ("1.5", ",", "but the decimal mark of this file is “,”. Choose the decimal mark “.”"),
        ("1e999", ".", "outside the range of a float64"),
        ("inf", ".", "is not a number"),
        ("0x10", ".", "is not a number"),
        ("１", ".", "is not a number"),
        ("12%", ".", "is not a number"),
    ],
)
def test_what_is_no_number_says_why(text, decimal, message):
    with pytest.raises(DataError) as caught:
        insist(["1", "2", text], "number", decimal=decimal)
    assert message in str(caught.value)
    assert caught.value.row == 3


def test_numbers_can_be_read_otherwise_and_back():
    read = insist(["1", "2", "2"], "category")
    assert (read.kind, read.found, read.numbers) == ("category", "number", None)
    assert str(read.reason) == "chosen; found was: number"
    assert insist(["1", "2", "2"], "yes/no").numbers.tolist() == [0, 1, 1]
    assert insist(["x", "y", "y"], "yes/no").numbers.tolist() == [0, 1, 1]


def test_a_finding_survives_the_way_there_and_back():
    body = "c,d\n7,1\n7,2\n"
    read = read_table(body.encode(), "t.csv")
    back = read.with_kind("c", "category").with_kind("c", "constant").column("c")
    assert back.numbers.tolist() == [7, 7]
    assert str(back.reason) == "all 2 values are 7"


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        (
            ["a", "b", "c"],
            "yes/no",
            r"c has 3 different values \(a, b, c\), so it is not yes/no\. Read it as a category",
        ),
        (["2024-01-01", "soon"], "date", r"Row 2 of c is “soon”, which is not a date like the others"),
        (["2024-01-01", "01.02.2024"], "date", r"Row 2 of c is “01\.02\.2024”"),
        (["2024-02-30", "2024-02-01"], "date", r"Row 1 of c is “2024-02-30”"),
        (["x", "y"], "date", r"Row 1 of c is “x”"),
        (["1", "2"], "constant", r"“constant” is something that is found in c, not a way to read it"),
        ([f"w{i}" for i in range(1001)], "category", r"c has 1001 different values, more than the 1000"),
    ],
)
def test_what_cannot_be_is_refused(values, kind, message):
    with pytest.raises(DataError, match=message) as caught:
        insist(values, kind)
    assert caught.value.remedy


def test_an_unknown_column_lists_the_known_ones():
    read = read_table(b"a,b\n1,2\n3,4\n", "t.csv")
    with pytest.raises(DataError, match=r"t\.csv has no column c\. Its columns are: a, b\."):
        read.with_kind("c", "number")

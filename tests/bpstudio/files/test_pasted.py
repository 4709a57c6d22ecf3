"""Blocks of cells as they come out of spreadsheets, mails and programs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpstudio.files import pasted
from bpstudio.files.pasted import PasteError


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("0.15\t0.20\n0.25\t0.30", [["0.15", "0.20"], ["0.25", "0.30"]]),
        ("0,15\t0,20\r\n0,25\t0,30\r\n", [["0,15", "0,20"], ["0,25", "0,30"]]),
        ("0,15;0,20\n0,25;1/3\n\n", [["0,15", "0,20"], ["0,25", "1/3"]]),
        ("0.15, 0.20, 0.35", [["0.15", "0.20", "0.35"]]),
        ("0,15 0,20\n 0,25  -0,30 ", [["0,15", "0,20"], ["0,25", "-0,30"]]),
        ("[[0.15, 0.2 ],\n [0.25, 0.3 ]]", [["0.15", "0.2"], ["0.25", "0.3"]]),
        ("[[0.15 0.2 ]\n [0.25 0.3 ]]", [["0.15", "0.2"], ["0.25", "0.3"]]),
        ("0.15 & 0.2 \\\\\n0.25 & 0.3", [["0.15", "0.2"], ["0.25", "0.3"]]),
        ("0,1,2", [["0,1,2"]]),
        ("1 / 3", [["1 / 3"]]),
        ("to be", [["to be"]]),
        ("0.15,0.20,0.35\n0.25,.3,-4e-1", [["0.15", "0.20", "0.35"], ["0.25", ".3", "-4e-1"]]),
        ("1,234,567.89", [["1,234,567.89"]]),
        ("1.234.567,89", [["1.234.567,89"]]),
        ("0.15；0.20", [["0.15", "0.20"]]),
        ("1\t2\t\n3\t4", [["1", "2"], ["3", "4"]]),
        ("1\t2\t\t\t\n3\t4\t5\t", [["1", "2", ""], ["3", "4", "5"]]),
        ("a\t\tb", [["a", "", "b"]]),
        ("7", [["7"]]),
    ],
)
def test_blocks_are_read_as_they_were_meant(text: str, rows: list[list[str]]) -> None:
    assert pasted.read(text) == rows


@pytest.mark.parametrize(("text", "said"), [("", "no text"), (" \n ", "no text"), ("1\t2\n3", "Row 2 .* has 1 cells")])
def test_what_is_no_block_is_refused(text: str, said: str) -> None:
    with pytest.raises(PasteError, match=said):
        pasted.read(text)


def test_a_block_without_end_is_refused() -> None:
    with pytest.raises(PasteError, match="more than a sheet"):
        pasted.read("1\t" * pasted.MOST_CHARACTERS)


def test_a_block_that_is_too_large_says_how_large_it_is() -> None:
    with pytest.raises(PasteError, match=r"1 × 17 cells .* room for 2 × 3") as refused:
        pasted.fitted([["1"] * 17], 2, 3)
    assert not refused.value.fits_turned
    with pytest.raises(PasteError) as refused:
        pasted.fitted([["1"], ["2"], ["3"]], 1, 4)
    assert refused.value.fits_turned
    assert pasted.turned([["1"], ["2"], ["3"]]) == [["1", "2", "3"]]


def test_empty_ends_are_no_cells_where_there_is_no_room() -> None:
    block = [["1", "2", "", ""], ["", "4", "", ""], ["", "", "", ""]]
    assert pasted.fitted(block, 2, 3) == [["1", "2", ""], ["", "4", ""]]
    assert pasted.fitted(block, 3, 4) == block, "where there is room, they empty what stood there"
    assert pasted.fitted([["", ""], ["", ""]], 1, 1) == [[""]]


def test_shorter_rows_are_copied_as_a_block() -> None:
    assert pasted.write([["x1", "x2"], ["A", "B", "C"], ["y"]]) == "x1\tx2\t\nA\tB\tC\ny\t\t"


def test_a_matrix_in_one_line_is_broken_into_rows() -> None:
    line = [["1", "2", "3", "4"]]
    assert pasted.fitted(line, 2, 3, whole=(3, 2)) == [["1", "2"], ["3", "4"]]
    assert pasted.fitted(pasted.turned(line), 2, 3, whole=(3, 2)) == [["1", "2"], ["3", "4"]]
    with pytest.raises(PasteError):
        pasted.fitted(line, 2, 3)


cells = st.text("0123456789.,-/eθh_", min_size=1, max_size=6)


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1, max_size=4)))
def test_what_was_copied_is_pasted_back(rows: list[list[str]]) -> None:
    if len(rows[0]) > 1:
        assert pasted.read(pasted.write(rows)) == rows


@given(st.text())
def test_any_text_is_a_block_or_is_refused(text: str) -> None:
    try:
        block = pasted.read(text)
    except PasteError:
        return
    assert len({len(row) for row in block}) == 1

import contextlib
import csv
import errno
import io
import os

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bpstudio.data import readers
from bpstudio.data.choices import ReadOptions
from bpstudio.data.decoding import EncodingError
from bpstudio.data.errors import DataError
from bpstudio.data.readers import open_table, read_table


def table(text, written="utf-8", **options):
    return read_table(text.encode(written), "t.csv", ReadOptions(**options))


def cells(read):
    return [list(read.row(row)) for row in range(read.rows)]


def refusal(text, **options):
    with pytest.raises(DataError) as caught:
        table(text, **options)
    assert caught.value.remedy, "every refusal says what helps"
    assert str(caught.value) == f"{caught.value.message} {caught.value.remedy}"
    assert caught.value.template.format(**caught.value.values) == caught.value.message
    return caught.value


# What is in the file is in the table

# Which control characters are blanks is a question of taste; a line end inside a cell is not.
WRITTEN = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Z"), include_characters=" \n\r")
CELL = st.text(WRITTEN, max_size=6)


@given(
    st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=2, max_size=5)),
    st.sampled_from(",;\t|"),
)
def test_any_table_that_csv_can_write_comes_back(rows, separator):
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=separator, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow([f"c{i}" for i in range(len(rows[0]))])
    writer.writerows(rows)
    # The only cell of its row, left blank, is a blank line and no row.
    kept = [row for row in rows if len(row) > 1 or row[0].strip(" ")]
    assume(len(kept) > 1)
    read = table(file.getvalue(), separator=separator, header="yes")
    # A carriage return inside a cell ends a line as any other line end does.
    assert cells(read) == [[cell.replace("\r\n", "\n").replace("\r", "\n").strip() for cell in row] for row in kept]


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters='\0\n\r",', exclude_categories=("Cs",)), max_size=6)


@given(st.lists(st.lists(PLAIN, min_size=2, max_size=2), min_size=2, max_size=6))
def test_both_ways_of_reading_give_the_same_cells(rows):
    body = "\n".join(",".join(row) for row in rows)
    fast = table("a,b\n" + body, separator=",", header="yes")
    careful = table('"a",b\n' + body, separator=",", header="yes")
    assert cells(fast) == cells(careful)
    assert fast.lines.tolist() == careful.lines.tolist() == list(range(2, len(rows) + 2))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=20), st.sampled_from(".,"))
def test_every_number_is_read_to_its_last_digit(numbers, decimal):
    body = "\n".join(f"{number!r};1".replace(".", decimal) for number in numbers)
    column = table("x;y\n" + body, separator=";", decimal=decimal, header="yes").with_kind("x", "number").column("x")
    assert column.numbers.tobytes() == np.array(numbers).tobytes()


def test_line_ends_of_every_system_are_line_ends():
    for end in ("\n", "\r\n", "\r"):
        assert cells(table(end.join(["a,b", "1,2", "3,4", ""]))) == [["1", "2"], ["3", "4"]]


def test_quoted_cells_keep_separators_newlines_and_quotes():
    read = table('a,b\n"x,1","two\nlines"\n"say ""hi""",5" pipe\nlast,row\n')
    assert cells(read) == [["x,1", "two\nlines"], ['say "hi"', '5" pipe'], ["last", "row"]]
    assert read.lines.tolist() == [2, 4, 5]


def test_blank_lines_are_not_rows():
    read = table("a,b\n\n1,2\n \n3,4\n\n\n")
    assert cells(read) == [["1", "2"], ["3", "4"]]
    assert read.lines.tolist() == [3, 5]
    assert table('a,b\n\n"1",2\n \n3,4\n\n').lines.tolist() == [3, 5]


def test_a_line_of_separators_is_a_row_without_values():
    assert table("a\tb\n\t\n1\t2\n").column("a").missing.tolist() == [True, False]


# Separator, decimal mark and header are found, and can be chosen


@pytest.mark.parametrize(
    ("text", "separator", "decimal", "header"),
    [
        ("a,b\n1.5,2\n3,4\n", ",", ".", "yes"),
        ("a;b\n1,5;2\n3;4\n", ";", ",", "yes"),
        ("1,5;2,5\n3,5;4,5\n", ";", ",", "no"),
        ("a\tb\n1,5\t2\n3\t4\n", "\t", ",", "yes"),
        ("a|b\n1|2\n3|4\n", "|", ".", "yes"),
        ("1,2\n3,4\n", ",", ".", "no"),
        ("a b\n1   2\n3 4 \n", " ", ".", "yes"),
        ("  1.0  2.0\n 3.0  4.0\n", " ", ".", "no"),
        ("name,city\nann,rome\nbob,oslo\n", ",", ".", "yes"),
        ("year,2019,2020\n1,5,6\n2,7,8\n", ",", ".", "no"),
        ("text\nall in one\nhere too\n", ",", ".", "yes"),
        ("a;b\n1,234;1\n2,345;2\n", ";", ".", "yes"),
        ("a;b\n1,234;1\n2,3;2\n", ";", ",", "yes"),
        ("a;b\n1,234;1\n-0,388;2\n", ";", ",", "yes"),
        ('a,"b;c"\n1,"2;3"\n4,"5;6"\n', ",", ".", "yes"),
        ("a,b\n1,2\n3,4\n5,6,x\n7,8\n9,1\n", ",", ".", "yes"),
        ("a,b\n1,NA\n,4\n", ",", ".", "yes"),
    ],
)
def test_the_form_is_found(text, separator, decimal, header):
    lines = text.split("\n")
    found = readers.find_separator(lines)
    sample = readers._sample(lines, found)
    assert (found, readers.find_decimal(sample), readers.find_header(sample, ("", "NA"))) == (
        separator,
        decimal,
        header,
    )


def test_a_choice_outranks_what_would_be_found():
    read = table("1,5;2\n3,5;4\n5,5;6\n", separator=";", decimal=".", header="yes")
    assert read.names == ("1,5", "2")
    assert read.column("1,5").numbers is None
    chosen = table("a;b\n1;2\n3;4\n", separator="|", header="no")
    assert chosen.names == ("column 1",)
    assert cells(chosen) == [["a;b"], ["1;2"], ["3;4"]]


def test_the_options_in_force_are_told():
    assert table("a;b\n1,5;2\n3;4\n").options == ReadOptions("utf-8", ";", ",", "yes")


def test_the_separator_that_a_spreadsheet_names_is_believed_and_is_no_row():
    read = table("sep=|\na,b|c\n1|2\n3|4\n")
    assert read.names == ("a,b", "c")
    assert read.lines.tolist() == [3, 4]


def test_columns_without_a_name_get_one():
    assert table(",b\n1,2\n3,4\n").names == ("column 1", "b")
    assert table("1,2\n3,4\n").names == ("column 1", "column 2")


# Encodings

CHINESE = "名称,数量\n苹果,1\n香蕉,2\n"


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-32", "utf-32")],
)
def test_what_a_file_says_of_itself_is_believed(encoding, found):
    read = table(CHINESE, encoding)
    assert read.names == ("名称", "数量")
    assert read.options.encoding == found
    big = read_table(b"\xfe\xff" + CHINESE.encode("utf-16-be"), "t.csv")
    assert big.names == ("名称", "数量")


def test_a_gbk_file_is_offered_not_guessed():
    with pytest.raises(
        EncodingError, match=r"Line 1 of t\.csv is not valid UTF-8\. Choose the encoding: gb18030"
    ) as caught:
        table(CHINESE, "gbk")
    assert [each.encoding for each in caught.value.suggestions] == ["gb18030", "latin-1"]
    assert caught.value.suggestions[0].preview == "名称,数量"
    assert table(CHINESE, "gbk", encoding="gb18030").names == ("名称", "数量")


def test_a_latin_file_is_offered_as_latin():
    data = "name,stadt\nJosé,Köln\nAnn,Rom\n"
    with pytest.raises(EncodingError, match=r"Line 2") as caught:
        table(data, "latin-1")
    assert caught.value.suggestions[-1].encoding == "latin-1"
    assert caught.value.suggestions[-1].preview == "José,Köln"
    assert table(data, "latin-1", encoding="latin-1").row(0) == ("José", "Köln")


def test_utf_16_without_its_mark_is_recognised():
    for encoding in ("utf-16-le", "utf-16-be"):
        with pytest.raises(EncodingError, match="UTF-16 without its byte order mark") as caught:
            table("name,value\none,1\ntwo,2\n", encoding)
        assert caught.value.suggestions[0].encoding == encoding
        assert table("name,value\none,1\ntwo,2\n", encoding, encoding=encoding).names == ("name", "value")


def test_a_wrong_choice_of_encoding_is_told_with_the_line():
    with pytest.raises(DataError, match=r"Line 2 of t\.csv cannot be read as utf-8\. Choose another encoding\."):
        table("a,b\né,1\nx,2\n", "latin-1", encoding="utf-8")
    with pytest.raises(ValueError, match="encoding: expected one of"):
        ReadOptions(encoding="rot13")


# Bad input


@pytest.mark.parametrize("text", ["", "\n\n", " \n\t\r\n", "\ufeff"])
def test_an_empty_file(text):
    assert "t.csv is empty." in str(refusal(text))


def test_a_header_and_no_rows():
    error = refusal("a,b\n")
    assert "t.csv has column names but no rows." in str(error)
    assert "no header" in error.remedy


def test_one_row():
    assert "t.csv has a single row." in str(refusal("a,b\n1,2\n"))
    assert "t.csv has a single row." in str(refusal("1,2\n", header="no"))


def test_a_short_row_is_named_and_all_of_them_are_counted():
    error = refusal("a,b,c\n1,2,3\n4,5\n6,7,8\n9\n")
    assert (error.row, error.values["line"]) == (2, 3)
    assert "Row 2 (line 3) has 2 cells where 3 are expected (2 such rows)." in str(error)
    assert "Fill in the missing cells" in error.remedy


def test_a_long_row_is_named():
    error = refusal("a;b\n1;2\n3;4;5\n", separator=";")
    assert "Row 2 (line 3) has 3 cells where 2 are expected" in str(error)
    assert "“;” in quotation marks" in error.remedy


def test_rows_are_counted_past_blank_lines_and_quoted_line_ends():
    error = refusal('a,b\n\n"x\ny",1\n\n2\n')
    assert (error.row, error.values["line"]) == (2, 6)


@given(st.lists(st.integers(1, 4), min_size=3, max_size=8), st.booleans())
def test_exactly_the_first_row_that_differs_is_named(widths, quoted):
    cell = '"1"' if quoted else "1"
    text = "a,b\n" + "\n".join(",".join([cell] * width) for width in widths)
    different = [row for row, width in enumerate(widths, 1) if width != 2]
    if different:
        assert refusal(text, separator=",", header="yes").row == different[0]
    else:
        assert table(text, separator=",", header="yes").rows == len(widths)


def test_doubled_names():
    error = refusal("a,b, a\n1,2,3\n4,5,6\n")
    assert "Two columns are called a (columns 1 and 3)." in str(error)
    assert error.column == "a"


def test_an_open_quote_is_told_where_it_begins():
    assert "Line 3 begins a cell whose quotation marks do not match." in str(refusal('a,b\n1,2\n"3,4\n5,6\n'))
    assert "quotation marks" in str(refusal('a,b\n"1"x,2\n3,4\n'))


def test_a_cell_without_end_is_not_read_for_ever():
    assert "quotation marks" in str(refusal('a,b\n1,"' + "x" * 200_000 + '"\n3,4\n'))


def test_too_many_columns(monkeypatch):
    monkeypatch.setattr(readers, "MAX_COLUMNS", 5)
    assert "has 6 columns, more than the 5" in str(refusal("a,b,c,d,e,f\n1,2,3,4,5,6\n1,2,3,4,5,6\n"))


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"PK\x03\x04rest", "an .xlsx, .ods or .zip file"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"%PDF-1.4", "a PDF"),
        (b"SQLite format 3\x00", "a database"),
        (b"abc\x00\x01\x02,\n" * 20, "it contains zero bytes"),
    ],
)
def test_a_binary_file_is_recognised(data, found):
    with pytest.raises(DataError, match=r"t\.csv is not a text file") as caught:
        read_table(data, "t.csv")
    assert caught.value.values["found"] == found
    assert "save" in caught.value.remedy


@given(st.binary(max_size=200) | st.text('a1.,;"\n\r\t -é', max_size=60).map(str.encode))
def test_no_bytes_are_more_than_a_data_error(data):
    with contextlib.suppress(DataError):
        read_table(data, "t.csv")


# Files


def test_a_folder(tmp_path):
    with pytest.raises(DataError, match=r"is a folder, not a table\. Open a \.csv"):
        open_table(tmp_path)


def test_a_file_that_was_deleted(tmp_path):
    path = tmp_path / "gone.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    first = open_table(path)
    path.unlink()
    with pytest.raises(DataError, match=r"gone\.csv is not there \(any more\)\. .* are kept"):
        open_table(path)
    assert first.row(1) == ("3", "4")


def test_a_name_that_no_file_has():
    with pytest.raises(DataError, match="is not there"):
        open_table("a\0b.csv")


def test_a_file_over_the_bound_is_refused_unread(tmp_path):
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(50_000_001)  # no byte of it is written
    with pytest.raises(DataError, match=r"huge\.csv has 51 MB, more than the 50 MB .* Keep a sample of the rows"):
        open_table(path)
    path.write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(DataError, match="more than the"):
        open_table(path, limit=11)
    assert open_table(path, limit=12).rows == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="is a device or a pipe"):
        open_table(tmp_path / "pipe.csv")


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = tmp_path / "secret.csv"
    path.write_text("a,b\n1,2\n3,4\n")

    def forbidden(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(type(path), "open", forbidden)
    with pytest.raises(DataError, match=r"secret\.csv cannot be read: .*\. Check the permissions"):
        open_table(path)


def test_the_hash_is_that_of_the_bytes(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n1,2\n3,4\n")
    first = open_table(path)
    assert first.path == str(path)
    path.write_bytes(b"a,b\r\n1,2\r\n3,4\r\n")
    assert open_table(path).hash != first.hash

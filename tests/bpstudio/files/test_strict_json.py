"""What is refused, where the message points, and that everything else comes out as the standard parser has it."""

import contextlib
import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpstudio.files import strict_json

REFUSED = [
    ("", "the file is empty"),
    (" \n ", "the file is empty"),
    ('{"a": 1,}', "a comma stands before the closing bracket"),
    ("[1, 2,\n]", "a comma stands before the closing bracket"),
    ('{"a": 1', "line 1, column 8: the text ends too early"),
    ('{"a"', "the text ends too early"),
    ('{"a": [1, 2}', "line 1, column 12: ',' was expected, not '}'"),
    ('{\n  "a": 1\n  "b": 2\n}', "line 3, column 3: ',' was expected, not '\"'"),
    ("{a: 1}", "line 1, column 2: a key in double quotes was expected, not 'a'"),
    ("{'a': 1}", "a key in double quotes"),
    ('{"a": tru}', "line 1, column 7: a value was expected, not 't'"),
    ('{"a": 1} {"b": 2}', "line 1, column 10: '{' follows the end"),
    ('{"a": 0x10}', "line 1, column 8"),
    ('{"a": 01}', "line 1, column 8"),
    ('{"a": .5}', "line 1, column 7"),
    ('{"a": "x\ny"}', "line 1, column 9: a line break"),
    ('{"a": "x', "line 1, column 7: a string begins here and does not end"),
    ('{"a": "\\x"}', "line 1"),
    ('{"a": 1,\n "b": 2,\n "a": 3}', 'line 3, column 2: the key "a" stands twice in one object'),
    ('{"a": {"b": 1, "b": 2}, "a": 1}', 'line 1, column 16: the key "b"'),
    ('{"a": [{"x": 1}, {"x": 2, "\\u0078": 3}]}', 'line 1, column 27: the key "x"'),
    ('{"a": NaN}', "line 1, column 7: the number NaN is not finite"),
    ('{"s": "NaN", "a": NaN}', "line 1, column 19: the number NaN"),
    ("[1,\n -Infinity]", "line 2, column 2: the number -Infinity is not finite"),
    ("[Infinity]", "line 1, column 2: the number Infinity"),
    ("[1e400]", "line 1, column 2: the number 1e400 is larger than any float64"),
    ("[0, -1e309]", "line 1, column 5: the number -1e309"),
    ("[9223372036854775808]", "line 1, column 2: the number 9223372036854775808 is outside the 64-bit integers"),
    ("[-9223372036854775809]", "outside the 64-bit integers"),
    ("[" + "9" * 100_000 + "]", "the number 999999999999999999999999999999999999999… is outside"),
    ("[" * 33 + "]" * 33, "line 1, column 33: nested deeper than 32 levels"),
    ("[" * 1_000_000, "nested deeper than 32 levels"),
    ('{"a":' * 100_000, "nested deeper than 32 levels"),
    ('["\\ud800"]', 'the text "\\ud800" has a lone surrogate'),
    ('{"\\udfff": 1}', "lone surrogate"),
    ('["\ud800"]', "line 1, column 3: a lone surrogate"),
    (b'{"a": "\xff"}', "line 1: the byte 0xff is not UTF-8"),
    (b'{\n"a": "\xe4"}', "line 2: the byte 0xe4 is not UTF-8"),
    ('{"a": 1}'.encode("utf-16"), "encoded as UTF-16: save it as UTF-8"),
    (b"\x00\x01\x02", "line 1"),
]


@pytest.mark.parametrize(("source", "message"), REFUSED, ids=range(len(REFUSED)))
def test_refusals_say_where_and_why(source: str | bytes, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        strict_json.parse(source)
    assert type(caught.value) is ValueError
    assert len(str(caught.value)) < 200


def test_size_is_bounded_before_anything_is_parsed() -> None:
    with pytest.raises(ValueError, match="has 11 bytes; at most 10 are read"):
        strict_json.parse(b"[1,2,3,4,5]", max_bytes=10)
    with pytest.raises(ValueError, match="at most 10"):
        strict_json.parse('"ääääää"', max_bytes=10)


def test_the_limits_themselves_are_accepted() -> None:
    assert strict_json.parse("[" * 32 + "]" * 32)
    assert strict_json.parse("[9223372036854775807, -9223372036854775807]") == [2**63 - 1, -(2**63) + 1]
    assert strict_json.parse("[1.7976931348623157e308, 5e-324, -0.0]") == [1.7976931348623157e308, 5e-324, 0.0]
    assert str(strict_json.parse("-0.0")) == "-0.0"


def test_brackets_inside_strings_are_no_nesting() -> None:
    text = json.dumps({"a": "[" * 100, "b": '\\"' + "{" * 100, "c": "\\"})
    assert strict_json.parse(text) == json.loads(text)


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert strict_json.parse(b"\xef\xbb\xbf[1]") == [1]
    assert strict_json.parse("\ufeff[1]") == [1]


def test_paired_surrogate_escapes_are_one_character() -> None:
    assert strict_json.parse('["\\ud83d\\ude00"]') == ["😀"]


def test_unterminated_strings_full_of_quotes_take_linear_time() -> None:
    begin = time.perf_counter()
    with pytest.raises(ValueError, match="does not end"):
        strict_json.parse('["' + '\\"' * 400_000)
    assert time.perf_counter() - begin < 2.0  # the quadratic way takes hours


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    # no surrogates: those are refused
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), inner),
    max_leaves=20,
)


@given(JSON, st.booleans(), st.sampled_from([None, 1]))
def test_whatever_is_well_formed_comes_out_unchanged(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert repr(strict_json.parse(text)) == repr(json.loads(text))
    assert repr(strict_json.parse(text.encode())) == repr(json.loads(text))


@given(st.text() | st.binary() | st.text(alphabet='{}[]":,\\ \n0123eE+-.truefalsnNaI'))
def test_any_text_is_parsed_or_refused_with_a_value_error(source: str | bytes) -> None:
    with contextlib.suppress(ValueError):
        strict_json.parse(source)

"""JSON from strangers, read without trust.

A lesson file may come from a classmate, a forum or a mistyped edit. The standard parser is forgiving where a teaching
tool must not be: of two equal keys it keeps the last, it takes ``NaN`` for a number, it reads integers of any length
and follows nesting until the interpreter's stack is gone. This thin layer over it refuses all four, says line and
column, and never runs anything that stands in the file.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Never

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 32
MAX_INTEGER = 2**63 - 1

# An unterminated string is one token up to the end of the text. Were it no token at all, the search would start anew at
# each following quote, and a file of a million \" would take a million looks at a million characters.
_STRING = r'"(?:[^"\\]++|\\.)*+"?'
_STRUCTURE = re.compile(_STRING + r"|[\[\]{}]", re.DOTALL)
_TOKEN = re.compile(_STRING + r'|[\[\]{}:,]|[^\s\[\]{}:,"]+', re.DOTALL)
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def read(file: Path) -> Any:
    """The value in a file; raises OSError when it cannot be read, ValueError that says where it is wrong and why."""
    if file.exists() and not file.is_file():
        raise ValueError(f"{file} is {'a folder' if file.is_dir() else 'not an ordinary file'}")
    if not file.exists():
        raise FileNotFoundError(f"there is no file {file}")
    with file.open("rb") as stream:
        return parse(stream.read(MAX_BYTES + 1))


def parse(source: bytes | str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """Return the value that the JSON text `source` stands for, or raise ValueError saying where it is wrong and why.

    Refused besides bad syntax: more than `max_bytes`, text that is not UTF-8, nesting deeper than `max_depth`, a key
    that stands twice in one object, NaN and Infinity in any spelling (1e400 too), integers outside 64 bits, and
    characters that exist in no text (lone surrogates).
    """
    text = _decode(source, max_bytes)
    _refuse_depth(text, max_depth)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_float,
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"{_place(text, error.pos)}: {_plain(error, text)}") from None
    except _RefusedKeyError as refused:
        raise ValueError(f"{_place(text, _second_key(text))}: {refused}") from None
    except _RefusedNumberError as refused:
        raise ValueError(f"{_place(text, _first_number(text, refused.written))}: {refused}") from None
    if _SURROGATE_ESCAPE.search(text):
        _refuse_lone_surrogates(value)
    return value


class _RefusedKeyError(Exception):
    pass


class _RefusedNumberError(Exception):
    def __init__(self, written: str, reason: str) -> None:
        super().__init__(f"the number {_shortened(written)} {reason}")
        self.written = written


# The hooks of the standard parser. They see values, not places; the place is searched for only when one refuses.


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _RefusedKeyError(f'the key "{_shortened(twice)}" stands twice in one object: only one can be meant')
    return result


def _constant(written: str) -> Never:
    raise _RefusedNumberError(written, "is not finite: only finite numbers can be opened")


def _integer(written: str) -> int:
    if len(written) > 20 or abs(int(written)) > MAX_INTEGER:
        raise _RefusedNumberError(written, "is outside the 64-bit integers")
    return int(written)


def _float(written: str) -> float:
    value = float(written)
    if not math.isfinite(value):
        raise _RefusedNumberError(written, "is larger than any float64 (about 1.8e308)")
    return value


def _decode(source: bytes | str, max_bytes: int) -> str:
    if isinstance(source, str):
        try:
            size = len(source.encode("utf-8"))
        except UnicodeEncodeError as error:
            place = _place(source, error.start)
            raise ValueError(f"{place}: a lone surrogate, which is no character, cannot be part of a text") from None
    else:
        size = len(source)
    if size > max_bytes:
        raise ValueError(f"the text has {size:,} bytes; at most {max_bytes:,} are read")
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    if source[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ValueError("the file is encoded as UTF-16: save it as UTF-8")
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        byte = source[error.start]
        raise ValueError(f"line {line}: the byte 0x{byte:02x} is not UTF-8: save the file as UTF-8") from None
    return text


def _refuse_depth(text: str, max_depth: int) -> None:
    """The parser calls itself once per bracket, so depth is counted before it starts."""
    depth = 0
    for match in _STRUCTURE.finditer(text):
        first = text[match.start()]
        if first in "[{":
            depth += 1
            if depth > max_depth:
                raise ValueError(f"{_place(text, match.start())}: nested deeper than {max_depth} levels")
        elif first in "]}":
            depth -= 1


def _place(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    return f"line {line}, column {column}"


def _plain(error: json.JSONDecodeError, text: str) -> str:
    """Say what the standard parser found, in words that tell what to do."""
    if not text.strip():
        return "the file is empty"
    if error.pos >= len(text.rstrip()):
        return "the text ends too early: a bracket, a brace or a value is missing"
    found = repr(text[error.pos])
    if _closes_after_comma(text, error.pos):
        return "a comma stands before the closing bracket: take it out"
    if error.msg == "Extra data":
        return f"{found} follows the end of the value"
    if error.msg.startswith("Expecting property name"):
        return f"a key in double quotes was expected, not {found}"
    if error.msg.startswith("Expecting value"):
        return f"a value was expected, not {found}"
    if error.msg.startswith("Expecting"):
        return f"{error.msg[10:].removesuffix(' delimiter')} was expected, not {found}"
    if error.msg.startswith("Unterminated string"):
        return "a string begins here and does not end"
    if error.msg.startswith("Invalid control character"):
        return "a line break or another control character inside a string: write \\n"
    return error.msg


def _closes_after_comma(text: str, position: int) -> bool:
    """Python 3.13 reports the comma, earlier versions the bracket after it."""
    if text[position] == ",":
        return text[position + 1 :].lstrip()[:1] in ("]", "}")
    return text[position] in "]}" and text[:position].rstrip().endswith(",")


def _second_key(text: str) -> int:
    """Where the first key stands that its object has already: the keys of the open objects, from the outermost in."""
    open_objects: list[set[str] | None] = []
    for position, token, following in _tokens(text):
        if token == "{":
            open_objects.append(set())
        elif token == "[":
            open_objects.append(None)
        elif token in ("}", "]"):
            open_objects.pop()
        elif following == ":":
            keys = open_objects[-1]
            key = json.loads(token)
            if keys is not None and key in keys:
                return position
            if keys is not None:
                keys.add(key)
    return 0


def _first_number(text: str, written: str) -> int:
    return next((position for position, token, _ in _tokens(text) if token == written), 0)


def _tokens(text: str) -> Iterator[tuple[int, str, str]]:
    """(position, token, the token after it) of each token in turn."""
    position, token = 0, ""
    for match in _TOKEN.finditer(text):
        if token:
            yield position, token, match[0]
        position, token = match.start(), match[0]
    yield position, token, ""


def _refuse_lone_surrogates(value: Any) -> None:
    """A lone surrogate ("\\ud800") is valid JSON, is no character, and could never be saved again."""

    def visit(part: Any) -> None:
        if isinstance(part, str):
            try:
                part.encode("utf-8")
            except UnicodeEncodeError:
                raise ValueError(
                    f'the text "{_shortened(ascii(part)[1:-1])}" has a lone surrogate, which is no character'
                ) from None
        elif isinstance(part, list):
            for element in part:
                visit(element)
        elif isinstance(part, dict):
            for key, element in part.items():
                visit(key)
                visit(element)

    visit(value)


def _shortened(text: str, length: int = 40) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"

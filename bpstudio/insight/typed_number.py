"""Numbers as people type them, one or many.

A learner copies 0,35 from a German sheet, 1/3 from a formula and 1e-3 from a paper, and each must mean what it says on
every computer. So nothing here asks the system's locale: dot and comma are both the decimal separator, and a number
with two separators is refused, because 1.234,5 and 1,234.5 cannot both be right.

How many digits were typed is part of what was said: 0.0820 claims more than 0.082. `Typed` keeps both.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from bpstudio.insight.notation import exponent
from bpstudio.insight.phrase import Phrase

# What an input method or a copied page writes instead of the ASCII sign. Superscripts are not here on purpose: 3² must
# not be read as 32.
_SIGNS = str.maketrans(
    {
        "\u2212": "-",
        "\uff0d": "-",
        "\uff0b": "+",
        "\uff0e": ".",
        "\u3002": ".",
        "\uff0c": ",",
        "\uff0f": "/",
        "\u2044": "/",
        "\u2215": "/",
        "\uff45": "e",
        "\uff25": "e",
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
    }
)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?")
#: Digits with separators between them, however many: what 1.234,5 and 0,1,2 are and 0.7*0.2 is not.
_SEPARATED = re.compile(r"[+-]?[0-9.,\s_'’]+(?:[eE][+-]?[0-9]+)?")
#: Books write 4.39 · 10⁻⁴, spreadsheets 4.39*10^-4. Without ^ and small digits it is no power: 3·102 may be a product.
_POWER = re.compile(
    r"(?<=[0-9.,])\s*(?:[·⋅∙×xX*]|\\cdot|\\times)\s*10\s*"
    r"(?:(?:\^|\*\*)\s*[({]?\s*([+\-\u2212]?[0-9]+)\s*[)}]?|([⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+))"
)
_RAISED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
_LONGEST = 60


class NumberError(ValueError):
    """What is wrong with a typed number; keeps the sentence and its values apart, so that it can be translated."""

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence.format(**values))
        self.sentence = sentence
        self.values = values

    @property
    def phrase(self) -> Phrase:
        """The refusal as a phrase."""
        values = {name: value if isinstance(value, Phrase) else str(value) for name, value in self.values.items()}
        return Phrase(self.sentence, values)


def read_number(text: str) -> float:
    """The finite number that `text` writes.

    Reads 0.35 and 0,35, .5 and 5., 1e-3, 1E-3 and 1 · 10⁻³, 1/3, a leading + or − (also U+2212) and full-width digits.

    Raises:
        NumberError: for nothing, two separators (group separators are refused, never guessed), words, nan and inf,
            division by zero, and numbers that double precision cannot hold.
    """
    plain = _plain(text)
    if not plain:
        raise NumberError("Type a number.")
    if len(plain) > _LONGEST:
        raise NumberError("{count} characters are too many for one number.", count=len(plain))
    parts = plain.split("/")
    if len(parts) == 1:
        return _read_decimal(plain, text.strip())
    if len(parts) > 2:
        raise NumberError("“{text}” has more than one fraction bar.", text=text.strip())
    above, below = (_read_decimal(part.strip(), part.strip()) for part in parts)
    if below == 0:
        raise NumberError("Division by zero: “{text}” is not a number.", text=text.strip())
    return _finite(above / below, text.strip(), above != 0)


def _plain(text: str) -> str:
    """The text in ASCII, its power of ten with an e and its sign at the number."""
    signed = _with_e(text.strip()).translate(_SIGNS)
    return re.sub(r"^([+-])\s+(?=[0-9.,])", r"\1", signed)


def _with_e(text: str) -> str:
    return _POWER.sub(lambda power: "e" + (power[1] or power[2]).translate(_RAISED), text)


def read_whole(text: str) -> int:
    """The whole number that `text` writes; 1e3 is 1000 and 4,0 is 4. Raises NumberError."""
    value = read_number(text)
    if value != int(value):
        bare = re.fullmatch(r"\s*([0-9]{1,3})[.,]([0-9]{3})\s*", text)
        if bare is not None:
            whole = bare[1] + bare[2]
            raise NumberError("“{text}” is read as {value}. Write {whole} without a separator.", text=text.strip(),
                              value=shortest(value), whole=whole)  # fmt: skip
        raise NumberError("{value} is not a whole number.", value=shortest(value))
    return int(value)


def shortest(value: float) -> str:
    """The shortest text that reads back as the same number: 0.5, 1e-7, 12; nan and inf for what has none."""
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value)) if value else "0"
    return exponent(repr(float(value)))


def echoed(value: float) -> str:
    """What was understood, to nine digits: "= 0.333333333"."""
    return "= " + exponent(f"{value:.9g}")


def _read_decimal(plain: str, text: str) -> float:
    is_grouped = re.search(r"[0-9][\s_'’]+[0-9]", plain) or len(re.findall(r"[.,]", plain)) > 1
    if is_grouped and _SEPARATED.fullmatch(plain):
        raise NumberError(
            "“{text}” has group separators. Write one decimal separator and nothing else, such as {example}.",
            text=text,
            example=_ungrouped(plain),
        )
    if re.fullmatch(r"[+-]?\s*(nan|inf|infinity|∞)", plain, re.IGNORECASE):
        raise NumberError("“{text}” is not a finite number.", text=text)
    if _DECIMAL.fullmatch(plain) is None:
        raise NumberError("“{text}” is not a number. Examples: 0.35, 0,35, 1/3, 1e-3.", text=text)
    mantissa = re.split(r"[eE]", plain)[0]
    return _finite(float(plain.replace(",", ".")), text, any(digit in "123456789" for digit in mantissa))


def _ungrouped(plain: str) -> str:
    """What was probably meant, as an example only: a separator that comes twice groups where three digits follow it
    each time, else the first one decides; of two kinds the last one does.
    """
    digits = re.sub(r"[^0-9.,]", "", re.split(r"[eE]", plain)[0]).rstrip(".,")
    marks = re.findall(r"[.,]", digits)
    if len(marks) > 1 and len(set(marks)) == 1:
        first, second, *rest = re.split(r"[.,]", digits)
        is_grouping = first.strip("0") and all(len(group) == 3 for group in (second, *rest))
        return "".join((first, second, *rest)) if is_grouping else f"{first or 0}.{second}"
    head, separator, tail = digits.replace(",", ".").rpartition(".")
    return head.replace(".", "") + separator + tail


def _finite(value: float, text: str, is_nonzero: bool) -> float:
    if not math.isfinite(value):
        raise NumberError("“{text}” is too large: double precision ends at 1.8e308.", text=text)
    if value == 0 and is_nonzero:
        raise NumberError("“{text}” is too small: double precision ends at 5e-324.", text=text)
    return value


# ---- how many digits


@dataclass(frozen=True, slots=True)
class Typed:
    """A typed number: its value, and the places it was typed with.

    `unit` is the value of one in the last typed place (0.0822: 1e-4; 4.386e-4: 1e-7), 0 for a fraction of whole
    numbers, which is exact. `figures` counts significant figures, `decimals` those after the separator.
    """

    text: str
    value: float
    unit: float
    figures: int
    decimals: int

    @property
    def is_exact(self) -> bool:
        """Whether it was typed without rounding: a fraction of whole numbers."""
        return self.unit == 0.0


def read_typed(text: str) -> Typed:
    """Read one number with its digits. Raises NumberError."""
    value = read_number(text)
    plain = _plain(text).replace(",", ".")
    parts = [part.strip() for part in plain.split("/")]
    if len(parts) == 2:
        if not re.search(r"[.eE]", plain):
            return Typed(text.strip(), value, 0.0, 17, 17)
        figures = min(_figures(part) for part in parts if re.search(r"[.eE]", part))
        size = math.floor(math.log10(abs(value))) if value else 0
        decimals = figures - 1 - size
        return Typed(text.strip(), value, _power(-decimals), figures, decimals)
    mantissa, _, power = plain.lower().partition("e")
    decimals = len(mantissa.partition(".")[2]) - int(power or "0")
    return Typed(text.strip(), value, _power(-decimals), _figures(plain), decimals)


def _figures(plain: str) -> int:
    digits = re.sub(r"[^0-9]", "", re.split(r"[eE]", plain)[0])
    return max(1, len(digits.lstrip("0")))


def _power(places: int) -> float:
    # float() of a text is the nearest double, which 10.0 ** -7 need not be.
    return float(f"1e{max(-323, min(308, places))}")


# ---- many at once

#: A name and its number, as in "w5 = 0.08" or "δ_o1: 0.1385".
_NAMED = re.compile(r"([^=:,;]+?)\s*[=:]\s*((?:[+\-\u2212]\s*)?[^\s=:]+)\s*,?\s*")
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One of several pasted numbers, with the name that stood before it ("" for none)."""

    name: str
    number: Typed


def read_many(text: str) -> tuple[Entry, ...]:
    """The numbers of a pasted text, in order.

    Lines, tabs, semicolons and spaces separate; a comma does only when a space follows it, because elsewhere it is the
    decimal separator. A number may have a name before it: "w5 = 0.08".

    Raises:
        NumberError: for nothing, and for the first piece that is no number: it says which one.
    """
    if len(text) > 40 * _MOST:
        raise NumberError("{count} characters are too many.", count=len(text))
    entries: list[Entry] = []
    for name, piece in _pieces(text):
        try:
            entries.append(Entry(name, read_typed(piece)))
        except NumberError as error:
            if not entries and piece == text.strip():
                raise
            raise NumberError("Number {place}: {reason}", place=len(entries) + 1, reason=error.phrase) from None
        if len(entries) > _MOST:
            raise NumberError("More than {count} numbers are too many.", count=_MOST)
    if not entries:
        raise NumberError("Type a number.")
    return tuple(entries)


def _pieces(text: str) -> list[tuple[str, str]]:
    """(name, number) as they stand there. Spaces round a fraction bar and after the first sign do not separate."""
    pieces: list[tuple[str, str]] = []
    plain = _with_e(re.sub("[＝≈≃]", "=", text).replace("：", ":"))
    for line in re.split(r"[\n\r\t;；]+", plain):
        bare = line.strip().strip("()[]{}|&").strip().lstrip("= ").rstrip(",，、")
        bare = re.sub(r"\s*([/⁄∕／])\s*", r"\1", re.sub(r"^([+\-\u2212])\s+", r"\1", bare))
        if not bare:
            continue
        if "=" in bare or ":" in bare:
            named = [(match[1].strip(), match[2].rstrip(",")) for match in _NAMED.finditer(bare)]
            if "".join(match[0] for match in _NAMED.finditer(bare)) != bare:
                named = [("", bare)]
            pieces += named
        else:
            pieces += [("", piece) for piece in re.split(r"\s*[,，、]?\s+", bare) if piece]
    return pieces

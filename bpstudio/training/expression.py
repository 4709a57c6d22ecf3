"""A condition that somebody types over the numbers of a step, ``loss < 0.1 and step > 100``, read by a grammar of our
own.

    condition    both { or both }
    both         negation { and negation }
    negation     not negation | comparison
    comparison   sum { (< | <= | > | >= | == | !=) sum }      a < b < c is a < b and b < c
    sum          product { (+ | -) product }
    product      unary { (* | /) unary }
    unary        - unary | + unary | power
    power        atom [ ^ unary ]
    atom         number | column | function ( sum { , sum } ) | ( condition )
    column       name [ [ layer ] ]                            norm[2] is ‖∂C/∂W‖ of the second layer
    function     abs | min | max | log | log10 | sqrt

Nothing else can be said in it, so nothing typed can do anything but compare numbers. What is read is a tree, which is
evaluated for any number of steps at once; every operation works on each step by itself, so it makes no difference for
how many. NaN, as of a validation before the first one, compares false.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from bpstudio.maths.operations import Array

LONGEST = 400
DEEPEST = 40
MOST = 100
"""The most characters, brackets or signs within one another, and operations: no text can exhaust anything."""

COLUMNS = ("loss", "objective", "penalty", "accuracy", "gradient_norm", "flat_share", "rate")
WATCHED = ("validation_loss", "validation_accuracy", "step", "epoch")
PER_LAYER = ("norm", "saturation", "flat", "off")
FUNCTIONS: Mapping[str, int] = MappingProxyType({"abs": 1, "log": 1, "log10": 1, "sqrt": 1, "min": 2, "max": 2})
"""The functions and how many arguments each takes at least; min and max take more than two as well."""

Truth = npt.NDArray[np.bool_]

_SIGNS = ("<", "<=", ">", ">=", "==", "!=")
_WORDS = ("and", "or", "not")
_ALSO = {"**": "^", "−": "-", "·": "*", "×": "*", "⋅": "*", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!="}
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/^(),<>\[\]=−·×⋅÷≤≥≠])"
)


class ExpressionError(ValueError):
    """What cannot be read, and where: ``position`` counts characters from 0.

    ``sentence`` is a template for ``values``, so that it can be said in another language; ``found`` is what stands
    there instead, "" at the end of the expression, None where that is no question.
    """

    def __init__(self, sentence: str, position: int, found: str | None = None, **values: str) -> None:
        instead = "" if found is None else f", not {found!r}" if found else ", but the expression ends here"
        super().__init__(f"expression: {sentence.format(**values)}{instead} (at character {position + 1})")
        self.sentence = sentence
        self.values = values
        self.position = position
        self.found = found


@dataclass(frozen=True, slots=True)
class Node:
    """One operation and what it works on. ``kind`` is "number", "column", a function, one of + - * / ^ neg, a
    comparison, or one of and, or, not; ``text`` is a number as it was typed, or the name of a column: ``norm/2``.
    """

    kind: str
    arguments: tuple[Node, ...] = ()
    text: str = ""

    @property
    def is_truth(self) -> bool:
        """Whether it is true or false, and not a number."""
        return self.kind in _SIGNS or self.kind in _WORDS

    def walk(self) -> Iterator[Node]:
        """This node and all below it, each before what it works on."""
        yield self
        for argument in self.arguments:
            yield from argument.walk()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is about, each once, in the order in which they stand there."""
        return tuple(dict.fromkeys(node.text for node in self.walk() if node.kind == "column"))


def known_columns(layers: int) -> tuple[str, ...]:
    """What an expression over a network of so many layers may name, as in Metrics."""
    return (*COLUMNS, *WATCHED, *(f"{name}/{layer}" for name in PER_LAYER for layer in range(1, layers + 1)))


def parse(text: str, columns: Iterable[str] | None = None) -> Node:
    """The tree of a condition over these columns (``known_columns``; None: a network of any number of layers).

    Raises ExpressionError with the place and what was expected there.
    """
    return _Reader(text, None if columns is None else tuple(columns)).condition()


def truth(tree: Node, values: Mapping[str, Array]) -> Truth:
    """In which steps the condition is true, (steps,), from the columns that it is about, each (steps,) of float64.

    The same for a block of steps as for each of them alone.
    """
    with np.errstate(all="ignore"):
        return _truth(tree, values)


def left_side(tree: Node, values: Mapping[str, Array]) -> Array:
    """The left side of the first comparison in a condition, (steps,): the number that is told with it."""
    with np.errstate(all="ignore"):
        return _numbers(first_comparison(tree).arguments[0], values)


def first_comparison(tree: Node) -> Node:
    """The comparison that stands first in a condition."""
    return next(node for node in tree.walk() if node.kind in _SIGNS)


def written(column: str) -> str:
    """A column as it is typed: ``norm/2`` is norm[2]."""
    name, slash, layer = column.partition("/")
    return f"{name}[{layer}]" if slash else name


_COMPARED: Mapping[str, Callable[[Array, Array], Truth]] = MappingProxyType(
    {
        "<": np.less,
        "<=": np.less_equal,
        ">": np.greater,
        ">=": np.greater_equal,
        "==": np.equal,
        # Of IEEE's comparisons this is the only one that is true of NaN.
        "!=": lambda a, b: (a < b) | (a > b),
    }
)
_COMPUTED: Mapping[str, Callable[..., Array]] = MappingProxyType(
    {
        "+": np.add,
        "-": np.subtract,
        "*": np.multiply,
        "/": np.divide,
        "neg": np.negative,
        "abs": np.abs,
        "sqrt": np.sqrt,
        "min": np.minimum,
        "max": np.maximum,
    }
)
_ONE_BY_ONE: Mapping[str, Callable[..., float]] = MappingProxyType({"log": math.log, "log10": math.log10})


def _truth(node: Node, values: Mapping[str, Array]) -> Truth:
    if node.kind == "not":
        return ~_truth(node.arguments[0], values)
    if node.kind in ("and", "or"):
        left, right = (_truth(argument, values) for argument in node.arguments)
        return left & right if node.kind == "and" else left | right
    left, right = (_numbers(argument, values) for argument in node.arguments)
    return _COMPARED[node.kind](left, right)


def _numbers(node: Node, values: Mapping[str, Array]) -> Array:
    if node.kind == "column":
        return values[node.text]
    if node.kind == "number":
        return np.full(len(next(iter(values.values()))), float(node.text))
    arguments = [_numbers(argument, values) for argument in node.arguments]
    if node.kind in _COMPUTED:
        first, *rest = arguments
        if node.kind not in ("min", "max"):
            return _COMPUTED[node.kind](*arguments)
        for each in rest:
            first = _COMPUTED[node.kind](first, each)
        return first
    # NumPy computes these in another way for a long array than for a short one, which shows in the last bit.
    function = _power if node.kind == "^" else _logarithm(_ONE_BY_ONE[node.kind])
    pairs = zip(*(each.tolist() for each in arguments), strict=True)
    return np.array([function(*each) for each in pairs], np.float64)


def _logarithm(function: Callable[..., float]) -> Callable[..., float]:
    def value(x: float) -> float:
        return function(x) if x > 0 else -math.inf if x == 0 else math.nan

    return value


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        return math.inf if base == 0 else math.nan


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


class _Reader:
    """Reads a text from left to right; each method reads one thing of the grammar."""

    def __init__(self, text: str, columns: tuple[str, ...] | None) -> None:
        if len(text) > LONGEST:
            raise ExpressionError("expected at most {most} characters", LONGEST, most=str(LONGEST))
        self._columns = columns
        self._tokens = list(_split(text))
        self._next = 0
        self._depth = 0

    @property
    def _here(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, *texts: str) -> str:
        """The next sign or word, if it is one of these; else nothing."""
        here = self._here
        if here.kind in ("sign", "word") and here.text in texts:
            self._next += 1
            return here.text
        return ""

    def _refusal(self, sentence: str, **values: str) -> ExpressionError:
        here = self._here
        return ExpressionError(sentence, here.position, here.text, **values)

    def condition(self) -> Node:
        """The whole text."""
        node = self._or()
        here = self._here
        if here.kind != "end":
            if here.text == "," and self._tokens[self._next - 1].kind == "number":
                raise self._refusal("expected a point before decimals, as in 0.5")
            if here.text == "=":
                raise self._refusal("expected two equals signs to compare, as in step == 100")
            raise self._refusal("expected an operator such as < or + or and, or the end")
        if not node.is_truth:
            raise self._refusal("expected a comparison such as loss < 0.1")
        if not node.columns:
            raise ExpressionError("expected a column such as loss somewhere in the condition", 0)
        if sum(1 for _ in node.walk()) > 2 * MOST:
            raise ExpressionError("expected at most {most} operations", here.position, most=str(MOST))
        return node

    def _or(self) -> Node:
        return self._joined("or", self._and)

    def _and(self) -> Node:
        return self._joined("and", self._not)

    def _joined(self, word: str, part: Callable[[], Node]) -> Node:
        start = self._here.position
        node = part()
        while self._here.kind == "word" and self._here.text == word:
            self._check(node, start, is_truth=True)
            self._next += 1
            after = self._here.position
            following = part()
            self._check(following, after, is_truth=True)
            node = Node(word, (node, following))
        return node

    def _not(self) -> Node:
        if not self._take("not"):
            return self._comparison()
        self._deeper()
        start = self._here.position
        node = self._not()
        self._check(node, start, is_truth=True)
        self._depth -= 1
        return Node("not", (node,))

    def _comparison(self) -> Node:
        start = self._here.position
        left = self._sum()
        found: Node | None = None
        while sign := self._take(*_SIGNS):
            self._check(left, start)
            start = self._here.position
            right = self._sum()
            self._check(right, start)
            pair = Node(sign, (left, right))
            found = pair if found is None else Node("and", (found, pair))
            left = right
        return left if found is None else found

    def _sum(self) -> Node:
        return self._chained(("+", "-"), self._product)

    def _product(self) -> Node:
        return self._chained(("*", "/"), self._unary)

    def _chained(self, signs: tuple[str, ...], part: Callable[[], Node]) -> Node:
        start = self._here.position
        node = part()
        while sign := self._take(*signs):
            self._check(node, start)
            after = self._here.position
            following = part()
            self._check(following, after)
            node = Node(sign, (node, following))
        return node

    def _unary(self) -> Node:
        self._deeper()
        sign = self._take("-", "+")
        start = self._here.position
        node = self._unary() if sign else self._power()
        if sign:
            self._check(node, start)
        self._depth -= 1
        return Node("neg", (node,)) if sign == "-" else node

    def _power(self) -> Node:
        start = self._here.position
        node = self._atom()
        if not self._take("^"):
            return node
        self._check(node, start)
        after = self._here.position
        exponent = self._unary()
        self._check(exponent, after)
        return Node("^", (node, exponent))

    def _atom(self) -> Node:
        here = self._here
        if here.kind == "number":
            self._next += 1
            return Node("number", text=here.text)
        if here.kind == "name":
            self._next += 1
            return self._function(here) if here.text in FUNCTIONS else self._column(here)
        if self._take("("):
            node = self._or()
            self._close()
            return node
        raise self._refusal("expected a number, a column such as loss, a function or an opening bracket")

    def _close(self) -> None:
        if not self._take(")"):
            raise self._refusal("expected an operator such as < or + or a closing bracket")

    def _function(self, name: _Token) -> Node:
        if not self._take("("):
            raise self._refusal("expected an opening bracket after {name}", name=name.text)
        arguments = [self._argument()]
        if FUNCTIONS[name.text] == 1 and self._here.text == ",":
            raise self._refusal("expected a closing bracket: {name} takes one number", name=name.text)
        while self._take(","):
            arguments.append(self._argument())
        if len(arguments) < FUNCTIONS[name.text]:
            raise self._refusal("expected a comma: {name} takes two numbers or more", name=name.text)
        self._close()
        return Node(name.text, tuple(arguments))

    def _argument(self) -> Node:
        start = self._here.position
        node = self._sum()
        self._check(node, start)
        return node

    def _column(self, name: _Token) -> Node:
        if name.text in PER_LAYER:
            return Node("column", text=f"{name.text}/{self._layer(name)}")
        if name.text not in self._names():
            raise self._unknown(name)
        if self._here.text == "[":
            raise self._refusal("expected no layer: {name} is about the whole network", name=name.text)
        return Node("column", text=name.text)

    def _layer(self, name: _Token) -> int:
        """The number in the brackets after the name of a column."""
        if not self._take("["):
            raise self._refusal("expected a layer after {name}, as in {name}[1]", name=name.text)
        here = self._here
        most = self._layers(name.text)
        if here.kind != "number" or not here.text.isdigit() or not 1 <= int(here.text) <= most:
            if self._columns is None:
                raise self._refusal("expected the number of a layer, counted from 1")
            raise self._refusal("expected the number of a layer, 1 to {most}", most=str(most))
        self._next += 1
        if not self._take("]"):
            raise self._refusal("expected a closing bracket ] after the number of the layer")
        return int(here.text)

    def _names(self) -> tuple[str, ...]:
        if self._columns is None:
            return COLUMNS + WATCHED
        return tuple(column for column in self._columns if "/" not in column)

    def _layers(self, name: str) -> int:
        """How many layers have a column of this name."""
        if self._columns is None:
            return 10**6
        return sum(column.partition("/")[0] == name for column in self._columns)

    def _unknown(self, name: _Token) -> ExpressionError:
        import difflib  # only where a name is misspelt

        candidates = (*self._names(), *PER_LAYER, *FUNCTIONS, *_WORDS)
        near = difflib.get_close_matches(name.text.lower(), candidates, n=1, cutoff=0.6)
        if near:
            return ExpressionError(
                "{name} is not known; did you mean {near}?", name.position, name=name.text, near=near[0]
            )
        known = ", ".join([*self._names(), *(f"{each}[1]" for each in PER_LAYER), *FUNCTIONS])
        return ExpressionError("{name} is not known; known are {known}", name.position, name=name.text, known=known)

    def _check(self, node: Node, position: int, is_truth: bool = False) -> None:
        if node.is_truth != is_truth:
            if is_truth:
                raise ExpressionError("expected a comparison such as loss < 0.1, not a number", position)
            raise ExpressionError("expected a number, not a comparison", position)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            sentence = "expected at most {most} brackets and signs within one another"
            raise ExpressionError(sentence, self._here.position, most=str(DEEPEST))


def _split(text: str) -> Iterator[_Token]:
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        found = _TOKEN.match(text, place)
        if found is None:
            raise ExpressionError("{character} has no meaning here", place, character=f"“{text[place]}”")
        kind, raw = found.lastgroup or "", found.group()
        if kind == "number" and not math.isfinite(float(raw)):
            raise ExpressionError("{number} is too large", place, number=raw)
        if kind == "name" and raw.lower() in _WORDS:
            kind, raw = "word", raw.lower()
        yield _Token(kind, _ALSO.get(raw, raw), place)
        place = found.end()
    yield _Token("end", "", len(text))

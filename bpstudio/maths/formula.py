"""An activation function that somebody types: z / (1 + abs(z)), read by a grammar of our own.

    expression   term  { (+ | -) term }
    term         unary { (* | /) unary }
    unary        - unary | + unary | power
    power        atom [ ^ unary ]
    atom         number | z | pi | e | name ( expression { , expression } ) | ( expression )
                 where ( expression (< | <= | > | >=) expression , expression , expression )

Nothing else can be said in it, so nothing typed can do anything but be a formula. What is read is a tree; its value
and its derivative are computed together (see ``dual``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

LONGEST = 400
DEEPEST = 40
MOST = 100
"""The most characters, brackets or signs within one another, and operations: no text can exhaust anything."""

CONSTANTS: Mapping[str, float] = MappingProxyType({"pi": math.pi, "e": math.e})
FUNCTIONS: Mapping[str, int] = MappingProxyType(
    {
        **dict.fromkeys(("exp", "log", "sqrt", "abs", "sign"), 1),
        **dict.fromkeys(("sin", "cos", "tan", "atan", "sinh", "cosh", "tanh"), 1),
        **dict.fromkeys(("sigmoid", "relu", "softplus", "erf"), 1),
        **dict.fromkeys(("min", "max"), 2),
        "where": 3,
    }
)
"""The functions and how many arguments each takes."""

COMPARISONS = ("<", "<=", ">", ">=")
_ALSO = {"**": "^", "−": "-", "·": "*", "×": "*", "⋅": "*", "÷": "/", "π": "pi", "ln": "log", "≤": "<=", "≥": ">="}
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z_0-9]*|π)"
    r"|(?P<sign>\*\*|<=|>=|[-+*/^(),<>−·×⋅÷≤≥])"
)
_SUM, _PRODUCT, _MINUS, _POWER, _ATOM = range(5)
_LEVEL = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "neg": _MINUS, "^": _POWER}


class FormulaError(ValueError):
    """What cannot be read or computed, and where: ``position`` counts characters from 0; None for what is wrong with
    the formula as a whole.

    ``sentence`` is a template for ``values``, so that it can be said in another language; ``found`` is what stands
    there instead, "" at the end of the formula, None where that is no question.
    """

    def __init__(self, sentence: str, position: int | None = None, found: str | None = None, **values: str) -> None:
        instead = "" if found is None else f", not {found!r}" if found else ", but the formula ends here"
        place = "" if position is None else f" (at character {position + 1})"
        super().__init__(f"formula: {sentence.format(**values)}{instead}{place}")
        self.sentence = sentence
        self.values = values
        self.position = position
        self.found = found


@dataclass(frozen=True, slots=True)
class Node:
    """One operation and what it works on. ``kind`` is "number", "z", a name, or one of + - * / ^ neg and the
    comparisons; ``text`` is a number as it was typed.
    """

    kind: str
    arguments: tuple[Node, ...] = ()
    text: str = ""

    def walk(self) -> Iterator[Node]:
        """This node and all below it, each before what it works on."""
        yield self
        for argument in self.arguments:
            yield from argument.walk()

    @property
    def varies(self) -> bool:
        """Whether z occurs in it."""
        return self.kind == "z" or any(argument.varies for argument in self.arguments)


def parse(text: str) -> Node:
    """The tree of a formula. Raises FormulaError with the place and what was expected there."""
    return _Reader(text).formula()


def spelled(node: Node, z: str = "z", alone: str = "z") -> str:
    """The canonical text of a tree, from which ``parse`` makes the same tree; `z` stands in z's place, `alone` where
    it has a bracket to itself.
    """
    if node.kind == "z":
        return z
    if node.kind == "number":
        return node.text
    if node.kind in CONSTANTS:
        return node.kind
    inner = alone if node.kind in FUNCTIONS else z
    texts = [spelled(each, inner if each.kind == "z" else z, alone) for each in node.arguments]
    levels = [_LEVEL.get(argument.kind, _ATOM) for argument in node.arguments]
    if node.kind in FUNCTIONS:
        return f"{node.kind}({', '.join(texts)})"
    if node.kind in COMPARISONS:
        return f"{texts[0]} {node.kind} {texts[1]}"
    if node.kind == "neg":
        return f"-{_within(texts[0], levels[0] < _MINUS)}"
    left, right = texts
    if node.kind == "^":
        return f"{_within(left, levels[0] < _ATOM)}^{_within(right, levels[1] < _MINUS)}"
    own = _LEVEL[node.kind]
    return f"{_within(left, levels[0] < own)} {node.kind} {_within(right, levels[1] <= own)}"


def _within(text: str, is_needed: bool) -> str:
    return f"({text})" if is_needed else text


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


class _Reader:
    """Reads a text from left to right; each method reads one thing of the grammar."""

    def __init__(self, text: str) -> None:
        # Spaces do not count, so that a canonical text is never longer than what was typed.
        self._tokens = list(self._split(text)) if len(text) <= 10 * LONGEST else []
        if not self._tokens or sum(len(token.text) for token in self._tokens) > LONGEST:
            raise FormulaError("expected at most {most} characters", most=str(LONGEST))
        self._next = 0
        self._depth = 0

    def _split(self, text: str) -> Iterator[_Token]:
        place = 0
        while place < len(text):
            if text[place].isspace():
                place += 1
                continue
            found = _TOKEN.match(text, place)
            if found is None:
                raise FormulaError("{character} has no meaning here", place, character=f"“{text[place]}”")
            kind, raw = found.lastgroup or "", found.group()
            if kind == "number" and not math.isfinite(float(raw)):
                raise FormulaError("{number} is too large", place, number=raw)
            yield _Token(kind, _ALSO.get(raw, raw), place)
            place = found.end()
        yield _Token("end", "", len(text))

    @property
    def _here(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, *texts: str) -> str:
        """The next sign, if it is one of these; else nothing."""
        here = self._here
        if here.kind == "sign" and here.text in texts:
            self._next += 1
            return here.text
        return ""

    def _refusal(self, sentence: str, **values: str) -> FormulaError:
        here = self._here
        return FormulaError(sentence, here.position, here.text, **values)

    def formula(self) -> Node:
        node = self._expression()
        if self._here.kind != "end":
            if self._here.text == "," and self._tokens[self._next - 1].kind == "number":
                raise self._refusal("expected a point before decimals, as in 0.5")
            raise self._refusal("expected an operator such as + or * or the end")
        if sum(1 for _ in node.walk()) > 2 * MOST:
            raise FormulaError("expected at most {most} operations", most=str(MOST))
        if not node.varies:
            raise FormulaError("expected z somewhere in the formula")
        return node

    def _expression(self) -> Node:
        node = self._term()
        while sign := self._take("+", "-"):
            node = Node(sign, (node, self._term()))
        return node

    def _term(self) -> Node:
        node = self._unary()
        while sign := self._take("*", "/"):
            node = Node(sign, (node, self._unary()))
        return node

    def _unary(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            sentence = "expected at most {most} brackets and signs within one another"
            raise FormulaError(sentence, self._here.position, most=str(DEEPEST))
        sign = self._take("-", "+")
        node = self._unary() if sign else self._power()
        self._depth -= 1
        return Node("neg", (node,)) if sign == "-" else node

    def _power(self) -> Node:
        node = self._atom()
        return Node("^", (node, self._unary())) if self._take("^") else node

    def _atom(self) -> Node:
        here = self._here
        if here.kind == "number":
            self._next += 1
            return Node("number", text=here.text)
        if here.kind == "name":
            self._next += 1
            return self._named(here)
        if self._take("("):
            node = self._expression()
            self._close()
            return node
        raise self._refusal("expected a number, z, a function or an opening bracket")

    def _close(self) -> None:
        if not self._take(")"):
            raise self._refusal("expected an operator such as + or * or a closing bracket")

    def _named(self, name: _Token) -> Node:
        if name.text == "z" or name.text in CONSTANTS:
            return Node(name.text)
        if name.text not in FUNCTIONS:
            known = ", ".join(["z", *CONSTANTS, *FUNCTIONS])
            raise FormulaError("{name} is not known; known are {known}", name.position, name=name.text, known=known)
        if not self._take("("):
            raise self._refusal("expected an opening bracket after {name}", name=name.text)
        count = FUNCTIONS[name.text]
        arguments = [self._condition() if name.text == "where" else self._expression()]
        while len(arguments) < count:
            if not self._take(","):
                raise self._refusal(
                    "expected a comma: {name} takes {count} arguments", name=name.text, count=str(count)
                )
            arguments.append(self._expression())
        if self._here.text == ",":
            raise self._refusal(
                "expected a closing bracket: {name} takes {count} arguments", name=name.text, count=str(count)
            )
        self._close()
        return Node(name.text, tuple(arguments))

    def _condition(self) -> Node:
        left = self._expression()
        sign = self._take(*COMPARISONS)
        if not sign:
            raise self._refusal("expected a comparison such as z < 0")
        return Node(sign, (left, self._expression()))

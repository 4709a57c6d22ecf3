"""Several numbers at once: the first line where a learner's work leaves ours, and what only follows from it.

Who makes one mistake carries it on, and every later number is wrong as well without a further mistake. So the lines are
judged in the order of the walk, and each later line is also worked out from the learner's own earlier numbers: where it
comes out as typed it follows from what went before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bpstudio.insight.altered import Alterations, Asked, Pass, Quantity, Rule
from bpstudio.insight.elements import Edge, Element, Example, Lit
from bpstudio.insight.findings import together
from bpstudio.insight.named_numbers import find, without_names
from bpstudio.insight.notation import Letters, Notation, letters
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.recorded import is_dense
from bpstudio.insight.suspects import Case, fits
from bpstudio.insight.symbols import beat_of, sign_of, symbol_of
from bpstudio.insight.typed_number import Entry, NumberError, Typed, read_many
from bpstudio.insight.verdict import Verdict, judge
from bpstudio.insight.walk import Walk
from bpstudio.maths.operations import Array
from bpstudio.training.frame import Frame

State = Literal["right", "first", "follows", "again", "differs"]
#: So many numbers are judged at once.
MOST = 200
#: Typed numbers are only so exact; more than this nobody may be off, relatively.
_MOST_DOUBT = 0.03


@dataclass(frozen=True)
class ChainLine:
    """One of several numbers: right, the first wrong one, a consequence of it, the same slip again, or wrong by itself
    too.
    """

    asked: Asked
    symbol: str
    verdict: Verdict
    state: State


@dataclass(frozen=True)
class ChainVerdict:
    """The lines in the order of the walk, and the place of the first wrong one (None where all are right)."""

    lines: tuple[ChainLine, ...]
    first: int | None
    word: Phrase
    text: Phrase
    lit: tuple[Lit, ...]
    address: str

    @property
    def is_right(self) -> bool:
        """Whether every number is right as far as it was typed."""
        return self.first is None


def judge_text(
    frame: Frame,
    example: Example,
    target: Element,
    quantity: Quantity,
    text: str,
    notation: str | Notation = "mazur",
    digits: int = 9,
) -> Verdict | ChainVerdict:
    """Judge what was typed or pasted: one number, or several with or without names.

    Raises:
        NumberError: for what is no number, for a name that is not understood, and for a count that does not fit.
    """
    entries = read_many(text)
    asked = Asked(target, quantity)
    names = letters(notation, frame.experiment.network)
    if len(entries) == 1 and not entries[0].name:
        return judge(frame, example, target, quantity, entries[0].number, notation, digits)
    if len(entries) > MOST:
        raise NumberError("More than {count} numbers are too many.", count=MOST)
    if len(entries) == 1:
        named = find(entries[0].name, names, asked)
        return judge(frame, example, named.target, named.quantity, entries[0].number, notation, digits)
    if all(entry.name for entry in entries):
        what = [(find(entry.name, names, asked), entry.number) for entry in entries]
        return judge_chain(frame, example, what, notation, digits)
    if any(entry.name for entry in entries):
        nameless = next(place for place, entry in enumerate(entries, 1) if not entry.name)
        raise NumberError("Number {place} has no name, others have one.", place=nameless)
    chosen = _order(Case(frame, example, asked), entries, names)
    pairs = [(asked, entry.number) for asked, entry in zip(chosen, entries, strict=True)]
    return judge_chain(frame, example, pairs, notation, digits)


def _order(case: Case, entries: Sequence[Entry], names: Letters) -> tuple[Asked, ...]:
    """The order of lines in which most of the numbers are right."""
    possible = without_names(case, len(entries), names)

    def right(order: tuple[Asked, ...]) -> int:
        count = 0
        for asked, entry in zip(order, entries, strict=True):
            views = Case(case.frame, case.numbers.example, asked).views
            sign = sign_of(asked, names, entry.number.value, views[0].truth)
            count += any(bool(fits(entry.number, sign * view.truth, case.same)) for view in views)
        return count

    return max(possible, key=right)


def judge_chain(
    frame: Frame,
    example: Example,
    numbers: Iterable[tuple[Asked, Typed]],
    notation: str | Notation = "mazur",
    digits: int = 9,
) -> ChainVerdict:
    """Judge several numbers, each with what it is meant to be.

    Raises:
        NumberError: where none came, or two for the same thing.
        ValueError: for what the network does not have.
    """
    names = letters(notation, frame.experiment.network)
    walk = Walk.of(frame)
    given = list(numbers)
    if not given:
        raise NumberError("Type a number.")
    for place, (asked, _) in enumerate(given):
        if asked in [other for other, _ in given[:place]]:
            raise NumberError("{symbol} came twice.", symbol=symbol_of(asked, names))
    given.sort(key=lambda pair: _beat(pair[0], names, walk))
    lines: list[ChainLine] = []
    theirs = _Theirs(frame, example, names) if is_dense(frame.experiment.network) else None
    first: int | None = None
    for place, (asked, typed) in enumerate(given):
        verdict = judge(frame, example, asked.target, asked.quantity, typed, notation, digits)
        state: State = "right"
        if not verdict.is_right and theirs is not None and theirs.gives(asked, typed):
            # With earlier numbers that are right it is what their rounding left.
            state = "right" if first is None else "follows"
        elif not verdict.is_right:
            is_again = first is not None and _is_again(verdict, lines[first].verdict)
            state = "first" if first is None else "again" if is_again else "differs"
        if state == "first":
            first = place
        if theirs is not None:
            theirs.take(asked, typed)
        lines.append(ChainLine(asked, symbol_of(asked, names), verdict, state))
    return _chain_verdict(tuple(lines), first)


def _beat(asked: Asked, names: Letters, walk: Walk) -> tuple[int, int]:
    place = walk.find("edge", beat_of(asked, names))
    # The slope is looked at in the beat of δ, before it.
    return place, 0 if asked.quantity == "slope" else 1


def _chain_verdict(lines: tuple[ChainLine, ...], first: int | None) -> ChainVerdict:
    count = str(len(lines))
    if first is None:
        lit = tuple(dict.fromkeys(line.asked.target for line in lines))
        text = Phrase("All {count} numbers agree.", {"count": count})
        return ChainVerdict(lines, None, Phrase("agrees"), text, lit, lines[-1].verdict.address)
    wrong = lines[first]
    place = {"symbol": wrong.symbol, "place": str(first + 1), "count": count}
    said = [Phrase("{symbol} is the first that leaves ours ({place} of {count}).", place), wrong.verdict.text]
    follows = sum(line.state == "follows" for line in lines)
    if follows:
        one, many = Phrase("One later number follows from it."), Phrase("{count} later numbers follow from it.")
        said.append(one if follows == 1 else Phrase(many.template, {"count": str(follows)}))
    for state, words in (
        ("again", Phrase("The same slip again: {symbols}.")),
        ("differs", Phrase("These differ by themselves too: {symbols}.")),
    ):
        others = [line.symbol for line in lines if line.state == state]
        if others:
            shown = ", ".join(others if len(others) <= 4 else [*others[:3], "…"])
            said.append(Phrase(words.template, {"symbols": shown}))
    return ChainVerdict(lines, first, Phrase("differs"), together(said), wrong.verdict.lit, wrong.verdict.address)


def _is_again(verdict: Verdict, first: Verdict) -> bool:
    """Whether what went wrong first explains another number, too."""
    slips = {said.ids for said in first.explanations}
    is_told = verdict.kind in ("slip", "sign") and first.kind in ("slip", "sign")
    return is_told and any(said.ids in slips for said in verdict.explanations)


class _Theirs:
    """The pass as the learner has it: their numbers stand where they gave any, and the rest follows from those."""

    def __init__(self, frame: Frame, example: Example, names: Letters) -> None:
        self.frame, self.example, self.names = frame, example, names
        self._edits: dict[tuple[str, int], list[tuple[int, float, bool]]] = {}
        self._elements: dict[int, float] = {}
        self._gradients: dict[Element, float] = {}
        self._doubt = 0.0

    def take(self, asked: Asked, typed: Typed) -> None:
        """Put a typed number where it belongs."""
        value = typed.value * self._sign(asked, typed)
        layer, at, target = asked.layer, asked.unit, asked.target
        if typed.value:
            self._doubt = min(_MOST_DOUBT, self._doubt + typed.unit / 2 / abs(typed.value))
        match asked.quantity:
            case "z" | "a" | "slope" | "error" | "delta":
                self._edits.setdefault((asked.quantity, layer), []).append((at, value, False))
            case "product":
                self._edits.setdefault(("z", layer), []).append((at, value - self._now(asked), True))
            case "arrival" if isinstance(target, Edge):
                self._edits.setdefault(("error", layer - 1), []).append((target.source, value - self._now(asked), True))
            case "element":
                self._elements[at] = value - self._now(asked)
            case "gradient":
                self._gradients[target] = value

    def gives(self, asked: Asked, typed: Typed) -> bool:
        """Whether a number comes out of the learner's own earlier ones."""
        with np.errstate(all="ignore"):
            value = self._now(asked) * self._sign(asked, typed)
        case = Case(self.frame, self.example, asked)
        # The room that the rounding of this number and of all before it leaves.
        near = abs(value - typed.value) <= typed.unit / 2 * (1 + 1e-9) + self._doubt * abs(value)
        return bool(fits(typed, value, case.same)) or near

    def _sign(self, asked: Asked, typed: Typed) -> int:
        return sign_of(asked, self.names, typed.value, Case(self.frame, self.example, asked).views[0].truth)

    def _now(self, asked: Asked) -> float:
        case = Case(self.frame, self.example, asked)
        if asked.quantity == "new" and asked.target in self._gradients and self._is_one(case):
            return float(case.moved(case.velocity(np.array(self._gradients[asked.target]), {}), {}))
        view = case.views[0]
        total = view.weights @ self._pass(case).value(asked)
        if asked.quantity == "loss":
            total += sum(self._elements.values())
        return float(total) if asked.quantity != "new" else float(case.moved(case.velocity(total, {}), {}))

    @staticmethod
    def _is_one(case: Case) -> bool:
        """Whether the gradient that was typed is the one that the step uses."""
        return case.numbers.trace.rows == 1 or case.numbers.position is None

    def _pass(self, case: Case) -> Pass:
        row = case.numbers.position
        alterations: Alterations = {place: _edited(edits, row) for place, edits in self._edits.items()}
        return case.usual.altered(alterations)


def _edited(edits: list[tuple[int, float, bool]], row: int | None) -> Rule:
    """A rule that writes numbers of a learner into a place; of the whole batch it moves the mean."""

    def rule(p: Pass, layer: int, usual: Array) -> Array:
        changed = usual.copy()
        rows = slice(None) if row is None else slice(row, row + 1)
        for at, value, is_shift in edits:
            shift = value if is_shift else value - float(changed[rows, at].mean())
            changed[rows, at] += shift
        return changed

    return rule

"""Is it right, and if not, what happened? The verdict on a number that somebody worked out by hand.

A right number is never blamed: what agrees as far as it was typed, rounded, cut off, or rounded after every line, is
right, whatever slip would give the same digits. Only then are slips looked for, simplest first; and where the typed
digits are so few that something would fit by chance, the verdict says so in place of accusing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bpstudio.insight.altered import Asked, Quantity
from bpstudio.insight.elements import Edge, Element, Example, Lit, Unit
from bpstudio.insight.findings import Explanation, explanation, sentence, together
from bpstudio.insight.notation import Letters, Notation, letters, number, rough
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.rounding import MODES, Mode, rounded_before, rounded_value
from bpstudio.insight.suspects import Case, Lineup, View, fits, is_cut_to, rounds_to
from bpstudio.insight.symbols import SIGNED, beat_of, sign_of, symbol_of
from bpstudio.insight.typed_number import Typed, read_typed
from bpstudio.insight.walk import Walk
from bpstudio.training.frame import Frame

__all__ = ["Explanation", "Kind", "Verdict", "judge"]

Kind = Literal[
    "agrees",  # to all the digits that can be compared
    "rounded",  # right as far as it was typed
    "sign",  # right but for the sign
    "slip",  # what a slip gives, or two
    "unsure",  # slips fit, but so few digits were typed that they may fit by chance
    "close",  # the first digits agree
    "differs",
]

#: So many slips may be expected to fit by chance before a fit proves nothing; two at once are less likely than one.
_CHANCE_OF_ONE, _CHANCE_OF_TWO = 0.1, 0.02
#: From so many agreeing figures on a number is close.
_CLOSE = 3
#: Up to so much, relatively, a number may drift by rounding.
_NEAR = 0.01
#: With more digits on the way nobody works by hand.
_BY_HAND = 8
#: So many explanations are said when several fit.
_SAID = 3
_EVERY_LINE: dict[Mode, Phrase] = {
    "decimals": Phrase("Right, if every line is rounded to {count} decimals; exactly {symbol} = {value}."),
    "figures": Phrase("Right, if every line is rounded to {count} figures; exactly {symbol} = {value}."),
}
_LINES_BEFORE: dict[Mode, Phrase] = {
    "decimals": Phrase("Right, if every line before it is rounded to {count} decimals; exactly {symbol} = {value}."),
    "figures": Phrase("Right, if every line before it is rounded to {count} figures; exactly {symbol} = {value}."),
}
_WORDS: dict[Kind, Phrase] = {
    "agrees": Phrase("agrees"),
    "rounded": Phrase("agrees, rounded"),
    "sign": Phrase("opposite sign"),
    "slip": Phrase("differs"),
    "unsure": Phrase("differs"),
    "close": Phrase("nearly"),
    "differs": Phrase("differs"),
}


@dataclass(frozen=True)
class Verdict:
    """What a typed number is.

    `word` is for the place beside the field, `text` the explanation. `truth` is the right number that was compared with
    (that of the batch where the typed one is the batch's); `figures` says to how many figures the two agree. `lit` and
    `address` say where it went wrong (where the number is computed, if nothing did); `explanations` are all
    combinations of slips that fit, simplest first: the first one is in the text, others are named in it.
    """

    kind: Kind
    word: Phrase
    text: Phrase
    typed: Typed
    truth: float
    figures: int
    lit: tuple[Lit, ...]
    address: str
    explanations: tuple[Explanation, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether the number is right as far as it was typed."""
        return self.kind in ("agrees", "rounded")

    @property
    def is_plain(self) -> bool:
        """Whether it says what the number is, and in the simplest way: it is right, or one slip explains it."""
        is_one = self.kind == "slip" and len(self.explanations[0].findings) == 1
        return self.is_right or self.kind == "sign" or is_one


def judge(
    frame: Frame,
    example: Example,
    target: Element,
    quantity: Quantity,
    typed: str | Typed,
    notation: str | Notation = "mazur",
    digits: int = 9,
) -> Verdict:
    """Judge a typed number: `quantity` of `target` for the example.

    Quantities are gradient, new, product and arrival of an edge; z, a, slope, error, delta and element of a unit; and
    the loss. δ has the sign of the notation.

    Raises:
        NumberError: for a text that is no number.
        ValueError: for a target that the network does not have, or that has no such quantity.
    """
    number_typed = read_typed(typed) if isinstance(typed, str) else typed
    names = letters(notation, frame.experiment.network)
    if isinstance(target, (Edge, Unit)):
        names.names.check(target)
    return judged(Case(frame, example, Asked(target, quantity)), number_typed, names, digits)


def judged(case: Case, typed: Typed, names: Letters, digits: int = 9, briefly: bool = False) -> Verdict:
    """Judge a typed number as that of a case; `briefly` looks for single slips only."""
    with np.errstate(all="ignore"):
        case.sign = sign_of(case.asked, names, typed.value, case.views[0].truth)
        return _Judge(case, typed, names, digits, briefly).verdict()


class _Judge:
    def __init__(self, case: Case, typed: Typed, names: Letters, digits: int, briefly: bool) -> None:
        self.case, self.typed, self.names, self.digits, self.briefly = case, typed, names, digits, briefly
        self.symbol = symbol_of(case.asked, names)
        if case.sign < 0 and case.asked.quantity not in SIGNED:
            self.symbol = f"−{self.symbol}"
        self.truth = case.views[0].truth * case.sign

    def verdict(self) -> Verdict:
        for view in self.case.views:
            right = self._right(view)
            if right is not None:
                return right
        if not math.isfinite(self.truth):
            text = Phrase("{symbol} is not finite here: {value}.", self._named(self.truth))
            return self._made("differs", text, self.truth)
        if not self.case.is_searched:
            return self._different()
        on_the_way = self._rounded_on_the_way()
        if on_the_way is not None:
            return on_the_way
        single, double = Lineup(), Lineup()
        if self.typed.value != 0:
            single, double = self.case.search(self.typed, pairs=not self.briefly)
        for lineup, limit in ((single, _CHANCE_OF_ONE), (double, _CHANCE_OF_TWO)):
            if lineup.suspects and (lineup is single or lineup.by_chance <= limit):
                return self._slipped(lineup, is_sure=lineup.by_chance <= limit)
        return self._different()

    # ---- right

    def _right(self, view: View) -> Verdict | None:
        truth, typed, same = view.truth * self.case.sign, self.typed, self.case.same
        if not math.isfinite(truth):
            return None
        figures = agreeing(typed.value, truth)
        if abs(typed.value - truth) <= same * abs(truth):
            shown = min(figures, typed.figures) if typed.value else 1
            text = Phrase("Agrees to {count} digits.", {"count": str(shown)})
            if typed.is_exact or truth == 0 or shown == 1:
                text = Phrase("Agrees.")
            return self._made("agrees", self._noted(text, view), truth, figures)
        if typed.is_exact:
            return None
        parts = {**self._named(truth), "decimals": str(typed.decimals), "figures": str(typed.figures)}
        if bool(rounds_to(typed, truth, same)):
            if typed.value == 0 and typed.decimals <= 0:
                text = Phrase("Rounded to a whole number nothing is left of {value}: type more digits.", parts)
            elif typed.value == 0 and typed.decimals == 1:
                text = Phrase("Rounded to one decimal nothing is left of {value}: type more digits.", parts)
            elif typed.value == 0:
                text = Phrase("Rounded to {decimals} decimals nothing is left of {value}: type more digits.", parts)
            elif typed.decimals == 1:
                text = Phrase("Agrees after rounding to one decimal: {symbol} = {value}.", parts)
            elif typed.decimals == 0:
                text = Phrase("Agrees after rounding to a whole number: {symbol} = {value}.", parts)
            elif 0 < typed.decimals < 12:
                text = Phrase("Agrees after rounding to {decimals} decimals: {symbol} = {value}.", parts)
            elif typed.figures == 1:
                text = Phrase("Agrees after rounding to one figure: {symbol} = {value}.", parts)
            else:
                text = Phrase("Agrees after rounding to {figures} figures: {symbol} = {value}.", parts)
            return self._made("rounded", self._noted(text, view), truth, figures)
        if typed.value and bool(is_cut_to(typed, truth)):
            text = Phrase("Agrees, but it was cut off rather than rounded: {symbol} = {value}.", parts)
            return self._made("rounded", self._noted(text, view), truth, figures)
        return None

    def _noted(self, text: Phrase, view: View) -> Phrase:
        if view.note is None:
            return text
        return together([text, Phrase("It is {what}.", {"what": view.note})])

    def _rounded_on_the_way(self) -> Verdict | None:
        """Right, when every line was rounded as the typed number is, or every line before it to fewer digits."""
        typed = self.typed
        if typed.is_exact or not typed.value:
            return None
        sign, same = self.case.sign, self.case.same
        digits = list(zip(MODES, (typed.decimals, typed.figures), strict=True))
        for mode, count in digits:
            value = rounded_value(self.case, mode, count) if 2 <= count <= 12 else None
            if value is not None and math.isclose(value * sign, typed.value, rel_tol=1e-9):
                return self._rounded(_EVERY_LINE[mode], count)
        if typed.figures < _CLOSE or self.briefly:
            return None
        for mode, count in digits:
            fewer = range(min(count - 1, _BY_HAND), 1, -1)
            for digit, values in rounded_before(self.case, mode, fewer):
                if any(bool(fits(typed, value * sign, same)) for value in values):
                    return self._rounded(_LINES_BEFORE[mode], digit)
        return None

    def _rounded(self, said: Phrase, count: int) -> Verdict:
        text = Phrase(said.template, {**self._named(self.truth), "count": str(count)})
        return self._made("rounded", text, self.truth)

    # ---- not right

    def _slipped(self, lineup: Lineup, is_sure: bool) -> Verdict:
        said = [explanation(self.case, suspect, self.names, self.digits) for suspect in lineup.suspects[: _SAID + 1]]
        first = said[0]
        lit = tuple(dict.fromkeys(element for finding in first.findings for element in finding.lit))
        where = _earliest([finding.address for finding in first.findings], self.case)
        explanations = tuple(said[:_SAID])
        # The other sign is so likely that even one digit says it.
        if not is_sure and first.ids != ("opposite_sign",):
            values = {"what": first.findings[0].words}
            text = Phrase("It could be what comes out {what}; more digits would tell.", values)
            return self._made("unsure", text, self.truth, None, lit, where, explanations)
        if first.ids == ("opposite_sign",):
            text = together([Phrase("The size agrees, the sign is the opposite one."), first.findings[0].remedy])
            return self._made("sign", self._also(text, said), self.truth, None, lit, where, explanations)
        parts = [sentence(first), *(finding.remedy for finding in first.findings)]
        if first.note is not None:
            parts.append(Phrase("Compared with {what}.", {"what": first.note}))
        return self._made("slip", self._also(together(parts), said), self.truth, None, lit, where, explanations)

    def _also(self, text: Phrase, said: list[Explanation]) -> Phrase:
        """Name the other combinations that fit as well."""
        others = [text]
        for other in said[1:_SAID]:
            what: Phrase = other.findings[0].words
            if len(other.findings) > 1:
                what = Phrase("{what} and {and}", {"what": what, "and": other.findings[1].words})
            others.append(Phrase("The same comes out {what}.", {"what": what}))
        if len(said) > _SAID:
            others.append(Phrase("Other slips fit too."))
        return together(others)

    def _different(self) -> Verdict:
        typed, truth = self.typed, self.truth
        figures = agreeing(typed.value, truth)
        parts = self._named(truth)
        if figures >= _CLOSE:
            text = Phrase(
                "Agrees to {count} digits, then leaves ours: {symbol} = {value}. Rounding on the way can do that.",
                {**parts, "count": str(figures)},
            )
            return self._made("close", text, truth, figures)
        if truth == 0 or typed.value == 0:
            return self._made("differs", self._told(Phrase("{symbol} = {value}.", parts)), truth)
        factor = typed.value / truth
        if abs(factor - 1) < _NEAR and typed.figures >= _CLOSE:
            off = {**parts, "percent": number(float(f"{100 * (factor - 1):.2g}"), 9)}
            text = Phrase("It is off by {percent} %: {symbol} = {value}. Rounding on the way can do that.", off)
            return self._made("close", text, truth, figures)
        text = Phrase("It is {factor} times ours: {symbol} = {value}.", {**parts, "factor": _factor(factor)})
        if typed.figures < _CLOSE and self.case.is_searched:
            text = together([text, Phrase("With more digits a slip could be told.")])
        return self._made("differs", self._told(text), truth)

    def _told(self, text: Phrase) -> Phrase:
        """Say where nothing was looked for."""
        if self.case.is_searched:
            return text
        return together([text, Phrase("What went wrong is looked for only where all layers are dense.")])

    # ---- making one

    def _named(self, truth: float) -> dict[str, str | Phrase]:
        return {"symbol": self.symbol, "value": number(truth, self.digits)}

    def _made(
        self,
        kind: Kind,
        text: Phrase,
        truth: float,
        figures: int | None = None,
        lit: tuple[Lit, ...] = (),
        address: str = "",
        explanations: tuple[Explanation, ...] = (),
    ) -> Verdict:
        agree = agreeing(self.typed.value, truth) if figures is None else figures
        where = address or beat_of(self.case.asked, self.names)
        elements = lit or (self.case.asked.target,)
        return Verdict(kind, _WORDS[kind], text, self.typed, truth, agree, elements, where, explanations)


def agreeing(value: float, truth: float) -> int:
    """To how many significant figures two numbers agree."""
    if value == truth:
        return 17
    if truth == 0 or not math.isfinite(truth):
        return 0
    off = abs(value - truth) / 10.0 ** math.floor(math.log10(abs(truth)))
    return max(0, min(17, math.floor(1 - math.log10(2 * off)))) if off < 5 else 0


def _factor(value: float) -> str:
    return rough(value, 3) if not 1e-3 <= abs(value) < 1e4 else number(float(f"{value:.4g}"), 6)


def _earliest(addresses: list[str], case: Case) -> str:
    """The first of some beats in the order of the walk."""
    if len(addresses) == 1:
        return addresses[0]
    walk = Walk.of(case.frame)
    return min(addresses, key=lambda address: walk.find("edge", address))

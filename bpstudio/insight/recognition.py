"""Which of the numbers of a thing is it that somebody typed?

An edge has a gradient, a new value, what it sends forward and what comes back over it; a unit z, a, δ and what makes
them. Nobody should have to say which one a number is when the number says it itself. So what fits as it stands is
found first; then what one slip makes of the quantity that was looked at, or of one whose value is near; and where that
says nothing, two slips, or one of a quantity whose value is far.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from bpstudio.engine.layers import Conv2D
from bpstudio.engine.network import Network
from bpstudio.insight.altered import Asked, Quantity
from bpstudio.insight.elements import Edge, Element, Example, LossNode, Unit
from bpstudio.insight.findings import together
from bpstudio.insight.notation import Letters, Notation, letters
from bpstudio.insight.notation import number as decimal
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.suspects import SHALLOW, Case, fits
from bpstudio.insight.symbols import SIGNED, symbol_of
from bpstudio.insight.typed_number import Typed, read_typed
from bpstudio.insight.verdict import Kind, Verdict, judged
from bpstudio.training.frame import Frame

_TELLING: tuple[Kind, ...] = ("agrees", "rounded", "sign", "slip")
"""Verdicts that say what the number is."""
_NEAR = 1.0
"""The logarithm of the factor up to which a number is looked at as another quantity, with its slips, too."""
_SURE_FIGURES = 3
"""With so many digits one slip of a quantity with quite another value tells, too."""
_FEW = 1000
"""In a network with more weights nobody works so many numbers out by hand that they are to be told apart at once."""
_LEAST_FIGURES = 2
"""A number of fewer digits is near to nearly everything: it is one of the two that are thought of first, or exact."""


@dataclass(frozen=True)
class Judged:
    """A verdict, and of which number it is: `symbol` is how that is written."""

    asked: Asked
    symbol: str
    verdict: Verdict


def quantities(network: Network, target: Element) -> tuple[Quantity, ...]:
    """What can be asked about an element, the most asked first; nothing of an input, a target or a +1 node."""
    depth = len(network.layers)
    match target:
        case Edge(layer=layer) as edge:
            if edge.is_bias or isinstance(network.layers[layer - 1], Conv2D):
                return ("gradient", "new")  # a number of a kernel sends something at each place
            return ("gradient", "new", "arrival", "product") if layer > 1 else ("gradient", "new", "product")
        case Unit(layer=0):
            return ()
        case Unit(layer=layer):
            found: tuple[Quantity, ...] = ("delta", "a", "z", "error", "slope")
            if layer == depth and _is_joint(network):
                found = ("delta", "a", "z", "error")
            return (*found, "element") if layer == depth else found
        case LossNode():
            return ("loss",)
    return ()


def recognised(
    frame: Frame,
    example: Example,
    target: Element,
    typed: str | Typed,
    notation: str | Notation = "mazur",
    digits: int = 9,
    preferred: Sequence[Quantity] = (),
) -> Judged:
    """Judge a number as that quantity of the target which it most likely is; `preferred` are thought of first.

    Few digits that are wrong there and would be right for another quantity are told so.

    Raises:
        NumberError: for a text that is no number.
        ValueError: for a target of which nothing can be asked, or that the network does not have.
    """
    possible = quantities(frame.experiment.network, target)
    if not possible:
        raise ValueError(f"target: expected an edge, a computed unit or the loss, came {target}")
    number = read_typed(typed) if isinstance(typed, str) else typed
    order = [*(q for q in preferred if q in possible), *(q for q in possible if q not in preferred)]
    likely = order if number.figures >= _LEAST_FIGURES else order[:2]
    names = letters(notation, frame.experiment.network)
    if isinstance(target, (Edge, Unit)):
        names.names.check(target)
    cases: dict[Quantity, Case] = {}
    for quantity in order:
        cases[quantity] = Case(frame, example, Asked(target, quantity), beside=next(iter(cases.values()), None))

    def as_(quantity: Quantity, briefly: bool = False) -> Judged:
        case = cases[quantity]
        return Judged(case.asked, symbol_of(case.asked, names), judged(case, number, names, digits, briefly))

    if len(order) == 1:
        return as_(order[0])
    with np.errstate(all="ignore"):
        truths = {quantity: _truths(case, names) for quantity, case in cases.items()}
    fitting = [q for q in order if any(_is(number, truth, cases[q].same) for truth in truths[q])]
    found = next(
        (q for q in fitting if q in likely or any(_is_exactly(number, t, cases[q].same) for t in truths[q])), None
    )
    if found is not None:
        return as_(found)
    far = {quantity: _distance(number.value, truths[quantity][0]) for quantity in likely}
    network = frame.experiment.network
    is_small = (
        len(network.layers) <= SHALLOW and sum(inputs * units for inputs, units in pairwise(network.sizes)) <= _FEW
    )
    best = _simplest(as_, number, likely, far, is_small)
    if not fitting or best.verdict.is_right:
        return best
    other = {"symbol": symbol_of(cases[fitting[0]].asked, names), "value": decimal(truths[fitting[0]][0], digits)}
    text = together([best.verdict.text, Phrase("It would be right for {symbol} = {value}.", other)])
    return replace(best, verdict=replace(best.verdict, text=text))


def _simplest(
    as_: Callable[..., Judged], number: Typed, likely: list[Quantity], far: dict[Quantity, float], widely: bool
) -> Judged:
    """Of a number that is right for nothing: as which quantity the least has to be wrong."""
    first = as_(likely[0])
    if first.verdict.is_right or first.verdict.kind == "sign":
        return first
    others = sorted(likely[1:], key=far.__getitem__)
    near = [as_(quantity, briefly=True) for quantity in others if far[quantity] <= _NEAR]
    # What is right by rounding, or simply has the other sign, was no slip of something else.
    nearly = [other for other in near if other.verdict.is_right or other.verdict.kind == "sign"]
    if first.verdict.is_plain or nearly:
        return (nearly or [first])[0]
    one_slip = [other for other in near if other.verdict.is_plain and far[other.asked.quantity] <= far[likely[0]]]
    if one_slip or first.verdict.kind == "slip":
        return (one_slip or [first])[0]
    if near and first.verdict.kind != "close" and far[others[0]] < far[likely[0]]:
        other = as_(others[0])
        if other.verdict.kind in (*_TELLING, "close"):
            return other
    is_worth = widely and number.figures >= _SURE_FIGURES and first.verdict.kind == "differs"
    distant = others[len(near) :] if is_worth else []
    return next((other for q in distant if (other := as_(q, briefly=True)).verdict.is_plain), first)


def _is_joint(network: Network) -> bool:
    return network.layers[-1].activation == "softmax"


def _truths(case: Case, names: Letters) -> list[float]:
    sign = names.notation.delta_sign if case.asked.quantity in SIGNED else 1
    return [sign * view.truth for view in case.views]


def _is(number: Typed, truth: float, same: float) -> bool:
    if not math.isfinite(truth) or (number.value == 0) != (truth == 0):
        return False
    return bool(fits(number, truth, same))


def _is_exactly(number: Typed, truth: float, same: float) -> bool:
    return abs(number.value - truth) <= same * abs(truth)


def _distance(value: float, truth: float) -> float:
    """How far a number is from another one, in factors; the sign counts little."""
    if value == 0 or truth == 0 or not math.isfinite(truth):
        return math.inf if value != truth else 0.0
    return abs(math.log(abs(value / truth))) + 0.1 * (value * truth < 0)

"""Which of the numbers of a thing is it that somebody typed?

An edge has a gradient, a new value, what it sends forward and what comes back over it; a unit z, a, δ and what makes
them. Nobody should have to say which one a number is when the number says it itself. So what fits as it stands is
found first; otherwise it is compared with the quantity whose value is nearest, and with the one that was looked at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bpstudio.engine.network import Network
from bpstudio.insight.altered import Asked, Quantity
from bpstudio.insight.elements import Edge, Element, Example, LossNode, Unit
from bpstudio.insight.notation import Notation, letters
from bpstudio.insight.suspects import Case, fits
from bpstudio.insight.symbols import SIGNED, symbol_of
from bpstudio.insight.typed_number import Typed, read_typed
from bpstudio.insight.verdict import Kind, Verdict, judge
from bpstudio.training.frame import Frame

_TELLING: tuple[Kind, ...] = ("agrees", "rounded", "sign", "slip")
"""Verdicts that say what the number is."""
_NEAR = 1.0
"""The logarithm of the factor up to which a number is looked at as another quantity, with its slips, too."""
_LEAST_FIGURES = 2
"""A number of fewer digits is near to nearly everything: it is one of the two that are thought of first."""


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
            if edge.is_bias:
                return ("gradient", "new")
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

    Raises:
        NumberError: for a text that is no number.
        ValueError: for a target of which nothing can be asked, or that the network does not have.
    """
    possible = quantities(frame.experiment.network, target)
    if not possible:
        raise ValueError(f"target: expected an edge, a computed unit or the loss, came {target}")
    number = read_typed(typed) if isinstance(typed, str) else typed
    order = [*(q for q in preferred if q in possible), *(q for q in possible if q not in preferred)]
    if number.figures < _LEAST_FIGURES:
        order = order[:2]
    names = letters(notation, frame.experiment.network)

    def as_(quantity: Quantity) -> Judged:
        asked = Asked(target, quantity)
        verdict = judge(frame, example, target, quantity, number, notation, digits)
        return Judged(asked, symbol_of(asked, names), verdict)

    if len(order) == 1:
        return as_(order[0])
    with np.errstate(all="ignore"):
        truths = {quantity: _truths(frame, example, Asked(target, quantity), notation) for quantity in order}
    same = 1e-9 if frame.experiment.dtype == "float64" else 3e-6
    fitting = [q for q in order if any(_is(number, truth, same) for truth in truths[q])]
    if fitting:
        return as_(fitting[0])
    first = as_(order[0])
    nearest = min(order, key=lambda quantity: _distance(number.value, truths[quantity][0]))
    far = _distance(number.value, truths[nearest][0]) > _NEAR
    if first.verdict.kind in _TELLING or nearest == order[0] or far:
        return first
    other = as_(nearest)
    return other if other.verdict.kind in (*_TELLING, "close") and first.verdict.kind != "close" else first


def _is_joint(network: Network) -> bool:
    return network.layers[-1].activation == "softmax"


def _truths(frame: Frame, example: Example, asked: Asked, notation: str | Notation) -> list[float]:
    sign = letters(notation, frame.experiment.network).notation.delta_sign if asked.quantity in SIGNED else 1
    return [sign * view.truth for view in Case(frame, example, asked).views]


def _is(number: Typed, truth: float, same: float) -> bool:
    if not math.isfinite(truth) or (number.value == 0) != (truth == 0):
        return False
    return bool(fits(number, truth, same))


def _distance(value: float, truth: float) -> float:
    """How far a number is from another one, in factors; the sign counts little."""
    if value == 0 or truth == 0 or not math.isfinite(truth):
        return math.inf if value != truth else 0.0
    return abs(math.log(abs(value / truth))) + 0.1 * (value * truth < 0)

"""Why training came to rest: what is said of it, and at which beat of the step it became true.

    ‖∇C‖                  the last beat backward, when the whole gradient is known
    a unit flat or dead   the beat forward in which it is computed
    a weight over zero    the beat of the update that carries it there
    an answer             the beat forward of the output
    an expression         the beat in which the last of its numbers is known; the step, where none belongs to a beat
    not finite            the beat of the first operation whose result is not
    a validation          the step: it is judged between steps, on other rows

An address stands for its beat at every grain. What the network does not have any more is called by its numbers, and its
address is that of the step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from bpstudio.engine.network import Network
from bpstudio.insight.asked import unit_of, weight_of
from bpstudio.insight.diagnostics import located
from bpstudio.insight.notation import Letters, Notation, letters, number
from bpstudio.insight.phrase import Phrase, plain
from bpstudio.insight.resting import why
from bpstudio.insight.signs import short
from bpstudio.insight.walk import Walk
from bpstudio.training.breakpoints import Hit
from bpstudio.training.conditions import (
    Expression,
    GradientNorm,
    PredictionFlips,
    UnitDies,
    UnitFlat,
    ValidationTurns,
    WeightCrosses,
)
from bpstudio.training.divergence import NonFinite
from bpstudio.training.expression import ExpressionError, first_comparison, parse, written
from bpstudio.training.past import Event

STEP = "step"
"""The address of what belongs to no beat."""

_LOSS = ("loss", "objective", "penalty", "accuracy")


def address(event: Event | Hit, walk: Walk) -> str:
    """The address of the beat at which something happened; "step" where it belongs to none of this walk."""
    hit = event.hit if isinstance(event, Event) else event
    found = STEP
    if hit is not None:
        found = _address_of(hit, walk)
    elif isinstance(event, Event) and event.nonfinite is not None:
        found = _address_of_nonfinite(event.nonfinite, walk)
    try:
        walk.find("edge", found)
    except ValueError:
        return STEP
    return found


def _address_of(hit: Hit, walk: Walk) -> str:
    network, names = walk.network, walk.names
    match hit.condition:
        case GradientNorm():
            return _last_backward(network)
        case UnitFlat() | UnitDies():
            unit = unit_of(hit.layer, hit.index[0] if hit.index else -1, network)
            return STEP if unit is None else f"forward/{names.element(unit)}"
        case WeightCrosses() as crossing:
            weight = weight_of(crossing, network)
            return STEP if isinstance(weight, str) else f"update/{names.element(weight)}"
        case PredictionFlips():
            return f"forward/layer{len(network.layers)}"
        case Expression(text):
            return _last_known(text, walk)
        case ValidationTurns():
            return STEP


def _last_backward(network: Network) -> str:
    first = next((number for number, layer in enumerate(network.layers, 1) if layer.has_weights), 0)
    return f"backward/layer{first}/weights" if first else STEP


def _last_known(text: str, walk: Walk) -> str:
    """The beat in which the last of the numbers of an expression is known."""
    known: list[tuple[int, str]] = []
    try:
        columns = parse(text).columns
    except ExpressionError:
        return STEP
    for column in columns:
        name, _, layer = column.partition("/")
        where = {"norm": f"backward/layer{layer}/weights", "gradient_norm": _last_backward(walk.network)}.get(name, "")
        where = where or ("loss/C" if name in _LOSS else f"forward/layer{layer}" if layer else "")
        if name == "flat_share":
            where = f"forward/layer{len(walk.network.layers)}"
        if where:
            try:
                known.append((walk.find("edge", where), where))
            except ValueError:
                return STEP
    return max(known)[1] if known else STEP


def _address_of_nonfinite(found: NonFinite, walk: Walk) -> str:
    place = located(found, Letters("mazur", walk.network))
    return STEP if place is None else place.address


def said(
    event: Event | Hit, network: Network, notation: str | Notation = "mazur", classes: Sequence[str] = ()
) -> Phrase:
    """What happened, as a clause without the step: “w₅ crosses zero: 0.012 → −0.003”. ``classes`` are the names of the
    data's classes.
    """
    if isinstance(event, Hit):
        return _of_hit(event, network, notation, classes)
    if event.hit is not None:
        return _of_hit(event.hit, network, notation, classes)
    if event.nonfinite is not None:
        place = located(event.nonfinite, letters(notation, network))
        if place is not None:
            return place.words(many_rows=False)
        return Phrase("a number of layer {layer} is not finite", {"layer": str(event.nonfinite.layer)})
    return plain("") if event.stopped is None else why(event.stopped)


def told(
    event: Event | Hit, network: Network, notation: str | Notation = "mazur", classes: Sequence[str] = ()
) -> Phrase:
    """What happened, and in which step: “step 412: ‖∇C‖ rose from 98.7 to 153, above 100”."""
    clause = said(event, network, notation, classes)
    if isinstance(event, Event) and event.stopped is not None:
        return clause  # it names the step itself
    return Phrase("step {step}: {what}", {"step": f"{event.step:,}", "what": clause})


def _of_hit(hit: Hit, network: Network, notation: str | Notation, classes: Sequence[str]) -> Phrase:
    names = letters(notation, network)
    values: dict[str, str | Phrase] = {"value": short(hit.value), "before": short(hit.before)}
    match hit.condition:
        case GradientNorm(low, high):
            if hit.value > high:
                return Phrase("‖∇C‖ rose from {before} to {value}, above {high}", {**values, "high": number(high)})
            return Phrase("‖∇C‖ fell from {before} to {value}, below {low}", {**values, "low": number(low)})
        case UnitFlat() | UnitDies() as about:
            unit = unit_of(hit.layer, hit.index[0] if hit.index else -1, network)
            name = names.element(unit) if unit is not None else f"h^{hit.layer}_{(*hit.index, 0)[0] + 1}"
            values |= {"unit": name, "count": f"{hit.others:,}"}
            if isinstance(about, UnitDies):
                if hit.others:
                    return Phrase("{unit} and {count} more died: off for every row of the batch", values)
                return Phrase("{unit} died: off for every row of the batch", values)
            if hit.others:
                return Phrase("{unit} and {count} more went flat for every row of the batch", values)
            return Phrase("{unit} went flat: |f′| is {value} at most in every row of the batch", values)
        case ValidationTurns(times):
            values = {"value": number(hit.value, 6), "before": number(hit.before, 6), "times": str(times)}
            if times == 1:
                return Phrase("the validation loss rose from {before} to {value}", values)
            return Phrase("the validation loss rose {times} times in a row, to {value}", values)
        case WeightCrosses() as crossing:
            weight = weight_of(crossing, network)
            values["name"] = weight if isinstance(weight, str) else names.element(weight)
            if hit.value == 0:
                return Phrase("{name} reaches zero: {before} → {value}", values)
            return Phrase("{name} crosses zero: {before} → {value}", values)
        case PredictionFlips(row):
            values = {"row": f"{row + 1:,}", "value": _class(hit.value, classes), "before": _class(hit.before, classes)}
            return Phrase("the answer for row {row} changed from {before} to {value}", values)
        case Expression(text):
            return _of_expression(text, hit.value)


def _class(value: float, classes: Sequence[str]) -> str:
    """The name of a class; its number, counted from 1, where it has none."""
    if math.isfinite(value) and 0 <= int(value) < len(classes):
        return classes[int(value)]
    return str(int(value) + 1) if math.isfinite(value) else number(value)


def _of_expression(text: str, value: float) -> Phrase:
    values = {"text": " ".join(text.split())}
    try:
        left = first_comparison(parse(text)).arguments[0]
    except ExpressionError:
        return Phrase("{text} became true", values)
    if left.kind != "column":
        return Phrase("{text} became true", values)
    return Phrase("{text} became true: {name} = {value}", {**values, "name": written(left.text), "value": short(value)})

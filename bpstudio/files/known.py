"""Digits that a lesson promises, and where they are read off.

A lesson says "the loss is 0.298371109" because somebody computed it elsewhere. Here the sentence is data: what to read
off the recorded step, after how many updates, and what must stand there. A test asks every digit of every lesson, and a
window can show the sheet's number beside the computed one.

    {"what": "loss", "after": 1, "value": 0.291027774, "decimals": 9}
    {"what": "layer2.W_used[1][0] * layer2.delta[0][1]", "value": -0.0190491183, "decimals": 10}
    {"what": "layer1.W[0] - layer1.W[1]", "after": 500, "value": [0.0, 0.0]}
    {"what": "1 - layer1.a[0][0]", "value": 0.4067, "decimals": 4}
    {"what": "validation accuracy", "after": 600, "above": 0.95}
    {"what": "layer1.mean", "after": 240, "below": 0.18}

`what` is a metric, or an array of a layer with indices counted from 0 (rows of the batch, units, inputs; of images rows
of the batch, channels, rows and columns; of kernels filters, channels, rows and columns), or several of them and plain
numbers joined by one kind of operator, read from left to right. Without decimals a value is meant to the last bit;
one bound may stand for all numbers of an array.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bpstudio.data import records
from bpstudio.engine.network import Network
from bpstudio.engine.passes import input_gradient
from bpstudio.files import wording
from bpstudio.files.wording import Wording
from bpstudio.maths.losses import loss as loss_named
from bpstudio.training.frame import Frame

METRICS = ("loss", "accuracy", "gradient_norm", "flat_share")
LAYER_METRICS = ("norm", "saturation", "flat", "off")
VALIDATION = ("validation loss", "validation accuracy")
WHOLE = ("penalty", "objective")
"""Of the step: what the penalties come to, and the loss with it."""
ROW_LIKE = ("x", "z", "a", "slope", "delta", "dx")
WEIGHT_LIKE = ("W", "dW", "update_W", "W_used")
BIAS_LIKE = ("b", "db", "update_b", "mean", "term")
"""One number per unit; mean and term are those of a sparsity, where one is asked of the layer."""
QUANTITIES = ROW_LIKE + WEIGHT_LIKE + BIAS_LIKE
OUTPUT_LIKE = ("elements", "dC_da", "y")
"""Of rows and outputs, without a layer's name: each output's part of the row's own cost, ∂C/∂a, the target."""
MAX_STEPS = 1_000_000

Value = float | tuple[Any, ...]
"""A number, or nested tuples of numbers."""

Relation = Literal["equal", "above", "below"]

_OPERATORS = {" * ": np.multiply, " / ": np.divide, " - ": np.subtract, " + ": np.add}
_NUMBER = re.compile(r"\d{1,15}(\.\d{1,15})?")
_TERM = re.compile(r"((?P<layer>\w{1,60})\.)?(?P<quantity>\w{1,20})(?P<indices>(\[\d{1,9}\]){0,4})")


@dataclass(frozen=True)
class Known:
    """One promise. `printed` is what a page prints where that is another number; `at` the beat that shows it."""

    what: str
    value: Value
    after: int = 0
    decimals: int | None = None
    relation: Relation = "equal"
    printed: str = ""
    at: str = ""
    note: Wording = field(default_factory=Wording)

    def measure(self, frame: Frame) -> NDArray[np.float64]:
        """The number (or array) in a frame of the step `after`. Raises ValueError where that has no such number."""
        if frame.step != self.after:
            raise ValueError(f"{self.what}: is promised for step {self.after}, the frame shows step {frame.step}")
        operator, terms = _split(self.what)
        result = _term(frame, terms[0])
        for term in terms[1:]:
            result = np.asarray(_OPERATORS[operator](result, _term(frame, term)), dtype=np.float64)
        if not result.size:
            raise ValueError(f"{self.what}: this layer has no such numbers")
        return result

    def holds(self, frame: Frame) -> bool:
        """Whether the frame keeps the promise."""
        got = self.measure(frame)
        promised = np.asarray(self.value, dtype=np.float64)
        if self.relation != "equal":
            # One bound is meant for each of several numbers.
            fits = promised.shape in ((), got.shape)
            return fits and bool(np.all(got > promised if self.relation == "above" else got < promised))
        if got.shape != promised.shape:
            return False
        if self.decimals is None:
            return bool(np.array_equal(got, promised))
        # Half a unit of the last printed place, and a hair more: the printed number itself is a rounded double.
        return bool(np.all(np.abs(got - promised) <= 0.5000001 * 10.0**-self.decimals))

    def check(self, network: Network, path: str) -> None:
        """Raise ValueError, naming the place under `path`, unless the network has what is to be read off."""
        terms = [term for term in _split(self.what)[1] if not _NUMBER.fullmatch(term)]
        if not terms:
            raise ValueError(f"{path}.what: expected something that a step computes, got {records.shown(self.what)}")
        for term in terms:
            _check_term(network, term, f"{path}.what")


def read(document: object, path: str, begun: int = 0) -> Known:
    """A promise from its JSON form, about a run that begins at the step ``begun``."""
    relations: tuple[Relation, ...] = ("above", "below")
    keys = ("what", "after", "value", "decimals", *relations, "printed", "at", "note")
    entries = records.mapping(document, path, keys, ("what",))
    given = [key for key in ("value", *relations) if key in entries]
    if len(given) != 1:
        raise ValueError(f"{path}: expected exactly one of value, above, below, got {', '.join(given) or 'none'}")
    relation: Relation = next((each for each in relations if each in entries), "equal")
    after = records.whole(entries.get("after", 0), f"{path}.after")
    if not 0 <= after <= begun + MAX_STEPS:
        raise ValueError(f"{path}.after: expected a step from 0 to {begun + MAX_STEPS:,}, got {after:,}")
    decimals = None
    if "decimals" in entries:
        decimals = records.whole(entries["decimals"], f"{path}.decimals")
        if not 0 <= decimals <= 17:
            raise ValueError(f"{path}.decimals: expected 0 to 17, got {decimals}")
        if relation != "equal":
            raise ValueError(f"{path}.decimals: belongs to a value, not to {relation}")
    return Known(
        what=wording.line(entries["what"], f"{path}.what"),
        value=_value(entries[given[0]], f"{path}.{given[0]}"),
        after=after,
        decimals=decimals,
        relation=relation,
        printed=wording.line(entries.get("printed", ""), f"{path}.printed"),
        at=wording.line(entries.get("at", ""), f"{path}.at"),
        note=wording.read(entries.get("note", ""), f"{path}.note"),
    )


def write(known: Known) -> dict[str, Any]:
    """The JSON form."""
    document: dict[str, Any] = {"what": known.what}
    if known.after:
        document["after"] = known.after
    document["value" if known.relation == "equal" else known.relation] = known.value
    if known.decimals is not None:
        document["decimals"] = known.decimals
    for name in ("printed", "at"):
        if getattr(known, name):
            document[name] = getattr(known, name)
    if known.note:
        document["note"] = wording.write(known.note)
    return document


def _value(document: object, path: str) -> Value:
    if isinstance(document, list):
        return tuple(_value(part, f"{path}[{index}]") for index, part in enumerate(document))
    return records.number(document, path)


def _split(what: str) -> tuple[str, list[str]]:
    used = [operator for operator in _OPERATORS if operator in what]
    if len(used) > 1:
        raise ValueError(f"what: expected one kind of operator, got {' and '.join(each.strip() for each in used)}")
    return (used[0], what.split(used[0])) if used else ("", [what])


def _check_term(network: Network, term: str, path: str) -> None:
    """Whether the network has the named thing; the number of rows is the batch's business and not checked here."""
    if term in METRICS or term in VALIDATION or term in WHOLE:
        return
    name, _, number = term.partition("/")
    if name in LAYER_METRICS and number.isascii() and number.isdigit():
        if not 1 <= int(number[:9]) <= len(network.layers):
            raise ValueError(f"{path}: expected a layer from 1 to {len(network.layers)}, got {term!r}")
        return
    match = _TERM.fullmatch(term)
    if match is None or (match["layer"] is None and match["quantity"] not in OUTPUT_LIKE):
        known = ", ".join((*METRICS, *VALIDATION, *WHOLE, "norm/1", "elements[0]", "layer1.dW[0][1]"))
        raise ValueError(f"{path}: expected something like {known}; got {records.shown(term)}")
    kind = match["quantity"]
    shape: tuple[int | None, ...] = (None, network.outputs)
    if match["layer"] is not None:
        for part, names in (("layer", network.layer_names), ("quantity", QUANTITIES)):
            if match[part] not in names:
                raise ValueError(f"{path}: the {part} {match[part]!r} is none of {', '.join(names)}")
        place = network.layer_names.index(match["layer"])
        shape = (None, *network.shapes[place if kind in ("x", "dx") else place + 1])
        if kind not in ROW_LIKE:
            shape = network.weight_shapes[place] if kind in WEIGHT_LIKE else (network.bias_counts[place],)
    indices = _indices(match["indices"])
    if len(indices) > len(shape):
        raise ValueError(f"{path}: {kind} has {len(shape)} index, got {term!r}")
    for index, side in zip(indices, shape, strict=False):
        if side is not None and index >= side:
            raise ValueError(f"{path}: expected an index from 0 to {side - 1}, got {term!r}")


def _indices(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text))


def _term(frame: Frame, term: str) -> NDArray[np.float64]:
    if _NUMBER.fullmatch(term):
        return np.asarray(float(term))
    if term in WHOLE:
        return np.asarray(getattr(frame, term), dtype=np.float64)
    if term in VALIDATION:
        points = frame.metrics.validation
        points = points[points[:, 0] <= frame.step]
        if not len(points):
            raise ValueError(f"{term}: no validation has been made up to step {frame.step}")
        return np.asarray(points[-1][1 + VALIDATION.index(term)], dtype=np.float64)
    match = _TERM.fullmatch(term)
    if match is None or term in METRICS:
        value = frame.metrics.value(term, frame.step)
        if value is None:
            raise ValueError(f"{term}: not recorded in step {frame.step}")
        return np.asarray(value, dtype=np.float64)
    found = _array(frame, match["layer"], match["quantity"])
    if found is None:
        raise ValueError(f"{term}: is not computed here")
    for index in _indices(match["indices"]):
        if index >= len(found):
            raise ValueError(f"{term}: expected an index from 0 to {len(found) - 1}")
        found = found[index]
    return np.asarray(found, dtype=np.float64)


def _array(frame: Frame, layer: str | None, quantity: str) -> Any:
    trace = frame.trace
    if layer is None:
        if quantity != "elements":
            return getattr(trace, quantity)
        activation = frame.experiment.network.layers[-1].activation
        return loss_named(frame.experiment.loss).elements(activation, trace.layers[-1].z, trace.layers[-1].a, trace.y)
    number = frame.experiment.network.layer_names.index(layer)
    if quantity in ("W", "b"):
        return getattr(frame.params, quantity)[number]
    if quantity == "dx" and number == 0:
        return input_gradient(trace)
    return getattr(trace.layers[number], quantity)

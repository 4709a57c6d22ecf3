"""What is wrong in a step: the first operation that was not finite, and ReLU units that are off for every row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bpstudio.engine.passes import weighted_inputs
from bpstudio.insight.elements import BIAS, Edge, LossNode, Row, Unit
from bpstudio.insight.notation import Letters, Notation, number
from bpstudio.insight.phrase import Phrase
from bpstudio.maths.activations import activation
from bpstudio.training.divergence import NonFinite
from bpstudio.training.frame import Frame

_CHUNK = 4096


@dataclass(frozen=True)
class Origin:
    """Where a step first became NaN or infinite: the thing, its beat, the row of the batch if it was one, and words."""

    element: Unit | Edge | LossNode
    address: str
    row: Row | None
    words: Phrase


@dataclass(frozen=True)
class Located:
    """What is not finite, by its own name: the thing, its beat, the row of the batch if it is of one."""

    element: Unit | Edge | LossNode
    address: str
    row: Row | None
    symbol: str
    value: float

    def words(self, many_rows: bool) -> Phrase:
        """What it is; of which row only where there are ``many_rows``."""
        values = {"symbol": self.symbol, "value": number(self.value)}
        if self.row is None or not many_rows:
            return Phrase("first not finite: {symbol} = {value}", values)
        return Phrase(
            "first not finite: {symbol} = {value} in row {row} of the batch",
            {**values, "row": str(self.row.position + 1)},
        )


def located(found: NonFinite, letters: Letters) -> Located | None:
    """Where that is in a network; None where the network has nothing there (any more)."""
    network, names = letters.network, letters.names
    if not 1 <= found.layer <= len(network.layers):
        return None
    row: Row | None = None
    element: Unit | Edge | LossNode
    if found.quantity == "loss":
        return Located(LossNode(), "loss/C", None, letters.text("cost"), found.value)
    layer, is_bias = found.layer, found.quantity in ("db", "update_b")
    of_unit = found.quantity in ("z", "a", "delta")
    shape = network.shapes[layer] if of_unit else () if is_bias else network.weight_shapes[layer - 1][1:]
    first, *place = found.index
    if len(place) != len(shape) or any(a >= b for a, b in zip(place, shape, strict=True)):
        return None
    flat = int(np.ravel_multi_index(place, shape)) if place else BIAS
    element = Unit(layer, flat) if of_unit else Edge(layer, first, flat)
    if not names.has(element):
        return None
    if isinstance(element, Unit):
        row, symbol = Row(first), letters.text(found.quantity, element)
        where = "backward" if found.quantity == "delta" else "forward"
        end = "" if names.is_image(layer) and where == "forward" else f"/{found.quantity}"
        address = f"{where}/{names.unit(element)}{end}"
    else:
        backward = found.quantity in ("dW", "db")
        address = f"{'backward' if backward else 'update'}/{names.edge(element)}"
        symbol = letters.edge(element) + "⁺"
        if backward:
            symbol = letters.text("db" if element.is_bias else "dw", element)
    sign = letters.notation.delta_sign if found.quantity == "delta" else 1
    return Located(element, address, row, symbol, sign * found.value)


def origin(frame: Frame, notation: str | Notation = "mazur") -> Origin | None:
    """The first operation, in the order of the walk, whose result is not finite; None while all is finite."""
    found = frame.nonfinite
    place = None if found is None else located(found, Letters(notation, frame.experiment.network))
    if place is None:
        return None
    return Origin(place.element, place.address, place.row, place.words(len(frame.batch) > 1))


def dead_units(frame: Frame) -> tuple[NDArray[np.bool_] | None, ...]:
    """For each layer (the first at 0) which ReLU units are off for every training row, at the present parameters.

    None for layers of another kind. A whole pass over the training rows: ask from where it may take its time.
    """
    network = frame.experiment.network
    switching = [
        activation(layer.activation).switching(shape[0])
        for layer, shape in zip(network.layers, network.shapes[1:], strict=True)
    ]
    if all(each is None for each in switching):
        return tuple(None for _ in switching)
    highest = highest_inputs(frame)
    return tuple(
        None if each is None else (top <= 0) & np.repeat(each, top.size // each.size)
        for each, top in zip(switching, highest, strict=True)
    )


def highest_inputs(frame: Frame, most: int | None = None) -> tuple[NDArray[np.floating], ...]:
    """For each layer (units,) the greatest weighted input over the training rows (the first `most`), at the present
    parameters.
    """
    network, rows = frame.experiment.network, frame.dataset.train[:most]
    highest = [np.full(size, -np.inf) for size in network.sizes[1:]]
    for start in range(0, len(rows), _CHUNK):
        z, _ = weighted_inputs(network, frame.params, frame.dataset.x[rows[start : start + _CHUNK]])
        for top, weighted in zip(highest, z, strict=True):
            np.maximum(top, weighted.reshape(len(weighted), -1).max(axis=0), out=top)
    return tuple(highest)

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
from bpstudio.training.frame import Frame

_CHUNK = 4096


@dataclass(frozen=True)
class Origin:
    """Where a step first became NaN or infinite: the thing, its beat, the row of the batch if it was one, and words."""

    element: Unit | Edge | LossNode
    address: str
    row: Row | None
    words: Phrase


def origin(frame: Frame, notation: str | Notation = "mazur") -> Origin | None:
    """The first operation, in the order of the walk, whose result is not finite; None while all is finite."""
    found = frame.nonfinite
    if found is None:
        return None
    letters = Letters(notation, frame.experiment.network)
    row: Row | None = None
    element: Unit | Edge | LossNode
    if found.quantity in ("z", "a", "delta"):
        row, element = Row(found.index[0]), Unit(found.layer, found.index[1])
        name, symbol = letters.names.unit(element), letters.text(found.quantity, element)
        where = "backward" if found.quantity == "delta" else "forward"
        address = f"{where}/{name}/{found.quantity}"
    elif found.quantity == "loss":
        element, symbol, address = LossNode(), letters.text("cost"), "loss/C"
    else:
        source = BIAS if found.quantity in ("db", "update_b") else found.index[1]
        element = Edge(found.layer, found.index[0], source)
        backward = found.quantity in ("dW", "db")
        address = f"{'backward' if backward else 'update'}/{letters.names.edge(element)}"
        symbol = letters.edge(element) + "⁺"
        if backward:
            symbol = letters.text("db" if element.is_bias else "dw", element)
    sign = letters.notation.delta_sign if found.quantity == "delta" else 1
    values = {"symbol": symbol, "value": number(sign * found.value)}
    if row is None or len(frame.batch) == 1:
        return Origin(element, address, row, Phrase("first not finite: {symbol} = {value}", values))
    words = Phrase(
        "first not finite: {symbol} = {value} in row {row} of the batch", {**values, "row": str(row.position + 1)}
    )
    return Origin(element, address, row, words)


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

"""One step as JSON: every array that a pass computed, the optimiser's numbers, the metrics; and what one beat says.

What leaves the program here is compared by other programs, so every double is written with as many digits as it takes
to read back the same one, and names do not change: a new kind of number gets a new name. NaN and infinities are the
texts "nan", "inf" and "-inf", because JSON has no numbers for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bpstudio.engine.passes import input_gradient
from bpstudio.engine.trace import Params
from bpstudio.files import parameters
from bpstudio.files.fingerprint import fingerprint
from bpstudio.insight.beat import Beat
from bpstudio.insight.elements import BIAS, Row
from bpstudio.insight.lines import headline, line
from bpstudio.insight.order import GRAINS
from bpstudio.insight.walk import Walk
from bpstudio.maths.losses import loss as loss_named
from bpstudio.training.frame import Frame

FORMAT = "bpstudio-step/1"
DESCRIPTION = """\
format      "bpstudio-step/1"
title       what the run is called
step        how many updates the parameters have had; epoch, position: of its batch in the data
batch       numbers of the rows, from 0
branch      number and name of the branch
experiment  what is trained, as in a lesson
data        name, rows, and hash: sha256 over x, y and the split
parameters  by layer: W (units, inputs) and b; of a convolution W (filters, channels, height, width)
loss        without penalties; penalty, objective: their sum; row_loss: each row's own; rate: of the pending update
trace       x, y, dC_da; layers, by name: x z a slope delta dx dW db update_W update_b W_used, of a sparsity mean term.
            Rows are samples, delta is dC/dz with the factor of the reduction in it; null: there is no such array
optimizer   before and after the update, by the state's name and layer
metrics     what was recorded of the step; validation: step, loss and accuracy of the last one
nonfinite   null, or where the step first became NaN or infinite
made_with   the versions that decide the last digits"""

_ARRAYS = ("x", "z", "a", "slope", "delta", "dx", "dW", "db", "update_W", "update_b", "W_used", "mean", "term")
_GRAINS_FROM_COARSE = tuple(reversed(GRAINS))


def document(frame: Frame, title: str = "") -> dict[str, Any]:
    """Everything that a step is made of, as plain values; see DESCRIPTION."""
    trace, network = frame.trace, frame.experiment.network
    view = next((each for each in frame.branches if each.number == frame.branch), None)
    bad = frame.nonfinite
    return {
        "format": FORMAT,
        "title": title,
        "step": frame.step,
        "epoch": frame.epoch,
        "position": frame.position,
        "batch": frame.batch.tolist(),
        "branch": {"number": frame.branch, "name": view.name if view is not None else ""},
        "experiment": frame.experiment.to_dict(),
        "data": {"name": frame.dataset.name, "rows": frame.dataset.rows, "hash": frame.dataset.hash},
        "parameters": _params(frame.params),
        "loss": plain(frame.loss),
        "penalty": plain(frame.penalty),
        "objective": plain(frame.objective),
        "row_loss": plain(frame.row_loss),
        "rate": plain(frame.rate),
        "trace": {
            "x": plain(trace.x.reshape(trace.layers[0].x.shape)),
            "y": plain(trace.y),
            "dC_da": plain(trace.dC_da),
            "layers": {
                name: {array: plain(_array(frame, number, array)) for array in _ARRAYS}
                for number, name in enumerate(network.layer_names)
            },
        },
        "optimizer": {
            "before": {name: _params(values) for name, values in frame.state.items()},
            "after": {name: _params(values) for name, values in frame.state_next.items()},
        },
        "metrics": _metrics(frame),
        "nonfinite": None
        if bad is None
        else {"layer": bad.layer, "quantity": bad.quantity, "index": list(bad.index), "value": plain(bad.value)},
        "made_with": fingerprint(),
    }


def plain(value: Any) -> Any:
    """An array or a number as lists and Python floats; what is not finite as text."""
    if isinstance(value, np.ndarray):
        lists: Any = value.tolist()
        return lists if np.isfinite(value).all() else _spelled(lists)
    return _spelled(float(value)) if isinstance(value, float | np.floating) else value


def beat_at(frame: Frame, address: str) -> Beat:
    """The beat of an address, at the coarsest grain that has one of this name. Raises ValueError with near ones."""
    walk = Walk.of(frame)
    for grain in _GRAINS_FROM_COARSE:
        index = walk.find(grain, address)
        beat = walk.beat(grain, index)
        if beat.address == address:
            return beat
    return walk.beat("edge", walk.find("edge", address))


def beat_document(frame: Frame, address: str, notation: str = "nielsen") -> dict[str, Any]:
    """What a beat asks and answers, in words and as numbers: each over the rows of the batch, or of the parameters.

    Raises ValueError that names near addresses where the walk has none of this name.
    """
    beat = beat_at(frame, address)
    said = line(frame, Row(0), beat, notation, 17)
    return {
        "address": address,
        "beat": beat.address,
        "kind": beat.kind,
        "layer": beat.layer,
        "question": headline(frame, beat, notation).text,
        "first_row": [said.text, *(each.text for each in said.more)],
        "numbers": {name: plain(value) for name, value in _numbers(frame, beat).items()},
    }


def _spelled(value: Any) -> Any:
    if isinstance(value, list):
        return [_spelled(each) for each in value]
    return value if not isinstance(value, float) or np.isfinite(value) else str(value)


def _params(params: Params) -> dict[str, Any]:
    return parameters.write(params) if np.isfinite(params.flat).all() else _spelled_within(parameters.write(params))


def _spelled_within(layers: dict[str, Any]) -> dict[str, Any]:
    return {name: {array: _spelled(values) for array, values in arrays.items()} for name, arrays in layers.items()}


def _array(frame: Frame, number: int, name: str) -> Any:
    if name == "dx" and number == 0:
        return input_gradient(frame.trace)
    return getattr(frame.trace.layers[number], name)


def _metrics(frame: Frame) -> dict[str, Any]:
    metrics = frame.metrics
    found = {column: metrics.value(column, frame.step) for column in metrics.columns}
    points = metrics.validation
    points = points[points[:, 0] <= frame.step]
    last = None
    if len(points):
        step, loss, accuracy = points[-1].tolist()
        last = {"step": int(step), "loss": plain(loss), "accuracy": plain(accuracy)}
    return {name: None if value is None else plain(value) for name, value in found.items()} | {"validation": last}


def _numbers(frame: Frame, beat: Beat) -> dict[str, Any]:
    """The arrays behind a beat; a unit's over the rows of the batch."""
    trace, number = frame.trace, beat.layer - 1
    rows = trace.rows
    match beat.kind:
        case "row":
            return {"row_loss": frame.row_loss}
        case "C" | "step":
            return {"loss": frame.loss, "penalty": frame.penalty, "objective": frame.objective}
        case "element" | "error":
            last = trace.layers[-1]
            activation = frame.experiment.network.layers[-1].activation
            whole = trace.dC_da
            if beat.kind == "element":
                whole = loss_named(frame.experiment.loss).elements(activation, last.z, last.a, trace.y)
            return {"dC_da" if beat.kind == "error" else "element": _of_unit(whole, rows, beat.unit)}
        case "start":
            return {}
    layer = trace.layers[number]
    if beat.kind in ("gradient", "update"):
        names = ("dW", "db") if beat.kind == "gradient" else ("W", "b", "update_W", "update_b")
        own = {"W": frame.params.W[number], "b": frame.params.b[number]}
        return _of_parameters({name: own[name] if name in own else getattr(layer, name) for name in names}, beat)
    if beat.kind == "product" and beat.unit is not None and beat.source is not None:
        weight = frame.params.W[number][beat.unit, beat.source]
        came = _of_unit(layer.x, rows, beat.source)
        return {"weight": weight, "x": came, "product": weight * came}
    quantities = {
        "z": ("z",),
        "a": ("z", "a"),
        "softmax": ("z", "a"),
        "delta": ("slope", "delta"),
    }.get(beat.kind, ())
    found = {name: _of_unit(getattr(layer, name), rows, beat.unit) for name in quantities}
    if beat.kind in ("sum", "arrival"):
        above = trace.layers[number + 1]
        found["dC_da"] = _of_unit(above.dx, rows, beat.unit)
        if beat.kind == "arrival" and beat.unit is not None and beat.source is not None:
            weight = above.W_used[beat.source, beat.unit]
            delta = _of_unit(above.delta, rows, beat.source)
            return {"weight": weight, "delta": delta, "arrival": weight * delta}
    return {name: values for name, values in found.items() if values is not None}


def _of_unit(values: Any, rows: int, unit: int | None) -> Any:
    """(rows,) of one unit, flat in a layer of images; the whole array where the beat is about all of them."""
    return values if values is None or unit is None else values.reshape(rows, -1)[:, unit]


def _of_parameters(arrays: dict[str, Any], beat: Beat) -> dict[str, Any]:
    """Of a beat's layer, filter or unit, or of its one weight or bias."""
    if beat.channel is not None:
        return {name: values[beat.channel] for name, values in arrays.items() if values.size}
    if beat.unit is None:
        return {name: values for name, values in arrays.items() if values.size}
    if beat.source is None:
        return {name: values[beat.unit] for name, values in arrays.items() if values.size}
    is_bias = beat.source == BIAS
    place = beat.unit if is_bias else (beat.unit, beat.source)
    return {name: values[place] for name, values in arrays.items() if name.endswith("b") == is_bias}

"""Signs of layers and units: a gradient that vanishes, slopes that are flat, units that are dead.

Which comes before which, and from when on each is told, stands in `health`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bpstudio.insight import remedies
from bpstudio.insight.diagnostics import highest_inputs
from bpstudio.insight.elements import Unit
from bpstudio.insight.notation import Notation, letters
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.remedies import Remedy
from bpstudio.insight.signs import ROWS, STEPS, Finding, comfort, listed, ran, recorded, short, times
from bpstudio.insight.unit_curve import flat_ends
from bpstudio.maths.activations import activation
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.operations import Array
from bpstudio.training.frame import Frame

VANISHED = 0.1
FLAT_SHARE = 0.5
_FAR = 60.0
"""A z at which every flat end is flat."""
SMALLER = "Layer {first} has a gradient {times} times smaller than layer {last}"


@dataclass(frozen=True)
class Passage:
    """Why the gradient of one layer is smaller than that of another above it: an identity, not an estimate.

    With ‖·‖ over all units and rows, layer l's δ has ‖δ_l‖ = s_l · w_l · ‖δ_{l+1}‖, where w_l = ‖δ_{l+1} W_{l+1}‖ /
    ‖δ_{l+1}‖ is what the weights do and s_l = ‖δ_l‖ / ‖δ_{l+1} W_{l+1}‖ what the slopes do (a mean of |f′|, weighted
    with the error that passes). With c_l = ‖∂C/∂W_l‖ / ‖δ_l‖, what comes into the layer:

        ratio = ‖∂C/∂W_first‖ / ‖∂C/∂W_last‖ = Π s_l · Π w_l · c_first / c_last
    """

    ratio: float
    slopes: tuple[float, ...]
    weights: float
    inputs: float


def passage(frame: Frame, first: int, last: int) -> Passage | None:
    """The factors between two layers, numbered from 1; None where one of them would be 0/0."""
    layers = frame.trace.layers
    slopes, weights = [], 1.0
    with np.errstate(all="ignore"):
        for below, above in zip(layers[first - 1 : last - 1], layers[first:last], strict=True):
            if above.dx is None:
                return None
            came, arrived, left = (float(np.linalg.norm(each)) for each in (above.delta, above.dx, below.delta))
            if not (came > 0 and arrived > 0 and left > 0):
                return None
            slopes.append(left / arrived)
            weights *= arrived / came
        ends = [layers[first - 1], layers[last - 1]]
        norms = [float(np.linalg.norm(each.dW)) for each in ends]
        carried = [
            norm / float(np.linalg.norm(each.delta)) if norm > 0 else 0.0
            for norm, each in zip(norms, ends, strict=True)
        ]
    if not all(norm > 0 and math.isfinite(norm) for norm in (*norms, *carried)):
        return None
    return Passage(norms[0] / norms[1], tuple(slopes), weights, carried[0] / carried[1])


def blocked(frame: Frame, notation: str | Notation) -> Finding | None:
    """The highest layer whose function has the slope 0 wherever it has one, where that keeps something from learning.

    It is so from the first step on, and stays so.
    """
    layers = frame.experiment.network.layers
    for layer in range(len(layers), 0, -1):
        function = activation(layers[layer - 1].activation)
        trained = any(each.train_weights or each.trains_bias for each in layers[:layer] if each.has_weights)
        if function.has_gradient or not trained:
            continue
        what = Phrase(
            "No error comes through layer {layer}, so it and all below it learn nothing", {"layer": str(layer)}
        )
        cause = Phrase("{f} has slope 0 wherever it has one", {"f": function.symbol})
        found = (remedies.with_sigmoid((layer - 1,)), *remedies.another_activation(frame, (layer - 1,)))
        return Finding("blocked", "warning", what, cause, found[:2], Unit(layer, 0), "bars")
    return None


def vanishing(frame: Frame, notation: str | Notation) -> Finding | None:
    """The first trained layer hears less than a tenth of the last one; the cause is its smallest factor."""
    trained = [n for n, layer in enumerate(frame.experiment.network.layers, 1) if layer.train_weights]
    if len(trained) < 2 or not ran(frame):
        return None
    first, last = trained[0], trained[-1]
    norms = recorded(frame, (f"norm/{first}", f"norm/{last}"), frame.step + 1 - STEPS)
    ratios = norms[norms[:, 1] > 0, 0] / norms[norms[:, 1] > 0, 1]
    if not frame.trace.layers[first - 1].x.any():
        return None  # nothing came in: so its gradient is 0 whatever error comes down
    # Of a step far back the record may have been given up to save memory.
    if len(ratios) < STEPS / 2 or not norms[-1, 0] < VANISHED * norms[-1, 1] or not np.median(ratios) < VANISHED:
        return None
    values: dict[str, str | Phrase] = {"first": str(first), "last": str(last)}
    way = passage(frame, first, last)
    if way is None:
        what = Phrase("Layer {first} has gradient 0, layer {last} has not", values)
        if norms[-1, 0] > 0:
            values["times"] = times(norms[-1, 1] / norms[-1, 0])
            what = Phrase(SMALLER, values)
        return _stopped(frame, what, first, last)
    values["times"] = times(1 / way.ratio)
    what = Phrase(SMALLER, values)
    product = math.prod(way.slopes)
    slopes = f"{short(product)}" if len(way.slopes) == 1 else f"{listed(way.slopes)} = {short(product)}"
    cause = Phrase(
        "slopes multiply to {slopes}, weights to {weights}, inputs to {inputs}",
        {"slopes": slopes, "weights": short(way.weights), "inputs": short(way.inputs)},
    )
    found = _for_passage(frame, way, tuple(range(first - 1, last - 1)))
    yet = comfort(frame)
    return Finding("vanishing", "warning" if yet is None else "note", what, cause, found, Unit(first, 0), "bars", yet)


def _stopped(frame: Frame, what: Phrase, first: int, last: int) -> Finding:
    """No error comes down to the first layer: the highest layer that lets none through is named, if there is one."""
    start = remedies.new_start(frame.experiment)
    for layer in range(last, first - 1, -1):
        trace, slopes = frame.trace.layers[layer - 1], frame.trace.layers[layer - 1].slope
        number = {"layer": str(layer)}
        if layer < last and slopes is not None and not slopes.any():
            cause = Phrase("every slope of layer {layer} is 0", number)
            found = (*_for_size(frame, layer), start)[:2]
            return Finding("vanishing", "warning", what, cause, found, Unit(layer, 0), "saturation")
        if layer > first and not frame.params.W[layer - 1].any() and trace.delta.any():
            cause = Phrase("every weight of layer {layer} is 0", number)
            return Finding("vanishing", "warning", what, cause, (start,), Unit(layer, 0), "bars")
    return Finding("vanishing", "warning", what, None, (start,), Unit(first, 0), "bars")


def _share(frame: Frame, layer: int) -> float:
    """The recorded share of a layer's (unit, row) pairs that are flat in this step; 0 where none can be."""
    share = frame.metrics.value(f"flat/{layer}", frame.step)
    return share if share is not None and math.isfinite(share) else 0.0


def _became_flat(frame: Frame, layer: int) -> bool:
    """Whether at most half of a layer was flat or off when the run began, so that steps brought it there."""
    begun = [frame.metrics.value(f"{kind}/{layer}", frame.metrics.first) for kind in ("flat", "off")]
    known = [share for share in begun if share is not None and math.isfinite(share)]
    return bool(known) and max(known) <= FLAT_SHARE


def _for_passage(frame: Frame, way: Passage, between: tuple[int, ...]) -> tuple[Remedy, ...]:
    """Remedies for the factors below 1, the smallest first; two at most. An error comes down through the weights of
    the layers above those in whose slopes it is multiplied.
    """
    experiment = frame.experiment
    scaled = remedies.scaled_start(experiment, tuple(layer + 1 for layer in between))
    inputs = remedies.standardise(frame.dataset, _inputs(frame, large=False))
    flattened = any(_share(frame, layer + 1) > FLAT_SHARE and _became_flat(frame, layer + 1) for layer in between)
    slower = (remedies.smaller_rate(experiment),) if flattened else ()
    several = len(frame.dataset.train) > 1 and frame.dataset.input_shape is None
    offered: list[tuple[float, tuple[Remedy, ...]]] = [
        (math.prod(way.slopes), (*slower, *remedies.another_activation(frame, between))),
        (way.weights, () if scaled is None else (scaled,)),
        (way.inputs, (inputs,) if several and inputs is not None else ()),
    ]
    return tuple(each for factor, known in sorted(offered, key=lambda pair: pair[0]) if factor < 1 for each in known)[
        :2
    ]


def flat(frame: Frame, notation: str | Notation) -> Finding | None:
    """The layer with the greatest share of flat pairs, if that is more than half."""
    if not ran(frame):
        return None
    layers = frame.experiment.network.layers
    worst: tuple[float, int, Array] | None = None
    for layer, spec in enumerate(layers, 1):
        if not activation(spec.activation).saturates:
            continue
        pairs = _flat_pairs(frame, layer)
        share = float(pairs.mean())
        before = recorded(frame, (f"flat/{layer}",), frame.step + 1 - STEPS)[:, 0]
        if len(before) and share > FLAT_SHARE < np.median(before) and (worst is None or share > worst[0]):
            worst = share, layer, pairs
    if worst is None:
        return None
    _, layer, pairs = worst
    spec, trace = layers[layer - 1], frame.trace.layers[layer - 1]
    threshold = frame.experiment.flat_threshold
    values = {"count": f"{int(pairs.sum()):,}", "all": f"{pairs.size:,}", "layer": str(layer)}
    what = Phrase(
        "{count} of {all} (unit, row) pairs of layer {layer} are flat",
        {**values, "threshold": f"{threshold:g}"},
    )
    if layer == len(layers):
        what = Phrase("{count} of {all} (unit, row) pairs of layer {layer} are flat and far from their target", values)
    symbols = letters(notation, frame.experiment.network)
    unit = int(np.argmax(pairs.reshape(len(pairs), -1).sum(axis=0)))
    function = activation(spec.activation)
    function = function.of(unit) if function.units else function
    low, high = flat_ends(function, threshold)
    letter = symbols.text("z_letter")
    values = {"z": letter, "f": function.symbol}
    if math.isfinite(low) and math.isfinite(high):
        values |= {"mean": short(float(np.abs(trace.z[pairs]).mean())), "edge": short(high)}
        cause = Phrase("|{z}| is {mean} there on average, and {f} is flat beyond {edge}", values)
    elif math.isfinite(low):
        values |= {"mean": short(float(trace.z[pairs].mean())), "edge": short(low)}
        cause = Phrase("{z} is {mean} there on average, and {f} is flat below {edge}", values)
    else:
        values |= {"mean": short(float(trace.z[pairs].mean())), "edge": short(high)}
        cause = Phrase("{z} is {mean} there on average, and {f} is flat above {edge}", values)
    about, yet = Unit(layer, unit), comfort(frame)
    level = "warning" if yet is None else "note"
    return Finding("flat", level, what, cause, _for_flat(frame, layer), about, "saturation", yet)


def _flat_pairs(frame: Frame, layer: int) -> Array:
    """(rows, units) which pairs of a layer count as flat; see the module's text for the output."""
    spec, trace = frame.experiment.network.layers[layer - 1], frame.trace.layers[layer - 1]
    rule = activation(spec.activation)
    scale = rule.flat_scale(trace.z.shape[1])
    if trace.slope is None or scale is None:
        return np.zeros(trace.z.shape, bool)
    with np.errstate(invalid="ignore"):
        limits = frame.experiment.flat_threshold * scale.reshape(-1, *[1] * (trace.z.ndim - 2))
        flat: Array = np.abs(trace.slope) < limits
    if layer == len(frame.trace.layers):
        if loss_named(frame.experiment.loss).paired_with == spec.activation:
            return np.zeros(trace.z.shape, bool)
        ends = rule.f(np.outer([-_FAR, _FAR], np.ones(trace.z.shape[1])))
        flat = flat & (np.abs(trace.a - frame.trace.y) > (ends[1] - ends[0]) / 2)
    return flat


def _for_flat(frame: Frame, layer: int) -> tuple[Remedy, ...]:
    """At the output a loss in which the slope drops out; below it a smaller rate where steps made it flat, a start or
    inputs of a suitable size, or ReLU."""
    experiment, own = frame.experiment, (layer - 1,)
    if layer == len(experiment.network.layers):
        crossed = remedies.cross_entropy(experiment, frame.dataset)
        found = [crossed, *_for_size(frame, layer), remedies.new_start(experiment)]
    else:
        start = remedies.scaled_start(experiment, own)
        found = [*_for_size(frame, layer), start, *remedies.another_activation(frame, own)]
    return tuple(each for each in found if each is not None)[:2]


def _for_size(frame: Frame, layer: int) -> tuple[Remedy, ...]:
    """What takes |z| down: inputs of a suitable size, a smaller rate where it was not large when the run began."""
    found: list[Remedy] = []
    if layer == 1 and float(np.abs(frame.trace.x).mean()) > 1 and len(frame.dataset.train) > 1:
        scaled = remedies.standardise(frame.dataset, _inputs(frame, large=True))
        found += [scaled] if scaled is not None else []
    if _became_flat(frame, layer):
        found.append(remedies.smaller_rate(frame.experiment))
    return tuple(found)


def _inputs(frame: Frame, large: bool) -> tuple[int, ...]:
    """The inputs that are large, or small, by themselves: with a mean size above 1, or below it, over training rows.

    The others bring numbers of a suitable size already, and are left as they are.
    """
    dataset = frame.dataset
    size = np.abs(dataset.x[dataset.train[:ROWS]]).mean(axis=0)
    return tuple(np.flatnonzero(size > 1 if large else size < 1).tolist())


def dead(frame: Frame, notation: str | Notation) -> Finding | None:
    """The layer with the greatest share of dead units. The rows of the data are gone through only where the batch and
    the record leave it possible."""
    long = max(STEPS, frame.steps_per_epoch)
    since: dict[Unit, int] = {}
    for layer, spec in enumerate(frame.experiment.network.layers, 1):
        slope = frame.trace.layers[layer - 1].slope
        switching = activation(spec.activation).switching(1 if slope is None else slope.shape[1])
        if switching is None or slope is None:
            continue
        for unit in np.flatnonzero(switching & ~slope.reshape(*slope.shape[:2], -1).any(axis=(0, 2))).tolist():
            begun = frame.metrics.off_since(layer, unit, frame.step)
            if begun is not None and frame.step + 1 - begun >= long:
                since[Unit(layer, unit)] = begun
    highest = highest_inputs(frame, ROWS) if since else ()
    found = {unit: begun for unit, begun in since.items() if highest[unit.layer - 1][unit.index] <= 0}
    if not found:
        return None
    sizes = frame.experiment.network.sizes
    shares = {layer: sum(unit.layer == layer for unit in found) / sizes[layer] for layer in range(1, len(sizes))}
    layer = max(shares, key=lambda each: shares[each])
    units = [unit for unit in found if unit.layer == layer]
    first = min(units, key=lambda unit: found[unit])
    count, start = len(frame.dataset.train), frame.metrics.first
    values: dict[str, str | Phrase] = {"count": str(len(units)), "all": str(sizes[layer]), "layer": str(layer)}
    values["rows"] = Phrase(
        "all {rows} rows" if count <= ROWS else "the first {rows} rows", {"rows": f"{min(count, ROWS):,}"}
    )
    if count == 1:
        values["rows"] = Phrase("the only row")
    values |= {"unit": letters(notation, frame.experiment.network).unit(first), "step": f"{found[first]:,}"}
    if len(units) == 1:
        what = Phrase("{unit} is dead, off for {rows} and in every batch since step {step}", values)
    else:
        what = Phrase(
            "{count} of {all} units of layer {layer} are dead, off for {rows}; {unit} since step {step}", values
        )
    top = max(float(highest[layer - 1][unit.index]) for unit in units)
    cause = Phrase(
        "the greatest z is {top}, and where the slope is 0 their weights get no gradient", {"top": short(top)}
    )
    born = all(found[unit] <= start for unit in units)
    other = remedies.new_start(frame.experiment) if born else remedies.smaller_rate(frame.experiment)
    return Finding("dead", "warning", what, cause, (remedies.with_tanh((layer - 1,)), other), first, "bars")

"""What penalties add to a pass: to the gradient of the weights, to ∂C/∂a of the units, and to the objective.

A weight penalty adds its slope to dW (and to db, where it applies to all) after these are computed, to frozen
parameters too: dW is the derivative of the whole objective. A sparsity adds one number per unit to ∂C/∂a of every row
before that is multiplied by f′, so that the layers below feel it through the chain rule.

What is computed on the way stays in the trace: the value of each penalty, the mean output of each listed unit and the
term that it adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params, ParamsLayout, Trace, params_layout
from bpstudio.maths.operations import Array, Operation, constant
from bpstudio.maths.penalties import KLSparsity, Penalty, RunningSparsity, WeightPenalty, sparsity_slope

Averages = Mapping[int, Array]
"""The running mean p of each listed unit, by layer, counted from 0."""


@dataclass(frozen=True, slots=True)
class Penalizing:
    """Operations that penalties add to a pass; without penalties there are none.

    ``before`` is carried out when all a are known and writes ``terms``, the arrays that are added to ∂C/∂a of a layer;
    ``gradient`` adds to all dW and db, ``by_layer`` (sequential order) to those of one.
    """

    before: tuple[Operation, ...] = ()
    terms: Mapping[int, Array] = field(default_factory=lambda: MappingProxyType({}))
    by_layer: tuple[tuple[Operation, ...], ...] = ()
    gradient: tuple[Operation, ...] = ()

    def gradient_of(self, layer: int) -> tuple[Operation, ...]:
        """What is added to dW and db of one layer, where they are needed by themselves."""
        return self.by_layer[layer] if self.by_layer else ()


NO_PENALTIES = Penalizing()


@lru_cache(maxsize=64)
def average_places(network: Network, penalties: tuple[Penalty, ...]) -> Mapping[int, slice]:
    """Where the running mean of each listed layer lies in the flat array of all."""
    places: dict[int, slice] = {}
    position = 0
    for rule in penalties:
        for number in rule.layers if isinstance(rule, RunningSparsity) else ():
            places[number] = slice(position, position + network.sizes[number + 1])
            position = places[number].stop
    return MappingProxyType(places)


def averages_size(network: Network, penalties: tuple[Penalty, ...]) -> int:
    """How many running means a run keeps."""
    return sum(place.stop - place.start for place in average_places(network, penalties).values())


def named_averages(network: Network, penalties: tuple[Penalty, ...], flat: Array) -> Averages:
    """Views into the flat array of running means, by layer."""
    places = average_places(network, penalties)
    return MappingProxyType({n: flat[place].reshape(network.shapes[n + 1]) for n, place in places.items()})


def penalizing(
    params: Params,
    trace: Trace,
    penalties: tuple[Penalty, ...],
    training_rows: int | None,
    averages: Averages,
    averages_next: Averages,
    sequential: bool = False,
) -> Penalizing:
    """What the penalties add to the pass of a trace. ``training_rows`` is n of the forms that divide by it; running
    means are read from ``averages``, and the next ones written.
    """
    if not penalties:
        return NO_PENALTIES
    layout = params_layout(trace.network)
    layers = range(len(trace.layers))
    before, gradient = _means(trace), list[Operation]()
    by_layer: list[list[Operation]] = [[] for _ in layers]
    for number, rule in enumerate(penalties):
        value = trace.penalties[number : number + 1].reshape(())
        if isinstance(rule, KLSparsity | RunningSparsity):
            before += _units(rule, trace, averages, averages_next, value)
        elif not sequential:
            gradient += _weights(rule, params, layout, trace, training_rows, layers, value, trace.gradient)
        else:
            before += _weights(rule, params, layout, trace, training_rows, layers, value, None)
            for layer in layers:
                by_layer[layer] += _weights(rule, params, layout, trace, training_rows, (layer,), None, trace.gradient)
    terms = {n: layer.term for n, layer in enumerate(trace.layers) if layer.term is not None}
    return Penalizing(tuple(before), MappingProxyType(terms), tuple(map(tuple, by_layer)), tuple(gradient))


def _means(trace: Trace) -> list[Operation]:
    """Means over the rows, and terms at 0, of the listed layers."""
    operations: list[Operation] = []
    for layer in trace.layers:
        if layer.mean is not None and layer.term is not None:
            dtype = layer.mean.dtype
            share = np.full(trace.rows, 1.0 / trace.rows, dtype)
            operations.append((share.dot, (layer.a.reshape(trace.rows, -1), layer.mean.reshape(-1))))
            operations.append((np.copyto, (layer.term, constant(0.0, dtype))))
    return operations


def _units(
    rule: KLSparsity | RunningSparsity,
    trace: Trace,
    averages: Averages,
    averages_next: Averages,
    value: Array,
) -> list[Operation]:
    """The terms of a sparsity, and its value; that of a running mean is 0 for good."""
    operations: list[Operation] = []
    if isinstance(rule, KLSparsity):
        operations.append((np.copyto, (value, constant(0.0, value.dtype))))
    for number in rule.layers:
        layer = trace.layers[number]
        assert layer.mean is not None
        assert layer.term is not None
        mean = p = layer.mean
        slope, room = np.empty_like(mean), np.empty_like(mean)
        if isinstance(rule, RunningSparsity):
            p = averages_next[number]
            operations += rule.average(averages[number], mean, p, room)
        else:
            operations.append((_add_units, (rule, mean, value)))
        operations += sparsity_slope(rule, p, slope, room, trace.rows)
        operations.append((np.add, (layer.term, slope, layer.term)))
    return operations


def _add_units(rule: KLSparsity, mean: Array, value: Array) -> None:
    value += np.add.reduce(rule.units(mean), axis=None)


def _weights(
    rule: WeightPenalty,
    params: Params,
    layout: ParamsLayout,
    trace: Trace,
    training_rows: int | None,
    layers: Iterable[int],
    value: Array | None,
    gradient: Params | None,
) -> list[Operation]:
    """The value of a weight penalty over some layers, and what it adds to their gradient; None leaves either out."""
    operations: list[Operation] = []
    dtype = params.flat.dtype
    factor, slope = (
        constant(number, dtype)
        for number in (rule.factor(trace.rows, training_rows), rule.slope_factor(trace.rows, training_rows))
    )
    for piece, place in enumerate(stretches(layout, layers, rule.apply_to)):
        w = params.flat[place]
        room = np.empty_like(w)
        direction, made = rule.direction(w, room)
        operations += made
        if value is not None:
            total = value if piece == 0 else np.empty_like(value)
            operations += [(direction.dot, (w, total)), (np.multiply, (total, factor, total))]
            if piece:
                operations.append((np.add, (value, total, value)))
        if gradient is not None:
            g = gradient.flat[place]
            operations += [(np.multiply, (direction, slope, room)), (np.add, (g, room, g))]
    return operations


def stretches(layout: ParamsLayout, layers: Iterable[int], apply_to: str) -> list[slice]:
    """The stretches of the flat parameters to which a weight penalty applies, neighbours joined."""
    places = [place for n in layers for place in ((layout.W[n], layout.b[n]) if apply_to == "all" else (layout.W[n],))]
    joined: list[slice] = []
    for place in sorted((p for p in places if p.stop > p.start), key=lambda place: place.start):
        if joined and joined[-1].stop == place.start:
            joined[-1] = slice(joined[-1].start, place.stop)
        else:
            joined.append(place)
    return joined

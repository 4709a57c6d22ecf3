"""Forward, backward: the operations of one pass, in the order in which they are carried out.

Forward, layer by layer (rows are samples):  z = x Wᵀ + b (or x Wᵀ − θ),  a = f(z).

Backward (Rumelhart, Hinton and Williams 1986; Nielsen, ch. 2, BP1 to BP4), from the output down:

    δ_L = ∂C/∂a ⊙ f′(z_L)         the output's error, or a − y for the two pairs of losses.py
    dW  = δᵀ x,  db = Σ δ          what reached the layer times what came in, summed over the rows; dθ = −Σ δ
    δ_l = (δ_{l+1} W_{l+1}) ⊙ f′(z_l)

A softmax couples the units of a row, so its error is δ_i = a_i (∂C/∂a_i − Σ_j a_j ∂C/∂a_j). Convolution and pooling
are in images.py; layers without weights pass on what comes, times their slope.

Under sequential order (Mazur's first script) each layer is updated before the error is carried through it, so the W
in the last line is the new one. That is the gradient of nothing; the trace keeps which W was used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bpstudio.engine.images import Convolution, Pooling
from bpstudio.engine.layers import AvgPool2D, Conv2D, Dense, Dropout, Layer, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.engine.penalizing import NO_PENALTIES, Penalizing
from bpstudio.engine.trace import LayerTrace, Params, Trace
from bpstudio.maths.activations import activation
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.operations import Array, Operation, constant, run

LayerUpdate = Callable[[int], list[Operation]]

_ADD = {"bias": np.add, "threshold": np.subtract}
"""How the bias or threshold of a unit enters its weighted input."""

SCRATCH_BYTES = 2**26
"""About how much memory the windows of convolutions may take while rows are evaluated."""


def forward(network: Network, params: Params, trace: Trace) -> list[Operation]:
    """The operations that fill z and a of every layer from ``trace.x``. The scaled mask of a dropout stands in its
    slope before they are carried out.
    """
    operations: list[Operation] = []
    for number, layer in enumerate(network.layers):
        here = trace.layers[number]
        if isinstance(layer, Conv2D):
            trace.workspace[number] = Convolution(layer, here.x, here.z)
        elif isinstance(layer, (MaxPool2D, AvgPool2D)):
            trace.workspace[number] = Pooling(layer, here.x, here.z)
        operations += _weighted_input(
            layer, here.x, params.W[number], params.b[number], here.z, trace.workspace.get(number)
        )
        if isinstance(layer, Dropout):
            operations.append((np.multiply, (here.z, here.slope, here.a)))
        elif here.a is not here.z:
            operations += activation(layer.activation).forward(here.z, here.a)
    return operations


def _weighted_input(
    layer: Layer, x: Array, W: Array, b: Array, z: Array, work: Convolution | Pooling | None
) -> list[Operation]:
    """The operations that fill z from x; none where z is x."""
    if isinstance(layer, Dense):
        # With one row the bias has the shape of z already; NumPy adds equal shapes three times faster than broadcast
        # ones.
        bias = b.reshape(1, -1) if len(x) == 1 else b
        added: list[Operation] = [(_ADD[layer.bias], (z, bias, z))] if layer.has_bias else []
        return [(x.dot, (W.T, z)), *added]
    if isinstance(work, Convolution):
        return work.forward(W, b)
    if work is not None:
        return work.forward()
    return [] if np.may_share_memory(x, z) else [(np.copyto, (z, x.reshape(z.shape)))]


def slopes(network: Network, trace: Trace) -> list[Operation]:
    """The operations that fill f′(z). Neighbouring layers of one activation lie side by side in the arena and are one
    operation.
    """
    operations: list[Operation] = []
    layers = network.layers
    first = 0
    while first < len(layers):
        last = first
        here, rule = trace.layers[first], activation(layers[first].activation)
        if rule.backward is None or isinstance(layers[first], Dropout) or not layers[first].computes_a:
            first += 1
            continue
        z, a, slope = here.z, here.a, trace.slopes[first]
        while rule.everywhere and last + 1 < len(layers) and _side_by_side(layers, last):
            last += 1
        if last > first:
            z, a, slope = (
                _span(trace.arena, arrays[first], arrays[last])
                for arrays in ([t.z for t in trace.layers], [t.a for t in trace.layers], trace.slopes)
            )
        operations += rule.backward(z, a, slope)
        first = last + 1
    return operations


def _side_by_side(layers: tuple[Layer, ...], number: int) -> bool:
    """Whether this layer and the next have arrays of their own one after the other, and the same activation."""
    here, following = layers[number], layers[number + 1]
    return here.has_weights and following.has_weights and here.activation == following.activation


def _span(arena: Array, first: Array, last: Array) -> Array:
    """The flat stretch of the arena from the start of one view to the end of another."""
    origin = arena.__array_interface__["data"][0]
    start = (first.__array_interface__["data"][0] - origin) // arena.itemsize
    stop = (last.__array_interface__["data"][0] - origin) // arena.itemsize + last.size
    return arena[start:stop]


def output_error(
    network: Network, trace: Trace, loss: str, reduction: str, term: Array | None = None
) -> list[Operation]:
    """The operations that write δ of the output layer (and ∂C/∂a, unless loss and activation are a pair).

    ``term`` is what a sparsity of the output adds to ∂C/∂a of every row.
    """
    rule = loss_named(loss)
    last = trace.layers[-1]
    dtype = trace.arena.dtype
    factor = rule.scale(reduction, trace.rows, network.outputs)
    name = network.layers[-1].activation
    scaled: list[Operation]
    if name == rule.paired_with:
        scaled = [] if factor == 1.0 else [(np.multiply, (last.delta, constant(factor, dtype), last.delta))]
        operations: list[Operation] = [(np.subtract, (last.a, trace.y, last.delta)), *scaled]
        if term is not None:
            added = replace(last, delta=np.empty_like(last.delta))
            operations += [(np.copyto, (trace.dC_da, term)), *through(added, trace.dC_da)]
            operations.append((np.add, (last.delta, added.delta, last.delta)))
        return operations
    da = trace.dC_da
    scaled = [] if factor == 1.0 else [(np.multiply, (da, constant(factor, dtype), da))]
    sparse: list[Operation] = [] if term is None else [(np.add, (da, term, da))]
    return [*rule.slope(last.a, trace.y, da), *scaled, *sparse, *through(last, da)]


def through(here: LayerTrace, da: Array) -> list[Operation]:
    """The operations that write a layer's δ = ∂C/∂z from ∂C/∂a; none where they are the same array."""
    if here.delta is da:
        return []
    if here.slope is not None:
        return [(np.multiply, (da, here.slope, here.delta))]
    total = np.empty((len(da), 1), da.dtype)
    return [
        (np.multiply, (da, here.a, here.delta)),
        (np.add.reduce, (here.delta, 1, None, total, True)),
        (np.subtract, (da, total, here.delta)),
        (np.multiply, (here.delta, here.a, here.delta)),
    ]


def backward(
    network: Network,
    params: Params,
    trace: Trace,
    loss: str,
    reduction: str,
    update_layer: LayerUpdate | None = None,
    penalized: Penalizing = NO_PENALTIES,
) -> list[Operation]:
    """The operations that fill slopes, δ, dx, dW and db from z, a and y, after ``forward`` was bound to the same trace.

    ``update_layer(l)`` lists the optimiser's operations of one layer; given, the order is sequential. ``penalized`` is
    what penalties add.
    """
    operations = [*slopes(network, trace), *penalized.before]
    operations += output_error(network, trace, loss, reduction, penalized.terms.get(len(network.layers) - 1))
    ones = {sign: np.full(trace.rows, sign, trace.arena.dtype) for sign in (1, -1)}
    for constants in ones.values():
        constants.flags.writeable = False
    for number in reversed(range(len(network.layers))):
        layer, here = network.layers[number], trace.layers[number]
        work = trace.workspace.get(number)
        if isinstance(work, Convolution):
            operations += work.gradient(here.delta, here.dW, here.db)
        elif layer.has_weights:
            operations += _dense_gradient(here, layer.bias_sign, ones)
        if update_layer is not None and layer.has_weights:
            operations += penalized.gradient_of(number)
            operations += update_layer(number)
            operations.append((np.add, (params.W[number], here.update_W, here.W_used)))
        if number > 0:
            assert here.dx is not None
            operations += _error_below(layer, here, here.dx, work)
            term = penalized.terms.get(number - 1)
            if term is not None:
                operations.append((np.add, (here.dx, term, here.dx)))
            operations += through(trace.layers[number - 1], here.dx)
    return [*operations, *penalized.gradient]


def _dense_gradient(here: LayerTrace, sign: int, ones: dict[int, Array]) -> list[Operation]:
    operations: list[Operation] = [(here.delta.T.dot, (here.x, here.dW))]
    if sign and len(here.x) > 1:
        operations.append((ones[sign].dot, (here.delta, here.db)))
    elif sign > 0:
        operations.append((np.copyto, (here.db, here.delta[0])))
    elif sign < 0:
        operations.append((np.negative, (here.delta[0], here.db)))
    return operations


def _error_below(layer: Layer, here: LayerTrace, dx: Array, work: Convolution | Pooling | None) -> list[Operation]:
    """The operations that write ∂C/∂x from δ; none where z is x, so that they are the same array."""
    if isinstance(layer, Dense):
        return [(here.delta.dot, (here.W_used, dx))]
    if isinstance(work, Convolution):
        return work.error_below(here.delta, here.W_used, dx)
    if work is not None:
        return work.error_below(here.delta, dx)
    return [] if np.may_share_memory(here.delta, dx) else [(np.copyto, (dx, here.delta.reshape(dx.shape)))]


def input_gradient(trace: Trace) -> Array:
    """∂C/∂x of the data, (N, inputs): computed when asked, since no update needs it."""
    layer, here = trace.network.layers[0], trace.layers[0]
    if not layer.keeps_z:
        return here.delta.reshape(trace.x.shape).copy()
    dx = np.empty(here.x.shape, here.x.dtype)
    operations: list[Operation] = []
    work: Convolution | Pooling | None = None
    if isinstance(layer, Conv2D):
        work = Convolution(layer, here.x, here.z)
    elif isinstance(layer, (MaxPool2D, AvgPool2D)):
        work = Pooling(layer, here.x, here.z.copy())
        operations = work.forward()
    with np.errstate(all="ignore"):
        run([*operations, *_error_below(layer, here, dx, work)])
    return dx.reshape(trace.x.shape)


def predict(network: Network, params: Params, x: Array, chunk: int = 4096) -> tuple[Array, ...]:
    """The outputs a of every layer for rows ``x`` (N, inputs), each (N, units); the last one is the answer.

    A large N is taken in chunks, so that the scratch memory stays small. Nothing is dropped by a dropout.
    """
    return weighted_inputs(network, params, x, chunk)[1]


def weighted_inputs(
    network: Network, params: Params, x: Array, chunk: int = 4096
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """z and a of every layer for rows ``x`` (N, inputs), as ``predict`` computes them."""
    x = np.ascontiguousarray(x, dtype=params.flat.dtype)
    if x.ndim != 2 or x.shape[1] != network.inputs:
        raise ValueError(f"x: expected an array of shape (rows, {network.inputs}), got {x.shape}")
    z: list[Array] = []
    a: list[Array] = []
    below = x.reshape(-1, *network.shapes[0])
    for layer, shape in zip(network.layers, network.shapes[1:], strict=True):
        z.append(np.empty((len(x), *shape), x.dtype) if layer.keeps_z else below.reshape(-1, *shape))
        a.append(np.empty((len(x), *shape), x.dtype) if layer.computes_a else z[-1])
        below = a[-1]
    if any(layer.spatial for layer in network.layers):
        chunk = max(1, min(chunk, SCRATCH_BYTES // network.memory_bytes(1, x.itemsize)))
    with np.errstate(all="ignore"):
        for start in range(0, len(x), chunk):
            rows = slice(start, start + chunk)
            below = x[rows].reshape(-1, *network.shapes[0])
            for number, layer in enumerate(network.layers):
                here_z, here_a = z[number][rows], a[number][rows]
                run(evaluated(layer, below, params.W[number], params.b[number], here_z, here_a))
                below = here_a
    return tuple(z), tuple(a)


def evaluated(layer: Layer, x: Array, W: Array, b: Array, z: Array, a: Array) -> list[Operation]:
    """The operations of one layer outside training, from x to z and a."""
    work: Convolution | Pooling | None = None
    if isinstance(layer, Conv2D):
        work = Convolution(layer, x, z)
    elif isinstance(layer, (MaxPool2D, AvgPool2D)):
        work = Pooling(layer, x, z)
    operations = _weighted_input(layer, x, W, b, z, work)
    if isinstance(layer, Dropout):
        return [*operations, (np.multiply, (z, constant(layer.scale_outside_training, z.dtype), a))]
    return operations + (activation(layer.activation).forward(z, a) if layer.computes_a else [])

"""Forward, backward: the operations of one pass, in the order in which they are carried out.

Forward, layer by layer (rows are samples):  z = x Wᵀ + b (or x Wᵀ − θ),  a = f(z).

Backward (Rumelhart, Hinton and Williams 1986; Nielsen, ch. 2, BP1 to BP4), from the output down:

    δ_L = ∂C/∂a ⊙ f′(z_L)         the output's error, or a − y for the two pairs of losses.py
    dW  = δᵀ x,  db = Σ δ          what reached the layer times what came in, summed over the rows; dθ = −Σ δ
    δ_l = (δ_{l+1} W_{l+1}) ⊙ f′(z_l)

Under sequential order (Mazur's first script) each layer is updated before the error is carried through it, so the W
in the last line is the new one. That is the gradient of nothing; the trace keeps which W was used.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params, Trace
from bpstudio.maths.activations import activation
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.operations import Array, Operation, constant, run

LayerUpdate = Callable[[int], list[Operation]]

_ADD = {"bias": np.add, "threshold": np.subtract}
"""How the bias or threshold of a unit enters its weighted input."""


def forward(network: Network, params: Params, trace: Trace) -> list[Operation]:
    """The operations that fill z and a of every layer from ``trace.x``."""
    operations: list[Operation] = []
    for number, layer in enumerate(network.layers):
        here = trace.layers[number]
        b = params.b[number]
        # With one row the bias has the shape of z already; NumPy adds equal shapes three times faster than broadcast
        # ones.
        bias = b.reshape(1, -1) if trace.rows == 1 else b
        operations.append((here.x.dot, (params.W[number].T, here.z)))
        if layer.has_bias:
            operations.append((_ADD[layer.bias], (here.z, bias, here.z)))
        operations += activation(layer.activation).forward(here.z, here.a)
    return operations


def slopes(network: Network, trace: Trace) -> list[Operation]:
    """The operations that fill f′(z). Neighbouring layers of one activation lie side by side in the arena and are one
    operation.
    """
    operations: list[Operation] = []
    first = 0
    while first < len(network.layers):
        last = first
        name = network.layers[first].activation
        while last + 1 < len(network.layers) and network.layers[last + 1].activation == name:
            last += 1
        backward_of = activation(name).backward
        if backward_of is not None:
            z, a, slope = (
                _span(trace.arena, arrays[first], arrays[last])
                for arrays in ([t.z for t in trace.layers], [t.a for t in trace.layers], trace.slopes)
            )
            operations += backward_of(z, a, slope)
        first = last + 1
    return operations


def _span(arena: Array, first: Array, last: Array) -> Array:
    """The flat stretch of the arena from the start of one view to the end of another."""
    origin = arena.__array_interface__["data"][0]
    start = (first.__array_interface__["data"][0] - origin) // arena.itemsize
    stop = (last.__array_interface__["data"][0] - origin) // arena.itemsize + last.size
    return arena[start:stop]


def output_error(network: Network, trace: Trace, loss: str, reduction: str) -> list[Operation]:
    """The operations that write δ of the output layer (and ∂C/∂a, unless loss and activation are a pair)."""
    rule = loss_named(loss)
    last = trace.layers[-1]
    dtype = trace.arena.dtype
    factor = rule.scale(reduction, trace.rows, network.outputs)
    name = network.layers[-1].activation
    scaled: list[Operation]
    if name == rule.paired_with:
        scaled = [] if factor == 1.0 else [(np.multiply, (last.delta, constant(factor, dtype), last.delta))]
        return [(np.subtract, (last.a, trace.y, last.delta)), *scaled]
    da = trace.dC_da
    scaled = [] if factor == 1.0 else [(np.multiply, (da, constant(factor, dtype), da))]
    operations = [*rule.slope(last.a, trace.y, da), *scaled]
    if last.slope is not None:
        return [*operations, (np.multiply, (da, last.slope, last.delta))]
    # Softmax: δ_i = Σ_j ∂C/∂a_j a_j (δ_ij − a_i) = a_i (∂C/∂a_i − Σ_j a_j ∂C/∂a_j)
    total = np.empty((trace.rows, 1), dtype)
    return [
        *operations,
        (np.multiply, (da, last.a, last.delta)),
        (np.add.reduce, (last.delta, 1, None, total, True)),
        (np.subtract, (da, total, last.delta)),
        (np.multiply, (last.delta, last.a, last.delta)),
    ]


def backward(
    network: Network, params: Params, trace: Trace, loss: str, reduction: str, update_layer: LayerUpdate | None = None
) -> list[Operation]:
    """The operations that fill slopes, δ, dx, dW and db from z, a and y.

    ``update_layer(l)`` lists the optimiser's operations of one layer; given, the order is sequential.
    """
    operations = slopes(network, trace) + output_error(network, trace, loss, reduction)
    ones = {sign: np.full(trace.rows, sign, trace.arena.dtype) for sign in (1, -1)}
    for number in reversed(range(len(network.layers))):
        here = trace.layers[number]
        operations.append((here.delta.T.dot, (here.x, here.dW)))
        sign = network.layers[number].bias_sign
        if sign and trace.rows > 1:
            operations.append((ones[sign].dot, (here.delta, here.db)))
        elif sign > 0:
            operations.append((np.copyto, (here.db, here.delta[0])))
        elif sign < 0:
            operations.append((np.negative, (here.delta[0], here.db)))
        if update_layer is not None:
            operations += update_layer(number)
            operations.append((np.add, (params.W[number], here.update_W, here.W_used)))
        if number > 0:
            below = trace.layers[number - 1]
            assert here.dx is not None
            assert below.slope is not None
            operations += [(here.delta.dot, (here.W_used, here.dx)), (np.multiply, (here.dx, below.slope, below.delta))]
    return operations


def predict(network: Network, params: Params, x: Array, chunk: int = 4096) -> tuple[Array, ...]:
    """The outputs a of every layer for rows ``x`` (N, inputs), each (N, units); the last one is the answer.

    A large N is taken in chunks, so that the scratch memory stays small.
    """
    return weighted_inputs(network, params, x, chunk)[1]


def weighted_inputs(
    network: Network, params: Params, x: Array, chunk: int = 4096
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """z and a of every layer for rows ``x`` (N, inputs)."""
    x = np.ascontiguousarray(x, dtype=params.flat.dtype)
    if x.ndim != 2 or x.shape[1] != network.inputs:
        raise ValueError(f"x: expected an array of shape (rows, {network.inputs}), got {x.shape}")
    z = tuple(np.empty((len(x), layer.units), x.dtype) for layer in network.layers)
    a = tuple(np.empty_like(part) for part in z)
    with np.errstate(all="ignore"):
        for start in range(0, len(x), chunk):
            rows = slice(start, start + chunk)
            below = x[rows]
            for number, layer in enumerate(network.layers):
                here_z, here_a = z[number][rows], a[number][rows]
                below.dot(params.W[number].T, here_z)
                if layer.has_bias:
                    _ADD[layer.bias](here_z, params.b[number], here_z)
                run(activation(layer.activation).forward(here_z, here_a))
                below = here_a
    return z, a

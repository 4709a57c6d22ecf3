"""The order of looking as blocks: one block per layer and act, each a rectangle of beats, so that lookup is division.

At the edge grain a layer of n units with m inputs, below a layer of k units, has these beats (K outputs):

    forward         n (m + 2)    m products, the weighted input z, the activation a
    loss            K + 1        one element per output, their sum; a batch adds the mean over its rows
    output deltas   2 K          the error and the delta of each output
    parameters      n (m + 1)    the gradient of each weight, then of the bias
    hidden deltas   n (k + 2)    what arrives from each unit above, the sum, the delta
    update          n (m + 1)    the new value of each parameter

A softmax layer first computes all its z, n (m + 1) beats, then its n shares: no share can be computed before the last z
is known. That is n (m + 2) beats too. Its shares are one beat at the neuron grain, and the whole layer is one beat at
the layer grain. Under sequential order a layer is updated right after its gradients are known, before the error is
carried back through its weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """Beats of one act on one layer, given at the edge grain."""

    act: str  # forward, shares, loss, mean, output deltas, gradients, hidden deltas, update
    phase: str  # F, L, B or U
    layer: int
    count: int
    stride: int  # edge beats in one neuron beat
    joined: bool = False  # shares its beat at the layer grain with the block before


def blocks(sizes: Sequence[int], joint: Sequence[bool], rows: int, sequential: bool) -> Iterator[Block]:
    """Yield the blocks of one step in order; `joint[l - 1]` says that layer l is a softmax, `rows` is the batch size."""
    depth = len(sizes) - 1
    for layer in range(1, depth + 1):
        inputs, units = sizes[layer - 1], sizes[layer]
        if joint[layer - 1]:
            yield Block("forward", "F", layer, units * (inputs + 1), inputs + 1)
            yield Block("shares", "F", layer, units, units, joined=True)
        else:
            yield Block("forward", "F", layer, units * (inputs + 2), inputs + 2)
    outputs = sizes[depth]
    yield Block("loss", "L", depth, outputs + 1, outputs + 1)
    if rows > 1:
        yield Block("mean", "L", depth, 1, 1, joined=True)
    for layer in range(depth, 0, -1):
        inputs, units = sizes[layer - 1], sizes[layer]
        if layer == depth:
            yield Block("output deltas", "B", layer, 2 * units, 2)
        else:
            yield Block("hidden deltas", "B", layer, units * (sizes[layer + 1] + 2), sizes[layer + 1] + 2)
        yield Block("gradients", "B", layer, units * (inputs + 1), inputs + 1)
        if sequential:
            yield Block("update", "U", layer, units * (inputs + 1), inputs + 1)
    if not sequential:
        for layer in range(1, depth + 1):
            inputs, units = sizes[layer - 1], sizes[layer]
            yield Block("update", "U", layer, units * (inputs + 1), inputs + 1)

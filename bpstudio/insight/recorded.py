"""The places of a pass through layers of any kind, as they were recorded.

What a slip makes of a number is worked out by computing the pass once more (`altered`), which is written down for dense
layers. Of a network with others every number can still be compared with the right one: that is what stands here. Arrays
are (rows, units), a map row by row and one map after the other.
"""

from __future__ import annotations

import numpy as np
from typing_extensions import override

from bpstudio.engine.layers import Conv2D, Dense
from bpstudio.engine.network import Network
from bpstudio.insight.altered import Alterations, Asked, Pass
from bpstudio.insight.elements import Edge, WholeBatch
from bpstudio.insight.example import Numbers
from bpstudio.insight.image_numbers import kernel_terms
from bpstudio.maths.operations import Array


def is_dense(network: Network) -> bool:
    """Whether all layers are dense, so that a pass can be computed with something else in its places."""
    return all(isinstance(layer, Dense) for layer in network.layers)


def pass_of(numbers: Numbers) -> Pass:
    """The usual pass of an example."""
    return Pass(numbers) if is_dense(numbers.network) else Recorded(numbers)


class Recorded(Pass):
    """A pass into which nothing else can be put."""

    @override
    def altered(self, added: Alterations) -> Pass:
        raise ValueError("alterations: expected dense layers only")

    @override
    def z(self, layer: int) -> Array:
        return _flat(self.numbers.layer(layer).z)

    @override
    def a(self, layer: int) -> Array:
        return _flat(self.numbers.trace.x if layer == 0 else self.numbers.layer(layer).a)

    @override
    def slope(self, layer: int) -> Array:
        recorded = self.numbers.layer(layer).slope
        if recorded is not None:
            return _flat(recorded)
        if not self.function(layer).elementwise:
            diagonal: Array = self.a(layer) * (1 - self.a(layer))
            return diagonal
        return np.ones_like(self.z(layer))

    @override
    def error(self, layer: int) -> Array:
        n = self.numbers
        if layer < self.depth:
            dx = n.layer(layer + 1).dx
            assert dx is not None  # every layer but the first has it
            return _flat(dx) / n.share
        return n.loss.da(self.a(layer), _flat(n.trace.y)) * n.own_scale + n.sparsity(layer)

    @override
    def delta(self, layer: int) -> Array:
        return _flat(self.numbers.layer(layer).delta) / self.numbers.share

    @override
    def value(self, asked: Asked) -> Array:
        target = asked.target
        if isinstance(target, Edge) and isinstance(self.numbers.network.layers[target.layer - 1], Conv2D):
            n = self.numbers
            whole = n if n.position is None or n.trace.rows == 1 else Numbers(n.frame, WholeBatch())
            each: Array = kernel_terms(whole, target).sum(axis=(1, 2))
            return each
        return super().value(asked)


def _flat(values: Array) -> Array:
    return np.asarray(values, dtype=np.float64).reshape(len(values), -1)

"""The order of looking as blocks: one block per layer and act, each a rectangle of beats, so that lookup is division.

At the edge grain a layer of n units with m inputs, below a layer of k units, has these beats (K outputs):

    forward         n (m + 2)    m products, the weighted input z, the activation a
    loss            K + 1        one element per output, their sum; a batch adds one more: the mean over its rows
    output deltas   2 K          the error and the delta of each output
    gradients       n (m + 1)    the gradient of each weight, then of the bias
    hidden deltas   n (k + 2)    what arrives from each unit above, the sum, the delta
    update          n (m + 1)    the new value of each parameter

In a layer without biases, gradients and update have n m beats each.

A softmax layer first computes all its z, n (m + 1) beats, then its n shares: no share can be computed before the last z
is known. That is n (m + 2) beats too. Its shares are one beat at the neuron grain, and the whole layer is one beat at
the layer grain. Under sequential order a layer is updated right after its gradients are known, before the error is
carried back through its weights.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bpstudio.insight.elements import BIAS, Edge, Element, LossNode, Unit

Grain = Literal["step", "layer", "neuron", "edge"]
GRAINS: tuple[Grain, ...] = get_args(Grain)

#: What is computed of a unit, of an edge, and of the loss, by the names that `Order.place` knows.
UNIT_QUANTITIES = ("z", "a", "element", "error", "delta")
EDGE_QUANTITIES = ("product", "dW", "arrival", "new")
LOSS_QUANTITIES = ("row", "C")


@dataclass(frozen=True, slots=True)
class Block:
    """Beats of one act on one layer."""

    act: str  # forward, shares, loss, mean, output deltas, gradients, hidden deltas, update
    phase: str  # F, L, B or U
    layer: int
    count: int  # edge beats
    stride: int  # edge beats in one neuron beat
    joined: bool = False  # shares its beat at the layer grain with the block before


def blocks(
    sizes: Sequence[int], joint: Sequence[bool], rows: int, sequential: bool, biases: Sequence[bool]
) -> Iterator[Block]:
    """Yield the blocks of one step in order.

    `joint` says which layers are computed as a whole (softmax), `rows` is the size of the batch, `biases` says which
    layers have any.
    """
    depth = len(sizes) - 1
    outputs = sizes[depth]
    for layer in range(1, depth + 1):
        inputs, units = sizes[layer - 1], sizes[layer]
        if joint[layer - 1]:
            yield Block("forward", "F", layer, units * (inputs + 1), inputs + 1)
            yield Block("shares", "F", layer, units, units, joined=True)
        else:
            yield Block("forward", "F", layer, units * (inputs + 2), inputs + 2)
    yield Block("loss", "L", depth, outputs + 1, outputs + 1)
    if rows > 1:
        yield Block("mean", "L", depth, 1, 1, joined=True)
    rows_of = [inputs + has_bias for inputs, has_bias in zip(sizes, biases, strict=False)]
    updates = [
        Block("update", "U", layer, sizes[layer] * rows_of[layer - 1], rows_of[layer - 1])
        for layer in range(1, depth + 1)
    ]
    for layer in range(depth, 0, -1):
        units, parameters = sizes[layer], rows_of[layer - 1]
        if layer == depth:
            yield Block("output deltas", "B", layer, 2 * units, 2)
        else:
            above = sizes[layer + 1]
            yield Block("hidden deltas", "B", layer, units * (above + 2), above + 2)
        yield Block("gradients", "B", layer, units * parameters, parameters)
        if sequential:
            yield updates[layer - 1]
    if not sequential:
        yield from updates


class Order:
    """All beats of one step by number, at every grain. Its tables have one entry per block, whatever the widths."""

    def __init__(
        self,
        sizes: Sequence[int],
        joint: Sequence[bool],
        rows: int,
        sequential: bool,
        biases: Sequence[bool] | None = None,
    ) -> None:
        self.sizes = tuple(sizes)
        self.depth = len(sizes) - 1
        self.biases = (True,) * self.depth if biases is None else tuple(biases)
        self.rows = rows
        self._joint = tuple(joint)
        self.blocks = tuple(blocks(sizes, joint, rows, sequential, self.biases))
        self._edges_before: list[int] = []
        self._neurons_before: list[int] = []
        self._layer_beat: list[int] = []
        self._number: dict[tuple[str, int], int] = {}
        edges = neurons = layers = 0
        for number, block in enumerate(self.blocks):
            layers += not block.joined
            self._edges_before.append(edges)
            self._neurons_before.append(neurons)
            self._layer_beat.append(layers)
            self._number[block.act, block.layer] = number
            edges += block.count
            neurons += block.count // block.stride
        self._layer_first = [
            before for before, block in zip(self._edges_before, self.blocks, strict=True) if not block.joined
        ]
        self.counts: dict[Grain, int] = {"step": 1, "layer": layers, "neuron": neurons, "edge": edges}

    def joint(self, layer: int) -> bool:
        """Whether the units of a layer are computed as a whole: no share of a softmax before the last z."""
        return self._joint[layer - 1]

    def count(self, grain: Grain) -> int:
        """How many beats the step has at this grain."""
        if grain not in self.counts:
            raise ValueError(f"grain: expected one of {', '.join(GRAINS)}, came {grain!r}")
        return self.counts[grain]

    def check(self, grain: Grain, index: int) -> int:
        """Return the index, or raise ValueError when the grain has no such beat."""
        if not 0 <= index <= self.count(grain):
            raise ValueError(f"beat: expected 0 … {self.count(grain)} at grain {grain}, came {index}")
        return index

    def locate(self, position: int) -> tuple[Block, int]:
        """The block of edge beat `position` (from 1) and the offset of the beat in it (from 0)."""
        number = bisect.bisect_right(self._edges_before, position - 1) - 1
        return self.blocks[number], position - 1 - self._edges_before[number]

    def locate_neuron(self, index: int) -> tuple[Block, int]:
        """The block of neuron beat `index` (from 1) and the offset of the beat in it (from 0)."""
        number = bisect.bisect_right(self._neurons_before, index - 1) - 1
        return self.blocks[number], index - 1 - self._neurons_before[number]

    def locate_layer(self, index: int) -> Block:
        """The first block of layer beat `index` (from 1)."""
        return self.locate(self._layer_first[index - 1] + 1)[0]

    def span(self, grain: Grain, index: int) -> tuple[int, int]:
        """The first and the last edge beat of a beat. Index 0 is the empty span (1, 0)."""
        self.check(grain, index)
        if index == 0:
            return 1, 0
        if grain == "edge":
            return index, index
        if grain == "step":
            return 1, self.counts["edge"]
        if grain == "neuron":
            number = bisect.bisect_right(self._neurons_before, index - 1) - 1
            block = self.blocks[number]
            first = self._edges_before[number] + (index - 1 - self._neurons_before[number]) * block.stride
            return first + 1, first + block.stride
        last = self._layer_first[index] if index < self.counts["layer"] else self.counts["edge"]
        return self._layer_first[index - 1] + 1, last

    def at(self, grain: Grain, position: int) -> int:
        """The beat of `grain` in which edge beat `position` lies; 0 for 0."""
        self.check("edge", position)
        self.count(grain)
        if position == 0 or grain == "edge":
            return position
        if grain == "step":
            return 1
        number = bisect.bisect_right(self._edges_before, position - 1) - 1
        if grain == "layer":
            return self._layer_beat[number]
        offset = position - 1 - self._edges_before[number]
        return self._neurons_before[number] + offset // self.blocks[number].stride + 1

    def phases(self, grain: Grain) -> tuple[tuple[str, int, int], ...]:
        """Runs of one phase as (letter, first beat, last beat); sequential order has several runs of B and U."""
        if grain == "step":
            return (("U", 1, 1),)
        runs: list[tuple[str, int, int]] = []
        for before, block in zip(self._edges_before, self.blocks, strict=True):
            first, last = self.at(grain, before + 1), self.at(grain, before + block.count)
            if runs and runs[-1][0] == block.phase:
                runs[-1] = (block.phase, runs[-1][1], last)
            else:
                runs.append((block.phase, first, last))
        return tuple(runs)

    def start(self, act: str, layer: int) -> int:
        """How many edge beats come before the block of this act and layer."""
        return self._edges_before[self._number[act, layer]]

    def end(self, act: str, layer: int) -> int:
        """The last edge beat of the block of this act and layer."""
        number = self._number[act, layer]
        return self._edges_before[number] + self.blocks[number].count

    def _unit_steps(self, layer: int, quantity: str) -> tuple[int, int]:
        """(edge beat of unit 0, distance to the next unit) for a quantity of the units of a layer; 0 is given data."""
        if layer == 0 and quantity == "a":
            return 0, 0
        if quantity not in UNIT_QUANTITIES or layer == 0 or (quantity == "element" and layer != self.depth):
            raise ValueError(
                f"quantity of a unit in layer {layer}: expected one of {self._unit_choices(layer)}, came {quantity!r}"
            )
        joint = self.joint(layer)
        if quantity == "a" and joint:
            return self.start("shares", layer) + 1, 1
        if quantity in ("z", "a"):
            inputs = self.sizes[layer - 1]
            return self.start("forward", layer) + inputs + (2 if quantity == "a" else 1), inputs + (1 if joint else 2)
        if quantity == "element":
            return self.start("loss", layer) + 1, 1
        if layer == self.depth:
            return self.start("output deltas", layer) + (1 if quantity == "error" else 2), 2
        above = self.sizes[layer + 1]
        return self.start("hidden deltas", layer) + above + (1 if quantity == "error" else 2), above + 2

    def _unit_choices(self, layer: int) -> str:
        if layer == 0:
            return "a"
        return ", ".join(name for name in UNIT_QUANTITIES if name != "element" or layer == self.depth)

    def place(self, element: Element, quantity: str) -> int:
        """The edge beat at which a quantity is computed. Inputs are given: 0. Raises ValueError where there is none."""
        if isinstance(element, Unit):
            first, stride = self._unit_steps(element.layer, quantity)
            return first + element.index * stride
        if isinstance(element, LossNode):
            if quantity not in LOSS_QUANTITIES:
                raise ValueError(
                    f"quantity of the loss: expected one of {', '.join(LOSS_QUANTITIES)}, came {quantity!r}"
                )
            return self.end("mean" if quantity == "C" and self.rows > 1 else "loss", self.depth)
        if not isinstance(element, Edge):
            raise ValueError(f"nothing is computed at {element}")
        layer, inputs = element.layer, self.sizes[element.layer - 1]
        column = inputs if element.source == BIAS else element.source
        if element.source == BIAS and not self.biases[layer - 1]:
            raise ValueError(f"layer {layer} has no biases, came {element}")
        if quantity == "product":
            return self.start("forward", layer) + element.to * self._forward_stride(layer) + column + 1
        if quantity == "arrival" and layer > 1 and element.source != BIAS:
            above = self.sizes[layer]
            return self.start("hidden deltas", layer - 1) + element.source * (above + 2) + element.to + 1
        if quantity in ("dW", "new"):
            act = "gradients" if quantity == "dW" else "update"
            return self.start(act, layer) + element.to * (inputs + self.biases[layer - 1]) + column + 1
        raise ValueError(
            f"quantity of an edge: expected one of {', '.join(EDGE_QUANTITIES)} (arrival: no bias, not in layer 1), "
            f"came {quantity!r} of {element}"
        )

    def when(self, layer: int, quantity: str) -> NDArray[np.int64]:
        """`place` for a whole layer: shape (units,), or (units, inputs + 1) for edges, biases in the last column.

        A bias has no product of its own; it enters with the sum, so its column holds the beat of z. Nothing arrives
        over a bias: that column of "arrival" lies beyond the last beat. So do those of biases that a layer has not.
        """
        units = self.sizes[layer]
        if quantity not in EDGE_QUANTITIES:
            first, stride = self._unit_steps(layer, quantity)
            return first + stride * np.arange(units)
        if layer == 0 or (quantity == "arrival" and layer == 1):
            raise ValueError(f"layer {layer} has no {quantity!r}")
        inputs = self.sizes[layer - 1]
        rows, columns = np.arange(units)[:, None], np.arange(inputs + 1)
        if quantity == "arrival":
            places = self.start("hidden deltas", layer - 1) + 1 + rows + columns * (units + 2)
            places[:, inputs] = self.counts["edge"] + 1
            return places
        if quantity == "product":
            return self.start("forward", layer) + 1 + rows * self._forward_stride(layer) + columns
        has_bias = self.biases[layer - 1]
        places = self.start("gradients" if quantity == "dW" else "update", layer) + 1 + columns
        places = places + rows * (inputs + has_bias)
        if not has_bias:
            places[:, inputs] = self.counts["edge"] + 1
        return places

    def _forward_stride(self, layer: int) -> int:
        return self.sizes[layer - 1] + (1 if self.joint(layer) else 2)

"""The order of looking as blocks: one block per layer and act, each a rectangle of beats, so that lookup is division.

At the edge grain a layer of n units with m inputs, below a layer of k units, has these beats (K outputs):

    forward         n (m + 2)    m products, the weighted input z, the activation a
    loss            K + 1        one element per output, their sum; a batch adds one more: the mean over its rows
    output deltas   2 K          the error and the delta of each output
    gradients       n (m + 1)    the gradient of each weight, then of the bias
    hidden deltas   n (k + 2)    what arrives from each unit above, the sum, the delta
    update          n (m + 1)    the new value of each parameter

In a layer without biases, gradients and update have n m beats each; in one without weights there are none.

A layer of images has a beat for each place of each map, forward and back; the gradients of a convolution's kernels are
a sum that grows with each place of its filter's map, and their new values are a beat each. What changes each number by
itself (dropout, an activation on its own) has a beat for each, and two on the way back: the error and δ.

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
from bpstudio.insight.paces import Pace, Run

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


def blocks(paces: Sequence[Pace], rows: int, sequential: bool) -> Iterator[Block]:
    """Yield the blocks of one step in order; `rows` is the size of the batch."""
    depth, outputs = len(paces), paces[-1].units
    for layer, pace in enumerate(paces, 1):
        yield _block("forward", "F", layer, pace.forward)
        if pace.joint:
            yield Block("shares", "F", layer, pace.units, pace.units, joined=True)
    yield Block("loss", "L", depth, outputs + 1, outputs + 1)
    if rows > 1:
        yield Block("mean", "L", depth, 1, 1, joined=True)
    updates = [_block("update", "U", layer, pace.update) for layer, pace in enumerate(paces, 1)]
    for layer in range(depth, 0, -1):
        here = paces[layer - 1]
        if layer == depth:
            yield Block("output deltas", "B", layer, 2 * outputs, 2)
        else:
            yield _block("hidden deltas", "B", layer, here.hidden_deltas(paces[layer]))
        if here.has_weights:
            yield _block("gradients", "B", layer, here.gradients)
            if sequential:
                yield updates[layer - 1]
    if not sequential:
        yield from (block for block in updates if block.count)


def _block(act: str, phase: str, layer: int, run: Run) -> Block:
    return Block(act, phase, layer, run.count, run.stride)


class Order:
    """All beats of one step by number, at every grain. Its tables have one entry per block, whatever the widths."""

    def __init__(self, paces: Sequence[Pace], rows: int, sequential: bool) -> None:
        self.paces = tuple(paces)
        self.sizes = (self.paces[0].inputs, *(pace.units for pace in self.paces))
        self.depth = len(self.paces)
        self.biases = tuple(pace.has_bias for pace in self.paces)
        self.rows = rows
        self.blocks = tuple(blocks(self.paces, rows, sequential))
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
        return self.paces[layer - 1].joint

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
        """How many edge beats come before the block of this act and layer. Raises ValueError where it has none."""
        return self._edges_before[self._find(act, layer)]

    def end(self, act: str, layer: int) -> int:
        """The last edge beat of the block of this act and layer."""
        number = self._find(act, layer)
        return self._edges_before[number] + self.blocks[number].count

    def _find(self, act: str, layer: int) -> int:
        if (act, layer) not in self._number:
            raise ValueError(f"layer {layer} has no {act}")
        return self._number[act, layer]

    @property
    def never(self) -> int:
        """A place beyond the last beat: of what is computed in none."""
        return self.counts["edge"] + 1

    def _unit_steps(self, layer: int, quantity: str) -> tuple[int, int]:
        """(edge beat of unit 0, distance to the next unit) for a quantity of the units of a layer; 0 is given data."""
        if layer == 0 and quantity == "a":
            return 0, 0
        if quantity not in UNIT_QUANTITIES or layer == 0 or (quantity == "element" and layer != self.depth):
            raise ValueError(
                f"quantity of a unit in layer {layer}: expected one of {self._unit_choices(layer)}, came {quantity!r}"
            )
        joint = self.joint(layer)
        pace = self.paces[layer - 1]
        if quantity == "a" and joint:
            return self.start("shares", layer) + 1, 1
        if quantity in ("z", "a"):
            start = self.start("forward", layer) + 1
            if not pace.is_dense:
                return start, int(pace.forward.count > 1)
            return start + pace.inputs + (quantity == "a"), pace.forward.stride
        if quantity == "element":
            return self.start("loss", layer) + 1, 1
        if layer == self.depth:
            return self.start("output deltas", layer) + (1 if quantity == "error" else 2), 2
        start = self.start("hidden deltas", layer)
        if pace.is_image:
            return start + 1, 1
        stride = pace.hidden_deltas(self.paces[layer]).stride
        return start + stride - (quantity == "error"), stride

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
        layer, pace = element.layer, self.paces[element.layer - 1]
        column = pace.columns if element.source == BIAS else element.source
        if element.source == BIAS and not pace.has_bias:
            raise ValueError(f"layer {layer} has no biases, came {element}")
        if quantity == "product":
            first, stride = self.start("forward", layer), pace.forward.stride
            return first + element.to * stride + column + 1 if pace.is_dense else first + (element.to + 1) * stride
        if quantity == "arrival" and layer > 1 and element.source != BIAS:
            if not pace.is_dense:
                return self.end("hidden deltas", layer - 1)
            return self.start("hidden deltas", layer - 1) + element.source * (pace.units + 2) + element.to + 1
        if quantity == "new":
            return self.start("update", layer) + element.to * pace.update.stride + column + 1
        if quantity == "dW":
            first, stride = self.start("gradients", layer), pace.gradients.stride
            # Every number of a filter's kernels is a sum over all of its places.
            return first + element.to * stride + column + 1 if pace.is_dense else first + (element.to + 1) * stride
        raise ValueError(
            f"quantity of an edge: expected one of {', '.join(EDGE_QUANTITIES)} (arrival: no bias, not in layer 1), "
            f"came {quantity!r} of {element}"
        )

    def when(self, layer: int, quantity: str) -> NDArray[np.int64]:
        """`place` for a whole layer: shape (units,), or for edges (rows, columns + 1) of its weights as a matrix,
        biases in the last column; (0, 1) where it has none.

        A bias has no product of its own; it enters with the sum, so its column holds the beat of z. Nothing arrives
        over a bias: that column of "arrival" lies beyond the last beat. So do those of biases that a layer has not.
        """
        if quantity not in EDGE_QUANTITIES:
            first, stride = self._unit_steps(layer, quantity)
            return first + stride * np.arange(self.sizes[layer])
        if layer == 0 or (quantity == "arrival" and layer == 1):
            raise ValueError(f"layer {layer} has no {quantity!r}")
        pace = self.paces[layer - 1]
        if not pace.has_weights:
            return np.zeros((0, 1), np.int64)
        rows, columns = np.arange(pace.rows)[:, None], np.arange(pace.columns + 1)
        if quantity == "arrival":
            if pace.is_dense:
                places = self.start("hidden deltas", layer - 1) + 1 + rows + columns * (pace.units + 2)
            else:
                places = np.full((pace.rows, pace.columns + 1), self.end("hidden deltas", layer - 1))
            places[:, -1] = self.never
            return places
        act, run = {
            "product": ("forward", pace.forward),
            "dW": ("gradients", pace.gradients),
            "new": ("update", pace.update),
        }[quantity]
        one_by_one = pace.is_dense or quantity == "new"
        within = columns + 1 if one_by_one else np.full(pace.columns + 1, run.stride)
        places = self.start(act, layer) + rows * run.stride + within
        if quantity != "product" and not pace.has_bias:
            places[:, -1] = self.never
        return places

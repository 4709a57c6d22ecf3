"""One beat: what it computes, what lights up, and which way the number travels.

`kind` says what is computed and `grain` how much of it at once: `a` at the edge grain is one activation, at the neuron
grain a unit's weighted input and activation, at the layer grain those of the whole layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bpstudio.engine.layers import Conv2D
from bpstudio.engine.network import Network
from bpstudio.insight.addresses import address
from bpstudio.insight.elements import (
    BIAS,
    Edge,
    Edges,
    Lit,
    LossNode,
    Map,
    Names,
    PlusOne,
    Target,
    Targets,
    Unit,
    Units,
    pixel_of,
)
from bpstudio.insight.order import Block, Grain, Order
from bpstudio.insight.windows import seen_by

Kind = Literal[
    "start",  # index 0: nothing is computed
    "product",  # a weight times what came in
    "z",  # the weighted input
    "a",  # the activation
    "softmax",  # the shares of a softmax layer, or one of them at the edge grain
    "element",  # one output's part of the loss
    "row",  # the cost of the row, in a batch
    "C",  # the objective
    "error",  # ∂C/∂a of an output
    "arrival",  # what comes back over one weight
    "sum",  # all that came back: ∂C/∂a of a hidden unit
    "delta",  # ∂C/∂z
    "gradient",  # ∂C/∂w or ∂C/∂b
    "update",  # the new value of a parameter
    "step",  # the whole training step
]

#: The part that a lit element plays in the formula; colours of the canvas and of the formula's factors go by it.
Role = Literal["input", "weight", "bias", "z", "activation", "target", "loss", "error", "slope", "delta", "product"]


@dataclass(frozen=True, slots=True)
class Pulse:
    """A number on its way: forward to the right, a delta or a gradient to the left, `along` a path if there is one."""

    origin: Lit
    destination: Lit
    kind: Literal["forward", "delta", "gradient"]
    along: Edge | Edges | None


@dataclass(frozen=True, slots=True)
class Beat:
    """One look. `unit` and `source` are None where the beat is about a whole layer or a whole unit.

    In a layer of images `unit` is a pixel, `channel` the map that the beat is about or the filter whose kernels it is
    about. New values of kernels have the filter in `unit` as well, and the number of its row in `source`.
    """

    grain: Grain
    index: int
    address: str
    phase: str
    kind: Kind
    layer: int
    unit: int | None
    source: int | None
    lit: tuple[tuple[Lit, Role], ...]
    pulse: Pulse | None
    channel: int | None = None

    @property
    def subject(self) -> Unit:
        """The unit that the beat is about. Raises ValueError for a beat about a whole layer or the loss."""
        if self.unit is None:
            raise ValueError(f"beat {self.address} is about no single unit")
        return Unit(self.layer, self.unit)

    @property
    def lights(self) -> tuple[Lit, ...]:
        """The elements that glow; `lit` pairs each with its role."""
        return tuple(element for element, _ in self.lit)


_Parts = tuple[Kind, int | None, int | None, tuple[tuple[Lit, Role], ...], Pulse | None]


def make(order: Order, names: Names, network: Network, grain: Grain, index: int) -> Beat:
    """Beat `index` of a grain. Raises ValueError when there is none."""
    order.check(grain, index)
    where = address(order, names, grain, index)
    if index == 0:
        return Beat(grain, index, where, "", "start", 0, None, None, (), None)
    if grain == "step":
        everything: list[tuple[Lit, Role]] = [(Units(0), "input")]
        for layer in range(1, order.depth + 1):
            everything += [(Edges(layer), "product"), (Units(layer), "activation")]
        lit = (*everything, (Targets(), "target"), (LossNode(), "loss"))
        return Beat(grain, index, where, "U", "step", order.depth, None, None, lit, None)
    channel: int | None = None
    if grain == "layer":
        block = order.locate_layer(index)
        kind, unit, source, lit, pulse = _layer(order, block)
    else:
        block, offset = order.locate_neuron(index) if grain == "neuron" else order.locate(index)
        pace = order.paces[block.layer - 1]
        if pace.is_image:
            channel = offset if grain == "neuron" else offset // block.stride
            kind, unit, source, lit, pulse = _image(order, network, grain, block, offset)
        elif _alone(order, block):
            kind, unit, source, lit, pulse = _each_alone(order, block, offset, grain)
        elif grain == "neuron":
            kind, unit, source, lit, pulse = _neuron(order, block, offset)
        else:
            kind, unit, source, lit, pulse = _edge(order, block, offset)
    return Beat(grain, index, where, block.phase, kind, block.layer, unit, source, lit, pulse, channel)


def _plus_one(order: Order, layer: int) -> tuple[tuple[Lit, Role], ...]:
    """The node from which the biases of a layer come, where it has any."""
    return ((PlusOne(layer), "bias"),) if order.biases[layer - 1] else ()


def _edges(order: Order, layer: int) -> Edges | None:
    """The edges of a layer, where it has any."""
    return Edges(layer) if order.paces[layer - 1].has_weights else None


def _weights(order: Order, layer: int, role: Role) -> tuple[tuple[Lit, Role], ...]:
    edges = _edges(order, layer)
    return () if edges is None else ((edges, role),)


def _layer(order: Order, block: Block) -> _Parts:
    layer = block.layer
    match block.act:
        case "forward":
            pulse = Pulse(Units(layer - 1), Units(layer), "forward", _edges(order, layer))
            lit: tuple[tuple[Lit, Role], ...] = (
                (Units(layer - 1), "input"),
                *_weights(order, layer, "weight"),
                *_plus_one(order, layer),
                (Units(layer), "activation"),
            )
            return "a", None, None, lit, pulse
        case "loss":
            return ("C", *_loss(order))
        case "output deltas":
            lit = ((LossNode(), "loss"), (Targets(), "target"), (Units(layer), "delta"))
            return "delta", None, None, lit, Pulse(LossNode(), Units(layer), "delta", None)
        case "hidden deltas":
            pulse = Pulse(Units(layer + 1), Units(layer), "delta", _edges(order, layer + 1))
            lit = ((Units(layer + 1), "delta"), *_weights(order, layer + 1, "weight"), (Units(layer), "delta"))
            return "delta", None, None, lit, pulse
        case "gradients":
            pulse = Pulse(Units(layer), Units(layer - 1), "gradient", Edges(layer))
            lit = ((Units(layer), "delta"), (Units(layer - 1), "input"), (Edges(layer), "product"))
            return "gradient", None, None, lit, pulse
        case _:
            return "update", None, None, ((Edges(layer), "product"),), None


def _loss(order: Order) -> tuple[None, None, tuple[tuple[Lit, Role], ...], Pulse]:
    outputs = Units(order.depth)
    lit: tuple[tuple[Lit, Role], ...] = ((outputs, "activation"), (Targets(), "target"), (LossNode(), "loss"))
    return None, None, lit, Pulse(outputs, LossNode(), "forward", None)


def _neuron(order: Order, block: Block, offset: int) -> _Parts:
    layer = block.layer
    here = Unit(layer, offset)
    match block.act:
        case "forward":
            fan = Edges(layer, to=offset)
            last: Role = "z" if order.joint(layer) else "activation"
            lit: tuple[tuple[Lit, Role], ...] = (
                (Units(layer - 1), "input"),
                (fan, "weight"),
                *_plus_one(order, layer),
                (here, last),
            )
            return "z" if last == "z" else "a", offset, None, lit, Pulse(Units(layer - 1), here, "forward", fan)
        case "shares":
            return "softmax", None, None, ((Units(layer), "activation"),), None
        case "loss":
            return ("row" if order.rows > 1 else "C", *_loss(order))
        case "mean":
            return "C", None, None, ((LossNode(), "loss"),), None
        case "output deltas":
            lit = ((LossNode(), "loss"), (Target(offset), "target"), (here, "delta"))
            return "delta", offset, None, lit, Pulse(LossNode(), here, "delta", None)
        case "hidden deltas":
            fan = Edges(layer + 1, source=offset)
            lit = ((Units(layer + 1), "delta"), (fan, "weight"), (here, "delta"))
            return "delta", offset, None, lit, Pulse(Units(layer + 1), here, "delta", fan)
        case "gradients":
            fan = Edges(layer, to=offset)
            lit = ((here, "delta"), (Units(layer - 1), "input"), (fan, "product"))
            return "gradient", offset, None, lit, Pulse(here, Units(layer - 1), "gradient", fan)
        case _:
            return "update", offset, None, ((Edges(layer, to=offset), "product"),), None


def _edge(order: Order, block: Block, offset: int) -> _Parts:
    layer, outputs = block.layer, order.sizes[order.depth]
    match block.act:
        case "shares":
            lit: tuple[tuple[Lit, Role], ...] = ((Units(layer), "z"), (Unit(layer, offset), "activation"))
            return "softmax", offset, None, lit, None
        case "loss" if offset < outputs:
            here = Unit(layer, offset)
            lit = ((here, "activation"), (Target(offset), "target"), (LossNode(), "loss"))
            return "element", offset, None, lit, Pulse(here, LossNode(), "forward", None)
        case "loss" | "mean":
            kind: Kind = "row" if order.rows > 1 and block.act == "loss" else "C"
            return kind, None, None, ((LossNode(), "loss"),), None
    index, inner = divmod(offset, block.stride)
    here, inputs = Unit(layer, index), order.sizes[layer - 1]
    source = BIAS if inner == inputs else inner
    match block.act:
        case "forward" if inner < inputs:
            edge = Edge(layer, index, inner)
            lit = ((edge, "weight"), (Unit(layer - 1, inner), "input"))
            return "product", index, inner, lit, Pulse(Unit(layer - 1, inner), here, "forward", edge)
        case "forward" if inner == inputs:
            lit = (*_plus_one(order, layer), (Edges(layer, to=index), "product"), (here, "z"))
            bias = Pulse(PlusOne(layer), here, "forward", Edge(layer, index, BIAS)) if order.biases[layer - 1] else None
            return "z", index, None, lit, bias
        case "forward":
            return "a", index, None, ((here, "activation"),), None
        case "output deltas" if inner == 0:
            lit = ((LossNode(), "loss"), (Target(index), "target"), (here, "error"))
            return "error", index, None, lit, Pulse(LossNode(), here, "delta", None)
        case "hidden deltas" if inner < order.sizes[layer + 1]:
            above, back = Unit(layer + 1, inner), Edge(layer + 1, inner, index)
            lit = ((above, "delta"), (back, "weight"), (here, "error"))
            return "arrival", index, inner, lit, Pulse(above, here, "delta", back)
        case "hidden deltas" if inner == order.sizes[layer + 1]:
            return "sum", index, None, ((Edges(layer + 1, source=index), "product"), (here, "error")), None
        case "output deltas" | "hidden deltas":
            return "delta", index, None, ((here, "delta"),), None
        case "gradients":
            edge = Edge(layer, index, source)
            below: Lit = PlusOne(layer) if edge.is_bias else Unit(layer - 1, source)
            lit = ((here, "delta"), (below, "input"), (edge, "product"))
            return "gradient", index, source, lit, Pulse(here, below, "gradient", edge)
        case _:
            return "update", index, source, ((Edge(layer, index, source), "product"),), None


# ---- layers that are not dense


def _alone(order: Order, block: Block) -> bool:
    """Whether each number of a row is walked by itself: on the way up through what has no weights, on the way back from
    it.
    """
    if block.act == "hidden deltas":
        return not order.paces[block.layer].is_dense
    return block.act == "forward" and not order.paces[block.layer - 1].is_dense


def _each_alone(order: Order, block: Block, offset: int, grain: Grain) -> _Parts:
    layer, pace = block.layer, order.paces[block.layer - 1]
    if block.act == "forward":
        last: Role = "z" if pace.joint else "activation"
        kind: Kind = "z" if pace.joint else "a"
        if pace.forward.rows == 1 < pace.units:  # what flattens: all at once
            whole: tuple[tuple[Lit, Role], ...] = ((Units(layer - 1), "input"), (Units(layer), "activation"))
            return "a", None, None, whole, Pulse(Units(layer - 1), Units(layer), "forward", None)
        here = Unit(layer, offset)
        lit: tuple[tuple[Lit, Role], ...] = ((Unit(layer - 1, offset), "input"), (here, last))
        return kind, offset, None, lit, Pulse(Unit(layer - 1, offset), here, "forward", None)
    index, inner = (offset, 1) if grain == "neuron" else divmod(offset, block.stride)
    here, above = Unit(layer, index), Unit(layer + 1, index)
    if inner == 0:
        return "sum", index, None, ((above, "delta"), (here, "error")), Pulse(above, here, "delta", None)
    lit = ((above, "delta"), (here, "delta")) if grain == "neuron" else ((here, "delta"),)
    pulse = Pulse(above, here, "delta", None) if grain == "neuron" else None
    return "delta", index, None, lit, pulse


def _image(order: Order, network: Network, grain: Grain, block: Block, offset: int) -> _Parts:
    """A map of a layer of images, or one place of it; or what its filter learns."""
    layer = block.layer
    number = offset if grain == "neuron" else offset // block.stride
    has_weights = order.paces[layer - 1].has_weights
    kernels = Edges(layer, to=number)
    if block.act == "update":
        column = offset % block.stride
        source = BIAS if column == order.paces[layer - 1].columns else column
        if grain == "neuron":
            return "update", None, None, ((kernels, "product"),), None
        return "update", number, source, ((Edge(layer, number, source), "product"),), None
    unit = None if grain == "neuron" else offset
    here: Lit = Map(layer, number) if unit is None else pixel_of(network.shapes[layer], Unit(layer, unit))
    below: Lit = Units(layer - 1) if has_weights else Map(layer - 1, number)
    if block.act == "forward":
        made: tuple[tuple[Lit, Role], ...] = ((kernels, "weight"),) if has_weights else ()
        came: tuple[tuple[Lit, Role], ...] = ((below, "input"),) if unit is None else ()
        lit = (*came, *made, *_plus_one(order, layer), (here, "activation"))
        along = kernels if has_weights and unit is None else None
        return "a", unit, None, lit, Pulse(below, here, "forward", along)
    if block.act == "gradients":
        seen: tuple[tuple[Lit, Role], ...] = ((below, "input"),) if unit is None else ()
        lit = ((here, "delta"), *seen, (kernels, "product"))
        return "gradient", unit, None, lit, Pulse(here, below, "gradient", kernels if unit is None else None)
    return ("delta", unit, None, *_back(network, layer, number, unit, here))


def _back(
    network: Network, layer: int, channel: int, unit: int | None, here: Lit
) -> tuple[tuple[tuple[Lit, Role], ...], Pulse]:
    """What lights where δ comes to a map, or to a place of it, from the layer above."""
    above = network.layers[layer]
    is_spread = isinstance(above, Conv2D) or len(network.shapes[layer + 1]) == 1
    origin: Lit = Units(layer + 1) if is_spread else Map(layer + 1, channel)
    if unit is None:
        from_there: tuple[tuple[Lit, Role], ...] = ((origin, "delta"),)
    else:
        from_there = tuple((each, "delta") for each in seen_by(network, Unit(layer, unit)))
    return (*from_there, (here, "delta")), Pulse(origin, here, "delta", None)

"""The things that can be pointed at: units, edges, maps, kernels, the +1 nodes, targets, the loss, and whose numbers
they show.

Layer 0 is the inputs, layer l is the l-th layer of the network. Units count from 0 here and from 1 in every name a
person reads. A bias is an edge too: it comes from a node that is always 1, and its `source` is BIAS. In an array of
shape (units, inputs + 1) that is also the last column: there biases stand here.

A layer of images has two ways to say the same. A `Pixel` is a `Unit` whose index counts channel by channel and row by
row, as an image is flattened; a `KernelEntry` is an `Edge` whose `to` is the filter and whose `source` counts the
filter's numbers in the same way. So every array of parameters is a matrix (rows, columns + 1) with the biases last: a
row for each unit of a dense layer or each filter of a convolution, nothing where a layer has no weights. People point
at pixels and entries, arrays are read by units and edges; `Names.placed` and `Names.flat` lead from one to the other.

`Names` are the plain names of the elements, as in addresses, lessons and on the command line: `h1`, `w5`, `b_o1`; of
images `m1_3` (a map), `p1_3_5_2` (row 5, column 2 of it), `k1_3_2` (the kernel of map 3 over channel 2), `k1_3_2_1_1`
(an entry of it) and `b_m1_3`.
"""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bpstudio.engine.layers import Shape
from bpstudio.engine.network import Network

BIAS = -1


@dataclass(frozen=True, slots=True)
class Unit:
    """Unit `index` of `layer`; layer 0 holds the inputs."""

    layer: int
    index: int


@dataclass(frozen=True, slots=True)
class Edge:
    """The weight into unit `to` of `layer` from unit `source` of the layer before (BIAS: from +1).

    In a convolution `to` is the filter and `source` counts the numbers of its kernels: (channel, row, column).
    """

    layer: int
    to: int
    source: int

    @property
    def is_bias(self) -> bool:
        return self.source == BIAS


@dataclass(frozen=True, slots=True)
class LossNode:
    """The one number that training makes smaller."""


@dataclass(frozen=True, slots=True)
class PlusOne:
    """The node that is always 1 (−1 for thresholds), from which the biases of `layer` come."""

    layer: int


@dataclass(frozen=True, slots=True)
class Target:
    """The wanted value of output `index`."""

    index: int


@dataclass(frozen=True, slots=True)
class Units:
    """All units of a layer at once (a beat of a coarse grain lights hundreds)."""

    layer: int


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges of one layer at once: all of them, those into unit `to`, or those from `source`. Biases belong to it."""

    layer: int
    to: int | None = None
    source: int | None = None


@dataclass(frozen=True, slots=True)
class Targets:
    """All targets at once."""


@dataclass(frozen=True, slots=True)
class Map:
    """The image of one channel of a layer; of layer 0 that of the input."""

    layer: int
    channel: int


@dataclass(frozen=True, slots=True)
class Pixel:
    """One place in a map."""

    layer: int
    channel: int
    row: int
    column: int

    @property
    def map(self) -> Map:
        """The map that it lies in."""
        return Map(self.layer, self.channel)


@dataclass(frozen=True, slots=True)
class Kernel:
    """What a filter of a convolution lays over one channel of the layer before."""

    layer: int
    filter: int
    channel: int


@dataclass(frozen=True, slots=True)
class KernelEntry:
    """One number of a kernel, in row `u` and column `v`: the same one at every place of the image."""

    layer: int
    filter: int
    channel: int
    u: int
    v: int

    @property
    def kernel(self) -> Kernel:
        """The kernel that it belongs to."""
        return Kernel(self.layer, self.filter, self.channel)


Element = Unit | Edge | LossNode | PlusOne | Target | Map | Pixel | Kernel | KernelEntry
Lit = Element | Units | Edges | Targets


@dataclass(frozen=True, slots=True)
class Row:
    """Neurons show the row at `position` (from 0) of the step's batch."""

    position: int


@dataclass(frozen=True, slots=True)
class WholeBatch:
    """Neurons show means over the step's batch."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Neurons show row `row` of the dataset at the present parameters: it contributes nothing to the update."""

    row: int


Example = Row | WholeBatch | Probe

_UNIT = re.compile(r"([iho])(\d{1,9})(?:_(\d{1,9}))?")
_WEIGHT = re.compile(r"w(\d{1,18})")
_IN_IMAGES = re.compile(r"([mpk])(\d{1,9})_(\d{1,9})(?:_(\d{1,9}))?(?:_(\d{1,9})_(\d{1,9}))?")


def pixel_of(shape: Shape, unit: Unit) -> Pixel:
    """The place of a unit in a layer of images (channels, height, width)."""
    _, height, width = shape
    channel, place = divmod(unit.index, height * width)
    return Pixel(unit.layer, channel, *divmod(place, width))


def unit_of(shape: Shape, pixel: Pixel) -> Unit:
    """The unit of a place in a layer of images (channels, height, width)."""
    _, height, width = shape
    return Unit(pixel.layer, (pixel.channel * height + pixel.row) * width + pixel.column)


def entry_of(weights: Shape, edge: Edge) -> KernelEntry:
    """The entry of a kernel that an edge of a convolution is; `weights` is (filters, channels, rows, columns)."""
    _, _, height, width = weights
    channel, place = divmod(edge.source, height * width)
    return KernelEntry(edge.layer, edge.to, channel, *divmod(place, width))


def edge_of(weights: Shape, entry: KernelEntry) -> Edge:
    """The edge of a convolution that an entry of a kernel is; `weights` is (filters, channels, rows, columns)."""
    _, _, height, width = weights
    return Edge(entry.layer, entry.filter, (entry.channel * height + entry.u) * width + entry.v)


def matrix_shape(weights: Shape) -> tuple[int, int]:
    """(rows, columns) of a layer's weights without the biases: (0, 0) where it has none."""
    return (weights[0], math.prod(weights[1:])) if math.prod(weights) else (0, 0)


class Names:
    """Plain names of the elements of a network with these layer sizes (inputs first), by arithmetic both ways.

    Inputs are i1 …, outputs o1 …; hidden units h1 … while there is one hidden layer, otherwise h<layer>_<unit>.
    Weights are numbered row by row through the layers, as in Mazur's example: w1 and w2 go into the first hidden unit.
    `biases` says of each layer whether its units have a bias or a threshold; without it all of them have. `shapes` are
    those of one row at each border and `weights` those of each W; without them every layer is dense.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        biases: Sequence[bool] | None = None,
        shapes: Sequence[Shape] | None = None,
        weights: Sequence[Shape] | None = None,
    ) -> None:
        self.sizes = tuple(int(size) for size in sizes)
        if len(self.sizes) < 2 or min(self.sizes) < 1:
            raise ValueError(f"sizes: expected the inputs and at least one layer, all at least 1, came {self.sizes}")
        self.depth = len(self.sizes) - 1
        self.biases = (True,) * self.depth if biases is None else tuple(biases)
        self.shapes: tuple[Shape, ...] = tuple((size,) for size in self.sizes) if shapes is None else tuple(shapes)
        dense = zip(self.sizes[1:], self.sizes, strict=False)
        self.weights: tuple[Shape, ...] = tuple(dense) if weights is None else tuple(weights)
        self.matrices = tuple(matrix_shape(shape) for shape in self.weights)
        """(rows, columns) of each layer's weights, biases not counted."""
        self._weights_before = [0]
        for shape in self.weights:
            self._weights_before.append(self._weights_before[-1] + math.prod(shape))

    @classmethod
    def of(cls, network: Network | Sequence[int]) -> Names:
        """The names of a network, or of dense layers of these sizes."""
        if isinstance(network, Network):
            return cls(network.sizes, network.biases, network.shapes, network.weight_shapes)
        return cls(network)

    # ---- what stands where

    def is_image(self, layer: int) -> bool:
        """Whether a layer (0: the inputs) is made of maps."""
        return len(self.shapes[layer]) == 3

    def is_convolution(self, layer: int) -> bool:
        """Whether a layer has kernels."""
        return layer > 0 and len(self.weights[layer - 1]) == 4

    def placed(self, element: Element) -> Element:
        """As people point at it: a unit of an image as its pixel, an edge of a convolution as an entry of a kernel."""
        if isinstance(element, Unit) and self.is_image(element.layer):
            return pixel_of(self.shapes[element.layer], element)
        if isinstance(element, Edge) and self.is_convolution(element.layer) and not element.is_bias:
            return entry_of(self.weights[element.layer - 1], element)
        return element

    def flat(self, element: Element) -> Element:
        """As arrays have it: a pixel as a unit, an entry of a kernel as an edge."""
        if isinstance(element, Pixel):
            return unit_of(self.shapes[element.layer], element)
        if isinstance(element, KernelEntry):
            return edge_of(self.weights[element.layer - 1], element)
        return element

    # ---- from elements to names

    @property
    def weight_count(self) -> int:
        return self._weights_before[-1]

    def unit(self, unit: Unit) -> str:
        """The plain name, such as `h1`."""
        self.check(unit)
        if self.is_image(unit.layer):
            return self._in_image(pixel_of(self.shapes[unit.layer], unit))
        if unit.layer == 0:
            return f"i{unit.index + 1}"
        if unit.layer == self.depth:
            return f"o{unit.index + 1}"
        if self.depth == 2:
            return f"h{unit.index + 1}"
        return f"h{unit.layer}_{unit.index + 1}"

    def weight_number(self, edge: Edge) -> int:
        """The 1-based number of a weight; biases have none."""
        self.check(edge)
        if edge.is_bias:
            raise ValueError(f"weight number: expected a weight, came {self.edge(edge)}")
        columns = self.matrices[edge.layer - 1][1]
        return self._weights_before[edge.layer - 1] + edge.to * columns + edge.source + 1

    def edge(self, edge: Edge) -> str:
        """The plain name, such as `w5` or `b_o1`."""
        if edge.is_bias and self.is_convolution(edge.layer):
            return f"b_{self._in_image(Map(edge.layer, edge.to))}"
        if edge.is_bias:
            return f"b_{self.unit(Unit(edge.layer, edge.to))}"
        if self.is_convolution(edge.layer):
            self.check(edge)
            return self._in_image(entry_of(self.weights[edge.layer - 1], edge))
        return f"w{self.weight_number(edge)}"

    def element(self, element: Element) -> str:
        """The plain name of any element."""
        match element:
            case Unit():
                return self.unit(element)
            case Edge():
                return self.edge(element)
            case LossNode():
                return "C"
            case PlusOne(layer):
                return f"plus-one{layer}"
            case Target(index):
                return f"target{index + 1}"
            case Map() | Pixel() | Kernel() | KernelEntry():
                return self._in_image(element)

    def _in_image(self, element: Map | Pixel | Kernel | KernelEntry) -> str:
        match element:
            case Map(layer, channel):
                return f"m{layer}_{channel + 1}"
            case Pixel(layer, channel, row, column):
                return f"p{layer}_{channel + 1}_{row + 1}_{column + 1}"
            case Kernel(layer, number, channel):
                return f"k{layer}_{number + 1}_{channel + 1}"
            case KernelEntry(layer, number, channel, u, v):
                return f"k{layer}_{number + 1}_{channel + 1}_{u + 1}_{v + 1}"

    # ---- from names to elements

    def weight(self, number: int) -> Edge:
        """The edge of the weight with this 1-based number."""
        if not 1 <= number <= self.weight_count:
            raise ValueError(f"weights are w1 … w{self.weight_count}, came w{number}")
        layer = bisect.bisect_right(self._weights_before, number - 1)
        to, source = divmod(number - 1 - self._weights_before[layer - 1], self.matrices[layer - 1][1])
        return Edge(layer, to, source)

    def find_unit(self, name: str) -> Unit:
        """The unit of this plain name; of an image its pixel's name, or h<layer>_<number> as if it were flat."""
        in_image = self._find_in_images(name)
        if isinstance(in_image, Pixel):
            return unit_of(self.shapes[in_image.layer], in_image)
        match = _UNIT.fullmatch(name)
        if match is None:
            raise ValueError(f"expected a unit such as {self._unit_examples()}, came {name!r}")
        letter, first, second = match.groups()
        unit: Unit | None = None
        if letter == "i" and second is None:
            unit = Unit(0, int(first) - 1)
        elif letter == "o" and second is None:
            unit = Unit(self.depth, int(first) - 1)
        elif letter == "h" and self.depth == 2 and second is None:
            unit = Unit(1, int(first) - 1)
        elif letter == "h" and self.depth > 2 and second is not None and 1 <= int(first) < self.depth:
            unit = Unit(int(first), int(second) - 1)
        if unit is None or not 0 <= unit.index < self.sizes[unit.layer]:
            raise ValueError(f"expected a unit such as {self._unit_examples()}, came {name!r}")
        return unit

    def find_edge(self, name: str) -> Edge:
        """The weight or bias of this plain name."""
        if match := _WEIGHT.fullmatch(name):
            return self.weight(int(match[1]))
        in_image = self._find_in_images(name.removeprefix("b_"))
        if isinstance(in_image, KernelEntry) and not name.startswith("b_"):
            return edge_of(self.weights[in_image.layer - 1], in_image)
        if isinstance(in_image, Map) and name.startswith("b_"):
            found = Edge(in_image.layer, in_image.channel, BIAS)
            if self.has(found):
                return found
        elif name.startswith("b_"):
            unit = self.find_unit(name[2:])
            if unit.layer > 0 and not self.biases[unit.layer - 1]:
                raise ValueError(f"the units of layer {unit.layer} have no biases, came {name!r}")
            if self.has(Edge(unit.layer, unit.index, BIAS)) and not self.is_convolution(unit.layer):
                return Edge(unit.layer, unit.index, BIAS)
        biased = next((layer for layer in range(self.depth, 0, -1) if self.biases[layer - 1]), 0)
        bias = f" or a bias such as {self.edge(Edge(biased, 0, BIAS))}" if biased else ""
        raise ValueError(f"expected a weight w1 … w{self.weight_count}{bias}, came {name!r}")

    def find(self, name: str) -> Element:
        """The element of this plain name: `w5`, `b_h1`, `o2`, `C`, `target1`, `plus-one1`, `m1_3`, `k1_3_2`."""
        if name == "C":
            return LossNode()
        for prefix, make, count in (
            ("plus-one", PlusOne, self.depth),
            ("target", lambda n: Target(n - 1), self.sizes[-1]),
        ):
            number = name.removeprefix(prefix)
            if number != name and number.isdecimal() and 1 <= int(number) <= count:
                found: Element = make(int(number))
                if self.has(found):
                    return found
        in_image = self._find_in_images(name)
        if in_image is not None:
            return in_image
        return self.placed(self.find_edge(name) if name[:1] in ("w", "b") else self.find_unit(name))

    def _find_in_images(self, name: str) -> Map | Pixel | Kernel | KernelEntry | None:
        """The element of an image that a name means; None where it is no such name, or the network has none of it."""
        match = _IN_IMAGES.fullmatch(name)
        if match is None:
            return None
        letter, *texts = match.groups()
        layer, *rest = [int(text) for text in texts if text is not None]
        places = [number - 1 for number in rest]
        found: Map | Pixel | Kernel | KernelEntry
        match letter, len(places):
            case "m", 1:
                found = Map(layer, *places)
            case "p", 3:
                found = Pixel(layer, *places)
            case "k", 2:
                found = Kernel(layer, *places)
            case "k", 4:
                found = KernelEntry(layer, *places)
            case _:
                return None
        return found if self.has(found) else None

    # ---- what there is

    def check(self, element: Unit | Edge) -> None:
        """Raise ValueError when the network has no such unit or edge."""
        if self.has(element):
            return
        if isinstance(element, Unit):
            raise ValueError(f"no unit {element.index} in layer {element.layer} of a network of sizes {self.sizes}")
        raise ValueError(f"no edge {element} in a network of sizes {self.sizes}")

    def has(self, element: Element) -> bool:
        """Whether the network has this element."""
        match element:
            case Unit(layer, index):
                return 0 <= layer <= self.depth and 0 <= index < self.sizes[layer]
            case Edge(layer, to, source):
                if not 1 <= layer <= self.depth:
                    return False
                rows, columns = self.matrices[layer - 1]
                return 0 <= to < rows and (self.biases[layer - 1] if source == BIAS else 0 <= source < columns)
            case PlusOne(layer):
                return 1 <= layer <= self.depth and self.biases[layer - 1]
            case Target(index):
                return 0 <= index < self.sizes[-1]
            case LossNode():
                return True
            case Map(layer, channel):
                return self._within(layer, (channel,))
            case Pixel(layer, channel, row, column):
                return self._within(layer, (channel, row, column))
            case Kernel(layer, number, channel):
                return self._in_kernels(layer, (number, channel))
            case KernelEntry(layer, number, channel, u, v):
                return self._in_kernels(layer, (number, channel, u, v))

    def _within(self, layer: int, place: Sequence[int]) -> bool:
        return 0 <= layer <= self.depth and self.is_image(layer) and _is_inside(place, self.shapes[layer])

    def _in_kernels(self, layer: int, place: Sequence[int]) -> bool:
        return 1 <= layer <= self.depth and self.is_convolution(layer) and _is_inside(place, self.weights[layer - 1])

    def _unit_examples(self) -> str:
        ranges = []
        for layer, size in enumerate(self.sizes):
            first, last = self.unit(Unit(layer, 0)), self.unit(Unit(layer, size - 1))
            ranges.append(first if size == 1 else f"{first} … {last}")
        return ", ".join([*ranges[:2], "…", *ranges[-1:]] if len(ranges) > 4 else ranges)


def _is_inside(place: Sequence[int], shape: Shape) -> bool:
    return all(0 <= at < size for at, size in zip(place, shape, strict=False))

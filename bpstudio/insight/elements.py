"""The things that can be pointed at: units, edges, the +1 nodes, targets, the loss, and whose numbers they show.

Layer 0 is the inputs, layer l is the l-th dense layer (so layer 1 is the first one with weights). Units count from 0
here and from 1 in every name a person reads. A bias is an edge too: it comes from a node that is always 1, and its
`source` is BIAS. In an array of shape (units, inputs + 1) that is also the last column: there biases stand here.

`Names` are the plain names of the elements, as in addresses, lessons and on the command line: `h1`, `w5`, `b_o1`.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass

BIAS = -1


@dataclass(frozen=True, slots=True)
class Unit:
    """Unit `index` of `layer`; layer 0 holds the inputs."""

    layer: int
    index: int


@dataclass(frozen=True, slots=True)
class Edge:
    """The weight into unit `to` of dense layer `layer` from unit `source` of the layer before (BIAS: from +1)."""

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


Element = Unit | Edge | LossNode | PlusOne | Target
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


class Names:
    """Plain names of units and edges of a network with these layer sizes (inputs first), by arithmetic both ways.

    Inputs are i1 …, outputs o1 …; hidden units h1 … while there is one hidden layer, otherwise h<layer>_<unit>.
    Weights are numbered row by row through the layers, as in Mazur's example: w1 and w2 go into the first hidden unit.
    `biases` says of each layer whether its units have a bias or a threshold; without it all of them have.
    """

    def __init__(self, sizes: Sequence[int], biases: Sequence[bool] | None = None) -> None:
        self.sizes = tuple(int(size) for size in sizes)
        if len(self.sizes) < 2 or min(self.sizes) < 1:
            raise ValueError(f"sizes: expected the inputs and at least one layer, all at least 1, came {self.sizes}")
        self.depth = len(self.sizes) - 1
        self.biases = (True,) * self.depth if biases is None else tuple(biases)
        self._weights_before = [0]
        for inputs, units in zip(self.sizes, self.sizes[1:], strict=False):
            self._weights_before.append(self._weights_before[-1] + inputs * units)

    @property
    def weight_count(self) -> int:
        return self._weights_before[-1]

    def unit(self, unit: Unit) -> str:
        """The plain name, such as `h1`."""
        self.check(unit)
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
            raise ValueError(
                f"weight number: expected a weight, came the bias of {self.unit(Unit(edge.layer, edge.to))}"
            )
        return self._weights_before[edge.layer - 1] + edge.to * self.sizes[edge.layer - 1] + edge.source + 1

    def edge(self, edge: Edge) -> str:
        """The plain name, such as `w5` or `b_o1`."""
        if edge.is_bias:
            return f"b_{self.unit(Unit(edge.layer, edge.to))}"
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

    def weight(self, number: int) -> Edge:
        """The edge of the weight with this 1-based number."""
        if not 1 <= number <= self.weight_count:
            raise ValueError(f"weights are w1 … w{self.weight_count}, came w{number}")
        layer = bisect.bisect_right(self._weights_before, number - 1)
        to, source = divmod(number - 1 - self._weights_before[layer - 1], self.sizes[layer - 1])
        return Edge(layer, to, source)

    def find_unit(self, name: str) -> Unit:
        """The unit of this plain name."""
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
        if name.startswith("b_"):
            unit = self.find_unit(name[2:])
            if unit.layer > 0 and not self.biases[unit.layer - 1]:
                raise ValueError(f"the units of layer {unit.layer} have no biases, came {name!r}")
            if unit.layer > 0:
                return Edge(unit.layer, unit.index, BIAS)
        raise ValueError(
            f"expected a weight w1 … w{self.weight_count} or a bias such as "
            f"b_{self.unit(Unit(self.depth, 0))}, came {name!r}"
        )

    def find(self, name: str) -> Element:
        """The element of this plain name: `w5`, `b_h1`, `o2`, `C`, `target1`, `plus-one1`."""
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
        if name[:1] in ("w", "b"):
            return self.find_edge(name)
        return self.find_unit(name)

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
                if not (1 <= layer <= self.depth and 0 <= to < self.sizes[layer]):
                    return False
                return self.biases[layer - 1] if source == BIAS else 0 <= source < self.sizes[layer - 1]
            case PlusOne(layer):
                return 1 <= layer <= self.depth and self.biases[layer - 1]
            case Target(index):
                return 0 <= index < self.sizes[-1]
            case LossNode():
                return True

    def _unit_examples(self) -> str:
        ranges = []
        for layer, size in enumerate(self.sizes):
            first, last = self.unit(Unit(layer, 0)), self.unit(Unit(layer, size - 1))
            ranges.append(first if size == 1 else f"{first} … {last}")
        return ", ".join([*ranges[:2], "…", *ranges[-1:]] if len(ranges) > 4 else ranges)

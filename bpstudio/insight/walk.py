"""The walk: what is looked at, in which order, when one training step is gone through piece by piece.

A step is computed whole; the walk only says in which order its numbers are shown. A beat is one look. There are four
grains: at `edge` every product is a beat, at `neuron` every unit, at `layer` every layer, and `step` is the whole step.
A coarse beat is always a run of neighbouring edge beats, so a place in the walk is an edge beat, and changing the grain
keeps the place. Beats are found by arithmetic on the layer sizes: nothing here grows with the number of weights.

Index 0 exists: nothing is computed yet. The last beat is the whole step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from bpstudio.engine.network import Network
from bpstudio.insight.addresses import resolve
from bpstudio.insight.beat import Beat, Pulse, make
from bpstudio.insight.elements import (
    BIAS,
    Edge,
    Edges,
    Element,
    Example,
    Kernel,
    KernelEntry,
    Lit,
    LossNode,
    Map,
    Names,
    Pixel,
    PlusOne,
    Probe,
    Row,
    Target,
    Targets,
    Unit,
    Units,
    WholeBatch,
)
from bpstudio.insight.order import GRAINS, Grain, Order
from bpstudio.insight.paces import paces

if TYPE_CHECKING:
    from bpstudio.training.frame import Frame

__all__ = [
    "BIAS",
    "GRAINS",
    "STATES",
    "Beat",
    "Edge",
    "Edges",
    "Element",
    "Example",
    "Grain",
    "Lit",
    "LossNode",
    "Names",
    "PlusOne",
    "Probe",
    "Pulse",
    "Row",
    "State",
    "Target",
    "Targets",
    "Unit",
    "Units",
    "Walk",
    "WholeBatch",
]

State = Literal["not yet", "before", "now"]
#: What the numbers in the arrays of `Walk.states` mean.
STATES: tuple[State, ...] = ("not yet", "before", "now")

#: Above this many computed units a walk by neurons is longer than a lesson; the layer grain is offered first.
_UNITS_FOR_NEURON_GRAIN = 40


@dataclass(frozen=True)
class Walk:
    """The beats of one step of this network, for a batch of `batch_size` rows. Equal arguments make equal walks."""

    network: Network
    loss: str
    reduction: str
    batch_size: int
    sequential: bool = False

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ValueError(f"batch_size: expected at least 1 row, came {self.batch_size}")

    @classmethod
    def of(cls, frame: Frame) -> Walk:
        """The walk through the step of a frame; its batch may be a smaller last one."""
        experiment = frame.experiment
        sequential = experiment.update_order == "sequential"
        return cls(experiment.network, experiment.loss, experiment.reduction, len(frame.batch), sequential)

    @cached_property
    def order(self) -> Order:
        """The tables behind the arithmetic."""
        return Order(paces(self.network), self.batch_size, self.sequential)

    @cached_property
    def names(self) -> Names:
        """The plain names of this network's elements."""
        return Names.of(self.network)

    @property
    def default_grain(self) -> Grain:
        """Neuron while there are few units, layer above."""
        return "neuron" if sum(self.network.sizes[1:]) <= _UNITS_FOR_NEURON_GRAIN else "layer"

    def count(self, grain: Grain) -> int:
        """How many beats the step has at this grain."""
        return self.order.count(grain)

    def beat(self, grain: Grain, index: int) -> Beat:
        """Beat `index`, from 1; 0 is the start. Raises ValueError when there is none."""
        return make(self.order, self.names, self.network, grain, index)

    def find(self, grain: Grain, address: str) -> int:
        """The beat in which what the address names is complete. Raises ValueError that names near addresses."""
        return self.order.at(grain, resolve(self.order, self.names, address))

    def phases(self, grain: Grain) -> tuple[tuple[str, int, int], ...]:
        """Runs of one phase as (letter, first beat, last beat)."""
        return self.order.phases(grain)

    def position(self, grain: Grain, index: int) -> int:
        """The last edge beat of a beat: the place that stays when the grain changes."""
        return self.order.span(grain, index)[1]

    def at(self, grain: Grain, position: int) -> int:
        """The beat of `grain` in which edge beat `position` lies."""
        return self.order.at(grain, position)

    def span(self, grain: Grain, index: int) -> tuple[int, int]:
        """The first and last edge beat of a beat; (1, 0) for index 0."""
        return self.order.span(grain, index)

    def known(self, grain: Grain, index: int, element: Element, quantity: str) -> State:
        """Whether a quantity is computed in this beat ("now"), earlier ("before"), or not yet.

        Quantities: of a unit z, a, element (its part of the loss), error, delta; of an edge product, dW, arrival, new;
        of the loss row, C. The inputs are given, so their a is always "before".
        """
        element = self._last_of(self.names.flat(element))
        if isinstance(element, (Unit, Edge)):
            self.names.check(element)
        first, last = self.span(grain, index)
        place = self.order.place(element, quantity)
        return "not yet" if place > last else "before" if place < first else "now"

    def _last_of(self, element: Element) -> Element:
        """What is computed last of a map or a kernel."""
        if isinstance(element, Map):
            size = math.prod(self.names.shapes[element.layer][1:])
            return Unit(element.layer, (element.channel + 1) * size - 1)
        if isinstance(element, Kernel):
            size = math.prod(self.names.weights[element.layer - 1][2:])
            return Edge(element.layer, element.filter, (element.channel + 1) * size - 1)
        return element

    def is_dense(self, layer: int) -> bool:
        """Whether each unit of a layer has an edge from each unit below."""
        return layer > 0 and self.order.paces[layer - 1].is_dense

    def states(self, grain: Grain, index: int, layer: int, quantity: str) -> NDArray[np.uint8]:
        """`known` for a whole layer: 0 not yet, 1 before, 2 now.

        Shape (units,) for a quantity of units; (units, inputs + 1) for one of edges, with the biases last; (filters,
        numbers of a kernel + 1) for a convolution, whose kernels are known when the last place has been gone through;
        (0, 1) where there are no weights.
        """
        first, last = self.span(grain, index)
        places = self.order.when(layer, quantity)
        return (places <= last).astype(np.uint8) + ((places <= last) & (places >= first))

    def lit_units(self, beat: Beat, layer: int) -> NDArray[np.bool_]:
        """Which units of a layer glow in a beat."""
        lit = np.zeros(self.network.sizes[layer], bool)
        for lights in beat.lights:
            element = self.names.flat(lights) if isinstance(lights, Pixel) else lights
            if isinstance(element, Units) and element.layer == layer:
                lit[:] = True
            elif isinstance(element, Map) and element.layer == layer:
                size = math.prod(self.names.shapes[layer][1:])
                lit[element.channel * size : (element.channel + 1) * size] = True
            elif isinstance(element, Unit) and element.layer == layer:
                lit[element.index] = True
        return lit

    def lit_edges(self, beat: Beat, layer: int) -> NDArray[np.bool_]:
        """Which edges of a layer glow in a beat: (units, inputs + 1), biases last (never where there are none); of a
        convolution (filters, numbers of a kernel + 1).
        """
        rows_and_columns = self.names.matrices[layer - 1]
        lit = np.zeros((rows_and_columns[0], rows_and_columns[1] + 1), bool)
        for lights in beat.lights:
            element = self.names.flat(lights) if isinstance(lights, KernelEntry) else lights
            if isinstance(element, Edge) and element.layer == layer and self.names.has(element):
                lit[element.to, element.source] = True
            elif isinstance(element, Edges) and element.layer == layer:
                # Of a convolution `to` is a filter.
                rows = slice(None) if element.to is None else slice(element.to, element.to + 1)
                lit[rows, slice(None) if element.source is None else element.source] = True
            elif isinstance(element, Kernel) and element.layer == layer:
                size = math.prod(self.names.weights[layer - 1][2:])
                lit[element.filter, element.channel * size : (element.channel + 1) * size] = True
        if not self.network.biases[layer - 1]:
            lit[:, -1] = False
        return lit

"""How many looks each layer needs: what is walked unit by unit, map by map or all at once, and in how many steps.

A dense layer is walked unit by unit. A layer of images is walked map by map, and a map place by place: each place is
one look, with its window, its kernel and its result. A dropout or an activation on its own is one look a unit, and what
flattens images only passes them on: one look.

A `Run` is a rectangle of looks: so many rows (one beat each at the neuron grain) of so many beats at the edge grain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bpstudio.engine.layers import Dense, Flatten, Layer, Shape
from bpstudio.engine.network import Network
from bpstudio.insight.elements import matrix_shape
from bpstudio.maths.activations import activation


@dataclass(frozen=True, slots=True)
class Run:
    """So many rows of so many beats."""

    rows: int
    stride: int

    @property
    def count(self) -> int:
        """How many beats it has at the edge grain."""
        return self.rows * self.stride


NOTHING = Run(0, 1)


@dataclass(frozen=True, slots=True)
class Pace:
    """How one layer is walked.

    `shape` is that of one row of its outputs, (units,) or (channels, height, width); `rows` and `columns` are those of
    its weights as a matrix, biases not counted, both 0 where it has none; `joint` says that its units are computed as a
    whole (softmax).
    """

    kind: str
    inputs: int
    shape: Shape
    rows: int
    columns: int
    has_bias: bool
    joint: bool

    @classmethod
    def of(cls, layer: Layer, inputs: int, shape: Shape, weights: Shape) -> Pace:
        """The pace of a layer that takes so many inputs and gives rows of this shape."""
        rows, columns = matrix_shape(weights)
        joint = not activation(layer.activation).elementwise
        return cls(layer.kind, inputs, shape, rows, columns, layer.has_bias, joint)

    @property
    def units(self) -> int:
        """How many numbers one row of its outputs has."""
        return math.prod(self.shape)

    @property
    def is_dense(self) -> bool:
        """Whether each unit has an edge from each unit below."""
        return self.kind == Dense.kind

    @property
    def is_image(self) -> bool:
        """Whether it is made of maps."""
        return len(self.shape) == 3

    @property
    def places(self) -> int:
        """How many places a map has."""
        return math.prod(self.shape[1:])

    @property
    def has_weights(self) -> bool:
        """Whether there is anything to learn."""
        return self.rows > 0

    @property
    def forward(self) -> Run:
        """The way up, without the shares of a softmax."""
        if self.is_dense:
            return Run(self.units, self.inputs + (1 if self.joint else 2))
        if self.is_image:
            return Run(self.shape[0], self.places)
        return Run(1, 1) if self.kind == Flatten.kind else Run(self.units, 1)

    def hidden_deltas(self, above: Pace) -> Run:
        """δ of a hidden layer, from the layer above it."""
        if self.is_image:
            return Run(self.shape[0], self.places)
        return Run(self.units, (above.units if above.is_dense else 0) + 2)

    @property
    def gradients(self) -> Run:
        """The gradients: of a unit's weights one by one; of a filter's kernels place by place, as the sum grows."""
        if not self.has_weights:
            return NOTHING
        return self.update if self.is_dense else Run(self.rows, self.places)

    @property
    def update(self) -> Run:
        """The new values, one by one: of a unit's weights, or of the numbers of a filter's kernels."""
        return Run(self.rows, self.columns + self.has_bias) if self.has_weights else NOTHING


def paces(network: Network) -> tuple[Pace, ...]:
    """The paces of all layers of a network."""
    together = zip(network.layers, network.sizes, network.shapes[1:], network.weight_shapes, strict=False)
    return tuple(Pace.of(*each) for each in together)

"""A network is a chain of layers, and nothing else: no parameters, no state."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from bpstudio.engine.layers import Dense

MEMORY_LIMIT = 4 * 2**30


@dataclass(frozen=True, slots=True)
class Network:
    """``inputs`` numbers go in, each layer works on the outputs of the one before.

    ``input_shape`` (height, width) says that the inputs are the pixels of an image, row by row.
    """

    inputs: int
    layers: tuple[Dense, ...]
    input_shape: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.inputs, bool) or not isinstance(self.inputs, int) or self.inputs < 1:
            raise ValueError(f"inputs: expected a whole number of at least 1, got {self.inputs!r}")
        if not self.layers:
            raise ValueError("layers: expected at least one layer, got none")
        if self.input_shape is not None and math.prod(self.input_shape) != self.inputs:
            height, width = self.input_shape
            raise ValueError(f"input_shape: {height}×{width} pixels are not {self.inputs} inputs")
        for position, layer in enumerate(self.layers[:-1]):
            if layer.activation == "softmax":
                raise ValueError(
                    f"layers[{position}].activation: softmax is for the output layer, this one has a layer above it"
                )
        names = self.layer_names
        for position, name in enumerate(names):
            if name in names[:position]:
                raise ValueError(f"layers[{position}].name: {name!r} is the name of two layers")
        need = self.memory_bytes(1)
        if need > MEMORY_LIMIT:
            raise ValueError(
                f"layers: this network needs about {need / 2**30:,.1f} GiB of memory "
                f"({self.parameter_count:,} parameters); the limit is {MEMORY_LIMIT / 2**30:.0f} GiB. Use fewer units."
            )

    @property
    def sizes(self) -> tuple[int, ...]:
        """(inputs, units of layer 1, …, outputs)."""
        return (self.inputs, *(layer.units for layer in self.layers))

    @property
    def outputs(self) -> int:
        """How many numbers come out."""
        return self.layers[-1].units

    @property
    def biases(self) -> tuple[bool, ...]:
        """For each layer whether its units have a bias or a threshold."""
        return tuple(layer.has_bias for layer in self.layers)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """The given names, or layer1, layer2, … where none is given."""
        return tuple(layer.name or f"layer{number}" for number, layer in enumerate(self.layers, 1))

    @property
    def parameter_count(self) -> int:
        """All weights and biases (or thresholds), frozen ones included."""
        pairs = zip(pairwise(self.sizes), self.biases, strict=True)
        return sum((inputs + has_bias) * units for (inputs, units), has_bias in pairs)

    def memory_bytes(self, batch_size: int, itemsize: int = 8) -> int:
        """About how much memory training takes: parameters, gradient, update and two optimiser states, and the arrays
        of a pass.
        """
        units = sum(self.sizes[1:])
        return itemsize * (6 * self.parameter_count + batch_size * (self.inputs + 5 * units))

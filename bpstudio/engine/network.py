"""A network is a chain of layers, and nothing else: no parameters, no state."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from bpstudio.engine.layers import Conv2D, Layer, Shape, said
from bpstudio.engine.memory import gibibytes, memory_limit


@dataclass(frozen=True, slots=True)
class Network:
    """``inputs`` numbers go in, each layer works on the outputs of the one before.

    ``input_shape`` says that the inputs are an image: (height, width) are its pixels, row by row; (channels, height,
    width) is what a convolution needs, and (height, width) becomes one channel where a convolution or a pooling layer
    comes first.
    """

    inputs: int
    layers: tuple[Layer, ...]
    input_shape: Shape | None = None
    shapes: tuple[Shape, ...] = field(init=False, repr=False, compare=False)
    """The shape of one row at each border: what goes in, then what each layer makes of it."""
    sizes: tuple[int, ...] = field(init=False, repr=False, compare=False)
    """(inputs, units of layer 1, …, outputs); of an image the number of its pixels in all channels."""

    def __post_init__(self) -> None:
        if isinstance(self.inputs, bool) or not isinstance(self.inputs, int) or self.inputs < 1:
            raise ValueError(f"inputs: expected a whole number of at least 1, got {self.inputs!r}")
        if not self.layers:
            raise ValueError("layers: expected at least one layer, got none")
        shape = self.input_shape
        if shape is not None:
            if len(shape) not in (2, 3) or any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in shape):
                raise ValueError(f"input_shape: expected (height, width) or (channels, height, width), got {shape!r}")
            if math.prod(shape) != self.inputs:
                raise ValueError(f"input_shape: {said(shape)} pixels are not {self.inputs} inputs")
        shapes = self._chain()
        # Asked for at every turn, so they are worked out once.
        object.__setattr__(self, "shapes", shapes)
        object.__setattr__(self, "sizes", tuple(math.prod(shape) for shape in shapes))
        if len(shapes[-1]) != 1:
            raise ValueError(
                f"layers[{len(self.layers) - 1}]: the last layer gives images of {said(shapes[-1])}; "
                "put a Flatten layer behind it"
            )
        names = self.layer_names
        for position, name in enumerate(names):
            if name in names[:position]:
                raise ValueError(f"layers[{position}].name: {name!r} is the name of two layers")
        need = self.memory_bytes(1)
        if need > memory_limit():
            raise ValueError(
                f"layers: this network needs about {gibibytes(need)} GiB of memory ({self.parameter_count:,} "
                f"parameters); the limit is {gibibytes(memory_limit())} GiB. Use fewer units."
            )

    def _chain(self) -> tuple[Shape, ...]:
        shape: Shape = (self.inputs,)
        if self.input_shape is not None and (len(self.input_shape) == 3 or self.layers[0].spatial):
            shape = self.input_shape if len(self.input_shape) == 3 else (1, *self.input_shape)
        shapes = [shape]
        for position, layer in enumerate(self.layers):
            try:
                shapes.append(layer.output_shape(shapes[-1]))
            except ValueError as problem:
                text = str(problem)
                field = text.split(":", 1)[0].split("[")[0]
                dot = "." if field.isidentifier() else ": "
                raise ValueError(f"layers[{position}]{dot}{text}") from None
        return tuple(shapes)

    @property
    def image_shape(self) -> Shape | None:
        """(channels, height, width) of what goes in, where the first layer takes an image."""
        shape = self.shapes[0]
        return shape if len(shape) == 3 else None

    @property
    def outputs(self) -> int:
        """How many numbers come out."""
        return self.sizes[-1]

    @property
    def biases(self) -> tuple[bool, ...]:
        """For each layer whether its units have a bias or a threshold."""
        return tuple(layer.has_bias for layer in self.layers)

    @property
    def weight_shapes(self) -> tuple[Shape, ...]:
        """The shape of each layer's W; ``NO_WEIGHTS`` where it has none."""
        return tuple(layer.weight_shape(shape) for layer, shape in zip(self.layers, self.shapes[:-1], strict=True))

    @property
    def bias_counts(self) -> tuple[int, ...]:
        """How many numbers lie in each layer's b."""
        return tuple(layer.bias_count(shape) for layer, shape in zip(self.layers, self.shapes[:-1], strict=True))

    @property
    def layer_names(self) -> tuple[str, ...]:
        """The given names, or layer1, layer2, … where none is given."""
        return tuple(layer.name or f"layer{number}" for number, layer in enumerate(self.layers, 1))

    @property
    def parameter_count(self) -> int:
        """All weights and biases (or thresholds), frozen ones included."""
        weights = sum(math.prod(shape) for shape in self.weight_shapes)
        return weights + sum(n for n, has_bias in zip(self.bias_counts, self.biases, strict=True) if has_bias)

    def memory_bytes(self, batch_size: int, itemsize: int = 8) -> int:
        """About how much memory training takes: parameters, gradient, update and two optimiser states, and the arrays
        of a pass (for a convolution also the windows that are laid out for its product).
        """
        shapes = self.shapes
        units = sum(math.prod(shape) for shape in shapes[1:])
        windows = sum(
            2 * before[0] * math.prod(layer.kernel) * math.prod(after[1:])
            for layer, before, after in zip(self.layers, shapes, shapes[1:], strict=False)
            if isinstance(layer, Conv2D)
        )
        return itemsize * (6 * self.parameter_count + batch_size * (self.inputs + 5 * units + windows))

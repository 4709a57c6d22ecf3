"""All that one pass computes, as one record.

The arrays of a pass lie in one flat *arena*, the parameters in another: copying a step is then one memory copy, and a
rule that treats all weights alike is one operation over one slice. The arrays that people read are views into the
arenas, by layer and name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bpstudio.engine.network import Network
from bpstudio.maths.operations import Array


@dataclass(frozen=True, slots=True)
class ParamsLayout:
    """Where each W and b lies in the flat array: trainable weights, trainable biases, then what is frozen."""

    W: tuple[slice, ...]
    b: tuple[slice, ...]
    shapes: tuple[tuple[int, int], ...]
    weights: int
    trainable: int
    size: int


@lru_cache(maxsize=64)
def params_layout(network: Network) -> ParamsLayout:
    """The layout of a network's parameters."""
    sizes = network.sizes
    shapes = tuple((units, inputs) for inputs, units in pairwise(sizes))
    W: list[slice] = [slice(0)] * len(shapes)
    b: list[slice] = [slice(0)] * len(shapes)
    position = 0
    bounds = []
    for trainable in (True, False):
        for places, lengths, flags in (
            (W, [units * inputs for units, inputs in shapes], [layer.train_weights for layer in network.layers]),
            (b, [units for units, _ in shapes], [layer.trains_bias for layer in network.layers]),
        ):
            for number, (length, flag) in enumerate(zip(lengths, flags, strict=True)):
                if flag is trainable:
                    places[number] = slice(position, position + length)
                    position += length
            bounds.append(position)
    return ParamsLayout(tuple(W), tuple(b), shapes, weights=bounds[0], trainable=bounds[1], size=position)


class Params:
    """Weights ``W[l]`` (units, inputs) and biases ``b[l]`` (units,) of each layer, views into ``flat``.

    A threshold lies in the place of the bias; a layer without either has zeros there.
    """

    __slots__ = ("W", "b", "flat", "network")

    def __init__(self, network: Network, flat: Array) -> None:
        layout = params_layout(network)
        if flat.shape != (layout.size,):
            raise ValueError(f"parameters: expected {layout.size} numbers, got an array of shape {flat.shape}")
        self.network = network
        self.flat = flat
        self.W = tuple(flat[place].reshape(shape) for place, shape in zip(layout.W, layout.shapes, strict=True))
        self.b = tuple(flat[place] for place in layout.b)

    @classmethod
    def from_layers(cls, network: Network, layers: list[tuple[npt.ArrayLike, npt.ArrayLike]]) -> Params:
        """Typed values: a pair (W, b) for each layer, copied. Raises ValueError that names the layer and the shapes."""
        params = cls(network, np.zeros(params_layout(network).size))
        if len(layers) != len(network.layers):
            raise ValueError(f"parameters: expected {len(network.layers)} layers, got {len(layers)}")
        for number, (W, b) in enumerate(layers):
            for name, target, given in (("W", params.W[number], W), ("b", params.b[number], b)):
                values = np.asarray(given, dtype=np.float64)
                if values.shape != target.shape:
                    raise ValueError(f"layers[{number}].{name}: expected shape {target.shape}, got {values.shape}")
                if not np.isfinite(values).all():
                    raise ValueError(f"layers[{number}].{name}: expected finite numbers")
                if name == "b" and values.any() and not network.layers[number].has_bias:
                    raise ValueError(f"layers[{number}].b: this layer has no biases, expected zeros")
                target[...] = values
        return params

    def copy(self) -> Params:
        """The same values in an array of their own."""
        return Params(self.network, self.flat.copy())

    def take(self, to: int, source: Params, number: int) -> None:
        """Write layer ``number`` of other parameters into layer ``to``, which has its shape.

        A bias becomes the threshold that computes the same, θ = −b, and the other way round; what comes from a layer
        without biases leaves these as they are.
        """
        self.W[to][...] = source.W[number]
        mine, theirs = self.network.layers[to].bias_sign, source.network.layers[number].bias_sign
        if mine == theirs:
            self.b[to][...] = source.b[number]
        elif mine * theirs:
            np.subtract(0.0, source.b[number], self.b[to])  # 0 − 0 is 0: a start at zero stays plainly zero

    def fitted(self, network: Network) -> Params:
        """What computes the same in a network of the same sizes, whatever is trained or called a threshold there."""
        if network == self.network:
            return self.copy()
        if network.sizes != self.network.sizes:
            raise ValueError(f"parameters: expected layers of {network.sizes}, got {self.network.sizes}")
        fitted = Params(network, np.zeros(params_layout(network).size, self.flat.dtype))
        for number in range(len(network.layers)):
            fitted.take(number, self, number)
        return fitted

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        return zip(self.W, self.b, strict=True)


def draw_params(network: Network, seed: int) -> Params:
    """Start values from the seed; each layer has its own stream, so that an edit of one leaves the draws of the
    others. A threshold is the negative of the bias that is drawn: a seed makes one network, however it is written.
    """
    sizes = network.sizes
    layers = []
    for number, layer in enumerate(network.layers):
        W, b = layer.initializer.draw(np.random.default_rng((seed, number)), sizes[number], layer.units)
        layers.append((W, b if layer.bias_sign > 0 else 0.0 - b if layer.has_bias else np.zeros_like(b)))
    return Params.from_layers(network, [*layers])


@dataclass(slots=True)
class LayerTrace:
    """One layer in one pass; N rows, ``units`` wide.

    x (N, inputs) what came in; z, a (N, units) weighted input and output; slope f′(z), None for softmax; delta =
    ∂C/∂z with the factor of the reduction in it; dx = ∂C/∂x, None in the first layer, where the objective does not
    need it; dW, db the gradient; update_W, update_b what the optimiser will add; W_used the weights through which the
    error was carried back (the old ones, or the already updated ones under sequential order).
    """

    x: Array
    z: Array
    a: Array
    slope: Array | None
    delta: Array
    dx: Array | None
    dW: Array
    db: Array
    update_W: Array
    update_b: Array
    W_used: Array


class Trace:
    """Everything that one forward and backward pass over N rows computed, and the update that follows from it.

    Arena: delta … | z … | y | a … | slope … | gradient | ∂C/∂a of the output | dx … | update | used weights. The
    order serves two readers: delta and z lie together because they are checked to be finite in every step, and what
    metrics are made of is two stretches: ``answers`` (z of the output, y) and ``behaviour_and_gradient`` (a of the
    output, all slopes, the gradient).
    """

    __slots__ = (
        "_names",
        "answers",
        "arena",
        "behaviour_and_gradient",
        "checked",
        "dC_da",
        "gradient",
        "layers",
        "network",
        "sequential",
        "slopes",
        "update",
        "used",
        "x",
        "y",
    )

    def __init__(self, network: Network, rows: int, x: Array, arena: Array, params: Params, sequential: bool) -> None:
        self.network = network
        self.sequential = sequential
        self.x = x
        self.arena = arena
        units = [layer.units for layer in network.layers]
        inputs = network.sizes[:-1]
        size = params_layout(network).size
        position = 0

        def take(*shape: int) -> Array:
            nonlocal position
            length = int(np.prod(shape))
            view = arena[position : position + length].reshape(shape)
            position += length
            return view

        delta = [take(rows, n) for n in units]
        z = [take(rows, n) for n in units]
        checked_to = position
        self.y = take(rows, units[-1])
        answers_to = position
        a = [take(rows, n) for n in units]
        behaviour_from = position - rows * units[-1]
        slope = [take(rows, n) for n in units]
        self.gradient = Params(network, take(size))
        self.checked = arena[:checked_to]
        self.answers = arena[checked_to - rows * units[-1] : answers_to]
        self.behaviour_and_gradient = arena[behaviour_from:position]
        self.dC_da = take(rows, units[-1])
        dx: list[Array | None] = [None, *(take(rows, n) for n in inputs[1:])]
        self.update = Params(network, take(size))
        self.used = Params(network, take(size)) if sequential else params
        self.slopes = tuple(slope)
        self.layers = tuple(
            LayerTrace(
                x=x if number == 0 else a[number - 1],
                z=z[number],
                a=a[number],
                slope=None if layer.activation == "softmax" else slope[number],
                delta=delta[number],
                dx=dx[number],
                dW=self.gradient.W[number],
                db=self.gradient.b[number],
                update_W=self.update.W[number],
                update_b=self.update.b[number],
                W_used=self.used.W[number],
            )
            for number, layer in enumerate(network.layers)
        )
        self._names = network.layer_names

    @staticmethod
    def size(network: Network, rows: int, sequential: bool) -> int:
        """How many numbers the arena holds."""
        units = sum(network.sizes[1:])
        hidden = sum(network.sizes[1:-1])
        return rows * (4 * units + hidden + 2 * network.outputs) + params_layout(network).size * (
            3 if sequential else 2
        )

    @classmethod
    def allocate(cls, network: Network, rows: int, params: Params, sequential: bool = False) -> Trace:
        """Arrays for a pass over ``rows`` rows, zeroed: what is frozen keeps an update of exactly 0."""
        dtype = params.flat.dtype
        x = np.zeros((rows, network.inputs), dtype)
        return cls(network, rows, x, np.zeros(cls.size(network, rows, sequential), dtype), params, sequential)

    def __getitem__(self, name: str) -> LayerTrace:
        """The layer of that name. Raises ValueError that lists the names."""
        if name not in self._names:
            raise ValueError(f"layer: expected one of {', '.join(self._names)}, got {name!r}")
        return self.layers[self._names.index(name)]

    @property
    def rows(self) -> int:
        """N, the number of rows of the pass."""
        return int(self.x.shape[0])

    def input_gradient(self) -> Array:
        """∂C/∂x of the data, (N, inputs): computed when asked, since no update needs it."""
        gradient: Array = self.layers[0].delta.dot(self.layers[0].W_used)
        return gradient

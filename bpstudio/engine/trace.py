"""All that one pass computes, as one record.

The arrays of a pass lie in one flat *arena*, the parameters in another: copying a step is then one memory copy, and a
rule that treats all weights alike is one operation over one slice. The arrays that people read are views into the
arenas, by layer and name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bpstudio.engine.images import Convolution, Pooling
from bpstudio.engine.layers import Shape
from bpstudio.engine.network import Network
from bpstudio.maths.activations import activation
from bpstudio.maths.operations import Array, constant
from bpstudio.maths.penalties import Penalty, listed_layers


@dataclass(frozen=True, slots=True)
class ParamsLayout:
    """Where each W and b lies in the flat array: trainable weights, trainable biases, then what is frozen."""

    W: tuple[slice, ...]
    b: tuple[slice, ...]
    shapes: tuple[Shape, ...]
    weights: int
    trainable: int
    size: int


@lru_cache(maxsize=64)
def params_layout(network: Network) -> ParamsLayout:
    """The layout of a network's parameters."""
    shapes = network.weight_shapes
    W: list[slice] = [slice(0)] * len(shapes)
    b: list[slice] = [slice(0)] * len(shapes)
    position = 0
    bounds = []
    for trainable in (True, False):
        for places, lengths, flags in (
            (W, [math.prod(shape) for shape in shapes], [layer.train_weights for layer in network.layers]),
            (b, network.bias_counts, [layer.trains_bias for layer in network.layers]),
        ):
            for number, (length, flag) in enumerate(zip(lengths, flags, strict=True)):
                if flag is trainable:
                    places[number] = slice(position, position + length)
                    position += length
            bounds.append(position)
    return ParamsLayout(tuple(W), tuple(b), shapes, weights=bounds[0], trainable=bounds[1], size=position)


class Params:
    """Weights ``W[l]`` (units, inputs) or (filters, channels, kh, kw) and biases ``b[l]`` (units,) of each layer, views
    into ``flat``.

    A threshold lies in the place of the bias; a layer without either has zeros there. Both are empty where a layer has
    no parameters.
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

    def fits(self, network: Network) -> bool:
        """Whether every layer of a network has weights and units of these shapes, so that ``fitted`` gives values."""
        mine = self.network
        return (mine.sizes, mine.weight_shapes) == (network.sizes, network.weight_shapes)

    def fitted(self, network: Network) -> Params:
        """What computes the same in a network of the same sizes, whatever is trained or called a threshold there."""
        if network == self.network:
            return self.copy()
        if not self.fits(network):
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
    params = Params(network, np.zeros(params_layout(network).size))
    for number, layer in enumerate(network.layers):
        if not layer.has_weights:
            continue
        W, b = params.W[number], params.b[number]
        rng = np.random.default_rng((seed, number))
        fans = layer.fans(network.shapes[number])
        W[...], drawn = layer.initializer.draw(rng, *fans, W.shape)
        if layer.has_bias:
            b[...] = drawn if layer.bias_sign > 0 else 0.0 - drawn
    return params


@dataclass(slots=True)
class LayerTrace:
    """One layer in one pass over N rows; arrays are (N, units), or (N, channels, height, width) for images.

    x what came in; z, a weighted input and output; slope f′(z) (of a dropout its scaled mask, of pooling and flatten
    1), None for softmax; delta = ∂C/∂z with the factor of the reduction in it; dx = ∂C/∂x, None in the first layer,
    where the objective does not need it; dW, db the gradient; update_W, update_b what the optimiser will add; W_used
    the weights through which the error was carried back (the old ones, or the updated ones under sequential order).
    Where a sparsity is asked of the layer, mean is that of a over the rows, for each unit, and term what is added to
    ∂C/∂a of every row (the dx of the layer above has it in it); else None.

    A layer without weights shares arrays with its neighbours: z is what came in (but for pooling), and where a is z,
    delta is the dx of the layer above.
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
    mean: Array | None = None
    term: Array | None = None


class Trace:
    """Everything that one forward and backward pass over N rows computed, and the update that follows from it.

    Arena: delta … | z … | y | penalties | a … | slope … | gradient | ∂C/∂a of the output | dx … | update | used
    weights | means and terms of a sparsity. The order serves two readers: delta and z lie together because they are
    checked to be finite in every step, and what metrics are made of is two stretches: ``answers`` (z of the output, y,
    the value of each penalty) and ``behaviour_and_gradient`` (a of the output, all slopes, the gradient).
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
        "penalties",
        "sequential",
        "slopes",
        "update",
        "used",
        "workspace",
        "x",
        "y",
    )

    def __init__(
        self,
        network: Network,
        rows: int,
        x: Array,
        arena: Array,
        params: Params,
        sequential: bool,
        penalties: tuple[Penalty, ...] = (),
    ) -> None:
        self.network = network
        self.sequential = sequential
        self.x = x
        self.arena = arena
        self.workspace: dict[int, Convolution | Pooling] = {}
        layers = network.layers
        count = len(layers)
        shapes = [(rows, *shape) for shape in network.shapes]
        inputs, outputs = shapes[:-1], shapes[1:]
        size = params_layout(network).size
        position = 0

        def take(*shape: int) -> Array:
            nonlocal position
            length = math.prod(shape)
            view = arena[position : position + length].reshape(shape)
            position += length
            return view

        listed = listed_layers(penalties)
        own = _owned(network, listed)
        delta = {n: take(*outputs[n]) for n in own.delta}
        z = {n: take(*outputs[n]) for n in own.z}
        checked_to = position
        self.y = take(*outputs[-1])
        self.penalties = take(len(penalties))
        answers_to = position
        a = {n: take(*outputs[n]) for n in own.a}
        behaviour_from = position - math.prod(outputs[-1])
        slope = {n: take(*outputs[n]) for n in own.slope}
        self.gradient = Params(network, take(size))
        self.checked = arena[:checked_to]
        self.answers = arena[checked_to - math.prod(outputs[-1]) : answers_to]
        self.behaviour_and_gradient = arena[behaviour_from:position]
        self.dC_da = take(*outputs[-1])
        dx: dict[int, Array] = {n: take(*inputs[n]) for n in own.dx}
        self.update = Params(network, take(size))
        self.used = Params(network, take(size)) if sequential else params
        mean = {n: take(*network.shapes[n + 1]) for n in listed}
        term = {n: take(*network.shapes[n + 1]) for n in listed}
        # What is shared: forward from below, backward from above.
        one = np.broadcast_to(constant(1.0, arena.dtype), ())
        below = x.reshape(inputs[0])
        seen = []
        for n in range(count):
            seen.append(below)
            if n not in z:
                z[n] = below.reshape(outputs[n])
            a.setdefault(n, z[n])
            slope.setdefault(n, np.broadcast_to(one, outputs[n]))
            below = a[n]
        for n in reversed(range(count)):
            delta.setdefault(n, dx[n + 1] if n + 1 < count else self.dC_da)
            if n and n not in dx:
                dx[n] = delta[n].reshape(inputs[n])
        self.slopes = tuple(slope[n] for n in range(count))
        self.layers = tuple(
            LayerTrace(
                x=seen[n],
                z=z[n],
                a=a[n],
                slope=slope[n] if activation(layer.activation).elementwise else None,
                delta=delta[n],
                dx=dx.get(n),
                dW=self.gradient.W[n],
                db=self.gradient.b[n],
                update_W=self.update.W[n],
                update_b=self.update.b[n],
                W_used=self.used.W[n],
                mean=mean.get(n),
                term=term.get(n),
            )
            for n, layer in enumerate(layers)
        )
        self._names = network.layer_names

    @staticmethod
    def size(network: Network, rows: int, sequential: bool, penalties: tuple[Penalty, ...] = ()) -> int:
        """How many numbers the arena holds."""
        listed = listed_layers(penalties)
        own = _owned(network, listed)
        outputs = network.sizes[1:]
        units = sum(outputs[n] for part in (own.delta, own.z, own.a, own.slope) for n in part)
        units += sum(network.sizes[n] for n in own.dx) + 2 * network.outputs
        means = 2 * sum(network.sizes[n + 1] for n in listed)
        return rows * units + params_layout(network).size * (3 if sequential else 2) + len(penalties) + means

    @classmethod
    def allocate(
        cls,
        network: Network,
        rows: int,
        params: Params,
        sequential: bool = False,
        penalties: tuple[Penalty, ...] = (),
    ) -> Trace:
        """Arrays for a pass over ``rows`` rows, zeroed: what is frozen keeps an update of exactly 0."""
        dtype = params.flat.dtype
        x = np.zeros((rows, network.inputs), dtype)
        arena = np.zeros(cls.size(network, rows, sequential, penalties), dtype)
        return cls(network, rows, x, arena, params, sequential, penalties)

    def __getitem__(self, name: str) -> LayerTrace:
        """The layer of that name. Raises ValueError that lists the names."""
        if name not in self._names:
            raise ValueError(f"layer: expected one of {', '.join(self._names)}, got {name!r}")
        return self.layers[self._names.index(name)]

    @property
    def rows(self) -> int:
        """N, the number of rows of the pass."""
        return int(self.x.shape[0])


@dataclass(frozen=True, slots=True)
class _Owned:
    """The layers that have an array of their own, by quantity."""

    delta: tuple[int, ...]
    z: tuple[int, ...]
    a: tuple[int, ...]
    slope: tuple[int, ...]
    dx: tuple[int, ...]


@lru_cache(maxsize=64)
def _owned(network: Network, listed: tuple[int, ...]) -> _Owned:
    layers = network.layers
    last = len(layers) - 1
    every = range(len(layers))
    # The output has arrays of its own in any case: metrics read them in one stretch.
    z = tuple(n for n in every if layers[n].keeps_z or n == last)
    computed = tuple(n for n in every if layers[n].computes_a or n == last)
    slope = tuple(n for n in every if layers[n].computes_a)
    # Where z is what came in, ∂C/∂x is ∂C/∂z, unless a sparsity of the layer below adds to it.
    dx = tuple(n for n in every[1:] if layers[n].keeps_z or n - 1 in listed)
    return _Owned(delta=computed, z=z, a=computed, slope=slope, dx=dx)

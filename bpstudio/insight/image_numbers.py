"""The numbers of one place in a layer of images: its window and its kernel, its pooled pixels, what comes back to it.

Everything is read from an example's numbers, one row's where not said otherwise. A window that sticks out of the image
sees zeros there. Of a true convolution the kernel is laid on turned by 180°, so `columns` says where each number stands
in the filter's row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bpstudio.engine.layers import AvgPool2D, Conv2D, MaxPool2D
from bpstudio.insight.elements import Edge, Pixel, Unit, pixel_of, unit_of
from bpstudio.insight.example import Numbers
from bpstudio.insight.windows import kernel_gradients, seen_by, sliding, window, winner
from bpstudio.maths.operations import Array


@dataclass(frozen=True, eq=False)
class Laid:
    """A kernel laid on a window: `seen`, `kernel` and `columns` are (channels, rows, columns), `inside` (rows, columns)
    is False where the window sticks out of the image.
    """

    pixel: Pixel
    seen: Array
    kernel: Array
    columns: NDArray[np.int64]
    inside: NDArray[np.bool_]

    @property
    def products(self) -> Array:
        """What is added up, (channels, rows, columns)."""
        return self.seen * self.kernel


def laid(numbers: Numbers, pixel: Pixel) -> Laid:
    """The window and the kernel of a place of a convolution. Raises ValueError of another layer."""
    layer = numbers.network.layers[pixel.layer - 1]
    if not isinstance(layer, Conv2D):
        raise ValueError(f"expected a place of a convolution, came {pixel}")
    channels, height, width = numbers.network.shapes[pixel.layer - 1]
    seen = np.zeros((channels, *layer.kernel))
    inside = np.zeros(layer.kernel, np.bool_)
    top, left = (
        place * stride - padding
        for place, stride, padding in zip((pixel.row, pixel.column), layer.stride, layer.padding, strict=True)
    )
    rows, columns = window(numbers.network, pixel)
    there = (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
    image = numbers.a(pixel.layer - 1).reshape(channels, height, width)
    if len(rows) and len(columns):
        seen[:, there[0], there[1]] = image[:, rows.start : rows.stop, columns.start : columns.stop]
        inside[there] = True
    kernel = numbers.frame.params.W[pixel.layer - 1][pixel.channel].astype(np.float64)
    places = np.arange(kernel.size).reshape(kernel.shape)
    if layer.mode == "convolution":
        kernel, places = kernel[:, ::-1, ::-1], places[:, ::-1, ::-1]
    return Laid(pixel, seen, kernel, places, inside)


@dataclass(frozen=True, eq=False)
class Pooled:
    """What a place of a pooling looks at: `pixels` and their `values` row by row; `won` is the number of the greatest
    among them, None for a mean, of which each has the share 1/`divisor`.
    """

    pixels: tuple[Pixel, ...]
    values: Array
    won: int | None
    divisor: int


def pooled(numbers: Numbers, pixel: Pixel) -> Pooled:
    """The window of a place of a pooling. Raises ValueError of another layer."""
    network = numbers.network
    layer = network.layers[pixel.layer - 1]
    if not isinstance(layer, MaxPool2D | AvgPool2D):
        raise ValueError(f"expected a place of a pooling, came {pixel}")
    rows, columns = window(network, pixel)
    below = network.shapes[pixel.layer - 1]
    pixels = tuple(Pixel(pixel.layer - 1, pixel.channel, row, column) for row in rows for column in columns)
    a = numbers.a(pixel.layer - 1)
    values = np.array([a[unit_of(below, each).index] for each in pixels])
    if isinstance(layer, AvgPool2D):
        return Pooled(pixels, values, None, _divisor(numbers, layer, pixel))
    greatest = winner(network, pixel, a)
    return Pooled(pixels, values, pixels.index(greatest) if greatest in pixels else None, 1)


def _divisor(numbers: Numbers, layer: AvgPool2D, pixel: Pixel) -> int:
    """How many members the mean has; zeros of the padding count where the layer says so, those beyond it never."""
    rows, columns = window(numbers.network, pixel)
    if not layer.count_include_pad:
        return len(rows) * len(columns)
    count = 1
    sides = zip((pixel.row, pixel.column), numbers.network.shapes[pixel.layer - 1][1:], strict=True)
    for (place, size), kernel, stride, padding in zip(sides, layer.kernel, layer.stride, layer.padding, strict=True):
        start = place * stride - padding
        count *= min(start + kernel, size + padding) - start
    return count


@dataclass(frozen=True, slots=True)
class Arrival:
    """What comes back to a place from one of the layer above: δ there times a factor.

    The factor is the number of a kernel (`edge`), 1/n of a mean, 1 where the number was passed on, and 0 where another
    pixel was the greatest (`lost`).
    """

    above: Unit
    edge: Edge | None
    factor: float
    delta: float
    lost: bool = False

    @property
    def product(self) -> float:
        return self.factor * self.delta


def arrivals(numbers: Numbers, unit: Unit) -> tuple[Arrival, ...]:
    """What comes back to a unit from a layer above that is not dense, of ∂C/∂z there; their sum is ∂C/∂a here."""
    network, layer = numbers.network, unit.layer + 1
    above, shape = sliding(network, layer), network.shapes[layer]
    deltas = numbers.delta(layer)
    found = []
    for place in seen_by(network, unit):
        if not isinstance(place, Pixel) or above is None:
            index = place.index if isinstance(place, Unit) else unit_of(shape, place).index
            found.append(Arrival(Unit(layer, index), None, 1.0, float(deltas[index])))
            continue
        there = unit_of(shape, place)
        delta, here = float(deltas[there.index]), pixel_of(network.shapes[unit.layer], unit)
        if isinstance(above, Conv2D):
            edge = _edge_between(numbers, above, place, here)
            used = numbers.layer(layer).W_used
            weight = float(used.reshape(len(used), -1)[edge.to, edge.source])
            found.append(Arrival(there, edge, weight, delta))
        elif isinstance(above, MaxPool2D):
            lost = winner(network, place, numbers.a(unit.layer)) != here
            found.append(Arrival(there, None, 0.0 if lost else 1.0, delta, lost))
        else:
            found.append(Arrival(there, None, 1.0 / _divisor(numbers, above, place), delta))
    return tuple(found)


def _edge_between(numbers: Numbers, layer: Conv2D, above: Pixel, here: Pixel) -> Edge:
    """The number of a kernel that lay on a pixel when the window stood at a place."""
    u = here.row - above.row * layer.stride[0] + layer.padding[0]
    v = here.column - above.column * layer.stride[1] + layer.padding[1]
    height, width = layer.kernel
    if layer.mode == "convolution":
        u, v = height - 1 - u, width - 1 - v
    return Edge(above.layer, above.channel, (here.channel * height + u) * width + v)


# ---- what the places give to a kernel


def kernel_terms(numbers: Numbers, edge: Edge) -> Array:
    """What each place of each row gives to the gradient of a number of a kernel, or of a filter's bias: (rows, places
    down, places across); of a single row (1, …). With the rows' own δ, without the 1/N.
    """
    deltas, seen = kernel_factors(numbers, edge)
    terms: Array = deltas * seen
    return terms


def kernel_factors(numbers: Numbers, edge: Edge) -> tuple[Array, Array]:
    """δ of each place, and what lay under a number of the kernel there, 0 outside the image; under a bias its sign."""
    layer = numbers.network.layers[edge.layer - 1]
    assert isinstance(layer, Conv2D)
    here, pick = numbers.layer(edge.layer), numbers.position
    rows = slice(None) if pick is None else slice(pick, pick + 1)
    delta = here.delta[rows, edge.to] / numbers.share
    if edge.is_bias:
        return delta, np.full_like(delta, layer.bias_sign)
    height, width = layer.kernel
    channel, at = divmod(edge.source, height * width)
    u, v = divmod(at, width)
    if layer.mode == "convolution":
        u, v = height - 1 - u, width - 1 - v
    down, across = delta.shape[1:]
    image = here.x[rows, channel]
    seen = np.zeros_like(delta)
    tops = np.arange(down) * layer.stride[0] + u - layer.padding[0]
    lefts = np.arange(across) * layer.stride[1] + v - layer.padding[1]
    good = [(at >= 0) & (at < size) for at, size in zip((tops, lefts), image.shape[1:], strict=True)]
    inside = np.ix_(np.arange(len(image)), np.flatnonzero(good[0]), np.flatnonzero(good[1]))
    seen[inside] = image[np.ix_(np.arange(len(image)), tops[good[0]], lefts[good[1]])]
    return delta, seen


def grown(numbers: Numbers, layer: int, number: int, places: int) -> Array:
    """The gradient of a filter's kernels after so many places, (numbers of its kernels + 1,), its bias last: a sum that
    grows until it is the gradient, with the row's own δ; of the whole batch with the factor of the reduction.
    """
    spec = numbers.network.layers[layer - 1]
    assert isinstance(spec, Conv2D)
    here, pick = numbers.layer(layer), numbers.position
    rows = slice(None) if pick is None else slice(pick, pick + 1)
    delta = here.delta[rows, number : number + 1].copy()
    delta.reshape(len(delta), -1)[:, places:] = 0.0
    total: Array = kernel_gradients(spec, here.x[rows], delta)[:, 0].sum(axis=0)
    return total if pick is None else total / numbers.share

"""What a place of a convolution or of a pooling looks at, and what it gives to the kernel.

A window slides over the image below; at place (i, j) its first pixel lies at (i·stride − padding, j·stride − padding).
Outside the image lie zeros, which a maximum never sees.
"""

from __future__ import annotations

import numpy as np

from bpstudio.engine.images import windows
from bpstudio.engine.layers import AvgPool2D, Conv2D, Layer, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.insight.elements import Map, Pixel, Unit, pixel_of
from bpstudio.maths.operations import Array

Sliding = Conv2D | MaxPool2D | AvgPool2D


def matrix(W: Array, b: Array) -> Array:
    """Weights and biases of a layer as a matrix (rows, columns + 1), biases last: a row for each unit of a dense layer
    or each filter of a convolution; (0, 1) of a layer without weights.
    """
    if not W.size:
        return np.zeros((0, 1), W.dtype)
    return np.column_stack((W.reshape(len(W), -1), b))


def sliding(network: Network, layer: int) -> Sliding | None:
    """The layer, where it slides a window over images; layers count from 1."""
    found: Layer = network.layers[layer - 1]
    return found if isinstance(found, Conv2D | MaxPool2D | AvgPool2D) else None


def window(network: Network, pixel: Pixel) -> tuple[range, range]:
    """The rows and columns of the image below that a place looks at, as far as they lie in it. Of a layer that changes
    each number by itself the place itself.
    """
    layer = sliding(network, pixel.layer)
    if layer is None:
        return range(pixel.row, pixel.row + 1), range(pixel.column, pixel.column + 1)
    _, height, width = network.shapes[pixel.layer - 1]
    found = []
    sides = ((pixel.row, height), (pixel.column, width))
    for (place, size), kernel, stride, padding in zip(sides, layer.kernel, layer.stride, layer.padding, strict=True):
        start = place * stride - padding
        found.append(range(max(start, 0), min(start + kernel, size)))
    return found[0], found[1]


def seen_maps(network: Network, pixel: Pixel) -> tuple[Map, ...]:
    """The maps that a place looks at: all of the layer below for a convolution, its own otherwise."""
    if pixel.layer == 0 or len(network.shapes[pixel.layer - 1]) != 3:
        return ()
    below = pixel.layer - 1
    if isinstance(network.layers[below], Conv2D):
        return tuple(Map(below, channel) for channel in range(network.shapes[below][0]))
    return (Map(below, pixel.channel),)


def seen_by(network: Network, unit: Unit) -> tuple[Unit | Pixel, ...]:
    """The places of the layer above that look at a place of an image: those whose windows it lies in; the number that
    it becomes where the layer above flattens, drops or changes each number by itself. Nothing above the last layer.
    """
    layer = unit.layer
    if layer == len(network.layers):
        return ()
    above = sliding(network, layer + 1)
    if above is None:
        shape = network.shapes[layer + 1]
        same = Unit(layer + 1, unit.index)
        return (pixel_of(shape, same) if len(shape) == 3 else same,)
    pixel = pixel_of(network.shapes[layer], unit)
    channels, *sizes = network.shapes[layer + 1]
    sides = []
    for place, size, kernel, stride, padding in zip(
        (pixel.row, pixel.column), sizes, above.kernel, above.stride, above.padding, strict=True
    ):
        first = max(-(-(place + padding - kernel + 1) // stride), 0)
        sides.append(range(first, min((place + padding) // stride, size - 1) + 1))
    maps = range(channels) if isinstance(above, Conv2D) else (pixel.channel,)
    return tuple(Pixel(layer + 1, number, row, column) for number in maps for row in sides[0] for column in sides[1])


def winner(network: Network, pixel: Pixel, below: Array) -> Pixel | None:
    """The place of the maximum that a place of a max pooling took, from one row's image below, flat or not: among
    equals the first, row by row. None for any other layer.
    """
    if not isinstance(network.layers[pixel.layer - 1], MaxPool2D):
        return None
    rows, columns = window(network, pixel)
    image = below.reshape(network.shapes[pixel.layer - 1])[pixel.channel]
    seen = image[rows.start : rows.stop, columns.start : columns.stop]
    row, column = divmod(int(np.argmax(seen)), len(columns))
    return Pixel(pixel.layer - 1, pixel.channel, rows.start + row, columns.start + column)


def kernel_gradients(layer: Conv2D, x: Array, delta: Array) -> Array:
    """What each row gives to the gradient of the kernels: (rows, filters, channels · kh · kw + 1), biases last; from
    images x (rows, channels, height, width) and δ (rows, filters, places down, places across).
    """
    (down, across), (top, left) = layer.stride, layer.padding
    positions = (delta.shape[2], delta.shape[3])
    reach = [(n - 1) * s + k for n, s, k in zip(positions, (down, across), layer.kernel, strict=True)]
    after = [max(r - n - p, 0) for r, n, p in zip(reach, x.shape[2:], (top, left), strict=True)]
    padded = np.pad(x, ((0, 0), (0, 0), (top, after[0]), (left, after[1])))
    columns = windows(padded, layer.kernel, layer.stride, positions)
    columns = columns.reshape(len(x), -1, positions[0] * positions[1])
    flat = delta.reshape(len(delta), delta.shape[1], -1)
    kernels: Array = flat @ columns.transpose(0, 2, 1)
    if layer.mode == "convolution":
        kernels = kernels.reshape(len(x), -1, x.shape[1], *layer.kernel)[..., ::-1, ::-1].reshape(kernels.shape)
    biases = layer.bias_sign * flat.sum(axis=2, keepdims=True)
    return np.concatenate([kernels, biases], axis=2)


def grown_gradient(layer: Conv2D, x: Array, delta: Array, channel: int, places: int) -> Array:
    """The gradient of one filter's kernels, summed over all rows and over the first so many places, row by row:
    (channels · kh · kw + 1,), the bias last. With all places it is the gradient of the batch.
    """
    so_far = np.zeros((len(delta), 1, *delta.shape[2:]), delta.dtype)
    so_far.reshape(len(delta), -1)[:, :places] = delta[:, channel].reshape(len(delta), -1)[:, :places]
    total: Array = kernel_gradients(layer, x, so_far)[:, 0].sum(axis=0)
    return total

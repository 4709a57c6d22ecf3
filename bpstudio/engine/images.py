"""Layers that work on images: a window slides over each channel.

A convolution is a matrix product once the windows are laid out side by side (im2col; Chellapilla, Puri and Simard
2006): of row n, z[n] = K · columns[n] with K (filters, channels·kh·kw) and columns (channels·kh·kw, positions).
Backward, dK = Σ_n δ[n] · columns[n]ᵀ, and dx gathers Kᵀ δ at each pixel from all windows that saw it.

Each class binds the arrays of one layer in one pass and lists the operations; scratch memory is its own.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from bpstudio.engine.layers import AvgPool2D, Conv2D, MaxPool2D
from bpstudio.maths.operations import Array, Operation, constant, run

Pair = tuple[int, int]


def windows(padded: Array, kernel: Pair, stride: Pair, positions: Pair, writeable: bool = False) -> Array:
    """A view (N, channels, kh, kw, positions down, positions across) of what each position of the window sees."""
    # Asked the other way round, each pixel of the window travels over the image: so the axis of the positions, which
    # runs along memory, comes last.
    travel = tuple((count - 1) * step + 1 for count, step in zip(positions, stride, strict=True))
    view = sliding_window_view(padded, travel, axis=(2, 3), writeable=writeable)
    return view[:, :, : kernel[0], : kernel[1], :: stride[0], :: stride[1]]


class _Padded:
    """x with a border of one value around it, wide enough for every window."""

    def __init__(self, x: Array, kernel: Pair, stride: Pair, padding: Pair, positions: Pair, border: float) -> None:
        height, width = x.shape[2:]
        reach = [(n - 1) * s + k for n, s, k in zip(positions, stride, kernel, strict=True)]
        size = (max(height + padding[0], reach[0]), max(width + padding[1], reach[1]))
        self.is_x = padding == (0, 0) and size == (height, width)
        self.array = x if self.is_x else np.full((*x.shape[:2], *size), border, x.dtype)
        self._inside = (..., slice(padding[0], padding[0] + height), slice(padding[1], padding[1] + width))
        self._x = x

    def fill(self) -> list[Operation]:
        """Write x into the middle."""
        return [] if self.is_x else [(np.copyto, (self.array[self._inside], self._x))]

    def inside(self, array: Array) -> Array:
        """The part of an array of the padded size that belongs to x."""
        return array if self.is_x else array[self._inside]


class Convolution:
    """The operations of a ``Conv2D`` on x (N, C, H, W) with z, δ (N, F, h, w) and kernels W (F, C, kh, kw)."""

    def __init__(self, layer: Conv2D, x: Array, z: Array) -> None:
        self._layer = layer
        self._z = z
        count, filters, *positions = z.shape
        self._positions: Pair = (positions[0], positions[1])
        channels, (kh, kw) = x.shape[1], layer.kernel
        self._padded = _Padded(x, layer.kernel, layer.stride, layer.padding, self._positions, 0.0)
        self._laid = np.empty((count, channels, kh, kw, *positions), x.dtype)
        self._columns = self._laid.reshape(count, channels * kh * kw, -1)
        self._kernels = np.empty((filters, channels * kh * kw), x.dtype)
        self._turned = layer.mode == "convolution"

    def _as_laid(self, W: Array) -> Array:
        """The kernels as they lie on the image: a true convolution turns them by 180°."""
        return W[:, :, ::-1, ::-1] if self._turned else W

    def forward(self, W: Array, b: Array) -> list[Operation]:
        """z from x. ``b`` is added, or subtracted where it is a threshold."""
        layer, z = self._layer, self._z
        seen = windows(self._padded.array, layer.kernel, layer.stride, self._positions)
        kernels = self._kernels.reshape(W.shape)
        operations = self._padded.fill()
        operations += [
            (np.copyto, (self._laid, seen)),
            (np.copyto, (kernels, self._as_laid(W))),
            (np.matmul, (self._kernels, self._columns, z.reshape(*z.shape[:2], -1))),
        ]
        if layer.has_bias:
            add = np.add if layer.bias_sign > 0 else np.subtract
            operations.append((add, (z, b.reshape(1, -1, 1, 1), z)))
        return operations

    def gradient(self, delta: Array, dW: Array, db: Array) -> list[Operation]:
        """dW = Σ_n δ[n] · columns[n]ᵀ and db = ±Σ δ over rows and positions."""
        flat = delta.reshape(*delta.shape[:2], -1)
        each = np.empty((len(delta), *self._kernels.shape), delta.dtype)
        operations: list[Operation] = [(np.matmul, (flat, self._columns.transpose(0, 2, 1), each))]
        if self._turned:
            total = np.empty(dW.shape, dW.dtype)
            operations.append((np.add.reduce, (each, 0, None, total.reshape(self._kernels.shape))))
            operations.append((np.copyto, (dW, self._as_laid(total))))
        else:
            operations.append((np.add.reduce, (each, 0, None, dW.reshape(self._kernels.shape))))
        if self._layer.has_bias:
            operations.append((np.add.reduce, (flat, (0, 2), None, db)))
            if self._layer.bias_sign < 0:
                operations.append((np.negative, (db, db)))
        return operations

    def error_below(self, delta: Array, W: Array, dx: Array) -> list[Operation]:
        """∂C/∂x: Kᵀ δ of each position, added up at the pixels that its window saw."""
        layer = self._layer
        kernels = np.empty_like(self._kernels)
        scattered = np.empty_like(self._laid)
        operations: list[Operation] = [
            (np.copyto, (kernels.reshape(W.shape), self._as_laid(W))),
            (np.matmul, (kernels.T, delta.reshape(*delta.shape[:2], -1), scattered.reshape(self._columns.shape))),
        ]
        gathered = _Gathered(self._padded, dx)
        operations += gathered.clear()
        into = windows(gathered.array, layer.kernel, layer.stride, self._positions, writeable=True)
        for u, v in np.ndindex(*layer.kernel):
            place = into[:, :, u, v]
            operations.append((np.add, (place, scattered[:, :, u, v], place)))
        return operations + gathered.write()


class _Gathered:
    """An array of the padded size into which the errors of all windows are added, and from which dx is taken."""

    def __init__(self, padded: _Padded, dx: Array) -> None:
        self._dx = dx
        self._padded = padded
        self.array = dx if padded.is_x else np.empty(padded.array.shape, dx.dtype)

    def clear(self) -> list[Operation]:
        """Begin at zero."""
        return [(np.copyto, (self.array, constant(0.0, self.array.dtype)))]

    def write(self) -> list[Operation]:
        """Take the middle, which is what belongs to x."""
        return [] if self._padded.is_x else [(np.copyto, (self._dx, self._padded.inside(self.array)))]


class Pooling:
    """The operations of a ``MaxPool2D`` or ``AvgPool2D`` on x (N, C, H, W) with z, δ (N, C, h, w)."""

    def __init__(self, layer: MaxPool2D | AvgPool2D, x: Array, z: Array) -> None:
        self._layer = layer
        self._z = z
        self._positions: Pair = (z.shape[2], z.shape[3])
        self._greatest = isinstance(layer, MaxPool2D)
        border = -np.inf if self._greatest else 0.0
        self._padded = _Padded(x, layer.kernel, layer.stride, layer.padding, self._positions, border)
        self._seen = windows(self._padded.array, layer.kernel, layer.stride, self._positions)
        self._divisor = divisor(layer, (x.shape[2], x.shape[3]), self._positions).astype(x.dtype)

    def forward(self) -> list[Operation]:
        """z from x: the greatest number of each window, or its mean."""
        z = self._z
        first, *others = np.ndindex(*self._layer.kernel)
        # np.maximum takes its output by name only (NumPy 2.4 deprecates the position).
        join = partial(np.maximum, out=z) if self._greatest else partial(np.add, out=z)
        operations: list[Operation] = [*self._padded.fill(), (np.copyto, (z, self._seen[:, :, *first]))]
        operations += [(join, (z, self._seen[:, :, *pixel])) for pixel in others]
        if not self._greatest:
            operations.append((np.divide, (z, self._divisor, z)))
        return operations

    def error_below(self, delta: Array, dx: Array) -> list[Operation]:
        """∂C/∂x: all of δ to the first of the greatest, or an equal share to each member of the mean."""
        gathered = _Gathered(self._padded, dx)
        operations = gathered.clear()
        into = windows(gathered.array, self._layer.kernel, self._layer.stride, self._positions, writeable=True)
        share = np.empty_like(delta)
        if not self._greatest:
            operations.append((np.divide, (delta, self._divisor, share)))
        # ``left`` is 1 where no earlier pixel of the window was the greatest.
        left, won = np.empty(delta.shape, bool), np.empty(delta.shape, bool)
        if self._greatest:
            operations.append((np.copyto, (left, constant(1.0, bool))))
        for pixel in np.ndindex(*self._layer.kernel):  # row by row
            place = into[:, :, *pixel]
            if self._greatest:
                operations += [
                    (np.equal, (self._seen[:, :, *pixel], self._z, won)),
                    (np.logical_and, (won, left, won)),
                    (np.logical_xor, (left, won, left)),
                    (np.multiply, (delta, won, share)),
                ]
            operations.append((np.add, (place, share, place)))
        return operations + gathered.write()


def winners(layer: MaxPool2D, x: Array, z: Array) -> Array:
    """Which pixel of its window each place of a maximum took, counted row by row: (N, C, h, w) from x and z."""
    padded = _Padded(x, layer.kernel, layer.stride, layer.padding, (z.shape[2], z.shape[3]), -np.inf)
    run(padded.fill())
    seen = windows(padded.array, layer.kernel, layer.stride, (z.shape[2], z.shape[3]))
    taken: Array = np.argmax(seen.reshape(*x.shape[:2], -1, *z.shape[2:]), axis=2)
    return taken


def divisor(layer: MaxPool2D | AvgPool2D, size: Pair, positions: Pair) -> Array:
    """By what the sum of each window is divided, (h, w): how many of its pixels count, cut at the end of the padding
    and, without ``count_include_pad``, at the image itself. For a maximum it is 1.
    """
    if isinstance(layer, MaxPool2D):
        return np.ones(positions)
    counts = []
    for n, k, s, p, count in zip(size, layer.kernel, layer.stride, layer.padding, positions, strict=True):
        start = np.arange(count) * s - p
        stop = np.minimum(start + k, n + p)
        if not layer.count_include_pad:
            start, stop = np.maximum(start, 0), np.minimum(stop, n)
        counts.append((stop - start).astype(np.float64))
    return np.outer(*counts)

"""The picture of a network for a report: units in columns, every weight a line.

A layer of images has a square for each map, a convolution a line for each kernel: its colour is that of its largest
gradient, its width that of its largest weight. What a layer without weights passes on goes along thin grey lines.

Colour is |∂C/∂w| on a logarithmic scale of four decades below the largest, width is |w|: what the window shows, at one
step. Where there are too many units or lines to tell apart, the picture shows some of them and says how many.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from bpstudio.engine.layers import Layer, said
from bpstudio.engine.network import Network
from bpstudio.insight.windows import matrix
from bpstudio.training.frame import Frame

Array = NDArray[np.floating]

WIDTH, MARGIN, ROW, RADIUS = 1000, 130, 44, 15
MOST_UNITS, MOST_LINES = 16, 240
LETTER = 7.0
"""About how wide a letter is."""
LEVELS, DECADES = 8, 4


@dataclass(frozen=True)
class _Column:
    """One layer of the picture: which of its units or maps are shown, and where they stand."""

    x: float
    units: tuple[int, ...]
    y: tuple[float, ...]
    hidden: int
    images: bool = False


def network_picture(frame: Frame) -> str:
    """A figure with a legend, drawn from the gradient and the parameters of the frame."""
    network = frame.experiment.network
    columns, height = _columns(network)
    gradients = [_lines_of(network, n, layer.dW, layer.db) for n, layer in enumerate(frame.trace.layers)]
    weights = [_lines_of(network, n, W, b) for n, (W, b) in enumerate(frame.params)]
    sizes = np.concatenate([np.abs(gradient).ravel() for gradient in gradients])
    finite = sizes[np.isfinite(sizes)]
    largest = float(finite.max()) if finite.size and finite.max() > 0 else 1.0
    heaviest = max((float(np.nanmax(np.abs(weight))) for weight in weights if weight.size), default=0.0)
    heaviest = heaviest if math.isfinite(heaviest) and heaviest > 0 else 1.0

    parts, left_out = [], 0
    for number in range(len(network.layers)):
        if not network.layers[number].has_weights:
            parts.append(_passed_on(network, number, columns[number], columns[number + 1]))
            continue
        constant = {1: "+1", -1: "−1", 0: ""}[network.layers[number].bias_sign]
        lines, omitted = _lines(
            columns[number],
            columns[number + 1],
            gradients[number],
            weights[number],
            largest,
            heaviest,
            height,
            constant,
        )
        parts.append(lines)
        left_out += omitted
    names = [frame.dataset.input_names, *(None for _ in network.layers[:-1]), frame.dataset.output_names]
    for number, (column, given) in enumerate(zip(columns, names, strict=True)):
        title = "input" if number == 0 else network.layer_names[number - 1]
        subtitle = "" if number == 0 else _kind(network.layers[number - 1])
        side = -1 if number == 0 else 1 if number == len(columns) - 1 else 0
        size = said(network.shapes[number])
        parts.append(
            _units(column, None if column.images else given, side, title, _beside(size, subtitle, len(columns)), height)
        )
    shown = "" if not left_out else f" {left_out:,} weaker or hidden lines are not drawn."
    svg = f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="the network">{"".join(parts)}</svg>'
    return f"<figure class=wide>{svg}{_legend(largest, frame.step, shown)}</figure>"


def _beside(size: str, kind: str, columns: int) -> str:
    """Size and kind of a layer where there is room for both between its neighbours, else the size."""
    both = f"{size} {kind}".strip()
    return both if len(both) * LETTER <= (WIDTH - 2 * MARGIN) / max(columns - 1, 1) else size


def _kind(layer: Layer) -> str:
    """What the line under a column's name says of a layer: its function, or what it is."""
    return layer.activation if layer.has_weights or layer.kind == "activation" else layer.kind


def _lines_of(network: Network, number: int, W: Array, b: Array) -> Array:
    """What is drawn of a layer's parameters, biases last: each of a dense layer, of each kernel the largest in size."""
    if W.ndim != 4:
        return matrix(W, b)
    kernels = W.reshape(*W.shape[:2], -1)
    low, high = kernels.min(axis=2), kernels.max(axis=2)
    return np.column_stack([np.where(np.abs(low) > np.abs(high), low, high), b])


def _passed_on(network: Network, number: int, source: _Column, target: _Column) -> str:
    """Grey lines from each unit or map to what a layer without weights makes of it."""
    shape = network.shapes[number]
    at = dict(zip(source.units, source.y, strict=True))
    parts = []
    for unit, y in zip(target.units, target.y, strict=True):
        # A flattened number comes from the map in which it lay.
        place = unit // math.prod(shape[1:]) if source.images and not target.images else unit
        if place in at:
            parts.append(
                f'<line x1="{source.x:.1f}" y1="{at[place]:.1f}" x2="{target.x:.1f}" y2="{y:.1f}" '
                'style="stroke:var(--zero)" stroke-width="0.7"/>'
            )
    return "".join(parts)


def _columns(network: Network) -> tuple[list[_Column], int]:
    images = [len(shape) == 3 for shape in network.shapes]
    sizes = [shape[0] for shape in network.shapes]
    rows = min(max(sizes), MOST_UNITS + 1)
    height = 60 + rows * ROW + 50
    across = np.linspace(MARGIN, WIDTH - MARGIN, len(sizes))
    columns = []
    for x, size, image in zip(across, sizes, images, strict=True):
        if size <= MOST_UNITS + 1:
            units, places = tuple(range(size)), list(range(size))
        else:
            # One place stays empty for the dots: the first units, the dots, the last units.
            half = MOST_UNITS // 2
            units = (*range(half), *range(size - half, size))
            places = [*range(half), *range(half + 1, MOST_UNITS + 1)]
        first = 60 + (rows - (places[-1] + 1)) * ROW / 2 + ROW / 2
        y = tuple(first + place * ROW for place in places)
        columns.append(_Column(float(x), units, y, size - len(units), image))
    return columns, height


def _lines(
    source: _Column,
    target: _Column,
    gradient: Array,
    weight: Array,
    largest: float,
    heaviest: float,
    height: int,
    constant: str,
) -> tuple[str, int]:
    """The lines between two columns, the weakest first so that the strongest lie on top; and how many are not drawn."""
    bias = gradient.shape[1] - 1
    starts = [*((unit, source.x, y) for unit, y in zip(source.units, source.y, strict=True))]
    if constant:
        starts.append((bias, (source.x * 2 + target.x) / 3, height - 32))
    found = [
        (float(np.abs(gradient[to, unit])), unit, to, x, y, y_to)
        for to, y_to in zip(target.units, target.y, strict=True)
        for unit, x, y in starts
    ]
    found.sort(key=lambda line: (line[0], line[1], line[2]) if math.isfinite(line[0]) else (math.inf, line[1], line[2]))
    parts = []
    for size, unit, to, x, y, y_to in found[-MOST_LINES:]:
        value = abs(float(weight[to, unit]))
        width = 0.7 + 3.3 * min(value / heaviest, 1.0) if math.isfinite(value) else 4.0
        parts.append(
            f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{target.x:.1f}" y2="{y_to:.1f}" '
            f'style="stroke:var({_color(size, largest)})" stroke-width="{width:.2f}"/>'
        )
    many = gradient.size - (0 if constant else len(gradient))
    if not constant:
        return "".join(parts), many - min(len(found), MOST_LINES)
    x, y = starts[-1][1:]
    parts.append(f'<rect class=unit x="{x - 13:.1f}" y="{y - 11}" width="26" height="22" rx="5"/>')
    parts.append(f'<text class=tick x="{x:.1f}" y="{y + 4}" text-anchor=middle>{constant}</text>')
    return "".join(parts), many - min(len(found), MOST_LINES)


def _color(size: float, largest: float) -> str:
    if not math.isfinite(size):
        return "--nonfinite"
    if size == 0:
        return "--zero"
    share = 1 + math.log10(size / largest) / DECADES
    return f"--gradient-{min(max(int(share * LEVELS), 0), LEVELS - 1)}"


def _units(column: _Column, names: Sequence[str] | None, side: int, title: str, subtitle: str, height: int) -> str:
    x = f'x="{column.x:.1f}" text-anchor=middle'
    parts = [
        f'<text class=name {x} y="22" style="fill:var(--text)">{escape(title)}</text>',
        f'<text class=tick {x} y="40">{escape(subtitle)}</text>',
    ]
    for unit, y in zip(column.units, column.y, strict=True):
        if column.images:
            corner = f'x="{column.x - RADIUS:.1f}" y="{y - RADIUS:.1f}"'
            parts.append(f'<rect class=unit {corner} width="{2 * RADIUS}" height="{2 * RADIUS}"/>')
        else:
            parts.append(f'<circle class=unit cx="{column.x:.1f}" cy="{y:.1f}" r="{RADIUS}"/>')
        parts.append(f'<text class=tick {x} y="{y + 4:.1f}">{unit + 1}</text>')
        if names is not None and side:
            anchor = "end" if side < 0 else "start"
            beside = column.x + side * (RADIUS + 8)
            label = names[unit] if len(names[unit]) <= 16 else f"{names[unit][:15]}…"
            parts.append(
                f'<text class=tick x="{beside:.1f}" y="{y + 4:.1f}" text-anchor={anchor}>{escape(label)}</text>'
            )
    if column.hidden:
        middle = (column.y[len(column.y) // 2 - 1] + column.y[len(column.y) // 2]) / 2
        parts.append(f'<text class="tick more" {x} y="{middle + 4:.1f}">⋮ {column.hidden:,} more</text>')
    return "".join(parts)


def _legend(largest: float, step: int, shown: str) -> str:
    swatches = "".join(f'<i style="background:var(--gradient-{level})"></i>' for level in range(LEVELS))
    return (
        f"<figcaption><span class=ramp>≤ {largest * 10.0**-DECADES:.1e} {swatches} {largest:.1e}</span> "
        f"Colour: |∂C/∂w| of the batch at step {step:,}, one scale for all layers. Width: |w|. "
        f"Grey: exactly 0. +1: biases, −1: thresholds.{shown}</figcaption>"
    )

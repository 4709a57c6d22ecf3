"""What stands above the columns where layers are of different kinds: the name of each, and how large it is."""

from __future__ import annotations

from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QPainter

from bpstudio.engine.layers import Activate, AvgPool2D, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D, said
from bpstudio.insight.notation import given, rough
from bpstudio.maths.activations import activation
from ui.canvas import inputs, maps, text
from ui.canvas.picture import Picture
from ui.language import tr, translatable

INPUT = translatable("input")
CONVOLUTION = translatable("convolution")
MAXIMUM = translatable("max pooling")
MEAN = translatable("mean pooling")
FLATTEN = translatable("flatten")
DROPOUT = translatable("dropout")
DENSE = translatable("dense")
MAPS = translatable("{count} maps {size}")
UNITS = translatable("{count} units")
DELTA = translatable("δ −{end} … {end}")
PER_UNIT = translatable("f per unit")


def words(picture: Picture, layer: int) -> tuple[str, tuple[str, ...]]:
    """The name of a column, and what it has to say about itself from long to short."""
    shape = picture.network.shapes[layer]
    size = said(shape[1:]) if len(shape) == 3 else ""
    if layer == 0:
        name = inputs.title(picture) if len(shape) == 3 else tr(INPUT)
        return name, (said(shape),)
    spec = picture.network.layers[layer - 1]
    about = _about(spec, picture.sizes[layer])
    if len(shape) == 3:
        about = (tr(MAPS, count=shape[0], size=size), said(shape))
    if maps.shows_delta(picture, layer) and not picture.geometry.layout.has_discs(layer):
        end = maps.delta_end(picture, layer)
        shown = given(end, 4) if 0.001 <= end < 1000 else rough(end)
        about = (tr(DELTA, end=shown), f"δ ±{shown}")
    return spec.name or kind(spec), about


def kind(spec: Layer) -> str:
    """What kind of layer it is."""
    match spec:
        case Conv2D():
            return tr(CONVOLUTION)
        case MaxPool2D():
            return tr(MAXIMUM)
        case AvgPool2D():
            return tr(MEAN)
        case Flatten():
            return tr(FLATTEN)
        case Dropout():
            return tr(DROPOUT)
        case Activate():
            return activation(spec.activation).symbol
        case _:
            return tr(DENSE)


def _about(spec: Layer, size: int) -> tuple[str, ...]:
    match spec:
        case Dropout():
            return (f"p = {spec.rate:g}",)
        case Dense():
            function = activation(spec.activation)
            name = tr(PER_UNIT) if function.units else function.symbol
            return (f"{tr(UNITS, count=size)} · {name}", f"{size} · {name}", str(size))
        case _:
            return (tr(UNITS, count=size), str(size))


def paint(painter: QPainter, picture: Picture) -> None:
    """All titles. They stay at the upper edge when the picture is moved, as the headings of a table do."""
    geometry, theme = picture.geometry, picture.theme
    if not geometry.layout.titles:
        return
    bold, plain = text.pen_of(theme, text.SMALL, bold=True), text.pen_of(theme, text.SMALL)
    columns = geometry.layout.columns
    middles = [geometry.to_screen_x(column.x) for column in columns]
    top = max(geometry.region.top() + 2, geometry.to_screen_y(2.0))
    for layer, middle in enumerate(middles):
        # To half-way to the columns beside it.
        left = (middles[layer - 1] + middle) / 2 if layer else geometry.region.left()
        right = (middle + middles[layer + 1]) / 2 if layer < picture.depth else geometry.region.right()
        half = min(middle - left, right - middle) - 3
        if not geometry.region.left() <= middle <= geometry.region.right():
            continue
        if layer == 0:  # at the rim there is room to one side
            half = min(max(right - 3 - geometry.region.left(), 0.0) / 2, max(half, right - 3 - middle))
            middle = max(middle, geometry.region.left() + half + 2)
        name, about = words(picture, layer)
        room = 2 * half
        shown = bold.elided(name, room)
        under = next((each for each in about if plain.width(each) <= room), "")
        for pen, line, ink, at in ((bold, shown, theme.text, 0.0), (plain, under, theme.secondary, bold.height)):
            if not line:
                continue
            width = pen.width(line)
            box = QRectF(middle - width / 2, top + at, width, pen.height)
            if geometry.zoom != 1.0 or geometry.pan != (0.0, 0.0):
                painter.fillRect(box.adjusted(-3, 0, 3, 0), theme.background)
            pen.draw(painter, box, line, ink)

"""What comes in: an image where the inputs are pixels, else names beside the units.

The inputs that one column of categories became stand under one bracket with the column's name.
"""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QPainter, QPolygonF

from bpstudio.data.dataset import Dataset
from bpstudio.data.source import Prepared
from bpstudio.data.steps import Range, Standardize
from bpstudio.insight.elements import Probe, Row
from bpstudio.insight.notation import given, number
from ui.canvas import text
from ui.canvas.geometry import BRACKET, input_names, named_inputs
from ui.canvas.picture import Picture
from ui.canvas.room import Box, box_of
from ui.canvas.shade import draw_image, grid, image
from ui.canvas.strokes import Colors, blend, mixed, pen
from ui.language import tr, translatable

ROW_TITLE = translatable("row {row}")
ROW_TARGET = translatable("row {row}, target {target}")
PROBE_TITLE = translatable("probe, row {row}")
PROBE_TARGET = translatable("probe, row {row}, target {target}")
MEAN_TITLE = translatable("mean of {rows} rows")
CAPTION = translatable("{count} inputs, row by row")


def paint(painter: QPainter, picture: Picture) -> None:
    """Everything that belongs to the inputs but their discs."""
    if picture.network.image_shape is not None:
        return  # maps like all others
    if picture.geometry.image is not None:
        _paint_image(painter, picture, picture.geometry.image)
    else:
        _paint_names(painter, picture)
        _paint_groups(painter, picture)


def taken(picture: Picture) -> list[Box]:
    """Where no other text may stand."""
    where = picture.geometry.image
    if where is not None:
        return [box_of(where.adjusted(0, -24, 16, 24))]
    return []


def greys(picture: Picture, values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Colors:
    """Ink on paper: 0 is the background, the largest input the text's colour."""
    theme = picture.theme
    t = np.clip(np.abs(values) / picture.limits.inputs, 0.0, 1.0)
    return blend(np.full(values.shape, theme.text.rgb(), np.uint32), theme.background, t)


def _paint_image(painter: QPainter, picture: Picture, where: QRectF) -> None:
    theme, geometry = picture.theme, picture.geometry
    pixels = geometry.layout.pixels
    assert pixels is not None
    values = np.asarray(picture.numbers.a(0), dtype=np.float64).reshape(pixels.rows, pixels.columns)
    frame = where.adjusted(-1, -1, 1, 1)
    painter.fillRect(where, theme.background)
    draw_image(painter, where, image(greys(picture, values)), smooth=False)
    grid(painter, where, pixels.rows, pixels.columns, mixed(theme.border, theme.background, 0.8))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(pen(theme.dashed, theme.stroke(1.0)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(frame)
    painter.fillRect(geometry.rect(pixels.bar), theme.track)
    for element, strong in ((picture.eye.selection, True), (picture.eye.hover, False)):
        if element is not None and getattr(element, "layer", None) == 0 and hasattr(element, "index"):
            painter.setPen(pen(theme.accent, theme.stroke(2.0 if strong else 1.25)))
            painter.drawRect(geometry.pixel(element.index))
    if not geometry.region.intersects(where):
        return
    bold, plain = text.pen_of(theme, text.NORMAL, bold=True), text.pen_of(theme, text.SMALL)
    width = max(where.width(), theme.px(150))
    left = max(where.center().x() - width / 2, min(float(theme.px(4)), where.left()))
    width = max(min(width, float(geometry.units[1][:, 0].min()) - geometry.radii[1] - 4 - left), where.width())
    words = title(picture)
    bold.draw(
        painter, QRectF(left, where.top() - bold.height - 4, width, bold.height), bold.elided(words, width), theme.text
    )
    caption = tr(CAPTION, count=picture.network.inputs)
    box = QRectF(left, where.bottom() + 4, width, plain.height)
    plain.draw(painter, box, plain.elided(caption, width), theme.secondary)


def title(picture: Picture) -> str:
    """Whose numbers the inputs are, with the class that is wanted."""
    example, data = picture.numbers.example, picture.frame.dataset
    true = picture.numbers.true_class()
    target = "" if true is None else data.class_names[true]
    if isinstance(example, Row):
        return tr(ROW_TARGET if target else ROW_TITLE, row=example.position + 1, target=target)
    if isinstance(example, Probe):
        return tr(PROBE_TARGET if target else PROBE_TITLE, row=example.row + 1, target=target)
    return tr(MEAN_TITLE, rows=len(picture.frame.batch))


def _paint_names(painter: QPainter, picture: Picture) -> None:
    """The column's name at the left of each input, and its value where the disc has no room for it."""
    theme, geometry = picture.theme, picture.geometry
    data = picture.frame.dataset
    names, named = input_names(data), named_inputs(data)
    values = np.asarray(picture.numbers.a(0), dtype=np.float64)
    font, mono = text.pen_of(theme, text.SMALL), text.pen_of(theme, text.SMALL, mono=True)
    radius, pitch = geometry.radii[0], geometry.pitches[0]
    inside = radius >= (text.NAMED if named else text.VALUED) * theme.scale
    edge = theme.px(BRACKET) if data.groups else 4
    if (len(names) > 1 and pitch < font.height * 0.95) or (inside and not named):
        return
    two_rows = named and not inside and (len(names) == 1 or pitch >= font.height * 2)
    for index in geometry.drawn(0).tolist():
        x, y = geometry.units[0][index].tolist()
        right = x - radius - theme.px(8)
        room = right - edge
        words = font.elided(names[index], room) if named and room >= theme.px(24) else ""
        shown = "" if inside else mono.fitting(float(values[index]), room, given)
        scaling = prepared(data, index) if words and pitch >= font.height * 2 else None
        if scaling is not None:
            made = written(scaling, float(values[index]), shown)
            shown = made if mono.width(made) <= room else shown
        if (two_rows or scaling is not None) and words and shown:
            _right(painter, font, right, y - font.height * 0.46, words, picture, False)
            _right(painter, mono, right, y + mono.height * 0.46, shown, picture, True)
        elif shown:
            _right(painter, mono, right, y, shown, picture, True)
            if words and font.width(names[index]) + mono.width(shown) + theme.px(8) <= room:
                _right(painter, font, right - mono.width(shown) - theme.px(8), y, words, picture, False)
        elif words:
            _right(painter, font, right, y, words, picture, False)


def prepared(dataset: Dataset, index: int) -> Standardize | Range | None:
    """How the column of an input was scaled before it reached the network."""
    source = dataset.source.origin
    return source.scaling_of(dataset.input_names[index]) if isinstance(source, Prepared) else None


def written(scaling: Standardize | Range, value: float, result: str) -> str:
    """The value of the file and what it becomes, or what is done to it where the disc says what it became: 5.1 → 1.68,
    5.1 → (x−μ)/σ, 12 → x/16.
    """
    raw = number(float(scaling.inverse(np.array(value))), 4)
    if result:
        return f"{raw} → {result}"
    if isinstance(scaling, Standardize):
        return f"{raw} → (x−μ)/σ"
    width = number(scaling.high - scaling.low, 4)
    return f"{raw} → x/{width}" if scaling.low == 0 else f"{raw} → (x{-scaling.low:+.4g})/{width}".replace("-", "−")


def _right(
    painter: QPainter, font: text.Pen, right: float, y: float, words: str, picture: Picture, strong: bool
) -> None:
    width = font.width(words)
    ink = picture.theme.text if strong else picture.theme.secondary
    font.put(painter, right - width, y, words, ink)


def _paint_groups(painter: QPainter, picture: Picture) -> None:
    """The inputs that one column of categories became, bracketed, with the column's name along the bracket."""
    theme, geometry = picture.theme, picture.geometry
    font = text.pen_of(theme, text.SMALL, bold=True)
    for group in picture.frame.dataset.groups:
        rows = geometry.units[0][group.first : group.first + group.count]
        if not len(rows) or geometry.pitches[0] < font.height * 0.8:
            continue
        reach = min(geometry.radii[0], geometry.pitches[0] * 0.42)
        top, bottom = float(rows[0, 1]) - reach, float(rows[-1, 1]) + reach
        left, arm = theme.px(23), theme.px(4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(pen(theme.dashed, theme.stroke(1.0)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        corners = ((left + arm, top), (left, top), (left, bottom), (left + arm, bottom))
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in corners]))
        length = max(bottom - top, theme.px(34))
        painter.save()
        painter.translate(left - theme.px(4) - font.height / 2, (top + bottom) / 2)
        painter.rotate(-90.0)
        box = QRectF(-length / 2, -font.height / 2, length, font.height)
        font.draw(painter, box, font.elided(group.name, length), theme.text)
        painter.restore()

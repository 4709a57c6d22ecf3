"""One frozen View in, one picture out: the same View gives the same pixels.

What does not move is painted first (edges, units, text, legend); over it comes what moves or follows the mouse
(pulse, hover, selection). The widget keeps the first part as long as nothing in it changes; painted one after the
other they are the picture.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QPainter, QPixmap

from bpstudio.insight.elements import Edge, Element, Kernel, KernelEntry, LossNode, Unit
from bpstudio.insight.walk import Walk
from ui.canvas import (
    edges,
    headline,
    inputs,
    kernels,
    labels,
    links,
    maps,
    mark,
    moving,
    nodes,
    outputs,
    titles,
    units,
)
from ui.canvas.edges import Lines
from ui.canvas.legend import Legend
from ui.canvas.picture import Picture
from ui.canvas.room import arrange, box_of
from ui.canvas.scale import Limits
from ui.canvas.strokes import pen
from ui.canvas.view import View
from ui.focus import Eye

COMPARED = (Eye, Limits, Walk, str, float, bool)
"""Fields of these types may be equal without being the same; frames, layouts and themes are told apart by identity."""


@dataclass(frozen=True, eq=False)
class Still:
    """What the mouse has to know of a picture that was painted."""

    picture: Picture
    lines: tuple[Lines, ...]
    legend: Legend

    @cached_property
    def kernels(self) -> tuple[kernels.Pictured, ...]:
        """The kernels that have a picture of their own."""
        return kernels.pictured(self.picture)

    def element_at(self, point: QPointF) -> Element | None:
        """What is at a point; of the edges those that are drawn as lines."""
        if self.picture.geometry.region.contains(point) and self.picture.geometry.pixel_at(point) is None:
            kernel = kernels.at(self.kernels, self.picture, point)
            if kernel is not None:
                return kernel
        return self.picture.geometry.element_at(point, {part.layer: part.flat for part in self.lines})


@dataclass(frozen=True, eq=False)
class Lettering:
    """What follows more slowly while training runs: what is read, on a transparent picture, and the edges of a wide
    network, which are too many to be followed one by one."""

    view: View
    lines: tuple[Lines, ...]
    words: QPixmap
    legend: Legend
    edges: QPixmap | None

    def suits(self, view: View) -> bool:
        """Whether the text stands where it would stand in `view`; its numbers may be those of another step."""
        return same_still(view.replace(frame=self.view.frame), self.view)


def paint(painter: QPainter, view: View) -> None:
    """The whole picture."""
    paint_still(painter, view)
    paint_moving(painter, view)


def paint_still(painter: QPainter, view: View) -> Still:
    """All that does not move."""
    picture = Picture(view.still)
    lines = edges.chosen(picture)
    paint_shapes(painter, picture, lines)
    return Still(picture, lines, paint_words(painter, picture, lines))


def paint_running(painter: QPainter, view: View, lettering: Lettering | None) -> tuple[Still, Lettering]:
    """The same while training runs: units and single edges as they are; what is read, and the edges of a wide network,
    as they were a moment ago when `lettering` is given.

    Nobody reads ten numbers in a sixteenth of a second, and text is most of the time that a picture takes.
    """
    picture = Picture(view.still)
    lettering = lettering or letter(picture)
    if lettering.edges is None:
        lines = edges.chosen(picture)
        paint_shapes(painter, picture, lines)
    else:
        lines = lettering.lines
        painter.drawPixmap(0, 0, lettering.edges)
        _paint_units(painter, picture)
    painter.drawPixmap(0, 0, lettering.words)
    return Still(picture, lines, lettering.legend), lettering


def letter(picture: Picture) -> Lettering:
    """What is read in a picture, and its edges where they are many."""
    lines = edges.chosen(picture)
    words, ground = _empty(picture.view), _empty(picture.view) if picture.crowded else None
    painter = QPainter(words)
    legend = paint_words(painter, picture, lines)
    painter.end()
    if ground is not None:
        painter = QPainter(ground)
        _paint_edges(painter, picture, lines)
        painter.end()
    return Lettering(picture.view, lines, words, legend, ground)


def _empty(view: View) -> QPixmap:
    """A transparent picture of a view's size."""
    pixmap = QPixmap(round(view.width * view.ratio), round(view.height * view.ratio))
    pixmap.setDevicePixelRatio(view.ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap


def paint_shapes(painter: QPainter, picture: Picture, lines: tuple[Lines, ...]) -> None:
    """Edges and units: colours, widths, fills and rings."""
    _paint_edges(painter, picture, lines)
    _paint_units(painter, picture)


def _paint_edges(painter: QPainter, picture: Picture, lines: tuple[Lines, ...]) -> None:
    view = picture.view
    painter.fillRect(QRectF(0, 0, view.width, view.height), picture.theme.background)
    painter.save()
    painter.setClipRect(picture.geometry.region)
    links.paint(painter, picture)
    kernels.paint(painter, picture)
    edges.paint(painter, picture, lines)
    kernels.paint_lit(painter, picture)
    moving.paint_lit(painter, picture)
    mark.paint_rails(painter, picture)
    painter.restore()


def _paint_units(painter: QPainter, picture: Picture) -> None:
    painter.save()
    painter.setClipRect(picture.geometry.region)
    units.paint(painter, picture)
    maps.paint(painter, picture)
    links.paint_lit(painter, picture)
    painter.restore()


def paint_words(painter: QPainter, picture: Picture, lines: tuple[Lines, ...]) -> Legend:
    """What is read: in the discs and at both ends of the network, in badges, beside lines, headline and legend."""
    painter.save()
    painter.setClipRect(picture.geometry.region)
    kernels.paint_pictures(painter, picture, kernels.pictured(picture))
    maps.paint_numbers(painter, picture)
    inputs.paint(painter, picture)
    outputs.paint(painter, picture)
    units.paint_words(painter, picture)
    nodes.paint(painter, picture)
    badges = units.badges(picture)
    units.paint_badges(painter, picture, badges)
    _paint_labels(painter, picture, lines, [box for _, _, box, _ in badges])
    titles.paint(painter, picture)
    painter.restore()
    headline.paint(painter, picture)
    legend = Legend(picture)
    if picture.view.legend:
        legend.paint(painter)
    return legend


def _paint_labels(painter: QPainter, picture: Picture, lines: Sequence[Lines], badges: Sequence[QRectF]) -> None:
    """Text beside edges and +1 nodes, where lines, discs, badges and resting pulses leave room."""
    beside_plus, wanted = nodes.plus_labels(picture), labels.requests(picture, lines)
    wishes = [(label.wish,) for label in beside_plus] + [labels.wishes(picture, request) for request in wanted]
    if not wishes:
        return
    geometry = picture.geometry
    taken = [
        box_of(geometry.box(Unit(layer, index)), 2.0 * geometry.ring_width(layer) + 2)
        for layer in range(picture.depth + 1)
        for index in geometry.drawn(layer).tolist()
    ]
    taken += [box_of(geometry.plus_box(layer), 2) for layer in picture.biased]
    taken += [box_of(box, 2) for box in (geometry.box(LossNode()), *badges, *moving.resting(picture))]
    taken += inputs.taken(picture) + outputs.taken(picture) + maps.taken(picture)
    taken += [box_of(each.box, 2) for each in kernels.pictured(picture)]
    every = [np.empty((0, 4)), *(part.places for part in lines)]
    places = arrange(
        box_of(geometry.region.adjusted(3, 0, -3, 4)),
        np.concatenate(every).tobytes(),
        np.array(taken, dtype=np.float64).tobytes(),
        tuple(wishes),
    )
    nodes.paint_plus_labels(painter, picture, beside_plus, places[: len(beside_plus)])
    labels.paint(painter, picture, labels.placed(wanted, places[len(beside_plus) :]))


def paint_moving(painter: QPainter, view: View) -> None:
    """The pulse, what is pointed at, and the mark in the legend."""
    picture = Picture(view)
    painter.save()
    painter.setClipRect(picture.geometry.region)
    moving.paint_pulse(painter, picture)
    mark.paint(painter, picture)
    moving.paint_pointed(painter, picture)
    painter.restore()
    pointed = view.eye.hover or view.eye.selection
    if view.legend and (view.under_mouse or isinstance(pointed, Edge | Kernel | KernelEntry)):
        Legend(picture).paint_marks(painter)


def paint_focus_frame(painter: QPainter, view: View) -> None:
    """The canvas has the keys."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen(view.theme.accent, 1.0))
    painter.drawRect(QRectF(0.5, 0.5, view.width - 1.5, view.height - 1.5))


def same_still(one: View, other: View) -> bool:
    """Whether two views have the same still part, so that a kept one serves both."""
    if one.frame is not other.frame:
        return False
    first, second = one.still, other.still
    same = [(getattr(first, field.name), getattr(second, field.name)) for field in dataclasses.fields(View)]
    return all(a is b or (isinstance(a, COMPARED) and a == b) for a, b in same)

"""The legend: what colour, width, fill, ring, dash and glyph mean, with numbers.

It is a row of entries, each with a name by which the mouse finds it. Wide canvases have long words, narrow ones short
words. The entry under the mouse is marked, and so is the place of what the mouse points at on the colour bar.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPolygonF

from bpstudio.engine.layers import Dropout
from bpstudio.insight.elements import Edge, Kernel, KernelEntry
from ui.canvas import checked, compared, glyphs, mark, scale, text
from ui.canvas.edges import WIDEST_FEW, WIDEST_MANY
from ui.canvas.headline import MARGIN
from ui.canvas.picture import Picture
from ui.canvas.shade import draw_image, image, outlined
from ui.canvas.strokes import pen
from ui.language import tr, translatable

HEIGHT = 62
"""What the legend takes at the bottom of the canvas, at normal text size."""


@dataclass(frozen=True)
class Fit:
    """A way to set the legend: short words or long, how many fill bars, gaps, the colour bar, rows of signs."""

    compact: bool
    fills: int
    gap: int
    bar: int
    rows: int = 2
    without: tuple[str, ...] = ()


FITS = (
    Fit(False, 2, 30, 232),
    Fit(False, 1, 30, 232),
    Fit(True, 2, 20, 176),
    Fit(True, 1, 20, 176),
    Fit(True, 1, 14, 132, 3),
    Fit(True, 1, 14, 132, 3, ("width",)),
    Fit(True, 1, 14, 132, 3, ("width", "fill")),
    Fit(True, 1, 14, 132, 3, ("width", "fill", "signs")),
)
"""From the fullest to the shortest; the first that fits the canvas is taken. Every other one is for a narrow canvas."""

COLOR_TITLES = {
    "gradient": (translatable("colour: |∂C/∂w|"), translatable("colour: |∂C/∂w|")),
    "weight": (translatable("colour: weight w"), translatable("colour: w")),
    "update": (translatable("colour: what the update adds"), translatable("colour: update Δw")),
    "difference": (translatable("colour: difference of w"), translatable("colour: w − w′")),
    "check": (translatable("colour: error of the gradient"), translatable("colour: error")),
}
DIFFERENCE_FROM = translatable("colour: w − w({branch})")
ONE_SCALE = (translatable("one scale for all layers"), translatable("one scale"))
EXPLANATIONS = {
    "color": translatable(
        "How much the loss changes with a weight, on a log scale. The range is that of the first step and stays, "
        "so that a gradient that vanishes is seen to vanish. One scale for all layers."
    ),
    "weight": translatable(
        "The weight itself: blue is negative, amber positive, dark near 0. One scale for all layers."
    ),
    "update": translatable("What the optimiser will add: blue is negative, amber positive. One scale for all layers."),
    "difference": translatable(
        "How much the weight differs from that of the network it is compared with: blue is less, amber more."
    ),
    "check": translatable(
        "How far the gradient is from a central difference of the loss, relative to its size, on a log scale. In "
        "the colour of a warning: at a kink, or by a convention that is the gradient of nothing. Red: it differs. "
        "Dashed was not checked: of many weights a sample is."
    ),
    "width": translatable("The thicker the line, the larger the weight, whatever its sign."),
    "fill": translatable("What the unit answers: its activation for the row that is shown."),
    "ring": translatable(
        "1 − |f′|/max|f′|: an open ring passes errors back, a full ring is saturated and passes almost nothing."
    ),
    "signs": translatable("Dashed is not computed yet, which is not 0. Exactly 0 is a solid grey line."),
}
"""By the name of an entry: what the tooltip says."""
OF_KERNELS = translatable("The line of a kernel has the colour of its largest number.")


@dataclass(frozen=True)
class Entry:
    """One entry where it stands: `paint(painter)` draws it inside `box`."""

    name: str
    box: QRectF
    paint: Callable[[QPainter], None]


class Legend:
    """The entries for a picture, laid out from left to right above the lower edge of the canvas."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.theme = picture.theme
        self.pen = text.pen_of(self.theme, text.SMALL)
        self.mono = text.pen_of(self.theme, text.SMALL, mono=True)
        self.px = self.theme.px
        self.height = self.px(HEIGHT)
        self.top = picture.view.height - self.height
        for fit in FITS:
            self.fit = fit
            self.entries = self._lay_out()
            if self.entries[-1].box.right() <= picture.view.width - self.px(MARGIN) + 1:
                break

    def at(self, point: QPointF) -> str:
        """The name of the entry at a point, empty where there is none."""
        if not self.picture.view.legend:
            return ""
        return next((entry.name for entry in self.entries if entry.box.contains(point)), "")

    def explanation(self, name: str) -> str:
        """What the tooltip of an entry says."""
        kernels = name == "color" and "kernels" in self.picture.geometry.layout.modes
        if name == "color" and self.picture.eye.color != "gradient":
            name = self.picture.eye.color
        return f"{tr(EXPLANATIONS[name])} {tr(OF_KERNELS)}" if kernels else tr(EXPLANATIONS[name])

    def paint(self, painter: QPainter) -> None:
        for entry in self.entries:
            entry.paint(painter)

    def paint_marks(self, painter: QPainter) -> None:
        """What is under the mouse: the entry itself, or the place of the edge that is pointed at on the colour bar."""
        for entry in self.entries:
            if entry.name == self.picture.view.under_mouse:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(pen(self.theme.accent, self.theme.stroke(1.0)))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(entry.box.adjusted(-6.5, -2.5, 6.5, 2.5), 5, 5)
        pointed = self.picture.eye.hover or self.picture.eye.selection
        if isinstance(pointed, Edge | Kernel | KernelEntry):
            self._point_out(painter, pointed)

    # ---- where entries stand

    def _lay_out(self) -> list[Entry]:
        x = float(self.px(MARGIN))
        entries = []
        builders = {"color": self._color, "width": self._width, "fill": self._fill, "signs": self._signs}
        for name, build in builders.items():
            if name not in self.fit.without:
                entries.append(build(x))
                x = entries[-1].box.right() + self.px(self.fit.gap)
        return entries

    def _box(self, x: float, width: float) -> QRectF:
        return QRectF(x, self.top + self.px(4), width, self.height - self.px(10))

    def _row(self, number: int) -> float:
        """The middle of the title row (0), of the sample row (1) and of the row of numbers (2)."""
        return self.top + self.px((12, 30, 46)[number])

    def _title(self) -> str:
        """What the colour means; of a difference also from what."""
        if self.picture.eye.color == "difference":
            other = compared.name(self.picture, compared.SHORT if self.fit.compact else compared.LONG)
            if other:
                return tr(DIFFERENCE_FROM, branch=other)
        return tr(COLOR_TITLES[self.picture.eye.color][self.fit.compact])

    def _color(self, x: float) -> Entry:
        bar = self._bar(x)
        title = self._title()
        why = compared.why_not(self.picture, compared.SHORT if self.fit.compact else compared.LONG)
        if why:
            return self._nothing(x, title, why)
        chip = tr(ONE_SCALE[self.fit.compact])
        width = max(bar.width(), self.pen.width(title) + self.px(20) + self.pen.width(chip))

        def paint(painter: QPainter) -> None:
            end = self.pen.put(painter, x, self._row(0), title, self.theme.secondary)
            self._chip(painter, end + self.px(8), chip)
            self._paint_bar(painter, bar)

        return Entry("color", self._box(x, width), paint)

    def _nothing(self, x: float, title: str, why: str) -> Entry:
        """No bar: nothing has a colour of this meaning now, and why."""

        def paint(painter: QPainter) -> None:
            self.pen.put(painter, x, self._row(0), title, self.theme.secondary)
            self.pen.put(painter, x, self._row(1), why, self.theme.text)

        return Entry("color", self._box(x, max(self.pen.width(title), self.pen.width(why))), paint)

    def _chip(self, painter: QPainter, x: float, words: str) -> None:
        box = QRectF(x, self._row(0) - self.px(9), self.pen.width(words) + self.px(12), self.px(18))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen(self.theme.control_border, self.theme.stroke(1.0)))
        painter.setBrush(self.theme.card)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), self.px(9), self.px(9))
        self.pen.draw(painter, box, words, self.theme.secondary)

    def _bar(self, x: float) -> QRectF:
        return QRectF(x, self._row(1) - self.px(5), self.px(self.fit.bar), self.px(9))

    def _paint_bar(self, painter: QPainter, bar: QRectF) -> None:
        picture, limits = self.picture, self.picture.limits
        t = np.linspace(0.0, 1.0, 128)
        if picture.eye.color == "gradient":
            colors = self.theme.gradient(t)
            ticks = [(i / (len(limits.ticks) - 1), f"1e{round(np.log10(tick))}") for i, tick in enumerate(limits.ticks)]
        elif picture.eye.color == "check":
            colors, powers = self.theme.gradient(t), range(-12, -3, 4)
            ticks = [(i / (len(powers) - 1), f"1e{power}") for i, power in enumerate(powers)]
        else:
            colors = self.theme.signed(2 * t - 1)
            end = picture.signed_end
            ticks = [(0.0, f"−{end:g}"), (0.5, "0"), (1.0, f"+{end:g}")]
        draw_image(painter, bar, image(colors[None]), smooth=True)
        every = 2 if sum(self.mono.width(label) + 5 for _, label in ticks) > bar.width() + self.px(14) else 1
        for number, (place, label) in enumerate(ticks):
            x = bar.left() + place * bar.width()
            painter.fillRect(QRectF(x - (place == 1.0), bar.bottom(), 1, self.px(3)), self.theme.dashed)
            if number % every:
                continue
            width, out = self.mono.width(label), self.px(7)
            left = min(max(x - width / 2, bar.left() - out), bar.right() - width + out)
            self.mono.put(painter, left, self._row(2), label, self.theme.secondary)

    def _width(self, x: float) -> Entry:
        picture = self.picture
        few = picture.edge_count <= 200
        limit = picture.limits.weight
        samples = np.array([0.1, 0.5, 1.0]) * limit
        wide = scale.widths(samples, limit, WIDEST_FEW if few else WIDEST_MANY) * max(self.theme.scale, 1.0)
        step = self.px(38 if self.fit.compact else 44)
        title = tr("width: |w|")
        width = max(self.pen.width(title), 3.0 * step - self.px(8))

        def paint(painter: QPainter) -> None:
            self.pen.put(painter, x, self._row(0), title, self.theme.secondary)
            for i, (value, thick) in enumerate(zip(samples.tolist(), wide.tolist(), strict=True)):
                left = x + i * step
                line = QRectF(left, self._row(1) - thick / 2, step - self.px(10), thick)
                painter.fillRect(line, self.theme.secondary)
                label = f"{value:g}"
                middle = line.center().x() - self.mono.width(label) / 2
                self.mono.put(painter, max(middle, left - 2), self._row(2), label, self.theme.secondary)

        return Entry("width", self._box(x, width), paint)

    def _fill(self, x: float) -> Entry:
        title = tr("fill: activation")
        ranges = self._fill_ranges()[: self.fit.fills]
        gap = self.px(16)
        bars: list[tuple[bool, tuple[tuple[float, str], ...], float]] = []
        for signed, end in ranges:
            top = f"{end:.3g}" if end < 100 else f"{end:g}"
            ends = ((0.0, f"−{top}"), (0.5, "0"), (1.0, top)) if signed else ((0.0, "0"), (1.0, top))
            # No number may run into the next one: the outer ones stand inside the bar, the 0 in its middle.
            room = self.mono.width("0") + 2.0 * self.mono.width(ends[0][1]) + self.px(12) if signed else 0.0
            bars.append((signed, ends, max(float(self.px(72)), room)))
        width = max(sum(wide for _, _, wide in bars) + (len(bars) - 1) * gap, self.pen.width(title))

        def paint(painter: QPainter) -> None:
            self.pen.put(painter, x, self._row(0), title, self.theme.secondary)
            t = np.linspace(0.0, 1.0, 128)
            left = x
            for signed, ends, each in bars:
                bar = QRectF(left, self._row(1) - self.px(5), each, self.px(9))
                left += each + gap
                colors = self.theme.signed(2 * t - 1) if signed else self.theme.activation(t)
                draw_image(painter, bar, image(colors[None]), smooth=True)
                if self.theme.faintest:
                    outlined(painter, bar, self.theme)
                for place, label in ends:
                    wide = self.mono.width(label)
                    at = min(max(bar.left() + place * each - wide / 2, bar.left()), bar.right() - wide)
                    self.mono.put(painter, at, self._row(2), label, self.theme.secondary)

        return Entry("fill", self._box(x, width), paint)

    def _fill_ranges(self) -> list[tuple[bool, float]]:
        """Whether fills are signed and where their scale ends, for the computed layers, the most frequent first."""
        picture = self.picture
        found = [(picture.is_signed(layer), picture.fill_end(layer)) for layer in range(1, picture.depth + 1)]
        return sorted(set(found), key=lambda each: (-found.count(each), found.index(each)))

    def _signs(self, x: float) -> Entry:
        """Ring, dash and glyphs, in two rows of small pictures with words."""
        compact = self.fit.compact
        has_discs = self.picture.geometry.layout.has_discs
        layers = range(1, self.picture.depth + 1)
        functions = [self.picture.numbers.function(layer) for layer in layers if has_discs(layer)]
        drops = any(isinstance(layer, Dropout) for layer in self.picture.network.layers) and not self.picture.is_mean
        rings, relu = any(each.saturates for each in functions), any(each.switches for each in functions)
        frozen = any(
            layer.trains_bias < layer.has_bias or layer.train_weights < layer.has_weights
            for layer in self.picture.network.layers
        )
        first: list[tuple[str, str]] = []
        if rings and self.picture.is_mean:
            first.append(
                ("ring", tr("share of rows flat") if compact else tr("ring: share of rows in which it is flat"))
            )
        elif rings:
            first.append(
                ("ring", tr("ring: flatness") if compact else tr("ring: how flat f is here (full = saturated)"))
            )
        if relu:
            first.append(("off", tr("0: off") if compact else tr("hollow 0: off for this row")))
        if drops:
            first.append(("dropped", tr("dropped") if compact else tr("crossed out: dropped")))
        second = [("dash", tr("not yet") if compact else tr("not computed yet"))]
        if self.picture.eye.color == "check":
            second = [("dash", tr("not checked"))]
        elif self.picture.eye.color == "difference":
            second = [("dash", tr("no counterpart") if compact else tr("nothing to compare with"))]
        if self.picture.sent is not None:
            second.append(("sent", tr("sent") if compact else tr("product computed")))
        elif self.picture.eye.color not in ("weight", "difference", "check"):
            second.append(("glyph", tr("will fall / rise") if compact else tr("weight will fall, rise")))
        if frozen:
            second.append(("frozen", tr("frozen")))
        if not first:
            first, second = second[:1], second[1:]
        rows = [first, second]
        middles = [self._row(0) + self.px(1), self._row(1) + self.px(5)]
        if self.fit.rows == 3:
            rows, middles = [first, second[:1], second[1:]], [self._row(number) for number in range(3)]
        marked = self.picture.eye.mark
        if mark.marked(self.picture.walk, marked):
            of_case = marked is not None and marked.of_case
            sign = ("mark", tr("the case differs here") if of_case else tr("your number leaves here"))
            if self.fit.rows == 3:
                rows[0 if not rows[0] else 1].append(sign)
            else:
                rows, middles = [*rows, [sign]], [self._row(0) - self.px(2), self._row(1), self._row(2) + self.px(2)]
        widths = [sum(self._sign_width(*sign) for sign in row) + self.px(14) * (len(row) - 1) for row in rows]

        def paint(painter: QPainter) -> None:
            for row, middle in zip(rows, middles, strict=True):
                left = x
                for kind, words in row:
                    glyphs.sample(painter, kind, QPointF(left, middle), self.theme)
                    self.pen.put(painter, left + self.px(glyphs.WIDTHS[kind]), middle, words, self.theme.secondary)
                    left += self._sign_width(kind, words) + self.px(14)

        return Entry("ring" if rings else "signs", self._box(x, max(widths)), paint)

    def _sign_width(self, kind: str, words: str) -> float:
        return self.px(glyphs.WIDTHS[kind]) + self.pen.width(words)

    # ---- the mouse

    def _number_of(self, element: Edge | Kernel | KernelEntry) -> float | None:
        """The number that an edge's, or a kernel's, colour means; None while it is not known."""
        picture = self.picture
        states, shown = picture.shown_states[element.layer - 1], picture.shown[element.layer - 1]
        if isinstance(element, Kernel):
            numbers = shown[element.filter, picture.place(element)]
            known = bool((states[element.filter, picture.place(element)] != 0).all())
            return float(numbers[np.argmax(np.abs(numbers))]) if known else None
        edge = picture.names.flat(element)
        assert isinstance(edge, Edge)
        at = (edge.to, edge.source)
        return float(shown[at]) if states[at] else None

    def _point_out(self, painter: QPainter, element: Edge | Kernel | KernelEntry) -> None:
        """A small pointer at the place of an edge's number on the colour bar."""
        picture, value = self.picture, self._number_of(element)
        if value is None:
            return
        if not np.isfinite(value) or (value == 0.0 and picture.eye.color == "gradient"):
            return
        if picture.eye.color == "check" and value <= 0.0:
            return
        where = self._bar(self.entries[0].box.left())
        if picture.eye.color == "gradient":
            place = float(picture.limits.place(np.array([value]))[0])
        elif picture.eye.color == "check":
            place = float(checked.colors_of(self.theme, np.array([value]))[1][0])
        else:
            end = picture.signed_end
            place = min(max(0.5 + 0.5 * value / end, 0.0), 1.0)
        x, tip, size = where.left() + place * where.width(), where.top() + 1, self.px(5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen(QColor(self.theme.background), 1.0))
        painter.setBrush(self.theme.text)
        painter.drawPolygon(
            QPolygonF([QPointF(x, tip + 2), QPointF(x - size, tip - size), QPointF(x + size, tip - size)])
        )

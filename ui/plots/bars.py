"""Bars of gradient size per layer against the last layer: how much of the error is left after passing each slope."""

from __future__ import annotations

import math

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QMenu, QWidget
from typing_extensions import override

from bpstudio.insight.notation import number
from bpstudio.insight.response import GradientSizes, gradient_sizes
from bpstudio.training.frame import Frame
from ui import theme as looks
from ui.focus import Focus
from ui.language import tr
from ui.plots.framed import FramedPlot
from ui.plots.layers import layer_title, weighted
from ui.plots.scales import short

TALLEST_ROW = 34
LOG_DECADES = 2
"""A logarithmic scale begins at least this many decades below the largest bar."""


def ratio_text(ratio: float | None) -> str:
    """1/3.3 for what is smaller than the last layer's, 3.3 for what is larger, 0 for what is exactly 0."""
    if ratio is None or not math.isfinite(ratio):
        return "–"
    if ratio == 0:
        return "0"
    if ratio == 1:
        return "1"
    inverse = ratio if ratio >= 1 else 1 / ratio
    if inverse < 100:
        text = f"{inverse:.1f}".removesuffix(".0")
    else:
        text = f"{inverse:,.0f}" if inverse < 1e5 else short(inverse, 2)
    return text if ratio >= 1 else f"1/{text}"


class GradientBars(FramedPlot):
    """‖∂C/∂W‖ of each layer as a bar, the last layer = 1."""

    sizes: GradientSizes | None = None
    drawn: Frame | None = None
    """The frame of `sizes`: a newer one of another network may be waiting."""
    logarithmic = False

    def __init__(self, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(focus, parent)
        self.bars = Bars(self)
        self.set_body(self.bars)

    @override
    def titles(self) -> tuple[list[str], int]:
        return [tr("Gradient bars")], 0

    @override
    def subtitle(self) -> str:
        if self.frame is None:
            return ""
        layers = self.frame.experiment.network.layers
        return tr("‖∂C/∂W‖ per layer, {layer} = 1", layer=layer_title(layers, weighted(layers)[-1]))

    @override
    def options(self) -> tuple[list[str], int]:
        return [tr("linear"), tr("log")], int(self.logarithmic)

    @override
    def choose_option(self, index: int) -> None:
        self.set_logarithmic(index == 1)

    @override
    def draw(self) -> None:
        self.drawn = self.frame
        self.sizes = gradient_sizes(self.frame) if self.frame is not None else None
        self.set_heading()
        self.bars.update()

    def set_logarithmic(self, on: bool) -> None:
        """Bars on a logarithmic scale: for a deep network whose first layers would have no visible bar."""
        self.logarithmic = on
        self.mark_stale()

    def lengths(self) -> list[float]:
        """Length of each layer's bar, 1 the longest."""
        if self.sizes is None:
            return []
        norms = [norm if math.isfinite(norm) else 0.0 for norm in self.sizes.norms]
        largest = max(norms)
        if largest == 0:
            return [0.0] * len(norms)
        if not self.logarithmic:
            return [norm / largest for norm in norms]
        smallest = min(norm for norm in norms if norm > 0)
        decades = max(LOG_DECADES, math.ceil(math.log10(largest / smallest) + 0.5))
        return [max(0.02, 1 + math.log10(norm / largest) / decades) if norm > 0 else 0.0 for norm in norms]

    @override
    def fill_menu(self, menu: QMenu) -> None:
        for on, text in ((False, tr("Linear axis")), (True, tr("Logarithmic axis"))):
            self.add_choice(menu, text, self.logarithmic is on, lambda _=False, on=on: self.set_logarithmic(on))
        menu.addSeparator()
        super().fill_menu(menu)

    @override
    def table(self) -> tuple[list[str], list[list[object]]] | None:
        if self.sizes is None or self.frame is None:
            return None
        layers = self.frame.experiment.network.layers
        rows = enumerate(zip(self.sizes.norms, self.sizes.ratios, strict=True), 1)
        return ["layer", "gradient_norm", "relative_to_last"], [
            [layers[number - 1].name or number, norm, ratio] for number, (norm, ratio) in rows
        ]


class Bars(QWidget):
    """The bars, the last layer on top."""

    def __init__(self, plot: GradientBars) -> None:
        super().__init__(plot)
        self._plot = plot
        self.setMouseTracking(True)

    @override
    def sizeHint(self) -> QSize:
        return QSize(220, 120)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        theme, plot = looks.current(), self._plot
        painter = QPainter(self)
        if plot.drawn is None or plot.sizes is None:
            painter.setFont(theme.font(12))
            painter.setPen(theme.secondary)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, tr("Nothing is open yet."))
            painter.end()
            return
        layers, lengths = plot.drawn.experiment.network.layers, plot.lengths()
        names = [layer_title(layers, number) for number in range(1, len(layers) + 1)]
        texts = [ratio_text(ratio) for ratio in plot.sizes.ratios]
        shown = weighted(layers)
        if plot.sizes.ratios[shown[-1] - 1] is None:
            texts = [number(norm, 4) for norm in plot.sizes.norms]
        texts = [
            text if math.isfinite(norm) else number(norm) for text, norm in zip(texts, plot.sizes.norms, strict=True)
        ]
        words, figures = QFontMetrics(theme.font(12)), QFontMetrics(theme.font(12, mono=True))
        left = max(words.horizontalAdvance(names[number - 1]) for number in shown) + 12
        right = self.width() - max(figures.horizontalAdvance(texts[number - 1]) for number in shown) - 16
        row = min(theme.px(TALLEST_ROW), self.height() / len(shown))
        thick = min(theme.px(16), max(row - 3, 1.0))
        free = 0.0
        for place, index in enumerate(layer - 1 for layer in reversed(shown)):
            middle = row * (place + 0.5)
            groove = QRectF(left, middle - thick / 2, max(right - left, 1), thick)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.track)
            painter.drawRoundedRect(groove, 2, 2)
            norm = plot.sizes.norms[index]
            if not math.isfinite(norm):
                painter.setBrush(theme.nonfinite)
                painter.drawRect(groove)
            elif norm == 0:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
                painter.setPen(QPen(theme.zero, theme.stroke(1)))
                painter.drawLine(QPointF(left, round(middle)), QPointF(right, round(middle)))
            else:
                painter.setBrush(theme.layer_color(index + 1, len(layers)))
                painter.drawRoundedRect(
                    QRectF(left, groove.top(), max(lengths[index] * groove.width(), 1.5), thick), 2, 2
                )
            # Names of many layers: those that have room.
            if middle - words.height() / 2 >= free - 2.5:
                free = middle + words.height() / 2
                painter.setPen(theme.text)
                painter.setFont(theme.font(12))
                painter.drawText(QPointF(0, middle + words.capHeight() / 2), names[index])
                painter.setFont(theme.font(12, mono=True))
                text = texts[index]
                painter.drawText(
                    QPointF(self.width() - 6 - figures.horizontalAdvance(text), middle + figures.capHeight() / 2), text
                )
        painter.end()

    @override
    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        plot = self._plot
        if event is None or plot.frame is None or plot.sizes is None:
            return
        layers = plot.frame.experiment.network.layers
        shown = weighted(layers)
        row = min(looks.current().px(TALLEST_ROW), self.height() / len(shown))
        place = len(shown) - 1 - int(event.position().y() / row)
        if 0 <= place < len(shown):
            index = shown[place] - 1
            value = number(plot.sizes.norms[index], plot.focus.digits)
            self.setToolTip(f"{layer_title(layers, index + 1)}  ‖∂C/∂W‖ = {value}")

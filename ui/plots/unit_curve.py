"""The curve at one unit: f and f′ over its weighted input, and where the rows of the batch stand on it.

It stands beside the explanation and follows the same thing. At rest it is drawn with every frame, because a bias that
is typed or dragged has to move the dots at once; while training runs it waits for its turn like every other plot. What
the walk has not computed yet is not drawn: no dot before a, no tangent before f′.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from bpstudio.insight.elements import Element, Example, Probe, Row, Unit
from bpstudio.insight.example import present
from bpstudio.insight.notation import Letters, letters, number
from bpstudio.insight.unit_curve import Seen, UnitCurve, Zone, batch_places, curve_unit, unit_curve
from bpstudio.training.frame import Frame
from ui import theme as looks
from ui.focus import Focus
from ui.language import tr
from ui.plots.framed import EXPORT_SCALE, AxesPlot
from ui.plots.pane import Axis, End, Line, Points
from ui.plots.readout import Entry
from ui.plots.scales import WHOLE, Ticks, extremes, fixed, multiples, no_ticks, spacing
from ui.plots.scatter import NOTHING, Scatter

HEIGHT = 148
"""Pixels of the whole plot; under 150 its sentence stands in one line with the menu."""
MARGIN = 0.07
DOT, LARGE_DOT, SLOPE_DOT = 6.0, 11.0, 7.0
MOST_TICKS = 5
"""Numbers on the axis of z: the name of the axis has its place between them."""
BRIEF = 4
"""Decimals in the one line above the curve and under the cursor of the mouse."""


class UnitCurvePlot(AxesPlot):
    """f and f′ of the unit that is looked at."""

    def __init__(
        self,
        focus: Focus,
        parent: QWidget | None = None,
        subject: Callable[[Frame], Element | None] | None = None,
    ) -> None:
        """`subject` says what is looked at in a frame; without it, the selection is."""
        super().__init__(focus, parent)
        self._subject = subject if subject is not None else lambda frame: focus.selection
        self.say_title: Callable[[str], None] = lambda title: None
        """Is told the title whenever it changes, also while the plot is folded away."""
        self.title = ""
        self.curve: UnitCurve | None = None
        self._letters: Letters | None = None
        self._scatter = NOTHING
        self._exporting = False
        self.column.setContentsMargins(4, 0, 0, 0)
        self.pane.can_pick = True
        self.pane.wheel_zooms = False
        self.pane.picked = self._pick
        self.pane.paint_ground = self._paint_zones
        self.pane.paint_glass = self._paint_places

    # What it is about

    @override
    def titles(self) -> tuple[list[str], int]:
        # On the screen the heading that folds it has the title; a picture must say by itself what it shows.
        return ([self.title] if self._exporting else []), 0

    @override
    def name(self) -> str:
        return self.title

    @override
    def concern(self) -> Hashable:
        focus = self.focus
        return focus.selection, focus.example, focus.notation, focus.grain, focus.playhead, focus.digits

    @override
    def show_frame(self, frame: Frame) -> None:
        self.frame = frame
        self._entitle()
        self.mark_stale()

    @override
    def mark_stale(self) -> None:
        if self.frame is not None and self.frame.run == "running":
            super().mark_stale()
            return
        self._stale = True
        self.refresh()

    @override
    def _focus_changed(self) -> None:
        self._entitle()
        super()._focus_changed()

    def _entitle(self) -> None:
        unit = self._unit(self.frame) if self.frame is not None else None
        title = tr("The curve")
        if unit is not None and self.frame is not None:
            name = letters(self.focus.notation, self.frame.experiment.network).unit(unit)
            title = tr("The curve at {unit}", unit=name)
        if title != self.title:
            self.title = title
            self.setAccessibleName(title)
            self.say_title(title)

    def _unit(self, frame: Frame) -> Unit | None:
        network, focus, walk = frame.experiment.network, self.focus, self.focus.walk
        beat = None
        if walk is not None and walk.network == network:
            beat = walk.beat(focus.grain, min(focus.playhead, walk.count(focus.grain)))
        # What has no explanation of its own, such as a pixel, may have a curve all the same.
        return curve_unit(network, self._subject(frame) or focus.selection, beat)

    def _example(self, frame: Frame) -> Example:
        return present(frame, self.focus.example)

    def _seen(self, unit: Unit) -> Seen:
        focus, walk = self.focus, self.focus.walk
        if walk is None or focus.grain == "step" or not walk.names.has(unit):  # another network has just been opened
            return "slope"
        steps: tuple[tuple[str, Seen], ...] = (("delta", "slope"), ("a", "a"), ("z", "z"))
        for quantity, seen in steps:
            if walk.known(focus.grain, focus.playhead, unit, quantity) != "not yet":
                return seen
        return "nothing"

    # What is drawn

    @override
    def draw(self) -> None:
        frame, walk = self.frame, self.focus.walk
        if frame is None:
            self._show_nothing(tr("Nothing is open yet."))
            return
        network = frame.experiment.network
        if walk is not None and walk.network != network:
            return  # the eye is on another network already; its frame is on its way
        unit = self._unit(frame)
        if unit is None:
            is_input = getattr(self._subject(frame) or self.focus.selection, "layer", 1) == 0
            self._show_nothing(
                tr("An input is given: it has no curve.")
                if is_input
                else tr("No activation function belongs to this alone: there is no curve.")
            )
            return
        example, seen = self._example(frame), self._seen(unit)
        curve = unit_curve(frame, unit, example, seen)
        if curve is None:
            self._show_nothing(
                tr("A softmax curve depends on every z of its row, and they are not computed yet.")
                if seen in ("nothing", "z")
                else tr("Each row has a softmax curve of its own: choose a row.")
            )
            return
        other = self.curve is None or self.curve.unit != unit or self.curve.function is not curve.function
        self.curve = curve
        self._letters = letters(self.focus.notation, network)
        self._scatter = Scatter(curve.rows, curve.dots[:, 0], curve.dots[:, 1])
        if other:
            self.pane.by_hand = False
        self._put_on_axes(curve, self._letters)
        self.set_heading()
        self.pane.arrange()

    def _put_on_axes(self, curve: UnitCurve, written: Letters) -> None:
        theme, pane = looks.current(), self.pane
        pane.message = ""
        forward, backward = self._pens()
        pane.set_lines([Line(curve.z, curve.slope, backward), Line(curve.z, curve.a, forward)])
        found = extremes([curve.a, curve.slope]) or (0.0, 1.0, 1.0)
        margin = MARGIN * (found[1] - found[0] or 1.0)
        pane.set_axes(
            Axis(*curve.range, ticker=_few_ticks, name=written.text("z", curve.unit)),
            Axis(found[0] - margin, found[1] + margin),
        )
        dots = Points(self._scatter.x, self._scatter.y, "o", [theme.secondary], size=DOT)
        pane.set_points([dots] if len(self._scatter.rows) else [])
        inside = float(curve.z[-1])
        if pane.by_hand:
            inside = min(inside, pane.x_view[1])
        f, slope = self._names(curve, written)
        heights = curve.at(inside)
        pane.ends = [
            End(text, pen.color(), height)
            for text, pen, height in zip((f, slope), (forward, backward), heights, strict=True)
        ]

    def _pens(self) -> tuple[QPen, QPen]:
        """Of f and of f′: blue is forward, warm is backward, and the dashes say the same without colour."""
        phase = looks.current().phase
        pens = QPen(phase["F"], 1), QPen(phase["B"], 1, Qt.PenStyle.DashLine)
        for pen in pens:
            pen.setCosmetic(True)
        return pens

    def _names(self, curve: UnitCurve, written: Letters) -> tuple[str, str]:
        if curve.function.elementwise:
            return curve.function.symbol, f"{curve.function.symbol}′"
        return written.text("a", curve.unit), tr("slope")

    def _show_nothing(self, why: str) -> None:
        self.curve, self._letters, self._scatter = None, None, NOTHING
        self.pane.message = why
        self.pane.by_hand = False
        self.pane.set_lines([])
        self.pane.set_points([])
        self.pane.ends = []
        self.pane.set_axes(Axis(0.0, 1.0, no_ticks), Axis(0.0, 1.0, no_ticks))
        self.set_heading()
        self.pane.arrange()

    @override
    def subtitle(self) -> str:
        return " · ".join(self._sentences(brief=True))

    @override
    def whole_story(self) -> str:
        return ". ".join(self._sentences(brief=False))

    def _sentences(self, brief: bool) -> list[str]:
        """Where the example stands, and what is to be said of the rest."""
        curve, written = self.curve, self._letters
        if curve is None or written is None:
            return []
        digits = min(BRIEF, self.focus.digits) if brief else self.focus.digits
        place, parts = curve.example, []
        if place is not None:
            symbols = written.text("z", curve.unit), written.text("a", curve.unit), self._names(curve, written)[1]
            known = zip(symbols, (place.z, place.a, place.slope), strict=True)
            values = [f"{symbol} {number(value, digits)}" for symbol, value in known if value is not None]
            parts.append(" · ".join(values) if brief else ", ".join(values))
        elif self._seen(curve.unit) == "nothing":
            parts.append(tr("no dot yet: {z} is not computed", z=written.text("z", curve.unit)))
        if not curve.function.elementwise:
            parts.append(tr("the other units of this row stay as they are"))
        if not curve.function.has_gradient:
            parts.append(tr("its slope is 0: no error comes through"))
        elif curve.flat_rows is not None and curve.total > 1:
            words = (
                tr("{count:,} of {total:,} rows off", count=curve.flat_rows, total=curve.total)
                if curve.function.switches
                else tr("{count:,} of {total:,} rows flat", count=curve.flat_rows, total=curve.total)
            )
            parts.append(words)
        if len(curve.rows) < curve.total and len(curve.rows):
            parts.append(tr("dots: {shown:,} of {rows:,} rows", shown=len(curve.rows), rows=curve.total))
        is_shaded = curve.function.has_gradient and any(zone.kind == "flat" for zone in curve.zones)
        if not brief and is_shaded and self.frame is not None:
            threshold = number(self.frame.experiment.flat_threshold)
            parts.append(tr("shaded: |f′| is below {share} of its maximum", share=threshold))
        return parts

    @override
    def table(self) -> tuple[list[str], list[list[object]]] | None:
        frame, curve = self.frame, self.curve
        if frame is None or curve is None or self._seen(curve.unit) != "slope":
            return None
        places = batch_places(frame, curve.unit)
        return ["row", "z", "a", "slope"], [[place.row + 1, place.z, place.a, place.slope] for place in places]

    @override
    def image(self, scale: float = EXPORT_SCALE) -> QImage:
        self._exporting = True
        self._arrange_heading()
        try:
            return super().image(scale)
        finally:
            self._exporting = False
            self._arrange_heading()

    def _arrange_heading(self) -> None:
        self.set_heading()
        inner = self.header.layout()
        if inner is not None:
            inner.activate()

    @override
    def retranslate(self) -> None:
        self.setFixedHeight(looks.current().px(HEIGHT))
        self._entitle()
        self.setWhatsThis(
            tr(
                "What this unit makes of its weighted input, and how steep that is (dashed). A dot for each row of the "
                "batch, the example large with its tangent. In the shaded parts hardly any of the error gets through."
            )
        )
        super().retranslate()

    # Rows

    def _pick(self, x: float, y: float) -> None:
        """Choosing a dot makes its row the example."""
        row = self._scatter.row_at(self.pane, self.pane.pixel(x, y))
        if row is None or self.frame is None:
            return
        places = (self.frame.batch == row).nonzero()[0]
        self.focus.set(example=Row(int(places[0])) if len(places) else Probe(row))

    @override
    def values_under_cursor(self) -> tuple[str, Sequence[Entry]] | None:
        at, curve, written = self.pane.cursor_at, self.curve, self._letters
        if at is None or curve is None or written is None or self.pane.message:
            return None
        f, slope = self._names(curve, written)
        forward, backward = (pen.color() for pen in self._pens())
        z_name = written.text("z", curve.unit)
        row = self._scatter.row_at(self.pane, at)
        if row is not None:
            values = curve.dots[int((curve.rows == row).nonzero()[0][0])]
            shown = [Entry(z_name, number(float(values[0]), self.focus.digits), looks.current().text)]
            shown.append(Entry(f, number(float(values[1]), self.focus.digits), forward))
            if self._seen(curve.unit) == "slope":
                shown.append(Entry(slope, number(float(values[2]), self.focus.digits), backward))
            return tr("row {row}", row=row + 1), shown
        z = self.pane.position(at)[0]
        values = curve.at(z)
        zone = curve.zone(z)
        title = f"{z_name} {number(z, 2)}" + (f" · {_word(zone)}" if zone is not None else "")
        entries = zip((f, slope), values, (forward, backward), strict=True)
        return title, [Entry(name, number(value, BRIEF), color) for name, value, color in entries]

    # Painting

    def _paint_zones(self, painter: QPainter) -> None:
        curve, pane, theme = self.curve, self.pane, looks.current()
        if curve is None or pane.message:
            return
        painter.save()
        painter.setClipRect(pane.area)
        painter.setFont(theme.font(12))
        metrics = painter.fontMetrics()
        for zone in curve.zones:
            left, right = pane.pixel(zone.low, 0.0).x(), pane.pixel(zone.high, 0.0).x()
            shade = QRectF(left, pane.area.top(), right - left, pane.area.height()).intersected(QRectF(pane.area))
            painter.fillRect(shade, theme.track)
            text = _word(zone)
            if shade.width() >= metrics.horizontalAdvance(text) + 8:
                painter.setPen(theme.secondary)
                middle = QPointF(shade.center().x(), self._free_height(curve, shade, metrics.height()))
                wide = metrics.horizontalAdvance(text)
                painter.drawText(QPointF(middle.x() - wide / 2, middle.y() + metrics.capHeight() / 2), text)
        painter.restore()

    def _free_height(self, curve: UnitCurve, shade: QRectF, line: float) -> float:
        """The height in a zone, as near to its middle as can be, at which a word touches neither curve."""
        ends = [self.pane.position(QPointF(x, 0.0))[0] for x in (shade.left(), shade.center().x(), shade.right())]
        curves = [self.pane.pixel(0.0, value).y() for z in ends for value in curve.at(z)]
        places = [shade.top() + line / 2 + k / 6 * (shade.height() - line) for k in (3, 2, 4, 1, 5, 0, 6)]
        return max(places, key=lambda y: min(*(abs(y - taken) for taken in curves), line))

    def _paint_places(self, painter: QPainter) -> None:
        """The example, large, with its tangent: over everything else."""
        curve, pane, theme = self.curve, self.pane, looks.current()
        if curve is None or curve.example is None or pane.message:
            return
        place = curve.example
        painter.save()
        painter.setClipRect(pane.area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        foot = pane.pixel(place.z, pane.y_view[0])
        top = pane.pixel(place.z, place.a if place.a is not None else pane.y_view[1])
        if place.z == place.z:
            painter.setPen(QPen(theme.secondary, theme.stroke(1), Qt.PenStyle.DotLine))
            painter.drawLine(foot, top)
        tangent = curve.tangent()
        if tangent is not None:
            painter.setPen(QPen(theme.text, theme.stroke(1.5)))
            painter.drawLine(pane.pixel(*tangent[0]), pane.pixel(*tangent[1]))
        painter.setPen(QPen(theme.background, theme.stroke(1.5)))
        if place.slope is not None and _is_number(place.slope):
            self._paint_dot(painter, pane.pixel(place.z, place.slope), SLOPE_DOT, self._pens()[1].color())
        if place.a is not None and _is_number(place.a):
            self._paint_dot(painter, pane.pixel(place.z, place.a), LARGE_DOT, theme.text)
        elif place.a is None:
            half = theme.px(5)
            painter.setBrush(theme.phase["F"])
            painter.drawPolygon(
                QPolygonF([foot + QPointF(-half, 0), foot + QPointF(half, 0), foot + QPointF(0, -1.6 * half)])
            )
        painter.restore()

    def _paint_dot(self, painter: QPainter, at: QPointF, size: float, color: QColor) -> None:
        size = looks.current().px(size)
        painter.setBrush(color)
        painter.drawEllipse(at, size / 2, size / 2)


def _few_ticks(low: float, high: float, room: int) -> Ticks:
    step = spacing(high - low, min(room, MOST_TICKS), WHOLE)
    return [(value, fixed(value, step, max(abs(low), abs(high)))) for value in multiples(low, high, step)]


def _word(zone: Zone) -> str:
    return tr("off") if zone.kind == "off" else tr("flat")


def _is_number(value: float) -> bool:
    return value - value == 0

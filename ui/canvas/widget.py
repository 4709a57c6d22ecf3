"""The canvas in the window: it keeps the picture that does not move, animates what does, and turns the mouse into
looking.

Looking never changes the run, so everything that the mouse does ends in Focus. A frame that arrives while the canvas
is hidden is only remembered. The colour range is taken from a run's first frame and stays until `fit_range`.
"""

from __future__ import annotations

import time

from PyQt6.QtCore import QEvent, QPoint, QPointF, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QHideEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QToolTip, QWidget
from typing_extensions import override

from bpstudio.engine.trace import Params
from bpstudio.insight.elements import Element, Map, Pixel
from bpstudio.insight.gradcheck import GradientCheck
from bpstudio.insight.neighbours import Direction, inside, neighbour
from bpstudio.insight.walk import Walk
from bpstudio.training.frame import Frame
from ui import language, theme
from ui.canvas import painting, scale, words
from ui.canvas.geometry import foot, layout_for
from ui.canvas.spoken import Voice
from ui.canvas.view import View, eye_of
from ui.focus import Focus
from ui.folding import HEADLINE

NEAREST, FARTHEST = 40.0, 0.25
STEP = 1.25
"""One notch of the wheel, one press of + or −."""
PULSE_SECONDS = {"edge": 0.42, "neuron": 0.7, "layer": 1.1}
"""How long a pulse is under way at speed 1: three fifths of the time for which a beat of this grain is looked at."""
TEXT_SECONDS = 0.1
"""How often text is renewed while training runs."""
TICK = 16


class Canvas(QWidget):
    """The network, painted. `opened` says that the selected element was double-clicked: its card is wanted."""

    opened = pyqtSignal()
    menu_wanted = pyqtSignal(QPoint)
    """The other button was pressed on the selected element: where its menu is to open."""

    def __init__(self, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._focus = focus
        self._frame: Frame | None = None
        self._limits: scale.Limits | None = None
        self._run: object = None
        self._walk: Walk | None = None
        self._stale = False
        self._still: QPixmap | None = None
        self._painted: View | None = None
        self._drawn: painting.Still | None = None
        self._lettering: painting.Lettering | None = None
        self._lettered_at = 0.0
        self._seen = eye_of(focus)
        self._fitted = 1.0, (0.0, 0.0)
        self._under_mouse = ""
        self._legend = True
        self._other: Params | None = None
        self._check: tuple[Frame, GradientCheck] | None = None
        self._pulse_began: float | None = None
        self._dragged: QPointF | None = None
        self._pressed_at: QPointF | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(TICK)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._animate)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(240, 120)
        self._voice = Voice(self, self.view)
        self._voice.say()
        focus.changed.connect(self._follow)

    # ---- what is shown

    def show_frame(self, frame: Frame) -> None:
        """Show a step. The first frame of a run sets the colour range."""
        run = scale.run_of(frame)
        if self._limits is None or run != self._run:
            self._limits, self._run = scale.fit(frame), run
        walk = Walk.of(frame)
        other = self._walk is None or self._walk.network != walk.network
        self._walk = self._walk if self._walk == walk else walk  # the tables of an equal one are made already
        if frame.run != "running" or self._frame is None or self._frame.run != "running":
            self._voice.later(about_beat=True)  # not sixty times a second while training runs
        self._frame = frame
        self._renew()
        if other:
            self._fit_again()

    def compare(self, other: Params | None) -> None:
        """Take differences from these parameters, where the colour means them."""
        self._other = other
        self._renew()

    def show_check(self, frame: Frame, check: GradientCheck) -> None:
        """Take what a check of a step's gradients found, where the colour means it."""
        self._check = (frame, check)
        if self._focus.color == "check":
            self._renew()

    def fit_range(self) -> str:
        """Lock the colour range to what the present step fills; returns the sentence that announces it."""
        if self._frame is None:
            return ""
        self._limits = scale.fit(self._frame)
        self._renew()
        return words.fitted(self._limits)

    def show_legend(self, shown: bool) -> None:
        """Show the legend, or give its room to the network."""
        if shown != self._legend:
            self._legend = shown
            self._fit_again()
            self._renew()

    def view(self) -> View | None:
        """The record that the present picture is painted from; None before the first frame."""
        if self._frame is None or self._limits is None or self._walk is None:
            return None
        look = theme.current()
        return View(
            frame=self._frame,
            walk=self._walk,
            eye=eye_of(self._focus, self._walk),
            layout=layout_for(self._frame, self.width(), self.height(), look, self._legend),
            limits=self._limits,
            theme=look,
            language=language.current(),
            width=float(self.width()),
            height=float(self.height()),
            ratio=self.devicePixelRatioF(),
            phase=self._phase(),
            under_mouse=self._under_mouse,
            legend=self._legend,
            other=self._other,
            check=self._check[1] if self._check is not None and self._check[0] is self._frame else None,
        )

    @property
    def wait(self) -> int:
        """For how many milliseconds the text could have been renewed while training runs; below 0: not yet."""
        if self._lettering is None or not self.isVisible():
            return -1
        return round(1000 * (time.monotonic() - self._lettered_at - TEXT_SECONDS))

    def refresh(self) -> None:
        """Write the numbers of the picture that was just painted, for the next one."""
        if self._drawn is not None and self._lettering is not None:
            self._lettered_at = time.monotonic()
            self._lettering = painting.letter(self._drawn.picture)

    # ---- looking nearer

    def fit(self) -> None:
        """The whole network in the canvas: as it was placed, or smaller where it needs more room than there is."""
        zoom, pan = 1.0, (0.0, 0.0)
        view = self.view()
        if view is not None and view.layout.width > view.width:
            zoom = max(view.width / view.layout.width, FARTHEST)
            top = view.theme.px(HEADLINE)
            middle = (top + view.height - foot(view.theme, view.legend)) / 2
            pan = (0.0, middle - (top + view.layout.height / 2) * zoom)
        self._fitted = zoom, pan
        self._focus.set(zoom=zoom, pan=pan)

    @property
    def is_fitted(self) -> bool:
        """Whether nobody has zoomed or moved the picture."""
        return (self._focus.zoom, self._focus.pan) == self._fitted

    def _fit_again(self) -> None:
        """Fit another network, or in another size, while nobody has zoomed or moved the picture."""
        if self.isVisible() and self.is_fitted:
            self.fit()

    def zoom_in(self) -> None:
        self._zoom(STEP, QPointF(self.width() / 2, self.height() / 2))

    def zoom_out(self) -> None:
        self._zoom(1 / STEP, QPointF(self.width() / 2, self.height() / 2))

    def neighbour(self, direction: Direction) -> None:
        """Select what is next to the selection: "left", "right", "up" or "down"."""
        if self._frame is not None:
            layout = layout_for(self._frame, self.width(), self.height(), theme.current(), self._legend)
            selected = eye_of(self._focus, self._walk).selection
            self._focus.set(selection=neighbour(layout, selected, direction))

    def inside(self) -> None:
        """From the selected map or kernel to one of its numbers, and back to the whole."""
        if self._frame is not None:
            layout = layout_for(self._frame, self.width(), self.height(), theme.current(), self._legend)
            self._focus.set(selection=inside(layout, eye_of(self._focus, self._walk).selection))

    def _zoom(self, factor: float, at: QPointF) -> None:
        """Zoom so that the point under `at` stays where it is."""
        old = self._focus.zoom
        new = min(max(old * factor, FARTHEST), NEAREST)
        if abs(new - 1.0) < 1e-6:
            new = 1.0
        x, y = self._focus.pan
        ratio = new / old
        self._focus.set(zoom=new, pan=(at.x() - (at.x() - x) * ratio, at.y() - (at.y() - y) * ratio))

    # ---- what changes

    def _follow(self) -> None:
        """Focus changed: begin a pulse when the playhead went one beat on, and repaint."""
        before, now = self._seen, eye_of(self._focus)
        self._seen = now
        one_on = now.playhead == before.playhead + 1 and now.grain == before.grain
        if one_on and not now.reduced_motion and now.grain != "step" and self.isVisible():
            self._pulse_began = time.monotonic()
            self._timer.start()
        elif (now.playhead, now.grain) != (before.playhead, before.grain):
            self._rest()
        if now.selection != before.selection:
            self._voice.later(about_beat=False)
        elif (now.playhead, now.grain, now.example) != (before.playhead, before.grain, before.example):
            self._voice.later(about_beat=True)
        self._renew()

    def _renew(self) -> None:
        if self.isVisible():
            self.update()
        else:
            self._stale = True

    def _phase(self) -> float:
        if self._pulse_began is None:
            return 1.0
        seconds = PULSE_SECONDS.get(self._focus.grain, 0.0) / self._focus.speed
        return min(1.0, (time.monotonic() - self._pulse_began) / seconds) if seconds else 1.0

    def _animate(self) -> None:
        if self._phase() >= 1.0:
            self._rest()
        self.update()

    def _rest(self) -> None:
        self._pulse_began = None
        self._timer.stop()

    def _paint_still(self, painter: QPainter, view: View) -> painting.Still:
        """All that does not move; while training runs the text follows more slowly than the picture."""
        if view.frame.run != "running":
            self._lettering = None
            return painting.paint_still(painter, view)
        kept = self._lettering if self._lettering is not None and self._lettering.suits(view) else None
        drawn, self._lettering = painting.paint_running(painter, view, kept)
        if kept is None:
            self._lettered_at = time.monotonic()
        return drawn

    # ---- the mouse

    def _point_at(self, point: QPointF) -> None:
        """Tell Focus what is under the mouse; remember the legend's entry."""
        if self._drawn is None:
            return
        entry = self._drawn.legend.at(point)
        element = None if entry else self._drawn.element_at(point)
        if entry != self._under_mouse:
            self._under_mouse = entry
            self.update()
        if element != self._focus.hover:
            self._focus.set(hover=element)
        self.setCursor(Qt.CursorShape.PointingHandCursor if element is not None else Qt.CursorShape.ArrowCursor)

    def _picked(self, point: QPointF) -> Element | None:
        """What a click selects: a second click on a map of small pixels goes to the pixel."""
        assert self._drawn is not None
        picked = self._drawn.element_at(point)
        pixel = self._drawn.picture.geometry.pixel_at(point)
        before = self._focus.selection
        is_within = isinstance(before, Map | Pixel) and pixel is not None
        if is_within and pixel is not None and picked == pixel.map == getattr(before, "map", before):
            return pixel
        return picked

    def _tip(self, at: QPointF, screen: QPoint) -> None:
        if self._drawn is None or self._frame is None:
            return
        entry = self._drawn.legend.at(at)
        element = self._drawn.element_at(at)
        if entry:
            QToolTip.showText(screen, self._drawn.legend.explanation(entry), self)
        elif element is not None:
            pixel = self._drawn.picture.geometry.pixel_at(at)
            QToolTip.showText(screen, words.tooltip(self._drawn.picture, element, pixel), self)
        else:
            QToolTip.hideText()

    # ---- Qt

    @override
    def sizeHint(self) -> QSize:
        return QSize(900, 560)

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        view = self.view()
        if view is None:
            painter.fillRect(self.rect(), theme.current().background)
            return
        if self._still is None or self._painted is None or not painting.same_still(view, self._painted):
            size = QSize(round(view.width * view.ratio), round(view.height * view.ratio))
            if self._still is None or self._still.size() != size:  # memory that is new costs more than painting it
                self._still = QPixmap(size)
            self._still.setDevicePixelRatio(view.ratio)
            on_pixmap = QPainter(self._still)
            self._drawn = self._paint_still(on_pixmap, view)
            on_pixmap.end()
            self._painted = view
        painter.drawPixmap(0, 0, self._still)
        painting.paint_moving(painter, view)
        if self.hasFocus():
            painting.paint_focus_frame(painter, view)

    @override
    def event(self, a0: QEvent | None) -> bool:
        if isinstance(a0, QHelpEvent):
            self._tip(QPointF(a0.pos()), a0.globalPos())
            return True
        return super().event(a0)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() in (QEvent.Type.LanguageChange, QEvent.Type.PaletteChange):
            self._voice.say()
            self._renew()
        super().changeEvent(a0)

    @override
    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is None or a0.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return
        self._pressed_at = self._dragged = a0.position()

    @override
    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is None:
            return
        if self._dragged is None or self._pressed_at is None:
            self._point_at(a0.position())
            return
        moved = a0.position() - self._pressed_at
        if self.cursor().shape() != Qt.CursorShape.ClosedHandCursor and moved.manhattanLength() < 5:
            return
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        step = a0.position() - self._dragged
        self._dragged = a0.position()
        x, y = self._focus.pan
        self._focus.set(pan=(x + step.x(), y + step.y()))

    @override
    def mouseReleaseEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is None or self._pressed_at is None:
            return
        dragged = self.cursor().shape() == Qt.CursorShape.ClosedHandCursor
        self._pressed_at = self._dragged = None
        if not dragged and self._drawn is not None and a0.button() == Qt.MouseButton.LeftButton:
            self._focus.set(selection=self._picked(a0.position()))
        self._point_at(a0.position())

    @override
    def mouseDoubleClickEvent(self, a0: QMouseEvent | None) -> None:
        if self._focus.selection is not None:
            self.opened.emit()

    @override
    def contextMenuEvent(self, a0: QContextMenuEvent | None) -> None:
        if a0 is None or self._drawn is None:
            return
        is_mouse = a0.reason() == QContextMenuEvent.Reason.Mouse
        if is_mouse:
            self._focus.set(selection=self._drawn.element_at(QPointF(a0.pos())))
        if self._focus.selection is not None:
            self.menu_wanted.emit(a0.globalPos() if is_mouse else self.mapToGlobal(self.rect().center()))

    @override
    def wheelEvent(self, a0: QWheelEvent | None) -> None:
        if a0 is not None and a0.angleDelta().y():
            self._zoom(STEP ** (a0.angleDelta().y() / 120), a0.position())
            a0.accept()

    @override
    def leaveEvent(self, a0: QEvent | None) -> None:
        self._under_mouse = ""
        if self._focus.hover is not None:
            self._focus.set(hover=None)
        self.update()

    @override
    def focusInEvent(self, a0: QFocusEvent | None) -> None:
        self.update()

    @override
    def focusOutEvent(self, a0: QFocusEvent | None) -> None:
        self.update()

    @override
    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        self._renew()
        self._fit_again()

    @override
    def showEvent(self, a0: QShowEvent | None) -> None:
        if self._stale:
            self._stale = False
            self.update()
        self._fit_again()

    @override
    def hideEvent(self, a0: QHideEvent | None) -> None:
        self._rest()

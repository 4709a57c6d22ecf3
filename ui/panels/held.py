"""What is read or pressed in a scrolled column stays where it is on the screen when something above it grows."""

from __future__ import annotations

from PyQt6.QtCore import QObject, QPoint
from PyQt6.QtWidgets import QApplication, QScrollArea, QScrollBar, QWidget


class Held(QObject):
    """Scrolls the column of a widget along with it while the mouse or the keyboard is there.

    The place that is kept is the one from when somebody scrolled last, not the one from a moment ago: where there is
    too little to scroll for it, because what stands above became short, it is taken again as soon as there is enough.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._bar: QScrollBar | None = None
        self._column: QWidget | None = None
        self._place = 0
        """How far below the upper edge of what can be seen the widget begins, in pixels."""
        self._own = False
        """Whether it is this object that scrolls."""

    def moved(self) -> None:
        """The widget has been given another place in its column."""
        if self._bar is None:
            self._find()
            self._remember()
        else:
            self._keep()

    def _find(self) -> None:
        area = self._widget.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is None:
            return
        self._bar, self._column = area.verticalScrollBar(), area.widget()
        if self._bar is not None:
            # Qt lays out what is in the column before or after it says how far that can be scrolled.
            self._bar.rangeChanged.connect(self._keep)
            self._bar.valueChanged.connect(self._remember)

    @property
    def _top(self) -> int:
        return self._widget.mapTo(self._column, QPoint(0, 0)).y() if self._column is not None else 0

    def _is_held(self) -> bool:
        holder = QApplication.focusWidget()
        return self._widget.underMouse() or (holder is not None and self._widget.isAncestorOf(holder))

    def _keep(self) -> None:
        if self._bar is None or not self._is_held():
            self._remember()
            return
        self._own = True
        try:
            self._bar.setValue(self._top - self._place)
        finally:
            self._own = False

    def _remember(self) -> None:
        if self._bar is not None and not self._own:
            self._place = self._top - self._bar.value()

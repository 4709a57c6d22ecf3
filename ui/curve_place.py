"""Where the curve of the unit in view stands: in a fold beside the explanation, under it or above it.

Under it belongs what explains a number further. Above it stands the curve where a lesson is about it, or where a person
wants to see it while a bias is dragged in a small window.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QMenu, QVBoxLayout, QWidget

from bpstudio.insight.elements import Element
from bpstudio.training.frame import Frame
from ui.focus import Focus
from ui.language import tr
from ui.panels.form import Section
from ui.plots.unit_curve import UnitCurvePlot

ABOVE = "view/curve_above"


class CurvePlace(QWidget):
    """The fold with the curve in it; it puts itself into the column in which the explanation stands."""

    def __init__(self, focus: Focus, explanation: QWidget, subject: Callable[[Frame], Element | None]) -> None:
        super().__init__()
        self.plot = UnitCurvePlot(focus, subject=subject)
        self.section = Section("curve")
        self._explanation = explanation
        self._in_front = False
        own = QVBoxLayout(self)
        own.setContentsMargins(0, 0, 0, 0)
        own.addWidget(self.section)
        self.section.rows.addWidget(self.plot)
        self.plot.say_title = self.section.name
        self.plot.extend_menu = self._offer
        self.plot.retranslate()
        self._stand()

    @property
    def is_above(self) -> bool:
        """Whether it stands above the explanation."""
        return self._in_front or bool(QSettings().value(ABOVE, False, bool))

    def show_frame(self, frame: Frame) -> None:
        """Hand a frame to the curve."""
        self.plot.show_frame(frame)

    def bring(self, in_front: bool) -> None:
        """In front, unfolded, while a lesson is about it; else where the person has put it."""
        self._in_front = in_front
        if in_front:
            self.section.set_open(True)
        self._stand()

    def put(self, above: bool) -> None:
        """Where the person wants it, in this and in every lesson."""
        QSettings().setValue(ABOVE, above)
        self._in_front = False
        self._stand()

    def _stand(self) -> None:
        home = self._explanation.parentWidget()
        column = home.layout() if home is not None else None
        if isinstance(column, QVBoxLayout):
            column.removeWidget(self)
            column.insertWidget(column.indexOf(self._explanation) + (0 if self.is_above else 1), self)

    def _offer(self, menu: QMenu) -> None:
        menu.addSeparator()
        self.plot.add_choice(menu, tr("Above the explanation"), self.is_above, lambda: self.put(True))
        self.plot.add_choice(menu, tr("Under the explanation"), not self.is_above, lambda: self.put(False))

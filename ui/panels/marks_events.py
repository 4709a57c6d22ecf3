"""Events: why training came to rest by itself, in which step, and at which beat. A click goes there."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight import events
from bpstudio.insight.standing import asked_at
from bpstudio.training.past import Event
from ui.focus import Focus
from ui.language import current, tr
from ui.marking import Marking, walk_of
from ui.panels.marks import sentence, where
from ui.panels.marks_list import Acts, MarkList
from ui.panels.marks_row import Line

if TYPE_CHECKING:
    from bpstudio.training.frame import Frame

SIGNS = {"breakpoint": ("●", "accent"), "nonfinite": ("✕", "nonfinite"), "stopped": ("✓", "good")}
"""The sign of each kind of event, and its colour."""


class Events(QWidget):
    """What happened, the newest first."""

    def __init__(self, marking: Marking, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._marking, self._focus = marking, focus
        self._frame: Frame | None = None
        self._shown: tuple[object, ...] = ()
        self._given: tuple[Event, ...] = ()
        self._keys: list[Hashable] = []
        self.empty = QLabel()
        self.empty.setProperty("role", "secondary")
        self.empty.setWordWrap(True)
        self.list = MarkList(Acts(go=self._go), tallest=300, is_uniform=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.empty)
        column.addWidget(self.list)
        focus.changed.connect(self._look)
        self.retranslate()

    def show_frame(self, frame: Frame) -> None:
        """Show the events of a frame."""
        self._frame = frame
        self._renew()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.empty.setText(tr("Where training stops by itself, it is written down here: what, where and when."))
        self.list.setAccessibleName(tr("Events"))
        self.setWhatsThis(tr("Why training came to rest by itself. A click goes to the step and its beat."))
        self._renew()

    def _renew(self) -> None:
        frame = self._frame
        if frame is None:
            return
        named = tuple((each.number, each.name) for each in frame.branches)
        here = () if frame.run == "running" else (frame.branch, frame.step)
        shown = (frame.events, named, here, frame.experiment.network, self._focus.notation, current())
        if shown == self._shown:
            return
        self._shown = shown
        if frame.events is not self._given or not self._keys:
            self._given = frame.events
            self._keys = list(reversed(frame.events))
        self.list.show_lines(self._keys, self._line)
        self.empty.setVisible(not self._keys)

    def _line(self, key: Hashable) -> Line:
        frame, event = self._frame, key
        assert frame is not None
        assert isinstance(event, Event)
        walk = walk_of(frame, event.branch, self._focus.walk)
        notation = self._focus.notation
        what = sentence(events.said(event, walk.network, notation, frame.dataset.class_names))
        address = events.address(event, walk)
        detail = where(frame, event.branch, event.step)
        if address != events.STEP:
            detail += f" · {asked_at(walk, address, notation).rendered(tr)}"
        sign, role = SIGNS[event.kind]
        is_here = (event.branch, event.step) == (frame.branch, frame.step)
        return Line(what, detail, f"{what}\n{detail}", sign=sign, role=role, is_here=is_here)

    def _go(self, key: Hashable) -> None:
        if isinstance(key, Event):
            self._marking.visit(key)

    def _look(self) -> None:
        """Follow the letters that Focus chose."""
        if self.isVisible() and self._keys:
            self._renew()

    # ---- Qt

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()

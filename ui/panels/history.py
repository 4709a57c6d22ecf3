"""The past of the run in one place: a column of sections that fold, each about one kind of what is kept.

It hosts and does nothing else: whatever wants to be in here is a widget that can be shown a frame. A section that is
folded, or not on the screen, only remembers that it is stale.
"""

from __future__ import annotations

from typing import Protocol, cast

from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.training.frame import Frame
from ui import tabbing
from ui.language import tr
from ui.panels.form import Section


class Part(Protocol):
    """What stands under a heading of the history: a widget that can be shown a frame."""

    def show_frame(self, frame: Frame) -> None: ...


class HistoryPanel(QWidget):
    """Sections one above the other; `add_section` takes a further one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: Frame | None = None
        self._parts: list[tuple[Section, str, Part]] = []
        self._stale: set[str] = set()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)

    def add_section(self, name: str, title: str, part: QWidget) -> Section:
        """Put a widget with `show_frame(frame)` under a heading of its own, below the others.

        `title` is English and marked with `translatable`; `name` is that under which the window remembers whether the
        section is folded.
        """
        section = Section(f"history.{name}", self)
        section.rows.addWidget(part)
        section.name(tr(title))
        self._parts.append((section, title, cast(Part, part)))
        self._column.addWidget(section)
        section.heading.toggled.connect(lambda _: self._renew())
        self._stale.add(section.objectName())
        self._renew()
        return section

    def section(self, name: str) -> Section:
        """The section that was added under a name. Raises KeyError where there is none."""
        for section, _, _ in self._parts:
            if section.objectName() == f"history.{name}":
                return section
        raise KeyError(name)

    def take_keyboard(self) -> None:
        """Put the keyboard into the first section that is open, or on the first heading."""
        for section, _, part in self._parts:
            if section.is_open:
                first = next(iter(tabbing.stops(cast(QWidget, part))), None)
                if first is not None:
                    first.setFocus(Qt.FocusReason.OtherFocusReason)
                    return
        if self._parts:
            self._parts[0][0].heading.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_frame(self, frame: Frame) -> None:
        """Show the past that a frame carries, in every section that can be seen."""
        self._frame = frame
        self._stale = {section.objectName() for section, _, _ in self._parts}
        self._renew()

    def _renew(self) -> None:
        if self._frame is None or not self.isVisible():
            return
        for section, _, part in self._parts:
            if section.is_open and section.objectName() in self._stale:
                self._stale.discard(section.objectName())
                part.show_frame(self._frame)

    @override
    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        self._renew()

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            for section, title, _ in self._parts:
                section.name(tr(title))

"""Breakpoints: where training stops by itself, each with a box to switch it, and a form for one more."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.asked import asked
from bpstudio.training.lookout import misfit
from bpstudio.training.watchers import MisfitError
from ui import tabbing, theme
from ui.focus import Focus
from ui.language import current, tr
from ui.later import after_painting
from ui.marking import Marking
from ui.panels.marks import sentence
from ui.panels.marks_expression import said
from ui.panels.marks_list import Acts, MarkList
from ui.panels.marks_row import Line
from ui.panels.plain import told

if TYPE_CHECKING:
    from bpstudio.training.breakpoints import Breakpoint
    from bpstudio.training.conditions import Condition
    from bpstudio.training.frame import Frame
    from ui.panels.marks_form import BreakpointForm

ALWAYS = "always"
"""The key of the row that cannot be switched off."""


class Breakpoints(QWidget):
    """The breakpoints of a run. That training stops at a value that is not finite is one that is always on."""

    def __init__(self, marking: Marking, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._marking, self._focus = marking, focus
        self._frame: Frame | None = None
        self._shown: tuple[object, ...] = ()
        self._points: dict[Hashable, Breakpoint] = {}
        self.form: BreakpointForm | None = None
        """Where a new one is filled in, once it was wanted."""
        self.always = QLabel()
        self.always.setProperty("role", "secondary")
        self.always.setWordWrap(True)
        self.list = MarkList(Acts(go=self._toggle, remove=self._remove, toggle=self._toggle))
        self.add = QPushButton()
        self.add.setProperty("role", "link")
        self.add.clicked.connect(lambda _checked: self.open_form())
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.add)
        row.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addWidget(self.list)
        self._column.addWidget(self.always)
        self._column.addLayout(row)
        focus.changed.connect(self._look)
        self.retranslate()

    def show_frame(self, frame: Frame) -> None:
        """Show the breakpoints of a frame."""
        self._frame = frame
        self._renew()
        if self.form is not None:
            self.form.show_frame(frame)

    def open_form(self, kind: str = "") -> None:
        """Show the form for one more, about what is selected."""
        if self.form is None:
            from ui.panels.marks_form import BreakpointForm  # only where somebody wants one

            self.form = BreakpointForm(self._focus, self._take, self.close_form)
            self._column.insertWidget(2, self.form)
        if self._frame is not None:
            self.form.show_frame(self._frame)
        self.add.hide()
        self.form.open(kind)
        after_painting(self)

    def reveal(self) -> None:
        """Scroll to the list, and give it the keyboard."""
        (self.list if self.list.isVisible() else self.add).setFocus()
        after_painting(self)

    def close_form(self) -> None:
        """Put the form away."""
        if self.form is not None:
            self.form.hide()
        self.add.show()
        self.add.setFocus()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.always.setText(tr("A value that is not finite always stops the training."))
        self.add.setText(tr("Add a breakpoint…"))
        self.list.setAccessibleName(tr("Breakpoints"))
        self.setWhatsThis(
            tr(
                "Conditions at which training stops, inside the step in which they become true. The box switches one "
                "on and off, Del takes it away."
            )
        )
        self._renew()

    def _renew(self) -> None:
        frame = self._frame
        if frame is None:
            return
        shown = (frame.breakpoints, frame.experiment, frame.dataset.hash, self._focus.notation, current())
        if shown == self._shown:
            return
        self._shown = shown
        self._points = {each.number: each for each in frame.breakpoints}
        self.list.show_lines([each.number for each in frame.breakpoints], self._line)

    def _line(self, key: Hashable) -> Line:
        frame, point = self._frame, self._points[key]
        assert frame is not None
        words = sentence(asked(point.condition, frame.experiment.network, self._focus.notation))
        problem = misfit(point.condition, frame.experiment, frame.dataset)
        reason = told(problem.words) if isinstance(problem, MisfitError) else "" if problem is None else said(problem)
        detail = tr("Not in this run: {reason}", reason=reason) if reason else ""
        return Line(words, detail, checked=point.enabled, is_faint=not point.enabled or bool(reason))

    def _take(self, condition: Condition) -> None:
        self._marking.add(condition)
        self.close_form()

    def _toggle(self, key: Hashable) -> None:
        if key in self._points:
            self._marking.toggle(self._points[key].number)

    def _remove(self, key: Hashable) -> None:
        if key in self._points:
            self._marking.remove(self._points[key].number)

    def _look(self) -> None:
        """Follow the letters that Focus chose."""
        if self.isVisible():
            self._renew()

    # ---- Qt

    @override
    def customEvent(self, a0: QEvent | None) -> None:
        # The fields have their places now: first the end of the form has to be seen, then its beginning.
        is_open = self.form is not None and self.form.isVisible()
        for widget in (self.form.take, self.form.kind) if is_open and self.form is not None else (self.add, self.list):
            tabbing.bring_into_view(widget)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif a0 is not None and a0.type() == QEvent.Type.PaletteChange:
            look = theme.current()
            self.add.setIcon(look.icon("plus", look.accent))

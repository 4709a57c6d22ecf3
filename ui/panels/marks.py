"""Bookmarks: beats that somebody wants to find again, each with a note that is typed where it stands."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.branches import title
from bpstudio.insight.standing import asked_at
from ui import theme
from ui.actions import shown
from ui.focus import Focus
from ui.language import current, tr
from ui.marking import Marking, walk_of
from ui.panels.marks_list import Acts, MarkList
from ui.panels.marks_row import Line
from ui.runner import Runner

if TYPE_CHECKING:
    from bpstudio.insight.phrase import Phrase
    from bpstudio.training.frame import Frame
    from bpstudio.training.past import Bookmark


def where(frame: Frame, branch: int, step: int) -> str:
    """The step, and the branch where there are several."""
    said = tr("step {step}", step=f"{step:,}")
    if len(frame.branches) > 1 and any(each.number == branch for each in frame.branches):
        said += f" · {title(frame.branches, branch, tr)}"
    return said


def sentence(phrase: Phrase) -> str:
    """A phrase as it begins a line: with a capital letter, unless it begins with the name of something."""
    said = phrase.rendered(tr)
    return said if tr(phrase.template).startswith("{") else said[:1].upper() + said[1:]


class Bookmarks(QWidget):
    """The bookmarks of a run, and a button for one more."""

    def __init__(self, marking: Marking, runner: Runner, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._marking, self._runner, self._focus = marking, runner, focus
        self._frame: Frame | None = None
        self._shown: tuple[object, ...] = ()
        self._marks: dict[Hashable, Bookmark] = {}
        self._awaited: tuple[frozenset[int], QWidget | None] | None = None
        self.empty = QLabel()
        self.empty.setProperty("role", "secondary")
        self.empty.setWordWrap(True)
        acts = Acts(self._go, self._remove, write=self._write, text=self._text)
        self.list = MarkList(acts)
        self.add = QPushButton()
        self.add.setProperty("role", "link")
        self.add.clicked.connect(lambda: self.mark_here(self.add))
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.add)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.empty)
        column.addWidget(self.list)
        column.addLayout(row)
        focus.changed.connect(self._look)
        self._retint()
        self.retranslate()

    def show_frame(self, frame: Frame) -> None:
        """Show the bookmarks of a frame; of one that was just set, open the note."""
        self._frame = frame
        self._renew()
        if self._awaited is None:
            return
        before, back = self._awaited
        new = [mark.number for mark in frame.bookmarks if mark.number not in before]
        if new:
            self._awaited = None
            self.list.write(new[-1], back)

    def mark_here(self, back: QWidget | None = None) -> None:
        """Set a bookmark where one stands, and type its note; `back` gets the keyboard afterwards."""
        frame = self._runner.frame
        if frame is not None:
            self._awaited = (frozenset(mark.number for mark in frame.bookmarks), back)
            self._marking.bookmark()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.empty.setText(tr("Mark a beat of a step, and find it again with one click."))
        self.add.setText(tr("Bookmark here"))
        key = shown("Ctrl+B")
        self.add.setToolTip(tr("Marks the beat of the step that is shown, with a note ({key})", key=key))
        self.list.setAccessibleName(tr("Bookmarks"))
        self.setWhatsThis(
            tr("Places that you marked. A click goes there; F2 or a double click opens the note, Del takes it away.")
        )
        self._renew()

    def _renew(self) -> None:
        frame = self._frame
        if frame is None:
            return
        focus = self._focus
        named = tuple((each.number, each.name) for each in frame.branches)
        here = () if frame.run == "running" else (frame.branch, frame.step, focus.grain, focus.playhead)
        shown = (frame.bookmarks, named, here, focus.notation, focus.walk, current())
        if shown == self._shown:
            return
        self._shown = shown
        marks = self._marking.ordered(frame)
        self._marks = {mark.number: mark for mark in marks}
        self.list.show_lines([mark.number for mark in marks], self._line)
        self.empty.setVisible(not marks)

    def _line(self, key: Hashable) -> Line:
        frame, mark = self._frame, self._marks[key]
        assert frame is not None
        walk = walk_of(frame, mark.branch, self._focus.walk)
        asked = asked_at(walk, mark.address, self._focus.notation)
        at, is_here = where(frame, mark.branch, mark.step), self._marking.is_here(frame, mark)
        detail = f"{at} · {asked.rendered(tr)}"
        if mark.note:
            return Line(mark.note, detail, f"{mark.note}\n{detail}", is_here=is_here)
        return Line(sentence(asked), at, f"{sentence(asked)}\n{at}", is_here=is_here, all_details=detail)

    def _go(self, key: Hashable) -> None:
        if key in self._marks:
            self._marking.go(self._marks[key])

    def _remove(self, key: Hashable) -> None:
        self._runner.remove_bookmark(self._marks[key].number)

    def _write(self, key: Hashable, note: str) -> None:
        if key in self._marks and note != self._marks[key].note:
            self._runner.annotate(self._marks[key].number, note)

    def _text(self, key: Hashable) -> str:
        return self._marks[key].note

    def _look(self) -> None:
        """Follow the letters and the place that Focus chose."""
        if self.isVisible() and self._frame is not None and self._frame.bookmarks:
            self._renew()

    def _retint(self) -> None:
        look = theme.current()
        self.add.setIcon(look.icon("bookmark", look.accent))
        self.add.setIconSize(QSize(look.px(14), look.px(14)))
        self.add.setCursor(Qt.CursorShape.PointingHandCursor)

    # ---- Qt

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif a0 is not None and a0.type() == QEvent.Type.PaletteChange:
            self._retint()

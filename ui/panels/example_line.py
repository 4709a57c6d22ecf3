"""Whose numbers the neurons show: a row of the batch, the whole batch, or a probe; and the way to the next one."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QSize
from PyQt6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.elements import Example, Probe, Row, WholeBatch
from bpstudio.insight.example import neighbour, switched
from bpstudio.training.frame import Frame
from ui import theme
from ui.focus import Focus
from ui.language import tr
from ui.panels.form import Row as ControlRow


def example_text(frame: Frame, example: Example) -> str:
    """Whose numbers these are: "row 17 of 32 in this batch"."""
    count = len(frame.batch)
    match example:
        case Probe(row):
            return tr("row {row} as a probe: contributes nothing to this update", row=f"{row + 1:,}")
        case WholeBatch():
            return tr("all {count} rows of this batch, means", count=f"{count:,}")
        case Row(position):
            if count > 1:
                return tr("row {position} of {count} in this batch", position=f"{position + 1:,}", count=f"{count:,}")
            if frame.dataset.rows == 1:
                return tr("the only row")
    return tr("row {row} of {rows}", row=f"{int(frame.batch[0]) + 1:,}", rows=f"{frame.dataset.rows:,}")


class ExampleLine(QWidget):
    """The text, with a button to either side and one for the whole batch. Hidden for data of a single row."""

    def __init__(self, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._focus = focus
        self._frame: Frame | None = None
        self.previous, self.next, self.whole = QToolButton(), QToolButton(), QToolButton()
        buttons = QWidget()
        line = QHBoxLayout(buttons)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2)
        for button in (self.previous, self.next, self.whole):
            button.setProperty("role", "flat")
            button.setIconSize(QSize(14, 14))
            line.addWidget(button)
        line.addStretch(1)
        self._row = ControlRow(buttons)
        self.text = self._row.label
        self.text.setProperty("role", "secondary")
        self.text.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._row)
        self.whole.setCheckable(True)
        self.previous.clicked.connect(lambda: self._move(-1))
        self.next.clicked.connect(lambda: self._move(1))
        self.whole.clicked.connect(lambda: focus.set(example=switched(focus.example)))
        focus.changed.connect(self._tell)
        self.retranslate()

    def show_frame(self, frame: Frame) -> None:
        """Show the example of a frame."""
        self._frame = frame
        self._tell()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        look = theme.current()
        self.previous.setIcon(look.icon("chevron-left"))
        self.next.setIcon(look.icon("chevron-right"))
        self.previous.setToolTip(tr("Previous row (,)"))
        self.next.setToolTip(tr("Next row (.)"))
        self.whole.setText("Σ")
        self.whole.setToolTip(tr("This row or the whole batch (B)"))
        for button in (self.previous, self.next, self.whole):
            button.setAccessibleName(button.toolTip())
        self._tell()

    def _tell(self) -> None:
        frame = self._frame
        if frame is None:
            return
        text = example_text(frame, self._focus.example)
        if text != self.text.text():
            self.text.setText(text)
        self.setVisible(frame.dataset.rows > 1)
        for button in (self.previous, self.next):
            button.setEnabled(len(frame.batch) > 1 or isinstance(self._focus.example, Probe))
        self.whole.setVisible(len(frame.batch) > 1)
        self.whole.setChecked(isinstance(self._focus.example, WholeBatch))

    def _move(self, by: int) -> None:
        if self._frame is not None:
            self._focus.set(example=neighbour(self._frame, self._focus.example, by))

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() in (QEvent.Type.LanguageChange, QEvent.Type.PaletteChange):
            self.retranslate()

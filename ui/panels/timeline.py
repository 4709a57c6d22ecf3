"""The timeline: the beats of one step at the left, the steps of the run at the right."""

from __future__ import annotations

from PyQt6.QtCore import QEvent
from PyQt6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from bpstudio.training.frame import Frame
from ui import theme
from ui.focus import Focus
from ui.panels.beat_strip import BeatStrip
from ui.panels.step_bar import StepBar
from ui.runner import Runner


class Timeline(QWidget):
    """The strip of beats and the bar of training steps, side by side."""

    def __init__(self, runner: Runner, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strip = BeatStrip(focus)
        self.steps = StepBar(runner)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 2, 12, 2)
        row.setSpacing(12)
        row.addWidget(self.strip, 1)
        row.addWidget(self.steps)
        self.setFocusProxy(self.strip)
        self._size()

    def show_frame(self, frame: Frame) -> None:
        """Show the step and the run of a frame."""
        self.strip.show_run(frame.run == "running", frame.step)
        self.steps.show_frame(frame)

    def type_target(self) -> None:
        """Put the cursor into the field that goes to a step or an epoch."""
        self.steps.type_target()

    def _size(self) -> None:
        self.steps.setFixedWidth(theme.current().px(340))
        self.strip.updateGeometry()
        self.strip.update()

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        looks = (QEvent.Type.LanguageChange, QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange)
        if a0 is not None and a0.type() in looks:
            self._size()

"""The builder: the network and its training, to be looked at and changed.

Controls are rebuilt from the values of a frame and send whole new experiments. What the engine refuses is said beside
the control, and everything stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent
from PyQt6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.training.carry import check_fit
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from ui.focus import Focus
from ui.panels.network_section import NetworkSection
from ui.panels.plain import plain
from ui.panels.training_section import CHANGE_TARGETS, SIDES, TrainingSection
from ui.runner import Runner


class Builder(QWidget):
    """The Network and Training sections of the left column."""

    def __init__(self, runner: Runner, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._frame: Frame | None = None
        self._sent: Experiment | None = None
        """What was sent and has not come back yet: a second edit builds on it."""
        self.network = NetworkSection(focus, self.change, self)
        self.training = TrainingSection(focus, self.change, runner.reset, runner.reseed, self)
        self.training.recode.clicked.connect(self._recode)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.network)
        column.addWidget(self.training)
        self.retranslate()
        focus.changed.connect(self._look)
        runner.failed.connect(self._forget)

    def show_frame(self, frame: Frame) -> None:
        """Show what is trained now."""
        if self._frame is None or self._frame.experiment is not frame.experiment:
            self._sent = None
        self._frame = frame
        self.network.show_frame(frame)
        self.training.show_frame(frame)

    def change(self, name: str, edit: Callable[[Experiment], Experiment]) -> None:
        """Send the experiment that `edit` makes of the present one, under a name for undo.

        Raises ValueError, and sends nothing, when the edit is not valid or does not fit the data.
        """
        if self._frame is None:
            return
        present = self._sent or self._frame.experiment
        new = edit(present)
        if new == present:
            return
        check_fit(new, self._frame.dataset)
        self._sent = new
        self._runner.apply(experiment=new, name=name)

    def _recode(self) -> None:
        """Take the loss that was refused, and code the targets as it needs them: one edit."""
        frame, family = self._frame, self.training.refused_loss
        if frame is None or not family:
            return
        no = -1 if family in SIDES else 0
        try:
            dataset = frame.dataset.recoded(no)
            experiment = (self._sent or frame.experiment).replace(loss=family)
            check_fit(experiment, dataset)
        except ValueError as error:
            self.training.loss_row.message.say(plain(error), "error")
            return
        self._runner.apply(experiment=experiment, dataset=dataset, name=CHANGE_TARGETS)

    def add_layer(self) -> None:
        """Add a hidden layer below the output."""
        self.network.add_layer()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.network.retranslate()
        self.training.retranslate()

    def _look(self) -> None:
        self.network.look()
        self.training.look()

    def _forget(self, reason: str) -> None:
        self._sent = None

    @override
    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() in (QEvent.Type.LanguageChange, QEvent.Type.PaletteChange):
            self.retranslate()

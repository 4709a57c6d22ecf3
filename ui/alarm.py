"""When training rests and nobody asked for it. A number stopped being one: the walk goes to the operation that made it,
and a message says what can be done. Or the validation got no better: the best step is shown, and a message says why.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject

from bpstudio.insight.diagnostics import origin
from bpstudio.insight.resting import why
from bpstudio.training.divergence import NonFinite
from bpstudio.training.frame import Frame
from bpstudio.training.stopping import Stopped
from ui.focus import Focus
from ui.language import tr
from ui.runner import Runner

Say = Callable[[str, str, str, Callable[[], None] | None], None]
Withdraw = Callable[[str], None]


class Alarm(QObject):
    """Hears every frame; speaks once for each divergence, and takes its words back when the run is finite again.

    `say(level, text, offer, act)` shows a message, `withdraw(text)` takes it away if it still stands there. Nothing is
    said where it can be read already: `heard` answers whether the line about the run's health is in sight.
    """

    def __init__(
        self, focus: Focus, runner: Runner, say: Say, withdraw: Withdraw, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._focus, self._runner, self._say, self._withdraw = focus, runner, say, withdraw
        self.heard: Callable[[], bool] = lambda: False
        """Whether somebody else says it."""
        self._told: NonFinite | None = None
        self._text = ""
        self._stopped: Stopped | None = None
        self._reason = ""
        runner.frame_arrived.connect(self.show_frame)

    def show_frame(self, frame: Frame) -> None:
        """Look at the operation, once, when a frame holds the first number that is not finite; say once why training
        stopped by itself.
        """
        self._tell_stopped(frame)
        found, self._told = self._told, frame.nonfinite
        if found is not None and frame.nonfinite is None and self._text:
            self._withdraw(self._text)
        if frame.nonfinite is None or frame.nonfinite == found:
            return
        where = origin(frame, self._focus.notation)
        walk = self._focus.walk
        if where is None or walk is None:
            return
        grain = walk.default_grain if self._focus.grain == "step" else self._focus.grain
        changes = {} if where.row is None else {"example": where.row}
        playhead = walk.find(grain, where.address)
        self._focus.set(grain=grain, playhead=playhead, selection=where.element, playing_walk=False, **changes)
        self._text = ""
        if self.heard():
            return
        text = tr(
            "The run diverged in step {step}: {what}. The last finite parameters are kept.",
            step=frame.step,
            what=where.words.rendered(tr),
        )
        first = frame.metrics.first
        if frame.step > first:
            self._text = text
            self._say("error", text, tr("Step back"), lambda: self._runner.seek(frame.step - 1))
        else:
            self._text = text + " " + tr("Undo the edit, or use a smaller learning rate.")
            self._say("error", self._text, "", None)

    def _tell_stopped(self, frame: Frame) -> None:
        before, self._stopped = self._stopped, frame.stopped
        if frame.stopped == before:
            return
        if frame.stopped is None:
            self._withdraw(self._reason)
            return
        said = why(frame.stopped).rendered(tr)
        self._reason = said[:1].upper() + said[1:] + tr(". All later steps are kept.")
        self._say("good", self._reason, tr("Train on"), self._train_on)

    def _train_on(self) -> None:
        """Through the steps that are there already, and on from the last of them."""
        self._runner.play()

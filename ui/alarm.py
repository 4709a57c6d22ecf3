"""When training rests by itself. A number stopped being one: the walk goes to the operation that made it, and a message
says what can be done. Or a breakpoint was reached: the walk goes to the beat in which its condition became true. Or the
validation got no better: the best step is shown, and a message says why.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject

from bpstudio.insight.diagnostics import origin
from bpstudio.insight.resting import why
from bpstudio.training.breakpoints import Hit
from bpstudio.training.divergence import NonFinite
from bpstudio.training.frame import Frame
from bpstudio.training.past import Event
from bpstudio.training.stopping import Stopped
from ui.focus import Focus
from ui.language import tr
from ui.runner import Runner

Say = Callable[[str, str, str, Callable[[], None] | None], None]
Withdraw = Callable[[str], None]


class Alarm(QObject):
    """Hears every frame; speaks once for each divergence and each breakpoint, and takes its words back when the run is
    finite again or goes on.

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
        self.is_walked_into: Callable[[], bool] = lambda: False
        """Whether the newest step was walked into, so that its beats are looked at one after the other anyway."""
        self._hit: Hit | None = None
        self._sentence = ""
        self.walk_on: Callable[[], object] = lambda: None
        """Lets beats follow each other by themselves."""
        self._was_training = self._was_walked_into = False
        self._ahead: tuple[Frame, Hit] | None = None
        self._told: NonFinite | None = None
        self._text = ""
        self._stopped: Stopped | None = None
        self._reason = ""
        runner.frame_arrived.connect(self.show_frame)
        focus.changed.connect(self._come_to)

    def show_frame(self, frame: Frame) -> None:
        """Look at the operation, once, when a frame holds the first number that is not finite; at the beat of a
        breakpoint; say once why training stopped by itself.
        """
        self._tell_stopped(frame)
        self._tell_hit(frame)
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

    def _tell_hit(self, frame: Frame) -> None:
        before, self._hit = self._hit, frame.hit
        if frame.hit is before:
            return
        self._ahead, self._was_training = None, False
        if self._sentence:
            self._withdraw(self._sentence)
            self._sentence = ""
        if frame.hit is None:
            return
        self._was_walked_into = self.is_walked_into()
        if self._was_walked_into:
            self._ahead = (frame, frame.hit)
        else:
            self.look(frame, frame.hit)
        if not self.heard():
            self._sentence = stopped_at(frame, frame.hit, self._focus)
            self._say("good", self._sentence, tr("Go on"), self.go_on)

    def look(self, frame: Frame, hit: Hit) -> None:
        """Go to the beat in which a breakpoint was reached, and select what it is about."""
        from bpstudio.insight import events  # only where there are breakpoints

        walk = self._focus.walk
        if walk is None:
            return
        address = events.address(hit, walk)
        changes = concern(hit, frame)
        if address != events.STEP:
            is_whole = self._focus.grain == "step"
            self._was_training |= is_whole
            grain = walk.default_grain if is_whole else self._focus.grain
            changes |= {"grain": grain, "playhead": walk.find(grain, address)}
        self._focus.set(playing_walk=False, **changes)

    def go_on(self) -> None:
        """Train on from a breakpoint, at the grain of before; or walk on, if it was walked into."""
        if self._was_walked_into:
            self.walk_on()
            return
        if self._was_training:
            self._was_training = False
            self._focus.set(grain="step")
        self._runner.play()

    def _come_to(self) -> None:
        """Beats that follow each other by themselves rest at the one in which a breakpoint was reached."""
        walk, ahead = self._focus.walk, self._ahead
        if ahead is None or walk is None or not self._focus.playing_walk:
            return
        from bpstudio.insight import events

        frame, hit = ahead
        address = events.address(hit, walk)
        if address != events.STEP and self._focus.playhead >= walk.find(self._focus.grain, address):
            self._ahead = None
            self._focus.set(playing_walk=False, **concern(hit, frame))

    def _train_on(self) -> None:
        """Through the steps that are there already, and on from the last of them."""
        self._runner.play()


def stopped_at(frame: Frame, hit: Hit, focus: Focus) -> str:
    """Why training rests at a breakpoint, in one sentence."""
    from bpstudio.insight import events

    what = events.said(hit, frame.experiment.network, focus.notation, frame.dataset.class_names)
    return tr("Stopped at step {step}: {what}", step=f"{hit.step:,}", what=what.rendered(tr))


def concern(event: Event | Hit, frame: Frame) -> dict[str, object]:
    """How Focus shows what something happened to: the selection, and the row where one is meant."""
    from bpstudio.insight.concerned import element_of, example_of

    example = example_of(event, frame)
    changes: dict[str, object] = {"selection": element_of(event, frame.experiment.network)}
    return changes if example is None else changes | {"example": example}

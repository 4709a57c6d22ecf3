"""Moving through a run: from beat to beat, over the end of a step into the next one, and back.

A step is computed whole and then walked. The playhead goes over the beats of the present step; going on from the last
beat takes a training step, going back from position 0 seeks the step before. At the step grain one move is one training
step. Playing is the same with a timer, or, at the step grain, training.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PyQt6.QtCore import QObject, QTimer

from bpstudio.insight.elements import Probe, Row
from bpstudio.insight.example import neighbour, switched
from bpstudio.insight.walk import Walk
from ui.focus import FASTEST, FLAT_OUT, SLOWEST, Focus
from ui.runner import Runner

if TYPE_CHECKING:
    from bpstudio.insight.order import Grain
    from bpstudio.training.frame import Frame

BEAT_SECONDS = {"edge": 0.7, "neuron": 1.2, "layer": 2.0}
"""How long one beat is looked at, at speed 1."""
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
PACES = (1.0, 2.0, 5.0, 10.0, 30.0, 100.0, 1000.0, FLAT_OUT)
"""Training steps per second that can be chosen; the last is as fast as the machine can."""


@dataclass(frozen=True)
class _Visit:
    """Where somebody wants to look, and whether the way there has begun."""

    step: int
    grain: Grain | Literal[""]
    at: str
    is_there: Callable[[Frame], bool]
    look: Callable[[Frame], Mapping[str, object]]
    sent: bool = False


class Navigation(QObject):
    """Carries out what keys, buttons and the play timer ask for. Made before the views: it hears frames first."""

    def __init__(self, focus: Focus, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._focus = focus
        self._runner = runner
        self._entering = ""
        self.has_entered = False
        """Whether the newest step was walked into from the end of the one before."""
        self._going: _Visit | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._beat)
        runner.frame_arrived.connect(self.show_frame)
        focus.changed.connect(self._follow_speed)

    @property
    def playing(self) -> bool:
        """Whether beats or training steps follow each other by themselves."""
        return self._runner.playing or self._focus.playing_walk

    def show_frame(self, frame: Frame) -> None:
        """Walk this step; put the playhead where the move that led here wants it."""
        self._focus.follow(Walk.of(frame))
        changes: dict[str, object] = {}
        self.has_entered = self._entering == "beginning"
        if self._entering:
            changes["playhead"] = 0 if self._entering == "beginning" else self._focus.last
            self._entering = ""
        example = self._focus.example
        if isinstance(example, Row) and example.position >= len(frame.batch):
            changes["example"] = Row(len(frame.batch) - 1)
        if isinstance(example, Probe) and example.row >= len(frame.dataset.x):
            changes["example"] = Row(0)
        if (frame.nonfinite is not None or frame.stopped is not None) and self._focus.playing_walk:
            changes["playing_walk"] = False
        is_stopped = frame.stopped is not None or frame.hit is not None
        if is_stopped and self._going is not None and self._going.sent:
            self._going = None  # training stopped on the way
        if changes:
            self._focus.set(**changes)
        if frame.run != "running":
            self._go_on(frame)
        if self._focus.playing_walk and not self._timer.isActive():
            self._wait()

    # ---- one move

    def forward(self) -> None:
        """The next beat; from the last beat the beginning of the next training step."""
        if self._focus.grain == "step":
            self._runner.step()
        elif self._focus.playhead < self._focus.last:
            self._focus.set(playhead=self._focus.playhead + 1)
        elif not self._entering:
            self._entering = "beginning"
            self._runner.step()

    def back(self) -> None:
        """The beat before; from position 0 the end of the training step before."""
        if self._focus.grain != "step" and self._focus.playhead > 0:
            self._focus.set(playhead=self._focus.playhead - 1)
        elif not self._entering and self._step_exists(-1):
            self._entering = "" if self._focus.grain == "step" else "end"
            self._seek_by(-1)

    def next_phase(self) -> None:
        """The end of the phase that goes on; from there the end of the next phase, then the next step."""
        ends = [last for _, _, last in self._phases() if last > self._focus.playhead]
        if ends and self._focus.grain != "step":
            self._focus.set(playhead=ends[0])
        else:
            self.forward()

    def previous_phase(self) -> None:
        """The end of the phase before, which is where the present one begins."""
        ends = [0, *(last for _, _, last in self._phases())]
        before = [end for end in ends if end < self._focus.playhead]
        if before and self._focus.grain != "step":
            self._focus.set(playhead=before[-1])
        else:
            self.back()

    def beginning(self) -> None:
        """Position 0 of this step; at the step grain the first training step."""
        if self._focus.grain == "step":
            self.first_step()
        else:
            self._focus.set(playhead=0)

    def end(self) -> None:
        """The last beat of this step; at the step grain the last training step."""
        if self._focus.grain == "step":
            self.last_step()
        else:
            self._focus.set(playhead=self._focus.last)

    def next_step(self) -> None:
        """One training step, the playhead stays on its beat."""
        self._runner.step()

    def previous_step(self) -> None:
        """One training step back, the playhead stays on its beat."""
        if self._step_exists(-1):
            self._seek_by(-1)

    def first_step(self) -> None:
        """The first step of the run."""
        frame = self._runner.frame
        if frame is not None:
            self._runner.seek(frame.metrics.first)

    def last_step(self) -> None:
        """The furthest step that was reached."""
        frame = self._runner.frame
        if frame is not None:
            self._runner.seek(frame.last_step)

    # ---- playing

    def toggle(self) -> None:
        """Play or pause: beats one after the other, or training at the step grain."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        """Go on by itself."""
        if self._focus.grain == "step":
            self._runner.play()
        else:
            self._focus.set(playing_walk=True)
            self._beat()

    def pause(self) -> None:
        """Rest."""
        self._going = None
        self._timer.stop()
        self._focus.set(playing_walk=False)
        if self._runner.playing:
            self._runner.pause()

    def train_until(self, step: int) -> None:
        """Train to a step, then rest; a step of the past is gone back to."""
        frame = self._runner.frame
        if frame is None:
            return
        self.pause()
        if step <= frame.last_step:
            self._runner.seek(max(step, frame.metrics.first))
        else:
            self._runner.play(until=step)

    def visit(
        self,
        step: int,
        grain: Grain | Literal[""] = "",
        at: str = "",
        is_there: Callable[[Frame], bool] = lambda frame: True,
        look: Callable[[Frame], Mapping[str, object]] = lambda frame: {},
        on_its_way: bool = False,
    ) -> None:
        """Go to a training step, and look at the beat of an address when it is there ("" leaves the eye alone).

        `is_there` says whether a frame belongs to the run that is meant; until one does, nothing is done. `look` is
        what else changes in the eye on arrival. `on_its_way`: the run has been told already where to go.
        """
        if not on_its_way:
            self.pause()
        self._focus.set(playing_walk=False)
        self._going = _Visit(step, grain, at, is_there, look, on_its_way)
        frame = self._runner.frame
        if frame is not None and frame.run != "running":
            self._go_on(frame)

    def _go_on(self, frame: Frame) -> None:
        """The next part of a visit: to the step, or to the beat."""
        going, walk = self._going, self._focus.walk
        if going is None or walk is None or not going.is_there(frame):
            return
        if frame.step != going.step:
            if not going.sent:
                self.train_until(going.step)
                self._going = dataclasses.replace(going, sent=True)
            return
        self._going = None
        if not going.grain and not going.at:
            self._focus.set(**going.look(frame))
            return
        grain = going.grain or self._focus.grain
        if going.at and grain == "step":
            grain = walk.default_grain  # a whole step has no beat to look at
        look: dict[str, object] = {"selection": None, "grain": grain}
        if going.at:
            with contextlib.suppress(ValueError):  # the network was changed: this beat is not there any more
                look["playhead"] = walk.find(grain, going.at)
        self._focus.set(**look | dict(going.look(frame)))

    def choose_grain(self, grain: str) -> None:
        """Walk at another grain from the same place; what was playing goes on in the new way only when asked again."""
        if grain != self._focus.grain:
            self.pause()
            self._focus.set(grain=grain)

    def faster(self, steps: int = 1) -> None:
        """The next speed up (or down) of what playing would do at this grain."""
        if self._focus.grain == "step":
            self._focus.set(pace=_neighbour(PACES, self._focus.pace, steps))
        else:
            speed = _neighbour(SPEEDS, self._focus.speed, steps)
            self._focus.set(speed=min(max(speed, SLOWEST), FASTEST))

    # ---- whose numbers

    def next_row(self, steps: int = 1) -> None:
        """The next row of the batch (or of the data, when a row outside the batch is shown)."""
        if self._runner.frame is not None:
            self._focus.set(example=neighbour(self._runner.frame, self._focus.example, steps))

    def toggle_whole_batch(self) -> None:
        """One row, or the whole batch."""
        self._focus.set(example=switched(self._focus.example))

    # ----

    def _phases(self) -> tuple[tuple[str, int, int], ...]:
        walk = self._focus.walk
        return walk.phases(self._focus.grain) if walk is not None else ()

    def _step_exists(self, by: int) -> bool:
        frame = self._runner.frame
        return frame is not None and frame.metrics.first <= frame.step + by

    def _seek_by(self, by: int) -> None:
        frame = self._runner.frame
        if frame is not None:
            self._runner.seek(frame.step + by)

    def _beat(self) -> None:
        """One beat of playing. When it leads into the next step, the frame's arrival goes on."""
        if not self._focus.playing_walk:
            return
        self.forward()
        if not self._entering:
            self._wait()

    def _wait(self) -> None:
        seconds = BEAT_SECONDS.get(self._focus.grain, 1.0) / self._focus.speed
        self._timer.start(round(seconds * 1000))

    def _follow_speed(self) -> None:
        self._runner.pace = self._focus.pace


def nearest(values: tuple[float, ...], value: float) -> int:
    """The place of the value that is nearest; infinity is nearest to itself only."""
    return min(range(len(values)), key=lambda i: 0.0 if values[i] == value else abs(values[i] - value))


def _neighbour(values: tuple[float, ...], value: float, steps: int) -> float:
    return values[min(max(nearest(values, value) + steps, 0), len(values) - 1)]

"""The only door to a Session: the thread that owns it, a mailbox with one slot, and the display clock.

The window never waits and never computes. It puts commands into a queue; the trainer carries them out. Every 16 ms the
display clock takes the newest Frame out of the mailbox and asks for the next one, so frames are made as often as they
can be shown, however fast the training is. While the views paint, the trainer holds still.

A second thread answers questions, which are pure functions of what they carry (a Frame, a file's path): the newest of a
kind wins, and a long one reports its progress and can be cancelled.

Nothing that goes wrong here is raised into Qt: it arrives as `failed(text)`, or as the answer of its question.
"""

from __future__ import annotations

import contextlib
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, Qt, QTimer, pyqtSignal
from typing_extensions import override

from ui.language import translatable
from ui.later import after_painting
from ui.threads import BREATH, LONGEST_HOLD, Answerer, CancelledError, Command, Progress, Question, Trainer

if TYPE_CHECKING:
    from bpstudio.data.dataset import Dataset
    from bpstudio.engine.trace import Params
    from bpstudio.training.archive import Archive
    from bpstudio.training.breakpoints import Breakpoint
    from bpstudio.training.caption import Caption
    from bpstudio.training.experiment import Experiment
    from bpstudio.training.frame import Frame
    from bpstudio.training.session import Session

__all__ = ["CancelledError", "Progress", "Question", "Runner"]

CLOCK_MS = 16
SLOWEST_MS = 33
PAINTING_SHARE = 0.9
"""How much of the time painting may take while training runs."""
ROUNDS = 2
"""Times that painting is waited for: what is drawn after the first (plots, text) is painted in the second."""


class Runner(QObject):
    """Commands go in, frames come out. All methods return at once and are called from the window's thread."""

    frame_arrived = pyqtSignal(object)
    answered = pyqtSignal(object, object)
    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.frame: Frame | None = None
        """The newest frame that has arrived."""
        self.pace = math.inf
        """Steps per second while playing; may be changed at any time."""
        self.budget = 0
        """Bytes that the past of a run may take; 0: what a session has by itself."""
        self.refusal: Callable[[Experiment | None, Dataset | None, Params | None], str] = lambda *_: ""
        """Why an edit is not carried out; empty where it is."""
        self._commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._mailbox: deque[Frame] = deque(maxlen=1)
        self._outbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._asked = threading.Event()
        self._go = threading.Event()
        self._go.set()
        self._delivered = 0.0
        self._cost = 0.0
        self._painted = 0
        self._sent = 0
        self._playing = False
        self._closed = False
        self._trainer = Trainer(self._commands, self._mailbox, self._asked, self._go, self._report, lambda: self.pace)
        self._answerer = Answerer(self._go, self._reply)
        self._clock = QTimer(self)
        self._clock.setTimerType(Qt.TimerType.PreciseTimer)
        self._clock.setInterval(CLOCK_MS)
        self._clock.timeout.connect(self._tick)
        self._trainer.start()
        self._answerer.start()

    @property
    def playing(self) -> bool:
        """Whether training goes on until somebody stops it."""
        return self._playing

    @property
    def idle(self) -> bool:
        """Whether every command is carried out, every question answered and every frame shown."""
        # The threads are asked before the places where they leave what they have made: an answer that is given in
        # between is seen there.
        done = self._trainer.done == self._sent and not self._playing and self._answerer.idle
        return done and not self._mailbox and self._outbox.empty()

    def open(self, session: Session) -> None:
        """Own another session from now on; the caller must not touch it again.

        The very first one is shown at once, so that the window opens with it.
        """
        self._stop()
        if self.budget:
            session.hold(self.budget)
        first = session.frame() if self.frame is None and self._sent == 0 else None
        self._send(Command(lambda _: None, "open", session=session, shown=first is not None))
        if first is not None:
            self._deliver(first)

    def play(self, until: int | None = None) -> None:
        """Train until `until` (a step number), or until paused."""
        self._playing = True
        self._send(Command(lambda _: self._trainer.play(until), "play", stops=False, gesture=translatable("training")))

    def pause(self) -> None:
        """Stop between two steps."""
        self._stop()
        self._send(Command(lambda _: None, "pause"))

    def step(self, n: int = 1) -> None:
        """Take n training steps, then rest."""
        self._stop()
        if n == 1:
            self._send(Command(lambda session: session.step(), "step", gesture=translatable("training step")))
        else:
            self._playing = True
            self._send(
                Command(
                    lambda session: self._trainer.play(session.step_number + n),
                    "step",
                    stops=False,
                    gesture=translatable("training"),
                )
            )

    def seek(self, step: int) -> None:
        """Show the state after `step` updates again. While somebody scrubs, only the newest place is computed."""
        self._stop()
        self._send(Command(lambda session: session.seek(step), "seek", newest_only=True))

    def apply(
        self,
        experiment: Experiment | None = None,
        dataset: Dataset | None = None,
        params: Params | None = None,
        name: str = "edit",
        drag: object | None = None,
    ) -> None:
        """Change what is trained, under a name for undo. Training that was going on goes on.

        Edits that share a `drag` are one for undo, and of several that wait only the newest is carried out.
        """
        if self.refuses(experiment, dataset, params):
            return
        self._send(
            Command(
                lambda session: session.apply(experiment, dataset, params, name, drag),
                "apply" if drag is None else f"drag {id(drag)}",
                stops=False,
                newest_only=drag is not None,
            )
        )

    def refuses(
        self, experiment: Experiment | None = None, dataset: Dataset | None = None, params: Params | None = None
    ) -> bool:
        """Whether an edit is not carried out; the reason is told."""
        reason = self.refusal(experiment, dataset, params)
        if reason:
            self.failed.emit(reason)
        return bool(reason)

    def restart(
        self,
        experiment: Experiment,
        dataset: Dataset,
        start: Params,
        name: str,
        caption: Caption | None = None,
        step: int = 0,
        is_other: bool = False,
    ) -> bool:
        """Begin at step 0 with all of this, and train to a step, as one gesture; the caption stays unless another is
        given. Returns whether it is carried out: that something else altogether is trained (`is_other`) no lock of the
        present run forbids.
        """
        if not is_other and self.refuses(experiment, dataset):
            return False
        self._stop()

        def begin(session: Session) -> None:
            session.restart(experiment, dataset, start, name, caption, is_other)
            if step > 0:
                self._trainer.play(step)

        self._playing = step > 0
        self._send(Command(begin, "restart"))
        return True

    def rename(self, caption: Caption, name: str) -> None:
        """Call the run, its units and weights something else, under a name for undo. Training goes on."""
        self._send(Command(lambda session: session.rename(caption, name), "rename", stops=False))

    def undo(self) -> None:
        self._stop()
        self._send(Command(lambda session: session.undo(), "undo"))

    def redo(self) -> None:
        self._stop()
        self._send(Command(lambda session: session.redo(), "redo"))

    def undo_to(self, count: int) -> None:
        """Take back so many gestures at once; repeat them where that is less than 0."""
        self._stop()

        def act(session: Session) -> None:
            for _ in range(abs(count)):
                session.undo() if count > 0 else session.redo()

        self._send(Command(act, "undo"))

    def branch(self, name: str = "") -> None:
        """Begin a branch at the present step."""
        self._stop()
        self._send(Command(lambda session: session.branch(name), "branch"))

    def switch(self, number: int, step: int | None = None) -> None:
        """Go to another branch, to where one stood when it was left, or to a step of it."""
        self._stop()
        self._send(Command(lambda session: session.switch(number, step), "switch", newest_only=True))

    def rename_branch(self, number: int, name: str) -> None:
        """Call a branch something else. Training goes on."""
        self._send(Command(lambda session: session.rename_branch(number, name), "rename branch", stops=False))

    def delete_branch(self, number: int) -> None:
        """Forget a branch; undo brings it back."""
        self._stop()
        self._send(Command(lambda session: session.delete_branch(number), "delete branch"))

    def compare(self, number: int | None) -> None:
        """Have every frame bring the parameters of another branch at its step; None: of none."""
        self._send(Command(lambda session: session.compare(number), "compare", stops=False))

    def bookmark(self, address: str = "", note: str = "") -> None:
        """Mark the step of the newest frame, or a beat of it. Training goes on."""
        self._send(Command(lambda session: session.bookmark(address, note), "bookmark", stops=False))

    def annotate(self, number: int, note: str) -> None:
        """Write another note on a bookmark. Training goes on."""
        self._send(Command(lambda session: session.annotate(number, note), "annotate", stops=False))

    def remove_bookmark(self, number: int) -> None:
        """Take a bookmark away. Training goes on."""
        self._send(Command(lambda session: session.remove_bookmark(number), "remove bookmark", stops=False))

    def go_to_bookmark(self, number: int) -> None:
        """Go to the branch and the step that a bookmark marks."""
        self._stop()
        self._send(Command(lambda session: session.go_to_bookmark(number), "switch", newest_only=True))

    def set_breakpoints(self, breakpoints: Sequence[Breakpoint], name: str) -> None:
        """Stop at these from now on. Training goes on."""
        self._send(Command(lambda session: session.set_breakpoints(breakpoints, name), "breakpoints", stops=False))

    def archive(
        self,
        then: Callable[[Archive], object],
        keyframe_bytes: int | None = None,
        failed: Callable[[], object] = lambda: None,
    ) -> None:
        """Freeze the whole run between two steps, and do something with it here; `failed` is done where that cannot be,
        and the reason is told. Training goes on.

        Of the keyframes so many bytes are frozen, evenly spread; None: all of them.
        """

        def act(session: Session) -> None:
            try:
                archive = session.archive(keyframe_bytes)
            except Exception:
                self._outbox.put(partial(_do, failed))
                raise
            self._outbox.put(partial(_tell, then, archive))

        self._send(Command(act, "archive", stops=False))

    def archive_at_once(self, patience: float, keyframe_bytes: int | None = None) -> Archive | None:
        """The same while nobody can wait for a signal, because the window is on its way out; None where it was not
        there in time. Waits `patience` seconds at most.
        """
        archives: list[Archive] = []
        done = threading.Event()

        def act(session: Session) -> None:
            try:
                archives.append(session.archive(keyframe_bytes))
            finally:
                done.set()

        self._send(Command(act, "archive", stops=False))
        done.wait(patience if self.frame is not None and not self._closed else 0.0)
        return next(iter(archives), None)

    def rest(self) -> None:
        """From another thread, now and then in long work: hold still while the window paints, as training does."""
        self._go.wait(LONGEST_HOLD)
        time.sleep(BREATH)

    def reset(self) -> None:
        """Back to step 0 of the first segment, with the same digits."""
        self._stop()
        self._send(Command(lambda session: session.reset(), "reset"))

    def reseed(self) -> None:
        """A new start: other weights and another order of rows, from the next seed."""
        frame = self.frame
        if frame is not None and self.refuses(frame.experiment.replace(seed=frame.experiment.seed + 1)):
            return
        self._stop()
        self._send(Command(lambda session: session.reseed(), "reseed"))

    def hold(self, budget: int) -> None:
        """Keep the past of this run, and of those to come, within so many bytes."""
        self.budget = budget
        self._send(Command(lambda session: session.hold(budget), "hold", stops=False, newest_only=True))

    def ask(self, question: Question) -> None:
        """Find something out beside the training; `answered` brings Progress, then the answer or an exception."""
        if self._closed:
            return
        self._answerer.ask(question)
        self._clock.start()

    def cancel(self, kind: str) -> None:
        """Nobody waits for the answer of this kind any more."""
        self._answerer.cancel(kind)

    def close(self) -> None:
        """End both threads. Commands that wait are carried out first, a running question is cancelled."""
        if self._closed:
            return
        self._closed = True
        self._clock.stop()
        self._stop()
        self._commands.put(None)
        self._answerer.close()
        self._go.set()
        self._trainer.join()
        self._answerer.join()

    def _stop(self) -> None:
        self._playing = False
        self._trainer.stop()

    def _send(self, command: Command) -> None:
        if self._closed:
            return
        self._sent += 1
        self._commands.put(command)
        if not self._clock.isActive():
            self._clock.start()

    def _report(self, text: str) -> None:
        self._outbox.put(lambda: self.failed.emit(text))

    def _reply(self, question: Question, answer: object) -> None:
        self._outbox.put(lambda: self.answered.emit(question, answer))

    def _tick(self) -> None:
        """Show what is new, ask for more, and sleep when there is nothing to wait for."""
        self._trainer.tick_due = time.perf_counter() + self._clock.interval() / 1000
        # Read before the mailbox: a command is counted as done, and training ends, only after the frame is in there.
        if self._trainer.done == self._sent and not self._trainer.training:
            self._playing = False
        quiet = self._trainer.done == self._sent and self._answerer.idle
        with contextlib.suppress(queue.Empty):
            while True:
                self._outbox.get_nowait()()
        frame = self._mailbox.popleft() if self._mailbox else None
        if frame is not None:
            self._deliver(frame)
        if self._playing:
            self._asked.set()
        elif frame is None and quiet and self.idle:
            # Asked again, because what was told above may have led to new commands and questions.
            self._clock.stop()

    def _deliver(self, frame: Frame) -> None:
        """Hand a frame to the views, and let training rest until they have painted it."""
        self.frame = frame
        self._delivered = time.perf_counter()
        self._go.clear()
        self.frame_arrived.emit(frame)
        self._painted = 0
        after_painting(self)

    # ---- Qt

    @override
    def customEvent(self, a0: QEvent | None) -> None:
        self._painted += 1
        if self._painted < ROUNDS:
            after_painting(self)
            return
        self._go.set()
        # A picture that takes long is shown less often, or painting would leave nothing for training.
        self._cost += 0.2 * (time.perf_counter() - self._delivered - self._cost)
        interval = min(max(CLOCK_MS, round(1000 * self._cost / PAINTING_SHARE)), SLOWEST_MS)
        if abs(interval - self._clock.interval()) > 1:
            self._clock.setInterval(interval)


def _tell(then: Callable[[Archive], object], archive: Archive) -> None:
    then(archive)


def _do(act: Callable[[], object]) -> None:
    act()

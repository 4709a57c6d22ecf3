"""The only door to a Session: the thread that owns it, a mailbox with one slot, and the display clock.

The window never waits and never computes. It puts commands into a queue; one worker thread carries them out and trains
in slices of about two milliseconds. Between slices it gives the interpreter away for a moment, and while a frame is
being painted it holds still: a greedy thread doubles the time that painting takes. Every 16 ms the display clock takes
the newest Frame out of the mailbox and asks for the next one, so frames are made as often as they can be shown, however
fast the training is.

A second thread answers questions, which are pure functions of what they carry (a Frame, a file's path): the newest of a
kind wins, and a long one reports its progress and can be cancelled.

Nothing that goes wrong here is raised into Qt: it arrives as `failed(text)`, or as the answer of its question.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal
from typing_extensions import override

if TYPE_CHECKING:
    from bpstudio.training.session import Session

    from bpstudio.data.dataset import Dataset
    from bpstudio.engine.trace import Params
    from bpstudio.training.experiment import Experiment
    from bpstudio.training.frame import Frame

CLOCK_MS = 16
SLICE = 0.002
"""Seconds of training between two moments in which the interpreter is free for the window."""
BREATH = 0.0001
"""Seconds of such a moment. The window wakes up in it; longer only trains less."""
LONGEST_HOLD = 0.1
"""Seconds after which training goes on although nobody said that painting is over."""

log = logging.getLogger(__name__)


class CancelledError(Exception):
    """Raised inside a question by its `progress` when nobody waits for the answer any more."""


@dataclass(frozen=True)
class Progress:
    """An answer on its way: the share of the work that is done, 0 to 1."""

    share: float


class Question(Protocol):
    """Something to find out beside the training. Frozen; `answer` runs in another thread and touches nothing shared."""

    @property
    def kind(self) -> str:
        """A newer question of the same kind replaces this one."""

    def answer(self, progress: Callable[[float], None]) -> object:
        """Find out; call `progress(share)` now and then, it raises CancelledError when the answer is not wanted any more."""


@dataclass(frozen=True)
class _Command:
    act: Callable[[Session], None]
    name: str
    newest_only: bool = False
    stops: bool = True


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
        self._commands: queue.SimpleQueue[_Command | None] = queue.SimpleQueue()
        self._mailbox: deque[Frame] = deque(maxlen=1)
        self._outbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._asked = threading.Event()
        self._go = threading.Event()
        self._go.set()
        self._sent = 0
        self._playing = False
        self._closed = False
        self._trainer = _Trainer(self._commands, self._mailbox, self._asked, self._go, self._report, lambda: self.pace)
        self._answerer = _Answerer(self._go, self._reply)
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
        done = self._trainer.done == self._sent and not self._playing
        return done and not self._mailbox and self._outbox.empty() and self._answerer.idle

    def open(self, session: Session) -> None:
        """Own another session from now on; the caller must not touch it again."""
        self._playing = False
        self._trainer.adopt(session)
        self._send(_Command(lambda _: None, "open"))

    def play(self, until: int | None = None) -> None:
        """Train until `until` (a step number), or until paused."""
        self._playing = True
        self._send(_Command(lambda _: self._trainer.play(until), "play", stops=False))

    def pause(self) -> None:
        """Stop between two steps."""
        self._stop()
        self._send(_Command(lambda _: None, "pause"))

    def step(self, n: int = 1) -> None:
        """Take n training steps, then rest."""
        self._stop()
        if n == 1:
            self._send(_Command(lambda session: session.step(), "step"))
        else:
            self._playing = True
            self._send(_Command(lambda session: self._trainer.play(session.step_number + n), "step", stops=False))

    def seek(self, step: int) -> None:
        """Show the state after `step` updates again. While somebody scrubs, only the newest place is computed."""
        self._stop()
        self._send(_Command(lambda session: session.seek(step), "seek", newest_only=True))

    def apply(
        self,
        experiment: Experiment | None = None,
        dataset: Dataset | None = None,
        params: Params | None = None,
        name: str = "edit",
    ) -> None:
        """Change what is trained, under a name for undo. Training that was going on goes on."""
        self._send(
            _Command(
                lambda session: session.apply(experiment=experiment, dataset=dataset, params=params, name=name),
                "apply",
                stops=False,
            )
        )

    def undo(self) -> None:
        self._stop()
        self._send(_Command(lambda session: session.undo(), "undo"))

    def redo(self) -> None:
        self._stop()
        self._send(_Command(lambda session: session.redo(), "redo"))

    def reset(self) -> None:
        """Back to step 0 of the first segment, with the same digits."""
        self._stop()
        self._send(_Command(lambda session: session.reset(), "reset"))

    def reseed(self) -> None:
        """A new start: other weights and another order of rows, from the next seed."""
        self._stop()
        self._send(_Command(lambda session: session.reseed(), "reseed"))

    def ask(self, question: Question) -> None:
        """Find something out beside the training; `answered` brings Progress, then the answer or an exception."""
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

    def _send(self, command: _Command) -> None:
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
        # Read before the mailbox: a command is counted as done only after its frame is in there.
        done = self._trainer.done == self._sent
        answers_done = self._answerer.idle
        with contextlib.suppress(queue.Empty):
            while True:
                self._outbox.get_nowait()()
        frame = self._mailbox.popleft() if self._mailbox else None
        if frame is not None:
            if done and frame.run != "running":
                self._playing = False
            self.frame = frame
            self._go.clear()
            # Painting is posted with low priority, a timer of 0 ms fires after it.
            QTimer.singleShot(0, self._go.set)
            self.frame_arrived.emit(frame)
        if self._playing:
            self._asked.set()
        elif frame is None and done and answers_done and self._outbox.empty():
            self._clock.stop()


class _Trainer(threading.Thread):
    """Owns the session. Only `adopt`, `play` (inside a command), `stop` and `done` are for the outside."""

    def __init__(
        self,
        commands: queue.SimpleQueue[_Command | None],
        mailbox: deque[Frame],
        asked: threading.Event,
        go: threading.Event,
        report: Callable[[str], None],
        pace: Callable[[], float],
    ) -> None:
        super().__init__(name="bpstudio-trainer", daemon=True)
        self.done = 0
        self._commands = commands
        self._waiting: deque[_Command | None] = deque()
        self._mailbox = mailbox
        self._asked = asked
        self._go = go
        self._report = report
        self._pace = pace
        self._halt = threading.Event()
        self._arriving: deque[Session] = deque(maxlen=1)
        self._session: Session | None = None
        self._until: float | None = None
        self._step_seconds = SLICE
        self._speed = _Speed()

    def adopt(self, session: Session) -> None:
        """Hand over a session; the next command works on it."""
        self._arriving.append(session)

    def play(self, until: int | None) -> None:
        self._until = math.inf if until is None else until
        self._speed = _Speed()

    def stop(self) -> None:
        """Cut the present slice short; a command follows that says what to do instead."""
        self._halt.set()

    @override
    def run(self) -> None:
        while (command := self._next()) is not None:
            self._halt.clear()
            if self._arriving:
                self._session = self._arriving.popleft()
                self._until = None
            if command.stops:
                self._until = None
            self._guarded(command.act)
            self._guarded(self._post)
            self.done += 1
            if self._until is not None and not self._guarded(self._train):
                self._until = None
                self._guarded(self._post)

    def _next(self) -> _Command | None:
        """The next command; of several seeks in a row only the last."""
        while True:
            if not self._waiting:
                self._waiting.append(self._commands.get())
            with contextlib.suppress(queue.Empty):
                while True:
                    self._waiting.append(self._commands.get_nowait())
            command = self._waiting.popleft()
            following = self._waiting[0] if self._waiting else None
            if command is None or following is None or not (command.newest_only and following.newest_only):
                return command
            self.done += 1

    def _guarded(self, act: Callable[[Session], None]) -> bool:
        """Do something with the session; a failure is told, not raised. Whether it went well."""
        session = self._session
        if session is None:
            return True
        try:
            act(session)
        except (ValueError, MemoryError, OverflowError) as error:
            self._report(str(error) or type(error).__name__)
        except Exception as error:  # the last line before a thread would die in silence
            log.exception("the training thread stumbled")
            self._report(f"{type(error).__name__}: {error}")
        else:
            return True
        return False

    def _post(self, session: Session) -> None:
        frame = session.frame()
        run = frame.run if frame.nonfinite is not None else self._run(session)
        self._mailbox.append(
            dataclasses.replace(frame, run=run, steps_per_second=self._speed.read(session.step_number, self._until))
        )

    def _run(self, session: Session) -> str:
        if self._until is not None and session.step_number < self._until:
            return "running"
        return "paused" if session.step_number else "ready"

    def _train(self, session: Session) -> None:
        """Slices of training until a command comes, the goal is reached or a number stops being one."""
        pace_start, pace_step = time.perf_counter(), session.step_number
        pace = self._pace()
        self._speed.read(session.step_number, self._until)
        while self._until is not None and self._commands.empty() and not self._waiting:
            self._go.wait(LONGEST_HOLD)
            now = time.perf_counter()
            if self._pace() != pace:
                pace, pace_start, pace_step = self._pace(), now, session.step_number
            left = self._until - session.step_number
            due = left if pace == math.inf else pace_step + (now - pace_start) * pace - session.step_number
            count = int(min(left, due, max(1.0, SLICE / self._step_seconds)))
            if count >= 1:
                session.run(count)
                spent = (time.perf_counter() - now) / count
                self._step_seconds = max(1e-7, 0.8 * self._step_seconds + 0.2 * spent)
                if session.nonfinite is not None or session.step_number >= self._until:
                    self._until = None
                    self._post(session)
                    return
            if self._asked.is_set():
                self._asked.clear()
                self._post(session)
            if count >= 1:
                time.sleep(BREATH)
            else:
                self._halt.wait(min(0.02, max(0.001, (1 - due) / pace)))


class _Speed:
    """Steps per second over about the last half second."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def read(self, step: int, until: float | None) -> float:
        now = time.perf_counter()
        self._marks.append((now, step))
        while len(self._marks) > 2 and now - self._marks[0][0] > 0.5:
            self._marks.popleft()
        then, first = self._marks[0]
        return (step - first) / (now - then) if until is not None and now > then else 0.0


class _Answerer(threading.Thread):
    """Answers questions one after the other; a newer one of a kind replaces and cancels the older."""

    def __init__(self, go: threading.Event, reply: Callable[[Question, object], None]) -> None:
        super().__init__(name="bpstudio-answerer", daemon=True)
        self._go = go
        self._reply = reply
        self._door = threading.Condition()
        self._waiting: dict[str, Question] = {}
        self._current: Question | None = None
        self._unwanted = False
        self._closing = False

    @property
    def idle(self) -> bool:
        return not self._waiting and self._current is None

    def ask(self, question: Question) -> None:
        with self._door:
            self._waiting.pop(question.kind, None)
            self._waiting[question.kind] = question
            if self._current is not None and self._current.kind == question.kind:
                self._unwanted = True
            self._door.notify()

    def cancel(self, kind: str) -> None:
        with self._door:
            self._waiting.pop(kind, None)
            if self._current is not None and self._current.kind == kind:
                self._unwanted = True

    def close(self) -> None:
        with self._door:
            self._closing = self._unwanted = True
            self._waiting.clear()
            self._door.notify()

    @override
    def run(self) -> None:
        while True:
            with self._door:
                self._current = None
                while not self._waiting and not self._closing:
                    self._door.wait()
                if self._closing:
                    return
                kind = next(iter(self._waiting))
                question = self._current = self._waiting.pop(kind)
                self._unwanted = False
            self._answer(question)

    def _answer(self, question: Question) -> None:
        reported = rested = time.perf_counter()

        def progress(share: float) -> None:
            nonlocal reported, rested
            if self._unwanted:
                raise CancelledError
            now = time.perf_counter()
            if now - reported > 0.05:
                reported = now
                self._reply(question, Progress(share))
            if now - rested > SLICE:
                self._go.wait(LONGEST_HOLD)
                time.sleep(BREATH)
                rested = time.perf_counter()

        try:
            answer = question.answer(progress)
        except CancelledError:
            return
        except (ValueError, OSError, MemoryError) as error:
            answer = error
        except Exception as error:  # the last line before a thread would die in silence
            log.exception("the question %s stumbled", question.kind)
            answer = error
        if not self._unwanted:
            self._reply(question, answer)

"""The two threads behind the runner: one owns the Session and trains, one answers questions.

The trainer carries out commands and trains in slices of about two milliseconds. Between slices it gives the interpreter
away for a moment, and while a frame is being painted it holds still: a greedy thread doubles the time that painting
takes. Neither thread touches a widget; what they have to say goes into a mailbox or through a callable given to them.
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

import numpy as np
from typing_extensions import override

if TYPE_CHECKING:
    from bpstudio.training.frame import Frame
    from bpstudio.training.session import Session

SLICE = 0.002
"""Seconds of training between two moments in which the interpreter is free for the window."""
BREATH = 0.00001
"""Seconds of such a moment. The window wakes up in it; longer only trains less."""
CLEARANCE = 0.0006
"""Seconds before the display clock ticks in which no slice begins: the tick finds the interpreter free."""
LATENESS = 0.0015
"""Seconds for which a tick that is late is waited for."""
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
        """Find out; call `progress(share)` now and then: it raises CancelledError when nobody waits any more."""


@dataclass(frozen=True)
class Command:
    """Something for the session."""

    act: Callable[[Session], object]
    name: str
    newest_only: bool = False
    """Of several of its name in a row only the last is carried out."""
    stops: bool = True
    """Whether training that goes on ends with it."""
    gesture: str = ""
    """The name under which undo comes back to the moment before; steps that follow each other share one."""
    session: Session | None = None
    """The session to own from now on."""
    shown: bool = False
    """Whether its frame has been shown already."""


class Trainer(threading.Thread):
    """Owns the session. Only `play` (inside a command), `stop`, `done` and `training` are for the outside."""

    def __init__(
        self,
        commands: queue.SimpleQueue[Command | None],
        mailbox: deque[Frame],
        asked: threading.Event,
        go: threading.Event,
        report: Callable[[str], None],
        pace: Callable[[], float],
    ) -> None:
        super().__init__(name="bpstudio-trainer", daemon=True)
        self.done = 0
        """Commands carried out; each is counted when its frame is in the mailbox."""
        self.training = False
        """Whether more steps follow without a command; turns false after the last frame is in the mailbox."""
        self.tick_due = 0.0
        """When the display clock ticks next (time.perf_counter); the window's thread writes it."""
        self._commands = commands
        self._waiting: deque[Command | None] = deque()
        self._mailbox = mailbox
        self._asked = asked
        self._go = go
        self._report = report
        self._pace = pace
        self._halt = threading.Event()
        self._session: Session | None = None
        self._until: float | None = None
        self._step_seconds = SLICE
        self._speed = Speed()
        self._last = ""

    def play(self, until: int | None) -> None:
        """Train from now on; only inside a command."""
        self._until = math.inf if until is None else until
        self._speed = Speed()

    def stop(self) -> None:
        """Cut the present slice short; a command follows that says what to do instead."""
        self._halt.set()

    @override
    def run(self) -> None:
        # Numbers that overflow are data here (the frame says where), not warnings.
        with np.errstate(all="ignore"):
            while (command := self._next()) is not None:
                self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        self._halt.clear()
        if command.session is not None:
            self._session = command.session
        # The network may be another one from here on: measure again before many steps are taken at once.
        self._step_seconds = SLICE
        if command.stops:
            self._until = None
        if command.gesture and not (command.name == self._last == "step"):
            self._guarded(lambda session: _remember(session, command.gesture))
        self._last = command.name
        self._guarded(command.act)
        if not command.shown:
            self._guarded(self._post)
        self.training = self._until is not None
        self.done += 1
        if self.training and not self._guarded(self._train):
            self._until = None
            self._guarded(self._post)
        self.training = self._until is not None

    def _next(self) -> Command | None:
        """The next command; of several seeks (or places of one drag) in a row only the last."""
        while True:
            if not self._waiting:
                self._waiting.append(self._commands.get())
            with contextlib.suppress(queue.Empty):
                while True:
                    self._waiting.append(self._commands.get_nowait())
            command = self._waiting.popleft()
            following = self._waiting[0] if self._waiting else None
            if command is None or following is None or not following.newest_only or command.name != following.name:
                return command
            self.done += 1

    def _guarded(self, act: Callable[[Session], object]) -> bool:
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
            if self._asked.is_set():
                # Painting is over: what is made now is there when the clock ticks, and disturbs nobody.
                self._asked.clear()
                self._post(session)
            now = time.perf_counter()
            room = self.tick_due - now - CLEARANCE
            if -LATENESS < room <= 0:
                time.sleep(BREATH)
                continue
            if self._pace() != pace:
                pace, pace_start, pace_step = self._pace(), now, session.step_number
            left = self._until - session.step_number
            due = left if pace == math.inf else pace_step + (now - pace_start) * pace - session.step_number
            seconds = min(SLICE, room) if room > 0 else SLICE
            count = int(min(left, due, max(1.0, seconds / self._step_seconds)))
            if count >= 1:
                session.run(count)
                spent = (time.perf_counter() - now) / count
                self._step_seconds = max(1e-7, 0.8 * self._step_seconds + 0.2 * spent)
                rests = session.nonfinite is not None or session.stopped is not None or session.hit is not None
                if rests or session.step_number >= self._until:
                    self._until = None
                    self._post(session)
                    return
            if count >= 1:
                time.sleep(BREATH)
            else:
                self._halt.wait(min(0.02, max(0.001, (1 - due) / pace)))


def _remember(session: Session, gesture: str) -> None:
    if session.nonfinite is None:
        session.gesture(gesture)


class Speed:
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


class Answerer(threading.Thread):
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
        with self._door:
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

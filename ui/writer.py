"""The thread that writes projects: it owns the connections to the files that are open, and gets only frozen things.

There are two places to write to: the file that a person saves, and the recovery copy that nobody asks for. Each holds
its file open between two saves, so that a save writes only what is new. Of several saves of a place that wait only the
newest is carried out, and the person's file goes first.

Nothing that goes wrong here is raised into Qt: whoever asked is told, in the window's thread.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PyQt6.QtCore import QCoreApplication, QEvent, QObject
from typing_extensions import override

from ui.threads import CancelledError

if TYPE_CHECKING:
    from bpstudio.files.project import Project, ProjectFile

Place = Literal["file", "recovery"]
Told = Callable[[Exception | None], object]
"""What is told when something was done: nothing, or why it failed."""

UNNOTICED = 0.5
"""Seconds of saving that nobody is told about."""
NEWS = 0.1
"""Seconds between two messages about how far saving is."""
REST = 0.002
"""Seconds of writing between two moments in which the window may paint."""

log = logging.getLogger(__name__)
_ARRIVED = QEvent.Type(QEvent.registerEventType())


@dataclass(frozen=True, eq=False)
class Job:
    """Something for the writer; `then` is told in the window's thread.

    `run` tells one run from another: a file that holds another run is replaced, not added to. `revision` is the save
    that was read, when a file is followed.
    """

    place: Place
    kind: Literal["save", "follow", "leave", "drop"]
    path: Path
    run: int = 0
    project: Project | None = None
    revision: str = ""
    target: Path | None = None
    then: Told = lambda _: None
    progress: Callable[[float], object] | None = None
    asked: float = field(default_factory=time.perf_counter)


@dataclass
class Held:
    """A file that a place works on, and which run it holds; `file` is None while it could not be opened for writing,
    and then only the save that was read may be written over.
    """

    path: Path
    run: int
    file: ProjectFile | None
    revision: str = ""


class Writer(QObject):
    """The door to the thread. All methods return at once, except `settle` and `close`.

    `rest` is called in the thread now and then, while it writes.
    """

    def __init__(self, rest: Callable[[], None] = lambda: None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._outbox: deque[Callable[[], object]] = deque()
        self._pen = Pen(rest, self._tell)
        self._closed = False

    def save(
        self,
        place: Place,
        path: Path,
        project: Project,
        run: int,
        then: Told,
        progress: Callable[[float], object] | None = None,
    ) -> None:
        """Write a project: in place where the file is open and holds this run, else as a new file that replaces it.

        `progress(share)` is told from half a second on. What is replaced by a newer save is told nothing.
        """
        self._give(Job(place, "save", path, run, project, then=then, progress=progress))

    def follow(self, place: Place, path: Path, run: int, revision: str) -> None:
        """Work on a file that was just read: saves of this run go in place, and only while nobody else has saved."""
        self._give(Job(place, "follow", path, run, revision=revision))

    def leave(self, place: Place) -> None:
        """Something else is open now: hold the file of before no longer."""
        if self._pen.is_alive():
            self._give(Job(place, "leave", Path()))

    def drop(self, place: Place, path: Path, target: Path | None = None, then: Told = lambda _: None) -> None:
        """Let go of a file and delete it, or move it to `target`, in the place of what is there."""
        self._give(Job(place, "drop", path, target=target, then=then))

    def cancel(self, place: Place) -> None:
        """Nobody waits for a save any more: the file stays as it was, and the one who asked hears a CancelledError."""
        self._pen.cancel(place)

    @property
    def idle(self) -> bool:
        """Whether everything is written and told."""
        return self._pen.idle and not self._outbox

    def settle(self, patience: float) -> bool:
        """Wait until everything is written, `patience` seconds at most; tells what there is to tell."""
        done = self._pen.wait(patience)
        self._deliver()
        return done

    def close(self) -> None:
        """Write what waits, let go of the files and end the thread."""
        if not self._closed:
            self._closed = True
            self._pen.close()
            self._outbox.clear()

    def _give(self, job: Job) -> None:
        if not self._closed:
            self._pen.give(job)

    def _tell(self, what: Callable[[], object]) -> None:
        self._outbox.append(what)
        QCoreApplication.postEvent(self, QEvent(_ARRIVED))

    def _deliver(self) -> None:
        while self._outbox:
            self._outbox.popleft()()

    @override
    def customEvent(self, a0: QEvent | None) -> None:
        if not self._closed:
            self._deliver()


class Pen(threading.Thread):
    """The thread itself. It is started with the first job; `tell` hands something to the window's thread."""

    def __init__(self, rest: Callable[[], None], tell: Callable[[Callable[[], object]], None]) -> None:
        super().__init__(name="bpstudio-writer", daemon=True)
        self._rest, self._tell = rest, tell
        self._door = threading.Condition()
        self._waiting: list[Job] = []
        self._current: Job | None = None
        self._unwanted = False
        self._hurries = False
        self._closing = False
        self._held: dict[Place, Held] = {}

    def give(self, job: Job) -> None:
        with self._door:
            if job.kind == "save":
                same = (job.place, job.kind, job.path)
                self._waiting = [each for each in self._waiting if (each.place, each.kind, each.path) != same]
            self._waiting.append(job)
            current = self._current
            is_copy = current is not None and (current.place, current.kind) == ("recovery", "save")
            if is_copy and (job.place, job.kind) == ("file", "save"):
                self._unwanted = True  # a person waits; the copy will be made again
            self._door.notify_all()
            if not self.is_alive():
                self.start()

    def cancel(self, place: Place) -> None:
        with self._door:
            gone = [each for each in self._waiting if each.place == place and each.kind == "save"]
            self._waiting = [each for each in self._waiting if each not in gone]
            if self._current is not None and self._current.place == place:
                self._unwanted = True
        for job in gone:
            self._tell(partial(job.then, CancelledError()))

    @property
    def idle(self) -> bool:
        with self._door:
            return not self._waiting and self._current is None

    def wait(self, patience: float) -> bool:
        with self._door:
            self._hurries = True  # nobody paints while the window's thread waits here
            try:
                return self._door.wait_for(lambda: not self._waiting and self._current is None, patience)
            finally:
                self._hurries = False

    def close(self) -> None:
        with self._door:
            self._closing = True
            self._door.notify_all()
        if self.is_alive():
            self.join()

    # ---- in the thread

    @override
    def run(self) -> None:
        while (job := self._next()) is not None:
            self._carry_out(job)
            del job  # while nothing is to be done, a run that is over is not held here
        for place in list(self._held):
            self._let_go(place)

    def _carry_out(self, job: Job) -> None:
        problem: Exception | None = None
        try:
            self._do(job)
        except (ValueError, OSError, MemoryError, CancelledError) as error:
            problem = error
        except Exception as error:  # the last line before a thread would die in silence
            log.exception("the writer stumbled over %s", job.path)
            problem = error
        self._tell(partial(job.then, problem))

    def _next(self) -> Job | None:
        with self._door:
            self._current = None
            self._door.notify_all()
            self._door.wait_for(lambda: self._waiting or self._closing)
            if not self._waiting:
                return None
            first = next((job for job in self._waiting if job.place == "file"), self._waiting[0])
            self._waiting.remove(first)
            self._current, self._unwanted = first, False
            return first

    def _do(self, job: Job) -> None:
        from bpstudio.files.project import ProjectConflictError, ProjectFile  # SQLite, only where something is saved

        held = self._held.get(job.place)
        if job.kind == "save" and job.project is not None:
            progress = self._progress(job)
            if held is not None and (held.path, held.run) == (job.path, job.run):
                try:
                    if held.file is None:
                        held.file = ProjectFile.open(held.path, held.revision)
                    held.file.save(job.project, progress)
                    return
                except ProjectConflictError:
                    # A person decides what becomes of a file; a copy that somebody deleted is made again.
                    if job.place == "file":
                        raise
            if held is not None and held.path == job.path:
                self._let_go(job.place)  # elsewhere than here an open file cannot be replaced
            file = ProjectFile.create(job.path, job.project, progress)
            self._let_go(job.place)
            self._held[job.place] = Held(job.path, job.run, file)
        elif job.kind == "follow":
            self._let_go(job.place)
            held = self._held[job.place] = Held(job.path, job.run, None, job.revision)
            with contextlib.suppress(ValueError, OSError):  # whoever only looks need not hear of it
                held.file = ProjectFile.open(job.path, job.revision)
        elif job.kind == "leave":
            self._let_go(job.place)
        else:
            self._let_go(job.place)
            if job.target is None:
                job.path.unlink(missing_ok=True)
            elif job.path.exists():
                os.replace(job.path, job.target)  # noqa: PTH105  # replaces on Windows too, in one call

    def _let_go(self, place: Place) -> None:
        held = self._held.pop(place, None)
        if held is not None and held.file is not None:
            with contextlib.suppress(OSError, ValueError):
                held.file.close()

    def _progress(self, job: Job) -> Callable[[float], None]:
        reported, rested = job.asked + UNNOTICED - NEWS, time.perf_counter()

        def progress(share: float) -> None:
            nonlocal reported, rested
            if self._unwanted:
                raise CancelledError
            now = time.perf_counter()
            if job.progress is not None and now - reported > NEWS:
                reported = now
                self._tell(partial(job.progress, share))
            if now - rested > REST and not (self._closing or self._hurries):
                self._rest()
                rested = time.perf_counter()

        return progress

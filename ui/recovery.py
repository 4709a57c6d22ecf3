"""Nothing short of a destroyed disk loses work: the run is kept in a file of its own while it goes on.

Each process has one such file, beside the log, with a lock that dies with it. While something is there that is in no
file of a person's, it is written anew every few seconds; it is never the person's own file. Whoever ends without being
able to clean up (a crash, a power cut, a signal) leaves it behind without a living lock, and the next start offers it.
At a proper end it becomes the last session, which the next start offers too.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QStandardPaths, QTimer

from ui.document import Document
from ui.language import tr, translatable
from ui.opening import SUFFIX
from ui.process_lock import ProcessLock
from ui.runner import CancelledError, Runner
from ui.saved import Saved
from ui.writer import Writer

if TYPE_CHECKING:
    from bpstudio.files.project import Description, Project
    from bpstudio.training.archive import Archive
    from bpstudio.training.frame import Frame

EVERY, AT_LEAST = 2.5, 1.0
"""Seconds between the end of one writing and the next, and where writing takes very long."""
SHARE = 10
"""It rests so many times as long as writing took."""
LOST_AT_MOST = 4.5
"""Seconds of work that a crash may cost: a pause, and the writing before and after it."""
AFTER_TROUBLE = 30.0
"""Seconds after which it is tried again when it could not be written."""
OLD = 24 * 3600.0
"""Seconds after which nobody is in the middle of making a file."""
KEYFRAME_BYTES = 8 * 2**20
"""So much of the keyframes is kept, evenly spread; replay brings back what lies between."""
PATIENCE = 5.0
"""Seconds that an end without time for questions waits for the last writing."""
NOT_KEPT = translatable(
    "What you do is not kept in case of a crash: {reason} It is tried again; until then, save it yourself now and then."
)


@dataclass(frozen=True)
class Offer:
    """A run that was left behind: its file, and what it contains; or why it cannot be read."""

    path: Path
    description: Description | None
    problem: str = ""


class Recovery(QObject):
    """Keeps the run of this process, and finds those that others left behind. `say(level, text)` shows a message."""

    def __init__(
        self,
        runner: Runner,
        document: Document,
        writer: Writer,
        say: Callable[[str, str], object],
        folder: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._document, self._writer, self._say = runner, document, writer, say
        self._folder = folder or state_folder()
        name = f"recovery-{os.getpid()}-{os.urandom(4).hex()}"
        self.path = self._folder / f"{name}{SUFFIX}"
        """The file of this process; there only while there is something to lose."""
        self._lock = ProcessLock(self._folder / f"{name}.lock")
        self._others: dict[Path, ProcessLock] = {}
        self._taken_up: dict[Path, int] = {}
        self._kept: object = None
        self._busy = False
        self._told = False
        self._ended = False
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.timeout.connect(self._keep)
        runner.frame_arrived.connect(self._follow)
        document.listen(self._heard)
        document.taken_up = self._take_up

    @property
    def last_session(self) -> Path:
        """Where the run is that was open when a window was closed last."""
        return self._folder / f"last-session{SUFFIX}"

    # ---- this run

    def keep_now(self, patience: float = PATIENCE) -> bool:
        """Write what there is to lose, and wait for it: the process ends. Whether it was written in time."""
        self._clock.stop()
        frame = self._runner.frame
        if frame is None or not self._document.changed:
            self._forget()
            return self._writer.settle(patience)
        deadline = time.monotonic() + patience
        archive = self._runner.archive_at_once(patience, KEYFRAME_BYTES)
        if archive is None:
            return False
        self._write(frame, archive)
        return self._writer.settle(max(deadline - time.monotonic(), 0.0)) and not self._told

    def end(self) -> None:
        """A person closes the window: what is there becomes the last session, without a question more."""
        self._ended = True
        self._clock.stop()
        frame, document = self._runner.frame, self._document
        if frame is None or not (document.changed or document.path is not None or frame.last_step > 0):
            self._forget()
            return
        archive = self._runner.archive_at_once(PATIENCE, KEYFRAME_BYTES)
        if archive is not None:
            self._write(frame, archive)
            self._writer.drop("recovery", self.path, self.last_session)

    def close(self) -> None:
        """Let go of the locks, after the writer has written everything. What was found and not decided stays."""
        self._ended = True
        self._clock.stop()
        if self._lock.is_held:
            self._lock.release(remove=not self.path.exists())
        for path, lock in self._others.items():
            lock.release(remove=not path.exists())
        self._others.clear()

    def _take_up(self, path: Path) -> None:
        """A run that was kept is open again; its file stays until what is open now is written."""
        self._taken_up[path] = self._document.run

    def _heard(self) -> None:
        """Something was saved or opened: what is in a person's file now is not kept a moment longer."""
        if not self._ended and not self._document.is_opening and not self._document.changed:
            self._forget()
        self._follow()

    def _follow(self, *_: object) -> None:
        if not self._clock.isActive() and not self._busy and not self._ended:
            self._clock.start(round(1000 * EVERY))

    def _keep(self) -> None:
        """Write the run if it is another one than was written last."""
        frame = self._runner.frame
        if frame is None or self._busy or self._ended:
            return
        if not self._document.changed:
            self._forget()
        elif self._state(frame) != self._kept:
            self._busy = True
            self._runner.archive(partial(self._frozen, frame, self._document.run), KEYFRAME_BYTES, self._not_frozen)

    def _not_frozen(self) -> None:
        self._busy = False
        if not self._ended:
            self._clock.start(round(1000 * AFTER_TROUBLE))

    def _frozen(self, frame: Frame, run: int, archive: Archive) -> None:
        if run == self._document.run and self._document.changed and not self._ended:
            self._write(frame, archive)
        else:  # it was saved in between, something else was opened, or the last of it is written already
            self._busy = False
            self._follow()

    def _write(self, frame: Frame, archive: Archive) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock.take()
        except OSError as error:
            self._written(None, time.monotonic(), error)
            return
        document = self._document
        view = document.view(frame) | {"document": document.notes()}
        # With its data: the file from which they came may be gone by then.
        project: Project = document.project(archive, document.lesson_of(frame), view, embed=True)
        told = partial(self._written, self._state(frame), time.monotonic())
        self._writer.save("recovery", self.path, project, document.run, told)

    def _written(self, state: object, begun: float, problem: Exception | None) -> None:
        self._busy = False
        took = time.monotonic() - begun
        pause = max(min(max(EVERY, SHARE * took), LOST_AT_MOST - 2 * took), min(AT_LEAST, EVERY))
        if problem is None:
            self._kept, self._told = state, False
            for path in [path for path, run in self._taken_up.items() if run == self._document.run]:
                del self._taken_up[path]  # it is in the file of this process now
                if path != self.last_session:
                    self.discard(path)
        elif not isinstance(problem, CancelledError):
            pause = AFTER_TROUBLE
            if not self._told and not self._ended:
                self._told = True
                self._say("warning", tr(NOT_KEPT, reason=self._document.explain(problem)))
        if not self._ended:
            self._clock.start(round(1000 * pause))

    def _forget(self) -> None:
        """Nothing is there that could be lost."""
        if self._lock.is_held and (self._kept is not None or self._ended):
            self._writer.drop("recovery", self.path)
            self._kept = None

    def _state(self, frame: Frame) -> object:
        """What is to be written again when it changes."""
        return (self._document.run, frame.branch, frame.step, Saved.of_frame(frame))

    # ---- runs of others

    def offers(self) -> tuple[Offer, ...]:
        """What processes that are no more have left behind, the newest first. Until `close` no other process offers
        them.
        """
        found = []
        self._sweep()
        for path in self._left_behind():
            lock = self._others.get(path) or ProcessLock(path.with_suffix(".lock"))
            try:
                if path == self.path or not lock.take():
                    continue
            except OSError:
                continue
            if not path.is_file():  # its own process has cleaned up in between
                lock.release()
                continue
            self._others[path] = lock
            if path not in self._taken_up:
                found.append(_describe(path))
        return tuple(found)

    def discard(self, path: Path) -> None:
        """Delete a run that was offered."""
        lock = self._others.pop(path, None)
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
            path.with_name(f"{path.name}-journal").unlink(missing_ok=True)  # of a save that was cut off
        if lock is not None:
            lock.release(remove=not path.exists())

    def _sweep(self) -> None:
        """Delete what is of no use to anybody: locks without a run, and files that were never finished."""
        with contextlib.suppress(OSError):
            for path in (*self._folder.glob("recovery-*.lock"), *self._folder.glob(".bpstudio-*.part")):
                if time.time() - path.stat().st_mtime < OLD or path.with_suffix(SUFFIX).exists():
                    continue
                lock = ProcessLock(path)
                if lock.take():
                    lock.release()

    def _left_behind(self) -> list[Path]:
        try:
            files = [(path.stat().st_mtime, path) for path in self._folder.glob(f"recovery-*{SUFFIX}")]
        except OSError:
            return []
        return [path for _, path in sorted(files, reverse=True)]


def state_folder() -> Path:
    """Where runs are kept: beside the log."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericStateLocation)
    return Path(place or Path.home()) / "bpstudio"


def _describe(path: Path) -> Offer:
    from bpstudio.files import project  # SQLite, only where something was left behind

    try:
        return Offer(path, project.describe(path))
    except (OSError, ValueError) as error:
        return Offer(path, None, str(error))

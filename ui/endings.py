"""Ends that nobody asks about: a signal from outside, and the end of the desktop session.

Python carries out its handlers only between two of its own instructions, and while Qt sleeps there are none. So each
signal also writes a byte into a socket, and Qt wakes up when it can be read.
"""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

from PyQt6.QtCore import QCoreApplication, QObject, QSocketNotifier
from PyQt6.QtGui import QGuiApplication

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
BY_SIGNAL = 128
"""What shells add to the number of the signal that ended a process, to make its exit status."""


class Endings(QObject):
    """Saves with `keep`, then ends the application. Make one in the main thread; `remove` puts everything back."""

    def __init__(self, app: QGuiApplication, keep: Callable[[], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._app, self._keep = app, keep
        self.status: int | None = None
        """The exit status after a signal; None while none has come."""
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._old_descriptor = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._old: dict[signal.Signals, Any] = {each: signal.signal(each, self._arrived) for each in SIGNALS}
        kind = QSocketNotifier.Type.Read
        self._notifier = QSocketNotifier(self._reader.fileno(), kind, self)  # type: ignore[call-overload]  # takes one
        self._notifier.activated.connect(self._woken)
        app.commitDataRequest.connect(self._session_ends)
        app.saveStateRequest.connect(self._session_ends)

    def remove(self) -> None:
        """Put everything back as it was."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_descriptor)
        for number, handler in self._old.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._app.commitDataRequest.disconnect(self._session_ends)
        self._app.saveStateRequest.disconnect(self._session_ends)
        self._reader.close()
        self._writer.close()

    def _arrived(self, _number: int, _frame: FrameType | None) -> None:
        """Called by Python in the middle of anything: all is done where Qt hears of it, below."""

    def _woken(self) -> None:
        with contextlib.suppress(OSError):
            # A byte is the number of a signal; others than ours have handlers of their own.
            came = [number for number in self._reader.recv(4096) if number in SIGNALS]
            self.status = BY_SIGNAL + came[0] if came else None
        if self.status is not None:
            self._notifier.setEnabled(False)
            try:
                self._keep()
            finally:
                # Every event loop ends, that of an open question too.
                QCoreApplication.exit(self.status)

    def _session_ends(self, *_: object) -> None:
        self._keep()

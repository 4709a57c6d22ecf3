"""A signal from outside, or the end of the desktop session: everything is kept, then the application ends."""

import os
import signal
import socket
from collections.abc import Iterator

import pytest
from PyQt6.QtCore import QCoreApplication
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from ui.endings import Endings


@pytest.fixture
def done(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    found: list[object] = []
    monkeypatch.setattr(QCoreApplication, "exit", staticmethod(found.append))
    endings = Endings(qapp, lambda: found.append("kept"))
    yield found
    endings.remove()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signal_keeps_then_ends_with_its_status(done: list[object], qtbot: QtBot, name: str) -> None:
    if not hasattr(signal, name):
        pytest.skip("this system has no such signal")
    number = signal.Signals[name]
    os.kill(os.getpid(), number)
    qtbot.waitUntil(lambda: len(done) == 2)
    assert done == ["kept", 128 + number]
    os.kill(os.getpid(), number)
    QCoreApplication.processEvents()
    assert len(done) == 2, "once is enough"


def test_end_of_the_session_keeps_and_asks_nothing(qapp: QApplication, qtbot: QtBot) -> None:
    kept: list[int] = []
    endings = Endings(qapp, lambda: kept.append(1))
    endings._session_ends()
    endings.remove()
    assert (kept, endings.status) == ([1], None)


def test_other_signals_have_handlers_of_their_own(done: list[object], qtbot: QtBot) -> None:
    if not hasattr(signal, "SIGUSR1"):
        pytest.skip("this system has no such signal")
    came: list[int] = []
    old = signal.signal(signal.SIGUSR1, lambda number, _: came.append(number))
    os.kill(os.getpid(), signal.SIGUSR1)
    qtbot.waitUntil(lambda: bool(came))
    QCoreApplication.processEvents()
    signal.signal(signal.SIGUSR1, old)
    assert done == []


def test_everything_is_put_back(qapp: QApplication) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    old = signal.set_wakeup_fd(ours.fileno())
    endings = Endings(qapp, lambda: None)
    assert signal.getsignal(signal.SIGTERM) != before[1]
    endings.remove()
    assert signal.set_wakeup_fd(old) == ours.fileno()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    ours.close()
    theirs.close()

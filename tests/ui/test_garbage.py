"""A cycle that holds a Qt object must not die in another thread."""

import gc
import threading

from PyQt6.QtCore import QObject
from pytestqt.qtbot import QtBot

from ui.garbage import Collector


class Cycle(QObject):
    """Notes the thread in which Python lets go of it."""

    died_in: threading.Thread | None = None

    def __init__(self) -> None:
        super().__init__()
        self.itself = self

    def __del__(self) -> None:
        Cycle.died_in = threading.current_thread()


def test_cycles_die_in_the_windows_thread_only(qtbot: QtBot) -> None:
    was_enabled = gc.isenabled()
    gc.enable()
    collector = Collector()
    try:
        Cycle.died_in = None
        Cycle()
        worker = threading.Thread(target=lambda: [[] for _ in range(200_000)])
        worker.start()
        worker.join()
        assert Cycle.died_in is None, "no other thread collects"
        [[object()] for _ in range(5000)]
        keep = [[] for _ in range(5000)]
        qtbot.waitUntil(lambda: Cycle.died_in is threading.main_thread())
        assert keep
    finally:
        collector.stop()
        assert gc.isenabled()
        if not was_enabled:
            gc.disable()

"""Reference cycles are collected in the window's thread, between two events, and nowhere else.

Python collects garbage in whatever thread happens to allocate. A cycle may hold the last reference to a Qt object,
and a widget that is destroyed in the training thread, or in the middle of its own painting, takes the process with
it.
"""

from __future__ import annotations

import gc

from PyQt6.QtCore import QObject, QTimer

PAUSE_MS = 200
FIRST_MS = 1500
"""Before the first collection; until then the window is still being completed."""


class Collector(QObject):
    """While it exists, the only one that collects cycles."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        self._settled = False
        gc.disable()
        gc.freeze()  # what has been loaded so far stays as well
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(FIRST_MS)

    def collect(self) -> None:
        """Collect the generations that are due by Python's own thresholds."""
        if not self._settled:
            # What is there after the start stays: never looking at it again makes a full collection short.
            self._settled = True
            self._timer.setInterval(PAUSE_MS)
            gc.collect()
            gc.freeze()
        counts, thresholds = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > thresholds[generation]:
                gc.collect(generation)
                return

    def stop(self) -> None:
        """Leave collecting to Python again."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()

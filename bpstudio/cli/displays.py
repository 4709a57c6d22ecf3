"""Where no window can open: how that is known, and what the terminal does instead."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def display_missing() -> bool:
    """Whether this is a system on which windows need a display server, and none is announced."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def without_display() -> int:
    """What `bpstudio` does where no window can open: the Iris lesson, here, with a report to look at elsewhere."""
    from bpstudio.cli.training import Wishes, train

    print("No display here (DISPLAY and WAYLAND_DISPLAY are not set), so the Iris lesson trains in this terminal.")
    return train(Wishes("iris", report=Path("iris-report.html")))

"""How much memory this machine has: a network that needs more is refused before anything is allocated."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from pathlib import Path

UNKNOWN = 4 * 2**30
"""What is taken for granted where the system does not say."""

_CONTAINER = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@cache
def memory_limit() -> int:
    """Bytes of memory of the machine, or of the container in which this runs, whichever is less."""
    machine = _windows() if sys.platform == "win32" else _posix()
    limits = [machine or UNKNOWN]
    for path in _CONTAINER:
        try:
            limits.append(int(Path(path).read_text(encoding="ascii")))
        except (OSError, ValueError):  # no container, or one without a limit: "max"
            continue
    return min(limits)


def _posix() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


def _windows() -> int:
    class Status(ctypes.Structure):
        """MEMORYSTATUSEX of the Windows API, as far as it is read."""

        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            ("rest", ctypes.c_ulonglong * 6),
        )

    status = Status(length=ctypes.sizeof(Status))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 (exists on Windows only)
    return int(status.total) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else 0


def gibibytes(count: int) -> str:
    """A number of bytes as people say it: 12.5."""
    return f"{count / 2**30:,.1f}" if count < 2**60 else f"{count >> 30:,}"

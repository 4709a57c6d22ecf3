"""A pytest plugin in whose presence Qt, and everything that needs Qt, cannot be imported."""

import importlib.abc
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

BLOCKED = {"PyQt6", "PySide6", "pyqtgraph", "ui", "ziamath"}


class Wall(importlib.abc.MetaPathFinder):
    """The first finder asked; it refuses what is blocked and leaves the rest to the others."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in BLOCKED:
            raise ImportError(f"{fullname} is blocked: bpstudio works without Qt")
        return None


sys.meta_path.insert(0, Wall())


def pytest_sessionstart() -> None:
    for name in sorted(BLOCKED):
        with pytest.raises(ImportError):
            __import__(name)


def pytest_sessionfinish() -> None:
    assert not BLOCKED & sys.modules.keys()

"""Every mistake that `make mutations` plants still has its place in the source, and its tests are there."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def planted() -> ModuleType:
    spec = importlib.util.spec_from_file_location("planted", ROOT / "tests" / "mutations" / "planted.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["planted"] = module  # where its dataclass looks for itself
    spec.loader.exec_module(module)
    return module


MISTAKES = planted().MISTAKES


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_has_one_place(mistake: object) -> None:
    source = (ROOT / mistake.file).read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert mistake.planted(source) != source  # type: ignore[attr-defined]
    assert all((ROOT / test).exists() for test in mistake.tests)  # type: ignore[attr-defined]


def test_there_are_enough_of_them() -> None:
    assert len({mistake.name for mistake in MISTAKES}) >= 25

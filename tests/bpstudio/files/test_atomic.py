"""A file that cannot be written stays as it was, and the reason names the file that was asked for."""

import errno
import os
from pathlib import Path

import pytest

from bpstudio.files import atomic


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"^there is no folder .*nowhere$"):
        atomic.write_text(tmp_path / "nowhere" / "a.json", "1")


def test_failure_names_the_file_that_was_asked_for_and_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.json"
    target.write_text("old", encoding="utf-8")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", ".bpstudio-0.part")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(OSError, match=r"a\.json cannot be written: No space left on device$"):
        atomic.write_text(target, "new")
    assert target.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_process_left_is_deleted_when_it_is_old(tmp_path: Path) -> None:
    old, new, other = (tmp_path / f".bpstudio-{name}" for name in ("0123456789ab.part", "ba9876543210.part", "x.part"))
    for each in (old, new, other):
        each.write_text("half", encoding="utf-8")
    for each in (old, other):
        os.utime(each, (0, 0))
    atomic.write_text(tmp_path / "a.json", "1")
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "a.json", new, other])

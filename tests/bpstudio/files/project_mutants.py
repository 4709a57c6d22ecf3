"""Project files as a broken disk, another program or a stranger makes them, each from a seed.

Bytes are changed here, rows in ``row_mutants``; ``judged`` says what becomes of them.
"""

from __future__ import annotations

import os
import random
import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import mutants
import numpy as np
import project_runs as runs
import row_mutants

from bpstudio.files import lesson as lessons
from bpstudio.files import project as projects
from bpstudio.training.session import Session

NAME = "run.bpstudio"
VICTIM = "letters to my mother.txt"


@dataclass(frozen=True)
class Source:
    """A sound file, and everything that is in it as one number."""

    content: bytes
    digest: str


def _explicit() -> Session:
    run = Session(runs.experiment(), runs.data(), batches=[np.array([0, 2]), np.array([1]), np.array([3, 4, 5])])
    run.run(70)
    return run


KINDS = dict(runs.kinds())
MAKERS: dict[str, Callable[[], projects.Project]] = {
    "past": lambda: runs.project(runs.run_with_a_past(KINDS["adam"], 40), view={"panels": [1, "x"]}),
    "plateau": lambda: runs.project(runs.run_with_a_past(KINDS["plateau"], 20)),
    "running means": lambda: runs.project(runs.run_with_a_past(KINDS["running means"], 10)),
    "explicit": lambda: runs.project(_explicit()),
    "lesson": lambda: runs.project(_lesson("iris", 30), lesson=lessons.load("iris")),
    "beside": lambda: runs.project(_lesson("cuts", 30), lesson=lessons.load("cuts"), embed=False),
    "long": lambda: runs.project(_lesson("xor", 1100)),
}


def _lesson(name: str, steps: int) -> Session:
    run = lessons.load(name).session()
    run.run(steps)
    return run


@cache
def source(name: str) -> Source:
    """A sound file of this kind."""
    project = MAKERS[name]()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        projects.write(path, project)
        return Source(path.read_bytes(), runs.digest(project.archive))


# ---- bytes


def _page(content: bytes) -> int:
    return int.from_bytes(content[16:18]) or 4096


def _in_header(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(mutants.flip(content, rng, 16, 100))
    if rng.random() < 0.6:
        at, values = rng.choice(
            (
                (16, (b"\x00\x01", b"\x02\x00", b"\x80\x00", b"\x00\x00", b"\x03\x00")),  # bytes of a page
                (18, (b"\x02\x02", b"\x01\x02", b"\x02\x01", b"\x00\x00", b"\xff\xff")),  # a log beside it
                (20, (b"\x01", b"\xff")),
                (28, (b"\x00\x00\x00\x01", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff")),  # pages
                (32, (b"\x00\x00\x00\x02", b"\x7f\xff\xff\xff")),  # the first free page
                (36, (b"\x00\x00\x00\x07", b"\x7f\xff\xff\xff")),
                (44, (b"\x00\x00\x00\x00", b"\x00\x00\x00\x05")),  # format of the schema
                (52, (b"\x00\x00\x00\x03",)),  # pages that can be moved
                (56, (b"\x00\x00\x00\x02", b"\x00\x00\x00\x00", b"\x00\x00\x00\x09")),  # UTF-16
                (60, (b"\x00\x00\x00\x00", b"\x00\x00\x00\x02", b"\xff\xff\xff\xff")),  # version of ours
                (68, (b"\x00\x00\x00\x00", b"GPKG")),  # whose file it is
                (72, (b"x" * 20,)),
            )
        )
        value = rng.choice(values)
        changed[at : at + len(value)] = value
    return bytes(changed)


def _in_page_header(content: bytes, rng: random.Random) -> bytes:
    page = _page(content)
    at = rng.randrange(max(1, len(content) // page)) * page
    at += 100 if at == 0 else 0
    if rng.random() < 0.5:
        return mutants.flip(content, rng, at, at + 12)
    changed = bytearray(content)
    struct.pack_into(">H", changed, at + rng.choice((1, 3, 5, 8, 10)), rng.choice((0, 1, 7, 4095, 65535)))
    if rng.random() < 0.5:
        changed[at] = rng.choice((2, 5, 10, 13, 0, 255))
    return bytes(changed)


def _in_cells(content: bytes, rng: random.Random) -> bytes:
    """Where rows begin on a page, how long they are, which page comes next."""
    page = _page(content)
    at = rng.randrange(max(1, len(content) // page)) * page
    return mutants.flip(content, rng, at + 8, at + rng.choice((64, 200, page)))


def _in_schema(content: bytes, rng: random.Random) -> bytes:
    return mutants.flip(content, rng, 100, _page(content) * 2)


def _pages_swapped(content: bytes, rng: random.Random) -> bytes:
    page = _page(content)
    pages = [content[at : at + page] for at in range(0, len(content), page)]
    a, b = rng.randrange(len(pages)), rng.randrange(len(pages))
    pages[a], pages[b] = (pages[b], pages[a]) if rng.random() < 0.5 else (pages[b], pages[b])
    return b"".join(pages)


_BYTES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(mutants.flip, mutants.flip, mutants.cut, mutants.stuffed, mutants.other_kind),
    *(_in_header, _in_header, _in_page_header, _in_page_header, _in_cells, _in_schema, _pages_swapped),
    *(row_mutants.tables,) * 3,
)


# ---- what lies beside it


def _journal(content: bytes, folder: Path, rng: random.Random) -> bytes:
    """A file beside it that tells SQLite to take back a save that nobody made, or to delete another file."""
    page = _page(content)
    head = bytes.fromhex("d9d505f920a163d7") + struct.pack(
        ">5I", rng.choice((0, 1, 5, 2**31, 2**32 - 1)), rng.randrange(2**32), rng.choice((0, 1, 2**31)), 512, page
    )
    body = b"".join(struct.pack(">I", rng.randrange(9)) + rng.randbytes(page + 4) for _ in range(rng.randrange(3)))
    name = str(folder / VICTIM).encode()
    tail = struct.pack(">I", 2**30 // page) + name + struct.pack(">2I", len(name), sum(name)) + head[:8]
    side = rng.choice((b"", b"\x00" * 600, rng.randbytes(600), head, head.ljust(512, b"\x00") + body,
                       head.ljust(512, b"\x00") + body + tail, tail))  # fmt: skip
    (folder / (NAME + rng.choice(("-journal", "-journal", "-wal", "-shm")))).write_bytes(side)
    return content


def plant(folder: Path, seed: int) -> tuple[Path, Source | None]:
    """Put a mutant into an empty folder; (its path, what it has to be if it opens, or None for anything)."""
    rng = random.Random(seed)
    sound = source(rng.choice(list(MAKERS)))
    path = folder / NAME
    (folder / VICTIM).write_text("Dear mother,", encoding="utf-8")
    kind = rng.random()
    if kind < 0.5:
        content, sealed = row_mutants.rows(sound.content, rng)
        path.write_bytes(content)
        return path, None if sealed else sound
    if kind < 0.92:
        path.write_bytes(rng.choice(_BYTES)(sound.content, rng))
    elif kind < 0.97:
        path.write_bytes(_journal(sound.content, folder, rng))
    else:
        _no_file(path, sound.content, rng)
    return path, sound


def _no_file(path: Path, content: bytes, rng: random.Random) -> None:
    """Something else of that name."""
    real = path.with_name("real")
    kinds: tuple[Callable[[], object], ...] = (
        path.mkdir,
        lambda: os.mkfifo(path),
        lambda: (real.write_bytes(content), path.symlink_to(real)),
        lambda: path.symlink_to(path),
        lambda: path.symlink_to(real),
        lambda: path.symlink_to("/dev/zero"),
        lambda: path.symlink_to(path.parent),
        lambda: None,
    )
    rng.choice(kinds)()


# ---- opening


def use(session: Session) -> None:
    """Look at a run as the window does, and go on with it. What is refused here was opened in vain."""
    try:
        for branch in session.past.branches[:3]:
            session.switch(branch.number)
            frame = session.frame()
            for column in frame.metrics.columns:
                frame.metrics.curve(column)
                frame.metrics.means(column)
                frame.metrics.value(column, frame.step)
            frame.metrics.units()
            for layer, unit in frame.metrics.legs[-1].switches[:2]:
                frame.metrics.off_since(layer, unit, frame.step)
        session.seek(session.past.branch.first)
        if session.nonfinite is None:
            session.run(3)
        session.seek(session.last_step)
        if session.nonfinite is None:
            session.run(12)
        for mark in session.past.bookmarks[:3]:
            if any(
                each.number == mark.branch and each.first <= mark.step <= each.last for each in session.past.branches
            ):
                session.go_to_bookmark(mark.number)
        session.apply(session.experiment.replace(batch_size=2))
        session.archive()
        session.undo()
    except Exception as error:
        raise RuntimeError(f"once it was open: {type(error).__name__}: {error}") from error


def open_project(path: Path, sound: Source | None) -> None:
    """Open a project, and go on with its run; where it was not sealed again it has to be what was saved."""
    project = projects.read(path)
    if sound is not None and runs.digest(project.archive) != sound.digest:
        raise RuntimeError("opened as something else than was saved")
    use(Session.restored(project.archive))


def left(folder: Path) -> dict[str, bytes | str]:
    """What is in a folder, to be the same afterwards."""
    return {
        path.name: path.read_bytes() if path.is_file() and not path.is_symlink() else "no file"
        for path in sorted(folder.iterdir())
    }


def open_repaired(path: Path, other: Path) -> None:
    """Repair a project that is refused, and go on with what is left of its run."""
    projects.repair(path, other)
    try:
        project = projects.read(other)
    except Exception as error:
        raise RuntimeError(f"repaired, but {type(error).__name__}: {error}") from error
    use(Session.restored(project.archive))


def judged(folder: Path, seed: int) -> tuple[str, str]:
    """(what is wrong with the way in which a mutant was opened or refused, the refusal); "" for nothing."""
    path, sound = plant(folder, seed)
    before = left(folder)
    wrong, refusal = mutants.judged(lambda: open_project(path, sound))
    if not wrong and refusal and seed % 4 == 0:
        with tempfile.TemporaryDirectory() as elsewhere:
            wrong, _ = mutants.judged(lambda: open_repaired(path, Path(elsewhere) / NAME))
            wrong = wrong and f"repairing {wrong}"
    if not wrong and left(folder) != before:
        wrong = "a file was changed, made or deleted"
    return wrong, refusal

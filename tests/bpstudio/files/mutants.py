"""Files as a broken disk, a mistyped edit or a stranger makes them, each from a seed, and a judge of what comes of it.

Run as a program, it opens many of them in a process of its own, and says what that cost.
"""

from __future__ import annotations

import contextlib
import copy
import gzip
import io
import json
import os
import random
import shutil
import sqlite3
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

LONGEST_REFUSAL = 1000
LONGEST_SECONDS = 10.0
"""Of computing, for a machine that is slow and does other things; the program below allows two."""

CANARY = "planted_by_a_stranger"
EVIL = (
    f"__import__('os').system('touch {CANARY}')",
    f"$(touch {CANARY})",
    f"../../{CANARY}",
    f"file:///etc/passwd#{CANARY}",
    f"formula({CANARY})",
    f"asset:../../{CANARY}",
    "/dev/zero",
    "/dev/stdin",
    "/proc/self/mem",
    "//stranger/share/x.csv",
)
NUMBERS = ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e308", "-1e308", "5e-324", "-0.0", "0", "-1", "1.5")
NUMBERS += ("00", "0x10", "1_000", "1e", "9" * 19, "9" * 400, "-" + "9" * 5000, "1" + "0" * 300 + ".0")
COUNTS = (
    0,
    -1,
    1,
    2,
    3,
    17,
    1000,
    10**5,
    10**6,
    10**7,
    10**9,
    2**31,
    2**32 + 1,
    2**53,
    2**63 - 1,
    2**63,
    2**64,
    10**30,
)
WRONG: tuple[Any, ...] = (None, True, False, "", "x", [], {}, [[]], [None], {"": 0}, 0.5, -0.0, 1e308, -1e-320)
WRONG += ("\x00", "\ud800", "\U0001f9e0", "\u202e", "nan", "1", ["a", 1], {"name": "sgd"}, {"en": None})


# ---- bytes


def flip(source: bytes, rng: random.Random, low: int = 0, high: int | None = None) -> bytes:
    """A few bits of the bytes low … high−1 turned over."""
    changed = bytearray(source)
    stop = min(len(changed), len(changed) if high is None else high)
    for _ in range(rng.choice((1, 1, 1, 2, 5, 40)) if stop > low else 0):
        changed[rng.randrange(low, stop)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut(source: bytes, rng: random.Random) -> bytes:
    """The end, the beginning or a piece lost."""
    a, b = sorted((rng.randint(0, len(source)), rng.randint(0, len(source))))
    return rng.choice((source[:a], source[a:], source[:a] + source[b:]))


def stuffed(source: bytes, rng: random.Random) -> bytes:
    """Something that does not belong there."""
    at = rng.randint(0, len(source))
    a, b = sorted((rng.randint(0, len(source)), rng.randint(0, len(source))))
    what = rng.choice(
        (b"\0", b"\xff\xfe", b"\xef\xbb\xbf", rng.randbytes(rng.randint(1, 99)), b"\0" * 5000, source[a:b])
    )
    return source[:at] + what + source[at + rng.choice((0, len(what))) :]


def other_kind(source: bytes, rng: random.Random) -> bytes:
    """A file of another kind under the same name."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lesson.json", source[:2000])
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE stranger (x)")
    with contextlib.closing(database):
        table = database.serialize()
    kinds: tuple[Callable[[], bytes], ...] = (
        lambda: b"\x89PNG\r\n\x1a\n" + rng.randbytes(200),
        packed.getvalue,
        lambda: table,
        lambda: gzip.compress(source[:2000]),
        lambda: source[:4000].decode("utf-8", "replace").encode("utf-16"),
        lambda: source[:4000].decode("utf-8", "replace").encode("utf-32-le"),
        lambda: source[:4000].decode("utf-8", "replace").encode("latin-1", "replace"),
        bytes,
        lambda: b"\0" * rng.choice((1, 100, 10**6)),
        lambda: b" \n" * 1000,
        lambda: rng.randbytes(rng.choice((1, 16, 4096))),
        lambda: b"%PDF-1.7\n",
        lambda: b"a,b,c\n1,2,3\n" * 10,
        lambda: b"\x80\x04\x95\x1e\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93\x94.",
        lambda: b"[" * 100_000,
        lambda: b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        lambda: b'"' + b'\\"' * 300_000,
        lambda: b"[" + b"0," * 300_000 + b"0]",
        lambda: b"#!/bin/sh\ntouch " + CANARY.encode() + b"\n",
    )
    return rng.choice(kinds)()


# ---- the tree of a lesson


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(holder, key) of every value in a tree."""
    for key in value if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def _place(document: Any, rng: random.Random) -> tuple[Any, Any]:
    """A value, at any depth as likely as at any other, so that long lists of numbers do not hide the rest."""
    holder, key = document, _key(document, rng)
    while isinstance(holder[key], dict | list) and holder[key] and rng.random() < 0.75:
        holder = holder[key]
        key = _key(holder, rng)
    return holder, key


def _key(holder: Any, rng: random.Random) -> Any:
    return rng.choice(list(holder)) if isinstance(holder, dict) else rng.randrange(len(holder))


def _wrong_value(document: Any, rng: random.Random) -> None:
    holder, key = _place(document, rng)
    holder[key] = copy.deepcopy(rng.choice((rng.choice(WRONG), rng.choice(COUNTS), rng.choice(EVIL))))


def _wrong_number(document: Any, rng: random.Random) -> None:
    places = [(holder, key) for holder, key in _places(document) if isinstance(holder[key], int | float)]
    if places:
        holder, key = rng.choice(places)
        holder[key] = rng.choice(COUNTS)


def _lost(document: Any, rng: random.Random) -> None:
    holder, key = _place(document, rng)
    del holder[key]


def _renamed(document: Any, rng: random.Random) -> None:
    places = [(holder, key) for holder, key in _places(document) if isinstance(holder, dict)]
    holder, key = rng.choice(places)
    name = rng.choice(
        (key[:-1], key.upper(), key + "x", "", " ", "__class__", "\x00", "x" * 3000, rng.choice(places)[1])
    )
    holder[name] = holder.pop(key)


def _nested(document: Any, rng: random.Random) -> None:
    holder, key = _place(document, rng)
    for _ in range(rng.choice((1, 2, 10, 31, 33, 200))):
        holder[key] = rng.choice(([holder[key]], {"a": holder[key]}))


def _long(document: Any, rng: random.Random) -> None:
    holder, key = _place(document, rng)
    value = holder[key]
    count = rng.choice((2, 20, 1000, 30_000))
    if isinstance(value, str):
        holder[key] = (value or "x") * count
    elif isinstance(value, list):
        holder[key] = value * min(count, 30_000 // max(1, len(json.dumps(value)) // 8))
    elif isinstance(value, dict):
        holder[key] = {**value, **{f"k{n}": 0 for n in range(count)}}
    else:
        holder[key] = [value] * count


def _swapped(document: Any, rng: random.Random) -> None:
    (holder, key), (other, name) = _place(document, rng), _place(document, rng)
    holder[key] = copy.deepcopy(other[name])


def _shuffled(document: Any, rng: random.Random) -> None:
    lists = [holder[key] for holder, key in _places(document) if isinstance(holder[key], list) and holder[key]]
    if lists:
        each = rng.choice(lists)
        rng.choice((lambda: rng.shuffle(each), each.reverse, each.pop, lambda: each.append(copy.deepcopy(each[0]))))()


def _as_text(document: Any, rng: random.Random) -> bytes:
    return json.dumps(document, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def _tree(source: bytes, rng: random.Random) -> bytes:
    document = json.loads(source)
    kinds = (
        _wrong_value,
        _wrong_value,
        _wrong_number,
        _wrong_number,
        _lost,
        _renamed,
        _nested,
        _long,
        _swapped,
        _shuffled,
    )
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice(kinds)(document, rng)
    return _as_text(document, rng)


def _twice(source: bytes, rng: random.Random) -> bytes:
    """One key of an object stands there twice."""
    document = json.loads(source)
    holder, key = rng.choice([place for place in _places(document) if isinstance(place[0], dict)])
    holder[f"{CANARY} {key}"] = rng.choice((holder[key], None, 1))
    return _as_text(document, rng).replace(f"{CANARY} ".encode(), b"")


def _odd_number(source: bytes, rng: random.Random) -> bytes:
    """A number written in a way that only some readers take, or that none does."""
    document = json.loads(source)
    places = [(holder, key) for holder, key in _places(document) if isinstance(holder[key], int | float)]
    if not places:
        return source
    holder, key = rng.choice(places)
    holder[key] = CANARY
    return _as_text(document, rng).replace(f'"{CANARY}"'.encode(), rng.choice(NUMBERS).encode())


def _escapes(source: bytes, rng: random.Random) -> bytes:
    """Escapes of half characters, of control characters, and such that are none."""
    quotes = [n for n, byte in enumerate(source) if byte == ord('"')]
    at = rng.choice(quotes) + 1
    what = rng.choice(
        (b"\\ud800", b"\\udc00\\ud800", b"\\ud83d\\ude00", b"\\u0000", b"\\u202e", b"\\x41", b"\\u12", b"\\")
    )
    return source[:at] + what * rng.choice((1, 1, 1000)) + source[at:]


LESSON_KINDS = (flip, cut, stuffed, other_kind, _twice, _odd_number, _escapes, *(_tree,) * 9)


def lesson_mutant(source: bytes, seed: int) -> bytes:
    """A lesson as it should not be; the same for the same seed."""
    rng = random.Random(seed)
    return rng.choice(LESSON_KINDS)(source, rng)


# ---- the judge

_FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "subprocess.",
    "socket.",
    "pickle.find_class",
)
_FORBIDDEN += ("webbrowser.", "urllib.", "shutil.", "os.remove", "os.rename", "os.mkdir", "os.link")
_FORBIDDEN += ("os.symlink", "os.chmod", "os.truncate", "sqlite3.enable_load_extension", "sqlite3.load_extension")
COPIES = ("bpstudio-", "copy.bpstudio")
"""Names in a folder that bpstudio makes for a moment, beside the other temporary files, to take a save back in it."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_seen: list[str] | None = None


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if _seen is None or any(copy in str(arguments) for copy in COPIES):
        return
    if event in ("compile", "exec"):
        # A lazy import runs its own module, which is no harm; text of the file would carry what was planted in it.
        if CANARY in repr(arguments[0]):
            _seen.append(f"{event} {str(arguments[0])[:200]}")
    elif event == "open":
        path, _, flags = arguments
        if flags & _WRITING and "__pycache__" not in str(path):
            _seen.append(f"open {path!s:.200} for writing")
    elif event.startswith(_FORBIDDEN):
        _seen.append(f"{event} {str(arguments)[:200]}")


@contextlib.contextmanager
def watched() -> Iterator[list[str]]:
    """What a stranger could want, of all that happens inside: programs started, text executed, files written."""
    global _seen
    if not getattr(watched, "hooked", False):
        sys.addaudithook(_listen)
        watched.hooked = True  # type: ignore[attr-defined]
    _seen = found = []
    try:
        yield found
    finally:
        _seen = None


def refused(error: BaseException) -> str:
    """What is wrong with a refusal; "" when it is a clean one."""
    message = str(error)
    if not isinstance(error, ValueError | OSError) or isinstance(error, UnicodeError):
        return f"raised {type(error).__name__}: {message[:300]}"
    if not message.strip():
        return f"{type(error).__name__} says nothing"
    if len(message) >= LONGEST_REFUSAL:
        return f"the message has {len(message)} characters: {message[:300]}"
    if any(letter != "\n" and (ord(letter) < 32 or letter in "\u202e\u2066") for letter in message):
        return f"the message has control characters: {message!r:.300}"
    try:
        message.encode("utf-8")
    except UnicodeEncodeError:
        return f"the message cannot be shown: {message!r:.300}"
    return ""


def judged(open_it: Callable[[], None]) -> tuple[str, str]:
    """(what is wrong with the way in which a file was opened or refused, the refusal); "" for nothing."""
    refusal = wrong = ""
    began = time.process_time()
    with watched() as found:
        try:
            open_it()
        except Exception as error:  # noqa: BLE001 (whatever comes out, the judge is to see it)
            refusal, wrong = f"{type(error).__name__}: {error}", refused(error)
    seconds = time.process_time() - began
    if found:
        wrong = "; ".join(found)
    elif not wrong and seconds > LONGEST_SECONDS:
        wrong = f"took {seconds:.1f} s"
    return wrong, refusal


def open_lesson(path: Path) -> None:
    """Open a lesson and make a step of it, like somebody who wants to know what it is."""
    from bpstudio.files import lesson

    session = lesson.read(path).session()
    if session.nonfinite is None:
        session.step()
    session.frame()


def peak() -> int:
    """The most bytes that this process has held at once."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


# ---- many of them, as a program


def _many_lessons(folder: Path, seed: int) -> tuple[str, str, str]:
    from bpstudio.files import asset, lesson

    name = lesson.NAMES[seed % len(lesson.NAMES)]
    file = folder / "lesson.json"
    file.write_bytes(lesson_mutant(asset.find(f"lessons/{name}.json").read_bytes(), seed))
    return name, *judged(lambda: open_lesson(file))


def _many_projects(folder: Path, seed: int) -> tuple[str, str, str]:
    sys.modules["mutants"] = sys.modules["__main__"]
    import project_mutants

    inside = folder / str(seed)
    inside.mkdir()
    complaint, refusal = project_mutants.judged(inside, seed)
    shutil.rmtree(inside)
    return "project", complaint, refusal


def main(kind: str, first: int, count: int) -> int:
    """Open so many, say which of them were neither refused nor opened as they should be, and what that cost."""
    import faulthandler
    import tempfile

    global LONGEST_SECONDS
    LONGEST_SECONDS = 2.0
    one = {"lessons": _many_lessons, "projects": _many_projects}[kind]
    opened = refusals = wrong = 0
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        for seed in range(first, first + count):
            # Whatever hangs is ended, and its stack printed.
            faulthandler.dump_traceback_later(180, exit=True)
            what, complaint, refusal = one(Path(name), seed)
            opened, refusals = opened + (not refusal), refusals + bool(refusal)
            if complaint:
                wrong += 1
                print(f"{what}, seed {seed}: {complaint}", flush=True)
        faulthandler.cancel_dump_traceback_later()
        if Path(CANARY).exists():
            wrong += 1
            print("something in a file was executed")
        os.chdir("/")
    print(json.dumps({"opened": opened, "refused": refusals, "wrong": wrong, "peak": peak()}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))

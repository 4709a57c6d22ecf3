"""`bpstudio train`: a run in the terminal, which anything may interrupt and nothing makes lose its work.

Ctrl-C, SIGTERM and SIGHUP are looked at between two stretches of training, so the run stops between two steps. Where no
`--out` says otherwise, an interrupted run goes into a new file of its own: what somebody has is never written over
without being asked.
"""

from __future__ import annotations

import contextlib
import dataclasses
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self, TextIO

from bpstudio.cli import exits
from bpstudio.cli.opening import Opened, open_run
from bpstudio.cli.settings import Setting
from bpstudio.cli.terminal import say, visible
from bpstudio.files import lesson as lessons
from bpstudio.files.fingerprint import fingerprint
from bpstudio.files.step_document import plain
from bpstudio.insight.events import STEP, address, told
from bpstudio.insight.resting import why
from bpstudio.insight.walk import Walk
from bpstudio.training.breakpoints import Breakpoint, Hit
from bpstudio.training.conditions import Expression
from bpstudio.training.frame import Frame
from bpstudio.training.lookout import Lookout
from bpstudio.training.session import Session

DEFAULT_EPOCHS = 100
REFRESH_SECONDS = 0.1
OUTPUTS = (".bpstudio", ".json")
STATUSES = {
    signal.SIGINT: exits.INTERRUPTED,
    signal.SIGTERM: exits.TERMINATED,
    # Not everywhere do terminals say that they are being closed.
    **({signal.SIGHUP: exits.HUNG_UP} if hasattr(signal, "SIGHUP") else {}),
}
"""The signals that stop a run, and the exit status that says so."""
_FIRST_STRETCH = 16


@dataclass(frozen=True)
class Wishes:
    """What was asked for; of ``steps`` and ``epochs`` one at most."""

    place: str
    steps: int | None = None
    epochs: int | None = None
    settings: tuple[Setting, ...] = ()
    out: Path | None = None
    report: Path | None = None
    stop_when: str | None = None
    json: bool = False


@dataclass
class Course:
    """How it went: updates done, seconds, and what ended it before its time."""

    done: int = 0
    seconds: float = 0.0
    signal: int = 0
    hit: Hit | None = None


class Signals:
    """While it lasts, Ctrl-C, SIGTERM and a closed terminal only leave their number in ``number``; a second one ends
    at once. What the caller wants to be ignored, as nohup does, stays ignored.
    """

    def __init__(self) -> None:
        self.number = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in STATUSES:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, at: FrameType | None) -> None:
        if self.number:
            raise KeyboardInterrupt
        self.number = number


def train(wishes: Wishes) -> int:
    """Train, say what came of it, write what was asked for; returns the exit status.

    Raises OSError and ValueError where it cannot begin; when writing fails that is said, and the run kept elsewhere.
    """
    for path, kinds in ((wishes.out, OUTPUTS), (wishes.report, (".html", ".htm"))):
        if path is not None:
            check_output(path, kinds)
    opened = open_run(wishes.place, wishes.settings)
    said = sys.stderr if wishes.json else sys.stdout
    for line in opened.remarks:
        say(line, file=said)
    session = opened.session
    first = session.frame()
    wanted = wishes.steps if wishes.steps is not None else (wishes.epochs or DEFAULT_EPOCHS) * first.steps_per_epoch
    status, written = exits.DONE, []
    with Signals() as signals:
        if opened.kind == "project":
            say(f"{opened.title}: goes on at step {first.step:,}{_edited(opened, first)}", file=said)
        with _watching(session, wishes.stop_when, said):
            course = run(session, wanted, opened.title, signals, wishes.json)
            frame = session.frame()
        try:
            written = _write(wishes, opened, session, frame, course)
        except (OSError, ValueError) as problem:
            kept = keep_aside(opened, session, frame)
            say(f"bpstudio: {problem}", f"bpstudio: the run is kept in {kept}", file=sys.stderr)
            status, written = exits.TROUBLE, [("Saved", kept)]
    if wishes.json:
        print(_as_json(opened, frame, course, written))
    else:
        _summarise(frame, course)
        for what, path in written:
            say(f"{what}: {path.resolve()}")
    return status or _status(frame, course)


def run(session: Session, wanted: int, title: str, signals: Signals, quiet: bool = False) -> Course:
    """Train in stretches of about REFRESH_SECONDS until it is enough, or something ends it."""
    course, stretch = Course(), _FIRST_STRETCH
    with _progress(title, wanted, quiet) as show:
        while course.done < wanted and session.nonfinite is None and session.stopped is None and not signals.number:
            begun = time.perf_counter()
            course.done += session.run(min(stretch, wanted - course.done))
            took = time.perf_counter() - begun
            course.seconds += took
            stretch = max(1, min(2 * stretch, int(stretch * REFRESH_SECONDS / max(took, 1e-6))))
            show(course.done, session.loss)
            course.hit = session.hit
            if course.hit is not None:
                break
    course.signal = signals.number
    return course


def check_output(path: Path, kinds: Sequence[str]) -> None:
    """Raise ValueError, before any work is done for it, where a file cannot be written under this name."""
    if path.suffix.lower() not in kinds:
        raise ValueError(f"{path}: expected a name that ends in {' or '.join(kinds)}, got {path.suffix or 'no ending'}")
    if path.is_dir():
        raise ValueError(f"{path} is a folder, not a file")
    if not path.resolve().parent.is_dir():
        raise ValueError(f"{path}: there is no folder {path.resolve().parent}")


def write_run(opened: Opened, session: Session, frame: Frame, path: Path) -> None:
    """The run as a project with all its past, or as a lesson of the present moment, by the name's ending."""
    if path.suffix.lower() == ".json":
        lessons.write(lessons.capture(frame, opened.lesson), path)
        return
    from bpstudio.files import project as projects

    old = opened.project
    if old is None:
        projects.write(path, projects.Project(session.archive(), opened.lesson))
        return
    project = dataclasses.replace(old, archive=session.archive(), made_with=fingerprint())
    if opened.path is None or not path.exists() or not path.samefile(opened.path):
        projects.write(path, project)
        return
    # Somebody may have saved it in a window since: that is not to be lost.
    file = projects.ProjectFile.open(path, old.revision)
    try:
        file.save(project)
    finally:
        file.close()


def keep_aside(opened: Opened, session: Session, frame: Frame) -> Path:
    """Save the run in a new file, here or where temporary files go. Raises OSError where neither is to be had."""
    name = f"{opened.name}-step-{frame.step}"
    here, elsewhere = _free(Path.cwd(), name), _free(Path(tempfile.gettempdir()), name)
    try:
        write_run(opened, session, frame, here)
    except (OSError, ValueError):
        write_run(opened, session, frame, elsewhere)
        return elsewhere
    return here


def _free(folder: Path, name: str) -> Path:
    """A name in a folder that no file has."""
    path, number = folder / f"{name}.bpstudio", 2
    while path.exists():
        path, number = folder / f"{name}-{number}.bpstudio", number + 1
    return path


@contextlib.contextmanager
def _watching(session: Session, expression: str | None, said: TextIO) -> Iterator[None]:
    """Stop where an expression becomes true, for as long as this lasts; the run's own breakpoints stay."""
    if expression is None:
        yield
        return
    own = session.past.breakpoints
    condition = Expression(expression)
    others = tuple(each for each in own if each.condition != condition)
    number = 1 + max((each.number for each in own), default=0)
    session.set_breakpoints((*others, Breakpoint(number, condition)))
    if Lookout(session.cursor, (condition,)).already():
        here = f"{expression} is true already at step {session.step_number:,}"
        say(f"{here}: training stops where it becomes true again", file=said)
    try:
        yield
    finally:
        session.set_breakpoints(own)


@contextlib.contextmanager
def _progress(title: str, wanted: int, quiet: bool) -> Iterator[Any]:
    """A bar, where somebody can see it; what it is called with are the updates done and the loss."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=quiet)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("steps · loss {task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task(escape(visible(title)), total=wanted, loss="-")

        def show(done: int, loss: float) -> None:
            with contextlib.suppress(OSError):  # the terminal may have gone; the run has not
                progress.update(bar, completed=done, loss=f"{loss:.6g}")

        yield show


def _edited(opened: Opened, frame: Frame) -> str:
    if not opened.edited:
        return ""
    where = f"; branch {frame.branch}" if len(frame.branches) > 1 else ""
    return f", with what was set ({frame.continued or 'from the start'}{where})"


def _write(wishes: Wishes, opened: Opened, session: Session, frame: Frame, course: Course) -> list[tuple[str, Path]]:
    """Write the run and the report; returns what was written where."""
    written = []
    if wishes.out is not None:
        write_run(opened, session, frame, wishes.out)
        written.append(("Saved", wishes.out))
    elif course.signal:
        written.append(("Saved", keep_aside(opened, session, frame)))
    if wishes.report is not None:
        _report(wishes.report, opened, frame)
        written.append(("Report", wishes.report))
    return written


def _report(path: Path, opened: Opened, frame: Frame) -> None:
    from bpstudio.files.report import write
    from bpstudio.insight.notation import notation_named

    lesson = lessons.capture(frame, opened.lesson)
    letters = notation_named(lesson.notation).having(
        names=lesson.names,
        delta_sign=lesson.delta_sign,
        samples=lesson.samples,
        weight_layout=lesson.weight_layout,
    )
    text = opened.lesson.text.within("en") if opened.lesson is not None else ""
    write(path, frame, opened.title, text, letters)


def _status(frame: Frame, course: Course) -> int:
    if course.signal:
        return STATUSES[signal.Signals(course.signal)]
    if frame.nonfinite is not None:
        return exits.NOT_THE_SAME
    return exits.STOPPED_AT if course.hit is not None else exits.DONE


def _reasons(frame: Frame, course: Course) -> Iterator[str]:
    """Why training ended before its time."""
    if course.signal:
        yield f"by {signal.Signals(course.signal).name}, between two steps"
    if frame.stopped is not None:
        yield why(frame.stopped).text.removeprefix("stopped ")
    if course.hit is not None:
        place = address(course.hit, Walk.of(frame))
        at = "" if place == STEP else f" ({place})"
        yield told(course.hit, frame.experiment.network, classes=frame.dataset.class_names).text + at
    if frame.nonfinite is not None:
        where = frame.nonfinite
        yield (
            f"step {where.step:,}: {where.quantity} of layer {where.layer} became {where.value}; "
            "a smaller learning rate is the remedy"
        )


def _summarise(frame: Frame, course: Course) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    rate = f"{course.done / course.seconds:,.0f} steps/s" if course.seconds > 0 and course.done > 0 else ""
    table.add_row("steps", f"{frame.step:,} (epoch {frame.epoch:,})  {rate}")
    table.add_row("loss", f"{frame.loss:.6g} on the last batch")
    if frame.experiment.penalties:
        table.add_row("with penalties", f"{frame.objective:.6g}")
    baseline = frame.dataset.baseline()
    held = frame.metrics.validation
    if len(held):
        table.add_row("validation loss", f"{held[-1, 1]:.6g}")
        if baseline.validation_accuracy is not None:
            usual = f"{baseline.accuracy_words}: {baseline.validation_accuracy:.1%}"
            table.add_row("validation accuracy", f"{held[-1, 2]:.1%}  ({usual})")
    for reason in _reasons(frame, course):
        table.add_row("stopped", reason)
    console = Console(highlight=False, markup=False)
    with console.capture() as text:
        console.print(table)
    print(text.get(), end="")  # rich itself would end the process, with a status of its own, where nobody reads


def _as_json(opened: Opened, frame: Frame, course: Course, written: Sequence[tuple[str, Path]]) -> str:
    """The summary for other programs."""
    from bpstudio.files import readable_json

    held = frame.metrics.validation
    return readable_json.write(
        {
            "title": opened.title,
            "step": frame.step,
            "epoch": frame.epoch,
            "updates": course.done,
            "seconds": course.seconds,
            "loss": plain(frame.loss),
            "objective": plain(frame.objective),
            "validation": {"loss": plain(held[-1, 1]), "accuracy": plain(held[-1, 2])} if len(held) else None,
            "stopped": list(_reasons(frame, course)),
            "written": [str(path.resolve()) for _, path in written],
        }
    ).rstrip("\n")

"""What is kept of a run besides the path on which it is: other branches, marked places, and what undo returns to.

A branch begins where something is changed in the past: the old future stays what it was, and the new one has the steps
before the change in common with it, by reference. Everything here is frozen, so undo is a matter of pointing elsewhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bpstudio.engine.trace import Params
from bpstudio.training.breakpoints import Breakpoint, Hit
from bpstudio.training.checks import whole
from bpstudio.training.divergence import NonFinite
from bpstudio.training.experiment import Experiment
from bpstudio.training.history import Chain
from bpstudio.training.metrics import Metrics
from bpstudio.training.plain_values import read_object, read_record, shown
from bpstudio.training.stopping import Stopped, read_stopped

LONGEST_NAME, LONGEST_NOTE = 80, 2000
MOST_UNDONE = 500


@dataclass(frozen=True, slots=True)
class Branch:
    """A path from the first step of the run to an end of its own.

    ``number`` tells it from the others; ``name`` is what a person calls it, or nothing. It has the steps before
    ``fork`` in common with its ``parent``; without one it begins anew there. ``cause`` is the gesture that made it,
    ``step`` where one stood when it was left.
    """

    number: int
    chain: Chain
    step: int = 0
    name: str = ""
    parent: int | None = None
    fork: int = 0
    cause: str = ""

    @property
    def first(self) -> int:
        """Its first step."""
        return self.chain.segments[0].start

    @property
    def last(self) -> int:
        """The furthest step that is on record."""
        return max(self.chain.segments[-1].recorded - 1, self.first)


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A beat of a step that somebody wants to find again, with a ``note``; an empty ``address`` is the step itself."""

    number: int
    branch: int
    step: int
    address: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened while training, on a branch, in a step of the stretch (``Segment.number``) ``segment``.

    ``kind`` is "breakpoint", with its ``hit``, "nonfinite", with the place (``nonfinite``), or "stopped", with what was
    waited for. Which beat of the step that is, and how it is said, is in ``insight.events``.
    """

    kind: str
    branch: int
    step: int
    segment: int
    hit: Hit | None = None
    nonfinite: NonFinite | None = None
    stopped: Stopped | None = None

    def to_dict(self) -> dict[str, Any]:
        """The event as plain values, as JSON has them; what it does not have is left out."""
        values: dict[str, Any] = {
            "kind": self.kind,
            "branch": self.branch,
            "step": self.step,
            "segment": self.segment,
        }
        if self.hit is not None:
            values["hit"] = self.hit.to_dict()
        if self.nonfinite is not None:
            values["nonfinite"] = self.nonfinite.to_dict()
        if self.stopped is not None:
            values["stopped"] = dataclasses.asdict(self.stopped)
        return values

    @classmethod
    def from_dict(cls, values: object, path: str = "event") -> Event:
        """The event that ``to_dict`` wrote. Raises ValueError, with the path of the field, for anything else."""
        kind = read_object(path, values).get("kind")
        if not isinstance(kind, str) or kind not in _DETAILS:
            raise ValueError(f"{path}.kind: expected one of {', '.join(_DETAILS)}, got {shown(kind)}")
        detail = _DETAILS[kind]
        given = read_record(path, values, "kind", "branch", "step", "segment", detail)
        for name in ("branch", "segment"):
            whole(f"{path}.{name}", given[name], 1)
        whole(f"{path}.step", given["step"], 0)
        place, found = f"{path}.{detail}", given[detail]
        return cls(
            kind,
            given["branch"],
            given["step"],
            given["segment"],
            Hit.from_dict(found, place) if detail == "hit" else None,
            NonFinite.from_dict(found, place) if detail == "nonfinite" else None,
            read_stopped(found, place) if detail == "stopped" else None,
        )


_DETAILS = {"breakpoint": "hit", "nonfinite": "nonfinite", "stopped": "stopped"}
"""What an event of each kind carries."""


@dataclass(frozen=True, slots=True)
class Past:
    """The branches in the order in which they began, which of them is the ``current`` one, and what a person added."""

    branches: tuple[Branch, ...]
    current: int
    bookmarks: tuple[Bookmark, ...] = ()
    breakpoints: tuple[Breakpoint, ...] = ()

    @property
    def branch(self) -> Branch:
        """The branch on which the run is."""
        return self.numbered(self.current)

    @property
    def chain(self) -> Chain:
        """The path on which the run is."""
        return self.branch.chain

    def numbered(self, number: int) -> Branch:
        """The branch of this number. Raises ValueError where there is none."""
        for branch in self.branches:
            if branch.number == number:
                return branch
        known = ", ".join(str(branch.number) for branch in self.branches)
        raise ValueError(f"branch: expected one of {known}, got {number}")

    def with_branch(self, changed: Branch) -> Past:
        """The same with this branch in the place of the one of its number, or as a new one at the end."""
        if any(branch.number == changed.number for branch in self.branches):
            branches = tuple(changed if each.number == changed.number else each for each in self.branches)
        else:
            branches = (*self.branches, changed)
        return dataclasses.replace(self, branches=branches)

    def left_at(self, step: int) -> Past:
        """The same, where the current branch remembers the step at which one stood."""
        here = self.branch
        return self if here.step == step else self.with_branch(dataclasses.replace(here, step=step))

    def without(self, number: int) -> Past:
        """The same without a branch and the bookmarks on it; its children become those of its parent.

        Raises ValueError for the current branch, and where there is none of this number.
        """
        gone = self.numbered(number)
        if number == self.current:
            raise ValueError(f"branch: {number} is the one on which the run is; switch to another one first")
        branches = tuple(
            dataclasses.replace(each, parent=gone.parent, fork=_fork(each, gone)) if each.parent == number else each
            for each in self.branches
            if each.number != number
        )
        bookmarks = tuple(each for each in self.bookmarks if each.branch != number)
        return dataclasses.replace(self, branches=branches, bookmarks=bookmarks)

    def renamed(self, number: int, name: str) -> Past:
        """The same with another name for a branch. Raises ValueError where there is none of this number."""
        return self.with_branch(dataclasses.replace(self.numbered(number), name=line(name)))

    def bookmark(self, number: int) -> Bookmark:
        """The bookmark of this number. Raises ValueError where there is none."""
        for mark in self.bookmarks:
            if mark.number == number:
                return mark
        raise ValueError(f"bookmark: there is none of number {number}")

    def bookmarked(self, step: int, address: str, note: str) -> tuple[Past, int]:
        """The same with a bookmark at a step of the current branch, and its number.

        Raises ValueError for an address that would not be read from a file again.
        """
        if len(address) > LONGEST_NOTE:
            raise ValueError(f"address: expected at most {LONGEST_NOTE:,} characters, got {len(address):,}")
        mark = Bookmark(next_number(self.bookmarks), self.current, step, address, note[:LONGEST_NOTE])
        return dataclasses.replace(self, bookmarks=(*self.bookmarks, mark)), mark.number

    def annotated(self, number: int, note: str) -> Past:
        """The same with another note on a bookmark. Raises ValueError where there is none of this number."""
        changed = dataclasses.replace(self.bookmark(number), note=note[:LONGEST_NOTE])
        marks = tuple(changed if each.number == number else each for each in self.bookmarks)
        return dataclasses.replace(self, bookmarks=marks)

    def without_bookmark(self, number: int) -> Past:
        """The same without a bookmark. Raises ValueError where there is none of this number."""
        gone = self.bookmark(number)
        return dataclasses.replace(self, bookmarks=tuple(each for each in self.bookmarks if each is not gone))

    def next_branch(self) -> int:
        """A number that no branch has."""
        return 1 + max(branch.number for branch in self.branches)


def _fork(child: Branch, gone: Branch) -> int:
    """Where a child leaves its grandparent."""
    return min(child.fork, gone.fork) if gone.parent is not None else child.fork


def line(name: str) -> str:
    """A name as it can stand in one line."""
    return " ".join(name.split())[:LONGEST_NAME]


def next_number(numbered: Sequence[Bookmark] | Sequence[Breakpoint]) -> int:
    """A number that none of them has."""
    return 1 + max((each.number for each in numbered), default=0)


@dataclass(frozen=True, eq=False, slots=True)
class BranchView:
    """A branch as a frame shows it: from its ``first`` step to its ``last``, with its curves. Fields are those of
    Branch; ``experiment`` is what is trained at its end, ``segments`` are the numbers of its stretches.
    """

    number: int
    name: str
    parent: int | None
    fork: int
    first: int
    last: int
    cause: str
    metrics: Metrics
    experiment: Experiment
    segments: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Beside:
    """Another branch at the step of the frame, to compare with: its parameters, and what it trains there."""

    branch: int
    step: int
    params: Params
    experiment: Experiment


@dataclass(frozen=True, slots=True)
class Moment:
    """A place to which undo and redo return: the past as it was, a step of its current branch, and the name of the
    gesture that left it. Edits with the same ``drag`` belong to one gesture.
    """

    past: Past
    step: int
    name: str = ""
    drag: object | None = None


class Undo:
    """Two stacks of moments. Everything that can be undone is a reference; nothing is copied.

    Of more than MOST_UNDONE gestures the oldest are forgotten, and with them the stretches to which only they led.
    """

    def __init__(self) -> None:
        self._past: list[Moment] = []
        self._future: list[Moment] = []
        self.undo_names: tuple[str, ...] = ()
        """The gestures that undo would take back, the last one first."""
        self.redo_names: tuple[str, ...] = ()
        """The gestures that redo would repeat, the next one first."""

    def remember(self, moment: Moment) -> None:
        """A gesture leaves this moment; what had been undone before cannot be redone any more."""
        self._past.append(moment)
        del self._past[:-MOST_UNDONE]
        self._future.clear()
        self._name()

    def undo(self, now: Moment) -> Moment | None:
        """The moment before the last gesture, or None."""
        return self._back(now, self._past, self._future)

    def take_back(self) -> Moment | None:
        """The moment before the last gesture, which is forgotten and cannot be redone; None when there is none."""
        back = self._past.pop() if self._past else None
        self._name()
        return back

    def redo(self, now: Moment) -> Moment | None:
        """The moment after the gesture that was undone last, or None."""
        return self._back(now, self._future, self._past)

    def forget_oldest(self) -> bool:
        """Forget the oldest gesture, and with it the stretches to which only it led; False when only the last one is
        left, which can be taken back whatever the budget says.
        """
        if len(self._past) < 2:
            return False
        del self._past[0]
        self._name()
        return True

    @property
    def drag(self) -> object | None:
        """What the edits of the last gesture share, while it can go on."""
        return self._past[-1].drag if self._past else None

    @property
    def undo_name(self) -> str | None:
        """The gesture that undo would take back."""
        return self._past[-1].name if self._past else None

    @property
    def redo_name(self) -> str | None:
        """The gesture that redo would repeat."""
        return self._future[-1].name if self._future else None

    def _back(self, now: Moment, here: list[Moment], there: list[Moment]) -> Moment | None:
        if not here:
            return None
        moment = here.pop()
        there.append(Moment(now.past, now.step, moment.name))
        self._name()
        return moment

    def _name(self) -> None:
        self.undo_names = tuple(moment.name for moment in reversed(self._past))
        self.redo_names = tuple(moment.name for moment in reversed(self._future))

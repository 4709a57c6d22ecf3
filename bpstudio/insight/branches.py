"""The branches of a run as a tree: which steps lie on which branch, where two of them part, what each is called.

A branch has the steps before its fork in common with the one it came from, so its path is a chain of stretches: of its
oldest ancestor up to a fork, and so on, its own last. Two paths are the same up to the end of the last stretch that
both have.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bpstudio.insight.notation import number as written
from bpstudio.training.experiment import Experiment
from bpstudio.training.metrics import Metrics
from bpstudio.training.past import BranchView

FIRST_RUN = "first run"
BRANCH = "branch {number}"
BRANCH_OF = "branch {number} · {cause}"
BY_HAND = "branch"
"""The cause of a branch that was begun without a change."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The steps ``start`` to ``stop`` − 1, which lie on the branch ``number`` itself."""

    number: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Lane:
    """A branch in its row of the tree: its own steps go from ``start`` to ``last``; it comes out of row ``origin``, or
    out of none.
    """

    branch: BranchView
    start: int
    last: int
    origin: int | None


def path(branches: Sequence[BranchView], number: int) -> tuple[Stretch, ...]:
    """The stretches that lead to the end of a branch, the oldest first. Raises KeyError where there is none of this
    number.
    """
    known = {branch.number: branch for branch in branches}
    here = known[number]
    found: list[Stretch] = []
    seen: set[int] = set()
    stop = here.last + 1
    while True:
        seen.add(here.number)
        parent = known.get(here.parent) if here.parent is not None and here.parent not in seen else None
        start = here.first if parent is None else here.fork
        if start < stop:
            found.append(Stretch(here.number, start, stop))
            stop = start
        if parent is None:
            return tuple(reversed(found))
        here = parent


def parting(branches: Sequence[BranchView], one: int, other: int) -> int | None:
    """The first step that two branches do not have in common; None where they have no step in common."""
    step = None
    for mine, theirs in zip(path(branches, one), path(branches, other), strict=False):
        if mine.number != theirs.number:
            break
        step = min(mine.stop, theirs.stop)
    return step


def forks(branches: Sequence[BranchView], number: int) -> tuple[tuple[int, int], ...]:
    """(step, branch): where the others leave the path of a branch, in the order of the steps."""
    found = []
    for branch in branches:
        step = parting(branches, number, branch.number) if branch.number != number else None
        if step is not None:
            found.append((step, branch.number))
    return tuple(sorted(found))


def lane_of(branches: Sequence[BranchView], number: int, step: int) -> int:
    """The branch on which a step of a path lies itself; that of the path's end for a step beyond it."""
    for stretch in path(branches, number):
        if stretch.start <= step < stretch.stop:
            return stretch.number
    return number


def lanes(branches: Sequence[BranchView]) -> tuple[Lane, ...]:
    """A row for each branch, each below the one that it comes out of. Of several children the one with the latest fork
    comes first, so that no line crosses a lane.
    """
    known = {branch.number: branch for branch in branches}
    origins = {branch.number: _origin(known, branch) for branch in branches}
    children: dict[int | None, list[BranchView]] = {}
    for branch in branches:
        children.setdefault(origins[branch.number], []).append(branch)
    rows: list[Lane] = []
    places: dict[int, int] = {}
    waiting = list(reversed(children.get(None, [])))
    while waiting:
        branch = waiting.pop()
        origin = origins[branch.number]
        places[branch.number] = len(rows)
        start = branch.first if origin is None else branch.fork
        rows.append(Lane(branch, start, max(branch.last, start), places[origin] if origin is not None else None))
        waiting += sorted(children.get(branch.number, []), key=lambda each: (each.fork, -each.number))
    return tuple(rows)


def _origin(known: dict[int, BranchView], branch: BranchView) -> int | None:
    """The branch on whose own lane another one begins: not its parent where it left before that one began."""
    seen = {branch.number}
    parent = branch.parent
    while parent is not None and parent in known and parent not in seen:
        seen.add(parent)
        above = known[parent]
        if above.parent is None or above.parent not in known or branch.fork > above.fork:
            return parent
        parent = above.parent
    return None


def title(branches: Sequence[BranchView], number: int, translate: Callable[[str], str]) -> str:
    """What a branch is called: by the name that a person gave it, or by the change that made it. Raises KeyError where
    there is none of this number.
    """
    branch = {each.number: each for each in branches}[number]
    if branch.name:
        return branch.name
    if branch.number == 1:
        return translate(FIRST_RUN)
    parent = next((each for each in branches if each.number == branch.parent), None)
    cause = "" if branch.cause == BY_HAND else translate(branch.cause)
    if parent is not None:
        cause = _changed_rate(parent.experiment, branch.experiment) or cause
    if not cause:
        return translate(BRANCH).format(number=number)
    return translate(BRANCH_OF).format(number=number, cause=cause)


def _changed_rate(before: Experiment, after: Experiment) -> str:
    """The learning rate, where nothing else is different."""
    old, new = before.optimizer, after.optimizer
    if type(old) is not type(new) or old.rate == new.rate:
        return ""
    same = dataclasses.replace(old, rate=new.rate) == new and before.replace(optimizer=new) == after
    return f"η = {written(new.rate)}" if same else ""


def value_at(metrics: Metrics, column: str, step: int) -> tuple[float, float] | None:
    """What a curve has in a step: (value, value), or its lowest and highest in the stretch whose single steps have been
    given up. None where there is nothing.
    """
    exact = metrics.value(column, step)
    if exact is not None:
        return exact, exact
    steps, low, high = metrics.curve(column, step, step + 1, 1)
    index = max(sum(int(at) <= step for at in steps.tolist()) - 1, 0)
    return (float(low[index]), float(high[index])) if len(steps) and metrics.first <= step < metrics.stop else None

"""Marks on a run: bookmarks, breakpoints and events, as they are set and as one goes to them.

What is marked belongs to the session; here is only how a command of the window becomes a gesture, and how a mark
becomes a place to look at: first the branch and the step, then, when that step has arrived, its beat.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bpstudio.insight.branches import lane_of
from bpstudio.insight.standing import order_of, place_of
from bpstudio.insight.walk import Walk
from bpstudio.training.breakpoints import Breakpoint
from bpstudio.training.past import next_number
from ui.alarm import concern
from ui.focus import Focus
from ui.language import translatable
from ui.navigation import Navigation
from ui.runner import Runner

if TYPE_CHECKING:
    from bpstudio.training.conditions import Condition
    from bpstudio.training.frame import Frame
    from bpstudio.training.past import Bookmark, Event

ADDED = translatable("breakpoint")
SWITCHED_ON = translatable("breakpoint on")
SWITCHED_OFF = translatable("breakpoint off")
REMOVED = translatable("remove breakpoint")
NAMES = (translatable("bookmark"), translatable("note"), translatable("remove bookmark"))
"""What the session calls its gestures with bookmarks."""


class Marking:
    """Sets marks and goes to them."""

    def __init__(self, runner: Runner, focus: Focus, navigation: Navigation) -> None:
        self._runner, self._focus, self._navigation = runner, focus, navigation
        self._sent: tuple[Frame, tuple[Breakpoint, ...]] | None = None

    # ---- bookmarks

    def bookmark(self) -> None:
        """Mark the present branch, step and beat."""
        walk, focus = self._focus.walk, self._focus
        if walk is not None and self._runner.frame is not None:
            self._runner.bookmark(place_of(walk, focus.grain, focus.playhead))

    def ordered(self, frame: Frame) -> list[Bookmark]:
        """The bookmarks by branch, step and beat."""
        return sorted(frame.bookmarks, key=lambda mark: self._key(frame, mark.branch, mark.step, mark.address))

    def is_here(self, frame: Frame, mark: Bookmark) -> bool:
        """Whether one stands at a bookmark now."""
        return self._key(frame, mark.branch, mark.step, mark.address) == self._here(frame)

    def go(self, mark: Bookmark) -> None:
        """Go to the branch and the step of a bookmark, and look at its beat when they have arrived."""
        self._navigation.pause()
        self._runner.go_to_bookmark(mark.number)
        self._look(mark.branch, mark.step, mark.address)

    def neighbour(self, by: int) -> bool:
        """Go to the next bookmark (or the one before); from the last one on to the first. False where there is none."""
        frame = self._runner.frame
        if frame is None or not frame.bookmarks:
            return False
        marks, here = self.ordered(frame), self._here(frame)
        keys = [self._key(frame, mark.branch, mark.step, mark.address) for mark in marks]
        if by > 0:
            place = next((place for place, key in enumerate(keys) if key > here), 0)
        else:
            place = next((place for place in reversed(range(len(keys))) if keys[place] < here), len(keys) - 1)
        self.go(marks[place])
        return True

    def _here(self, frame: Frame) -> tuple[int, int, int]:
        walk, focus = self._focus.walk, self._focus
        address = place_of(walk, focus.grain, focus.playhead) if walk is not None else ""
        return self._key(frame, frame.branch, frame.step, address)

    def _key(self, frame: Frame, branch: int, step: int, address: str) -> tuple[int, int, int]:
        walk = self._focus.walk
        numbers = [each.number for each in frame.branches]
        if branch not in numbers:
            return len(numbers), step, 0
        # A step before a fork is the same place on both branches.
        place = numbers.index(lane_of(frame.branches, branch, step))
        return place, step, order_of(walk, address) if walk is not None else 0

    # ---- events

    def visit(self, event: Event) -> None:
        """Go to the step in which something happened, and look at the beat and at what it happened to."""
        frame = self._runner.frame
        if frame is None:
            return
        from bpstudio.insight import events  # only where something happened

        walk = walk_of(frame, event.branch, self._focus.walk)
        self._navigation.pause()
        self._runner.switch(event.branch, event.step)
        self._look(event.branch, event.step, events.address(event, walk), event)

    def _look(self, branch: int, step: int, address: str, event: Event | None = None) -> None:
        self._navigation.visit(
            step,
            at="" if address == "step" else address,
            is_there=lambda frame: frame.branch == branch,
            look=lambda frame: {} if event is None else concern(event, frame),
            on_its_way=True,
        )

    # ---- breakpoints

    @property
    def breakpoints(self) -> tuple[Breakpoint, ...]:
        """Those that are set, with what was sent since the newest frame."""
        frame = self._runner.frame
        if self._sent is not None and self._sent[0] is frame:
            return self._sent[1]
        return frame.breakpoints if frame is not None else ()

    def add(self, condition: Condition) -> bool:
        """Stop where a condition becomes true; False where there is such a breakpoint already (it is switched on)."""
        present = self.breakpoints
        if any(each.condition == condition for each in present):
            on = tuple(
                dataclasses.replace(each, enabled=True) if each.condition == condition else each for each in present
            )
            self._set(on, SWITCHED_ON)
            return False
        self._set((*present, Breakpoint(next_number(present), condition)), ADDED)
        return True

    def toggle(self, number: int) -> None:
        """Switch a breakpoint on or off."""
        present = self.breakpoints
        was_on = any(each.enabled for each in present if each.number == number)
        changed = tuple(
            dataclasses.replace(each, enabled=not each.enabled) if each.number == number else each for each in present
        )
        self._set(changed, SWITCHED_OFF if was_on else SWITCHED_ON)

    def remove(self, number: int) -> None:
        """Take a breakpoint away."""
        self._set(tuple(each for each in self.breakpoints if each.number != number), REMOVED)

    def _set(self, breakpoints: Sequence[Breakpoint], name: str) -> None:
        frame = self._runner.frame
        if frame is None or tuple(breakpoints) == self.breakpoints:
            return
        self._sent = (frame, tuple(breakpoints))
        self._runner.set_breakpoints(tuple(breakpoints), name)


def walk_of(frame: Frame, branch: int, present: Walk | None) -> Walk:
    """The walk through a step of a branch: the present one where the network is the same."""
    experiment = next((each.experiment for each in frame.branches if each.number == branch), frame.experiment)
    here = present if present is not None else Walk.of(frame)
    if experiment.network == here.network and experiment.loss == here.loss:
        return here
    sequential = experiment.update_order == "sequential"
    return _made(experiment.network, experiment.loss, experiment.reduction, len(frame.batch), sequential)


_made = functools.lru_cache(maxsize=8)(Walk)
"""Walks keep the tables behind their arithmetic, so those of other branches are kept."""

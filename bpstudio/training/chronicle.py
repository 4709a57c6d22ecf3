"""What happened while training, in the order in which it happened for the first time.

An event belongs to a step of a stretch, so it is on every branch that has this step, whatever the branches are called
and wherever they were made or deleted since; undo brings it back with them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from bpstudio.training.breakpoints import Hit
from bpstudio.training.divergence import NonFinite
from bpstudio.training.history import Segment
from bpstudio.training.past import Event, Past
from bpstudio.training.stopping import Stopped

MOST_EVENTS = 1000
"""Of more, the oldest are forgotten."""


class Chronicle:
    """The events of a session, each once."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._events = {_key(event): event for event in events}
        self._shown: tuple[Past | None, tuple[Event, ...]] = (None, ())
        self._forget_oldest()

    def note(
        self,
        branch: int,
        segment: Segment,
        hits: Iterable[Hit] = (),
        nonfinite: NonFinite | None = None,
        stopped: Stopped | None = None,
    ) -> None:
        """Training came to rest in this segment; what is known already is not told again."""
        number = segment.number
        found = [Event("breakpoint", branch, hit.step, number, hit=hit) for hit in hits]
        if nonfinite is not None:
            found.append(Event("nonfinite", branch, nonfinite.step, number, nonfinite=nonfinite))
        if stopped is not None:
            found.append(Event("stopped", branch, stopped.step, number, stopped=stopped))
        for event in found:
            self._events.setdefault(_key(event), event)
            self._shown = None, ()
        self._forget_oldest()

    def on(self, past: Past) -> tuple[Event, ...]:
        """The events on the branches that there are, each on the branch where it happened or on one that has its step
        in common with it.
        """
        if self._shown[0] is not past:
            self._shown = past, tuple(_placed(self._events.values(), past))
        return self._shown[1]

    def _forget_oldest(self) -> None:
        while len(self._events) > MOST_EVENTS:
            del self._events[next(iter(self._events))]


def _key(event: Event) -> tuple[object, ...]:
    return event.kind, event.segment, event.step, None if event.hit is None else event.hit.condition


def _placed(events: Iterable[Event], past: Past) -> Iterator[Event]:
    stretches: dict[int, list[tuple[int, float]]] = {}
    for branch in past.branches:
        segments = branch.chain.segments
        stops = (*(segment.start for segment in segments[1:]), float("inf"))
        for segment, stop in zip(segments, stops, strict=True):
            stretches.setdefault(segment.number, []).append((branch.number, stop))
    for event in events:
        on = [branch for branch, stop in stretches.get(event.segment, ()) if event.step < stop]
        if on:
            yield event if event.branch in on else dataclasses.replace(event, branch=on[0])

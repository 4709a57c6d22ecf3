"""What was written of a run: against it is measured whether there is something to lose.

Moving about in a run is looking, so the step and the branch that are shown do not count. What counts is how far each
branch was trained, of which stretches it is made, what it is called, and what a person marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bpstudio.training.archive import Archive
    from bpstudio.training.breakpoints import Breakpoint
    from bpstudio.training.caption import Caption
    from bpstudio.training.frame import Frame
    from bpstudio.training.past import Bookmark

Stretches = tuple[int, str, int | None, int, int, tuple[int, ...]]
"""A branch: number, name, parent, fork, its furthest step, and the numbers of its stretches."""


@dataclass(frozen=True)
class Saved:
    """A run as it stood: its branches, the captions of those that are known, and the marks."""

    paths: tuple[Stretches, ...]
    captions: Mapping[int, Caption]
    bookmarks: tuple[Bookmark, ...]
    breakpoints: tuple[Breakpoint, ...]

    @classmethod
    def of_frame(cls, frame: Frame) -> Saved:
        """As a frame shows it."""
        return cls(_paths(frame), {frame.branch: frame.caption}, frame.bookmarks, frame.breakpoints)

    @classmethod
    def of_archive(cls, archive: Archive) -> Saved:
        """As an archive holds it."""
        paths = []
        for each in archive.branches:
            last = archive.segments[each.segments[-1]]
            first = archive.segments[each.segments[0]].start
            reached = max(last.start + last.numbers.length - 1, first)
            paths.append((each.number, each.name, each.parent, each.fork, reached, each.segments))
        captions = {each.number: each.caption for each in archive.branches}
        return cls(tuple(paths), captions, archive.bookmarks, archive.breakpoints)

    def holds(self, frame: Frame) -> bool:
        """Whether all that a frame shows of its run was written."""
        caption = self.captions.get(frame.branch, frame.caption)
        marks = (frame.bookmarks, frame.breakpoints)
        return caption == frame.caption and self.paths == _paths(frame) and (self.bookmarks, self.breakpoints) == marks


def has_past(frame: Frame) -> bool:
    """Whether there is more than one moment to keep: steps, branches, or something that a person marked."""
    trained = any(each.last > each.first for each in frame.branches)
    return trained or len(frame.branches) > 1 or bool(frame.bookmarks or frame.breakpoints)


def _paths(frame: Frame) -> tuple[Stretches, ...]:
    return tuple((each.number, each.name, each.parent, each.fork, each.last, each.segments) for each in frame.branches)

"""The switches of a lesson beside a run: which of them is on, and which digits are promised then.

A run is on a switch while its experiment, data and start values are the switch's own, nothing was edited on the way to
the present step, and nobody gave it a title: an exercise with the same numbers is another one. So the answer is read
off the run, never kept beside it: undo, seek and an edit change it by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from bpstudio.engine.trace import Params
from bpstudio.files.known import Known
from bpstudio.files.lesson import Lesson
from bpstudio.files.lesson_parts import Variant
from bpstudio.training.carry import same_values
from bpstudio.training.frame import Frame


@dataclass(frozen=True, eq=False)
class Choice:
    """A lesson with one of its switches on (`variant`), or as it stands (None), at step 0.

    expected   what the switch promises; where it is the lesson as it stands, after what the lesson promises
    """

    lesson: Lesson
    variant: Variant | None
    origin: Params
    expected: tuple[Known, ...]

    def is_on(self, frame: Frame) -> bool:
        """Whether the run in a frame is this one, at whatever step."""
        return (
            not frame.caption.title
            and frame.segment == 0
            and frame.start is not None
            and frame.experiment == self.lesson.experiment
            and frame.dataset.hash == self.lesson.dataset.hash
            and same_values(frame.start, self.origin)
        )


class Switches:
    """Every choice that a lesson offers, in its order; first the lesson as it stands, where that is none of them."""

    def __init__(self, lesson: Lesson) -> None:
        # A lesson that was made out of a switched one, without its switches, is a lesson of its own.
        base = lesson.base if lesson.base is not None and lesson.variants == lesson.base.variants else lesson
        variants = [_choice(base, variant) for variant in base.variants]
        same = next((choice for choice in variants if _is_base(choice, base)), None)
        own = [] if same is not None else [Choice(base, None, base.origin, base.expected)]
        self.choices: tuple[Choice, ...] = (*own, *variants)
        self.base: Choice = same or own[0]
        self._last: tuple[tuple[object, ...], Choice | None] = ((), None)

    def named(self, variant: str) -> Choice:
        """The choice of a variant's name, "" for the lesson as it stands. Raises ValueError for an unknown name."""
        if not variant:
            return self.base
        for choice in self.choices:
            if choice.variant is not None and choice.variant.name == variant:
                return choice
        names = ", ".join(choice.variant.name for choice in self.choices if choice.variant is not None) or "none"
        raise ValueError(f"variant: expected one of {names}, got {variant!r}")

    def on(self, frame: Frame) -> Choice | None:
        """The choice that the run in a frame is, or None where it was changed into something else."""
        run = (frame.experiment, frame.dataset, frame.start, frame.segment, frame.caption)
        # Compared by identity, because frames come often and arrays are large.
        if len(self._last[0]) != len(run) or any(a is not b for a, b in zip(self._last[0], run, strict=True)):
            self._last = (run, next((choice for choice in self.choices if choice.is_on(frame)), None))
        return self._last[1]


def _choice(base: Lesson, variant: Variant) -> Choice:
    lesson = base.choose(variant.name)
    choice = Choice(lesson, variant, lesson.origin, variant.expected)
    if not _is_base(choice, base):
        return choice
    asked = {(known.what, known.after) for known in base.expected}
    more = tuple(known for known in variant.expected if (known.what, known.after) not in asked)
    return Choice(base, variant, choice.origin, base.expected + more)


def _is_base(choice: Choice, base: Lesson) -> bool:
    return choice.lesson.experiment == base.experiment and same_values(choice.origin, base.origin)

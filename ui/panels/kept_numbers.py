"""What somebody typed where: a number belongs to a thing at a step, for one row, and stays while the lesson is open."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from bpstudio.insight.altered import Quantity
from bpstudio.insight.chain import ChainVerdict
from bpstudio.insight.elements import Element, Example, Lit
from bpstudio.insight.recognition import Judged
from bpstudio.insight.typed_number import Entry
from bpstudio.training.frame import Frame
from ui.panels.judging import Judge

REMEMBERED = 500
"""So many typed numbers are kept; the oldest goes first."""
Answer = Judged | ChainVerdict | Exception


@dataclass(frozen=True)
class Place:
    """For what a number was typed: a thing at a step, for one example, of one network on one data set."""

    element: Element
    step: int
    example: Example
    sizes: tuple[int, ...]
    data: str

    @classmethod
    def of(cls, frame: Frame, example: Example, element: Element) -> Place:
        """The place of an element in a frame."""
        return cls(element, frame.step, example, frame.experiment.network.sizes, frame.dataset.name)

    def is_of(self, frame: Frame, example: Example) -> bool:
        """Whether the place has the numbers of a frame's step and of an example."""
        return self == Place.of(frame, example, self.element)


@dataclass(frozen=True)
class Return:
    """The way back from a line that was gone to, to one's own number or to the number that was explained."""

    place: Place
    symbol: str
    is_yours: bool
    grain: str
    playhead: int


@dataclass
class Typed:
    """What was typed at a place: `draft` is not judged yet; `quantity` was chosen by hand."""

    text: str = ""
    entries: tuple[Entry, ...] = ()
    draft: str = ""
    quantity: Quantity | None = None
    question: Judge | None = None
    answer: Answer | None = field(default=None, repr=False)


class KeptNumbers:
    """What was typed, by place."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Place, Typed] = OrderedDict()

    def at(self, place: Place | None) -> Typed | None:
        """What was typed at a place; None where nothing was."""
        return self._kept.get(place) if place is not None else None

    def take(self, place: Place) -> Typed:
        """What was typed at a place, to be changed; it counts as the newest."""
        typed = self._kept.pop(place, None) or Typed()
        self._kept[place] = typed
        while len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)
        return typed

    def place_of(self, question: Judge) -> Place | None:
        """Where a question came from; None when something else has been asked there since."""
        return next((place for place, typed in self._kept.items() if typed.question is question), None)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()


def wrong_line(answer: Answer | None) -> tuple[str, tuple[Lit, ...]] | None:
    """The address of the line where a number went wrong and what is lit there; None where nobody can tell."""
    if isinstance(answer, ChainVerdict):
        return None if answer.is_right else (answer.address, answer.lit)
    if isinstance(answer, Judged) and answer.verdict.kind == "slip":
        return answer.verdict.address, answer.verdict.lit
    return None

"""What is asked about a person's own numbers: questions for the thread that answers beside the training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bpstudio.insight.altered import Asked, Quantity
from bpstudio.insight.chain import ChainVerdict, judge_text
from bpstudio.insight.elements import Element, Example
from bpstudio.insight.named_numbers import find
from bpstudio.insight.notation import Notation, letters
from bpstudio.insight.recognition import Judged, quantities, recognised
from bpstudio.insight.rounding import Mode, Rounding, student_rounding
from bpstudio.insight.symbols import symbol_of
from bpstudio.insight.typed_number import read_many
from bpstudio.insight.verdict import judge
from bpstudio.training.frame import Frame


@dataclass(frozen=True, eq=False)
class Judge:
    """Is it right, and if not, what happened? `quantity` None: the number itself says which one it is."""

    frame: Frame
    example: Example
    target: Element
    text: str
    quantity: Quantity | None
    preferred: tuple[Quantity, ...]
    notation: Notation
    digits: int
    kind: str = "your number"

    def answer(self, progress: Callable[[float], None]) -> Judged | ChainVerdict:
        """The verdict and of which number; of several numbers that of each line."""
        frame, target, entries = self.frame, self.target, read_many(self.text)
        names = letters(self.notation, frame.experiment.network)
        likely = self.quantity or next(iter(self.preferred), None) or quantities(frame.experiment.network, target)[0]
        asked, number = Asked(target, likely), entries[0].number
        if len(entries) > 1:
            chain = judge_text(frame, self.example, target, likely, self.text, self.notation, self.digits)
            if isinstance(chain, ChainVerdict):
                return chain
        if entries[0].name:
            asked = find(entries[0].name, names, asked)
        elif self.quantity is None:
            return recognised(frame, self.example, target, number, self.notation, self.digits, self.preferred)
        verdict = judge(frame, self.example, asked.target, asked.quantity, number, self.notation, self.digits)
        return Judged(asked, symbol_of(asked, names), verdict)


@dataclass(frozen=True, eq=False)
class RoundByHand:
    """What comes out when every line is rounded."""

    frame: Frame
    example: Example
    target: Element
    quantity: Quantity
    mode: Mode
    count: int
    notation: Notation
    kind: str = "rounding by hand"

    def is_same(self, other: RoundByHand) -> bool:
        """Whether another question has the same answer."""
        mine = (self.example, self.target, self.quantity, self.mode, self.count, self.notation)
        theirs = (other.example, other.target, other.quantity, other.mode, other.count, other.notation)
        return self.frame is other.frame and mine == theirs

    def answer(self, progress: Callable[[float], None]) -> Rounding:
        """Every line that leads to the number, exact and rounded."""
        return student_rounding(
            self.frame, self.example, self.target, self.quantity, self.mode, self.count, self.notation
        )

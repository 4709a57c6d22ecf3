"""Where the eye is: what is selected, whose numbers are shown, which beat is looked at, how near the canvas is.

Looking never changes the run, so nothing here reaches a Session. One object owns all of it; everybody else reads it
when they paint and hears of a change through one signal.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from bpstudio.insight import own_names
from bpstudio.insight.elements import Element, Example, Lit, Row
from bpstudio.insight.notation import Notation, notation_named

if TYPE_CHECKING:
    from bpstudio.insight.order import Grain
    from bpstudio.insight.walk import Walk

GRAINS: tuple[Grain, ...] = ("step", "layer", "neuron", "edge")
"""From coarse to fine: what one press of the right arrow walks over."""
COLORS = ("gradient", "weight", "update", "check")
"""What an edge's colour can mean."""
DIFFERENCE = "difference"
"""What it means besides where two networks are compared: how much a weight differs from the other's."""
DELTAS = ("row", "batch")
"""A row's δ of its own cost, or the batch's with its 1/N."""
SLOWEST, FASTEST = 0.25, 8.0
FLAT_OUT = math.inf
FIRST_ROW = Row(0)


@dataclass(frozen=True)
class Mark:
    """A line of the walk that is pointed out: the address of its beat, and what is lit (empty: what it works with);
    `of_case`: because a reference case has another number there.
    """

    address: str
    lit: tuple[Lit, ...] = ()
    of_case: bool = False


@dataclass(frozen=True)
class Eye:
    """Everything Focus owns, as one value. A bad value raises ValueError that names the field."""

    selection: Element | None = None
    hover: Element | None = None
    example: Example = FIRST_ROW
    grain: Grain = "edge"
    playhead: int = 0
    """Beats looked at so far at this grain: 0 nothing is computed yet, `walk.count(grain)` the whole step."""
    mark: Mark | None = None
    """Where a person's own number, or that of a reference case, leaves ours; None: nowhere."""
    color: str = "gradient"
    notation: str = "nielsen"
    """The name of the table of letters; `written` is the notation with names, sign and the writing of matrices."""
    delta_sign: int = 1
    """What δ means: +1 for +∂C/∂z, −1 for −∂C/∂z as in older books."""
    samples: str = "rows"
    """What the samples of a batch are in arrays that are written: "rows" or "columns"."""
    weight_layout: str = "out_in"
    """Whether W is written with a row ("out_in") or a column ("in_out") for each unit."""
    names: own_names.Pairs = ()
    """A person's own names by address (`h1`, `w5`, `b_o1`); a mapping is taken too."""
    digits: int = 9
    scale_delta: str = "row"
    zoom: float = 1.0
    pan: tuple[float, float] = (0.0, 0.0)
    speed: float = 1.0
    """How fast beats follow each other: 2 is twice as fast."""
    pace: float = FLAT_OUT
    """Training steps per second while training plays; infinite: as fast as the machine can."""
    reduced_motion: bool = False
    playing_walk: bool = False

    def __post_init__(self) -> None:
        choices = (("grain", GRAINS), ("color", (*COLORS, DIFFERENCE)), ("scale_delta", DELTAS))
        object.__setattr__(self, "names", own_names.pairs(self.names))
        _ = self.written  # a name or a sign that cannot be is refused here: looking at it later cannot fail
        for name, allowed in choices:
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name}: expected one of {', '.join(allowed)}, came {getattr(self, name)!r}")
        if self.playhead < 0:
            raise ValueError(f"playhead: expected 0 or more, came {self.playhead}")
        if not SLOWEST <= self.speed <= FASTEST:
            raise ValueError(f"speed: expected {SLOWEST} to {FASTEST}, came {self.speed}")
        if not self.pace > 0:
            raise ValueError(f"pace: expected steps per second above 0, came {self.pace}")

    @cached_property
    def written(self) -> Notation:
        """The notation as it is written here: the same object while nothing of it changes."""
        return notation_named(self.notation).having(
            names=self.names,
            delta_sign=self.delta_sign,
            samples=self.samples,
            weight_layout=self.weight_layout,
        )


class Focus(QObject):
    """The one owner of an `Eye`. `changed` is emitted once per `set`, and only when something differs."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._eye = Eye()
        self._walk: Walk | None = None
        self._place = 0
        """The last edge beat that has been seen: finer than the playhead, so that no grain loses the place."""

    def set(self, **changes: object) -> None:
        """Look somewhere else. Unknown names and bad values raise and change nothing.

        A new grain without a new playhead keeps the place in the walk. At the step grain the whole step is seen,
        and the place is kept for the next finer grain.
        """
        eye = dataclasses.replace(self._eye, **changes)  # type: ignore[arg-type]
        walk = self._walk
        if walk is not None:
            eye = dataclasses.replace(eye, playhead=min(eye.playhead, walk.count(eye.grain)))
            if "playhead" in changes and eye.grain != "step":
                self._place = walk.position(eye.grain, eye.playhead)
            if ("grain" in changes and "playhead" not in changes) or eye.grain == "step":
                eye = dataclasses.replace(eye, playhead=self._seen(walk, eye.grain))
        if eye != self._eye:
            self._eye = eye
            self.changed.emit()

    def follow(self, walk: Walk) -> None:
        """Walk the beats of another step from now on; the place stays at its address where the new walk has it."""
        if walk == self._walk:
            return
        old, self._walk = self._walk, walk
        if old is None:
            self._place = walk.position(self._eye.grain, min(self._eye.playhead, walk.count(self._eye.grain)))
        elif self._place == old.count("edge"):
            self._place = walk.count("edge")
        elif self._place:
            try:
                self._place = walk.find("edge", old.beat("edge", self._place).address)
            except ValueError:
                self._place = min(self._place, walk.count("edge"))
        self._eye = dataclasses.replace(self._eye, playhead=self._seen(walk, self._eye.grain))
        self.changed.emit()

    def _seen(self, walk: Walk, grain: Grain) -> int:
        """The playhead at a grain for the present place."""
        return walk.count("step") if grain == "step" else walk.at(grain, self._place)

    @property
    def eye(self) -> Eye:
        """Everything at once, as a value that stays."""
        return self._eye

    @property
    def walk(self) -> Walk | None:
        """The order of looking at the present experiment; None before the first frame."""
        return self._walk

    @property
    def last(self) -> int:
        """The playhead's end at this grain: the whole step is seen."""
        return self._walk.count(self._eye.grain) if self._walk is not None else 0

    @property
    def selection(self) -> Element | None:
        return self._eye.selection

    @property
    def hover(self) -> Element | None:
        return self._eye.hover

    @property
    def example(self) -> Example:
        return self._eye.example

    @property
    def grain(self) -> Grain:
        return self._eye.grain

    @property
    def playhead(self) -> int:
        return self._eye.playhead

    @property
    def mark(self) -> Mark | None:
        return self._eye.mark

    @property
    def color(self) -> str:
        return self._eye.color

    @property
    def notation(self) -> Notation:
        """The letters and all that belongs to writing them: the same object while nothing of it changes."""
        return self._eye.written

    @property
    def delta_sign(self) -> int:
        return self._eye.delta_sign

    @property
    def samples(self) -> str:
        return self._eye.samples

    @property
    def weight_layout(self) -> str:
        return self._eye.weight_layout

    @property
    def names(self) -> own_names.Pairs:
        return self._eye.names

    @property
    def digits(self) -> int:
        return self._eye.digits

    @property
    def scale_delta(self) -> str:
        return self._eye.scale_delta

    @property
    def zoom(self) -> float:
        return self._eye.zoom

    @property
    def pan(self) -> tuple[float, float]:
        return self._eye.pan

    @property
    def speed(self) -> float:
        return self._eye.speed

    @property
    def pace(self) -> float:
        return self._eye.pace

    @property
    def reduced_motion(self) -> bool:
        return self._eye.reduced_motion

    @property
    def playing_walk(self) -> bool:
        return self._eye.playing_walk

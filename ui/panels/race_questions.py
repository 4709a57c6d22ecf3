"""What a race asks beside the training: a stretch of it, and one member's step.

A race is worked through in stretches of a tenth of a second, each a question of its own: whoever asks something else
meanwhile (a file, a check) does not wait for the end of the race, and stopping is not asking again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from bpstudio.data.dataset import Dataset
from bpstudio.engine.trace import Params
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.race import Race, Standing

STRETCH_SECONDS = 0.1


@dataclass(frozen=True)
class Entrant:
    """Who takes part: the value that tells it from the others, and what is trained. ``start`` None: drawn from the
    seed. ``title`` says what the value is of, where it does not say that itself.
    """

    name: str
    experiment: Experiment
    start: Params | None = None
    title: str = ""

    @property
    def called(self) -> str:
        """What it is called where it stands alone."""
        return self.title or self.name


@dataclass(frozen=True, eq=False)
class Standings:
    """A race between two steps: whoever holds it asks on with it, or lets it go."""

    race: Race
    step: int
    members: tuple[Standing, ...]
    seconds: float
    """How long the members have trained since it began."""

    @property
    def is_over(self) -> bool:
        """Whether nobody can go on."""
        return all(member.nonfinite is not None or member.stopped is not None for member in self.members)


class _TimeIsUpError(Exception):
    """Ends a stretch between two steps."""


@dataclass(frozen=True, eq=False)
class RunRace:
    """Begin a race, or go on with one, towards a step."""

    entrants: tuple[Entrant, ...]
    dataset: Dataset
    until: int
    before: Standings | None = None
    kind: str = "race"

    def answer(self, progress: Callable[[float], None]) -> Standings:
        began = time.perf_counter()
        race = self.before.race if self.before is not None else self._begin()
        until = self.until if self.before is not None else 0

        def rest() -> None:
            progress(race.step_number / max(self.until, 1))
            if time.perf_counter() - began > STRETCH_SECONDS:
                raise _TimeIsUpError

        count = 16
        try:
            while race.step_number < until:
                before = time.perf_counter()
                here = race.step_number
                race.run(min(count, until - here), rest)
                if race.step_number == here:
                    break  # all members rest
                # All members go about the same way before the first one goes on.
                count = min(2 * count, 1024) if time.perf_counter() - before < STRETCH_SECONDS / 4 else count
        except _TimeIsUpError:
            pass
        seconds = (self.before.seconds if self.before is not None else 0.0) + time.perf_counter() - began
        members = tuple(race.standing(number) for number in range(race.members))
        return Standings(race, race.step_number, members, seconds)

    def _begin(self) -> Race:
        experiments = [entrant.experiment for entrant in self.entrants]
        return Race(experiments, self.dataset, [entrant.start for entrant in self.entrants])


@dataclass(frozen=True, eq=False)
class LookAtMember:
    """The present step of a member, and the parameters of the one that it is compared with."""

    race: Race
    number: int
    other: int = -1
    kind: str = "race look"

    def answer(self, progress: Callable[[float], None]) -> tuple[Frame, Params | None]:
        frame = self.race.frame(self.number)
        return frame, self.race.params(self.other) if self.other >= 0 else None

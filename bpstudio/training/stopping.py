"""Waiting for a better validation, and what happens when none comes: the rate is reduced, or training stops.

Both are pure functions of what was measured so far, in order, and of nothing else: a run that is replayed reduces and
stops where it did. What is watched is the cost of the validation rows, or of the training rows where there are none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bpstudio.training.checks import number, whole
from bpstudio.training.plain_values import read_record


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """Stop when ``patience`` validations in a row brought nothing better by more than ``min_delta`` (Prechelt 1998).

    Training stops, and the best step is shown again; nothing that came after it is lost.
    """

    patience: int = 5
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        whole("stopping.patience", self.patience, 1)
        number("stopping.min_delta", self.min_delta, 0)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long somebody has waited: the ``best`` value and its step (−1: nothing was seen yet), how many values since
    then were no better, and how often patience ran out. When it does, the waiting begins anew.
    """

    best: float = math.inf
    best_step: int = -1
    waited: int = 0
    ran_out: int = 0

    def after(self, step: int, value: float, patience: int, min_delta: float) -> Patience:
        """The same after one more value. NaN is better than nothing, and than nothing else."""
        if self.best_step < 0 or value < self.best - min_delta:
            return Patience(value if value == value else math.inf, step, 0, self.ran_out)
        if self.waited + 1 < patience:
            return Patience(self.best, self.best_step, self.waited + 1, self.ran_out)
        return Patience(self.best, self.best_step, 0, self.ran_out + 1)


UNTRIED = Patience()


@dataclass(frozen=True, slots=True)
class Watch:
    """What is known after the validations until a step: for the schedule that reduces the rate, and for stopping."""

    schedule: Patience = UNTRIED
    stopping: Patience = UNTRIED

    def carried(self, comparable: bool) -> Watch:
        """What is left of it after an edit: where costs before and after it cannot be compared, the rate stays as it
        was reduced, and the waiting begins anew.
        """
        if comparable:
            return self
        return Watch(Patience(ran_out=self.schedule.ran_out), Patience(ran_out=self.stopping.ran_out))


NOT_WATCHED = Watch()


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why training rests: at ``step`` there was no better validation for ``patience`` of them since ``best``.
    ``validated`` says whether the rows were those for validation, or for training.
    """

    step: int
    best: int
    patience: int
    validated: bool = True


def read_stopped(values: object, path: str = "stopped") -> Stopped:
    """A Stopped from its fields in a file. Raises ValueError, with the path of the field, for anything else."""
    given = read_record(path, values, "step", "best", "patience", "validated")
    for name, least in (("step", 0), ("best", 0), ("patience", 1)):
        whole(f"{path}.{name}", given[name], least)
    if not isinstance(given["validated"], bool):
        raise ValueError(f"{path}.validated: expected true or false, got {given['validated']!r}")
    return Stopped(**given)

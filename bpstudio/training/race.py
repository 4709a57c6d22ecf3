"""A race: two to sixteen experiments of one shape side by side, from step 0, on the same data.

Each member is, digit for digit, the run that it would be by itself. Those that take the same operations are trained in
one computation (``bpstudio.training.together``); what cannot be stacked (convolutions, dropout, rates that wait for
their own validations), or is so large that the cache would not hold all of it, is a session of its own behind the
same door. A member that diverges rests where it did, and the others go on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.memory import gibibytes, memory_limit
from bpstudio.engine.regions import Unstackable
from bpstudio.engine.trace import Params, Trace, draw_params, params_layout
from bpstudio.maths.initializers import Initializer
from bpstudio.training.carry import named_states
from bpstudio.training.divergence import NonFinite
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.metrics import Metrics
from bpstudio.training.optimizers import SGD
from bpstudio.training.schedules import Constant
from bpstudio.training.session import DEFAULT_BUDGET, Session
from bpstudio.training.stopping import Stopped
from bpstudio.training.together import Together

FEWEST, MOST = 2, 16


@dataclass(frozen=True, slots=True)
class Standing:
    """How a member is doing: the step at which it is, what was recorded of it, and why it rests if it does."""

    step: int
    metrics: Metrics
    nonfinite: NonFinite | None = None
    stopped: Stopped | None = None


class Race:
    """Members that are trained side by side; touched by one thread.

    ``starts`` gives each member its start values, otherwise they are drawn from its seed. Raises ValueError where an
    experiment and the data do not fit, or the memory does not suffice.
    """

    def __init__(
        self, experiments: Sequence[Experiment], dataset: Dataset, starts: Sequence[Params | None] | None = None
    ) -> None:
        if not FEWEST <= len(experiments) <= MOST:
            raise ValueError(f"race: expected {FEWEST} to {MOST} members, got {len(experiments)}")
        given = [None] * len(experiments) if starts is None else list(starts)
        if len(given) != len(experiments):
            raise ValueError(f"starts: expected {len(experiments)}, one for each member, got {len(given)}")
        _check_memory(experiments, dataset)
        self.experiments = tuple(experiments)
        self.dataset = dataset
        self.starts = tuple(
            draw_params(experiment.network, experiment.seed) if start is None else start.fitted(experiment.network)
            for experiment, start in zip(experiments, given, strict=True)
        )
        self.alone_because: dict[int, str] = {}
        """Why a member is not trained together with others."""
        self._target = 0
        self._alone: dict[int, Session] = {}
        self._groups: list[tuple[list[int], Together]] = []
        self._gather()

    @property
    def members(self) -> int:
        """How many there are."""
        return len(self.experiments)

    @property
    def step_number(self) -> int:
        """The step of those that still run; the furthest one when all rest."""
        steps = [self.step_of(number) for number in range(self.members) if not self.rests(number)]
        return min(steps) if steps else max(self.step_of(number) for number in range(self.members))

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The members that are trained in one computation each."""
        return tuple(tuple(members) for members, _ in self._groups)

    # ---- moving

    def run(self, steps: int, rest: Callable[[], object] | None = None) -> int:
        """Train; returns the step that was reached.

        ``rest`` is called between stretches of training. What it raises ends the run between two steps, and a later
        call goes on from there.
        """
        self._target = self.step_number + steps
        for members, group in list(self._groups):
            while group.members and group.step < self._target:
                ahead = self._target - group.step
                left = group.run(ahead if rest is None else min(ahead, _stretch(group)))
                if left:
                    self._leave(members, group, left)
                if rest is not None:
                    rest()
        for number in list(self._alone):
            self._follow(number, rest)
        return self.step_number

    def _follow(self, number: int, rest: Callable[[], object] | None) -> None:
        """Bring a member that runs by itself to where the race is."""
        session = self._alone[number]
        while not self.rests(number) and session.step_number < self._target:
            ahead = self._target - session.step_number
            session.run(ahead if rest is None else min(ahead, ALONE_STRETCH))
            if rest is not None:
                rest()

    def _leave(self, members: list[int], group: Together, places: Sequence[int]) -> None:
        """Members whose numbers grew out of bounds go on by themselves: a session says where that was, and whether it
        was.
        """
        for place in places:
            number = members[place]
            self.alone_because[number] = "its numbers grew out of bounds"
            self._alone[number] = self._session(number)
        group.without(places)
        members[:] = [number for place, number in enumerate(members) if place not in places]
        self._groups = [pair for pair in self._groups if pair[0]]

    # ---- looking

    def step_of(self, number: int) -> int:
        """The step at which a member is."""
        if number in self._alone:
            return self._alone[number].step_number
        return self._place(number)[0].step

    def rests(self, number: int) -> bool:
        """Whether a member diverged or stopped by itself."""
        session = self._alone.get(number)
        return session is not None and (session.nonfinite is not None or session.stopped is not None)

    def standing(self, number: int) -> Standing:
        """How a member is doing."""
        session = self._alone.get(number)
        if session is not None:
            return Standing(session.step_number, session.metrics, session.nonfinite, session.stopped)
        group, place = self._place(number)
        return Standing(group.step, Metrics(group.legs(place)))

    def metrics(self, number: int) -> Metrics:
        """The curves of a member: loss, accuracy and the validations, those of its own run bit for bit."""
        return self.standing(number).metrics

    def params(self, number: int) -> Params:
        """A copy of a member's parameters."""
        session = self._alone.get(number)
        if session is not None:
            return session.params
        group, place = self._place(number)
        return group.params(place)

    def trace(self, number: int) -> Trace:
        """What the present step computed for a member; read it at rest."""
        session = self._alone.get(number)
        if session is not None:
            return session.trace
        group, place = self._place(number)
        return group.trace(place)

    def frame(self, number: int) -> Frame:
        """A member's present step, frozen, with its curves."""
        session = self._alone.get(number)
        if session is not None:
            return session.frame()
        group, place = self._place(number)
        experiment, memory = self.experiments[number], group.memory(place)
        size = params_layout(experiment.network).size
        resume = (group.step, Params(experiment.network, memory[:size]), named_states(experiment, memory[size:]))
        one = Session(experiment, self.dataset, self.starts[number], resume=resume, place=group.place())
        return dataclasses.replace(
            one.frame(), metrics=Metrics(group.legs(place)), segment_start=0, last_step=group.step
        )

    def _place(self, number: int) -> tuple[Together, int]:
        for members, group in self._groups:
            if number in members:
                return group, members.index(number)
        raise ValueError(f"member: expected 0 to {self.members - 1}, got {number}")

    # ---- who runs with whom

    def _gather(self) -> None:
        """Stack what can be stacked, kind by kind."""
        kinds: dict[object, list[int]] = {}
        for number, experiment in enumerate(self.experiments):
            kinds.setdefault(_kind(experiment), []).append(number)
        for alike in kinds.values():
            size = max(1, STACKED_NUMBERS // _numbers(self.experiments[alike[0]], self.dataset))
            for first in range(0, len(alike), size):
                self._stack(alike[first : first + size])

    def _stack(self, members: list[int]) -> None:
        """Train these together where that is possible, else each by itself."""
        reason = "no other member takes the same operations, or one after the other is faster"
        if len(members) > 1:
            try:
                group = Together(
                    [self.experiments[n] for n in members], self.dataset, [self.starts[n] for n in members]
                )
            except Unstackable as why:
                reason = str(why)
            else:
                self._groups.append((members, group))
                left = group.out_of_bounds()
                if left:
                    self._leave(members, group, left)
                return
        for number in members:
            self.alone_because[number] = reason
            self._alone[number] = self._session(number)

    def _session(self, number: int) -> Session:
        budget = DEFAULT_BUDGET // self.members
        return Session(self.experiments[number], self.dataset, self.starts[number], budget=budget)


STACKED_NUMBERS = 2**18
"""Numbers of all members together that a step works on. With more of them the cache no longer holds them from one
operation to the next, and one network after the other is faster.
"""
ALONE_STRETCH = 16
"""Steps of a session between two rests."""
STRETCH_NUMBERS = 2**21
"""About how many numbers a group computes between two rests."""


def _stretch(group: Together) -> int:
    """How many steps a group takes between two rests: about two milliseconds."""
    return int(np.clip(STRETCH_NUMBERS // (group.numbers_in_a_step + 2**14), 1, 64))


def _kind(experiment: Experiment) -> object:
    """What members have in common that may take the same operations: all but rates, seeds and initialisers."""
    network = experiment.network
    layers = tuple(
        dataclasses.replace(layer, initializer=Initializer(), name="") if isinstance(layer, Dense) else layer
        for layer in network.layers
    )
    rules = (type(experiment.optimizer), type(experiment.schedule), type(experiment.clipping))
    rest = experiment.replace(
        network=dataclasses.replace(network, layers=layers),
        seed=0,
        optimizer=SGD(1.0),
        schedule=Constant(),
        clipping=None,
        penalties=(),
    )
    return rest, rules, tuple(type(each) for each in experiment.penalties)


def _numbers(experiment: Experiment, dataset: Dataset) -> int:
    """How many numbers a step of one member works on."""
    network, rows = experiment.network, _rows(experiment, dataset)
    memory = params_layout(network).size * (1 + len(experiment.optimizer.states))
    return memory + Trace.size(network, rows, experiment.update_order == "sequential", experiment.penalties)


def _rows(experiment: Experiment, dataset: Dataset) -> int:
    count = len(dataset.train)
    return count if experiment.batch_size == 0 else min(experiment.batch_size, count)


def _check_memory(experiments: Sequence[Experiment], dataset: Dataset) -> None:
    need = 0
    for experiment in experiments:
        need += experiment.network.memory_bytes(_rows(experiment, dataset), 8 if experiment.dtype == "float64" else 4)
    if need > memory_limit():
        raise ValueError(
            f"race: {len(experiments)} networks need about {gibibytes(need)} GiB of memory; the limit is "
            f"{gibibytes(memory_limit())} GiB. Race fewer of them, or use a smaller batch or fewer units."
        )

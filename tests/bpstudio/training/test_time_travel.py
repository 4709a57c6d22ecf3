"""Whatever somebody does in time, every step is what it was when it was first seen, and nothing that was done is lost.

A seeded traveller trains, goes back and forth, edits in the past, switches, deletes, undoes. Beside the session stands
a model of what must be: digests by segment and step, and a pile of snapshots for undo.
"""

import dataclasses
import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense, Dropout
from bpstudio.engine.network import Network
from bpstudio.maths.penalties import L1, L2, KLSparsity, RunningSparsity
from bpstudio.training.breakpoints import Breakpoint
from bpstudio.training.caption import Caption
from bpstudio.training.clipping import ClipByNorm, ClipByValue
from bpstudio.training.conditions import GradientNorm
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import OPTIMIZERS, SGD, Adam, Momentum, Nesterov, RMSProp, Rprop
from bpstudio.training.past import Branch
from bpstudio.training.schedules import SCHEDULES, Constant, Plateau, Step
from bpstudio.training.session import DEFAULT_BUDGET, Session
from bpstudio.training.stopping import EarlyStopping

RULES = [kind(0.02) for kind in OPTIMIZERS.values()]
RULES += [Momentum(0.05, velocity="inside"), Nesterov(0.05, momentum=0.5), Adam(0.03, amsgrad=True)]
RULES += [RMSProp(0.01, centred=True, momentum=0.5), dataclasses.replace(SGD(0.1), weight_decay=0.1, bias_rate=2.0)]
PLANS = [kind() for kind in SCHEDULES.values()] + [Plateau(0.5, patience=1), Step(7, 0.5)]
PENALTIES = [(), (), (L1(0.01),), (L2(0.01), KLSparsity(0.1, 0.2, (1,))), (RunningSparsity(0.2, 0.1, (1,), 0.9),)]


def dataset(rng: random.Random) -> Dataset:
    rows = rng.choice((11, 24, 37))
    x = np.random.default_rng(rows).normal(size=(rows, 2))
    held = range(0, rows, 5) if rng.random() < 0.6 else ()
    return Dataset.from_arrays(x, (x[:, :1] * x[:, 1:] > 0).astype(float), task="binary", validation=held)


def network(rng: random.Random) -> Network:
    dropped = (Dropout(0.3),) if rng.random() < 0.4 else ()
    # Of a wide network keyframes stand further apart, and states close to the present are kept beside them.
    wide, narrow = rng.choice(((60, 90), *[(3, 2)] * 4, *[(5, 3)] * 4))
    hidden = (Dense(wide, "tanh"), Dense(narrow, "sigmoid"))
    return Network(2, (*hidden, *dropped, Dense(1, "sigmoid", train_bias=rng.random() < 0.8)))


def experiment(rng: random.Random, rule: object = None) -> Experiment:
    """Anything that can be trained, with this rule if there is one."""
    while True:
        rule_or_any = rule or rng.choice(RULES)
        try:
            return Experiment(
                network(rng),
                loss=rng.choice(("bce", "half_squared_error")),
                optimizer=rule_or_any,
                batch_size=rng.choice((0, 1, 4, 6)),
                seed=rng.randrange(5),
                shuffle=rng.random() < 0.7,
                update_order=rng.choice(("simultaneous",) * 4 + ("sequential",)),
                dtype=rng.choice(("float64",) * 4 + ("float32",)),
                schedule=Constant() if isinstance(rule_or_any, Rprop) else rng.choice(PLANS),
                clipping=rng.choice((None, None, ClipByValue(0.5), ClipByNorm(0.5))),
                stopping=rng.choice((None, None, EarlyStopping(2))),
                validate_every=rng.choice((0, 3, 10)),
                penalties=rng.choice(PENALTIES),
            )
        except ValueError:  # not everything goes with everything
            continue


def digest(frame: Frame) -> str:
    """Everything that a step consists of."""
    parts = [frame.params.flat, frame.trace.x, frame.trace.arena, frame.batch, frame.row_loss]
    parts += [np.array([frame.step, frame.epoch, frame.position, frame.rate, frame.t, frame.begun])]
    parts += [np.array([frame.loss, frame.penalty]), np.array(repr(frame.watched).encode())]
    parts += [state.flat for state in (*frame.state.values(), *frame.state_next.values())]
    parts += [means for each in (frame.averages, frame.averages_next) for means in each.values()]
    return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()


def route(branch: Branch) -> list[tuple[int, int]]:
    """(number of the segment, its first step) along a branch."""
    return [(segment.number, segment.start) for segment in branch.chain.segments]


@dataclass
class Snapshot:
    """All that undo has to bring back."""

    here: str
    step: int
    past: tuple[object, ...]

    @classmethod
    def of(cls, session: Session) -> "Snapshot":
        past = session.past
        branches = [(b.number, b.name, b.parent, b.fork, b.cause, b.chain.caption, *route(b)) for b in past.branches]
        return cls(
            digest(session.frame()),
            session.step_number,
            (branches, past.current, past.bookmarks, past.breakpoints),
        )


@dataclass
class Traveller:
    """A session, and what it is known to hold."""

    session: Session
    rng: random.Random
    seen: dict[tuple[int, int], str] = field(default_factory=dict)
    rows: dict[tuple[int, int], bytes] = field(default_factory=dict)
    undone: list[Snapshot] = field(default_factory=list)
    future: list[Snapshot] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    # ---- what must hold

    def look(self) -> None:
        """The present step and what is kept of it are what they were when they were first seen."""
        self._forget()
        frame = self.session.frame()
        chain, step = self.session.past.chain, frame.step
        segment = chain.segments[chain.at(step)]
        assert step == self.session.step_number
        assert self.seen.setdefault((segment.number, step), digest(frame)) == digest(frame), (step, self.log)
        for leg in frame.metrics.legs:
            for at in {step, leg.start, (leg.start + leg.stop) // 2, leg.stop - 1}:
                owner = chain.segments[chain.at(at)]
                row = leg.numbers.row(at - leg.start) if leg.start <= at < leg.stop else None
                if row is not None and owner.start == leg.start:
                    known = self.rows.setdefault((owner.number, at), row.tobytes())
                    assert known == row.tobytes(), (at, self.log)
        assert frame.metrics.first <= step <= frame.last_step
        assert [view.number for view in frame.branches] == [branch.number for branch in self.session.past.branches]
        assert (frame.undo is None) == (not self.undone), self.log
        ends = {branch.number: (branch.first, branch.last) for branch in self.session.past.branches}
        for mark in frame.bookmarks:
            assert ends[mark.branch][0] <= mark.step <= ends[mark.branch][1], (mark, self.log)

    def gesture(self, name: str, change: Callable[[], object], loses: bool = False) -> None:
        """Do something that undo takes back; steps that were on a path are on one afterwards."""
        before = Snapshot.of(self.session)
        paths = [(route(branch), branch.last) for branch in self.session.past.branches]
        top = self._top
        self.log.append(name)
        change()
        if self._top is not top:
            self.undone.append(before)
            self.future.clear()
        else:
            assert Snapshot.of(self.session) == before, (name, self.log)
        if not loses:
            after = [route(branch) for branch in self.session.past.branches]
            for way, last in paths:
                walked = [place for place in way if place[1] < last]
                assert any(each[: len(walked)] == walked for each in after), (name, self.log)

    @property
    def _top(self) -> object:
        moments = self.session._undo._past
        return moments[-1] if moments else None

    def _forget(self) -> None:
        """Where the budget is small, the oldest gestures go; the last one can always be taken back."""
        count = len(self.session.frame().undo_names)
        assert count or not self.undone or self.log[-1] == "drag", self.log
        del self.undone[: len(self.undone) - count]

    # ---- what somebody does

    def train(self) -> None:
        if self.session.nonfinite is not None:
            self.seek()
            return
        steps = self.rng.choice((1, 1, 2, 5, 17, 80, 300))
        if self.rng.random() < 0.5:
            self.gesture("train", lambda: self.session.gesture("train"))
        self.log.append(f"run {steps}")
        if self.rng.random() < 0.2:
            taken = self.session.record(steps)
            for frame in self.rng.sample(list(taken), min(3, len(taken))):
                self._remember(frame)
        else:
            self.session.run(steps)

    def _remember(self, frame: Frame) -> None:
        chain = self.session.past.chain
        number = chain.segments[chain.at(frame.step)].number
        assert self.seen.setdefault((number, frame.step), digest(frame)) == digest(frame), (frame.step, self.log)

    def seek(self) -> None:
        first, last = self.session.past.branch.first, self.session.last_step
        here = self.session.step_number
        step = self.rng.choice(
            (first, last, here - 1, here - 1, here - 3, here + 1, *(self.rng.randint(first, last) for _ in range(5)))
        )
        step = min(max(step, first), last)
        self.log.append(f"seek {step}")
        before = Snapshot.of(self.session)
        self.session.seek(step)
        assert Snapshot.of(self.session).past == before.past, "looking changes nothing"

    def edit(self) -> None:
        session, rng = self.session, self.rng
        old = session.experiment

        def changed() -> dict[str, object]:
            kind = rng.randrange(8)
            if kind == 0:
                params = session.params
                params.flat[rng.randrange(params.flat.size)] += rng.choice((0.0, 0.1, -0.5))
                return {"params": params}
            if kind == 1:
                return {"dataset": dataset(rng)}
            if kind == 2:
                return {"experiment": experiment(rng)}
            if kind == 3:
                return {"experiment": old.replace(network=network(rng))}
            if kind == 4:
                return {"experiment": old.replace(seed=rng.randrange(5))}
            if kind == 5:
                return {"experiment": old.replace(optimizer=rng.choice(RULES))}
            if kind == 6:
                return {"experiment": old.replace(schedule=rng.choice(PLANS), batch_size=rng.choice((0, 1, 4, 5)))}
            return {
                "experiment": old.replace(
                    optimizer=dataclasses.replace(old.optimizer, rate=rng.choice((0.01, 0.3, 1e200)))
                )
            }

        try:
            change = changed()
        except ValueError:
            return
        self.gesture(f"edit {list(change)}", lambda: self.session.apply(**change))  # type: ignore[arg-type]

    def drag(self) -> None:
        """A slider under the mouse: many values, one gesture."""
        token = object()

        def change() -> None:
            for _ in range(self.rng.randint(1, 4)):
                params = self.session.params
                params.flat[0] += self.rng.choice((0.25, -0.5))
                self.session.apply(params=params, name="drag", drag=token)

        count = len(self.session.frame().undo_names)
        self.gesture("drag", change)
        assert len(self.session.frame().undo_names) <= count + 1
        if self.session.frame().redo is None:
            self.future.clear()  # a value that was dragged back to where it was is no gesture, but was an edit

    def branch(self) -> None:
        before = self.session.params.flat.tobytes(), self.session.trace.arena.tobytes(), self.session.loss
        self.gesture("branch", lambda: self.session.branch(self.rng.choice(("", "left", "  right\n"))))
        now = self.session.params.flat.tobytes(), self.session.trace.arena.tobytes(), self.session.loss
        assert before == now, self.log

    def switch(self) -> None:
        each = self.rng.choice(self.session.past.branches)
        step = self.rng.choice((None, each.first, each.last))
        self.log.append(f"switch {each.number} {step}")
        self.session.switch(each.number, step)
        assert self.session.past.current == each.number

    def delete(self) -> None:
        branches, marks = self.session.past.branches, self.session.past.bookmarks
        if len(branches) > 1:
            number = self.rng.choice(branches).number
            self.gesture(f"delete {number}", lambda: self.session.delete_branch(number), loses=True)
            past = self.session.past
            assert number not in [each.number for each in past.branches]
            assert past.bookmarks == tuple(mark for mark in marks if mark.branch != number), self.log

    def mark(self) -> None:
        session, marks = self.session, self.session.past.bookmarks
        kind = self.rng.randrange(6)
        if kind < 2 or not marks:
            self.gesture("bookmark", lambda: session.bookmark(self.rng.choice(("", "loss/C")), "look"))
        elif kind == 2:
            self.gesture("note", lambda: session.annotate(marks[0].number, self.rng.choice(("look", "listen"))))
        elif kind == 3:
            self.gesture("unmark", lambda: session.remove_bookmark(marks[-1].number))
        else:
            mark = self.rng.choice(marks)
            self.log.append(f"to bookmark {mark.number}")
            session.go_to_bookmark(mark.number)
            assert (session.past.current, session.step_number) == (mark.branch, mark.step)

    def name(self) -> None:
        session, kind = self.session, self.rng.randrange(3)
        if kind == 0:
            number = self.rng.choice(session.past.branches).number
            self.gesture("name", lambda: session.rename_branch(number, self.rng.choice(("", "a", "b"))))
        elif kind == 1:
            self.gesture("caption", lambda: session.rename(Caption(self.rng.choice(("", "one", "two")))))
        else:
            never = Breakpoint(1, GradientNorm(0.0, self.rng.choice((1e300, 1e301))))
            self.gesture("breakpoint", lambda: session.set_breakpoints(self.rng.choice(((), (never,)))))

    def again(self) -> None:
        kind = self.rng.choice(("reset", "new start", "other"))
        if kind == "reset":
            self.gesture(kind, self.session.reset, loses=True)
            assert self.session.step_number == 0
        elif kind == "new start":
            self.gesture(kind, self.session.reseed)
        else:
            other = Session(experiment(self.rng), dataset(self.rng))
            new = other.experiment, other.dataset, other.params
            away = self.rng.random() < 0.3
            self.gesture(kind, lambda: self.session.restart(*new, is_other=away), loses=away)

    def undo(self) -> None:
        self._turn(self.session.undo, self.undone, self.future)

    def redo(self) -> None:
        self._turn(self.session.redo, self.future, self.undone)

    def _turn(self, turn: Callable[[], str | None], back: list[Snapshot], forth: list[Snapshot]) -> None:
        for _ in range(self.rng.choice((1, 1, 2, 5))):
            self._forget()
            now = Snapshot.of(self.session)
            self.log.append(turn.__name__)
            name = turn()
            assert (name is None) == (not back), self.log
            if name is None:
                return
            assert Snapshot.of(self.session) == back.pop(), self.log
            forth.append(now)

    def look_aside(self) -> None:
        before = Snapshot.of(self.session)
        self.session.compare(self.rng.choice((None, *(each.number for each in self.session.past.branches))))
        self.session.probe(0)
        self.session.hold(self.rng.choice((3000, 40_000, DEFAULT_BUDGET)))
        assert Snapshot.of(self.session) == before

    def save(self) -> None:
        """Through an archive into another session, which is the same from then on; undo begins anew."""
        self.log.append("archive")
        before, last = Snapshot.of(self.session), self.session.last_step
        archive = self.session.archive(self.rng.choice((None, 0, 5000)))
        self.session = Session.restored(archive, self.rng.choice((40_000, DEFAULT_BUDGET)))
        assert (Snapshot.of(self.session), self.session.last_step) == (before, last), self.log
        self.undone, self.future = [], []

    def go(self, actions: int) -> None:
        kinds = [*[self.train] * 5, *[self.seek] * 6, *[self.edit] * 4, self.drag, *[self.branch] * 2]
        kinds += [*[self.switch] * 3, self.delete, *[self.mark] * 2, self.name, self.again]
        kinds += [*[self.undo] * 3, *[self.redo] * 2, self.look_aside, self.save]
        self.look()
        for _ in range(actions):
            self.rng.choice(kinds)()
            self.look()

    def visit_all(self, most: int) -> None:
        """Go once more to what was seen, in any order and across branches."""
        places = [
            (branch.number, step)
            for branch in self.session.past.branches
            for number, step in self.seen
            if branch.first <= step <= branch.last and branch.chain.segments[branch.chain.at(step)].number == number
        ]
        for number, step in self.rng.sample(places, min(most, len(places))):
            self.log.append(f"visit {number} {step}")
            self.session.switch(number, step)
            self.look()


def travel(seed: int, actions: int, visits: int) -> int:
    """One traveller; returns how many states were known at the end."""
    rng = random.Random(seed)
    first = experiment(rng, RULES[seed % len(RULES)])
    someone = Traveller(Session(first, dataset(rng), budget=rng.choice((5000, 40_000, DEFAULT_BUDGET))), rng)
    someone.go(actions)
    someone.visit_all(visits)
    return len(someone.seen)


@pytest.mark.parametrize("seed", range(len(RULES)), ids=[f"{seed} {rule.name}" for seed, rule in enumerate(RULES)])
def test_a_traveller_finds_every_step_as_it_was(seed: int) -> None:
    assert travel(seed, actions=30, visits=12) > 5


def test_steps_back_from_the_present_find_every_step_as_it_was() -> None:
    """States between two keyframes of a wide network are kept for a while, and others take their places."""
    rng = random.Random(5)
    wide = Network(2, (Dense(60, "tanh"), Dense(50, "tanh"), Dense(1, "sigmoid")))
    session = Session(Experiment(wide, loss="bce", optimizer=Adam(0.01), batch_size=4), dataset(rng), budget=2_000_000)
    seen = [digest(session.frame())]
    for _ in range(300):
        session.step()
        seen.append(digest(session.frame()))
    for _ in range(60):
        step = session.step_number + rng.choice((-1, -1, -2, -7, -40, 60, 3))
        session.seek(min(max(step, 0), 300))
        assert digest(session.frame()) == seen[session.step_number]


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(len(RULES)), ids=[f"{seed} {rule.name}" for seed, rule in enumerate(RULES)])
def test_many_travellers_find_every_step_as_it_was(part: int) -> None:
    for seed in range(1000 + part, 1000 + part + 25 * len(RULES), len(RULES)):
        assert travel(seed, actions=120, visits=60) > 20

"""The living run: where it stands, how it came there, and a past to which it can return.

A session is touched by one thread. It gives out frames, which are frozen, and takes whole new values, which it checks
before anything changes: a refused edit leaves everything as it was.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.passes import predict
from bpstudio.engine.penalizing import Averages
from bpstudio.engine.trace import Params, Trace, draw_params, params_layout
from bpstudio.maths.operations import Array
from bpstudio.training.archive import Archive, archived, thawed
from bpstudio.training.breakpoints import Breakpoint, Hit
from bpstudio.training.camera import Camera
from bpstudio.training.caption import UNNAMED, Caption
from bpstudio.training.carry import (
    averages_of,
    carried,
    carried_averages,
    check_fit,
    judged_alike,
    named_states,
    packed,
    same_values,
)
from bpstudio.training.checks import count
from bpstudio.training.chronicle import Chronicle
from bpstudio.training.cursor import Cursor
from bpstudio.training.divergence import NonFinite
from bpstudio.training.evaluation import probe
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame, FramePool
from bpstudio.training.history import Chain, Segment
from bpstudio.training.holding import Holding
from bpstudio.training.lookout import Lookout
from bpstudio.training.metrics import Metrics
from bpstudio.training.past import Branch, Event, Moment, Past, Undo, line
from bpstudio.training.recording import Kept, Recording, Tape
from bpstudio.training.stopping import NOT_WATCHED, UNTRIED, Patience, Stopped, Watch
from bpstudio.training.watchers import watcher

DEFAULT_BUDGET = 256 * 2**20


class Session:
    """A run of an experiment over a data set.

    ``start`` gives typed start values (otherwise they are drawn from the seed), ``batches`` an explicit list of row
    numbers for each step, repeated in turn. ``resume`` (step, parameters, {state name: values}) continues a run that
    was saved at that step, whose batch was the one at ``place`` (epoch, number in it), whose optimiser's state began
    at step ``begun``, and whose schedule knew of its validations what ``watched`` says; ``averages`` are the running
    means of its sparsity.

    Raises ValueError where experiment and data do not fit.
    """

    def __init__(
        self,
        experiment: Experiment,
        dataset: Dataset,
        start: Params | None = None,
        batches: Sequence[Array] | None = None,
        resume: tuple[int, Params, dict[str, Params]] | None = None,
        place: tuple[int, int] = (0, 0),
        budget: int = DEFAULT_BUDGET,
        caption: Caption | None = None,
        begun: int = 0,
        watched: Patience = UNTRIED,
        averages: Averages | None = None,
    ) -> None:
        check_fit(experiment, dataset)
        self._camera = Camera()
        self._undo = Undo()
        self._holding = Holding(budget, self._undo)
        self._chronicle = Chronicle()
        self._lookout: Lookout | None = None
        origin = start if start is not None else draw_params(experiment.network, experiment.seed)
        at, params, state = (0, origin, {}) if resume is None else resume
        memory = packed(experiment, params, state, averages or {})
        # The best step of before lies outside this run, which could not go back to it: stopping waits anew.
        segment = self._holding.own(
            Segment(
                experiment,
                dataset,
                at,
                memory,
                *place,
                explicit=batches,
                begun=begun,
                watched=Watch(watched),
                number=self._holding.number(),
            )
        )
        self._stopped: Stopped | None = None
        self._hit: Hit | None = None
        self._tape: Tape | None = None
        self._blocks = FramePool()
        self._viewer: Cursor | None = None
        chain = Chain((segment,), origin.copy(), caption or UNNAMED)
        self._past = Past((Branch(1, chain, at, fork=at),), 1)
        self._cursor = self._enter(segment, at)

    # ---- what it is

    @property
    def experiment(self) -> Experiment:
        """What is trained at the present step."""
        return self._cursor.segment.experiment

    @property
    def dataset(self) -> Dataset:
        """The data of the present step."""
        return self._cursor.segment.dataset

    @property
    def budget(self) -> int:
        """Bytes that the past may take."""
        return self._holding.budget

    @property
    def step_number(self) -> int:
        """k: how many updates the present parameters have had."""
        return self._cursor.step

    @property
    def last_step(self) -> int:
        """The furthest step that was reached on the present path."""
        last = self._chain.segments[-1]
        reached = self._cursor.reached if self._cursor.segment is last else last.recorded
        return max(reached - 1, self._cursor.step)

    @property
    def past(self) -> Past:
        """The branches, bookmarks and breakpoints of the run."""
        self._cursor.drain()
        return self._past

    @property
    def events(self) -> tuple[Event, ...]:
        """Where and why training came to rest by itself, in the order in which that happened for the first time."""
        return self._chronicle.on(self._past)

    @property
    def _chain(self) -> Chain:
        return self._past.chain

    @property
    def params(self) -> Params:
        """A copy of the present parameters."""
        return self._cursor.params.copy()

    @property
    def trace(self) -> Trace:
        """The living trace of the present step: read it at rest, it is written in place by the next step."""
        return self._cursor.now.trace

    @property
    def loss(self) -> float:
        """The objective on the present step's batch, at the present parameters."""
        return self._cursor.now.costs()[0]

    @property
    def cursor(self) -> Cursor:
        """What stands at the present step; whoever trains several runs at once borrows its operations."""
        return self._cursor

    @property
    def metrics(self) -> Metrics:
        """The curves of the run until now."""
        self._cursor.drain()
        return self._chain.metrics()

    @property
    def nonfinite(self) -> NonFinite | None:
        """Where the present step became NaN or infinite, or None."""
        return self._cursor.nonfinite

    @property
    def stopped(self) -> Stopped | None:
        """Why training rests here, where it stopped by itself and nothing was done since."""
        return self._stopped

    @property
    def hit(self) -> Hit | None:
        """The breakpoint at which training rests, where it stopped at one and nothing was done since."""
        return self._hit

    def hold(self, budget: int) -> None:
        """Keep the past within so many bytes from now on. What is given up comes back by replay, digit for digit."""
        self._cursor.drain()
        self._holding.allow(budget)

    # ---- moving

    def step(self) -> None:
        """One update: the pending one is added, the next step computed. Raises ValueError in a diverged step."""
        self.run(1)

    def run(self, steps: int) -> int:
        """Train; returns how much further the run is, fewer steps than asked where it became non-finite or came to a
        breakpoint (see ``hit``), and less than 0 where it stopped by itself and went back to an earlier best step (see
        ``stopped``).

        Breakpoints hold for steps that are trained and for those that are gone through again, not for ``seek``, undo,
        ``record`` and races. Where training stops early in the step of a breakpoint, it does that.
        """
        steps = count("steps", steps)
        if steps < 0:
            raise ValueError(f"steps: expected 0 or more, got {steps}; seek goes back")
        self._stopped = self._hit = None
        bad = self._cursor.nonfinite
        if bad is not None:
            raise ValueError(
                f"step {bad.step} is not finite (layer {bad.layer}, {bad.quantity}): "
                "step back, then use a smaller learning rate"
            )
        before = self.step_number
        hits = self._advance(before + steps)
        here = self._cursor
        stopped = here.stopped
        if hits or stopped is not None or here.nonfinite is not None:
            self._chronicle.note(self._past.current, here.segment, hits, here.nonfinite, stopped)
        if stopped is not None:
            here.stopped = None
            self.seek(stopped.best)
            self._stopped = stopped
        elif hits:
            self._hit = hits[0]
        return self.step_number - before

    def seek(self, step: int) -> None:
        """Go to a step of the present path, bitwise as it was. Raises ValueError outside ``first`` … ``last_step``."""
        step = count("step", step)
        self._stopped = self._hit = None
        first = self._chain.segments[0].start
        if not first <= step <= self.last_step:
            raise ValueError(f"step: expected {first} to {self.last_step}, got {step}")
        self._cursor.drain()
        segment = self._chain.segments[self._chain.at(step)]
        if segment is not self._cursor.segment:
            self._cursor = self._enter(segment, step)
        self._cursor.seek(step)

    # ---- changing

    def gesture(self, name: str) -> None:
        """Remember the present moment, so that undo can come back to it (one entry for a whole stretch of training)."""
        self._undo.remember(self._moment(name))

    def apply(
        self,
        experiment: Experiment | None = None,
        dataset: Dataset | None = None,
        params: Params | None = None,
        name: str = "edit",
        drag: object | None = None,
    ) -> bool:
        """Change what is trained, on what, or the parameters; returns False when everything is as it was.

        What keeps the shapes continues from the present parameters. Layers whose shape or initialiser changed are
        drawn anew, the others keep theirs; when all are drawn anew (or the data's width or the seed changed) the run
        restarts at step 0. Edits that share a ``drag``, like those of a value under the mouse, are one for undo.
        """
        new = self.experiment if experiment is None else experiment
        data = self.dataset if dataset is None else dataset
        if params is not None and not params.fits(new.network):
            raise ValueError(f"parameters: expected layers of {new.network.sizes}, got {params.network.sizes}")
        check_fit(new, data)
        dragged = drag is not None and drag is self._undo.drag
        if dragged and self._cursor.step == self._cursor.segment.start:
            # Nothing was trained since, so the value before this one was only passed on the way.
            self._return_to(self._undo.take_back())
            dragged = False
        old, here = self.experiment, self._cursor
        unchanged = params is None or same_values(params, here.params)
        if new == old and data.hash == self.dataset.hash and unchanged:
            return False
        here.drain()
        size = params_layout(old.network).size
        averages = carried_averages(old, averages_of(old, here.memory[size:]), new)
        values, state, restarts = carried(old, here.params, named_states(old, here.memory[size:]), new, params)
        step = 0 if restarts else here.step
        place = (0, 0) if restarts else self._place_after(new, data)
        comparable = not restarts and judged_alike(old, self.dataset, new, data)
        segment = self._holding.own(
            Segment(
                new,
                data,
                step,
                packed(new, values, state, {} if restarts else averages),
                *place,
                continued="restarted" if restarts else "continued",
                explicit=here.segment.explicit if data is self.dataset else None,
                begun=step if state is None else here.segment.begun,
                watched=here.segment.watch_at(step).carried(comparable) if not restarts else NOT_WATCHED,
                cause=name,
                number=self._holding.number(),
            )
        )
        self._stopped = self._hit = None
        before = () if restarts else self._chain.until(step)
        if not dragged:
            self._undo.remember(self._moment(name, drag))
        self._go_on(Chain((*before, segment), self._chain.origin if before else values, self._chain.caption), step)
        return True

    def reset(self) -> None:
        """Back to step 0 and the same start weights, with the present experiment; the record begins anew."""
        experiment, origin = self.experiment, self._chain.origin
        if not origin.fits(experiment.network):
            origin = draw_params(experiment.network, experiment.seed)
        self._begin(experiment, self.dataset, origin, "reset", self._cursor.segment.explicit)

    def restart(
        self,
        experiment: Experiment,
        dataset: Dataset,
        start: Params,
        name: str = "start",
        caption: Caption | None = None,
        is_other: bool = False,
    ) -> None:
        """Begin at step 0 with another experiment, data and start values, as one gesture; nothing is carried over but
        the caption, where no other is given. What was trained before stays as a branch, unless this is another run
        altogether (``is_other``): then only undo leads back.

        Raises ValueError, and changes nothing, where they do not fit each other.
        """
        check_fit(experiment, dataset)
        if not start.fits(experiment.network):
            raise ValueError(f"start: expected layers of {experiment.network.sizes}, got {start.network.sizes}")
        self._begin(experiment, dataset, start.fitted(experiment.network), name, caption=caption, is_other=is_other)

    def rename(self, caption: Caption, name: str = "rename") -> bool:
        """Call the run and its parts something else, as one gesture; returns False when that is how it was."""
        if caption == self._chain.caption:
            return False
        self._undo.remember(self._moment(name))
        self._keep_chain(dataclasses.replace(self._chain, caption=caption))
        return True

    def reseed(self) -> None:
        """Draw new start weights, from the next seed, and begin at step 0."""
        self.apply(self.experiment.replace(seed=self.experiment.seed + 1), name="new start")

    def undo(self) -> str | None:
        """Take back the last gesture; returns its name, or None when there is none."""
        return self._return_to(self._undo.undo(self._moment("")))

    def redo(self) -> str | None:
        """Repeat the gesture that was taken back last; returns its name, or None."""
        return self._return_to(self._undo.redo(self._moment("")))

    # ---- the whole run

    def archive(self, keyframe_bytes: int | None = None) -> Archive:
        """The whole run, frozen, with the state of the present step; of the keyframes about so many bytes, evenly
        spread, or all of them.
        """
        self._cursor.drain()
        return archived(self._past, self._cursor, self.events, self._holding.made, keyframe_bytes)

    @classmethod
    def restored(cls, archive: Archive, budget: int = DEFAULT_BUDGET) -> Session:
        """The session whose archive this is, at the step where it stood; undo begins anew.

        Raises ValueError where its parts do not fit each other.
        """
        here = archive.branch
        first = archive.segments[here.segments[0]]
        session = cls(first.experiment, first.dataset, here.origin, budget=budget, caption=here.caption)
        session._past, segments = thawed(archive)
        session._holding.take(segments, archive.made)
        session._chronicle = Chronicle(archive.events)
        branch = session._past.branch
        session._cursor = session._enter(branch.chain.segments[0], branch.first)
        session.seek(min(max(branch.step, branch.first), branch.last))
        session._holding.allow(budget)
        return session

    # ---- branches and marks

    def branch(self, name: str = "") -> int:
        """Begin a branch at the present step, with everything as it is; returns its number."""
        here = self._cursor
        here.drain()
        segment, step = here.segment, here.step
        copy = self._holding.own(
            Segment(
                segment.experiment,
                segment.dataset,
                step,
                here.memory,
                *here.place(step),
                continued="continued",
                explicit=segment.explicit,
                begun=segment.begun,
                watched=segment.watch_at(step),
                cause="branch",
                number=self._holding.number(),
            )
        )
        self._undo.remember(self._moment("branch"))
        chain = dataclasses.replace(self._chain, segments=(*self._chain.until(step), copy))
        left = self._past.left_at(step)
        branch = Branch(left.next_branch(), chain, step, line(name), left.current, step, "branch")
        self._past = dataclasses.replace(left.with_branch(branch), current=branch.number)
        self._cursor = self._enter(copy, step)
        return branch.number

    def switch(self, number: int, step: int | None = None) -> None:
        """Go to another branch, to where one stood when it was left, or to a step of it; without one the present branch
        stays where it is.

        Raises ValueError where there is no such branch, or it has no such step.
        """
        branch, is_here = self._past.numbered(number), number == self._past.current
        wanted = step if step is not None else self.step_number if is_here else branch.step
        if not is_here:
            if not branch.first <= wanted <= branch.last:
                raise ValueError(f"step: expected {branch.first} to {branch.last}, got {wanted}")
            self._cursor.drain()
            self._past = dataclasses.replace(self._past.left_at(self._cursor.step), current=number)
            self._cursor = self._enter(branch.chain.segments[branch.chain.at(wanted)], wanted)
        self.seek(wanted)

    def rename_branch(self, number: int, name: str) -> bool:
        """Call a branch something else, as one gesture; returns False when that is how it was."""
        return self._change_past(self._past.renamed(number, name), "rename branch")

    def delete_branch(self, number: int) -> None:
        """Forget a branch, as one gesture; of the one on which the run is, after a switch to its parent.

        Raises ValueError for the only branch.
        """
        gone = self._past.numbered(number)
        if len(self._past.branches) == 1:
            raise ValueError("branch: expected another one to go on with, this is the only one")
        self._undo.remember(self._moment("delete branch"))
        if number == self._past.current:
            others = [each.number for each in self._past.branches if each.number != number]
            self.switch(gone.parent if gone.parent in others else others[0])
        self._past = self._past.without(number)

    def compare(self, number: int | None) -> None:
        """Show the parameters of another branch at the same step in every frame from now on; None: of none.

        Raises ValueError where there is no such branch. Looking changes nothing.
        """
        if number is not None:
            self._past.numbered(number)
        self._camera.compare(number)

    @property
    def compared(self) -> int | None:
        """The number of the branch with which every frame compares; None: with none."""
        return self._camera.compared(self._past)

    def bookmark(self, address: str = "", note: str = "") -> int:
        """Mark the present step, or a beat of it, as one gesture; returns the bookmark's number.

        Raises ValueError for an address of more characters than a file takes.
        """
        past, number = self._past.bookmarked(self.step_number, address, note)
        self._change_past(past, "bookmark")
        return number

    def annotate(self, number: int, note: str) -> bool:
        """Write another note on a bookmark, as one gesture; returns False when that is how it was.

        Raises ValueError where there is none of this number.
        """
        return self._change_past(self._past.annotated(number, note), "note")

    def remove_bookmark(self, number: int) -> None:
        """Take a bookmark away, as one gesture. Raises ValueError where there is none of this number."""
        self._change_past(self._past.without_bookmark(number), "remove bookmark")

    def go_to_bookmark(self, number: int) -> None:
        """Go to the branch and the step that a bookmark marks. Raises ValueError where there is none of this number."""
        mark = self._past.bookmark(number)
        self.switch(mark.branch, mark.step)

    def set_breakpoints(self, breakpoints: Sequence[Breakpoint], name: str = "breakpoint") -> bool:
        """Stop at these from now on, as one gesture; returns False when that is how it was.

        Raises MisfitError or ExpressionError for a new one that has no meaning for what is trained, and ValueError for
        two of one number.
        """
        known = [each.condition for each in self._past.breakpoints]
        for each in breakpoints:
            if each.condition not in known:
                watcher(each.condition, self.experiment, self.dataset)
        if len({each.number for each in breakpoints}) < len(breakpoints):
            raise ValueError("breakpoints: expected a number of its own for each")
        return self._change_past(dataclasses.replace(self._past, breakpoints=tuple(breakpoints)), name)

    def _change_past(self, past: Past, name: str) -> bool:
        if past == self._past:
            return False
        self._undo.remember(self._moment(name))
        self._past = past
        return True

    # ---- looking

    def frame(self) -> Frame:
        """The present step, frozen."""
        self._cursor.drain()
        return self._picture(self._cursor)

    def record(self, steps: int) -> Recording:
        """Train so many steps and keep each of them. The recording is as long as the run was: shorter where it became
        non-finite or stopped by itself. Raises ValueError where it would not fit into the machine.
        """
        tape = self._tape = Tape(steps, self._blocks)
        try:
            self.run(steps)
        finally:
            self._tape = None
        return Recording(tape, self.last_step, self._recorded)

    def _recorded(self, kept: Kept) -> Frame:
        """The frame of a step that was recorded, computed by a cursor of its own."""
        self._cursor.drain()  # so that its step is on record already, and will not be recorded twice
        viewer = self._viewer
        if viewer is None or viewer.segment is not kept.segment:
            viewer = self._viewer = Cursor(kept.segment, kept.at, kept.memory, lambda _: None)
        else:
            viewer.restore(kept.at, kept.memory)
        viewer.advance(kept.step)
        return self._picture(viewer)

    def _picture(self, here: Cursor) -> Frame:
        """The step at which a cursor stands, frozen."""
        is_here = here is self._cursor
        return self._camera.picture(
            here,
            self._past,
            self._undo,
            self.events,
            self.last_step,
            self._stopped if is_here else None,
            self._hit if is_here else None,
            is_here,
        )

    def probe(self, row: int) -> Trace:
        """Forward and backward for one row of the data set at the present parameters; it contributes nothing to the
        update.
        """
        return probe(self.experiment, self._cursor.params, self.dataset, row)

    def predict(self, x: Array) -> Array:
        """The network's answers (N, outputs) for rows x (N, inputs)."""
        return predict(self.experiment.network, self._cursor.params, x)[-1]

    # ---- the path

    def _begin(
        self,
        experiment: Experiment,
        dataset: Dataset,
        origin: Params,
        name: str,
        explicit: Sequence[Array] | None = None,
        caption: Caption | None = None,
        is_other: bool = False,
    ) -> None:
        """A new path from step 0, with this caption or the one that there is."""
        self._cursor.drain()
        self._stopped = self._hit = None
        memory = packed(experiment, origin)
        number = self._holding.number()
        first = self._holding.own(Segment(experiment, dataset, 0, memory, explicit=explicit, number=number, cause=name))
        self._undo.remember(self._moment(name))
        chain = Chain((first,), origin, self._chain.caption if caption is None else caption)
        if is_other:
            self._past = Past((Branch(1, chain),), 1)
            self._chronicle = Chronicle()
            self._camera.compare(None)
            self._cursor = self._enter(first, 0)
        else:
            self._go_on(chain, 0)

    def _go_on(self, chain: Chain, step: int) -> None:
        """Go on along another path, which has a segment of its own from ``step`` on: on the present branch, or on a new
        one where steps of the present one would be left behind.
        """
        past, segment = self._past.left_at(self._cursor.step), chain.segments[-1]
        old = past.chain
        again = len(chain.segments) == len(old.segments) == 1 and _same_run(segment, old.segments[0])
        # The same run from the start on has the same digits, but a bookmark wants to be reached without training.
        marked = any(mark.branch == past.current and mark.step > step for mark in past.bookmarks)
        if self.last_step > step and (marked or not again):
            parent = past.current if len(chain.segments) > 1 else None
            branch = Branch(past.next_branch(), chain, step, "", parent, step, segment.cause)
            self._past = dataclasses.replace(past.with_branch(branch), current=branch.number)
        else:
            self._past = past.with_branch(dataclasses.replace(past.branch, chain=chain, step=step))
        self._cursor = self._enter(segment, step)

    def _keep_chain(self, chain: Chain) -> None:
        """The same path under another name."""
        self._past = self._past.with_branch(dataclasses.replace(self._past.branch, chain=chain))

    def _advance(self, target: int) -> tuple[Hit, ...]:
        """Train, or follow the path that was taken before, up to a step, or to one in which something was looked out
        for, which is returned.
        """
        while self._cursor.step < target and self._cursor.nonfinite is None and self._cursor.stopped is None:
            following = self._following()
            if following is None or self._cursor.step + 1 < following.start:
                lookout = self._looking_out()
                until = target if following is None else min(target, following.start - 1)
                self._cursor.advance(until, self._tape, lookout)
                if lookout is not None and lookout.hits:
                    return lookout.hits
            else:
                # The path goes on in a segment with a start of its own; replay never computes across it.
                self._cursor.drain()
                here = self._cursor = self._enter(following, following.start)
                if self._tape is not None:
                    self._tape.keep(following, here.step, 1, here.memory[None].copy())
        return ()

    def _looking_out(self) -> Lookout | None:
        """What looks out for the breakpoints of the run, for the present cursor; None where there is nothing to do."""
        if not self._past.breakpoints or self._tape is not None:
            return None
        conditions = tuple(each.condition for each in self._past.breakpoints if each.enabled)
        lookout = self._lookout
        if lookout is None or lookout.cursor is not self._cursor or lookout.conditions != conditions:
            lookout = self._lookout = Lookout(self._cursor, conditions)
        return lookout if lookout.is_needed else None

    def _following(self) -> Segment | None:
        """The next segment of the path, or None in the last one."""
        segments = self._chain.segments
        number = segments.index(self._cursor.segment)
        return segments[number + 1] if number + 1 < len(segments) else None

    def _enter(self, segment: Segment, step: int) -> Cursor:
        """A cursor on a segment, at the keyframe from which ``step`` is reached."""
        at, memory = segment.nearest(step)
        self._lookout = None  # it would keep the stretch that is left
        return Cursor(segment, at, memory, self._holding.hold, self._holding.near)

    def _place_after(self, new: Experiment, data: Dataset) -> tuple[int, int]:
        """Where in the epochs a continued run goes on: in the middle of one if the batches are the same, else at the
        next.
        """
        epoch, position = self._cursor.place(self._cursor.step)
        old = self.experiment
        unchanged = (old.batch_size, old.seed, old.shuffle) == (new.batch_size, new.seed, new.shuffle)
        if unchanged and np.array_equal(data.train, self.dataset.train):
            return epoch, position
        return (epoch, 0) if position == 0 else (epoch + 1, 0)

    def _moment(self, name: str, drag: object | None = None) -> Moment:
        return Moment(self._past, self._cursor.step, name, drag)

    def _return_to(self, moment: Moment | None) -> str | None:
        if moment is None:
            return None
        self._cursor.drain()
        self._stopped = self._hit = None
        self._past, chain = moment.past, moment.past.chain
        self._cursor = self._enter(chain.segments[chain.at(moment.step)], moment.step)
        self._cursor.advance(moment.step)
        return moment.name


def _same_run(one: Segment, other: Segment) -> bool:
    """Whether two segments from step 0 are the same run, digit for digit."""
    starts = one.nearest(one.start)[1], other.nearest(other.start)[1]
    described = (one.experiment, one.dataset.hash, one.start) == (other.experiment, other.dataset.hash, other.start)
    return described and starts[0].tobytes() == starts[1].tobytes() and one.explicit is other.explicit

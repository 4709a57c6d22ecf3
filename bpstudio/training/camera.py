"""How a frame is made of the living run: everything that may change is copied into memory that frames share in turn."""

from __future__ import annotations

import numpy as np

from bpstudio.engine.trace import Params, Trace, params_layout
from bpstudio.training.breakpoints import Hit
from bpstudio.training.carry import averages_of, named_states
from bpstudio.training.cursor import Cursor
from bpstudio.training.frame import Frame, FramePool
from bpstudio.training.metrics import Metrics
from bpstudio.training.past import Beside, Branch, BranchView, Event, Past, Undo
from bpstudio.training.stopping import Stopped


class Camera:
    """Makes the frames of one session, and remembers what of them can be shown again."""

    def __init__(self) -> None:
        self._pool = FramePool()
        self._views: dict[int, BranchView] = {}
        self._compared: int | None = None
        self._beside: Cursor | None = None

    def compare(self, number: int | None) -> None:
        """Show the parameters of this branch beside those of the run from now on; None: of none."""
        self._compared, self._beside = number, None

    def compared(self, past: Past) -> int | None:
        """The branch that is shown beside the run, if it still exists."""
        return next((each.number for each in past.branches if each.number == self._compared), None)

    def picture(
        self,
        here: Cursor,
        past: Past,
        undo: Undo,
        events: tuple[Event, ...],
        last_step: int,
        stopped: Stopped | None,
        hit: Hit | None,
        is_present: bool,
    ) -> Frame:
        """The step at which a cursor stands, frozen; ``is_present`` says whether the run stands there itself."""
        chain, segment = past.chain, here.segment
        segments = chain.segments
        experiment = segment.experiment
        network = experiment.network
        memory = self._pool.copy(here.memory)
        size = params_layout(network).size
        params = Params(network, memory[:size])
        following = self._pool.copy(here.next)
        rows = here.now.trace.rows
        trace = Trace(
            network,
            rows,
            self._pool.copy(here.now.trace.x.ravel()).reshape(rows, -1),
            self._pool.copy(here.now.trace.arena),
            params,
            experiment.update_order == "sequential",
            experiment.penalties,
        )
        loss, row_loss = here.now.costs()
        epoch, position = here.place(here.step)
        metrics = chain.metrics()
        return Frame(
            experiment=experiment,
            dataset=segment.dataset,
            step=here.step,
            epoch=epoch,
            position=position,
            batch=here.batches.rows(epoch, position),
            params=params,
            trace=trace,
            state=named_states(experiment, memory[size:]),
            state_next=named_states(experiment, following),
            averages=averages_of(experiment, memory[size:]),
            averages_next=averages_of(experiment, following),
            penalty=float(np.add.reduce(trace.penalties, dtype=np.float64)),
            loss=loss,
            row_loss=row_loss,
            metrics=metrics,
            segment=segments.index(segment) if segment in segments else len(segments),
            segment_start=segment.start,
            last_step=last_step,
            start=chain.origin,
            continued=segment.continued,
            undo=undo.undo_name,
            redo=undo.redo_name,
            nonfinite=here.nonfinite,
            run="diverged" if here.nonfinite is not None else "ready",
            caption=chain.caption,
            rate=here.clock.rate_at(here.step),
            begun=segment.begun,
            watched=segment.watch_at(here.step),
            stopped=stopped,
            branch=past.current,
            branches=self._branches(past, metrics, last_step),
            bookmarks=past.bookmarks,
            breakpoints=past.breakpoints,
            hit=hit,
            events=events,
            compared=self.compared(past),
            beside=self._compare(past, here.step) if is_present else None,
            undo_names=undo.undo_names,
            redo_names=undo.redo_names,
        )

    def _branches(self, past: Past, metrics: Metrics, last_step: int) -> tuple[BranchView, ...]:
        """The branches with their curves; only the current one grows, so the views of the others are kept."""
        kept, self._views = self._views, {}
        for branch in past.branches:
            is_current = branch.number == past.current
            view = kept.get(branch.number)
            if is_current or view is None or not _is_view_of(view, branch):
                view = BranchView(
                    branch.number,
                    branch.name,
                    branch.parent,
                    branch.fork,
                    branch.first,
                    last_step if is_current else branch.last,
                    branch.cause,
                    metrics if is_current else branch.chain.metrics(),
                    branch.chain.segments[-1].experiment,
                    _numbers(branch),
                )
            self._views[branch.number] = view
        return tuple(self._views.values())

    def _compare(self, past: Past, step: int) -> Beside | None:
        """The branch with which the run is compared, at this step; None where it has no such step."""
        number = self.compared(past)
        if number is None or number == past.current:
            return None
        branch = past.numbered(number)
        if not branch.first <= step <= branch.last:
            return None
        segment = branch.chain.segments[branch.chain.at(step)]
        cursor = self._beside
        if cursor is None or cursor.segment is not segment:
            cursor = self._beside = Cursor(segment, *segment.nearest(step), lambda _: None)
        cursor.seek(step)
        return Beside(number, step, cursor.params.copy(), segment.experiment)


def _is_view_of(view: BranchView, branch: Branch) -> bool:
    shown = (view.name, view.parent, view.fork, view.last, view.cause, view.segments)
    return shown == (branch.name, branch.parent, branch.fork, branch.last, branch.cause, _numbers(branch))


def _numbers(branch: Branch) -> tuple[int, ...]:
    return tuple(segment.number for segment in branch.chain.segments)

"""The frozen picture of one step: everything that a view may show, and nothing that can change under it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.penalizing import Averages
from bpstudio.engine.trace import Params, Trace, params_layout
from bpstudio.maths.operations import Array
from bpstudio.training.breakpoints import Breakpoint, Hit
from bpstudio.training.caption import UNNAMED, Caption
from bpstudio.training.divergence import NonFinite
from bpstudio.training.experiment import Experiment
from bpstudio.training.metrics import Metrics
from bpstudio.training.past import Beside, Bookmark, BranchView, Event
from bpstudio.training.stopping import NOT_WATCHED, Stopped, Watch


@dataclass(frozen=True)
class Frame:
    """One step at rest: parameters, what one pass computed with them on the step's batch, and the update about to
    happen.

    ``trace.layers[l].update_W`` is what the next step will add. ``state`` and ``state_next`` hold the optimiser's
    numbers before and after this step's update, by name; ``rate`` is η of that update under the schedule, ``t`` its
    number, counted from where the optimiser's state began. ``row_loss`` (N,) is each row's own cost, without the
    factor of the reduction. ``loss`` is the objective without its penalties, ``penalty`` the sum of these.
    ``averages`` are the running means p of a sparsity, by layer from 0, before this step's batch, ``averages_next``
    those after it, which its terms are made of. ``stopped`` says why training rests, where it stopped by itself.
    """

    experiment: Experiment
    dataset: Dataset
    step: int
    epoch: int
    batch: Array
    params: Params
    trace: Trace
    state: dict[str, Params]
    state_next: dict[str, Params]
    loss: float
    row_loss: Array
    metrics: Metrics
    segment: int
    segment_start: int
    last_step: int
    position: int = 0  # of the batch in its epoch
    start: Params | None = None  # parameters of step 0, to which a reset returns
    continued: str = ""
    undo: str | None = None
    redo: str | None = None
    nonfinite: NonFinite | None = None
    run: str = "ready"
    steps_per_second: float = 0.0
    caption: Caption = UNNAMED
    rate: float = 0.0
    begun: int = 0  # the step at which the optimiser's state began
    watched: Watch = NOT_WATCHED  # what was known of the validations before this step
    penalty: float = 0.0
    averages: Averages = field(default_factory=dict)
    averages_next: Averages = field(default_factory=dict)
    stopped: Stopped | None = None
    branch: int = 1  # the number of the one on which the run is
    branches: tuple[BranchView, ...] = ()
    bookmarks: tuple[Bookmark, ...] = ()
    breakpoints: tuple[Breakpoint, ...] = ()
    hit: Hit | None = None  # the breakpoint at which training rests, until something else is done
    events: tuple[Event, ...] = ()
    compared: int | None = None  # the number of the branch with which the run is compared
    beside: Beside | None = None  # that branch at this step, where it has such a step and the run is on another one
    undo_names: tuple[str, ...] = ()  # the gestures that undo would take back, the last one first
    redo_names: tuple[str, ...] = ()  # those that redo would repeat, the next one first

    @property
    def objective(self) -> float:
        """What is differentiated: the loss on the step's batch and the penalties."""
        return self.loss + self.penalty

    @property
    def t(self) -> int:
        """The number of the pending update, as the optimiser counts."""
        return self.step + 1 - self.begun

    @property
    def steps_per_epoch(self) -> int:
        """How many batches an epoch has."""
        size, rows = self.experiment.batch_size, len(self.dataset.train)
        return 1 if size == 0 else -(-rows // min(size, rows))

    @property
    def gradient_norm(self) -> float:
        """‖∂C/∂θ‖ over all trainable parameters; ∞ where the squares are too large for a number, as in the metrics."""
        with np.errstate(over="ignore", invalid="ignore"):
            return float(np.linalg.norm(self.trace.gradient.flat[: params_layout(self.params.network).trainable]))


class _Lease:
    """Memory on loan to a frame. Every array made from it keeps it alive; when the last one goes, the memory goes
    back to the pool.
    """

    def __init__(self, pool: deque[Array], memory: Array) -> None:
        self._pool = pool
        self._memory = memory
        self.__array_interface__: dict[str, Any] = memory.__array_interface__

    def __del__(self) -> None:
        self._pool.append(self._memory)


class FramePool:
    """A few buffers that are used again: a fresh page of memory costs forty times the copy into a warm one."""

    def __init__(self, keep: int = 4) -> None:
        self._free: deque[Array] = deque(maxlen=keep)

    def copy(self, source: Array) -> Array:
        """A read-only copy of a flat array, in memory that is reused when nobody looks at it any more."""
        array = self.block(source.shape, source.dtype)
        array[...] = source
        array.flags.writeable = False
        return array

    def block(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Memory to be written, which is reused when nobody looks at it any more."""
        memory = None
        for _ in range(len(self._free)):
            candidate = self._free.popleft()
            if candidate.shape == shape and candidate.dtype == dtype:
                memory = candidate
                break
        if memory is None:
            memory = np.empty(shape, dtype)
        return np.asarray(_Lease(self._free, memory))

"""What the open lesson has locked, until somebody unlocks it for this session.

A lesson can keep its network, its training, its data or its numbers as they are, so that a class sees what the text
speaks of. Stepping, training and looking stay free. Every edit passes through the runner, and is refused there with the
reason; panels and commands show it before somebody tries. Another lesson brings its own locks.
"""

from __future__ import annotations

from collections.abc import Callable

from bpstudio.data.dataset import Dataset
from bpstudio.engine.trace import Params
from bpstudio.files.lesson import Lesson
from bpstudio.training.experiment import Experiment
from ui.document import Document
from ui.language import tr, translatable
from ui.runner import Runner

REASONS = {
    "builder": translatable("This lesson has locked the network."),
    "training": translatable("This lesson has locked how it is trained."),
    "data": translatable("This lesson has locked the data."),
    "values": translatable("This lesson has locked the numbers."),
}


class Locks:
    """The locks that hold now."""

    def __init__(self, runner: Runner, document: Document) -> None:
        self._runner, self._document = runner, document
        self._lesson: Lesson | None = None
        self._listeners: list[Callable[[], None]] = []
        self.names: frozenset[str] = frozenset()
        runner.refusal = self.refusal
        document.listen(self._take_lesson)
        self._take_lesson()

    def listen(self, act: Callable[[], None]) -> None:
        """Do this when other things are locked."""
        self._listeners.append(act)

    def reason(self, name: str) -> str:
        """Why something cannot be changed; empty where it can."""
        return tr(REASONS[name]) if name in self.names else ""

    def unlock(self, name: str) -> None:
        """Let it be changed until another lesson is opened; the lesson's file keeps its lock."""
        self.names -= {name}
        self._tell()

    def refusal(self, experiment: Experiment | None, dataset: Dataset | None, params: Params | None) -> str:
        """Why an edit is refused; empty where it is not."""
        frame = self._runner.frame
        if frame is None or not self.names:
            return ""
        touched = []
        if experiment is not None:
            present = frame.experiment
            touched += ["builder"] * (experiment.network != present.network)
            touched += ["training"] * (experiment.replace(network=present.network) != present)
        touched += ["data"] * (dataset is not None and dataset.hash != frame.dataset.hash)
        touched += ["values"] * (params is not None)
        return next(filter(None, map(self.reason, touched)), "")

    def _take_lesson(self) -> None:
        lesson = self._document.lesson
        if lesson is not self._lesson:
            saved = self._lesson is not None and lesson is not None and lesson.locks == self._lesson.locks
            self._lesson = lesson
            if not saved or self._document.path is None:
                self.names = frozenset(lesson.locks) if lesson is not None else frozenset()
            self._tell()

    def _tell(self) -> None:
        for act in self._listeners:
            act()

"""A reference case as a lesson: its network, parameters and data in the window, at the number that differs first.

Batches that take every row once and in turn become the order of the rows; others stay an explicit list, which a saved
lesson cannot hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bpstudio.data.dataset import Dataset
from bpstudio.files import case as cases
from bpstudio.files import wording
from bpstudio.files.case_document import read
from bpstudio.files.case_experiment import Question, understand
from bpstudio.files.case_verdict import Disagreement, Verdict
from bpstudio.files.lesson import Lesson
from bpstudio.files.wording import Wording
from bpstudio.insight.elements import BIAS, Edge, Element, LossNode, Names, Unit
from bpstudio.insight.walk import Walk
from bpstudio.training.session import Session

LONGEST_TITLE = 200
_ON_THE_LOSS = ("loss", "objective", "final_objective")


@dataclass(frozen=True, eq=False)
class OpenedCase:
    """A case, judged and ready to be looked at: the session stands at the step whose number differs first.

    `element` is what differs, or None where nothing does or where it cannot be pointed at; `lesson.at` is the address
    of the beat that computes it, and `lesson.row` the row of the data whose number it is.
    """

    lesson: Lesson
    session: Session
    verdict: Verdict
    element: Element | None


def open(path: Path) -> OpenedCase:
    """Judge a case and make it a lesson.

    Raises OSError when it cannot be read, ValueError that says what is wrong with it or which features are missing.
    """
    with np.errstate(all="ignore"):  # a run that diverges is shown like any other
        return _opened(path)


def _opened(path: Path) -> OpenedCase:
    verdict = cases.verify(path)
    try:
        case = read(path)
        question = _in_turn(understand(case))
    except NotImplementedError as missing:
        raise ValueError(f"{missing}: this program has no such feature") from None
    except OSError:
        raise
    except cases.MALFORMED as problem:
        raise ValueError(cases.said(problem)) from None
    session = Session(question.experiment, question.dataset, start=question.start, batches=question.batches)
    first = verdict.first
    if first is not None:
        session.run(_step(first, case))
    element, at, row = None, "", 0
    if first is not None:
        walk = Walk.of(session.frame())
        element = element_of(first, walk.names)
        at = _address(first, element, walk)
        row = _row(first, session)
    lesson = Lesson(
        title=_title(case, path),
        experiment=question.experiment,
        dataset=question.dataset,
        start=question.start,
        text=_text(case),
        grain="edge" if at else "",
        at=at,
        digits=9,
        row=row,
    )
    return OpenedCase(lesson, session, verdict, element)


def _in_turn(question: Question) -> Question:
    """The same updates without a list of batches, where the order of the rows can say it."""
    batches = question.batches
    if batches is None:
        return question
    order, sizes = np.concatenate(batches), [len(batch) for batch in batches]
    last_is_rest = len({*sizes[:-1]}) <= 1 and sizes[-1] <= sizes[0]
    if (
        len(np.unique(order)) < len(order)
        or not last_is_rest
        or order.min() < 0
        or order.max() >= question.dataset.rows
    ):
        return question
    data = question.dataset
    dataset = Dataset(
        data.x, data.y, data.input_names, data.output_names, data.task, data.class_names, order, data.validation
    )
    return Question(question.experiment.replace(batch_size=sizes[0]), dataset, question.start, None)


def _title(case: Any, path: Path) -> Wording:
    text = str(case.get("id") or path.stem)
    kept = "".join(character if character.isprintable() else " " for character in text)[:LONGEST_TITLE]
    return Wording.of(kept.strip() or path.stem)


def _text(case: Any) -> Wording:
    """What the case says of itself, if a window can show it."""
    try:
        said = [wording.line(case[key], key) for key in ("title", "notes") if case.get(key)]
    except ValueError:
        return Wording()
    return Wording.of("\n\n".join(said))


# Where to look


def _step(first: Disagreement, case: Mapping[str, Any]) -> int:
    """The step that shows it: a parameter after t updates is the result of the update of step t − 1."""
    if first.quantity in ("W", "b"):
        return first.step - 1
    if first.quantity.startswith("final_"):
        return int(max(case.get("history_steps", 0), *case.get("checkpoints", ()), 0))
    return first.step


def element_of(first: Disagreement, names: Names) -> Element | None:
    """What differs: a unit, a weight, a bias, or the loss; None for what stands nowhere on the canvas."""
    layer, index = first.layer, first.index
    found: Unit | Edge | LossNode
    try:
        if first.quantity == "dX":
            found = Unit(0, _flat(index[1:], names.shapes[0]))
        elif layer is None:
            if first.quantity not in _ON_THE_LOSS:
                return None
            found = LossNode()
        elif first.quantity in ("db", "b"):
            found = Edge(layer, index[0], BIAS)
        elif first.quantity in ("dW", "W"):
            found = Edge(layer, index[0], _flat(index[1:], names.weights[layer - 1][1:]))
        else:
            found = Unit(layer, _flat(index[1:], names.shapes[layer]))
    except (IndexError, ValueError):
        return None  # a number that was printed need not say which element it is
    return names.placed(found) if names.has(found) else None


def _flat(index: tuple[int, ...], shape: tuple[int, ...]) -> int:
    number = 0
    for place, length in zip(index, shape, strict=True):
        number = number * length + place
    return number


def _address(first: Disagreement, element: Element | None, walk: Walk) -> str:
    """The beat that computes it; the whole step where the walk has no beat of its own for it."""
    names = walk.names
    flat = names.flat(element) if element is not None else None
    wanted = ["step"]
    if isinstance(flat, Unit) and flat.layer > 0:
        name = names.unit(flat)
        wanted = {
            "z": [f"forward/{name}/z", f"forward/{name}"],
            "a": [f"forward/{name}/a", f"forward/{name}"],
            "da": [f"backward/{name}/error", f"backward/{name}/sum", f"backward/{name}/delta"],
            "delta": [f"backward/{name}/delta"],
        }[first.quantity]
    elif isinstance(flat, Edge):
        name = names.edge(flat)
        wanted = [f"update/{name}" if first.quantity in ("W", "b") else f"backward/{name}"]
    elif isinstance(flat, LossNode):
        wanted = ["loss/C"]
    for address in (*wanted, *([f"forward/layer{first.layer}"] if first.layer else []), "step"):
        try:
            walk.find("edge", address)
        except ValueError:
            continue
        return address
    return ""


def _row(first: Disagreement, session: Session) -> int:
    """The row of the data; 0 where the number is that of a whole batch."""
    batch: NDArray[Any] = session.frame().batch
    has_rows = first.quantity in ("z", "a", "delta", "da", "dX") and first.index
    return int(batch[first.index[0]]) if has_rows and first.index[0] < len(batch) else int(batch[0])

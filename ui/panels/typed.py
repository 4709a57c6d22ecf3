"""What can be typed or dragged in the explanation: a weight, a bias, and an input or a target of the shown row."""

from __future__ import annotations

from bpstudio.data.dataset import Dataset
from bpstudio.engine.trace import Params
from bpstudio.insight.elements import Edge, Element, Example, Row, Target, Unit, WholeBatch
from bpstudio.insight.notation import Letters
from bpstudio.training.frame import Frame
from ui.language import tr


def shown_row(frame: Frame, example: Example) -> int | None:
    """The data set's row that is the example, or None for the whole batch."""
    if isinstance(example, Row):
        return int(frame.batch[example.position])
    return None if isinstance(example, WholeBatch) else example.row


def value_of(frame: Frame, subject: Element, row: int | None, letters: Letters) -> tuple[float | None, str]:
    """The value that may be typed, and its name; None where there is none to type."""
    if isinstance(subject, Edge):
        layer = subject.layer - 1
        W, b = frame.params.W[layer], frame.params.b[layer]
        value = b[subject.to] if subject.is_bias else W.reshape(len(W), -1)[subject.to, subject.source]
        return float(value), letters.edge(subject)
    if row is None:
        return None, ""
    if isinstance(subject, Unit) and subject.layer == 0:
        return float(frame.dataset.x[row, subject.index]), letters.unit(subject)
    if isinstance(subject, Target):
        return float(frame.dataset.y[row, subject.index]), tr("target {number}", number=subject.index + 1)
    return None, ""


def with_value(frame: Frame, subject: Element, row: int | None, value: float) -> tuple[Params | None, Dataset | None]:
    """(whole new parameters, a whole new data set), one of them None; both where there is nothing to type.

    Raises ValueError where the data cannot have this value.
    """
    if isinstance(subject, Edge):
        params = frame.params.copy()
        if subject.is_bias:
            params.b[subject.layer - 1][subject.to] = value
        else:
            W = params.W[subject.layer - 1]
            W.reshape(len(W), -1)[subject.to, subject.source] = value  # a view: parameters lie in one block
        return params, None
    if row is not None and isinstance(subject, Unit) and subject.layer == 0:
        return None, frame.dataset.replace_input(row, subject.index, value)
    if row is not None and isinstance(subject, Target):
        return None, frame.dataset.replace_target(row, subject.index, value)
    return None, None

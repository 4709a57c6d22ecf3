"""How a run is looked at, as plain values that a project file keeps: letters, beat, row, selection and colours.

A look comes from a file that anybody may have written. What does not fit the run or is no value of ours is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bpstudio.insight.elements import Row, WholeBatch
from bpstudio.insight.notation import NOTATIONS, SAMPLES, WEIGHT_LAYOUTS
from ui.focus import COLORS, DELTAS, GRAINS, Focus

if TYPE_CHECKING:
    from bpstudio.training.frame import Frame

_CHOICES: Mapping[str, tuple[object, ...]] = {
    "notation": tuple(NOTATIONS),
    "delta_sign": (1, -1),
    "samples": SAMPLES,
    "weight_layout": WEIGHT_LAYOUTS,
    "digits": tuple(range(1, 18)),
    "grain": GRAINS,
    "color": COLORS,
    "scale_delta": DELTAS,
}


def of(focus: Focus, frame: Frame) -> dict[str, Any]:
    """The present look, to be kept."""
    values = {name: getattr(focus.eye, name) for name in _CHOICES if getattr(focus.eye, name) in _CHOICES[name]}
    walk, example = focus.walk, focus.example
    if walk is not None and focus.playhead:
        values["at"] = walk.beat(focus.grain, focus.playhead).address
    if walk is not None and focus.selection is not None:
        values["selection"] = walk.names.element(focus.selection)
    if isinstance(example, Row) and example.position < len(frame.batch):
        values["row"] = int(frame.batch[example.position])
    elif isinstance(example, WholeBatch):
        values["row"] = "batch"
    return values


def in_lesson(focus: Focus, frame: Frame) -> dict[str, Any]:
    """The present look in the words of a lesson file."""
    walk = focus.walk
    at = walk.beat(focus.grain, focus.playhead).address if walk is not None and focus.playhead else ""
    values: dict[str, Any] = {
        "notation": focus.notation.name,
        "delta_sign": focus.delta_sign,
        "samples": focus.samples,
        "weight_layout": focus.weight_layout,
        "grain": focus.grain,
        "at": "" if focus.grain == "step" else at,
        "digits": focus.digits,
    }
    if isinstance(focus.example, Row) and focus.example.position < len(frame.batch):
        values["row"] = int(frame.batch[focus.example.position])
    return values


def letters(values: Mapping[str, Any]) -> dict[str, Any]:
    """Of a kept look what can be set before there is a step to walk."""
    return {name: values[name] for name, allowed in _CHOICES.items() if _is_one(values.get(name), allowed)}


def place(values: Mapping[str, Any], focus: Focus, frame: Frame) -> dict[str, Any]:
    """Of a kept look where in this step the eye was; `focus` follows its walk already, at the kept grain."""
    walk, row, at, name = focus.walk, values.get("row"), values.get("at"), values.get("selection")
    position = next((i for i, each in enumerate(frame.batch) if isinstance(row, int) and int(each) == row), 0)
    found: dict[str, Any] = {"example": WholeBatch() if row == "batch" else Row(position), "playhead": 0}
    if walk is None:
        return found
    try:
        found["playhead"] = walk.find(focus.grain, at) if isinstance(at, str) and at else 0
    except ValueError:
        found["playhead"] = 0
    try:
        found["selection"] = walk.names.find(name) if isinstance(name, str) else None
    except ValueError:
        found["selection"] = None
    return found


def _is_one(value: object, allowed: tuple[object, ...]) -> bool:
    """Whether a value is one of these and of its kind: in a file, true would pass for 1."""
    return any(type(value) is type(each) and value == each for each in allowed)

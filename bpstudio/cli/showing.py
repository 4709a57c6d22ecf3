"""`bpstudio show` and `bpstudio export`: one step of a run, as tables, as JSON, or as a lesson of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bpstudio.cli import exits
from bpstudio.cli.opening import Opened, open_run
from bpstudio.cli.terminal import say
from bpstudio.cli.training import check_output
from bpstudio.files import readable_json
from bpstudio.files.step_document import beat_document, document
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session

MOST_NUMBERS = 128
"""An array with more numbers is printed by its beginning; the JSON form has all of them."""
MOST_ROWS = 8
_NUMBERS_OF_A_LINE = 4


def show(place: str, step: int | None, branch: str | None, at: str | None, json: bool) -> int:
    """Print a step, or one beat of it. Raises OSError and ValueError that say what there is instead."""
    opened = open_at(place, step, branch)
    frame = opened.session.frame()
    if at is not None:
        notation = opened.lesson.notation if opened.lesson is not None else "nielsen"
        beat = beat_document(frame, at, notation)
        if json:
            print(readable_json.write({"step": frame.step, **beat}), end="")
        else:
            say(*_of_beat(beat))
        return exits.DONE
    whole = document(frame, opened.title)
    if json:
        print(readable_json.write(whole), end="")
    else:
        say(*_tables(whole, frame))
    return exits.DONE


def export(place: str, step: int | None, branch: str | None, out: Path) -> int:
    """Write a step as a lesson with the digits that must come out. Raises OSError and ValueError."""
    from bpstudio.files import lesson as lessons
    from bpstudio.files.moment import moment

    check_output(out, (".json",))
    opened = open_at(place, step, branch)
    exported = moment(opened.session.frame(), opened.lesson)
    lessons.write(exported, out)
    say(f"Saved: {out.resolve()} (step {opened.session.step_number:,}, {len(exported.expected)} promised numbers)")
    return exits.DONE


def open_at(place: str, step: int | None, branch: str | None) -> Opened:
    """A run at a step of a branch: a project goes there, a lesson is trained up to it."""
    opened = open_run(place)
    for remark in opened.remarks:
        say(remark, file=sys.stderr)
    session = opened.session
    if branch is not None:
        session.switch(_branch(session, branch))
    if step is not None:
        _go(opened, step)
    return opened


def _branch(session: Session, wanted: str) -> int:
    branches = session.past.branches
    for branch in branches:
        if wanted in (str(branch.number), branch.name):
            return branch.number
    known = ", ".join(f"{each.number} {each.name!r}" if each.name else str(each.number) for each in branches)
    raise ValueError(f"branch: expected one of {known}, got {wanted!r}")


def _go(opened: Opened, step: int) -> None:
    session = opened.session
    if step <= session.last_step or opened.kind == "project":
        session.seek(step)
        return
    session.run(step - session.step_number)
    bad = session.nonfinite
    if session.step_number != step:
        reason = "it became NaN or infinite there" if bad is not None else "training stopped by itself"
        raise ValueError(f"step: expected at most {session.step_number:,}, because {reason}; got {step:,}")


def _tables(whole: dict[str, Any], frame: Frame) -> Iterator[str]:
    """The same as the JSON form, to be read by a person."""
    branch, experiment = whole["branch"], frame.experiment
    yield f"{whole['title']}: step {frame.step:,}, epoch {frame.epoch:,}, batch {frame.position:,} of it"
    yield f"branch {branch['number']}{' ' + branch['name'] if branch['name'] else ''}; rows {_few(whole['batch'])}"
    yield f"data {whole['data']['name']}: {whole['data']['rows']:,} rows, sha256 {whole['data']['hash']}"
    yield f"loss {experiment.loss}, {experiment.reduction}; {experiment.optimizer!r}"
    yield ""
    for name in ("loss", "penalty", "objective", "rate"):
        yield f"{name:<12}{_number(whole[name])}"
    for name, value in whole["metrics"].items():
        if isinstance(value, dict):
            told = ", ".join(f"{key} {_number(each)}" for key, each in value.items())
            yield f"{name}: {told}"
        elif value not in (None, "nan") and name not in ("loss", "penalty", "objective", "rate"):
            yield f"{name:<16}{_number(value)}"
    if whole["nonfinite"] is not None:
        bad = whole["nonfinite"]
        yield f"first not finite: {bad['quantity']} of layer {bad['layer']} at {bad['index']} is {bad['value']}"
    for name in ("x", "y", "dC_da"):
        yield from _array(name, whole["trace"][name])
    for layer, arrays in whole["trace"]["layers"].items():
        yield ""
        yield layer
        for name, values in whole["parameters"].get(layer, {}).items():
            yield from _array(name, values)
        for name, values in arrays.items():
            yield from _array(name, values)
        for when in ("before", "after"):
            for state, layers in whole["optimizer"][when].items():
                for name, values in layers.get(layer, {}).items():
                    yield from _array(f"{state} of {name} {when}", values)


def _of_beat(beat: dict[str, Any]) -> Iterator[str]:
    yield f"{beat['beat']}: {beat['question']}"
    yield from (f"  {sentence}" for sentence in beat["first_row"])
    for name, values in beat["numbers"].items():
        yield from _array(name, values)


def _array(name: str, values: Any) -> Iterator[str]:
    """A name and its numbers, a row to a line; of a long array the beginning."""
    if values is None or values == []:
        return
    if not isinstance(values, list):
        yield f"  {name} = {_number(values)}"
        return
    shape = np.shape(values)
    size = int(np.prod(shape))
    if not size:
        return
    yield f"  {name} {'×'.join(map(str, shape))}" + (f", the first {MOST_ROWS} rows" if size > MOST_NUMBERS else "")
    rows = list(_rows(values, ""))
    for place, row in rows if size <= MOST_NUMBERS else rows[:MOST_ROWS]:
        shown = row if size <= MOST_NUMBERS else row[: 2 * _NUMBERS_OF_A_LINE]
        more = " …" if len(shown) < len(row) else ""
        for start in range(0, len(shown), _NUMBERS_OF_A_LINE):
            line = "  ".join(f"{_number(value):>24}" for value in shown[start : start + _NUMBERS_OF_A_LINE])
            is_last = start + _NUMBERS_OF_A_LINE >= len(shown)
            yield f"    {place if start == 0 else '':<10}{line}{more if is_last else ''}"


def _rows(values: list[Any], place: str) -> Iterator[tuple[str, list[Any]]]:
    """(indices, numbers) of each innermost list."""
    if not isinstance(values[0], list):
        yield place, values
        return
    for index, inner in enumerate(values):
        yield from _rows(inner, f"{place}[{index}]")


def _number(value: Any) -> str:
    """As many digits as it takes to read back the same double."""
    return repr(value) if isinstance(value, float) else str(value)


def _few(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:20])) + (f" … ({len(numbers)})" if len(numbers) > 20 else "")

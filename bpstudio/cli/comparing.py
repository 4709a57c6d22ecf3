"""`bpstudio diff`: whether two runs are the same, bit by bit, and if not what differs first."""

from __future__ import annotations

import dataclasses
import json as json_text
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bpstudio.cli import exits
from bpstudio.cli.opening import kind_of, open_run
from bpstudio.cli.terminal import say
from bpstudio.files import difference, readable_json, step_document, strict_json
from bpstudio.files.difference import Difference
from bpstudio.training.session import Session

Side = Session | Mapping[str, Any]


def diff(first: str, second: str, json: bool = False) -> int:
    """Print whether they are the same; returns the exit status. Raises OSError and ValueError."""
    found = compare(_side(first), _side(second))
    if json:
        values = None if found is None else dataclasses.asdict(found)
        print(readable_json.write({"same": found is None, "first_difference": values}), end="")
    elif found is None:
        say("the same, bit by bit")
    else:
        names = _pad(first, second)
        say(f"first difference: {found.place}")
        say(f"  {names[0]}  {found.first}", f"  {names[1]}  {found.second}")
    return exits.DONE if found is None else exits.NOT_THE_SAME


def compare(one: Side, other: Side) -> Difference | None:
    """The first difference, or None: of whole runs, or of one step where a side is a step in its JSON form."""
    if isinstance(one, Session) and isinstance(other, Session):
        return difference.between_runs(one.archive(), other.archive())
    mine = _step(one, other) if isinstance(one, Session) else one
    theirs = _step(other, one) if isinstance(other, Session) else other
    return difference.between_documents(mine, theirs)


def _side(word: str) -> Side:
    """A run, or a step as JSON."""
    path = Path(word)
    if path.is_file() and kind_of(word) == "lesson":
        document = strict_json.read(path)
        if isinstance(document, dict) and document.get("format") == step_document.FORMAT:
            return document
    return open_run(word).session


def _step(session: Session, beside: Side) -> Mapping[str, Any]:
    """The step of a run that another side is about, in its JSON form."""
    assert not isinstance(beside, Session)
    step, branch = beside.get("step"), beside.get("branch")
    number = branch.get("number") if isinstance(branch, dict) else None
    if isinstance(number, int) and any(each.number == number for each in session.past.branches):
        session.switch(number)
    if not isinstance(step, int):
        raise ValueError(f"step: expected a whole number, got {step!r}")
    if step <= session.last_step:
        session.seek(step)
    else:
        session.set_breakpoints(())  # they would end the way there
        session.run(step - session.step_number)
    # Through the text, so that both sides are made of the same kinds of values.
    whole: Mapping[str, Any] = json_text.loads(readable_json.write(step_document.document(session.frame())))
    return whole


def _pad(first: str, second: str) -> tuple[str, str]:
    names = Path(first).name, Path(second).name
    if names[0] == names[1]:
        names = first, second
    width = max(map(len, names))
    return names[0].ljust(width), names[1].ljust(width)

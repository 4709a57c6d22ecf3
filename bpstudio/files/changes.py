"""What a lesson switches: places in an experiment and what stands there instead.

{"update_order": "sequential"}
{"network.layers[*].train_bias": true, "optimizer.rate": 0.1}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bpstudio.training.experiment import Experiment

_PART = re.compile(r"(\w{1,40})(?:\[(\*|\d{1,6})(?::(\d{1,6}))?\])?")


def apply(experiment: Experiment, changes: Mapping[str, Any], path: str) -> Experiment:
    """The experiment with the changes made, checked like any other; errors name the place under `path`."""
    document = experiment.to_dict(complete=True)
    for place, value in changes.items():
        for holder, key in places(document, place, f"{path}.{place}"):
            holder[key] = value
    try:
        return Experiment.from_dict(document)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def places(document: dict[str, Any], place: str, path: str) -> Iterator[tuple[Any, str | int]]:
    """(object, key) of every value that `place` names in an experiment's plain values. Raises ValueError, with a near
    name where there is one, for a place that it does not have.
    """
    found: list[tuple[Any, str | int]] = [({"": document}, "")]
    for part in place.split("."):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{path}: expected a place such as network.layers[0].activation")
        name, first, stop = match.groups()
        inner: list[tuple[Any, str | int]] = []
        for holder, key in found:
            value = holder[key]
            if not isinstance(value, dict) or name not in value:
                import difflib  # only where a name is misspelt

                near = difflib.get_close_matches(name, value if isinstance(value, dict) else (), n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise ValueError(f"{path}: an experiment has no {name} there{hint}")
            inner.extend([(value, name)] if first is None else _elements(value[name], first, stop, f"{path}: {name}"))
        found = inner
    return iter(found)


def _elements(elements: object, first: str, stop: str | None, what: str) -> Iterator[tuple[Any, str | int]]:
    if not isinstance(elements, list):
        raise ValueError(f"{what} is no list")
    count = len(elements)
    begin = 0 if first == "*" else int(first)
    end = count if first == "*" else int(stop) if stop is not None else begin + 1
    if not begin < end <= count:
        raise ValueError(f"{what} has the elements 0 to {count - 1}, got {begin} to {end - 1}")
    yield from ((elements, number) for number in range(begin, end))

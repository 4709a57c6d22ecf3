"""Where a dataset came from, as a recipe that a file can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from bpstudio.data import records, steps
from bpstudio.data.choices import Preparation, ReadOptions
from bpstudio.data.steps import Range, Standardize, Step


@dataclass(frozen=True)
class Generated:
    """Made by a generator from these arguments alone."""

    kind: ClassVar[str] = "generated"
    generator: str
    rows: int
    noise: float = 0.0
    seed: int = 0
    validation: float = 0.0
    parameters: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))

    @property
    def origin(self) -> Generated:
        """What it was before somebody changed a value by hand: nobody did."""
        return self


@dataclass(frozen=True)
class Prepared:
    """Read from a table and prepared; `steps` is what that did, with its numbers."""

    kind: ClassVar[str] = "table"
    path: str
    table_hash: str
    options: ReadOptions
    preparation: Preparation
    steps: tuple[Step, ...] = ()

    @property
    def origin(self) -> Prepared:
        """What it was before somebody changed a value by hand: nobody did."""
        return self

    def scaling_of(self, column: str) -> Standardize | Range | None:
        """How a column was scaled; its inverse() leads from the network's numbers back to those of the file."""
        for step in self.steps:
            if isinstance(step, Standardize | Range) and step.column == column:
                return step
        return None


@dataclass(frozen=True)
class Inline:
    """Typed by a person. `origin` is what the values were before somebody changed one by hand."""

    kind: ClassVar[str] = "inline"
    origin: Generated | Prepared | None = None


Source = Inline | Generated | Prepared


def write(source: Source) -> dict[str, Any]:
    """The JSON form."""
    if isinstance(source, Inline):
        return {"kind": source.kind} | ({"origin": write(source.origin)} if source.origin else {})
    document = {"kind": source.kind, **records.write(source)}
    if isinstance(source, Prepared):
        document["steps"] = [steps.write(step) for step in source.steps]
    return document


def read(document: object, path: str) -> Source:
    """A source from its JSON form; errors name the place under `path`."""
    known = {each.kind: each for each in (Inline, Generated, Prepared)}
    if not isinstance(document, dict) or document.get("kind") not in known:
        raise ValueError(f"{path}.kind: expected one of {', '.join(known)}")
    fields = {name: value for name, value in document.items() if name != "kind"}
    if document["kind"] == Generated.kind:
        return records.read(Generated, fields, path)
    if document["kind"] == Prepared.kind:
        return _prepared(fields, path)
    records.mapping(fields, path, ("origin",))
    if "origin" not in fields:
        return Inline()
    origin = read(fields["origin"], f"{path}.origin")
    if isinstance(origin, Inline):
        raise ValueError(f"{path}.origin.kind: expected generated or table, got inline")
    return Inline(origin)


def _prepared(fields: dict[str, Any], path: str) -> Prepared:
    names = ("path", "table_hash", "options", "preparation", "steps")
    entries = records.mapping(fields, path, names, ("path", "table_hash", "preparation"))
    done = records.sequence(entries.get("steps", []), f"{path}.steps")
    return Prepared(
        path=records.text(entries["path"], f"{path}.path"),
        table_hash=records.text(entries["table_hash"], f"{path}.table_hash"),
        options=records.read(ReadOptions, entries.get("options", {}), f"{path}.options"),
        preparation=records.read(Preparation, entries["preparation"], f"{path}.preparation"),
        steps=tuple(steps.read(step, f"{path}.steps[{i}]") for i, step in enumerate(done)),
    )

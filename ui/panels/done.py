"""What was done to the data before training, in a few words, and in full where somebody asks."""

from __future__ import annotations

from collections.abc import Sequence

from bpstudio.data.source import Generated, Inline, Prepared, Source
from bpstudio.data.steps import Days, DropRows, Fill, OneHot, Range, Standardize, YesNo
from ui.language import tr
from ui.panels.plain import told

_MOST_NAMES = 4
_MOST_LINES = 40


def done_to(source: Source) -> list[str]:
    """A line per kind of step, with the columns it was done to."""
    lines = []
    if isinstance(source, Inline) and source.origin is not None:
        lines.append(tr("some values were typed by hand"))
        source = source.origin
    if isinstance(source, Generated):
        return [*lines, tr("noise {noise} · seed {seed}", noise=f"{source.noise:g}", seed=source.seed)]
    if not isinstance(source, Prepared):
        return lines
    steps = source.steps
    standardized = [step.column for step in steps if isinstance(step, Standardize)]
    ranged = [step.column for step in steps if isinstance(step, Range)]
    if standardized:
        lines.append(tr("standardised: {names}", names=_named(standardized)))
    if ranged:
        lines.append(tr("scaled to 0 … 1: {names}", names=_named(ranged)))
    for step in steps:
        if isinstance(step, OneHot):
            lines.append(tr("one-hot: {name}, {count} values", name=step.column, count=len(step.values)))
        elif isinstance(step, Fill):
            lines.append(tr("{count} gaps filled: {name}", count=len(step.rows), name=step.column))
        elif isinstance(step, DropRows):
            lines.append(tr("{count} rows left out: {name} missing", count=len(step.rows), name=step.column))
        elif isinstance(step, (YesNo, Days)):
            lines.append(step.formula)
    return lines


def in_full(source: Source) -> list[str]:
    """Every step with its numbers."""
    origin = source.origin
    if not isinstance(origin, Prepared):
        return []
    lines = [
        f"{step.column}: {told(step.describe())}" if step.column else told(step.describe()) for step in origin.steps
    ]
    if len(lines) > _MOST_LINES:
        return [*lines[:_MOST_LINES], tr("… and {count} more", count=len(lines) - _MOST_LINES)]
    return lines


def _named(names: Sequence[str]) -> str:
    if len(names) > _MOST_NAMES:
        return tr("{count} columns", count=len(names))
    return ", ".join(names)

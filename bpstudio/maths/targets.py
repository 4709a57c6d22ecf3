"""Which targets a loss understands. Other ones are refused before training, with the row and the column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bpstudio.maths.operations import Array


@dataclass(frozen=True, slots=True)
class Misfit:
    """The first target that a loss does not take: where it stands, and what was expected.

    ``row`` and ``column`` count from 0; ``column`` is None where the row as a whole is wrong.
    """

    row: int
    column: int | None
    problem: str


def _first(wrong: Array) -> tuple[int, int] | None:
    """(row, column) of the first wrong target in reading order."""
    if not wrong.any():
        return None
    row, column = np.argwhere(wrong)[0]
    return int(row), int(column)


def _number(value: float) -> str:
    return f"{float(value):.6g}".replace("-", "−")


def probabilities(y: Array, activation: str) -> Misfit | None:
    """Each target is a probability (binary cross-entropy)."""
    found = _first(~((y >= 0) & (y <= 1)))
    if found is None:
        return None
    return Misfit(*found, f"binary cross-entropy needs targets between 0 and 1, got {_number(y[found])}")


def shares(y: Array, activation: str) -> Misfit | None:
    """Targets are not negative; with softmax, those of a row sum to 1 (categorical cross-entropy)."""
    found = _first(~(y >= 0))
    if found is not None:
        return Misfit(*found, f"categorical cross-entropy needs targets that are not negative, got {_number(y[found])}")
    # a − y is the gradient only for targets that sum to 1.
    totals = y.sum(axis=-1)
    if activation == "softmax" and (wrong := np.abs(totals - 1) > 1e-9).any():
        row = int(np.argmax(wrong))
        return Misfit(
            row,
            None,
            f"categorical cross-entropy with softmax needs the targets of each row to sum to 1, got "
            f"{_number(totals[row])}",
        )
    return None


def signs(y: Array, activation: str) -> Misfit | None:
    """Each target is −1 or +1 (hinge)."""
    found = _first(np.abs(y) != 1)
    if found is None:
        return None
    return Misfit(*found, f"a hinge loss needs targets −1 and +1, got {_number(y[found])}")


def one_hot(y: Array, activation: str) -> Misfit | None:
    """Each row has one 1, the class of the row, and 0 elsewhere (multi-class hinge)."""
    found = _first((y != 0) & (y != 1))
    if found is not None:
        return Misfit(
            *found, f"the multi-class hinge needs one target of 1 in each row and 0 elsewhere, got {_number(y[found])}"
        )
    ones = y.sum(axis=-1)
    if (wrong := ones != 1).any():
        row = int(np.argmax(wrong))
        return Misfit(
            row,
            None,
            f"the multi-class hinge needs one target of 1 in each row and 0 elsewhere, got {int(ones[row])} of them",
        )
    return None

"""What the inspector writes down of one number: the product, the sums behind it, and small pictures beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bpstudio.insight.elements import Element
from bpstudio.insight.factors import Factor, Term
from bpstudio.insight.phrase import Phrase
from bpstudio.maths.operations import Array

Quantity = Literal["gradient", "delta", "activation", "loss"]


@dataclass(frozen=True, eq=False)
class Grid:
    """Some numbers as they lie in an image or in a kernel, (rows, columns); `marked` is the one that is meant."""

    title: Phrase
    values: Array
    marked: tuple[int, int] | None = None


@dataclass(frozen=True)
class Derivation:
    """How one number comes about.

    `result` is that of the example alone (a row's own, without 1/N); `gathered` is the batch's where the two differ,
    and `gathering` says how it came about; `of_one_row` is False where the example is the whole batch. `terms` are
    the summands of the first factor, or of the result where there are no factors; `terms_sign` is −1 where it is their
    sum with a minus. For a parameter `value`, `new_value` and `update` say what it is, will be, and by how much it
    moves, and `update_beat_address` at which beat. `symbol_tex` is the left side of `tex`, the whole formula. `grids`
    stand side by side: a window and its kernel. `terms_title` says what the terms are where that is not the usual sum.
    """

    target: Element
    quantity: Quantity
    title: Phrase
    symbol: str
    symbol_tex: str
    tex: str
    factors: tuple[Factor, ...]
    result: float
    terms: tuple[Term, ...] = ()
    terms_sign: int = 1
    gathered: float | None = None
    gathering: Phrase | None = None
    of_one_row: bool = True
    name: str = ""
    value: float | None = None
    new_value: float | None = None
    update: float | None = None
    update_lines: tuple[Phrase, ...] = ()
    update_beat_address: str | None = None
    beat_address: str = ""
    frozen: bool = False
    notes: tuple[Phrase, ...] = ()
    grids: tuple[Grid, ...] = ()
    terms_title: Phrase | None = None

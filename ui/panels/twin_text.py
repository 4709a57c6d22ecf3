"""The tables of a step in words: names of the columns, and each cell as it is shown, spoken and copied."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bpstudio.insight.elements import PlusOne, Target
from bpstudio.insight.notation import Letters, exact, given, number
from bpstudio.insight.step_table import ABSENT, NOT_YET, NOW, STATE, EdgeTable, Floats, StepTable, UnitTable
from ui.language import tr

NOTHING_YET = "·"
"""What stands where the walk has not come to: neither 0 nor an empty cell."""
FROZEN = "❄"
WORDS = ("layer", "name", "path", "frozen")
"""Columns that are no numbers."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table in a notation, with so many digits. Rows are those of the table, columns are names."""

    table: StepTable
    letters: Letters
    digits: int = 9

    @property
    def columns(self) -> tuple[str, ...]:
        """What stands side by side: the numbers, with the words that say whose they are."""
        if isinstance(self.table, EdgeTable):
            return ("layer", "name", "path", *self.table.columns, "frozen")
        return ("layer", "name", *self.table.columns)

    def heading(self, column: str, spoken: bool = False) -> str:
        """The name of a column, in the notation in use."""
        z, a = self.letters.text("z_letter"), self.letters.text("a_letter")
        words = {
            "layer": tr("layer"),
            "name": tr("unit") if isinstance(self.table, UnitTable) else tr("edge"),
            "path": tr("from → to"),
            "frozen": tr("frozen") if spoken else FROZEN,
            "z": z,
            "a": tr("value {letter}", letter=a),
            "error": f"∂C/∂{a}",
            "slope": f"f′({z})",
            "delta": "δ",
            "weight": self._parameters(),
            "gradient": "∂C/∂w",
            "own": tr("of this row"),
            "update": tr("update"),
            "new": tr("new {letters}", letters=self._parameters()),
        }
        if column.startswith(STATE):
            name = column.removeprefix(STATE)
            return f"{'v' if name == 'velocity' else name}⁺"
        return words[column]

    def _parameters(self) -> str:
        """The letters of what is trained: w, b or w, θ."""
        kinds = {layer.bias_sign for layer in self.letters.network.layers}
        return ", ".join(["w", *(["b"] if 1 in kinds else []), *(["θ"] if -1 in kinds else [])])

    def explained(self, column: str) -> str:
        """What a column holds, in a sentence."""
        sign = "+" if self.letters.notation.delta_sign > 0 else "−"
        words = {
            "z": tr("weighted input"),
            "a": tr("what the unit gives; of the loss its cost"),
            "error": tr("how much the cost changes with the value"),
            "slope": tr("slope of the activation function at the weighted input"),
            "delta": tr("error term, {sign}∂C/∂{z}", sign=sign, z=self.letters.text("z_letter")),
            "weight": tr("weight, bias or threshold now"),
            "gradient": tr("gradient of the whole batch"),
            "own": tr("gradient of this row's own cost"),
            "update": tr("what the optimiser adds in this step"),
            "new": tr("what the weight, bias or threshold becomes"),
            "frozen": tr("keeps its value whatever the gradient"),
        }
        heading = self.heading(column, spoken=True)
        if column.startswith(STATE):
            return f"{heading}: {tr('what the optimiser keeps of it, after this step')}"
        return f"{heading}: {words[column]}" if column in words else heading

    def word(self, row: int, column: str, spoken: bool = False) -> str:
        """A cell that is no number."""
        table, letters = self.table, self.letters
        if column == "layer":
            layer = int(table.layers[row])
            return tr("input") if layer == 0 else tr("loss") if layer > table.depth else str(layer)
        if column == "name":
            return table.title(letters, row)
        if isinstance(table, EdgeTable) and column == "path":
            return " → ".join(table.ends(letters, row))
        if isinstance(table, EdgeTable) and table.frozen[row]:
            return tr("frozen") if spoken else FROZEN
        return ""

    def shown(self, row: int, column: str) -> str:
        """A cell as it stands in the table."""
        if column in WORDS:
            return self.word(row, column)
        state = self.table.states(column)[row]
        if state == ABSENT:
            return ""
        if state == NOT_YET:
            return NOTHING_YET
        value = float(self.table.values(column)[row])
        return (given if self._is_chosen(row, column) else number)(value, self.digits)

    def _is_chosen(self, row: int, column: str) -> bool:
        """Whether somebody chose this number, and nothing computed it: a weight, an input, a target."""
        table = self.table
        if isinstance(table, EdgeTable):
            return column == "weight" or (column == "new" and bool(table.frozen[row]))
        given_row = table.layers[row] == 0 or isinstance(table.element(row), Target | PlusOne)
        return column == "a" and bool(given_row)

    def exact(self, row: int, column: str) -> str:
        """A cell with every digit and a decimal point: the shortest text that reads back the same."""
        if column in WORDS:
            return self.word(row, column, spoken=True)
        found = self.table.exact(row, column)
        return tr("not yet") if found is None else found

    def tip(self, row: int, column: str) -> str:
        """All that a cell has to say: its number with every digit, or why there is none."""
        if column in WORDS:
            return self.word(row, column, spoken=True)
        state = self.table.states(column)[row]
        if state == ABSENT:
            return ""
        return tr("not computed yet") if state == NOT_YET else exact(float(self.table.values(column)[row]))

    def spoken(self, row: int, column: str) -> str:
        """A cell as a screen reader says it: what of which, and its number or why there is none."""
        if column in WORDS:
            return self.word(row, column, spoken=True)
        state = self.table.states(column)[row]
        if state == ABSENT:
            return tr("nothing")
        words = tr(
            "{what} of {of}: {value}",
            what=self.heading(column, spoken=True),
            of=self.table.title(self.letters, row),
            value=tr("not computed yet") if state == NOT_YET else self.shown(row, column),
        )
        return tr("{words}, in this beat", words=words) if state == NOW else words

    def keys(self, column: str) -> Floats:
        """What a column is sorted by; words keep the order of the network."""
        table = self.table
        if column == "layer":
            return table.layers.astype(np.float64)
        if column == "frozen" and isinstance(table, EdgeTable):
            return table.frozen.astype(np.float64)
        return np.arange(table.rows, dtype=np.float64) if column in WORDS else table.keys(column)

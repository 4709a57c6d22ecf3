"""Several numbers that were pasted: a row for each with its verdict; the first line that leaves ours stands out."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from bpstudio.insight.chain import ChainLine, ChainVerdict
from ui import theme
from ui.language import tr, translatable
from ui.panels.lines_table import LinesTable, Row

COLUMNS = (translatable("line"), translatable("yours"), translatable("verdict"))


def row_of(line: ChainLine) -> Row:
    """What the table shows of a line."""
    look = theme.current()
    word = line.verdict.word.rendered(tr)
    said, color = {
        "right": (f"✓ {word if line.verdict.is_right else tr('agrees, rounded')}", look.good),
        "first": (f"! {word}", look.warning),
        "follows": (f"↳ {tr('follows from it')}", look.secondary),
        "again": (f"! {tr('the same slip')}", look.warning),
        "differs": (f"! {word}", look.warning),
    }[line.state]
    cells = (line.symbol, line.verdict.typed.text, said)
    return Row(cells, cells, line.verdict.address, color, bold=line.state == "first")


class SeveralNumbers(LinesTable):
    """The lines of a ChainVerdict in the order of the walk."""

    def __init__(self, go: Callable[[str], None], parent: QWidget | None = None) -> None:
        super().__init__(COLUMNS, go, parent)
        self._chain: ChainVerdict | None = None

    def show_chain(self, chain: ChainVerdict | None) -> None:
        """Show other lines; hidden while there are none."""
        self._chain = chain
        self.setVisible(chain is not None)
        self.show_rows([row_of(line) for line in chain.lines] if chain is not None else [])
        if chain is not None and chain.first is not None:
            self.scrollTo(self.lines.index(chain.first, 0))

    @override
    def changeEvent(self, e: QEvent | None) -> None:
        super().changeEvent(e)
        if e is not None and e.type() in (QEvent.Type.PaletteChange, QEvent.Type.LanguageChange):
            self.setAccessibleName(tr("Your numbers, line by line; Enter goes to the line"))
            self.show_rows([row_of(line) for line in self._chain.lines] if self._chain is not None else [])

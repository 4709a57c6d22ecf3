"""How often one class is taken for another: rows are what a row is, columns what the network answers."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from PyQt6.QtGui import QBrush, QColor
from typing_extensions import override

from bpstudio.insight.response import Confusion
from ui import theme
from ui.language import tr

_NOWHERE = QModelIndex()


class ConfusionModel(QAbstractTableModel):
    """Counts of (true class, answered class); a cell is as strong as its share of its row."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.names: tuple[str, ...] = ()
        self.confusion: Confusion | None = None

    def show_confusion(self, names: tuple[str, ...], confusion: Confusion | None) -> None:
        """Show other counts; the table is built anew only when the classes change."""
        if names != self.names or (confusion is None) != (self.confusion is None):
            self.beginResetModel()
            self.names, self.confusion = names, confusion
            self.endResetModel()
        elif confusion is not self.confusion and confusion is not None:
            self.confusion = confusion
            last = len(names) - 1
            self.dataChanged.emit(self.index(0, 0), self.index(last, last))

    def sentence(self) -> str:
        """How many are right, in words."""
        found = self.confusion
        if found is None or not found.rows:
            return tr("no rows")
        right = int(np.trace(found.counts))
        share = f"{found.right:.1%}"
        return tr("{right} of {rows} right ({share})", right=f"{right:,}", rows=f"{found.rows:,}", share=share)

    @override
    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() or self.confusion is None else len(self.names)

    @override
    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return self.rowCount(parent)

    @override
    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or self.confusion is None:
            return None
        count = int(self.confusion.counts[index.row(), index.column()])
        true, answered = self.names[index.row()], self.names[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{count:,}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignCenter)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tr("{count} rows of {true} were taken for {answered}", count=count, true=true, answered=answered)
        if role in (Qt.ItemDataRole.BackgroundRole, Qt.ItemDataRole.ForegroundRole):
            total = int(self.confusion.counts[index.row()].sum())
            if not count:
                return None
            look = theme.current()
            fill = QColor(int(look.activation(count / total)))
            return QBrush(fill if role == Qt.ItemDataRole.BackgroundRole else look.ink(fill))
        return None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole or not 0 <= section < len(self.names):
            return None
        name = self.names[section]
        return name if orientation == Qt.Orientation.Horizontal else tr("is {name}", name=name)

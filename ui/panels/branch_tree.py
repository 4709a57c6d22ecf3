"""The tree of branches: a list with one lane a row, for the mouse and for the keyboard.

A click on a lane goes to that step of it. Up and down choose a lane, left and right move along its steps, Enter goes
there, F2 or a double click renames in place, Delete asks for deletion. What is pointed at can be read in words.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPoint, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)
from typing_extensions import override

from bpstudio.insight.branches import value_at
from bpstudio.insight.notation import number as written
from bpstudio.training.frame import Frame
from bpstudio.training.past import LONGEST_NAME
from ui import theme
from ui.language import tr
from ui.panels.branch_lanes import NAME, ROW, Tree, paint_name, paint_row, row_ground

ROWS = 7
"""Lanes that are seen at once; more scroll."""
LONGEST = 28
"""Characters of a name in what is read at a place: it stands in the tree as well."""
JUMPS = 20
"""Page Up and Page Down move by this part of all steps."""
NOWHERE = QModelIndex()


class LanesModel(QAbstractListModel):
    """The lanes of the newest frame, as rows with names that can be edited."""

    def __init__(self, renamed: Callable[[int, str], object], parent: QObject) -> None:
        super().__init__(parent)
        self.tree = Tree()
        self._renamed = renamed

    def show(self, tree: Tree) -> None:
        """Show another tree. Rows are made anew only where there are others."""
        old = [(lane.branch.number, lane.origin) for lane in self.tree.lanes]
        if [(lane.branch.number, lane.origin) for lane in tree.lanes] == old:
            self.tree = tree
            return
        self.beginResetModel()
        self.tree = tree
        self.endResetModel()

    @override
    def rowCount(self, parent: QModelIndex = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.tree.lanes)

    @override
    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable

    @override
    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.tree.lanes):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.ToolTipRole):
            return self.tree.titles[index.row()]
        return self.said(index.row()) if role == Qt.ItemDataRole.AccessibleTextRole else None

    def said(self, row: int) -> str:
        """A lane in words."""
        tree, lane = self.tree, self.tree.lanes[row]
        parts = [tree.titles[row], tr("steps {first} to {last}", first=f"{lane.start:,}", last=f"{lane.last:,}")]
        if lane.origin is not None:
            parts.append(tr("out of {branch}", branch=tree.titles[lane.origin]))
        if lane.branch.number == tree.current:
            parts.append(tr("the run is here"))
        if note := tree.note(row):
            parts.append(note)
        return ", ".join(parts)

    @override
    def setData(self, index: QModelIndex, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or not index.isValid() or index.row() >= len(self.tree.lanes):
            return False
        if str(value).strip() == self.tree.titles[index.row()]:
            return False
        self._renamed(self.tree.lanes[index.row()].branch.number, str(value))
        return True


class BranchTree(QListView):
    """The lanes. `went` tells where somebody wants to go, `pointed` that another place is read, `deleted` which branch
    is not wanted any more, `menu_wanted` where a menu is to open.
    """

    went = pyqtSignal(int, object)
    pointed = pyqtSignal()
    deleted = pyqtSignal(int)
    menu_wanted = pyqtSignal(QPoint)

    def __init__(self, renamed: Callable[[int, str], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: Frame | None = None
        self._at: int | None = None
        self._hover: tuple[int, int] | None = None
        self._lanes = LanesModel(renamed, self)
        self.setModel(self._lanes)
        self.setItemDelegate(_Lane(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed | QAbstractItemView.EditTrigger.DoubleClicked)

    @property
    def tree(self) -> Tree:
        """What is painted."""
        return self._lanes.tree

    @property
    def chosen(self) -> int | None:
        """The number of the branch whose lane is chosen."""
        row = self.currentIndex().row()
        return self.tree.lanes[row].branch.number if 0 <= row < len(self.tree.lanes) else None

    @property
    def at(self) -> int | None:
        """The step on the chosen lane to which the keys have moved; None: to none."""
        return self._at

    @property
    def hover(self) -> tuple[int, int] | None:
        """(row, step) under the mouse, where there is a lane."""
        return self._hover

    def choose(self, number: int) -> None:
        """Choose the lane of a branch."""
        row = self.tree.rows.get(number)
        if row is not None:
            self.setCurrentIndex(self._lanes.index(row))

    def show_frame(self, frame: Frame) -> None:
        """Show the branches of a frame; the chosen lane stays chosen, and follows the run when that changes lanes."""
        before, was_on = self.chosen, self._frame.branch if self._frame is not None else None
        rows = len(self.tree.lanes)
        self._frame = frame
        tree = Tree.of(frame)
        if len(tree.lanes) != rows:
            self._hover = None  # before the lanes change: they are read while they do
        self._lanes.show(tree)
        if before is None or before not in self.tree.rows or (was_on != frame.branch and before == was_on):
            before = frame.branch
        if self.chosen != before:
            self._at = None
            self.choose(before)
        if len(self.tree.lanes) != rows:
            self.updateGeometry()
        self._repaint()
        self.pointed.emit()

    def reading(self) -> str:
        """The place under the mouse, or else the chosen one, in words: branch, step and loss."""
        frame = self._frame
        if frame is None or not self.tree.lanes:
            return ""
        if self._hover is not None:
            row, step = self._hover
        else:
            row = max(self.currentIndex().row(), 0)
            lane = self.tree.lanes[row]
            present = frame.step if lane.branch.number == frame.branch else lane.last
            step = self._at if self._at is not None else present
        metrics = self.tree.lanes[row].branch.metrics
        found = value_at(metrics, "loss", step)
        name = self.tree.titles[row]
        name = name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"
        words = tr("{branch} · step {step}", branch=name, step=f"{step:,}")
        if found is None:
            return words
        low, high = (written(value, 6) for value in found)
        return f"{words} · {tr('loss')} {low if low == high else f'{low} … {high}'}"

    def rename(self) -> None:
        """Type another name for the chosen branch, in its place."""
        if self.currentIndex().isValid() and self.state() != QAbstractItemView.State.EditingState:
            self.scrollTo(self.currentIndex())
            self.edit(self.currentIndex())

    def go(self) -> None:
        """Go to the chosen place."""
        if self.chosen is not None:
            self.went.emit(self.chosen, self._at)

    def _repaint(self) -> None:
        port = self.viewport()
        if port is not None:
            port.update()

    def _move(self, by: int | None, end: int = 0) -> None:
        """Move along the chosen lane by so many steps, or to its first or last one (`end` −1 or 1)."""
        row, frame = self.currentIndex().row(), self._frame
        if frame is None or not 0 <= row < len(self.tree.lanes):
            return
        lane = self.tree.lanes[row]
        present = frame.step if lane.branch.number == frame.branch else lane.last
        here = self._at if self._at is not None else present
        wanted = (lane.start if end < 0 else lane.last) if by is None else here + by
        self._at = min(max(wanted, lane.start), lane.last)
        self._hover = None
        self._repaint()
        self.pointed.emit()

    def _point_at(self, at: QPoint) -> None:
        index = self.indexAt(at)
        found = None
        if index.isValid():
            rect = self.visualRect(index)
            lane = self.tree.lanes[index.row()]
            step = self.tree.step(at.x() - rect.left(), rect.width())
            found = (index.row(), min(max(step, lane.start), lane.last))
        if found != self._hover:
            self._hover = found
            self._repaint()
            self.pointed.emit()

    # ---- Qt

    @override
    def sizeHint(self) -> QSize:
        count = min(max(len(self.tree.lanes), 1), ROWS)
        return QSize(200, count * theme.current().px(ROW) + 2)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    @override
    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        super().currentChanged(current, previous)
        self._at = None
        self.pointed.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        far = max((self.tree.last - self.tree.first) // JUMPS, 1)
        moves: dict[int, tuple[int | None, int]] = {
            Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Home: (None, -1), Qt.Key.Key_End: (None, 1),
            Qt.Key.Key_PageUp: (-far, 0), Qt.Key.Key_PageDown: (far, 0),
        }  # fmt: skip
        key = event.key()
        if self.state() == QAbstractItemView.State.EditingState:
            super().keyPressEvent(event)
        elif key in moves:
            self._move(*moves[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.go()
        elif key == Qt.Key.Key_Delete and self.chosen is not None:
            self.deleted.emit(self.chosen)
        else:
            super().keyPressEvent(event)

    @override
    def mouseMoveEvent(self, e: QMouseEvent | None) -> None:
        if e is not None and e.buttons() == Qt.MouseButton.NoButton:
            self._point_at(e.position().toPoint())
        super().mouseMoveEvent(e)

    @override
    def mouseReleaseEvent(self, e: QMouseEvent | None) -> None:
        super().mouseReleaseEvent(e)
        if e is None or e.button() != Qt.MouseButton.LeftButton:
            return
        at = e.position().toPoint()
        index = self.indexAt(at)
        if not index.isValid() or at.y() < self.visualRect(index).top() + theme.current().px(NAME):
            return  # the name chooses, the lane goes there
        self._point_at(at)
        if self._hover is not None:
            row, step = self._hover
            self.went.emit(self.tree.lanes[row].branch.number, step)

    @override
    def leaveEvent(self, a0: QEvent | None) -> None:
        super().leaveEvent(a0)
        self._hover = None
        self._repaint()
        self.pointed.emit()

    @override
    def contextMenuEvent(self, a0: QContextMenuEvent | None) -> None:
        if a0 is None:
            return
        index = self.indexAt(a0.pos())
        if a0.reason() == QContextMenuEvent.Reason.Mouse and index.isValid():
            self.setCurrentIndex(index)
        self.menu_wanted.emit(a0.globalPos())

    @override
    def changeEvent(self, e: QEvent | None) -> None:
        super().changeEvent(e)
        looks = (QEvent.Type.LanguageChange, QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange)
        if e is not None and e.type() in looks:
            if self._frame is not None and e.type() == QEvent.Type.LanguageChange:
                self.show_frame(self._frame)
            self.scheduleDelayedItemsLayout()
            self.updateGeometry()


class _Lane(QStyledItemDelegate):
    """Paints a row, and puts the field for a name where the name stands."""

    def __init__(self, view: BranchTree) -> None:
        super().__init__(view)
        self._view = view

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(100, theme.current().px(ROW))

    @override
    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        view, look = self._view, theme.current()
        if painter is None or index.row() >= len(view.tree.lanes):
            return
        painter.save()
        rect, row = QRect(option.rect), index.row()
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        ground = look.selected if is_chosen else look.background
        if is_chosen:
            row_ground(rect, painter, ground, view.hasFocus())
        under = view.hover
        mark = under[1] if under is not None and under[0] == row else view.at if is_chosen else None
        paint_row(painter, view.tree, row, rect, mark, under is None or under[0] != row)
        paint_name(painter, view.tree, row, rect, ground)
        painter.restore()

    @override
    def createEditor(self, parent: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex) -> QWidget | None:
        line = QLineEdit(parent)
        line.setMaxLength(LONGEST_NAME)
        line.setPlaceholderText(self._view.tree.titles[index.row()])
        line.setAccessibleName(tr("Name of the branch"))
        return line

    @override
    def updateEditorGeometry(self, editor: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        if editor is not None:
            rect = QRect(option.rect)
            editor.setGeometry(rect.left(), rect.top(), rect.width(), theme.current().px(NAME + 6))

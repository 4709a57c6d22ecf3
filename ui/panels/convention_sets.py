"""Conventions of a book or a library: what would change, as a table of now and afterwards, before anything changes.

Taking a set is one edit of the experiment, which undo takes back together with what is written; closing the window
changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PyQt6.QtGui import QFontMetrics, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from bpstudio.engine.trace import Params, draw_params
from bpstudio.insight.convention_changes import Change, State, changes
from bpstudio.insight.convention_rules import ConventionSet, Writing
from bpstudio.insight.convention_sets import SETS, is_current
from bpstudio.training.carry import check_fit, same_values
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from ui import theme
from ui.beside import Words
from ui.focus import Focus
from ui.language import tr, translatable
from ui.panels.form import Message
from ui.panels.layer_card import Change as Send
from ui.panels.plain import plain

TAKE_SET = translatable("take a set of conventions")
COLUMNS = (translatable("Convention"), translatable("Now"), translatable("Afterwards"), translatable("What follows"))
AFTER = 2
"""The column whose words are bold."""
NAME = Qt.ItemDataRole.UserRole
PADDING = 4
"""What the style sheet puts around the text of a cell."""
WIDTH, HEIGHT = 860, 560
NARROW, LIST_ABOVE = 640, 110
"""Below this width the list stands above the table, so high."""


@dataclass(frozen=True, eq=False)
class Preview:
    """What a set would make of a frame; `refused` says why it cannot be had."""

    one: ConventionSet
    experiment: Experiment
    writing: Writing
    table: tuple[Change, ...]
    refused: str = ""

    @property
    def count(self) -> int:
        """How many conventions would change."""
        return sum(row.effect is not None for row in self.table)


def preview(one: ConventionSet, frame: Frame, focus: Focus, typed: bool, with_start: bool = True) -> Preview:
    """What a set changes in the experiment of a frame, whose start was ``typed`` or drawn, and in what is written."""
    present = Writing.of(focus.notation, focus.scale_delta)
    rows, writing = len(frame.dataset.train), one.written(present)
    before = frame.experiment
    try:
        after, refused = one.applied(before, frame.dataset, with_start), ""
        check_fit(after, frame.dataset)
    except ValueError as error:
        after, refused = before, plain(error)
    draws = [layer.initializer for layer in before.network.layers] != [
        layer.initializer for layer in after.network.layers
    ]
    now = State(before, rows, present, focus.notation, typed)
    then = State(after, rows, writing, focus.notation, typed and not draws)
    return Preview(one, after, writing, changes(now, then), refused)


def is_typed(frame: Frame) -> bool:
    """Whether the run began with other numbers than those drawn from the seed."""
    network = frame.experiment.network
    if frame.start is None or not frame.start.fits(network):
        return False
    return not same_values(frame.start.fitted(network), draw_params(network, frame.experiment.seed))


class ConventionSets(QObject):
    """The door to the sets: what is current, the window, and the way back of what is written."""

    def __init__(self, focus: Focus, change: Send, window: QWidget) -> None:
        super().__init__(window)
        self._focus, self._change, self._window = focus, change, window
        self.frame: Frame | None = None
        self.dialog: SetsWindow | None = None
        self._start: tuple[Params | None, Experiment | None, bool] = (None, None, False)
        """Of this start of this experiment, whether it was typed: drawing it again to know takes a moment."""
        self._taken: list[tuple[Experiment, Writing, Experiment, Writing]] = []
        """(before, after) of each edit that changed what is written too."""

    def show_frame(self, frame: Frame) -> None:
        """Follow undo and redo: what is written goes where the experiment goes."""
        before, self.frame = self.frame, frame
        if before is None or before.experiment is frame.experiment:
            return
        written = self.writing
        for was, was_written, now, now_written in reversed(self._taken):
            if before.experiment is now and frame.experiment is was and written == now_written:
                self._focus.set(**was_written.values())
                break
            if before.experiment is was and frame.experiment is now and written == was_written:
                self._focus.set(**now_written.values())
                break
        if self.dialog is not None:
            self.dialog.look()

    @property
    def writing(self) -> Writing:
        """How arrays and δ are written now."""
        return Writing.of(self._focus.notation, self._focus.scale_delta)

    def current(self) -> tuple[ConventionSet, ...]:
        """The sets by which everything is done already."""
        frame = self.frame
        if frame is None:
            return ()
        return tuple(one for one in SETS.values() if is_current(one, frame.experiment, frame.dataset, self.writing))

    def preview(self, one: ConventionSet, with_start: bool = True) -> Preview | None:
        """What a set would change now."""
        frame = self.frame
        if frame is None:
            return None
        if self._start[0] is not frame.start or self._start[1] is not frame.experiment:
            self._start = (frame.start, frame.experiment, is_typed(frame))
        return preview(one, frame, self._focus, self._start[2], with_start)

    def open(self, name: str = "") -> None:
        """Show what the sets would change, beginning with one of them."""
        if self.frame is None:
            return
        if self.dialog is None:
            self.dialog = SetsWindow(self, self._window)
            self.dialog.finished.connect(self._forget)
        self.dialog.choose(name or next((one.name for one in self.current()), next(iter(SETS))))
        self.dialog.open()

    def take(self, wanted: Preview, with_start: bool) -> None:
        """Change the experiment and what is written. Raises ValueError when the edit is refused."""
        frame = self.frame
        if frame is None:
            return
        made: list[tuple[Experiment, Experiment]] = []

        def edit(experiment: Experiment) -> Experiment:
            after = wanted.one.applied(experiment, frame.dataset, with_start)
            made.append((experiment, after))
            return after

        written = self.writing
        self._change(TAKE_SET, edit)
        if made and made[0][0] != made[0][1] and written != wanted.writing:
            (was, now), *_ = made
            self._taken = [*self._taken[-20:], (was, written, now, wanted.writing)]
        self._focus.set(**wanted.writing.values())

    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = None


class SetsWindow(QDialog):
    """The sets at the left; at the right what the chosen one says and changes."""

    def __init__(self, sets: ConventionSets, parent: QWidget) -> None:
        super().__init__(parent)
        self._sets = sets
        self.shown: Preview | None = None
        self.names = QListWidget()
        self.title, self.note = Words("heading"), Words("secondary")
        self.table = QTableWidget(0, len(COLUMNS))
        self.with_start = QCheckBox()
        self.with_start.setChecked(True)
        self.message = Message()
        self.take, self.leave = QPushButton(), QPushButton()
        self._lay_out()
        self.names.currentItemChanged.connect(self.look)
        self.names.itemDoubleClicked.connect(lambda _: self.accept())  # Return is the default button's
        self.with_start.toggled.connect(self.look)
        self.take.clicked.connect(self.accept)
        self.leave.clicked.connect(self.reject)
        self.retranslate()

    def choose(self, name: str) -> None:
        """Show one set."""
        for row in range(self.names.count()):
            item = self.names.item(row)
            if item is not None and item.data(NAME) == name:
                self.names.setCurrentRow(row)

    def look(self, *_: object) -> None:
        """Show what the chosen set changes now."""
        item = self.names.currentItem()
        if item is None:
            return
        one = SETS[item.data(NAME)]
        whole = self._sets.preview(one)
        shown = whole if self.with_start.isChecked() else self._sets.preview(one, with_start=False)
        if shown is None or whole is None:
            return
        self.shown = shown
        self.title.setText(one.title.rendered(tr))
        self.note.setText(one.note.rendered(tr))
        self.with_start.setVisible(any(row.name == "start" and row.effect is not None for row in whole.table))
        self._fill(shown)
        self.take.setEnabled(not shown.refused and shown.count > 0)
        if shown.refused:
            self.message.say(shown.refused, "error")
        elif not shown.one.has_loss(shown.experiment):
            self.message.say(
                tr("None of its losses suits these outputs and targets: the present one stays."), "warning"
            )
        elif not shown.count:
            self.message.say(tr("Everything is done by these conventions already."), "good")
        else:
            frame = self._sets.frame
            is_writing = frame is not None and shown.experiment == frame.experiment
            self.message.say(_summary(shown, is_writing), "echo")

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.setWindowTitle(tr("Conventions of a book or a library"))
        self.names.setAccessibleName(tr("Sets of conventions"))
        self.table.setAccessibleName(tr("What would change"))
        self.table.setHorizontalHeaderLabels([tr(column) for column in COLUMNS])
        self.with_start.setText(tr("draw new start weights too"))
        self.with_start.setToolTip(tr("Off: weights and biases stay as they are, and training goes on from them"))
        self.take.setText(tr("Take these conventions"))
        self.leave.setText(tr("Cancel"))
        chosen = self.names.currentItem()
        name = chosen.data(NAME) if chosen is not None else ""
        current = {one.name for one in self._sets.current()}
        self.names.blockSignals(True)
        self.names.clear()
        for one in SETS.values():
            title = one.title.rendered(tr)
            item = QListWidgetItem(f"✓ {title}" if one.name in current else title)
            item.setData(NAME, one.name)
            if one.name in current:
                item.setToolTip(tr("as it is now"))
                item.setData(Qt.ItemDataRole.AccessibleTextRole, tr("{title}: as it is now", title=title))
            self.names.addItem(item)
        self.names.blockSignals(False)
        self._measure()
        if name:
            self.choose(name)

    # ---- within

    def _lay_out(self) -> None:
        self.names.setProperty("role", "sets")
        self.table.setProperty("role", "changes")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setWordWrap(True)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        vertical, horizontal = self.table.verticalHeader(), self.table.horizontalHeader()
        if vertical is not None:
            vertical.hide()
        if horizontal is not None:
            horizontal.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            horizontal.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            horizontal.setHighlightSections(False)
        self.take.setProperty("role", "primary")
        self.take.setDefault(True)
        right = QVBoxLayout()
        right.setSpacing(8)
        for widget in (self.title, self.note):
            right.addWidget(widget)
        right.addWidget(self.table, 1)
        right.addWidget(self.with_start)
        middle = self._middle = QHBoxLayout()
        middle.setSpacing(16)
        middle.addWidget(self.names)
        middle.addLayout(right, 1)
        bottom = QHBoxLayout()
        bottom.addWidget(self.message, 1)
        bottom.addStretch(0)
        bottom.addWidget(self.leave)
        bottom.addWidget(self.take)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 14, 16, 14)
        whole.setSpacing(12)
        whole.addLayout(middle, 1)
        whole.addLayout(bottom)
        look, screen = theme.current(), self.screen()
        room = screen.availableSize() if screen is not None else QSize(1280, 720)
        self.resize(QSize(look.px(WIDTH), look.px(HEIGHT)).boundedTo(room))

    def _fill(self, shown: Preview) -> None:
        """What changes stands first; what stays is grey."""
        look = theme.current()
        rows = sorted(shown.table, key=lambda row: row.effect is None)
        self.table.setRowCount(len(rows))
        bold = look.font(13)
        bold.setBold(True)
        for place, row in enumerate(rows):
            changes_here = row.effect is not None
            effect = row.effect.rendered(tr) if row.effect is not None else tr("stays")
            after = row.after.rendered(tr) if changes_here else ""
            cells = (row.heading.rendered(tr), row.now.rendered(tr), after, effect)
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
                item.setForeground(look.text if changes_here else look.secondary)
                if column == AFTER:
                    item.setFont(bold)
                self.table.setItem(place, column, item)
        self._share_out()

    def _share_out(self) -> None:
        """The headings take what they need, the rest is for now, afterwards and what follows."""
        horizontal, viewport = self.table.horizontalHeader(), self.table.viewport()
        if horizontal is None or viewport is None:
            return
        metrics = QFontMetrics(theme.current().font(13))
        first = [item.text() for row in range(self.table.rowCount()) if (item := self.table.item(row, 0)) is not None]
        widths = [metrics.horizontalAdvance(text) for text in (*first, tr(COLUMNS[0]))]
        own = max(widths, default=0) + theme.current().px(20)
        share = max(viewport.width() - own, 0) // 3
        for column, width in enumerate((own, share, share, share)):
            horizontal.resizeSection(column, width)
        for row in range(self.table.rowCount()):
            self.table.setRowHeight(row, self._height(row))

    def _height(self, row: int) -> int:
        """What the highest cell of a row needs; Qt's own measure leaves out what the style sheet puts around a text."""
        look, heights = theme.current(), []
        for column in range(len(COLUMNS)):
            item = self.table.item(row, column)
            if item is not None:
                metrics = QFontMetrics(item.font() if column == AFTER else look.font(13))
                room = QRect(0, 0, max(self.table.columnWidth(column) - 2 * look.px(PADDING) - 8, 1), 10_000)
                heights.append(metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, item.text()).height())
        return max(heights, default=0) + 2 * look.px(PADDING) + 4

    def _measure(self) -> None:
        """The list stands beside the table, or above it where the window is narrow for its text."""
        look = theme.current()
        metrics = QFontMetrics(look.font(13))
        widest = max(metrics.horizontalAdvance(f"✓ {one.title.rendered(tr)}") for one in SETS.values())
        is_narrow = self.width() < look.px(NARROW)
        direction = QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
        self._middle.setDirection(direction)
        self.names.setMaximumWidth(self.width() if is_narrow else widest + look.px(36))
        self.names.setMinimumWidth(widest + look.px(36))
        self.names.setMaximumHeight(look.px(LIST_ABOVE) if is_narrow else 16_777_215)  # Qt's own "no limit"

    # ---- Qt

    @override
    def accept(self) -> None:
        if self.shown is None or not self.take.isEnabled():
            return
        try:
            self._sets.take(self.shown, self.with_start.isChecked())
        except ValueError as error:
            self.message.say(plain(error), "error")
            return
        super().accept()

    @override
    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        self._share_out()
        self.names.setFocus()

    @override
    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._measure()
        self._share_out()

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() in (QEvent.Type.LanguageChange, QEvent.Type.PaletteChange):
            self.retranslate()
            self.look()


def _summary(shown: Preview, is_writing: bool) -> str:
    """How many conventions change, and how that can be taken back."""
    if is_writing:
        return tr("Only what is written changes; the run stays as it is.")
    draws = any(row.name == "start" and row.effect is not None for row in shown.table)
    if shown.count == 1:
        changed = tr("1 convention changes.")
    else:
        changed = tr("{count} conventions change.", count=shown.count)
    then = tr("Training begins again.") if draws else tr("Undo takes it back.")
    return tr("{first} {second}", first=changed, second=then)

"""Small windows of the application: go to a place, find a command, all keys, about."""

from __future__ import annotations

import re

from PyQt6.QtCore import QEvent, QObject, QSize, Qt
from PyQt6.QtGui import QIcon, QKeyEvent, QPixmap
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from bpstudio.engine.network import Network
from bpstudio.insight import naming, own_names
from bpstudio.insight.elements import Edge, Names, Target, Unit
from bpstudio.insight.notation import letters
from bpstudio.insight.walk import Walk
from ui import theme
from ui.actions import COMMANDS, MENUS, SUBMENUS, Actions, shown
from ui.document import Document
from ui.errors import versions
from ui.focus import Focus
from ui.language import tr, translatable
from ui.navigation import Navigation
from ui.panels.plain import plain
from ui.runner import Runner


class Asked(QDialog):
    """A question with one line for the answer. What is wrong with it is said under the line, and the dialog stays."""

    def __init__(self, title: str, words: str, placeholder: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(theme.current().px(420))
        self.line = QLineEdit()
        self.line.setPlaceholderText(placeholder)
        self.problem = QLabel()
        self.problem.setProperty("role", "error")
        self.problem.setWordWrap(True)
        label = QLabel(words)
        label.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (label, self.line, self.problem, buttons):
            column.addWidget(widget)

    def answer(self, text: str) -> None:
        """Do what was asked for. Raises ValueError that says what is wrong."""
        raise NotImplementedError

    @override
    def accept(self) -> None:
        try:
            self.answer(self.line.text().strip())
        except ValueError as error:
            self.problem.setText(plain(error))
            return
        super().accept()


class GoTo(Asked):
    """A weight, a bias, a unit (selected), a step (sought), a beat by number or address (walked to)."""

    def __init__(self, focus: Focus, runner: Runner, navigation: Navigation, parent: QWidget) -> None:
        super().__init__(
            tr("Go to…"),
            tr("A weight, a unit, a training step or a beat"),
            "w5 · h1 · step 300 · backward/o1/delta",
            parent,
        )
        self._focus, self._runner, self._navigation = focus, runner, navigation

    @override
    def answer(self, text: str) -> None:
        walk, frame = self._focus.walk, self._runner.frame
        if walk is None or frame is None:
            return
        if own_names.text(text) in {own_names.text(name) for _, name in self._focus.names}:
            self._select(walk, text)
        elif match := re.fullmatch(r"(?:step|步|s)\s*([\d,]+)", text, re.IGNORECASE):
            self._navigation.train_until(int(match[1].replace(",", "")))
        elif match := re.fullmatch(r"(?:beat|拍|b)?\s*(\d+)", text, re.IGNORECASE):
            if not 0 <= int(match[1]) <= self._focus.last:
                raise ValueError(tr("Beats of this grain go from 0 to {last}.", last=self._focus.last))
            self._focus.set(playhead=int(match[1]))
        elif "/" in text:
            self._walk_to(walk, text)
        else:
            self._select(walk, text)

    def _walk_to(self, walk: Walk, text: str) -> None:
        grain = self._focus.grain if self._focus.grain != "step" else "edge"
        self._focus.set(grain=grain, playhead=walk.find(grain, text))

    def _select(self, walk: Walk, text: str) -> None:
        element = naming.find(self._focus.names, walk.network.sizes, text)
        if isinstance(element, Edge | Unit):
            walk.names.check(element)
        self._focus.set(selection=element)


class Rename(Asked):
    """What a unit, a weight, a bias or a target is called from now on; nothing: by the letter of the notation."""

    def __init__(
        self, document: Document, focus: Focus, element: Unit | Edge | Target, network: Network, parent: QWidget
    ) -> None:
        written = letters(focus.notation, network)
        super().__init__(
            tr("Rename"),
            tr(
                "What is {name} to be called? Such as w13, v21, θ1, A; empty: as before.", name=written.element(element)
            ),
            Names(network.sizes).element(element),
            parent,
        )
        self._document, self._element = document, element
        self.line.setText(written.own_name(element) or "")
        self.line.setMaxLength(own_names.LONGEST)
        self.line.selectAll()

    @override
    def answer(self, text: str) -> None:
        self._document.rename(self._element, text)


class Palette(QDialog):
    """Every command by name: type some of its letters, Enter does it."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Find a command"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        look = theme.current()
        self.resize(look.px(480), look.px(380))
        self._actions = actions
        self.line = QLineEdit()
        self.line.setPlaceholderText(tr("Type some letters of a command"))
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setIconSize(QSize(look.px(16), look.px(16)))
        column = QVBoxLayout(self)
        column.addWidget(self.line)
        column.addWidget(self.list)
        self.line.textChanged.connect(self._fill)
        self.line.returnPressed.connect(self._do)
        self.list.itemActivated.connect(lambda _: self._do())
        self.list.itemClicked.connect(lambda _: self._do())
        self.line.installEventFilter(self)
        actions.draw_icons()
        self._fill("")

    def _fill(self, text: str) -> None:
        self.list.clear()
        words = text.casefold().split()
        empty = QPixmap(self.list.iconSize())
        empty.fill(Qt.GlobalColor.transparent)
        blank = QIcon(empty)
        for command in COMMANDS:
            action = self._actions.find(command.id)
            if action is None or not action.isEnabled():
                continue
            names = f"{action.text()} {command.text}".casefold()
            if all(word in names for word in words):
                above = SUBMENUS.get(command.id.rpartition(".")[0])
                name = f"{tr(above)}: {action.text()}" if above else action.text()
                keys = ", ".join(shown(key) for key, _ in command.keys)
                item = QListWidgetItem(action.icon() if command.icon else blank, f"{name}    {keys}")
                item.setData(Qt.ItemDataRole.UserRole, command.id)
                self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _do(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.accept()
            self._actions[str(item.data(Qt.ItemDataRole.UserRole))].trigger()

    @override
    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            by = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if by:
                self.list.setCurrentRow(min(max(self.list.currentRow() + by, 0), self.list.count() - 1))
                return True
        return super().eventFilter(watched, event)


class KeySheet(QDialog):
    """Every key, by menu."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keys"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        look = theme.current()
        self.resize(look.px(860), look.px(620))
        page = QWidget()
        columns = QHBoxLayout(page)
        columns.setSpacing(28)
        words = (
            tr("● works while the canvas, the timeline or a plot has the focus; the others work everywhere."),
            tr("▶ works in a presentation."),
        )
        note = QLabel(" ".join(words))
        note.setProperty("role", "secondary")
        note.setWordWrap(True)
        groups = [(title, [c for c in COMMANDS if c.keys and c.menu == name]) for name, title in MENUS]
        halves = (("File", "Edit", "Network", "Data", "Learn", "Help"), ("Run", "View"))
        for half in halves:
            grid = QGridLayout()
            grid.setHorizontalSpacing(16)
            grid.setVerticalSpacing(5)
            line = 0
            for title, commands in groups:
                if title not in half or not commands:
                    continue
                heading = QLabel(tr(title))
                heading.setProperty("role", "heading")
                grid.addWidget(heading, line, 0, 1, 2)
                line += 1
                for command in commands:
                    mark = {"C": " ●", "W": "", "P": " ▶"}
                    keys = QLabel(", ".join(shown(key) + mark[context] for key, context in command.keys))
                    keys.setFont(look.font(12, mono=True))
                    grid.addWidget(keys, line, 0)
                    above = SUBMENUS.get(command.id.rpartition(".")[0])
                    name = tr(command.text).rstrip("…")
                    grid.addWidget(QLabel(f"{tr(above)}: {name}" if above else name), line, 1)
                    line += 1
            grid.setRowStretch(line, 1)
            grid.setColumnStretch(1, 1)
            columns.addLayout(grid, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(page)
        column = QVBoxLayout(self)
        column.addWidget(note)
        column.addWidget(area, 1)


HELP = (
    (
        translatable("What you see"),
        translatable(
            "Circles are units: the fill is the activation, the ring says how flat the curve is there, the badge is δ. "
            "Lines are weights: the colour is the size of the gradient, the width the size of the weight, ▲▼ where it "
            "will go. Blue is forward, warm is backward, green is update, pink is loss, grey is saturation, and red "
            "is an error and nothing else. Dashed grey is not computed yet, which is not zero."
        ),
    ),
    (
        translatable("Moving"),
        translatable(
            "One training step is computed whole and then walked: → and ← go beat by beat, PgDn to the end of a phase, "
            "Ctrl+→ to the next training step. 1 2 3 4 choose how much one press is. Space plays; at the grain Step "
            "it trains. Everything can be gone back to: the bar of training steps rewinds with the same digits."
        ),
    ),
    (
        translatable("Changing"),
        translatable(
            "Click a line or a circle, then type its value at the right (F2). Layers, loss, rate and data are at the "
            "left. An edit takes effect at once, goes on from the present weights where the shapes allow it, and can "
            "be undone. Reset returns to the same start weights, New start draws others."
        ),
    ),
    (
        translatable("Your own data"),
        translatable(
            "Open or drop a CSV or TSV file. Each column says what it is taken for and why; inputs, targets and what "
            "is done to the values are yours to choose. Nothing is changed in silence."
        ),
    ),
    (
        translatable("Whose numbers?"),
        translatable(
            "Neurons show one row of the batch (, and . choose it), edges the gradient of the whole batch; B shows the "
            "batch in the neurons too. The check at the top right compares every gradient with central differences."
        ),
    ),
)
"""Headings and paragraphs of the help."""


class Help(QDialog):
    """One page that says how this works."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Help"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        look = theme.current()
        self.resize(look.px(640), look.px(560))
        page = QWidget()
        column = QVBoxLayout(page)
        column.setSpacing(6)
        for title, text in HELP:
            heading, words = QLabel(tr(title)), QLabel(tr(text))
            heading.setProperty("role", "heading")
            words.setWordWrap(True)
            words.setContentsMargins(0, 0, 0, 8)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(heading)
            column.addWidget(words)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(page)
        keys = QPushButton(tr("Keys"))
        keys.clicked.connect(lambda: KeySheet(parent).open())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(keys, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        outer = QVBoxLayout(self)
        outer.addWidget(area, 1)
        outer.addWidget(buttons)


class About(QDialog):
    """What this is, and by which right it may be used."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("About bpstudio"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        words = QLabel(
            tr(
                "<b>bpstudio</b> lets a person see backpropagation happen, on their own network and their own data, "
                "and check every number by hand.<br><br>Free software under the GNU General Public License, version 3 "
                "or later. Icons: Lucide (ISC)."
            )
        )
        words.setProperty("markup", True)
        words.setWordWrap(True)
        details = QLabel(versions())
        details.setProperty("role", "secondary")
        details.setWordWrap(True)
        details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        self.setMinimumWidth(theme.current().px(440))
        column = QVBoxLayout(self)
        column.setSpacing(14)
        for widget in (words, details, buttons):
            column.addWidget(widget)

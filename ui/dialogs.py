"""Small windows of the application: a name, the help, about."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from bpstudio.engine.network import Network
from bpstudio.insight import own_names
from bpstudio.insight.elements import Edge, Names, Target, Unit
from bpstudio.insight.notation import letters
from ui import theme
from ui.document import Document
from ui.errors import versions
from ui.focus import Focus
from ui.key_sheet import KeySheet
from ui.language import tr, translatable
from ui.panels.plain import plain


class Asked(QDialog):
    """A question with one line for the answer. What is wrong with it is said under the line, and the dialog stays."""

    def __init__(self, title: str, words: str, placeholder: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setWhatsThis(words)
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


class Rename(Asked):
    """What a unit, a weight, a bias or a target is called from now on; nothing: by the letter of the notation."""

    def __init__(
        self, document: Document, focus: Focus, element: Unit | Edge | Target, network: Network, parent: QWidget
    ) -> None:
        written = letters(focus.notation, network)
        super().__init__(
            tr("Rename"),
            tr("What is {name} called? Such as w13, v21, θ1, A; empty: as before.", name=written.element(element)),
            Names.of(network).element(element),
            parent,
        )
        self._document, self._element = document, element
        self.line.setText(written.own_name(element) or "")
        self.line.setMaxLength(own_names.LONGEST)
        self.line.selectAll()

    @override
    def answer(self, text: str) -> None:
        self._document.rename(self._element, text)


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
        translatable("Marking and stopping"),
        translatable(
            "Ctrl+B marks the beat that is shown, with a note. Ctrl+Shift+B says where training is to stop by itself: "
            "when a weight crosses zero, a unit goes flat or dies, the validation loss turns, an answer flips, or a "
            "condition that you type becomes true. It rests at the very beat. Ctrl+H lists marks, stops and events; a "
            "click goes there."
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
        self.setWhatsThis(tr("How this works, on one page."))
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
        self.setWhatsThis(tr("What this is, and the versions of what it stands on."))
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

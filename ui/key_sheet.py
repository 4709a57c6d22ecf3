"""Every key on one sheet, by where it works; it can be copied and printed."""

from __future__ import annotations

from PyQt6.QtCore import QMarginsF, Qt
from PyQt6.QtGui import QGuiApplication, QPageLayout, QPageSize, QPdfWriter, QTextDocument
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.actions import COMMANDS, MENUS, SUBMENUS, Command, shown
from ui.language import tr, translatable

CONTEXTS = (
    ("W", translatable("Everywhere")),
    ("C", translatable("In the network, the timeline and the plots")),
    ("P", translatable("In a presentation")),
)
"""Where keys work, and what that is called."""


def sheet() -> list[tuple[str, list[tuple[str, list[tuple[str, str]]]]]]:
    """[(where, [(menu, [(keys, what they do)])])] in the language in use; every key of the table stands there once."""
    result = []
    for context, where in CONTEXTS:
        groups = []
        for menu, title in MENUS:
            rows = [
                (
                    ", ".join(dict.fromkeys(shown(key) for key, works in command.keys if works == context)),
                    _name(command),
                )
                for command in COMMANDS
                if command.menu == menu and any(works == context for _, works in command.keys)
            ]
            if rows:
                groups.append((tr(title), rows))
        if groups:
            result.append((tr(where), groups))
    return result


def _name(command: Command) -> str:
    above = SUBMENUS.get(command.id.rpartition(".")[0])
    name = tr(command.text).rstrip("…")
    return f"{tr(above)}: {name}" if above else name


def as_text() -> str:
    """The sheet as plain text, keys and words with a tab between."""
    lines: list[str] = []
    for where, groups in sheet():
        lines += [where, ""]
        for title, rows in groups:
            lines += [title, *(f"{keys}\t{words}" for keys, words in rows), ""]
    return "\n".join(lines).rstrip() + "\n"


def as_pdf(path: str) -> None:
    """Write the sheet as a PDF, black on white, A4. Raises OSError where it cannot be written."""
    parts: list[str] = []
    for where, groups in sheet():
        parts.append(f"<h2>{where}</h2>")
        for title, rows in groups:
            cells = "".join(f"<tr><td><b>{_safe(keys)}</b></td><td>{_safe(words)}</td></tr>" for keys, words in rows)
            parts.append(f"<h4>{title}</h4><table cellspacing='0' cellpadding='2'>{cells}</table>")
    document = QTextDocument()
    document.setDefaultFont(theme.current().font(12))
    document.setHtml("<html><body style='color: black'>" + "".join(parts) + "</body></html>")
    writer = QPdfWriter(path)
    writer.setTitle(tr("Keys"))
    writer.setPageLayout(
        QPageLayout(QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, QMarginsF(18, 18, 18, 18),
                    QPageLayout.Unit.Millimeter)
    )  # fmt: skip
    document.print(writer)
    with open(path, "rb") as file:  # noqa: PTH123  # the writer says nothing of a path it could not open
        if file.read(5) != b"%PDF-":
            raise OSError(path)


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


class KeySheet(QDialog):
    """All keys by where they work."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keys"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        look = theme.current()
        self.resize(look.px(900), look.px(640))
        page = QWidget()
        columns = QHBoxLayout(page)
        columns.setSpacing(look.px(36))
        columns.setContentsMargins(look.px(4), 0, look.px(12), 0)
        parts = sheet()
        for half in (parts[1:], parts[:1]):
            columns.addLayout(_column(half), 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(page)
        area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        area.setAccessibleName(tr("Keys"))
        self.copy, self.save = QPushButton(tr("Copy")), QPushButton(tr("Save as PDF…"))
        self.copy.clicked.connect(self.copy_text)
        self.save.clicked.connect(self._save)
        self.said = QLabel()
        self.said.setProperty("role", "secondary")
        self.said.hide()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        for button in (self.copy, self.save):
            button.setAutoDefault(False)
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(area, 1)
        column.addWidget(self.said)
        column.addWidget(buttons)
        self.setWhatsThis(
            tr("Every key, by where it works. Copy takes them as text, Save as PDF makes a page to print.")
        )

    def copy_text(self) -> None:
        """Put the sheet on the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(as_text())
            self._say(tr("Copied."))

    def _say(self, words: str) -> None:
        self.said.setText(words)
        self.said.show()

    def _save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, tr("Save as PDF…"), "bpstudio-keys.pdf", "PDF (*.pdf)")
        if not name:
            return
        path = name if name.lower().endswith(".pdf") else f"{name}.pdf"
        try:
            as_pdf(path)
        except OSError as error:
            self._say(tr("Not saved: {reason}", reason=error))
        else:
            self._say(tr("Saved: {path}", path=path))


def _column(parts: list[tuple[str, list[tuple[str, list[tuple[str, str]]]]]]) -> QGridLayout:
    """One column of the sheet."""
    look = theme.current()
    grid = QGridLayout()
    grid.setHorizontalSpacing(look.px(16))
    grid.setVerticalSpacing(look.px(5))
    line = 0
    for where, groups in parts:
        heading = QLabel(where)
        heading.setProperty("letters", "title")
        grid.addWidget(heading, line, 0, 1, 2)
        line += 1
        for title, rows in groups:
            name = QLabel(title)
            name.setProperty("role", "heading")
            name.setContentsMargins(0, look.px(6), 0, 0)
            grid.addWidget(name, line, 0, 1, 2)
            line += 1
            for keys, words in rows:
                spelt, said = QLabel(keys), QLabel(words)
                spelt.setProperty("letters", "digits")
                said.setWordWrap(True)
                grid.addWidget(spelt, line, 0, Qt.AlignmentFlag.AlignTop)
                grid.addWidget(said, line, 1)
                line += 1
    grid.setRowStretch(line, 1)
    grid.setColumnStretch(1, 1)
    return grid

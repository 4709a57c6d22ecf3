"""The line above a plot: its title (or titles, one of which is chosen), what exactly it shows, and its menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtCore import QEvent, QRect, QSize, Qt
from PyQt6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from ui import theme as looks
from ui.language import tr

LOW = 150
"""Below this height of a plot the sentence stands beside the title, however little of it can be read then."""


class Title(QAbstractButton):
    """One title. Where there are several, the chosen one is bold and underlined and the others lead to their plots."""

    def __init__(self, text: str, alone: bool, parent: QWidget | None = None, size: int = 13) -> None:
        super().__init__(parent)
        self.alone = alone
        self._size = size
        self.setText(text)
        self.setCheckable(not alone)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus if alone else Qt.FocusPolicy.TabFocus)
        if not alone:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(looks.current().font(self._size, bold=self._size > 12))
        return QSize(metrics.horizontalAdvance(self.text()) + 2, metrics.height() + (6 if self._size > 12 else 2))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def changeEvent(self, event: QEvent | None) -> None:
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self.updateGeometry()  # layouts remember the size that it had in another size of text
        super().changeEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        theme = looks.current()
        bold = self.alone or self.isChecked()
        painter = QPainter(self)
        painter.setFont(theme.font(self._size, bold=bold and self._size > 12))
        painter.setPen(theme.text if bold or self.underMouse() else theme.secondary)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.text())
        if not self.alone and (self.isChecked() or self.hasFocus()):
            strong = 3 if self.hasFocus() else 1
            painter.fillRect(QRect(0, self.height() - strong, self.width() - 2, strong), theme.accent)
        painter.end()


class Caption(QWidget):
    """One line of secondary text that is shortened with … where there is no room, and whole in its tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_text(self, text: str, whole: str = "") -> None:
        """The line, and for the tooltip the whole story."""
        if text != self.text or (whole or text) != self.toolTip():
            self.text = text
            self.setToolTip(whole or text)
            self.setAccessibleName(whole or text)
            self.update()

    @override
    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(looks.current().font(12))
        return QSize(metrics.horizontalAdvance(self.text), metrics.height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        theme = looks.current()
        painter = QPainter(self)
        painter.setFont(theme.font(12))
        painter.setPen(theme.secondary)
        shown = painter.fontMetrics().elidedText(self.text, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()


class Header(QWidget):
    """Titles, the sentence that says what is drawn, a choice of how, and a button for the menu."""

    def __init__(
        self,
        chosen: Callable[[int], None],
        option_chosen: Callable[[int], None],
        open_menu: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.buttons: list[Title] = []
        self.options: list[Title] = []
        self._titles: tuple[str, ...] = ()
        self._option_texts: tuple[str, ...] = ()
        self._title_group, self._option_group = QButtonGroup(self), QButtonGroup(self)
        self._title_group.idClicked.connect(chosen)
        self._option_group.idClicked.connect(option_chosen)
        self.menu_button = QToolButton(self)
        self.menu_button.setProperty("role", "flat")
        self.menu_button.setText("⋯")
        self.menu_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.menu_button.clicked.connect(open_menu)
        self.beside, self.below = Caption(self), Caption(self)
        self._choice = QWidget(self)
        self._choice_line = _line(self._choice, 8)
        self._upper = _line(None, 10)
        self._upper.addWidget(self.beside, 1, Qt.AlignmentFlag.AlignVCenter)
        self._upper.addWidget(self._choice)
        self._upper.addWidget(self.menu_button)
        self._lower_row = QWidget(self)
        self._lower = _line(self._lower_row, 10)
        self._lower.addWidget(self.below, 1, Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._upper)
        column.addWidget(self._lower_row)
        # Hidden, it still takes its place: it keeps the menu button at the right end.
        policy = self.beside.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.beside.setSizePolicy(policy)
        self._lower_row.hide()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_titles(self, titles: Sequence[str], chosen: int) -> None:
        """One title, or several of which `chosen` is shown."""
        if tuple(titles) != self._titles:
            self._titles = tuple(titles)
            self.buttons = self._replaced(self.buttons, titles, self._title_group, self._upper, self, 13)
        if len(titles) > 1:
            self.buttons[chosen].setChecked(True)

    def set_options(self, texts: Sequence[str], chosen: int) -> None:
        """Ways in which the plot can be drawn, of which `chosen` is in use; none when there is no choice."""
        if tuple(texts) != self._option_texts:
            self._option_texts = tuple(texts)
            self.options = self._replaced(self.options, texts, self._option_group, self._choice_line, self._choice, 12)
        self._choice.setVisible(len(texts) > 1)
        if len(texts) > 1:
            self.options[chosen].setChecked(True)

    def _replaced(
        self, old: list[Title], texts: Sequence[str], group: QButtonGroup, line: QHBoxLayout, parent: QWidget, size: int
    ) -> list[Title]:
        for button in old:
            group.removeButton(button)
            line.removeWidget(button)
            button.hide()
            button.deleteLater()
        new = [Title(text, len(texts) == 1, parent, size) for text in texts]
        for index, button in enumerate(new):
            line.insertWidget(index, button)
            if len(texts) > 1:
                group.addButton(button, index)
            button.show()
        return new

    def set_subtitle(self, text: str, whole: str = "") -> None:
        """What is drawn, and the whole story for the tooltip."""
        self.beside.set_text(text, whole)
        self.below.set_text(text, whole)

    def arrange(self, width: int, height: int) -> None:
        """The sentence stands below the titles, so that neighbours begin at one height; options where there is room."""
        left = width - sum(button.sizeHint().width() + 10 for button in self.buttons)
        left -= self.menu_button.sizeHint().width() + 12
        options = sum(option.sizeHint().width() + 8 for option in self.options) + 10 if len(self.options) > 1 else 0
        upper = options <= left
        home = self._upper if upper else self._lower
        if home.indexOf(self._choice) < 0:
            (self._lower if upper else self._upper).removeWidget(self._choice)
            home.insertWidget(home.count() - 1 if upper else home.count(), self._choice)
        low = height < looks.current().px(LOW)
        self.beside.setVisible(low)
        self.below.setVisible(not low)
        self._lower_row.setVisible(not low or (not upper and options > 0))

    def retranslate(self) -> None:
        """Set the texts again and take up as much room as they need."""
        self.menu_button.setAccessibleName(tr("Menu of this plot"))
        self.menu_button.setToolTip(tr("Menu of this plot"))
        for each in (*self.buttons, *self.options, self.beside, self.below):
            each.updateGeometry()
            each.update()
        self.updateGeometry()


def _line(parent: QWidget | None, spacing: int) -> QHBoxLayout:
    line = QHBoxLayout(parent) if parent is not None else QHBoxLayout()
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(spacing)
    return line

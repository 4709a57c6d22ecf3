"""The line above a plot: its title (or titles, one of which is chosen), what exactly it shows, and its menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtCore import QRect, QSize, Qt
from PyQt6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from ui import theme as looks
from ui.language import tr


TWO_LINES = 225
"""From this height of a plot on the sentence stands under the title."""
LOW = 130
"""Below this height it never does, however little of it can be read then."""


class Title(QAbstractButton):
    """One title. Where there are several, the chosen one is bold and underlined and the others lead to their plots."""

    def __init__(self, text: str, alone: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.alone = alone
        self.setText(text)
        self.setCheckable(not alone)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus if alone else Qt.FocusPolicy.TabFocus)
        if not alone:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(looks.current().font(13, bold=True))
        return QSize(metrics.horizontalAdvance(self.text()) + 2, metrics.height() + 6)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        # Space plays and pauses the run everywhere in the plots; a title is chosen with the arrows or with Enter.
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event is not None and event.key() == Qt.Key.Key_Space:
            event.ignore()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        theme = looks.current()
        bold = self.alone or self.isChecked()
        painter = QPainter(self)
        painter.setFont(theme.font(13, bold=bold))
        painter.setPen(theme.text if bold or self.underMouse() else theme.secondary)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.text())
        if not self.alone and (self.isChecked() or self.hasFocus()):
            strong = 2 if self.hasFocus() else 1
            painter.fillRect(QRect(0, self.height() - strong, self.width() - 2, strong), theme.accent)
        painter.end()


class Caption(QWidget):
    """One line of secondary text that is shortened with … where there is no room, and whole in its tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_text(self, text: str) -> None:
        if text != self.text:
            self.text = text
            self.setToolTip(text)
            self.setAccessibleName(text)
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
    """Titles, the sentence that says what is drawn, and a button for the menu."""

    def __init__(
        self, chosen: Callable[[int], None], open_menu: Callable[[], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._chosen = chosen
        self._titles: tuple[str, ...] = ()
        self.buttons: list[Title] = []
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self._clicked)
        self.menu_button = QToolButton(self)
        self.menu_button.setProperty("role", "flat")
        self.menu_button.setText("⋯")
        self.menu_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.menu_button.clicked.connect(lambda: open_menu())
        self.beside, self.below = Caption(self), Caption(self)
        self._line = QHBoxLayout()
        self._line.setSpacing(10)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.addWidget(self.beside, 1, Qt.AlignmentFlag.AlignVCenter)
        self._line.addWidget(self.menu_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._line)
        column.addWidget(self.below)
        # Hidden, it still takes its place: it keeps the menu button at the right end.
        policy = self.beside.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.beside.setSizePolicy(policy)
        self._beside = True
        self.below.hide()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_titles(self, titles: Sequence[str], chosen: int) -> None:
        """One title, or several of which `chosen` is shown."""
        if tuple(titles) != self._titles:
            self._titles = tuple(titles)
            for button in self.buttons:
                self._group.removeButton(button)
                self._line.removeWidget(button)
                button.hide()
                button.deleteLater()
            self.buttons = [Title(text, len(titles) == 1, self) for text in titles]
            for index, button in enumerate(self.buttons):
                self._line.insertWidget(index, button)
                if len(titles) > 1:
                    self._group.addButton(button, index)
                button.show()
        if len(titles) > 1:
            self.buttons[chosen].setChecked(True)

    def set_subtitle(self, text: str) -> None:
        self.beside.set_text(text)
        self.below.set_text(text)

    def arrange(self, width: int, height: int) -> None:
        """Put the sentence beside the title where the plot is low and there is room, else under it."""
        taken = sum(button.sizeHint().width() + self._line.spacing() for button in self.buttons)
        fits = self.beside.sizeHint().width() + taken + self.menu_button.sizeHint().width() + 12 <= width
        beside = not self.beside.text or height < (TWO_LINES if fits else LOW)
        if beside != self._beside:
            self._beside = beside
            self.beside.setVisible(beside)
            self.below.setVisible(not beside)

    def retranslate(self) -> None:
        self.menu_button.setAccessibleName(tr("Menu of this plot"))
        self.menu_button.setToolTip(tr("Menu of this plot"))
        self.updateGeometry()
        self.update()

    def _clicked(self, index: int) -> None:
        self._chosen(index)

"""A person's own words on buttons and in menus: & is written, and what is too long for its place is shortened."""

from __future__ import annotations

import re

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QWidget
from typing_extensions import override

from ui import theme


def literal(text: str) -> str:
    """A text for a menu or a button, where Qt takes a single & for the mark of a key."""
    return text.replace("&", "&&")


def as_read(text: str) -> str:
    """The text of a menu or a button as one reads it there."""
    return re.sub("&(.)", r"\1", text)


class Shortened(QPushButton):
    """A button that needs `least` pixels (at normal text size), and shortens its words where it has no more."""

    def __init__(
        self,
        least: int,
        parent: QWidget | None = None,
        elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(parent)
        self._least, self._elide = least, elide
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @property
    def shown(self) -> str:
        """The words as they stand there now."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        return as_read(option.text or "")

    @override
    def minimumSizeHint(self) -> QSize:
        whole = self.sizeHint()
        return QSize(min(whole.width(), theme.current().px(self._least)), whole.height())

    @override
    def initStyleOption(self, option: QStyleOptionButton | None) -> None:
        super().initStyleOption(option)
        style = self.style()
        if option is None or option.text is None or style is None:
            return
        room = style.subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self).width()
        if option.fontMetrics.horizontalAdvance(as_read(option.text)) > room:
            option.text = literal(option.fontMetrics.elidedText(as_read(option.text), self._elide, room))

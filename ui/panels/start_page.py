"""The page at the beginning: three doors, and what was open before. It covers the network and nothing else.

The first lesson stands behind it already, so a door costs no waiting. Esc leaves the page, 1 2 3 go through the doors,
arrows and Tab move between them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QObject, QSize, Qt
from PyQt6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from ui import theme
from ui.language import tr, translatable
from ui.panels.left_behind import LeftBehind, Rescue
from ui.placing import Scrolled
from ui.shortened import Shortened, literal

_ = translatable
DOORS = (
    (
        "example",
        "book-open",
        _("A worked example"),
        _("Every number of one step, there and back, on a known network."),
    ),
    (
        "sheet",
        "notebook-pen",
        _("My exercise sheet"),
        _("Type or paste the weights, inputs and targets you have."),
    ),
    ("data", "table", _("My data"), _("Train on a table of your own: open it here, or drop it anywhere.")),
)
"""Name, icon, title and line of each door, in the order of their keys."""
del _
ICON = 30
CARD_HEIGHT = 116
WIDEST, NARROWEST = 940, 600
"""Pixels of the page at normal text: it grows no further, and below that the doors stand one above the other."""


@dataclass(frozen=True)
class Link:
    """Something smaller under a door."""

    text: str
    act: Callable[[], object]
    tip: str = ""


class Door(QPushButton):
    """A card that is a button."""

    def __init__(self, number: int, icon: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "door")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._icon = icon
        self.picture, self.key, self.title, self.line = QLabel(), QLabel(str(number)), QLabel(), QLabel()
        self.title.setProperty("letters", "title")
        for label in (self.key, self.line):
            label.setProperty("role", "secondary")
        self.line.setWordWrap(True)
        top = QHBoxLayout()
        top.addWidget(self.picture)
        top.addStretch(1)
        top.addWidget(self.key, 0, Qt.AlignmentFlag.AlignTop)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(4)
        self._column.addLayout(top)
        self._column.addWidget(self.title)
        self._column.addWidget(self.line)
        self._column.addStretch(1)
        for label in (self.picture, self.key, self.title, self.line):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.retint()

    def name(self, title: str, line: str) -> None:
        """Set the words."""
        self.title.setText(title)
        self.line.setText(line)
        self.setAccessibleName(title)
        self.setAccessibleDescription(line)

    def retint(self) -> None:
        """Draw the icon in the colours and the size of the theme in use."""
        look = theme.current()
        self.picture.setPixmap(look.picture(self._icon, look.px(ICON), look.accent, self.devicePixelRatioF()))
        margin = look.px(14)
        self._column.setContentsMargins(margin, margin - 2, margin, margin - 4)

    @override
    def sizeHint(self) -> QSize:
        return QSize(theme.current().px(190), self.heightForWidth(theme.current().px(190)))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(theme.current().px(130), theme.current().px(CARD_HEIGHT))

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, a0: int) -> int:
        return max(self._column.totalHeightForWidth(a0), theme.current().px(CARD_HEIGHT))


class Way(Shortened):
    """Something smaller under a door; of the name of a file the beginning and the end are shown."""

    def __init__(self, link: Link, parent: QWidget) -> None:
        super().__init__(130, parent, Qt.TextElideMode.ElideMiddle)
        self.setText(literal(link.text))
        self.setProperty("role", "way")
        self.setAccessibleName(link.text)
        self.setToolTip(link.tip or link.text)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(lambda _: link.act())

    @property
    def wanted(self) -> int:
        """Pixels in which all of its words stand."""
        return super().sizeHint().width()

    @override
    def sizeHint(self) -> QSize:
        return QSize(theme.current().px(130), super().sizeHint().height())  # it has the width of its door


class StartPage(QWidget):
    """Covers `place` while it is open. `choose(door)` is called with example, sheet or data."""

    def __init__(
        self,
        place: QWidget,
        choose: Callable[[str], object],
        offers: Callable[[], tuple[Sequence[Sequence[Link]], Link | None]],
        left: Callable[[], object],
        rescues: Callable[[], Sequence[Rescue]] = tuple,
    ) -> None:
        """`offers` are the examples, the smaller ways in under each other door, and the way back to the last run;
        `left` is called when the page closes, by a door or without one. `rescues` are runs that were left behind.
        """
        super().__init__(place)
        self._offers, self._left, self._rescues = offers, left, rescues
        self._place = place
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._page, self._inner = QWidget(), QWidget()
        self.greeting, self.words = QLabel(), QLabel()
        self.greeting.setProperty("letters", "title")
        self.words.setProperty("role", "secondary")
        self.words.setWordWrap(True)
        self.left_behind = LeftBehind()
        self.resume = QPushButton()
        self._resume: Link | None = None
        self.resume.clicked.connect(lambda _: self._resume.act() if self._resume is not None else None)
        self.doors = [Door(number, icon, self._inner) for number, (_, icon, _, _) in enumerate(DOORS, 1)]
        for door, (name, _, _, _) in zip(self.doors, DOORS, strict=True):
            door.clicked.connect(lambda _, name=name: choose(name))
            door.installEventFilter(self)
        self.resume.installEventFilter(self)
        self.columns = [QVBoxLayout() for _ in DOORS[1:]]
        self.shelf = QGridLayout()
        self.examples: list[Way] = []
        self.links: list[Way] = []
        self._lay_out()
        place.installEventFilter(self)
        self.hide()

    def open(self) -> None:
        """Cover the place and take the keyboard."""
        self.retranslate()
        self.setGeometry(self._place.rect())
        self.raise_()
        self.show()
        self._inner.setMaximumWidth(theme.current().px(WIDEST))
        self.offer_rescues()
        first = [*self.left_behind.buttons, *self.doors][0]
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def offer_rescues(self) -> None:
        """Show what runs left behind."""
        self.left_behind.show_rescues(self._rescues())
        for button in self.left_behind.buttons:
            button.installEventFilter(self)

    def leave(self) -> bool:
        """Close the page; whether it was open."""
        was_open = not self.isHidden()
        if was_open:
            self.hide()
            self._left()
        return was_open

    def _offer(self) -> None:
        """Show what stands under each door, and the way back to the last run."""
        (lessons, *columns), resume = self._offers()
        for old in self.links:
            old.hide()
            old.deleteLater()
        self.examples = [self._way(link) for link in lessons]
        self.links = [*self.examples]
        for column, links in zip(self.columns, columns, strict=True):
            while column.takeAt(0) is not None:
                pass
            column.setContentsMargins(theme.current().px(8), 0, 0, 0)
            column.setSpacing(1)
            for link in links:
                button = self._way(link)
                column.addWidget(button)
                self.links.append(button)
            column.addStretch(1)
        self._stand()
        self.resume.setVisible(resume is not None)
        self._resume = resume
        if resume is not None:
            self.resume.setText(f" {resume.text}")
            self.resume.setToolTip(resume.tip)
            self._tint()

    def _way(self, link: Link) -> Way:
        button = Way(link, self._inner)
        button.installEventFilter(self)
        return button

    def _stand(self) -> None:
        """Put the examples on their shelf: as many columns as doors beside each other, of the width of their words."""
        shelf, across = self.shelf, max(self._beside, 1)
        shelf.setContentsMargins(theme.current().px(8 if across == 1 else 4), 0, 0, 0)
        shelf.setHorizontalSpacing(2)  # each has a margin of its own
        shelf.setVerticalSpacing(1)
        high = -(-len(self.examples) // across)
        for place, button in enumerate(self.examples):
            shelf.addWidget(button, place % high, place // high)
        for column in range(len(DOORS)):
            words = [button.wanted for button in self.examples[column * high : (column + 1) * high]]
            shelf.setColumnStretch(column, max(words, default=0))

    def _tint(self) -> None:
        """Draw the icon of the way back in the colours and the size of the theme in use."""
        look = theme.current()
        self.resume.setIcon(look.icon("history"))
        self.resume.setIconSize(QSize(look.px(16), look.px(16)))

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.setAccessibleName(tr("Start page"))
        self.greeting.setText(tr("Where do you want to begin?"))
        self.words.setText(tr("Backpropagation, one number at a time. Everything can be undone. Esc closes this page."))
        for door, (_, _, title, line) in zip(self.doors, DOORS, strict=True):
            door.name(tr(title), tr(line))
        self._offer()

    def _lay_out(self) -> None:
        cards = self._cards = QGridLayout()
        self._beside = 0
        cards.setHorizontalSpacing(12)
        cards.setVerticalSpacing(10)
        top = self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        top.addWidget(self.greeting, 1)
        top.addWidget(self.resume, 0, Qt.AlignmentFlag.AlignLeft)
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addStretch(1)
        column.addLayout(top)
        column.addWidget(self.words)
        column.addSpacing(6)
        column.addWidget(self.left_behind)
        column.addLayout(cards)
        column.addStretch(2)
        self._inner.setLayout(column)
        column.setContentsMargins(0, 0, 0, 0)
        middle = QHBoxLayout(self._page)
        middle.setContentsMargins(18, 10, 10, 10)
        middle.addWidget(self._inner)
        area = Scrolled()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self._page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)

    def _arrange(self) -> None:
        """The doors beside each other where three fit, else one above the other."""
        beside = len(self.doors) if self.width() >= theme.current().px(NARROWEST) else 1
        if beside == self._beside:
            return
        self._beside = beside
        directions = QBoxLayout.Direction
        self._top.setDirection(directions.LeftToRight if beside > 1 else directions.TopToBottom)
        self._cards.removeItem(self.shelf)
        for place, door in enumerate(self.doors):
            self._cards.removeWidget(door)
            row, column = divmod(place, beside)
            self._cards.addWidget(door, 2 * row, column)
            self._cards.setColumnStretch(place, int(place < beside))
            if place:
                links = self.columns[place - 1]
                self._cards.removeItem(links)
                self._cards.addLayout(links, 2 * row + 1, column)
        # The examples are many: beside each other they take the whole width, below what is under the other doors.
        self._cards.addLayout(self.shelf, *((2, 0, 1, beside) if beside > 1 else (1, 0, 1, 1)))
        self._stand()

    def _move(self, by: int) -> None:
        order: list[QAbstractButton] = [*self.left_behind.buttons, *self.doors, self.resume, *self.links]
        shown = [button for button in order if button.isVisible()]
        here = next((place for place, button in enumerate(shown) if button.hasFocus()), 0)
        shown[(here + by) % len(shown)].setFocus(Qt.FocusReason.TabFocusReason)

    def _pressed(self, event: QKeyEvent) -> bool:
        """Whether a key was one of the page's."""
        key = Qt.Key(event.key())
        by = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}.get(key, 0)
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if key == Qt.Key.Key_Escape:
            self.leave()
        elif by:
            self._move(by)
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_3:
            self.doors[key - Qt.Key.Key_1].click()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            focused = self.focusWidget()
            if isinstance(focused, QAbstractButton):
                focused.click()
        else:
            return False
        return True

    # ---- Qt

    @override
    def event(self, a0: QEvent | None) -> bool:
        if isinstance(a0, QKeyEvent) and a0.type() == QEvent.Type.ShortcutOverride and a0.key() == Qt.Key.Key_Escape:
            a0.accept()  # Esc is a key of the whole window too
            return True
        return super().event(a0)

    @override
    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if a0 is self._place and isinstance(a1, QResizeEvent):
            self.setGeometry(self._place.rect())
        elif isinstance(a1, QKeyEvent) and a1.type() == QEvent.Type.KeyPress and isinstance(a0, QPushButton):
            return self._pressed(a1)
        return super().eventFilter(a0, a1)

    @override
    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._arrange()

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        QPainter(self).fillRect(self.rect(), theme.current().background)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif a0 is not None and a0.type() == QEvent.Type.PaletteChange:
            self._inner.setMaximumWidth(theme.current().px(WIDEST))
            self._arrange()
            self._tint()
            for door in self.doors:
                door.retint()
        super().changeEvent(a0)

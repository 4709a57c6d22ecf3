"""The line under the network: what is assumed, in words and symbols, each part a small menu of what books have instead.

A choice is an edit of the experiment, named for undo; only the sign of δ is a matter of writing. Where there is little
room the parts are said in fewer words, the longest first, and what still has no room is in a menu at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtGui import QAction, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget
from typing_extensions import override

from bpstudio.insight.conventions import (
    Alternative,
    Convention,
    Name,
    alternatives,
    batch_rows,
    changed,
    conventions,
)
from bpstudio.training.carry import check_fit
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from ui import theme
from ui.focus import Focus
from ui.language import tr
from ui.later import AFTER_PAINTING, after_painting
from ui.panels.layer_card import CHANGE_BIAS, Change
from ui.panels.penalty_form import CHANGE_PENALTY
from ui.panels.plain import plain
from ui.panels.rule_form import CHANGE_OPTIMIZER
from ui.panels.training_section import CHANGE_LOSS, CHANGE_ORDER, CHANGE_REDUCTION

if TYPE_CHECKING:
    from ui.panels.convention_sets import ConventionSets

HEIGHT = 22
MARGIN, BETWEEN = 18, 13
"""Room before the first part, and between two parts, where a dot stands."""
DOT = "·"
MORE = "…"
_NAMES: dict[Name, str] = {
    "loss": CHANGE_LOSS,
    "reduction": CHANGE_REDUCTION,
    "penalty": CHANGE_PENALTY,
    "bias": CHANGE_BIAS,
    "optimizer": CHANGE_OPTIMIZER,
    "order": CHANGE_ORDER,
}


class ConventionsLine(QWidget):
    """One line of links. `change` sends an experiment under a name for undo; it raises ValueError to refuse."""

    def __init__(self, focus: Focus, change: Change, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._focus = focus
        self._change = change
        self._frame: Frame | None = None
        self._shown: object = None
        self._asked: object = None
        self.parts: list[Part] = []
        """A part for each convention, in the order of the line; those without room are hidden."""
        self.more = Part(self, self._fill_more)
        self._sets: ConventionSets | None = None
        self.source = Part(self, self._fill_sources)
        """At the end of the line: the book or library by whose conventions all is done, and the others."""
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(theme.current().px(MARGIN), 0, 4, 0)
        self._line.setSpacing(theme.current().px(BETWEEN))
        self._line.addWidget(self.more)
        self._line.addStretch(1)
        self._line.addWidget(self.source)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        focus.changed.connect(self._look)
        self.retranslate()

    def show_frame(self, frame: Frame) -> None:
        """Show the conventions of a frame; nothing happens while they stay the same."""
        self._frame = frame
        if self._sets is not None:
            self._sets.show_frame(frame)
        self._look()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        look = theme.current()
        self.setFixedHeight(look.px(HEIGHT))
        self._line.setContentsMargins(look.px(MARGIN), 0, 4, 0)
        self._line.setSpacing(look.px(BETWEEN))
        self.setAccessibleName(tr("what is assumed"))
        self.more.setText(MORE)
        self.more.setFixedSize(self.more.needed(), look.px(18))
        self.more.setAccessibleName(tr("More conventions"))
        self.more.setToolTip(tr("More conventions"))
        self.source.setText(tr("as in a book…"))
        self.source.setFixedSize(self.source.needed(), look.px(18))
        self.source.setToolTip(tr("Conventions of a book or a library: shows first what would change"))
        self._shown = self._asked = None
        self._look()

    # ---- what is assumed

    def _rows(self, frame: Frame) -> int:
        return batch_rows(frame.experiment, len(frame.dataset.train))

    def _look(self) -> None:
        frame = self._frame
        if frame is None:
            return
        shown = (frame.experiment, self._rows(frame), self._focus.notation)
        asked = (*shown, self._focus.scale_delta, id(frame.dataset))
        if asked == self._asked:
            return
        self._shown, self._asked = shown, asked
        if self._sets is not None:
            self._name_source()
        else:
            after_painting(self)  # the first paint does not wait for the sets
        found = conventions(*shown)
        while len(self.parts) < len(found):
            part = Part(self, self._fill)
            self._line.insertWidget(len(self.parts), part)
            self.parts.append(part)
        for part, convention in zip(self.parts, [*found, *[None] * len(self.parts)], strict=False):
            part.show_convention(convention)
        self._fit()

    def _fit(self) -> None:
        """Choose for each part between full and short words, so that all of them stand in the line if they can."""
        parts = [part for part in self.parts if part.convention is not None]
        between = self._line.spacing()
        room = self.width() - theme.current().px(MARGIN) - 4
        self.source.setVisible(room > 4 * self.source.needed())
        if not self.source.isHidden():
            room -= self.source.needed() + between
        full = dict.fromkeys(parts, True)

        def width(shown: list[Part]) -> int:
            return sum(part.width_of(full[part]) for part in shown) + between * max(len(shown) - 1, 0)

        # The part that gains most by fewer words gives way first.
        for part in sorted(parts, key=lambda each: each.width_of(False) - each.width_of(True)):
            if width(parts) > room:
                full[part] = False
        shown = list(parts)
        while len(shown) > 1 and width(shown) + (len(shown) < len(parts)) * (between + self.more.needed()) > room:
            shown.pop()
        for part in self.parts:
            part.say(full.get(part, True))
            part.setVisible(part in shown)
        self.more.setVisible(len(shown) < len(parts))
        self.update()

    # ---- books and libraries

    @property
    def sets(self) -> ConventionSets:
        """The conventions of books and libraries, read when somebody wants them."""
        if self._sets is None:
            from ui.panels.convention_sets import ConventionSets

            self._sets = ConventionSets(self._focus, self._change, self)
            if self._frame is not None:
                self._sets.show_frame(self._frame)
        return self._sets

    def open_sets(self, name: str = "") -> None:
        """Show what the conventions of a book or a library would change."""
        self.sets.open(name)

    def _name_source(self) -> None:
        """Say by whose conventions everything is done, where a source has them all."""
        current = self.sets.current()
        named = tr("as in {source}", source=current[0].title.rendered(tr)) if current else tr("as in a book…")
        self.source.setText(named)
        self.source.setFixedSize(self.source.needed(), theme.current().px(18))
        self.source.setAccessibleName(f"{tr('Conventions of a book or a library')}: {named}")
        self._fit()

    def _fill_sources(self, part: Part) -> None:
        from bpstudio.insight.convention_sets import SETS

        menu = part.menu()
        if menu is None:
            return
        menu.clear()
        for one in SETS.values():
            found = self.sets.preview(one)
            if found is None:
                continue
            count = found.count
            said = tr("1 change") if count == 1 else tr("{count} changes", count=count)
            is_current = not found.refused and count == 0 and one.has_loss(found.experiment)
            said = tr("as it is now") if is_current else said
            action = QAction(f"{one.title.rendered(tr)}\t{found.refused or said}", menu)
            action.setCheckable(True)
            action.setChecked(is_current)
            action.setData(one.name)
            action.triggered.connect(partial(self._open_set, one.name))
            menu.addAction(action)

    def _open_set(self, name: str, _checked: bool = False) -> None:
        self.open_sets(name)

    # ---- menus

    def _fill(self, part: Part) -> None:
        menu, convention = part.menu(), part.convention
        if menu is not None and convention is not None:
            self._offer(menu, convention)

    def _fill_more(self, more: Part) -> None:
        menu = more.menu()
        if menu is None:
            return
        menu.clear()
        for part in self.parts:
            if part.convention is not None and part.isHidden():
                inner = menu.addMenu(part.convention.phrase.rendered(tr))
                if inner is not None:
                    self._offer(inner, part.convention)

    def _offer(self, menu: QMenu, convention: Convention) -> None:
        """What there is instead, with what would change at the right; what the data refuse is grey and says why."""
        menu.clear()
        menu.setToolTipsVisible(True)
        frame = self._frame
        if frame is None:
            return
        for other in alternatives(frame.experiment, self._rows(frame), self._focus.notation, convention.name):
            effect, refused = other.effect.rendered(tr), self._refusal(frame, convention.name, other)
            action = QAction(f"{other.phrase.rendered(tr)}\t{refused if refused else effect}", menu)
            action.setCheckable(True)
            action.setChecked(other.current)
            action.setEnabled(not refused)
            action.setData(other.value)
            action.triggered.connect(partial(self._choose, convention.name, other.value))
            menu.addAction(action)

    def _refusal(self, frame: Frame, name: Name, other: Alternative) -> str:
        """Why an alternative cannot be had with these data; empty where it can."""
        if name in ("delta", "matrices") or other.current:
            return ""
        try:
            check_fit(changed(frame.experiment, name, other.value), frame.dataset)
        except ValueError as error:
            return plain(error)
        return ""

    def _choose(self, name: Name, value: str, _checked: bool = False) -> None:
        if name == "delta":
            self._focus.set(delta_sign=int(value))
            return
        if name == "matrices":
            samples, layout = value.split()
            self._focus.set(samples=samples, weight_layout=layout)
            return

        def edit(experiment: Experiment) -> Experiment:
            return changed(experiment, name, value)

        self._change(_NAMES[name], edit)

    # ---- Qt

    @override
    def customEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() == AFTER_PAINTING:
            self._name_source()

    @override
    def sizeHint(self) -> QSize:
        return QSize(theme.current().px(240), theme.current().px(HEIGHT))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(theme.current().px(80), theme.current().px(HEIGHT))

    @override
    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._fit()

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        super().paintEvent(a0)
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.background)  # it belongs to the network above it
        painter.setPen(look.secondary)
        painter.setFont(look.font(12))
        seen = [part for part in (*self.parts, self.more) if part.isVisible()]
        for before, after in pairwise(seen):
            left, right = before.geometry().right(), after.geometry().left()
            place = self.rect().adjusted(left, 0, right - self.width(), 0)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, DOT)
        painter.end()

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() in (QEvent.Type.LanguageChange, QEvent.Type.PaletteChange):
            self.retranslate()


class Part(QToolButton):
    """One convention as a link; Enter, Space and the arrow down open its menu, which `fill` makes anew each time."""

    def __init__(self, parent: QWidget, fill: Callable[[Part], None]) -> None:
        super().__init__(parent)
        self.convention: Convention | None = None
        self.setProperty("role", "assumed")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the arrow keys to the network
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.aboutToShow.connect(lambda: fill(self))
        self.setMenu(menu)

    def show_convention(self, convention: Convention | None) -> None:
        """Take a convention; None hides the part."""
        self.convention = convention
        if convention is not None:
            note, full = convention.note.rendered(tr), convention.phrase.rendered(tr)
            self.setToolTip(tr("{note} Click to change it.", note=note))
            self.setAccessibleName(tr("{convention}. {note} Press Enter to change it.", convention=full, note=note))

    def say(self, full: bool) -> None:
        """Write the part in full or in short words."""
        if self.convention is not None:
            text = self._words(full)
            if text != self.text():
                self.setText(text)
            self.setFixedSize(self.width_of(full), theme.current().px(18))

    def width_of(self, full: bool) -> int:
        """What it needs in full or in short words."""
        return self._width(self._words(full))

    def needed(self) -> int:
        """What it needs for the text that it has."""
        return self._width(self.text())

    def _words(self, full: bool) -> str:
        if self.convention is None:
            return ""
        return (self.convention.phrase if full else self.convention.short).rendered(tr)

    def _width(self, text: str) -> int:
        return QFontMetrics(theme.current().font(12)).horizontalAdvance(text) + 2 * theme.current().px(3) + 4

"""The head of the explanation: what is explained, its value (which can be typed or dragged), and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtWidgets import QMenu, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.derivation import Derivation
from bpstudio.insight.elements import Element, Example
from bpstudio.insight.notation import NOTATIONS, given, letters, number
from bpstudio.training.carry import check_fit
from bpstudio.training.frame import Frame
from ui import placing
from ui.beside import Beside, Link, Words
from ui.focus import Focus
from ui.language import tr
from ui.panels.form import Message
from ui.panels.number import NumberField
from ui.panels.plain import plain
from ui.panels.scrub import Scrub
from ui.panels.typed import shown_row, value_of, with_value
from ui.runner import Runner

RIGHT = Qt.AlignmentFlag.AlignRight


@dataclass(frozen=True, eq=False)
class Subject:
    """What is explained: a thing, for an example, in a frame; `known` says whether the walk has computed its number."""

    frame: Frame
    example: Example
    element: Element
    derivation: Derivation
    known: bool


class InspectorHead(QWidget):
    """Shows a Subject, takes its new value, and leads to the beats that compute it."""

    def __init__(self, runner: Runner, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner, self._focus = runner, focus
        self._subject: Subject | None = None
        self.rename: Callable[[Element], object] = lambda element: None
        """What a double click on the title asks for."""
        self._title = Words("heading")
        self._title.installEventFilter(self)
        self._notation = Link(align=RIGHT)
        self._menu = QMenu(self._notation)
        self._notation.setMenu(self._menu)
        self._message = Message()
        self._value = NumberField(self._commit, self._message.say, display=self._written)
        self._value_name = Scrub(lambda: self._value.value, self._drag, self.edit_value)
        for widget in (self._value, self._value_name):
            widget.setProperty("letters", "value")
        self._next = Link(self._go_to_update, RIGHT)
        self._place = Link(self._go_to_beat)
        self._lay_out()
        self.retranslate()
        self.hide()

    def show_subject(self, subject: Subject) -> None:
        """Show another thing, or other numbers of it."""
        self._subject = subject
        frame, derivation, focus = subject.frame, subject.derivation, self._focus
        self._title.setText(derivation.title.rendered(tr))
        self._notation.setText(tr("notation: {name}", name=tr(focus.notation.title)) + " ▾")
        written = letters(focus.notation, frame.experiment.network)
        value, name = value_of(frame, subject.element, shown_row(frame, subject.example), written)
        self._editor.setVisible(value is not None)
        if value is not None:
            self._value_name.setText(f"{name} =")
            self._value.show_value(value)
        self._next.setVisible(value is not None and self._say_what_becomes(subject))
        self._line.setVisible(value is not None)
        walk = focus.walk
        pending = not subject.known and walk is not None and bool(derivation.beat_address)
        self._place.setVisible(pending)
        if pending and walk is not None:
            beat = walk.find(focus.grain, derivation.beat_address)
            self._place.setText(tr("Not computed yet: go to beat {beat}", beat=beat))
        for layout in (self._upper, self._lower):
            layout.invalidate()
        self.show()

    def clear(self) -> None:
        """Nothing is explained."""
        self._subject = None
        self._message.say("", "")
        self.hide()

    @property
    def value_controls(self) -> tuple[QWidget, ...]:
        """What takes a new value."""
        return self._value, self._value_name

    def edit_value(self) -> None:
        """Type the value of what is shown, where it has one."""
        if self._value.isVisible():
            self._value.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._value.selectAll()

    def _say_what_becomes(self, subject: Subject) -> bool:
        """Write what the update makes of a parameter, or when; whether there is anything to write."""
        focus, derivation = self._focus, subject.derivation
        walk, address, new = focus.walk, derivation.update_beat_address, derivation.new_value
        if address is None or new is None or walk is None:
            return False
        computed = focus.grain == "step" or walk.known(focus.grain, focus.playhead, subject.element, "new") != "not yet"
        if derivation.frozen:
            self._next.setText(tr("❄ frozen: stays"))
        elif computed:
            self._next.setText(tr("will become {value}", value=number(new, focus.digits)))
        else:
            self._next.setText(tr("will become: beat {beat}", beat=walk.find(focus.grain, address)))
        return True

    # ---- the value

    def _written(self, value: float) -> str:
        return given(value, 17 if self._focus.digits >= 17 else max(self._focus.digits, 9))

    def _commit(self, value: float, drag: object | None = None) -> None:
        """Take a typed or dragged value: whole new parameters, or a whole new data set."""
        shown = self._subject
        if shown is None:
            return
        frame, element = shown.frame, shown.element
        name = letters(self._focus.notation, frame.experiment.network).element(element)
        params, dataset = with_value(frame, element, shown_row(frame, shown.example), value)
        if dataset is not None:
            check_fit(frame.experiment, dataset)
        if params is not None or dataset is not None:
            self._runner.apply(params=params, dataset=dataset, name=tr("type {name}", name=name), drag=drag)

    def _drag(self, value: float, drag: object) -> None:
        """Take a dragged value; one that cannot be is said, and the last good one stays."""
        try:
            self._commit(value, drag)
        except ValueError as error:
            self._value.refuse(plain(error))

    # ---- going there

    def _go_to_update(self) -> None:
        if self._subject is not None:
            go_to(self._focus, self._subject.derivation.update_beat_address)

    def _go_to_beat(self) -> None:
        if self._subject is not None:
            go_to(self._focus, self._subject.derivation.beat_address)

    # ---- furniture

    def _lay_out(self) -> None:
        upper, self._line, self._editor = QWidget(), QWidget(), QWidget()
        Beside(self._editor, self._value_name, self._value, fill=True)
        self._upper = Beside(upper, self._title, self._notation)
        self._lower = Beside(self._line, self._editor, self._next)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (upper, self._line, self._message, placing.line(), self._place):
            column.addWidget(widget)

    def retranslate(self) -> None:
        """Set every text that does not depend on what is shown."""
        self._value.setAccessibleName(tr("Value"))
        self._menu.clear()
        for key, notation in NOTATIONS.items():
            action = self._menu.addAction(tr(notation.title))
            if action is not None:
                action.triggered.connect(lambda _, chosen=key: self._focus.set(notation=chosen))
        self._menu.addSeparator()
        action = self._menu.addAction(tr("Rename…"))
        if action is not None:
            action.triggered.connect(self._rename)
        self._title.setToolTip(tr("Double-click to give it a name of your own"))

    def _rename(self) -> None:
        if self._subject is not None:
            self.rename(self._subject.element)

    @override
    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if a0 is self._title and a1 is not None and a1.type() == QEvent.Type.MouseButtonDblClick:
            self._rename()
            return True
        return super().eventFilter(a0, a1)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() in (QEvent.Type.LanguageChange, QEvent.Type.PaletteChange):
            self.retranslate()
        super().changeEvent(a0)


def go_to(focus: Focus, address: str | None) -> None:
    """Look at the beat of an address; a whole step has no beat to look at, so there the grain becomes finer."""
    walk = focus.walk
    if walk is None or not address:
        return
    grain = focus.grain if focus.grain != "step" else walk.default_grain
    focus.set(grain=grain, playhead=walk.find(grain, address))

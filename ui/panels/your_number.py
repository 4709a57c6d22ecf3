"""Your number: what somebody worked out by hand, judged; and the line lit where it leaves ours.

Under the explanation of a number stands a field. Whoever types a number and presses Enter is told whether it is right,
and if not, what happened: which slip gives this very number, at which line of the walk. That is asked for on purpose,
so the answer may name numbers that the walk has not reached yet.

Looking elsewhere loses nothing: what was typed is kept for its thing, step and row. When a value is edited, it is
judged again.
"""

from __future__ import annotations

import re

from PyQt6.QtCore import QEvent, QPoint, Qt, QTimer
from PyQt6.QtWidgets import QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.altered import Asked, Quantity
from bpstudio.insight.chain import ChainVerdict
from bpstudio.insight.notation import letters
from bpstudio.insight.recognition import Judged, quantities
from bpstudio.insight.recorded import is_dense
from bpstudio.insight.rounding import Mode
from bpstudio.insight.symbols import symbol_of
from bpstudio.insight.typed_number import Entry
from ui import placing
from ui.beside import Beside, Link, Words
from ui.focus import Focus, Mark
from ui.language import tr, translatable
from ui.panels.form import Choice, Message, restyle
from ui.panels.inspector_head import Subject, go_to
from ui.panels.judging import Judge, RoundByHand
from ui.panels.kept_numbers import Answer, KeptNumbers, Place, Return, Typed, wrong_line
from ui.panels.numbers_field import NumbersField, understood
from ui.panels.plain import plain
from ui.panels.rounding_table import RoundingTable
from ui.panels.several_numbers import SeveralNumbers
from ui.runner import Runner
from ui.threads import Progress

SETTLED_MS = 40
"""After so long an answer has its place in a panel that scrolls."""
_NEW = translatable("{symbol} (new value)")
_PLAIN = re.compile(r"[+-]?[0-9]*\.?[0-9]+")
"""A number that needs no understanding; 0,35, 1/3 and 1e-3 are said again."""


class YourNumber(QWidget):
    """A field for one's own number, the verdict beside it, and under it what happened."""

    def __init__(self, runner: Runner, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner, self._focus = runner, focus
        self._kept = KeptNumbers()
        self._subject: Subject | None = None
        self._place: Place | None = None
        self._preferred: tuple[Quantity, ...] = ()
        self._marked_by: Place | None = None
        self._return: Return | None = None
        self._label, self._verdict = Words("heading"), Words("good")
        self._verdict.setProperty("letters", "bold")
        self._message = Message()
        self._field = NumbersField(self._judge, self._message.say)
        self._text = Words("")
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._several = SeveralNumbers(self._go_to)
        self._go, self._back = Link(self._go_to_line), Link(self._go_back)
        self._with, self._choice = Words("secondary"), Choice()
        self._choice.activated.connect(self._choose)
        # A walk that goes on would take the field away under the hands.
        self._field.textEdited.connect(lambda _: focus.set(playing_walk=False))
        self._field.textChanged.connect(lambda _: self._text_changed())
        self.rounding = RoundingTable(runner, focus, self._go_to)
        self._revealing = QTimer(self)
        self._revealing.setSingleShot(True)
        self._revealing.timeout.connect(self._reveal)
        self._lay_out()
        runner.answered.connect(self._answered)
        self.retranslate()
        self.hide()

    # ---- what it is about

    def show_subject(self, subject: Subject | None, preferred: tuple[Quantity, ...] = ()) -> None:
        """Be about another thing, or about other numbers of it; `preferred` quantities are thought of first."""
        running = subject is not None and subject.frame.run == "running"
        self._field.setEnabled(not running)
        if running:
            return  # which step is meant is known only at rest
        place = None
        if subject is not None and quantities(subject.frame.experiment.network, subject.derivation.target):
            place = Place.of(subject.frame, subject.example, subject.derivation.target)
        self._subject, self._preferred = subject if place is not None else None, preferred
        if place != self._place:
            self._keep_draft()
            self._place = place
            self._show_typed()
            self._light_again(subject)
        typed = self._kept.at(place)
        if typed is not None and typed.entries and self._is_stale(typed):
            self._ask(typed)
        self._line.setVisible(place is not None)
        self.rounding.setVisible(self._can_round)
        returns = self._show_return()
        self.setVisible(place is not None or returns)
        self._about_rounding()

    def edit(self) -> None:
        """Type a number."""
        if self._field.isVisible():
            self.reveal()
            self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._field.selectAll()

    def enter(self, text: str) -> None:
        """Ask about `text` as if it had been typed."""
        self._field.enter(text)

    def reveal(self) -> None:
        """Scroll to the field and the answer under it, as soon as they have their places."""
        self._revealing.start(SETTLED_MS)

    def _reveal(self) -> None:
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        inner = area.widget() if isinstance(area, QScrollArea) else None
        if isinstance(area, QScrollArea) and inner is not None and self.isVisible():
            answer = (self._line, self._message, self._text, self._several, self._go)
            last = max(widget.geometry().bottom() for widget in answer if widget.isVisible() or widget is self._line)
            for y in (last, self._line.y()):  # the field itself is seen in any case
                area.ensureVisible(0, self.mapTo(inner, QPoint(0, y)).y(), 0, 8)

    def forget(self) -> None:
        """Another lesson is open: what was typed belongs to the one before."""
        self._kept.clear()
        self._return = None
        self._unmark()
        self._field.setModified(False)
        self._show_typed()

    def _keep_draft(self) -> None:
        """Keep what was typed and not judged for when somebody comes back to it."""
        if self._place is not None and self._field.isModified():
            self._kept.take(self._place).draft = self._field.text()

    def _show_typed(self) -> None:
        """What was typed at this place before, with its verdict."""
        typed = self._kept.at(self._place)
        self._field.show_text(typed.text if typed is not None else "")
        self._show_answer(typed)
        if typed is not None and typed.draft:
            self._field.take_draft(typed.draft)
            typed.draft = ""

    # ---- asking

    def _judge(self, text: str, entries: tuple[Entry, ...]) -> None:
        if self._place is None:
            return
        typed = self._kept.take(self._place)
        if text != typed.text:
            typed.quantity = None
        typed.text, typed.entries, typed.draft = text, entries, ""
        typed.answer = typed.question = None
        if entries:
            self._ask(typed)
            return
        if self._marked_by == self._place:
            self._unmark()
        self._show_answer(typed)

    def _is_stale(self, typed: Typed) -> bool:
        """Whether a number has to be judged again: what it is compared with was edited, or is written otherwise."""
        asked, shown, focus = typed.question, self._subject, self._focus
        if asked is None or shown is None:
            return True
        now = (focus.notation, focus.digits, typed.quantity)
        return asked.frame is not shown.frame or now != (asked.notation, asked.digits, asked.quantity)

    def _ask(self, typed: Typed) -> None:
        shown, focus = self._subject, self._focus
        if shown is not None:
            typed.question = Judge(
                shown.frame,
                shown.example,
                shown.derivation.target,
                typed.text,
                typed.quantity,
                self._preferred,
                focus.notation,
                focus.digits,
            )
            self._runner.ask(typed.question)

    def _answered(self, question: object, answer: object) -> None:
        if not isinstance(question, Judge) or isinstance(answer, Progress):
            return
        place = self._kept.place_of(question)
        typed = self._kept.at(place)
        if place is None or typed is None or not isinstance(answer, Answer):
            return
        typed.answer = answer
        if place != self._place or self._stands(typed):
            self._mark(place, answer)
        if place == self._place:
            self._show_answer(typed)
            if self._field.hasFocus():
                self.reveal()

    def _choose(self, _: int) -> None:
        """Compare with another quantity of the same thing."""
        if self._place is not None:
            typed = self._kept.take(self._place)
            typed.quantity = self._choice.currentData()
            self._ask(typed)

    # ---- the answer

    def _stands(self, typed: Typed | None) -> bool:
        """Whether what was judged is what stands in the field: an answer to something else would mislead."""
        return typed is not None and typed.text == self._field.text().strip()

    def _text_changed(self) -> None:
        """Take the answer away while another number is typed, and give it back with the number."""
        typed = self._kept.at(self._place)
        self._show_answer(typed)
        if self._place is None or typed is None:
            return
        if self._stands(typed) and wrong_line(typed.answer) is not None:
            self._mark(self._place, typed.answer)
        elif self._marked_by == self._place:
            self._unmark()

    def _show_answer(self, typed: Typed | None) -> None:
        answer = typed.answer if typed is not None and self._stands(typed) else None
        judged = answer if isinstance(answer, (Judged, ChainVerdict)) else None
        for widget in (self._verdict, self._text):
            widget.setVisible(judged is not None)
        self._several.show_chain(judged if isinstance(judged, ChainVerdict) else None)
        self._go.setVisible(judged is not None and self._offer_line(judged))
        self._compare.setVisible(isinstance(judged, Judged) and self._offer(judged))
        if isinstance(answer, Exception):
            self._message.say(plain(answer), "error")
        elif judged is not None and typed is not None:
            self._say(judged, typed)
        else:
            self._field.setAccessibleDescription("")
        for layout in (self._upper, self._lower):
            layout.invalidate()
        self._about_rounding()

    def _say(self, judged: Judged | ChainVerdict, typed: Typed) -> None:
        verdict = judged.verdict if isinstance(judged, Judged) else judged
        right, word, text = verdict.is_right, verdict.word.rendered(tr), verdict.text.rendered(tr)
        self._verdict.setText(f"{'✓' if right else '!'} {word}")
        restyle(self._verdict, "role", "good" if right else "warning")
        self._text.setText(text)
        restyle(self._text, "role", "secondary" if right else "")
        self._field.setAccessibleDescription(f"{word}. {text}")
        if not self._field.isModified():
            worth_saying = isinstance(judged, Judged) and _PLAIN.fullmatch(typed.text) is None
            self._message.say(understood(typed.entries) if worth_saying else "", "echo")

    def _offer(self, judged: Judged) -> bool:
        """The other quantities of the same thing, or of which thing the number is; whether there is one to name."""
        shown = self._subject
        if shown is None:
            return False
        target, network = judged.asked.target, shown.frame.experiment.network
        is_other = target != shown.derivation.target
        self._with.setText(tr("compared with {symbol}", symbol=judged.symbol) if is_other else tr("compared with"))
        names = letters(self._focus.notation, network)
        choices: list[tuple[object, str]] = []
        for quantity in quantities(network, target):
            symbol = symbol_of(Asked(target, quantity), names)
            choices.append((quantity, tr(_NEW, symbol=symbol) if quantity == "new" else symbol))
        self._choice.offer(choices)
        self._choice.show_value(judged.asked.quantity)
        self._choice.setVisible(not is_other)
        return is_other or len(choices) > 1

    def _offer_line(self, judged: Judged | ChainVerdict) -> bool:
        """The way to the line where it happened; whether there is one."""
        walk, where = self._focus.walk, wrong_line(judged)
        if walk is None or where is None:
            return False
        grain = self._focus.grain if self._focus.grain != "step" else walk.default_grain
        self._go.setText(tr("Go to that line: beat {beat}", beat=walk.find(grain, where[0])))
        return True

    # ---- the lit line

    def _mark(self, place: Place, answer: Answer | None) -> None:
        """Light the line where the number that was judged last went wrong."""
        where = wrong_line(answer)
        if where is not None:
            self._marked_by = place
            self._focus.set(mark=Mark(*where))
        elif self._place in (place, self._marked_by):
            self._unmark()

    def _unmark(self) -> None:
        self._marked_by = None
        self._focus.set(mark=None)

    def _light_again(self, subject: Subject | None) -> None:
        """Another step or row has other numbers, so what was lit goes out; what went wrong here is lit again."""
        by, typed = self._marked_by, self._kept.at(self._place)
        if subject is not None and by is not None and not by.is_of(subject.frame, subject.example):
            self._return = None
            self._unmark()
        is_wrong = typed is not None and self._stands(typed) and wrong_line(typed.answer) is not None
        if self._place is not None and typed is not None and is_wrong:
            self._mark(self._place, typed.answer)

    def _go_to_line(self) -> None:
        typed = self._kept.at(self._place)
        where = wrong_line(typed.answer) if typed is not None else None
        if where is not None:
            self._go_to(where[0])

    def _go_to(self, address: str) -> None:
        """Look at a line of the walk, and remember the way back."""
        typed, asked = self._kept.at(self._place), self._about()
        if self._place is not None and self._subject is not None and asked is not None:
            is_yours = typed is not None and bool(typed.text)
            symbol = symbol_of(asked, letters(self._focus.notation, self._subject.frame.experiment.network))
            if typed is not None and isinstance(typed.answer, ChainVerdict):
                symbol = tr("several lines")
            self._return = Return(self._place, symbol, is_yours, self._focus.grain, self._focus.playhead)
        go_to(self._focus, address)

    def _go_back(self) -> None:
        back, self._return = self._return, None
        if back is not None:
            self._focus.set(selection=None)
            self._focus.set(grain=back.grain, playhead=back.playhead)
            self._focus.set(selection=back.place.element)

    def _show_return(self) -> bool:
        """Offer the way back while something else is looked at; whether it is offered."""
        back = self._return
        if back is not None and back.place != self._place:
            said = tr("Back to your number for {symbol}") if back.is_yours else tr("Back to {symbol}")
            self._back.setText(said.format(symbol=back.symbol))
        self._back.setVisible(back is not None and back.place != self._place)
        return back is not None and back.place != self._place

    # ---- rounding

    def _about(self) -> Asked | None:
        """The number that is judged, or that would be."""
        shown, typed = self._subject, self._kept.at(self._place)
        if shown is None:
            return None
        if typed is not None and isinstance(typed.answer, Judged):
            return typed.answer.asked
        possible = quantities(shown.frame.experiment.network, shown.derivation.target)
        return Asked(shown.derivation.target, next((q for q in self._preferred if q in possible), possible[0]))

    @property
    def _can_round(self) -> bool:
        """Whether every line can be worked out with rounded numbers: where all layers are dense."""
        return self._subject is not None and is_dense(self._subject.frame.experiment.network)

    def _about_rounding(self) -> None:
        """Let the table of rounded lines be about the same number."""
        shown, typed, asked = self._subject, self._kept.at(self._place), self._about()
        if shown is None or asked is None or not self._can_round:
            return
        decimals, notation = None, self._focus.notation
        if typed is not None and isinstance(typed.answer, Judged):
            decimals = typed.answer.verdict.typed.decimals

        def question(mode: Mode, count: int) -> RoundByHand:
            return RoundByHand(shown.frame, shown.example, asked.target, asked.quantity, mode, count, notation)

        self.rounding.ask_about(question, decimals)

    # ---- furniture

    def _lay_out(self) -> None:
        self._line, left, self._compare = QWidget(), QWidget(), QWidget()
        self._upper = Beside(left, self._label, self._field, fill=True)
        self._lower = Beside(self._line, left, self._verdict)
        Beside(self._compare, self._with, self._choice)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        answer = (self._message, self._text, self._several, self._go, self._compare)
        for widget in (placing.line(), self._back, self._line, *answer, self.rounding, placing.line()):
            column.addWidget(widget)
        for widget in (self._back, self._verdict, *answer):
            widget.hide()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self._label.setText(tr("Your number"))
        self._field.setAccessibleName(tr("Your number"))
        self._field.setPlaceholderText(tr("type it, Enter"))
        explanation = tr(
            "Type the number that you worked out, with a dot or a comma, or as a fraction, and press Enter: it says "
            "whether it is right, and if not, what happened and where. Several pasted numbers are judged line by line."
        )
        self._field.setToolTip(explanation)
        self.setWhatsThis(explanation)
        self._choice.setAccessibleName(tr("compared with"))
        self._choice.setToolTip(tr("Which number of this thing yours is; it was found by itself."))
        self._show_typed()
        self._show_return()

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self._keep_draft()
            self.retranslate()
        super().changeEvent(a0)

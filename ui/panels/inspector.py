"""The right side: the selected thing, or what the present beat computes, explained down to its numbers.

A weight, a bias, an input or a target can be typed here; the value takes effect at once and can be undone. What the
walk has not reached yet is not given away: the card shows dots and the beat at which the number appears.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from PyQt6.QtCore import QEvent, Qt, QTimer
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.beat import Beat
from bpstudio.insight.derivation import Derivation, Factor, Term, derive
from bpstudio.insight.elements import Edge, Element, Example, LossNode, Names, PlusOne, Probe, Row, Target, Unit
from bpstudio.insight.gradcheck import AGREES, KINK, SEQUENTIAL, GradientCheck, check
from bpstudio.insight.notation import NOTATIONS, Letters, given, number, rough
from bpstudio.training.carry import check_fit
from bpstudio.training.frame import Frame
from ui import theme
from ui.focus import Focus
from ui.language import tr, translatable
from ui.panels.form import Message, restyle
from ui.panels.number import NumberField
from ui.panels.plain import plain
from ui.panels.scrub import Scrub
from ui.panels.typed import shown_row, value_of, with_value
from ui.runner import Runner
from ui.threads import Progress

SIDES: tuple[Literal["activation"], Literal["delta"]] = ("activation", "delta")
NOTHING_YET = translatable(
    "Press → to compute the first number, or select a line or a circle: here stands where it comes from."
)
ABOUT_MANY = translatable("Many numbers at once. Select a line or a circle: here stands where its number comes from.")
PAUSE_MS = 100
"""Between two texts while training runs; nobody reads faster."""


class Explanation(Protocol):
    """A widget that lays out one derivation (ui.explain has it; the window hands it in)."""

    def show_derivation(
        self, derivation: Derivation, digits: int, known: Callable[[Factor | Term | None], bool]
    ) -> None: ...


@dataclass(frozen=True, eq=False)
class Check:
    """The numerical check of one derivative, asked beside the training."""

    frame: Frame
    edge: Edge
    kind: str = "check of the selected derivative"

    def answer(self, progress: Callable[[float], None]) -> GradientCheck:
        """Central differences of the very objective that the step differentiates."""
        return check(self.frame, self.edge)


class Inspector(QWidget):
    """Explains `focus.selection`, or the present beat's subject, whichever was looked at last."""

    def __init__(
        self,
        runner: Runner,
        focus: Focus,
        make_card: Callable[[Callable[[Element], None]], QWidget],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._focus = runner, focus
        self._frame: Frame | None = None
        self._stale = True
        self._asked: tuple[Frame, Edge] | None = None
        self._eye = (focus.selection, focus.grain, focus.playhead)
        self._target: Element | None = None
        self._shown: Element | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._refresh)
        self._title, self._next = QLabel(), QPushButton()
        self._title.setProperty("role", "heading")
        self._title.setWordWrap(True)
        self._notation = QPushButton()
        self._notation.setProperty("role", "link")
        self._menu = QMenu(self._notation)
        self._notation.setMenu(self._menu)
        self._message = Message()
        self._value = NumberField(self._commit, self._message.say, display=self._written)
        self._value_name = Scrub(lambda: self._value.value, self._drag, self.edit_value)
        self._next.setProperty("role", "link")
        self._next.clicked.connect(self._go_to_update)
        self._place = QPushButton()
        self._place.setProperty("role", "link")
        self._place.clicked.connect(self._go_to_beat)
        self._cards = [make_card(self._look_at), make_card(self._look_at)]
        self._check, self._check_value = QLabel(), QLabel()
        self._check.setProperty("role", "secondary")
        self._headings = [QLabel(), QLabel()]
        self._empty = QLabel()
        self._empty.setProperty("role", "secondary")
        self._empty.setWordWrap(True)
        self._lay_out()
        focus.changed.connect(self._look)
        runner.answered.connect(self._answered)
        self.retranslate()

    # ---- what is shown

    def show_frame(self, frame: Frame) -> None:
        """Show the numbers of a frame: at once when it is at rest, at reading speed while it runs."""
        self._frame = frame
        self._stale = True
        if not self.isVisible():
            return
        if frame.run == "running":
            if not self._later.isActive():
                self._later.start(PAUSE_MS)
        else:
            self._refresh()

    def edit_value(self) -> None:
        """Type the value of what is shown, where it has one."""
        if self._value.isVisible():
            self._value.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._value.selectAll()

    @property
    def target(self) -> Element | None:
        """What is explained."""
        return self._target

    @property
    def derivation(self) -> Derivation | None:
        """What is explained, with its numbers; None while nothing is."""
        return self._derivation if self._shown is not None else None

    def _look(self) -> None:
        focus = self._focus
        selection, grain, playhead = self._eye
        if focus.selection != selection:
            self._target = focus.selection
        elif (focus.grain, focus.playhead) != (grain, playhead):
            self._target = None
        self._eye = (focus.selection, focus.grain, focus.playhead)
        self._stale = True
        if self.isVisible() and (self._frame is None or self._frame.run != "running"):
            self._refresh()

    def _subject(self, frame: Frame) -> tuple[Element | None, tuple[str, ...]]:
        """What was looked at last, the selection or what the present beat computes; and which sides of a unit."""
        focus, walk = self._focus, self._focus.walk
        names, both = Names(frame.experiment.network.sizes), ("activation", "delta")
        if self._target is None and walk is not None and focus.grain in ("edge", "neuron") and focus.playhead > 0:
            beat = walk.beat(focus.grain, min(focus.playhead, walk.count(focus.grain)))
            subject = _about(beat)
            if subject is not None and names.has(subject):
                return subject, {"F": both[:1], "B": both[1:]}.get(beat.phase, both)
        subject = self._target if self._target is not None else focus.selection
        return (subject if subject is not None and names.has(subject) else None), both

    def _refresh(self) -> None:
        frame = self._frame
        if frame is None or not self._stale or not self.isVisible():
            return
        walk = self._focus.walk
        if walk is not None and walk.network != frame.experiment.network:
            return  # the eye is on another network already; its frame is on its way
        self._stale = False
        subject, sides = self._subject(frame)
        self._shown = subject
        self._empty.setVisible(subject is None)
        self._empty.setText(tr(NOTHING_YET if self._focus.playhead == 0 else ABOUT_MANY))
        for widget in (self._head, *self._headings, *self._cards):
            widget.setVisible(subject is not None)
        self._check_row.setVisible(False)
        if subject is None:
            self._message.say("", "")
            for widget in (self._editor, self._next, self._place):
                widget.setVisible(False)
            return
        example = self._example(frame)
        derivations = self._derivations(frame, example, subject, sides)
        self._show_head(frame, derivations[0], subject, example)
        titles = [tr("Forward: activation"), tr("Backward: error term δ")] if len(derivations) > 1 else ["", ""]
        for place in range(2):
            present = place < len(derivations)
            self._cards[place].setVisible(present)
            self._headings[place].setVisible(present and bool(titles[place]))
            self._headings[place].setText(titles[place])
            if present:
                shown = derivations[place]
                card: Explanation = self._cards[place]  # type: ignore[assignment]  # the window hands in such widgets
                card.show_derivation(shown, self._focus.digits, self._knower(shown))
        if isinstance(subject, Edge) and frame.run != "running" and self._knower(derivations[0])(None):
            self._ask(frame, subject)

    def _derivations(
        self, frame: Frame, example: Example, subject: Element, sides: tuple[str, ...]
    ) -> list[Derivation]:
        notation, digits = self._focus.notation, self._focus.digits
        if isinstance(subject, Unit) and subject.layer > 0:
            return [derive(frame, example, subject, notation, digits, kind) for kind in SIDES if kind in sides]
        if isinstance(subject, Target):
            subject = Unit(len(frame.experiment.network.layers), subject.index)
            return [derive(frame, example, subject, notation, digits, "delta")]
        if isinstance(subject, PlusOne):
            subject = Edge(subject.layer, 0, -1)
        return [derive(frame, example, subject, notation, digits)]

    def _example(self, frame: Frame) -> Example:
        example = self._focus.example
        if isinstance(example, Row) and example.position >= len(frame.batch):
            return Row(0)
        if isinstance(example, Probe) and example.row >= len(frame.dataset.x):
            return Row(0)
        return example

    def _knower(self, derivation: Derivation) -> Callable[[Factor | Term | None], bool]:
        """Whether the walk has reached a factor, a summand, or (None) the result."""
        focus, walk = self._focus, self._focus.walk
        if walk is None or focus.grain == "step":
            return lambda part: True
        forward = derivation.quantity == "activation"

        def known(part: Factor | Term | None) -> bool:
            element: Element = derivation.target if part is None else part.element
            if part is None:
                quantity = {"gradient": "dW", "delta": "delta", "activation": "a", "loss": "C"}[derivation.quantity]
            elif isinstance(part, Term):
                if isinstance(element, Edge):
                    quantity = ("z" if element.is_bias else "product") if forward else "arrival"
                    quantity = "dW" if element == derivation.target else quantity
                    element = Unit(element.layer, element.to) if quantity == "z" else element
                else:
                    quantity = "element" if derivation.quantity == "loss" else "error"
            elif forward:
                quantity = "z"
            else:
                quantity = {"error": "error", "slope": "delta", "delta": "delta", "input": "a"}[part.color_role]
            if isinstance(element, Unit) and element.layer == 0:
                return True
            return walk.known(focus.grain, focus.playhead, element, quantity) != "not yet"

        return known

    # ---- head: name, value, what it will become

    def _show_head(self, frame: Frame, derivation: Derivation, subject: Element, example: Example) -> None:
        self._title.setText(derivation.title.rendered(tr))
        self._notation.setText(tr("notation: {name}", name=tr(NOTATIONS[self._focus.notation].title)) + " ▾")
        digits = self._focus.digits
        letters = Letters(self._focus.notation, frame.experiment.network)
        value, name = value_of(frame, subject, shown_row(frame, example), letters)
        self._editor.setVisible(value is not None)
        if value is not None:
            self._value_name.setText(f"{name} =")
            self._value.show_value(value)
        walk = self._focus.walk
        address, new = derivation.update_beat_address, derivation.new_value
        self._next.setVisible(value is not None and address is not None and walk is not None)
        if address is not None and new is not None and walk is not None and self._focus.grain != "step":
            beat = walk.find(self._focus.grain, address)
            computed = walk.known(self._focus.grain, self._focus.playhead, subject, "new") != "not yet"
            self._next.setText(
                tr("will become {value}", value=number(new, digits)) if computed
                else tr("will become: beat {beat}", beat=beat)
            )  # fmt: skip
        elif new is not None:
            self._next.setText(tr("will become {value}", value=number(new, digits)))
        if derivation.frozen:
            self._next.setText(tr("❄ frozen: stays"))
        pending = not self._knower(derivation)(None) and walk is not None and bool(derivation.beat_address)
        self._place.setVisible(pending)
        if pending and walk is not None:
            beat = walk.find(self._focus.grain, derivation.beat_address)
            self._place.setText(tr("Not computed yet: go to beat {beat}", beat=beat))
        self._derivation = derivation

    def _written(self, value: float) -> str:
        return given(value, 17 if self._focus.digits >= 17 else max(self._focus.digits, 9))

    def _commit(self, value: float, drag: object | None = None) -> None:
        """Take a typed or dragged value: whole new parameters, or a whole new data set."""
        frame, subject = self._frame, self._shown
        if frame is None or subject is None:
            return
        name = Letters(self._focus.notation, frame.experiment.network).element(subject)
        params, dataset = with_value(frame, subject, shown_row(frame, self._example(frame)), value)
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

    def _look_at(self, element: Element) -> None:
        self._focus.set(selection=element)

    def _go_to_update(self) -> None:
        self._go_to(self._derivation.update_beat_address)

    def _go_to_beat(self) -> None:
        self._go_to(self._derivation.beat_address)

    def _go_to(self, address: str | None) -> None:
        walk = self._focus.walk
        if walk is None or not address:
            return
        grain = self._focus.grain if self._focus.grain != "step" else walk.default_grain
        self._focus.set(grain=grain, playhead=walk.find(grain, address))

    # ---- numerical check

    def _ask(self, frame: Frame, edge: Edge) -> None:
        self._check_row.setVisible(True)
        if self._asked is not None and self._asked[0] is frame and self._asked[1] == edge:
            return
        self._asked = (frame, edge)
        self._check_value.setText("…")
        self._runner.ask(Check(frame, edge))

    def _answered(self, question: object, answer: object) -> None:
        if not isinstance(question, Check) or self._asked is None or isinstance(answer, Progress):
            return
        if question.frame is not self._asked[0] or question.edge != self._asked[1]:
            return
        if not isinstance(answer, GradientCheck):
            self._say_check(plain(answer) if isinstance(answer, Exception) else str(answer), "warning")
            return
        verdict, numeric = answer.verdicts[0], number(float(answer.numeric[0]), self._focus.digits)
        if verdict == AGREES:
            self._say_check(f"{numeric} ✓", "good")
        elif verdict == KINK:
            self._say_check(tr("{value} (a kink of ReLU lies here)", value=numeric), "warning")
        elif verdict == SEQUENTIAL:
            self._say_check(tr("{value} (sequential order is the gradient of nothing)", value=numeric), "warning")
        else:
            self._say_check(tr("{value} ✕ differs by {error}", value=numeric, error=rough(answer.worst, 2)), "error")

    def _say_check(self, text: str, role: str) -> None:
        self._check_value.setText(text)
        restyle(self._check_value, "role", role)

    # ---- furniture

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 2, 4, 4)
        column.setSpacing(8)
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self._title, 1)
        head.addWidget(self._notation)
        self._editor = QWidget()
        editor = QHBoxLayout(self._editor)
        editor.setContentsMargins(0, 0, 0, 0)
        editor.addWidget(self._value_name)
        editor.addWidget(self._value, 1)
        line = QFrame()
        line.setObjectName("hairline")
        line.setFixedHeight(1)
        self._check_row = QWidget()
        row = QHBoxLayout(self._check_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._check, 1)
        row.addWidget(self._check_value)
        self._check_value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in self._headings:
            label.setProperty("role", "heading")
        for widget in (self._empty, self._head, self._editor, self._message):
            column.addWidget(widget)
        column.addWidget(self._next, 0, Qt.AlignmentFlag.AlignRight)
        column.addWidget(line)
        column.addWidget(self._place, 0, Qt.AlignmentFlag.AlignLeft)
        for heading, card in zip(self._headings, self._cards, strict=True):
            column.addWidget(heading)
            column.addWidget(card)
        column.addWidget(self._check_row)
        column.addStretch(1)
        for widget in (
            self._head,
            self._editor,
            self._next,
            self._place,
            *self._headings,
            *self._cards,
            self._check_row,
        ):
            widget.setVisible(False)

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        look = theme.current()
        self._value.setFont(look.font(16, mono=True, bold=True))
        self._value_name.setFont(look.font(16, mono=True, bold=True))
        self._check_value.setFont(look.font(12, mono=True))
        self._check.setText(tr("numerical check"))
        self._check.setToolTip(tr("Central difference of the objective at this parameter."))
        self._value.setAccessibleName(tr("Value"))
        self._menu.clear()
        for key, notation in NOTATIONS.items():
            action = self._menu.addAction(tr(notation.title))
            if action is not None:
                action.triggered.connect(lambda _, chosen=key: self._focus.set(notation=chosen))
        self._stale = True
        self._refresh()

    @override
    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        self._refresh()

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() in (QEvent.Type.LanguageChange, QEvent.Type.PaletteChange):
            self.retranslate()
        super().changeEvent(a0)


def _about(beat: Beat) -> Element | None:
    """What a beat computes, as something that can be explained."""
    if beat.phase == "L":
        return LossNode()
    if beat.unit is None:
        return None
    if beat.kind in ("gradient", "update") and beat.source is not None:
        return Edge(beat.layer, beat.unit, beat.source)
    return beat.subject

"""The right side: the selected thing, or what the present beat computes, explained down to its numbers.

A weight, a bias, an input or a target can be typed here; the value takes effect at once and can be undone. What the
walk has not reached yet is not given away: the card shows dots and the beat at which the number appears.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol

from PyQt6.QtCore import QEvent, QTimer
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.altered import Quantity
from bpstudio.insight.beat import Beat
from bpstudio.insight.derivation import Derivation, Factor, Term, derive
from bpstudio.insight.elements import Edge, Element, Example, LossNode, Map, Names, PlusOne, Probe, Row, Target, Unit
from bpstudio.training.frame import Frame
from ui.focus import Focus
from ui.language import tr, translatable
from ui.panels.inspector_head import InspectorHead, Subject
from ui.panels.numerical_check import NumericalCheck
from ui.placing import laid_out_once
from ui.runner import Runner

if TYPE_CHECKING:
    from ui.panels.your_number import YourNumber

SIDES: tuple[Literal["activation"], Literal["delta"]] = ("activation", "delta")
NOTHING_YET = translatable(
    "Press → to compute the first number, or select a line or a circle: here stands where it comes from."
)
ABOUT_MANY = translatable("Many numbers at once. Select a line or a circle: here stands where its number comes from.")
PAUSE_MS = 100
"""Between two texts while training runs; nobody reads faster."""
SOON_MS = 150
"""After the first explanation: by then it and the curves are on the screen."""


class Explanation(Protocol):
    """A widget that lays out one derivation (ui.explain has it; the window hands it in)."""

    def show_derivation(
        self, derivation: Derivation, digits: int, known: Callable[[Factor | Term | None], bool]
    ) -> None: ...


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
        self._eye = (focus.selection, focus.grain, focus.playhead)
        self._target: Element | None = None
        self._shown: Element | None = None
        self._derivation: Derivation | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._refresh)
        self._head = InspectorHead(runner, focus)
        self._cards = [make_card(self._look_at), make_card(self._look_at)]
        self._check = NumericalCheck(runner, focus)
        self._mine: YourNumber | None = None
        self._explained: tuple[Subject, tuple[Quantity, ...]] | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._prepared)
        self._headings = [QLabel(), QLabel()]
        self._empty = QLabel()
        self._empty.setProperty("role", "secondary")
        self._empty.setWordWrap(True)
        self._lay_out()
        focus.changed.connect(self._look)
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

    @property
    def value_controls(self) -> tuple[QWidget, ...]:
        """What takes a new value."""
        return self._head.value_controls

    def edit_value(self) -> None:
        """Type the value of what is shown, where it has one."""
        self._head.edit_value()

    def ask_for_names(self, rename: Callable[[Element], object]) -> None:
        """What a double click on the title does."""
        self._head.rename = rename

    @property
    def target(self) -> Element | None:
        """What is explained."""
        return self._target

    def subject(self, frame: Frame) -> Element | None:
        """What is explained in a frame: the selection, or what the present beat computes."""
        return self._subject(frame)[0]

    @property
    def your_number(self) -> YourNumber:
        """The field for one's own number, made when it is first needed: the engine behind it takes its time to load."""
        if self._mine is None:
            from ui.panels.your_number import YourNumber

            self._mine = YourNumber(self._runner, self._focus)
            column = self.layout()
            if isinstance(column, QVBoxLayout):
                column.insertWidget(column.indexOf(self._check) + 1, self._mine)
            if self._explained is not None:
                self._mine.show_subject(*self._explained)
        return self._mine

    def prepare(self) -> None:
        """Make the field for one's own number soon: after the first formula, and before somebody wants to type."""
        if self._mine is None:
            self._soon.start()

    def _prepared(self) -> None:
        _ = self.your_number

    def forget(self) -> None:
        """Another lesson is open: numbers that were typed belong to the one before."""
        if self._mine is not None:
            self._mine.forget()

    @property
    def derivation(self) -> Derivation | None:
        """What is explained, with its numbers; None while nothing is."""
        return self._derivation

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
        names, both = Names.of(frame.experiment.network), ("activation", "delta")
        if self._target is None and walk is not None and focus.grain in ("edge", "neuron") and focus.playhead > 0:
            beat = walk.beat(focus.grain, min(focus.playhead, walk.count(focus.grain)))
            subject = _about(beat)
            if subject is not None and names.has(subject):
                return names.flat(subject), {"F": both[:1], "B": both[1:]}.get(beat.phase, both)
        subject = self._target if self._target is not None else focus.selection
        if subject is None or not names.has(subject):
            return None, both
        return names.flat(subject), both

    def _refresh(self) -> None:
        frame = self._frame
        if frame is None or not self._stale or not self.isVisible():
            return
        walk = self._focus.walk
        if walk is not None and walk.network != frame.experiment.network:
            return  # the eye is on another network already; its frame is on its way
        self._stale = False
        with laid_out_once(self):
            self._explain(frame)

    def _explain(self, frame: Frame) -> None:
        subject, sides = self._subject(frame)
        self._shown, self._derivation, self._explained = subject, None, None
        self._empty.setVisible(subject is None)
        self._empty.setText(tr(NOTHING_YET if self._focus.playhead == 0 else ABOUT_MANY))
        if subject is None:
            for widget in (*self._headings, *self._cards, self._check):
                widget.hide()
            self._head.clear()
            if self._mine is not None:
                self._mine.show_subject(None)
            return
        example = self._example(frame)
        derivations = self._derivations(frame, example, subject, sides)
        self._derivation, known = derivations[0], self._knower(derivations[0])(None)
        self._head.show_subject(Subject(frame, example, subject, derivations[0], known))
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
        if isinstance(subject, Edge) and frame.run != "running" and known:
            self._check.ask(frame, subject)
        else:
            self._check.hide()
        self._explained = (Subject(frame, example, subject, derivations[0], known), self._thought_of(derivations))
        if self._mine is not None:
            self._mine.show_subject(*self._explained)
        self.prepare()

    def _derivations(
        self, frame: Frame, example: Example, subject: Element, sides: tuple[str, ...]
    ) -> list[Derivation]:
        notation, digits = self._focus.notation, self._focus.digits
        if isinstance(subject, Unit | Map) and subject.layer > 0:
            return [derive(frame, example, subject, notation, digits, kind) for kind in SIDES if kind in sides]
        if isinstance(subject, Target):
            subject = Unit(len(frame.experiment.network.layers), subject.index)
            return [derive(frame, example, subject, notation, digits, "delta")]
        if isinstance(subject, PlusOne):
            subject = Edge(subject.layer, 0, -1)
        return [derive(frame, example, subject, notation, digits)]

    def _thought_of(self, derivations: list[Derivation]) -> tuple[Quantity, ...]:
        """Which numbers of what is shown somebody has in mind, the likeliest first."""
        focus, walk = self._focus, self._focus.walk
        if derivations[0].quantity == "gradient":
            at_update = walk is not None and self._target is None and focus.grain != "step" and focus.playhead > 0
            if at_update and walk is not None and walk.beat(focus.grain, focus.playhead).phase == "U":
                return ("new", "gradient")
            return ("gradient", "new")
        if derivations[-1].quantity == "delta" and self._knower(derivations[-1])(None):
            return ("delta", "a", "z")
        return ("a", "z") if derivations[0].quantity == "activation" else ("delta",)

    def _example(self, frame: Frame) -> Example:
        example = self._focus.example
        if isinstance(example, Row) and example.position >= len(frame.batch):
            return Row(0)
        if isinstance(example, Probe) and example.row >= len(frame.dataset.x):
            return Row(0)
        return example

    def _knower(self, derivation: Derivation) -> Callable[[Factor | Term | None], bool]:
        """Whether the walk has reached a factor, a summand, or (None) the result.

        At the beat that is looked at now: a card that shows itself anew may stand there from another network's walk.
        """
        walk, grain, playhead = self._focus.walk, self._focus.grain, self._focus.playhead
        if walk is None or grain == "step":
            return lambda part: True
        forward = derivation.quantity == "activation"
        # Of the walk of then too: a layer of images is explained by places.
        by_places = isinstance(derivation.target, Unit) and not walk.is_dense(derivation.target.layer)

        def known(part: Factor | Term | None) -> bool:
            element: Element = derivation.target if part is None else part.element
            if forward and not isinstance(part, Factor) and part is not None and by_places:
                part = None  # what a window gave is known when its place is
                element = derivation.target
            if part is None:
                quantity = {"gradient": "dW", "delta": "delta", "activation": "a", "loss": "C"}[derivation.quantity]
            elif isinstance(part, Term):
                if isinstance(derivation.target, Edge) and isinstance(element, Unit):
                    quantity = "delta"
                elif isinstance(element, Edge):
                    quantity = ("z" if element.is_bias else "product") if forward else "arrival"
                    quantity = "dW" if element == derivation.target else quantity
                    element = Unit(element.layer, element.to) if quantity == "z" else element
                else:
                    quantity = "element" if derivation.quantity == "loss" else "error"
            elif forward:
                quantity = "z"
            else:
                quantity = {"error": "error", "slope": "delta", "delta": "delta", "input": "a"}[part.color_role]
            if isinstance(element, PlusOne) or (isinstance(element, Unit) and element.layer == 0):
                return True  # given, not computed
            return walk.known(grain, playhead, element, quantity) != "not yet"

        return known

    def _look_at(self, element: Element) -> None:
        walk = self._focus.walk
        self._focus.set(selection=element if walk is None else walk.names.placed(element))

    # ---- furniture

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 2, 4, 4)
        column.setSpacing(8)
        for label in self._headings:
            label.setProperty("role", "heading")
        column.addWidget(self._empty)
        column.addWidget(self._head)
        for heading, card in zip(self._headings, self._cards, strict=True):
            column.addWidget(heading)
            column.addWidget(card)
        column.addWidget(self._check)
        column.addWidget(self._check.cost)
        self._check.cost.hide()
        column.addStretch(1)
        for widget in (*self._headings, *self._cards):
            widget.setVisible(False)

    def retranslate(self) -> None:
        """Set every text in the language in use."""
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
    if beat.channel is not None and beat.unit is None:
        return Map(beat.layer, beat.channel)
    if beat.unit is None:
        return None
    if beat.kind in ("gradient", "update") and beat.source is not None:
        return Edge(beat.layer, beat.unit, beat.source)
    return beat.subject

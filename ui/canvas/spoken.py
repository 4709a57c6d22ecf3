"""What a screen reader says of the canvas.

Circles and lines are painted, so by themselves they are nothing that a screen reader could go to. Qt's way out would be
an accessible child for each of them, but PyQt6 (6.11) wraps neither QAccessible nor QAccessibleInterface, and no event
by which a program says something of its own accord. What is left, and works with Orca, NVDA and Narrator: the name and
the description of the canvas itself. Qt reports each change of them, and the name of what has the keyboard is read
again. So the name says what has just changed, the element that was selected or the beat that was reached with its line,
and the description says both at length. The limits: elements can't be listed or searched by the reader's own keys, a
touch on the picture finds only the canvas, and a reader that is told to be quiet about changed names stays quiet. Shift
and the arrow keys go from element to element; everything the picture knows stands in the table twin (F4) too, which is
made of ordinary tables.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QWidget

from bpstudio.insight.elements import Edge, Kernel, LossNode, Map, Target, Unit
from bpstudio.insight.notation import given, number
from ui.canvas import headline, words
from ui.canvas.picture import Picture
from ui.canvas.view import View
from ui.language import tr, translatable

NETWORK = translatable("The network")
NAMED = translatable("The network: {what}")
TABLES = translatable("F4 shows the same as tables.")
REST_MS = 150
"""A reader is told when the eye rests for so long: who holds the arrow key down wants the last beat only."""


def beat(picture: Picture) -> str:
    """The beat and its line, or what is drawn while nobody walks."""
    word, _color = headline.phase_word(picture)
    said = f"{word}: {headline.sentence(picture)}" if word else headline.sentence(picture)
    line = headline.beat_line(picture)
    return f"{said} {line}" if line else said


def element(picture: Picture) -> str:
    """The selected element and its numbers; empty where nothing is selected."""
    selected = picture.eye.selection
    if selected is None:
        return ""
    return "; ".join([words.title(picture, selected), *words.facts(picture, selected)])


def short(picture: Picture) -> str:
    """The selected element with its numbers in as many digits as are shown: what can be listened to."""
    chosen, digits = picture.eye.selection, picture.eye.digits
    if isinstance(chosen, Map | Kernel):
        return "; ".join([words.title(picture, chosen), *words.facts(picture, chosen)])
    if chosen is None:
        return ""
    selected = picture.names.flat(chosen)
    said: list[tuple[str, str | None]] = []
    match selected:
        case Edge():
            edge, symbol = selected, "db" if selected.is_bias else "dw"
            known = number(picture.gradient_of(edge), digits) if picture.known(edge, "dW") else None
            said = [("", given(picture.weight_of(edge), digits)), (picture.letters.text(symbol, edge), known)]
        case Unit(0, index):
            said = [("", given(float(picture.numbers.a(0)[index]), digits))]
        case Unit(layer, index):
            known = number(float(picture.numbers.a(layer)[index]), digits) if picture.known(selected, "a") else None
            said = [("", known)]
            if picture.known(selected, "delta"):
                said.append((picture.letters.text("delta", selected), number(picture.delta(layer)[index], digits)))
        case LossNode():
            said = [("", number(picture.frame.objective, digits) if picture.known(selected, "C") else None)]
        case Target(index):
            said = [("", given(float(picture.numbers.y()[index]), digits))]
    parts = [words.title(picture, selected)]
    for what, value in said:
        parts.append(f"{what} = {value or tr(words.NOT_COMPUTED)}" if what else value or tr(words.NOT_COMPUTED))
    return "; ".join(parts)


def name(view: View | None, about_beat: bool) -> str:
    """The name of the canvas: what has changed last, the beat or the selection. Training is not read out."""
    if view is None:
        return tr(NETWORK)
    picture = Picture(view.replace(phase=1.0))
    if picture.running:
        return tr(NAMED, what=headline.phase_word(picture)[0])
    said = "" if about_beat else short(picture)
    return tr(NAMED, what=said or beat(picture))


def description(view: View | None) -> str:
    """All that there is to say: what is selected with its numbers, the beat, and where the tables are."""
    if view is None:
        return tr(words.NOTHING_SELECTED)
    picture = Picture(view.replace(phase=1.0))
    parts = [element(picture) or tr(words.NOTHING_SELECTED)]
    if not picture.running:
        parts.append(beat(picture))
    return "\n".join([*parts, tr(TABLES)])


class Voice:
    """Keeps name and description of a canvas up to date, when the eye has come to rest."""

    def __init__(self, canvas: QWidget, view: Callable[[], View | None]) -> None:
        self._canvas, self._view = canvas, view
        self._about_beat = True
        self._rest = QTimer(canvas)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self.say)

    def later(self, about_beat: bool) -> None:
        """Tell of the beat or of the selection after a moment, unless something else comes before that."""
        self._about_beat = about_beat
        self._rest.start()

    def say(self) -> None:
        """Tell of what is shown now."""
        self._rest.stop()
        view, canvas = self._view(), self._canvas
        for said, before, tell in (
            (name(view, self._about_beat), canvas.accessibleName(), canvas.setAccessibleName),
            (description(view), canvas.accessibleDescription(), canvas.setAccessibleDescription),
        ):
            if said != before:
                tell(said)

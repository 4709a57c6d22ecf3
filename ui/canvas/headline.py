"""The two lines above the picture: where the eye is and what is asked there; symbols = numbers = result."""

from __future__ import annotations

from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QPainter

from bpstudio.insight.diagnostics import origin
from bpstudio.insight.elements import Probe, Row, WholeBatch
from bpstudio.insight.lines import headline, line
from ui.canvas import compared, edges, text
from ui.canvas.picture import Picture
from ui.language import tr, translatable

WORDS = {
    "F": translatable("FORWARD"),
    "L": translatable("LOSS"),
    "B": translatable("BACKWARD"),
    "U": translatable("UPDATE"),
}
"""The phases as the headline writes them."""

START = translatable("nothing is computed yet · press → for the first number")
BEAT = translatable("beat {index} of {count}")
TRAINING = translatable("TRAINING")
STEP = translatable("STEP {step}")
ROW = translatable("row {row} of {rows} in this batch")
MEANS = translatable("whole batch: means over {rows} rows")
PROBE = translatable("probe: row {row} · contributes nothing to this update")
TRAINING_ROW = translatable("neurons: row {row} of this batch")
TRAINING_MEANS = translatable("neurons: means over {rows} rows")
EDGES = {
    "mean": translatable("edges: mean ∂C/∂w over {rows} rows"),
    "sum": translatable("edges: ∂C/∂w, summed over {rows} rows"),
    "one": translatable("edges: ∂C/∂w"),
    "weight": translatable("edges: weights"),
    "update": translatable("edges: what the update adds"),
    "difference": translatable("edges: difference from the other network"),
    "check": translatable("edges: error of the gradient check"),
}
FROM_BRANCH = translatable("edges: difference from {branch}")
STRONGEST = translatable("strongest {count} of each layer drawn")
MARGIN = 20
"""Distance of the headline and the legend from the sides."""
DIVERGED = translatable("NOT FINITE")
DIVERGED_AT = translatable("{first} · training is paused before this step")


def phase_word(picture: Picture) -> tuple[str, QColor]:
    """The word that opens the headline, and its colour."""
    theme = picture.theme
    if picture.frame.nonfinite is not None:
        return tr(DIVERGED), theme.nonfinite
    if picture.running:
        return tr(TRAINING), theme.phase["U"]
    if picture.grain == "step" and picture.index:
        return tr(STEP, step=picture.frame.step), theme.phase["U"]
    if not picture.phase:
        return "", theme.secondary
    return tr(WORDS[picture.phase]), theme.phase[picture.phase]


def sentence(picture: Picture) -> str:
    """What follows the word: the beat and its question, or what is drawn while training runs."""
    problem = origin(picture.frame, picture.eye.written)
    if problem is not None:
        return tr(DIVERGED_AT, first=problem.words.rendered(tr))
    if picture.running or (picture.grain == "step" and picture.index):
        return drawn(picture)
    if picture.beat is None:
        return tr(START)
    place = tr(BEAT, index=picture.index, count=picture.walk.count(picture.grain))
    asked = headline(picture.frame, picture.beat, picture.eye.written).rendered(tr)
    return f"{place} · {asked}"


def drawn(picture: Picture) -> str:
    """Of a whole step: whose numbers the neurons show, what the edges mean, and how many of them are drawn."""
    rows = len(picture.frame.batch)
    example = picture.numbers.example
    parts = []
    if isinstance(example, WholeBatch):
        parts.append(tr(TRAINING_MEANS, rows=rows))
    elif isinstance(example, Row) and rows > 1:
        parts.append(tr(TRAINING_ROW, row=example.position + 1))
    elif isinstance(example, Probe):
        parts.append(tr(PROBE, row=example.row + 1))
    meaning = picture.eye.color
    if meaning == "gradient":
        meaning = "one" if rows == 1 else "sum" if picture.frame.experiment.reduction == "sum" else "mean"
    other = compared.name(picture) if meaning == "difference" else ""
    parts.append(tr(FROM_BRANCH, branch=other) if other else tr(EDGES[meaning], rows=rows))
    if any(picture.geometry.mode(layer) == "strongest" for layer in range(1, picture.depth + 1)):
        parts.append(tr(STRONGEST, count=edges.limit(picture.depth)))
    return tr("; ").join(parts)


def whose(picture: Picture) -> str:
    """Whose numbers the neurons show, where there is a choice."""
    rows = len(picture.frame.batch)
    example = picture.numbers.example
    if isinstance(example, Probe):
        return tr(PROBE, row=example.row + 1)
    if rows == 1 or picture.running or picture.grain == "step":
        return ""
    if isinstance(example, WholeBatch):
        return tr(MEANS, rows=rows)
    return tr(ROW, row=example.position + 1, rows=rows)


def shorter(picture: Picture) -> str:
    """The question alone, where place and question have no room side by side."""
    if picture.running or picture.beat is None or picture.frame.nonfinite is not None or picture.grain == "step":
        return sentence(picture)
    return headline(picture.frame, picture.beat, picture.eye.written).rendered(tr)


def beat_line(picture: Picture, digits: int | None = None) -> str:
    """Symbols = numbers = result of the beat, in one line; empty while its pulse is under way and while training
    runs."""
    if picture.beat is None or not picture.arrived or picture.grain == "step" or picture.frame.nonfinite is not None:
        return ""
    made = line(picture.frame, picture.numbers.example, picture.beat, picture.eye.written, digits or picture.eye.digits)
    return "   ·   ".join(phrase.rendered(tr) for phrase in (made, *made.more))


def fitted(picture: Picture, font: text.Pen, width: float) -> str:
    """The beat's line as far as there is room: with fewer decimals, then without what stands in its middle."""
    line = beat_line(picture)
    for digits in range(picture.eye.digits - 1, 3, -1):
        if font.width(line) <= width:
            return line
        line = beat_line(picture, digits)
    if font.width(line) <= width:
        return line
    sides = beat_line(picture).split("   ·   ")[0].split(" = ")
    # The middle may go only where all sides are the same number: W⁺ = W − η ∂C/∂W, η = 0.5: … is no such line.
    is_chain = picture.grain != "layer"
    short = f"{sides[0]} = {sides[-1]}" if len(sides) > 2 and is_chain else line
    return font.elided(short, width)


def paint(painter: QPainter, picture: Picture) -> None:
    """The headline and, under it, the beat's line. Whose numbers they are stands at the right end."""
    theme = picture.theme
    bold, plain, mono = text.pen_of(theme, 13, bold=True), text.pen_of(theme, 13), text.pen_of(theme, 13, mono=True)
    left, right = float(theme.px(MARGIN)), picture.view.width - theme.px(MARGIN)
    middle = theme.px(22)
    owner = whose(picture)
    if owner:
        width = plain.width(owner)
        plain.draw(painter, QRectF(right - width - 2, middle - 10, width + 2, 20), owner, theme.secondary, text.RIGHT)
        right -= width + theme.px(MARGIN)
    word, color = phase_word(picture)
    x = left
    if word:
        x = bold.put(painter, x, middle, word, color) + theme.px(8)
    words = sentence(picture)
    if plain.width(words) > right - x:
        words = shorter(picture)
    plain.put(painter, x, middle, plain.elided(words, right - x), theme.secondary)
    under = fitted(picture, mono, picture.view.width - 2 * left)
    if under:
        mono.put(painter, left, middle + theme.px(22), under, theme.text)

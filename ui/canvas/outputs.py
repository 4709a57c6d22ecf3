"""What comes out, beside the output units: the target of a number, or the share of each class.

The true class is marked by a sign and a bold name, so that a wrong answer is seen at once.
"""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QPainter

from bpstudio.insight import own_names
from bpstudio.insight.elements import Target
from bpstudio.insight.notation import given, number
from ui.canvas import glyphs, text
from ui.canvas.picture import NOT_YET, Picture
from ui.canvas.room import Box, box_of
from ui.canvas.shade import outlined
from ui.language import tr


def shares(picture: Picture) -> bool:
    """Whether the outputs are classes, drawn as bars from 0 to 1."""
    function = picture.numbers.function(picture.depth).family
    return picture.frame.dataset.task == "classes" and function in ("softmax", "sigmoid")


def paint(painter: QPainter, picture: Picture) -> None:
    """Targets or bars, for as many outputs as have room for text."""
    font = text.pen_of(picture.theme, text.SMALL)
    if picture.network.outputs > 1 and picture.geometry.pitches[-1] < font.height * 0.9:
        return
    indices = picture.geometry.drawn(picture.depth).tolist()
    if shares(picture):
        _paint_shares(painter, picture, indices)
    else:
        _paint_targets(painter, picture, indices)


def taken(picture: Picture) -> list[Box]:
    """Where no other text may stand."""
    return [box_of(picture.geometry.answer_box(index)) for index in range(picture.network.outputs)]


def _paint_targets(painter: QPainter, picture: Picture, indices: list[int]) -> None:
    """ "target" over the wanted value, in the colour of the loss while it is compared."""
    theme = picture.theme
    font, mono = text.pen_of(theme, text.SMALL), text.pen_of(theme, text.NORMAL, mono=True)
    wanted = np.asarray(picture.numbers.y(), dtype=np.float64)
    lit = picture.lit_targets
    for index in indices:
        box = picture.geometry.answer_box(index)
        ink = theme.phase["L"] if index in lit else theme.text
        value = given(float(wanted[index]), 4)
        own = picture.letters.own_name(Target(index))
        called = tr("target") if own is None else own_names.text(own)
        middle = box.center().y()
        if mono.width(value) > max(box.width(), theme.px(16)):
            continue  # a deep network beside large text has no room for it
        if box.height() >= font.height + mono.height * 0.8 and font.width(tr("target")) <= box.width():
            font.put(painter, box.left(), middle - font.height * 0.5, called, theme.secondary)
            mono.put(painter, box.left(), middle + mono.height * 0.5, value, ink)
        else:
            mono.put(painter, box.left(), middle, value, ink)


def _paint_shares(painter: QPainter, picture: Picture, indices: list[int]) -> None:
    """Name, bar and share of each class; the true class has the target's mark and a bold name."""
    theme = picture.theme
    plain, bold = text.pen_of(theme, text.SMALL), text.pen_of(theme, text.SMALL, bold=True)
    mono = text.pen_of(theme, text.SMALL, mono=True)
    names = picture.frame.dataset.class_names
    values = np.asarray(picture.numbers.a(picture.depth), dtype=np.float64)
    true_class = picture.numbers.true_class()
    states = picture.states(picture.depth, "a")
    number_room = mono.width("0.000")
    for index in indices:
        box = picture.geometry.answer_box(index)
        true = index == true_class
        font = bold if true else plain
        tall = box.height() >= 1.9 * font.height
        mark = theme.px(13) if true else 0
        known = states[index] != NOT_YET
        value = float(values[index])
        if tall:
            row = QRectF(box.left(), box.center().y() - font.height, box.width(), font.height)
            under = QRectF(box.left(), box.center().y() + 1, box.width(), font.height)
            name_room = box.width() - mark
        else:
            widest = max(plain.width(name) for name in names)
            name_room = min(widest + theme.px(4), box.width() * 0.4)
            row = QRectF(box.left(), box.center().y() - font.height / 2, name_room, font.height)
            under = QRectF(row.right() + theme.px(17), row.top(), box.right() - row.right() - theme.px(17), font.height)
        ink = theme.text if true else theme.secondary
        end = font.put(painter, row.left(), row.center().y(), font.elided(names[index], name_room), ink)
        if true:
            glyphs.target(painter, end + theme.px(9), row.center().y(), theme.px(4), theme.phase["L"])
        bar = QRectF(
            under.left(), under.center().y() - theme.px(4), under.width() - number_room - theme.px(6), theme.px(8)
        )
        painter.fillRect(bar, theme.track)
        if theme.faintest:  # the empty part is paler than a mark may be there
            outlined(painter, bar, theme)
        if known and np.isfinite(value):
            filled = QRectF(bar.left(), bar.top(), bar.width() * min(max(value, 0.0), 1.0), bar.height())
            painter.fillRect(filled, theme.phase["F"])
            shown = f"{value:.3f}"
            mono.put(painter, bar.right() + theme.px(6), bar.center().y(), shown, theme.text)
        elif known:
            mono.put(painter, bar.right() + theme.px(6), bar.center().y(), number(value), theme.nonfinite)

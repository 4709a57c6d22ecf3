"""How classes look in a plot: a colour and a shape each, so that nobody depends on the colour."""

from __future__ import annotations

from PyQt6.QtGui import QColor

from ui.plots.pane import SYMBOLS
from ui.theme import Theme

# After Okabe and Ito (2008), lightened for the dark ground and darkened for the light one until each has 3:1 or more.
_DARK = ("#56B4E9", "#E69F00", "#35C99B", "#E58BC0", "#F0E442", "#E6EAF0", "#F2814B", "#9C9CFF")
_LIGHT = ("#0072B2", "#B35900", "#00795B", "#A23B78", "#7A6A00", "#1B2430", "#C03A14", "#5551C4")


def class_color(theme: Theme, index: int, count: int) -> QColor:
    """Two classes take the ends of the signed map, which their surface is drawn in; more take colours of their own."""
    if count == 2:
        return QColor(int(theme.signed(1.0 if index else -1.0)))
    palette = _DARK if theme.dark else _LIGHT
    return QColor(palette[index % len(palette)])


def class_symbol(index: int) -> str:
    """From the ninth class on colours return, with other shapes."""
    return SYMBOLS[(index + index // len(_DARK)) % len(SYMBOLS)]

"""Sixteen curves that nobody mistakes for each other."""

from itertools import pairwise

import pytest
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QApplication

from ui import theme
from ui.plots.race import member_pen


@pytest.mark.parametrize("look", ["dark", "light", "presentation"])
def test_every_member_has_a_look_of_its_own_and_is_seen(look: str, qapp: QApplication) -> None:
    theme.apply(qapp, look)
    pens = [member_pen(theme.current(), number) for number in range(16)]
    looks = {(pen.color().rgb(), tuple(pen.dashPattern()) if pen.style().value > 1 else ()) for pen in pens}
    assert len(looks) == 16
    for one, other in pairwise(pens):
        assert one.color() != other.color()
        assert (one.style(), one.dashPattern()) != (other.style(), other.dashPattern())
    ground = _luminance(theme.current().background)
    for pen in pens:
        light, dark = sorted((_luminance(pen.color()), ground), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3.0
    theme.apply(qapp, "dark")


def _luminance(color: QColor) -> float:
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in color.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

"""A formula and the numbers under it, in the room that there is."""

from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from ui.explain.formula import Formula, Part


def test_digits_give_way_where_they_would_cost_a_line(qtbot: QtBot) -> None:
    formula = Formula()
    qtbot.addWidget(formula)
    parts = [Part("x"), *[Part(r"\frac{a}{b}", "0.741365070", brief="0.741365") for _ in range(3)]]
    formula.show_parts(parts, ["=", r"\cdot", r"\cdot"])
    formula.show()
    wide = formula.heightForWidth(600)
    formula.resize(600, wide)
    written = [label.text() for label in formula.findChildren(QLabel) if not label.isHidden()]
    assert written == ["0.741365070"] * 3
    narrow = next(width for width in range(600, 100, -5) if formula.heightForWidth(width) > wide)
    formula.resize(narrow + 5, wide)
    assert [label.text() for label in formula.findChildren(QLabel) if not label.isHidden()] == ["0.741365"] * 3

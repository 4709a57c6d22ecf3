"""The furniture of the left column: what is chosen can be read, at every size of text."""

import pytest
from PyQt6.QtWidgets import QApplication, QStyle, QStyleOptionComboBox
from pytestqt.qtbot import QtBot

from ui import theme
from ui.panels.form import Choice
from ui.panels.number import NumberField


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_chosen_word_and_number_fit_into_their_fields(qtbot: QtBot, scale: float) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, "light", scale)
    theme.dress(app)
    try:
        choice = Choice()
        choice.offer([("step", "步"), ("momentum", "momentum")])
        field = NumberField(lambda value: None, lambda text, kind: None, display=lambda value: f"{int(value):,}")
        for widget in (choice, field):
            qtbot.addWidget(widget)
            widget.show()
        for row in range(2):
            choice.setCurrentIndex(row)
            choice.resize(choice.sizeHint())
            option = QStyleOptionComboBox()
            choice.initStyleOption(option)
            style = choice.style()
            assert style is not None
            part = style.subControlRect(
                QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, choice
            )
            assert part.width() >= choice.fontMetrics().horizontalAdvance(choice.currentText())
        field.show_value(60_961)
        padding = field.sizeHint().width() - field.fontMetrics().horizontalAdvance("60,961")
        assert padding >= 2 * theme.current().px(6) + 2
    finally:
        app.setStyleSheet("")
        theme.apply(app, "dark", 1.0)

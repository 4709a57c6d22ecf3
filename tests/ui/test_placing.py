"""Regions of the window."""

from PyQt6.QtWidgets import QSizePolicy, QWidget
from pytestqt.qtbot import QtBot

from ui import placing


class Undecided(QWidget):
    """Says another height each time, as wrapped text does while its font changes."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def heightForWidth(self, width: int) -> int:
        self.asked += 1
        if self.asked > 500:
            raise RecursionError("measured over and over")
        self.updateGeometry()
        return 900 + 40 * (self.asked % 2)


def test_content_that_cannot_decide_on_its_height_ends_nothing(qtbot: QtBot) -> None:
    content = Undecided()
    area = placing.scrolled("left", content)
    qtbot.addWidget(area)
    area.resize(200, 300)
    area.show()
    content.asked = 0
    area.resize(220, 300)
    assert 0 < content.asked < 50
    area.hide()

"""Regions of the window."""

import itertools

import pytest
from PyQt6.QtCore import QRect
from PyQt6.QtWidgets import QApplication, QLabel, QSizePolicy, QVBoxLayout, QWidget
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


class Counted(QVBoxLayout):
    """Counts how often it is laid out."""

    times = 0

    def setGeometry(self, a0: QRect) -> None:
        self.times += 1
        super().setGeometry(a0)


@pytest.fixture
def region(qtbot: QtBot) -> QWidget:
    """A region on the screen in which eight lines are hidden."""
    region = QWidget()
    layout = Counted(region)
    for number in range(8):
        label = QLabel(str(number))
        layout.addWidget(label)
        label.hide()
    qtbot.addWidget(region)
    region.show()
    qtbot.waitExposed(region)
    QApplication.processEvents()
    return region


def shown(region: QWidget) -> tuple[int, list[QLabel]]:
    """Show every line; how often that laid the region out, and the lines."""
    layout, labels = region.layout(), region.findChildren(QLabel)
    assert isinstance(layout, Counted)
    layout.times = 0
    for label in labels:
        label.show()
    return layout.times, labels


def test_what_changes_together_is_laid_out_once(region: QWidget) -> None:
    with placing.laid_out_once(region):
        assert shown(region)[0] == 0
        with placing.laid_out_once(region):
            pass
        assert shown(region)[0] == 0, "one within another leaves it to the outer one"
    layout, labels = region.layout(), region.findChildren(QLabel)
    assert isinstance(layout, Counted)
    assert 1 <= layout.times <= 2, "the region, and the window that grows with it"
    assert all(above.y() < below.y() for above, below in itertools.pairwise(labels)), "it is laid out already"


def test_a_failure_leaves_no_region_without_layout(region: QWidget) -> None:
    with pytest.raises(ValueError, match="no number"), placing.laid_out_once(region):
        raise ValueError("no number")
    assert shown(region)[0] >= 8

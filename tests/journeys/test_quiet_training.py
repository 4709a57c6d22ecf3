"""While training runs the window paints what changes and nothing else, and training waits until it has."""

from collections.abc import Callable
from typing import Any

import pytest
from PyQt6.QtCore import QEvent, QObject, QTimer
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from typing_extensions import override

from ui.canvas import painting
from ui.canvas.picture import Picture
from ui.later import AFTER_PAINTING, after_painting
from ui.placing import SteadyLabel

Visit = Callable[..., Any]


class Counter(QObject):
    """Counts the events of one kind that an object gets."""

    def __init__(self, kind: QEvent.Type) -> None:
        super().__init__()
        self.kind = kind
        self.count = 0

    @override
    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        self.count += a1 is not None and a1.type() == self.kind
        return False


def test_numbers_that_change_never_lay_out_the_whole_window(visit: Visit) -> None:
    """A label with a new width asks every parent for a new layout, ten times a second."""
    person = visit("iris")
    person.app.runner.play()
    person.wait(lambda: person.frame.step > 4000)
    layouts, frames = Counter(QEvent.Type.LayoutRequest), Counter(QEvent.Type.Paint)
    # Not the window itself: the line of findings may ask for room when it finds something else.
    for region in (person.window.toolbar, person.window.builder, person.window.data, person.window.timeline):
        region.installEventFilter(layouts)
    person.window.canvas.installEventFilter(frames)
    person.wait(lambda: frames.count > 90)
    person.app.runner.pause()
    person.settle()
    # A number that needs more room than any before it may ask; before, every second frame did.
    assert layouts.count < 8


def test_text_and_plots_follow_while_training_runs(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    person = visit("xor")
    person.app.runner.play()
    person.wait(lambda: person.frame.step > 100)
    written: list[int] = []
    letter = painting.letter

    def written_again(picture: Picture) -> painting.Lettering:
        written.append(picture.frame.step)
        return letter(picture)

    monkeypatch.setattr(painting, "letter", written_again)
    drawn = {plot: Counter(QEvent.Type.Paint) for plot in person.window.plots.all if plot.isVisible()}
    for plot, paints in drawn.items():
        plot.installEventFilter(paints)
    person.wait(lambda: len(written) > 1 and all(paints.count > 1 for paints in drawn.values()))
    person.app.runner.pause()
    person.settle()
    assert written[0] < written[1]


def test_a_steady_label_grows_and_never_shrinks(qtbot: QtBot) -> None:
    label = SteadyLabel()
    qtbot.addWidget(label)
    label.say("12")
    narrow = label.width()
    label.say("123,456")
    wide = label.width()
    label.say("7")
    assert narrow < wide == label.width()
    assert label.text() == "7"


def test_what_waits_for_painting_comes_after_it(qtbot: QtBot) -> None:
    order: list[str] = []

    class Shown(QLabel):
        @override
        def paintEvent(self, a0: object) -> None:
            order.append("painted")

        @override
        def customEvent(self, a0: QEvent | None) -> None:
            assert a0 is not None
            assert a0.type() == AFTER_PAINTING
            order.append("after")

    label = Shown()
    qtbot.addWidget(label)
    label.show()
    qtbot.waitUntil(lambda: order != [])
    order.clear()

    def both() -> None:
        after_painting(label)
        label.update()

    QTimer.singleShot(0, both)
    qtbot.waitUntil(lambda: len(order) == 2)
    assert order == ["painted", "after"]

"""The cost over the selected weight: asked on a click, drawn with the other loss, and said in words."""

from typing import Any

import numpy as np
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bpstudio.files import lesson as lessons
from bpstudio.insight.elements import Edge
from ui import language
from ui.panels.cost_along import CostAlong


def test_the_curve_is_asked_on_a_click_and_says_what_is_convex(stage: Any, qtbot: QtBot, qapp: QApplication) -> None:
    stage.open(lessons.load("logistic").session())
    made = CostAlong(stage.runner)
    qtbot.addWidget(made)
    made.show()
    made.ask(stage.frame, Edge(1, 0, 0))
    stage.settle()
    assert made.plot.curve is None, "nobody looks at it yet"
    made.unfold()
    qtbot.waitUntil(lambda: made.plot.curve is not None)
    curve = made.plot.curve
    assert curve is not None
    assert curve.value == stage.frame.params.W[0][0, 0]
    said = {dashed: text for text, dashed in made.plot.words(curve)}
    assert said[False].endswith("not convex")
    assert "convex here" in said[True]
    image = made.plot.grab().toImage()
    colors = {image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}
    assert len(colors) > 5
    language.install(qapp, "zh_CN")
    qtbot.waitUntil(lambda: "凸" in made.plot.toolTip())
    language.install(qapp, "en")
    made.unfold()
    assert made.plot.isHidden()
    assert np.isfinite(curve.costs).all()

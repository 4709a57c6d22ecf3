"""A practitioner brings a table, trains it to a good fit, goes back and forth in it, and comes back to it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog, QPushButton

from bpstudio.training.optimizers import SGD

Key, Mod = Qt.Key, Qt.KeyboardModifier
Visit = Callable[..., Any]


def table(home: Path) -> Path:
    """A German table: semicolons, decimal commas, an id nobody learns from, and a year far from 0."""
    path = home / "Messung.csv"
    lines = ["Probe;Jahr;Höhe;Ertrag"]
    for row in range(60):
        year, height = 1990 + row % 30, (row * 7 % 60) / 30 - 1
        value = 0.6 * height**2 + 0.01 * (year - 2004.5)
        lines.append(f"P{row:03};{year};{height:.3f};{value:.4f}".replace(".", ","))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def open_table(person: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    person.press(Key.Key_O, Mod.ControlModifier, Mod.ShiftModifier)
    window = person.window.data.data_window
    person.wait(window.use.isEnabled)
    return window


def back_to_the_window(person: Any) -> None:
    person.window.activateWindow()
    person.wait(person.window.isActiveWindow)
    person.window.canvas.setFocus()


def test_own_table_is_trained_to_a_good_fit_rewound_saved_and_found_again(
    visit: Visit, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = visit()
    person.press(Key.Key_Escape)

    window = open_table(person, table(home), monkeypatch)
    assert window.preparation.inputs == ("Jahr", "Höhe")
    assert window.preparation.targets == ("Ertrag",)
    offer = next(
        button for button in window.form.findChildren(QPushButton) if button.text() == "standardise the number columns"
    )
    person.click(offer)
    person.wait(window.use.isEnabled)
    person.click(window.use)
    back_to_the_window(person)
    assert person.frame.dataset.input_names == ("Jahr", "Höhe")
    start = person.frame

    rate = person.window.builder.training.rate
    rate.setFocus()
    rate.selectAll()
    person.qtbot.keyClicks(rate, "0,3")
    person.press(Key.Key_Return, on=rate)
    person.press(Key.Key_Escape, on=rate)
    person.press(Key.Key_1).press(Key.Key_Space)
    baseline = float(np.var(start.dataset.y[start.dataset.train])) / 2
    person.wait(lambda: person.frame.step > 1500)
    person.press(Key.Key_Space)
    fitted = person.settle().frame
    assert fitted.loss < baseline / 10
    assert fitted.run == "paused"

    person.press(Key.Key_Home, Mod.ControlModifier)
    assert person.frame.step == 0
    assert person.frame.loss == start.loss
    slider = person.window.timeline.steps.slider
    slider.setFocus()
    person.press(Key.Key_End, on=slider)
    assert person.frame.params.flat.tobytes() == fitted.params.flat.tobytes()

    names = []
    while person.frame.undo is not None:
        names.append(person.frame.undo)
        person.press(Key.Key_Z, Mod.ControlModifier, on=person.window.canvas)
    assert names[-1] == "use other data"
    assert person.frame.dataset.name == "Mazur 2015"
    for _ in names:
        person.press(Key.Key_Z, Mod.ControlModifier, Mod.ShiftModifier, on=person.window.canvas)
    assert person.frame.redo is None
    assert person.frame.params.flat.tobytes() == fitted.params.flat.tobytes()

    place = home / "Ertrag.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(place), ""))
    person.press(Key.Key_S, Mod.ControlModifier, on=person.window.canvas)
    assert not person.window.isWindowModified()
    assert person.window.close()

    person = visit()
    (recent,) = person.app.actions.menu("file.recent").actions()
    recent.trigger()
    person.wait(lambda: person.frame.step == fitted.step)
    assert person.frame.params.flat.tobytes() == fitted.params.flat.tobytes()
    assert person.frame.dataset.hash == fitted.dataset.hash
    assert person.frame.experiment.optimizer == SGD(0.3)
    assert person.frame.loss == fitted.loss
    person.press(Key.Key_R, Mod.ControlModifier, on=person.window.canvas)
    assert (person.frame.step, person.frame.loss) == (0, start.loss), "the same start, with the same digits"

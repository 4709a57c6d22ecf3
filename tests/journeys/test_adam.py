"""Somebody with a PyTorch script: Adam, a schedule, clipping; the update read line by line; and a run that stops."""

from pathlib import Path
from typing import Any

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QComboBox, QLabel, QLineEdit, QWidget

from bpstudio.files import lesson
from bpstudio.insight.elements import Edge
from bpstudio.training.optimizers import Adam, AdamW
from bpstudio.training.schedules import Cosine


def choose(person: Any, box: QComboBox, value: object) -> None:
    """By keyboard: down from the first entry until the wanted one is chosen."""
    box.setFocus()
    wanted = next(row for row in range(box.count()) if box.itemData(row) == value)
    person.qtbot.keyClick(box, Qt.Key.Key_Home)
    person.settle()
    for _ in range(wanted):
        person.qtbot.keyClick(box, Qt.Key.Key_Down)
        person.settle()
    assert box.currentData() == value


def type_into(person: Any, field: QWidget, text: str) -> None:
    assert isinstance(field, QLineEdit)
    field.setFocus()
    field.selectAll()
    person.qtbot.keyClicks(field, text)
    person.qtbot.keyClick(field, Qt.Key.Key_Return)
    person.settle()


def read(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def test_adam_is_chosen_read_and_saved(visit: Any, home: Path) -> None:
    person = visit("mazur")
    training = person.window.builder.training
    choose(person, training.optimizer, "adam")
    type_into(person, training.rate, "0.1")
    type_into(person, training.rule.options.control("beta1"), "0.8")
    choose(person, training.rule.schedule, "cosine")
    type_into(person, training.rule.schedule_options.control("t_max"), "40")
    experiment = person.frame.experiment
    assert (experiment.optimizer, experiment.schedule) == (Adam(0.1, 0.8), Cosine(40))
    person.app.runner.step(3)
    person.settle()
    focus, frame = person.app.focus, person.frame
    focus.set(grain="edge", selection=Edge(2, 0, 0), playhead=focus.walk.find("edge", "update/w5"))
    person.wait(lambda: "m̂ = m⁺/(1 − β₁ᵗ)" in read(person.window.inspector))
    said = read(person.window.inspector)
    step = frame.step + 1
    assert f"/(1 − 0.8^{step}) = " in said
    assert "η = η_min + (η₀ − η_min)(1 + cos(π k/T))/2 = " in said
    assert f"{frame.rate:g}" in said
    file = home / "mine.json"
    lesson.write(frame, file)
    again = visit(file)
    assert again.frame.experiment == experiment
    assert again.frame.rate == frame.rate
    assert again.frame.trace.update.flat.tobytes() == frame.trace.update.flat.tobytes()


def test_a_run_stops_shows_its_best_step_and_goes_on_when_told(visit: Any) -> None:
    person = visit("iris")
    training = person.window.builder.training
    training.limits.set_open(True)
    choose(person, training.optimizer, "adamw")
    assert person.frame.experiment.optimizer == AdamW(person.frame.experiment.optimizer.rate, weight_decay=0.01)
    type_into(person, training.limits.every, "5")
    box = training.limits.stopping
    person.click(box, QPoint(8, box.height() // 2))
    assert person.frame.experiment.stopping is not None
    type_into(person, training.limits.stopping_options.control("patience"), "2")
    person.app.runner.play(until=5000)
    person.wait(lambda: person.frame.stopped is not None)
    person.settle()
    stopped = person.frame.stopped
    assert person.frame.step == stopped.best
    assert person.window.messages.isVisible()
    assert f"best at step {stopped.best}" in person.window.messages.words.text()
    person.click(person.window.messages.button)
    person.wait(lambda: person.frame.last_step > stopped.step)
    person.app.runner.pause()
    person.settle()

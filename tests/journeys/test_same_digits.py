"""The same run in the window and on the command line: every bit of every step, also after an edit in between."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import Qt

import bpstudio
from bpstudio import cli
from bpstudio.files import readable_json, step_document

Key = Qt.Key
Visit = Callable[..., Any]
TABLE = "size;age;price\n" + "".join(
    f"{40 + row * 7 % 90};{row * 11 % 30};{0.8 + row * 13 % 17}\n" for row in range(30)
)


def type_rate(person: Any, text: str, value: float) -> None:
    """Into the field of the builder, as a person does."""
    rate = person.window.builder.training.rate
    rate.setFocus()
    rate.selectAll()
    person.qtbot.keyClicks(rate, text)
    person.press(Key.Key_Return, on=rate)
    person.wait(lambda: person.frame.experiment.optimizer.rate == value)


def shown(frame: Any) -> Any:
    """A frame as `show --json` writes it, without what it is called."""
    written = json.loads(readable_json.write(step_document.document(frame)))
    return {key: value for key, value in written.items() if key != "title"}


def command(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.main(list(words)) == 0
    return capsys.readouterr().out


def check_same(person: Any, capsys: pytest.CaptureFixture[str], project: Path, steps: tuple[int, ...]) -> None:
    """Every array of these steps, by its bytes and as the command line prints it."""
    session = bpstudio.open(project)
    for step in steps:
        person.app.runner.seek(step)
        person.settle()
        person.wait(lambda step=step: person.frame.step == step)
        ours, theirs = person.frame, (session.seek(step), session.frame())[1]
        for name in ("arena", "x"):
            assert getattr(ours.trace, name).tobytes() == getattr(theirs.trace, name).tobytes()
        assert ours.params.flat.tobytes() == theirs.params.flat.tobytes()
        printed = json.loads(command(capsys, "show", str(project), "--step", str(step), "--json"))
        printed.pop("title")
        assert printed == shown(ours)


def test_a_lesson_with_an_edit_in_between(visit: Visit, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    person = visit("iris")
    person.app.runner.step(30)
    person.app.runner.play(until=90)
    person.wait(lambda: person.frame.step == 90 and person.frame.run != "running")
    type_rate(person, "1/30", 1 / 30)
    person.app.runner.step(40)
    person.wait(lambda: person.frame.step == 130)

    first, second = home / "first.bpstudio", home / "second.bpstudio"
    command(capsys, "train", "iris", "--steps", "90", "--out", str(first))
    command(capsys, "train", str(first), "--steps", "40", "--set", "rate=1/30", "--out", str(second))
    check_same(person, capsys, second, (130, 0, 90, 117))


def test_a_table_of_one_s_own(visit: Visit, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, project = home / "houses.csv", home / "houses.bpstudio"
    path.write_text(TABLE, encoding="utf-8")
    person = visit("mazur")
    person.window.data.open_path(str(path))
    window = person.window.data.data_window
    person.wait(window.use.isEnabled)
    person.click(window.use)
    person.wait(lambda: person.frame.dataset.name == "houses.csv")
    type_rate(person, "0,002", 0.002)
    person.app.runner.step(25)
    person.wait(lambda: person.frame.step == 25)

    said = command(capsys, "train", str(path), "--steps", "25", "--set", "rate=0,002", "--out", str(project))
    assert "target: price (number)" in said
    check_same(person, capsys, project, (25, 7))


def test_an_exported_moment_checks_itself_in_the_window(
    visit: Visit, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command(capsys, "export", "efficient-backprop", "--step", "12", "-o", str(home / "moment.json"))
    person = visit(home / "moment.json")
    assert person.frame.step == 12
    person.press(Key.Key_1)
    groups = person.window.lesson.digits.groups
    person.wait(lambda: {digit.state for digit in groups[0].digits} == {"✓"})
    person.app.runner.step()
    person.wait(lambda: {digit.state for digit in groups[1].digits} == {"✓"})
    assert [group.step for group in groups] == [12, 13]

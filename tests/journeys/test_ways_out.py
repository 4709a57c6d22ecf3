"""Everything that a plot or a table writes, chosen from its own menu, and what is kept of a run."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget

Visit = Callable[..., Any]


def give(menu: QMenu, words: str) -> bool:
    """Choose an entry by its first words; whether there is one."""
    found = [action for action in menu.actions() if action.text().startswith(words) and action.isEnabled()]
    for action in found[:1]:
        action.trigger()
    menu.close()
    return bool(found)


def table(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text(encoding="utf-8").splitlines()))


@pytest.fixture
def trained(visit: Visit) -> Any:
    person = visit("iris")
    person.app.focus.set(grain="step")
    person.app.runner.step(40)
    return person.settle()


def test_every_plot_writes_its_picture_and_its_numbers(
    trained: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plots = trained.window.plots
    for number, plot in enumerate(plots.all):
        for stack in (plots.second, plots.fourth):
            if plot in stack.plots:
                stack.choose(stack.plots.index(plot))
        trained.settle()
        name = f"{number}-{type(plot).__name__}"
        picture, numbers = home / f"{name}.png", home / f"{name}.csv"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, path=picture: (str(path.with_suffix("")), ""))
        assert give(plot.menu(), "Save picture"), name
        assert QImage(str(picture)).width() > 300, name
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, path=numbers: (str(path), ""))
        if plot.table() is not None:
            assert give(plot.menu(), "Save numbers"), name
            header, *rows = table(numbers)
            assert rows, name
            assert {len(row) for row in rows} == {len(header)}, name
    losses = table(home / "0-LossPlot.csv")
    assert len(losses) == 1 + 41, "every step, and the head"
    assert float(losses[-1][1]) == trained.frame.loss


def test_a_kept_curve_stays_through_a_reset(trained: Any) -> None:
    plot = trained.window.plots.loss
    assert give(plot.menu(), "Keep curve")
    trained.do("network.reset")
    assert trained.frame.step == 0
    assert len(trained.window.plots.kept) == 1
    assert give(plot.menu(), "Remove all kept curves")
    assert trained.window.plots.kept == ()


def test_the_table_of_rows_is_written_as_it_is_sorted(
    trained: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained.do("data.table")
    rows = trained.window.data.rows_window
    trained.wait(lambda: rows.model.answers is not None)
    column = [field.title for field in rows.model.fields].index("loss")
    rows.table.sortByColumn(column, Qt.SortOrder.DescendingOrder)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(home / "rows.csv"), ""))
    rows.save.click()
    trained.settle()
    header, *lines = table(home / "rows.csv")
    costs = [float(line[header.index("loss")]) for line in lines]
    assert len(costs) == 150
    assert costs == sorted(costs, reverse=True)
    rows.close()


def test_every_part_of_the_window_says_what_it_is(visit: Visit) -> None:
    """What is this? finds words wherever it is pointed: at the control itself or at the region around it."""
    person = visit("iris")
    silent = []
    for widget in person.window.findChildren(QWidget):
        if not widget.isVisible() or widget.visibleRegion().isEmpty():
            continue
        above: QWidget | None = widget
        while above is not None and not above.whatsThis() and not above.toolTip():
            above = above.parentWidget()
        if above is None and widget.childAt(QPoint(1, 1)) is None and widget.width() > 3 and widget.height() > 3:
            silent.append(f"{type(widget).__name__} {widget.objectName()}")
    # The lines between regions, and the bars, say nothing of their own.
    assert [name for name in silent if not name.startswith(("QSplitter", "QMenuBar", "QToolBar"))] == []


def test_all_speeds_and_reduced_motion(visit: Visit) -> None:
    person = visit("mazur")
    focus = person.app.focus
    person.app.focus.set(grain="edge")
    seen = []
    for _ in range(9):
        person.press(Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
        seen.append(focus.speed)
    assert seen[-1] == max(seen) == 8.0
    person.do("view.reduced_motion")
    assert focus.reduced_motion
    person.press(Qt.Key.Key_End).press(Qt.Key.Key_Left, times=3).press(Qt.Key.Key_Space)
    person.wait(lambda: focus.playhead == focus.last)
    for _ in range(12):
        person.press(Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier, on=person.window.canvas)
    assert focus.speed == 0.25
    QApplication.processEvents()
    assert person.app.errors.dialog is None

import csv
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bpstudio.training.frame import Frame
from ui import language, theme
from ui.focus import Focus
from ui.plots.row import MOST_KEPT, PlotsRow
from ui.runner import Runner


@pytest.fixture
def row(qtbot: QtBot, focus: Focus) -> PlotsRow:
    row = PlotsRow(focus)
    qtbot.addWidget(row)
    row.resize(1280, 200)
    row.show()
    return row


def refresh(row: PlotsRow) -> None:
    for plot in row.all:
        plot.refresh()


def read(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding="utf-8", newline="") as stream:
        names, *rows = csv.reader(stream)
    return names, rows


def test_numbers_are_exported_as_they_were_recorded(row: PlotsRow, classes_frame: Frame, tmp_path: Path):
    row.show_frame(classes_frame)
    refresh(row)
    row.loss.export_csv(tmp_path / "loss.csv")
    names, rows = read(tmp_path / "loss.csv")
    assert names == ["step", "loss", "accuracy", "validation_loss", "validation_accuracy"]
    steps, values = classes_frame.metrics.table(("loss", "accuracy"))
    assert [int(each[0]) for each in rows] == steps.tolist()
    assert [[float(each[1]), float(each[2])] for each in rows] == values.tolist()
    validated = {int(each[0]): [float(each[3]), float(each[4])] for each in rows if each[3]}
    assert validated == {int(step): [loss, share] for step, loss, share in classes_frame.metrics.validation}
    row.gradient.export_csv(tmp_path / "gradient.csv")
    names, rows = read(tmp_path / "gradient.csv")
    assert names == ["step", "norm/1", "norm/2"]
    assert float(rows[7][1]) == classes_frame.metrics.value("norm/1", 7)


def test_kept_curves_are_exported_beside_the_run(row: PlotsRow, classes_frame: Frame, tmp_path: Path):
    row.show_frame(classes_frame)
    refresh(row)
    row.keep_curve()
    row.loss.export_csv(tmp_path / "loss.csv")
    names, rows = read(tmp_path / "loss.csv")
    places = [names.index("loss"), names.index("kept 1: loss")]
    assert all(each[places[0]] == each[places[1]] for each in rows)
    assert names[-1] == "validation_accuracy"
    validated = {int(each[0]): float(each[-2]) for each in rows if each[-2]}
    assert validated == {int(step): loss for step, loss, _ in classes_frame.metrics.validation}
    row.gradient.export_csv(tmp_path / "gradient.csv")
    names, rows = read(tmp_path / "gradient.csv")
    assert names == ["step", "norm/1", "norm/2", "kept 1: norm/1", "kept 1: norm/2"]
    assert [each[2] for each in rows] == [each[4] for each in rows]


def test_every_plot_with_numbers_can_export_them(row: PlotsRow, classes_frame: Frame, tmp_path: Path):
    row.show_frame(classes_frame)
    for index in range(4):
        row.fourth.choose(index)
        refresh(row)
    row.second.choose(1)
    refresh(row)
    for number, plot in enumerate(row.all):
        if plot.table() is None:
            assert plot is row.fit
            with pytest.raises(ValueError, match="numbers to export"):
                plot.export_csv(tmp_path / "nothing.csv")
            continue
        plot.export_csv(tmp_path / f"{number}.csv")
        names, rows = read(tmp_path / f"{number}.csv")
        assert rows
        assert all(len(each) == len(names) for each in rows)


def test_a_picture_is_exported_twice_as_fine_and_without_the_menu_button(
    row: PlotsRow, classes_frame: Frame, tmp_path: Path
):
    row.show_frame(classes_frame)
    refresh(row)
    row.gradient.export_png(tmp_path / "gradient.png")
    image = QImage(str(tmp_path / "gradient.png"))
    assert (image.width(), image.height()) == (2 * row.gradient.width(), 2 * row.gradient.height())
    colors = {image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}
    assert len(colors) > 5
    assert row.gradient.header.menu_button.isVisible()


def test_a_failed_export_leaves_the_old_file(row: PlotsRow, classes_frame: Frame, tmp_path: Path):
    row.show_frame(classes_frame)
    refresh(row)
    with pytest.raises(OSError, match="no-such-folder"):
        row.loss.export_csv(tmp_path / "no-such-folder" / "loss.csv")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OSError, match="folder"):
        row.loss.export_png(tmp_path / "folder.png")


def test_kept_curves_are_in_every_plot_of_curves_and_have_a_limit(
    row: PlotsRow, classes_frame: Frame, mazur_frame: Frame
):
    row.keep_curve()
    assert row.kept == ()
    row.show_frame(classes_frame)
    row.keep_curve()
    row.show_frame(mazur_frame)
    refresh(row)
    for plot in row.curves:
        assert any(curve.name.startswith("kept 1") for curve in plot.content_shown.curves)
    for _ in range(MOST_KEPT):
        row.keep_curve()
    assert [kept.number for kept in row.kept] == list(range(2, MOST_KEPT + 2))
    row.clear_kept()
    refresh(row)
    for plot in row.curves:
        assert not any(curve.name.startswith("kept") for curve in plot.content_shown.curves)


def test_titles_lead_from_plot_to_plot(row: PlotsRow, classes_frame: Frame):
    row.show_frame(classes_frame)
    refresh(row)
    for index, plot in enumerate((row.bars, row.fit, row.confusion, row.units)):
        row.fourth.plots[row.fourth.currentIndex()].header.buttons[index].click()
        assert row.fourth.currentWidget() is plot
        assert plot.isVisible()
        assert plot.header.buttons[index].isChecked()
    row.saturation.header.buttons[1].click()
    assert row.beside_saturation.isVisible()
    row.beside_saturation.header.buttons[0].click()
    assert row.saturation.isVisible()


def test_a_lesson_has_its_plots_in_front(row: PlotsRow, classes_frame: Frame):
    row.show_frame(classes_frame)
    refresh(row)
    for names, second, fourth in (
        (("loss", "saturation", "gradient", "map"), row.saturation, row.units),
        (("bars", "gradient", "map"), row.beside_saturation, row.bars),
        (("loss", "gradient", "fit"), row.saturation, row.fit),
        ((), row.saturation, row.bars),
    ):
        row.bring(names)
        assert (row.second.currentWidget(), row.fourth.currentWidget()) == (second, fourth)
    row.bring(("accuracy", "loss"))
    assert row.loss.titles()[1] == 1
    row.bring(("loss", "accuracy"))
    assert row.loss.titles()[1] == 0


@pytest.mark.parametrize("tongue", ["en", "zh_CN"])
@pytest.mark.parametrize("size", [(1280, 192), (1920, 260), (820, 150)])
def test_nothing_written_is_cut_off_or_lies_on_something_else(
    row: PlotsRow, qapp: QApplication, deep_frame: Frame, tongue: str, size: tuple[int, int]
):
    language.install(qapp, tongue)
    row.resize(*size)
    row.show_frame(deep_frame)
    refresh(row)
    for plot in row.all:
        if not plot.isVisible():
            continue
        children = [*plot.header.buttons, *plot.header.options, plot.header.menu_button]
        boxes = [child.rect().translated(child.mapTo(plot, child.rect().topLeft())) for child in children]
        for index, box in enumerate(boxes):
            assert plot.rect().contains(box)
            assert not any(box.intersects(other) for other in boxes[:index])
        pane = getattr(plot, "pane", None)
        if pane is not None:
            places = [place.adjusted(0.0, 0.1, 0.0, -0.1) for _, place in pane.written_names()]
            assert all(not a.intersects(b) for k, a in enumerate(places) for b in places[:k])
            assert size[0] < 1000 or all(place.right() <= pane.width() for place in places)


def test_all_themes_and_languages_paint_without_a_warning(
    row: PlotsRow, qapp: QApplication, classes_frame: Frame, relu_frame: Frame, diverged_frame: Frame, zero_frame: Frame
):
    for frame, look, tongue, second, fourth in (
        (classes_frame, "light", "zh_CN", 0, 1),
        (relu_frame, "dark", "zh_CN", 1, 2),
        (diverged_frame, "light", "en", 1, 1),
        (zero_frame, "dark", "en", 0, 3),
    ):
        theme.apply(qapp, look, 1.5 if look == "light" else 1.0)
        language.install(qapp, tongue)
        row.second.choose(second)
        row.fourth.choose(fourth)
        row.show_frame(frame)
        refresh(row)
        assert not row.grab().isNull()


def test_with_a_runner_it_seeks_asks_and_hears(qtbot: QtBot, focus: Focus):
    from bpstudio.data.dataset import Dataset
    from bpstudio.engine.layers import Dense
    from bpstudio.engine.network import Network
    from bpstudio.training.experiment import Experiment
    from bpstudio.training.session import Session

    dataset = Dataset.from_arrays(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), [0, 1, 1, 0], task="binary")
    runner = Runner()
    try:
        row = PlotsRow(focus, runner)
        qtbot.addWidget(row)
        runner.frame_arrived.connect(row.show_frame)
        row.resize(1280, 220)
        row.fourth.choose(1)
        row.show()
        runner.open(Session(Experiment(Network(2, (Dense(2), Dense(1)))), dataset))
        runner.step(10)
        qtbot.waitUntil(lambda: row.fit._shown is not None and row.fit._shown.frame.step == 10)
        row.loss.refresh()
        row.loss.pane.picked(4.2, 0.0)
        qtbot.waitUntil(lambda: runner.frame is not None and runner.frame.step == 4)
        row.fourth.choose(2)
        qtbot.waitUntil(lambda: row.confusion.found is not None)
        assert row.confusion.found.rows == 4
        qtbot.waitUntil(lambda: runner.idle)
    finally:
        runner.close()

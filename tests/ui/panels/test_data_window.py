"""Opening a file of one's own: what is found in it, what is wrong with it, and one edit that uses it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QPushButton

from bpstudio.data.readers import open_table
from bpstudio.data.suggestion import suggest
from bpstudio.training.session import Session
from ui import stylesheet, theme
from ui.panels import roles
from ui.panels.columns_table import GAPS, READ, SCALE, USE, WHY
from ui.panels.data_window import DataWindow
from ui.panels.plain import PlainError

CUSTOMERS = "id;age;income;city;bought\n" + "".join(
    f"{row};{20 + row % 40},5;{1000 * row + 300};{('Ulm', 'Köln', 'Jena')[row % 3]};{('no', 'yes')[row % 2]}\n"
    for row in range(1, 61)
)


@pytest.fixture
def window(stage: Any, mazur_session: Session) -> Iterator[DataWindow]:
    stage.open(mazur_session)
    made = DataWindow(stage.runner, "use other data")
    stage.qtbot.addWidget(made)
    yield made
    made.close()


def opened(window: DataWindow, stage: Any, tmp_path: Path, text: str | bytes, name: str = "data.csv") -> DataWindow:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    window.open_path(str(path))
    window.show()
    stage.settle()
    stage.settle()
    return window


def cell(window: DataWindow, column: str, place: int) -> str:
    assert window.table is not None
    row = window.table.names.index(column)
    return str(window.columns.data(window.columns.index(row, place)))


def put(window: DataWindow, column: str, place: int, value: str) -> bool:
    assert window.table is not None
    return window.columns.setData(window.columns.index(window.table.names.index(column), place), value)


def test_a_german_table_is_understood(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    opened(window, stage, tmp_path, CUSTOMERS)
    assert window.table is not None
    assert (window.table.options.separator, window.table.options.decimal) == (";", ",")
    assert window.preview.separator.currentText() == "found: semicolon  ;"
    assert window.preview.model.data(window.preview.model.index(0, 1)) == "21,5"
    assert [cell(window, name, READ) for name in window.table.names] == [
        "id ▾", "number ▾", "number ▾", "category ▾", "yes/no ▾",
    ]  # fmt: skip
    assert [cell(window, name, USE) for name in window.table.names] == [
        "leave out ▾", "input ▾", "input ▾", "input ▾", "target ▾",
    ]  # fmt: skip
    assert cell(window, "city", WHY) == "3 different values: Jena, Köln, Ulm"
    assert window.form.task.currentData() == "binary"
    assert window.use.isEnabled()


def test_nothing_is_scaled_or_filled_by_default(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    opened(window, stage, tmp_path, CUSTOMERS)
    assert window.preparation is not None
    assert (dict(window.preparation.scaling), dict(window.preparation.impute)) == ({}, {})
    assert cell(window, "income", SCALE) == "as it is ▾"


def test_an_offer_is_taken_by_its_button(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    opened(window, stage, tmp_path, CUSTOMERS)
    button = next(b for b in window.form.findChildren(QPushButton) if b.text() == "standardise the number columns")
    button.click()
    stage.settle()
    assert cell(window, "age", SCALE) == "standardise ▾"
    assert "age: standardised with the mean" in window.form.steps.text()


def test_use_is_one_edit_with_data_and_network(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    before = stage.frame
    opened(window, stage, tmp_path, CUSTOMERS)
    assert stage.frame.dataset is before.dataset, "opening a file changes nothing"
    window.use.click()
    frame = stage.settle()
    assert frame.dataset.rows == 60
    assert frame.dataset.task == "binary"
    assert frame.experiment.network.sizes == (5, 8, 1)
    assert (frame.experiment.network.layers[-1].activation, frame.experiment.loss) == ("sigmoid", "bce")
    assert [group.name for group in frame.dataset.groups] == ["city"]
    assert frame.undo == "use other data"
    stage.runner.undo()
    frame = stage.settle()
    assert frame.dataset.hash == before.dataset.hash
    assert frame.experiment == before.experiment


def test_the_present_network_is_kept_where_it_fits(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    rows = "".join(f"{row / 10},{row / 7:.3f},{row / 60:.3f},{1 - row / 60:.3f}\n" for row in range(30))
    opened(window, stage, tmp_path, "a,b,target,y\n" + rows)
    put(window, "target", USE, "target")
    stage.settle()
    assert window.preparation is not None
    assert window.preparation.targets == ("target", "y")
    assert [window.form.network.itemData(row) for row in range(window.form.network.count())] == ["new", "present"]
    window.form.network.show_value("present")
    window.use.click()
    assert stage.settle().experiment.network.sizes == (2, 2, 2)
    assert stage.frame.experiment.network.layers[0].train_bias is False


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("empty.csv", b"", "is empty"),
        ("names.csv", b"a,b,c\n", "no rows"),
        ("one.csv", b"a,b\n1,2\n", "single row"),
        ("short.csv", b"a,b,c\n1,2,3\n1,2\n4,5,6\n", "Row 2 (line 3) has 2 cells where 3 are expected"),
        ("long.csv", b"a,b\n1,2\n1,2,3\n4,5\n", "has 3 cells where 2"),
        ("twice.csv", b"a,b,a\n1,2,3\n4,5,6\n", "Two columns are called a"),
        ("table.xlsx", b"PK\x03\x04\x00\x00", "not a text file"),
    ],
)
def test_a_file_that_is_no_table_is_explained_with_a_remedy(
    window: DataWindow, stage: Any, tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    before = stage.frame.dataset
    opened(window, stage, tmp_path, data, name)
    message = window.preview.message
    assert message.isVisible()
    assert words in message.text()
    assert message.text().count(".") >= 2, "what is wrong, and what helps"
    assert not window.use.isEnabled()
    assert stage.settle().dataset is before


def test_a_folder_and_a_missing_file_are_explained(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    for path, words in ((tmp_path, "is a folder"), (tmp_path / "gone.csv", "is not there")):
        window.open_path(str(path))
        window.show()
        stage.settle()
        assert words in window.preview.message.text()
        assert window.table is None


def test_another_file_after_a_bad_one_starts_afresh(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    opened(window, stage, tmp_path, b"", "empty.csv")
    opened(window, stage, tmp_path, CUSTOMERS)
    assert not window.preview.message.isVisible()
    assert window.use.isEnabled()


def test_a_wrong_encoding_is_offered_and_chosen(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    opened(window, stage, tmp_path, CUSTOMERS.encode("latin-1"))
    assert "not valid UTF-8" in window.preview.message.text()
    assert "id;age;income" in window.preview.text.toPlainText()
    offer = next(b for b in window.preview.findChildren(QPushButton) if b.text().startswith("latin-1"))
    offer.click()
    stage.settle()
    stage.settle()
    assert window.table is not None
    assert "Köln" in window.table.column("city").distinct
    assert window.use.isEnabled()


def test_a_chosen_separator_reads_the_file_again(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    opened(window, stage, tmp_path, "a b,c d\n1 2,3 4\n5 6,7 8\n")
    separator = window.preview.separator
    separator.show_value(" ")
    separator.activated.emit(separator.currentIndex())
    stage.settle()
    assert window.table is not None
    assert window.table.names == ("a", "b,c", "d")
    separator.show_value("")
    separator.activated.emit(separator.currentIndex())
    stage.settle()
    assert window.table.names == ("a b", "c d")


GAPPY = "age,height,label\n" + "".join(f"{'' if row == 4 else row},{row % 9},{'ab'[row % 2]}\n" for row in range(30))


def test_a_missing_value_must_be_dealt_with(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    opened(window, stage, tmp_path, GAPPY)
    assert "Row 5 of age has no value" in window.message.text()
    assert window.columns.troubled == "age"
    assert not window.use.isEnabled()
    assert cell(window, "age", GAPS) == "1 missing ▾"
    put(window, "age", GAPS, "median")
    stage.settle()
    assert cell(window, "age", GAPS) == "1 missing → median ▾"
    assert window.use.isEnabled()
    assert window.dataset is not None
    assert window.dataset.rows == 30
    put(window, "age", GAPS, "drop row")
    stage.settle()
    assert window.dataset.rows == 29
    assert window.columns.troubled == ""


def test_text_that_a_person_insists_is_a_number_names_row_and_column(
    window: DataWindow, stage: Any, tmp_path: Path
) -> None:
    sizes = ["1", "2", "x", "4", "5", "6"] * 3
    opened(window, stage, tmp_path, "size,y\n" + "\n".join(f"{size},{row}" for row, size in enumerate(sizes)))
    assert window.preparation is not None
    kept = window.preparation
    assert not put(window, "size", READ, "number")
    assert "Row 3 of size is “x”" in window.message.text()
    assert window.preparation is kept, "the last good state stays"


def test_a_target_with_one_class_is_explained(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    opened(window, stage, tmp_path, "a,b,label\n" + "".join(f"{r},{r * r % 7},yes\n" for r in range(10)))
    put(window, "label", USE, "target")
    stage.settle()
    window.form.task.show_value("classes")
    window.form.task.activated.emit(window.form.task.currentIndex())
    stage.settle()
    assert "one class only (yes)" in window.message.text()
    assert not window.use.isEnabled()


def test_roles_follow_each_other(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(CUSTOMERS, encoding="utf-8")
    table = open_table(path)
    first = suggest(table)
    by_city = roles.with_role(table, first, "city", "target")
    assert (by_city.targets, by_city.task) == (("city",), "classes")
    assert by_city.inputs == ("age", "income", "bought"), "the old target is an input again"
    by_age = roles.with_role(table, by_city, "age", "target")
    assert (by_age.targets, by_age.task, by_age.stratified) == (("age",), "regression", False)
    both = roles.with_role(table, by_age, "income", "target")
    assert both.targets == ("age", "income")
    with pytest.raises(PlainError, match="must be a target"):
        roles.with_role(table, by_age, "age", "")
    alone = roles.with_role(table, roles.with_role(table, by_age, "city", ""), "bought", "")
    with pytest.raises(PlainError, match="must be an input"):
        roles.with_role(table, alone, "income", "")


def test_a_choice_for_one_column_ends_an_autoencoder(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(CUSTOMERS, encoding="utf-8")
    table = open_table(path)
    copied = ("age", "income")
    copying = suggest(table).replace(inputs=copied, targets=copied, task="regression", stratified=False)
    assert [roles.role_of(copying, column) for column in (*copied, "city")] == ["input", "input", ""]
    ended = roles.with_role(table, copying, "age", "target")
    assert (ended.inputs, ended.targets) == (("income",), ("age",))
    with pytest.raises(PlainError, match="must be a target"):
        roles.with_role(table, copying, "age", "")


def test_a_reading_of_the_target_changes_the_task(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,n\n" + "".join(f"{row},{row % 4}\n" for row in range(40)), encoding="utf-8")
    table = open_table(path)
    numbers = roles.with_role(table, suggest(table), "n", "target")
    assert numbers.task == "regression"
    classes = roles.with_kind(table, numbers, "n", "category")
    assert (classes.task, dict(classes.kinds)) == ("classes", {"n": "category"})
    back = roles.with_kind(table, classes, "n", "number")
    assert (back.task, dict(back.kinds)) == ("regression", {}), "the reading that was found needs no entry"


def test_share_seed_and_switches_reach_the_preparation(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    opened(window, stage, tmp_path, CUSTOMERS)
    for field, text in ((window.form.share, "30"), (window.form.seed, "7")):
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
    window.form.stratified.click()
    window.form.shuffle.click()
    stage.settle()
    assert window.isVisible(), "Return in a field does not press the default button"
    prepared = window.preparation
    assert prepared is not None
    assert (prepared.validation, prepared.seed, prepared.stratified, prepared.shuffle) == (0.3, 7, False, False)
    assert window.dataset is not None
    assert window.dataset.validation.tolist() == list(range(42, 60))
    window.form.share.selectAll()
    QTest.keyClicks(window.form.share, "100")
    QTest.keyClick(window.form.share, Qt.Key.Key_Return)
    assert "below 100 %" in window.form.share_row.message.text()
    assert window.preparation is prepared


def test_a_wide_table_makes_no_widget_per_column(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    names = ",".join(f"pixel{place}" for place in range(196)) + ",label\n"
    rows = "".join(",".join(str((row * place) % 17) for place in range(196)) + f",{row % 3}\n" for row in range(20))
    opened(window, stage, tmp_path, names + rows)
    assert len(window.findChildren(QPushButton)) < 20
    assert window.columns.rowCount() == 197
    assert window.dataset is not None
    assert window.dataset.input_shape == (14, 14)
    assert len(window.form.steps.text().splitlines()) <= 12


def test_offers_for_one_file_do_not_lie_over_the_next(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    opened(window, stage, tmp_path, "身高,体重\n1,2\n3,4\n".encode("gbk"), "gbk.csv")
    offers = window.preview.findChildren(QPushButton)
    assert offers
    opened(window, stage, tmp_path, CUSTOMERS)
    # The buttons are deleted when the event loop comes round; until then they must not cover the cells.
    assert not [each for each in window.preview.findChildren(QPushButton) if each.isVisible()]


def test_a_single_column_does_not_leave_the_columns_of_the_file_before(
    window: DataWindow, stage: Any, tmp_path: Path
) -> None:
    opened(window, stage, tmp_path, CUSTOMERS)
    assert window.columns_table.isVisible()
    opened(window, stage, tmp_path, "a\n1\n2\n3\n", "lonely.csv")
    assert "no column to learn a from" in window.message.text()
    assert not window.columns_table.isVisible()
    assert not window.form.isVisible()
    opened(window, stage, tmp_path, CUSTOMERS)
    assert window.columns_table.isVisible()


def test_room_for_gaps_is_kept_only_where_there_are_some(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    opened(window, stage, tmp_path, CUSTOMERS)
    assert window.columns_table.isColumnHidden(GAPS)
    opened(window, stage, tmp_path, CUSTOMERS.replace("21,5", ""))
    assert not window.columns_table.isColumnHidden(GAPS)


def test_a_long_name_begins_at_its_beginning_and_is_told_whole(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    name = "the average yearly household income before taxes"
    opened(window, stage, tmp_path, f"{name},y\n1,2\n2,3\n3,5\n")
    header = window.preview.model.headerData
    assert header(0, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole) == name
    alignment = header(0, Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole)
    assert isinstance(alignment, int)
    assert alignment & Qt.AlignmentFlag.AlignLeft.value


def test_a_button_that_cannot_be_pressed_does_not_invite(window: DataWindow, stage: Any, tmp_path: Path) -> None:
    window.setStyleSheet(stylesheet.sheet(theme.current()))
    opened(window, stage, tmp_path, CUSTOMERS)
    inviting = corner_color(window.use)
    opened(window, stage, tmp_path, "")
    assert not window.use.isEnabled()
    assert corner_color(window.use) != inviting


def corner_color(button: QPushButton) -> str:
    return button.grab().toImage().pixelColor(8, button.height() // 2).name()

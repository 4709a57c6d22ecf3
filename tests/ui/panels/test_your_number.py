"""One's own number beside ours: typed, pasted, judged, lit, and kept for the thing for which it was typed."""

from collections.abc import Iterator

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import bpstudio
from bpstudio.insight.altered import Asked, Quantity
from bpstudio.insight.elements import BIAS, Edge, Element, LossNode, PlusOne, Row, Target, Unit
from bpstudio.insight.suspects import Case
from bpstudio.insight.walk import Walk
from bpstudio.training.frame import Frame
from ui import language, placing
from ui.explain.card import Card
from ui.focus import Focus
from ui.panels.inspector import Inspector
from ui.panels.your_number import YourNumber
from ui.runner import Runner

W1, W5 = Edge(1, 0, 0), Edge(2, 0, 0)
CHAIN = "net_h1 = 0.3775\nh1 = 0.5933\nnet_o1 = 1.1059\no1 = 0.7514\nδ_o1 = 0.7414\nw5 = 0.4399"


class Desk:
    """An inspector on a lesson, and a learner in front of it."""

    def __init__(self, qtbot: QtBot, lesson: str = "mazur", notation: str = "mazur") -> None:
        self.qtbot = qtbot
        self.runner, self.focus = Runner(), Focus()
        self.focus.set(notation=notation, grain="edge")
        self.inspector = Inspector(self.runner, self.focus, Card)
        qtbot.addWidget(self.inspector)
        self.inspector.resize(330, 1100)
        self.inspector.show()
        self.inspector.activateWindow()
        qtbot.waitUntil(self.inspector.isActiveWindow)
        self.runner.frame_arrived.connect(lambda frame: self.focus.follow(Walk.of(frame)))
        self.runner.frame_arrived.connect(self.inspector.show_frame)
        self.runner.open(bpstudio.load_lesson(lesson).session())  # type: ignore[attr-defined]
        self.settle()

    @property
    def mine(self) -> YourNumber:
        return self.inspector.your_number

    @property
    def walk(self) -> Walk:
        assert self.focus.walk is not None
        return self.focus.walk

    @property
    def frame(self) -> Frame:
        assert self.runner.frame is not None
        return self.runner.frame

    @property
    def word(self) -> str:
        return self.mine._verdict.text() if self.mine._verdict.isVisible() else ""

    @property
    def text(self) -> str:
        return self.mine._text.text() if self.mine._text.isVisible() else ""

    @property
    def said(self) -> str:
        return self.mine._message.text() if self.mine._message.isVisible() else ""

    def settle(self) -> None:
        self.qtbot.waitUntil(lambda: self.runner.idle)

    def look(self, element: Element | None, beat: str | None = None) -> None:
        last = self.walk.count("edge")
        self.focus.set(selection=None, playhead=last if beat is None else self.walk.find("edge", beat))
        self.focus.set(selection=element)
        self.settle()

    def type(self, text: str, enter: bool = True) -> None:
        self.mine.edit()
        self.qtbot.keyClicks(self.mine._field, text)
        if enter:
            self.qtbot.keyClick(self.mine._field, Qt.Key.Key_Return)
            self.settle()

    def paste(self, text: str) -> None:
        clipboard = QGuiApplication.clipboard()
        assert clipboard is not None
        clipboard.setText(text)
        self.mine.edit()
        self.qtbot.keyClick(self.mine._field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
        self.qtbot.keyClick(self.mine._field, Qt.Key.Key_Return)
        self.settle()


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication) -> Iterator[Desk]:
    made = Desk(qtbot)
    yield made
    made.runner.close()
    language.install(qapp, "en")


# ---- one number


def test_what_the_book_says_agrees_after_rounding(desk: Desk) -> None:
    desk.look(W5)
    desk.type("0,0822")
    assert desk.word == "✓ agrees, rounded"
    assert "4 decimals" in desk.text
    assert desk.said == "= 0.0822"
    assert desk.focus.mark is None
    assert not desk.mine._go.isVisible()


def test_the_slip_is_named_and_its_line_is_lit(desk: Desk) -> None:
    desk.look(W5)
    desk.type("0.43982")
    assert desk.word == "! differs"
    assert "without the slope of σ" in desk.text
    assert desk.focus.mark is not None
    assert desk.focus.mark.address == "backward/o1/delta"
    assert desk.focus.mark.lit == (Unit(2, 0),)
    assert desk.mine._verdict.property("role") == "warning"
    assert "differs" in desk.mine._field.accessibleDescription()


def test_the_way_to_the_line_and_back(desk: Desk) -> None:
    desk.look(W5, "backward/w5")
    desk.type("0.43982")
    desk.mine._go.click()
    desk.settle()
    assert desk.focus.playhead == desk.walk.find("edge", "backward/o1/delta")
    assert desk.inspector._shown == Unit(2, 0)
    assert desk.focus.mark is not None, "what one came to look at stays lit"
    assert desk.mine._back.isVisible()
    assert not desk.mine._field.text()
    desk.mine._back.click()
    desk.settle()
    assert desk.focus.playhead == desk.walk.find("edge", "backward/w5")
    assert desk.inspector._shown == W5
    assert (desk.mine._field.text(), desk.word) == ("0.43982", "! differs")
    assert not desk.mine._back.isVisible()


def test_it_finds_by_itself_which_number_is_meant(desk: Desk) -> None:
    cases: tuple[tuple[Element, Element, tuple[Quantity, ...]], ...] = (
        (W5, W5, ("gradient", "new", "arrival", "product")),
        (Edge(2, 0, BIAS), Edge(2, 0, BIAS), ("gradient",)),
        (Unit(1, 0), Unit(1, 0), ("z", "a", "delta", "error")),
        (Unit(2, 1), Unit(2, 1), ("slope", "element")),
        (LossNode(), LossNode(), ("loss",)),
        (Target(0), Unit(2, 0), ("delta",)),
        (PlusOne(1), Edge(1, 0, BIAS), ("gradient",)),
    )
    for element, about, quantities in cases:
        desk.look(element)
        for quantity in quantities:
            truth = Case(desk.frame, Row(0), Asked(about, quantity)).views[0].truth
            desk.type(f"{truth:.7g}")
            assert desk.word.startswith("✓"), (element, quantity, desk.text)
            assert desk.mine._choice.currentData() == quantity


def test_another_quantity_can_be_chosen(desk: Desk) -> None:
    desk.look(W5)
    desk.type("0.0822")
    choice = desk.mine._choice
    choice.setCurrentIndex(choice.findData("new"))
    choice.activated.emit(choice.currentIndex())
    desk.settle()
    assert desk.word == "! differs"
    desk.type("0.0821")
    assert desk.mine._choice.currentData() == "gradient", "a new number says again what it is"


# ---- what cannot be read


BAD = {
    "abc": "is not a number",
    "1/0": "Division by zero",
    "0,1,2": "group separators",
    "1/2/3": "more than one fraction bar",
    "nan": "not a finite number",
    "1e999": "too large",
    "9" * 70: "characters are too many",
}


def test_bad_input_is_answered_beside_the_field_while_it_is_typed(desk: Desk) -> None:
    desk.look(W5)
    for text, answer in BAD.items():
        desk.type(text, enter=False)
        assert answer in desk.said
        assert desk.mine._field.property("state") == "error"
        desk.qtbot.keyClick(desk.mine._field, Qt.Key.Key_Return)
        desk.settle()
        assert answer in desk.said
        assert desk.word == ""


def test_enter_in_an_empty_field_says_what_to_do(desk: Desk) -> None:
    desk.look(W5)
    desk.type("")
    assert "Type a number." in desk.said


def test_deleting_the_number_puts_the_light_out(desk: Desk) -> None:
    desk.look(W5)
    desk.type("0.43982")
    assert desk.focus.mark is not None
    desk.mine._field.clear()
    desk.mine._field.setModified(True)
    desk.qtbot.keyClick(desk.mine._field, Qt.Key.Key_Return)
    desk.settle()
    assert desk.focus.mark is None
    assert desk.word == ""


def test_escape_takes_back_what_was_typed_and_then_leaves(desk: Desk) -> None:
    desk.look(W5)
    desk.type("0.0822")
    desk.type("xyz", enter=False)
    desk.qtbot.keyClick(desk.mine._field, Qt.Key.Key_Escape)
    assert desk.mine._field.text() == "0.0822"
    assert desk.said == ""
    assert not desk.mine._field.isModified()


def test_an_answer_goes_with_the_number_that_it_is_about(desk: Desk) -> None:
    desk.look(W5)
    desk.type("0.43982")
    desk.type("0.08", enter=False)
    assert (desk.word, desk.text, desk.focus.mark) == ("", "", None), "0.08 is not what differs"
    assert not desk.mine._go.isVisible()
    assert not desk.mine._compare.isVisible()
    desk.type("abc")
    assert (desk.word, desk.focus.mark) == ("", None)
    desk.qtbot.keyClick(desk.mine._field, Qt.Key.Key_Escape)
    assert (desk.mine._field.text(), desk.word) == ("0.43982", "! differs")
    assert desk.focus.mark is not None
    desk.qtbot.keyClick(desk.mine._field, Qt.Key.Key_Delete)
    assert (desk.mine._field.text(), desk.word, desk.focus.mark) == ("", "", None)
    desk.type("0.43982", enter=False)
    assert desk.word == "! differs", "the same number again"


def test_a_draft_has_no_answer_when_somebody_comes_back_to_it(desk: Desk) -> None:
    desk.look(W5)
    desk.type("0.43982")
    desk.type("0.08", enter=False)
    desk.look(W1)
    desk.look(W5)
    assert (desk.mine._field.text(), desk.word, desk.focus.mark) == ("0.08", "", None)


# ---- several numbers


def test_the_first_line_that_leaves_ours_is_named_and_lit(desk: Desk) -> None:
    desk.look(W5)
    desk.paste(CHAIN)
    assert desk.word == "! differs"
    assert "δ_o1 is the first that leaves ours (5 of 6)" in desk.text
    rows = desk.mine._several.lines.rows
    assert [row.cells[0] for row in rows] == ["net_h1", "out_h1", "net_o1", "out_o1", "δ_o1", "∂C/∂w₅"]
    assert [row.bold for row in rows] == [False] * 4 + [True, False]
    assert [row.cells[2][0] for row in rows] == ["✓", "✓", "✓", "✓", "!", "↳"]
    assert desk.focus.mark is not None
    assert desk.focus.mark.address == "backward/o1/delta"


def test_a_row_of_the_list_goes_to_its_line(desk: Desk) -> None:
    desk.look(W5)
    desk.paste(CHAIN)
    table = desk.mine._several
    table.setCurrentIndex(table.lines.index(2, 0))
    desk.qtbot.keyClick(table, Qt.Key.Key_Return)
    desk.settle()
    assert desk.focus.playhead == desk.walk.find("edge", "forward/o1/z")
    assert desk.mine._back.isVisible()


def test_a_name_that_is_none_is_answered(desk: Desk) -> None:
    desk.look(W5)
    desk.paste("q9 = 0.1\nw5 = 0.08")
    assert "q9" in desk.said
    assert desk.word == ""
    assert not desk.mine._several.isVisible()


def test_a_number_with_the_name_of_another_thing_is_judged_as_that(desk: Desk) -> None:
    desk.look(W5)
    desk.type("net_h1 = 0.3775")
    assert desk.word.startswith("✓")
    assert desk.mine._with.text() == "compared with net_h1"
    assert not desk.mine._choice.isVisible()


# ---- whose number it is


def test_a_number_belongs_to_the_thing_for_which_it_was_typed(desk: Desk) -> None:
    desk.look(W5)
    desk.type("0.43982")
    desk.look(Unit(1, 0))
    assert (desk.mine._field.text(), desk.word) == ("", "")
    desk.type("0.5933")
    assert desk.word == "✓ agrees, rounded"
    desk.look(W5)
    assert (desk.mine._field.text(), desk.word) == ("0.43982", "! differs")
    desk.look(Unit(1, 0))
    assert (desk.mine._field.text(), desk.word) == ("0.5933", "✓ agrees, rounded")


def test_what_was_begun_is_there_again(desk: Desk) -> None:
    desk.look(W5)
    desk.type("0.08x", enter=False)
    desk.look(W1)
    assert desk.mine._field.text() == ""
    desk.look(W5)
    assert desk.mine._field.text() == "0.08x"
    assert "is not a number" in desk.said


def test_it_is_kept_for_its_step_and_its_light_goes_out_with_it(desk: Desk) -> None:
    desk.look(W5)
    desk.type("0.43982")
    desk.runner.step()
    desk.settle()
    assert (desk.mine._field.text(), desk.word) == ("", "")
    assert desk.focus.mark is None
    desk.runner.seek(0)
    desk.settle()
    assert (desk.mine._field.text(), desk.word) == ("0.43982", "! differs")
    assert desk.focus.mark is not None, "and comes back with it"


def test_it_is_of_one_row(qtbot: QtBot) -> None:
    desk = Desk(qtbot, "iris", "nielsen")
    try:
        desk.look(Unit(2, 0))
        mine = f"{Case(desk.frame, Row(0), Asked(Unit(2, 0), 'delta')).views[0].truth:.4f}"
        desk.type(mine)
        assert desk.word.startswith("✓")
        desk.focus.set(example=Row(1))
        desk.settle()
        assert (desk.mine._field.text(), desk.word) == ("", "")
        desk.focus.set(example=Row(0))
        desk.settle()
        assert desk.mine._field.text() == mine
    finally:
        desk.runner.close()


def test_a_walk_that_plays_rests_when_somebody_types(desk: Desk) -> None:
    desk.look(W5)
    desk.focus.set(playing_walk=True)
    desk.type("0", enter=False)
    assert not desk.focus.playing_walk


def test_it_is_judged_again_when_a_value_is_edited(desk: Desk) -> None:
    desk.look(W5)
    desk.type("0.082167041")
    assert desk.word.startswith("✓")
    params = desk.frame.params.copy()
    params.W[0][0, 0] = 0.9
    desk.runner.apply(params=params, name="type")
    desk.settle()
    assert desk.word.startswith("!")


def test_another_lesson_begins_with_an_empty_field(desk: Desk) -> None:
    desk.look(W5)
    desk.type("0.43982")
    desk.inspector.forget()
    assert (desk.mine._field.text(), desk.word) == ("", "")
    assert desk.focus.mark is None


def test_nothing_is_asked_about_an_input(desk: Desk) -> None:
    desk.look(Unit(0, 0))
    assert not desk.mine.isVisible()


def test_while_training_runs_the_field_rests(desk: Desk) -> None:
    desk.look(W5)
    desk.runner.play()
    desk.qtbot.waitUntil(lambda: not desk.mine._field.isEnabled())
    desk.runner.pause()
    desk.settle()
    assert desk.mine._field.isEnabled()


def test_the_sign_of_delta_goes_by_the_convention(desk: Desk) -> None:
    desk.look(Unit(2, 0))
    desk.type("-0.1385")
    assert desk.word == "! opposite sign"
    desk.focus.set(delta_sign=-1)
    desk.settle()
    assert desk.word == "✓ agrees, rounded"


# ---- rounded by hand


def test_rounded_by_hand_shows_every_line_and_its_drift(desk: Desk) -> None:
    desk.look(W5)
    desk.type("0.0822")
    rounding = desk.mine.rounding
    rounding.heading.click()
    desk.settle()
    assert rounding.count.value() == 4, "as the number was typed"
    desk.qtbot.waitUntil(lambda: bool(rounding.table.lines.rows))
    rows = rounding.table.lines.rows
    assert rows[-1].cells[0] == "∂C/∂w₅"
    assert rows[-1].cells[1:3] == ("0.0821670", "0.0822")
    assert "0.0822" in rounding._result.text()
    assert "0.082167041" in rounding._result.text()
    rounding.count.setValue(2)
    desk.settle()
    assert rounding.table.lines.rows[-1].cells[2] != "0.0822"


def test_the_table_of_rounded_lines_is_copied_and_leads_to_its_lines(desk: Desk) -> None:
    desk.look(W5)
    desk.mine.rounding.heading.click()
    desk.settle()
    table = desk.mine.rounding.table
    table.setFocus()
    desk.qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    lines = [line.split("\t") for line in clipboard.text().splitlines()]
    assert lines[0] == ["line", "exact", "rounded", "drift"]
    assert len(lines) == len(table.lines.rows) + 1
    assert float(lines[-1][1]) == pytest.approx(desk.frame.trace.layers[1].dW[0, 0], rel=1e-12)
    place = next(place for place, row in enumerate(table.lines.rows) if row.cells[0] == "net_h2")
    table.setCurrentIndex(table.lines.index(place, 0))
    desk.qtbot.keyClick(table, Qt.Key.Key_Return)
    assert desk.focus.playhead == desk.walk.find("edge", "forward/h2/z")


def test_a_line_of_the_rounding_leads_there_and_back(desk: Desk) -> None:
    desk.look(W5, "backward/w5")
    desk.mine.rounding.heading.click()
    desk.settle()
    table = desk.mine.rounding.table
    place = next(place for place, row in enumerate(table.lines.rows) if row.cells[0] == "net_h2")
    desk.qtbot.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(table.lines.index(place, 0)).center()
    )
    desk.settle()
    assert desk.inspector._shown == Unit(1, 1)
    assert desk.mine._back.text() == "Back to ∂C/∂w₅"
    desk.mine._back.click()
    desk.settle()
    assert desk.inspector._shown == W5
    assert table.lines.rows[-1].cells[0] == "∂C/∂w₅"


def test_rounded_numbers_are_written_as_by_hand_and_copied_for_a_spreadsheet(desk: Desk) -> None:
    desk.look(W1)
    desk.mine.rounding.heading.click()
    desk.settle()
    rows = {row.cells[0]: row for row in desk.mine.rounding.table.lines.rows}
    assert rows["∂C/∂w₁"].cells[2] == "0.0004"
    assert rows["net_o2"].cells[2] == "1.2250", "as long as the others"
    assert rows["w₇ · δ_o2"].cells[2] == "−0.0191"
    for row in rows.values():
        assert [float(cell) for cell in row.copied[1:]]


def test_the_drift_is_seen_in_a_narrow_column(desk: Desk, qapp: QApplication) -> None:
    """The column at the right of a window of 1280 pixels."""
    desk.inspector.resize(312, 1100)
    desk.look(W1)
    desk.mine.rounding.heading.click()
    desk.settle()
    table = desk.mine.rounding.table
    for speech, digits in (("en", 4), ("zh_CN", 4), ("en", 8)):
        language.install(qapp, speech)
        desk.mine.rounding.count.setValue(digits)
        desk.settle()
        qapp.processEvents()
        bar, header = table.horizontalScrollBar(), table.horizontalHeader()
        assert bar is not None
        assert header is not None
        desk.qtbot.waitUntil(lambda bar=bar: bar.maximum() == 0)
        assert header.length() <= table.viewport().width()
        assert all(table.sizeHintForColumn(column) <= header.sectionSize(column) for column in (1, 2, 3))


# ---- languages and keys


def test_it_speaks_the_language_in_use(desk: Desk, qapp: QApplication) -> None:
    desk.look(W5)
    desk.type("0.43982")
    language.install(qapp, "zh_CN")
    desk.qtbot.waitUntil(lambda: desk.mine._label.text() == "我的数")
    desk.settle()
    assert desk.mine._field.text() == "0.43982"
    assert desk.mine._field.accessibleName() == "我的数"
    assert "differs" not in desk.word


def test_tab_leads_through_it_in_order(desk: Desk) -> None:
    desk.look(W5)
    desk.type("0.43982")
    seen = []
    widget: object = desk.mine._field
    for _ in range(4):
        seen.append(widget)
        desk.qtbot.keyClick(widget, Qt.Key.Key_Tab)
        widget = QApplication.focusWidget()
    assert seen == [desk.mine._field, desk.mine._go, desk.mine._choice, desk.mine.rounding.heading]


def test_the_answer_is_scrolled_into_view(desk: Desk) -> None:
    area = placing.scrolled("right", desk.inspector)
    desk.qtbot.addWidget(area)
    area.resize(350, 320)
    area.show()
    area.activateWindow()
    desk.qtbot.waitUntil(area.isActiveWindow)
    desk.look(W5)
    desk.type("0.43982")
    desk.qtbot.waitUntil(lambda: not desk.mine._go.visibleRegion().isEmpty())
    assert not desk.mine._field.visibleRegion().isEmpty()
    desk.inspector.setParent(None)  # it is closed by itself


def test_on_a_wide_and_deep_network_too(qtbot: QtBot) -> None:
    desk = Desk(qtbot, "vanishing", "nielsen")
    try:
        desk.look(Edge(1, 0, 0))
        desk.type("0.5")
        assert desk.word.startswith("!")
        desk.mine.rounding.heading.click()
        desk.settle()
        assert desk.mine.rounding.table.lines.rows
    finally:
        desk.runner.close()

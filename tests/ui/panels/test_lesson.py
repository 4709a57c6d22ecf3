"""The lesson panel on the real engine: every switch, every stop and every promised digit of the six lessons."""

import functools
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtWidgets import QApplication, QLabel, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from bpstudio.files import lesson as lessons
from bpstudio.files.known import Known
from bpstudio.insight.elements import Edge
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD
from ui import language, theme
from ui.document import Document
from ui.file_commands import _new_lesson
from ui.focus import Focus
from ui.navigation import Navigation
from ui.panels.lesson import LessonPanel
from ui.panels.lesson_digits import Digit, written
from ui.panels.lesson_rows import Line, prose
from ui.runner import Runner

load = functools.cache(lessons.load)


class Desk:
    """An open lesson in a scrolled column as wide as the window's narrowest, below something that can grow."""

    def __init__(self, qtbot: QtBot, width: int = 330) -> None:
        self.qtbot = qtbot
        self.focus, self.runner = Focus(), Runner()
        self.navigation = Navigation(self.focus, self.runner)
        self.document = Document(self.runner, self.focus, lambda level, text: None)
        self.panel = LessonPanel(self.runner, self.focus, self.document, self.navigation)
        self.runner.frame_arrived.connect(self.panel.show_frame)
        self.above = QWidget()
        self.above.setFixedHeight(60)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.above)
        column.addWidget(self.panel)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setWidget(inner)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        qtbot.addWidget(self.area)
        self.area.resize(width, 500)
        self.area.show()
        self.area.activateWindow()
        qtbot.waitUntil(self.area.isActiveWindow)

    def open(self, name: str) -> Frame:
        self.document.show(load(name), name=name)
        return self.settle()

    def settle(self) -> Frame:
        self.qtbot.waitUntil(lambda: self.runner.idle)
        _ = self.digits  # made now and not while something else is looked at: new rows press the others together
        self.rest()
        assert self.runner.frame is not None
        return self.runner.frame

    def explain(self, height: int) -> None:
        """Let what stands above be so high."""
        self.above.setFixedHeight(height)
        self.qtbot.waitUntil(lambda: self.panel.y() in range(height, height + 20))
        self.rest()

    def rest(self) -> None:
        """Wait until everything in the column has the height that it wants."""
        inner = self.area.widget()
        assert inner is not None
        column = inner.layout()
        assert column is not None
        self.qtbot.waitUntil(lambda: inner.height() >= column.totalHeightForWidth(inner.width()))

    def press(self, line: Line) -> Frame:
        """Press a row with the mouse, in its upper left, where its words are."""
        self.area.ensureWidgetVisible(line)
        self.qtbot.mouseClick(line, Qt.MouseButton.LeftButton)
        return self.settle()

    def switch(self, name: str) -> Frame:
        return self.press(next(each for each in self.panel.switches if each.objectName() == name))

    @property
    def on(self) -> list[str]:
        return [each.objectName() for each in self.panel.switches if each.is_on]

    def digit(self, what: str, after: int = 0) -> Digit:
        return next(d for d in self.digits if (d.known.what, d.known.after) == (what, after))

    @property
    def digits(self) -> list[Digit]:
        return [digit for group in self.panel.digits.groups for digit in group.digits]

    def texts(self) -> list[str]:
        return [label.text() for label in self.panel.findChildren(QLabel) if label.isVisible() and label.text()]


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    theme.apply(qapp, "dark")
    language.install(qapp, "en")
    made = Desk(qtbot)
    yield made
    made.navigation.pause()
    made.runner.close()
    theme.apply(qapp, "dark")
    language.install(qapp, "en")


# ---- switches and digits

# The engine's tests ask every digit of every switch; here the first of them, and all of the lessons that are told by
# their switches.
WHOLE = ("one-neuron", "mazur", "softmax", "xor", "logistic")
CHOICES = [
    (name, variant.name) for name in lessons.NAMES for variant in load(name).variants[: None if name in WHOLE else 1]
] + [("four-equations", "")]


@pytest.mark.parametrize(("name", "variant"), CHOICES)
def test_every_switch_gives_every_digit_that_it_promises(desk: Desk, name: str, variant: str) -> None:
    desk.open(name)
    if variant:
        assert desk.switch(variant).step == 0
        assert desk.on == [variant]
    desk.focus.set(grain="step")  # the whole step is seen
    expected = load(name).choose(variant).expected if variant else load(name).expected
    shown = [(digit.known.what, digit.known.after) for digit in desk.digits]
    assert all((known.what, known.after) in shown for known in expected)
    for group in desk.panel.digits.groups:
        if group.link.isVisible():
            group.link.click()
        assert desk.settle().step == group.step
        assert [digit.state for digit in group.digits] == ["✓"] * len(group.digits)
        assert group.score.text().startswith("✓")
    assert desk.on == ([variant] if variant else [])


def test_the_page_and_the_product_differ_by_a_switch(desk: Desk) -> None:
    desk.open("mazur")
    digit = desk.digit("loss", 1)
    assert digit.value.text() == "0.291027774"
    assert digit.printed.text() == "! printed as 0.291027924"
    assert desk.digit("layer2.W_used[1][0] * layer2.delta[0][1]").printed.text() == "! printed as −0.019049119"
    desk.switch("sequential")
    assert desk.digit("loss", 1).value.text() == "0.291027924"
    desk.navigation.train_until(1)
    desk.settle()
    assert desk.digit("loss", 1).state == "✓"
    desk.open("softmax")
    assert desk.digit("layer1.a[0][0]").value.text() == "0.0900306"
    assert desk.digit("layer1.a[0][0]").printed.text() == "! printed as 0.0903"


def test_a_switch_is_taken_back_in_one_step(desk: Desk) -> None:
    desk.open("xor")
    desk.runner.step(3)
    before = desk.settle()
    desk.switch("random")
    assert (desk.settle().undo, desk.on) == ("switch to “Four rows at once, random start”", ["random"])
    desk.runner.undo()
    after = desk.settle()
    assert (after.step, after.experiment, desk.on) == (3, before.experiment, ["full-batch"])
    assert after.params.flat.tobytes() == before.params.flat.tobytes()
    desk.runner.redo()
    assert (desk.settle().step, desk.on) == (0, ["random"])


def test_pressing_the_switch_that_is_on_loses_nothing(desk: Desk) -> None:
    desk.open("mazur")
    desk.runner.step(5)
    desk.settle()
    assert desk.switch("simultaneous").step == 5


def test_digits_are_ticked_one_after_the_other_as_the_walk_reaches_them(desk: Desk) -> None:
    desk.open("mazur")
    walk = desk.focus.walk
    assert walk is not None
    assert {digit.state for digit in desk.panel.digits.groups[0].digits} == {"○"}
    assert desk.panel.digits.groups[0].score.text() == "0 of 19 computed"
    desk.focus.set(playhead=walk.find("edge", "forward/h1/z"))
    assert desk.digit("layer1.z[0]").state == "✓"
    assert desk.digit("layer1.a[0]").state == "○"
    desk.focus.set(playhead=walk.find("edge", "backward/w5"))
    assert desk.digit("layer2.dW").state == "✓"
    assert desk.digit("layer1.dW").state == "○"
    desk.focus.set(grain="step")
    assert desk.panel.digits.groups[0].score.text() == "✓ all 19 agree"
    desk.runner.step()
    desk.settle()
    assert {digit.state for digit in desk.panel.digits.groups[0].digits} == {""}, "the run stands elsewhere"
    assert desk.panel.digits.groups[0].link.isVisible()


def test_a_digit_leads_to_the_beat_that_computes_it(desk: Desk) -> None:
    desk.open("mazur")
    walk = desk.focus.walk
    assert walk is not None
    desk.press(desk.digit("layer2.delta[0]"))
    assert desk.focus.playhead == walk.find("edge", "backward/o1/delta")
    assert desk.press(desk.digit("loss", 1)).step == 1
    assert desk.focus.playhead == walk.find("edge", "loss/C")
    assert desk.digit("loss", 1).state == "✓"


def test_an_edit_leaves_the_switch_and_says_what_comes_out_instead(desk: Desk) -> None:
    frame = desk.open("mazur")
    desk.focus.set(grain="step")
    assert not desk.panel.back.isVisible()
    desk.runner.apply(experiment=frame.experiment.replace(optimizer=SGD(0.4)), name="rate")
    desk.runner.step()
    frame = desk.settle()
    assert desk.on == []
    assert desk.panel.back.isVisible()
    digit = desk.digit("loss", 1)
    assert (digit.state, digit.now.text()) == ("≠", f"now {frame.loss:.9f}")
    assert digit.now.isVisible()
    assert desk.digit("layer2.b", 1).state == "✓", "the biases stay at any rate"
    desk.panel.back.click()
    assert (desk.settle().step, desk.on) == (0, ["simultaneous"])
    assert not desk.panel.back.isVisible()
    desk.runner.undo()
    assert (desk.settle().step, desk.on) == (1, [])


def test_digits_of_another_network_are_neither_right_nor_wrong(desk: Desk) -> None:
    frame = desk.open("four-equations")
    desk.focus.set(grain="step")
    network = frame.experiment.network
    one_layer = frame.experiment.replace(network=type(network)(3, network.layers[-1:]))
    desk.runner.apply(experiment=one_layer, name="remove layer")
    desk.settle()
    assert desk.digit("layer2.a[0]").state == "—"
    assert desk.digit("loss").state == "≠"


# ---- stops


@pytest.mark.parametrize("name", lessons.NAMES)
def test_every_stop_leads_where_it_says(desk: Desk, name: str) -> None:
    desk.open(name)
    switches = desk.document.switches
    assert switches is not None
    scenes = load(name).scenes
    assert len(desk.panel.stops) == len(scenes)
    for stop, scene in zip(desk.panel.stops, scenes, strict=True):
        desk.focus.set(selection=Edge(1, 0, 0))
        frame = desk.press(stop)
        walk = desk.focus.walk
        assert walk is not None
        assert desk.document.choice is switches.named(scene.variant)
        assert frame.step == scene.step
        assert desk.focus.selection == (walk.names.find(scene.select) if scene.select else None)
        assert desk.focus.grain == (scene.grain or desk.focus.grain) != "step"
        assert desk.focus.playhead == walk.find(desk.focus.grain, scene.at)
        assert [each.number for each in desk.panel.stops if each.is_open] == [stop.number]
        assert stop.is_here
        assert stop.text.isVisible()


def test_walking_opens_the_stop_that_is_passed(desk: Desk) -> None:
    desk.open("mazur")
    desk.navigation.forward()
    walk = desk.focus.walk
    assert walk is not None
    assert desk.focus.playhead < walk.find("edge", "forward/h1/z")
    assert not any(stop.is_open for stop in desk.panel.stops)
    desk.focus.set(playhead=walk.find("edge", "forward/h1/z"))
    assert desk.panel.stops[0].is_open
    assert desk.panel.stops[0].is_here
    desk.navigation.forward()
    assert [stop.is_open for stop in desk.panel.stops[:2]] == [False, True]
    desk.navigation.forward()
    assert desk.panel.stops[1].is_open, "what is being read stays"
    assert not desk.panel.stops[1].is_here


def test_next_and_previous_stop(desk: Desk) -> None:
    desk.open("softmax")
    panel = desk.panel
    assert not panel.scene.earlier.isEnabled()
    for number in range(1, 7):
        panel.scene.later.click()
        desk.settle()
        assert panel.stops[number - 1].is_here
    assert not panel.scene.later.isEnabled()
    panel.scene.earlier.click()
    assert desk.settle().step == 1


def test_a_stop_keeps_what_somebody_has_changed(desk: Desk) -> None:
    frame = desk.open("mazur")
    params = frame.params.copy()
    params.W[1][0, 0] = 0.7
    desk.runner.apply(params=params, name="type w5")
    desk.settle()
    assert desk.press(desk.panel.stops[4]).params.W[1][0, 0] == 0.7
    assert desk.panel.stops[4].is_here
    frame = desk.press(desk.panel.stops[7])
    assert frame.experiment.update_order == "sequential", "another version is another run"
    desk.runner.undo()
    assert desk.settle().params.W[1][0, 0] == 0.7


def test_a_stop_is_found_while_training_runs(desk: Desk) -> None:
    desk.open("iris")
    desk.runner.play()
    desk.qtbot.waitUntil(lambda: desk.runner.frame is not None and desk.runner.frame.step > 900)
    number, step = max(enumerate(scene.step for scene in load("iris").scenes), key=lambda each: each[1])
    frame = desk.press(desk.panel.stops[number])
    assert (frame.step, frame.run) == (step, "paused")
    assert desk.panel.stops[number].is_here


def test_a_visit_that_is_left_does_not_come_back(desk: Desk) -> None:
    desk.open("xor")
    desk.focus.set(pace=100)
    desk.qtbot.mouseClick(desk.panel.stops[5], Qt.MouseButton.LeftButton)
    desk.qtbot.waitUntil(lambda: desk.runner.frame is not None and desk.runner.frame.step > 20)
    desk.navigation.pause()
    assert desk.settle().step < 4000
    place = (desk.focus.grain, desk.focus.playhead)
    desk.focus.set(pace=math.inf)
    desk.navigation.train_until(4000)
    desk.settle()
    assert (desk.focus.grain, desk.focus.playhead) == place


# ---- words and looks


def test_the_texts_of_the_lesson_stand_there_in_both_languages(desk: Desk, qapp: QApplication) -> None:
    desk.open("mazur")
    # Nobody asks for the digits here: they come by themselves.
    desk.qtbot.waitUntil(lambda: "Before the first update" in desk.texts())
    english = "\n".join(desk.texts())
    for words in (
        "Worked example 2-2-2 (Mazur)",
        "A hidden unit has no target.",
        "−0.019049119",
        "All weights at once",
    ):
        assert words in english
    assert "Known digits" in desk.panel._parts[2].heading.text()
    language.install(qapp, "zh_CN")
    desk.qtbot.waitUntil(lambda: "手算例子" in "\n".join(desk.texts()))
    chinese = "\n".join(desk.texts())
    for words in ("隐藏单元没有目标值", "同时更新", "! 印成 0.291027924", "第一次更新之前"):
        assert words in chinese
    assert "已知的数字" in desk.panel._parts[2].heading.text()
    assert desk.on == ["simultaneous"]
    assert not re.search("[A-Za-z]{4,}", re.sub("<[^>]*>|Matt|Mazur|sigmoid", "", chinese))


def test_numbers_in_a_text_have_the_type_of_numbers() -> None:
    text = prose("It prints −0.019049119, said <b> 10,000 of 0.0000351.")
    assert [found[1] for found in re.finditer(r"<span[^>]*>([^<]*)</span>", text)] == ["−0.019049119", "0.0000351"]
    assert "&lt;b&gt;" in text


@pytest.mark.parametrize(("scale", "speech"), [(1.0, "zh_CN"), (1.5, "en")])
@pytest.mark.parametrize("name", lessons.NAMES)
def test_nothing_is_cut_off_in_the_narrowest_column(
    desk: Desk, qapp: QApplication, name: str, scale: float, speech: str
) -> None:
    theme.apply(qapp, "light", scale)
    language.install(qapp, speech)
    frame = desk.open(name)
    desk.runner.apply(experiment=frame.experiment.replace(optimizer=SGD(0.0123456)), name="rate")
    desk.settle()
    for stop in desk.panel.stops:
        stop.show_open(True)
    desk.qtbot.waitUntil(lambda: desk.panel.height() == desk.panel.heightForWidth(desk.panel.width()))
    inner = desk.area.widget()
    viewport = desk.area.viewport()
    assert inner is not None
    assert viewport is not None
    assert inner.width() == viewport.width()

    def whole() -> None:
        for label in desk.panel.findChildren(QLabel):
            if not label.isVisible() or not label.text():
                continue
            left = label.mapTo(inner, label.rect().topLeft()).x()
            assert 0 <= left <= left + label.width() <= inner.width(), label.text()
            needed = label.sizeHint()
            if label.wordWrap():
                assert label.heightForWidth(label.width()) <= label.height(), label.text()
                longest = max(label.fontMetrics().horizontalAdvance(word) for word in _words(label.text()))
                assert longest <= label.width(), label.text()
            else:
                assert needed.width() <= label.width(), label.text()
                assert needed.height() <= label.height(), label.text()

    desk.qtbot.waitUntil(whole)  # answers that come in later are laid out a moment after them


def _words(text: str) -> list[str]:
    """What cannot be broken: Latin words; Chinese text breaks anywhere."""
    return re.findall(r"[\x21-\x7e]+", re.sub("<[^>]*>", "", text)) or [""]


def test_an_array_is_written_like_on_paper() -> None:
    assert written(Known("loss", 3.51085e-05, decimals=10)) == "0.0000351085"
    assert written(Known("layer1.delta[0]", (0.25, -0.5), decimals=2)) == " 0.25\n−0.50"
    assert written(Known("layer2.dW", ((1.0, -2.0), (3.5, 4.0)))) == "  1   −2\n3.5    4"
    assert written(Known("accuracy", 0.95, relation="above")) == "> 0.95"
    matrix = Known("layer2.dW", ((1.25, -2.5, 3.75), (4.0, 5.0, 6.0)), decimals=2)
    assert written(matrix, room=16).splitlines() == [
        "[ 1.25  −2.50 ",
        "  3.75       ]",
        "[ 4.00   5.00 ",
        "  6.00       ]",
    ]
    assert written(matrix, room=19).splitlines() == [" 1.25  −2.50   3.75", " 4.00   5.00   6.00"]
    assert written(Known("layer1.a", ((0.5,), (0.5,), (0.5,), (0.5,)))) == "0.5\n0.5\n0.5\n0.5"


def test_a_document_without_words_shows_nothing(desk: Desk) -> None:
    desk.open("mazur")
    assert desk.panel.isVisible()
    bare = load("xor").replace(
        summary=type(load("xor").summary)(), text=type(load("xor").text)(), scenes=(), variants=()
    )
    desk.document.show(bare)
    desk.settle()
    assert not desk.panel.isVisible()
    desk.open("mazur")
    assert desk.panel.isVisible()
    desk.document.show(_new_lesson())
    desk.settle()
    assert not desk.panel.isVisible(), "a new document is not the lesson that it was made from"
    frame = desk.open("mazur")
    assert desk.panel.isVisible()
    iris = load("iris")
    desk.runner.restart(iris.experiment, iris.dataset, iris.origin, "other data")
    desk.settle()
    assert not desk.panel.isVisible(), "other data are not what the lesson speaks of"
    desk.runner.undo()
    assert desk.settle().experiment == frame.experiment
    assert desk.panel.isVisible()


def test_what_is_folded_stays_folded(desk: Desk, qtbot: QtBot) -> None:
    desk.open("mazur")
    desk.panel._parts[0].heading.click()
    assert not desk.panel._text.isVisible()
    again = LessonPanel(desk.runner, desk.focus, desk.document, desk.navigation)
    qtbot.addWidget(again)
    assert [part.is_open for part in again._parts] == [False, True, True, True]


def test_what_is_pressed_stays_where_it_is_when_the_explanation_above_grows(desk: Desk) -> None:
    desk.open("mazur")
    before, place = _pressed(desk, desk.panel.stops[3])
    for height in (360, 90):
        desk.explain(height)
        desk.qtbot.waitUntil(lambda: place() == before)


def test_what_has_no_room_to_stay_where_it_was_comes_back_there(desk: Desk) -> None:
    """Over a column that is not scrolled there is nothing to bring down when the explanation becomes shorter."""
    desk.open("mazur")
    before, place = _pressed(desk, desk.panel.switches[0])
    desk.explain(0)
    desk.qtbot.waitUntil(lambda: place() == before - 60)
    desk.explain(60)
    desk.qtbot.waitUntil(lambda: place() == before)


def _pressed(desk: Desk, line: Line) -> tuple[int, Callable[[], int]]:
    """How far below the upper edge a row stands that has the keyboard, and how far it stands there later."""
    viewport = desk.area.viewport()
    assert viewport is not None
    desk.area.ensureWidgetVisible(line)
    line.setFocus()

    def place() -> int:
        return line.mapTo(viewport, line.rect().topLeft()).y()

    return place(), place


def test_rows_are_pressed_with_the_keyboard_too(desk: Desk) -> None:
    desk.open("mazur")
    desk.panel.switches[1].setFocus()
    desk.qtbot.keyClick(desk.panel.switches[1], Qt.Key.Key_Space)
    desk.settle()
    assert desk.on == ["sequential"]
    desk.qtbot.keyClick(desk.panel.switches[1], Qt.Key.Key_Down)
    assert desk.panel.switches[2].hasFocus()
    assert desk.panel.switches[1].accessibleName() == "◉ Output layer first"

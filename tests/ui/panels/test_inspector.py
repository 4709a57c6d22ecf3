"""The explanation of what is looked at, with the real engine behind it."""

from collections.abc import Iterator

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

import bpstudio
from bpstudio.insight.elements import Edge, Element, LossNode, Target, Unit, WholeBatch
from bpstudio.insight.walk import Walk
from ui import language, theme
from ui.explain.card import NOT_YET, Card
from ui.focus import Focus
from ui.panels.inspector import Inspector
from ui.runner import Runner


class Bench:
    """An inspector on the worked example."""

    def __init__(self, qtbot: QtBot, lesson: str, notation: str) -> None:
        self.qtbot = qtbot
        self.runner, self.focus = Runner(), Focus()
        self.focus.set(notation=notation, grain="edge")
        self.inspector = Inspector(self.runner, self.focus, Card)
        qtbot.addWidget(self.inspector)
        self.inspector.resize(330, 700)
        self.inspector.show()
        self.runner.frame_arrived.connect(lambda frame: self.focus.follow(Walk.of(frame)))
        self.runner.frame_arrived.connect(self.inspector.show_frame)
        self.runner.open(bpstudio.load_lesson(lesson).session())  # type: ignore[attr-defined]
        self.settle()

    def settle(self) -> None:
        self.qtbot.waitUntil(lambda: self.runner.idle)

    def look(self, element: Element | None, beat: str | None = None) -> None:
        walk = self.focus.walk
        assert walk is not None
        last = walk.count("edge")
        self.focus.set(selection=None, playhead=last if beat is None else walk.find("edge", beat))
        self.focus.set(selection=element)
        self.settle()

    def texts(self) -> list[str]:
        return [label.text() for label in self.inspector.findChildren(QLabel) if label.isVisible() and label.text()]

    def type(self, text: str) -> None:
        self.inspector.edit_value()
        self.qtbot.keyClicks(self.inspector._head._value, text)
        self.qtbot.keyClick(self.inspector._head._value, Qt.Key.Key_Return)
        self.settle()


@pytest.fixture
def mazur(qtbot: QtBot) -> Iterator[Bench]:
    bench = Bench(qtbot, "mazur", "mazur")
    yield bench
    bench.runner.close()


def test_an_edge_shows_its_three_factors_and_the_check(mazur: Bench) -> None:
    mazur.look(Edge(2, 0, 0))
    mazur.qtbot.waitUntil(lambda: "0.082167041 ✓" in mazur.texts())
    texts = mazur.texts()
    for value in ("0.741365070", "0.186815602", "0.593269992", "0.082167041"):
        assert value in texts
    assert "w₅ =" in texts
    assert mazur.inspector._head._next.text() == "will become 0.358916480"


def test_a_hidden_delta_shows_its_sum_term_by_term(mazur: Bench) -> None:
    mazur.look(Unit(1, 0))
    texts = mazur.texts()
    assert "0.40 · 0.138498562" in texts
    assert "0.20 · 0.10" in texts, "an input as it was typed"
    assert "0.50 · (−0.038098237)" in texts
    assert "0.055399425 − 0.019049118 = 0.036350306" in texts
    assert "0.008771355" in texts


def test_what_the_walk_has_not_reached_is_not_given_away(mazur: Bench) -> None:
    mazur.look(Edge(2, 0, 0), "backward/o1/error")
    texts = mazur.texts()
    assert "0.741365070" in texts
    assert "0.186815602" not in texts
    assert "0.082167041" not in texts
    assert NOT_YET in texts
    assert mazur.inspector._head._place.isVisible()
    mazur.inspector._head._place.click()
    assert mazur.focus.walk is not None
    assert mazur.focus.playhead == mazur.focus.walk.find("edge", "backward/w5")
    assert "0.082167041" in mazur.texts()


def test_stepping_on_shows_what_the_beat_computes(mazur: Bench) -> None:
    mazur.look(Edge(2, 0, 0))
    mazur.focus.set(playhead=1)
    assert "Unit h₁ (layer 1, unit 1)" in mazur.texts()
    assert "0.0075" in mazur.texts()
    mazur.focus.set(playhead=19)
    assert "Loss" in mazur.texts()
    assert "0.298371109" in mazur.texts()
    mazur.focus.set(playhead=38)
    assert "Edge i₁ → h₁" in mazur.texts()


def test_a_typed_weight_takes_effect_at_once_and_can_be_undone(mazur: Bench) -> None:
    mazur.look(Edge(2, 0, 0))
    before = mazur.runner.frame
    assert before is not None
    mazur.type("1/2")
    frame = mazur.runner.frame
    assert frame is not None
    assert frame.params.W[1][0, 0] == 0.5
    assert frame.loss != before.loss
    mazur.runner.undo()
    mazur.settle()
    again = mazur.runner.frame
    assert again is not None
    assert (again.params.W[1][0, 0], again.loss) == (0.4, before.loss)


def test_inputs_biases_and_targets_can_be_typed(mazur: Bench) -> None:
    for element, text in ((Unit(0, 1), "0,2"), (Target(0), "0.5"), (Edge(1, 1, -1), "-1e-1")):
        mazur.look(element)
        mazur.type(text)
    frame = mazur.runner.frame
    assert frame is not None
    assert frame.dataset.x.tolist() == [[0.05, 0.2]]
    assert frame.dataset.y.tolist() == [[0.5, 0.99]]
    assert frame.params.b[0].tolist() == [0.35, -0.1]


def test_a_bad_number_keeps_the_last_good_one(mazur: Bench) -> None:
    mazur.look(Edge(2, 0, 0))
    mazur.type("1.234,5")
    frame = mazur.runner.frame
    assert frame is not None
    assert frame.params.W[1][0, 0] == 0.4
    assert any("separator" in text for text in mazur.texts())


def test_a_frozen_bias_has_a_gradient_and_stays(mazur: Bench) -> None:
    mazur.look(Edge(2, 0, -1))
    texts = mazur.texts()
    assert "0.138498562" in texts
    assert any("frozen: stays 0.60" in text for text in texts)


def test_an_element_that_is_gone_is_forgotten(mazur: Bench) -> None:
    mazur.look(Unit(1, 1))
    mazur.runner.open(bpstudio.load_lesson("softmax").session())  # type: ignore[attr-defined]
    mazur.settle()
    assert not any("h₂" in text for text in mazur.texts())


def test_a_batch_says_what_the_row_gives_and_what_is_gathered(qtbot: QtBot) -> None:
    bench = Bench(qtbot, "iris", "nielsen")
    try:
        bench.look(Edge(2, 0, 0))
        frame = bench.runner.frame
        assert frame is not None
        texts = " ".join(bench.texts())
        assert "This row alone" in texts
        assert f"{frame.trace.layers[1].dW[0, 0]:.9f}".replace("-", "−") in texts
        assert "w²₁₁ =" in texts
    finally:
        bench.runner.close()


def test_many_terms_are_summed_not_dropped(qtbot: QtBot) -> None:
    bench = Bench(qtbot, "vanishing", "nielsen")
    try:
        bench.look(Unit(3, 0))
        frame = bench.runner.frame
        assert frame is not None
        buttons = [b for b in bench.inspector.findChildren(Card)[1]._terms if b.isVisible()]
        assert len(buttons) == 7
        more = bench.inspector.findChildren(Card)[1]._more
        units = frame.experiment.network.sizes[4]
        assert more.text().startswith(f"{units - 7} smaller terms")
        more.click()
        assert sum(row.isVisible() for row in bench.inspector.findChildren(Card)[1]._terms) == units
    finally:
        bench.runner.close()


def test_a_number_is_copied_with_all_its_digits(mazur: Bench) -> None:
    mazur.look(LossNode())
    frame = mazur.runner.frame
    assert frame is not None
    mazur.look(Edge(2, 0, 0))
    row = mazur.inspector.findChildren(Card)[0]._rows[3]
    row.actions()[0].trigger()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    assert float(clipboard.text()) == pytest.approx(frame.trace.layers[1].dW[0, 0], rel=1e-15)


def test_numbers_under_the_formula_are_digits_of_one_width_from_the_first_look_on(mazur: Bench) -> None:
    mazur.look(Edge(2, 0, 0))
    numbers = [label for label in mazur.inspector._cards[0].formula._labels if label.isVisible()]
    assert len(numbers) == 3
    assert {label.font().family() for label in numbers} == {theme.current().font(12, mono=True).family()}


def test_what_a_row_says_belongs_to_it_from_the_start(qtbot: QtBot) -> None:
    # A label that a row adopts while painting is paused (Qt sends resize events so) would never be painted.
    card = Card(lambda element: None)
    qtbot.addWidget(card)
    assert all(len(row.findChildren(QLabel)) == 3 for row in card._rows)


def test_a_beat_about_a_whole_layer_does_not_ask_for_the_first_number(mazur: Bench) -> None:
    mazur.focus.set(grain="layer", playhead=0)
    assert "the first number" in mazur.inspector._empty.text()
    mazur.focus.set(playhead=3)
    assert mazur.inspector._empty.isVisible()
    assert "Select a line or a circle" in mazur.inspector._empty.text()


def test_of_a_whole_batch_nothing_is_said_of_this_row(qtbot: QtBot) -> None:
    bench = Bench(qtbot, "iris", "nielsen")
    try:
        bench.focus.set(example=WholeBatch())
        for element in (Edge(2, 0, 0), Unit(1, 2), LossNode()):
            bench.look(element)
            texts = " ".join(bench.texts())
            assert "mean of" in texts
            assert "This row alone" not in texts
    finally:
        bench.runner.close()


@pytest.mark.parametrize("speech", ["en", "zh_CN"])
def test_nothing_is_wider_than_the_column_under_large_text(qtbot: QtBot, qapp: QApplication, speech: str) -> None:
    theme.apply(qapp, "dark", 2.0)
    language.install(qapp, speech)
    bench = Bench(qtbot, "iris", "nielsen")
    try:
        for element in (Edge(1, 1, 0), Unit(1, 2), Unit(2, 0), LossNode(), Edge(2, 0, -1)):
            bench.look(element)
            bench.inspector.resize(330, 1800)
            QApplication.processEvents()
            assert bench.inspector.minimumSizeHint().width() <= 330

            def within(element: object = element) -> None:
                for widget in bench.inspector.findChildren(QWidget):
                    if widget.isVisible():
                        right = widget.mapTo(bench.inspector, widget.rect().topRight()).x()
                        assert right < 330, (element, widget, getattr(widget, "text", str)())

            qtbot.waitUntil(within)
    finally:
        bench.runner.close()
        language.install(qapp, "en")
        theme.apply(qapp, "dark")


@pytest.mark.parametrize("names", [("mazur", "vanishing"), ("vanishing", "mazur")], ids="-".join)
def test_a_card_of_an_earlier_network_takes_another_look_and_language(
    names: tuple[str, str], mazur: Bench, qapp: QApplication
) -> None:
    """It is not seen any more, and the beat that is looked at now is none of its network."""
    for name in names:
        mazur.runner.open(bpstudio.load_lesson(name).session())  # type: ignore[attr-defined]
        mazur.settle()
        walk = mazur.focus.walk
        assert walk is not None
        if name == names[0]:
            mazur.focus.set(grain="layer")
            mazur.look(Edge(2, 0, 0))
            mazur.look(Unit(len(walk.names.sizes) - 1, 0))
    mazur.focus.set(selection=None, grain="layer", playhead=walk.count("layer"))
    try:
        theme.apply(qapp, "light")
        language.install(qapp, "zh_CN")
        mazur.settle()
    finally:
        language.install(qapp, "en")
        theme.apply(qapp, "dark")
    assert mazur.texts()

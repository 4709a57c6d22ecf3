"""Errata in the lesson panel: both sides are shown, the digits are ticked, and pressing one leads there."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QScrollArea
from pytestqt.qtbot import QtBot

from bpstudio.files import lesson as lessons
from bpstudio.files.errata import Erratum, Evidence
from bpstudio.files.known import Known
from bpstudio.files.lesson import Lesson
from ui import language, theme
from ui.document import Document
from ui.focus import Focus
from ui.navigation import Navigation
from ui.panels.lesson import LessonPanel
from ui.panels.lesson_errata import Errata, Examine
from ui.runner import Question, Runner


@pytest.fixture(autouse=True)
def looks(qapp: QApplication) -> Iterator[None]:
    language.install(qapp, "en")
    theme.apply(qapp, "dark")
    yield
    language.install(qapp, "en")


def shown(qtbot: QtBot, lesson: Lesson) -> tuple[QScrollArea, Errata, list[Question]]:
    """The scrolled column in which the errata stand, they themselves, and what they asked."""
    asked: list[Question] = []
    errata = Errata(asked.append, lambda evidence: None)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(errata)
    qtbot.addWidget(area)
    area.resize(330, 500)
    errata.show_lesson(lesson)
    area.show()
    qtbot.waitUntil(lambda: bool(asked) or not errata.present)
    return area, errata, asked


def answered(errata: Errata, question: Question) -> None:
    errata.show_answer(question, question.answer(lambda share: None))


def test_both_sides_are_shown_and_every_digit_is_ticked(qtbot: QtBot) -> None:
    mazur = lessons.load("mazur")
    _area, errata, asked = shown(qtbot, mazur)
    assert [card.printed.plain for card in errata.cards] == [f"“{each.printed.within('en')}”" for each in mazur.errata]
    assert [card.truth.plain for card in errata.cards] == [each.truth.within("en") for each in mazur.errata]
    digits = [digit for card in errata.cards for digit in card.digits]
    assert {digit.state for digit in digits} == {""}
    [question] = asked
    assert isinstance(question, Examine)
    answered(errata, question)
    assert [digit.state for digit in digits] == ["✓"] * 6
    assert [digit.value.text() for digit in digits[:2]] == ["0.291027774", "0.291027924"]


def test_a_wrong_digit_is_no_tick(qtbot: QtBot) -> None:
    xor = lessons.load("xor")
    wrong = Known("layer2.a[0]", (np.nextafter(0.5, 1),))
    erratum = Erratum(xor.title, xor.title, evidence=(Evidence(wrong), Evidence(replace(wrong, value=(0.5,)))))
    _area, errata, [question] = shown(qtbot, xor.replace(errata=(erratum,)))
    answered(errata, question)
    assert [digit.state for digit in errata.cards[0].digits] == ["≠", "✓"]


def test_nothing_is_computed_before_it_is_seen(qtbot: QtBot) -> None:
    asked: list[Question] = []
    errata = Errata(asked.append, lambda evidence: None)
    qtbot.addWidget(errata)
    errata.show_lesson(lessons.load("mazur"))
    QApplication.processEvents()
    assert asked == []
    errata.show()
    qtbot.waitUntil(lambda: bool(asked))
    errata.show_lesson(lessons.load("softmax"))
    answered(errata, asked[0])  # too late: it is about another lesson
    assert {digit.state for digit in errata.cards[0].digits} == {""}
    errata.show_lesson(lessons.load("iris"))
    assert not errata.present
    QApplication.processEvents()
    assert len(asked) == 1


def test_the_words_follow_the_language(qtbot: QtBot, qapp: QApplication) -> None:
    softmax = lessons.load("softmax")
    _area, errata, _ = shown(qtbot, softmax)
    language.install(qapp, "zh_CN")
    errata.retranslate()
    [card] = errata.cards
    assert card.truth.plain == softmax.errata[0].truth.within("zh_CN")
    assert "印的是" in card.accessibleName()
    assert "实际是" in card.accessibleDescription()
    assert card.digits[0].words.text() == "第一份"


def test_every_number_is_seen_whole(qtbot: QtBot) -> None:
    for name in ("mazur", "softmax", "four-equations", "xor"):
        _area, errata, _ = shown(qtbot, lessons.load(name))
        for card in errata.cards:
            for digit in card.digits:
                assert digit.value.width() >= digit.value.sizeHint().width()
                assert card.rect().contains(digit.geometry())


def test_pressing_evidence_leads_to_its_version_step_and_beat(qtbot: QtBot) -> None:
    focus, runner = Focus(), Runner()
    navigation = Navigation(focus, runner)
    document = Document(runner, focus, lambda level, text: None)
    panel = LessonPanel(runner, focus, document, navigation)
    qtbot.addWidget(panel)
    runner.frame_arrived.connect(panel.show_frame)
    try:
        panel.resize(330, 3000)
        panel.show()
        document.show(lessons.load("mazur"), name="mazur")
        qtbot.waitUntil(lambda: runner.idle)
        QApplication.processEvents()
        cards = panel.errata.cards
        qtbot.waitUntil(lambda: all(digit.state == "✓" for card in cards for digit in card.digits))
        places = (((0, 1), "sequential", 1, ""), ((1, 0), "simultaneous", 0, "backward/h1/from-o2"))
        for (card, digit), version, step, address in places:
            qtbot.mouseClick(cards[card].digits[digit], Qt.MouseButton.LeftButton)
            qtbot.waitUntil(lambda: runner.idle)
            assert runner.frame is not None
            choice = document.choice
            assert choice is not None
            assert choice.variant is not None
            assert (choice.variant.name, runner.frame.step) == (version, step)
            if address:
                assert focus.walk is not None
                assert focus.walk.beat(focus.grain, focus.playhead).address == address
        assert [digit.state for card in cards for digit in card.digits] == ["✓"] * 6
    finally:
        navigation.pause()
        runner.close()

"""Every choice applies at once, is remembered, and can be reset; the threshold is an edit that undo takes back."""

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtWidgets import QComboBox, QDialog, QLabel, QLineEdit, QScrollBar, QSplitterHandle, QWidget

from bpstudio.training.session import DEFAULT_BUDGET
from ui import language, theme
from ui.document import DIGITS
from ui.preferences import BUDGET, Preferences

Visit = Callable[..., Any]


def opened(person: Any) -> Preferences:
    person.do("edit.preferences")
    found = [each for each in person.window.findChildren(Preferences) if each.isVisible()]
    assert len(found) == 1
    return found[0]


def choose(box: QComboBox, value: object) -> None:
    """As somebody who picks a line of the list does it."""
    row = box.findData(value)
    assert row >= 0
    box.setCurrentIndex(row)
    box.activated.emit(row)


def test_choices_apply_at_once_are_remembered_and_reset(visit: Visit) -> None:
    person = visit("xor")
    dialog = opened(person)
    choose(dialog.theme, "light")
    assert theme.chosen() == "light"
    choose(dialog.language, "zh_CN")
    assert language.current() == "zh_CN"
    person.wait(lambda: dialog.windowTitle() == "首选项")
    choose(dialog.text_size, 1.3)
    assert theme.current().scale == 1.3
    dialog.motion.click()
    assert person.app.focus.reduced_motion
    choose(dialog.digits, 3)
    assert person.app.focus.digits == 3
    choose(dialog.budget, 64)
    person.settle()
    assert person.app.runner.budget == 64 * 2**20
    assert person.app.runner._trainer._session.budget == 64 * 2**20
    settings = QSettings()
    assert settings.value("view/theme") == "light"
    assert (settings.value(DIGITS, 0, int), settings.value(BUDGET, 0, int)) == (3, 64)
    person.app.document.open("iris")
    person.settle()
    assert person.app.focus.digits == 3, "the choice outranks what a lesson says"
    assert person.app.runner._trainer._session.budget == 64 * 2**20
    dialog.close()

    person = visit("iris", look="", speech="")
    assert (theme.chosen(), language.current(), theme.current().scale) == ("light", "zh_CN", 1.3)
    assert (person.app.focus.digits, person.app.focus.reduced_motion) == (3, True)
    assert person.app.runner._trainer._session.budget == 64 * 2**20
    dialog = opened(person)
    shown = (dialog.theme, dialog.language, dialog.text_size, dialog.digits, dialog.budget)
    assert [box.currentData() for box in shown] == ["light", "zh_CN", 1.3, 3, 64]
    assert dialog.motion.isChecked()
    dialog.defaults.click()
    person.settle()
    assert (theme.chosen(), theme.current().scale) == ("system", 1.0)
    assert (person.app.focus.digits, person.app.focus.reduced_motion) == (person.app.document.lesson.digits, False)
    assert person.app.runner._trainer._session.budget == DEFAULT_BUDGET
    assert dialog.budget.currentData() == DEFAULT_BUDGET // 2**20
    dialog.close()


def squeezed(dialog: Preferences) -> list[str]:
    """Labels and fields with less room than they need."""
    parts = [each for each in dialog.findChildren(QWidget) if isinstance(each, QLabel | QComboBox | QLineEdit)]
    return [
        type(each).__name__ for each in parts if each.isVisible() and each.height() < each.minimumSizeHint().height()
    ]


def test_nothing_is_squeezed_by_larger_text_or_a_message(visit: Visit) -> None:
    person = visit("xor")
    dialog = opened(person)
    for scale in (1.0, 1.5, 2.5, 0.8):
        choose(dialog.text_size, scale)
        person.settle()
        person.wait(lambda: squeezed(dialog) == [])
        screen = dialog.screen()
        assert screen is not None
        assert dialog.height() <= screen.availableGeometry().height()
    dialog.activateWindow()
    person.wait(dialog.isActiveWindow)
    dialog.threshold.setFocus()
    dialog.threshold.selectAll()
    person.qtbot.keyClicks(dialog.threshold, "2")
    person.qtbot.keyClick(dialog.threshold, Qt.Key.Key_Return)
    message = dialog.threshold.parentWidget().findChildren(QLabel)[-1]
    person.wait(lambda: "0.1" in message.text())  # what was expected, and what still holds
    person.wait(lambda: squeezed(dialog) == [] and message.visibleRegion().boundingRect().height() == message.height())
    dialog.close()


def test_the_threshold_is_an_edit_of_the_run(visit: Visit) -> None:
    person = visit("iris")
    person.app.runner.step(3)
    person.settle()
    dialog = opened(person)
    dialog.activateWindow()
    person.wait(dialog.isActiveWindow)
    dialog.threshold.setFocus()
    dialog.threshold.selectAll()
    person.qtbot.keyClicks(dialog.threshold, "0,25")
    person.qtbot.keyClick(dialog.threshold, Qt.Key.Key_Return)
    person.settle()
    assert person.frame.experiment.flat_threshold == 0.25
    assert (person.frame.step, person.frame.undo) == (3, "change flat threshold")
    dialog.threshold.selectAll()
    person.qtbot.keyClicks(dialog.threshold, "7")
    person.qtbot.keyClick(dialog.threshold, Qt.Key.Key_Return)
    person.settle()
    assert person.frame.experiment.flat_threshold == 0.25, "more than 1 is refused"
    assert any("The threshold must be above 0 and at most 1." in label.text() for label in dialog.findChildren(QLabel))
    dialog.close()
    person.do("edit.undo")
    assert person.frame.experiment.flat_threshold == 0.1


def test_the_history_stays_exact_in_little_memory(visit: Visit) -> None:
    person = visit("iris")
    person.app.runner.step(400)
    person.settle()
    there = person.frame.params.flat.tobytes()
    person.app.runner.hold(1)
    person.settle()
    person.app.runner.seek(0)
    person.settle()
    person.app.runner.seek(400)
    person.settle()
    assert person.frame.params.flat.tobytes() == there


INTERACTIVE = Qt.FocusPolicy.TabFocus


def unexplained(root: QWidget) -> list[str]:
    """Everything that takes the keyboard, or shows text, of which nobody can ask what it is."""
    found = []
    for widget in root.findChildren(QWidget):
        if not widget.isVisibleTo(root) or isinstance(widget, QScrollBar | QSplitterHandle):
            continue
        if not (widget.focusPolicy() & INTERACTIVE or isinstance(widget, QLabel | QLineEdit)):
            continue
        above: QWidget | None = widget
        while above is not None and not above.whatsThis():
            above = above.parentWidget()
        if above is None:
            found.append(f"{type(widget).__name__} {widget.objectName()} {widget.accessibleName()}")
    return found


def test_what_is_this_has_an_answer_everywhere(visit: Visit) -> None:
    person = visit("vanishing")
    person.app.focus.set(grain="step")
    person.app.runner.step(30)
    person.settle()
    missing = [name for name in unexplained(person.window) if not name.startswith("QMenuBar")]
    assert missing == [], "\n".join(missing)
    for command in ("edit.palette", "edit.go_to", "help.keys", "edit.preferences", "help.help", "help.about"):
        person.do(command)
        dialogs = [each for each in person.window.findChildren(QDialog) if each.isVisible()]
        assert len(dialogs) == 1, command
        assert dialogs[0].whatsThis(), command
        dialogs[0].reject()
        person.wait(lambda: not any(each.isVisible() for each in person.window.findChildren(QDialog)))


def test_another_language_is_spoken_by_menus_and_the_start_page_too(visit: Visit) -> None:
    person = visit("mazur")
    person.window.builder.add_layer()
    person.settle()
    person.do("file.start")
    choose(opened(person).language, "zh_CN")
    lessons = person.app.files.lessons
    person.wait(lambda: lessons[0].text() == "0  一个神经元")
    person.wait(lambda: [way.text() for way in person.app.doors.page.examples] == [each.text() for each in lessons])
    person.wait(lambda: person.app.actions["edit.undo"].text() == "撤销: 添加层")

"""Whatever goes wrong is written down and shown, and the window is still there afterwards."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt, QTimer, qCritical
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QDialog, QWidget
from pytestqt.qtbot import QtBot

from ui.errors import Errors, log_file


@pytest.fixture
def errors(qtbot: QtBot, tmp_path: Path) -> Iterator[Errors]:
    made = Errors(tmp_path / "state" / "bpstudio.log")
    yield made
    made.remove()


def test_exception_in_a_slot_is_shown_and_logged_and_the_window_stays(
    errors: Errors, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    QTimer.singleShot(0, lambda: list[int]().pop())
    qtbot.waitUntil(lambda: errors.dialog is not None)
    assert errors.dialog is not None
    assert "IndexError" in errors.dialog.details.toPlainText()
    assert "IndexError" in errors.path.read_text(encoding="utf-8")
    assert window.isVisible()
    caplog.clear()


def test_exception_in_a_thread_reaches_the_same_dialog(
    errors: Errors, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    thread = threading.Thread(target=lambda: {}["missing"], name="answers")
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: errors.dialog is not None)
    assert errors.dialog is not None
    assert "in thread answers" in errors.dialog.details.toPlainText()
    assert "KeyError: 'missing'" in errors.path.read_text(encoding="utf-8")
    caplog.clear()


@pytest.mark.qt_no_exception_capture
@pytest.mark.qt_log_level_fail("NO")
def test_critical_message_of_qt_is_shown(errors: Errors, qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    qCritical("the painter is not active")
    qtbot.waitUntil(lambda: errors.dialog is not None)
    assert errors.dialog is not None
    assert "the painter is not active" in errors.dialog.details.toPlainText()
    caplog.clear()


def test_second_error_is_added_to_the_open_dialog(
    errors: Errors, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    for text in ("first", "second"):
        sys.excepthook(ValueError, ValueError(text), None)
    qtbot.waitUntil(lambda: errors.dialog is not None)
    assert errors.dialog is not None
    words = errors.dialog.details.toPlainText()
    assert words.index("first") < words.index("second")
    caplog.clear()


def test_the_dialog_goes_with_the_window_above_it_and_the_next_report_gets_another(
    errors: Errors, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    above = QDialog()
    above.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    above.show()
    above.activateWindow()
    qtbot.waitUntil(above.isActiveWindow)
    errors.show_report("first")
    first = errors.dialog
    assert first is not None
    assert first.parent() is above
    with qtbot.waitSignal(first.destroyed):
        above.close()
    errors.show_report("second")
    assert errors.dialog is not None
    assert errors.dialog.details.toPlainText() == "second\n"


def test_copied_details_name_the_versions(errors: Errors, qtbot: QtBot) -> None:
    errors.show_report("ValueError: a number")
    assert errors.dialog is not None
    errors.dialog.copy_details()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    assert "bpstudio 0." in clipboard.text()
    assert "ValueError: a number" in clipboard.text()


def test_hooks_are_put_back(qtbot: QtBot, tmp_path: Path) -> None:
    before = sys.excepthook, threading.excepthook
    made = Errors(tmp_path / "log")
    assert sys.excepthook is not before[0]
    made.remove()
    assert (sys.excepthook, threading.excepthook) == before


def test_log_that_cannot_be_written_is_no_obstacle(
    qtbot: QtBot, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    made = Errors(tmp_path / "file" / "bpstudio.log")
    try:
        sys.excepthook(ValueError, ValueError("x"), None)
        qtbot.waitUntil(lambda: made.dialog is not None)
    finally:
        made.remove()
        caplog.clear()


def test_large_log_is_put_aside(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "bpstudio.log"
    path.write_bytes(b"x" * 1_000_001)
    Errors(path).remove()
    assert not path.exists()
    assert path.with_suffix(".old.log").stat().st_size == 1_000_001


def test_log_file_is_in_the_state_folder(qtbot: QtBot) -> None:
    assert log_file().parts[-2:] == ("bpstudio", "bpstudio.log")

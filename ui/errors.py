"""When something unexpected happens: it is written to a log file and shown with "copy details", and the window stays.

Python's hook for exceptions, the hook for exceptions in threads and Qt's message handler all end here. PyQt aborts the
process on an exception in a slot unless a hook is installed, so this is installed before the first window is shown.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType

from PyQt6.QtCore import (
    PYQT_VERSION_STR,
    QCoreApplication,
    QEvent,
    QMessageLogContext,
    QObject,
    QStandardPaths,
    Qt,
    QtMsgType,
    QUrl,
    qInstallMessageHandler,
    qVersion,
)
from PyQt6.QtGui import QDesktopServices, QGuiApplication
from PyQt6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget
from typing_extensions import override

import bpstudio
from ui.language import tr

LARGEST_LOG = 1_000_000
"""Bytes after which the log file is put aside (one old one is kept)."""

log = logging.getLogger("bpstudio")
_ARRIVED = QEvent.Type(QEvent.registerEventType())


def log_file() -> Path:
    """Where the log is: the system's folder for the state of applications."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericStateLocation)
    return Path(place or Path.home()) / "bpstudio" / "bpstudio.log"


class Errors(QObject):
    """Catches what nobody else caught. Make one in the window's thread; `remove` puts the old hooks back."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        self.path = path or log_file()
        self.dialog: ErrorDialog | None = None
        self._reports: deque[str] = deque(maxlen=20)
        self._handler = _open_log(self.path)
        self._old_hook = sys.excepthook
        self._old_thread_hook = threading.excepthook
        sys.excepthook = self._exception
        threading.excepthook = self._thread_exception
        self._old_messages: Callable[[QtMsgType, QMessageLogContext, str | None], None] | None = qInstallMessageHandler(
            self._message
        )
        self._removed = False

    def remove(self) -> None:
        """Put the hooks back that were there before."""
        if self._removed:
            return
        self._removed = True
        sys.excepthook = self._old_hook
        threading.excepthook = self._old_thread_hook
        qInstallMessageHandler(self._old_messages)
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
            self._handler.close()
        if self.dialog is not None:
            self.dialog.close()
            self.dialog = None

    def show_report(self, details: str) -> None:
        """Show a report, or add it to the one that is open."""
        if self.dialog is None:
            self.dialog = ErrorDialog(self.path, QApplication.activeWindow())
            self.dialog.finished.connect(self._forget)
            # A dialog above which it stands may be closed and takes it along.
            self.dialog.destroyed.connect(partial(self._gone, self.dialog))
        self.dialog.add(details)
        self.dialog.show()

    def _forget(self) -> None:
        self.dialog = None

    def _gone(self, dialog: ErrorDialog) -> None:
        if self.dialog is dialog:
            self.dialog = None

    def _exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QCoreApplication.quit()
            return
        self._report("".join(traceback.format_exception(kind, error, trace)))

    def _thread_exception(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_type is not SystemExit:
            name = args.thread.name if args.thread is not None else "?"
            text = "".join(traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback))
            self._report(f"in thread {name}\n{text}")

    def _message(self, kind: QtMsgType, context: QMessageLogContext, text: str | None) -> None:
        where = f" ({context.file}:{context.line})" if context.file else ""
        level = {QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO}.get(kind, logging.WARNING)
        if kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg):
            self._report(f"Qt: {text}{where}")
        elif self._handler is not None:
            # Straight to the file: Qt may call this from any thread and in the middle of anything.
            self._handler.handle(logging.LogRecord("qt", level, "", 0, f"{text}{where}", None, None))
        if self._old_messages is not None:
            self._old_messages(kind, context, text)
        elif level >= logging.WARNING and sys.stderr is not None:
            sys.stderr.write(f"{text}{where}\n")

    def _report(self, details: str) -> None:
        """From any thread: write it down now, show it when the window's thread is free."""
        log.error("%s", details)
        if sys.stderr is not None:
            sys.stderr.write(details)
        self._reports.append(details)
        QCoreApplication.postEvent(self, QEvent(_ARRIVED))

    @override
    def event(self, event: QEvent | None) -> bool:
        if event is not None and event.type() == _ARRIVED:
            while self._reports and not self._removed:
                self.show_report(self._reports.popleft())
            return True
        return super().event(event)


class ErrorDialog(QDialog):
    """Says in plain words that something went wrong and that the work is kept; not modal."""

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self.setWindowFlag(Qt.WindowType.Tool)
        self.setMinimumWidth(560)
        self._words = QLabel()
        self._words.setWordWrap(True)
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        buttons = QDialogButtonBox()
        self._copy = buttons.addButton("", QDialogButtonBox.ButtonRole.ActionRole)
        self._folder = buttons.addButton("", QDialogButtonBox.ButtonRole.ActionRole)
        self._close = buttons.addButton("", QDialogButtonBox.ButtonRole.RejectRole)
        assert self._copy is not None
        assert self._folder is not None
        self._copy.clicked.connect(self.copy_details)
        self._folder.clicked.connect(self._open_folder)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self._words)
        layout.addWidget(self.details)
        layout.addWidget(buttons)
        self.retranslate()

    def add(self, details: str) -> None:
        """Append a report."""
        self.details.appendPlainText(details.rstrip() + "\n")

    def copy_details(self) -> None:
        """Put the reports and the versions on the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(f"{versions()}\n\n{self.details.toPlainText()}")

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.setWindowTitle(tr("Something went wrong"))
        self._words.setText(
            tr(
                "Something unexpected happened inside bpstudio. Your work is still here and you can go on; save it if "
                "it matters. The details are also in {path}.",
                path=self._path,
            )
        )
        for button, text in (
            (self._copy, tr("Copy details")),
            (self._folder, tr("Open the log's folder")),
            (self._close, tr("Close")),
        ):
            if button is not None:
                button.setText(text)

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._path.parent)))

    @override
    def changeEvent(self, event: QEvent | None) -> None:
        if event is not None and event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


def versions() -> str:
    """What a person who reads a report wants to know first."""
    numpy = sys.modules.get("numpy")
    return (
        f"bpstudio {bpstudio.__version__}, Python {platform.python_version()}, PyQt {PYQT_VERSION_STR}, "
        f"Qt {qVersion()}, NumPy {getattr(numpy, '__version__', '-')}, {platform.platform()}"
    )


def _open_log(path: Path) -> logging.Handler | None:
    """Log warnings and worse of the whole process into a file; a disk that refuses costs only the log."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LARGEST_LOG:
            with contextlib.suppress(OSError):
                os.replace(path, path.with_suffix(".old.log"))  # noqa: PTH105  # replaces on Windows too, in one call
        handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    except OSError:
        return None
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    return handler

"""Somebody who tries everything: random actions in the real window while it trains, the same for the same seed."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QWidget

    from ui.app import App

TEXTS = ("0.1", "0,5", "1/3", "1e-3", "-2", "3", "", "abc", "relu", "0", "1", "17", "nan", "inf", "1e400", "w5", "ü")
TEXTS += ("z/(1+abs(z))", "formula(tanh(z))", "max(0,z)", "sqrt(-1)", "2 3 4", "0.01, 0.1", "loss < 0.1 and step > 5")
NEVER = ("file.close", "file.quit", "help.log")


class Wanderer:
    """Acts at random in a window. ``told`` hears of each action before it is done."""

    def __init__(self, app: App, folder: Path, seed: int, told: Callable[[str], object]) -> None:
        self.app = app
        self.folder = folder
        self.rng = random.Random(seed)
        self.told = told
        self.saved: list[Path] = []
        self._answers = random.Random(seed)  # how many dialogs come up is a matter of time, so they have their own
        self._kinds = [getattr(self, f"_{name}") for name, often in OFTEN.items() for _ in range(often)]

    def act(self) -> None:
        """One action, and a moment for what it sets off."""
        kind = self.rng.choice(self._kinds)
        kind()
        self.wait(self.rng.choice((0.0, 0.005, 0.03, 0.08)))
        if self.rng.random() < 0.3:
            self.settle(8.0)
        if self.app.runner.playing and self.rng.random() < 0.3:
            self.app.navigation.pause()
        self._close_some()

    def wait(self, seconds: float) -> None:
        """Let the window work."""
        from PyQt6.QtCore import QEventLoop

        end = time.monotonic() + seconds
        while True:
            self.app.qt.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)
            if time.monotonic() >= end:
                return

    def settle(self, patience: float) -> bool:
        """Wait until all that was asked for has arrived; False where it did not, in so many seconds."""
        end = time.monotonic() + patience
        while not self.app.runner.idle:
            self.wait(0.01)
            if time.monotonic() > end:
                return False
        return True

    def answer(self) -> None:
        """Press any button of a question that is in the way, and close whatever else is."""
        from PyQt6.QtWidgets import QApplication, QDialog, QMessageBox

        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            self._answers.choice(box.buttons()).click()
        elif isinstance(box, QDialog):
            box.reject()
        menu = QApplication.activePopupWidget()
        if menu is not None:
            menu.close()

    def file_to_open(self) -> str:
        """What a file dialog answers."""
        return str(self._answers.choice(self.saved)) if self.saved and self._answers.random() < 0.7 else ""

    def file_to_save(self, suggested: str) -> str:
        """What a file dialog answers; a few names are used again and again."""
        suffix = Path(suggested).suffix
        if self._answers.random() < 0.3:
            return ""
        path = self.folder / f"{self._answers.choice('abc')}{suffix or self._answers.choice(('.bpstudio', '.json'))}"
        if path.suffix in (".bpstudio", ".json") and path not in self.saved:
            self.saved.append(path)
        return str(path)

    # ---- actions

    def _tell(self, *words: object) -> None:
        self.told(" ".join(str(word).replace("\n", " ")[:80] for word in words))

    def _visible(self, kind: type[Any]) -> list[Any]:
        return [
            each
            for top in self.app.qt.topLevelWidgets()
            if top.isVisible()
            for each in top.findChildren(kind)
            if each.isVisible() and each.isEnabled()
        ]

    def _any(self, kind: type[Any], *, where: Callable[[Any], bool] = lambda _: True) -> Any:
        found = [each for each in self._visible(kind) if where(each)]
        return self.rng.choice(found) if found else None

    def _command(self) -> None:
        from ui.actions import COMMANDS

        ready = [c.id for c in COMMANDS if c.id not in NEVER and (a := self.app.actions.find(c.id)) and a.isEnabled()]
        chosen = self.rng.choice(ready)
        self._tell("command", chosen)
        self.app.actions[chosen].trigger()

    def _lesson(self) -> None:
        from bpstudio.files import lesson

        name = self.rng.choice(lesson.NAMES)
        self._tell("lesson", name)
        self.app.files.open_lesson(name)
        self.settle(30.0)

    def _button(self) -> None:
        from PyQt6.QtWidgets import QAbstractButton

        button = self._any(QAbstractButton)
        if button is not None:
            self._tell("button", _name(button))
            button.click()

    def _combo(self) -> None:
        from PyQt6.QtWidgets import QComboBox

        combo = self._any(QComboBox, where=lambda each: each.count() > 1)
        if combo is not None:
            index = self.rng.randrange(combo.count())
            self._tell("combo", _name(combo), combo.itemText(index))
            combo.setCurrentIndex(index)
            combo.activated.emit(index)

    def _type(self) -> None:
        from PyQt6.QtCore import Qt
        from PyQt6.QtTest import QTest
        from PyQt6.QtWidgets import QLineEdit

        line = self._any(QLineEdit, where=lambda each: not each.isReadOnly())
        if line is not None:
            text = self.rng.choice(TEXTS)
            self._tell("type", _name(line), text)
            line.setFocus()
            line.selectAll()
            if text.isascii():
                QTest.keyClicks(line, text)
            else:
                line.setText(text)
            QTest.keyClick(
                line, self.rng.choice((Qt.Key.Key_Return, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Tab))
            )

    def _slide(self) -> None:
        from PyQt6.QtWidgets import QAbstractSlider, QScrollBar

        slider = self._any(QAbstractSlider, where=lambda each: not isinstance(each, QScrollBar))
        if slider is not None:
            self._tell("slide", _name(slider))
            slider.setValue(self.rng.randint(slider.minimum(), slider.maximum()))

    def _spin(self) -> None:
        from PyQt6.QtWidgets import QAbstractSpinBox

        box = self._any(QAbstractSpinBox)
        if box is not None:
            self._tell("spin", _name(box))
            box.stepBy(self.rng.choice((-3, -1, 1, 5)))

    def _row(self) -> None:
        """A row of a table, a list or a tree."""
        from PyQt6.QtCore import QAbstractListModel, Qt
        from PyQt6.QtTest import QTest
        from PyQt6.QtWidgets import QAbstractItemView, QHeaderView

        view = self._any(QAbstractItemView, where=lambda each: not isinstance(each, QHeaderView))
        model = view.model() if view is not None else None
        columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount() if model is not None else 0
        if view is not None and model is not None and model.rowCount() and columns:
            place = model.index(self.rng.randrange(model.rowCount()), self.rng.randrange(columns))
            self._tell("row", _name(view), place.row(), place.column())
            view.scrollTo(place)
            click = QTest.mouseClick if self.rng.random() < 0.8 else QTest.mouseDClick
            click(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(place).center())

    def _key(self) -> None:
        from PyQt6.QtCore import Qt
        from PyQt6.QtTest import QTest

        none = Qt.KeyboardModifier.NoModifier
        key = self.rng.choice([getattr(Qt.Key, f"Key_{name}") for name in KEYS])
        held = self.rng.choice((*(none,) * 5, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier))
        self._tell("key", Qt.Key(key).name, held.name)
        self.app.window.canvas.setFocus()
        QTest.keyClick(self.app.window.canvas, key, held)

    def _mouse(self) -> None:
        """Click, double click, move, turn the wheel or drag, on the canvas or anywhere else in the window."""
        from PyQt6.QtCore import QPoint, QPointF, Qt
        from PyQt6.QtGui import QWheelEvent
        from PyQt6.QtTest import QTest
        from PyQt6.QtWidgets import QWidget

        target = self.app.window.canvas if self.rng.random() < 0.6 else self._any(QWidget)
        if target is None or target.width() < 2 or target.height() < 2:
            return
        at, to = (QPoint(self.rng.randrange(target.width()), self.rng.randrange(target.height())) for _ in range(2))
        kind = self.rng.choice(("click", "double", "move", "wheel", "drag", "right"))
        self._tell("mouse", kind, _name(target), at.x(), at.y(), to.x(), to.y())
        left = Qt.MouseButton.LeftButton
        if kind == "click":
            QTest.mouseClick(target, left, pos=at)
        elif kind == "double":
            QTest.mouseDClick(target, left, pos=at)
        elif kind == "right":
            QTest.mouseClick(target, Qt.MouseButton.RightButton, pos=at)
        elif kind == "move":
            QTest.mouseMove(target, at)
        elif kind == "drag":
            QTest.mousePress(target, left, pos=at)
            for part in (0.3, 0.7, 1.0):
                QTest.mouseMove(target, at + (to - at) * part)
                self.wait(0.01)
            QTest.mouseRelease(target, left, pos=to)
        else:
            turn = QPoint(0, self.rng.choice((120, -120)))
            none, buttons = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.NoButton
            place = QPointF(at), QPointF(target.mapToGlobal(at))
            phase = Qt.ScrollPhase.NoScrollPhase
            self.app.qt.sendEvent(target, QWheelEvent(*place, QPoint(), turn, buttons, none, phase, False))

    def _train(self) -> None:
        steps = self.rng.choice((1, 3, 20, 200, 2000))
        self._tell("train", steps)
        self.app.runner.pace = math.inf
        self.app.runner.step(steps)

    def _play(self) -> None:
        self._tell("play")
        self.app.runner.pace = math.inf
        self.app.navigation.play()

    def _seek(self) -> None:
        frame = self.app.runner.frame
        if frame is not None:
            step = self.rng.randint(frame.metrics.first, max(frame.last_step, frame.metrics.first))
            self._tell("seek", step)
            self.app.runner.seek(step)

    def _walk(self) -> None:
        walk = self.app.focus.walk
        if walk is not None:
            grain = self.rng.choice(("step", "layer", "neuron", "edge"))
            playhead = self.rng.randint(0, walk.count(grain))
            self._tell("walk", grain, playhead)
            self.app.focus.set(grain=grain, playhead=playhead)

    def _undo(self) -> None:
        act = self.rng.choice(("undo", "undo", "redo", "undo three"))
        self._tell(act)
        if act == "undo three":
            self.app.runner.undo_to(3)
        else:
            getattr(self.app.runner, act)()

    def _weight(self) -> None:
        frame = self.app.runner.frame
        if frame is not None:
            params = frame.params.copy()
            place = self.rng.randrange(params.flat.size)
            params.flat[place] += self.rng.choice((0.5, -0.25))
            self._tell("weight", place)
            self.app.runner.apply(params=params, name="weight")

    def _branch(self) -> None:
        runner, frame = self.app.runner, self.app.runner.frame
        if frame is None:
            return
        number = self.rng.choice([each.number for each in frame.branches])
        act = self.rng.choice(("begin", "switch", "switch", "name", "delete", "delete", "compare"))
        self._tell("branch", act, number)
        if act == "begin" and len(frame.branches) < 12:
            runner.branch(self.rng.choice(("", "other")))
        elif act == "switch":
            runner.switch(number)
        elif act == "name":
            runner.rename_branch(number, self.rng.choice(("", "a", "b")))
        elif act == "delete" and len(frame.branches) > 1:
            runner.delete_branch(number)
        elif act == "compare":
            runner.compare(self.rng.choice((None, number)))

    def _mark(self) -> None:
        from bpstudio.training.breakpoints import Breakpoint
        from bpstudio.training.conditions import GradientNorm, ValidationTurns

        runner, frame = self.app.runner, self.app.runner.frame
        if frame is None:
            return
        act = self.rng.choice(("set", "go", "note", "remove", "breakpoints"))
        self._tell("mark", act)
        mark = self.rng.choice(frame.bookmarks) if frame.bookmarks else None
        if act == "set" and len(frame.bookmarks) < 20:
            runner.bookmark("", self.rng.choice(("", "here")))
        elif act == "breakpoints":
            watched = (Breakpoint(1, GradientNorm(0.0, 0.01)), Breakpoint(2, ValidationTurns(2)))
            runner.set_breakpoints(self.rng.choice(((), watched[:1], watched)), "breakpoints")
        elif mark is not None and act == "go":
            runner.go_to_bookmark(mark.number)
        elif mark is not None and act == "note":
            runner.annotate(mark.number, self.rng.choice(("there", "")))
        elif mark is not None and act == "remove":
            runner.remove_bookmark(mark.number)

    def _save(self) -> None:
        path = self.folder / self.rng.choice(("a.bpstudio", "b.bpstudio", "c.json"))
        self._tell("save", path.name)
        self.settle(8.0)
        self.app.document.save(path)
        if path not in self.saved:
            self.saved.append(path)

    def _open(self) -> None:
        path = self.rng.choice(self.saved) if self.saved else None
        if path is not None and path.exists():
            self._tell("open", path.name)
            self.app.files.open_path(path)
            self.settle(30.0)

    def _look(self) -> None:
        from ui import theme

        what = self.rng.choice(("theme", "language", "text", "size"))
        commands, window = self.app.commands, self.app.window
        self._tell("look", what)
        if what == "theme":
            commands._theme(self.rng.choice(list(theme.THEMES)))
        elif what == "language":
            commands._language(self.rng.choice(("en", "zh_CN")))
        elif what == "text":
            commands._resize_text(self.rng.choice(theme.SCALES))
        else:
            window.resize(*self.rng.choice(((1280, 720), (1920, 1080), (1024, 640), (900, 600))))

    def _close_some(self) -> None:
        from PyQt6.QtWidgets import QMenu

        for top in self.app.qt.topLevelWidgets():
            is_ours = top is self.app.window or isinstance(top, QMenu)
            if top.isVisible() and top.isWindow() and not is_ours and self.rng.random() < 0.3:
                top.close()

    def rest(self) -> None:
        """A small lesson, as it is, and all windows beside it closed."""
        self.app.navigation.pause()
        self.settle(30.0)
        for top in self.app.qt.topLevelWidgets():
            if top is not self.app.window and top.isVisible() and top.isWindow():
                top.close()
        self.app.runner.set_breakpoints((), "none")
        self.app.window.resize(1280, 720)
        self.app.document.open("mazur")
        self.settle(30.0)
        self.wait(2.0)


OFTEN = {
    "command": 6,
    "lesson": 2,
    "button": 6,
    "combo": 5,
    "type": 6,
    "slide": 1,
    "spin": 2,
    "row": 3,
    "key": 12,
    "mouse": 7,
    "train": 5,
    "play": 4,
    "seek": 3,
    "walk": 4,
    "undo": 5,
    "weight": 3,
    "branch": 5,
    "mark": 3,
    "save": 2,
    "open": 2,
    "look": 2,
}
KEYS = (*("Right",) * 6, *("Left",) * 3, "PageDown", "PageUp", "Home", "End", "1", "2", "3", "4", "B", "G", "W", "U")
KEYS += ("Escape", "Return", "Comma", "Period", "Tab", "Space", "M", "F9", "BracketLeft", "BracketRight")


def _name(widget: QWidget) -> str:
    """A widget as one finds it again: its kind, its text, and what it is in."""
    parts = []
    each: QWidget | None = widget
    while each is not None and len(parts) < 3:
        text = getattr(each, "text", None)
        said = text() if callable(text) and not hasattr(each, "toPlainText") else ""
        parts.append(f"{type(each).__name__}:{said[:20]}" if isinstance(said, str) and said else type(each).__name__)
        each = each.parentWidget()
    return "<".join(parts)

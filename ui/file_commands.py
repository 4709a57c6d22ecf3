"""Commands about files: new, open, save, weights, pictures, and what to do with unsaved work.

A run is saved as a project, with its whole past, unless its name ends in .json: that is a lesson, which keeps the
present moment as text. A run that came from a lesson file is saved there again while the moment is all there is; with a
past, a person is asked once whether the moment is enough or a project is wanted beside it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QFileDialog, QMessageBox

from bpstudio.data.errors import DataError
from bpstudio.files.lesson import NAMES
from ui.actions import Actions
from ui.document import Document
from ui.language import tr, translatable
from ui.main_window import MainWindow
from ui.navigation import Navigation
from ui.opening import SUFFIX
from ui.panels.plain import plain
from ui.recovery import Recovery
from ui.runner import Runner
from ui.saved import has_past
from ui.shortened import literal

if TYPE_CHECKING:
    from bpstudio.files.lesson import Lesson

TABLES = (".csv", ".tsv", ".txt", ".data", ".tab")
WEIGHTS = (".npz", ".safetensors")
MUCH_DATA = 20_000_000
"""Bytes of data from a file from which on a person is asked whether a project is to hold them."""


class FileCommands:
    """Connects the actions of the File, Data and Learn menus."""

    def __init__(
        self,
        window: MainWindow,
        actions: Actions,
        runner: Runner,
        navigation: Navigation,
        document: Document,
        recovery: Recovery,
    ) -> None:
        self._window = window
        self._actions = actions
        self._runner = runner
        self._navigation = navigation
        self._document = document
        self._recovery = recovery
        self._one_moment = 0
        """The run of which a person wants to keep one moment only, in its lesson file."""
        for id, act in self._table().items():
            actions.connect(id, act)
        self._fill_lessons()
        self._fill_recent()
        window.take_file = self.open_path
        window.may_close = self.may_close
        document.listen(self._fill_recent)
        document.refused, document.explain = self._not_saved, _said
        document.working = self._working
        document.layout, document.arrange = window.regions.values, window.regions.take

    def resume(self, kept: Path) -> None:
        """Go on with a run that was kept when a window closed, or that was left behind."""
        self._after_asking(lambda: self._document.resume(kept))

    def open_path(self, path: Path) -> None:
        """Open whatever kind of file this is: a lesson, a table, or weights."""
        is_table = path.suffix.lower() in TABLES
        if self._window.messages.level == "error" or not is_table:
            # What went wrong with the file before, or was offered instead of it, is not about this one.
            self._window.messages.hide()
        if is_table:
            self._window.data.open_path(str(path))
        elif path.suffix.lower() in WEIGHTS:
            self._read_weights(path)
        else:
            self._after_asking(lambda: self._document.open(path))

    def may_close(self) -> bool:
        """Ask about unsaved work; False: stay."""
        if self._document.modified:
            answer = self._ask_about_changes()
            if answer == QMessageBox.StandardButton.Cancel:
                return False
            if answer == QMessageBox.StandardButton.Save:
                self._save(then=self._window.close)
                return False
        self._navigation.pause()
        self._recovery.end()
        return True

    def _table(self) -> dict[str, Callable[[], object]]:
        return {
            "file.new": self._new,
            "file.open": self._open,
            "file.save": self._save,
            "file.save_as": self._save_as,
            "file.lesson_out": self._export,
            "file.weights_in": self._choose_weights,
            "file.weights_out": self._write_weights,
            "file.picture": self._save_picture,
            "file.close": self._window.close,
            "data.open": self._window.data.ask_for_file,
            "learn.tour": self._tour,
            "data.table": self._window.data.show_rows,
            "data.previous_row": partial(self._navigation.next_row, -1),
            "data.next_row": self._navigation.next_row,
            "data.whole_batch": self._navigation.toggle_whole_batch,
        }

    def _new(self) -> None:
        self._after_asking(lambda: self._document.show(_new_lesson()))

    def _open(self) -> None:
        kinds = (
            f"{tr('All that can be opened')} (*{SUFFIX} *.json *.csv *.tsv *.txt *.npz *.safetensors)",
            f"{tr('Projects')} (*{SUFFIX})",
            f"{tr('Lessons')} (*.json)",
            f"{tr('Tables')} (*.csv *.tsv *.txt)",
            f"{tr('Weights')} (*.npz *.safetensors)",
        )
        name, _ = QFileDialog.getOpenFileName(self._window, tr("Open"), "", ";;".join(kinds))
        if name:
            self.open_path(Path(name))

    def _save(self, then: Callable[[], object] | None = None) -> None:
        path = self._document.path
        if path is None:
            self._save_as(then)
            return
        wanted = "moment" if path.suffix.lower() != ".json" or self._is_one_moment() else self._ask_about_past(path)
        if wanted == "moment":
            self._one_moment = self._document.run
            self._document.save(then=then)
        elif wanted == "project":
            self._save_as(then, path.with_suffix(SUFFIX))

    def _save_as(self, then: Callable[[], object] | None = None, start: Path | None = None) -> None:
        """Ask for a name; its ending says whether the run is kept with its past, or one moment of it."""
        usual = self._document.path or Path.home() / f"{_file_name(self._document.title)}{SUFFIX}"
        kinds = (f"{tr('Projects: the whole run')} (*{SUFFIX})", f"{tr('Lessons: this moment, as text')} (*.json)")
        first = kinds[1] if start is None and usual.suffix.lower() == ".json" else kinds[0]
        name, kind = QFileDialog.getSaveFileName(
            self._window, tr("Save as"), str(start or usual), ";;".join(kinds), first
        )
        path = self._ending(name, ".json" if kind == kinds[1] else SUFFIX, (SUFFIX, ".json"))
        if path is None:
            return
        if path.suffix.lower() == ".json":
            self._one_moment = self._document.run
        elif not self._embeds():
            return
        self._document.save(path, then)

    def _ending(self, name: str, usual: str, known: tuple[str, ...]) -> Path | None:
        """The file of a name that was chosen, with an ending that says its kind; None: there is none, or it stays."""
        path = Path(name)
        if not name or path.suffix.lower() in known:
            return path if name else None
        path = path.with_name(path.name + usual)
        if not path.exists():
            return path
        # The dialog asked about the name without the ending.
        box = self._question(tr("{name} is there already. Replace it?", name=path.name), str(path.parent))
        replace = box.addButton(tr("Replace"), QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        return path if box.clickedButton() is replace else None

    def _is_one_moment(self) -> bool:
        """Whether a lesson file can hold all that there is, or a person has said that one moment is enough."""
        frame = self._runner.frame
        return frame is None or not has_past(frame) or self._one_moment == self._document.run

    def _ask_about_past(self, path: Path) -> str:
        """Ask what becomes of the past of a run that came from a lesson file: "project", "moment", or "" to stay."""
        box = self._question(
            tr("{name} is a lesson: it can keep this moment, but not how the run came here.", name=path.name),
            tr("A project keeps every step, every branch and every mark."),
        )
        project = box.addButton(tr("Save a project…"), QMessageBox.ButtonRole.AcceptRole)
        moment = box.addButton(tr("Keep this moment only"), QMessageBox.ButtonRole.NoRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(project)
        box.exec()
        clicked = box.clickedButton()
        return "project" if clicked is project else "moment" if clicked is moment else ""

    def _embeds(self) -> bool:
        """Ask, of much data that came from a file, whether a project is to hold them; False: stay."""
        frame = self._runner.frame
        data = frame.dataset if frame is not None else None
        if data is None or data.x.nbytes + data.y.nbytes < MUCH_DATA or not getattr(data.source, "path", ""):
            return True
        size = f"{(data.x.nbytes + data.y.nbytes) / 1e6:,.0f}"
        box = self._question(
            tr("The data take {size} MB. Put them into the project?", size=size),
            tr(
                "With them it can be opened anywhere. Without them it says where their file is, and checks that it is "
                "still the same."
            ),
        )
        inside = box.addButton(tr("Put them in"), QMessageBox.ButtonRole.YesRole)
        outside = box.addButton(tr("Only say where they are"), QMessageBox.ButtonRole.NoRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(inside if self._document.embed else outside)
        box.exec()
        if box.clickedButton() not in (inside, outside):
            return False
        self._document.embed = box.clickedButton() is inside
        return True

    def _question(self, text: str, more: str) -> QMessageBox:
        box = QMessageBox(self._window)
        box.setWindowTitle("bpstudio")
        box.setText(text)
        box.setInformativeText(more)
        return box

    def _export(self) -> None:
        frame = self._runner.frame
        if frame is None:
            return
        start = Path.home() / f"{_file_name(self._document.title)}-{frame.step}.json"
        name, _ = QFileDialog.getSaveFileName(
            self._window, tr("Export this moment"), str(start), f"{tr('Lessons')} (*.json)"
        )
        path = self._ending(name, ".json", (".json",))
        if path is not None:
            self._document.export(path)

    def _not_saved(self, words: str) -> None:
        self._window.messages.say("error", words, tr("Save as…"), self._save_as)

    def _working(self, words: str, share: float, cancel: Callable[[], object]) -> None:
        if words:
            self._window.messages.report(f"{words} {share:.0%}", tr("Cancel"), cancel)
        else:
            self._window.messages.end_report()

    def _choose_weights(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._window, tr("Read weights"), "", f"{tr('Weights')} (*.npz)")
        if name:
            self._read_weights(Path(name))

    def _read_weights(self, path: Path) -> None:
        from bpstudio.files import weights

        frame = self._runner.frame
        if frame is None:
            return
        try:
            params = weights.read(path, frame.experiment.network)
        except (OSError, ValueError) as error:
            self._window.messages.say("error", tr("{name} cannot be opened: {reason}", name=path.name, reason=error))
            return
        self._runner.apply(params=params, name=translatable("weights from a file"))
        self._window.messages.say("good", tr("The weights of {name} are in the network now.", name=path.name))

    def _write_weights(self) -> None:
        from bpstudio.files import weights

        frame = self._runner.frame
        name, _ = QFileDialog.getSaveFileName(
            self._window, tr("Write weights"), "weights.npz", f"{tr('Weights')} (*.npz)"
        )
        if not name or frame is None:
            return
        try:
            weights.write(frame.params, name)
        except (OSError, ValueError) as error:
            self._window.messages.say("error", tr("Not saved: {reason}", reason=error))
        else:
            self._window.messages.say("good", tr("Saved: {path}", path=name))

    def _save_picture(self) -> None:
        picture = self._window.grab()
        name, _ = QFileDialog.getSaveFileName(self._window, tr("Save a picture"), "bpstudio.png", "PNG (*.png)")
        if not name:
            return
        path = name if Path(name).suffix else f"{name}.png"
        if picture.save(path):
            self._window.messages.say("good", tr("Saved: {path}", path=path))
        else:
            self._window.messages.say("error", tr("Not saved: {reason}", reason=path))

    def _after_asking(self, act: Callable[[], object]) -> None:
        """Do something that replaces what is open, unless somebody wants to keep it."""
        answer = self._ask_about_changes() if self._document.modified else QMessageBox.StandardButton.Discard
        if answer == QMessageBox.StandardButton.Save:
            self._save(then=act)
        elif answer == QMessageBox.StandardButton.Discard:
            act()

    def _ask_about_changes(self) -> QMessageBox.StandardButton:
        box = self._question(
            tr("Save the changes to “{title}”?", title=self._document.title),
            tr("What is not saved is only offered once, at the next start."),
        )
        kinds = QMessageBox.StandardButton
        box.setStandardButtons(kinds.Save | kinds.Discard | kinds.Cancel)
        box.setDefaultButton(kinds.Save)
        return kinds(box.exec())

    def _tour(self) -> None:
        def begin() -> None:
            self._document.open("mazur")
            self._window.tour.begin()

        self._after_asking(begin)

    def _fill_lessons(self) -> None:
        learn = self._actions.menu("learn")
        first = learn.actions()[0]
        self._lessons = [learn.addAction("") for _ in NAMES]
        for action, name in zip(self._lessons, NAMES, strict=True):
            if action is not None:
                learn.insertAction(first, action)
                action.triggered.connect(partial(self.open_lesson, name))
        learn.insertSeparator(first)
        self._actions.also(self.retranslate)

    def open_lesson(self, name: str, _checked: bool = False) -> None:
        """Open a lesson of the program, unless somebody wants to keep what is open."""
        self._after_asking(lambda: self._document.open(name))

    def _fill_recent(self) -> None:
        menu = self._actions.menu("file.recent")
        recent = self._document.recent
        if [action.data() for action in menu.actions()] == [str(path) for path in recent]:
            return
        menu.clear()
        for path in recent:
            action = menu.addAction(literal(path.name))
            if action is not None:
                action.setData(str(path))
                action.setToolTip(str(path))
                action.triggered.connect(lambda _checked, path=path: self.open_path(path))
        menu.setEnabled(bool(recent))

    @property
    def lessons(self) -> list[QAction]:
        """The commands that open a lesson, in the order in which they are offered."""
        return [action for action in self._lessons if action is not None]

    def retranslate(self) -> None:
        """Set the names of the lessons in the language in use."""
        for number, (action, name) in enumerate(zip(self._lessons, NAMES, strict=True)):
            if action is not None:
                action.setText(f"{number}  {tr(_TITLES[name])}")


_TITLES = {
    "one-neuron": translatable("One neuron"),
    "mazur": translatable("The worked 2-2-2 example"),
    "softmax": translatable("Softmax: three shares of 1"),
    "four-equations": translatable("The four equations"),
    "xor": translatable("XOR and the zero start"),
    "dead-relu": translatable("ReLU, and a unit that is dead"),
    "linear": translatable("Depth without curves"),
    "cuts": translatable("Cuts of the plane"),
    "logistic": translatable("Cross-entropy beside least squares"),
    "shallow": translatable("Four hidden units in matrices"),
    "thresholds": translatable("Thresholds and the sliding window"),
    "deep-learn-toolbox": translatable("DeepLearnToolbox step by step"),
    "optimisers": translatable("Four optimisers, two updates"),
    "vanishing": translatable("The vanishing gradient"),
    "exploding": translatable("Exploding, and what clipping does"),
    "efficient-backprop": translatable("Efficient BackProp, trick by trick"),
    "sparse-autoencoder": translatable("A sparse autoencoder"),
    "iris": translatable("Iris: a table of flowers"),
    "lenet": translatable("LeNet reads digits"),
}
"""What the lessons are called where they are listed; reading the files for it would delay every start."""


def _said(problem: Exception) -> str:
    """What went wrong with a file. A lesson's own words name the place in it, and stay."""
    return plain(problem) if isinstance(problem, DataError) else str(problem) or type(problem).__name__


def _file_name(title: str) -> str:
    kept = "".join(letter if letter.isalnum() or letter in "-_ " else " " for letter in title)
    return " ".join(kept.split()).replace(" ", "-") or "lesson"


def _new_lesson() -> Lesson:
    """A small network on a small problem, to be changed into anything."""
    from bpstudio.files import lesson
    from bpstudio.files.wording import Wording

    base = lesson.load("xor").choose("random")  # as it stands that lesson starts from zero, and stays there
    return dataclasses.replace(
        base, title=Wording.of(tr("Untitled")), text=Wording(), summary=Wording(), scenes=(), variants=(), expected=(),
        errata=(), start=None, notation="nielsen", grain="", at="", variant="", base=None,
    )  # fmt: skip

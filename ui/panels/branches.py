"""The branches of the run: their tree, what is read at the place that is pointed at, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QAction, QResizeEvent
from PyQt6.QtWidgets import QLabel, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.branches import title
from bpstudio.training.frame import Frame
from ui.beside import Flow, Link
from ui.language import tr, translatable
from ui.panels.branch_tree import BranchTree
from ui.runner import Runner

DELETED = translatable("Branch “{name}” is deleted. Undo brings it back.")
ONE = translatable("Go back to an earlier step and change anything: the old future stays here as a branch.")
GREY = translatable("Grey curves: {branch}. Colour the network by the difference (D)")


class Branches(QWidget):
    """What stands under the heading of the branches.

    `say(level, text)` tells in the line of messages; `color()` colours the network by the difference.
    """

    def __init__(
        self,
        runner: Runner,
        say: Callable[[str, str], object],
        color: Callable[[], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner = runner
        self._frame: Frame | None = None
        self._say = say
        self.tree = BranchTree(runner.rename_branch)
        self.tree.went.connect(self._go)
        self.tree.pointed.connect(self._read)
        self.tree.deleted.connect(self.delete)
        self.tree.menu_wanted.connect(self._menu)
        self._place = _TwoLines()
        self.reading = self._place.label
        self.hint = QLabel()
        self.hint.setProperty("role", "secondary")
        self.hint.setWordWrap(True)
        self.beside = Link(color)
        policy = self.beside.sizePolicy()
        policy.setVerticalPolicy(QSizePolicy.Policy.Minimum)  # a fixed one would be held to a single line here
        self.beside.setSizePolicy(policy)
        self._acts: dict[str, QPushButton] = {name: QPushButton() for name in self._commands()}
        for name, button in self._acts.items():
            button.clicked.connect(lambda _, name=name: self._commands()[name]())
        row = QWidget()
        buttons = Flow(row)
        for button in self._acts.values():
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        for widget in (self.tree, self._place, self.hint, self.beside, row):
            column.addWidget(widget)
        self.retranslate()

    def show_frame(self, frame: Frame) -> None:
        """Show the branches of a frame."""
        self._frame = frame
        self.tree.show_frame(frame)
        self._enable()

    def button(self, name: str) -> QPushButton:
        """A button by what it does: "go", "compare", "rename", "delete" or "begin"."""
        return self._acts[name]

    def compare(self) -> None:
        """Compare the run with the chosen branch, or with none any more."""
        chosen, frame = self.tree.chosen, self._frame
        if frame is not None and chosen is not None:
            self._runner.compare(None if chosen == frame.compared else chosen)

    def delete(self, number: int | None = None) -> None:
        """Delete a branch, the chosen one where no other is named, and tell how it comes back."""
        frame = self._frame
        number = self.tree.chosen if number is None else number
        if number is None or frame is None or len(frame.branches) < 2:
            return
        if all(each.number != number for each in frame.branches):
            return
        name = title(frame.branches, number, tr)
        self._runner.delete_branch(number)
        # Without a button: what it would undo is another gesture as soon as there is one.
        self._say("good", tr(DELETED, name=name))

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.tree.setAccessibleName(tr("Branches of the run"))
        self.tree.setWhatsThis(
            tr(
                "Every branch over the training steps. A click on a line goes there; the arrow keys move, Enter goes, "
                "F2 renames, Del deletes."
            )
        )
        self.hint.setText(tr(ONE))
        for name, text, tip in (
            ("go", tr("Go there"), tr("Show the chosen step of this branch (Enter, or a click on its line)")),
            ("rename", tr("Rename"), tr("Give the branch a name of its own (F2)")),
            ("delete", tr("Delete"), tr("Delete the branch; undo brings it back (Del)")),
            (
                "begin",
                tr("New branch here"),
                tr("Go on from here on a branch of its own, with everything as it is"),
            ),
        ):
            self._acts[name].setText(text)
            self._acts[name].setToolTip(tip)
        self._enable()
        self._read()

    def _commands(self) -> dict[str, Callable[[], object]]:
        return {
            "go": self.tree.go,
            "compare": self.compare,
            "rename": self.tree.rename,
            "delete": self.delete,
            "begin": self._runner.branch,
        }

    def _go(self, number: int, step: int | None) -> None:
        frame = self._frame
        if frame is None or (step is None and number == frame.branch):
            return
        self._runner.switch(number, step)

    def _read(self) -> None:
        said = self.tree.reading()
        if said != self.reading.text():
            self.reading.setText(said)
            self.tree.setAccessibleDescription(said)
        self._enable()

    def _enable(self) -> None:
        """What can be done with the chosen branch now."""
        frame, chosen = self._frame, self.tree.chosen
        several = frame is not None and len(frame.branches) > 1
        compared = frame.compared if frame is not None else None
        is_here = frame is not None and chosen == frame.branch
        self.hint.setVisible(not several)
        for name in ("go", "compare", "delete"):
            self._acts[name].setVisible(several)
        self._acts["go"].setEnabled(not is_here or self.tree.at is not None)
        is_compared = chosen is not None and chosen == compared
        self._acts["compare"].setText(tr("Stop comparing") if is_compared else tr("Compare"))
        self._acts["compare"].setToolTip(
            tr("Lay the curves of this branch over those of the run, and take differences of weights from it")
        )
        self._acts["compare"].setEnabled(is_compared or not is_here)
        has_grey = frame is not None and compared not in (None, frame.branch)
        self.beside.setVisible(has_grey)
        if frame is not None and compared is not None and has_grey:
            self.beside.setText(tr(GREY, branch=title(frame.branches, compared, tr)))

    def _menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name, button in self._acts.items():
            if not button.isHidden():
                action = QAction(button.text(), menu)
                action.setEnabled(button.isEnabled())
                action.triggered.connect(lambda _, name=name: self._commands()[name]())
                menu.addAction(action)
        menu.popup(at)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()


class _TwoLines(QWidget):
    """A label in the room of two lines: what stands below must not jump while the mouse moves over the tree, and a text
    that changes with every frame must not have the window laid out anew. A label of fixed size in no layout does not.
    """

    def __init__(self) -> None:
        super().__init__()
        self.label = QLabel(self)
        self.label.setProperty("role", "secondary")
        self.label.setWordWrap(True)
        self.label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        # Measured in the language in use: letters of another font make a line higher.
        lines = "\n".join([tr("loss") + "g"] * 2)
        room = QRect(0, 0, 10_000, 10_000)
        return QSize(120, self.label.fontMetrics().boundingRect(room, 0, lines).height() + 4)

    @override
    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self.label.setFixedSize(self.size())

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        looks = (QEvent.Type.LanguageChange, QEvent.Type.FontChange, QEvent.Type.StyleChange)
        if a0 is not None and a0.type() in looks:
            self.updateGeometry()

"""The name of the branch on which the run is, with a menu of the others; there only where there are several."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent, QPoint, QSize, Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu, QSizePolicy, QWidget
from typing_extensions import override

from bpstudio.insight.branches import title
from bpstudio.training.frame import Frame
from ui import theme
from ui.language import tr
from ui.runner import Runner
from ui.shortened import Shortened, literal


class BranchChoice(Shortened):
    """A button as wide as there is room; its menu leads to the other branches, and to their tree."""

    def __init__(self, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(60, parent)
        self._runner = runner
        self._frame: Frame | None = None
        self._shown: tuple[object, ...] = ()
        self.show_tree: Callable[[], object] = lambda: None
        """What the last line of the menu does."""
        self.setProperty("role", "flat")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda _: self.open_menu())
        self.hide()

    def show_frame(self, frame: Frame) -> None:
        """Show the branch of a frame; the button goes where it is the only one."""
        self._frame = frame
        shown = (frame.branch, *((each.number, each.name, each.cause, each.experiment) for each in frame.branches))
        if shown != self._shown:
            self._shown = shown
            self.retranslate()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        frame = self._frame
        several = frame is not None and len(frame.branches) > 1
        self.setVisible(several)
        if frame is not None and several:
            name = title(frame.branches, frame.branch, tr)
            self.setText(f"▾ {literal(name.split(' · ')[0])}")
            self.setToolTip(tr("Branch: {name}. A click shows the others", name=name))
            self.setAccessibleName(tr("Branch: {name}", name=name))

    def menu_of_branches(self) -> QMenu:
        """The menu, made for the newest frame."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        frame = self._frame
        for branch in frame.branches if frame is not None else ():
            assert frame is not None
            name = literal(title(frame.branches, branch.number, tr))
            action = QAction(f"{name}\t{branch.last:,}", menu)
            action.setCheckable(True)
            action.setChecked(branch.number == frame.branch)
            action.triggered.connect(lambda _, number=branch.number: self._runner.switch(number))
            menu.addAction(action)
        menu.addSeparator()
        tree = QAction(tr("Tree of the branches"), menu)
        tree.triggered.connect(lambda _: self.show_tree())
        menu.addAction(tree)
        return menu

    def open_menu(self) -> None:
        """Show the menu over the button: below it the window ends."""
        menu = self.menu_of_branches()
        menu.popup(self.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    @override
    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.fontMetrics().height() + theme.current().px(4))

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()

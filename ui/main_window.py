"""The window: it places panels, menus and shortcuts, and has no logic of its own.

From top to bottom: menu, toolbar, (tour), the network between what it is made of and what it means, the timeline,
(messages), the curves. Sides and bottom fold and scroll, so that 1280×720 is enough. The curves are made after the
first paint, because the plotting library is slow to load.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import QByteArray, QEvent, QMimeData, QSettings, QSize, Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent
from PyQt6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QMainWindow,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QToolBar,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from ui import theme
from ui.actions import Actions
from ui.canvas.widget import Canvas
from ui.document import Document
from ui.explain.card import Card
from ui.focus import Focus
from ui.language import tr
from ui.messages import Messages
from ui.navigation import Navigation
from ui.panels.builder import Builder
from ui.panels.data import DataPanel
from ui.panels.inspector import Inspector
from ui.panels.timeline import Timeline
from ui.runner import Runner
from ui.status import Status
from ui.toolbar import Toolbar
from ui.tour import Tour

if TYPE_CHECKING:
    from bpstudio.files.lesson import Lesson
    from bpstudio.training.frame import Frame
    from ui.panels.lesson import LessonPanel
    from ui.plots.row import PlotsRow

WIDE = 1440
"""From this width on the side panels have more room."""
SIDES = {False: (202, 350), True: (250, 400)}
"""Pixels of the left and the right panel when nobody has moved them, in a narrow and a wide window."""
BOTTOM = 0.29
"""Share of the height that the curves have then."""
LAYOUT = "layout/2"
AFTER_PAINT_MS = 20
"""A timer of 0 ms would fire before the paint event of the canvas."""


class View(Protocol):
    """What can be shown a frame."""

    def show_frame(self, frame: Frame) -> None: ...


class MainWindow(QMainWindow):
    """Everything that can be seen, in its place."""

    def __init__(
        self,
        focus: Focus,
        runner: Runner,
        commands: Actions,
        navigation: Navigation,
        document: Document,
        messages: Messages,
    ) -> None:
        super().__init__()
        self._focus, self._runner, self._commands, self._document = focus, runner, commands, document
        self.messages = messages
        self.may_close: Callable[[], bool] = lambda: True
        """Asked before closing; answers False to stay."""
        self.take_file: Callable[[Path], None] = lambda path: None
        """What happens with a dropped file."""
        self.plots: PlotsRow | None = None
        self._fronted: Lesson | None = None
        self.canvas = Canvas(focus)
        self.builder = Builder(runner, focus)
        self.data = DataPanel(runner, focus)
        self.inspector = Inspector(runner, focus, Card)
        self.lesson: LessonPanel | None = None
        self._was_running = False
        self._turn = 0
        self._navigation = navigation
        self.timeline = Timeline(runner, focus)
        self.status = Status(focus, runner)
        self.tour = Tour(focus, runner)
        self.toolbar = Toolbar(self._commands, focus, navigation, self.status)
        self._title = QLabel()
        self._title.setProperty("role", "secondary")
        self._title.setContentsMargins(0, 0, 16, 0)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._place()
        self.setAcceptDrops(True)
        self.setMinimumSize(960, 600)
        self.resize(1280, 800)
        commands.attach(self)
        runner.frame_arrived.connect(self.show_frame)
        document.listen(self.retitle)
        self._restore()
        self.retranslate()
        self.canvas.setFocus()

    def show_frame(self, frame: Frame) -> None:
        """Hand a frame to every view. While training runs, the pictures get each one, the panels take turns."""
        panels: list[View] = [self.toolbar, self.builder, self.data, self.inspector, self.timeline]
        if self.lesson is not None:
            panels.append(self.lesson)
        if frame.run == "running" and self._was_running:
            # Text changes slower than pictures: with sixty frames a second, ten times.
            self._turn = (self._turn + 1) % len(panels)
            panels = [panels[self._turn]]
        self._was_running = frame.run == "running"
        for view in (self.canvas, *panels):
            view.show_frame(frame)
        if self.plots is not None:
            self.plots.show_frame(frame)

    def complete(self) -> None:
        """Make what the first paint did not wait for: the lesson's text and the curves."""
        if self.lesson is None:
            from ui.panels.lesson import LessonPanel

            self.lesson = LessonPanel(self._runner, self._focus, self._document, self._navigation)
            inner = self._right.widget()
            column = inner.layout() if inner is not None else None
            if isinstance(column, QVBoxLayout):
                column.insertWidget(1, self.lesson)
            if self._runner.frame is not None:
                self.lesson.show_frame(self._runner.frame)
        self.make_plots()

    def make_plots(self) -> None:
        """Load the plotting library and show the curves."""
        if self.plots is not None:
            return
        from ui.plots.row import PlotsRow

        self.plots = PlotsRow(self._focus, self._runner)
        self._bottom.layout().addWidget(self.plots)  # type: ignore[union-attr]  # it has one, see _place
        self._commands.listen(self.plots)
        if self._runner.frame is not None:
            self.plots.show_frame(self._runner.frame)
        self._bring_plots()

    def retitle(self) -> None:
        """Show what is open and whether it is saved."""
        name = self._document.title
        self.setWindowTitle(f"{name}[*] — bpstudio" if name else "bpstudio[*]")
        self.setWindowModified(self._document.modified)
        mark = " •" if self._document.modified else ""
        self._title.setText(f"{name}{mark} — bpstudio")
        self._title.setToolTip(str(self._document.path or ""))
        self._bring_plots()
        bar = self.menuBar()
        if bar is not None:
            # A corner widget is measured only when it is set, and as high as its own text.
            self._title.setFixedHeight(bar.sizeHint().height())
            bar.setCornerWidget(self._title)
            self._title.show()

    def _bring_plots(self) -> None:
        """Show the plots that a lesson wants in front when it opens."""
        lesson = self._document.lesson
        if self.plots is None or lesson is None or lesson is self._fronted:
            return
        self._fronted = lesson
        self.plots.bring(lesson.plots)

    def toggle_panel(self, side: str, shown: bool) -> None:
        """Fold or unfold `left`, `right` or `bottom`."""
        {"left": self._left, "right": self._right, "bottom": self._bottom}[side].setVisible(shown)

    def next_panel(self, by: int = 1) -> None:
        """Move the keyboard to the next region that can be seen."""
        regions: list[QWidget] = [self.canvas, self._right, self.timeline, self._bottom, self._left]
        shown = [region for region in regions if region.isVisible()]
        holder = QApplication.focusWidget()
        here = next(
            (i for i, r in enumerate(shown) if holder is not None and (r is holder or r.isAncestorOf(holder))), -1
        )
        target = shown[(here + by) % len(shown)]
        first = target if target.focusPolicy() & Qt.FocusPolicy.TabFocus else _first_tab(target)
        (first or target).setFocus(Qt.FocusReason.TabFocusReason)

    def reset_layout(self) -> None:
        """Everything where it is at the first start."""
        for side in ("left", "right", "bottom"):
            self.toggle_panel(side, True)
            self._commands[f"view.{side}"].setChecked(True)
        look = theme.current()
        width, height = self.width(), self._rows.height()
        left, right = (look.px(side) for side in SIDES[width >= WIDE])
        bottom = round(height * BOTTOM)
        self._columns.setSizes([left, max(width - left - right, 300), right])
        self._rows.setSizes([height - bottom, bottom])

    def keep_layout(self) -> None:
        """Remember the layout for the next start."""
        settings = QSettings()
        settings.setValue(f"{LAYOUT}/geometry", self.saveGeometry())
        settings.setValue(f"{LAYOUT}/columns", self._columns.saveState())
        settings.setValue(f"{LAYOUT}/rows", self._rows.saveState())
        for side in ("left", "right", "bottom"):
            settings.setValue(f"{LAYOUT}/{side}", self._commands[f"view.{side}"].isChecked())

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self._commands.retranslate()
        for widget, name in (
            (self.canvas, tr("The network")),
            (self._left, tr("Network and data")),
            (self._right, tr("Explanation")),
            (self._bottom, tr("Curves")),
            (self.timeline, tr("Beats and training steps")),
        ):
            widget.setAccessibleName(name)
        self.retitle()

    def _place(self) -> None:
        bar = self.menuBar()
        if bar is not None:
            self._commands.fill(bar)
        tools = QToolBar()
        tools.setObjectName("tools")
        tools.setMovable(False)
        tools.toggleViewAction().setVisible(False)  # type: ignore[union-attr]  # a tool bar has one
        tools.addWidget(self.toolbar)
        self.toolbar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.addToolBar(tools)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._left = _scrolled("left", self.builder, self.data)
        self._right = _scrolled("right", self.inspector)
        middle = _column(self.tour, self.canvas)
        self._columns = _splitter(Qt.Orientation.Horizontal, self._left, middle, self._right)
        self._columns.setStretchFactor(1, 1)
        above = _column(self._columns, _line(), self.timeline, self.messages)
        self.timeline.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._bottom = _column()
        self._bottom.setObjectName("bottom")
        self._bottom.setMinimumHeight(theme.current().px(120))
        above.setObjectName("above")
        self._rows = _splitter(Qt.Orientation.Vertical, above, self._bottom)
        self._rows.setStretchFactor(0, 1)
        self.setCentralWidget(self._rows)
        self._commands.listen(self.canvas, self.timeline)

    def _restore(self) -> None:
        settings = QSettings()
        geometry = settings.value(f"{LAYOUT}/geometry", QByteArray(), QByteArray)
        self._fresh = geometry.isEmpty()
        for side in ("left", "right", "bottom"):
            shown = settings.value(f"{LAYOUT}/{side}", True, bool)
            self._commands[f"view.{side}"].setChecked(shown)
            self.toggle_panel(side, shown)
        if not self._fresh:
            self.restoreGeometry(geometry)
            self._columns.restoreState(settings.value(f"{LAYOUT}/columns", QByteArray(), QByteArray))
            self._rows.restoreState(settings.value(f"{LAYOUT}/rows", QByteArray(), QByteArray))

    # ---- Qt

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        if self._fresh:
            self._fresh = False
            QTimer.singleShot(0, self.reset_layout)
        if self.plots is None:
            QTimer.singleShot(AFTER_PAINT_MS, self.complete)

    @override
    def changeEvent(self, event: QEvent | None) -> None:
        if event is not None and event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    @override
    def closeEvent(self, event: QCloseEvent | None) -> None:
        if event is None:
            return
        if not self.may_close():
            event.ignore()
            return
        self.keep_layout()
        event.accept()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        if event is not None and _dropped(event.mimeData()) is not None:
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent | None) -> None:
        path = _dropped(event.mimeData()) if event is not None else None
        if event is not None and path is not None:
            event.acceptProposedAction()
            self.take_file(path)

    @override
    def sizeHint(self) -> QSize:
        return QSize(1280, 800)


def _column(*widgets: QWidget) -> QWidget:
    """Widgets one above the other without gaps."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget in widgets:
        column.addWidget(widget, 1 if widget.sizePolicy().verticalPolicy() == QSizePolicy.Policy.Expanding else 0)
    return holder


def _scrolled(name: str, *widgets: QWidget) -> QScrollArea:
    """A side panel: as high as it needs to be, scrolled where that is too high."""
    inner = _column(*widgets)
    layout = inner.layout()
    if isinstance(layout, QVBoxLayout):
        layout.setContentsMargins(10, 10, 10, 10)
        layout.setSpacing(8)
        layout.addStretch(1)
    area = QScrollArea()
    area.setObjectName(name)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inner)
    return area


def _splitter(orientation: Qt.Orientation, *widgets: QWidget) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setHandleWidth(1)
    splitter.setChildrenCollapsible(False)
    for widget in widgets:
        splitter.addWidget(widget)
    return splitter


def _line() -> QFrame:
    line = QFrame()
    line.setObjectName("hairline")
    line.setFixedHeight(1)
    return line


def _first_tab(region: QWidget) -> QWidget | None:
    """The first control of a region that the Tab key would reach."""
    for widget in region.findChildren(QWidget):
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            return widget
    return None


def _dropped(data: QMimeData | None) -> Path | None:
    urls = data.urls() if data is not None else []
    return Path(urls[0].toLocalFile()) if urls and urls[0].isLocalFile() else None

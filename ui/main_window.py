"""The window: it places panels, menus and shortcuts, and has no logic of its own.

From top to bottom: menu, toolbar, (tour), the network between what it is made of and what it means, the timeline,
(messages), the curves. Sides and bottom fold and scroll, so that 1280×720 is enough. The curves are made after the
first paint, because the plotting library is slow to load.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QByteArray, QEvent, QSettings, QSize, Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QFontMetrics, QPaintEvent, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import (
    QApplication,
    QLabel,
    QMainWindow,
    QSizePolicy,
    QToolBar,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from ui import placing, tabbing, theme
from ui.actions import Actions
from ui.canvas.widget import Canvas
from ui.document import Document
from ui.explain.card import Card
from ui.focus import Focus
from ui.folding import Regions
from ui.language import tr
from ui.locks import Locks
from ui.messages import Messages
from ui.navigation import Navigation
from ui.panels.builder import Builder
from ui.panels.conventions import ConventionsLine
from ui.panels.data import DataPanel
from ui.panels.form import Section
from ui.panels.health import HealthLine
from ui.panels.inspector import Inspector
from ui.panels.locked import LockedPanels, Place
from ui.panels.timeline import Timeline
from ui.runner import Runner
from ui.scenes import Scenes
from ui.status import Status
from ui.toolbar import Toolbar
from ui.tour import Tour
from ui.turns import Paced, Turns

if TYPE_CHECKING:
    from bpstudio.files.lesson import Lesson
    from ui.curve_place import CurvePlace
    from ui.panels.history import HistoryPanel
    from ui.panels.lesson import LessonPanel
    from ui.panels.start_page import StartPage
    from ui.plots.row import PlotsRow

LAYOUT = "layout/3"
AFTER_PAINT_MS = 20
"""A timer of 0 ms would fire before the paint event of the canvas."""


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
        self.leave_presentation: Callable[[], bool] = lambda: False
        """Ends a presentation; False where there is none."""
        self.stop_when: Callable[[], None] = lambda: None
        """Asks at what training is to stop."""
        self.rearranged: Callable[[], None] = lambda: None
        """Told when the size of the window or of its text has changed."""
        self.scale_setting = "view/scale"
        """Where the size of text is remembered that somebody chooses now."""
        self.scenes = Scenes(runner, focus, document, navigation)
        self.locks = Locks(runner, document)
        self._beside: list[QWidget] = []
        self.start_page: StartPage | None = None
        """What covers the network at a start without a file, once it was wanted."""
        self.plots: PlotsRow | None = None
        self.curve: CurvePlace | None = None
        self._fronted: Lesson | None = None
        self._shown_lesson: Lesson | None = None
        self.canvas = Canvas(focus)
        self.builder = Builder(runner, focus)
        self.conventions = ConventionsLine(focus, self.builder.change)
        self.builder.training.sets.clicked.connect(self._open_conventions)
        self.data = DataPanel(runner, focus)
        self.inspector = Inspector(runner, focus, Card)
        self.lesson: LessonPanel | None = None
        self.scenes.fit, self.scenes.is_fitted = self.canvas.fit, lambda: self.canvas.is_fitted
        self.health = HealthLine(runner, focus)
        self._navigation = navigation
        self.timeline = Timeline(runner, focus)
        self.status = Status(focus, runner)
        self.status.checked.connect(self.canvas.show_check)
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
        self.locked = LockedPanels(self.locks, commands, self._lockable())
        commands.attach(self)
        panels = (self.toolbar, self.builder, self.conventions, self.data, self.inspector, self.timeline)
        self.turns = Turns([self.canvas], panels, self._paced)
        runner.frame_arrived.connect(self.turns.show_frame)
        document.listen(self.retitle)
        document.listen(self._forget)
        self._restore()
        self.retranslate()
        self.canvas.setFocus()

    def complete(self) -> None:
        """Make all that the first paint did not wait for: the curves, the lesson's text, the curve of a unit."""
        self.make_plots()
        if self.lesson is None:
            from ui.panels.lesson import LessonPanel

            self.lesson = LessonPanel(self._runner, self._focus, self._document, self._navigation, self.scenes)
            self.restore_sections(self.lesson)
            inner = self._right.widget()
            column = inner.layout() if inner is not None else None
            if isinstance(column, QVBoxLayout):
                column.insertWidget(1, self.lesson)
            self.turns.add(self.lesson)
            self.tour.point = self._point_at_number
            self._make_curve()
            self.inspector.prepare()

    def _open_conventions(self) -> None:
        self.conventions.open_sets()

    def _point_at_number(self) -> None:
        self.inspector.your_number.reveal()

    def make_plots(self) -> None:
        """Load the plotting library and show the curves."""
        if self.plots is not None:
            return
        from ui.plots.row import PlotsRow

        self.plots = PlotsRow(self._focus, self._runner)
        self.health.keep, self.health.bring = self.plots.keep_curve, self.plots.bring_one
        self.plots.stop_when = self.stop_when
        self.put_below(self.plots)
        self.plots.setVisible(not self.regions.wish.tables)
        self._commands.listen(self.plots)
        self.turns.add(self.plots, is_picture=True)
        self._bring_plots()
        # What stands further down comes when these are on the screen.
        QTimer.singleShot(AFTER_PAINT_MS, self.complete)

    def _paced(self) -> tuple[Paced, ...]:
        return (self.canvas, *(self.plots.all if self.plots is not None else ()))

    def put_below(self, widget: QWidget) -> None:
        """Put something under the network."""
        self._bottom.layout().addWidget(widget)  # type: ignore[union-attr]  # it has one, see _place

    def show_tables(self, shown: bool) -> None:
        """Take the curves away, because the tables of the step stand in their place; or bring them back."""
        if self.plots is not None:
            self.plots.setVisible(not shown)
        layout = self._bottom.layout()
        if layout is not None:
            layout.activate()  # what is hidden needs no height any more
        self.regions.show_tables(shown)

    def _make_curve(self) -> None:
        """Show the curve of the unit in view beside the explanation."""
        from ui.curve_place import CurvePlace

        self.curve = CurvePlace(self._focus, self.inspector, self.inspector.subject)
        self.restore_sections(self.curve)
        self._commands.listen(self.curve)
        self.turns.add(self.curve)
        lesson = self._document.lesson
        self.curve.bring(lesson is not None and "curve" in lesson.plots)

    def retitle(self) -> None:
        """Show what is open and whether it is saved."""
        name = self._document.title
        written = name.replace("[*]", "[*][*]")  # one alone stands for the mark of what is not saved
        self.setWindowTitle(f"{written}[*] — bpstudio" if name else "bpstudio[*]")
        self.setWindowModified(self._document.modified)
        mark = " •" if self._document.modified else ""
        self._title.clear()  # or it would keep the size that it had in another font
        self._title.setText(f"{name}{mark} — bpstudio")
        self._title.setToolTip(str(self._document.path or ""))
        self._bring_plots()
        bar = self.menuBar()
        if bar is not None:
            # A corner widget is measured only when it is set, and as high as its own text. The menus come first.
            look = theme.current()
            metrics = QFontMetrics(look.font())
            menus = sum(metrics.horizontalAdvance(action.text()) + look.beside(11) * 2 + 6 for action in bar.actions())
            room = self.width() - menus - look.px(24)
            shown = metrics.elidedText(self._title.text(), Qt.TextElideMode.ElideMiddle, max(room - 20, 0))
            self._title.setText(shown)
            self._title.setFixedSize(
                min(metrics.horizontalAdvance(shown) + 18, max(room, 0)), metrics.height() + 2 * look.px(4) + 2
            )
            bar.setCornerWidget(self._title)
            self._title.setVisible(room > metrics.averageCharWidth() * 16)

    def _forget(self) -> None:
        """What was typed for another lesson goes with it."""
        if self._document.lesson is not self._shown_lesson:
            self._shown_lesson = self._document.lesson
            self.inspector.forget()

    def _bring_plots(self) -> None:
        """Show the plots that a lesson wants in front when it opens."""
        lesson = self._document.lesson
        if self.plots is None or lesson is None or lesson is self._fronted:
            return
        self._fronted = lesson
        self.plots.bring(lesson.plots)
        if self.curve is not None:
            self.curve.bring("curve" in lesson.plots)

    def toggle_panel(self, region: str, shown: bool) -> None:
        """Fold or unfold `left`, `right`, `bottom` or the `legend`."""
        self.regions.toggle(region, shown)

    # ---- for a presentation

    @property
    def explanation(self) -> QWidget:
        """The panel at the right."""
        return self._right

    @property
    def around_canvas(self) -> tuple[QWidget, ...]:
        """What stands above, below and before the network besides what can fold."""
        page = (self.start_page,) if self.start_page is not None else ()
        return self.tour, self.timeline, self.messages, *page

    def put_beside(self, panel: QWidget) -> None:
        """Put one more panel to the right of the network."""
        self._columns.addWidget(panel)
        self._beside.append(panel)

    def fill_history(self, panel: HistoryPanel) -> None:
        """Put the panel of the past into its region, which is empty until somebody wants it."""
        inner = self._history.widget()
        column = inner.layout() if inner is not None else None
        if isinstance(column, QVBoxLayout):
            column.insertWidget(0, panel)
        self.restore_sections(panel)
        self.turns.add(panel)

    def split_sizes(self) -> tuple[list[int], list[int]]:
        """The widths of the columns and the heights of the rows."""
        return self._columns.sizes(), self._rows.sizes()

    def split(self, sizes: tuple[list[int], list[int]]) -> None:
        """Give columns and rows these sizes."""
        self._columns.setSizes(sizes[0])
        self._rows.setSizes(sizes[1])

    @property
    def center(self) -> QWidget:
        """The region of the network, between the side panels."""
        return self._center

    def next_panel(self, by: int = 1) -> None:
        """Move the keyboard to the next region that can be seen."""
        page = self.start_page
        center = page if page is not None and page.isVisible() else self.canvas
        regions: list[QWidget] = [
            center, self._right, self._history, self.timeline, self._bottom, self._left, *self._beside,
        ]  # fmt: skip
        shown = [region for region in regions if region.isVisible()]
        holder = QApplication.focusWidget()
        here = next(
            (i for i, r in enumerate(shown) if holder is not None and (r is holder or r.isAncestorOf(holder))), -1
        )
        target = shown[(here + by) % len(shown)]
        first = target if target.focusPolicy() & Qt.FocusPolicy.TabFocus else next(iter(tabbing.stops(target)), None)
        (first or target).setFocus(Qt.FocusReason.TabFocusReason)
        tabbing.bring_into_view(first or target)

    def reset_layout(self) -> None:
        """Everything where it is at the first start."""
        self.regions.reset()

    def keep_layout(self) -> None:
        """Remember the layout for the next start."""
        settings = QSettings()
        settings.setValue(f"{LAYOUT}/geometry", self.saveGeometry())
        self.regions.keep(settings, LAYOUT)
        for section in self.findChildren(Section):
            settings.setValue(f"{LAYOUT}/{section.objectName()}", section.is_open)

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self._commands.retranslate()
        self.locked.refresh()
        # The canvas names itself: what it shows changes.
        self.canvas.setWhatsThis(tr("One step of the network. Click a circle or a line to have it explained."))
        self.conventions.setWhatsThis(
            tr("What is assumed in every number: loss, mean or sum, biases, order, sign. Click a part to change it.")
        )
        self.messages.setWhatsThis(tr("What was saved, refused or found, and what can be done about it."))
        self.tour.setWhatsThis(tr("The first steps, on the real network. → goes on, Esc closes it."))
        self._title.setWhatsThis(tr("What is open; a dot says that something is not saved."))
        for widget, name, words in (
            (self._left, tr("Network and data"), tr("What is trained, how, and on what. Every change can be undone.")),
            (self._right, tr("Explanation"), tr("Where the number comes from that is selected or was computed last.")),
            (self._bottom, tr("Curves"), tr("How the run went until now; the upright line is the step that is shown.")),
            (self._history, tr("History"), tr("What is kept of the past: branches, gestures, marks. Nothing is lost.")),
            (
                self.timeline,
                tr("Beats and training steps"),
                tr(
                    "At the left every beat of this step, filled when it has been seen; at the right every "
                    "training step."
                ),
            ),
            (self.toolbar, tr("Moving through the run"), tr("Move through the run, and read its numbers.")),
        ):
            widget.setAccessibleName(name)
            widget.setWhatsThis(words)
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
        self._left = placing.scrolled("left", self.builder, self.data)
        self._right = placing.scrolled("right", self.inspector)
        middle = self._center = placing.column(self.tour, self.canvas, self.conventions)
        self._history = placing.scrolled("history")
        self._columns = placing.splitter(Qt.Orientation.Horizontal, self._left, middle, self._right, self._history)
        self._columns.setStretchFactor(1, 1)
        above = placing.column(self._columns, placing.line(), self.timeline, self.messages)
        self.timeline.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._bottom = placing.column()
        self._bottom.setObjectName("bottom")
        self.put_below(self.health)
        above.setObjectName("above")
        self._rows = placing.splitter(Qt.Orientation.Vertical, above, self._bottom)
        self._rows.setStretchFactor(0, 1)
        self.setCentralWidget(self._rows)
        self._commands.listen(self.canvas, self.timeline)
        sides = {"left": self._left, "right": self._right, "bottom": self._bottom, "history": self._history}
        self.regions = Regions(
            self._commands, self._columns, self._rows, sides, self.canvas.show_legend, self._beneath_canvas
        )

    def _lockable(self) -> dict[str, Place]:
        """The panels that a lesson can lock."""
        network, training, data = self.builder.network, self.builder.training, self.data.section
        column = self.inspector.layout()
        assert isinstance(column, QVBoxLayout)
        places = {"builder": Place(network.column, 1, (network.body,))}
        places["training"] = Place(training.column, 1, (training.body,))
        places["data"] = Place(data.rows, 0, self.data.editors)
        places["values"] = Place(column, 0, self.inspector.value_controls)
        return places

    def _beneath_canvas(self) -> int:
        """The height of the lines between canvas and curves that always stay."""
        return self.timeline.sizeHint().height() + 1

    def _restore(self) -> None:
        settings = QSettings()
        self.regions.restore(settings, LAYOUT)
        self.restore_sections(self)
        self.restoreGeometry(settings.value(f"{LAYOUT}/geometry", QByteArray(), QByteArray))

    def restore_sections(self, region: QWidget) -> None:
        """Fold in a region what was folded when the window closed last."""
        settings = QSettings()
        for section in region.findChildren(Section):
            section.set_open(settings.value(f"{LAYOUT}/{section.objectName()}", section.is_open, bool))

    def _take_scale(self) -> None:
        self.retitle()
        self.regions.arrange()
        self.rearranged()

    # ---- Qt

    @override
    def focusNextPrevChild(self, next: bool) -> bool:
        return tabbing.go(self, next)

    @override
    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.regions.arrange()  # here and not after it has been painted: everything would be painted twice

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        QTimer.singleShot(0, self.retitle)  # the menu bar gets its width after this event
        self.rearranged()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        if self.plots is None:
            QTimer.singleShot(AFTER_PAINT_MS, self.make_plots)

    @override
    def changeEvent(self, event: QEvent | None) -> None:
        if event is not None and event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event is not None and event.type() == QEvent.Type.PaletteChange:
            # Larger text makes a higher menu bar, but only after this event.
            QTimer.singleShot(0, self._take_scale)
        super().changeEvent(event)

    @override
    def closeEvent(self, event: QCloseEvent | None) -> None:
        if event is None:
            return
        if not self.may_close():
            event.ignore()
            return
        self.leave_presentation()
        self.keep_layout()
        event.accept()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        if event is not None and placing.dropped(event.mimeData()) is not None:
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent | None) -> None:
        path = placing.dropped(event.mimeData()) if event is not None else None
        if event is not None and path is not None:
            event.acceptProposedAction()
            self.take_file(path)

    @override
    def sizeHint(self) -> QSize:
        return QSize(1280, 800)

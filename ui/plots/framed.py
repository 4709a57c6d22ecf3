"""A plot with everything around it: the header, the menu, the keys, and the ways out (a picture, the numbers)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QPoint, QSize, Qt
from PyQt6.QtGui import QAction, QContextMenuEvent, QHideEvent, QImage, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QFileDialog, QMenu, QMessageBox, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.files.atomic import write_bytes, write_text
from ui import theme as looks
from ui.focus import Focus
from ui.language import tr
from ui.plots.header import Header
from ui.plots.live import LiveView
from ui.plots.pane import Pane
from ui.plots.readout import Entry, Readout

ZOOM_KEYS = ("+", "=", "-", "0")
EXPORT_SCALE = 2.0
"""Pixels of an exported picture per pixel of the screen."""


@dataclass(frozen=True)
class Place:
    """Several plots share one place: their titles, which of them this plot is, and how another one is chosen."""

    titles: Callable[[], list[str]]
    index: int
    choose: Callable[[int], None]


class FramedPlot(LiveView):
    """Header above, the plot itself (`body`) below."""

    def __init__(self, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(focus, parent)
        self.setAutoFillBackground(True)
        self.place: Place | None = None
        self.extend_menu: Callable[[QMenu], None] = lambda menu: None
        """Adds what the owner of the plot offers in its menu."""
        self.header = Header(self._title_chosen, self.choose_option, self._menu_under_button, self)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 5, 6, 4)
        self.column.setSpacing(1)
        self.column.addWidget(self.header)

    def set_body(self, body: QWidget) -> None:
        """Put the plot under its header."""
        self.column.addWidget(body, 1)

    def titles(self) -> tuple[list[str], int]:
        """The title; or several, and which one is chosen."""
        raise NotImplementedError

    def subtitle(self) -> str:
        """What exactly is drawn."""
        return ""

    def whole_story(self) -> str:
        """The same at length, for the tooltip; "" when the subtitle says it all."""
        return ""

    def options(self) -> tuple[list[str], int]:
        """Ways in which it can be drawn, and the one in use."""
        return [], 0

    def choose_option(self, index: int) -> None:
        """Another of the options was chosen."""

    def choose_title(self, index: int) -> None:
        """Another of this plot's own titles was chosen."""

    def name(self) -> str:
        """The title of what is shown now."""
        titles, chosen = self.titles()
        return titles[chosen]

    def before_picture(self) -> None:
        """Take away what belongs to the mouse, not to the picture."""

    def set_heading(self) -> None:
        """Write the titles and the sentence as they are now."""
        if self.place is not None:
            self.header.set_titles(self.place.titles(), self.place.index)
        else:
            self.header.set_titles(*self.titles())
        self.header.set_options(*self.options())
        self.header.set_subtitle(self.subtitle(), self.whole_story())
        self.header.arrange(self.width() - 18, self.height())
        # Lines of the header come and go: what is drawn next must know its size.
        self.column.activate()

    def table(self) -> tuple[list[str], list[list[object]]] | None:
        """The numbers of this plot for a CSV file: names of the columns, rows."""
        return None

    def fill_menu(self, menu: QMenu) -> None:
        """What the menu of this plot offers."""
        self.extend_menu(menu)
        menu.addSeparator()
        self.add_act(menu, tr("Save picture (PNG)…"), self._save_png)
        if self.table() is not None:
            self.add_act(menu, tr("Save numbers (CSV)…"), self._save_csv)

    def add_act(
        self, menu: QMenu, text: str, act: Callable[..., object], enabled: bool = True, key: str = ""
    ) -> QAction:
        """Add one command to a menu."""
        action = QAction(text + (f"\t{key}" if key else ""), menu)
        action.triggered.connect(act)
        action.setEnabled(enabled)
        menu.addAction(action)
        return action

    def add_choice(self, menu: QMenu, text: str, chosen: bool, act: Callable[..., object]) -> None:
        """Add one of several that exclude each other."""
        action = self.add_act(menu, text, act)
        action.setCheckable(True)
        action.setChecked(chosen)

    def menu(self) -> QMenu:
        """A fresh menu, in the language in use."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_menu(menu)
        return menu

    def image(self, scale: float = EXPORT_SCALE) -> QImage:
        """The plot as it stands on the screen, without the cursor's read-out."""
        image = QImage(QSize(round(self.width() * scale), round(self.height() * scale)), QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(scale)
        image.fill(looks.current().panel)
        self.before_picture()
        self.header.menu_button.hide()
        painter = QPainter(image)
        try:
            self.render(painter, QPoint(0, 0))
        finally:
            painter.end()
            self.header.menu_button.show()
        return image

    def export_png(self, path: str | Path) -> None:
        """Write the picture. Raises OSError when that fails; an older file is then untouched."""
        held = QByteArray()
        buffer = QBuffer(held)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self.image().save(buffer, "PNG")
        write_bytes(path, held.data())

    def export_csv(self, path: str | Path) -> None:
        """Write the numbers, each so that it reads back as the same float. Raises OSError when that fails."""
        table = self.table()
        if table is None:
            raise ValueError(f"{type(self).__name__}: expected a plot with numbers to export, this one has none")
        names, rows = table
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(["" if value is None or value != value else value for value in row] for row in rows)
        write_text(path, text.getvalue())

    def _save_png(self) -> None:
        self._save(tr("Save picture"), "plot.png", "PNG (*.png)", self.export_png)

    def _save_csv(self) -> None:
        self._save(tr("Save numbers"), "plot.csv", "CSV (*.csv)", self.export_csv)

    def _save(self, title: str, name: str, kinds: str, write: Callable[[str], None]) -> None:
        path, _ = QFileDialog.getSaveFileName(self, title, name, kinds)
        if not path:
            return
        suffix = Path(name).suffix
        try:
            write(path if Path(path).suffix else path + suffix)
        except OSError as error:
            QMessageBox.warning(self, title, tr("The file was not written: {reason}", reason=error.strerror or error))

    def _title_chosen(self, index: int) -> None:
        if self.place is not None:
            self.place.choose(index)
        else:
            self.choose_title(index)

    def _menu_under_button(self) -> None:
        button = self.header.menu_button
        self.menu().popup(button.mapToGlobal(QPoint(0, button.height())))

    @override
    def retranslate(self) -> None:
        self.header.retranslate()
        self.set_heading()
        self.setAccessibleName(self.name())

    @override
    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        if event is not None:
            self.menu().popup(event.globalPos())

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.set_heading()
        self.mark_stale()

    @override
    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(looks.current().accent)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            painter.end()


class AxesPlot(FramedPlot):
    """A plot on a pair of axes, which can be zoomed and panned."""

    def __init__(self, focus: Focus, parent: QWidget | None = None) -> None:
        super().__init__(focus, parent)
        self.pane = Pane(self, moved=self.mark_stale)
        self.pane.hovered = self.show_readout
        self._readout: Readout | None = None
        self.set_body(self.pane)

    def values_under_cursor(self) -> tuple[str, Sequence[Entry]] | None:
        """What the read-out says: its title and its lines; None where there is nothing to say."""
        return None

    def readout_above(self) -> bool:
        """Whether the read-out stands above the whole plot; else beside the cursor."""
        return False

    def show_readout(self) -> None:
        """Bring the box with the values at the cursor up to date."""
        said = self.values_under_cursor() if self.pane.cursor_at is not None else None
        if said is None or not said[1] or self.pane.cursor_at is None:
            if self._readout is not None:
                self._readout.hide()
            return
        window = self.window() or self
        if self._readout is None or self._readout.parentWidget() is not window:
            self._readout = Readout(window)
        self._readout.show_at(self.pane, self.pane.cursor_at, self.readout_above(), *said)

    @override
    def refresh(self) -> None:
        super().refresh()
        if self.pane.cursor_at is not None:
            self.show_readout()

    @override
    def before_picture(self) -> None:
        self.pane.cursor_moved(None)

    @override
    def fill_menu(self, menu: QMenu) -> None:
        self.add_act(menu, tr("Show everything"), self.pane.fit, enabled=self.pane.by_hand, key="0")
        super().fill_menu(menu)

    @override
    def event(self, event: QEvent | None) -> bool:
        # The zoom keys mean the plot that has the focus; elsewhere they are the canvas'.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and event.text() in ZOOM_KEYS:
            event.accept()
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        text = event.text() if event is not None else ""
        if text not in ZOOM_KEYS:
            super().keyPressEvent(event)
        elif text == "0":
            self.pane.fit()
        else:
            self.pane.zoom(1.5 if text == "-" else 1 / 1.5)

    @override
    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self.pane.cursor_moved(None)

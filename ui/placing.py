"""How regions of a window are put together: columns without gaps, panels that scroll, splitters with a hairline."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PyQt6.QtCore import QEvent, QMimeData, QObject, Qt
from PyQt6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QSplitter, QVBoxLayout, QWidget
from typing_extensions import override


class Scrolled(QScrollArea):
    """A scroll area that fits its content once at a time.

    Qt answers each new size of the content by measuring it again, at once and from within. Wrapped text of a new size
    is polished while it is measured, so two measures may differ; then Qt goes back and forth until the stack is full,
    and the process ends. What changes in between asks for a layout of its own, after this one.
    """

    def __init__(self) -> None:
        super().__init__()
        self._fitting = False

    @override
    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if a0 is not self.widget() or a1 is None or a1.type() != QEvent.Type.Resize:
            return super().eventFilter(a0, a1)
        if self._fitting:
            return False
        self._fitting = True
        try:
            return super().eventFilter(a0, a1)
        finally:
            self._fitting = False


class SteadyLabel(QLabel):
    """A label whose text changes while training runs: it grows with its text and does not shrink, so that numbers do
    not dance, and has a fixed size, because a label without one has the whole window laid out and painted anew.
    """

    def say(self, text: str) -> None:
        """Set the text."""
        if text != self.text():
            self.setText(text)
            self.fit(self.minimumWidth())

    def fit(self, least: int = 0) -> None:
        """Take the size of the text and the font in use."""
        # Measured here: the label itself remembers the size of a text that has not changed, in the font from before.
        metrics = self.fontMetrics()
        self.setFixedSize(max(metrics.horizontalAdvance(self.text()) + 2, least), metrics.height() + 1)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.fit()


def column(*widgets: QWidget) -> QWidget:
    """Widgets one above the other without gaps."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget in widgets:
        column.addWidget(widget, 1 if widget.sizePolicy().verticalPolicy() == QSizePolicy.Policy.Expanding else 0)
    return holder


def scrolled(name: str, *widgets: QWidget) -> QScrollArea:
    """A side panel: as high as it needs to be, scrolled where that is too high."""
    inner = column(*widgets)
    layout = inner.layout()
    if isinstance(layout, QVBoxLayout):
        layout.setContentsMargins(10, 10, 10, 10)
        layout.setSpacing(8)
        layout.addStretch(1)
    area = Scrolled()
    area.setObjectName(name)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    # A bar that comes and goes changes the width, the width the height, and the height whether the bar is needed: where
    # narrower is lower, Qt goes round in this circle until the stack is full.
    area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inner)
    return area


@contextmanager
def laid_out_once(region: QWidget) -> Iterator[None]:
    """Lay a region out when all in it has changed.

    Whatever is shown has everything around it laid out at once, up to the window, and a text wraps anew each time.
    """
    layout = region.layout()
    if layout is None or not layout.isEnabled():
        yield
        return
    layout.setEnabled(False)
    try:
        yield
    finally:
        layout.setEnabled(True)
        layout.activate()


def splitter(orientation: Qt.Orientation, *widgets: QWidget) -> QSplitter:
    """Widgets with a hairline between them that can be dragged."""
    made = QSplitter(orientation)
    made.setHandleWidth(1)
    made.setChildrenCollapsible(False)
    for widget in widgets:
        made.addWidget(widget)
    return made


def line() -> QFrame:
    """A hairline across."""
    made = QFrame()
    made.setObjectName("hairline")
    made.setFixedHeight(1)
    return made


def dropped(data: QMimeData | None) -> Path | None:
    """The file that is being dropped; None for anything else."""
    urls = data.urls() if data is not None else []
    return Path(urls[0].toLocalFile()) if urls and urls[0].isLocalFile() else None

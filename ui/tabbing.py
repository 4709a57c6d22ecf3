"""Where the Tab key goes: through a window as it is read, however late a control was made.

Qt goes in the order in which widgets were made. Here cards, plots and lines of a lesson come and go, so the order is
taken from the layouts at the moment when the key is pressed: row by row as they stand, each region from its first
control to its last. What is out of sight in a scrolled panel is scrolled into view.
"""

from __future__ import annotations

from collections.abc import Iterator

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QLayout,
    QMainWindow,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QToolBar,
    QWidget,
)

_TAB = Qt.FocusPolicy.TabFocus.value


def stops(root: QWidget) -> list[QWidget]:
    """Every widget below `root` to which Tab leads now, in the order of reading."""
    found: list[QWidget] = []
    _collect(root, found)
    return found


def go(root: QWidget, forward: bool) -> bool:
    """Give the keyboard to the next stop of a window, or to the one before; from the last on to the first."""
    here, there = QApplication.focusWidget(), stops(root)
    if not there:
        return False
    while here is not None and here not in there and here is not root:
        here = here.parentWidget()
    place = there.index(here) if here in there else (-1 if forward else 0)
    chosen = there[(place + (1 if forward else -1)) % len(there)]
    reasons = Qt.FocusReason
    chosen.setFocus(reasons.TabFocusReason if forward else reasons.BacktabFocusReason)
    bring_into_view(chosen)
    return True


def bring_into_view(widget: QWidget) -> None:
    """Scroll every panel around a widget so that it can be seen."""
    above = widget.parentWidget()
    while above is not None and not above.isWindow():
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(widget, 8, 8)
        above = above.parentWidget()


def _takes_tab(widget: QWidget) -> bool:
    """Whether Tab stops at a widget that is shown."""
    if not widget.focusPolicy().value & _TAB or widget.focusProxy() is not None:
        return False
    if isinstance(widget, QAbstractButton) and not widget.isChecked():
        # Of several that exclude each other Tab leads to the chosen one, and the arrow keys from there to the others.
        group = widget.group()
        if group is not None and group.exclusive() and group.checkedButton() is not None:
            return False
    return widget.isVisible() and widget.isEnabled()


def _collect(widget: QWidget, found: list[QWidget]) -> None:
    """The stops below a widget, each before what stands in it."""
    for child in _children(widget):
        if child.isHidden() or child.isWindow():
            continue
        if _takes_tab(child):
            found.append(child)
        _collect(child, found)


def _children(widget: QWidget) -> list[QWidget]:
    """The children of a widget in the order of its layout; what stands in none comes after, from the top."""
    if isinstance(widget, QScrollArea):
        inner = widget.widget()
        return [inner] if inner is not None else []
    if isinstance(widget, QSplitter):
        parts = [widget.widget(place) for place in range(widget.count())]
        return [part for part in parts if part is not None]
    if isinstance(widget, QStackedWidget):
        shown = widget.currentWidget()
        return [shown] if shown is not None else []
    if isinstance(widget, QAbstractScrollArea):
        return []  # a table or a text field moves within itself
    if isinstance(widget, QMainWindow):
        bars = widget.findChildren(QToolBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
        center = widget.centralWidget()
        return [*bars, *([center] if center is not None else [])]
    children = [child for child in widget.children() if isinstance(child, QWidget)]
    if len(children) < 2:
        return children
    placed = list(_placed(widget.layout()))
    rank = {child: place for place, child in enumerate(placed)}
    return sorted(children, key=lambda child: (rank.get(child, len(rank)), child.y(), child.x()))


def _placed(layout: QLayout | None) -> Iterator[QWidget]:
    for place in range(layout.count() if layout is not None else 0):
        item = layout.itemAt(place) if layout is not None else None
        if item is None:
            continue
        inner, within = item.widget(), item.layout()
        if inner is not None:
            yield inner
        elif within is not None:
            yield from _placed(within)

"""How much room each region of the window gets, and which regions fold by themselves.

What a person wants (`Wish`) is one thing, what there is room for (`Room`) another: large text or a small window folds
first the legend, then the curves, then a side panel, so that the network can still be read; with room again they come
back. The wish is what the next start remembers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PyQt6.QtCore import QEvent, QObject, QSettings
from PyQt6.QtWidgets import QSplitter, QWidget
from typing_extensions import override

from ui import theme
from ui.actions import Actions

REGIONS = ("left", "right", "bottom", "legend", "history")
"""What can fold: network and data, explanation, curves, the legend under the network, and the past of the run."""
AT_FIRST = frozenset(REGIONS) - {"history"}
"""Those that are open when nobody has asked for anything."""

SIZES = ("left", "right", "bottom", "tall", "history")
"""What a wish says the size of."""

WIDE = 1440
"""From this width on the side panels have more room."""
SIDES = {False: (202, 350, 290), True: (250, 400, 330)}
"""Pixels of the left and the right panel and of the history when nobody moved them, in a narrow and a wide window."""
LEAST = (168, 270, 240)
"""What these need to be read, at normal text."""
MOST = (0.2, 0.28, 0.24)
"""Shares of the width that they have at most, unless they need more to be read."""
MOST_OF_ALL, MOST_WANTED = (0.3, 0.48, 0.4), 0.6
"""Shares of the width that they never go beyond by themselves, and when somebody has made them wide."""
NETWORK = (330, 200)
"""Width of the canvas and height of the network itself below which regions fold, at normal text."""
PAST = 480
"""Width of the canvas below which network and data fold when the history is open too: who compares wants to see."""
ALONE = 215
"""Width of the canvas below which even the explanation folds."""
HEADLINE, LEGEND = 58, 64
"""What the two lines above the network and the legend below it take, at normal text."""
TALL = 0.42
"""Share of the height that the tables of a step have in the place of the curves: a curve can be low, a table not."""
BOTTOM, LOWEST_BOTTOM = 0.29, 150
"""Share of the height that the curves have, and the pixels that they need at normal text."""
MOVED = {1: ("left",), 2: ("right",), 3: ("right", "history"), 4: ()}
"""The columns that change their size with each line between them; the last stands before a scene."""


@dataclass(frozen=True)
class Wish:
    """What a person wants to see, and how large as a share of the window; 0 is "nobody has moved it".

    open       the regions that are wanted
    insisted   those that stay although there is little room, because they were asked for in this very room
    left, right, history   shares of the width; bottom a share of the height
    tables        whether the tables of the step stand where the curves are; tall is their share of the height
    """

    open: frozenset[str] = AT_FIRST
    insisted: frozenset[str] = frozenset()
    left: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    tables: bool = False
    tall: float = 0.0
    history: float = 0.0


@dataclass(frozen=True)
class Room:
    """What there is room for: the regions that are open, and their sizes in pixels."""

    open: frozenset[str]
    left: int
    right: int
    bottom: int
    history: int = 0


def fit(width: int, height: int, scale: float, wish: Wish, beneath: int = 0) -> Room:
    """The room in a window whose inside has this size in pixels; `beneath` is taken by lines that always stay."""
    wanted = (wish.left, wish.right, wish.history)
    left, right, history = (_side(index, width, scale, each) for index, each in enumerate(wanted))
    if {"left", "right"} <= wish.open:
        # A panel that somebody has made wide gives way before another one folds.
        past = history if "history" in wish.open else 0
        if wish.right:
            right = min(right, max(round(width - left - past - NETWORK[0] * scale), round(LEAST[1] * scale)))
        if wish.left:
            left = min(left, max(round(width - right - past - NETWORK[0] * scale), round(LEAST[0] * scale)))
    gone: set[str] = set()
    sides = (("left", left), ("right", right), ("history", history))
    least = PAST if "history" in wish.open else NETWORK[0]
    for region, needed in (("left", least), ("history", NETWORK[0]), ("right", ALONE)):
        taken = sum(size for side, size in sides if side in wish.open - gone)
        if width - taken < needed * scale and region not in wish.insisted:
            gone.add(region)
    share = (wish.tall or TALL) if wish.tables else (wish.bottom or BOTTOM)
    bottom = round(max(share * height, LOWEST_BOTTOM * scale))
    free = height - beneath - HEADLINE * scale
    here = wish.open - gone
    for folded in ((), ("legend",), ("bottom",), ("legend", "bottom")):
        here = wish.open - gone - (set(folded) - wish.insisted)
        network = free - LEGEND * scale * ("legend" in here) - bottom * ("bottom" in here)
        if network >= NETWORK[1] * scale:
            break
    return Room(here, left, right, bottom, history)


def _side(index: int, width: int, scale: float, wanted: float) -> int:
    """Pixels of a side panel: what was wanted or the usual, not too much of the window, but enough to be read."""
    least = min(LEAST[index] * scale, width * MOST_OF_ALL[index])
    if wanted:
        return round(max(min(wanted, MOST_WANTED) * width, least if scale > 1 else 0.0))
    usual = SIDES[width >= WIDE][index] * scale
    return round(max(min(usual, width * MOST[index]), least))


class Regions(QObject):
    """The regions of a window: it shows and folds them, takes what a person does with them as a wish, and keeps it.

    `widgets` are the regions that are widgets; the legend is part of the canvas and is shown by `show_legend`.
    """

    def __init__(
        self,
        commands: Actions,
        columns: QSplitter,
        rows: QSplitter,
        widgets: Mapping[str, QWidget],
        show_legend: Callable[[bool], None],
        beneath: Callable[[], int],
    ) -> None:
        super().__init__(rows)
        self._commands, self._columns, self._rows = commands, columns, rows
        self._widgets, self._show_legend, self._beneath = widgets, show_legend, beneath
        self.wish = Wish()
        self.room: Room | None = None
        self.resting = False
        """Somebody else arranges the window; nothing is done until this ends."""
        self._room_for: tuple[object, ...] = ()
        rows.installEventFilter(self)
        columns.splitterMoved.connect(lambda _at, handle: self._moved(*MOVED[handle]))
        rows.splitterMoved.connect(lambda _at, _handle: self._moved("bottom"))

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        """The regions that are widgets."""
        return tuple(self._widgets.values())

    def arrange(self) -> None:
        """Show what there is room for, as large as it may be."""
        width, height, scale = self._rows.width(), self._rows.height(), theme.current().scale
        if self.resting or width <= 0 or height <= 0:
            return
        window = self._rows.window()
        place = (window.size() if window is not None else None, scale)
        if self._room_for != place:
            self._room_for = place
            # What was asked for in spite of little room was asked for in that room.
            self.wish = dataclasses.replace(self.wish, insisted=frozenset())
        room = self.room = fit(width, height, scale, self.wish, self._beneath())
        for name in REGIONS:
            self._commands[f"view.{name}"].setChecked(name in room.open)
            if name in self._widgets:
                self._widgets[name].setVisible(name in room.open)
        self._show_legend("legend" in room.open)
        taken = sum(getattr(room, side) for side in ("left", "right", "history") if side in room.open)
        self._columns.setSizes([room.left, max(width - taken, 1), room.right, room.history])
        self._rows.setSizes([max(height - room.bottom, 1), room.bottom])

    def toggle(self, name: str, shown: bool) -> None:
        """Open or fold a region, because a person wants it so."""
        wish, asked = self.wish, frozenset((name,))
        self.wish = dataclasses.replace(
            wish,
            open=wish.open | asked if shown else wish.open - asked,
            insisted=wish.insisted | asked if shown else wish.insisted - asked,
        )
        self.arrange()

    def show_tables(self, shown: bool) -> None:
        """Give the lower region the height of the tables, or that of the curves."""
        self.wish = dataclasses.replace(self.wish, tables=shown)
        self.arrange()

    def reset(self) -> None:
        """As at the first start."""
        self.wish = Wish()
        self.arrange()

    def _moved(self, *names: str) -> None:
        """A person has dragged the line beside a region."""
        for name in names:
            sizes = self._rows.sizes() if name == "bottom" else self._columns.sizes()
            share = sizes[{"left": 0, "right": 2, "history": 3, "bottom": 1}[name]] / max(sum(sizes), 1)
            if name == "bottom" and self.wish.tables:
                name = "tall"
            if share > 0:
                self.wish = dataclasses.replace(self.wish, **{name: share})  # type: ignore[arg-type]  # one of its sizes

    @override
    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        # The room changes with the window, and with what stands around: a menu bar with larger text is higher.
        if a1 is not None and a1.type() == QEvent.Type.Resize:
            self.arrange()
        return super().eventFilter(a0, a1)

    def keep(self, settings: QSettings, place: str) -> None:
        """Remember the wish, not what there was room for."""
        for name in REGIONS:
            settings.setValue(f"{place}/{name}", name in self.wish.open)
        settings.setValue(f"{place}/tables", self.wish.tables)
        for name in SIZES:
            settings.setValue(f"{place}/{name}_size", getattr(self.wish, name))

    def restore(self, settings: QSettings, place: str) -> None:
        """Take up the wish of the last time."""
        there = frozenset(name for name in REGIONS if settings.value(f"{place}/{name}", name in AT_FIRST, bool))
        sizes = {name: min(max(settings.value(f"{place}/{name}_size", 0.0, float), 0.0), MOST_WANTED) for name in SIZES}
        self.wish = Wish(open=there, tables=settings.value(f"{place}/tables", False, bool), **sizes)

    def values(self) -> dict[str, Any]:
        """The wish as plain values, which a project keeps."""
        wish = self.wish
        return {"open": sorted(wish.open), **{name: getattr(wish, name) for name in SIZES}}

    def take(self, values: Mapping[str, Any]) -> None:
        """Take up a wish from a project; what is no wish is left out, and nothing changes where there is none."""
        opened = values.get("open")
        if not isinstance(opened, Sequence) or isinstance(opened, str):
            return
        sizes = {name: values.get(name, 0.0) for name in SIZES}
        sizes = {
            name: min(max(float(size), 0.0), MOST_WANTED) if type(size) in (int, float) and size == size else 0.0
            for name, size in sizes.items()
        }
        there = frozenset(name for name in REGIONS if name in opened)
        self.wish = dataclasses.replace(self.wish, open=there, insisted=frozenset(), **sizes)
        self.arrange()

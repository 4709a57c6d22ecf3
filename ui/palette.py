"""The command palette: everything that can be done, found by some letters of its name, in the language in use or in
English. What was used lately stands first. Lessons and recent files are found too, because they are in the menus.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from PyQt6.QtCore import QSettings, QSize, Qt
from PyQt6.QtGui import QAction, QIcon, QPixmap
from PyQt6.QtWidgets import QMenu, QWidget
from typing_extensions import override

from ui import language, theme
from ui.actions import COMMANDS, MENUS, Actions, shown
from ui.language import tr, translatable
from ui.offers import Choosing
from ui.shortened import as_read

MOST_RECENT = 8
_LETTERS = 12
"""Letters that are looked for one by one; nobody types as many initials."""
SETTING = "palette/recent"
REASONS = {
    "edit.undo": translatable("nothing to undo"),
    "edit.redo": translatable("nothing to redo"),
}
"""Why a command cannot be given now, where that is known."""
ALSO = {
    "data.open": translatable("csv table spreadsheet import file"),
    "edit.preferences": translatable("settings options prefs"),
    "edit.your_number": translatable("check compare my result"),
    "file.picture": translatable("export screenshot png image"),
    "file.sheet": translatable("homework own numbers weights"),
    "file.weights_in": translatable("import parameters load"),
    "file.weights_out": translatable("export parameters"),
    "help.help": translatable("manual documentation"),
    "help.what": translatable("explain"),
    "network.reset": translatable("restart begin again"),
    "run.play": translatable("pause stop start train"),
    "network.conventions": translatable(
        "nielsen mazur ng deeplearntoolbox ufldl caffe pytorch keras scikit-learn sklearn textbook toolbox"
    ),
    "view.delta_batch": translatable("delta mean"),
    "view.delta_sign": translatable("delta sign minus convention"),
    "view.samples": translatable("transpose matrix batch rows columns"),
    "view.weight_layout": translatable("transpose matrix weights keras sklearn"),
    "view.full_screen": translatable("projector lecture full screen"),
    "view.text.larger": translatable("font bigger"),
    "view.text.smaller": translatable("font"),
    "view.twin": translatable("spreadsheet numbers accessible"),
}
"""Other words by which people look for a command."""


@dataclass(frozen=True, eq=False)
class Entry:
    """One thing to do. `key` is remembered; `where` are the menus above it."""

    action: QAction
    key: str
    name: str
    english: str
    where: tuple[str, ...]
    keys: str
    also: str = ""

    @property
    def shown(self) -> str:
        """The name as it is shown: a submenu stands before it, a menu of the bar does not."""
        return f"{self.where[-1]}: {self.name}" if len(self.where) > 1 else self.name


def entries(actions: Actions) -> tuple[Entry, ...]:
    """Everything in the menus, in their order."""
    keys = {command.id: ", ".join(dict.fromkeys(shown(key) for key, _ in command.keys)) for command in COMMANDS}
    found: list[Entry] = []
    for menu, _ in MENUS:
        found += _below(actions.menu(menu), (), keys)
    return tuple(found)


def _below(menu: QMenu, above: tuple[str, ...], keys: dict[str, str]) -> Iterator[Entry]:
    where = (*above, as_read(menu.title()))
    for action in menu.actions():
        inner = action.menu()
        if inner is not None:
            yield from _below(inner, where, keys)
        elif not action.isSeparator() and action.text():
            name = as_read(action.text())
            english = _english(language.current()).get(name, name)
            words = " ".join(_english(language.current()).get(each, each) for each in where)
            key = action.objectName() or f"{words}: {english}"
            yield Entry(action, key, name, f"{words} {english}", where, keys.get(action.objectName(), ""), _also(key))


def _also(key: str) -> str:
    """Other words for a command, in the language in use and in English."""
    return f"{tr(ALSO[key])} {ALSO[key]}" if key in ALSO else ""


@lru_cache(maxsize=4)
def _english(tongue: str) -> dict[str, str]:
    """The English of every text in a language."""
    return {} if tongue == "en" else {text: english for english, text in language.catalogue(tongue).items()}


def rank(typed: str, name: str) -> int | None:
    """How well some typed letters fit a name: the less the better; None where they do not.

    Each typed word fits as the beginning of a word (0), inside one (1), or as the beginnings of several (2 and as many
    as there are jumps): nts is "next training step".
    """
    name, total = name.casefold(), 0
    for word in typed.casefold().split():
        if re.search(rf"(?<!\w){re.escape(word)}", name):
            continue
        if word in name:
            total += 1
            continue
        gaps = _gaps(word[:_LETTERS], name)
        if gaps is None:
            return None
        total += 2 + gaps
    return total


def _gaps(word: str, name: str, place: int = -1) -> int | None:
    """How many jumps it takes to find the letters of a word in their order, each jump to where a word begins (or to a
    Chinese character, which is one); None where they cannot be found so.
    """
    if not word:
        return 0
    best: int | None = None
    for found in (n for n in range(place + 1, len(name)) if name[n] == word[0]):
        begins = found == 0 or not name[found - 1].isalnum() or not name[found].isascii()
        if found != place + 1 and not begins:
            continue
        rest = _gaps(word[1:], name, found)
        if rest is not None:
            jumps = rest + (place >= 0 and found != place + 1)
            best = jumps if best is None else min(best, jumps)
    return best


def fitting(typed: str, offered: Iterable[Entry], recent: list[str]) -> list[Entry]:
    """What fits, the best first; at equal fit what was used last, then the order of the menus."""
    ranked: list[tuple[int, int, int, Entry]] = []
    for number, entry in enumerate(offered):
        named = f"{entry.shown} {entry.english}"
        fits = [each for each in (rank(typed, entry.shown), rank(typed, named)) if each is not None]
        if entry.also and not fits:
            other = rank(typed, f"{named} {entry.also}")
            fits = [] if other is None else [1 + other]
        if fits:
            lately = recent.index(entry.key) if entry.key in recent else len(recent)
            ranked.append((min(fits), lately, number, entry))
    return [entry for *_, entry in sorted(ranked, key=lambda each: each[:3])]


def _reason(entry: Entry) -> str:
    """Why it cannot be done now. Whoever takes a command away may say so in its tip."""
    tip = entry.action.toolTip()
    if entry.key in REASONS:
        return tr(REASONS[entry.key])
    return tr("not possible now") if tip.startswith(entry.name.rstrip("…")) else tip


class Palette(Choosing):
    """Every command by name: type some of its letters, Enter does it."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(
            tr("Find a command"), tr("Type some letters of a command, a lesson or a file"), 560, 420, parent
        )
        actions.draw_icons()
        look = theme.current()
        self.list.setIconSize(QSize(look.px(16), look.px(16)))
        empty = QPixmap(self.list.iconSize())
        empty.fill(Qt.GlobalColor.transparent)
        self._blank = QIcon(empty)
        self.setWhatsThis(tr("Everything that can be done, by its name. Enter does what is marked."))
        self._entries = entries(actions)
        self._recent = [str(each) for each in QSettings().value(SETTING, [], list)]
        self.fill("")

    @override
    def fill(self, text: str) -> None:
        self.list.clear()
        for entry in fitting(text, self._entries, self._recent):
            enabled = entry.action.isEnabled()
            beside = entry.keys if enabled else _reason(entry)
            item = self.list.add(entry.shown, beside, entry, enabled)
            icon = entry.action.icon()
            item.setIcon(0, self._blank if icon.isNull() else icon)
        self.list.choose(0)

    @override
    def take(self) -> None:
        """Do what is marked; what is not possible now stays on the list."""
        entry = self.list.chosen
        if not isinstance(entry, Entry) or not entry.action.isEnabled():
            return
        kept = [entry.key, *(key for key in self._recent if key != entry.key)]
        QSettings().setValue(SETTING, kept[:MOST_RECENT])
        self.accept()
        entry.action.trigger()

"""Every command of the application, once: menu, toolbar, key sheet and shortcut are read from this table.

A key has a context. W: it works in the whole window. C: it works while the canvas, the timeline or a plot has the
focus, so that a letter never fires while somebody types. P: it works in the whole window while it presents, in place of
what the key means in C. No key has two meanings in one context, and since the keys of W work in C and P too, none may
stand in both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QAction, QActionGroup, QKeyEvent, QKeySequence, QShortcut
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QMenu,
    QMenuBar,
    QWidget,
)
from typing_extensions import override

from ui import theme
from ui.language import tr, translatable


@dataclass(frozen=True)
class Command:
    """One thing the application can do. `text` is English; `keys` are (key, context) pairs in portable spelling."""

    id: str
    text: str
    keys: tuple[tuple[str, str], ...] = ()
    icon: str = ""
    choice: str = ""
    """Commands with the same word here exclude each other and show a mark at the chosen one."""
    checkable: bool = False
    tip: str = ""

    @property
    def menu(self) -> str:
        """The menu it stands in."""
        return self.id.partition(".")[0]


def _c(*keys: str) -> tuple[tuple[str, str], ...]:
    return tuple((key, "C") for key in keys)


def _w(*keys: str) -> tuple[tuple[str, str], ...]:
    return tuple((key, "W") for key in keys)


def _p(*keys: str) -> tuple[tuple[str, str], ...]:
    return tuple((key, "P") for key in keys)


MENUS = (
    ("file", translatable("File")),
    ("edit", translatable("Edit")),
    ("network", translatable("Network")),
    ("data", translatable("Data")),
    ("run", translatable("Run")),
    ("view", translatable("View")),
    ("learn", translatable("Learn")),
    ("help", translatable("Help")),
)
"""The menu bar, left to right."""

SUBMENUS = {
    "file.recent": translatable("Open recent"),
    "edit.neighbour": translatable("Select neighbour"),
    "view.theme": translatable("Theme"),
    "view.language": translatable("Language"),
    "view.notation": translatable("Notation"),
    "view.text": translatable("Text size"),
}
"""Places in COMMANDS that are submenus; those without commands of their own are filled by their owner."""

SEPARATOR = Command("", "")

_ = translatable
COMMANDS = (
    Command("file.start", _("Start page")),
    Command("file.sheet", _("My exercise sheet…"), _w("Ctrl+Shift+E"), "notebook-pen"),
    SEPARATOR,
    Command("file.new", _("New network"), _w("Ctrl+N"), "file-plus"),
    Command("file.open", _("Open…"), _w("Ctrl+O"), "folder-open"),
    Command("file.recent", ""),
    SEPARATOR,
    Command("file.save", _("Save"), _w("Ctrl+S"), "save"),
    Command("file.save_as", _("Save as…"), _w("Ctrl+Shift+S"), "save-all"),
    Command(
        "file.lesson_out",
        _("Export this moment as a lesson…"),
        tip=_("A readable file with the values before this step, and the digits that must come out"),
    ),
    SEPARATOR,
    Command("file.weights_in", _("Read weights (.npz)…")),
    Command("file.weights_out", _("Write weights (.npz)…"), icon="download"),
    Command("file.picture", _("Save a picture of the window…"), icon="image-down"),
    SEPARATOR,
    Command("file.close", _("Close"), _w("Ctrl+W")),
    Command("edit.undo", _("Undo"), _w("Ctrl+Z"), "undo-2"),
    Command("edit.redo", _("Redo"), _w("Ctrl+Shift+Z"), "redo-2"),
    Command("edit.history", _("Undo history…"), tip=_("Every gesture by its name; a click returns to it")),
    SEPARATOR,
    Command("edit.copy", _("Copy the number (17 digits)"), _c("Ctrl+C"), "copy"),
    Command("edit.copy_latex", _("Copy as LaTeX"), _c("Ctrl+Shift+C")),
    Command("edit.type", _("Type the value"), _c("Return", "Enter", "F2")),
    Command("edit.rename", _("Rename…"), _c("Shift+F2"), tip=_("Give a unit or a weight a name of your own")),
    Command(
        "edit.your_number",
        _("Type your number"),
        tip=_("Compare a number that you worked out with the one that is explained"),
    ),
    SEPARATOR,
    Command("edit.go_to", _("Go to…"), _w("Ctrl+G"), "search", tip=_("A weight, a unit, a step or a beat")),
    Command("edit.palette", _("Find a command…"), _w("Ctrl+Shift+P")),
    Command("edit.neighbour.left", _("Left"), _c("Shift+Left")),
    Command("edit.neighbour.right", _("Right"), _c("Shift+Right")),
    Command("edit.neighbour.up", _("Up"), _c("Shift+Up")),
    Command("edit.neighbour.down", _("Down"), _c("Shift+Down")),
    Command(
        "edit.neighbour.inside",
        _("Into it, and out of it"),
        _c("Shift+Return", "Shift+Enter"),
        tip=_("From a map to its pixels, from a kernel to its numbers, and back"),
    ),
    SEPARATOR,
    Command("edit.leave", _("Leave editing or the selection"), _w("Esc")),
    SEPARATOR,
    Command("edit.preferences", _("Preferences…"), _w("Ctrl+,")),
    Command("network.add_layer", _("Add a layer"), icon="plus"),
    Command("network.sheet", _("Edit as a sheet…"), tip=_("All weights, biases and data in one window")),
    SEPARATOR,
    Command("network.reset", _("Reset to the same start"), _w("Ctrl+R"), "rotate-ccw"),
    Command("network.reseed", _("New start with another seed"), _w("Ctrl+Shift+R"), "dices"),
    SEPARATOR,
    Command(
        "network.conventions",
        _("Conventions of a book or a library…"),
        tip=_("Shows first what would change"),
    ),
    Command("network.check", _("Check every gradient")),
    Command("data.open", _("Open data…"), _w("Ctrl+Shift+O"), "table"),
    Command("data.table", _("Table of the rows")),
    SEPARATOR,
    Command("data.previous_row", _("Previous row"), _c(",")),
    Command("data.next_row", _("Next row"), _c(".")),
    Command("data.whole_batch", _("This row or the whole batch"), _c("B")),
    Command("run.play", _("Play"), (*_c("Space"), *_w("F5")), "play"),
    SEPARATOR,
    Command("run.next_beat", _("Next beat"), _c("Right"), "step-forward"),
    Command("run.previous_beat", _("Previous beat"), _c("Left"), "step-back"),
    Command("run.next_phase", _("Next phase"), _c("PgDown")),
    Command("run.previous_phase", _("Previous phase"), _c("PgUp")),
    Command("run.beginning", _("Before the first beat"), _c("Home"), "skip-back"),
    Command("run.end", _("Last beat of the step"), _c("End"), "skip-forward"),
    SEPARATOR,
    Command("run.next_step", _("Next training step"), _c("Ctrl+Right")),
    Command("run.previous_step", _("Previous training step"), _c("Ctrl+Left")),
    Command("run.first_step", _("First training step"), _c("Ctrl+Home")),
    Command("run.last_step", _("Last training step"), _c("Ctrl+End")),
    Command("run.until", _("Train to a step or epoch…")),
    Command("run.race", _("Race…"), _w("F7"), tip=_("Several rates, starts or optimisers side by side")),
    Command("run.breakpoints", _("Breakpoints…"), _w("Ctrl+Shift+B"), "circle-stop", tip=_("Where training stops")),
    Command("run.bookmark", _("Bookmark here"), _w("Ctrl+B"), "bookmark", tip=_("Find this beat again")),
    Command("run.next_bookmark", _("Next bookmark"), _c("Ctrl+PgDown")),
    Command("run.previous_bookmark", _("Previous bookmark"), _c("Ctrl+PgUp")),
    SEPARATOR,
    Command("run.grain_step", _("Step"), _c("1"), choice="grain", tip=_("One press is one training step")),
    Command("run.grain_layer", _("Layer"), _c("2"), choice="grain", tip=_("One press is one layer")),
    Command("run.grain_neuron", _("Neuron"), _c("3"), choice="grain", tip=_("One press is one neuron")),
    Command("run.grain_edge", _("Edge"), _c("4"), choice="grain", tip=_("One press is one number")),
    SEPARATOR,
    Command("run.faster", _("Faster"), _c("Ctrl+Up")),
    Command("run.slower", _("Slower"), _c("Ctrl+Down")),
    Command("view.color_gradient", _("Colour by gradient"), _c("G"), choice="color"),
    Command("view.color_weight", _("Colour by weight"), _c("W"), choice="color"),
    Command("view.color_update", _("Colour by update"), _c("U"), choice="color"),
    Command(
        "view.color_check",
        _("Colour by gradient check"),
        choice="color",
        tip=_("How far each gradient is from a central difference of the loss"),
    ),
    Command(
        "view.color_difference",
        _("Colour by difference from a branch"),
        _c("D"),
        choice="color",
        tip=_("How much each weight is above that of the branch that is compared"),
    ),
    Command("view.fit_range", _("Fit the colour range")),
    Command("view.delta_batch", _("δ of the whole batch (with 1/N)"), checkable=True),
    Command("view.delta_sign", _("δ = −∂C/∂z, as in older books"), checkable=True),
    Command("view.samples", _("Samples as columns: W X"), checkable=True),
    Command("view.weight_layout", _("W as (in, out): X W"), checkable=True),
    SEPARATOR,
    Command("view.zoom_in", _("Zoom in"), _c("+", "="), "zoom-in"),
    Command("view.zoom_out", _("Zoom out"), _c("-"), "zoom-out"),
    Command("view.zoom_fit", _("Fit the network"), _c("0"), "maximize"),
    SEPARATOR,
    Command("view.notation", ""),
    Command("view.theme.system", _("Like the system"), choice="theme"),
    Command("view.theme.light", _("Light"), choice="theme", icon="sun"),
    Command("view.theme.dark", _("Dark"), choice="theme", icon="moon"),
    Command("view.theme.presentation", _("Black on white, for a projector"), choice="theme", icon="presentation"),
    Command("view.language", ""),
    Command("view.text.larger", _("Larger"), _w("Ctrl++", "Ctrl+=")),
    Command("view.text.smaller", _("Smaller"), _w("Ctrl+-")),
    Command("view.text.normal", _("Normal"), _w("Ctrl+0")),
    Command("view.reduced_motion", _("Reduced motion"), checkable=True),
    SEPARATOR,
    Command("view.next_panel", _("Next panel"), _w("F6")),
    Command("view.previous_panel", _("Previous panel"), _w("Shift+F6")),
    Command("view.left", _("Network and data"), checkable=True, icon="panel-left"),
    Command("view.right", _("Explanation"), checkable=True, icon="panel-right"),
    Command("view.bottom", _("Curves"), checkable=True, icon="panel-bottom"),
    Command("view.twin", _("Table twin"), _w("F4"), "table", checkable=True, tip=_("The step as tables")),
    Command(
        "view.history",
        _("History"),
        _w("Ctrl+H"),
        "history",
        checkable=True,
        tip=_("Branches, undo, bookmarks and breakpoints"),
    ),
    Command("view.legend", _("Legend"), checkable=True),
    Command("view.full_screen", _("Presentation"), _w("F11"), "presentation", checkable=True),
    Command("view.next_scene", _("Next scene"), _p("PgDown")),
    Command("view.previous_scene", _("Previous scene"), _p("PgUp")),
    Command("view.scene_again", _("Back to the scene"), _p("Backspace")),
    Command("view.swap_panel", _("The scene's text or the explanation"), _p("E")),
    Command("view.reset_layout", _("Reset the layout")),
    Command("learn.tour", _("Show the first steps again")),
    Command("help.help", _("Help"), _w("F1"), "circle-question-mark"),
    Command("help.what", _("What is this?"), _w("Shift+F1")),
    Command("help.keys", _("Keys"), _c("?"), "keyboard"),
    SEPARATOR,
    Command("help.log", _("Open the log's folder")),
    Command("help.about", _("About bpstudio"), icon="info"),
)
"""In the order of the menus. A separator belongs to the menu of the command before it."""
del _


ROLES = {"edit.preferences": QAction.MenuRole.PreferencesRole, "help.about": QAction.MenuRole.AboutRole}
"""Commands that macOS puts into the application's own menu; by their names Qt would guess others."""

ARROWS = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓"}


def keys() -> Iterator[tuple[str, str, str]]:
    """Every key: (key, context, command id)."""
    for command in COMMANDS:
        for key, context in command.keys:
            yield key, context, command.id


class Actions(QObject):
    """A QAction for every command. The window connects what they do; this class knows only what they are."""

    def __init__(self) -> None:
        super().__init__()
        self._everywhere: list[QAction] = []
        self._actions: dict[str, QAction] = {}
        self._focus_keys: list[QAction] = []
        self._twins: dict[str, tuple[QAction, ...]] = {}
        self._drawn_for: theme.Theme | None = None
        self._menus: dict[str, QMenu] = {}
        self._groups: dict[str, QActionGroup] = {}
        self._namers: list[Callable[[], None]] = []
        for command in COMMANDS:
            if command.id and command.id not in SUBMENUS:
                self._make(command)
        self.retranslate()

    def __getitem__(self, id: str) -> QAction:
        return self._actions[id]

    def find(self, id: str) -> QAction | None:
        """The action of a command; None for separators and submenus."""
        return self._actions.get(id)

    def connect(self, id: str, act: Callable[[], object]) -> None:
        """Do this when the command is given."""
        self._actions[id].triggered.connect(lambda _checked: act())

    def menu(self, id: str) -> QMenu:
        """A menu of the bar (`learn`) or a submenu (`file.recent`)."""
        return self._menus[id]

    def fill(self, bar: QMenuBar) -> None:
        """Put every command into the menu bar."""
        for name, english in MENUS:
            menu = self._menus[name] = self._new_menu(bar)
            bar.addMenu(menu)
            # Alt and the letter with which the menu begins in English: Chinese menus have no letters.
            letter = QShortcut(QKeySequence(f"Alt+{english[0]}"), bar)
            letter.activated.connect(lambda menu=menu: bar.setActiveAction(menu.menuAction()))
        last = ""
        for command in COMMANDS:
            if not command.id:
                self._menus[last].addSeparator()
                continue
            last = command.menu
            above = command.id if command.id in SUBMENUS else command.id.rpartition(".")[0]
            if above in SUBMENUS and above not in self._menus:
                self._menus[above] = self._new_menu(bar)
                self._menus[last].addMenu(self._menus[above])
            if command.id in self._actions:
                self._menus[above].addAction(self._actions[command.id])
        self.retranslate()

    def attach(self, window: QWidget) -> None:
        """The window in which the keys of context W work."""
        window.addActions(self._everywhere)

    def listen(self, *areas: QWidget) -> None:
        """The widgets whose focus makes the keys of context C work: canvas, timeline, plots."""
        for area in areas:
            area.addActions(self._focus_keys)

    def guard(self, widget: QWidget | None) -> None:
        """Let a control inside such an area keep its own keys while it has the focus."""
        kinds = (QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox)
        if isinstance(widget, kinds):
            widget.installEventFilter(self)

    def present(self, is_on: bool) -> None:
        """Let the keys of context P work, and no others that they stand in for; or the other way round."""
        taken = {key for key, context, _ in keys() if context == "P"}
        for command in COMMANDS:
            mine = [QKeySequence(key) for key, context in command.keys if context == "P"]
            if mine:
                self._actions[command.id].setShortcuts(mine if is_on else [])
            elif any(key in taken for key, context in command.keys if context == "C"):
                for action in (self._actions[command.id], *self._twins.get(command.id, ())):
                    if action in self._focus_keys:
                        wanted = [key for key, context in command.keys if context == "C"]
                        action.setShortcuts([QKeySequence(key) for key in wanted if not (is_on and key in taken)])

    def also(self, name: Callable[[], None]) -> None:
        """Let who adds to the menus set those texts as well: now, and in every language that is chosen later."""
        self._namers.append(name)
        name()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        for command in COMMANDS:
            if command.id in self._actions:
                action = self._actions[command.id]
                action.setText(tr(command.text))
                spelt = ", ".join(shown(key) for key, _ in command.keys[:2])
                name = tr(command.tip) if command.tip else tr(command.text).rstrip("…")
                action.setToolTip(f"{name} ({spelt})" if spelt else name)
        for name, text in (*MENUS, *SUBMENUS.items()):
            if name in self._menus:
                self._menus[name].setTitle(tr(text))
        for name_more in self._namers:
            name_more()

    def draw_icons(self) -> None:
        """Draw every icon in the colours of the theme in use. Nobody sees one before a menu opens, so that is when."""
        look = theme.current()
        if look is self._drawn_for:
            return
        self._drawn_for = look
        for command in COMMANDS:
            if command.icon and command.id in self._actions:
                self._actions[command.id].setIcon(look.icon(command.icon))

    def _make(self, command: Command) -> None:
        action = QAction(self)
        action.setObjectName(command.id)
        action.setMenuRole(ROLES.get(command.id, QAction.MenuRole.NoRole))
        action.setCheckable(command.checkable or bool(command.choice))
        if command.choice:
            group = self._groups.setdefault(command.choice, QActionGroup(self))
            group.addAction(action)
        self._actions[command.id] = action
        everywhere = [key for key, context in command.keys if context == "W"]
        focused = [key for key, context in command.keys if context == "C"]
        if any(context == "P" for _, context in command.keys):
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            self._everywhere.append(action)
        if everywhere:
            action.setShortcuts([QKeySequence(key) for key in everywhere])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            self._everywhere.append(action)
        if focused:
            # A command with keys in both contexts needs a second action: Qt gives an action one context.
            twin = QAction(self) if everywhere else action
            twin.setShortcuts([QKeySequence(key) for key in focused])
            twin.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            if twin is not action:
                twin.triggered.connect(action.trigger)
                self._twins[command.id] = (twin,)
            self._focus_keys.append(twin)

    def _new_menu(self, bar: QMenuBar) -> QMenu:
        menu = QMenu(bar)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self.draw_icons)
        return menu

    @override
    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and _own(watched, event):
            event.accept()
            return True
        return super().eventFilter(watched, event)


_MOVING = {
    Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down,
    Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown,
}  # fmt: skip
_PRESSING = {Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Select}


def _pops_up(widget: QObject | None) -> bool:
    """Whether a widget stands in a list that has popped up."""
    window = widget.window() if isinstance(widget, QWidget) else None
    return window is not None and window.windowType() == Qt.WindowType.Popup


def _own(widget: QObject | None, event: QKeyEvent) -> bool:
    """Whether a key belongs to the control that has the focus rather than to the application."""
    if _pops_up(widget) and event.key() in _PRESSING:
        return False  # Qt takes them itself, from this very event: nobody may come before it
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if isinstance(widget, QAbstractButton):
        return event.key() in _PRESSING and modifiers == Qt.KeyboardModifier.NoModifier
    if isinstance(widget, QAbstractSlider):
        return event.key() in _MOVING and modifiers == Qt.KeyboardModifier.NoModifier
    # Lists, tables, combo boxes and spin boxes also take letters and digits.
    plain = modifiers in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
    letter = event.text().strip()  # Esc has a text too, but it leaves
    return plain and (event.key() in _MOVING | _PRESSING or (bool(letter) and letter.isprintable()))


def shown(key: str) -> str:
    """A key as it is written on the keyboard of this system, arrows as arrows."""
    sequence = QKeySequence(key)
    native = sequence.toString(QKeySequence.SequenceFormat.NativeText)
    last = sequence.toString(QKeySequence.SequenceFormat.PortableText).rpartition("+")[2]
    return native.rpartition("+")[0] + "+" * ("+" in native) + ARROWS[last] if last in ARROWS else native

"""What the commands do: each action of the table is connected here, once, to the object that carries it out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSettings, QUrl
from PyQt6.QtGui import QActionGroup, QDesktopServices, QGuiApplication
from PyQt6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QWhatsThis

from ui import dialogs, errors, language, theme
from ui.actions import Actions
from ui.document import Document
from ui.focus import COLORS, GRAINS, Focus
from ui.folding import REGIONS
from ui.language import tr
from ui.main_window import MainWindow
from ui.navigation import Navigation
from ui.runner import Runner
from ui.shortened import literal

if TYPE_CHECKING:
    from ui.race_window import RaceWindow


class Commands:
    """Connects the actions of a window. Handlers are short: they ask the owner of what is meant."""

    def __init__(
        self,
        window: MainWindow,
        actions: Actions,
        focus: Focus,
        runner: Runner,
        navigation: Navigation,
        document: Document,
    ) -> None:
        self._document = document
        self._window = window
        self._actions = actions
        self._focus = focus
        self._runner = runner
        self._navigation = navigation
        self.race: RaceWindow | None = None
        """The window of a race, once it was opened."""
        for id, act in {**self._edits(), **self._run(), **self._view()}.items():
            actions.connect(id, act)
        self._fill_menus()
        window.canvas.opened.connect(self._type)
        focus.changed.connect(self.show_state)
        runner.frame_arrived.connect(self.show_state)
        self.show_state()

    # ---- windows, each loaded when it is first wanted

    def _go_to(self) -> None:
        from ui.go_to import GoTo

        GoTo(self._focus, self._runner, self._navigation, self._window).open()

    def _find_command(self) -> None:
        from ui.palette import Palette

        Palette(self._actions, self._window).open()

    def _show_keys(self) -> None:
        from ui.key_sheet import KeySheet

        KeySheet(self._window).open()

    # ---- editing and places

    def _edits(self) -> dict[str, Callable[[], object]]:
        window, canvas = self._window, self._window.canvas
        return {
            "edit.undo": self._runner.undo,
            "edit.redo": self._runner.redo,
            "edit.copy": self._copy_number,
            "edit.copy_latex": self._copy_latex,
            "edit.type": self._type,
            "edit.your_number": self._type_yours,
            "edit.go_to": self._go_to,
            "edit.preferences": self._preferences,
            "edit.palette": self._find_command,
            "edit.neighbour.left": partial(canvas.neighbour, "left"),
            "edit.neighbour.right": partial(canvas.neighbour, "right"),
            "edit.neighbour.up": partial(canvas.neighbour, "up"),
            "edit.neighbour.down": partial(canvas.neighbour, "down"),
            "edit.neighbour.inside": canvas.inside,
            "edit.leave": self._leave,
            "network.add_layer": window.builder.add_layer,
            "network.conventions": window.conventions.open_sets,
            "network.reset": self._runner.reset,
            "network.reseed": self._runner.reseed,
            "network.check": window.status.check_now,
        }

    def _copy_number(self) -> None:
        """The explained number with all its digits, so that it reads back as the same double."""
        derivation = self._window.inspector.derivation
        if derivation is not None:
            value = derivation.result if derivation.gathered is None else derivation.gathered
            self._copy(f"{value:.17g}")

    def _copy_latex(self) -> None:
        derivation = self._window.inspector.derivation
        if derivation is not None:
            self._copy(derivation.tex)

    def _copy(self, text: str) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(text)
            self._window.messages.say("good", tr("Copied: {text}", text=text))

    def _type(self) -> None:
        self._actions["view.right"].setChecked(True)
        self._window.toggle_panel("right", True)
        self._window.inspector.edit_value()

    def _type_yours(self) -> None:
        self._actions["view.right"].setChecked(True)
        self._window.toggle_panel("right", True)
        self._window.inspector.your_number.edit()

    def _leave(self) -> None:
        """One thing at a time: presentation, the field with the keyboard, the tour, a message, the selection."""
        window = self._window
        holder = QApplication.focusWidget()
        edits = isinstance(holder, QLineEdit | QAbstractSpinBox | QComboBox)
        if not edits and window.leave_presentation():
            return
        if not edits and window.start_page is not None and window.start_page.leave():
            return
        if not window.canvas.hasFocus():
            window.canvas.setFocus()
        elif window.tour.close_tour():
            return
        elif window.messages.isVisible():
            window.messages.hide()
        else:
            self._focus.set(selection=None)

    # ---- the run

    def _run(self) -> dict[str, Callable[[], object]]:
        go = self._navigation
        return {
            "run.play": go.toggle,
            "run.next_beat": self._forward,
            "run.previous_beat": go.back,
            "run.next_phase": go.next_phase,
            "run.previous_phase": go.previous_phase,
            "run.beginning": go.beginning,
            "run.end": go.end,
            "run.next_step": go.next_step,
            "run.previous_step": go.previous_step,
            "run.first_step": go.first_step,
            "run.last_step": go.last_step,
            "run.until": self._window.timeline.type_target,
            "run.race": self._race,
            "run.faster": go.faster,
            "run.slower": partial(go.faster, -1),
            **{f"run.grain_{grain}": partial(go.choose_grain, grain) for grain in GRAINS},
        }

    def _race(self) -> None:
        if self.race is None:
            from ui.race_window import RaceWindow

            self.race = RaceWindow(self._runner, self._focus, self._window)
        if self._runner.frame is not None:
            self.race.show_run(self._runner.frame)
        self.race.show()
        self.race.raise_()
        self.race.activateWindow()

    def _forward(self) -> None:
        if not self._window.tour.take_forward():
            self._navigation.forward()

    # ---- the view

    def _view(self) -> dict[str, Callable[[], object]]:
        window, canvas = self._window, self._window.canvas
        return {
            **{f"view.color_{color}": partial(self._focus.set, color=color) for color in COLORS},
            "view.fit_range": self._fit_range,
            "view.delta_batch": self._toggle_delta,
            "view.delta_sign": lambda: self._focus.set(delta_sign=-self._focus.delta_sign),
            "view.samples": self._turn_samples,
            "view.weight_layout": self._turn_weights,
            "view.zoom_in": canvas.zoom_in,
            "view.zoom_out": canvas.zoom_out,
            "view.zoom_fit": canvas.fit,
            **{f"view.theme.{name}": partial(self._theme, name) for name in ("system", *theme.THEMES)},
            "view.text.larger": partial(self._scale, 1),
            "view.text.smaller": partial(self._scale, -1),
            "view.text.normal": partial(self._scale, 0),
            "view.reduced_motion": self._toggle_motion,
            "view.next_panel": window.next_panel,
            "view.previous_panel": partial(window.next_panel, -1),
            **{f"view.{side}": partial(self._toggle_side, side) for side in REGIONS if side != "history"},
            "view.reset_layout": window.reset_layout,
            "help.help": lambda: dialogs.Help(window).open(),
            "help.what": QWhatsThis.enterWhatsThisMode,
            "help.keys": self._show_keys,
            "help.log": lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(errors.log_file().parent))),
            "help.about": lambda: dialogs.About(window).open(),
        }

    def _fit_range(self) -> None:
        said = self._window.canvas.fit_range()
        if said:
            self._window.messages.say("good", said)

    def _toggle_delta(self) -> None:
        self._focus.set(scale_delta="batch" if self._focus.scale_delta == "row" else "row")

    def _turn_samples(self) -> None:
        self._focus.set(samples="columns" if self._focus.samples == "rows" else "rows")

    def _turn_weights(self) -> None:
        self._focus.set(weight_layout="in_out" if self._focus.weight_layout == "out_in" else "out_in")

    def _toggle_motion(self) -> None:
        self._focus.set(reduced_motion=not self._focus.reduced_motion)
        QSettings().setValue("view/reduced_motion", self._focus.reduced_motion)

    def _toggle_side(self, side: str) -> None:
        self._window.toggle_panel(side, self._actions[f"view.{side}"].isChecked())

    def _theme(self, name: str) -> None:
        QSettings().setValue("view/theme", name)
        _apply(name, theme.current().scale)

    def _scale(self, by: int) -> None:
        scales = theme.SCALES
        here = min(range(len(scales)), key=lambda i: abs(scales[i] - theme.current().scale))
        self._resize_text(scales[min(max(here + by, 0), len(scales) - 1)] if by else 1.0)

    def _resize_text(self, scale: float) -> None:
        QSettings().setValue(self._window.scale_setting, scale)
        _apply(theme.chosen(), scale)

    def _preferences(self) -> None:
        from ui.preferences import Preferences

        Preferences(self._actions, self._focus, self._runner, self._document, self._resize_text, self._window).open()

    def _language(self, name: str) -> None:
        QSettings().setValue("view/language", name)
        app = QApplication.instance()
        if app is not None:
            language.install(app, name)

    # ---- menus whose content is not in the table

    def _fill_menus(self) -> None:
        menu = self._actions.menu("view.language")
        group = QActionGroup(menu)
        for code, name in (("system", ""), *language.LANGUAGES.items()):
            action = menu.addAction(name)
            if action is not None:
                action.setCheckable(True)
                action.setData(code)
                group.addAction(action)
                action.triggered.connect(partial(self._language, code))
        menu = self._actions.menu("view.notation")
        group = QActionGroup(menu)
        for code, name in (("mazur", "net, out, w₅"), ("nielsen", "z, a, wˡⱼₖ")):
            action = menu.addAction(name)
            if action is not None:
                action.setCheckable(True)
                action.setData(code)
                group.addAction(action)
                action.triggered.connect(partial(self._notation, code))
        self._actions.also(self.retranslate)

    def _notation(self, code: str, _checked: bool = False) -> None:
        self._focus.set(notation=code)

    def retranslate(self) -> None:
        """Set the texts of what is not in the table."""
        first = self._actions.menu("view.language").actions()[0]
        first.setText(tr("Like the system"))
        self.show_state()

    # ---- marks and names that follow the state

    def show_state(self, *_: object) -> None:
        """Name what undo would take back, and mark what is chosen."""
        frame, focus = self._runner.frame, self._focus
        undo, redo = (frame.undo, frame.redo) if frame is not None else (None, None)
        shown = (undo, redo, focus.color, focus.notation, focus.scale_delta, focus.reduced_motion, language.current())
        if shown == getattr(self, "_shown", None):
            return
        self._shown = shown
        actions = self._actions
        for id, name, words in (("edit.undo", undo, tr("Undo")), ("edit.redo", redo, tr("Redo"))):
            actions[id].setEnabled(name is not None)
            actions[id].setText(literal(f"{words}: {tr(name)}") if name else words)
        actions[f"view.color_{focus.color}"].setChecked(True)
        actions["view.delta_batch"].setChecked(focus.scale_delta == "batch")
        actions["view.delta_sign"].setChecked(focus.delta_sign < 0)
        actions["view.samples"].setChecked(focus.samples == "columns")
        actions["view.weight_layout"].setChecked(focus.weight_layout == "in_out")
        actions["view.reduced_motion"].setChecked(focus.reduced_motion)
        actions[f"view.theme.{theme.chosen()}"].setChecked(True)
        for action in actions.menu("view.notation").actions():
            action.setChecked(action.data() == focus.notation.name)
        wanted = QSettings().value("view/language", "system", str)
        for action in actions.menu("view.language").actions():
            action.setChecked(action.data() == wanted)


def _apply(name: str, scale: float) -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication):
        theme.apply(app, name, scale)

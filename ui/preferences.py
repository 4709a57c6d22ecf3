"""Preferences: how the window looks and speaks, how numbers are written, and how much of the past is kept.

Every choice applies at once and is remembered. One of them is not about the window: the threshold below which a unit
counts as flat belongs to the experiment, so it is an edit of the run, which undo takes back.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent, QObject, QSettings, Qt
from PyQt6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QFrame, QLabel, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.training.frame import Frame
from bpstudio.training.session import DEFAULT_BUDGET
from ui import theme
from ui.actions import Actions
from ui.document import DIGITS, Document
from ui.focus import Focus
from ui.language import tr, translatable
from ui.panels.form import Choice, Message, Row
from ui.panels.number import NumberField
from ui.placing import Scrolled
from ui.runner import Runner

BUDGET = "history/megabytes"
"""The setting of how much memory the past may take; 0 or nothing: as a session has it by itself."""
BUDGETS = (64, 128, 256, 512, 1024, 2048, 4096)
SHOWN = (3, 4, 6, 9, 12, 15)
"""Decimals that can be chosen; 0 is what the lesson says."""
FLAT = 0.1
"""The threshold of a new experiment."""
CHANGE_THRESHOLD = translatable("change flat threshold")


class Preferences(QDialog):
    """One page of choices. `resize_text(scale)` gives the text another size."""

    def __init__(
        self,
        actions: Actions,
        focus: Focus,
        runner: Runner,
        document: Document,
        resize_text: Callable[[float], object],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions, self._focus, self._runner, self._document = actions, focus, runner, document
        self._resize_text = resize_text
        self.theme, self.language, self.text_size = Choice(), Choice(), Choice()
        self.digits, self.budget = Choice(), Choice()
        self.motion = QCheckBox()
        self._rows = {
            name: Row(control)
            for name, control in (
                ("theme", self.theme), ("language", self.language), ("size", self.text_size), ("digits", self.digits),
                ("budget", self.budget),
            )
        }  # fmt: skip
        message = Message()
        self.threshold = NumberField(self._set_threshold, message.say)
        self._rows["threshold"] = Row(self.threshold, message)
        self.theme.activated.connect(self._set_theme)
        self.language.activated.connect(self._set_language)
        self.text_size.activated.connect(lambda: self._resize_text(float(self.text_size.currentData())))
        self.motion.clicked.connect(self._toggle_motion)
        self.digits.activated.connect(lambda: self._set_digits(int(self.digits.currentData())))
        self.budget.activated.connect(lambda: self._set_budget(int(self.budget.currentData())))
        self._headings = [QLabel() for _ in range(3)]
        self._page = QWidget()
        cards = QVBoxLayout(self._page)
        cards.setContentsMargins(0, 0, 0, 0)
        for heading, controls in zip(
            self._headings,
            (
                (*(self._rows[name] for name in ("theme", "language", "size")), self.motion),
                (self._rows["digits"], self._rows["threshold"]),
                (self._rows["budget"],),
            ),
            strict=True,
        ):
            cards.addWidget(self._card(heading, *controls))
        cards.addStretch(1)
        self._area = Scrolled()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(self._page)
        self._page.installEventFilter(self)
        self.defaults = QPushButton()
        self.defaults.setAutoDefault(False)
        self.defaults.clicked.connect(self.reset)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._buttons.addButton(self.defaults, QDialogButtonBox.ButtonRole.ResetRole)
        self._buttons.rejected.connect(self.reject)
        close = self._buttons.button(QDialogButtonBox.StandardButton.Close)
        if close is not None:
            close.setAutoDefault(False)  # Enter in a field is meant for the field
        column = QVBoxLayout(self)
        column.addWidget(self._area, 1)
        column.addWidget(self._buttons)
        runner.frame_arrived.connect(self._show_frame)
        self.retint()
        self.retranslate()

    def reset(self) -> None:
        """Everything as at the first start."""
        self._actions["view.theme.system"].trigger()
        self._choose_language("system")
        self._resize_text(1.0)
        if self._focus.reduced_motion:
            self._toggle_motion()
        self._set_digits(0)
        self._set_budget(0)
        frame = self._runner.frame
        if frame is not None and frame.experiment.flat_threshold != FLAT:
            self._set_threshold(FLAT)
        self.refresh()

    def refresh(self) -> None:
        """Show what is chosen now."""
        settings = QSettings()
        self.theme.show_value(theme.chosen())
        self.language.show_value(settings.value("view/language", "system", str))
        scale = theme.current().scale
        self.text_size.show_value(min(theme.SCALES, key=lambda each: abs(each - scale)))
        self.motion.setChecked(self._focus.reduced_motion)
        self.digits.show_value(settings.value(DIGITS, 0, int))
        self.budget.show_value(settings.value(BUDGET, 0, int) or DEFAULT_BUDGET // 2**20)
        if self._runner.frame is not None:
            self._show_frame(self._runner.frame)

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.setWindowTitle(tr("Preferences"))
        self.setWhatsThis(tr("What you choose here applies at once and is remembered."))
        for heading, words in zip(self._headings, (tr("Window"), tr("Numbers"), tr("Memory")), strict=True):
            heading.setText(words)
        rows = self._rows
        rows["theme"].name(tr("Theme"), tr("Dark, light, or black on white for a projector"))
        rows["language"].name(tr("Language"))
        rows["size"].name(tr("Text size"), tr("Text, lines and units of the network grow together"))
        rows["digits"].name(tr("Decimals shown"), tr("Every number is computed with all its digits whatever is shown"))
        rows["threshold"].name(
            tr("Flat below"), tr("A unit counts as flat below this share of its greatest slope: an edit of this run")
        )
        rows["budget"].name(
            tr("Memory for the past"), tr("What does not fit is computed again when you go back, with the same digits")
        )
        self.motion.setText(tr("Reduced motion"))
        self.motion.setToolTip(tr("Numbers appear in their place, nothing travels along the lines"))
        self.defaults.setText(tr("Reset to defaults"))
        self.theme.offer([(name, self._actions[f"view.theme.{name}"].text()) for name in ("system", *theme.THEMES)])
        self.language.offer(
            [(action.data(), action.text()) for action in self._actions.menu("view.language").actions()]
        )
        self.text_size.offer([(scale, f"{scale:.0%}") for scale in theme.SCALES])
        self.digits.offer([(0, tr("as the lesson says")), *((count, str(count)) for count in SHOWN)])
        self.budget.offer([(size, f"{size} MB" if size < 1024 else f"{size // 1024} GB") for size in BUDGETS])
        self.refresh()

    def retint(self) -> None:
        """Take the size of the text in use."""
        look = theme.current()
        for layout in (self.layout(), self._page.layout()):
            if layout is not None:
                layout.setSpacing(look.px(10))
        self._fit()

    def _fit(self) -> None:
        """Be as high as all choices and what they have to say, but not higher than the screen: then it scrolls."""
        width, inner, screen = theme.current().px(430), self._page.layout(), self.screen()
        room = screen.availableGeometry() if screen is not None else self.rect()
        wide = min(width, room.width() - theme.current().px(60))
        high = inner.totalHeightForWidth(wide) if inner is not None else 0
        self._area.setMinimumSize(wide, min(high, room.height() - theme.current().px(120)))
        self.resize(self.minimumSizeHint().expandedTo(self.size()))

    def _card(self, heading: QLabel, *controls: QWidget) -> QFrame:
        """Some choices under a heading."""
        heading.setProperty("role", "heading")
        card = QFrame()
        card.setProperty("role", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(8)
        for widget in (heading, *controls):
            column.addWidget(widget)
        return card

    def _show_frame(self, frame: Frame) -> None:
        self.threshold.show_value(frame.experiment.flat_threshold)

    def _set_theme(self) -> None:
        self._actions[f"view.theme.{self.theme.currentData()}"].trigger()

    def _toggle_motion(self) -> None:
        self._actions["view.reduced_motion"].trigger()

    def _set_language(self) -> None:
        self._choose_language(str(self.language.currentData()))

    def _choose_language(self, code: str) -> None:
        for action in self._actions.menu("view.language").actions():
            if action.data() == code:
                action.trigger()

    def _set_digits(self, count: int) -> None:
        QSettings().setValue(DIGITS, count)
        lesson = self._document.lesson
        self._focus.set(digits=count or (lesson.digits if lesson is not None else self._focus.digits))

    def _set_budget(self, megabytes: int) -> None:
        QSettings().setValue(BUDGET, megabytes)
        self._runner.hold(megabytes * 2**20 or DEFAULT_BUDGET)

    def _set_threshold(self, value: float) -> None:
        frame = self._runner.frame
        if frame is not None:
            self._runner.apply(frame.experiment.replace(flat_threshold=value), name=CHANGE_THRESHOLD)

    # ---- Qt

    @override
    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if a0 is self._page and a1 is not None and a1.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(a0, a1)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif a0 is not None and a0.type() == QEvent.Type.PaletteChange:
            self.retint()
            self.refresh()

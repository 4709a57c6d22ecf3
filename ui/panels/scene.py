"""A scene of the lesson: its text, a question whose answer waits until it is asked for, and the way to the others.

Two sizes: beside the network in a presentation all of it, below the list of scenes in the lesson's panel only what that
list does not say.
"""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from ui import language, theme
from ui.language import tr
from ui.panels.lesson_rows import LARGE, NORMAL, Prose, title
from ui.scenes import Scenes


class ScenePanel(QWidget):
    """Shows the present scene of `Scenes`; `whole` with its title and text."""

    def __init__(self, scenes: Scenes, whole: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scenes, self._whole = scenes, whole
        self._shown: tuple[object, ...] = ()
        self.place = QLabel()
        self.place.setProperty("role", "secondary")
        size = LARGE if whole else NORMAL
        self.title, self.text, self.question, self.answer = (
            title(),
            Prose(size=size),
            Prose(size=size),
            Prose(size=size),
        )
        self.reveal, self.back = QPushButton(), QPushButton()
        self.earlier, self.later = QToolButton(), QToolButton()
        self.back.setProperty("role", "link")
        for button in (self.earlier, self.later):
            button.setProperty("role", "flat")
        self.reveal.clicked.connect(lambda: scenes.reveal(not scenes.revealed))
        self.back.clicked.connect(scenes.back)
        self.earlier.clicked.connect(lambda: scenes.turn(-1, exact=whole))
        self.later.clicked.connect(lambda: scenes.turn(1, exact=whole))
        self._lay_out()
        scenes.listen(self.refresh)
        self.retranslate()

    def refresh(self) -> None:
        """Show the present scene, and whether the window still is as it has it."""
        scenes, scene = self._scenes, self._scenes.scene
        away = scene is not None and not scenes.is_there
        shown = (scenes.scenes, scenes.number, scenes.revealed, away, language.current(), theme.current())
        if shown == self._shown:
            return
        self._shown = shown
        spoken, count = language.current(), len(scenes.scenes)
        number = scenes.number
        self.place.setText(tr("{number} of {count}", number=number, count=count) if number else "")
        self.earlier.setEnabled(number > 1)
        self.later.setEnabled(number < count)
        if self._whole:
            words = scene.title.within(spoken) if scene is not None else tr("{count} scenes", count=count)
            self.title.setText(words)
            empty = tr("Page Down begins with the first one.") if count else tr("This lesson has no scenes.")
            self.text.say(scene.text.within(spoken) if scene is not None else empty)
        asks = scene is not None and bool(scene.question)
        self.question.say(scene.question.within(spoken) if scene is not None else "")
        self.answer.say(scene.answer.within(spoken) if scene is not None and scenes.revealed else "")
        self.reveal.setVisible(asks)
        self.reveal.setText(tr("Hide the answer") if scenes.revealed else tr("Show the answer"))
        # It keeps its room: what stands below must not jump when somebody touches the network.
        self.back.setEnabled(away)
        self.back.setVisible(scene is not None)

    def retranslate(self) -> None:
        """Set every text in the language and the look in use."""
        look = theme.current()
        self.back.setText(tr("Back to the scene"))
        self.back.setToolTip(tr("Undo whatever happened since: selection, zoom, training and edits"))
        for button, icon, name in (
            (self.earlier, "chevron-left", tr("Previous scene")),
            (self.later, "chevron-right", tr("Next scene")),
        ):
            button.setIcon(look.icon(icon))
            button.setIconSize(QSize(look.px(16), look.px(16)))
            button.setToolTip(name)
            button.setAccessibleName(name)
        self.setAccessibleName(tr("Scene"))
        self.setWhatsThis(tr("What there is to see here, and a question to think about."))
        self._shown = ()
        self.refresh()

    def _lay_out(self) -> None:
        turns = QHBoxLayout()
        turns.setContentsMargins(0, 0, 0, 0)
        turns.setSpacing(4)
        turns.addWidget(self.place)
        turns.addStretch(1)
        turns.addWidget(self.back)
        turns.addWidget(self.earlier)
        turns.addWidget(self.later)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(turns)
        for widget in (self.title, self.text):
            if self._whole:
                column.addWidget(widget)
        for widget in (self.question, self.answer):
            column.addWidget(widget)
        column.addWidget(self.reveal, 0, Qt.AlignmentFlag.AlignLeft)

    # ---- Qt

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        if a0 is not None and a0.type() in (QEvent.Type.LanguageChange, QEvent.Type.PaletteChange):
            self.retranslate()
        super().changeEvent(a0)

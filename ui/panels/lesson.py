"""The text of the open lesson: what there is to see, the switches it offers, and its scenes, one beat each."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent
from PyQt6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QRadioButton, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.files.lesson import Lesson
from bpstudio.files.lesson_parts import Scene, Variant
from bpstudio.files.wording import Wording
from ui import language
from ui.language import tr
from ui.panels.form import Section


class LessonPanel(QWidget):
    """Folds away under the explanation."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choose: Callable[[str], None] = lambda name: None
        """Switches a variant on."""
        self.visit: Callable[[Scene], None] = lambda scene: None
        """Goes to a scene."""
        self._lesson: Lesson | None = None
        self._scene = -1
        self.section = Section("section.lesson", self)
        self._summary, self._text = _label("heading"), _label("secondary")
        self._switches = QWidget()
        self._switch_rows = QVBoxLayout(self._switches)
        self._switch_rows.setContentsMargins(0, 4, 0, 0)
        self._switch_rows.setSpacing(4)
        self._note = _label("secondary")
        self._group = QButtonGroup(self)
        self._place, self._scene_text = _label("heading"), _label("")
        self._earlier, self._later = QPushButton("‹"), QPushButton("›")
        for button, by in ((self._earlier, -1), (self._later, 1)):
            button.setProperty("role", "flat")
            button.clicked.connect(lambda _, by=by: self.turn(by))
        self._stops = QWidget()
        head = QHBoxLayout()
        head.addWidget(self._place, 1)
        head.addWidget(self._earlier)
        head.addWidget(self._later)
        column = QVBoxLayout(self._stops)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self._scene_text)
        for widget in (self._summary, self._stops, self._switches, self._note, self._text):
            self.section.rows.addWidget(widget)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4, 8, 4, 0)
        outer.addWidget(self.section)
        self.retranslate()

    def show_lesson(self, lesson: Lesson | None, variants: tuple[Variant, ...], chosen: str) -> None:
        """Show the texts of a lesson; `variants` are its switches, `chosen` the one that is on."""
        if self._lesson is not lesson:
            self._lesson = lesson
            if lesson is None or not self._same_scenes(lesson):
                self._scene = -1
            self._fill_switches(variants)
        for button in self._group.buttons():
            button.setChecked(button.objectName() == chosen)
        self._note.setText(next((_said(v.note) for v in variants if v.name == chosen), ""))
        self._note.setVisible(bool(self._note.text()))
        self.retranslate()

    def turn(self, by: int) -> None:
        """Go to the next or the previous scene."""
        scenes = self._lesson.scenes if self._lesson is not None else ()
        place = self._scene + by
        if 0 <= place < len(scenes):
            self._scene = place
            self.visit(scenes[place])
            self.retranslate()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.section.name(tr("Lesson"))
        self._earlier.setAccessibleName(tr("Previous scene"))
        self._later.setAccessibleName(tr("Next scene"))
        self._earlier.setToolTip(tr("Previous scene"))
        self._later.setToolTip(tr("Next scene"))
        lesson = self._lesson
        self.setVisible(lesson is not None and bool(lesson.text or lesson.summary or lesson.scenes))
        if lesson is None:
            return
        self._summary.setText(_said(lesson.summary))
        self._text.setText(_said(lesson.text))
        for button in self._group.buttons():
            variant = next((v for v in lesson.variants if v.name == button.objectName()), None)
            if variant is not None:
                button.setText(_said(variant.label))
        scenes = lesson.scenes
        self._stops.setVisible(bool(scenes))
        self._earlier.setEnabled(self._scene > 0)
        self._later.setEnabled(self._scene < len(scenes) - 1)
        if self._scene < 0:
            self._place.setText(tr("{count} scenes to look at", count=len(scenes)))
            self._scene_text.setText("")
        else:
            scene = scenes[self._scene]
            self._place.setText(f"{self._scene + 1} / {len(scenes)}  {_said(scene.title)}")
            self._scene_text.setText(_said(scene.text))
        self._scene_text.setVisible(self._scene >= 0)

    def _same_scenes(self, lesson: Lesson) -> bool:
        return self._scene < len(lesson.scenes) and bool(lesson.variant)

    def _fill_switches(self, variants: tuple[Variant, ...]) -> None:
        for button in self._group.buttons():
            self._group.removeButton(button)
            self._switch_rows.removeWidget(button)
            button.deleteLater()
        for variant in variants:
            button = QRadioButton()
            button.setObjectName(variant.name)
            button.clicked.connect(lambda _, name=variant.name: self.choose(name))
            self._group.addButton(button)
            self._switch_rows.addWidget(button)
        self._switches.setVisible(bool(variants))

    @override
    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.LanguageChange:
            self.retranslate()


def _label(role: str) -> QLabel:
    label = QLabel()
    label.setProperty("role", role)
    label.setWordWrap(True)
    return label


def _said(wording: Wording) -> str:
    """A text of the lesson in the language in use."""
    return wording.within(language.current())

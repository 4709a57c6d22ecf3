"""The scenes of the open lesson: which one is on, going to one, and back to it from wherever somebody went.

A scene is a state: a version of the lesson, a training step, a beat of it, and what is looked at there. Going to one
makes exactly this state. Where the run has been changed that begins the lesson anew, as one gesture: undo brings back
what was there, so nothing is lost by playing with a scene, or by leaving that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bpstudio.files.lesson_parts import Scene
from bpstudio.files.switches import Choice, Switches
from bpstudio.insight.elements import Element, Example, Probe, Row, WholeBatch
from bpstudio.insight.walk import Walk
from bpstudio.training.frame import Frame
from ui import language
from ui.document import Document
from ui.focus import Focus
from ui.language import tr
from ui.navigation import Navigation
from ui.runner import Runner


class Scenes:
    """Knows the present scene. `fit` and `is_fitted` are the canvas's: a scene shows the whole network."""

    def __init__(self, runner: Runner, focus: Focus, document: Document, navigation: Navigation) -> None:
        self._runner, self._focus, self._document, self._navigation = runner, focus, document, navigation
        self._listeners: list[Callable[[], None]] = []
        self._switches: Switches | None = None
        self.number = 0
        """Which scene is on, from 1; 0 before the first."""
        self.revealed = False
        """Whether the answer to its question is shown."""
        self.presented = False
        """Whether they are shown to an audience."""
        self.fit: Callable[[], None] = lambda: None
        self.is_fitted: Callable[[], bool] = lambda: True
        document.listen(self._take_lesson)
        focus.changed.connect(self._tell)
        runner.frame_arrived.connect(self._tell)
        self._take_lesson()

    # ---- which scene

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """All scenes of the open lesson."""
        return self._switches.base.lesson.scenes if self._switches is not None else ()

    @property
    def scene(self) -> Scene | None:
        """The present scene."""
        return self.scenes[self.number - 1] if self.number else None

    def listen(self, act: Callable[[], None]) -> None:
        """Do this when the scene, what is looked at, or the run has changed."""
        self._listeners.append(act)

    # ---- going

    def visit(self, number: int, exact: bool = True) -> None:
        """Go to a scene. Unless `exact`, a run that somebody has changed stays as it is and only its beat is shown."""
        frame, switches = self._runner.frame, self._switches
        if frame is None or switches is None or not 1 <= number <= len(self.scenes):
            return
        self.number, self.revealed = number, False
        scene = self.scenes[number - 1]
        wanted, present = switches.named(scene.variant), switches.on(frame)
        restarts = wanted is not present and (exact or present is not None or bool(scene.variant))
        if restarts:
            title = scene.title.within(language.current())
            self._navigation.pause()
            self._document.choose(wanted, scene.step, tr("scene “{title}”", title=title or str(number)))
        elif scene.step < frame.metrics.first:
            self._navigation.pause()
            self._runner.reset()

        def is_there(arrived: Frame) -> bool:
            return arrived.metrics.first <= scene.step and (not restarts or switches.on(arrived) is wanted)

        grain = scene.grain or switches.base.lesson.grain
        self._navigation.visit(scene.step, grain, scene.at, is_there, self._arrived(scene), on_its_way=restarts)
        self._tell()

    def turn(self, by: int, exact: bool = True) -> None:
        """Go to the next or the previous scene."""
        self.visit(self.number + by, exact)

    def notice(self, number: int) -> None:
        """Somebody has walked to where a scene is; while scenes are presented only their own keys lead to them."""
        if number != self.number and not self.presented:
            self.number, self.revealed = number, False
            self._tell()

    def back(self) -> None:
        """Make the present scene's state again, whatever happened since."""
        self.visit(self.number)

    def reveal(self, shown: bool = True) -> None:
        """Show or hide the answer to the scene's question."""
        self.revealed = shown
        self._tell()

    # ---- being there

    @property
    def is_there(self) -> bool:
        """Whether everything is as the present scene has it; what the mouse happens to point at does not count."""
        scene, frame, switches = self.scene, self._runner.frame, self._switches
        if scene is None or frame is None or switches is None or frame.run == "running":
            return False
        if switches.on(frame) is not switches.named(scene.variant) or not self.shows(scene, frame):
            return False
        wanted, eye = self._look(scene, frame), self._focus.eye
        kept = all(getattr(eye, name) == value for name, value in wanted.items() if name != "hover")
        return kept and self.is_fitted()

    def shows(self, scene: Scene, frame: Frame) -> bool:
        """Whether the eye is at the step and the beat of a scene."""
        focus, walk = self._focus, self._focus.walk
        if frame.step != scene.step or walk is None:
            return False
        if not scene.at or focus.grain == "step":
            return not scene.at and focus.playhead in (0, focus.last)
        try:
            return walk.find(focus.grain, scene.at) == focus.playhead
        except ValueError:
            return False

    def _arrived(self, scene: Scene) -> Callable[[Frame], Mapping[str, object]]:
        def look(frame: Frame) -> Mapping[str, object]:
            self.fit()
            return self._look(scene, frame)

        return look

    def _look(self, scene: Scene, frame: Frame) -> dict[str, object]:
        """What the eye sees in a scene besides its beat."""
        look: dict[str, object] = {
            "selection": _element(scene.select, frame),
            "hover": _element(scene.hover, frame),
            "example": _example(scene, frame),
        }
        return look | ({"color": scene.color} if scene.color else {})

    def _take_lesson(self) -> None:
        if self._document.switches is not self._switches:
            self._switches = self._document.switches
            self.number, self.revealed = 0, False
            self._tell()

    def _tell(self, *_: object) -> None:
        for act in self._listeners:
            act()

    def wanted(self, scene: Scene) -> Choice | None:
        """The version of the lesson in which a scene plays."""
        return self._switches.named(scene.variant) if self._switches is not None else None


def _element(name: str, frame: Frame) -> Element | None:
    """The element of a plain name; None where there is none, or where the network was changed."""
    if not name:
        return None
    try:
        return Walk.of(frame).names.find(name)
    except ValueError:
        return None


def _example(scene: Scene, frame: Frame) -> Example:
    """Whose numbers a scene shows: a row of the batch, one outside it, or all rows."""
    if scene.row == "batch":
        return WholeBatch()
    if scene.row is None:
        return Row(0)
    position = next((at for at, row in enumerate(frame.batch) if int(row) == scene.row), None)
    return Row(position) if position is not None else Probe(scene.row)

"""The numbers of the run, at the right of the toolbar: where training is, how good, how steep, how flat, how sure.

Text changes slower than pictures: while training goes on, ten times a second. Where there is no room, the fields that
matter least disappear whole; nothing is cut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight.notation import number, rough
from bpstudio.insight.resting import why
from bpstudio.training.behaviour import behaving
from ui import theme
from ui.focus import Focus
from ui.language import tr
from ui.placing import SteadyLabel
from ui.runner import Progress, Runner

if TYPE_CHECKING:
    from bpstudio.insight.gradcheck import GradientCheck
    from bpstudio.training.frame import Frame

REFRESH_MS = 100
SPACING = 22
REST_MS = 250
"""How long nothing may move before every gradient is checked."""
ALL_UP_TO = 300
"""So many parameters are all checked; of more that many are drawn."""


@dataclass(frozen=True, eq=False)
class CheckGradients:
    """Is the gradient of this frame the slope of its objective? Central differences answer."""

    frame: Frame
    kind: str = "every gradient"

    def answer(self, progress: Callable[[float], None]) -> GradientCheck:
        from bpstudio.insight.gradcheck import check

        return check(self.frame, progress=lambda done, count: progress(done / max(count, 1)), sample=ALL_UP_TO)


class Status(QWidget):
    """Fields of caption and number. `checked` gives on what a check of the gradients found, with its frame."""

    checked = pyqtSignal(object, object)

    def __init__(self, focus: Focus, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._focus = focus
        self._runner = runner
        self._frame: Frame | None = None
        self._check: tuple[Frame, GradientCheck | Exception] | None = None
        # In the order on the screen; the number is the rank in which fields go when there is no room, last goes first.
        self.fields = {name: _Field(self) for name in ("speed", "step", "loss", "gradient", "flat", "check")}
        self._ranks = ("step", "loss", "check", "gradient", "speed", "flat")
        self._text_clock = QTimer(self)
        self._text_clock.setSingleShot(True)
        self._text_clock.setInterval(REFRESH_MS)
        self._text_clock.timeout.connect(self.refresh)
        self._rest_clock = QTimer(self)
        self._rest_clock.setSingleShot(True)
        self._rest_clock.setInterval(REST_MS)
        self._rest_clock.timeout.connect(self._ask)
        self._is_wanted = False  # somebody asked for the check: it goes on while training goes on
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING)
        row.addStretch(1)
        for field in self.fields.values():
            row.addWidget(field)
        self.setMinimumWidth(0)
        runner.answered.connect(self._answered)
        focus.changed.connect(self._wait)
        self.retint()

    def show_frame(self, frame: Frame) -> None:
        """Show a frame's numbers, at once when it is at rest."""
        self._frame = frame
        if frame.run == "running":
            self._rest_clock.stop()
            if not self._is_wanted:
                self._runner.cancel(CheckGradients.kind)  # of a step that nobody looks at any more
            self._wait()
        else:
            self.refresh()
            if self._check is None or self._check[0] is not frame:
                self._rest_clock.start()

    def check_now(self) -> None:
        """Check every gradient of the step that is shown."""
        self._is_wanted = True
        self._ask()

    def refresh(self) -> None:
        """Write the numbers of the newest frame."""
        frame = self._frame
        if frame is None:
            return
        digits = self._focus.digits
        many = frame.steps_per_epoch > 1
        tag = {"continued": tr("continued"), "restarted": tr("restarted")}.get(frame.continued, "")
        reason = why(frame.stopped).rendered(tr) if frame.stopped is not None else ""
        tag = tr("stopped early") if reason else tag
        caption = tr("step / epoch") if many else tr("step")
        step = f"{frame.step:,} / {frame.epoch:,}" if many else f"{frame.step:,}"
        self.fields["step"].say(f"{caption} · {tag}" if tag else caption, step, tip=reason)
        if frame.experiment.penalties:
            whole = tr("with penalties: {objective}", objective=number(frame.objective, digits))
            self.fields["loss"].say(tr("loss"), number(frame.loss, digits), tip=whole)
        else:
            self.fields["loss"].say(tr("loss C"), number(frame.loss, digits))
        self.fields["gradient"].say(_norm_caption(frame), number(frame.gradient_norm, 4))
        self._say_flat(frame)
        self._say_check(frame)
        self.fields["speed"].say(tr("steps / s"), f"{frame.steps_per_second:,.0f}" if frame.run == "running" else "")
        self._fit()

    def retint(self) -> None:
        """Take the fonts and colours of the theme in use."""
        for field in self.fields.values():
            field.retint()
        self._fit()

    def _say_flat(self, frame: Frame) -> None:
        share = frame.metrics.value("flat_share", frame.step)
        field = self.fields["flat"]
        if share is None or share != share:
            field.say(tr("flat (unit, row)"), tr("none can be"))
            return
        parts = behaving(frame.experiment.network)
        pairs = sum(len(part.saturating) * part.places for part in parts) * len(frame.batch)
        if pairs <= 100:
            text = tr("{count} of {all}", count=round(share * pairs), all=pairs)
        else:
            text = f"{share:.0%}"
        field.say(tr("flat units") if len(frame.batch) == 1 else tr("flat (unit, row)"), text)

    def _say_check(self, frame: Frame) -> None:
        field = self.fields["check"]
        caption = tr("gradient check")
        if self._check is None:
            field.say(caption, "…")
            return
        of, result = self._check
        if frame.nonfinite is not None:
            field.say(caption, "–", tip=tr("There is no gradient to check where a number is not finite."))
            return
        is_same_run = of.experiment == frame.experiment and of.dataset is frame.dataset
        if not is_same_run or (of.step == frame.step and of is not frame):
            # The numbers of another network, or of other weights at this step, would be taken for those shown.
            field.say(caption, "…")
            return
        if isinstance(result, Exception):
            field.say(caption, "–", tip=str(result))
            return
        of_all = tr("{count} of {all}", count=f"{result.agreeing:,}", all=f"{result.count:,}")
        tip = tr("Central differences of the loss, {count} of {all} parameters", count=result.count, all=result.total)
        if not result.passed:
            sign, role, detail = "✕", "error", tr("worst {error}", error=rough(result.worst))
        elif result.gap > 0:
            gap, sign, role = rough(result.gap), "!", "warning"
            if "sparse" in result.verdicts:
                detail = tr("running mean: {gap}", gap=gap)
                tip = tr("A running-mean sparsity adds the gradient of nothing; the gap is a property of it.")
            else:
                detail = tr("sequential order: {gap}", gap=gap)
                tip = tr("Updating layer by layer moves along no gradient; the gap is a property of that order.")
        else:
            sign, role, detail = "✓", "good", tr("worst {error}", error=rough(result.worst))
            if result.agreeing < result.count:
                tip += "\n" + tr("The others stand at a kink, where there is no slope.")
        caption = caption if of is frame else tr("gradient check, step {step}", step=f"{of.step:,}")
        field.say(caption, f"{sign} {of_all}, {detail}", role, tip)

    def _wait(self) -> None:
        if not self._text_clock.isActive():
            self._text_clock.start()

    def _ask(self) -> None:
        if self._frame is not None and self._frame.nonfinite is None:
            self._runner.ask(CheckGradients(self._frame))

    def _answered(self, question: object, answer: object) -> None:
        if not isinstance(question, CheckGradients):
            return
        if isinstance(answer, Progress):
            self._say_progress(question.frame, answer.share)
            return
        self._is_wanted = False
        self._check = (question.frame, answer)  # type: ignore[assignment]  # what its `answer` returns, or an error
        self.refresh()
        if not isinstance(answer, Exception):
            self.checked.emit(question.frame, answer)

    def _say_progress(self, frame: Frame, share: float) -> None:
        """How far a check of many gradients is."""
        if frame is self._frame and frame.experiment.network.parameter_count > ALL_UP_TO:
            self.fields["check"].say(tr("gradient check"), f"… {share:.0%}")

    def _fit(self) -> None:
        """Hide what has no room, from the least important on."""
        room = self.width()
        for name in self._ranks:
            field = self.fields[name]
            if not field.value.text():
                field.hide()
                continue
            wanted = field.sizeHint().width() + SPACING
            fits = room >= wanted - SPACING
            field.setVisible(fits)
            room -= wanted if fits else room

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._fit()

    @override
    def changeEvent(self, event: QEvent | None) -> None:
        if event is not None and event.type() == QEvent.Type.LanguageChange:
            self.refresh()
        elif event is not None and event.type() == QEvent.Type.PaletteChange:
            self.retint()
        super().changeEvent(event)


class _Field(QWidget):
    """A caption over a number."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.caption = QLabel()
        self.caption.setProperty("role", "secondary")
        self.value = SteadyLabel()
        self.value.setProperty("role", "mono")
        self.value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.value.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addStretch(1)
        column.addWidget(self.caption)
        column.addWidget(self.value)
        column.addStretch(1)

    def say(self, caption: str, value: str, role: str = "mono", tip: str = "") -> None:
        """Set the texts; the field grows with them and does not shrink again, so that numbers do not dance."""
        if caption != self.caption.text():
            self.caption.setText(caption)
            self.value.fit()
        self.value.say(value)
        if role != self.value.property("role"):
            self.value.setProperty("role", role)
            style = self.value.style()
            if style is not None:
                style.polish(self.value)
        if tip != self.toolTip():
            self.setToolTip(tip)

    def retint(self) -> None:
        look = theme.current()
        self.caption.setFont(look.font(12))
        self.value.setFont(look.font(14, mono=True))
        self.value.fit()  # smaller again where the text is smaller


def _norm_caption(frame: Frame) -> str:
    layers = frame.experiment.network.layers
    weights, biases = any(layer.train_weights for layer in layers), any(layer.trains_bias for layer in layers)
    if biases and all(layer.bias == "threshold" for layer in layers if layer.trains_bias):
        return tr("‖∇C‖ (weights, thresholds)") if weights else tr("‖∇C‖ (thresholds)")
    if weights and biases:
        return tr("‖∇C‖ (weights, biases)")
    return tr("‖∇C‖ (weights)") if weights else tr("‖∇C‖ (biases)")

"""The training steps: where the run is, back to any step of it, and on to a step or an epoch.

Going back and going on are one gesture: a step that was reached is shown again with the same digits, a later one is
trained up to.
"""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PyQt6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSlider, QStyle, QStyleOptionSlider, QToolTip, QWidget
from typing_extensions import override

from bpstudio.insight.branches import forks
from bpstudio.training.frame import Frame
from ui import theme
from ui.language import tr, translatable
from ui.panels.branch_choice import BranchChoice
from ui.panels.form import Choice, Message
from ui.panels.number import NumberField
from ui.panels.plain import PlainError
from ui.panels.step_marks import StepMarks
from ui.placing import SteadyLabel
from ui.runner import Runner

BEFORE_FIRST = translatable("The run begins at step {first}.")
_MOST = 2**31 - 1


class StepSlider(QSlider):
    """A slider over the steps of a run, with marks where an edit began a new segment, and below where other branches
    leave it. A click jumps there.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.edits: tuple[int, ...] = ()
        self.forks: tuple[int, ...] = ()
        self.marks = StepMarks()
        self.setRange(0, 0)

    def show_run(self, first: int, last: int, step: int, edits: tuple[int, ...]) -> None:
        """Show a run from `first` to `last` that is at `step`. Never moves a handle that is being dragged."""
        if (first, last) != (self.minimum(), self.maximum()):
            self.setRange(first, min(last, _MOST))
            self.setPageStep(max(1, (last - first) // 20))
        if edits != self.edits:
            self.edits = edits
            self.update()
        if not self.isSliderDown() and step != self.value():
            self.setValue(step)

    def show_forks(self, steps: tuple[int, ...]) -> None:
        """Show where other branches leave the present one."""
        if steps != self.forks:
            self.forks = steps
            self.update()

    def x_of(self, step: int) -> float:
        """Where a step lies on the groove."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self._part(option, QStyle.SubControl.SC_SliderHandle).width()
        groove = self._part(option, QStyle.SubControl.SC_SliderGroove)
        at = QStyle.sliderPositionFromValue(self.minimum(), self.maximum(), step, groove.width() - handle)
        return groove.x() + handle / 2 + at

    def step_at(self, x: float) -> int:
        """The step under `x`."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self._part(option, QStyle.SubControl.SC_SliderHandle).width()
        groove = self._part(option, QStyle.SubControl.SC_SliderGroove)
        inside = round(x - groove.x() - handle / 2)
        return QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), inside, groove.width() - handle)

    def _part(self, option: QStyleOptionSlider, part: QStyle.SubControl) -> QRect:
        style = self.style()
        if style is None:
            return self.rect()
        return style.subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self)

    @override
    def event(self, event: QEvent | None) -> bool:
        if isinstance(event, QHelpEvent):
            marked = self.marks.near(event.pos().x(), self.x_of)
            if marked is not None:
                QToolTip.showText(event.globalPos(), self.marks.told(marked), self)
                return True
        return super().event(event)

    @override
    def mousePressEvent(self, ev: QMouseEvent | None) -> None:
        if ev is not None and ev.button() == Qt.MouseButton.LeftButton and self.maximum() > self.minimum():
            option = QStyleOptionSlider()
            self.initStyleOption(option)
            if not self._part(option, QStyle.SubControl.SC_SliderHandle).contains(ev.position().toPoint()):
                x = ev.position().x()
                marked = self.marks.near(x, self.x_of)
                self.setSliderPosition(self.step_at(x) if marked is None else marked)
                self.triggerAction(QSlider.SliderAction.SliderMove)
        super().mousePressEvent(ev)

    @override
    def paintEvent(self, ev: QPaintEvent | None) -> None:
        super().paintEvent(ev)
        if self.edits and self.maximum() > self.minimum():
            painter = QPainter(self)
            color = theme.current().secondary
            middle = self.height() / 2
            for step in self.edits:
                painter.fillRect(QRectF(self.x_of(step) - 1, middle - 7, 2, 4), color)
            painter.end()
        if self.forks and self.maximum() > self.minimum():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.current().secondary, 1.5))
            middle = self.height() / 2
            for x in {round(self.x_of(step)) for step in self.forks if step <= self.maximum()}:
                painter.drawLine(QPointF(x, middle + 3), QPointF(x + 4.5, middle + 8))
            painter.end()
        if self.marks.marks and self.maximum() > self.minimum():
            painter = QPainter(self)
            self.marks.paint(painter, self.height(), self.x_of)
            painter.end()

    @override
    def sizeHint(self) -> QSize:
        return QSize(180, super().sizeHint().height())


class StepBar(QWidget):
    """The slider, its ends, and a field that goes to a step or an epoch."""

    def __init__(self, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._frame: Frame | None = None
        self.label = QLabel()
        self.label.setProperty("role", "secondary")
        self.branch = BranchChoice(runner)
        self._tree: tuple[object, ...] = ()
        self.slider = StepSlider()
        self.slider.actionTriggered.connect(lambda _: runner.seek(self.slider.sliderPosition()))
        self.first, self.last = SteadyLabel("0"), SteadyLabel("0")
        self.last.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.message = Message()
        self.field = NumberField(self._go, self.message.say, whole=True, display=lambda value: f"{int(value):,}")
        self.unit = Choice()
        self.unit.activated.connect(self._show_place)
        ends = QHBoxLayout()
        ends.setContentsMargins(2, 0, 2, 0)
        ends.addWidget(self.first)
        ends.addStretch(1)
        ends.addWidget(self.last)
        for label in (self.first, self.last):
            label.setProperty("role", "mono")
        entry = QHBoxLayout()
        entry.setContentsMargins(0, 0, 0, 0)
        entry.setSpacing(4)
        entry.addWidget(self.unit)
        entry.addWidget(self.field)
        rows = QGridLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setHorizontalSpacing(12)
        rows.setVerticalSpacing(0)
        rows.addWidget(self.label, 0, 0)
        rows.addWidget(self.branch, 0, 0)  # in its place where there are several
        rows.addWidget(self.slider, 0, 1)
        rows.addLayout(entry, 1, 0)
        rows.addLayout(ends, 1, 1, Qt.AlignmentFlag.AlignTop)
        rows.addWidget(self.message, 2, 0, 1, 2)
        rows.setColumnStretch(1, 1)
        self.retranslate()

    def show_frame(self, frame: Frame) -> None:
        """Show where the run is."""
        self._frame = frame
        metrics = frame.metrics
        self.slider.show_run(metrics.first, frame.last_step, frame.step, metrics.edits)
        self._show_branches(frame)
        if self.slider.marks.show_frame(frame):
            self.slider.update()
        for label, text in ((self.first, f"{metrics.first:,}"), (self.last, f"{frame.last_step:,}")):
            label.say(text)
        self._show_place()

    def _show_branches(self, frame: Frame) -> None:
        self.branch.show_frame(frame)
        self.label.setVisible(len(frame.branches) < 2)
        # Where they part stays the same while one of them grows.
        tree = (frame.branch, *((each.number, each.parent, each.fork) for each in frame.branches))
        if tree != self._tree:
            self._tree = tree
            self.slider.show_forks(tuple(step for step, _ in forks(frame.branches, frame.branch)))

    def type_target(self) -> None:
        """Put the cursor into the field that goes to a step or an epoch."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.label.setText(tr("training steps"))
        self.slider.setAccessibleName(tr("training steps"))
        self.slider.setToolTip(tr("Drag to see any step again, with the same digits"))
        self.unit.offer([("step", tr("step")), ("epoch", tr("epoch"))])
        if self.unit.currentIndex() < 0:
            self.unit.show_value("step")
        self.unit.setAccessibleName(tr("step or epoch"))
        words = tr("Go to this step or epoch: back to one that was reached, or train up to a later one")
        self.field.setToolTip(words)
        self.field.setAccessibleName(words)

    def _show_place(self) -> None:
        if self._frame is not None:
            self.field.show_value(self._frame.epoch if self.unit.currentData() == "epoch" else self._frame.step)

    def _go(self, value: float) -> None:
        frame = self._frame
        if frame is None:
            return
        step = int(value)
        if self.unit.currentData() == "epoch":
            step = first_step_of(frame, int(value))
        if step < frame.metrics.first:
            raise PlainError(BEFORE_FIRST, first=frame.metrics.first)
        if step <= frame.last_step:
            self._runner.seek(step)
        else:
            self._runner.play(until=step)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()


def first_step_of(frame: Frame, epoch: int) -> int:
    """The step with which an epoch begins, while batches keep their present size."""
    return frame.step - frame.position + (epoch - frame.epoch) * frame.steps_per_epoch

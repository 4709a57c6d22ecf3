"""A card per layer: what it is, and, opened, everything that can be changed about it."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.engine.layers import Activate, Conv2D, Dense
from bpstudio.maths.initializers import Initializer
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from ui import theme
from ui.language import tr, translatable
from ui.panels import describe, edits
from ui.panels.activation_form import ActivationForm
from ui.panels.form import Choice, Message, Row, restyle
from ui.panels.number import NumberField
from ui.panels.plain import plain
from ui.panels.shape_form import ShapeForm
from ui.panels.start_form import StartForm

Change = Callable[[str, Callable[[Experiment], Experiment]], None]
"""change(name, edit): make a new experiment and send it; raises ValueError when the edit is refused."""

_OPENING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
CHANGE_UNITS = translatable("change units")
CHANGE_ACTIVATION = translatable("change activation")
CHANGE_INITIALIZER = translatable("change initialiser")
CHANGE_SHAPE = translatable("change a layer's shape")
CHANGE_BIAS = translatable("change biases or thresholds")
FREEZE = translatable("change what is frozen")
MOVE_LAYER = translatable("move layer")
REMOVE_LAYER = translatable("remove layer")


class Card(QFrame):
    """A title and a line of facts on a rounded ground; can be marked as the one that is looked at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._told = ("", "")
        self.title = QLabel(self)
        self.title.setProperty("role", "heading")
        self.facts = QLabel(self)
        self.facts.setProperty("role", "secondary")
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(10, 6, 6, 7)
        self.rows.setSpacing(3)
        for label in (self.title, self.facts):
            label.setWordWrap(True)
            self.rows.addWidget(label)

    def tell(self, title: str, facts: str) -> None:
        """Set the texts; nothing happens where they are the same."""
        if (title, facts) == self._told:
            return
        self._told = (title, facts)
        self.title.setText(title)
        self.facts.setText(facts)
        self.facts.setVisible(bool(facts))
        self.setAccessibleName(f"{title}, {facts}")

    def mark(self, is_selected: bool) -> None:
        """Frame the card as the layer that is looked at."""
        restyle(self, "selected", "true" if is_selected else "false")


class LayerCard(Card):
    """A dense layer. A click or Enter opens and closes its controls."""

    def __init__(self, index: int, change: Change, toggled: Callable[[int], None], parent: QWidget | None) -> None:
        super().__init__(parent)
        self.index = index
        self._change = change
        self._toggled = toggled
        self.editor: LayerEditor | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_frame(self, frame: Frame) -> None:
        self.tell(describe.layer_title(frame.experiment.network, self.index), describe.layer_facts(frame, self.index))
        if self.editor is not None:
            self.editor.show_experiment(frame.experiment)
            self.editor.start.show_start(frame, self.index)

    def open(self, is_open: bool, frame: Frame) -> None:
        """Show or hide the controls."""
        if is_open and self.editor is None:
            self.editor = LayerEditor(self.index, self._change, self)
            self.rows.addWidget(self.editor)
            self.editor.retranslate()
            self.show_frame(frame)
        elif not is_open and self.editor is not None:
            self.rows.removeWidget(self.editor)
            self.editor.hide()
            self.editor.deleteLater()
            self.editor = None

    def retranslate(self) -> None:
        self.setToolTip(tr("Click to change this layer"))
        if self.editor is not None:
            self.editor.retranslate()

    @override
    def paintEvent(self, a0: QPaintEvent | None) -> None:
        super().paintEvent(a0)
        if self.hasFocus():
            # Within the border, which is blue already where the layer is looked at, and so that nothing moves.
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.current().accent, 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 6, 6)
            painter.end()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if self.editor is None or not self.editor.geometry().contains(event.position().toPoint()):
            self._toggled(self.index)

    @override
    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if (
            event is not None
            and self.hasFocus()
            and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        ):
            self._toggled(self.index)
        else:
            super().keyPressEvent(event)


class LayerEditor(QWidget):
    """The controls of one layer."""

    def __init__(self, index: int, change: Change, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.index = index
        self._change = change
        self._experiment: Experiment | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(5)

        units_message = Message()
        self.units = NumberField(self._set_units, units_message.say, whole=True)
        self.units_row = Row(self.units, units_message)
        self.function = ActivationForm(self._set_activation)
        self.activation = self.function.choice
        self.bias = Choice()
        self.bias_row = Row(self.bias)
        self.shape = ShapeForm(self._reshape)
        self.start = StartForm(self._begin)
        self.train_weights = QCheckBox()
        self.train_bias = QCheckBox()
        self.message = Message()
        self.up, self.down, self.remove = QToolButton(), QToolButton(), QToolButton()
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.up, self.down, self.remove):
            button.setProperty("role", "flat")
            button.setIconSize(QSize(16, 16))
        buttons.addWidget(self.up)
        buttons.addWidget(self.down)
        buttons.addStretch(1)
        buttons.addWidget(self.remove)
        for widget in (
            self.units_row,
            self.shape,
            self.function,
            self.bias_row,
            self.start,
            self.train_weights,
            self.train_bias,
            self.message,
        ):
            column.addWidget(widget)
        column.addLayout(buttons)

        self.bias.activated.connect(
            lambda: self._try(self.bias_row.message, CHANGE_BIAS, {"bias": self.bias.currentData()})
        )
        self.train_weights.clicked.connect(lambda on: self._try(self.message, FREEZE, {"train_weights": on}))
        self.train_bias.clicked.connect(lambda on: self._try(self.message, FREEZE, {"train_bias": on}))
        self.up.clicked.connect(lambda: self._edit(MOVE_LAYER, lambda e: edits.with_moved_layer(e, self.index, -1)))
        self.down.clicked.connect(lambda: self._edit(MOVE_LAYER, lambda e: edits.with_moved_layer(e, self.index, 1)))
        self.remove.clicked.connect(lambda: self._edit(REMOVE_LAYER, lambda e: edits.without_layer(e, self.index)))

    def show_experiment(self, experiment: Experiment) -> None:
        """Show the truth in every control; quiet where nothing changed."""
        self._experiment = experiment
        layers = experiment.network.layers
        layer = layers[self.index]
        is_output = self.index == len(layers) - 1
        is_image = len(experiment.network.shapes[self.index + 1]) == 3
        self.units_row.setVisible(isinstance(layer, Dense))
        if isinstance(layer, Dense):
            self.units.show_value(layer.units)
        self.shape.show_layer(layer)
        self.function.setVisible(isinstance(layer, (Dense, Conv2D, Activate)))
        self.function.show_layer(layer.activation, experiment.network.sizes[self.index + 1], not is_image)
        self.bias_row.setVisible(layer.has_weights)
        self.bias.show_value(layer.bias)
        self.start.setVisible(layer.has_weights)
        if layer.has_weights:
            self.start.show_layer(layer)
        self.train_weights.setVisible(layer.has_weights)
        self.train_bias.setText(tr("train thresholds") if layer.bias == "threshold" else tr("train biases"))
        self.train_bias.setVisible(layer.has_bias)
        self.train_weights.setChecked(layer.train_weights)
        self.train_bias.setChecked(layer.train_bias)
        self.up.setEnabled(0 < self.index < len(layers) - 1)
        self.down.setEnabled(self.index < len(layers) - 2)
        self.remove.setEnabled(not is_output)

    def retranslate(self) -> None:
        self.units_row.name(tr("Units"), tr("How many units work side by side in this layer"))
        self.function.retranslate()
        self.bias_row.name(tr("Bias"), tr("What is added to the weighted sum: z = Wx + b, z = Wx − θ, or z = Wx"))
        self.train_weights.setText(tr("train weights"))
        self.train_weights.setToolTip(tr("Off: frozen ❄. The gradient is still shown, the values stay."))
        self.train_bias.setToolTip(self.train_weights.toolTip())
        self.bias.offer(describe.bias_kinds())
        self.shape.retranslate()
        self.start.retranslate()
        if self._experiment is not None:
            self.show_experiment(self._experiment)
        look = theme.current()
        for button, icon, words in (
            (self.up, "arrow-up", tr("Move this layer towards the input")),
            (self.down, "arrow-down", tr("Move this layer towards the output")),
            (self.remove, "trash-2", tr("Remove this layer")),
        ):
            button.setIcon(look.icon(icon))
            button.setToolTip(words)
            button.setAccessibleName(words)

    def _set_units(self, value: float) -> None:
        self._change(CHANGE_UNITS, lambda experiment: edits.with_layer(experiment, self.index, units=int(value)))

    def _reshape(self, changes: dict[str, object]) -> None:
        """Send this layer with another window, number of filters or rate."""
        self._change(CHANGE_SHAPE, lambda experiment: edits.with_layer(experiment, self.index, **changes))

    def _set_activation(self, text: str) -> None:
        self._change(CHANGE_ACTIVATION, lambda experiment: edits.with_layer(experiment, self.index, activation=text))

    def _begin(self, edit: Callable[[Initializer], Initializer]) -> None:
        """Send this layer with another start."""

        def begun(experiment: Experiment) -> Experiment:
            present = experiment.network.layers[self.index].initializer
            return edits.with_layer(experiment, self.index, initializer=edit(present))

        self._change(CHANGE_INITIALIZER, begun)

    def _try(self, message: Message, name: str, changes: dict[str, object]) -> None:
        self._edit(name, lambda experiment: edits.with_layer(experiment, self.index, **changes), message)

    def _edit(self, name: str, edit: Callable[[Experiment], Experiment], message: Message | None = None) -> None:
        """Send an edit; a refusal is shown, and the controls go back to what is true."""
        said = message or self.message
        try:
            self._change(name, edit)
        except ValueError as error:
            said.say(plain(error), "error")
            if self._experiment is not None:
                self.show_experiment(self._experiment)
        else:
            said.say("", "")

"""The Network section: a card for the inputs, one per layer, and a way to add one."""

from __future__ import annotations

import numpy as np
from PyQt6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from bpstudio.data.dataset import Dataset
from bpstudio.data.source import Prepared
from bpstudio.data.steps import Range, Standardize
from bpstudio.engine.layers import Dense, Flatten
from bpstudio.insight.elements import Edge, Element, PlusOne, Probe, Row, Target, Unit
from bpstudio.training.frame import Frame
from ui.focus import Focus
from ui.language import tr, translatable
from ui.panels import describe, edits
from ui.panels.form import Message, Section
from ui.panels.layer_card import Card, Change, LayerCard
from ui.panels.plain import plain

ADD_LAYER = translatable("add layer")
_VALUES_UP_TO = 4
"""More inputs than this are counted, not listed."""


class NetworkSection(Section):
    """Cards from the input to the output."""

    def __init__(self, focus: Focus, change: Change, parent: QWidget | None = None) -> None:
        super().__init__("section.network", parent)
        self._focus = focus
        self._change = change
        self._frame: Frame | None = None
        self._open = -1
        self._scaled_of: Dataset | None = None
        self._scaled: list[str] = []
        """What was done to the inputs, in a word each: found once, an image has hundreds of steps."""
        self.input = Card()
        self.cards: list[LayerCard] = []
        self.add = QPushButton()
        self.add.setProperty("role", "add")
        self.add.clicked.connect(self.add_layer)
        self.kinds = QToolButton()
        self.kinds.setProperty("role", "flat")
        self.kinds.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.kinds)
        self.kinds.setMenu(self.menu)
        add = QHBoxLayout()
        add.setSpacing(4)
        add.addWidget(self.add, 1)
        add.addWidget(self.kinds)
        self.message = Message()
        self._column = QVBoxLayout()
        self._column.setSpacing(5)
        self.rows.addWidget(self.input)
        self.rows.addLayout(self._column)
        self.rows.addLayout(add)
        self.rows.addWidget(self.message)

    def show_frame(self, frame: Frame) -> None:
        """Show the network of a frame, and the present row's inputs."""
        before, self._frame = self._frame, frame
        is_same = before is not None and before.experiment is frame.experiment and before.start is frame.start
        layers = frame.experiment.network.layers
        if len(layers) != len(self.cards):
            self._deal(len(layers))
        for card in self.cards:
            # A frozen bias can be typed while the experiment stays the same; nothing else on a card can change then.
            if not is_same or not layers[card.index].trains_bias:
                card.show_frame(frame)
        if not is_same:
            self.message.say("", "")
        if self._scaled_of is not frame.dataset:
            self._scaled_of, self._scaled = frame.dataset, _scaling(frame.dataset)
        self.look()

    def look(self) -> None:
        """Follow Focus: the layer of what is selected is framed, the inputs are the example's.

        While training runs each frame has another row; its inputs would only make the column dance.
        """
        frame = self._frame
        if frame is None:
            return
        network = frame.experiment.network
        title = f"{tr('Input')} · {describe.together(describe.units(network.inputs))}"
        if frame.run != "running" or title != self.input.title.text():
            self.input.tell(title, _input_facts(frame, self._focus, self._scaled))
        layer = layer_of(self._focus.selection, len(network.layers))
        self.input.mark(layer == 0)
        for card in self.cards:
            card.mark(card.index + 1 == layer or card.index == self._open)
            selected = self._focus.selection
            if card.editor is not None and isinstance(selected, Unit) and selected.layer == card.index + 1:
                card.editor.function.show_unit(selected.index)

    def add_layer(self) -> None:
        """Add a hidden layer below the output."""
        self.add_kind(Dense.kind)

    def add_kind(self, kind: str) -> None:
        """Add a layer of a kind where it makes sense."""
        if self._frame is None:
            return
        try:
            self._change(ADD_LAYER, lambda experiment: edits.with_new_layer(experiment, kind))
        except ValueError as error:
            self.message.say(plain(error), "error")

    def open_layer(self, index: int) -> None:
        """Open the controls of layer `index` (from 0), or close them; at most one is open."""
        if self._frame is None:
            return
        self._open = -1 if index == self._open else index
        for card in self.cards:
            card.open(card.index == self._open, self._frame)
        self.look()

    def retranslate(self) -> None:
        self.name(tr("Network"))
        self.add.setText(tr("+ Add layer"))
        self.add.setToolTip(tr("A hidden layer below the output"))
        self.kinds.setText("▾")
        self.kinds.setToolTip(tr("Add a layer of another kind"))
        self.kinds.setAccessibleName(self.kinds.toolTip())
        self.menu.clear()
        for kind, words in describe.LAYER_KINDS.items():
            if kind != Flatten.kind:  # it comes by itself where it is needed
                action = self.menu.addAction(tr(words))
                assert action is not None
                action.triggered.connect(lambda _, kind=kind: self.add_kind(kind))
        for card in self.cards:
            card.retranslate()
            if self._frame is not None:
                card.show_frame(self._frame)
        if self._frame is not None:
            self._scaled = _scaling(self._frame.dataset)
        self.look()

    def _deal(self, count: int) -> None:
        """As many cards as layers."""
        while len(self.cards) > count:
            card = self.cards.pop()
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        while len(self.cards) < count:
            card = LayerCard(len(self.cards), self._change, self.open_layer, self.body)
            card.retranslate()
            self.cards.append(card)
            self._column.addWidget(card)
        if self._open >= count:
            self._open = -1


def layer_of(element: Element | None, depth: int) -> int | None:
    """The layer in which an element stands; 0 is the input."""
    if isinstance(element, (Unit, Edge, PlusOne)):
        return element.layer
    return depth if isinstance(element, Target) else None


def _input_facts(frame: Frame, focus: Focus, scaled: list[str]) -> str:
    """The example's inputs where they are few, pixels where they are an image, and what was done to them."""
    dataset = frame.dataset
    if dataset.input_shape is not None:
        height, width = dataset.input_shape
        return " · ".join([tr("{height}×{width} pixels", height=height, width=width), *scaled])
    if dataset.inputs > _VALUES_UP_TO:
        named = ", ".join(describe.input_names(dataset, focus.names)[:3])
        return " · ".join([tr("{names}, …", names=named), *scaled])
    names = describe.input_names(dataset, focus.names)
    values = _example_inputs(frame, focus)
    if values is None:
        return " · ".join([", ".join(names), *scaled])
    shown = describe.aligned([float(value) for value in values])
    # No break inside one value: a line ends between two of them.
    pairs = "  ".join(describe.together(f"{name} = {text}") for name, text in zip(names, shown, strict=True))
    return " · ".join([pairs, *scaled])


def _example_inputs(frame: Frame, focus: Focus) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None:
    example = focus.example
    if isinstance(example, Row) and example.position < len(frame.batch):
        return np.asarray(frame.trace.x[example.position], np.float64)
    if isinstance(example, Probe) and example.row < frame.dataset.rows:
        return np.asarray(frame.dataset.x[example.row], np.float64)
    return None


def _scaling(dataset: Dataset) -> list[str]:
    """What was done to the inputs, in a word each."""
    origin = dataset.source.origin
    if not isinstance(origin, Prepared):
        return []
    inputs = set(origin.preparation.inputs)
    done = [step for step in origin.steps if step.column in inputs]
    words = []
    if any(isinstance(step, Standardize) for step in done):
        words.append(tr("standardised"))
    ranges = [step for step in done if isinstance(step, Range)]
    if ranges and all(step.joint and step.low == 0 for step in ranges):
        words.append(f"÷{ranges[0].high:g}")
    elif ranges:
        words.append(tr("scaled to 0 … 1"))
    return words

"""What the network has made of the data: the fitted curve for one input, the decision surface for two.

The grid is computed by the network itself, beside the training, for the step that is shown. The data lie over it:
filled what trains, hollow what validates, each class with a colour and a shape. With a unit selected, its activation is
drawn instead of the output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QColor, QPainter, QPen
from PyQt6.QtWidgets import QWidget
from typing_extensions import override

from bpstudio.data.dataset import Dataset
from bpstudio.insight.elements import Names, Probe, Row, Unit
from bpstudio.insight.notation import Letters, number
from bpstudio.insight.response import Range, Response, input_ranges, response
from bpstudio.maths.activations import activation
from bpstudio.training.frame import Frame
from ui import theme as looks
from ui.focus import Focus
from ui.language import tr
from ui.plots.asking import Asking
from ui.plots.classes import class_color
from ui.plots.framed import AxesPlot
from ui.plots.keys import ClassKey, ColorKey, Key
from ui.plots.pane import Axis, Line, Picture
from ui.plots.readout import Entry
from ui.plots.scales import Values, extremes, no_ticks, spacing
from ui.plots.scatter import NOTHING, along_curve, markers, over_surface
from ui.runner import Question

GRID = 100
CURVE_POINTS = 400


@dataclass(frozen=True, eq=False)
class FitQuestion:
    """What does this layer answer on a grid of inputs, at this frame's parameters?"""

    frame: Frame
    unit: Unit | None
    ranges: tuple[Range, ...]
    kind: str = "fit"

    @property
    def layer(self) -> int:
        return self.unit.layer if self.unit is not None else len(self.frame.experiment.network.layers)

    def answer(self, progress: Callable[[float], None]) -> Response:
        network = self.frame.experiment.network
        points = CURVE_POINTS if len(self.ranges) == 1 else GRID
        return response(network, self.frame.params, self.layer, self.ranges, points)


class FitPlot(AxesPlot):
    """Fitted curve or decision surface, with the data."""

    def __init__(
        self, focus: Focus, parent: QWidget | None = None, ask: Callable[[Question], None] | None = None
    ) -> None:
        """`ask` computes beside the training and answers to `show_answer`; without it, the answer is computed here."""
        super().__init__(focus, parent)
        self._asking = Asking[FitQuestion, Response](Response, ask, self._show, self.mark_stale)
        self._shown: FitQuestion | None = None
        self._answer: Response | None = None
        self._key: Key | None = None
        self._drawn_data: tuple[object, ...] = ()
        self._scatter = NOTHING
        self.pane.can_pick = True
        self.pane.grid = False
        self.pane.picked = self._pick
        self.pane.paint_glass = self._paint_glass
        self.pane.paint_beside = self._paint_key

    @override
    def titles(self) -> tuple[list[str], int]:
        return [tr("Fit")], 0

    @override
    def subtitle(self) -> str:
        question = self._shown
        if question is None:
            return ""
        letters = Letters(self.focus.notation, question.frame.experiment.network)
        dataset = question.frame.dataset
        if question.unit is not None and not self._is_output(question):
            words = tr("activation of {unit}", unit=letters.unit(question.unit))
        elif dataset.task == "classes":
            words = tr("class with the largest output")
            if question.unit is not None:
                words = tr("output for {name}", name=dataset.class_names[question.unit.index])
        else:
            words = tr("output {name}", name=dataset.output_names[question.unit.index if question.unit else 0])
        if len(dataset.validation):
            words = tr("{words}; hollow: validation", words=words)
        shown = len(self._scatter.rows)
        if 0 < shown < dataset.rows:
            words = tr("{words}; {shown:,} of {rows:,} rows", words=words, shown=shown, rows=dataset.rows)
        return words

    @override
    def concern(self) -> tuple[object, ...]:
        return self.focus.selection, self.focus.example, self.focus.notation

    @override
    def draw(self) -> None:
        frame = self.frame
        if frame is None:
            self._show_nothing(tr("Nothing is open yet."))
            return
        inputs = frame.experiment.network.inputs
        if inputs not in (1, 2):
            self._show_nothing(
                tr("A curve needs one input and a surface needs two; this network has {inputs}.", inputs=inputs)
            )
            return
        if self._asking.postpones():
            return
        selected = self.focus.selection
        unit = selected if isinstance(selected, Unit) and selected.layer > 0 else None
        if unit is not None and not Names.of(frame.experiment.network).has(unit):
            unit = None
        self._asking.put(FitQuestion(frame, unit, input_ranges(frame.dataset)))

    def show_answer(self, question: object, answer: object) -> None:
        """Take what the runner has found out. Other people's questions and progress are passed over."""
        self._asking.hear(question, answer)

    def _show(self, question: FitQuestion, answer: Response) -> None:
        self._shown, self._answer = question, answer
        self.pane.message = ""
        if len(answer.axes) == 1:
            self._show_curve(question, answer)
        else:
            self._show_surface(question, answer)
        self.set_heading()
        self.pane.beside = self._key.width(looks.current()) if self._key is not None else 0
        self.pane.arrange()

    def _show_nothing(self, why: str) -> None:
        self._asking.drop()
        self._shown, self._answer, self._key, self._drawn_data = None, None, None, ()
        self._scatter = NOTHING
        self.pane.message = why
        self.pane.by_hand = False
        self.pane.beside = 0
        self.pane.set_picture(None)
        self.pane.set_points([])
        self.pane.set_lines([])
        self.pane.ends = []
        self.pane.set_axes(Axis(0.0, 1.0, no_ticks), Axis(0.0, 1.0, no_ticks))
        self.set_heading()
        self.pane.arrange()

    def _is_output(self, question: FitQuestion) -> bool:
        return question.layer == len(question.frame.experiment.network.layers)

    # One input

    def _show_curve(self, question: FitQuestion, answer: Response) -> None:
        theme, dataset = looks.current(), question.frame.dataset
        x = answer.axes[0]
        self.pane.set_picture(None)
        self._key = None
        several = dataset.task == "classes" and question.unit is None
        columns = range(answer.values.shape[1]) if several else [question.unit.index if question.unit else 0]
        lines = []
        for column in columns:
            color = class_color(theme, column, len(dataset.class_names)) if several else QColor(int(theme.signed(-1.0)))
            pen = QPen(color, 1)
            pen.setCosmetic(True)
            y = answer.values[:, column]
            lines.append(Line(x, np.where(np.isfinite(y), y, np.nan), pen))
        low, high = self._curve_range(question, answer, several)
        self._put_points(question, several)
        if dataset.task != "regression":
            self._key = ClassKey(dataset.class_names)
        self.pane.set_lines(lines)
        self.pane.set_axes(
            Axis(*question.ranges[0], name=dataset.input_names[0]),
            Axis(low, high, name=self._height_name(question, several)),
        )

    def _height_name(self, question: FitQuestion, several: bool) -> str:
        dataset = question.frame.dataset
        if several:
            return tr("output")
        if self._is_output(question):
            return dataset.output_names[question.unit.index if question.unit else 0]
        return Letters(self.focus.notation, question.frame.experiment.network).unit(question.unit or Unit(1, 0))

    def _curve_range(self, question: FitQuestion, answer: Response, several: bool) -> Range:
        """The targets with a margin, so that the axis stands still while the curve moves; a hidden unit's own range."""
        dataset = question.frame.dataset
        if self._is_output(question):
            shown = dataset.y if several else dataset.y[:, [question.unit.index if question.unit else 0]]
            low, high = float(shown.min()), float(shown.max())
        else:
            found = extremes([answer.values[:, question.unit.index if question.unit else 0]]) or (0.0, 1.0, 1.0)
            low, high = found[0], found[1]
        margin = 0.15 * (high - low) or max(abs(high), 1.0) * 0.5
        return low - margin, high + margin

    # Two inputs

    def _show_surface(self, question: FitQuestion, answer: Response) -> None:
        theme, dataset = looks.current(), question.frame.dataset
        classes = dataset.task == "classes" and question.unit is None
        if classes:
            argb = _regions(answer.values, dataset)
            self._key = ClassKey(dataset.class_names)
        else:
            values = answer.values[:, :, question.unit.index if question.unit else 0]
            self._key = self._color_key(question, values)
            argb = self._key.ground(theme, values)
        self.pane.set_lines([])
        self.pane.set_picture(Picture(argb, question.ranges[0], question.ranges[1]))
        self._put_points(question, False)
        names = dataset.input_names
        self.pane.set_axes(Axis(*question.ranges[0], name=names[0]), Axis(*question.ranges[1], name=names[1]))

    def _color_key(self, question: FitQuestion, values: Values) -> ColorKey:
        """What the surface's colours mean."""
        dataset, network = question.frame.dataset, question.frame.experiment.network
        kind = activation(network.layers[question.layer - 1].activation).family
        if self._is_output(question) and dataset.task == "binary":
            targets, middle = dataset.no_and_yes, dataset.middle
            texts = [number(target, 1) for target in targets]
            first, second = (
                text if name == text else f"{text} {name}"
                for text, name in zip(texts, dataset.class_names, strict=True)
            )
            return ColorKey(
                "signed", *targets, ((targets[0], first), (middle, number(middle, 1)), (targets[1], second))
            )
        if kind in ("sigmoid", "softmax", "hard_sigmoid", "step"):
            return ColorKey("activation", 0.0, 1.0, ((0.0, "0"), (0.5, "0.5"), (1.0, "1")))
        column = question.unit.index if question.unit else 0
        found = extremes([dataset.y[:, column] if self._is_output(question) else values]) or (0.0, 1.0, 1.0)
        low, high = found[0], found[1]
        if kind in ("tanh", "hard_tanh") and not self._is_output(question):
            low, high = -1.0, 1.0
        if low < 0 < high:
            low, high = -max(-low, high), max(-low, high)
            return ColorKey("signed", low, high, tuple((v, number(v, 2)) for v in (low, 0.0, high)))
        if low == high:
            low, high = low - 0.5, high + 0.5
        return ColorKey("activation", low, high, tuple((v, number(v, 2)) for v in (low, (low + high) / 2, high)))

    def _put_points(self, question: FitQuestion, several: bool) -> None:
        """Draw the data, again only when they, the theme or what they stand for have changed."""
        dataset, theme = question.frame.dataset, looks.current()
        output = self._is_output(question)
        column = question.unit.index if question.unit is not None and output else 0
        drawn = (dataset.hash, theme.name, output, column, several, len(question.ranges), self._key)
        if drawn == self._drawn_data:
            return
        self._drawn_data = drawn
        if len(question.ranges) == 2:
            self._scatter = over_surface(dataset)
        else:
            # A hidden unit has no targets: a point would have no height.
            self._scatter = along_curve(dataset, None if several else column) if output else NOTHING
        self.pane.set_points(markers(theme, dataset, self._scatter, self._key, column))

    def example_row(self) -> int | None:
        """The row of the data that the neurons show."""
        match self.focus.example:
            case Row(position) if self.frame is not None and position < len(self.frame.batch):
                return int(self.frame.batch[position])
            case Probe(row):
                return row
        return None

    def _pick(self, x: float, y: float) -> None:
        """Choosing a point makes its row the example."""
        frame, row = self.frame, self._scatter.row_at(self.pane, self.pane.pixel(x, y))
        if row is None or frame is None:
            return
        places = np.flatnonzero(frame.batch == row)
        self.focus.set(example=Row(int(places[0])) if len(places) else Probe(row))

    def _paint_key(self, painter: QPainter) -> None:
        if self._key is not None and not self.pane.message:
            self._key.paint(painter, looks.current(), self.pane.area)

    def _paint_glass(self, painter: QPainter) -> None:
        theme, pane = looks.current(), self.pane
        shown = self._shown
        if pane.message or shown is None or self._answer is None:
            return
        place = self._scatter.place(self.example_row())
        if place is not None:
            painter.save()
            painter.setClipRect(pane.area)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            for color, width in ((theme.background, theme.stroke(4.0)), (theme.text, theme.stroke(2.0))):
                painter.setPen(QPen(color, width))
                painter.drawEllipse(pane.pixel(*place), theme.stroke(8.0), theme.stroke(8.0))
            painter.restore()

    @override
    def values_under_cursor(self) -> tuple[str, Sequence[Entry]] | None:
        at, shown = self.pane.cursor_at, self._shown
        if at is None or shown is None or self.pane.message:
            return None
        row = self._scatter.row_at(self.pane, at)
        return self._row_entries(shown, row) if row is not None else self._grid_entries(shown, at)

    def _row_entries(self, question: FitQuestion, row: int) -> tuple[str, list[Entry]]:
        dataset, theme = question.frame.dataset, looks.current()
        held = bool(np.isin(row, dataset.validation))
        title = tr("row {row}, validation", row=row + 1) if held else tr("row {row}", row=row + 1)
        entries = [
            Entry(name, number(float(value), 4), theme.secondary)
            for name, value in zip(dataset.input_names, dataset.x[row], strict=True)
        ]
        classes = dataset.class_index
        if classes is not None:
            index = int(classes[row])
            color = class_color(theme, index, len(dataset.class_names))
            return title, [*entries, Entry(tr("target"), dataset.class_names[index], color)]
        targets = zip(dataset.output_names, dataset.y[row], strict=True)
        return title, [*entries, *(Entry(name, number(float(value), 4), theme.text) for name, value in targets)]

    def _grid_entries(self, question: FitQuestion, pixel: QPointF) -> tuple[str, list[Entry]]:
        """The nearest place at which the network was asked, and what it answered there."""
        answer, dataset, theme = self._answer, question.frame.dataset, looks.current()
        if answer is None:
            return "", []
        at = self.pane.position(pixel)
        places = [int(np.argmin(np.abs(axis - at[k]))) for k, axis in enumerate(answer.axes)]
        title = ", ".join(
            f"{name} {float(axis[place]):.{_decimals(axis)}f}"
            for name, axis, place in zip(dataset.input_names, answer.axes, places, strict=True)
        )
        values = answer.values[places[0]] if len(places) == 1 else answer.values[places[1], places[0]]
        letters = Letters(self.focus.notation, question.frame.experiment.network)
        if question.unit is not None:
            name = letters.unit(question.unit)
            return title, [Entry(name, number(float(values[question.unit.index]), 4), theme.text)]
        count = len(dataset.class_names)
        names = dataset.output_names
        return title, [
            Entry(name, number(float(value), 4), class_color(theme, k, count) if count > 2 else theme.text)
            for k, (name, value) in enumerate(zip(names, values, strict=True))
        ]


def _decimals(axis: Values) -> int:
    """Decimals with which neighbouring places of a grid can be told apart."""
    step = spacing(abs(float(axis[1] - axis[0])), 1)
    return int(max(0, min(9, np.ceil(-np.log10(step)) + 1)))


def _regions(values: Values, dataset: Dataset) -> NDArray[np.uint32]:
    """Each place in the colour of the class with the largest output, the stronger the surer the network is."""
    theme, count = looks.current(), values.shape[-1]
    finite: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(values), axis=-1)
    outputs = np.where(finite[..., None], values, 0.0)
    best = np.argmax(outputs, axis=-1)
    sure = np.clip((outputs.max(axis=-1) - 1 / count) / (1 - 1 / count), 0.0, 1.0)
    colors = np.array([class_color(theme, k, count).getRgb()[:3] for k in range(count)], dtype=np.float64)
    ground = np.array(theme.background.getRgb()[:3], dtype=np.float64)
    share = (0.10 + 0.35 * sure)[..., None]
    rgb = np.rint(ground * (1 - share) + colors[best] * share).astype(np.uint32)
    rgb[~finite] = theme.nonfinite.getRgb()[:3]
    argb: NDArray[np.uint32] = rgb[..., 0] << np.uint32(16) | rgb[..., 1] << np.uint32(8) | rgb[..., 2]
    return argb | np.uint32(0xFF000000)

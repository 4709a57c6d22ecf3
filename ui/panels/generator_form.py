"""Data that show one thing each, made here: which, how many rows, how much noise, from which seed."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from bpstudio.data.dataset import Dataset
from bpstudio.data.generators import GENERATORS
from bpstudio.data.source import Generated
from ui.language import tr, translatable
from ui.panels.form import Choice, Message, Row
from ui.panels.number import NumberField
from ui.panels.plain import PlainError, plain

NAMES = {
    "circle": translatable("circle"),
    "xor": translatable("XOR"),
    "gaussians": translatable("Gaussians"),
    "moons": translatable("moons"),
    "spirals": translatable("spirals"),
    "sine": translatable("sine"),
}
PARAMETERS = {
    "inner": translatable("Inner radius"),
    "classes": translatable("Classes"),
    "distance": translatable("Distance"),
    "turns": translatable("Turns"),
    "periods": translatable("Periods"),
}
_DESCRIBED = {
    "circle": translatable("a disc inside a ring"),
    "xor": translatable("the four corners of a square"),
    "gaussians": translatable("normal clouds"),
    "moons": translatable("two half circles"),
    "spirals": translatable("two spiral arms"),
    "sine": translatable("a sine wave"),
}
OUT_OF_BOUNDS = translatable("This must be from {low} to {high}.")
_ROWS, _NOISE, _SEED, _SHARE = "rows", "noise", "seed", "validation"


class GeneratorForm(QWidget):
    """Choices for a generator; `make(recipe)` asks for the points."""

    def __init__(self, make: Callable[[Generated], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.values: dict[str, float] = {_ROWS: 200, _NOISE: 0.05, _SEED: 0, _SHARE: 20}
        self.generator = Choice()
        self.generator_row = Row(self.generator)
        self.fields: dict[str, NumberField] = {}
        self.rows: dict[str, Row] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(5)
        column.addWidget(self.generator_row)
        for name in (_ROWS, *PARAMETERS, _NOISE, _SHARE, _SEED):
            message = Message()
            is_whole = name in (_ROWS, _SEED, "classes")
            field = NumberField(lambda value, name=name: self._set(name, value), message.say, whole=is_whole)  # type: ignore[misc]
            if name == _SHARE:
                field.display = lambda value: f"{value:g} %"
            self.fields[name], self.rows[name] = field, Row(field, message)
            column.addWidget(self.rows[name])
        self.message = Message()
        self.make = QPushButton()
        self.make.clicked.connect(lambda: make(self.recipe()))
        column.addWidget(self.message)
        column.addWidget(self.make)
        self.generator.activated.connect(lambda _: self.choose(str(self.generator.currentData())))
        self.retranslate()
        self.choose("circle")

    def choose(self, name: str) -> None:
        """Another generator, with its own noise and parameters."""
        generator = GENERATORS[name]
        self.generator.show_value(name)
        self.generator_row.message.say(tr(_DESCRIBED[name]), "echo")
        self.values[_NOISE] = generator.noise
        for parameter, bounds in generator.parameters.items():
            self.values[parameter] = bounds.default
        for parameter in PARAMETERS:
            self.rows[parameter].setVisible(parameter in generator.parameters)
        self._show()

    def show_dataset(self, dataset: Dataset) -> None:
        """Begin with what made the present data, where a generator did."""
        source = dataset.source.origin
        if not isinstance(source, Generated) or source.generator not in NAMES:
            return
        self.choose(source.generator)
        self.values |= {_ROWS: source.rows, _NOISE: source.noise, _SEED: source.seed, _SHARE: source.validation * 100}
        self.values |= source.parameters
        self._show()

    def recipe(self) -> Generated:
        """The present choices."""
        name = str(self.generator.currentData())
        return Generated(
            name,
            int(self.values[_ROWS]),
            self.values[_NOISE],
            int(self.values[_SEED]),
            self.values[_SHARE] / 100,
            {parameter: self.values[parameter] for parameter in GENERATORS[name].parameters},
        )

    def refuse(self, error: Exception) -> None:
        """Say why there are no such points."""
        self.message.say(plain(error), "error")

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.generator.offer([(name, tr(words)) for name, words in NAMES.items()])
        self.generator_row.name(tr("Shape"))
        self.rows[_ROWS].name(tr("Rows"))
        self.rows[_NOISE].name(tr("Noise σ"), tr("Standard deviation of what is added to every point"))
        self.rows[_SHARE].name(tr("Validation"), tr("Share of the rows that training never sees"))
        self.rows[_SEED].name(tr("Seed"), tr("The same seed makes the same points"))
        for parameter, words in PARAMETERS.items():
            self.rows[parameter].name(tr(words))
        self.make.setText(tr("Use these points"))
        present = self.generator.currentData()
        if present is not None:
            self.generator_row.message.say(tr(_DESCRIBED[str(present)]), "echo")

    def _show(self) -> None:
        for name, field in self.fields.items():
            if name in self.values:
                field.show_value(self.values[name])

    def _set(self, name: str, value: float) -> None:
        low, high = {_ROWS: (2, 1_000_000), _NOISE: (0, 100), _SEED: (0, 2**53), _SHARE: (0, 90)}.get(name, (0, 0))
        generator = GENERATORS[str(self.generator.currentData())]
        if name in generator.parameters:
            low, high = generator.parameters[name].low, generator.parameters[name].high  # type: ignore[assignment]
        if not low <= value <= high:
            raise PlainError(OUT_OF_BOUNDS, low=f"{low:,}", high=f"{high:,}")
        self.values[name] = value

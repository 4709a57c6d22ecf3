"""A new breakpoint: of what kind, and only what that kind has to know. What was understood is said at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QSize, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from bpstudio.insight import places
from bpstudio.insight.elements import Element, Names
from bpstudio.insight.notation import letters, number
from bpstudio.insight.typed_number import NumberError, shortest
from bpstudio.insight.watchable import Units, crossing, flip_of, saturating, switching, watched_unit
from bpstudio.training.conditions import (
    Condition,
    Expression,
    GradientNorm,
    PredictionFlips,
    UnitDies,
    UnitFlat,
    ValidationTurns,
    WeightCrosses,
)
from bpstudio.training.lookout import misfit
from bpstudio.training.watchers import MisfitError
from ui import theme
from ui.focus import Focus
from ui.language import tr, translatable
from ui.panels.form import Choice, Message, Row, restyle
from ui.panels.marks_expression import ExpressionField
from ui.panels.marks_units import UnitChoice
from ui.panels.number import NumberField, TypedField
from ui.panels.plain import PlainError, plain, told

if TYPE_CHECKING:
    from bpstudio.training.frame import Frame

NORM, FLAT, DIES, TURNS, CROSSES, FLIPS, TYPED = "norm", "flat", "dies", "turns", "crosses", "flips", "typed"
KINDS = {
    CROSSES: translatable("A weight crosses zero"),
    NORM: translatable("‖∇C‖ leaves a range"),
    FLAT: translatable("A unit goes flat"),
    DIES: translatable("A unit dies"),
    TURNS: translatable("The validation loss turns"),
    FLIPS: translatable("A prediction flips"),
    TYPED: translatable("An expression becomes true"),
}
"""What training can stop at, in the order in which it is offered."""
OF_KIND: dict[type, str] = {
    GradientNorm: NORM,
    UnitFlat: FLAT,
    UnitDies: DIES,
    ValidationTurns: TURNS,
    WeightCrosses: CROSSES,
    PredictionFlips: FLIPS,
    Expression: TYPED,
}
NO_FLAT = translatable("No unit of this network has an activation with a flat end, so none can go flat.")
NO_DEAD = translatable("No unit of this network is on or off, as ReLU is, so none can die.")
NO_VALIDATION = translatable("This data has no validation rows, so there is no validation loss.")
NO_CLASSES = translatable("The answers for this data are numbers and no classes, so none can flip.")
FOREIGN = (NO_FLAT, NO_DEAD, NO_VALIDATION, NO_CLASSES)
"""What is nobody's mistake: there is no such thing in this run."""
NO_SUCH_ROW = translatable("The data has rows 1 to {count}.")
NO_WEIGHT = translatable("{name} is no weight and no bias.")
FROZEN = translatable("{name} is frozen, so it never crosses zero.")
WHICH_WEIGHT = translatable("Type its name, such as w1, or click it in the network.")
EMPTY_RANGE = translatable("The range must end above {low}, where it begins.")
NO_NORM = translatable("A norm is 0 or more.")
ENDLESS = {"inf": math.inf, "∞": math.inf}


class BreakpointForm(QFrame):
    """The fields of one condition. `add(condition)` takes it; `leave()` closes the form."""

    def __init__(
        self,
        focus: Focus,
        add: Callable[[Condition], object],
        leave: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._focus, self._add, self._leave = focus, add, leave
        self._frame: Frame | None = None
        self._selected: Element | None = None
        self.setProperty("role", "card")
        self.kind = _Wide()
        self.kind_row = Row(self.kind)
        self.kind.activated.connect(lambda _: self._choose_kind())
        message = Message()
        self.low = NumberField(lambda _: self.renew(), message.say)
        self.high = NumberField(
            lambda _: self.renew(),
            message.say,
            words=ENDLESS,
            display=lambda value: "∞" if value == math.inf else shortest(value),
        )
        self.low_row, self.high_row = Row(self.low), Row(self.high, message)
        self.which = UnitChoice(self.renew)
        self.weight = TypedField()
        self.weight.textEdited.connect(lambda _: self.renew())
        self.weight.returnPressed.connect(self.accept)
        self.weight_row = Row(self.weight)
        turns, row = Message(), Message()
        self.times = NumberField(lambda _: self.renew(), turns.say, whole=True)
        self.times_row = Row(self.times, turns)
        self.row = NumberField(lambda _: self.renew(), row.say, whole=True)
        self.row_row = Row(self.row, row)
        for field in (self.low, self.high, self.times, self.row):
            field.textEdited.connect(lambda _: self.renew())
            field.returnPressed.connect(self.accept)
        self.expression = ExpressionField(self.renew, self.accept, leave)
        self.message = Message()
        self.take, self.cancel = QPushButton(), QPushButton()
        self.take.setProperty("role", "primary")
        self.take.clicked.connect(self.accept)
        self.cancel.clicked.connect(leave)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        buttons.addWidget(self.take)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        self._rows: dict[str, tuple[QWidget, ...]] = {
            NORM: (self.low_row, self.high_row),
            FLAT: (self.which,),
            DIES: (self.which,),
            TURNS: (self.times_row,),
            CROSSES: (self.weight_row,),
            FLIPS: (self.row_row,),
            TYPED: (self.expression,),
        }
        each = (self.which, self.weight_row, self.low_row, self.high_row, self.times_row)
        for widget in (self.kind_row, *each, self.row_row, self.expression, self.message):
            column.addWidget(widget)
        column.addLayout(buttons)
        self.times.show_value(1)
        self.row.show_value(1)
        focus.changed.connect(self._follow)
        self.retranslate()

    # ---- what it says

    @property
    def what(self) -> str:
        """The kind that is chosen."""
        return str(self.kind.currentData())

    def condition(self) -> Condition:
        """What is filled in. Raises ValueError, in plain words, where that is no condition for this run."""
        frame = self._frame
        if frame is None:
            raise PlainError(WHICH_WEIGHT)
        found = self._filled_in(frame)
        problem = misfit(found, frame.experiment, frame.dataset)
        if problem is not None:
            raise problem
        return found

    def _filled_in(self, frame: Frame) -> Condition:
        match self.what:
            case "norm":
                low, high = _typed(self.low), _typed(self.high)
                if low < 0:
                    raise PlainError(NO_NORM)
                if high <= low:
                    raise PlainError(EMPTY_RANGE, low=shortest(low))
                return GradientNorm(low, high)
            case "flat" | "dies":
                if not self._units():
                    raise PlainError(NO_FLAT if self.what == FLAT else NO_DEAD)
                return UnitFlat(*self.which.chosen) if self.what == FLAT else UnitDies(*self.which.chosen)
            case "turns":
                if not len(frame.dataset.validation):
                    raise PlainError(NO_VALIDATION)
                return ValidationTurns(int(_typed(self.times)))
            case "crosses":
                return self._crossing(frame)
            case "flips":
                flip = flip_of(frame.dataset, int(_typed(self.row)) - 1)
                if flip is None and frame.dataset.task == "regression":
                    raise PlainError(NO_CLASSES)
                if flip is None:
                    raise PlainError(NO_SUCH_ROW, count=frame.dataset.rows)
                return flip
            case _:
                return Expression(self.expression.read(len(frame.experiment.network.layers)))

    def accept(self) -> None:
        """Take what is filled in, where it is a condition."""
        try:
            condition = self.condition()
        except ValueError:
            self.renew()
            return
        self._add(condition)

    # ---- what it shows

    def show_frame(self, frame: Frame) -> None:
        """Offer what there is in this run."""
        before, self._frame = self._frame, frame
        if before is None or before.experiment.network != frame.experiment.network:
            self._offer_layers()
        if self.isVisible() and (before is None or frame.run != "running"):
            self.renew()

    def open(self, kind: str = "") -> None:
        """Begin a new one, about what is selected where something is."""
        frame = self._frame
        self.show()
        if frame is not None:
            norm = frame.gradient_norm
            bound = 10.0 ** math.ceil(math.log10(norm) + 1) if 0 < norm < math.inf else 1.0
            self.low.show_value(0.0)
            self.high.show_value(bound)
            example = int(frame.batch[0]) if len(frame.batch) else 0
            self.row.show_value(example + 1)
        self._selected = self._focus.selection
        self.kind.show_value(kind or self._kind_of_selection() or CROSSES)
        self._take_selection()
        self._choose_kind()
        self.kind.setFocus()

    def renew(self) -> None:
        """Say what was understood, or what is missing."""
        message = self.expression.message if self.what == TYPED else self.message
        other = self.message if self.what == TYPED else self.expression.message
        other.say("", "")
        try:
            condition = self.condition()
        except ValueError as error:
            is_untouched = (self.what == CROSSES and not self.weight.text()) or (
                self.what == TYPED and not self.expression.field.text().strip()
            )
            if self.what != TYPED:
                is_foreign = isinstance(error, PlainError) and error.sentence in FOREIGN
                if isinstance(error, NumberError):
                    self.message.say("", "")  # the field says it
                    self.take.setEnabled(False)
                    return
                words = told(error.words) if isinstance(error, MisfitError) else plain(error)
                message.say(words, "echo" if is_untouched else "warning" if is_foreign else "error")
            self.take.setEnabled(False)
            restyle(self.weight, "state", "error" if self.what == CROSSES and not is_untouched else "")
            return
        restyle(self.weight, "state", "")
        self.take.setEnabled(True)
        if self.what != TYPED:
            message.say(self._understood(condition), "echo")

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self.kind.offer([(kind, tr(words)) for kind, words in KINDS.items()])
        if self.kind.currentIndex() < 0:
            self.kind.setCurrentIndex(0)
        self.kind_row.name(tr("Stop when"))
        self.low_row.name(tr("from"), tr("Training stops when the norm of the gradient is below this …"))
        self.high_row.name(tr("to"), tr("… or above this; inf: no upper end"))
        self.which.retranslate()
        self.weight_row.name(tr("which one"), tr(WHICH_WEIGHT))
        self.times_row.name(tr("times in a row"), tr("So often the validation loss must have risen"))
        self.row_row.name(tr("row of the data"))
        self.expression.retranslate()
        self.take.setText(tr("Add"))
        self.cancel.setText(tr("Cancel"))
        self._offer_layers()
        if self.isVisible():
            self.renew()

    # ----

    def _crossing(self, frame: Frame) -> WeightCrosses:
        text, walk = self.weight.text().strip(), self._focus.walk
        if not text or walk is None:
            raise PlainError(WHICH_WEIGHT)
        written = letters(self._focus.notation, frame.experiment.network)
        try:
            place = places.find(text, frame, walk, written, self._focus.last)
        except ValueError as error:
            raise PlainError(NO_WEIGHT, name=f"“{text}”") from error
        found = crossing(frame.experiment.network, place) if _is_element(place) else None  # type: ignore[arg-type]
        if found is None:
            is_weight = type(place).__name__ in ("Edge", "KernelEntry")
            raise PlainError(FROZEN if is_weight else NO_WEIGHT, name=f"“{text}”")
        return found

    def _understood(self, condition: Condition) -> str:
        """What stands behind the words: the number as it is now."""
        frame = self._frame
        if frame is None:
            return ""
        match condition:
            case WeightCrosses(layer, index, bias):
                values = (frame.params.b if bias else frame.params.W)[layer - 1]
                return tr("It is {value} now.", value=number(float(values[index])))
            case GradientNorm():
                return tr("It is {value} now.", value=number(frame.gradient_norm))
            case PredictionFlips(row) if frame.dataset.class_index is not None:
                name = frame.dataset.class_names[int(frame.dataset.class_index[row])]
                return tr("Its target is “{name}”.", name=name)
        return ""

    def _choose_kind(self) -> None:
        shown = self._rows[self.what]
        for rows in self._rows.values():
            for row in rows:
                row.setVisible(row in shown)
        if self.what in (FLAT, DIES):
            self._offer_layers()
            self.which.setVisible(bool(self._units()))
        self.renew()

    def _units(self) -> Units:
        if self._frame is None:
            return {}
        network = self._frame.experiment.network
        return switching(network) if self.what == DIES else saturating(network)

    def _offer_layers(self) -> None:
        """The layers with units that can be watched, then the units of the chosen one."""
        if self._frame is not None:
            self.which.offer(self._frame.experiment.network, self._focus.notation, self._units())

    # ---- the selection

    def _kind_of_selection(self) -> str:
        frame = self._frame
        if frame is None or self._selected is None:
            return ""
        network = frame.experiment.network
        if crossing(network, self._selected) is not None:
            return CROSSES
        place = watched_unit(network, self._selected)
        if place is not None and place[1] in saturating(network).get(place[0], ()):
            return FLAT
        return DIES if place is not None and place[1] in switching(network).get(place[0], ()) else ""

    def _take_selection(self) -> None:
        """Fill in what is selected in the network."""
        frame, element = self._frame, self._selected
        if frame is None or element is None:
            return
        network = frame.experiment.network
        if self.what == CROSSES and crossing(network, element) is not None:
            self.weight.setText(letters(self._focus.notation, network).element(Names.of(network).placed(element)))
        place = watched_unit(network, element)
        if self.what in (FLAT, DIES) and place is not None and place[1] in self._units().get(place[0], ()):
            self._offer_layers()
            self.which.show_place(*place)

    def _follow(self) -> None:
        """A click in the network fills the form."""
        if self.isVisible() and self._focus.selection is not self._selected:
            self._selected = self._focus.selection
            self._take_selection()
            self.renew()

    # ---- Qt

    @override
    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        if a0 is not None and a0.key() == Qt.Key.Key_Escape:
            self._leave()
        elif a0 is not None and a0.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept()
        else:
            super().keyPressEvent(a0)

    @override
    def event(self, e: QEvent | None) -> bool:
        if isinstance(e, QKeyEvent) and e.type() == QEvent.Type.ShortcutOverride and e.key() == Qt.Key.Key_Escape:
            e.accept()  # a field that had nothing unfinished left it to the form
            return True
        return super().event(e)

    @override
    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.LanguageChange:
            self.retranslate()


def _typed(field: NumberField) -> float:
    """The number in a field, also while somebody is typing it. Raises NumberError."""
    return field.read(field.text()) if field.isModified() else field.value


class _Wide(Choice):
    """Stands under its label, whatever is chosen."""

    @override
    def sizeHint(self) -> QSize:
        return QSize(max(super().sizeHint().width(), theme.current().px(236)), super().sizeHint().height())


def _is_element(place: object) -> bool:
    return not isinstance(place, places.Step | places.Beat | places.Address | places.Whose)

"""Which units are meant: any of the network, any of a layer, or one by its name."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QVBoxLayout, QWidget

from bpstudio.engine.network import Network
from bpstudio.insight.elements import Map, Names, Unit
from bpstudio.insight.notation import Notation, letters
from bpstudio.insight.watchable import Units
from ui.language import tr
from ui.panels.form import Choice, Row


class UnitChoice(QWidget):
    """A layer and a unit of it. `changed()` is told of every choice."""

    def __init__(self, changed: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._changed = changed
        self._of: tuple[Network, Notation, Units] | None = None
        self.layer, self.unit = Choice(), Choice()
        self.layer.activated.connect(lambda _: self._other_layer())
        self.unit.activated.connect(lambda _: changed())
        self._layer_row, self._unit_row = Row(self.layer), Row(self.unit)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self._layer_row)
        column.addWidget(self._unit_row)

    @property
    def chosen(self) -> tuple[int, int]:
        """(layer, unit): 0 is any layer, −1 any unit."""
        layer, unit = int(self.layer.currentData() or 0), self.unit.currentData()
        return layer, -1 if unit is None or layer == 0 else int(unit)

    def offer(self, network: Network, notation: Notation, units: Units) -> None:
        """Offer these units; what is chosen stays where it is still there."""
        self._of = (network, notation, units)
        self.layer.offer([(0, tr("any")), *((layer, str(layer)) for layer in units)])
        if self.layer.currentIndex() < 0:
            self.layer.setCurrentIndex(0)
        self._offer_units()

    def show_place(self, layer: int, unit: int) -> None:
        """Choose a unit."""
        self.layer.show_value(layer)
        self._offer_units()
        self.unit.show_value(unit)

    def retranslate(self) -> None:
        """Set every text in the language in use."""
        self._layer_row.name(tr("layer"))
        self._unit_row.name(tr("unit"))
        if self._of is not None:
            self.offer(*self._of)

    def _other_layer(self) -> None:
        self._offer_units()
        self._changed()

    def _offer_units(self) -> None:
        layer = int(self.layer.currentData() or 0)
        offered: list[tuple[object, str]] = [(-1, tr("any"))]
        if self._of is not None and layer:
            network, notation, units = self._of
            written = letters(notation, network)
            make = Map if Names.of(network).is_image(layer) else Unit
            offered += [(unit, written.element(make(layer, unit))) for unit in units.get(layer, ())]
        self.unit.offer(offered)
        if self.unit.currentIndex() < 0:
            self.unit.setCurrentIndex(0)
        self.unit.setEnabled(layer > 0)

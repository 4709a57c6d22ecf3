"""What can be watched of a run: which conditions a person can set on a thing of the network, and on the whole run."""

from __future__ import annotations

from bpstudio.data.dataset import Dataset
from bpstudio.engine.network import Network
from bpstudio.insight.elements import Edge, Element, KernelEntry, Map, Names, Pixel, Unit
from bpstudio.training.behaviour import behaving
from bpstudio.training.conditions import Condition, PredictionFlips, UnitDies, UnitFlat, WeightCrosses

Units = dict[int, tuple[int, ...]]
"""Units by layer: layers count from 1, units from 0; of a layer of images a map is a unit."""


def saturating(network: Network) -> Units:
    """The units that can go flat."""
    return {part.number + 1: part.saturating for part in behaving(network) if part.saturating}


def switching(network: Network) -> Units:
    """The units that can be off for every row, as with ReLU."""
    return {part.number + 1: part.switching for part in behaving(network) if part.switching}


def crossing(network: Network, element: Element | None) -> WeightCrosses | None:
    """That a weight or a bias crosses zero; None for anything else, and for one that is frozen."""
    if element is None:
        return None
    names = Names.of(network)
    placed = names.placed(element)
    if isinstance(placed, KernelEntry):
        if not network.layers[placed.layer - 1].train_weights:
            return None
        return WeightCrosses(placed.layer, (placed.filter, placed.channel, placed.u, placed.v))
    if not isinstance(placed, Edge) or not names.has(placed):
        return None
    layer = network.layers[placed.layer - 1]
    if not (layer.trains_bias if placed.is_bias else layer.train_weights):
        return None
    if placed.is_bias:
        return WeightCrosses(placed.layer, (placed.to,), bias=True)
    return WeightCrosses(placed.layer, (placed.to, placed.source))


def watched_unit(network: Network, element: Element | None) -> tuple[int, int] | None:
    """(layer, unit) of a unit, a map, or the map in which a pixel lies; None for inputs and for anything else."""
    if element is None:
        return None
    placed = Names.of(network).placed(element)
    if isinstance(placed, Map | Pixel):
        return (placed.layer, placed.channel) if placed.layer > 0 else None
    return (placed.layer, placed.index) if isinstance(placed, Unit) and placed.layer > 0 else None


def conditions_on(network: Network, element: Element | None) -> tuple[Condition, ...]:
    """What can be stopped at of a thing of the network: that a weight crosses zero, that a unit goes flat or dies."""
    crosses = crossing(network, element)
    if crosses is not None:
        return (crosses,)
    place = watched_unit(network, element)
    if place is None:
        return ()
    layer, unit = place
    found: list[Condition] = []
    if unit in saturating(network).get(layer, ()):
        found.append(UnitFlat(layer, unit))
    if unit in switching(network).get(layer, ()):
        found.append(UnitDies(layer, unit))
    return tuple(found)


def flip_of(dataset: Dataset, row: int) -> PredictionFlips | None:
    """That the answer for a row of the data flips; None where answers are no classes, or there is no such row."""
    return PredictionFlips(row) if dataset.task != "regression" and 0 <= row < dataset.rows else None

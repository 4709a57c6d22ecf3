"""What an event is about: the thing of the network to select, and the row to show."""

from __future__ import annotations

import numpy as np

from bpstudio.engine.network import Network
from bpstudio.insight.asked import unit_of, weight_of
from bpstudio.insight.diagnostics import located
from bpstudio.insight.elements import Element, Example, Probe, Row
from bpstudio.insight.notation import Letters
from bpstudio.training.breakpoints import Hit
from bpstudio.training.conditions import PredictionFlips, UnitDies, UnitFlat, WeightCrosses
from bpstudio.training.frame import Frame
from bpstudio.training.past import Event


def element_of(event: Event | Hit, network: Network) -> Element | None:
    """The unit or the weight that it happened to; None where it is about the whole run, or not there any more."""
    if isinstance(event, Event) and event.nonfinite is not None:
        place = located(event.nonfinite, Letters("mazur", network))
        return None if place is None else place.element
    hit = event.hit if isinstance(event, Event) else event
    if hit is None:
        return None
    if isinstance(hit.condition, WeightCrosses):
        weight = weight_of(hit.condition, network)
        return None if isinstance(weight, str) else weight
    if isinstance(hit.condition, UnitFlat | UnitDies):
        return unit_of(hit.layer, hit.index[0] if hit.index else -1, network)
    return None


def example_of(event: Event | Hit, frame: Frame) -> Example | None:
    """The row whose numbers tell of it: its place in the batch of the frame, or a probe; None where any does."""
    if isinstance(event, Event) and event.nonfinite is not None:
        place = located(event.nonfinite, Letters("mazur", frame.experiment.network))
        return None if place is None else place.row
    hit = event.hit if isinstance(event, Event) else event
    if hit is None or not isinstance(hit.condition, PredictionFlips):
        return None
    row = hit.condition.row
    if row >= len(frame.dataset.x):
        return None
    places = np.flatnonzero(frame.batch == row)
    return Row(int(places[0])) if len(places) else Probe(row)

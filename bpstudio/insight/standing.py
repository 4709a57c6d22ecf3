"""Where one stands in a step: the address of a beat, and from an address back to the beat and its question.

A place that is kept (a bookmark, an event) is an address. Each grain has addresses of its own and understands those of
the others, so a place is put into words at the grain at which it was taken.
"""

from __future__ import annotations

from bpstudio.insight.beat import Beat
from bpstudio.insight.lines import question
from bpstudio.insight.notation import Notation
from bpstudio.insight.order import Grain
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.walk import Walk

_GRAINS: tuple[Grain, ...] = ("edge", "neuron", "layer")


def place_of(walk: Walk, grain: Grain, playhead: int) -> str:
    """The address of the beat at which the playhead stands; empty at the grain of whole steps."""
    return "" if grain == "step" else walk.beat(grain, playhead).address


def beat_at(walk: Walk, address: str) -> Beat | None:
    """The beat that has this address; the one in which it is complete where none has; None where the walk has nothing
    of the kind.
    """
    if not address or address == "step":
        return None
    found: Beat | None = None
    for grain in _GRAINS:
        try:
            beat = walk.beat(grain, walk.find(grain, address))
        except ValueError:
            return None
        if beat.address == address:
            return beat
        found = found or beat
    return found


def asked_at(walk: Walk, address: str, notation: str | Notation) -> Phrase:
    """The question of the beat of an address, in the letters of the moment; of a whole step, that it is one. What the
    network does not have any more is called by its address.
    """
    if not address or address == "step":
        return Phrase("one whole training step")
    beat = beat_at(walk, address)
    return Phrase("{text}", {"text": address}) if beat is None else question(walk.network, beat, notation)


def order_of(walk: Walk, address: str) -> int:
    """The number of the edge beat at which an address stands in its step: 0 the start, beyond the last one the step."""
    try:
        return walk.find("edge", address) if address and address != "step" else walk.count("edge") + 1
    except ValueError:
        return walk.count("edge")

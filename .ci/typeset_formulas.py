"""Write assets/formulas.json: the formulas of the lessons, typeset. For when a lesson, a notation or ziamath changes.

    .venv/bin/python .ci/typeset_formulas.py

A lesson whose network has more formulas than MOST is left out; they would make the file large and the start slow.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import bpstudio
from bpstudio.engine.network import Network
from bpstudio.files.lesson import NAMES
from bpstudio.insight.derivation import derive
from bpstudio.insight.elements import Edge, Element, LossNode, Names, Row, Unit
from bpstudio.insight.notation import NOTATIONS
from ui.explain import typesetting
from ui.explain.card import SIGNS, symbols

ROOT = Path(__file__).parents[1]
MOST = 500
SIDES: tuple[Literal["activation"], Literal["delta"]] = ("activation", "delta")


def elements(network: Network) -> Iterator[Element]:
    """Everything that can be explained."""
    names = Names.of(network)
    yield LossNode()
    for layer, units in enumerate(network.sizes[1:], 1):
        for unit in range(units):
            yield Unit(layer, unit)
            edges = (Edge(layer, unit, source) for source in range(-1, network.sizes[layer - 1]))
            yield from filter(names.has, edges)  # not every layer has weights, not every weighted one biases


def formulas() -> set[str]:
    """What the inspector typesets in the lessons, in every notation."""
    found = set(SIGNS)
    for name in NAMES:
        frame = bpstudio.load_lesson(name).session().frame()
        if frame.experiment.network.parameter_count > MOST:
            continue
        for element in elements(frame.experiment.network):
            for notation in NOTATIONS:
                for side in SIDES:
                    found.update(symbols(derive(frame, Row(0), element, notation, quantity=side)))
    return found


if __name__ == "__main__":
    wanted = formulas()
    text = typesetting.packed(wanted)
    (ROOT / "assets" / typesetting.PLACE).write_text(text, encoding="utf-8")
    print(f"{len(wanted)} formulas, {len(text) // 1024} kB")

"""The sentence of a beat: symbols = numbers = result.

Every number is taken from the frame, or is the one operation on recorded numbers that the line itself spells out.
Where the beat is about a batch, a second line says what is gathered over its rows. Texts are templates and values, so
that the window can translate them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight import backward_lines, forward_lines, image_backward_lines, image_lines, next_values
from bpstudio.insight.beat import Beat, Kind
from bpstudio.insight.elements import Edge, Example, Map, Unit
from bpstudio.insight.notation import Letters, Notation, letters
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.walk import Walk
from bpstudio.insight.writer import Writer
from bpstudio.training.frame import Frame


@dataclass(frozen=True)
class Line(Phrase):
    """The sentence of a beat, and what stands under it."""

    more: tuple[Phrase, ...] = ()


_WRITERS: Mapping[Kind, Callable[[Writer, Beat], tuple[Phrase, ...]]] = MappingProxyType(
    {
        "start": forward_lines.start,
        "product": forward_lines.product,
        "z": forward_lines.z,
        "a": forward_lines.a,
        "softmax": forward_lines.softmax,
        "element": forward_lines.element,
        "row": forward_lines.cost,
        "C": forward_lines.cost,
        "error": backward_lines.error,
        "arrival": backward_lines.arrival,
        "sum": backward_lines.arrived,
        "delta": backward_lines.delta,
        "gradient": backward_lines.gradient,
        "update": next_values.update,
        "step": next_values.step,
    }
)

#: The same where a layer is not dense, or where what comes back comes from one that is not.
_OF_IMAGES: Mapping[Kind, Callable[[Writer, Beat], tuple[Phrase, ...]]] = MappingProxyType(
    {
        "a": image_lines.forward,
        "z": image_lines.z_of_beat,
        "sum": image_backward_lines.arrived_here,
        "delta": image_backward_lines.delta,
        "gradient": image_backward_lines.gradient,
    }
)


def _writer(network: Network, beat: Beat) -> Callable[[Writer, Beat], tuple[Phrase, ...]]:
    """Who writes the sentence of a beat."""
    is_plain = beat.layer < 1 or isinstance(network.layers[beat.layer - 1], Dense)
    if beat.kind in ("sum", "delta") and beat.layer < len(network.layers):
        is_plain = is_plain and isinstance(network.layers[beat.layer], Dense)
    elif beat.kind == "delta":
        is_plain = True
    return _WRITERS[beat.kind] if is_plain else _OF_IMAGES.get(beat.kind, _WRITERS[beat.kind])


def line(frame: Frame, example: Example, beat: Beat, notation: str | Notation = "mazur", digits: int = 9) -> Line:
    """What the beat computes, for one example, with `digits` decimals. The last beat of a step also looks ahead."""
    with np.errstate(all="ignore"):  # of a diverged step NaN and infinity are written, not warned about
        first, *more = _writer(frame.experiment.network, beat)(Writer(frame, example, notation, digits), beat)
        if beat.index == Walk.of(frame).count(beat.grain):
            more.append(next_values.outlook(frame, digits))
    return Line(first.template, first.values, tuple(more))


#: What is asked in a beat about one edge, about one unit, and about a whole layer.
_QUESTIONS: Mapping[Kind, tuple[str, str, str]] = MappingProxyType(
    {
        "start": ("", "", "nothing is computed yet"),
        "product": ("what does {source} send to {unit}?", "", ""),
        "z": ("", "what does {unit} receive in all?", ""),
        "a": ("", "what does {unit} answer?", "what does layer {layer} answer?"),
        "softmax": ("", "what share does {unit} get?", "what share does each output get?"),
        "element": ("", "what does {unit} add to the loss?", ""),
        "row": ("", "", "what does this row cost?"),
        "C": ("", "", "how large is the loss?"),
        "error": ("", "how does the loss change with the output of {unit}?", ""),
        "arrival": ("what comes back to {unit} from {source}?", "", ""),
        "sum": ("", "what comes back to {unit} in all?", ""),
        "delta": (
            "",
            "how does the loss change with what {unit} receives?",
            "how does the loss change with what layer {layer} receives?",
        ),
        "gradient": (
            "how much does {edge} change the loss?",
            "how much do the weights into {unit} change the loss?",
            "how much do the weights of layer {layer} change the loss?",
        ),
        "update": (
            "what will {edge} be?",
            "what will the weights into {unit} be?",
            "what will the weights of layer {layer} be?",
        ),
        "step": ("", "", "one whole training step"),
    }
)


def headline(frame: Frame, beat: Beat, notation: str | Notation = "mazur") -> Phrase:
    """The question that a beat answers, such as: how much does w₅ change the loss?"""
    return question(frame.experiment.network, beat, notation)


def question(network: Network, beat: Beat, notation: str | Notation = "mazur") -> Phrase:
    """The question that a beat of any step of this network answers."""
    about_edge, about_unit, about_layer = _QUESTIONS[beat.kind]
    names = letters(notation, network)
    if beat.channel is not None and (of_images := _of_images(names, beat)) is not None:
        return of_images
    if beat.unit is None:
        return Phrase(about_layer, {"layer": str(beat.layer)})
    unit = names.unit(beat.subject)
    if beat.source is None:
        return Phrase(about_unit, {"unit": unit})
    if beat.kind in ("product", "arrival"):
        source = Unit(beat.layer - 1 if beat.kind == "product" else beat.layer + 1, beat.source)
        return Phrase(about_edge, {"unit": unit, "source": names.unit(source)})
    return Phrase(about_edge, {"edge": names.edge(Edge(beat.layer, beat.subject.index, beat.source))})


def _of_images(names: Letters, beat: Beat) -> Phrase | None:
    """The question of a beat about a map, or about one place of it; None where the usual one fits."""
    assert beat.channel is not None
    about = {"unit": names.element(Map(beat.layer, beat.channel))}
    if beat.unit is None:
        template = {
            "a": "what does {unit} answer?",
            "delta": "how does the loss change with what {unit} receives?",
            "gradient": "how much do the kernels of {unit} change the loss?",
            "update": "what will the kernels of {unit} be?",
        }[beat.kind]
        return Phrase(template, about)
    if beat.kind == "gradient":
        place = {"place": names.unit(beat.subject)}
        return Phrase("what does {place} add to the gradients of the kernels of {unit}?", about | place)
    if beat.kind == "update" and beat.source is not None:
        return Phrase("what will {edge} be?", {"edge": names.edge(Edge(beat.layer, beat.channel, beat.source))})
    return None

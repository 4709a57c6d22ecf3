"""Places a person can go to by typing them: a weight, a unit, a step, an epoch, a row, a beat.

Names are taken as they stand in any of the notations, as the person gave them, or as they can be typed:

    w5   w¹₁₁   w^1_11   w1,1,1   w^1_{10,3}   h1->o1      a weight (into unit first, from unit second)
    b_h1   b²₁   b2,1                                     a bias
    h1   o2   i1   h2_3   a¹₂   z1,2   δ_o1   net_h1      a unit
    m1_3   p1_3_5_2   k1_3_2   k1_3_2_1_1   m¹₃           a map, a pixel, a kernel, an entry of it
    C   loss   target1   target_o1                        the loss, a target
    step 300   epoch 3   row 12   beat 24   24            a training step, the first step of an epoch, a row of the data
    backward/h1/delta   backward/h1->o1                   an address

Capital letters are taken too. `find` says what a text means, `suggest` what it could become.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from bpstudio.insight import own_names
from bpstudio.insight.elements import (
    BIAS,
    Edge,
    Element,
    Kernel,
    KernelEntry,
    LossNode,
    Map,
    Names,
    Pixel,
    Probe,
    Row,
    Target,
    Unit,
)
from bpstudio.insight.notation import Letters
from bpstudio.insight.order import Grain
from bpstudio.insight.own_names import plain_digits
from bpstudio.insight.phrase import Phrase, plain
from bpstudio.insight.walk import Walk
from bpstudio.training.frame import Frame

SUGGESTIONS = 8
_SCANNED = 2000
"""Beats that are gone through for addresses that begin as typed."""
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_WORDS = {
    "step": ("step", "s", "步", "第"),
    "epoch": ("epoch", "e", "遍", "轮"),
    "row": ("row", "r", "行", "样本"),
    "beat": ("beat", "b", "拍"),
}
_RANGES = ("step", "epoch", "row", "beat")
_NUMBERED = re.compile(r"([^\W\d_]+)\s*([\d,]*\d)\s*(?:步|遍|轮|行|拍)?")
_OF_UNIT = re.compile(r"(?:(?:net|out|δ|delta|d|a|z|in|bias|b)_|net|out|δ|delta|bias)([A-Za-z]\w*)")
_IN_IMAGE = re.compile(r"(w|m|p|k|a|z|δ|delta)\^?(\d+)_(\d+(?:,\d+)*)")
_OF_TARGET = re.compile(r"(?:target|y)_?o?_?(\d+)")
_WITH_INDEX = re.compile(r"([whoi])_\{?(\d+)\}?")
_WANTS_NUMBER = re.compile(r"(step|epoch|row|beat|步|遍|行|拍)\W.*", re.IGNORECASE)
_LOSS = ("c", "loss", "cost", "损失", "代价")


class NoPlaceError(ValueError):
    """There is no such place; `words` says so, to be translated."""

    def __init__(self, words: Phrase) -> None:
        super().__init__(words.text)
        self.words = words


@dataclass(frozen=True)
class Step:
    """A training step."""

    number: int


@dataclass(frozen=True)
class Beat:
    """A beat of the grain in use, by its number."""

    index: int


@dataclass(frozen=True)
class Address:
    """A beat by its address; `beat` is its number at the finest grain."""

    text: str
    beat: int


@dataclass(frozen=True)
class Whose:
    """Whose numbers are shown."""

    example: Row | Probe


Place = Step | Beat | Address | Whose | Element


@dataclass(frozen=True)
class Suggestion:
    """A text that leads somewhere, and what is there. `whole` is False for one that wants a number."""

    text: str
    words: Phrase
    whole: bool = True


def find(text: str, frame: Frame, walk: Walk, letters: Letters, last_beat: int) -> Place:
    """What a text means. Raises NoPlaceError, or a ValueError of the walk or the names, for what is not there."""
    text = text.strip()
    if not text:
        raise NoPlaceError(Phrase("Type a weight, a unit, a step, a row or a beat."))
    own = _own(text, letters)
    if own is not None:
        return own
    if text.casefold() in _RANGES:
        raise NoPlaceError(Phrase("A number belongs after it, such as {example}.", {"example": f"{text} 1"}))
    numbered = _numbered(text, frame, last_beat)
    if numbered is not None:
        return numbered
    wants = _WANTS_NUMBER.fullmatch(text)
    if wants is not None:
        raise NoPlaceError(Phrase("A number belongs after it, such as {example}.", {"example": f"{wants[1]} 1"}))
    if "/" in text or text in ("start",):
        address = "/".join(_between(part, walk.names) for part in text.split("/"))
        return Address(address, walk.find("edge", address))
    try:
        return _element(text, walk.names)
    except ValueError:
        if text == text.lower():
            raise
        try:
            return _element(text.lower(), walk.names)
        except ValueError:
            pass
        raise  # the first one, which repeats what was typed


def _element(text: str, names: Names) -> Element:
    """The element that a text names in a notation."""
    if text.lower() in _LOSS:
        return LossNode()
    name = _between(_typed(text, names), names)
    element = names.find(name)
    if isinstance(element, Edge | Unit):
        names.check(element)
    return element


def described(place: Place, frame: Frame, letters: Letters) -> Phrase:
    """What is at a place, in a few words."""
    match place:
        case Step(number):
            return Phrase("training step {step}", {"step": f"{number:,}"})
        case Beat(index):
            return Phrase("beat {index}", {"index": str(index)})
        case Address(_, index):
            return Phrase("beat {index}", {"index": f"{index:,}"})
        case Whose(Probe(row)):
            return Phrase("row {row} of the data, as a probe", {"row": f"{row + 1:,}"})
        case Whose(Row(position)):
            return Phrase(
                "row {row} of the data, number {position} of this batch",
                {"row": f"{int(frame.batch[position]) + 1:,}", "position": str(position + 1)},
            )
        case Map(layer, channel):
            values = {"number": str(channel + 1), "layer": str(layer)}
            return Phrase("map {number} of layer {layer}", values) if layer else Phrase("channel {number}", values)
        case Pixel(layer, channel, row, column):
            values = {"row": str(row + 1), "column": str(column + 1), "map": letters.element(Map(layer, channel))}
            return Phrase("pixel of {map} in row {row}, column {column}", values)
        case Kernel(layer, number, channel) | KernelEntry(layer, number, channel):
            ends = {
                "source": letters.element(Map(layer - 1, channel)),
                "target": letters.element(Map(layer, number)),
            }
            if isinstance(place, Kernel):
                return Phrase("kernel from {source} to {target}", ends)
            ends |= {"row": str(place.u + 1), "column": str(place.v + 1)}
            return Phrase("row {row}, column {column} of the kernel from {source} to {target}", ends)
        case Edge(layer, to, source) if source == BIAS and letters.names.is_convolution(layer):
            return Phrase("bias of {unit}", {"unit": letters.element(Map(layer, to))})
        case Edge(layer, to, source) if source == BIAS:
            return Phrase("bias of {unit}", {"unit": letters.unit(Unit(layer, to))})
        case Edge(layer, to, source):
            ends = {"source": letters.unit(Unit(layer - 1, source)), "target": letters.unit(Unit(layer, to))}
            return Phrase("weight from {source} to {target}", ends)
        case Unit(layer, index):
            if layer == 0:
                return Phrase("input {name}", {"name": frame.dataset.input_names[index]})
            if layer == len(frame.experiment.network.layers):
                return Phrase("output {name}", {"name": frame.dataset.output_names[index]})
            return Phrase("unit {number} of layer {layer}", {"number": str(index + 1), "layer": str(layer)})
        case LossNode():
            return Phrase("the loss")
        case Target(index):
            return Phrase("target {name}", {"name": frame.dataset.output_names[index]})
    return plain("")


def suggest(text: str, frame: Frame, walk: Walk, letters: Letters, last_beat: int) -> tuple[Suggestion, ...]:
    """What a text could become, the likeliest first; of long lists only the beginning."""
    typed = text.strip()
    found: dict[str, Suggestion] = {}
    try:
        place = find(typed, frame, walk, letters, last_beat)
        # w5 is offered for W5 below, as it is written.
        written = next((name for name in _names(typed, walk, letters) if name.casefold() == typed.casefold()), typed)
        found[written] = Suggestion(written, described(place, frame, letters))
    except ValueError:
        pass
    for name in islice(_names(typed, walk, letters), SUGGESTIONS):
        if name not in found:
            found[name] = Suggestion(name, described(find(name, frame, walk, letters, last_beat), frame, letters))
    if "/" in typed or typed in ("forward", "backward", "update", "loss"):
        for address, beat in islice(_addresses(typed, walk), SUGGESTIONS):
            found.setdefault(address, Suggestion(address, described(Address(address, beat), frame, letters)))
    if not re.search(r"\d", typed):
        for word, words in _ranges(frame, last_beat):
            if word.startswith(typed.casefold()):
                found.setdefault(word, Suggestion(f"{word} ", words, whole=False))
    return tuple(found.values())[:SUGGESTIONS]


def _ranges(frame: Frame, last_beat: int) -> Iterator[tuple[str, Phrase]]:
    """The words that want a number, with the numbers they take."""
    first, last = f"{frame.metrics.first:,}", f"{frame.last_step:,}"
    yield "step", Phrase("{first} to {last}, or further: it is trained to", {"first": first, "last": last})
    if frame.steps_per_epoch > 1:
        yield "epoch", Phrase("its first step; {count} steps each", {"count": f"{frame.steps_per_epoch:,}"})
    yield "row", Phrase("1 to {last}", {"last": f"{frame.dataset.rows:,}"})
    yield "beat", Phrase("0 to {last}", {"last": f"{last_beat:,}"})


def _own(text: str, letters: Letters) -> Element | None:
    """The element to which a person gave this name."""
    own = {address: own_names.text(name) for address, name in letters.notation.own.items()}
    wanted = own_names.text(text)
    same = [address for address, name in own.items() if name == wanted]
    near = [address for address, name in own.items() if name.casefold() == wanted.casefold()]
    found = same or near
    return letters.names.find(found[0]) if len(found) == 1 else None


def _numbered(text: str, frame: Frame, last_beat: int) -> Place | None:
    """A number alone or after its word; None where the word is none of these."""
    match = _NUMBERED.fullmatch(f"beat {text}" if re.fullmatch(r"[\d,]+", text) and "," not in text else text)
    if match is None:
        return None
    word = next((kind for kind, names in _WORDS.items() if match[1].casefold() in names), "")
    if len(match[1]) == 1 and match[1].isascii() and not re.search(r"\s", text.strip()):
        word = ""  # b1, s2 and r3 could be somebody's names; with a space, or in Chinese, they are not
    number = int(match[2].replace(",", ""))
    if word == "step":
        first = frame.metrics.first
        if number < first:
            raise NoPlaceError(Phrase("This run begins at step {first}.", {"first": f"{first:,}"}))
        return Step(number)
    if word == "epoch":
        step = frame.step - frame.position + (number - frame.epoch) * frame.steps_per_epoch
        if step < frame.metrics.first:
            raise NoPlaceError(Phrase("Epoch {epoch} lies before the beginning of this run.", {"epoch": str(number)}))
        return Step(step)
    if word == "row":
        rows = frame.dataset.rows
        if not 1 <= number <= rows:
            raise NoPlaceError(Phrase("The data have rows 1 to {last}.", {"last": f"{rows:,}"}))
        places = [n for n, row in enumerate(frame.batch) if int(row) == number - 1]
        return Whose(Row(places[0]) if places else Probe(number - 1))
    if word == "beat":
        if not 0 <= number <= last_beat:
            raise NoPlaceError(Phrase("Beats of this grain go from 0 to {last}.", {"last": f"{last_beat:,}"}))
        return Beat(number)
    return None


def _typed(text: str, names: Names) -> str:
    """A symbol of a notation as a plain name: w¹₁₁ is w1, net_h1 is h1; any other text as it is."""
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda match: "^" + match[0].translate(_RAISED), text)
    text = re.sub(r"(?<=[\d^])([₀₁₂₃₄₅₆₇₈₉]+(?:,[₀₁₂₃₄₅₆₇₈₉]+)?)", lambda match: "_" + plain_digits(match[1]), text)
    text = plain_digits(text).replace(" ", "")
    in_image = _IN_IMAGE.fullmatch(text)
    if in_image is not None:
        letter, layer, indices = in_image.groups()
        count = indices.count(",") + 1
        # A weight of four numbers is an entry of a kernel, what a unit has with three is that of a pixel.
        kind = {("w", 4): "k", ("m", 1): "m", ("k", 2): "k"}.get((letter, count), "p" if count == 3 else "")
        if (kind and letter != "w") or kind == "k":
            return f"{kind}{layer}_{indices.replace(',', '_')}"
    indexed = re.fullmatch(r"(w|b|z|a|δ|delta|d|h)\^?(\d+)[_,]\{?(\d+)(?:,(\d+))?\}?", text)
    if indexed is not None and not (indexed[1] == "h" and "^" not in text):
        return _indexed(indexed, names)
    target, with_index = _OF_TARGET.fullmatch(text), _WITH_INDEX.fullmatch(text)
    if target is not None:
        return f"target{target[1]}"
    if with_index is not None:
        return "".join(with_index.groups())
    of_unit = _OF_UNIT.fullmatch(text)
    if of_unit is not None and of_unit[0].startswith("bias"):
        return f"b_{of_unit[1]}"
    if of_unit is not None and not text.startswith("b_"):
        return of_unit[1]
    return text


def _indexed(found: re.Match[str], names: Names) -> str:
    """The plain name of what has a layer and one or two numbers."""
    letter, layer, below, second = found[1], int(found[2]), found[3], found[4]
    if letter != "w":
        if second is not None:
            raise NoPlaceError(Phrase("A unit has a layer and one number, such as {example}.", {"example": "a1,2"}))
        return _named(Unit(layer, int(below) - 1), names, bias=letter == "b")
    if second is None and len(below) == 2:
        below, second = below[0], below[1]
    if second is None:
        raise NoPlaceError(Phrase("Write layer, to and from with commas: {example}.", {"example": "w1,10,3"}))
    edge = Edge(layer, int(below) - 1, int(second) - 1)
    if not names.has(edge) or edge.source < 0:
        raise NoPlaceError(_no_layer(layer, names) or _no_weight(layer, names))
    return names.edge(edge)


def _named(unit: Unit, names: Names, bias: bool) -> str:
    if not names.has(unit):
        size = names.sizes[unit.layer] if 0 <= unit.layer <= names.depth else 0
        values = {"layer": str(unit.layer), "count": str(size)}
        raise NoPlaceError(_no_layer(unit.layer, names) or Phrase("Layer {layer} has units 1 to {count}.", values))
    if bias and names.is_convolution(unit.layer):
        return names.edge(Edge(unit.layer, unit.index, BIAS))
    return f"b_{names.unit(unit)}" if bias else names.unit(unit)


def _no_layer(layer: int, names: Names) -> Phrase | None:
    return None if 1 <= layer <= names.depth else Phrase("The layers are 1 to {last}.", {"last": str(names.depth)})


def _no_weight(layer: int, names: Names) -> Phrase:
    to, source = names.matrices[layer - 1]
    if not to:
        return Phrase("Layer {layer} has no weights.", {"layer": str(layer)})
    values = {"layer": str(layer), "to": str(to), "source": str(source)}
    return Phrase("Weights of layer {layer} go to units 1 to {to} from units 1 to {source}.", values)


def _between(text: str, names: Names) -> str:
    """The weight between two units (h1->o1) by its plain name; any other text as it is."""
    ends = re.fullmatch(r"(\w+)\s*(?:->|→)\s*(\w+)", text)
    if ends is None:
        return text
    source, target = names.find_unit(ends[1]), names.find_unit(ends[2])
    if target.layer != source.layer + 1:
        values = {"source": ends[1], "target": ends[2]}
        raise NoPlaceError(Phrase("No weight leads from {source} to {target}: they are not neighbours.", values))
    return names.edge(Edge(target.layer, target.index, source.index))


def _names(typed: str, walk: Walk, letters: Letters) -> Iterator[str]:
    """Names that begin as typed: the person's own, units, weights, biases."""
    if not typed:
        return
    folded, names = plain_digits(typed).casefold(), walk.names
    yield from (name for name in letters.notation.own.values() if plain_digits(name).casefold().startswith(folded))
    if folded == "c":
        yield "C"
    yield from (name for name in _in_images(folded, names) if name.startswith(folded))
    for layer in range(len(names.sizes)):
        sample = names.unit(Unit(layer, 0))
        if not sample.startswith(folded[:1]) and not folded.startswith("b_"[: len(folded)]):
            continue
        for index in range(names.sizes[layer]):
            name = names.unit(Unit(layer, index))
            if name.startswith(folded):
                yield name
            elif (
                names.has(Edge(layer, index, BIAS))
                and not names.is_convolution(layer)
                and f"b_{name}".startswith(folded)
            ):
                yield f"b_{name}"
    number = re.fullmatch(r"w(\d*)", folded)
    if number is not None:
        yield from (f"w{n}" for n in _numbers(number[1], names.weight_count))


def _in_images(folded: str, names: Names) -> Iterator[str]:
    """Maps, kernels and biases of filters whose names begin as typed."""
    for layer in range(names.depth + 1):
        if names.is_image(layer) and folded[:1] == "m":
            yield from (names.element(Map(layer, channel)) for channel in range(names.shapes[layer][0]))
        if names.is_convolution(layer) and folded[:1] in ("k", "b"):
            filters, channels = names.weights[layer - 1][:2]
            for number in range(filters):
                if names.biases[layer - 1]:
                    yield names.edge(Edge(layer, number, BIAS))
                yield from (names.element(Kernel(layer, number, channel)) for channel in range(channels))


def _numbers(digits: str, last: int) -> Iterator[int]:
    """Numbers from 1 to `last` that begin with these digits, the short ones first."""
    if not digits:
        yield from range(1, last + 1)
        return
    if digits.startswith("0"):
        return
    low, width = int(digits), 1
    while low <= last:
        yield from range(low, min(low + width, last + 1))
        low, width = low * 10, width * 10


def _addresses(typed: str, walk: Walk) -> Iterator[tuple[str, int]]:
    """(address, edge beat) that begin as typed, of the coarse grains first, among the first beats of each."""
    seen: set[str] = set()
    grains: tuple[Grain, ...] = ("layer", "neuron", "edge")
    for grain in grains:
        for index in range(1, min(walk.count(grain), _SCANNED) + 1):
            address = walk.beat(grain, index).address
            if address.startswith(typed) and address not in seen:
                seen.add(address)
                yield address, walk.find("edge", address)

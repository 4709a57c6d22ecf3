"""What the engine refuses, in plain words.

The engine says which field is wrong, what it expected and what came: exact, English, and written for whoever calls it.
A learner who typed −0.5 wants to know what to do. Each pattern here turns one such sentence into a plain one, which can
be translated; a sentence that is not known is shown as it is, without the field's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bpstudio.data.errors import OWN_WORDS, DataError, Words
from bpstudio.insight.phrase import Phrase
from bpstudio.maths.formula import FormulaError
from ui.language import tr, translatable


class PlainError(ValueError):
    """A refusal in plain words already; keeps the sentence and its values apart, so that it can be translated."""

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence.format(**values))
        self.sentence = sentence
        self.values = values


_SENTENCES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (
            r"optimizer\.rate: .*got (?P<got>.*)",
            translatable("The learning rate must be above 0: 0 learns nothing, a negative one climbs."),
        ),
        (
            r"optimizer\.momentum: .*got (?P<got>.*)",
            translatable("Momentum must be at least 0 and below 1; at 1 it would never slow down."),
        ),
        (
            r"optimizer\.epsilon: .*got (?P<got>.*)",
            translatable("ε must be 0 or more."),
        ),
        (
            r"schedule\.factor: .*got (?P<got>.*)",
            translatable("The factor must be above 0 and below 1, so that the rate falls."),
        ),
        (r"optimizer\.eta_plus: .*got (?P<got>.*)", translatable("η⁺ must be above 1, so that steps can grow.")),
        (
            r"optimizer\.step_max: .* of at least (?P<low>.*), got .*",
            translatable("The largest step must be at least the smallest, {low}."),
        ),
        (
            r"(?:optimizer|schedule)\.\w+: expected a number from 0 to below 1, got (?P<got>.*)",
            translatable("This must be at least 0 and below 1; at 1 nothing new would ever count."),
        ),
        (
            r"(?:optimizer|schedule|clipping|stopping)\.\w+: expected a finite number above 0, got (?P<got>.*)",
            translatable("This must be a number above 0."),
        ),
        (
            r"(?:optimizer|schedule|clipping|stopping)\.\w+: expected a finite number of at least 0, got (?P<got>.*)",
            translatable("This must be a number of at least 0."),
        ),
        (
            r"(?:(?:schedule|stopping)\.\w+|validate_every): expected a whole number of at least (?P<low>\d+), got .*",
            translatable("This must be a whole number of at least {low}."),
        ),
        (
            r"clipping: sequential update .*",
            translatable(
                "Output first goes with clipping each number only: the norm of all is not known before the last layer."
            ),
        ),
        (
            r"schedule: Rprop .*",
            translatable("Rprop keeps a step for every weight, so there is no schedule for it: choose constant."),
        ),
        (
            r"units: softmax shares 1 .*",
            translatable("Softmax shares 1 among the units of a layer, so it needs at least 2 units."),
        ),
        (
            r".*activation: names a function for each of (?P<count>\d+) units, but the layer has (?P<have>\d+)",
            translatable("There are functions for {count} units, and the layer has {have}."),
        ),
        (
            r"activation: \w+: (?P<parameter>\w+): expected a number above 0, got .*",
            translatable("{parameter} must be above 0."),
        ),
        (r"units: expected .*", translatable("A layer needs at least 1 unit.")),
        (
            r"layers\[\d+\]: a dense layer expects a row .* of (?P<size>\S+): put .*",
            translatable("A dense layer takes a row of numbers; here come images of {size}. Put a flatten before it."),
        ),
        (
            r"layers\[\d+\]: the last layer gives images of (?P<size>\S+); .*",
            translatable("The last layer gives images of {size}. Put a flatten and a dense layer behind it."),
        ),
        (
            r"layers\[\d+\]: (?:a convolution|pooling) expects images .*",
            translatable("Convolution and pooling need images; here comes a row of numbers."),
        ),
        (
            r"layers\[\d+\]\.kernel: (?P<window>\S+) does not fit into an image of (?P<size>\S+)",
            translatable("A window of {window} does not fit into an image of {size}."),
        ),
        (
            r"layers\[\d+\]\.kernel: a window of (?P<window>\S+) leaves nothing of an image of (?P<size>\S+)",
            translatable("A window of {window} leaves nothing of an image of {size}."),
        ),
        (
            r"padding: expected less than the window of (?P<window>[^,]+), .*",
            translatable("The padding must be smaller than the window of {window}: a window must see the image."),
        ),
        (
            r"rate: expected a probability .*",
            translatable("The probability must be at least 0 and below 1; at 1 nothing would be left."),
        ),
        (r"filters: expected .*", translatable("A convolution needs at least 1 filter.")),
        (r"(?:kernel|stride): expected two .*", translatable("Window and stride are whole numbers of at least 1.")),
        (
            r"activation: (?P<name>.*) works on a row of numbers, not on images; .*",
            translatable("{name} works on a row of numbers, not on images. Put it behind a flatten."),
        ),
        (r"layers: expected at least one layer.*", translatable("A network needs at least one layer.")),
        (r"layers\[\d+\]\.name: '(?P<name>.*)' is .*", translatable("Another layer is already called “{name}”.")),
        (
            r"layers: .* needs about (?P<need>\S+) GiB of memory \((?P<count>\S+) .* limit is (?P<limit>\S+) GiB.*",
            translatable("That would need about {need} GiB of memory ({count} parameters); the limit is {limit} GiB."),
        ),
        (
            r"batch_size: (?P<rows>\S+) rows .* about (?P<need>\S+) GiB .* limit is (?P<limit>\S+) GiB.*",
            translatable("{rows} rows at once would need about {need} GiB of memory; the limit is {limit} GiB."),
        ),
        (
            r"batch_size: expected .*",
            translatable("The batch size must be a whole number: 1 or more, or 0 for all rows."),
        ),
        (r"flat_threshold: expected .*", translatable("The threshold must be above 0 and at most 1.")),
        (r"seed: expected .*", translatable("The seed must be a whole number of at least 0.")),
        (r"initializer\.(?:bias_)?std: .*", translatable("The standard deviation must be a number of at least 0.")),
        (r"initializer\.(?:bias_)?limit: .*", translatable("The limit must be a number of at least 0.")),
        (r"initializer\.gain: .*", translatable("The gain must be a number of at least 0.")),
        (r"initializer\.(?:bias_)?value: .*", translatable("The value must be a finite number.")),
        (
            r"network\.inputs: the data has (?P<have>\d+) input columns, got (?P<want>\d+)",
            translatable("The data has {have} inputs, this network takes {want}."),
        ),
        (
            r"network\.layers\[\d+\]\.units: the data has (?P<have>\d+) target columns, got (?P<want>\d+)",
            translatable("The data has {have} targets, so the last layer has {have} units, not {want}."),
        ),
        (
            r"data: row (?P<row>\d+), column (?P<column>.*): binary cross-entropy needs .* got (?P<got>\S+)",
            translatable(
                "Binary cross-entropy needs targets between 0 and 1; row {row} of this data has {got} in “{column}”."
            ),
        ),
        (
            r"data: row (?P<row>\d+), column (?P<column>.*): categorical cross-entropy needs .* got (?P<got>\S+)",
            translatable(
                "Cross-entropy needs targets that are not negative; row {row} of this data has {got} in “{column}”."
            ),
        ),
        (
            r"data: row (?P<row>\d+): categorical cross-entropy with softmax needs .* got (?P<got>\S+)",
            translatable(
                "Cross-entropy with softmax needs the targets of each row to sum to 1: one class out of K. Those of "
                "row {row} sum to {got}."
            ),
        ),
        (
            r"data: row (?P<row>\d+), column (?P<column>.*): a hinge loss needs targets .* got (?P<got>\S+)",
            translatable(
                "A hinge loss needs the targets −1 and +1; row {row} of this data has {got} in “{column}”. Use −1 "
                "where it says 0."
            ),
        ),
        (
            r"data: row (?P<row>\d+), column (?P<column>.*): the multi-class hinge needs .* got (?P<got>\S+)",
            translatable(
                "The multi-class hinge needs one output per class, 1 for the right one and 0 for the others; row "
                "{row} of this data has {got} in “{column}”."
            ),
        ),
        (
            r"data: row (?P<row>\d+): the multi-class hinge needs .* got (?P<got>\S+) of them",
            translatable(
                "The multi-class hinge needs one output per class, 1 for the right one and 0 for the others; row "
                "{row} of this data has {got} of them."
            ),
        ),
        (
            r"loss: (?P<loss>\w+) needs outputs from 0 to 1, which (?P<activation>.*) does not keep to",
            translatable("This loss takes outputs from 0 to 1 only, which {activation} does not keep to. Use sigmoid."),
        ),
        (
            r"loss: (?P<loss>\w+) needs outputs of at least 0, which (?P<activation>.*) does not keep to",
            translatable("This loss takes no outputs below 0, and {activation} has some. Use softmax."),
        ),
        (
            r"(?:strength|weight): expected .*",
            translatable("The strength of a penalty must be a number of at least 0."),
        ),
        (
            r"data: \w+ needs a target column for each of the (?P<count>\d+) classes, .*",
            translatable(
                "This loss needs one target column for each of the {count} classes. Choose the column as a class in "
                "the data."
            ),
        ),
        (
            r"targets: expected 1 and one other number, got (?P<one>\S+) and (?P<other>\S+) .*",
            translatable("These targets are more than yes and no: there are {one} and {other} beside 1."),
        ),
        (
            r"rho: expected .*",
            translatable("The target ρ must lie between 0 and 1: it is the mean output of a unit."),
        ),
        (
            r"decay: expected a number from 0 to below 1.*",
            translatable("The share kept must be at least 0 and below 1; at 1 the mean would never move."),
        ),
        (r"layers: expected one layer or more.*", translatable("A sparsity needs at least one layer.")),
        (
            r"penalties: a Kullback–Leibler sparsity needs outputs from 0 to 1, which (?P<activation>.*) of layer .*",
            translatable(
                "This sparsity takes outputs from 0 to 1 only, which {activation} does not keep to. Use sigmoid there."
            ),
        ),
        (
            r"penalties: expected one running-mean sparsity at most.*",
            translatable("There is a running-mean sparsity already; it can be asked of several layers."),
        ),
        (
            r"loss: delta of huber must be above 0, got .*",
            translatable("Huber's δ must be above 0: it is the distance from which on an error pulls no harder."),
        ),
        (
            r"weights are (?P<first>\S+) … (?P<last>\S+), came (?P<got>.*)",
            translatable("There is no {got}: the weights are {first} … {last}."),
        ),
        (
            r"expected a unit such as (?P<units>.*), came '(?P<got>.*)'",
            translatable("There is no “{got}” here. Units are {units}; weights are w1, w2, …; a step is “step 300”."),
        ),
        (
            r"expected a weight .* such as (?P<bias>.*), came '(?P<got>.*)'",
            translatable("There is no “{got}” here. Biases are called {bias}."),
        ),
        (
            r"no beat '(?P<got>.*)' in this walk; near it: (?P<near>.*)",
            translatable("There is no beat “{got}”. Near it: {near}."),
        ),
    )
)


def plain(error: Exception | str) -> str:
    """The sentence to show for an error of the engine, of the data or of a typed number, in the language in use."""
    if isinstance(error, PlainError):
        return tr(error.sentence, **error.values)
    phrase = getattr(error, "phrase", None)
    if isinstance(phrase, Phrase):
        return phrase.rendered(tr)
    if isinstance(error, DataError):
        values = _translated(error.values)
        said = tr(error.template, **values)
        return f"{said} {tr(error.remedy_template, **values)}" if error.remedy_template else said
    if isinstance(error, FormulaError):
        return _of_formula(error)
    text = str(error)
    for pattern, sentence in _SENTENCES:
        found = pattern.fullmatch(text)
        if found is not None:
            values = found.groupdict()
            return tr(sentence, **values) if values else tr(sentence)
    return tr(re.sub(r"^[a-z_]+(?:\[\d+\])?(?:\.[a-z_]+)*: ", "", text))


def _of_formula(error: FormulaError) -> str:
    """What is wrong with a typed formula, where, and what stands there instead."""
    said = tr(error.sentence, **error.values)
    if error.found:
        said = tr("{said}, not “{found}”", said=said, found=error.found)
    elif error.found is not None:
        said = tr("{said}, but the formula ends here", said=said)
    return said if error.position is None else tr("Character {place}: {said}", place=error.position + 1, said=said)


def told(words: Words) -> str:
    """A sentence of the data, in the language in use."""
    return tr(words.template, **_translated(words.values))


def _translated(values: Mapping[str, object]) -> dict[str, object]:
    """The values of a sentence; those that are words of the program, not of the file, are translated too."""
    return {name: tr(str(value)) if name in OWN_WORDS else value for name, value in values.items()}

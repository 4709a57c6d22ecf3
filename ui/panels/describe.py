"""Words for what an experiment holds: the one place where the left column names layers, losses and rules."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import (
    Activate,
    AvgPool2D,
    Conv2D,
    Dense,
    Dropout,
    Layer,
    MaxPool2D,
    Shape,
    said,
)
from bpstudio.engine.network import Network
from bpstudio.insight import own_names
from bpstudio.insight.conventions import loss_formula
from bpstudio.insight.notation import Notation, small
from bpstudio.insight.own_names import Pairs
from bpstudio.insight.typed_number import shortest
from bpstudio.maths.activations import ACTIVATIONS, FAMILIES, FORMULA
from bpstudio.maths.activations import activation as activation_of
from bpstudio.maths.initializers import BIAS_RULES, WEIGHT_RULES, Initializer
from bpstudio.maths.losses import LOSSES
from bpstudio.maths.losses import loss as loss_named
from bpstudio.training.frame import Frame
from ui.language import tr, translatable

INITIALIZERS = {
    "zeros": translatable("zeros"),
    "constant": translatable("constant"),
    "normal": translatable("normal"),
    "uniform": translatable("uniform"),
    "lecun_normal": translatable("LeCun normal"),
    "lecun_uniform": translatable("LeCun uniform"),
    "xavier_normal": translatable("Xavier normal"),
    "xavier_uniform": translatable("Xavier uniform"),
    "he_normal": translatable("He normal"),
    "he_uniform": translatable("He uniform"),
    "orthogonal": translatable("orthogonal"),
    "nguyen_widrow": "Nguyen–Widrow",
    "nielsen": "Nielsen N(0, 1/√n)",
    "nielsen_large": "Nielsen N(0, 1)",
    "ng": "Ng U(±0.12)",
    "ufldl": "UFLDL",
    "deep_learn_toolbox": "DeepLearnToolbox",
}
BIAS_KINDS = {
    "bias": translatable("bias: + b"),
    "threshold": translatable("threshold: − θ"),
    "none": translatable("none"),
}
_LOSS_WORDS = {
    "half_squared_error": translatable("half squared error"),
    "squared_error": translatable("squared error"),
    "bce": translatable("binary cross-entropy"),
    "categorical_ce": translatable("cross-entropy"),
    "mean_absolute_error": translatable("absolute error"),
    "huber": "Huber",
    "hinge": translatable("hinge"),
    "squared_hinge": translatable("squared hinge"),
    "multiclass_hinge": translatable("multi-class hinge"),
}
LAYER_KINDS = {
    "dense": translatable("dense"),
    "conv2d": translatable("convolution"),
    "maxpool2d": translatable("max pooling"),
    "avgpool2d": translatable("mean pooling"),
    "dropout": translatable("dropout"),
    "activation": translatable("activation alone"),
    "flatten": translatable("flatten"),
}
"""The kinds of layers, in the order in which they are offered."""

_REDUCTIONS = {
    "mean_batch": (translatable("mean over rows"), "C = 1/N Σ ℓ"),
    "mean_all": (translatable("mean over rows and outputs"), "C = 1/(N·K) Σ ℓ"),
    "sum": (translatable("sum over rows"), "C = Σ ℓ"),
}
UPDATE_ORDERS = {
    "simultaneous": translatable("all layers at once"),
    "sequential": translatable("output first (historic)"),
}


_FUNCTIONS = {
    "scaled_tanh": "scaled tanh",
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU",
    "elu": "ELU",
    "selu": "SELU",
    "gelu": "GELU",
    "gelu_tanh": "GELU (tanh)",
    "silu": "SiLU",
    "hard_sigmoid": "hard sigmoid",
    "hard_tanh": "hard tanh",
}
"""Functions that people write otherwise than files do."""
_MOST_FUNCTIONS = 3
_ONE_LINE = 24


def activation(text: str) -> str:
    """What an activation is called: its name as everybody writes it, and the numbers that are not the usual ones."""
    record = activation_of(text)
    if record.units:
        names = list(
            dict.fromkeys("f(z)" if unit.family == FORMULA else activation(unit.name) for unit in record.units)
        )
        return ", ".join([*names[:_MOST_FUNCTIONS], *(["…"] if len(names) > _MOST_FUNCTIONS else [])])
    if record.family == FORMULA:
        return f"f(z) = {record.name[len(FORMULA) + 1 : -1]}"
    usual = FAMILIES[record.family].parameters
    own = [
        f"{parameter.letter} = {shortest(value)}"
        for parameter, (_, value) in zip(usual, record.parameters, strict=True)
        if value != parameter.usual
    ]
    return ", ".join([_FUNCTIONS.get(record.family, record.family), *own])


def activations(is_row: bool) -> list[tuple[object, str]]:
    """What a layer can do with its weighted input; softmax is for rows of numbers."""
    return [(name, activation(name)) for name, record in ACTIVATIONS.items() if is_row or record.elementwise]


def initializers() -> list[tuple[object, str]]:
    """Rules for weights."""
    return [(rule, tr(INITIALIZERS[rule])) for rule in WEIGHT_RULES]


def bias_kinds() -> list[tuple[object, str]]:
    """What a layer may add to its weighted sums."""
    return [(kind, tr(words)) for kind, words in BIAS_KINDS.items()]


def bias_rules() -> list[tuple[object, str]]:
    """Rules for biases."""
    return [(rule, tr(INITIALIZERS[rule])) for rule in BIAS_RULES]


def loss_words(loss: str) -> str:
    """The name of a loss."""
    return tr(_LOSS_WORDS[loss_named(loss).family])


def losses(notation: Notation) -> list[tuple[object, str]]:
    """The short ones by their formula, the long ones by name."""
    is_short = {"half_squared_error", "squared_error", "mean_absolute_error"}
    return [(name, loss_formula(name, notation) if name in is_short else loss_words(name)) for name in LOSSES]


def reductions() -> list[tuple[object, str]]:
    """How the rows' costs become one number."""
    return [(name, tr(words)) for name, (words, _) in _REDUCTIONS.items()]


def update_orders() -> list[tuple[object, str]]:
    """When a layer's weights change."""
    return [(name, tr(words)) for name, words in UPDATE_ORDERS.items()]


def objective(reduction: str) -> str:
    """How the costs ℓ of N rows (with K outputs) become one number."""
    return _REDUCTIONS[reduction][1]


def subscripted(name: str) -> str:
    """A short name with its number below the line: i1 is i₁; everything else stays."""
    found = re.fullmatch(r"([A-Za-z]{1,6})(\d{1,2})", name)
    return found[1] + small(int(found[2])) if found else name


def input_names(dataset: Dataset, names: Pairs) -> list[str]:
    """What each input is called: by the person, else by the data."""
    own = dict(names)
    return [
        own_names.text(own[f"i{place}"]) if f"i{place}" in own else subscripted(name)
        for place, name in enumerate(dataset.input_names, 1)
    ]


def together(text: str) -> str:
    """The text without places where a line may end."""
    return text.replace(" ", "\u00a0")


def layer_title(network: Network, index: int) -> str:
    """ "Layer 1 · hidden · 2 units"; index counts from 0."""
    layer = network.layers[index]
    parts = [layer.name or tr("Layer {number}", number=index + 1)]
    if isinstance(layer, Dense):
        parts.append(tr("output") if index == len(network.layers) - 1 else tr("hidden"))
    else:
        parts.append(tr(LAYER_KINDS[layer.kind]))
    parts.append(extent(network.shapes[index + 1]))
    return " · ".join(together(part) for part in parts if part)


def extent(shape: Shape) -> str:
    """How much one row of a layer is, in words: "4 units", or "6 maps 12×12"."""
    if len(shape) == 1:
        return units(shape[0])
    maps, size = shape[0], said(shape[1:])
    return tr("1 map {size}", size=size) if maps == 1 else tr("{count} maps {size}", count=maps, size=size)


def units(count: int) -> str:
    """How many units, in words."""
    return tr("1 unit") if count == 1 else tr("{count} units", count=f"{count:,}")


_FROZEN = {
    "bias": (translatable("biases frozen ❄ {value}"), translatable("biases frozen ❄")),
    "threshold": (translatable("thresholds frozen ❄ {value}"), translatable("thresholds frozen ❄")),
}


def layer_facts(frame: Frame, index: int) -> str:
    """Activation, and what is frozen at which value, or else how the layer started."""
    layer = frame.experiment.network.layers[index]
    if not layer.has_weights:
        return " · ".join(together(fact) for fact in _fixed_facts(layer))
    facts = [activation(layer.activation)]
    if isinstance(layer, Conv2D):
        facts.insert(0, tr("window {size}", size=said(layer.kernel)))
    if not layer.train_weights:
        facts.append(tr("weights frozen ❄"))
    if not layer.has_bias:
        facts.append(tr("no biases"))
    elif layer.train_bias and layer.bias == "threshold":
        facts.append(tr("thresholds"))
    elif not layer.train_bias:
        one, many = _FROZEN[layer.bias]
        biases = np.asarray(frame.params.b[index])
        shared = bool(np.all(biases == biases[0]))
        facts.append(tr(one, value=aligned([float(biases[0])], least=2)[0]) if shared else tr(many))
    if len(facts) == 1:
        facts.append(initializer_name(layer.initializer))
    # A long formula may be broken like any text.
    return " · ".join(together(fact) if len(fact) <= _ONE_LINE else fact for fact in facts)


def _fixed_facts(layer: Layer) -> list[str]:
    """What a layer without weights does."""
    if isinstance(layer, (MaxPool2D, AvgPool2D)):
        return [tr("window {size}", size=said(layer.kernel)), tr("stride {size}", size=said(layer.stride))]
    if isinstance(layer, Dropout):
        return [tr("drops {share}", share=f"{layer.rate:.3g}"), *([tr("given masks")] if layer.masks else [])]
    return [activation(layer.activation)] if isinstance(layer, Activate) else [tr("row by row, map by map")]


def initializer_name(initializer: Initializer) -> str:
    """The rule for weights, with its deviation where it has one."""
    if initializer.weights == "normal":
        return tr("normal, σ {std}", std=shortest(initializer.std))
    if initializer.rule.parameter:
        return f"{tr(INITIALIZERS[initializer.weights])}, {initializer.formula}"
    return tr(INITIALIZERS[initializer.weights])


def aligned(values: Sequence[float], least: int = 0, most: int = 4) -> list[str]:
    """Numbers with the same few decimals, so that they can be compared: 0.05 and 0.10. Large or tiny ones differ."""
    sane = [value for value in values if value == 0 or 1e-4 <= abs(value) < 1e6]
    decimals = next(
        (count for count in range(least, most) if all(abs(round(v, count) - v) <= 1e-9 * abs(v) for v in sane)), most
    )
    return [f"{v:.{decimals}f}" if v in sane else shortest(float(f"{v:.4g}")) for v in values]

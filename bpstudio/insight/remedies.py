"""What can be done about a run, as data: an edit of what is trained, on what, and from where.

A remedy always begins again at step 0, so that the new curve can be laid over the old one. Layers that it does not
touch keep the start weights of the run; the others are drawn from the seed.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from bpstudio.data.dataset import Dataset
from bpstudio.data.standardizing import standardizable, standardized
from bpstudio.engine.layers import Activate, Conv2D, Dense, Layer
from bpstudio.engine.passes import weighted_inputs
from bpstudio.engine.trace import Params, draw_params
from bpstudio.insight.phrase import Phrase
from bpstudio.insight.unit_curve import flat_ends
from bpstudio.maths.activations import Activation, activation
from bpstudio.maths.initializers import Initializer
from bpstudio.training.clipping import ClipByNorm
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame

SMALLER = 10.0
"""A remedy divides the learning rate by this."""
CLIP = 1.0
"""A remedy keeps the gradient as short as this."""
_SOME_ROWS = 256
"""Rows that tell how a remedy would begin."""


_OPEN = ("relu", "leaky_relu", "elu", "gelu", "gelu_tanh", "silu", "softplus")
"""Functions that let the upper half of the line through."""
_FLAT = 0.1


@dataclass(frozen=True)
class Remedy:
    """One edit. `words` is what a button says, `edit` the name for undo (an English template, to be translated).

    layers        numbers from 0 of the layers whose activation and initialiser change
    activation    their new activation ("": as it is)
    weights       their new rule for start weights, with biases at zero ("": as it is)
    rate          the new learning rate (0: as it is)
    loss          the new loss ("": as it is)
    clip          the greatest norm of the gradient (0: as it is)
    reseed        whether every start weight is drawn anew, from the next seed
    columns       numbers from 0 of the inputs that are standardised
    """

    words: Phrase
    edit: str
    layers: tuple[int, ...] = ()
    activation: str = ""
    weights: str = ""
    rate: float = 0.0
    clip: float = 0.0
    loss: str = ""
    reseed: bool = False
    columns: tuple[int, ...] = ()

    def experiment(self, old: Experiment) -> Experiment:
        """The experiment with this edit; everything that it does not name stays."""
        layers = [
            self._layer(layer) if number in self.layers else layer for number, layer in enumerate(old.network.layers)
        ]
        new = old.replace(network=dataclasses.replace(old.network, layers=tuple(layers)))
        if self.rate:
            new = new.replace(optimizer=dataclasses.replace(old.optimizer, rate=self.rate))
        if self.clip:
            new = new.replace(clipping=ClipByNorm(self.clip))
        if self.loss:
            new = new.replace(loss=self.loss)
        return new.replace(seed=old.seed + 1) if self.reseed else new

    def dataset(self, old: Dataset) -> Dataset:
        """The dataset with this edit; the same one where it is not about the data."""
        for column in self.columns:
            old = standardized(old, column)
        return old

    def begin(self, frame: Frame) -> tuple[Experiment, Dataset, Params]:
        """What to begin again with: experiment, data, start values."""
        old, new = frame.experiment, self.experiment(frame.experiment)
        drawn = draw_params(new.network, new.seed)
        origin = frame.start
        if self.reseed or origin is None or not origin.fits(new.network):
            return new, self.dataset(frame.dataset), drawn
        pairs = zip(old.network.layers, new.network.layers, origin, drawn, strict=True)
        values = [kept if was.initializer == now.initializer else fresh for was, now, kept, fresh in pairs]
        return new, self.dataset(frame.dataset), Params.from_layers(new.network, values)  # type: ignore[arg-type]

    def _layer(self, old: Layer) -> Layer:
        rule = Initializer(self.weights) if self.weights else old.initializer
        if not isinstance(old, (Dense, Conv2D)):
            return dataclasses.replace(old, activation=self.activation) if isinstance(old, Activate) else old
        return dataclasses.replace(old, activation=self.activation or old.activation, initializer=rule)


def relu_with_he(layers: tuple[int, ...]) -> Remedy:
    """ReLU in these layers, with the start that makes up for its silent half (He et al. 2015)."""
    words = _in_layers("ReLU in layer {layers}, He start", "ReLU in layers {layers}, He start", layers)
    return Remedy(words, "ReLU with He start", layers, activation="relu", weights="he_normal")


def with_tanh(layers: tuple[int, ...]) -> Remedy:
    """tanh in these layers: the same shape as a sigmoid, with slope 1 in the middle; the start weights stay."""
    words = _in_layers("tanh in layer {layers}, same start", "tanh in layers {layers}, same start", layers)
    return Remedy(words, "tanh, same start", layers, activation="tanh")


def with_sigmoid(layers: tuple[int, ...]) -> Remedy:
    """A sigmoid in these layers: a step with a slope; the start weights stay."""
    words = _in_layers("sigmoid in layer {layers}, same start", "sigmoid in layers {layers}, same start", layers)
    return Remedy(words, "sigmoid, same start", layers, activation="sigmoid")


def scaled_start(experiment: Experiment, layers: tuple[int, ...]) -> Remedy | None:
    """Start weights whose spread suits the layer (He for ReLU, else Xavier); None where they have it already."""
    own = [experiment.network.layers[number] for number in layers]
    rules = {_suited(activation(layer.activation)) for layer in own}
    if len(rules) > 1 or all(layer.initializer.weights.split("_")[0] in ("xavier", "he", "lecun") for layer in own):
        return None
    rule = rules.pop()
    name = {"he": "He", "lecun": "LeCun"}.get(rule.split("_")[0], "Xavier")
    words = _in_layers("{name} start in layer {layers}", "{name} start in layers {layers}", layers, name=name)
    return Remedy(words, "another start", layers, weights=rule)


def new_start(experiment: Experiment) -> Remedy:
    """Other start weights; drawn by a rule that breaks the symmetry where all were zero."""
    zero = tuple(n for n, layer in enumerate(experiment.network.layers) if layer.initializer.is_equal)
    seed = Phrase("New start, seed {seed}", {"seed": str(experiment.seed + 1)})
    return Remedy(seed, "new start", zero, weights="xavier_normal" if zero else "", reseed=True)


def smaller_rate(experiment: Experiment) -> Remedy:
    """A tenth of the learning rate."""
    rate = float(f"{experiment.optimizer.rate / SMALLER:.12g}")
    return Remedy(Phrase("Begin again with η = {rate}", {"rate": f"{rate:g}"}), "smaller learning rate", rate=rate)


def shorter_steps(experiment: Experiment) -> Remedy | None:
    """The same rate for a gradient that is shortened where it is long (Pascanu, Mikolov and Bengio 2013); None where
    it is clipped already, where the rule divides by its length anyway, where a step would still be long, or where the
    order of updating knows no gradient of all layers.
    """
    rule = experiment.optimizer
    scaled = rule.name in ("sgd", "momentum", "nesterov") and rule.rate * CLIP <= 1
    if experiment.clipping is not None or experiment.update_order == "sequential" or not scaled:
        return None
    words = Phrase("Clip the gradient: ‖g‖ ≤ {norm}", {"norm": f"{CLIP:g}"})
    return Remedy(words, "clipped gradient", clip=CLIP)


def cross_entropy(experiment: Experiment, dataset: Dataset) -> Remedy | None:
    """The loss in whose δ a sigmoid's slope cancels; None where targets or output do not allow it."""
    y = dataset.y
    if experiment.network.layers[-1].activation != "sigmoid" or experiment.loss == "bce" or y.min() < 0 or y.max() > 1:
        return None
    return Remedy(Phrase("Cross-entropy: δ = a − y"), "cross-entropy", loss="bce")


def standardise(dataset: Dataset, columns: tuple[int, ...]) -> Remedy | None:
    """Mean 0 and deviation 1 for those of these inputs that can be scaled; None where there is none."""
    able = tuple(column for column in columns if standardizable(dataset, column))
    if not able:
        return None
    words = Phrase("Standardise {column}", {"column": dataset.input_names[able[0]]})
    if len(able) > 1:
        words = Phrase("Standardise {count} inputs", {"count": str(len(able))})
    return Remedy(words, "standardise", columns=able)


def another_activation(frame: Frame, layers: tuple[int, ...]) -> tuple[Remedy, ...]:
    """Activations with a steeper slope for these layers, the surest first."""
    specs = frame.experiment.network.layers
    own = tuple(n for n in layers if _is_squashing(activation(specs[n].activation)))
    if not own:
        return ()
    relu, sigmoids = relu_with_he(own), tuple(n for n in own if specs[n].activation == "sigmoid")
    return (*(() if _stillborn(relu, frame) else (relu,)), *((with_tanh(sigmoids),) if sigmoids else ()))


def _is_squashing(function: Activation) -> bool:
    """Whether it is flat towards both sides, so that a function with one open side lets more of the error through."""
    return not function.has_gradient or all(np.isfinite(flat_ends(function, _FLAT)))


def _suited(function: Activation) -> str:
    """The rule for start weights that suits a function: He where half of the line is let through, LeCun for SELU."""
    if function.family == "selu":
        return "lecun_normal"
    return "he_normal" if function.family in _OPEN else "xavier_normal"


def _stillborn(remedy: Remedy, frame: Frame) -> bool:
    """Whether half of the units of a layer, or more, would be off for every row from the beginning."""
    experiment, dataset, start = remedy.begin(frame)
    z, _ = weighted_inputs(experiment.network, start, dataset.x[dataset.train[:_SOME_ROWS]])
    return any(2 * np.count_nonzero((z[layer] <= 0).all(axis=0)) >= z[layer].shape[1] for layer in remedy.layers)


def _in_layers(one: str, several: str, layers: tuple[int, ...], **values: str) -> Phrase:
    """A sentence about one layer, or about several."""
    return Phrase(one if len(layers) == 1 else several, {"layers": spans(layers), **values})


def spans(layers: tuple[int, ...]) -> str:
    """Numbers of layers as a person counts them: 1, or 1–10."""
    first, last = layers[0] + 1, layers[-1] + 1
    if first == last:
        return str(first)
    if last - first + 1 == len(layers):
        return f"{first}–{last}"
    return ", ".join(str(number + 1) for number in layers)

"""What each source means by the same words: named sets of conventions.

"Mean squared error", "momentum 0.9" and "L2 of 0.01" are other numbers in Nielsen's book, in DeepLearnToolbox and in
PyTorch.

Sources: Nielsen, *Neural Networks and Deep Learning* (2015); Mazur, *A Step by Step Backpropagation Example* (2015) and
its corrected program; Ng, *Machine Learning* (2011), exercises 3 and 4; Palm, DeepLearnToolbox (2012); Ng et al., UFLDL
(2011); Jia et al., Caffe (2014); Paszke et al., PyTorch (2019); Chollet et al., Keras (2015); Pedregosa et al.,
scikit-learn (2011).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bpstudio.data.dataset import Dataset
from bpstudio.insight.convention_rules import ConventionSet, Writing
from bpstudio.insight.phrase import Phrase, plain
from bpstudio.training.experiment import Experiment

_ROWS_OF_OUTPUTS: Mapping[str, Any] = MappingProxyType({"samples": "rows", "weight_layout": "out_in"})
_COLUMNS: Mapping[str, Any] = MappingProxyType({"samples": "columns", "weight_layout": "out_in"})
_OUTSIDE = MappingProxyType(dict.fromkeys(("adagrad", "rmsprop", "adam", "adamw"), "outside"))
_CAFFE = MappingProxyType({"adagrad": "outside", "rmsprop": "outside", "adam": "hat"})
_KERAS = MappingProxyType({"adagrad": "inside", "rmsprop": "inside", "adam": "hat", "adamw": "hat"})
_PER_ROW: Mapping[str, Any] = MappingProxyType({"delta_sign": 1, "scale_delta": "row"})
_WITH_MEAN: Mapping[str, Any] = MappingProxyType({"delta_sign": 1, "scale_delta": "batch"})
_MEANS = ("mean_batch", "mean_batch")

SETS: Mapping[str, ConventionSet] = MappingProxyType(
    {
        made.name: made
        for made in (
            ConventionSet(
                "nielsen",
                plain("Nielsen"),
                Phrase("δ of each sample, divided by the batch in the update; λ/2n with the size of the training set."),
                {**_PER_ROW, **_COLUMNS},
                squared="half_squared_error",
                losses=("half_squared_error", "bce", "categorical_ce"),
                reductions=_MEANS,
                bias="bias",
                trains_bias=True,
                l2="half_training_rows",
                start=("nielsen", "nielsen_large"),
            ),
            ConventionSet(
                "mazur_printed",
                Phrase("Mazur, as printed"),
                Phrase(
                    "One sample, frozen biases. The first program carried the error back through weights that were "
                    "already updated: the gradient of nothing."
                ),
                {**_PER_ROW, **_ROWS_OF_OUTPUTS},
                squared="half_squared_error",
                losses=("half_squared_error",),
                bias="bias",
                trains_bias=False,
                order="sequential",
                batch_size=1,
                rate=0.5,
            ),
            ConventionSet(
                "mazur_corrected",
                Phrase("Mazur, corrected"),
                Phrase("The same example with all gradients from the same weights, as the corrected program has it."),
                {**_PER_ROW, **_ROWS_OF_OUTPUTS},
                squared="half_squared_error",
                losses=("half_squared_error",),
                bias="bias",
                trains_bias=False,
                batch_size=1,
                rate=0.5,
            ),
            ConventionSet(
                "ng",
                plain("Ng"),
                Phrase(
                    "J has 1/m in front; Δ gathers the samples and D = Δ/m. The bias is the column of Θ for a₀ = 1, "
                    "which λ/2m leaves out."
                ),
                {**_PER_ROW, **_ROWS_OF_OUTPUTS},
                losses=("bce",),
                reductions=_MEANS,
                bias="bias",
                l2="half_training_rows",
                start=("ng",),
            ),
            ConventionSet(
                "deep_learn_toolbox",
                plain("DeepLearnToolbox"),
                Phrase(
                    "e = y − a, 1/m in dW, the bias in the first column of W. L2 and sparsity stand in the gradient "
                    "only; kernels are turned, dropout is not scaled while training."
                ),
                {**_PER_ROW, **_ROWS_OF_OUTPUTS},
                squared="half_squared_error",
                losses=("half_squared_error", "categorical_ce"),
                reductions=_MEANS,
                bias="bias",
                l2="update",
                decays=False,
                sparsity="running",
                velocity="inside",
                start=("deep_learn_toolbox",),
                mode="convolution",
                inverted=False,
            ),
            ConventionSet(
                "ufldl",
                plain("UFLDL"),
                Phrase("Mean over the batch, λ/2 without biases, sparsity of the batch's mean activation."),
                {**_PER_ROW, **_COLUMNS},
                squared="half_squared_error",
                losses=("half_squared_error",),
                reductions=_MEANS,
                bias="bias",
                l2="half",
                sparsity="kl",
                start=("ufldl",),
            ),
            ConventionSet(
                "caffe",
                plain("Caffe"),
                Phrase("1/N in δ, weight decay in the update, η inside the velocity, pooled sizes rounded up."),
                {**_WITH_MEAN, **_ROWS_OF_OUTPUTS},
                squared="half_squared_error",
                reductions=_MEANS,
                bias="bias",
                l2="update",
                decays=True,
                velocity="inside",
                epsilon=_CAFFE,
                accumulator=0.0,
                clip=0.0,
                mode="cross_correlation",
                rounds_up=True,
                inverted=True,
                inv=True,
            ),
            ConventionSet(
                "pytorch",
                plain("PyTorch"),
                Phrase(
                    "The squared error has no ½ and is a mean over all outputs of all rows; η outside the velocity."
                ),
                {**_WITH_MEAN, **_ROWS_OF_OUTPUTS},
                squared="squared_error",
                reductions=("mean_all", "mean_batch"),
                bias="bias",
                l2="update",
                decays=True,
                velocity="outside",
                epsilon=_OUTSIDE,
                accumulator=0.0,
                clip=1e-6,
                mode="cross_correlation",
                rounds_up=False,
                inverted=True,
            ),
            ConventionSet(
                "keras",
                plain("Keras"),
                Phrase("W is (in, out), λ Σw² stands in the loss, and ε under the root."),
                {**_WITH_MEAN, "samples": "rows", "weight_layout": "in_out"},
                squared="squared_error",
                reductions=("mean_all", "mean_batch"),
                bias="bias",
                l2="plain",
                velocity="inside",
                epsilon=_KERAS,
                accumulator=0.1,
                mode="cross_correlation",
                inverted=True,
            ),
            ConventionSet(
                "scikit_learn",
                plain("scikit-learn"),
                Phrase(
                    "It prints half the mean over all outputs and differentiates the half squared error of each row; "
                    "alpha/2n with the rows of the batch; momentum looks ahead."
                ),
                {**_PER_ROW, "samples": "rows", "weight_layout": "in_out"},
                squared="half_squared_error",
                losses=("half_squared_error", "bce", "categorical_ce"),
                reductions=_MEANS,
                bias="bias",
                l2="half_batch_rows",
                velocity="inside",
                nesterov=True,
                epsilon=MappingProxyType({"adam": "hat"}),
            ),
            ConventionSet(
                "thresholds",
                Phrase("Text with thresholds"),
                Phrase("z = Wx − θ, and ∂C/∂θ is minus the sum of δ."),
                {"delta_sign": 1, **_COLUMNS},
                squared="half_squared_error",
                losses=("half_squared_error",),
                bias="threshold",
            ),
            ConventionSet(
                "index_derivation",
                Phrase("Classic index derivation"),
                Phrase(
                    "δ = (t − o) f′(net) has the other sign: w ← w + η δ o. "
                    "The bias comes from a unit that is always 1."
                ),
                {"delta_sign": -1, **_ROWS_OF_OUTPUTS},
                squared="half_squared_error",
                losses=("half_squared_error",),
                bias="bias",
                velocity="inside",
            ),
        )
    }
)
"""The sets by name, in the order in which they are offered."""


def is_current(one: ConventionSet, experiment: Experiment, dataset: Dataset, writing: Writing) -> bool:
    """Whether nothing would change; the data are only asked where nothing but the loss would."""
    if one.written(writing) != writing or not one.has_loss(experiment):
        return False
    try:
        return one.leaves(experiment, len(dataset.train)) and one.applied(experiment, dataset) == experiment
    except ValueError:
        return False

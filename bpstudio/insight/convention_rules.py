"""What a source says about all conventions at once, and what becomes of an experiment by it.

A set changes what its source says something about and leaves everything else as it is. The numbers of the words (η, μ,
λ, ρ) stay what they were; what they multiply may be another thing afterwards.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import AvgPool2D, Conv2D, Dropout, Layer, MaxPool2D
from bpstudio.insight.conventions import batch_rows
from bpstudio.insight.notation import Notation
from bpstudio.insight.phrase import Phrase
from bpstudio.maths.activations import activation
from bpstudio.maths.losses import loss as loss_named
from bpstudio.maths.penalties import L2, KLSparsity, Penalty, RunningSparsity
from bpstudio.training.carry import check_fit
from bpstudio.training.clipping import ClipByNorm
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import Momentum, Nesterov
from bpstudio.training.schedules import Inv, InverseTime

SQUARED = ("half_squared_error", "squared_error")


@dataclass(frozen=True)
class Writing:
    """What is written and touches nothing that is computed: the sign of δ, whether δ has the factor of the mean in it,
    whether samples are rows or columns, and which way round W stands.
    """

    delta_sign: int = 1
    scale_delta: str = "row"
    samples: str = "rows"
    weight_layout: str = "out_in"

    @classmethod
    def of(cls, notation: Notation, scale_delta: str) -> Writing:
        """The writing of a notation, with "row" or "batch" for δ without or with the factor of the mean."""
        return cls(notation.delta_sign, scale_delta, notation.samples, notation.weight_layout)

    def values(self) -> dict[str, Any]:
        """The fields by name."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class ConventionSet:
    """What one source says; None or nothing where it says nothing.

    squared     which squared error it means by one; losses: all that it has, when it has no others
    reductions  1/N: for losses of elements, and for those of whole rows
    bias        "bias" or "threshold"; trains_bias: whether it is trained
    order       of updating; batch_size and rate: of the one example that is worked through
    l2          a form of the penalty L2, or "update": the optimiser's weight decay
    decays      whether that decay takes biases too
    sparsity    "kl" or "running"
    velocity    where η is; nesterov: whether momentum looks ahead
    epsilon     where ε is, by the name of the rule; accumulator: where AdaGrad begins
    clip        ε of clipping by the norm
    start       rules for weights, the first of which is taken where none of them is in use
    mode        of convolutions; rounds_up: pooled sizes; inverted: dropout
    inv         whether a rate that falls with time is written as "inv"
    """

    name: str
    title: Phrase
    note: Phrase
    writing: Mapping[str, Any]
    squared: str = ""
    losses: tuple[str, ...] = ()
    reductions: tuple[str, str] | None = None
    bias: str = ""
    trains_bias: bool | None = None
    order: str = "simultaneous"
    batch_size: int | None = None
    rate: float | None = None
    l2: str = ""
    decays: bool | None = None
    sparsity: str = ""
    velocity: str = ""
    nesterov: bool = False
    epsilon: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    accumulator: float | None = None
    clip: float | None = None
    start: tuple[str, ...] = ()
    mode: str = ""
    rounds_up: bool | None = None
    inverted: bool | None = None
    inv: bool = False

    def written(self, present: Writing) -> Writing:
        """How arrays and δ are written by this source."""
        return dataclasses.replace(present, **self.writing)

    def applied(self, experiment: Experiment, dataset: Dataset, with_start: bool = True) -> Experiment:
        """The experiment by this source. A loss that the data or the outputs do not take stays as it was, and the start
        rules with ``with_start`` off. Raises ValueError where what else is set does not go with it.
        """
        changed = self._without_loss(experiment, len(dataset.train), with_start)
        for name in self._losses_for(experiment):
            made = changed.replace(loss=name, reduction=self._reduction(name, experiment))
            try:
                check_fit(made, dataset)
            except ValueError:
                continue
            return made
        return changed

    def has_loss(self, experiment: Experiment) -> bool:
        """Whether the source has the loss of an experiment, as far as it says which it has."""
        return not self.losses or loss_named(experiment.loss).family in self.losses

    def leaves(self, experiment: Experiment, training_rows: int) -> bool:
        """Whether everything but the loss and its mean stays as it is."""
        return self._without_loss(experiment, training_rows, with_start=True) == experiment

    # ---- the loss

    def _losses_for(self, experiment: Experiment) -> list[str]:
        """The losses to try: what is meant by the present one, then what the source has for these outputs."""
        present = experiment.loss
        meant = self.squared if self.squared and present in SQUARED else present
        if self.has_loss(experiment.replace(loss=meant)):
            return [meant]
        is_softmax = activation(experiment.network.layers[-1].activation).family == "softmax"
        return sorted(self.losses, key=lambda name: (name == "categorical_ce") != is_softmax)

    def _reduction(self, name: str, experiment: Experiment) -> str:
        if self.reductions is None:
            return experiment.reduction
        return self.reductions[loss_named(name).of_rows]

    # ---- everything else

    def _without_loss(self, experiment: Experiment, training_rows: int, with_start: bool) -> Experiment:
        changes: dict[str, Any] = {"update_order": self.order}
        layers = tuple(self._layer(layer, with_start) for layer in experiment.network.layers)
        if layers != experiment.network.layers:
            changes["network"] = dataclasses.replace(experiment.network, layers=layers)
        if self.batch_size is not None and batch_rows(experiment, training_rows) != self.batch_size:
            changes["batch_size"] = self.batch_size
        changes["optimizer"], changes["penalties"] = self._decayed(experiment)
        changes["optimizer"] = self._rule(changes["optimizer"])
        if self.clip is not None and isinstance(experiment.clipping, ClipByNorm):
            changes["clipping"] = dataclasses.replace(experiment.clipping, epsilon=self.clip)
        if self.inv and isinstance(experiment.schedule, InverseTime):
            changes["schedule"] = Inv(experiment.schedule.decay, 1.0)
        return experiment.replace(**changes)

    def _layer(self, layer: Layer, with_start: bool) -> Layer:
        changes: dict[str, Any] = {}
        if layer.has_weights and layer.has_bias:
            if self.bias:
                changes["bias"] = self.bias
            if self.trains_bias is not None:
                changes["train_bias"] = self.trains_bias
        if layer.has_weights and with_start and self.start and layer.initializer.weights not in self.start:
            changes["initializer"] = dataclasses.replace(layer.initializer, weights=self.start[0])
        if self.mode and isinstance(layer, Conv2D):
            changes["mode"] = self.mode
        if self.rounds_up is not None and isinstance(layer, MaxPool2D | AvgPool2D):
            changes["ceil_mode"] = self.rounds_up
        if self.inverted is not None and isinstance(layer, Dropout):
            changes["inverted"] = self.inverted
        return dataclasses.replace(layer, **changes) if changes else layer

    def _decayed(self, experiment: Experiment) -> tuple[Any, tuple[Penalty, ...]]:
        """Optimiser and penalties with L2 where this source has it, of the same strength."""
        rule, penalties = experiment.optimizer, tuple(map(self._sparse, experiment.penalties))
        weights = [one for one in penalties if isinstance(one, L2)]
        coupled = 0.0 if rule.decoupled else rule.weight_decay
        if self.l2 == "update":
            if rule.weight_decay or weights:
                decays = rule.decay_biases if self.decays is None else self.decays
                rule = dataclasses.replace(rule, decay_biases=decays)
            if weights and not rule.decoupled:
                strength = coupled + sum(one.strength for one in weights)
                rule = dataclasses.replace(rule, weight_decay=strength)
                penalties = tuple(one for one in penalties if not isinstance(one, L2))
        elif self.l2 and (weights or coupled):
            strength = coupled + sum(one.strength for one in weights)
            made = L2(strength, self.l2)
            place = penalties.index(weights[0]) if weights else len(penalties)
            others = [one for one in penalties if not isinstance(one, L2)]
            penalties = (*others[:place], made, *others[place:])
            if coupled:
                plain_rule = {"weight_decay": 0.0, "decay_biases": True}
                rule = dataclasses.replace(rule, **plain_rule)  # type: ignore[arg-type]
        return rule, penalties

    def _sparse(self, penalty: Penalty) -> Penalty:
        if self.sparsity == "kl" and isinstance(penalty, RunningSparsity):
            return KLSparsity(penalty.weight, penalty.rho, penalty.layers)
        if self.sparsity == "running" and isinstance(penalty, KLSparsity):
            return RunningSparsity(penalty.weight, penalty.rho, penalty.layers)
        return penalty

    def _rule(self, rule: Any) -> Any:
        """The optimiser with η and ε where this source has them."""
        changes: dict[str, Any] = {}
        if self.rate is not None:
            changes["rate"] = self.rate
        if self.nesterov and isinstance(rule, Momentum):
            rule = Nesterov(**{one.name: getattr(rule, one.name) for one in dataclasses.fields(rule)})
        if self.velocity and isinstance(rule, Momentum | Nesterov):
            changes["velocity"] = self.velocity
        if rule.name in self.epsilon:
            changes["epsilon_form"] = self.epsilon[rule.name]
        if self.accumulator is not None and rule.name == "adagrad":
            changes["initial_accumulator"] = self.accumulator
        return dataclasses.replace(rule, **changes) if changes else rule

"""A new value is judged by the rule that makes it, whichever it is."""

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.altered import Asked
from bpstudio.insight.elements import BIAS, Edge, WholeBatch
from bpstudio.insight.stepping import update_of
from bpstudio.insight.suspects import Case
from bpstudio.training.clipping import ClipByNorm, ClipByValue
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import OPTIMIZERS, Adam, AdamW, Momentum, Optimizer
from bpstudio.training.schedules import Constant, Exponential
from bpstudio.training.session import Session

RULES = [kind(0.05, bias_rate=2.0, weight_decay=0.1) for kind in OPTIMIZERS.values()]
RULES += [Momentum(0.1, velocity="inside"), Adam(0.05, epsilon_form="hat", amsgrad=True), AdamW(0.05, weight_decay=0.3)]


@pytest.mark.parametrize("clipping", [None, ClipByValue(0.3), ClipByNorm(0.2)], ids=repr)
@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_the_recorded_gradient_gives_the_recorded_update(
    rule: Optimizer, clipping: ClipByNorm | ClipByValue | None
) -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(9, 3))
    data = Dataset.from_arrays(x, np.tanh(x[:, :2]), task="regression")
    network = Network(3, (Dense(3, "tanh"), Dense(2, "identity")))
    schedule = Constant() if rule.name == "rprop" else Exponential(0.9)
    experiment = Experiment(network, optimizer=rule, batch_size=4, clipping=clipping, schedule=schedule)
    session = Session(experiment, data)
    session.run(6)
    frame = session.frame()
    for edge in (Edge(1, 0, 0), Edge(2, 1, BIAS)):
        here = frame.trace.layers[edge.layer - 1]
        g = here.db[edge.to] if edge.is_bias else here.dW[edge.to, edge.source]
        wanted = here.update_b[edge.to] if edge.is_bias else here.update_W[edge.to, edge.source]
        assert update_of(frame, edge, np.array([g, 2 * g]))[0] == pytest.approx(wanted, rel=1e-11)
        case = Case(frame, WholeBatch(), Asked(edge, "new"))
        new = case.moved(case.velocity(np.array([g]), {}), {})
        assert new[0] == pytest.approx(case.views[0].truth, rel=1e-11)

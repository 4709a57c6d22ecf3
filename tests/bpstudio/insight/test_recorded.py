"""A typed number is compared with the right one whatever the layers are; only what went wrong is not looked for."""

from typing import Any

import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Activate, AvgPool2D, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.insight.altered import Asked
from bpstudio.insight.chain import judge_text
from bpstudio.insight.elements import BIAS, Edge, Example, LossNode, Probe, Row, Unit, WholeBatch
from bpstudio.insight.recognition import quantities, recognised
from bpstudio.insight.recorded import is_dense, pass_of
from bpstudio.insight.rounding import student_rounding
from bpstudio.insight.suspects import Case
from bpstudio.insight.verdict import judge
from bpstudio.maths.penalties import L2
from bpstudio.training.experiment import Experiment
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import Adam
from bpstudio.training.session import Session

LAYERS = (
    Conv2D(2, (2, 2), padding=(1, 1), activation="tanh"),
    MaxPool2D((2, 2), (1, 1)),
    Conv2D(3, (3, 3), stride=(2, 2), activation="leaky_relu(slope=0.2)", bias="threshold", mode="convolution"),
    AvgPool2D((2, 2), (1, 1), padding=(1, 1)),
    Flatten(),
    Activate("sigmoid"),
    Dropout(0.25),
    Dense(4, "softmax"),
    Dense(2, "tanh"),
)


def stepped(**changes: Any) -> Frame:
    rng = np.random.default_rng(5)
    data = Dataset.from_arrays(rng.normal(size=(6, 25)), rng.uniform(-0.9, 0.9, size=(6, 2)))
    session = Session(Experiment(Network(25, LAYERS, (5, 5)), batch_size=3, seed=2, **changes), data)
    session.run(2)
    return session.frame()


FRAME = stepped()


@pytest.mark.parametrize("example", [Row(1), WholeBatch(), Probe(4)], ids=repr)
def test_what_is_right_is_right_in_layers_of_every_kind(example: Example) -> None:
    network, count = FRAME.experiment.network, 0
    for layer, spec in enumerate(network.layers, 1):
        targets: list[Any] = [Unit(layer, 0), Unit(layer, network.sizes[layer] - 1)]
        if spec.has_weights:
            targets += [Edge(layer, 1, 2), Edge(layer, 1, BIAS)]
        for target in targets:
            for quantity in quantities(network, target):
                truth = Case(FRAME, example, Asked(target, quantity)).views[0].truth
                assert judge(FRAME, example, target, quantity, repr(truth)).kind == "agrees"
                assert recognised(FRAME, example, target, repr(truth)).verdict.is_right
                count += 1
    assert count > 80
    assert recognised(FRAME, example, LossNode(), f"{FRAME.loss:.3g}").verdict.text


@pytest.mark.parametrize("layer", [1, 3, 8])
def test_the_rows_give_the_gradient_of_the_batch(layer: int) -> None:
    """What is compared row by row adds up to what was recorded, kernels and thresholds included."""
    here = FRAME.trace.layers[layer - 1]
    case = Case(FRAME, WholeBatch(), Asked(Edge(layer, 1, 2), "gradient"))
    for source, recorded in ((2, here.dW.reshape(len(here.dW), -1)[1, 2]), (BIAS, here.db[1])):
        rows = pass_of(case.numbers).value(Asked(Edge(layer, 1, source), "gradient"))
        assert rows.sum() * case.numbers.share == pytest.approx(recorded, rel=1e-10, abs=1e-15)


def test_a_wrong_number_is_told_and_what_is_not_looked_for() -> None:
    target = Edge(3, 1, 4)
    truth = Case(FRAME, WholeBatch(), Asked(target, "gradient")).views[0].truth
    verdict = judge(FRAME, WholeBatch(), target, "gradient", repr(3 * truth))
    assert (verdict.kind, verdict.explanations) == ("differs", ())
    said = verdict.text.rendered(str)
    assert "3 times ours" in said
    assert said.endswith("What went wrong is looked for only where all layers are dense.")
    chain = judge_text(FRAME, WholeBatch(), target, "gradient", f"dw1 = 1, b_o1 = {float(FRAME.params.b[8][0])!r}")
    assert "is the first that leaves ours" in chain.text.rendered(str)
    with pytest.raises(ValueError, match="dense layers only"):
        student_rounding(FRAME, WholeBatch(), target, "gradient")


def test_a_new_value_has_what_penalties_and_the_rule_add() -> None:
    frame = stepped(optimizer=Adam(0.01), penalties=(L2(0.1),))
    assert not is_dense(frame.experiment.network)
    kernel = Edge(1, 1, 2)
    flat = frame.params.W[0].reshape(2, -1)[1, 2] + frame.trace.layers[0].update_W.reshape(2, -1)[1, 2]
    assert judge(frame, Row(0), kernel, "new", repr(float(flat))).kind == "agrees"

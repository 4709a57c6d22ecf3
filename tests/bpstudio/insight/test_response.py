import numpy as np
import pytest

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.response import confusion, gradient_sizes, input_ranges, response
from bpstudio.training.evaluation import evaluate
from bpstudio.training.experiment import Experiment
from bpstudio.training.session import Session


@pytest.fixture(scope="module")
def session() -> Session:
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 2.0], [2.0, -1.0], [-2.0, -1.0]])
    kind = np.repeat([0, 1, 2], 20)
    dataset = Dataset.from_arrays(
        centres[kind] + rng.normal(size=(60, 2)), kind, task="classes", validation=np.arange(0, 60, 4)
    )
    network = Network(2, (Dense(5, "tanh"), Dense(3, "softmax")))
    session = Session(Experiment(network, loss="categorical_ce", batch_size=10), dataset)
    session.run(40)
    return session


def test_a_surface_is_what_the_network_answers_at_each_place(session: Session):
    """Rows and columns swapped would draw a mirrored surface."""
    frame = session.frame()
    found = response(frame.experiment.network, frame.params, 2, ((-1.0, 2.0), (0.0, 5.0)), 7)
    assert found.values.shape == (7, 7, 3)
    for i, j in ((0, 0), (1, 5), (6, 2)):
        expected = session.predict(np.array([[found.axes[0][j], found.axes[1][i]]]))[0]
        np.testing.assert_allclose(found.values[i, j], expected, rtol=1e-12)
    hidden = response(frame.experiment.network, frame.params, 1, ((-1.0, 2.0), (0.0, 5.0)), 7)
    assert hidden.values.shape == (7, 7, 5)
    weights, biases = frame.params.W[0], frame.params.b[0]
    place = np.array([hidden.axes[0][3], hidden.axes[1][4]])
    np.testing.assert_allclose(hidden.values[4, 3], np.tanh(weights @ place + biases), rtol=1e-12)


def test_a_grid_of_more_rows_than_one_chunk_is_whole(session: Session):
    frame = session.frame()
    fine = response(frame.experiment.network, frame.params, 2, ((-1.0, 1.0), (-1.0, 1.0)), 65)
    coarse = response(frame.experiment.network, frame.params, 2, ((-1.0, 1.0), (-1.0, 1.0)), 5)
    np.testing.assert_allclose(fine.values[::16, ::16], coarse.values, rtol=1e-12)


@pytest.mark.parametrize(
    ("layer", "ranges", "points", "named"),
    [(2, ((0.0, 1.0),), 5, "2 inputs"), (3, ((0.0, 1.0),) * 2, 5, "layer"), (1, ((0.0, 1.0),) * 2, 1, "points")],
)
def test_an_impossible_grid_is_refused(session: Session, layer: int, ranges: tuple, points: int, named: str):
    frame = session.frame()
    with pytest.raises(ValueError, match=named):
        response(frame.experiment.network, frame.params, layer, ranges, points)


def test_the_ranges_hold_every_row_and_a_constant_input_has_one_too(session: Session):
    x = session.dataset.x
    for column, (low, high) in enumerate(input_ranges(session.dataset)):
        assert low < x[:, column].min() <= x[:, column].max() < high
    assert input_ranges(Dataset.from_arrays([0.0, 0.0], [0.0, 1.0])) == ((-1.0, 1.0),)


def test_confusion_counts_every_row_once_and_agrees_with_the_accuracy(session: Session):
    frame = session.frame()
    for rows in (frame.dataset.train, frame.dataset.validation):
        found = confusion(frame, rows)
        assert found.rows == len(rows)
        true = frame.dataset.class_index[rows]
        np.testing.assert_array_equal(found.counts.sum(axis=1), np.bincount(true, minlength=3))
        predicted = session.predict(frame.dataset.x[rows]).argmax(axis=1)
        assert found.counts[1, 2] == np.sum((true == 1) & (predicted == 2))
        assert found.right == pytest.approx(evaluate(frame.experiment, frame.params, frame.dataset, rows)[1])


def test_confusion_of_a_yes_no_task_uses_the_same_threshold_as_the_accuracy():
    dataset = Dataset.from_arrays([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1], task="binary")
    session = Session(Experiment(Network(1, (Dense(1),)), loss="bce", batch_size=0), dataset)
    session.run(3)
    frame = session.frame()
    expected = evaluate(frame.experiment, frame.params, dataset, dataset.train)[1]
    assert confusion(frame, dataset.train).right == pytest.approx(expected)


def test_confusion_of_numbers_is_refused():
    dataset = Dataset.from_arrays([0.0, 1.0], [0.0, 1.0])
    frame = Session(Experiment(Network(1, (Dense(1),))), dataset).frame()
    with pytest.raises(ValueError, match="classes"):
        confusion(frame, dataset.train)


def test_gradient_sizes_are_relative_to_the_last_layer(session: Session):
    sizes = gradient_sizes(session.frame())
    norms = [np.sqrt(np.sum(layer.dW**2)) for layer in session.frame().trace.layers]
    np.testing.assert_allclose(sizes.norms, norms)
    assert sizes.ratios == (pytest.approx(norms[0] / norms[1]), 1.0)


def test_no_ratio_to_a_gradient_that_is_exactly_zero():
    from bpstudio.maths.initializers import Initializer

    zeros = Initializer("zeros")
    network = Network(2, (Dense(2, "sigmoid", zeros), Dense(1, "sigmoid", zeros)))
    xor = Dataset.from_arrays([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], task="binary")
    sizes = gradient_sizes(Session(Experiment(network, batch_size=0), xor).frame())
    assert sizes.norms == (0.0, 0.0)
    assert sizes.ratios == (None, None)

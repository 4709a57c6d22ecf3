"""An exercise sheet: what is typed into it, what it means, and what is said about what is missing."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.files import lesson
from bpstudio.files.exercise import Cell, Exercise, Given, Name, Sheet, SheetError, read
from bpstudio.insight.elements import BIAS, Edge, Target, Unit
from bpstudio.training.experiment import Experiment
from bpstudio.training.session import Session


def mazur() -> Sheet:
    """The worked example as somebody copies it from paper."""
    texts: dict[Cell, str] = {}
    layers = (("0,15", "0,20", "0.35"), ("0.25", "3/10", "0.35")), ((".40", ".45", "3/5"), ("1/2", "55e-2", "0.6"))
    for layer, rows in enumerate(layers, 1):
        for to, row in enumerate(rows):
            texts |= {Edge(layer, to, source): text for source, text in zip((0, 1, BIAS), row, strict=True)}
    for cell, text in zip((Unit(0, 0), Unit(0, 1), Target(0), Target(1)), ("5e-2", "0.1", "0.01", "0,99"), strict=True):
        texts[Given(0, cell)] = text
    return Sheet("Sheet 4").with_all_layers(train_bias=False).with_texts(texts)


def worked(sheet: Sheet) -> Exercise:
    reading = read(sheet)
    assert reading.problems == ()
    assert reading.exercise is not None
    return reading.exercise


def run(made: Exercise) -> Session:
    return Session(made.experiment, made.dataset, made.start, caption=made.caption)


def said(sheet: Sheet) -> list[str]:
    return [problem.phrase.text for problem in read(sheet).problems]


def test_a_copied_sheet_has_the_digits_of_the_worked_example() -> None:
    ours, theirs = run(worked(mazur())), lesson.load("mazur").session()
    assert ours.loss == theirs.loss
    for session in (ours, theirs):
        session.run(5)
    assert ours.params.flat.tobytes() == theirs.params.flat.tobytes()
    assert ours.frame().caption.title == "Sheet 4"


def test_an_empty_sheet_names_every_empty_cell() -> None:
    problems = said(Sheet("Mine"))
    assert len(problems) == 16
    assert problems[0] == "layer 1, unit h1, from i1 is empty."
    assert "layer 2, the bias of o2 is empty." in problems
    assert problems[-1] == "row 1, target of o2 is empty."


@pytest.mark.parametrize(
    ("cell", "text", "words"),
    [
        (Edge(2, 0, 1), "", "layer 2, unit o1, from h2 is empty."),
        (Edge(2, 0, 1), "  ", "layer 2, unit o1, from h2 is empty."),
        (Edge(1, 1, 0), "abc", "layer 1, unit h2, from i1: “abc” is not a number"),
        (Edge(1, 1, BIAS), "1/0", "layer 1, the bias of h2: Division by zero"),
        (Given(0, Unit(0, 1)), "0,1,2", "row 1, input i2: “0,1,2” has group separators"),
        (Given(0, Target(0)), "nan", "row 1, target of o1: “nan” is not a finite number"),
    ],
)
def test_one_bad_cell_is_named_and_nothing_else_is_said(cell: Cell, text: str, words: str) -> None:
    sheet = mazur().with_texts({cell: text})
    (problem,) = read(sheet).problems
    assert problem.where == cell
    assert problem.phrase.text.startswith(words)
    assert len(read(sheet).values) == 15
    assert read(sheet).exercise is None
    assert sheet.texts.get(cell, "").strip() == text.strip(), "what was typed stays"


def test_places_are_called_by_their_own_names() -> None:
    sheet = mazur().with_texts({Name(Unit(2, 0)): "Z", Name(Unit(1, 1)): "B", Edge(2, 0, 1): ""})
    assert said(sheet) == ["layer 2, unit Z, from B is empty."]


def test_names_are_read_strictly_and_go_into_the_run() -> None:
    sheet = mazur().with_texts({Name(Edge(2, 0, 0)): "v11", Name(Unit(1, 0)): "A"})
    assert dict(worked(sheet).caption.names) == {"h1": "A", "w5": "v11"}
    twice = sheet.with_texts({Name(Edge(2, 1, 1)): "v_11"})
    (problem,) = read(twice).problems
    assert problem.where == Name(Edge(2, 1, 1))
    assert "stands there twice" in problem.phrase.text


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 81}, "title"),
        ({"rate": "fast"}, "rate"),
        ({"rate": "0"}, "rate"),
        ({"rate": "-1/2"}, "rate"),
    ],
)
def test_a_bad_field_is_named(changes: dict[str, object], where: str) -> None:
    sheet = dataclasses.replace(mazur(), **changes)  # type: ignore[arg-type]
    assert [problem.where for problem in read(sheet).problems] == [where]


def test_what_the_engine_refuses_is_said_of_the_whole() -> None:
    base = Experiment(Network(2, (Dense(2),)), loss="categorical_ce")
    sheet = mazur().having(base=base).with_layer(1, activation="softmax")
    assert worked(sheet), "0.01 and 0.99 are shares of 1"
    (problem,) = read(sheet.with_texts({Given(0, Target(0)): "0.5"})).problems
    assert problem.where == "network"
    assert problem.error is not None


def test_thresholds_are_taken_off_and_no_bias_is_asked_for_where_there_is_none() -> None:
    sheet = mazur()
    minus = {cell: f"-{text}" for cell, text in sheet.texts.items() if isinstance(cell, Edge) and cell.is_bias}
    thresholds = sheet.with_all_layers(bias="threshold").with_texts(minus)
    assert run(worked(thresholds)).loss == run(worked(sheet)).loss
    assert "layer 1, the threshold of h1 is empty." in said(thresholds.with_texts({Edge(1, 0, BIAS): ""}))
    without = sheet.with_all_layers(bias="none")
    assert len(list(without.cells())) == 12
    assert run(worked(without)).loss == run(worked(sheet.with_texts(dict.fromkeys(minus, "0")))).loss


def test_what_was_typed_waits_until_its_unit_comes_back() -> None:
    sheet = mazur()
    narrow = sheet.with_layer(0, units=1)
    assert len(list(narrow.cells())) == 3 + 2 * 2 + 4
    assert narrow.with_layer(0, units=2).texts == sheet.texts
    assert sheet.having(rows=3).having(rows=1) == sheet


def test_a_layer_more_or_less_takes_its_own_cells_along() -> None:
    sheet = mazur().with_texts({Name(Unit(2, 0)): "Z", Name(Edge(2, 0, 0)): "v"})
    deeper = sheet.with_hidden_layer()
    assert [layer.units for layer in deeper.layers] == [2, 2, 2]
    assert deeper.texts[Edge(3, 1, 1)] == "55e-2"
    assert deeper.called(Unit(3, 0)) == "Z"
    assert Edge(2, 0, 0) not in deeper.texts
    assert deeper.without_layer(1) == sheet
    with pytest.raises(SheetError, match="output layer stays"):
        sheet.without_layer(1)


def test_several_rows_are_several_examples() -> None:
    sheet = mazur().having(rows=2)
    assert len(said(sheet)) == 4
    second = {Given(1, end): "1" for end in (Unit(0, 0), Unit(0, 1), Target(0), Target(1))}
    made = worked(sheet.with_texts(second))
    assert made.dataset.x.tolist() == [[0.05, 0.1], [1.0, 1.0]]
    assert made.experiment.batch_size == 0


def test_more_numbers_than_anybody_types_are_refused() -> None:
    with pytest.raises(SheetError, match="5,000"):
        mazur().having(rows=2000)
    with pytest.raises(ValueError, match="at least 1"):
        mazur().with_layer(0, units=0)
    digits = Dataset.from_arrays(np.zeros((1, 784)), np.zeros((1, 10)))
    with pytest.raises(SheetError, match="5,000"):
        Sheet.of(Session(Experiment(Network(784, (Dense(30), Dense(10)))), digits).frame(), "Digits")


@pytest.mark.parametrize("name", lesson.NAMES)
def test_the_present_network_as_a_sheet_is_the_same_network(name: str) -> None:
    session = lesson.load(name).session()
    network, dataset = session.experiment.network, session.dataset
    is_dense = all(layer.kind == "dense" for layer in network.layers)
    if network.parameter_count + dataset.x.size + dataset.y.size > 5000 or not is_dense:
        with pytest.raises(SheetError, match=r"5,000|other kinds"):
            Sheet.of(session.frame(), "Mine")
        return
    session.run(2)
    frame = session.frame()
    made = worked(Sheet.of(frame, "Mine"))
    assert made.experiment == frame.experiment
    assert made.dataset.hash == frame.dataset.hash
    assert (made.dataset.task, made.dataset.source) == (frame.dataset.task, frame.dataset.source)
    assert made.start.flat.tobytes() == frame.params.flat.tobytes()


def test_classes_stay_classes_when_a_row_comes_or_a_value_changes() -> None:
    frame = lesson.load("softmax").session().frame()
    sheet = Sheet.of(frame, "Mine")
    typed = worked(sheet.with_texts({Given(0, Unit(0, 0)): "0.125"})).dataset
    assert (typed.task, typed.class_names) == (frame.dataset.task, frame.dataset.class_names)
    more = sheet.having(rows=sheet.rows + 1)
    new = {Given(sheet.rows, Unit(0, i)): "0" for i in range(sheet.inputs)}
    new |= {Given(sheet.rows, Target(k)): str(int(k == 0)) for k in range(sheet.sizes[-1])}
    added = worked(more.with_texts(new)).dataset
    assert (added.task, added.rows) == (frame.dataset.task, frame.dataset.rows + 1)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.integers(1, 3), st.randoms(use_true_random=False))
def test_any_network_comes_through_a_sheet_with_every_digit(sizes: list[int], rows: int, random: object) -> None:
    rng = np.random.default_rng(random.randrange(2**32))  # type: ignore[attr-defined]
    data = Dataset.from_arrays(rng.normal(size=(rows, sizes[0])), rng.normal(size=(rows, sizes[-1])))
    network = Network(sizes[0], tuple(Dense(size, "tanh") for size in sizes[1:]))
    frame = Session(Experiment(network, seed=int(rng.integers(100))), data).frame()
    made = worked(Sheet.of(frame, "Mine"))
    assert made.start.flat.tobytes() == frame.params.flat.tobytes()
    assert made.dataset.hash == data.hash
    sheet = Sheet.of(frame, "Mine")
    asked = sum(len(row) for layer in range(len(sizes)) for row in sheet.grid(layer))
    assert asked == len(list(sheet.cells())) == sheet.numbers

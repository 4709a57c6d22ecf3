"""The two tables of a step, against the Trace they are made of, and against the walk."""

from collections.abc import Callable

import numpy as np
import pytest

from bpstudio.insight import step_table
from bpstudio.insight.elements import BIAS, Edge, Example, LossNode, PlusOne, Probe, Row, Target, Unit, WholeBatch
from bpstudio.insight.example import Numbers
from bpstudio.insight.notation import NOTATIONS, Letters
from bpstudio.insight.step_table import (
    ABSENT,
    KNOWN,
    NOT_YET,
    NOW,
    EdgeTable,
    Moment,
    StepTable,
    UnitTable,
    matching,
    ordered,
    plain_digits,
)
from bpstudio.insight.walk import GRAINS, Walk
from bpstudio.training.frame import Frame
from bpstudio.training.optimizers import SGD, Adam
from bpstudio.training.session import Session

Make = Callable[..., Session]
FIRST = Row(0)


def moment(frame: Frame, example: Example = FIRST, **eye: object) -> Moment:
    return Moment(frame, Walk.of(frame), Numbers(frame, example), **eye)  # type: ignore[arg-type]


def shown(table: StepTable, row: int, column: str) -> float:
    assert table.states(column)[row] in (KNOWN, NOW)
    return float(table.values(column)[row])


@pytest.mark.parametrize("sizes", [(4, 5, 3), (2, 1), (3, 4, 1, 2)])
def test_every_row_is_of_one_element_and_is_found_again(session: Make, sizes: tuple[int, ...]) -> None:
    frame = session(sizes=sizes, activations=("tanh",) * (len(sizes) - 1)).frame()
    units, edges = UnitTable(moment(frame)), EdgeTable(moment(frame))
    assert edges.rows == frame.params.flat.size
    for table in (units, edges):
        assert len(table.layers) == table.rows
        for column in table.columns:
            assert len(table.values(column)) == len(table.states(column)) == table.rows
        for row in range(table.rows):
            element = table.element(row)
            if element != LossNode():
                assert table.row_of(element) == row
    assert len({units.element(row) for row in range(units.rows)}) == sum(sizes) + len(sizes) - 1 + sizes[-1] + 1
    assert units.element(units.row_of(LossNode()) or 0) == LossNode()
    for table, row in ((units, units.rows), (edges, -1)):
        with pytest.raises(IndexError, match="expected 0"):
            table.element(row)


def test_an_element_of_another_network_has_no_row(session: Make) -> None:
    frame = session().frame()
    units, edges = UnitTable(moment(frame)), EdgeTable(moment(frame))
    assert units.row_of(Unit(1, 5)) is units.row_of(PlusOne(3)) is units.row_of(Target(3)) is None
    assert units.row_of(Edge(1, 0, 0)) is edges.row_of(Unit(1, 0)) is edges.row_of(Edge(3, 0, BIAS)) is None


@pytest.mark.parametrize("position", [0, 3])
def test_a_row_has_its_own_numbers_and_the_edges_those_of_the_batch(session: Make, position: int) -> None:
    frame = session().frame()
    units, edges = UnitTable(moment(frame, Row(position))), EdgeTable(moment(frame, Row(position)))
    for layer, record in enumerate(frame.trace.layers, 1):
        for index in range(record.z.shape[1]):
            row = units.row_of(Unit(layer, index))
            assert row is not None
            assert shown(units, row, "z") == record.z[position, index]
            assert shown(units, row, "a") == record.a[position, index]
            assert record.slope is not None
            assert shown(units, row, "slope") == record.slope[position, index]
            assert shown(units, row, "delta") == pytest.approx(record.delta[position, index] * 4, rel=1e-14)
            chain = shown(units, row, "error") * shown(units, row, "slope")
            assert chain == pytest.approx(shown(units, row, "delta"), rel=1e-12)
            for source in (0, BIAS):
                row = edges.row_of(Edge(layer, index, source))
                assert row is not None
                old = (frame.params.b if source == BIAS else frame.params.W)[layer - 1]
                new = (record.db, record.update_b) if source == BIAS else (record.dW, record.update_W)
                pick = index if source == BIAS else (index, source)
                assert shown(edges, row, "weight") == old[pick]
                assert shown(edges, row, "gradient") == new[0][pick]
                assert shown(edges, row, "update") == new[1][pick]
                assert shown(edges, row, "new") == old[pick] + new[1][pick]


def test_what_the_rows_give_gathers_to_the_gradient(session: Make) -> None:
    frame = session().frame()
    rows = [EdgeTable(moment(frame, Row(position))) for position in range(4)]
    total = sum(table.values("own") for table in rows) / 4
    assert total == pytest.approx(rows[0].values("gradient"), rel=1e-12)
    whole = EdgeTable(moment(frame, WholeBatch()))
    assert "own" not in whole.columns
    assert whole.values("gradient").tobytes() == rows[0].values("gradient").tobytes()
    assert "own" not in EdgeTable(moment(session(batch_size=1).frame())).columns


def test_the_switch_shows_delta_and_error_of_the_batch(session: Make) -> None:
    frame = session().frame()
    for example, times in ((Row(2), 1 / 4), (WholeBatch(), 1.0)):
        own, batch = UnitTable(moment(frame, example)), UnitTable(moment(frame, example, batch_delta=True))
        for column in ("delta", "error"):
            there = own.states(column) == KNOWN
            assert batch.values(column)[there] == pytest.approx(own.values(column)[there] * times, rel=1e-12)
    turned = UnitTable(moment(frame, delta_sign=-1))
    straight = UnitTable(moment(frame))
    assert np.array_equal(turned.values("delta"), -straight.values("delta"), equal_nan=True)
    assert np.array_equal(turned.values("error"), straight.values("error"), equal_nan=True), "only δ has another sign"


def test_the_loss_stands_with_what_it_is_made_of(session: Make) -> None:
    frame = session().frame()
    table = UnitTable(moment(frame, Row(1)))
    first = table.row_of(Target(0))
    assert first is not None
    values = table.values("a")[first:]
    assert values[:3] == pytest.approx(frame.trace.y[1])
    assert values[3:6].sum() == pytest.approx(values[6], rel=1e-12), "the parts make the row's cost"
    assert (values[6], values[7]) == (frame.row_loss[1] * table.numbers.own_scale, frame.loss)
    letters = Letters("nielsen", frame.experiment.network)
    titles = [table.title(letters, row) for row in range(first, table.rows)]
    row = int(frame.batch[1]) + 1
    assert titles == ["y₁", "y₂", "y₃", "C₁", "C₂", "C₃", letters.row_cost(row), "C"]
    assert set(table.layers[first:]) == {3}
    assert UnitTable(moment(frame, WholeBatch())).rows == table.rows - 1, "the batch has one cost"


def test_a_probe_shows_its_own_pass_and_the_gradient_of_the_step(session: Make) -> None:
    frame = session().frame()
    outside = next(row for row in range(12) if row not in frame.batch)
    units, edges = UnitTable(moment(frame, Probe(outside))), EdgeTable(moment(frame, Probe(outside)))
    assert units.values("a")[:4] == pytest.approx(frame.dataset.x[outside])
    assert edges.values("gradient").tobytes() == EdgeTable(moment(frame)).values("gradient").tobytes()
    assert not np.allclose(edges.values("own"), EdgeTable(moment(frame)).values("own"))


def test_softmax_has_no_slope_of_its_own_and_inputs_only_a_value(session: Make) -> None:
    frame = session(activations=("tanh", "softmax"), loss="categorical_ce").frame()
    table = UnitTable(moment(frame))
    output, hidden = table.row_of(Unit(2, 0)), table.row_of(Unit(1, 0))
    assert output is not None
    assert hidden is not None
    assert (table.states("slope")[output], table.states("slope")[hidden]) == (ABSENT, KNOWN)
    assert [int(table.states(column)[0]) for column in table.columns] == [ABSENT, KNOWN, ABSENT, ABSENT, ABSENT]
    assert table.exact(output, "slope") == ""


@pytest.mark.parametrize("grain", ["edge", "neuron", "layer"])
def test_every_state_is_that_of_the_walk(session: Make, grain: str) -> None:
    frame = session(sizes=(2, 2, 1), rows=4, batch_size=2).frame()
    walk = Walk.of(frame)
    quantities = {"error": "error", "z": "z", "a": "a", "delta": "delta", "gradient": "dW", "own": "dW", "new": "new"}
    numbers = {"not yet": NOT_YET, "before": KNOWN, "now": NOW}
    for index in range(walk.count(grain) + 1):  # type: ignore[arg-type]
        here = moment(frame, grain=grain, index=index)
        for table in (UnitTable(here), EdgeTable(here)):
            for column in table.columns:
                for row in range(table.rows):
                    element, state = table.element(row), table.states(column)[row]
                    if isinstance(element, Unit) and element.layer == 0 and column != "a":
                        assert state == ABSENT
                    elif column in quantities and isinstance(element, Unit | Edge):
                        assert state == numbers[walk.known(grain, index, element, quantities[column])]  # type: ignore[arg-type]


def test_not_yet_is_neither_a_number_nor_nothing(mazur: Make) -> None:
    frame = mazur().frame()
    walk = Walk.of(frame)
    before = UnitTable(moment(frame, grain="edge", index=0))
    h1 = before.row_of(Unit(1, 0))
    assert h1 is not None
    assert [before.exact(h1, column) for column in before.columns] == [None] * 5
    assert before.exact(0, "a") == "0.05", "inputs are given"
    assert before.exact(0, "z") == ""
    assert np.isnan(before.keys("a")[h1]), "nothing is sorted by what is not known yet"
    after = UnitTable(moment(frame, grain="edge", index=walk.find("edge", "forward/h1/a")))
    assert [after.exact(h1, column) is None for column in after.columns] == [False, False, True, False, True]
    assert float(after.exact(h1, "a") or 0) == frame.trace.layers[0].a[0, 0]


@pytest.mark.parametrize(
    ("address", "table", "row", "column"),
    [
        ("forward/h1/w2", EdgeTable, Edge(1, 0, 1), "weight"),
        ("forward/h1/z", UnitTable, Unit(1, 0), "z"),
        ("forward/o2/a", UnitTable, Unit(2, 1), "a"),
        ("loss/C", UnitTable, LossNode(), "a"),
        ("backward/o1/error", UnitTable, Unit(2, 0), "error"),
        ("backward/w5", EdgeTable, Edge(2, 0, 0), "gradient"),
        ("backward/h1/from-o2", EdgeTable, Edge(2, 1, 0), "weight"),
        ("backward/h2/delta", UnitTable, Unit(1, 1), "delta"),
        ("update/b_o1", EdgeTable, Edge(2, 0, BIAS), "new"),
    ],
)
def test_the_cell_of_the_beat(mazur: Make, address: str, table: type, row: object, column: str) -> None:
    frame = mazur().frame()
    made = table(moment(frame, grain="edge", index=Walk.of(frame).find("edge", address)))
    assert made.now() == (made.row_of(row), column)


def test_a_whole_step_and_a_run_look_at_nothing(mazur: Make) -> None:
    frame = mazur().frame()
    for eye in ({}, {"grain": "step", "index": 1}, {"grain": "edge", "index": 0}):
        assert UnitTable(moment(frame, **eye)).now() is None
        assert EdgeTable(moment(frame, **eye)).now() is None


def test_frozen_parameters(mazur: Make) -> None:
    table = EdgeTable(moment(mazur().frame()))
    for row in range(table.rows):
        edge = table.element(row)
        assert table.frozen[row] == edge.is_bias
        if edge.is_bias:
            assert table.exact(row, "update") == "0.0"
            assert table.values("gradient")[row] != 0
            assert table.exact(row, "new") == table.exact(row, "weight")


def test_sequential_order_is_shown_as_it_was_used(mazur: Make) -> None:
    frame = mazur(update_order="sequential").frame()
    table = EdgeTable(moment(frame, grain="edge", index=Walk.of(frame).find("edge", "backward/h1/from-o1")))
    row = table.row_of(Edge(2, 0, 0))
    assert row is not None
    assert table.states("new")[row] == KNOWN, "the weight is updated before the error goes through it"


def test_rows_are_found_by_their_names(session: Make) -> None:
    frame = session().frame()
    letters = Letters("nielsen", frame.experiment.network)
    edges, units = EdgeTable(moment(frame)), UnitTable(moment(frame))

    def found(table: StepTable, text: str) -> list[object]:
        return [table.element(int(row)) for row in np.flatnonzero(matching(table, letters, text))]

    assert found(edges, "w1") == [Edge(1, 0, 0)], "a whole word, and not w10 to w19"
    assert found(edges, "h2 → o3") == [Edge(2, 2, 1)]
    assert found(edges, "B_O1") == [Edge(2, 0, BIAS)]
    assert found(edges, "+1 o1") == [Edge(2, 0, BIAS)]
    assert found(edges, letters.edge(Edge(1, 2, 3))) == [Edge(1, 2, 3)]
    assert len(found(edges, "h1")) == 4 + 1 + 3
    assert len(found(edges, "")) == edges.rows
    assert found(edges, "nobody") == []
    assert found(units, "h₅") == [Unit(1, 4)]
    assert found(units, frame.dataset.input_names[1]) == [Unit(0, 1)]
    assert plain_digits("W¹₂₃") == "w123"


@pytest.mark.parametrize("text", ["w1", "w50", "h3", "h3 o2", "b_o1", "+1", "b", "w", "mine", "i12 → h1", "nobody"])
def test_many_edges_are_found_like_few(session: Make, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    frame = session(sizes=(12, 5, 3)).frame()
    notation = NOTATIONS["mazur"].having(names={"w7": "mine", "b_h2": "mine too"})
    letters = Letters(notation, frame.experiment.network)
    few = matching(EdgeTable(moment(frame)), letters, text)
    monkeypatch.setattr(step_table, "_FEW_EDGES", 0)
    assert np.array_equal(matching(EdgeTable(moment(frame)), letters, text), few)
    assert few.any() == (text != "nobody")


def test_sorting_leaves_what_is_unknown_at_the_end() -> None:
    rows, keys = np.array([0, 1, 2, 3, 4]), np.array([1.0, np.nan, -2.0, 1.0, 0.0])
    assert ordered(rows, keys, descending=False).tolist() == [2, 4, 0, 3, 1]
    assert ordered(rows, keys, descending=True).tolist() == [0, 3, 4, 2, 1]
    assert ordered(rows[2:], keys, descending=False).tolist() == [2, 4, 3]


def test_a_diverged_step_is_shown_without_a_warning(session: Make) -> None:
    run = session(activations=("identity", "identity"), optimizer=SGD(1e200))
    run.run(5)
    frame = run.frame()
    assert frame.nonfinite is not None
    units, edges = UnitTable(moment(frame)), EdgeTable(moment(frame))
    for table in (units, edges):
        for column in table.columns:
            assert len(table.values(column)) == table.rows
    assert not np.isfinite(edges.values("new")).all()
    assert any(edges.exact(row, "new") in ("nan", "inf", "-inf") for row in range(edges.rows))


@pytest.mark.parametrize("grain", GRAINS)
def test_biases_that_are_none_have_no_rows_and_thresholds_come_from_minus_one(session: Make, grain: str) -> None:
    run = session(sizes=(2, 3, 2, 2), activations=("tanh",) * 3, biases=("threshold", "none", "bias"))
    frame = run.frame()
    network, walk = frame.experiment.network, Walk.of(frame)
    names = Letters("mazur", network)
    for index in range(0, walk.count(grain) + 1, 3):  # type: ignore[arg-type]
        units, edges = (
            table(Moment(frame, walk, Numbers(frame, Row(0)), grain, index))  # type: ignore[arg-type]
            for table in (UnitTable, EdgeTable)
        )
        for table in (units, edges):
            found = [table.element(row) for row in range(table.rows)]
            assert all(walk.names.has(element) for element in found)
            for column in table.columns:
                assert len(table.values(column)) == len(table.states(column)) == table.rows
        assert edges.rows == network.parameter_count
        assert [edges.row_of(edges.element(row)) for row in range(edges.rows)] == list(range(edges.rows))
    assert units.row_of(PlusOne(2)) is None
    ones = [row for row in range(units.rows) if isinstance(units.element(row), PlusOne)]
    assert [(units.title(names, row), units.values("a")[row]) for row in ones] == [("−1", -1.0), ("+1", 1.0)]
    threshold = edges.row_of(Edge(1, 0, BIAS))
    assert threshold is not None
    assert edges.title(names, threshold) == "θ_h1_1"
    assert edges.values("own")[threshold] == -Numbers(frame, Row(0)).delta(1)[0]
    assert edges.values("gradient")[threshold] == frame.trace.layers[0].db[0]
    assert np.flatnonzero(matching(edges, names, "-1")).tolist() == [
        row for row in range(edges.rows) if edges.element(row).is_bias and edges.element(row).layer == 1
    ]


@pytest.mark.parametrize("has_bias", [True, False])
def test_edges_stand_in_the_order_in_which_the_weights_are_read(session: Make, has_bias: bool) -> None:
    frame = session(biases=("bias", "bias" if has_bias else "none")).frame()
    straight = EdgeTable(moment(frame, Row(1)))
    turned = EdgeTable(moment(frame, Row(1), weight_layout="in_out"))
    assert turned.rows == straight.rows
    assert turned.shape != straight.shape, "a selection may not stay in its row"
    order = [straight.row_of(turned.element(row)) for row in range(turned.rows)]
    assert sorted(order) == list(range(turned.rows))  # type: ignore[type-var]
    assert [turned.row_of(turned.element(row)) for row in range(turned.rows)] == list(range(turned.rows))
    for column in straight.columns:
        np.testing.assert_array_equal(turned.values(column), straight.values(column)[order])
        np.testing.assert_array_equal(turned.states(column), straight.states(column)[order])
    np.testing.assert_array_equal(turned.frozen, straight.frozen[order])
    np.testing.assert_array_equal(turned.layers, straight.layers)
    first = frame.params.W[0].T.ravel()
    np.testing.assert_array_equal(turned.values("weight")[: len(first)], first)
    letters = Letters("nielsen", frame.experiment.network)
    for text in ("w3", "h2", "b", "o1"):
        np.testing.assert_array_equal(matching(turned, letters, text), matching(straight, letters, text)[order])


def test_what_the_optimiser_keeps_is_a_column_of_its_own(session: Make) -> None:
    run = session(optimizer=Adam(0.1))
    run.run(3)
    frame = run.frame()
    early, late = EdgeTable(moment(frame, grain="edge", index=1)), EdgeTable(moment(frame))
    assert late.columns[-4:] == ("state m", "state v", "update", "new")
    for row in range(late.rows):
        edge = late.edge(row)
        m = frame.state_next["m"]
        kept = m.b[edge.layer - 1][edge.to] if edge.is_bias else m.W[edge.layer - 1][edge.to, edge.source]
        assert late.values("state m")[row] == kept
        assert early.states("state m")[row] == NOT_YET, "it is computed with the update"
    assert "state m" not in EdgeTable(moment(session(optimizer=SGD(0.1)).frame())).columns

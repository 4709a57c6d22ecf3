"""One owner of the look, and one signal when it really moved."""

import pytest
from pytestqt.qtbot import QtBot

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.insight.notation import NOTATIONS
from bpstudio.insight.walk import Row, Unit, Walk, WholeBatch
from ui.focus import Focus


def walk(*units: int, rows: int = 1) -> Walk:
    layers = tuple(Dense(count, "sigmoid") for count in units[1:])
    return Walk(Network(units[0], layers), "half_squared_error", "mean_batch", rows)


@pytest.fixture
def focus(qtbot: QtBot) -> Focus:
    made = Focus()
    made.follow(walk(2, 2, 2))
    return made


def test_changed_is_said_once_and_only_when_something_differs(focus: Focus) -> None:
    said = []
    focus.changed.connect(lambda: said.append(1))
    focus.set(selection=Unit(1, 0), hover=Unit(1, 0), color="weight")
    focus.set(selection=Unit(1, 0))
    assert len(said) == 1


def test_refused_change_changes_nothing(focus: Focus) -> None:
    with pytest.raises(ValueError, match="grain: expected one of step"):
        focus.set(grain="epoch", playhead=3)
    with pytest.raises(ValueError, match="speed"):
        focus.set(speed=100)
    with pytest.raises(ValueError, match="playhead"):
        focus.set(playhead=-1)
    assert (focus.grain, focus.playhead, focus.speed) == ("edge", 0, 1.0)


def test_playhead_ends_at_the_last_beat(focus: Focus) -> None:
    focus.set(playhead=1000)
    assert focus.playhead == focus.last == 55


@pytest.mark.parametrize(("place", "layer", "neuron"), [(0, 0, 0), (1, 1, 1), (4, 1, 1), (24, 5, 8), (55, 9, 17)])
def test_grain_keeps_the_place(focus: Focus, place: int, layer: int, neuron: int) -> None:
    focus.set(playhead=place)
    focus.set(grain="layer")
    assert focus.playhead == layer
    focus.set(grain="neuron")
    assert focus.playhead == neuron
    focus.set(grain="step")
    assert focus.playhead == focus.last == 1
    focus.set(grain="edge")
    assert focus.playhead == place


def test_coarse_beat_moves_the_place_to_its_end(focus: Focus) -> None:
    focus.set(playhead=2)
    focus.set(grain="neuron", playhead=2)
    focus.set(grain="edge")
    assert focus.playhead == 8


def test_new_network_keeps_the_address(focus: Focus) -> None:
    focus.set(playhead=focus.last)
    focus.follow(walk(2, 3, 2))
    assert focus.playhead == focus.last, "the whole step stays the whole step"
    focus.set(playhead=24)
    wide = walk(2, 2, 2, rows=4)
    assert focus.walk is not None
    address = focus.walk.beat("edge", 24).address
    focus.follow(wide)
    assert wide.beat("edge", focus.playhead).address == address


def test_new_network_without_that_beat_stays_in_range(focus: Focus) -> None:
    focus.set(playhead=54)
    focus.follow(walk(1, 1))
    assert 0 < focus.playhead <= focus.last


def test_example_is_a_row_or_the_batch(focus: Focus) -> None:
    assert focus.example == Row(0)
    focus.set(example=WholeBatch())
    assert focus.example == WholeBatch()


def test_the_notation_is_one_object_until_it_changes(focus: Focus) -> None:
    plain = focus.notation
    assert plain is NOTATIONS["nielsen"]
    focus.set(notation="mazur", delta_sign=-1, names={"h1": "v21"})
    older = focus.notation
    focus.set(playhead=3)
    assert focus.notation is older
    assert (older.name, older.delta_sign, dict(older.own)) == ("mazur", -1, {"h1": "v21"})
    assert focus.eye.written is older
    with pytest.raises(ValueError, match="delta_sign"):
        focus.set(delta_sign=2)
    with pytest.raises(ValueError, match="samples: expected one of rows, columns"):
        focus.set(samples="diagonal")
    with pytest.raises(ValueError, match="notation: expected one of mazur, nielsen"):
        focus.set(notation="ng")
    with pytest.raises(ValueError, match="'v' is the name of h1 and of h2"):
        focus.set(names={"h1": "v", "h2": "v"})
    assert focus.notation is older

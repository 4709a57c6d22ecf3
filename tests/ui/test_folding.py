"""What folds by itself, when, and that it comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import folding
from ui.folding import AT_FIRST, REGIONS, Wish, fit
from ui.theme import SCALES

EVERYTHING = frozenset(REGIONS)


def room(width: int = 1280, height: int = 650, scale: float = 1.0, wish: Wish | None = None) -> folding.Room:
    return fit(width, height, scale, wish or Wish(), round(52 * scale))


def test_nothing_folds_at_normal_text() -> None:
    for width, height in ((1280, 650), (1920, 1000)):
        assert room(width, height).open == AT_FIRST
    everything = Wish(open=EVERYTHING)
    assert room(1920, 1000, wish=everything).open == EVERYTHING
    assert room(1280, 650, wish=everything).open == EVERYTHING - {"left"}


def test_large_text_folds_the_legend_before_the_curves_and_keeps_the_explanation() -> None:
    order = [room(scale=scale).open for scale in SCALES if scale >= 1]
    assert order[0] == AT_FIRST
    assert all("right" in there for there in order)
    assert "bottom" not in order[-1]
    assert "left" not in order[-1]
    firsts = {name: next((i for i, there in enumerate(order) if name not in there), 99) for name in AT_FIRST}
    assert firsts["legend"] <= firsts["bottom"]


@given(
    st.integers(960, 3000),
    st.integers(500, 1600),
    st.sampled_from(SCALES),
    st.frozensets(st.sampled_from(REGIONS)),
    st.floats(0.0, 0.6),
    st.floats(0.0, 0.6),
)
def test_the_network_keeps_its_room_or_everything_else_has_gone(
    width: int, height: int, scale: float, wanted: frozenset[str], left: float, right: float
) -> None:
    there = fit(width, height, scale, Wish(open=wanted, left=left, right=right), round(52 * scale))
    assert there.open <= wanted
    beside = sum(getattr(there, side) for side in ("left", "right", "history") if side in there.open)
    narrow = width - beside < folding.ALONE * scale
    assert not narrow or not {"left", "right", "history"} & there.open
    network = height - round(52 * scale) - folding.HEADLINE * scale
    network -= there.bottom * ("bottom" in there.open) + folding.LEGEND * scale * ("legend" in there.open)
    assert network >= folding.NETWORK[1] * scale - 1 or not {"bottom", "legend"} & there.open


@given(st.sampled_from(SCALES), st.integers(960, 2500), st.integers(500, 1500))
def test_more_room_never_folds_more(scale: float, width: int, height: int) -> None:
    small = fit(width, height, scale, Wish(), 60).open
    assert {"left", "right"} & small <= fit(width + 200, height, scale, Wish(), 60).open
    assert "bottom" not in small or "bottom" in fit(width, height + 200, scale, Wish(), 60).open


@pytest.mark.parametrize("name", REGIONS)
def test_what_somebody_asks_for_in_little_room_is_there(name: str) -> None:
    assert name in room(scale=2.5, wish=Wish(open=AT_FIRST | {name}, insisted=frozenset((name,)))).open
    assert name not in room(wish=Wish(open=EVERYTHING - {name})).open


def test_the_history_folds_before_the_explanation_unless_it_was_asked_for() -> None:
    wanted = Wish(open=EVERYTHING)
    assert {"right"} <= room(scale=2.0, wish=wanted).open
    assert "history" not in room(scale=2.0, wish=wanted).open
    insisted = Wish(open=EVERYTHING, insisted=frozenset({"history"}))
    there = room(scale=1.5, wish=insisted)
    assert {"right", "history"} <= there.open
    assert 1280 - there.right - there.history >= folding.ALONE * 1.5
    wide = Wish(open=EVERYTHING, right=0.5)
    assert 1280 - sum(getattr(room(wish=wide), side) for side in ("left", "right", "history")) >= folding.NETWORK[0]

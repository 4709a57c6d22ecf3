"""Every number of the worked 2-2-2 example, beat by beat, out of a real session."""

from collections.abc import Callable

import pytest

from bpstudio.insight.lines import line
from bpstudio.insight.walk import Row, Walk
from bpstudio.training.session import Session

# beat, address, the end of its line
BEATS = [
    (1, "forward/h1/w1", "w₁i₁ = 0.15 · 0.05 = 0.0075"),
    (2, "forward/h1/w2", "w₂i₂ = 0.20 · 0.10 = 0.02"),
    (3, "forward/h1/z", "net_h1 = 0.0075 + 0.02 + 0.35 = 0.3775"),
    (4, "forward/h1/a", "out_h1 = σ(0.3775) = 0.593269992"),
    (5, "forward/h2/w3", "= 0.0125"),
    (6, "forward/h2/w4", "= 0.03"),
    (7, "forward/h2/z", "= 0.3925"),
    (8, "forward/h2/a", "= 0.596884378"),
    (9, "forward/o1/w5", "= 0.237307997"),
    (10, "forward/o1/w6", "= 0.268597970"),
    (11, "forward/o1/z", "net_o1 = 0.237307997 + 0.268597970 + 0.60 = 1.105905967"),
    (12, "forward/o1/a", "= 0.751365070"),
    (13, "forward/o2/w7", "= 0.296634996"),
    (14, "forward/o2/w8", "= 0.328286408"),
    (15, "forward/o2/z", "= 1.224921404"),
    (16, "forward/o2/a", "= 0.772928465"),
    (17, "loss/o1", "½(0.01 − 0.751365070)² = 0.274811083"),
    (18, "loss/o2", "½(0.99 − 0.772928465)² = 0.023560026"),
    (19, "loss/C", "C = 0.274811083 + 0.023560026 = 0.298371109"),
    (20, "backward/o1/error", "out − target = 0.751365070 − 0.01 = 0.741365070"),
    (21, "backward/o1/delta", "0.741365070 · 0.186815602 = 0.138498562"),
    (22, "backward/o2/error", "= −0.217071535"),
    (23, "backward/o2/delta", "(−0.217071535) · 0.175510053 = −0.038098237"),
    (24, "backward/w5", "∂C/∂w₅ = δ_o1 · out_h1 = 0.138498562 · 0.593269992 = 0.082167041"),
    (25, "backward/w6", "= 0.082667628"),
    (26, "backward/b_o1", "∂C/∂b_o1 = δ_o1 = 0.138498562, frozen: stays 0.60"),
    (27, "backward/w7", "= −0.022602540"),
    (28, "backward/w8", "= −0.022740242"),
    (29, "backward/b_o2", "= −0.038098237, frozen: stays 0.60"),
    (30, "backward/h1/from-o1", "w₅ · δ_o1 = 0.40 · 0.138498562 = 0.055399425"),
    (31, "backward/h1/from-o2", "w₇ · δ_o2 = 0.50 · (−0.038098237) = −0.019049118"),
    (32, "backward/h1/sum", "0.055399425 − 0.019049118 = 0.036350306"),
    (33, "backward/h1/delta", "0.036350306 · 0.241300709 = 0.008771355"),
    (34, "backward/h2/from-o1", "= 0.062324353"),
    (35, "backward/h2/from-o2", "= −0.020954030"),
    (36, "backward/h2/sum", "= 0.041370323"),
    (37, "backward/h2/delta", "0.041370323 · 0.240613417 = 0.009954255"),
    (38, "backward/w1", "= 0.000438568"),
    (39, "backward/w2", "= 0.000877135"),
    (40, "backward/b_h1", "= 0.008771355, frozen: stays 0.35"),
    (41, "backward/w3", "= 0.000497713"),
    (42, "backward/w4", "= 0.000995425"),
    (43, "backward/b_h2", "= 0.009954255, frozen: stays 0.35"),
    (44, "update/w1", "w₁⁺ = w₁ − η ∂C/∂w₁ = 0.15 − 0.5 · 0.000438568 = 0.149780716"),
    (45, "update/w2", "= 0.199561432"),
    (46, "update/b_h1", "b_h1: gradient 0.008771355, frozen: stays 0.35"),
    (47, "update/w3", "= 0.249751144"),
    (48, "update/w4", "= 0.299502287"),
    (49, "update/b_h2", "frozen: stays 0.35"),
    (50, "update/w5", "= 0.358916480"),
    (51, "update/w6", "= 0.408666186"),
    (52, "update/b_o1", "gradient 0.138498562, frozen: stays 0.60"),
    (53, "update/w7", "0.50 − 0.5 · (−0.022602540) = 0.511301270"),
    (54, "update/w8", "= 0.561370121"),
    (55, "update/b_o2", "frozen: stays 0.60"),
]


def test_all_55_beats_stand_in_the_table() -> None:
    assert [beat for beat, _, _ in BEATS] == list(range(1, 56))


@pytest.mark.parametrize(("index", "address", "end"), BEATS)
def test_beat(mazur: Callable[..., Session], index: int, address: str, end: str) -> None:
    frame = mazur().frame()
    walk = Walk.of(frame)
    beat = walk.beat("edge", index)
    assert beat.address == address
    assert line(frame, Row(0), beat).text.endswith(end)


def test_the_last_beat_looks_into_the_next_step(mazur: Callable[..., Session]) -> None:
    session = mazur()
    frame = session.frame()
    walk = Walk.of(frame)
    for grain in ("step", "layer", "neuron", "edge"):
        last = line(frame, Row(0), walk.beat(grain, walk.count(grain)))
        assert last.more[-1].text == "0.298371109 → 0.291027774 in the next step's forward pass"
    session.step()
    assert f"{session.frame().loss:.9f}" == "0.291027774"


def test_trained_biases_reach_the_third_published_number(mazur: Callable[..., Session]) -> None:
    session = mazur()
    network = session.experiment.network
    free = tuple(type(layer)(2) for layer in network.layers)
    session.apply(experiment=session.experiment.replace(network=type(network)(2, free)))
    session.step()
    assert f"{session.frame().loss:.9f}" == "0.280471447"


def test_sequential_order_shows_how_the_printed_number_came_about(mazur: Callable[..., Session]) -> None:
    session = mazur(update_order="sequential")
    frame = session.frame()
    walk = Walk.of(frame)
    assert walk.beat("edge", 30).address == "update/w5"
    assert walk.beat("edge", 35).address == "update/b_o2"
    beat = walk.beat("edge", 36)
    assert beat.address == "backward/h1/from-o1"
    assert line(frame, Row(0), beat).text == (
        "w₅⁺ · δ_o1 = 0.358916480 · 0.138498562 = 0.049709416, where w₅⁺ is already updated"
    )
    delta = line(frame, Row(0), walk.beat("edge", walk.find("edge", "backward/h1/delta")))
    assert "gradient of nothing" in delta.more[0].text
    last = line(frame, Row(0), walk.beat("edge", 55))
    assert last.more[-1].text.startswith("0.298371109 → 0.291027924")


def test_neuron_and_layer_grain_say_the_same_numbers_at_once(mazur: Callable[..., Session]) -> None:
    frame = mazur().frame()
    walk = Walk.of(frame)

    def said(grain: str, address: str) -> str:
        found = line(frame, Row(0), walk.beat(grain, walk.find(grain, address)))  # type: ignore[arg-type]
        return " | ".join([found.text, *(more.text for more in found.more)])

    assert said("neuron", "forward/h1") == "out_h1 = σ(0.0075 + 0.02 + 0.35) = σ(0.3775) = 0.593269992"
    assert said("neuron", "backward/h1/delta") == (
        "δ_h1 = (0.055399425 − 0.019049118) · 0.241300709 = 0.036350306 · 0.241300709 = 0.008771355"
    )
    assert "(0.082167041, 0.082667628, 0.138498562)" in said("neuron", "backward/o1/weights")
    assert "(0.40, 0.45, 0.60) → (0.358916480, 0.408666186, 0.60) | biases are frozen" in said("neuron", "update/o1")
    assert said("layer", "forward/layer1") == (
        "net¹ = W¹ i + b¹, shapes (2×2)(2) + (2): (0.3775, 0.3925)"
        " | out¹ = σ(net¹), shapes (2): (0.593269992, 0.596884378)"
    )
    assert "(2×2)(2) ⊙ (2): (0.008771355, 0.009954255)" in said("layer", "backward/layer1/delta")
    assert "‖∂C/∂W²‖ = 0.120885701" in said("layer", "backward/layer2/weights")

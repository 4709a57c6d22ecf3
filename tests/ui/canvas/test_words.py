"""What the canvas writes: headline, line, legend and tooltips, in both languages and never too small."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QFont, QImage, QPainter

from bpstudio.insight.elements import Edge, LossNode, Probe, Row, Unit, WholeBatch
from bpstudio.training.divergence import NonFinite
from ui import language
from ui.canvas import headline, nodes, spoken, text, words
from ui.canvas.geometry import input_names
from ui.canvas.headline import MARGIN
from ui.canvas.legend import Legend
from ui.canvas.picture import Picture

W5 = Edge(2, 0, 0)


def said(easel: Any, name: str, **how: Any) -> tuple[str, str, str]:
    picture = Picture(easel.view(name, **how))
    return headline.phase_word(picture)[0], headline.sentence(picture), headline.beat_line(picture)


def test_the_beat_of_the_picture(easel: Any) -> None:
    assert said(easel, "mazur", at="backward/w5", notation="mazur") == (
        "BACKWARD",
        "beat 24 of 55 · how much does w₅ change the loss?",
        "∂C/∂w₅ = δ_o1 · out_h1 = 0.138498562 · 0.593269992 = 0.082167041",
    )


def test_the_line_waits_for_the_pulse(easel: Any) -> None:
    assert said(easel, "mazur", at="backward/w5", phase=0.5)[2] == ""


def test_training_says_whose_numbers_are_drawn(easel: Any) -> None:
    frame = replace(easel.frame_of("vanishing"), run="running")
    word, sentence, line = said(easel, "vanishing", frame=frame, example=Row(16))
    assert (word, line) == ("TRAINING", "")
    assert sentence == (
        "neurons: row 17 of this batch; edges: mean ∂C/∂w over 32 rows; strongest 54 of each layer drawn"
    )


@pytest.mark.parametrize(("quantity", "index", "symbol"), [("loss", (), "C = +∞"), ("z", (0, 1), "net_h2 = +∞")])
def test_a_divergence_names_the_number_and_no_layer_of_a_loss(
    easel: Any, quantity: str, index: tuple[int, ...], symbol: str
) -> None:
    where = NonFinite(0, 2 if quantity == "loss" else 1, quantity, index, float("inf"))
    frame = replace(easel.frame_of("mazur"), nonfinite=where)
    word, sentence, line = said(easel, "mazur", frame=frame, notation="mazur")
    assert (word, line) == ("NOT FINITE", "")
    assert sentence == f"first not finite: {symbol} · training is paused before this step"


def test_a_probe_says_that_it_changes_nothing_and_a_batch_that_it_is_a_mean(easel: Any) -> None:
    probe = Picture(easel.view("iris", at="start", example=Probe(70)))
    assert headline.whose(probe) == "probe: row 71 · contributes nothing to this update"
    assert (
        headline.whose(Picture(easel.view("iris", at="start", example=WholeBatch())))
        == "whole batch: means over 15 rows"
    )
    assert headline.whose(Picture(easel.view("iris", at="start", example=Row(3)))) == "row 4 of 15 in this batch"
    assert headline.whose(Picture(easel.view("mazur", at="start"))) == "", "one row is all there is"


def test_a_row_that_the_batch_has_not_gives_way_to_the_first(easel: Any) -> None:
    assert Picture(easel.view("iris", example=Row(40))).numbers.example == Row(0)


def test_divergence_names_the_first_operation(easel: Any) -> None:
    word, sentence, _ = said(easel, "diverged", grain="step")
    assert word == "NOT FINITE"
    assert sentence.startswith("first not finite: ")
    assert "layer" not in sentence, "a symbol says of which unit it is, and the loss is of no layer"


@pytest.mark.parametrize("tongue", ["en", "zh_CN"])
@pytest.mark.parametrize("width", [360, 480, 600, 730, 820, 940, 1200, 1600])
@pytest.mark.parametrize("name", ["mazur", "iris", "vanishing", "wide", "relu", "xor"])
@pytest.mark.parametrize("color", ["gradient", "weight", "update"])
def test_the_legend_fits_and_its_entries_do_not_overlap(
    easel: Any, qapp: Any, name: str, width: int, tongue: str, color: str
) -> None:
    language.install(qapp, tongue)
    for example in (Row(0), WholeBatch()):
        legend = Legend(Picture(easel.view(name, size=(width, 390), color=color, example=example)))
        boxes = [entry.box for entry in legend.entries]
        assert boxes[-1].right() <= width - MARGIN + 1
        assert all(a.right() + 10 <= b.left() for a, b in itertools.pairwise(boxes))
        assert all(box.bottom() <= 390 for box in boxes)


@pytest.mark.parametrize("name", ["deep-learn-toolbox", "shallow", "iris"])
def test_the_ends_of_a_fill_are_written_apart(easel: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    legend = Legend(Picture(easel.view(name, size=(940, 390))))
    wide = legend.mono.width
    written: list[tuple[float, float]] = []
    monkeypatch.setattr(
        type(legend.mono), "put", lambda pen, painter, x, y, label, *_: written.append((x, x + wide(label)))
    )
    monkeypatch.setattr(legend, "pen", type("Silent", (), {"put": lambda *_: None})())
    fill = next(entry for entry in legend.entries if entry.name == "fill")
    page = QImage(940, 390, QImage.Format.Format_ARGB32)
    painter = QPainter(page)
    fill.paint(painter)
    painter.end()
    assert len(written) >= 2
    assert all(left[1] + 2 <= right[0] for left, right in itertools.pairwise(written))
    assert written[-1][1] <= fill.box.right() + 1


@pytest.mark.parametrize("size", [1.25, 1.5, 2.0])
def test_the_legend_fits_with_larger_text(easel: Any, size: float) -> None:
    view = easel.view("mazur", size=(940, 600))
    legend = Legend(Picture(view.replace(theme=replace(view.theme, scale=size))))
    assert legend.entries[-1].box.right() <= 940 - MARGIN + 1
    assert legend.entries[0].name == "color"


def test_the_mouse_finds_entries_and_each_is_explained(easel: Any) -> None:
    legend = Legend(Picture(easel.view("mazur")))
    assert [entry.name for entry in legend.entries] == ["color", "width", "fill", "ring"]
    for entry in legend.entries:
        assert legend.at(entry.box.center()) == entry.name
        assert len(legend.explanation(entry.name)) > 20
    assert legend.at(QPointF(300, 100)) == ""


def test_the_legend_marks_the_entry_under_the_mouse_and_the_place_of_the_edge(easel: Any) -> None:
    view = easel.view("mazur", grain="step")
    plain = easel.pixels(easel.painted(view))
    legend = Legend(Picture(view))
    for pointed in (view.replace(under_mouse="width"), easel.view("mazur", grain="step", hover=W5)):
        changed = easel.pixels(easel.painted(pointed)) != plain
        entry = legend.entries[1 if pointed.under_mouse else 0].box.toAlignedRect().adjusted(-8, -4, 8, 4)
        assert changed[entry.top() : entry.bottom(), entry.left() : entry.right()].any()


@pytest.mark.parametrize("name", ["mazur", "iris", "vanishing", "wide", "relu"])
def test_no_text_is_smaller_than_12_pixels(easel: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    sizes: list[int] = []
    real = QPainter.setFont

    def watched(painter: QPainter, font: QFont) -> None:
        sizes.append(font.pixelSize())
        real(painter, font)

    monkeypatch.setattr(text.QPainter, "setFont", watched)
    easel.painted(easel.view(name, at="start"))
    easel.painted(easel.view(name))
    assert sizes
    assert min(sizes) >= 12


def test_tooltips_have_all_digits_and_say_what_is_not_computed(easel: Any) -> None:
    before, after = (Picture(easel.view("mazur", notation="mazur", at=at)) for at in ("forward/h1/a", "update/w5"))
    assert "not computed yet" in words.tooltip(before, W5)
    told = words.tooltip(after, W5).split("\n")
    assert told[0] == "w₅   h₁ → o₁"
    gradient = easel.frame_of("mazur").trace.layers[1].dW[0, 0]
    assert f"∂C/∂w₅ = {gradient!r}".replace("np.float64(", "").rstrip(")") in told[2]
    assert float(told[-1].rsplit(" ", 1)[1]) == 0.4 - 0.5 * gradient
    assert words.facts(before, Unit(2, 0)) == ["not computed yet"]
    assert words.facts(before, LossNode()) == ["not computed yet"]


def test_tooltip_of_a_frozen_bias(easel: Any) -> None:
    assert "frozen: keeps its value" in words.tooltip(Picture(easel.view("mazur")), Edge(2, 0, -1))


def test_screen_readers_hear_the_selection(easel: Any) -> None:
    assert spoken.description(None) == "Nothing is selected. Shift and the arrow keys select."
    told = spoken.description(easel.view("mazur", notation="mazur", selection=Unit(2, 1), at="backward/o2/delta"))
    assert told.startswith("o₂")
    assert "δ_o2 = -0.0380982365" in told


def test_one_hot_inputs_are_named_by_their_value_under_their_column(easel: Any) -> None:
    assert input_names(easel.frame_of("relu").dataset) == ("size", "price", "gas", "diesel", "none")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.298371, "0.298"),
        (12.345, "12.35"),
        (2345.6, "2346"),
        (0.0021, "2e-3"),
        (3.2e-7, "3e-7"),
        (1e9, "1e9"),
        (0.0, "0.000"),
    ],
)
def test_the_loss_in_its_node_is_short(value: float, shown: str) -> None:
    assert nodes.five(value) == shown
    assert nodes.five(float("nan")) == "NaN"

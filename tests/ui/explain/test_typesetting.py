"""Formulas as outlines: those that travel with the program, and those typeset as they are needed."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PyQt6.QtCore import QByteArray
from PyQt6.QtGui import QColor, QImage, QPainter
from PyQt6.QtSvg import QSvgRenderer

from bpstudio.files import asset
from ui.explain import typesetting
from ui.explain.formula import typeset

ROOT = Path(__file__).parents[3]
PRODUCT = r"\frac{\partial C}{\partial w_{5}}"
GROWN = r"\left\| \frac{\partial C}{\partial w_{1,1}} \right\|"
"""Its brackets are put together from pieces."""
UNHEARD_OF = r"\frac{\partial C}{\partial w^{7}_{33,44}}"


@pytest.fixture
def shipped(monkeypatch, tmp_path):
    """Puts another file in the place of the one that travels with the program."""

    def put(content: bytes | None) -> None:
        (tmp_path / "assets").mkdir(exist_ok=True)
        if content is not None:
            (tmp_path / "assets" / typesetting.PLACE).write_bytes(content)
        monkeypatch.setattr(asset, "folder", lambda: tmp_path / "assets")
        typesetting._shipped.cache_clear()

    yield put
    typesetting._shipped.cache_clear()


def numbers(setting):
    marks = [n for mark in setting.marks for n in mark[1:]]
    return [*setting.box, *marks, *(n for rule in setting.rules for n in rule)]


def drawn(svg):
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    assert renderer.isValid()
    box = renderer.viewBoxF()
    image = QImage(300, 200, QImage.Format.Format_Grayscale8)
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, box.translated(20, 100))
    painter.end()
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    return box, bytes(bits)


def test_what_travels_is_what_ziamath_typesets_and_holds_every_formula_of_the_small_lessons():
    """Fails when a lesson, a notation or ziamath changes; then run .ci/typeset_formulas.py."""
    spec = importlib.util.spec_from_file_location("typeset_formulas", ROOT / ".ci" / "typeset_formulas.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    wanted = script.formulas()
    assert len(wanted) > 300
    _, there = typesetting._shipped()
    assert set(there) == wanted
    for tex in sorted(wanted)[::25]:
        kept, now = typesetting.setting(tex), typesetting.typeset(tex)
        assert [mark.outline for mark in kept.marks] == [mark.outline for mark in now.marks]
        assert numbers(kept) == pytest.approx(numbers(now), abs=0.05), tex


@pytest.mark.parametrize("tex", [PRODUCT, r"\sigma\left(net_{h1}\right)", r"out_{o1} - target_{o1}", "="])
def test_the_picture_is_the_one_that_ziamath_draws(qapp, tex):
    from ziamath.config import config
    from ziamath.zmath import Latex

    config.svg2 = False
    theirs, their_bits = drawn(Latex(tex, size=19, color="#1b2430").svg())
    ours, our_bits = drawn(typesetting.setting(tex).svg(19, "#1b2430"))
    for one, other in zip(ours.getRect(), theirs.getRect(), strict=True):
        assert one == pytest.approx(other, abs=0.002)
    assert min(our_bits) < 120, "something is drawn"
    differences = [abs(one - other) for one, other in zip(our_bits, their_bits, strict=True)]
    # Qt's rasterizer counts in 64ths of a pixel: a thousandth may tip an edge over.
    assert max(differences) <= 32
    assert sum(differences) < 0.03 * sum(255 - bit for bit in their_bits)


def test_brackets_that_are_put_together_are_drawn_from_end_to_end(qapp):
    grown, _ = drawn(typesetting.setting(GROWN).svg(19, "#1b2430"))
    inner, _ = drawn(typesetting.setting(r"\frac{\partial C}{\partial w_{1,1}}").svg(19, "#1b2430"))
    assert grown.width() > inner.width() + 3
    _, bits = drawn(typesetting.setting(r"\left\| \frac{\partial C}{\partial w_{1,1}} \right.").svg(19, "#1b2430"))
    marks = typesetting.setting(GROWN).marks
    assert marks[0].outline == marks[-1].outline, "the same bars on both sides"
    assert marks[0].outline.count("M") > 2, "all of their pieces"
    assert min(bits) < 120


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"\xff\xfe\x00",
        b"[]",
        b"{}",
        b'{"outlines": 1, "formulas": []}',
        b'{"outlines": [], "formulas": {}}',
        json.dumps({"outlines": [], "formulas": {PRODUCT: [[0, 0, 1, 1], [[7, 0, 0, 1]], []]}}).encode(),
        json.dumps({"outlines": ["M 0 0"], "formulas": {PRODUCT: [[0, 0, 1], [], []]}}).encode(),
        json.dumps({"outlines": ["M 0 0"], "formulas": {PRODUCT: "no"}}).encode(),
        json.dumps({"outlines": ["M 0 0"], "formulas": {PRODUCT: None}}).encode(),
    ],
)
def test_a_broken_file_only_costs_time(shipped, content):
    expected = typesetting.typeset(PRODUCT)
    shipped(content)
    assert typesetting.setting(PRODUCT) == expected


def test_a_formula_that_does_not_travel_is_typeset(qapp):
    assert UNHEARD_OF not in typesetting._shipped()[1]
    made = typeset(UNHEARD_OF, 19, "#123456")
    assert made.renderer.isValid()
    assert made.width > 20
    assert made.ascent > 10
    assert made.descent > 5


def test_a_formula_grows_with_its_size_and_takes_its_color(qapp):
    small, large = (typesetting.setting(PRODUCT).svg(size, "#abcdef") for size in (19, 38))
    assert 'fill="#abcdef"' in small
    (one, _), (other, _) = drawn(small), drawn(large)
    assert other.width() - 2 == pytest.approx(2 * (one.width() - 2), abs=0.001)


def python(code):
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_window_loads_nothing_that_it_can_do_without():
    heavy = ("pyqtgraph", "ziamath", "polars", "rich", "scipy", "matplotlib", "sqlite3", "xml.etree", "numpy.ma")
    loaded = python(f"import ui.__main__, ui.app, sys; print(*(name for name in {heavy} if name in sys.modules))")
    assert loaded == []


def test_the_formulas_of_the_first_lesson_do_not_load_the_typesetter():
    code = (
        "import sys; from ui.explain.typesetting import setting;"
        f"setting({PRODUCT!r}); print('ziamath' in sys.modules);"
        f"setting({UNHEARD_OF!r}); print('ziamath' in sys.modules)"
    )
    assert python(code) == ["False", "True"]

"""Every activation from a layer's card, with its numbers, one for each unit, or typed; each choice can be undone."""

import ast
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QComboBox, QLineEdit

import bpstudio.maths
from bpstudio.engine.layers import Conv2D, Dense, Flatten
from bpstudio.engine.network import Network
from bpstudio.insight.elements import Unit
from bpstudio.maths.activations import FAMILIES
from bpstudio.training.session import Session
from ui import language
from ui.panels import describe
from ui.panels.activation_form import ActivationForm
from ui.panels.builder import Builder
from ui.panels.formula_form import SENTENCES, FormulaForm
from ui.panels.small_curve import SmallCurve


def choose(box: QComboBox, value: object) -> None:
    box.setCurrentIndex(next(row for row in range(box.count()) if box.itemData(row) == value))
    box.activated.emit(box.currentIndex())


def type_into(field: QLineEdit, text: str, enter: bool = True) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    if enter:
        QTest.keyClick(field, Qt.Key.Key_Return)


@pytest.fixture
def builder(stage: Any, clouds_session: Session) -> Builder:
    stage.open(clouds_session)
    made = Builder(stage.runner, stage.focus)
    stage.show(made, height=1000)
    made.network.open_layer(0)
    return made


@pytest.fixture
def form(builder: Builder) -> ActivationForm:
    editor = builder.network.cards[0].editor
    assert editor is not None
    return editor.function


def activation_of(stage: Any) -> str:
    text: str = stage.settle().experiment.network.layers[0].activation
    return text


def shown(form: ActivationForm) -> list[str]:
    """The texts of the number fields that can be seen."""
    return [field.text() for field, row in form.numbers if not row.isHidden()]


def test_every_function_can_be_chosen_and_taken_back(form: ActivationForm, stage: Any) -> None:
    for family in [name for name in FAMILIES if name != "tanh"]:
        choose(form.choice, family)
        assert activation_of(stage) == family
        assert form.choice.currentData() == family
        assert len(shown(form)) == len(FAMILIES[family].parameters)
        stage.runner.undo()
        assert activation_of(stage) == "tanh"
        assert shown(form) == []


def test_its_numbers_stand_under_it_and_can_be_changed(form: ActivationForm, stage: Any) -> None:
    choose(form.choice, "scaled_tanh")
    activation_of(stage)
    assert shown(form) == ["1.7159", "2/3"]
    type_into(form.numbers[1][0], "0,8")
    assert activation_of(stage) == "scaled_tanh(steepness=0.8)"
    type_into(form.numbers[0][0], "1.2")
    assert activation_of(stage) == "scaled_tanh(amplitude=1.2, steepness=0.8)"
    type_into(form.numbers[1][0], "2/3")
    assert activation_of(stage) == "scaled_tanh(amplitude=1.2)"
    stage.runner.undo()
    assert activation_of(stage) == "scaled_tanh(amplitude=1.2, steepness=0.8)"
    assert shown(form) == ["1.2", "0.8"]


def test_an_impossible_number_is_refused_beside_its_field(form: ActivationForm, stage: Any) -> None:
    choose(form.choice, "softplus")
    activation_of(stage)
    field, row = form.numbers[0]
    type_into(field, "-2")
    assert activation_of(stage) == "softplus"
    assert "above 0" in row.message.text()
    assert not row.message.isHidden()


def test_each_unit_can_have_its_own(form: ActivationForm, builder: Builder, stage: Any) -> None:
    choose(form.choice, "per_unit")
    assert activation_of(stage) == f"per_unit({', '.join(['tanh'] * 10)})"
    assert not form.unit_row.isHidden()
    form.show_unit(2)
    choose(form.own.choice, "elu")
    activation_of(stage)
    assert form.unit.currentIndex() == 2
    type_into(form.own.numbers[0][0], "0.5")
    assert activation_of(stage) == f"per_unit(tanh, tanh, elu(alpha=0.5), {', '.join(['tanh'] * 7)})"
    editor = builder.network.cards[0].editor
    assert editor is not None
    type_into(editor.units, "3")
    assert activation_of(stage) == "per_unit(tanh, tanh, elu(alpha=0.5))"
    type_into(editor.units, "4")
    assert activation_of(stage) == "per_unit(tanh, tanh, elu(alpha=0.5), elu(alpha=0.5))"
    choose(form.choice, "relu")
    assert activation_of(stage) == "relu"
    assert form.unit_row.isHidden()


def test_the_unit_that_is_selected_is_the_one_whose_function_is_shown(
    form: ActivationForm, builder: Builder, stage: Any
) -> None:
    choose(form.choice, "per_unit")
    activation_of(stage)
    stage.focus.set(selection=Unit(1, 4))
    builder.network.look()
    assert form.unit.currentIndex() == 4


def test_a_formula_is_drawn_and_examined_before_it_is_used(form: ActivationForm, stage: Any) -> None:
    choose(form.choice, "formula")
    own = form.formula
    assert own.isVisible()
    assert not own.curve.is_empty
    assert activation_of(stage) == "tanh"
    type_into(own.field, "z*sigmoid(z)", enter=False)
    assert own.accept.isEnabled()
    assert "4,001" in own.verdict.text()
    assert activation_of(stage) == "tanh"
    own.accept.click()
    assert activation_of(stage) == "formula(z * sigmoid(z))"
    assert own.accept.isHidden()
    type_into(own.field, "max(0, z)")
    assert activation_of(stage) == "formula(max(0, z))"
    assert "z = 0" in own.verdict.text()
    stage.runner.undo()
    assert activation_of(stage) == "formula(z * sigmoid(z))"
    assert own.field.text() == "z * sigmoid(z)"
    stage.runner.undo()
    assert activation_of(stage) == "tanh"
    assert own.isHidden()


WRONG = {
    "z / (1 + foo(z))": "Character 10: foo is not known",
    "z / (1 + abs(z)": "but the formula ends here",
    "1 / (z - 1)": "f is not finite at z = 1",
    "0,5 * z": "Character 2: expected a point before decimals, as in 0.5",
    "": "Character 1: expected a number",
}


def test_a_wrong_formula_says_where_and_cannot_be_used(form: ActivationForm, stage: Any) -> None:
    choose(form.choice, "formula")
    own = form.formula
    for text, words in WRONG.items():
        type_into(own.field, text or "z", enter=False)
        if not text:
            QTest.keyClick(own.field, Qt.Key.Key_Backspace)
        assert words in own.verdict.text()
        assert not own.accept.isEnabled()
        QTest.keyClick(own.field, Qt.Key.Key_Return)
        assert activation_of(stage) == "tanh"
    QTest.keyClick(own.field, Qt.Key.Key_Escape)
    assert own.isHidden()
    assert form.choice.currentData() == "tanh"


def test_what_is_typed_survives_a_frame(form: ActivationForm, builder: Builder, stage: Any) -> None:
    choose(form.choice, "formula")
    type_into(form.formula.field, "z +", enter=False)
    builder.show_frame(stage.frame)
    assert form.formula.field.text() == "z +"
    assert form.formula.isVisible()


def test_all_that_is_said_of_a_formula_can_be_said_in_chinese() -> None:
    folder = Path(bpstudio.maths.__path__[0])
    found = set()
    for name in ("formula", "formula_check"):
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if getattr(called, "id", "") == "FormulaError" or getattr(called, "attr", "") == "_refusal":
                assert isinstance(node, ast.Call)
                found |= {each.value for each in node.args[:1] if isinstance(each, ast.Constant)}
    assert len(found) > 12
    assert found <= set(SENTENCES)
    assert set(SENTENCES) <= set(language.catalogue("zh_CN"))


def test_images_have_neither_softmax_nor_a_function_for_each_unit(stage: Any, form: ActivationForm) -> None:
    choices = lambda: [form.choice.itemData(row) for row in range(form.choice.count())]  # noqa: E731
    form.show_layer("relu", 8, in_rows=True)
    assert {"softmax", "per_unit", "formula"} <= set(choices())
    form.show_layer("relu", 8, in_rows=False)
    assert not {"softmax", "per_unit"} & set(choices())
    assert Network(9, (Conv2D(2, (2, 2), activation="relu"), Flatten(), Dense(1)), (3, 3)).outputs == 1


def test_functions_are_called_as_everybody_calls_them() -> None:
    assert describe.activation("sigmoid") == "sigmoid"
    assert describe.activation("leaky_relu(slope=0.2)") == "leaky ReLU, s = 0.2"
    assert describe.activation("formula(z^2)") == "f(z) = z^2"
    assert describe.activation("per_unit(relu, relu, formula(z^2), elu)") == "ReLU, f(z), ELU"
    assert describe.activation("per_unit(relu, tanh, selu, elu)") == "ReLU, tanh, SELU, …"


def test_a_pole_does_not_flatten_the_picture(stage: Any) -> None:
    curve, own = SmallCurve(), FormulaForm(lambda text: None, lambda: None)
    own.show_formula("1 / (z - 0.5)", in_use=False)
    low, high = own.curve.heights()
    assert high - low < 60
    assert curve.is_empty
    assert curve.heights() == (-1.0, 1.0)

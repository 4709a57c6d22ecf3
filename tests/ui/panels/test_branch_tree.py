"""The tree of branches, with the mouse and with the keyboard."""

from typing import Any

import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QApplication, QLineEdit

from bpstudio.insight.notation import number
from bpstudio.training.optimizers import SGD
from bpstudio.training.session import Session
from ui import language, theme
from ui.panels.branch_lanes import LANE, Tree
from ui.panels.branches import Branches

Key = Qt.Key
Told = list[tuple[str, str]]


def forked(session: Session) -> Session:
    """The first run to step 40; branch 2 out of it at step 10, to 60; branch 3 out of it at step 25, to 30."""
    session.run(40)
    for step, rate, until in ((10, 0.1, 60), (25, 0.2, 30)):
        session.switch(1, step)
        session.apply(session.experiment.replace(optimizer=SGD(rate)), name="change learning rate")
        session.run(until - step)
    return session


@pytest.fixture
def told() -> Told:
    return []


@pytest.fixture
def panel(stage: Any, mazur_session: Session, told: Told) -> Branches:
    stage.open(forked(mazur_session))
    panel = Branches(stage.runner, lambda *said: told.append(said), lambda: None)
    stage.show(panel, width=300, height=420)
    stage.qtbot.waitUntil(lambda: panel.tree.width() > 200)
    return panel


def point(panel: Branches, at: QPoint) -> None:
    """The mouse moves there. It is the tree that is told, wherever the pointer of the test's own screen may be."""
    port, none = panel.tree.viewport(), Qt.MouseButton.NoButton
    assert port is not None
    place, kind = (QPointF(at), QPointF(port.mapToGlobal(at))), QEvent.Type.MouseMove
    QApplication.sendEvent(port, QMouseEvent(kind, *place, none, none, Qt.KeyboardModifier.NoModifier))


def place(panel: Branches, branch: int, step: int) -> QPoint:
    """The pixel of a step on the lane of a branch."""
    tree = panel.tree
    index = tree.model().index(tree.tree.rows[branch], 0)  # type: ignore[union-attr]
    tree.scrollTo(index)
    rect = tree.visualRect(index)
    return QPoint(round(rect.left() + tree.tree.x(step, rect.width())), rect.top() + theme.current().px(LANE))


def press(stage: Any, panel: Branches, *keys: Qt.Key) -> None:
    panel.tree.setFocus()
    for key in keys:
        stage.qtbot.keyClick(panel.tree, key)
    stage.settle()


def test_lanes_that_go_take_the_mouse_with_them(stage: Any, panel: Branches) -> None:
    point(panel, place(panel, 2, 40))
    stage.qtbot.waitUntil(lambda: panel.tree.hover is not None)
    panel.tree._hover = (2, 28)  # on the last lane, wherever that stands
    panel.tree.choose(3)
    for branch in (3, 2):
        stage.runner.delete_branch(branch)
    stage.settle()
    assert panel.tree.hover is None
    assert panel.reading.text()


def test_each_branch_has_a_lane_in_an_order_without_crossings(panel: Branches) -> None:
    tree = panel.tree.tree
    assert tree.titles == ("first run", "branch 3 · η = 0.2", "branch 2 · η = 0.1")
    assert [lane.origin for lane in tree.lanes] == [None, 0, 0]
    assert (tree.first, tree.last, tree.current) == (0, 60, 3)
    assert panel.tree.chosen == 3, "the lane of the run is chosen"
    assert panel.tree.height() >= panel.tree.sizeHint().height() - 1, "nothing of three lanes scrolls"
    assert tree.x(0, 280) < tree.x(30, 280) < tree.x(60, 280) < 280
    assert all(tree.step(tree.x(step, 280), 280) == step for step in range(61))


def test_a_click_on_a_lane_goes_to_that_step_of_that_branch(stage: Any, panel: Branches) -> None:
    port = panel.tree.viewport()
    stage.qtbot.mouseClick(port, Qt.MouseButton.LeftButton, pos=place(panel, 2, 50))
    frame = stage.settle()
    assert frame.branch == 2
    assert abs(frame.step - 50) <= 1
    stage.qtbot.mouseClick(port, Qt.MouseButton.LeftButton, pos=place(panel, 1, 5))
    frame = stage.settle()
    assert (frame.branch, abs(frame.step - 5) <= 1) == (1, True)
    here = panel.tree.tree.stands
    stage.qtbot.mouseClick(port, Qt.MouseButton.LeftButton, pos=place(panel, 3, 28) - QPoint(0, 22))
    stage.settle()
    assert panel.tree.tree.stands == here, "a click on the name chooses the branch, and goes nowhere"
    assert panel.tree.chosen == 3


def test_what_is_under_the_mouse_is_read_with_its_loss(stage: Any, panel: Branches) -> None:
    point(panel, place(panel, 2, 40))
    stage.qtbot.waitUntil(lambda: panel.tree.hover is not None)
    assert panel.tree.hover is not None
    row, step = panel.tree.hover
    assert panel.tree.tree.lanes[row].branch.number == 2
    loss = next(each for each in stage.frame.branches if each.number == 2).metrics.value("loss", step)
    assert panel.reading.text() == f"branch 2 · η = 0.1 · step {step} · loss {number(loss, 6)}"


def test_the_keyboard_does_it_all(stage: Any, panel: Branches) -> None:
    press(stage, panel, Key.Key_Down)
    assert panel.tree.chosen == 2
    assert stage.frame.branch == 3, "choosing is not going"
    press(stage, panel, Key.Key_Left, Key.Key_Left)
    assert panel.tree.at == 58
    assert panel.reading.text().startswith("branch 2 · η = 0.1 · step 58 · loss ")
    press(stage, panel, Key.Key_Return)
    assert (stage.frame.branch, stage.frame.step) == (2, 58)
    press(stage, panel, Key.Key_PageUp)
    assert panel.tree.at == 55
    press(stage, panel, Key.Key_Home)
    assert panel.tree.at == 10, "its own steps begin at the fork"
    press(stage, panel, Key.Key_Left)
    assert panel.tree.at == 10
    press(stage, panel, Key.Key_End, Key.Key_Right, Key.Key_Enter)
    assert stage.frame.step == 60
    press(stage, panel, Key.Key_Up, Key.Key_Up, Key.Key_Return)
    assert stage.frame.branch == 1, "Enter without a step goes to where one stood there"


@pytest.mark.parametrize("way", ["F2", "button", "double click"])
def test_a_branch_is_renamed_in_place_and_escape_leaves_it(stage: Any, panel: Branches, way: str) -> None:
    tree = panel.tree
    tree.choose(2)
    if way == "F2":
        press(stage, panel, Key.Key_F2)
    elif way == "button":
        panel.button("rename").click()
    else:
        name = place(panel, 2, 40) - QPoint(0, 20)
        stage.qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=name)
        stage.qtbot.mouseDClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=name)
    editor = tree.findChild(QLineEdit)
    assert editor is not None
    assert editor.selectedText() == "branch 2 · η = 0.1"
    stage.qtbot.keyClicks(editor, "slow one")
    stage.qtbot.keyClick(editor, Key.Key_Return)
    stage.qtbot.waitUntil(lambda: "slow one" in tree.tree.titles)
    assert next(each for each in stage.frame.branches if each.number == 2).name == "slow one"
    assert stage.frame.undo == "rename branch"
    stage.qtbot.waitUntil(lambda: not tree.findChildren(QLineEdit))
    tree.rename()
    editor = tree.findChild(QLineEdit)
    assert editor is not None
    stage.qtbot.keyClicks(editor, "no")
    stage.qtbot.keyClick(editor, Key.Key_Escape)
    stage.settle()
    assert "slow one" in tree.tree.titles


def test_training_on_does_not_take_the_typed_name_away(stage: Any, panel: Branches) -> None:
    panel.tree.choose(3)
    panel.tree.rename()
    editor = panel.tree.findChild(QLineEdit)
    assert editor is not None
    stage.qtbot.keyClicks(editor, "half a na")
    stage.runner.step(5)
    stage.settle()
    assert stage.frame.step == 35
    assert editor.text() == "half a na"
    stage.qtbot.keyClick(editor, Key.Key_Escape)


def test_a_deleted_branch_is_told_of_and_comes_back(stage: Any, panel: Branches, told: Told) -> None:
    panel.tree.choose(2)
    press(stage, panel, Key.Key_Delete)
    assert [each.number for each in stage.frame.branches] == [1, 3]
    assert panel.tree.tree.titles == ("first run", "branch 3 · η = 0.2")
    assert told == [("good", "Branch “branch 2 · η = 0.1” is deleted. Undo brings it back.")]
    stage.runner.undo()
    assert [each.number for each in stage.settle().branches] == [1, 2, 3]
    assert len(panel.tree.tree.titles) == 3
    panel.tree.choose(3)
    panel.button("delete").click()
    assert stage.settle().branch == 1, "from the branch on which the run was it goes to the parent"
    assert panel.tree.chosen == 1


def test_a_compared_branch_is_marked_and_the_button_ends_it(stage: Any, panel: Branches) -> None:
    compare = panel.button("compare")
    assert (compare.text(), compare.isEnabled()) == ("Compare", False), "the run is not compared with itself"
    panel.tree.choose(1)
    assert compare.isEnabled()
    compare.click()
    stage.settle()
    assert stage.frame.compared == 1
    assert panel.tree.tree.note(0) == "compared"
    assert compare.text() == "Stop comparing"
    assert panel.beside.isVisible()
    assert "Grey curves: first run" in panel.beside.text()
    panel.button("go").click()
    stage.settle()
    assert (stage.frame.branch, panel.beside.isVisible()) == (1, False), "nothing is grey over itself"
    compare.click()
    stage.settle()
    assert stage.frame.compared is None
    assert not panel.beside.isVisible()


def test_a_new_branch_begins_where_the_run_stands(stage: Any, panel: Branches) -> None:
    panel.button("begin").click()
    frame = stage.settle()
    assert (frame.branch, frame.step) == (4, 30)
    assert panel.tree.tree.titles[panel.tree.tree.rows[4]] == "branch 4"
    assert panel.tree.chosen == 4, "the chosen lane follows the run"


def test_bookmarks_and_events_lie_on_the_lane_that_holds_their_step(stage: Any, panel: Branches) -> None:
    stage.runner.switch(3, 5)
    stage.settle()
    stage.runner.bookmark("", "early")
    stage.settle()
    assert panel.tree.tree.bookmarks == {1: (5,)}, "before the fork it is a step of the first run"
    assert panel.tree.tree.stands == (1, 5)


def test_it_says_what_it_shows(stage: Any, panel: Branches) -> None:
    model = panel.tree.model()
    assert model is not None
    said = [model.data(model.index(row, 0), Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert said == [
        "first run, steps 0 to 40",
        "branch 3 · η = 0.2, steps 25 to 30, out of first run, the run is here",
        "branch 2 · η = 0.1, steps 10 to 60, out of first run",
    ]
    assert panel.tree.accessibleName() == "Branches of the run"
    assert panel.tree.accessibleDescription() == panel.reading.text()
    app = QApplication.instance()
    assert app is not None
    language.install(app, "zh_CN")
    stage.qtbot.waitUntil(lambda: panel.tree.tree.titles[0] == "最初的训练")
    assert panel.tree.accessibleName() == "本次训练的分支"
    stage.qtbot.waitUntil(lambda: panel.reading.height() >= panel.reading.heightForWidth(panel.reading.width()))


def test_one_branch_says_how_there_come_to_be_more(stage: Any, mazur_session: Session, told: Told) -> None:
    stage.open(mazur_session)
    panel = Branches(stage.runner, lambda *said: told.append(said), lambda: None)
    stage.show(panel, width=300)
    assert panel.hint.isVisible()
    assert [name for name in ("go", "compare", "delete") if panel.button(name).isVisible()] == []
    press(stage, panel, Key.Key_Delete)
    assert len(stage.frame.branches) == 1
    assert told == []


def test_forty_branches_scroll_and_a_million_steps_have_places(stage: Any, mazur_session: Session) -> None:
    session = mazur_session
    session.run(3)
    for count in range(39):
        session.switch(1, 2)
        session.branch(f"number {count}")
    stage.open(session)
    panel = Branches(stage.runner, lambda *_: None, lambda: None)
    stage.show(panel, width=300, height=500)
    tree = panel.tree
    assert len(tree.tree.lanes) == 40
    bar = tree.verticalScrollBar()
    assert bar is not None
    stage.qtbot.waitUntil(lambda: bar.maximum() > 0)
    press(stage, panel, Key.Key_Up)
    index = tree.currentIndex()
    port = tree.viewport()
    assert port is not None
    assert port.rect().contains(tree.visualRect(index)), "what is chosen is in sight"
    far = Tree(tree.tree.lanes, tree.tree.titles, 0, 1_000_000)
    assert far.step(far.x(654_321, 300), 300) == 654_321

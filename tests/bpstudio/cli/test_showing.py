"""Every number of a step in the terminal, and a step as a lesson of its own."""

import json

import numpy as np
import pytest

import bpstudio
from bpstudio import cli
from bpstudio.cli import exits
from bpstudio.files import lesson
from bpstudio.training.session import Session


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def project(here):
    """A run with a branch: 30 steps, and from step 10 on another 8 at a greater rate."""
    session = lesson.load("mazur").session()
    session.run(30)
    session.seek(10)
    session.apply(session.experiment.replace(optimizer=bpstudio.Momentum(0.9)))
    session.run(8)
    session.rename_branch(2, "fast")
    bpstudio.save(session, here / "a.bpstudio")
    return session


def printed(capsys, *words: str) -> str:
    assert cli.main(list(words)) == exits.DONE
    return capsys.readouterr().out


def test_the_json_form_has_every_array_bit_by_bit(project, capsys):
    said = json.loads(printed(capsys, "show", "a.bpstudio", "--step", "15", "--json"))
    project.seek(15)
    frame = project.frame()
    assert (said["format"], said["step"], said["branch"]) == ("bpstudio-step/1", 15, {"number": 2, "name": "fast"})
    assert said["loss"] == frame.loss
    assert said["metrics"]["gradient_norm"] == frame.metrics.value("gradient_norm", 15)
    assert said["data"]["hash"] == frame.dataset.hash
    assert said["optimizer"]["after"]["velocity"]["layer1"]["W"] == frame.state_next["velocity"].W[0].tolist()
    for name in ("layer1", "layer2"):
        layer, trace = said["trace"]["layers"][name], frame.trace[name]
        for array in ("x", "z", "a", "slope", "delta", "dW", "db", "update_W", "update_b", "W_used"):
            assert np.array(layer[array]).tobytes() == np.ascontiguousarray(getattr(trace, array)).tobytes()
    assert said["trace"]["layers"]["layer1"]["mean"] is None
    assert bpstudio.Experiment.from_dict(said["experiment"]) == frame.experiment


@pytest.mark.parametrize(("branch", "step", "loss"), [("1", 25, None), ("fast", 18, None), (None, None, None)])
def test_a_step_of_a_branch(project, capsys, branch, step, loss):
    words = [*(["--branch", branch] if branch else []), *(["--step", str(step)] if step else [])]
    said = json.loads(printed(capsys, "show", "a.bpstudio", *words, "--json"))
    project.switch(1 if branch == "1" else 2, step or 18)
    assert (said["step"], said["loss"]) == (step or 18, project.loss)


def test_a_lesson_is_trained_up_to_the_step(capsys):
    session = lesson.load("iris").session()
    session.run(33)
    said = json.loads(printed(capsys, "show", "iris", "--step", "33", "--json"))
    assert (said["step"], said["loss"]) == (33, session.loss)
    assert said["batch"] == session.frame().batch.tolist()


def test_the_tables_have_every_number_of_a_small_network_in_full(capsys):
    text = printed(capsys, "show", "mazur", "--step", "2")
    session = lesson.load("mazur").session()
    session.run(2)
    trace = session.frame().trace
    for value in (session.loss, *trace["layer1"].dW.ravel(), *trace["layer2"].delta.ravel(), *session.params.flat):
        assert repr(float(value)) in text
    assert "step 2" in text
    assert "dW 2×2" in text


def test_of_a_large_array_the_tables_show_the_beginning(capsys):
    text = printed(capsys, "show", "lenet")
    assert "the first 8 rows" in text
    assert "…" in text
    assert len(text.splitlines()) < 2000


def test_one_beat_in_words_and_numbers(capsys):
    session = lesson.load("mazur").session()
    text = printed(capsys, "show", "mazur", "--at", "backward/w5")
    value = float(session.frame().trace["layer2"].dW[0, 0])
    assert f"dW = {value!r}" in text
    assert "how much does w₅ change the loss?" in text
    said = json.loads(printed(capsys, "show", "mazur", "--at", "backward/w5", "--json"))
    assert (said["step"], said["kind"], said["layer"], said["numbers"]) == (0, "gradient", 2, {"dW": value})


@pytest.mark.parametrize(
    ("at", "names"),
    [
        ("forward/h1/w1", ["weight", "x", "product"]),
        ("forward/h2/z", ["z"]),
        ("forward/layer2", ["z", "a"]),
        ("loss/o2", ["element"]),
        ("loss/C", ["loss", "penalty", "objective"]),
        ("backward/o1/error", ["dC_da"]),
        ("backward/h1/from-o2", ["weight", "delta", "arrival"]),
        ("backward/h1/sum", ["dC_da"]),
        ("backward/layer1/delta", ["slope", "delta"]),
        ("backward/layer2/weights", ["dW", "db"]),
        ("update/b_o1", ["b", "update_b"]),
        ("update/layer1", ["W", "b", "update_W", "update_b"]),
    ],
)
def test_every_kind_of_beat_has_its_numbers(capsys, at, names):
    said = json.loads(printed(capsys, "show", "mazur", "--at", at, "--json"))
    assert list(said["numbers"]) == names
    assert said["question"]
    assert said["first_row"][0]


def test_of_a_product_the_numbers_are_those_of_the_sentence(capsys):
    numbers = json.loads(printed(capsys, "show", "mazur", "--at", "forward/h1/w1", "--json"))["numbers"]
    assert numbers == {"weight": 0.15, "x": [0.05], "product": [0.15 * 0.05]}
    arrivals = [
        json.loads(printed(capsys, "show", "mazur", "--at", f"backward/h1/from-o{n}", "--json"))["numbers"]
        for n in (1, 2)
    ]
    assert [each["weight"] for each in arrivals] == [0.4, 0.5]
    whole = json.loads(printed(capsys, "show", "mazur", "--at", "backward/h1/sum", "--json"))["numbers"]
    assert sum(each["arrival"][0] for each in arrivals) == pytest.approx(whole["dC_da"][0], rel=1e-15)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a.bpstudio", "--step", "99"], "expected 0 to 18, got 99"),
        (["a.bpstudio", "--branch", "slow"], "expected one of 1, 2 'fast'"),
        (["mazur", "--at", "backward/w99"], "backward/w8"),
        (["mazur", "--at", "nowhere"], "nowhere"),
        (["linear.json", "--step", "500"], "because it became NaN or infinite there"),
    ],
)
def test_a_refusal_says_what_there_is(project, here, capsys, words, said):
    whole = lesson.load("linear")
    lesson.write(
        whole.replace(experiment=whole.experiment.replace(optimizer=bpstudio.SGD(1e160))), here / "linear.json"
    )
    assert cli.main(["show", *words]) == exits.TROUBLE
    assert said in capsys.readouterr().err


def test_what_is_not_finite_is_a_text(here, capsys):
    whole = lesson.load("linear")
    session = whole.replace(experiment=whole.experiment.replace(optimizer=bpstudio.SGD(1e160))).session()
    session.run(500)
    assert session.nonfinite is not None
    bpstudio.save(session, here / "a.bpstudio")
    said = json.loads(printed(capsys, "show", "a.bpstudio", "--json"))
    assert said["nonfinite"]["value"] in ("nan", "inf", "-inf")
    assert "first not finite" in printed(capsys, "show", "a.bpstudio")


def test_a_moment_becomes_a_lesson_that_goes_on_from_there(project, here, capsys):
    assert cli.main(["export", "a.bpstudio", "--step", "12", "-o", "moment.json"]) == exits.DONE
    assert "8 promised numbers" in capsys.readouterr().out
    opened = bpstudio.read_lesson(here / "moment.json")
    session: Session = opened.session()
    project.seek(12)
    assert session.params.flat.tobytes() == project.params.flat.tobytes()
    assert all(known.holds(session.frame()) for known in opened.expected if known.after == 12)
    for each in (session, project):
        each.run(6)
    assert session.params.flat.tobytes() == project.params.flat.tobytes()


def test_a_moment_is_written_as_json_alone(project, capsys):
    assert cli.main(["export", "a.bpstudio", "-o", "moment.bpstudio"]) == exits.TROUBLE
    assert ".json" in capsys.readouterr().err

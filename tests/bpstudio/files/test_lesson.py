"""A saved run comes back to the bit, goes on as if it had never stopped, and a failed save costs nothing."""

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpstudio
from bpstudio.data.dataset import Dataset
from bpstudio.engine.layers import Conv2D, Dense, Dropout, Flatten
from bpstudio.engine.network import Network
from bpstudio.engine.trace import Params, draw_params
from bpstudio.files import asset, atomic, lesson, readable_json, strict_json
from bpstudio.files.lesson import Lesson
from bpstudio.files.lesson_parts import State, Variant
from bpstudio.files.wording import Wording
from bpstudio.maths.initializers import Initializer
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD, Adam, Momentum
from bpstudio.training.schedules import Plateau
from bpstudio.training.session import Session


def bits(params: Params | None) -> list[bytes] | None:
    return None if params is None else [array.tobytes() for pair in params for array in pair]


def rows(count: int, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    return Dataset.from_arrays(rng.normal(size=(count, 2)), rng.uniform(size=(count, 1)), validation=[0])


def experiment(**changes: Any) -> Experiment:
    network = Network(2, (Dense(3, "tanh", train_bias=False), Dense(1, "sigmoid", name="out")))
    return Experiment(network, optimizer=Momentum(0.3, 0.8), batch_size=4, seed=5).replace(**changes)


finite = st.floats(allow_nan=False, allow_infinity=False)
SETUPS = st.builds(
    experiment,
    loss=st.sampled_from(["half_squared_error", "squared_error", "bce"]),
    reduction=st.sampled_from(["mean_batch", "mean_all", "sum"]),
    optimizer=st.builds(SGD, st.floats(1e-300, 1e300)) | st.builds(Momentum, st.floats(1e-9, 9.0), st.floats(0, 0.99)),
    batch_size=st.integers(0, 20),
    seed=st.integers(0, 2**63 - 1),
    shuffle=st.booleans(),
    update_order=st.sampled_from(["simultaneous", "sequential"]),
    flat_threshold=st.floats(0.01, 1.0),
)


@settings(max_examples=60, deadline=None)
@given(SETUPS, st.lists(finite, min_size=13, max_size=13), st.lists(finite, min_size=26, max_size=26), st.data())
def test_a_round_trip_keeps_every_bit(
    setup: Experiment, start: list[float], later: list[float], data: st.DataObject
) -> None:
    network = setup.network
    x = data.draw(st.lists(finite, min_size=4, max_size=4))
    written = Lesson(
        title=Wording.of(data.draw(st.text('aß 中\n"\\\t/', max_size=8))),
        experiment=setup,
        dataset=Dataset.from_arrays(np.reshape(x, (2, 2)), [0.25, 1.0], input_names=["a b", "中"]),
        start=Params(network, np.array(start)),
        state=State(
            data.draw(st.integers(0, 2**53)),
            Params(network, np.array(later[:13])),
            {name: Params(network, np.array(later[13:])) for name in setup.optimizer.states},
            epoch=3,
            batch=1,
        ),
        summary=Wording.of(en="One\n\ntwo", zh_CN="一"),
        notation="mazur",
        delta_sign=-1,
        samples="columns",
        weight_layout="in_out",
        digits=17,
        made_with={"numpy": "2"},
    )
    read = lesson.parse(lesson.text(written))
    assert read.experiment == written.experiment
    assert read.dataset.hash == written.dataset.hash
    assert (read.dataset.input_names, read.dataset.task) == (("a b", "中"), "regression")
    assert bits(read.start) == bits(written.start)
    assert read.state is not None
    assert written.state is not None
    assert (read.state.step, read.state.epoch, read.state.batch) == (written.state.step, 3, 1)
    assert bits(read.state.params) == bits(written.state.params)
    assert {name: bits(values) for name, values in read.state.optimizer.items()} == {
        name: bits(values) for name, values in written.state.optimizer.items()
    }
    assert (read.title, read.summary, read.made_with) == (written.title, written.summary, written.made_with)
    assert (read.notation, read.delta_sign) == ("mazur", -1)
    assert (read.samples, read.weight_layout) == ("columns", "in_out")
    assert lesson.text(read) == lesson.text(written)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("optimizer", [SGD(0.3), Momentum(0.3, 0.8), Adam(0.05, amsgrad=True)])
@pytest.mark.parametrize("step", [0, 1, 7, 30])
def test_a_saved_run_goes_on_as_if_it_had_never_stopped(dtype: str, optimizer: Any, step: int, tmp_path: Path) -> None:
    setup = experiment(dtype=dtype, optimizer=optimizer)
    whole, stopped = Session(setup, rows(11)), Session(setup, rows(11))
    stopped.run(step)
    bpstudio.save(stopped, tmp_path / "run.json")
    resumed = bpstudio.open(tmp_path / "run.json")
    whole.run(step)
    for _ in range(2):
        now, then = resumed.frame(), whole.frame()
        assert (now.step, now.epoch, now.loss) == (then.step, then.epoch, then.loss)
        assert now.batch.tolist() == then.batch.tolist()
        assert bits(now.params) == bits(then.params)
        assert now.trace.arena.tobytes() == then.trace.arena.tobytes()
        resumed.run(25)
        whole.run(25)
    resumed.reset()
    whole.reset()
    assert bits(resumed.params) == bits(whole.params)


def test_a_saved_run_remembers_where_its_rule_began_and_what_its_schedule_waited_for(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    data = Dataset.from_arrays(rng.normal(size=(14, 2)), rng.random((14, 1)), validation=range(0, 14, 3))
    session = Session(experiment(), data)
    session.run(5)
    session.apply(session.experiment.replace(optimizer=Adam(0.05), schedule=Plateau(0.5, 1), validate_every=2))
    session.run(40)
    frame = session.frame()
    assert frame.watched.schedule.ran_out > 0
    lesson.write(frame, tmp_path / "run.json")
    again = lesson.read(tmp_path / "run.json").session()
    assert (again.frame().t, again.frame().rate) == (41, frame.rate)
    session.run(30)
    again.run(30)
    assert bits(again.params) == bits(session.params)


def test_edits_on_the_way_do_not_lose_the_place_in_the_epoch(tmp_path: Path) -> None:
    session = Session(experiment(), rows(11))
    session.run(4)
    session.apply(experiment(batch_size=3))
    session.run(3)
    lesson.write(session, tmp_path / "run.json")
    resumed = lesson.read(tmp_path / "run.json").session()
    session.run(9)
    resumed.run(9)
    assert resumed.frame().batch.tolist() == session.frame().batch.tolist()
    assert bits(resumed.params) == bits(session.params)


def test_drawn_start_values_are_left_to_the_seed_and_typed_ones_are_kept() -> None:
    setup, data = experiment(), rows(5)
    assert lesson.capture(Session(setup, data).frame()).start is None
    typed = Params(setup.network, np.arange(13.0))
    session = Session(setup, data, typed)
    session.run(3)
    captured = lesson.capture(session.frame(), title=Wording.of("Mine"), digits=3)
    assert bits(captured.start) == bits(typed)
    assert (captured.title.within("en"), captured.digits) == ("Mine", 3)
    assert "numpy" in captured.made_with


def images(kernels: Conv2D) -> Network:
    return Network(16, (kernels, Flatten(), Dense(1, "sigmoid")), (4, 4))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (experiment().network, Network(2, (Dense(3, "tanh"), Dropout(0.5), Dense(1, "sigmoid")))),
        (experiment().network, Network(2, (Dense(3, "tanh"), Dense(3, "tanh"), Dense(1, "sigmoid")))),
        (images(Conv2D(2, (3, 3))), images(Conv2D(2, (3, 3), stride=(2, 2), padding=(1, 1)))),
        (images(Conv2D(2, (3, 3))), images(Conv2D(2, (5, 5), padding=(1, 1)))),
    ],
    ids=["dropout", "dense", "stride", "kernel"],
)
def test_a_run_whose_layers_changed_on_the_way_comes_back(before: Network, after: Network, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    data = Dataset.from_arrays(rng.normal(size=(9, before.inputs)), rng.uniform(size=(9, 1)))
    session = Session(experiment(network=before), data)
    session.run(3)
    session.apply(session.experiment.replace(network=after))
    session.run(2)
    lesson.write(session, tmp_path / "run.json")
    again = lesson.read(tmp_path / "run.json").session()
    assert (again.experiment, again.step_number) == (session.experiment, session.step_number)
    assert bits(again.params) == bits(session.params)
    for run in (session, again):
        run.reset()
        run.run(2)
    assert bits(again.params) == bits(session.params), "a reset begins with the same values in both"


def test_a_lesson_keeps_its_promises_only_while_it_is_itself() -> None:
    opened = lesson.load("mazur")
    session = opened.session()
    session.run(2)
    same = lesson.parse(lesson.text(lesson.capture(session.frame(), opened)))
    assert same.expected == opened.expected
    assert [variant.name for variant in same.variants] == [variant.name for variant in opened.variants]
    session.apply(session.experiment.replace(optimizer=SGD(0.1)))
    edited = lesson.parse(lesson.text(lesson.capture(session.frame(), opened)))
    assert (edited.expected, edited.variants, edited.scenes) == ((), (), ())
    assert edited.text == opened.text
    assert edited.experiment.optimizer == SGD(0.1)


def test_a_chosen_switch_is_remembered_and_the_others_stay_alternatives() -> None:
    opened = lesson.load("mazur")
    chosen = opened.choose("sequential")
    session = chosen.session()
    session.run(5)
    back = lesson.parse(lesson.text(lesson.capture(session.frame(), chosen)))
    assert back.variant == "sequential"
    assert back.experiment == chosen.experiment
    assert bits(back.session().params) == bits(session.params)
    assert back.choose("simultaneous").experiment == opened.experiment
    assert back.choose("trained-biases").experiment.update_order == "simultaneous"
    assert bits(back.choose("trained-biases").start) == bits(opened.start)


def test_an_edited_switch_is_saved_as_what_it_became() -> None:
    chosen = lesson.load("xor").choose("random")
    edited = chosen.replace(experiment=chosen.experiment.replace(batch_size=2), variants=(), scenes=(), expected=())
    edited = edited.replace(errata=())
    back = lesson.parse(lesson.text(edited))
    assert (back.experiment, back.variant) == (edited.experiment, "")


def test_a_place_that_only_the_switched_network_has_can_be_saved() -> None:
    whole = lesson.load("vanishing")
    deep, shallow = whole.experiment.network.layers, whole.choose("shallow").experiment.network.layers
    small = whole.replace(experiment=whole.experiment.replace(network=Network(64, shallow)), scenes=(), expected=())
    switch = Variant(
        "deep",
        Wording.of("Deep"),
        {"network.layers": json.loads(lesson.text(whole))["experiment"]["network"]["layers"]},
        "drawn",
    )
    chosen = small.replace(variants=(switch,)).choose("deep").replace(at="backward/layer9/delta")
    back = lesson.parse(lesson.text(chosen))
    assert (back.variant, back.at) == ("deep", "backward/layer9/delta")
    assert back.experiment.network.layers == deep


def test_an_unknown_switch_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="simultaneous, sequential, trained-biases, got 'fast'"):
        lesson.load("mazur").choose("fast")


def test_a_variant_reaches_every_place_that_it_names() -> None:
    layers = lesson.load("vanishing").choose("tanh").experiment.network.layers
    assert [layer.activation for layer in layers] == ["tanh"] * 10 + ["softmax"]


def test_a_table_beside_the_lesson_is_found_from_anywhere(tmp_path: Path) -> None:
    from bpstudio.data.choices import Preparation
    from bpstudio.data.preparation import prepare
    from bpstudio.data.readers import open_table

    (tmp_path / "data").mkdir()
    lines = ["a,b,c", *(f"{i},{i * i},{i % 7}" for i in range(70_000))]
    (tmp_path / "data" / "big.csv").write_text("\n".join(lines))
    data = prepare(open_table(tmp_path / "data" / "big.csv"), Preparation(("a", "b"), ("c",)))
    setup = experiment(network=Network(2, (Dense(1, "identity"),)), optimizer=SGD(1e-9))
    (tmp_path / "one").mkdir()
    lesson.write(Session(setup, data), tmp_path / "one" / "l.json")
    stored = json.loads((tmp_path / "one" / "l.json").read_text())["data"]
    assert stored["source"]["path"] == "../data/big.csv"
    assert "rows" not in stored
    (tmp_path / "moved").mkdir()
    (tmp_path / "one").rename(tmp_path / "moved" / "one")
    (tmp_path / "data").rename(tmp_path / "moved" / "data")
    assert lesson.read(tmp_path / "moved" / "one" / "l.json").dataset.hash == data.hash
    (tmp_path / "moved" / "data" / "big.csv").write_text("a,b,c\n1,2,3\n4,5,6\n")
    with pytest.raises(ValueError, match="gives other data"):
        lesson.read(tmp_path / "moved" / "one" / "l.json")


def test_where_typed_rows_came_from_is_named_from_the_lesson_s_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bpstudio.data.choices import Preparation
    from bpstudio.data.preparation import prepare
    from bpstudio.data.readers import open_table, read_table

    setup = experiment(network=Network(2, (Dense(1, "identity"),)))
    table = b"a,b,c\n1,2,3\n4,5,6\n"
    (tmp_path / "t.csv").write_bytes(table)
    choice = Preparation(("a", "b"), ("c",))
    small = prepare(open_table(tmp_path / "t.csv"), choice)
    pasted = prepare(read_table(table, "pasted"), choice)
    iris = prepare(open_table(asset.find("datasets/auto-mpg.csv")), Preparation(("weight", "model year"), ("mpg",)))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for data, path in ((small, "t.csv"), (pasted, ""), (iris, "asset:datasets/auto-mpg.csv")):
        edited = data.replace_input(0, 0, 9.0)
        lesson.write(Session(setup, edited), tmp_path / "l.json")
        again = lesson.read(tmp_path / "l.json")
        assert again.dataset.hash == edited.hash
        # Saved a second time, from another folder, it still says the same.
        lesson.write(again, tmp_path / "l.json")
        assert json.loads((tmp_path / "l.json").read_text())["data"]["source"]["origin"]["path"] == path
    lesson.write(Session(setup, small), tmp_path / "l.json")
    lesson.write(lesson.read(tmp_path / "l.json"), tmp_path / "l.json")
    assert json.loads((tmp_path / "l.json").read_text())["data"]["source"]["path"] == "t.csv"


# Saving


def test_a_save_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.json"
    file.parent.mkdir()
    for text in ("first", "second, 损失\n"):
        atomic.write_text(file, text)
        assert file.read_bytes() == text.encode()
    assert [entry.name for entry in file.parent.iterdir()] == ["a.json"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failed_save_leaves_the_old_file(failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.json"
    lesson.write(Session(experiment(), rows(5)), file)
    before = file.read_bytes()

    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, "fsync", fail) if failing == "fsync" else (Path, "replace", fail)))
    with pytest.raises(OSError, match="No space left"):
        lesson.write(Session(experiment(), rows(6)), file)
    monkeypatch.undo()
    assert file.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_an_os_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OSError, match="denied"):
            lesson.write(Session(experiment(), rows(5)), tmp_path / "a.json")
    finally:
        tmp_path.chmod(0o700)


def test_a_save_into_nowhere_or_onto_a_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        lesson.write(Session(experiment(), rows(5)), tmp_path / "nowhere" / "a.json")
    with pytest.raises(OSError, match="is a folder"):
        lesson.write(Session(experiment(), rows(5)), tmp_path)


def test_a_save_through_a_link_reaches_the_file_behind_it(tmp_path: Path) -> None:
    file, link = tmp_path / "real.json", tmp_path / "link.json"
    file.write_text("old")
    try:
        link.symlink_to(file)
    except OSError:
        pytest.skip("no symbolic links here")
    atomic.write_text(link, "new")
    assert link.is_symlink()
    assert file.read_text() == "new"


def test_what_is_not_finite_or_too_large_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = experiment()
    bad = Params(setup.network, np.full(13, np.nan))
    with pytest.raises(ValueError, match="only finite numbers can be saved"):
        lesson.write(Lesson(Wording.of("x"), setup, rows(5), bad), tmp_path / "a.json")
    monkeypatch.setattr(strict_json, "MAX_BYTES", 500)
    with pytest.raises(ValueError, match=r"can be opened again: export the weights as \.npz"):
        lesson.write(Lesson(Wording.of("x"), setup, rows(5)), tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []


def test_a_diverged_run_can_still_be_saved_and_opened(tmp_path: Path) -> None:
    network = Network(2, (Dense(1, "identity", Initializer("normal")),))
    session = Session(Experiment(network, optimizer=SGD(1e200)), rows(5))
    session.run(50)
    assert session.nonfinite is not None
    lesson.write(session, tmp_path / "a.json")
    assert bits(lesson.read(tmp_path / "a.json").session().params) == bits(session.params)


# The text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | finite | st.text('aß中 "\\\n', max_size=50),
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=10),
    max_leaves=40,
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_readable_json_is_the_same_json(value: Any) -> None:
    assert repr(json.loads(readable_json.write(value))) == repr(value)


def test_readable_json_fills_lines_and_never_breaks_a_number() -> None:
    text = readable_json.write(
        {"W": np.linspace(0, 1, 300).reshape(3, 100), "names": [f"pixel {i}" for i in range(64)]}
    )
    assert max(map(len, text.splitlines())) <= readable_json.WIDTH + 1
    assert len(text.splitlines()) < 80
    assert json.loads(text)["W"] == np.linspace(0, 1, 300).reshape(3, 100).tolist()


def test_a_one_language_text_is_a_plain_string() -> None:
    assert lesson.document(Lesson(Wording.of("Mine"), experiment(), rows(3)))["title"] == "Mine"
    both = Wording.of(en="Loss", zh_CN="损失")
    assert (both.within("zh_CN"), both.within("zh_TW"), both.within("de")) == ("损失", "损失", "Loss")


def test_thresholds_and_layers_without_biases_are_saved_and_replayed(tmp_path: Path) -> None:
    """Also where the word was changed on the way: the start values are written as what they are called now."""
    drawn = Initializer(biases="normal")
    network = Network(2, (Dense(3, "tanh", drawn), Dense(1, "sigmoid", drawn)))
    setup = experiment(network=network)
    session = Session(setup, rows(11))
    session.run(3)
    kinds = zip(setup.network.layers, ("threshold", "none"), strict=True)
    layers = tuple(dataclasses.replace(layer, bias=kind) for layer, kind in kinds)
    session.apply(setup.replace(network=dataclasses.replace(setup.network, layers=layers)))
    session.run(4)
    bpstudio.save(session, tmp_path / "run.json")
    text = (tmp_path / "run.json").read_text(encoding="utf-8")
    assert '"bias": "threshold"' in text
    resumed = bpstudio.open(tmp_path / "run.json")
    session.run(5)
    resumed.run(5)
    assert bits(resumed.params) == bits(session.params)
    start = lesson.capture(session.frame()).origin
    assert not start.b[1].any()
    before = draw_params(setup.network, setup.seed)
    assert np.array_equal(start.b[0], -before.b[0])
    for usual in ("delta_sign", "samples", "weight_layout"):
        assert f'"{usual}"' not in text


def test_a_file_with_a_bias_that_is_none_says_so() -> None:
    source = lesson.document(lesson.load("mazur"))
    source["experiment"]["network"]["layers"][0]["bias"] = "none"
    for key in ("variants", "expected", "scenes", "errata"):
        source.pop(key, None)
    with pytest.raises(ValueError, match=r"start\.layer1\.b: not known here"):
        lesson.parse(json.dumps(source))
    del source["start"]["layer1"]["b"]
    read = lesson.parse(json.dumps(source))
    assert read.start is not None
    assert not read.start.b[0].any()
    source["experiment"]["network"]["layers"][0]["bias"] = "offset"
    with pytest.raises(ValueError, match=r"layers\[0\]\.bias: expected one of bias, threshold, none, got 'offset'"):
        lesson.parse(json.dumps(source))

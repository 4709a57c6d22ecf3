import copy
import json
import math
from pathlib import Path
from random import Random

import numpy as np
import pytest

from bpstudio.files import case, case_document, case_report
from bpstudio.files.case_document import read
from bpstudio.files.case_verdict import error_of, judge

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))


def by_name(name):
    return Path(__file__).parent / "cases" / f"{name}.json"


def document(name):
    return json.loads(by_name(name).read_text())


def short():
    """The worked example without its ten thousand updates."""
    found = document("mazur")
    found["checkpoints"] = [step for step in found["checkpoints"] if step <= 100]
    for step in ("1000", "10000"):
        del found["expected"]["params_after"][step]
    del found["expected"]["final_objective"]
    return found


def verified(tmp_path, changed):
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(changed))
    return case.verify(path)


def test_there_are_cases():
    assert len(CASES) == 144


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_case_passes_and_fails_when_a_number_is_altered_in_the_sixth_digit(path, monkeypatch):
    seen = []
    monkeypatch.setattr(case, "judge", lambda *judged: seen.append(judged) or judge(*judged))
    verdict = case.verify(path)
    assert verdict.status == "PASS", verdict
    assert verdict.worst <= 1e-10
    [(name, found, got)] = seen
    found["published"] = []
    random = Random(name)
    for compared in random.sample([each for each in verdict.compared if not each.path.startswith("published")], 3):
        *above, last = keys_of(compared.path)
        node = found["expected"]
        for key in above:
            node = node[key]
        kept, altered = node[last], np.array(node[last], np.float64)
        place = np.unravel_index(np.argmax(np.abs(altered)), altered.shape)
        if altered[place] == 0:
            continue
        altered[place] *= 1 + 2e-6
        node[last] = altered
        first = judge(name, found, got).first
        node[last] = kept
        assert first is not None
        assert (first.path, first.index) == (compared.path, tuple(place))
        assert first.expected == pytest.approx(first.got * (1 + 2e-6), rel=1e-9)


def keys_of(path):
    """The keys along a path such as layers[0].dW; in params_after.10[0].W the step is a name, the layer a number."""
    for part in path.split("."):
        name, *numbers = part.replace("]", "").split("[")
        yield name
        yield from map(int, numbers)


# Every quantity that a case may expect: a comparison that left one out would not notice the altered number.
QUANTITIES = [
    (("loss",), "mazur"),
    (("objective",), "mazur"),
    (("final_objective",), "mazur"),
    (("dX", 0, 1), "mazur"),
    (("layers", 0, "z", 0, 1), "mazur"),
    (("layers", 1, "a", 0, 0), "mazur"),
    (("layers", 0, "delta", 0, 1), "mazur"),
    (("layers", 0, "dW", 1, 0), "mazur"),
    (("layers", 1, "db", 1), "mazur"),
    (("history", "objective", 19), "mazur"),
    (("params_after", "1", 0, "W", 1, 1), "mazur"),
    (("params_after", "10000", 1, "W", 0, 0), "mazur"),
    (("params_after", "100", 1, "b", 0), "mazur-train-bias"),
    (("final_accuracy",), "pt-accuracy"),
]


@pytest.mark.parametrize(("place", "name"), QUANTITIES, ids=str)
def test_one_number_altered_in_the_sixth_digit_fails(tmp_path, place, name):
    is_late = place[0] == "final_objective" or "10000" in place
    changed = short() if name == "mazur" and not is_late else document(name)
    changed["published"] = []
    node = changed["expected"]
    for key in place[:-1]:
        node = node[key]
    assert node[place[-1]] != 0
    node[place[-1]] *= 1 + 2e-6
    verdict = verified(tmp_path, changed)
    assert verdict.status == "FAIL"
    assert verdict.worst == pytest.approx(2e-6, rel=0.01)
    assert str(place[-1] if isinstance(place[-1], str) else place[-2]) in verdict.detail or place[0] in verdict.detail


def test_a_number_that_the_source_printed_is_compared_at_its_decimals(tmp_path):
    changed = short()
    printed = next(entry for entry in changed["published"] if entry["path"] == "loss")
    printed["value"] += 1e-9
    verdict = verified(tmp_path, changed)
    assert verdict.status == "FAIL"
    assert "printed 0.29837111" in verdict.detail


def test_a_quantity_that_is_not_computed_fails(tmp_path):
    changed = short()
    changed["expected"]["grad_norm"] = 1.0
    assert verified(tmp_path, changed).status == "FAIL"


def changed_optimizer(**values):
    return lambda found: found["optimizer"].update(values)


def changed_layer(**values):
    return lambda found: found["network"]["layers"][0].update(values)


def only_layer(**values):
    def change(found):
        found["network"]["layers"][0] = values

    return change


POOL = {"type": "maxpool2d", "kernel": [2, 2], "stride": [2, 2], "padding": [0, 0]}
CONV = {"type": "conv2d", "filters": 2, "kernel": [1, 1], "stride": [1, 1], "padding": [0, 0]}

SKIPPED = [
    (changed_optimizer(name="lion", beta1=0.9), "optimizer lion"),
    (changed_optimizer(surprise=1), "optimizer.surprise"),
    (changed_optimizer(beta1=0.9), "optimizer.beta1"),  # not an option of sgd
    (changed_optimizer(update_order="random"), "optimizer.update_order random"),
    (changed_optimizer(name="momentum", momentum=0.9, velocity="fast"), "optimizer.velocity fast"),
    (changed_optimizer(name="adam", eps_mode="none"), "optimizer.eps_mode none"),
    (lambda found: found.update(schedule={"name": "cyclic"}), "schedule cyclic"),
    (lambda found: found.update(schedule={"name": "step", "step_size": 7, "gamma": 0.5, "k": 1}), "schedule.k"),
    (lambda found: found.update(gradient_clipping={"kind": "layer", "limit": 1}), "gradient_clipping.kind layer"),
    (lambda found: found.update(gradient_clipping={"kind": "value", "limit": 1, "eps": 0}), "gradient_clipping.eps"),
    (lambda found: found.update(regularization={"group": 0.01}), "regularization.group"),
    (lambda found: found.update(regularization={"l2": 1, "apply_to": "biases"}), "regularization.apply_to biases"),
    (
        lambda found: found.update(
            regularization={"sparsity": {"kind": "l0", "target": 0.1, "weight": 1, "layers": [0]}}
        ),
        "sparsity.kind l0",
    ),
    (lambda found: found.update(something=1), "case.something"),
    (lambda found: found.update(dtype="float32"), "dtype float32"),
    (lambda found: found["data"].update(weights=[1]), "data.weights"),
    (lambda found: found["network"].update(residual=True), "network.residual"),
    (lambda found: found["loss"].update(name="log_cosh"), "loss log_cosh"),
    (lambda found: found["loss"].update(reduction="median"), "loss.reduction median"),
    (lambda found: found["loss"].update(delta=1.0), "loss.delta"),
    (changed_layer(type="lstm"), "layer lstm"),
    (changed_layer(bias_sign="both"), "dense.bias_sign both"),
    (changed_layer(activation={"name": "mish"}), "activation mish"),
    (changed_layer(activation={"name": "relu", "slope": 1}), "activation relu.slope"),
    (changed_layer(activation={"name": "per_neuron", "units": [{"name": "softmax"}] * 2}), "softmax of one neuron"),
    (changed_layer(activation={"name": "per_neuron", "units": [{"name": "mish"}] * 2}), "activation mish"),
    (only_layer(**POOL, dilation=[2, 2]), "maxpool2d.dilation"),
    (only_layer(**CONV, activation={"name": "relu"}, mode="deconvolution"), "conv2d.mode deconvolution"),
    (only_layer(**CONV, activation={"name": "softmax"}), "activation softmax of conv2d"),
    (only_layer(type="dropout", mask=[[0.5, 1.0]], scale=2.0), "dropout mask"),
    (only_layer(type="dropout", mask=[[0, 1]], scale=0.5), "dropout scale 0.5"),
]


@pytest.mark.parametrize(("change", "feature"), SKIPPED, ids=[feature for _, feature in SKIPPED])
def test_what_is_not_understood_is_skipped_by_name(tmp_path, change, feature):
    changed = short()
    change(changed)
    verdict = verified(tmp_path, changed)
    assert verdict.status == "SKIP"
    assert feature in verdict.detail
    assert feature in " ".join(verdict.missing)


def test_all_that_is_missing_is_named(tmp_path):
    changed = short()
    changed["optimizer"] |= {"name": "sgd", "surprise": 1}
    changed["network"]["layers"][1]["activation"] = {"name": "mish"}
    verdict = verified(tmp_path, changed)
    assert verdict.missing == ("activation mish", "optimizer.surprise")


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.update(regularization={"l1": 0, "l2": 0.0, "apply_to": "weights"}),
        lambda found: found.update(schedule={"name": "constant"}),
        changed_optimizer(weight_decay=0.0, decay_bias=True, bias_lr_mult=1.0),
    ],
)
def test_an_option_that_changes_nothing_is_no_missing_feature(tmp_path, change):
    changed = short()
    change(changed)
    assert verified(tmp_path, changed).status == "PASS"


def test_a_velocity_with_the_rate_inside_is_the_same_while_the_rate_is_constant(tmp_path):
    changed = document("pt-opt-momentum")
    changed["optimizer"]["velocity"] = "classic"
    assert verified(tmp_path, changed).status == "PASS"


@pytest.mark.parametrize("layout", ["C", "F", "strided", "reversed", "transposed", "offset"])
def test_the_order_in_memory_makes_no_difference_and_the_data_are_not_touched(tmp_path, layout):
    changed = document("pt-opt-sgd")
    changed["data"]["layout_X"] = changed["data"]["layout_Y"] = layout
    assert verified(tmp_path, changed).status == "PASS"
    found = read(tmp_path / "changed.json")
    before = copy.deepcopy(found["data"]["X"])
    case.run({key: value for key, value in found.items() if key != "expected"})
    assert np.array_equal(found["data"]["X"], before)


def test_arrays_may_stand_in_a_file_beside_the_case(tmp_path):
    changed = short()
    np.savez(tmp_path / "arrays.npz", x=np.array(changed["data"]["X"]))
    changed["data"]["X"] = {"$npz": "x"}
    changed["arrays_file"] = "arrays.npz"
    assert verified(tmp_path, changed).status == "PASS"


@pytest.mark.parametrize("name", ["../arrays.npz", "/etc/passwd", 3])
def test_arrays_come_from_beside_the_case_only(tmp_path, name):
    verdict = verified(tmp_path, {**short(), "arrays_file": name})
    assert verdict.status == "FAIL"
    assert "arrays_file" in verdict.detail


def test_pickled_arrays_are_not_loaded(tmp_path):
    changed = short()
    np.savez(tmp_path / "arrays.npz", x=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    changed["data"]["X"] = {"$npz": "x"}
    changed["arrays_file"] = "arrays.npz"
    assert verified(tmp_path, changed).status == "FAIL"


def deeply(value, levels):
    for _ in range(levels):
        value = [value]
    return value


MASKED = {"type": "dropout", "mask": [], "scale": 2.0}

REFUSED = [
    (lambda found: found["init"][1].pop("b"), "init[1]: expected ['W', 'b'], got ['W']"),
    (lambda found: found["init"][0].update(W=[[1.0]]), "layers[0].W: expected shape (2, 2), got (1, 1)"),
    (lambda found: found["init"][0].update(W=[[1.0, "inf"], [0, 0]]), "layers[0].W: expected finite numbers"),
    (lambda found: found["init"][0].update(W=[[1.0], [1.0, 2.0]]), "init[0].W: expected numbers in lists of equal"),
    (lambda found: found["init"][0].update(b=["x", "y"]), "init[0].b: expected numbers"),
    (lambda found: found["init"].pop(), "init: expected 2 layers, got 1"),
    (lambda found: found["data"].update(X=[[1.0, 2.0, 3.0]]), "data.X: expected the shape (1, 2), got (1, 3)"),
    (lambda found: found["data"].update(Y=[[1.0, 2.0, 3.0]]), "units: the data has 3 target columns, got 2"),
    (lambda found: found["data"].update(Y=[[1.0, 2.0]] * 2), "expected as many rows as x has (1), got 2"),
    (lambda found: found["data"].update(X=[[1.0, "nan"]]), "Input x2 of row 1 is nan: expected a finite number"),
    (lambda found: found["data"].update(preprocess_X=[{"op": "divide", "by": 0}]), "Input x1 of row 1 is inf"),
    (lambda found: found["data"].update(preprocess_X=[{"op": "divide", "by": [1, 2, 3]}]), "preprocess_X[0]: expected"),
    (
        lambda found: found["data"].update(preprocess_X=[{"op": "whiten"}]),
        "expected divide or standardize, got 'whiten'",
    ),
    (lambda found: found["data"].update(layout_X="spiral"), "unknown layout 'spiral'"),
    (lambda found: found["data"].update(X={"$npz": "x"}), "arrays_file: there is no array 'x' in it"),
    (lambda found: found["data"].update(X=deeply(1.0, 28)), "data.X: expected at most 4 axes"),
    (lambda found: found["data"].update(X=1.0), "data.X: expected rows of numbers"),
    (lambda found: found["data"].update(X=[]), "data.X: expected rows of numbers"),
    (lambda found: found.update(batches=[]), "batches: expected at least one"),
    (lambda found: found.update(batches=[[0], [1]]), "batches[1]: expected row numbers from 0 to 0, got 1"),
    (lambda found: found.update(batches=[[-1]]), "batches[0]: expected row numbers from 0 to 0, got -1"),
    (lambda found: found.update(batches=[[0.5]]), "batches[0]: expected a list of row numbers"),
    (lambda found: found["network"].update(input_shape=[2, 3]), "network.input_shape: expected [features] or"),
    (lambda found: found["network"].update(input_shape=[2, 3, 4]), "expects a row of numbers, got images of 2×3×4"),
    (lambda found: found["network"].update(layers=[]), "layers: expected at least one layer"),
    (changed_layer(units=0), "units: expected a whole number of at least 1, got 0"),
    (changed_layer(units=2**40), "memory"),
    (changed_layer(units="three"), "dense.units: expected a whole number, got 'three'"),
    (changed_layer(use_bias="yes"), "dense.use_bias: expected true or false, got 'yes'"),
    (changed_layer(activation={"name": "elu", "alpha": -1}), "alpha: expected a number above 0, got -1"),
    (
        changed_layer(activation={"name": "per_neuron", "units": [{"name": "relu"}]}),
        "each of 1 units, but the layer has 2",
    ),
    (only_layer(type="conv2d", **{key: CONV[key] for key in CONV if key != "type"}), "'conv2d.activation' is missing"),
    (lambda found: found["network"]["layers"].insert(0, MASKED | {"mask": [[1, 0], [1]]}), "dropout.mask"),
    (
        lambda found: found.update(loss={"name": "bce", "reduction": "sum"}, data={"X": [[0, 0]], "Y": [[0, 2]]}),
        "row 1, c",
    ),
    (lambda found: found["loss"].update(name="hinge"), "data: row"),
    (changed_optimizer(lr=-1), "optimizer.rate: expected a finite number above 0"),
    (changed_optimizer(name="momentum"), "'optimizer.momentum' is missing"),
    (changed_optimizer(name="momentum", momentum=1), "optimizer.momentum: expected a number from 0 to below 1"),
    (changed_optimizer(name="adam", beta1=1), "optimizer.beta1: expected a number from 0 to below 1"),
    (changed_optimizer(name="adam", eps=-1e-8), "optimizer.epsilon: expected a finite number of at least 0"),
    (
        lambda found: found.update(schedule={"name": "cosine", "t_max": 0}),
        "t_max: expected a whole number of at least 1",
    ),
    (
        lambda found: found.update(gradient_clipping={"kind": "value", "limit": 0}),
        "limit: expected a finite number above 0",
    ),
    (lambda found: found.update(regularization={"l2": -1}), "strength: expected a finite number of at least 0"),
    (lambda found: found.update(checkpoints=["1"]), "checkpoints, history_steps: expected whole numbers, got '1'"),
    (lambda found: found.update(history_steps=-1), "checkpoints, history_steps: expected whole numbers, got -1"),
    (lambda found: found["expected"].update(loss="x"), "loss: expected numbers"),
    (lambda found: found.update(expected={}, published=[]), "there is nothing in it"),
]


@pytest.mark.parametrize(("change", "detail"), REFUSED, ids=[detail for _, detail in REFUSED])
def test_what_cannot_be_is_refused_with_its_place(tmp_path, change, detail):
    changed = short()
    changed["data"] = {key: value for key, value in changed["data"].items() if key in "XY"}
    change(changed)
    verdict = verified(tmp_path, changed)
    assert verdict.status == "FAIL"
    assert detail in verdict.detail


def test_masks_that_are_too_few_are_refused(tmp_path):
    changed = document("dlt-dropout")
    layer = next(layer for layer in changed["network"]["layers"] if layer["type"] == "dropout")
    rows = len(layer["mask"])
    del layer["mask"][-1]
    assert (
        f"masks: expected one for each of the {rows} rows of the data, got {rows - 1}"
        in verified(tmp_path, changed).detail
    )


JUNK = [None, -1, 0, 2, 1e308, 2**62, "", "nan", [], {}, [[]], [1, [2]], True, "softmax", {"$npz": "a"}, [[None]], "U9"]


@pytest.mark.parametrize("seed", range(60))
def test_nothing_in_a_file_makes_it_raise(tmp_path, seed):
    """Junk at random places of a case: it fails, is skipped, or passes where the place meant nothing."""
    random = Random(seed)
    name = random.choice(
        ["pt-opt-rmsprop", "dlt-dropout", "caffe-pool-ceil", "pt-data-linnerud", "ufldl-sparse-autoencoder"]
    )
    changed = document(name)
    changed["checkpoints"], changed["history_steps"] = [1], 2
    changed["expected"] = {"layers": changed["expected"]["layers"]}
    for _ in range(3):
        place = [changed]
        while isinstance(place[-1], (dict, list)) and place[-1] and (len(place) < 2 or random.random() < 0.8):
            node = place[-1]
            key = random.choice(list(node) if isinstance(node, dict) else range(len(node)))
            last, place = (node, key), [*place, node[key]]
        last[0][last[1]] = random.choice(JUNK)
    verdict = verified(tmp_path, changed)
    assert verdict.status in ("PASS", "FAIL", "SKIP")
    assert verdict.detail or verdict.status == "PASS"
    assert case_report.text([(tmp_path, verdict)])
    assert len(case_report.line(verdict)) < 1000


@pytest.mark.parametrize("kind", ["complex128", "datetime64[s]", "V8", "S3", "U3"])
def test_arrays_of_anything_but_numbers_are_refused(tmp_path, kind):
    for place in ("data", "expected"):
        changed = short()
        np.savez(tmp_path / "arrays.npz", x=np.zeros((1, 2), kind))
        changed["arrays_file"] = "arrays.npz"
        if place == "data":
            changed["data"]["X"] = {"$npz": "x"}
        else:
            changed["expected"]["layers"][0]["z"] = {"$npz": "x"}
        verdict = verified(tmp_path, changed)
        assert verdict.status == "FAIL"
        assert "expected numbers" in verdict.detail


def test_a_long_name_is_shortened(tmp_path):
    assert len(verified(tmp_path, short() | {"id": "a" * 10_000}).case) == case.LONGEST_NAME


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda found: found.update(history_steps=90_000, batches=[[0] * 100_000]), "take too long"),
        (lambda found: found["data"].update(dtype_X="U99999999"), "type of numbers, got 'U99999999'"),
        (lambda found: found["data"].update(dtype_Y="O"), "type of numbers, got 'O'"),
        (lambda found: found.update(checkpoints=[10**12]), "at most 100,000 steps, got 1,000,000,000,000"),
    ],
)
def test_a_case_does_not_take_the_machine(tmp_path, change, detail):
    changed = short()
    change(changed)
    verdict = verified(tmp_path, changed)
    assert verdict.status == "FAIL"
    assert detail in verdict.detail


def test_arrays_that_unpack_to_gigabytes_are_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(case_document, "MAX_ARRAY_BYTES", 1000)
    np.savez_compressed(tmp_path / "arrays.npz", x=np.zeros((1000, 2)))
    verdict = verified(tmp_path, {**short(), "arrays_file": "arrays.npz"})
    assert verdict.status == "FAIL"
    assert "at most 1,000 are opened" in verdict.detail


def test_a_folder_and_a_damaged_archive_fail_and_do_not_raise(tmp_path):
    (tmp_path / "folder.json").mkdir()
    assert case.verify(tmp_path / "folder.json").status == "FAIL"
    (tmp_path / "arrays.npz").write_bytes(b"PK\x03\x04 and nothing more")
    assert verified(tmp_path, {**short(), "arrays_file": "arrays.npz"}).status == "FAIL"


def test_preprocessing_is_applied_in_order(tmp_path):
    changed = short()
    X = np.array(changed["data"]["X"])
    changed["data"]["X"] = (X * 4 * 2 + 1).tolist()
    changed["data"]["preprocess_X"] = [
        {"op": "standardize", "mean": [1.0, 1.0], "std": [2.0, 2.0]},
        {"op": "divide", "by": 4},
    ]
    verdict = verified(tmp_path, changed)
    assert verdict.worst < 1e-10


MALFORMED = ["", "[]", "{}", '{"format": "bp-oracle/2"}', '{"format": "bp-oracle/1"}', "{", "\x00", '{"a": NaN}']


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_no_case_fails_and_says_so(tmp_path, text):
    path = tmp_path / "broken.json"
    path.write_text(text)
    verdict = case.verify(path)
    assert verdict.status == "FAIL"
    assert verdict.detail.startswith("cannot be read")


@pytest.mark.parametrize("missing", ["network", "loss", "init", "data", "expected"])
def test_a_missing_part_fails(tmp_path, missing):
    changed = short()
    del changed[missing]
    verdict = verified(tmp_path, changed)
    assert verdict.status == "FAIL"
    assert missing in verdict.detail


def test_a_batch_outside_the_data_fails(tmp_path):
    changed = document("nielsen-342-minibatch")
    changed["batches"] = [[0, 99]]
    assert verified(tmp_path, changed).status == "FAIL"


def test_the_measure():
    want = np.array([1.0, -2.0])
    assert error_of([1.0, -2.0 * (1 + 1e-6)], want) == pytest.approx(1e-6)
    # A small element is measured against a thousandth of the largest.
    assert error_of([1000.0, 1e-6], np.array([1000.0, 0.0])) == pytest.approx(1e-6)
    assert error_of([1e-14], np.array([0.0])) == pytest.approx(1e-10)
    assert error_of([math.nan, -2.0], want) == math.inf
    assert error_of([[1.0, -2.0]], want) == math.inf
    assert error_of([1.0], np.array([math.inf])) == math.inf
    assert error_of([math.inf], np.array([math.inf])) == 0.0


@pytest.mark.parametrize("name", ["pt-threshold-minus", "pt-no-bias"])
def test_thresholds_and_layers_without_biases_are_compared(tmp_path, name):
    assert verified(tmp_path, document(name)).status == "PASS"
    changed = document("pt-threshold-minus")
    for layer in changed["network"]["layers"]:
        layer["bias_sign"] = "plus"
    assert verified(tmp_path, changed).status == "FAIL"

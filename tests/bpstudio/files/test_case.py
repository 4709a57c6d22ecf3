import copy
import json
import math
from pathlib import Path

import numpy as np
import pytest

from bpstudio.files import case, case_document
from bpstudio.files.case_document import read
from bpstudio.files.case_verdict import error_of

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))


def by_name(name):
    return Path(__file__).parent / "cases" / f"{name}.json"


def document(name):
    return json.loads(by_name(name).read_text())


def verified(tmp_path, changed):
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(changed))
    return case.verify(path)


def test_there_are_cases():
    assert len(CASES) >= 45


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_case_passes(path):
    verdict = case.verify(path)
    assert verdict.status == "PASS", verdict
    assert verdict.worst <= 1e-10


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
    changed = document(name)
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
    changed = document("mazur")
    printed = next(entry for entry in changed["published"] if entry["path"] == "loss")
    printed["value"] += 1e-9
    verdict = verified(tmp_path, changed)
    assert verdict.status == "FAIL"
    assert "printed 0.29837111" in verdict.detail


def test_a_quantity_that_is_not_computed_fails(tmp_path):
    changed = document("mazur")
    changed["expected"]["grad_norm"] = 1.0
    assert verified(tmp_path, changed).status == "FAIL"


def changed_optimizer(**values):
    return lambda found: found["optimizer"].update(values)


SKIPPED = [
    (changed_optimizer(name="adam", beta1=0.9), "optimizer adam"),
    (changed_optimizer(weight_decay=0.01), "optimizer.weight_decay"),
    (changed_optimizer(bias_lr_mult=2.0), "optimizer.bias_lr_mult"),
    (changed_optimizer(surprise=1), "optimizer.surprise"),
    (lambda found: found.update(schedule={"name": "step", "step_size": 7, "gamma": 0.5}), "schedule step"),
    (lambda found: found.update(gradient_clipping={"kind": "value", "limit": 1}), "gradient_clipping"),
    (lambda found: found.update(regularization={"l2": 0.01}), "regularization l2"),
    (lambda found: found.update(something=1), "case.something"),
    (lambda found: found["loss"].update(name="huber", delta=1.0), "loss huber"),
    (lambda found: found["network"]["layers"][0].update(type="conv2d"), "layer conv2d"),
    (lambda found: found["network"]["layers"][0].update(bias_sign="both"), "bias_sign both"),
    (lambda found: found["network"]["layers"][0].update(activation={"name": "gelu"}), "activation gelu"),
    (lambda found: found["network"]["layers"][0].update(activation={"name": "softmax"}), "softmax in a hidden layer"),
    (lambda found: found["network"]["layers"][0].update(activation={"name": "relu", "slope": 1}), "relu.slope"),
]


@pytest.mark.parametrize(("change", "feature"), SKIPPED, ids=[feature for _, feature in SKIPPED])
def test_what_is_not_understood_is_skipped_by_name(tmp_path, change, feature):
    changed = document("mazur")
    change(changed)
    verdict = verified(tmp_path, changed)
    assert verdict.status == "SKIP"
    assert feature in verdict.detail


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.update(regularization={"l1": 0, "l2": 0.0, "apply_to": "weights"}),
        lambda found: found.update(schedule={"name": "constant"}),
        changed_optimizer(weight_decay=0.0, decay_bias=True, bias_lr_mult=1.0),
    ],
)
def test_an_option_that_changes_nothing_is_no_missing_feature(tmp_path, change):
    changed = document("mazur")
    change(changed)
    assert verified(tmp_path, changed).status == "PASS"


def test_a_velocity_with_the_rate_inside_is_the_same_while_the_rate_is_constant(tmp_path):
    changed = document("pt-opt-momentum")
    changed["optimizer"]["velocity"] = "classic"
    assert verified(tmp_path, changed).status == "PASS"
    changed["schedule"] = {"name": "exponential", "gamma": 0.9}
    assert verified(tmp_path, changed).status == "SKIP"


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
    changed = document("mazur")
    np.savez(tmp_path / "arrays.npz", x=np.array(changed["data"]["X"]))
    changed["data"]["X"] = {"$npz": "x"}
    changed["arrays_file"] = "arrays.npz"
    assert verified(tmp_path, changed).status == "PASS"


@pytest.mark.parametrize("name", ["../arrays.npz", "/etc/passwd", 3])
def test_arrays_come_from_beside_the_case_only(tmp_path, name):
    verdict = verified(tmp_path, {**document("mazur"), "arrays_file": name})
    assert verdict.status == "FAIL"
    assert "arrays_file" in verdict.detail


def test_pickled_arrays_are_not_loaded(tmp_path):
    changed = document("mazur")
    np.savez(tmp_path / "arrays.npz", x=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    changed["data"]["X"] = {"$npz": "x"}
    changed["arrays_file"] = "arrays.npz"
    assert verified(tmp_path, changed).status == "FAIL"


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda found: found["data"].update(dtype_X="U99999999"), "type of numbers, got 'U99999999'"),
        (lambda found: found["data"].update(dtype_Y="O"), "type of numbers, got 'O'"),
        (lambda found: found.update(checkpoints=[10**12]), "at most 1,000,000 steps, got 1,000,000,000,000"),
    ],
)
def test_a_case_does_not_take_the_machine(tmp_path, change, detail):
    changed = document("mazur")
    change(changed)
    verdict = verified(tmp_path, changed)
    assert verdict.status == "FAIL"
    assert detail in verdict.detail


def test_arrays_that_unpack_to_gigabytes_are_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(case_document, "MAX_ARRAY_BYTES", 1000)
    np.savez_compressed(tmp_path / "arrays.npz", x=np.zeros((1000, 2)))
    verdict = verified(tmp_path, {**document("mazur"), "arrays_file": "arrays.npz"})
    assert verdict.status == "FAIL"
    assert "at most 1,000 are opened" in verdict.detail


def test_a_folder_and_a_damaged_archive_fail_and_do_not_raise(tmp_path):
    (tmp_path / "folder.json").mkdir()
    assert case.verify(tmp_path / "folder.json").status == "FAIL"
    (tmp_path / "arrays.npz").write_bytes(b"PK\x03\x04 and nothing more")
    assert verified(tmp_path, {**document("mazur"), "arrays_file": "arrays.npz"}).status == "FAIL"


def test_preprocessing_is_applied_in_order(tmp_path):
    changed = document("mazur")
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
    changed = document("mazur")
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

"""Cases of every option of the format, run here and by a second program that shares no code with this one."""

import json
from pathlib import Path

import made_cases
import numpy as np
import oracle
import pytest

from bpstudio.files import case, case_document

HERE = Path(__file__).parent


def answered(document, path):
    """The document with what the second program expects of it, in a file."""
    path.write_text(json.dumps({**document, "expected": {}}))
    expected = oracle.answer(case_document.read(path))
    text = json.dumps(document | {"expected": expected}, default=np.ndarray.tolist)
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", made_cases.CASES)
def test_both_programs_compute_the_same(name, tmp_path):
    verdict = case.verify(answered(made_cases.CASES[name], tmp_path / "made.json"))
    assert verdict.status == "PASS", verdict.first or verdict
    assert verdict.worst <= 1e-10


@pytest.mark.parametrize("seed", [*range(20), *(pytest.param(n, marks=pytest.mark.soak) for n in range(20, 400))])
def test_both_programs_compute_the_same_whatever_is_drawn(seed, tmp_path):
    verdict = case.verify(answered(made_cases.drawn(seed), tmp_path / "drawn.json"))
    assert verdict.status == "PASS", verdict.first or verdict


GOLDEN = (
    *("dlt-all", "dlt-cnn-c2-s2", "dlt-dropout", "keras-rmsprop", "keras-adagrad", "mazur-sequential", "pt-clip-norm"),
    *("pt-act-per-neuron", "pt-kink-maxpool-ties", "pt-kink-relu-zero", "pt-opt-nadam", "pt-opt-rprop"),
    *("pt-loss-multiclass-hinge", "pt-extreme-softmax-ce", "pt-threshold-minus", "ufldl-sparse-autoencoder"),
)


@pytest.mark.parametrize("name", GOLDEN)
def test_the_second_program_reproduces_golden_numbers(name, monkeypatch):
    monkeypatch.setattr(case, "run", oracle.answer)
    path = HERE / "cases" / f"{name}.json"
    found = case_document.read(path)
    found["checkpoints"] = [step for step in found.get("checkpoints", ()) if step <= 20]
    if found["checkpoints"]:
        found["expected"].pop("final_objective", None)
        after = found["expected"]["params_after"]
        found["expected"]["params_after"] = {step: after[step] for step in after if int(step) <= 20}
    monkeypatch.setattr(case, "read", lambda path: found)
    assert case.verify(path).status == "PASS"

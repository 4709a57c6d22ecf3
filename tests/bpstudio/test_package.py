import json
import os
import subprocess
import sys

import pytest

import bpstudio


def in_a_new_process(code: str, **environment: str) -> str:
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return answer.stdout.strip()


def test_blas_has_one_thread_even_where_the_shell_says_otherwise():
    code = """
import json, bpstudio, numpy, os
rows = numpy.ones((1200, 1200))
rows @ rows
print(json.dumps([bpstudio.blas_pinned, len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1]))
"""
    pinned, threads = json.loads(in_a_new_process(code, OPENBLAS_NUM_THREADS="4", OMP_NUM_THREADS="4"))
    assert pinned
    assert threads == 1


def test_it_is_known_when_numpy_was_there_first():
    code = "import numpy, bpstudio; print(bpstudio.blas_pinned)"
    assert in_a_new_process(code, OPENBLAS_NUM_THREADS="4") == "False"


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, bpstudio; print({'numpy', 'polars', 'PyQt6', 'rich'} & sys.modules.keys())"
    assert in_a_new_process(code) == "set()"


def test_every_public_name_exists():
    for name in bpstudio.__all__:
        assert getattr(bpstudio, name) is not None


def test_the_public_names_can_be_listed():
    assert set(bpstudio.__all__) <= set(dir(bpstudio))


def test_a_notebook_can_load_step_and_read_by_name(tmp_path):
    lesson = bpstudio.load_lesson("mazur")
    session = lesson.session()
    assert session.loss == pytest.approx(0.298371109, abs=5e-10)
    session.step()
    frame = session.frame()
    assert frame.step == 1
    assert frame.trace["layer2"].delta.shape == (1, 2)
    bpstudio.save(lesson, tmp_path / "copy.json")
    assert bpstudio.open(tmp_path / "copy.json").experiment == lesson.experiment

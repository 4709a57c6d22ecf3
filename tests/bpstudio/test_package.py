import json
import os
import re
import subprocess
import sys
import textwrap

import numpy as np
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
    assert bpstudio.read_lesson(tmp_path / "copy.json").experiment == lesson.experiment
    assert bpstudio.open(tmp_path / "copy.json").loss == lesson.session().loss


def test_what_the_package_says_of_itself_can_be_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert bpstudio.__doc__ is not None
    blocks = re.findall(r"::\n\n((?:    .*\n|\n)+)", bpstudio.__doc__)
    assert len(blocks) == 2
    names: dict[str, object] = {}
    exec("\n".join(textwrap.dedent(block) for block in blocks), names)
    session = names["session"]
    assert isinstance(session, bpstudio.Session)
    assert (session.step_number, len(session.past.branches)) == (200, 2)
    assert session.past.branch.name == "slower"
    session.switch(1)
    assert session.last_step == 501


def test_a_window_s_files_need_no_window(tmp_path):
    """Saving, opening and going on is the same run as not having left."""
    session = bpstudio.load_lesson("xor").choose("random").session()
    session.run(40)
    session.seek(25)
    session.apply(session.experiment.replace(optimizer=bpstudio.Momentum(0.3)))
    session.run(30)
    bpstudio.save(session, tmp_path / "run.bpstudio")
    again = bpstudio.open(tmp_path / "run.bpstudio")
    for each in (session, again):
        each.run(30)
    assert again.params.flat.tobytes() == session.params.flat.tobytes()
    ours, theirs = session.metrics.arrays(), again.metrics.arrays()
    assert all(np.array_equal(ours[name], theirs[name], equal_nan=True) for name in ours)
    assert again.metrics.to_polars().equals(session.metrics.to_polars())

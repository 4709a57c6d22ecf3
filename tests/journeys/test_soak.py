"""Hours of somebody who tries everything: nothing unexpected, no warning, no thread left, and no memory that grows."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SECONDS = float(os.environ.get("BPSTUDIO_SOAK_SECONDS", "3600"))
SEED = int(os.environ.get("BPSTUDIO_SOAK_SEED", "1"))
WARM_UP = 600.0
"""Seconds after which memory stays where it is: caches are full then, and the past of a run has reached its budget."""


@pytest.mark.soak
@pytest.mark.timeout(2 * SECONDS + 600)
def test_an_hour_of_anything_leaves_no_trace(tmp_path: Path) -> None:
    log = tmp_path / "actions.log"
    command = [sys.executable, str(HERE / "wandering.py"), str(SEED), str(SECONDS), str(log)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    last = log.read_text(encoding="utf-8").splitlines()[-30:] if log.exists() else []
    assert done.stdout, f"the window ended by itself after {last}\n{done.stderr[-5000:]}"
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["problems"] == [], f"seed {SEED}"
    assert report["threads"] == []
    assert report["actions"] > SECONDS / 10
    held = [size for seconds, size in report["memory"] if seconds >= WARM_UP]
    if len(held) >= 10:
        third = len(held) // 3
        before, after = statistics.median(held[:third]), statistics.median(held[-third:])
        assert after < 1.05 * before, f"{before / 2**20:.0f} MB became {after / 2**20:.0f} MB"

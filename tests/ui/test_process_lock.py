"""A lock that dies with the process that holds it."""

import subprocess
import sys
from pathlib import Path

from ui.process_lock import ProcessLock

HOLDER = """
import sys
from pathlib import Path
from ui.process_lock import ProcessLock
lock = ProcessLock(Path(sys.argv[1]))
print(lock.take(), flush=True)
sys.stdin.read()
"""


def test_one_at_a_time(tmp_path: Path) -> None:
    one, other = ProcessLock(tmp_path / "a.lock"), ProcessLock(tmp_path / "a.lock")
    assert (one.take(), one.take(), other.take()) == (True, True, False)
    assert (one.is_held, other.is_held) == (True, False)
    one.release(remove=False)
    assert other.take()
    other.release()
    assert list(tmp_path.iterdir()) == []


def test_killed_holder_holds_no_more(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == "True"
    lock = ProcessLock(path)
    assert not lock.take()
    holder.kill()
    holder.communicate()
    assert path.exists()
    assert lock.take()
    lock.release()

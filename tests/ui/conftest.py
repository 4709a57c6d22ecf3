"""What every test of the window shares."""

import gc
import itertools
from collections.abc import Iterator

import pytest

_tests = itertools.count(1)


@pytest.fixture(autouse=True)
def no_collection_while_painting() -> Iterator[None]:
    """Keep the garbage collector out of a test's events, as `ui.garbage` does in the window.

    qtbot holds widgets weakly. A widget that only its own cycles of references keep could be collected, and deleted, in
    the middle of its own paint event: that is the end of the process.
    """
    gc.disable()
    yield
    gc.enable()
    if next(_tests) % 25 == 0:
        gc.collect()

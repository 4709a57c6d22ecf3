"""How long the answer to a typed number takes, pairs of slips included, against the 100 ms that a person calls at once.

The typed number is one that nothing explains, so every slip and every two are computed.
"""

import time
from collections.abc import Iterator

import bpstudio  # first: it pins BLAS before NumPy is loaded

# isort: split
import numpy as np
from row import Row as Promise

from bpstudio.data.dataset import Dataset
from bpstudio.files import asset
from bpstudio.files.lesson import load
from bpstudio.insight.elements import Edge, Row, WholeBatch
from bpstudio.insight.verdict import judge
from bpstudio.training.frame import Frame

AT_ONCE = 0.1
ROUNDS = 5


def wide() -> Frame:
    """64-30-30-30-10, batch 32."""
    sizes = (64, 30, 30, 30, 10)
    rng = np.random.default_rng(1)
    network = bpstudio.Network(sizes[0], tuple(bpstudio.Dense(units) for units in sizes[1:]))
    data = Dataset.from_arrays(rng.normal(size=(64, 64)), rng.random((64, 10)))
    return bpstudio.Session(bpstudio.Experiment(network, batch_size=32), data).frame()


def seconds(frame: Frame, quantity: str) -> list[float]:
    """The time of the slowest example, round by round; the weight is in the first layer, below everything."""
    edge = Edge(1, 0, 0)
    found = []
    for _ in range(ROUNDS):
        worst = 0.0
        for example in (Row(0), WholeBatch()):
            start = time.perf_counter()
            judge(frame, example, edge, quantity, "0.123456789012")  # type: ignore[arg-type]
            worst = max(worst, time.perf_counter() - start)
        found.append(worst)
    return found


def measure() -> Iterator[Promise]:
    """A row for the large network and one for the slowest lesson."""
    frames = {"64-30-30-30-10, batch 32": wide()}
    lessons = sorted(path.stem for path in (asset.folder() / "lessons").glob("*.json"))
    frames |= {f"lesson {name}": load(name).session().frame() for name in lessons}
    for name, frame in frames.items():
        for quantity in ("gradient", "new"):
            times = seconds(frame, quantity)
            # The fastest round: what others did on the machine meanwhile is not asked.
            best = min(times)
            spread = (best / AT_ONCE, max(times) / AT_ONCE)
            yield Promise(f"{name}: {quantity}", best / AT_ONCE, 1.0, spread, f"{best * 1e3:.0f} ms", at_most=True)

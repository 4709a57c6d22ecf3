"""Backpropagation, one step at a time, as plain NumPy arrays with names.

Build a network (or load a lesson), take a step, and look at every number that the step computed::

    import bpstudio

    session = bpstudio.load_lesson("mazur").session()
    session.step()
    session.frame().trace["layer2"].delta

Nothing here needs Qt. Importing the package pins BLAS to one thread, which has to happen before NumPy is loaded: a
second thread beside a painting window makes training up to twenty times slower, and another thread count can change the
last bits of a product, so that a replay would not be the run that it replays.
"""

import importlib
import os
import sys
from typing import TYPE_CHECKING

__version__ = "0.1.0"

#: The variables that the BLAS builds NumPy is shipped with read once, when they are loaded.
BLAS_THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

#: False when NumPy was there first with another setting: the pin came too late for this process.
blas_pinned = "numpy" not in sys.modules or os.environ.get("OPENBLAS_NUM_THREADS") == "1"

for _variable in BLAS_THREAD_VARIABLES:
    os.environ[_variable] = "1"

# Where each public name lives. It is imported when it is first asked for, so that `import bpstudio` costs nothing.
_HOME = {
    "Dataset": "bpstudio.data.dataset.Dataset",
    "Dense": "bpstudio.engine.layers.Dense",
    "Experiment": "bpstudio.training.experiment.Experiment",
    "Initializer": "bpstudio.maths.initializers.Initializer",
    "Lesson": "bpstudio.files.lesson.Lesson",
    "Momentum": "bpstudio.training.optimizers.Momentum",
    "Network": "bpstudio.engine.network.Network",
    "Params": "bpstudio.engine.trace.Params",
    "SGD": "bpstudio.training.optimizers.SGD",
    "Session": "bpstudio.training.session.Session",
    "load_lesson": "bpstudio.files.lesson.load",
    "open": "bpstudio.files.lesson.read",
    "save": "bpstudio.files.lesson.write",
}

__all__ = [
    "SGD",
    "Dataset",
    "Dense",
    "Experiment",
    "Initializer",
    "Lesson",
    "Momentum",
    "Network",
    "Params",
    "Session",
    "__version__",
    "blas_pinned",
    "load_lesson",
    "open",
    "save",
]

if TYPE_CHECKING:
    from bpstudio.data.dataset import Dataset
    from bpstudio.engine.layers import Dense
    from bpstudio.engine.network import Network
    from bpstudio.engine.trace import Params
    from bpstudio.files.lesson import Lesson
    from bpstudio.files.lesson import load as load_lesson
    from bpstudio.files.lesson import read as open
    from bpstudio.files.lesson import write as save
    from bpstudio.maths.initializers import Initializer
    from bpstudio.training.experiment import Experiment
    from bpstudio.training.optimizers import SGD, Momentum
    from bpstudio.training.session import Session


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'bpstudio' has no attribute {name!r}")
    module, _, attribute = _HOME[name].rpartition(".")
    value: object = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})

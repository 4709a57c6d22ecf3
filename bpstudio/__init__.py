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
    "Dataset": "bpstudio.data.dataset",
    "Dense": "bpstudio.engine.layers",
    "Experiment": "bpstudio.training.experiment",
    "Initializer": "bpstudio.maths.initializers",
    "Momentum": "bpstudio.training.optimizers",
    "Network": "bpstudio.engine.network",
    "Params": "bpstudio.engine.trace",
    "SGD": "bpstudio.training.optimizers",
    "Session": "bpstudio.training.session",
}

__all__ = [
    "SGD",
    "Dataset",
    "Dense",
    "Experiment",
    "Initializer",
    "Momentum",
    "Network",
    "Params",
    "Session",
    "__version__",
    "blas_pinned",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'bpstudio' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})

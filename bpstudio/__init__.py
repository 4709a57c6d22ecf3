"""Backpropagation, one step at a time, as plain NumPy arrays with names.

Build a network (or load a lesson), take a step, and look at every number that the step computed::

    import bpstudio

    session = bpstudio.load_lesson("mazur").session()
    session.step()
    session.frame().trace["layer2"].delta

A run has a past, in which one can stand, go on from, and keep::

    session.run(500)
    session.seek(100)  # bitwise as it was
    session.branch("slower")  # the old future stays
    session.apply(session.experiment.replace(optimizer=bpstudio.SGD(0.1)))
    session.run(100)
    session.metrics.arrays()["loss"]  # of every step; session.metrics.to_polars() is the same as a frame
    bpstudio.save(session, "mazur.bpstudio")
    session = bpstudio.open("mazur.bpstudio")

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
    "Activate": "bpstudio.engine.layers.Activate",
    "AdaGrad": "bpstudio.training.optimizers.AdaGrad",
    "AdaMax": "bpstudio.training.adaptive.AdaMax",
    "Adadelta": "bpstudio.training.optimizers.Adadelta",
    "Adam": "bpstudio.training.adaptive.Adam",
    "AdamW": "bpstudio.training.adaptive.AdamW",
    "AvgPool2D": "bpstudio.engine.layers.AvgPool2D",
    "Bookmark": "bpstudio.training.past.Bookmark",
    "Branch": "bpstudio.training.past.Branch",
    "Breakpoint": "bpstudio.training.breakpoints.Breakpoint",
    "ClipByNorm": "bpstudio.training.clipping.ClipByNorm",
    "ClipByValue": "bpstudio.training.clipping.ClipByValue",
    "Conv2D": "bpstudio.engine.layers.Conv2D",
    "Dataset": "bpstudio.data.dataset.Dataset",
    "Dense": "bpstudio.engine.layers.Dense",
    "Dropout": "bpstudio.engine.layers.Dropout",
    "EarlyStopping": "bpstudio.training.stopping.EarlyStopping",
    "Experiment": "bpstudio.training.experiment.Experiment",
    "Flatten": "bpstudio.engine.layers.Flatten",
    "Frame": "bpstudio.training.frame.Frame",
    "Initializer": "bpstudio.maths.initializers.Initializer",
    "KLSparsity": "bpstudio.maths.penalties.KLSparsity",
    "L1": "bpstudio.maths.penalties.L1",
    "L2": "bpstudio.maths.penalties.L2",
    "Lesson": "bpstudio.files.lesson.Lesson",
    "MaxPool2D": "bpstudio.engine.layers.MaxPool2D",
    "Metrics": "bpstudio.training.metrics.Metrics",
    "Momentum": "bpstudio.training.optimizers.Momentum",
    "NAdam": "bpstudio.training.adaptive.NAdam",
    "Nesterov": "bpstudio.training.optimizers.Nesterov",
    "Network": "bpstudio.engine.network.Network",
    "Params": "bpstudio.engine.trace.Params",
    "Project": "bpstudio.files.project.Project",
    "RMSProp": "bpstudio.training.optimizers.RMSProp",
    "Race": "bpstudio.training.race.Race",
    "Rprop": "bpstudio.training.optimizers.Rprop",
    "RunningSparsity": "bpstudio.maths.penalties.RunningSparsity",
    "SGD": "bpstudio.training.optimizers.SGD",
    "Session": "bpstudio.training.session.Session",
    "conditions": "bpstudio.training.conditions",
    "load_lesson": "bpstudio.files.lesson.load",
    "moment": "bpstudio.files.moment.moment",
    "open": "bpstudio.files.run_files.open",
    "read_lesson": "bpstudio.files.lesson.read",
    "save": "bpstudio.files.run_files.save",
    "schedules": "bpstudio.training.schedules",
}

__all__ = [
    "L1",
    "L2",
    "SGD",
    "Activate",
    "AdaGrad",
    "AdaMax",
    "Adadelta",
    "Adam",
    "AdamW",
    "AvgPool2D",
    "Bookmark",
    "Branch",
    "Breakpoint",
    "ClipByNorm",
    "ClipByValue",
    "Conv2D",
    "Dataset",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "Experiment",
    "Flatten",
    "Frame",
    "Initializer",
    "KLSparsity",
    "Lesson",
    "MaxPool2D",
    "Metrics",
    "Momentum",
    "NAdam",
    "Nesterov",
    "Network",
    "Params",
    "Project",
    "RMSProp",
    "Race",
    "Rprop",
    "RunningSparsity",
    "Session",
    "__version__",
    "blas_pinned",
    "conditions",
    "load_lesson",
    "moment",
    "open",
    "read_lesson",
    "save",
    "schedules",
]

if TYPE_CHECKING:
    from bpstudio.data.dataset import Dataset
    from bpstudio.engine.layers import Activate, AvgPool2D, Conv2D, Dense, Dropout, Flatten, MaxPool2D
    from bpstudio.engine.network import Network
    from bpstudio.engine.trace import Params
    from bpstudio.files.lesson import Lesson
    from bpstudio.files.lesson import load as load_lesson
    from bpstudio.files.lesson import read as read_lesson
    from bpstudio.files.moment import moment
    from bpstudio.files.project import Project
    from bpstudio.files.run_files import open, save
    from bpstudio.maths.initializers import Initializer
    from bpstudio.maths.penalties import L1, L2, KLSparsity, RunningSparsity
    from bpstudio.training import conditions, schedules
    from bpstudio.training.adaptive import Adam, AdaMax, AdamW, NAdam
    from bpstudio.training.breakpoints import Breakpoint
    from bpstudio.training.clipping import ClipByNorm, ClipByValue
    from bpstudio.training.experiment import Experiment
    from bpstudio.training.frame import Frame
    from bpstudio.training.metrics import Metrics
    from bpstudio.training.optimizers import SGD, Adadelta, AdaGrad, Momentum, Nesterov, RMSProp, Rprop
    from bpstudio.training.past import Bookmark, Branch
    from bpstudio.training.race import Race
    from bpstudio.training.session import Session
    from bpstudio.training.stopping import EarlyStopping


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'bpstudio' has no attribute {name!r}")
    module, _, attribute = _HOME[name].rpartition(".")
    owner = importlib.import_module(module)
    value: object = getattr(owner, attribute, None) or importlib.import_module(_HOME[name])
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})

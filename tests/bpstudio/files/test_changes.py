"""What a switch of a lesson may change: every field of an experiment, also one that its file leaves out."""

import pytest

from bpstudio.engine.layers import Dense
from bpstudio.engine.network import Network
from bpstudio.files import changes
from bpstudio.training.clipping import ClipByNorm
from bpstudio.training.experiment import Experiment
from bpstudio.training.optimizers import SGD, AdamW
from bpstudio.training.schedules import Cosine
from bpstudio.training.stopping import EarlyStopping

PLAIN = Experiment(Network(2, (Dense(1),)), optimizer=SGD(0.5))


def test_what_a_file_leaves_out_can_be_switched_on() -> None:
    switched = changes.apply(
        PLAIN,
        {
            "clipping": {"name": "global_norm", "max_norm": 1},
            "schedule": {"name": "cosine", "t_max": 50},
            "stopping": {"patience": 3},
            "validate_every": 10,
            "optimizer.weight_decay": 0.1,
            "optimizer.bias_rate": 2,
        },
        "changes",
    )
    assert switched == PLAIN.replace(
        optimizer=SGD(0.5, weight_decay=0.1, bias_rate=2.0),
        clipping=ClipByNorm(1.0),
        schedule=Cosine(50),
        stopping=EarlyStopping(3),
        validate_every=10,
    )
    back = changes.apply(switched, {"clipping": None, "stopping": None, "schedule": {"name": "constant"}}, "changes")
    assert (back.clipping, back.stopping, back.schedule.constant) == (None, None, True)


def test_another_rule_is_a_whole_object() -> None:
    new = {"name": "adamw", "rate": 0.01, "weight_decay": 0.05}
    assert changes.apply(PLAIN, {"optimizer": new}, "changes").optimizer == AdamW(0.01, weight_decay=0.05)
    with pytest.raises(ValueError, match=r"changes: optimizer\.beta1: expected a number from 0 to below 1"):
        changes.apply(PLAIN, {"optimizer": new | {"beta1": 1.0}}, "changes")
    with pytest.raises(ValueError, match="an experiment has no clippings there; did you mean clipping"):
        changes.apply(PLAIN, {"clippings": None}, "changes")

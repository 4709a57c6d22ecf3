"""Weights and biases in a file, whatever the layers are."""

import json

import numpy as np
import pytest

from bpstudio.engine.layers import Conv2D, Dense, Dropout, Flatten, MaxPool2D
from bpstudio.engine.network import Network
from bpstudio.engine.trace import draw_params
from bpstudio.files import parameters

LAYERS = (
    Conv2D(3, (2, 3), name="maps"),
    MaxPool2D(),
    Flatten(),
    Dense(4, bias="none"),
    Dropout(0.5),
    Dense(2, "softmax", bias="threshold"),
)
NETWORK = Network(2 * 5 * 7, LAYERS, (2, 5, 7))


@pytest.fixture
def written():
    return json.loads(json.dumps(parameters.write(draw_params(NETWORK, 3))))


def test_only_layers_with_weights_stand_there(written):
    assert {name: sorted(values) for name, values in written.items()} == {
        "maps": ["W", "b"],
        "layer4": ["W"],
        "layer6": ["W", "b"],
    }
    assert np.shape(written["maps"]["W"]) == (3, 2, 2, 3)


def test_they_come_back_to_the_last_bit(written):
    assert parameters.read(written, NETWORK, "start").flat.tobytes() == draw_params(NETWORK, 3).flat.tobytes()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found["maps"]["W"].pop(), "start.maps.W: expected 3 arrays of 2×2×3 numbers, got 2"),
        (lambda found: found["maps"]["W"][1][0].pop(), r"start.maps.W\[1\]\[0\]: expected 2 rows of 3 numbers, got 1"),
        (lambda found: found["maps"]["W"][1][0][1].pop(), r"start.maps.W\[1\]\[0\]\[1\]: expected 3 numbers, got 2"),
        (lambda found: found["maps"]["b"].append(1.0), "start.maps.b: expected 3 numbers, got 4"),
        (lambda found: found["layer4"].update(b=[0.0] * 4), "start.layer4"),
        (lambda found: found.update(layer3={"W": []}), "start"),
        (lambda found: found.pop("layer6"), "start.*layer6"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(written, change, said):
    change(written)
    with pytest.raises(ValueError, match=said):
        parameters.read(written, NETWORK, "start")

"""DeepLearnToolbox's own lines in NumPy, and what they give on the rows of its lesson, switch by switch."""

import json
from dataclasses import dataclass, field

import numpy as np
import pytest

from bpstudio.files import asset, lesson

DOCUMENT = json.loads(asset.find("lessons/deep-learn-toolbox.json").read_text(encoding="utf-8"))
ROWS = np.array(DOCUMENT["data"]["rows"])
X, Y = ROWS[:, :4], ROWS[:, 4:]


@dataclass
class Toolbox:
    """nnff, nnbp and nnapplygrads (Palm 2012): samples in rows, the biases in the first column of W, sigm outputs."""

    hidden: str = "tanh_opt"
    momentum: float = 0.5
    l2: float = 0.0
    mask: np.ndarray | float = 1.0
    W: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.W = [np.column_stack([layer["b"], layer["W"]]) for layer in DOCUMENT["start"].values()]
        self.vW = [np.zeros_like(W) for W in self.W]

    def forward(self) -> None:
        ones = np.ones((len(X), 1))
        self.x = np.hstack([ones, X])
        z = self.x @ self.W[0].T
        a = 1.7159 * np.tanh(2 / 3 * z) if self.hidden == "tanh_opt" else 1 / (1 + np.exp(-z))
        self.a = np.hstack([ones, a * self.mask])
        self.out = 1 / (1 + np.exp(-self.a @ self.W[1].T))
        self.e = Y - self.out
        self.L = 0.5 * (self.e**2).sum() / len(X)

    def backward(self) -> None:
        self.d_out = -self.e * (self.out * (1 - self.out))
        a = self.a
        slope = 1.7159 * 2 / 3 * (1 - 1 / 1.7159**2 * a**2) if self.hidden == "tanh_opt" else a * (1 - a)
        self.d = ((self.d_out @ self.W[1]) * slope)[:, 1:] * self.mask
        self.dW = [self.d.T @ self.x / len(X), self.d_out.T @ self.a / len(X)]

    def update(self) -> None:
        for W, v, dW in zip(self.W, self.vW, self.dW, strict=True):
            penalty = np.hstack([np.zeros((len(W), 1)), W[:, 1:]])
            v[:] = self.momentum * v + 0.3 * (dW + self.l2 * penalty)
            W -= v


def masks() -> np.ndarray:
    switch = next(each for each in DOCUMENT["variants"] if each["name"] == "dropout")
    return np.array([[int(digit) for digit in mask] for mask in switch["changes"]["network.layers"][1]["masks"]])


@pytest.mark.parametrize(
    ("variant", "settings"),
    [
        ("as-it-comes", {}),
        ("no-momentum", {"momentum": 0.0}),
        ("sigm", {"hidden": "sigm"}),
        ("l2", {"l2": 0.01}),
        ("dropout", {"mask": masks()}),
    ],
)
def test_the_toolboxs_lines_give_the_same(variant: str, settings: dict[str, object]) -> None:
    toolbox = Toolbox(**settings)  # type: ignore[arg-type]
    session = lesson.load("deep-learn-toolbox").choose(variant).session()
    weighted = [n for n, layer in enumerate(session.experiment.network.layers) if layer.has_weights]
    for step in range(101):
        toolbox.forward()
        toolbox.backward()
        if step in (0, 1, 2, 50, 100):
            session.run(step - session.step_number)
            frame = session.frame()
            layers = [frame.trace.layers[n] for n in weighted]
            assert frame.loss == pytest.approx(toolbox.L, rel=1e-12)
            for layer, n, W, dW, d in zip(
                layers, weighted, toolbox.W, toolbox.dW, (toolbox.d, toolbox.d_out), strict=True
            ):
                np.testing.assert_allclose(np.column_stack([frame.params.b[n], frame.params.W[n]]), W, atol=1e-13)
                np.testing.assert_allclose(np.column_stack([layer.db, layer.dW]), dW, atol=1e-14)
                np.testing.assert_allclose(layer.delta * len(X), d, atol=1e-14)
        toolbox.update()

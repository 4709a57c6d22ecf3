"""The window of the lesson on thresholds in NumPy: one rule for every layer, with samples in columns."""

import numpy as np
import pytest

from bpstudio.files import lesson


def windows(layers: list[tuple[np.ndarray, np.ndarray]], X: np.ndarray, target: np.ndarray) -> list[list[np.ndarray]]:
    """δ_b, the gradient of the weights and that of the thresholds of each layer, from the output back."""
    outputs = [X]
    for W, theta in layers:
        outputs.append(1 / (1 + np.exp(-(W @ outputs[-1] - theta[:, None]))))
    delta_c, V = outputs[-1] - target, np.eye(len(target))  # the pseudo layer
    found = []
    for number in reversed(range(len(layers))):
        A, B = outputs[number], outputs[number + 1]
        delta_b = (V.T @ delta_c) * B * (1 - B)
        found.append([delta_b, delta_b @ A.T / X.shape[1], -delta_b.sum(axis=1) / X.shape[1]])
        delta_c, V = delta_b, layers[number][0]
    return found


@pytest.mark.parametrize("variant", ["thresholds", "deeper"])
def test_the_window_slides_over_every_layer(variant: str) -> None:
    session = lesson.load("thresholds").choose(variant).session()
    for step in (0, 1, 30):
        session.run(step - session.step_number)
        frame = session.frame()
        trace = frame.trace
        layers = [(frame.params.W[n], frame.params.b[n]) for n in range(len(trace.layers))]
        found = windows(layers, trace.x.T, frame.dataset.y.T)
        for layer, (delta_b, dW, dtheta) in zip(reversed(trace.layers), found, strict=True):
            np.testing.assert_allclose(layer.delta.T * len(trace.x), delta_b, atol=1e-14)
            np.testing.assert_allclose(layer.dW, dW, atol=1e-14)
            np.testing.assert_allclose(layer.db, dtheta, atol=1e-14)


def test_a_bias_is_a_threshold_with_the_other_sign() -> None:
    thresholds, biases = (lesson.load("thresholds").choose(name).session() for name in ("thresholds", "biases"))
    for session in (thresholds, biases):
        session.run(40)
    theta, b = thresholds.params, biases.params
    for n in range(2):
        np.testing.assert_allclose(theta.W[n], b.W[n], atol=1e-13)
        np.testing.assert_allclose(theta.b[n], -b.b[n], atol=1e-13)

"""The optimisers of the lesson's ravine, weight by weight with plain numbers."""

import math

import pytest

from bpstudio.files import lesson

CURVATURES = (8.0, 0.5)


def walked(rule: str, curvature: float, steps: int) -> float:
    """Where a weight stands that began at 0, with the gradient curvature · (w − 1)."""
    w = v = m = s = 0.0
    for t in range(1, steps + 1):
        g = curvature * (w - 1)
        if rule == "momentum":
            v = 0.9 * v + g
            w -= 0.1 * v
        elif rule == "rmsprop":
            s = 0.9 * s + 0.1 * g * g
            w -= 0.1 * g / (math.sqrt(s) + 1e-8)
        elif rule == "adam":
            m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g * g
            w -= 0.1 * (m / (1 - 0.9**t)) / (math.sqrt(s / (1 - 0.999**t)) + 1e-8)
        else:
            w -= (0.3 if rule == "too-fast" else 0.1) * g
    return w


@pytest.mark.parametrize("rule", ["sgd", "momentum", "rmsprop", "adam", "too-fast"])
def test_every_rule_walks_as_by_hand(rule: str) -> None:
    session = lesson.load("optimisers").choose(rule).session()
    for step in range(25):
        weights = [walked(rule, curvature, step) for curvature in CURVATURES]
        assert session.params.W[0][0].tolist() == pytest.approx(weights, rel=1e-9)
        assert session.loss == pytest.approx(
            sum(c / 2 * (w - 1) ** 2 for c, w in zip(CURVATURES, weights, strict=True)), rel=1e-7, abs=1e-15
        )
        session.step()


def test_the_order_after_twenty_steps_is_the_one_that_is_told() -> None:
    losses = {}
    for rule in ("sgd", "momentum", "rmsprop", "adam"):
        session = lesson.load("optimisers").choose(rule).session()
        session.run(20)
        losses[rule] = session.loss
    assert sorted(losses, key=losses.__getitem__) == ["rmsprop", "sgd", "adam", "momentum"]

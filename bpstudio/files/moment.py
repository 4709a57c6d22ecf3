"""One moment of a run as a lesson: where it stands, and the digits that must come out there.

Somebody else opens the file, and the program there computes the step anew and compares: the loss, the outputs, the
gradient of each layer, and the weights after the update. Of arrays that are too long to be read one number stands for
all, the one with the greatest gradient, and the norm beside it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from bpstudio.files import lesson as lessons
from bpstudio.files.known import Known
from bpstudio.files.lesson import Lesson
from bpstudio.files.wording import Wording
from bpstudio.insight.walk import Walk
from bpstudio.maths.operations import Array
from bpstudio.training.frame import Frame
from bpstudio.training.session import Session

MOST_NUMBERS = 24
"""Arrays with more numbers than this are promised by one of them."""
FIGURES = 10
"""So many figures of the greatest number of an array are promised: the last ones differ from machine to machine."""

_NAMED = re.compile(r"\w{1,60}")
_LAYER = {
    "a": ("what layer {n} gives", "第 {n} 层的输出"),
    "dW": ("gradient of the weights, layer {n}", "第 {n} 层权重的梯度"),
    "norm": ("size of the gradient, layer {n}", "第 {n} 层梯度的大小"),
    "W": ("weights after the update, layer {n}", "更新后第 {n} 层的权重"),
    "b": ("biases after the update, layer {n}", "更新后第 {n} 层的偏置"),
}


def moment(frame: Frame, lesson: Lesson | None = None, **view: Any) -> Lesson:
    """The step of a frame as a lesson of its own, which goes on from there digit for digit.

    Its parameters, the optimiser's state and the place in the data are in it, and what must come out of them:
    promises for the step itself and for the weights after its update. Of the ``lesson`` from which the run came the
    look stays, and the words while it still is the same exercise; ``view`` sets fields such as row, grain and at.

    Raises ValueError where the step could not be computed again from what a lesson holds: its batch was chosen by hand.
    """
    captured = lessons.capture(frame, lesson)
    title = captured.title
    if lesson is not None and (lesson.experiment != frame.experiment or lesson.dataset.hash != frame.dataset.hash):
        captured = captured.replace(text=Wording())
    step = f"{frame.step:,}"
    captured = captured.replace(
        title=Wording.of(
            en=f"{title.within('en')}, step {step}".lstrip(", "), zh_CN=f"{title.within('zh_CN')} 第 {step} 步".strip()
        ),
        summary=Wording.of(
            en=f"One moment of a run: the state before update {frame.step + 1:,}, and what must come out of it.",
            zh_CN=f"训练中的一刻：第 {frame.step + 1:,} 次更新之前的状态，以及由它应当得到的数字。",
        ),
        start=captured.origin if frame.step == 0 else captured.start,
        scenes=(),
        variants=(),
        errata=(),
        expected=(),
        locks=(),
        variant="",
        base=None,
        at="",
        row=0,
    )
    session = captured.session()
    _check_same(session, frame)
    promises = tuple(_promises(session, frame.nonfinite is None))
    return captured.replace(**({"expected": promises} | view))


def _check_same(session: Session, frame: Frame) -> None:
    """Raise ValueError unless the run that begins here has the step of the frame in it."""
    again = session.frame()
    same = again.batch.tobytes() == frame.batch.tobytes()
    with np.errstate(invalid="ignore"):
        same = same and np.array_equal(again.params.flat, frame.params.flat)
        gradients = again.trace.gradient.flat, frame.trace.gradient.flat
        same = same and np.array_equal(*gradients, equal_nan=True)
    if not same:
        raise ValueError(
            f"step {frame.step}: a lesson cannot hold it, because its rows were chosen by hand; save a project instead"
        )


def _promises(session: Session, goes_on: bool) -> Iterator[Known]:
    frame = session.frame()
    network = frame.experiment.network
    walk = Walk.of(frame)
    names = network.layer_names
    layers = [n for n, layer in enumerate(network.layers) if layer.has_weights and _NAMED.fullmatch(names[n])]
    yield from _promise(frame, "loss", _at(walk, "loss/C"), Wording())
    if frame.experiment.penalties:
        yield from _promise(frame, "objective", "", Wording())
    depth = len(network.layers)
    if _NAMED.fullmatch(names[-1]):
        outputs = frame.trace.layers[-1].a
        what = f"{names[-1]}.a{_shortened(outputs, rows=True)}"
        yield from _promise(frame, what, _at(walk, f"forward/layer{depth}"), _words("a", depth))
    places = {}
    for n in reversed(layers):
        dW = frame.trace.layers[n].dW
        places[n] = _shortened(dW)
        at = _at(walk, f"backward/layer{n + 1}/weights")
        yield from _promise(frame, f"{names[n]}.dW{places[n]}", at, _words("dW", n + 1))
        if places[n]:
            yield from _promise(frame, f"norm/{n + 1}", at, _words("norm", n + 1))
    if not goes_on or session.run(1) != 1:
        return
    after = session.frame()
    for n in layers:
        at = _at(walk, f"update/layer{n + 1}")
        yield from _promise(after, f"{names[n]}.W{places[n]}", at, _words("W", n + 1))
        b = after.params.b[n]
        if network.layers[n].has_bias and b.size <= MOST_NUMBERS:
            yield from _promise(after, f"{names[n]}.b", at, _words("b", n + 1))


def _promise(frame: Frame, what: str, at: str, words: Wording) -> Iterator[Known]:
    """The number as it stands in a frame; nothing where it is not finite."""
    values = Known(what, 0.0, frame.step).measure(frame)
    if not np.isfinite(values).all():
        return
    largest = float(np.abs(values).max())
    decimals = 17 if largest == 0 else min(max(FIGURES - 1 - math.floor(math.log10(largest)), 0), 17)
    yield Known(what, _nested(values.tolist()), frame.step, decimals, at=at, note=words)


def _shortened(values: Array, rows: bool = False) -> str:
    """The indices of what stands for a long array: its first row, or the number that is farthest from 0."""
    if values.size <= MOST_NUMBERS:
        return ""
    if rows and values[0].size <= MOST_NUMBERS:
        return "[0]"
    place = np.unravel_index(int(np.argmax(np.abs(values))), values.shape)
    return "".join(f"[{int(index)}]" for index in place)


def _nested(values: Any) -> Any:
    return tuple(map(_nested, values)) if isinstance(values, list) else values


def _at(walk: Walk, address: str) -> str:
    """The address, where the walk has such a beat."""
    try:
        walk.find("edge", address)
    except ValueError:
        return ""
    return address


def _words(kind: str, number: int) -> Wording:
    english, chinese = _LAYER[kind]
    return Wording.of(en=english.format(n=number), zh_CN=chinese.format(n=number))

"""Every scene of the shipped lessons leads somewhere, and its words quote digits that the engine computes."""

import functools
import math
import re

import numpy as np
import pytest

from bpstudio.files import lesson as lessons
from bpstudio.files.lesson_parts import Scene
from bpstudio.insight.walk import Walk
from bpstudio.training.frame import Frame

load = functools.cache(lessons.load)
SCENES = [(name, number) for name in lessons.NAMES for number in range(len(load(name).scenes))]
QUOTED = re.compile(r"(?<![\w.,])([−-]?)(\d[\d,]*\.\d{4,})(?![\d])")
CONSTANTS = (math.log(3.0),)
"""Numbers that are no number of a run."""


def played(name: str, number: int) -> tuple[Scene, Frame, float]:
    """A scene, the frame of its step, and the loss one step later."""
    scene = load(name).scenes[number]
    return scene, *reached(name, scene.variant, scene.step)


@functools.lru_cache(maxsize=3)  # scenes stay at a step
def reached(name: str, variant: str, step: int) -> tuple[Frame, float]:
    lesson = load(name)
    session = (lesson.choose(variant) if variant else lesson).session()
    session.run(step)
    frame = session.frame()
    session.step()
    return frame, session.loss


def numbers(frame: Frame) -> np.ndarray:
    """All that one step computes and what its beats compute on the way: products, arrivals, sums, elements, updates.

    Of a large network only what belongs to layers: among thousands of numbers any four digits can be found.
    """
    trace, params = frame.trace, frame.params
    if params.flat.size > 1000:
        layers = [frame.metrics.value(f"norm/{index}", frame.step) for index in range(1, len(trace.layers) + 1)]
        return np.array([frame.loss, *CONSTANTS, *layers], dtype=np.float64)
    found = [np.array([frame.loss, *CONSTANTS]), frame.row_loss, trace.x, frame.params.flat]
    before = trace.x
    norms = []
    for layer, (W, b) in zip(trace.layers, params, strict=True):
        found += [layer.z, layer.a, layer.delta, layer.dW, layer.db, layer.update_W, layer.update_b]
        found += [] if layer.slope is None else [layer.slope]
        found += [W + layer.update_W, b + layer.update_b]
        # δ of each row too, as the window shows it: without the mean's 1/N.
        deltas = (layer.delta, layer.delta * len(layer.delta))
        found += [deltas[1]]
        if W.ndim == 2 and W.size:  # products along the edges of a dense layer
            found += [np.einsum("ni,oi->noi", before, W)]
            found += [part for delta in deltas for part in (np.einsum("no,oi->noi", delta, W), delta @ W)]
        norms.append(np.sqrt((layer.dW**2).sum()))
        before = layer.a
    error = before - frame.dataset.y[frame.batch]
    found += [error, 0.5 * error**2, before * (1 - before), np.array(norms)]
    found += [layer.a * (1 - layer.a) for layer in trace.layers]
    found += [np.array([frame.metrics.value(f"norm/{index}", frame.step) for index in range(1, len(trace.layers) + 1)])]
    return np.concatenate([np.ravel(np.asarray(each, dtype=np.float64)) for each in found])


@pytest.mark.parametrize(("name", "number"), SCENES)
def test_a_scene_leads_to_a_beat_and_quotes_what_is_computed(name: str, number: int) -> None:
    scene, frame, later = played(name, number)
    walk = Walk.of(frame)
    assert walk.find("edge", scene.at) > 0
    for element in filter(None, (scene.select, scene.hover)):
        assert walk.names.has(walk.names.find(element))
    assert not isinstance(scene.row, int) or scene.row < frame.dataset.rows
    there = np.concatenate([numbers(frame), [later]])  # "one step later": a scene may say what comes of it
    for wording in (scene.text, scene.question, scene.answer):
        for language in ("en", "zh_CN"):
            for sign, digits in QUOTED.findall(wording.within(language)):
                value = float(digits.replace(",", "")) * (-1 if sign else 1)
                slack = 0.5000001 * 10.0 ** -len(digits.partition(".")[2])
                near = float(np.abs(there - value).min())
                assert near <= slack, f"{value} stands in no number of the step, the nearest is {near} away"


@pytest.mark.parametrize("name", lessons.NAMES)
def test_a_lesson_has_a_handful_of_short_scenes_with_questions(name: str) -> None:
    scenes = load(name).scenes
    assert 4 <= len(scenes) <= 9
    assert all(len(scene.text.within("en")) <= 220 for scene in scenes)
    asked = [scene for scene in scenes if scene.question]
    assert asked or name == "one-neuron"
    assert all(scene.question.within("en").endswith("?") for scene in asked)
    assert all(scene.question.within("zh_CN").endswith("？") for scene in asked)


def test_counted_flowers_are_the_ones_that_are_named_correctly() -> None:
    lesson = load("iris")
    session = lesson.session()
    data = lesson.dataset
    for scene in lesson.scenes:
        said = re.search(r"(\d+) of the (\d+) unseen", scene.text.within("en"))
        if said is None:
            continue
        session.run(scene.step - session.step_number)
        answers = session.predict(data.x[data.validation])
        right = int((answers.argmax(axis=1) == data.y[data.validation].argmax(axis=1)).sum())
        assert (right, len(data.validation)) == (int(said[1]), int(said[2]))
        assert said[1] in scene.text.within("zh_CN")


def test_a_wrong_digit_would_be_found() -> None:
    _, frame, _ = played("mazur", 4)
    assert np.abs(numbers(frame) - 0.082167041).min() < 1e-9
    assert np.abs(numbers(frame) - 0.082167049).min() > 1e-9

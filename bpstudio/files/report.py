"""A run as one HTML file that needs nothing else: the network's picture, the curves, and the numbers.

It is read in a browser, in the light or dark that the reader prefers, on a machine where this program may not be.
Every text that came from a file or a person is escaped.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

import bpstudio
from bpstudio.data.source import Prepared
from bpstudio.engine.layers import said
from bpstudio.files import atomic
from bpstudio.files.charts import DASHES, Line, curves
from bpstudio.files.network_picture import network_picture
from bpstudio.insight.baseline import constant_loss
from bpstudio.insight.conventions import batch_rows, conventions, loss_formula, sentence
from bpstudio.insight.matrices import Matrices
from bpstudio.insight.notation import NOTATIONS, Notation
from bpstudio.insight.response import Confusion, confusion
from bpstudio.insight.resting import why
from bpstudio.insight.schedule_formulas import schedule_symbols
from bpstudio.training.frame import Frame

REDUCTIONS = {
    "mean_batch": "sum over the outputs, mean over the rows of the batch",
    "mean_all": "mean over all outputs of all rows of the batch",
    "sum": "sum over everything",
}
NIELSEN = NOTATIONS["nielsen"]
MOST_PARAMETERS = 20_000
LAYER_COLORS = 12


def write(path: str | os.PathLike[str], frame: Frame, title: str, text: str = "", notation: Notation = NIELSEN) -> None:
    """Write the report; an older file of that name is replaced only by a complete one."""
    atomic.write_text(path, html(frame, title, text, notation))


def html(frame: Frame, title: str, text: str = "", notation: Notation = NIELSEN) -> str:
    """The report of a run up to this frame, under a title and the sentences of `text`, in the letters of a notation."""
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part.strip())
    # A run that diverged is reported like any other, with numbers whose squares are no numbers.
    with np.errstate(all="ignore"):
        body = [
            f"<header><h1>{escape(title)}</h1>{paragraphs}</header>",
            _tiles(frame),
            "<h2>The network</h2>",
            network_picture(frame),
            "<h2>The curves</h2>",
            f"<div class=grid>{''.join(_curves(frame, notation))}</div>",
            *_confusions(frame),
            "<h2>What was trained, and how</h2>",
            _conventions(frame, notation),
            "<h2>The parameters</h2>",
            _parameters(frame, notation),
            f"<footer>bpstudio {bpstudio.__version__} · step {frame.step:,} · data {frame.dataset.hash[:12]}</footer>",
        ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><main>{''.join(body)}</main></html>\n"
    )


# Numbers at the top


def _tiles(frame: Frame) -> str:
    experiment, dataset = frame.experiment, frame.dataset
    tiles = [("loss of the last batch", f"{frame.loss:.6g}", "")]
    if experiment.penalties:
        tiles.append(("the same with penalties", f"{frame.objective:.6g}", ""))
    baseline = dataset.baseline()
    for name, rows, usual in (
        ("training", dataset.train, baseline.accuracy),
        ("validation", dataset.validation, baseline.validation_accuracy),
    ):
        judged = _confusion(frame, rows)
        if judged is not None and usual is not None:
            tiles.append(
                (f"{name} accuracy", f"{judged.right:.1%}", f"{len(rows):,} rows · most frequent class {usual:.1%}")
            )
    tiles += [
        ("steps", f"{frame.step:,}", f"epoch {frame.epoch:,}"),
        ("parameters", f"{experiment.network.parameter_count:,}", " – ".join(map(str, experiment.network.sizes))),
        ("rows", f"{len(dataset.train):,}", f"{len(dataset.validation):,} held out for validation"),
    ]
    inner = "".join(
        f"<div><span>{escape(name)}</span><b>{escape(value)}</b><small>{escape(note)}</small></div>"
        for name, value, note in tiles
    )
    warning = ""
    if frame.nonfinite is not None:
        where = frame.nonfinite
        warning = (
            f"<p class=error>✕ Step {where.step:,} is not finite: {escape(where.quantity)} of layer {where.layer} "
            f"became {where.value}. The parameters are those before it.</p>"
        )
    rests = f"<p>{escape(_sentence(why(frame.stopped).text))}</p>" if frame.stopped is not None else ""
    return f"<section class=tiles>{inner}</section>{warning}{rests}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _confusion(frame: Frame, rows: NDArray[np.int64]) -> Confusion | None:
    """Which class is taken for which; None for a regression, or without rows."""
    return None if frame.dataset.task == "regression" or not len(rows) else confusion(frame, rows)


# Curves


def _curves(frame: Frame, notation: Notation) -> Iterable[str]:
    metrics, experiment, dataset = frame.metrics, frame.experiment, frame.dataset
    held = metrics.validation
    baseline = dataset.baseline()

    def recorded(column: str, name: str, color: str, dash: str = "") -> list[Line]:
        steps, low, high = metrics.curve(column, points=600)
        return [Line(name, steps, low, high, color, dash)] if len(steps) else []

    def validated(column: int) -> list[Line]:
        return (
            [Line("validation", held[:, 0], held[:, column], held[:, column], "var(--B)", "7 4")] if len(held) else []
        )

    def level(value: float) -> list[Line]:
        ends, same = np.array([metrics.first, max(metrics.stop - 1, 1)]), np.full(2, value)
        return [Line("baseline", ends, same, same, "var(--secondary)", "2 4")]

    formula = f"{loss_formula(experiment.loss, notation)}; baseline: {baseline.words}"
    loss = [*recorded("loss", "training", "var(--F)"), *validated(1)]
    yield curves("Loss C", formula, [*loss, *level(constant_loss(experiment, dataset))], log=True)
    if dataset.task != "regression":
        share = [*recorded("accuracy", "training", "var(--F)"), *validated(2)]
        usual = level(baseline.accuracy) if baseline.accuracy is not None else []
        yield curves(
            "Accuracy", f"share of right answers; baseline: {baseline.accuracy_words}", [*share, *usual], top=1.0
        )

    def layered(kind: str) -> list[Line]:
        count = len(experiment.network.layers)
        lines = []
        for number, name in enumerate(experiment.network.layer_names):
            color = round(number * (LAYER_COLORS - 1) / max(count - 1, 1))
            lines += recorded(f"{kind}/{number + 1}", name, f"var(--layer-{color})", DASHES[number % len(DASHES)])
        return lines

    if not experiment.schedule.constant:
        formula = f"η = {schedule_symbols(experiment.schedule)}"
        yield curves("Learning rate", formula, recorded("rate", "η", "var(--good)"), log=True)
    yield curves("Gradient size", "‖∂C/∂W‖ per layer", layered("norm"), log=True)
    yield curves(
        "Saturation", "mean of 1 − |f′|/max|f′| per layer: 0 responsive, 1 flat", layered("saturation"), top=1.0
    )


# Tables


def _confusions(frame: Frame) -> Iterable[str]:
    dataset = frame.dataset
    if dataset.task == "regression":
        return
    figures = []
    for name, rows in (("Training", dataset.train), ("Validation", dataset.validation)):
        judged = _confusion(frame, rows)
        if judged is None:
            continue
        count, counts = len(dataset.class_names), judged.counts
        head = "".join(f"<th>{escape(label)}</th>" for label in dataset.class_names)
        body = "".join(
            f"<tr><th>{escape(label)}</th>{''.join(_cell(row, k, k == index) for k in range(count))}</tr>"
            for index, (label, row) in enumerate(zip(dataset.class_names, counts, strict=True))
        )
        figures.append(
            f"<figure><h3>{name}</h3><p class=unit>rows: what it is; columns: what the network answers</p>"
            f"<div class=scroll><table class=confusion><tr><td></td>{head}</tr>{body}</table></div></figure>"
        )
    yield f"<h2>Which class is taken for which</h2><div class=grid>{''.join(figures)}</div>"


def _cell(row: NDArray[np.int64], column: int, right: bool) -> str:
    share = row[column] / max(int(row.sum()), 1)
    kind = "right" if right else "wrong"
    return f'<td class={kind} style="--share:{share:.3f}">{row[column]:,}</td>'


def _listed(settings: Mapping[str, Any]) -> str:
    """A record of the experiment with its fields, as its file has them."""
    given = [f"{name} {value!r}" for name, value in settings.items() if name != "name"]
    return ", ".join([*([settings["name"]] if "name" in settings else []), *given])


def _rests(frame: Frame, described: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """What holds training back, as far as something does."""
    for title, name in (("Schedule", "schedule"), ("Clipping", "clipping"), ("Early stopping", "stopping")):
        if name in described:
            yield title, _listed(described[name])
    if frame.experiment.validate_every:
        yield "Validation", f"every {frame.experiment.validate_every:,} steps"


def _conventions(frame: Frame, notation: Notation) -> str:
    experiment, dataset = frame.experiment, frame.dataset
    described = experiment.to_dict()
    batch = experiment.batch_size or len(dataset.train)
    source = dataset.source.origin
    prepared = source.steps if isinstance(source, Prepared) else ()
    assumed = sentence(conventions(experiment, batch_rows(experiment, len(dataset.train)), notation))
    sign = "+" if notation.delta_sign > 0 else "−"
    rows = [
        ("Conventions", assumed.text),
        ("Data", f"{dataset.name or 'typed'}: {', '.join(dataset.input_names)} → {', '.join(dataset.output_names)}"),
        *((step.column or "Split", str(step.describe())) for step in prepared),
        ("Loss", f"{loss_formula(experiment.loss, notation)}; {REDUCTIONS[experiment.reduction]}"),
        ("Optimiser", _listed(described["optimizer"])),
        *_rests(frame, described),
        ("Batch", f"{batch:,} of {len(dataset.train):,} rows, {'shuffled' if experiment.shuffle else 'in order'}"),
        ("Seed", str(experiment.seed)),
        ("Update order", experiment.update_order),
        ("Sign of δ", f"δ = {sign}∂C/∂z, with the factor of the mean in it"),
        ("Written", f"samples as {notation.samples}, W as ({notation.weight_layout.replace('_', ', ')})"),
        ("Arithmetic", experiment.dtype),
    ]
    network = experiment.network
    for name, layer, shape in zip(network.layer_names, network.layers, network.shapes[1:], strict=True):
        size = f"{shape[0]} units" if len(shape) == 1 else f"{shape[0]} maps of {said(shape[1:])}"
        if not layer.has_weights:
            rows.append((name, f"{layer.kind}, {size}, {layer.activation}"))
            continue
        start, biases = layer.initializer, "thresholds" if layer.bias == "threshold" else "biases"
        frozen = ["weights"] * (not layer.train_weights) + [biases] * (layer.has_bias and not layer.train_bias)
        added = f"{biases} from {start.bias_formula}" if layer.has_bias else "no biases"
        rows.append(
            (
                name,
                f"{size}, {layer.activation}, weights from {start.weights} {start.formula}, {added}"
                + (f", {' and '.join(frozen)} frozen" if frozen else ""),
            )
        )
    inner = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table class=facts>{inner}</table>"


def _parameters(frame: Frame, notation: Notation) -> str:
    network = frame.experiment.network
    if network.parameter_count > MOST_PARAMETERS:
        return (
            f"<p>{network.parameter_count:,} numbers are more than a page can show; save the weights as an .npz file "
            f"to have all of them.</p>"
        )
    parts = []
    inputs: Sequence[str] = frame.dataset.input_names
    matrices = Matrices.of(notation, 1)
    for name, layer, W, b in zip(network.layer_names, network.layers, frame.params.W, frame.params.b, strict=True):
        if W.size:
            beside = [str(unit + 1) for unit in range(len(b))]
            above = [*(inputs if W.ndim == 2 else _places(W.shape[1:])), *([layer.bias] if layer.has_bias else [])]
            flat = W.reshape(len(W), -1)
            values = matrices.shown_weights(np.column_stack([flat, b]) if layer.has_bias else flat)
            if matrices.turned:
                beside, above = above, beside
            corner = "unit" if not matrices.turned else ""
            head = "".join(f"<th>{escape(label)}</th>" for label in above)
            body = "".join(
                f"<tr><th>{escape(label)}</th>{''.join(f'<td>{float(value)!r}</td>' for value in row)}</tr>"
                for label, row in zip(beside, values, strict=True)
            )
            sizes = " × ".join(map(str, matrices.shown_weights(W).shape if W.ndim == 2 else W.shape))
            parts.append(
                f"<details><summary>{escape(name)}: {sizes}, ‖W‖ = {np.linalg.norm(W):.4g}</summary>"
                f"<div class=scroll><table><tr><th>{corner}</th>{head}</tr>{body}</table></div></details>"
            )
        inputs = [f"{name} · {unit + 1}" for unit in range(len(b))]
    return "".join(parts)


def _places(kernel: Sequence[int]) -> list[str]:
    """Where each weight of a kernel (channels, height, width) lies."""
    return [" · ".join(str(at + 1) for at in place) for place in np.ndindex(*kernel)]


def _palette(name: str, colors: str) -> str:
    return "".join(f"--{name}-{index}:{color};" for index, color in enumerate(colors.split()))


_LIGHT = (
    "--background:#f5f7fa;--panel:#ffffff;--line:#dde3ea;--text:#1b2430;--secondary:#4a5565;--zero:#7d8794;"
    "--nonfinite:#007c91;--F:#0072b2;--B:#b35900;--good:#006b4f;--error:#b3261e;"
    + _palette("gradient", "#f06e20 #da4e3c #bb3755 #982765 #731a6e #4f0d6c #270b52 #08051d")
    + _palette(
        "layer",
        "#2fb47c #21a585 #1f988b #238a8e #287c8e #2e6d8e #355e8d #3d4e8a #433d84 #472b79 #481769 #440154",
    )
)
_DARK = (
    "--background:#10141a;--panel:#171d26;--line:#2a313b;--text:#e6eaf0;--secondary:#a9b4c2;--zero:#6b7787;"
    "--nonfinite:#00e5ff;--F:#3b8fe0;--B:#f28e2b;--good:#3dd6a3;--error:#ff8a80;"
    + _palette("gradient", "#b33359 #ce4446 #e45a31 #f37819 #fb9a07 #fbbe24 #f3e25a #fcffa4")
    + _palette(
        "layer",
        "#2e6c8e #297b8e #23898e #1f978b #21a486 #2eb37d #46bf70 #64cb5e #89d548 #b0dd2f #d7e21a #fde725",
    )
)
_STYLE = f"""
:root {{ color-scheme: light dark; {_LIGHT} }}
@media (prefers-color-scheme: dark) {{ :root {{ {_DARK} }} }}
@media print {{ :root {{ {_LIGHT} }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: var(--background); color: var(--text);
  font: 15px/1.55 Inter, "Segoe UI", system-ui, "Noto Sans CJK SC", sans-serif; }}
main {{ max-width: 1120px; margin: 0 auto; padding: 40px 24px 32px; }}
h1 {{ font-size: 30px; line-height: 1.2; margin: 0 0 8px; }}
h2 {{ font-size: 19px; margin: 40px 0 14px; }}
h3 {{ font-size: 15px; margin: 0; }}
header p {{ max-width: 72ch; margin: 6px 0; color: var(--secondary); }}
.tiles {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); gap: 12px; margin-top: 26px; }}
.tiles div, figure, .facts, details {{ background: var(--panel); border: 1px solid var(--line); border-radius: 10px; }}
.tiles div {{ padding: 12px 16px; display: flex; flex-direction: column; }}
.tiles span, .tiles small, .unit, figcaption, footer {{ color: var(--secondary); font-size: 13px; }}
.tiles b {{ font: 600 22px/1.4 "JetBrains Mono", "DejaVu Sans Mono", Consolas, Menlo, monospace; }}
.error {{ color: var(--error); font-weight: 600; }}
.grid {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); gap: 14px; }}
figure {{ margin: 0; padding: 16px 18px; min-width: 0; }}
p.unit {{ margin: 0 0 10px; }}
svg {{ display: block; width: 100%; height: auto; }}
svg text {{ font-family: inherit; }}
.tick {{ font-size: 12px; fill: var(--secondary); }}
.name {{ font-size: 13px; font-weight: 600; }}
.more {{ paint-order: stroke; stroke: var(--panel); stroke-width: 7px; stroke-linejoin: round; }}
line.grid {{ stroke: var(--line); stroke-width: 1; }}
.axis {{ stroke: var(--zero); stroke-width: 1; }}
.curve {{ fill: none; stroke-width: 1.8; stroke-linejoin: round; }}
circle.unit, rect.unit {{ fill: var(--panel); stroke: var(--secondary); stroke-width: 1.2; }}
.ramp {{ white-space: nowrap; margin-right: 14px; }}
.ramp i {{ display: inline-block; width: 20px; height: 11px; }}
figcaption {{ margin-top: 10px; }}
table {{ border-collapse: collapse; font-size: 14px; }}
th, td {{ padding: 5px 12px; text-align: right; }}
td {{ font-family: "JetBrains Mono", "DejaVu Sans Mono", Consolas, Menlo, monospace; font-size: 13px; }}
th {{ color: var(--secondary); font-weight: 500; }}
.facts {{ width: 100%; border-collapse: separate; border-spacing: 0; padding: 6px 4px; }}
.facts th, .facts td {{ text-align: left; vertical-align: top; font-family: inherit; font-size: 14px; }}
.facts th {{ white-space: nowrap; width: 1%; }}
.confusion td.right {{ background: color-mix(in srgb, var(--good) calc(var(--share) * 45%), transparent); }}
.confusion td.wrong {{ background: color-mix(in srgb, var(--error) calc(var(--share) * 60%), transparent); }}
.confusion td {{ min-width: 62px; border-radius: 4px; }}
.scroll {{ overflow-x: auto; }}
details {{ padding: 10px 16px; margin-bottom: 8px; }}
summary {{ cursor: pointer; font-weight: 500; }}
details table {{ margin-top: 8px; }}
details td {{ white-space: nowrap; }}
footer {{ margin-top: 40px; }}
"""

import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import bpstudio
from bpstudio.files import report

HOSTILE = "<script>alert(1)</script>&\"'"
VOID = {"meta", "line", "circle", "rect", "polyline", "polygon", "path", "i"}


class Balance(HTMLParser):
    """Counts what is open, and collects what could run or load something."""

    def __init__(self):
        super().__init__()
        self.open, self.active = [], []

    def handle_starttag(self, tag, attributes):
        names = {name for name, _ in attributes}
        if tag in ("script", "link", "img", "iframe", "object") or any(name.startswith("on") for name in names):
            self.active.append(tag)
        if names & {"src", "href"}:
            self.active.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


def parsed(page):
    balance = Balance()
    balance.feed(page)
    return balance


def text_of(page):
    return re.sub(r"<[^>]*>", " ", page)


@pytest.fixture(scope="module")
def classes():
    random = np.random.default_rng(0)
    kind = random.integers(3, size=60)
    dataset = bpstudio.Dataset.from_arrays(
        random.normal(size=(60, 2)) + np.eye(3)[kind][:, :2] * 4,
        kind,
        task="classes",
        class_names=["red", HOSTILE, "blue"],
        input_names=[HOSTILE + "x", "width"],
        validation=np.arange(0, 60, 4),
        name=HOSTILE,
    )
    network = bpstudio.Network(2, (bpstudio.Dense(5, "tanh"), bpstudio.Dense(3, "softmax", name=HOSTILE)))
    experiment = bpstudio.Experiment(network, loss="categorical_ce", optimizer=bpstudio.SGD(0.2), batch_size=8)
    session = bpstudio.Session(experiment, dataset)
    session.run(400)
    return session.frame()


def test_every_text_is_escaped_and_the_page_loads_nothing(classes):
    page = report.html(classes, HOSTILE, HOSTILE)
    assert "<script" not in page
    balance = parsed(page)
    assert balance.active == []
    assert balance.open == []
    assert "http" not in page.replace("http-equiv", "")


def test_the_numbers_are_the_numbers_of_the_frame(classes):
    text = text_of(report.html(classes, "A title"))
    assert f"{classes.loss:.6g}" in text
    for W, b in classes.params:
        for value in (*W.ravel(), *b):
            assert repr(float(value)) in text


def test_the_confusion_matrix_counts_every_row_once(classes):
    page = report.html(classes, "A title")
    cells = [int(found) for found in re.findall(r"<td class=(?:right|wrong)[^>]*>(\d+)</td>", page)]
    training, validation = np.array(cells).reshape(2, 3, 3)
    assert training.sum() == 45
    assert validation.sum() == 15
    assert f"{np.trace(training) / 45:.1%}" in page
    assert f"{np.trace(validation) / 15:.1%}" in page
    truth = np.bincount(classes.dataset.class_index[classes.dataset.train], minlength=3)
    assert training.sum(axis=1).tolist() == truth.tolist()


def test_conventions_are_written_down(classes):
    text = text_of(report.html(classes, "A title"))
    for part in ("−Σ y ln a", "mean over the rows", "0.2", "8 of 45 rows, shuffled", "simultaneous", "xavier_normal"):
        assert part in text


def test_a_regression_has_no_accuracy():
    dataset = bpstudio.Dataset.from_arrays([[0.05, 0.1]], [[0.01, 0.99]])
    network = bpstudio.Network(2, (bpstudio.Dense(2, train_bias=False), bpstudio.Dense(2)))
    session = bpstudio.Session(bpstudio.Experiment(network), dataset)
    page = report.html(session.frame(), "At step 0")
    assert "ccuracy" not in page
    assert "biases frozen" in page
    assert parsed(page).open == []


def test_a_run_that_diverged_says_where():
    dataset = bpstudio.Dataset.from_arrays([[1.0], [2.0]], [[1.0], [5.0]])
    network = bpstudio.Network(1, (bpstudio.Dense(1, "identity"),))
    session = bpstudio.Session(bpstudio.Experiment(network, optimizer=bpstudio.SGD(1e30)), dataset)
    session.run(100)
    frame = session.frame()
    assert frame.nonfinite is not None
    page = report.html(frame, "Diverged")
    assert f"Step {frame.nonfinite.step}" in text_of(page)
    assert "nan" not in "".join(re.findall(r'(?:points|x1|y1|x|y)="([^"]*)"', page))


def test_a_large_network_stays_a_page_that_opens():
    random = np.random.default_rng(0)
    dataset = bpstudio.Dataset.from_arrays(random.random((20, 784)), random.random((20, 10)))
    network = bpstudio.Network(784, (bpstudio.Dense(30), bpstudio.Dense(10)))
    page = report.html(bpstudio.Session(bpstudio.Experiment(network), dataset).frame(), "Digits")
    assert len(page) < 300_000
    assert "768 more" in page
    assert "npz" in page


def test_the_file_is_replaced_whole(tmp_path, classes):
    path = tmp_path / "report.html"
    path.write_text("old")
    report.write(path, classes, "New")
    assert path.read_text(encoding="utf-8").endswith("</html>\n")


def test_the_report_says_by_which_conventions():
    from bpstudio.insight.notation import NOTATIONS

    frame = bpstudio.load_lesson("mazur").session().frame()
    page = text_of(report.html(frame, "x"))
    assert "C = ½ Σ (a − y)² · one row at a time · biases frozen · simultaneous update · δ = +∂C/∂z" in page
    older = text_of(report.html(frame, "x", "", NOTATIONS["mazur"].having(delta_sign=-1)))
    assert "C = ½ Σ (out − target)² · one row" in older
    assert "δ = −∂C/∂z, with the factor of the mean in it" in older


def test_thresholds_are_called_so_and_what_is_not_there_is_not_listed():
    lesson = bpstudio.load_lesson("mazur")
    kinds = zip(lesson.experiment.network.layers, ("threshold", "none"), strict=True)
    network = bpstudio.Network(2, tuple(dataclasses.replace(layer, bias=kind) for layer, kind in kinds))
    session = bpstudio.Session(lesson.experiment.replace(network=network), lesson.dataset, lesson.start.fitted(network))
    page = report.html(session.frame(), "x")
    assert parsed(page).active == []
    assert page.count(">−1</text>") == 1
    assert ">+1</text>" not in page
    assert "<th>threshold</th>" in page
    assert "<th>bias</th>" not in page
    assert page.count("<td>-0.35</td>") == 2
    assert "thresholds frozen" in page
    assert "no biases" in page


def test_the_report_writes_matrices_the_way_round_that_was_chosen():
    from bpstudio.insight.notation import NOTATIONS

    frame = bpstudio.load_lesson("iris").session().frame()

    def tables(page):
        rows = re.findall(r"<details>.*?<table>(.*?)</table>", page, re.DOTALL)
        return [[re.findall(r"<td>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", table)] for table in rows]

    usual = report.html(frame, "x")
    turned = report.html(frame, "x", "", NOTATIONS["nielsen"].having(weight_layout="in_out", samples="columns"))
    for straight, other, W in zip(tables(usual), tables(turned), frame.params.W, strict=True):
        values = [row for row in straight if row]
        assert [row for row in other if row] == [list(column) for column in zip(*values, strict=True)]
        assert np.shape(values) == (W.shape[0], W.shape[1] + 1)
    assert "samples as rows, W as (out, in)" in text_of(usual)
    assert "samples as columns, W as (in, out)" in text_of(turned)


def test_what_holds_training_back_is_told(classes):
    plain = text_of(report.html(classes, "Plain"))
    for title in ("Schedule", "Clipping", "Early stopping", "Learning rate"):
        assert title not in plain
    random = np.random.default_rng(3)
    dataset = bpstudio.Dataset.from_arrays(
        random.normal(size=(40, 2)), random.integers(2, size=(40, 1)).astype(float), task="binary", validation=range(9)
    )
    experiment = bpstudio.Experiment(
        bpstudio.Network(2, (bpstudio.Dense(12, "tanh"), bpstudio.Dense(1))),
        loss="bce",
        optimizer=bpstudio.AdamW(0.05, weight_decay=0.01),
        batch_size=0,
        schedule=bpstudio.schedules.Exponential(0.999),
        clipping=bpstudio.ClipByNorm(2.0),
        stopping=bpstudio.EarlyStopping(3),
        validate_every=5,
    )
    session = bpstudio.Session(experiment, dataset)
    session.run(100_000)
    assert session.stopped is not None
    page = report.html(session.frame(), "All of it")
    parsed(page)
    told = text_of(page)
    assert f"Stopped early at step {session.stopped.step}" in told
    for words in (
        "adamw, rate 0.05, weight_decay 0.01, beta1 0.9, beta2 0.999, epsilon 1e-08",
        "exponential, gamma 0.999",
        "global_norm, max_norm 2.0",
        "patience 3",
        "every 5 steps",
        "Learning rate",
        "η₀ γᵏ",
    ):
        assert words in told, words

"""`--set`: what a key means, how a value is read, and what a refusal says."""

import pytest

import bpstudio
from bpstudio.cli import settings
from bpstudio.training.experiment import Experiment

IRIS = bpstudio.load_lesson("iris").experiment


def changed(*texts: str) -> Experiment:
    return settings.apply(IRIS, settings.parse(texts))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["rate=0.3"], IRIS.replace(optimizer=bpstudio.SGD(0.3))),
        (["rate=0,3"], IRIS.replace(optimizer=bpstudio.SGD(0.3))),
        (["optimizer.rate=1/3"], IRIS.replace(optimizer=bpstudio.SGD(1 / 3))),
        (["rate=2"], IRIS.replace(optimizer=bpstudio.SGD(2.0))),
        (["batch=16", "seed=7"], IRIS.replace(batch_size=16, seed=7)),
        (["shuffle=off", "dtype=float32"], IRIS.replace(shuffle=False, dtype="float32")),
        # In whatever order: the rate is that of the rule that is chosen.
        (["rate=0.01", "optimizer=adam"], IRIS.replace(optimizer=bpstudio.Adam(0.01))),
        (["momentum=0.5", "optimizer.name=momentum"], IRIS.replace(optimizer=bpstudio.Momentum(0.1, 0.5))),
        (["optimizer=adamw"], IRIS.replace(optimizer=bpstudio.AdamW(0.1, weight_decay=0.01))),
        (["schedule=step", "schedule.gamma=1/4"], IRIS.replace(schedule=bpstudio.schedules.Step(gamma=0.25))),
        (["clipping=value", "clipping.limit=2"], IRIS.replace(clipping=bpstudio.ClipByValue(2.0))),
        (["stopping=on", "stopping.patience=3"], IRIS.replace(stopping=bpstudio.EarlyStopping(3))),
        (["l2=0.01", "l1=1e-3"], IRIS.replace(penalties=(bpstudio.L2(0.01), bpstudio.L1(1e-3)))),
        (["l2=0"], IRIS),
    ],
)
def test_what_can_be_set(texts, expected):
    assert IRIS.optimizer == bpstudio.SGD(0.1)
    assert changed(*texts) == expected


def test_layers_go_by_name_by_number_and_together():
    for text in ("layer1.units=5", "network.layers[0].units=5"):
        assert [layer.units for layer in changed(text).network.layers] == [5, 3]
    both = changed("network.layers[*].activation=sigmoid", "loss=bce", "layer2.train_bias=no").network.layers
    assert [layer.activation for layer in both] == ["sigmoid", "sigmoid"]
    assert [layer.train_bias for layer in both] == [True, False]


def test_a_penalty_keeps_its_other_fields_and_goes_with_its_strength():
    with_l2 = changed("l2=0.01")
    assert settings.apply(with_l2, [("penalties[0].form", "plain"), ("l2", "0.5")]).penalties[0].strength == 0.5
    assert settings.apply(with_l2, [("l2", "0")]).penalties == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rate", "expected key=value"),
        ("=3", "expected key=value"),
        ("rte=1", r"no such key; did you mean rate\? Known are network, loss"),
        ("optimizer.rat=1", r"did you mean rate\? Known are name, rate"),
        ("layer1.unit=1", "did you mean units"),
        ("layer9.units=1", "did you mean layer"),
        ("network.layers[4].units=1", "elements 0 to 1"),
        ("network=1", "a place inside it, such as network.inputs"),
        ("optimizer=adan", "expected one of sgd.*did you mean adam"),
        ("loss=half_squared_eror", "did you mean half_squared_error"),
        ("clipping.limit=2", "set clipping=value with it"),
        ("stopping.patience=2", "set stopping=on with it"),
        ("shuffle=perhaps", "expected true or false"),
        ("rate=fast", "not a number"),
        ("rate=1.234,5", "group separators"),
        ("rate=1/0", "Division by zero"),
        ("rate=-1", r"optimizer\.rate: expected a finite number above 0"),
        ("batch=1.5", "batch_size: expected a whole number"),
        ("layer2.units=0", r"network\.layers\[1\]\.units"),
        ("penalties=l2", "expected JSON"),
        ("l1=much", "not a number"),
    ],
)
def test_a_refusal_says_what_is_known(text, words):
    with pytest.raises(ValueError, match=words):
        changed(text)


def test_the_list_of_keys_is_true():
    listed = settings.help_text()
    for name in settings.SHORT:
        assert name in listed
    for line in listed.partition("keys of --set for a table")[0].splitlines():
        for word in line.split():
            key, equals, value = word.partition("=")
            if equals and line.startswith("  ") and key.isidentifier():
                changed(*(["optimizer=momentum"] if key == "momentum" else []), f"{key}={value}")

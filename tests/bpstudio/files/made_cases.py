"""Reference cases made up here, one for each thing that the golden ones do not show. Their answers come from oracle.py.

`CASES` has a document without `expected` for each name.
"""

import json
from random import Random

import numpy as np

ACTIVATIONS = {
    **{name: {"name": name} for name in ("identity", "sigmoid", "tanh", "relu", "selu", "gelu", "gelu_tanh", "silu")},
    "scaled_tanh": {"name": "scaled_tanh", "A": 1.3, "B": 0.4},
    "scaled_tanh usual": {"name": "scaled_tanh"},
    "leaky_relu": {"name": "leaky_relu", "slope": 0.3},
    "leaky_relu negative": {"name": "leaky_relu", "slope": -0.5},
    "leaky_relu flat": {"name": "leaky_relu", "slope": 0.0},
    "elu": {"name": "elu", "alpha": 0.4},
    "softplus": {"name": "softplus", "beta": 3.5},
    "softmax": {"name": "softmax"},
}

MIXED = {
    "name": "per_neuron",
    "units": [
        {"name": "relu"},
        {"name": "softplus", "beta": 0.5},
        {"name": "scaled_tanh", "A": 1.1, "B": 0.9},
        {"name": "softplus", "beta": 0.5},
        {"name": "gelu"},
    ],
}

OPTIMIZERS = {
    "sgd": {"name": "sgd", "lr": 0.3},
    "momentum": {"name": "momentum", "lr": 0.1, "momentum": 0.8},
    "momentum classic": {"name": "momentum", "lr": 0.1, "momentum": 0.8, "velocity": "classic"},
    "nesterov": {"name": "nesterov", "lr": 0.1, "momentum": 0.7},
    "nesterov classic": {"name": "nesterov", "lr": 0.1, "momentum": 0.7, "velocity": "classic"},
    "adagrad": {"name": "adagrad", "lr": 0.1, "eps": 1e-3},
    "adagrad inside, begun": {
        "name": "adagrad",
        "lr": 0.1,
        "eps": 1e-3,
        "eps_inside_sqrt": True,
        "initial_accumulator": 0.2,
    },
    "rmsprop": {"name": "rmsprop", "lr": 0.02, "rho": 0.8, "eps": 1e-4},
    "rmsprop inside": {"name": "rmsprop", "lr": 0.02, "rho": 0.8, "eps": 1e-4, "eps_inside_sqrt": True},
    "rmsprop momentum": {"name": "rmsprop", "lr": 0.02, "rho": 0.8, "eps": 1e-4, "momentum": 0.6},
    "rmsprop centered, inside, momentum": {
        "name": "rmsprop",
        "lr": 0.02,
        "rho": 0.8,
        "eps": 1e-3,
        "momentum": 0.6,
        "centered": True,
        "eps_inside_sqrt": True,
    },
    "adam": {"name": "adam", "lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-6},
    "adam hat": {"name": "adam", "lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3, "eps_mode": "hat"},
    "adam amsgrad": {"name": "adam", "lr": 0.05, "beta1": 0.8, "beta2": 0.7, "eps": 1e-6, "amsgrad": True},
    "adam hat amsgrad": {
        "name": "adam",
        "lr": 0.05,
        "beta1": 0.8,
        "beta2": 0.7,
        "eps": 1e-3,
        "amsgrad": True,
        "eps_mode": "hat",
    },
    "adam usual": {"name": "adam", "lr": 0.01},
    "adamw": {"name": "adamw", "lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-6, "weight_decay": 0.3},
    "adamw hat amsgrad": {
        "name": "adamw",
        "lr": 0.05,
        "beta1": 0.8,
        "beta2": 0.7,
        "eps": 1e-3,
        "weight_decay": 0.3,
        "eps_mode": "hat",
        "amsgrad": True,
        "decay_bias": False,
        "bias_lr_mult": 0.5,
    },
    "adadelta": {"name": "adadelta", "lr": 1.0, "rho": 0.8, "eps": 1e-3},
    "adamax": {"name": "adamax", "lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-6},
    "nadam": {"name": "nadam", "lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-6, "momentum_decay": 0.02},
    "rprop": {"name": "rprop", "lr": 0.01, "eta_minus": 0.4, "eta_plus": 1.3, "step_min": 1e-3, "step_max": 0.03},
}

SCHEDULES = {
    "constant": {"name": "constant"},
    "step": {"name": "step", "step_size": 3, "gamma": 0.3},
    "exponential": {"name": "exponential", "gamma": 0.9},
    "growing": {"name": "exponential", "gamma": 1.05},
    "inverse_time": {"name": "inverse_time", "decay": 0.2},
    "inv": {"name": "inv", "gamma": 0.1, "power": 0.6},
    "cosine": {"name": "cosine", "t_max": 5, "eta_min": 0.002},
    "cosine to 0": {"name": "cosine", "t_max": 12},
    "linear_warmup": {"name": "linear_warmup", "start_factor": 0.2, "total_iters": 6},
    "warm-up from 0": {"name": "linear_warmup", "start_factor": 0.0, "total_iters": 4},
}

LOSSES = {
    "half_squared_error": "identity",
    "squared_error": "tanh",
    "huber": "identity",
    "hinge": "identity",
    "squared_hinge": "identity",
    "multiclass_hinge": "identity",
    "bce": "sigmoid",
    "categorical_ce": "softmax",
}


def dense(units, activation="tanh", **options):
    activation = {"name": activation} if isinstance(activation, str) else activation
    return {"type": "dense", "units": units, "activation": activation, **options}


def conv(filters, kernel, activation="tanh", stride=(1, 1), padding=(0, 0), **options):
    window = {"kernel": list(kernel), "stride": list(stride), "padding": list(padding)}
    return {"type": "conv2d", "filters": filters, **window, "activation": {"name": activation}, **options}


def pool(kind, kernel, stride, padding=(0, 0), **options):
    return {"type": kind, "kernel": list(kernel), "stride": list(stride), "padding": list(padding), **options}


def sized(shape, layer):
    """The shape of a row behind a layer, to know how many weights come next."""
    if layer["type"] == "dense":
        return [layer["units"]]
    if layer["type"] == "flatten":
        return [int(np.prod(shape))]
    if "kernel" not in layer:
        return shape
    sizes = []
    for n, k, s, p in zip(shape[1:], layer["kernel"], layer["stride"], layer["padding"], strict=True):
        count = -(-(n + 2 * p - k) // s) + 1 if layer.get("ceil_mode") else (n + 2 * p - k) // s + 1
        sizes.append(count - 1 if layer.get("ceil_mode") and (count - 1) * s >= n + p else count)
    return [layer.get("filters", shape[0]), *sizes]


def made(layers, shape=(4,), rows=7, seed=1, targets="real", loss=None, steps=12, **rest):
    """A document with drawn start values and data, and as many outputs as its layers have."""
    random = np.random.default_rng(seed)
    init, size = [], list(shape)
    for layer in layers:
        values = {}
        if layer["type"] in ("dense", "conv2d"):
            fan = int(np.prod(size)) if layer["type"] == "dense" else size[0] * int(np.prod(layer["kernel"]))
            form = (layer["units"], fan) if layer["type"] == "dense" else (layer["filters"], size[0], *layer["kernel"])
            values["W"] = (random.normal(size=form) / np.sqrt(fan)).tolist()
            if layer.get("use_bias", True):
                values["b"] = (0.4 * random.normal(size=form[0])).tolist()
        init.append(values)
        size = sized(size, layer)
    X, outputs = random.normal(size=(rows, *shape)), size[0]
    classes = np.arange(rows) % outputs
    Y = {
        "real": lambda: random.normal(size=(rows, outputs)),
        "onehot": lambda: np.eye(outputs)[classes],
        "shares": lambda: random.dirichlet(np.ones(outputs), rows),
        "between": lambda: random.uniform(0, 1, (rows, outputs)),
        "binary": lambda: random.integers(0, 2, (rows, outputs)).astype(float),
        "signs": lambda: np.where(random.uniform(size=(rows, outputs)) < 0.5, -1.0, 1.0),
    }[targets]()
    case = {
        "format": "bp-oracle/1",
        "id": "made",
        "set": "made",
        "title": "",
        "tags": [],
        "source": {"kind": "pytorch"},
        "dtype": "float64",
        "network": {"input_shape": list(shape), "layers": layers},
        "loss": loss or {"name": "half_squared_error", "reduction": "mean_batch"},
        "optimizer": {"name": "sgd", "lr": 0.2},
        "init": init,
        "data": {"X": X.tolist(), "Y": Y.tolist()},
        "checkpoints": [1, 2, steps],
        "history_steps": steps,
        "want_predictions": True,
        **rest,
    }
    return json.loads(json.dumps({key: value for key, value in case.items() if value is not None}))


CLASSES = {"targets": "onehot", "loss": {"name": "categorical_ce", "reduction": "mean_batch"}}


def _activations():
    for name, spec in ACTIVATIONS.items():
        alone = {"type": "activation", "activation": spec}
        layers = [dense(5, spec), dense(4, "identity"), alone, dense(3, spec, bias_sign="minus")]
        yield f"activation {name}", made(layers, targets="between")
    yield "activation per_neuron", made([dense(5, MIXED), dense(5, MIXED, bias_sign="minus"), dense(2, "softmax")])
    yield "layer per_neuron", made([dense(5, "identity"), {"type": "activation", "activation": MIXED}, dense(2)])


def _losses():
    for loss, activation in LOSSES.items():
        targets = {"hinge": "signs", "squared_hinge": "signs", "bce": "between", "categorical_ce": "shares"}
        kind = targets.get(loss, "onehot" if loss == "multiclass_hinge" else "real")
        for reduction in ("mean_batch", "mean_all", "sum"):
            description = {"name": loss, "reduction": reduction, **({"delta": 0.7} if loss == "huber" else {})}
            layers, slow = [dense(5), dense(3, activation)], {"name": "sgd", "lr": 0.01}
            yield f"loss {loss} {reduction}", made(layers, targets=kind, loss=description, optimizer=slow)
    for loss, activation, kind in (("bce", "softmax", "between"), ("categorical_ce", "sigmoid", "shares")):
        description = {"name": loss, "reduction": "mean_all"}
        yield f"loss {loss} of {activation}", made([dense(5), dense(3, activation)], targets=kind, loss=description)
        alone = {"type": "activation", "activation": {"name": {"bce": "sigmoid"}.get(loss, "softmax")}}
        yield (
            f"loss {loss} of a layer that is an activation",
            made([dense(5), dense(3, "identity"), alone], targets=kind, loss=description),
        )
    binary = {"targets": "binary", "loss": {"name": "bce", "reduction": "sum"}}
    yield "loss bce binary", made([dense(5), dense(1, "sigmoid")], **binary)
    yield "loss of dropout", made([dense(3), dropout(7, 3, 1.5)])
    yield "one row", made([dense(5), dense(3)], rows=1)
    yield "one of everything", made([dense(1)], shape=(1,), rows=1)


def dropout(rows, features, scale, seed=5):
    mask = (np.random.default_rng(seed).uniform(size=(rows, features)) < 0.6).astype(int)
    return {"type": "dropout", "mask": mask.tolist(), "scale": scale}


def _layers():
    yield "thresholds", made([dense(5, bias_sign="minus"), dense(3, bias_sign="minus")])
    yield "no biases", made([dense(5, use_bias=False), dense(3, use_bias=False)])
    yield "threshold after none", made([dense(5, use_bias=False), dense(3, bias_sign="minus")])
    yield "frozen weights", made([dense(5, train_weights=False), dense(3)], optimizer=OPTIMIZERS["adam"])
    yield "frozen layer", made([dense(5), dense(4, train_weights=False, train_bias=False), dense(3)])
    yield "all frozen", made([dense(3, train_weights=False, train_bias=False)], optimizer=OPTIMIZERS["momentum"])
    flat = [{"type": "flatten"}, dense(3, "softmax")]
    image = {"shape": (2, 6, 5), "rows": 3, "steps": 3, **CLASSES}
    for mode in ("cross_correlation", "convolution"):
        yield f"conv {mode}", made([conv(3, (3, 2), stride=(2, 1), padding=(1, 2), mode=mode), *flat], **image)
        two = [conv(2, (2, 2), mode=mode), conv(3, (2, 3), "relu", mode=mode)]
        yield f"conv twice {mode}", made([*two, *flat], **image)
    yield "conv threshold", made([conv(2, (2, 2), bias_sign="minus"), conv(2, (2, 2), use_bias=False), *flat], **image)
    yield "conv frozen", made([conv(2, (2, 2), train_weights=False), conv(2, (2, 2), train_bias=False), *flat], **image)
    yield "conv larger than the image", made([conv(2, (7, 7), padding=(1, 1)), *flat], **image)
    yield "conv stride over the rest", made([conv(2, (2, 2), stride=(3, 3)), *flat], **image)
    yield "conv of one pixel", made([conv(4, (1, 1), "gelu"), *flat], **image)
    windows = (
        ((3, 2), (1, 1), (0, 0), False),
        ((3, 2), (2, 2), (1, 1), False),
        ((3, 3), (3, 2), (0, 1), False),
        ((3, 2), (2, 2), (0, 0), True),
        ((3, 2), (3, 2), (1, 1), True),
        ((3, 3), (2, 1), (0, 1), True),
        ((2, 2), (3, 3), (1, 1), True),  # a last window beyond the image is dropped
    )
    for kernel, stride, padding, ceil_mode in windows:
        window = (kernel, stride, padding)
        options = {"ceil_mode": ceil_mode}
        kinds = {
            "maxpool2d": options,
            "avgpool2d": options,
            "avgpool2d without padding": options | {"count_include_pad": False},
        }
        for name, chosen in kinds.items():
            layers = [conv(2, (2, 2)), pool(name.split()[0], *window, **chosen), *flat]
            yield f"{name} {window} {ceil_mode}", made(layers, **image)
    yield "pool first", made([pool("maxpool2d", (2, 2), (2, 2)), *flat], **image)
    yield "average first", made([pool("avgpool2d", (2, 2), (1, 1), (1, 1), count_include_pad=False), *flat], **image)
    yield "flatten first", made([*flat], **image)
    yield "activation first", made([{"type": "activation", "activation": {"name": "silu"}}, *flat], **image)
    pools = [pool("avgpool2d", (2, 2), (1, 1)), pool("maxpool2d", (2, 2), (2, 2), ceil_mode=True)]
    yield "pool after pool", made([*pools, *flat], **image)
    relu = {"type": "activation", "activation": {"name": "relu"}}
    caffe = [conv(2, (3, 3), "identity"), pool("maxpool2d", (2, 2), (2, 2), ceil_mode=True), relu]
    yield "relu after pooling", made([*caffe, *flat], **image, optimizer=OPTIMIZERS["adam"])
    for scale in (1.0, 4 / 3, 2.0, 1.7):
        yield f"dropout {scale}", made([dense(5), dropout(7, 5, scale), dense(3)])
    yield "dropout first", made([dropout(7, 4, 2.0), dense(3)])
    yield "dropout twice", made([dense(5), dropout(7, 5, 2.0, 3), dense(4, "relu"), dropout(7, 4, 1.25), dense(3)])
    yield "dropout of images", made([conv(2, (2, 2)), dropout(3, 40, 2.0), *flat], **image)
    yield "dropout in batches", made([dense(5), dropout(7, 5, 2.0), dense(3)], batches=[[6, 0], [3, 1, 2], [5]])
    yield "masks in a wide layer", made([dense(300), dropout(7, 300, 2.0), dense(3)], steps=3)


def _training():
    two, cce = [dense(5), dense(3, "softmax")], CLASSES
    for name, rule in OPTIMIZERS.items():
        yield f"optimizer {name}", made(two, **cce, optimizer=rule, steps=30)
        decayed = {"weight_decay": 0.1} | rule | {"decay_bias": False, "bias_lr_mult": 2.0}
        schedule = SCHEDULES["constant" if name == "rprop" else "inv"]  # the rate of rprop is only its first step
        more = {"schedule": schedule, "batches": [[0, 1, 2], [3, 4], [5, 6, 0, 1]]}
        yield f"optimizer {name}, decay, bias rate, schedule, batches", made(two, **cce, optimizer=decayed, **more)
    for name, schedule in SCHEDULES.items():
        for rule in ("nesterov classic", "adamw hat amsgrad"):
            yield (
                f"schedule {name} of {rule}",
                made(two, **cce, optimizer=OPTIMIZERS[rule], schedule=schedule, steps=14),
            )
    clippings = {
        "norm": {"kind": "global_norm", "max_norm": 0.05},
        "norm of Caffe": {"kind": "global_norm", "max_norm": 0.05, "eps": 0.0},
        "norm not reached": {"kind": "global_norm", "max_norm": 90.0, "eps": 0.1},
        "norm with a large eps": {"kind": "global_norm", "max_norm": 0.1, "eps": 0.5},
        "value": {"kind": "value", "limit": 0.01},
    }
    frozen = [dense(5, train_weights=False), dense(4, train_bias=False), dense(3, "softmax", bias_sign="minus")]
    for name, clipping in clippings.items():
        rule = OPTIMIZERS["momentum"] | {"weight_decay": 0.2, "bias_lr_mult": 3.0}
        yield f"clipping {name}", made(two, **cce, optimizer=OPTIMIZERS["adam"], gradient_clipping=clipping)
        yield f"clipping {name}, frozen, decay", made(frozen, **cce, optimizer=rule, gradient_clipping=clipping)
    for apply_to in ("weights", "all"):
        for l1, l2 in ((0.02, 0.0), (0.0, 0.1), (0.02, 0.1)):
            penalty = {"l1": l1, "l2": l2, "apply_to": apply_to}
            yield f"penalty {penalty}", made(two, **cce, regularization=penalty, optimizer=OPTIMIZERS["adam"])
            more = {"gradient_clipping": clippings["norm"], "batches": [[0, 1], [2, 3, 4, 5, 6]]}
            yield f"penalty {penalty}, frozen", made(frozen, **cce, regularization=penalty, **more)
    layers = [conv(2, (2, 2)), {"type": "flatten"}, dense(3, use_bias=False)]
    yield "penalty of convolutions", made(layers, (1, 4, 4), regularization=penalty)
    sigmoids = [dense(6, "sigmoid"), dense(5, "sigmoid"), dense(4, "sigmoid")]
    for kind in ("kl", "dlt_running"):
        for where in ([0], [1], [0, 1], [2], [0, 2]):
            sparsity = {"kind": kind, "target": 0.15, "weight": 0.2, "layers": where, "decay": 0.9}
            if kind == "kl":
                del sparsity["decay"]
            penalty = {"sparsity": sparsity, "l2": 0.01}
            yield f"sparsity {kind} {where}", made(sigmoids, regularization=penalty, targets="between")
            yield (
                f"sparsity {kind} {where}, batches, bce",
                made(
                    sigmoids,
                    regularization=penalty,
                    targets="between",
                    batches=[[0, 1, 2, 3], [4, 5], [6]],
                    loss={"name": "bce", "reduction": "mean_all"},
                    optimizer=OPTIMIZERS["nesterov classic"],
                ),
            )
    unequal = [[0], [1, 2, 3, 4, 5, 6], [2, 2, 2]]
    yield "batches of unequal size", made(two, **cce, batches=unequal, optimizer=OPTIMIZERS["adam"])
    yield "one batch of some rows", made(two, **cce, batches=[[4, 2]])
    first = {"optimizer": {"name": "sgd", "lr": 0.5, "update_order": "sequential"}}
    yield "output layer first", made(sigmoids, **first)
    thresholds = [
        dense(5, "sigmoid", bias_sign="minus"),
        dense(4, "sigmoid", train_weights=False),
        dense(3, "sigmoid", train_bias=False),
    ]
    yield "output layer first, thresholds, frozen", made(thresholds, **first)
    yield "gradients only", made(two, optimizer=None, checkpoints=None, history_steps=None)
    yield "history without checkpoints", made(two, checkpoints=None)
    yield "checkpoints without history", made(two, history_steps=None, checkpoints=[3])


def _data():
    flat = [dense(5), dense(3)]
    image = [conv(2, (2, 2)), pool("maxpool2d", (2, 2), (2, 2)), {"type": "flatten"}, dense(3)]
    kinds = ["bool", "uint8", "int64", "int8", "float32", "float16"]
    for layout in ("C", "F", "strided", "reversed", "transposed", "offset"):
        case = made(flat, steps=3)
        random, kind = np.random.default_rng(3), kinds.pop()
        case["data"] = {
            "X": random.integers(0, 2, (7, 4)).tolist(),
            "Y": random.integers(0, 2, (7, 3)).tolist(),
            "layout_X": layout,
            "layout_Y": layout,
            "dtype_X": kind,
            "dtype_Y": kind,
        }
        yield f"data {kind} {layout}", case
        case = made(image, (2, 5, 4), rows=3, steps=3)
        case["data"] |= {"layout_X": layout, "layout_Y": layout}
        yield f"images {layout}", case
    case = made(flat)
    case["data"] |= {
        "preprocess_X": [
            {"op": "divide", "by": 3.0},
            {"op": "standardize", "mean": [0.1] * 4, "std": [2.0, 1.0, 0.5, 0.7]},
        ],
        "preprocess_Y": [{"op": "divide", "by": 2}],
    }
    yield "data prepared", case


def drawn(seed):
    """A case of layers and options that fit together, drawn at random."""
    random = Random(seed)
    rows, layers, shape = random.choice([1, 2, 5, 9]), [], (4,)
    plain = [spec for spec in ACTIVATIONS.values() if spec["name"] != "softmax"]

    def options():
        chances = (("bias_sign", "minus", 0.2), ("use_bias", False, 0.15), ("train_bias", False, 0.15))
        return {key: value for key, value, chance in chances if random.random() < chance}

    width = 4
    if random.random() < 0.5:
        shape = size = [random.randint(1, 3), random.randint(4, 7), random.randint(4, 7)]
        for _ in range(random.randint(1, 3)):
            kernel = [random.randint(1, 3), random.randint(1, 3)]
            stride, padding = [random.randint(1, 3), random.randint(1, 2)], [random.randint(0, k // 2) for k in kernel]
            if random.random() < 0.5:
                mode = random.choice(["cross_correlation", "convolution"])
                layer = conv(random.randint(1, 3), kernel, "tanh", stride, padding, mode=mode, **options())
                layer["activation"] = random.choice(plain)
            else:
                kind, ceil_mode = random.choice(["maxpool2d", "avgpool2d"]), random.random() < 0.5
                counted = {"count_include_pad": random.random() < 0.5} if kind == "avgpool2d" else {}
                layer = pool(kind, kernel, stride, padding, ceil_mode=ceil_mode, **counted)
            if min(sized(size, layer)) > 0:
                size = sized(size, layer)
                layers.append(layer)
        layers.append({"type": "flatten"})
        width = int(np.prod(size))
    for number in range(random.randint(0, 3)):
        chance = random.random()
        if chance < 0.7:
            width = random.randint(2, 6)
            mixed = {"name": "per_neuron", "units": random.choices(plain, k=width)}
            layers.append(dense(width, random.choice([*ACTIVATIONS.values(), mixed]), **options()))
        elif chance < 0.85:
            layers.append(dropout(rows, width, random.choice([1.0, 2.0, 4 / 3]), seed + number))
        else:
            layers.append({"type": "activation", "activation": random.choice(plain)})
    loss = random.choice(list(LOSSES))
    layers.append(dense(random.randint(2, 4), LOSSES[loss], **options()))
    rule = dict(random.choice(list(OPTIMIZERS.values())))
    rule |= {
        "lr": rule["lr"] / 10,
        "weight_decay": random.choice([0.0, 0.1]),
        "bias_lr_mult": random.choice([1.0, 2.0]),
    }
    schedule = {"name": "constant"} if rule["name"] == "rprop" else random.choice(list(SCHEDULES.values()))
    penalty = {
        "l1": random.choice([0.0, 0.01]),
        "l2": random.choice([0.0, 0.1]),
        "apply_to": random.choice(["weights", "all"]),
    }
    shares = [n for n, each in enumerate(layers) if each.get("activation", {}).get("name") in ("sigmoid", "softmax")]
    if shares and random.random() < 0.5:
        kind = random.choice(["kl", "dlt_running"])
        penalty["sparsity"] = {"kind": kind, "target": 0.15, "weight": 0.1, "layers": random.sample(shares, 1)}
    clipping = random.choice([None, {"kind": "global_norm", "max_norm": 0.1}, {"kind": "value", "limit": 0.05}])
    batches = [[random.randrange(rows) for _ in range(size)] for size in random.choices([1, 2, 4], k=3)]
    targets = {"hinge": "signs", "squared_hinge": "signs", "bce": "between", "categorical_ce": "shares"}
    return made(
        layers,
        shape,
        rows,
        seed,
        targets.get(loss, "onehot" if loss == "multiclass_hinge" else "real"),
        {"name": loss, "reduction": random.choice(["mean_batch", "mean_all", "sum"])},
        steps=6,
        optimizer=rule,
        schedule=schedule,
        regularization=penalty,
        gradient_clipping=clipping,
        batches=random.choice([None, batches]),
    )


CASES = {name: case for part in (_activations, _losses, _layers, _training, _data) for name, case in part()}

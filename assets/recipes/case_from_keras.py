"""Writes my-model.json from a Keras 3 model on TensorFlow; then: bpstudio verify my-model.json"""

import json
from pathlib import Path

import keras
import numpy as np

keras.config.set_floatx("float64")  # before the model is made. On JAX and PyTorch Keras rounds to float32 even so
# Your model, its data, loss and optimiser ...
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, "tanh"), keras.layers.Dense(3, "sigmoid")])
X, Y = np.random.default_rng(0).normal(size=(8, 4)), np.eye(3)[np.arange(8) % 3]
cost, optimizer, updates = keras.losses.MeanSquaredError(), keras.optimizers.SGD(0.5), 10
# ... and the same in words. What else can stand here: bpstudio verify --help
activations = [{"name": "tanh"}, {"name": "sigmoid"}]
loss = {"name": "squared_error", "reduction": "mean_all"}  # CategoricalCrossentropy: "categorical_ce", "mean_batch"
rule = {"name": "sgd", "lr": 0.5}  # Adam: {"name": "adam", "lr": ..., "beta1": ..., "eps": ..., "eps_mode": "hat"}

dense = [each for each in model.layers if isinstance(each, keras.layers.Dense)]


def parameters():  # Keras has one column for each unit, a case one row
    weights = [each.get_weights() for each in dense]
    return [{"W": w[0].T.tolist()} | ({"b": w[1].tolist()} if len(w) > 1 else {}) for w in weights]


model.compile(optimizer=optimizer, loss=cost)
inner = keras.Model(model.inputs[0], [each.output for each in dense])
layers = [{"a": keras.ops.convert_to_numpy(a).tolist()} for a in inner(X)]
start, history = parameters(), []
for _ in range(updates):
    history.append(float(keras.ops.convert_to_numpy(cost(Y, model(X)))))
    model.train_on_batch(X, Y)
spec = [{"type": "dense", "units": each.units, "use_bias": each.use_bias, "activation": f}
        for each, f in zip(dense, activations, strict=True)]  # fmt: skip
case = {"format": "bp-oracle/1", "id": "my-model", "dtype": "float64", "loss": loss, "optimizer": rule, "init": start}
case |= {"network": {"input_shape": [X.shape[1]], "layers": spec}, "checkpoints": [updates], "history_steps": updates}
case["data"] = {"X": X.tolist(), "Y": Y.tolist()}
case["expected"] = {"layers": layers, "history": {"objective": history}, "params_after": {str(updates): parameters()}}
Path("my-model.json").write_text(json.dumps(case))

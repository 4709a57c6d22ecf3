"""Writes my-network.json from a network of your own in NumPy; then: bpstudio verify my-network.json"""

import json
from pathlib import Path

import numpy as np

# Your network: W of shape (outputs, inputs), samples in the rows of X and Y, and what it is in words.
random = np.random.default_rng(0)
W = [random.normal(size=(3, 2)), random.normal(size=(1, 3))]
b = [random.normal(size=3), random.normal(size=1)]
X, Y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[0.0], [1.0], [1.0], [0.0]])
activations, rate, updates = ["tanh", "sigmoid"], 0.5, 10
loss = {"name": "half_squared_error", "reduction": "mean_batch"}


def passes():  # your own forward and backward pass; of each layer leave out what you do not compute
    z1 = X @ W[0].T + b[0]
    a1 = np.tanh(z1)
    z2 = a1 @ W[1].T + b[1]
    a2 = 1 / (1 + np.exp(-z2))
    delta2 = (a2 - Y) * a2 * (1 - a2) / len(X)
    delta1 = delta2 @ W[1] * (1 - a1**2)
    first = {"z": z1, "a": a1, "delta": delta1, "dW": delta1.T @ X, "db": delta1.sum(0)}
    second = {"z": z2, "a": a2, "delta": delta2, "dW": delta2.T @ a1, "db": delta2.sum(0)}
    return ((a2 - Y) ** 2).sum() / 2 / len(X), [first, second]


layers = [{"type": "dense", "units": len(w), "activation": {"name": f}} for w, f in zip(W, activations, strict=True)]
start, (value, computed) = [{"W": w.tolist(), "b": t.tolist()} for w, t in zip(W, b, strict=True)], passes()
for _ in range(updates):  # your own training
    for w, t, layer in zip(W, b, passes()[1], strict=True):
        w -= rate * layer["dW"]
        t -= rate * layer["db"]
after = {str(updates): [{"W": w, "b": t} for w, t in zip(W, b, strict=True)]}
case = {"format": "bp-oracle/1", "id": "my-network", "dtype": "float64", "loss": loss, "init": start}
case |= {"network": {"input_shape": [X.shape[1]], "layers": layers}, "optimizer": {"name": "sgd", "lr": rate}}
case |= {"data": {"X": X, "Y": Y}, "checkpoints": [updates]}
case |= {"expected": {"loss": value, "layers": computed, "params_after": after}}
Path("my-network.json").write_text(json.dumps(case, default=np.ndarray.tolist))

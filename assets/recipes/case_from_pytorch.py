"""Writes my-model.json from a PyTorch model; then: bpstudio verify my-model.json"""

import json

import torch
from torch import nn

torch.set_default_dtype(torch.float64)  # float32 does not reach ten digits; for a trained model: model.double()
# Your model, its data, loss and optimiser ...
model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
X, Y = torch.randn(8, 4), torch.eye(3)[torch.arange(8) % 3]
cost, optimizer, updates = nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=0.5), 10
# ... and the same in words. The softmax in CrossEntropyLoss, the sigmoid in BCEWithLogitsLoss: the last activation.
activations = [{"name": "tanh"}, {"name": "softmax"}]
loss = {"name": "categorical_ce", "reduction": "mean_batch"}  # most other losses of PyTorch: "mean_all"
rule = {"name": "sgd", "lr": 0.5}

linear, z, history, layers = [each for each in model if isinstance(each, nn.Linear)], [], [], []
for each in linear:
    each.register_forward_hook(lambda _layer, _inputs, output: z.append(output) or output.retain_grad())


def parameters():
    return [{{"weight": "W", "bias": "b"}[name]: p.tolist() for name, p in each.named_parameters()} for each in linear]


case = {"format": "bp-oracle/1", "id": "my-model", "dtype": "float64", "loss": loss, "init": parameters()}
for _ in range(updates):
    optimizer.zero_grad()
    (value := cost(model(X), Y)).backward()
    layers = layers or [{"z": t.tolist(), "delta": t.grad.tolist(), "dW": each.weight.grad.tolist()}
                        for t, each in zip(z, linear, strict=True)]  # fmt: skip
    history.append(value.item())
    optimizer.step()
spec = [{"type": "dense", "units": len(each.weight), "use_bias": each.bias is not None, "activation": f}
        for each, f in zip(linear, activations, strict=True)]  # fmt: skip
case |= {"network": {"input_shape": [X.shape[1]], "layers": spec}, "history_steps": updates}
case |= {"optimizer": rule, "data": {"X": X.tolist(), "Y": Y.tolist()}, "checkpoints": [updates]}
case["expected"] = {"layers": layers, "history": {"objective": history}, "params_after": {str(updates): parameters()}}
json.dump(case, open("my-model.json", "w"))

"""Writes my-model.json from a PyTorch model; then: bpstudio verify my-model.json"""

import json
from pathlib import Path

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

dense, z, history, seen = [each for each in model if isinstance(each, nn.Linear)], [], [], []
for each in dense:
    each.register_forward_hook(lambda _layer, _inputs, output: z.append(output) or output.retain_grad())


def parameters():
    return [{{"weight": "W", "bias": "b"}[name]: p.tolist() for name, p in each.named_parameters()} for each in dense]


case = {"format": "bp-oracle/1", "id": "my-model", "dtype": "float64", "loss": loss, "init": parameters()}
for _ in range(updates):
    optimizer.zero_grad()
    (value := cost(model(X), Y)).backward()
    seen = seen or [{"z": t.tolist(), "delta": t.grad.tolist(), "dW": m.weight.grad.tolist()} for t, m in zip(z, dense)]
    history.append(value.item())
    optimizer.step()
spec = [{"type": "dense", "units": len(each.weight), "use_bias": each.bias is not None, "activation": f}
        for each, f in zip(dense, activations, strict=True)]  # fmt: skip
case |= {"network": {"input_shape": [X.shape[1]], "layers": spec}, "history_steps": updates}
case |= {"optimizer": rule, "data": {"X": X.tolist(), "Y": Y.tolist()}, "checkpoints": [updates]}
case["expected"] = {"layers": seen, "history": {"objective": history}, "params_after": {str(updates): parameters()}}
Path("my-model.json").write_text(json.dumps(case))

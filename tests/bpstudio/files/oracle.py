"""A second program for reference cases, written from the description of their format and sharing nothing with bpstudio.

Plain and slow: images are walked pixel by pixel, a softmax has its whole Jacobian, every parameter has a state of its
own. `answer(case)` is what `case.run` should return for the same question.
"""

import math

import numpy as np

erf = np.vectorize(math.erf)
erfc = np.vectorize(math.erfc)


# ---- activations: f(z) and f'(z) for one number each, as arrays


def sigma(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


def value_and_slope(spec, z):
    name = spec["name"]
    one = np.ones_like(z)
    if name == "identity":
        return z, one
    if name == "sigmoid":
        return sigma(z), sigma(z) * sigma(-z)
    if name == "tanh":
        return np.tanh(z), 1 / np.cosh(z) ** 2
    if name == "scaled_tanh":
        A, B = spec.get("A", 1.7159), spec.get("B", 2 / 3)
        return A * np.tanh(B * z), A * B / np.cosh(B * z) ** 2
    if name == "relu":
        return np.where(z > 0, z, 0), np.where(z > 0, 1.0, 0.0)
    if name == "leaky_relu":
        s = spec.get("slope", 0.01)
        return np.where(z > 0, z, s * z), np.where(z > 0, 1.0, s)
    if name == "elu":
        alpha = spec.get("alpha", 1.0)
        below = np.minimum(z, 0)
        return np.where(z > 0, z, alpha * np.expm1(below)), np.where(z > 0, 1.0, alpha * np.exp(below))
    if name == "selu":
        alpha, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
        a, slope = value_and_slope({"name": "elu", "alpha": alpha}, z)
        return scale * a, scale * slope
    if name == "gelu":
        phi = erfc(-z / math.sqrt(2)) / 2
        return z * phi, phi + z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    if name == "gelu_tanh":
        c = math.sqrt(2 / math.pi)
        t = np.tanh(c * (z + 0.044715 * z**3))
        return z / 2 * (1 + t), (1 + t) / 2 + z / 2 * (1 - t * t) * c * (1 + 3 * 0.044715 * z * z)
    if name == "silu":
        return z * sigma(z), sigma(z) + z * sigma(z) * sigma(-z)
    if name == "softplus":
        beta = spec.get("beta", 1.0)
        return (np.maximum(beta * z, 0) + np.log1p(np.exp(-np.abs(beta * z)))) / beta, sigma(beta * z)
    raise AssertionError(name)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def activate(spec, z):
    if spec["name"] == "softmax":
        return softmax(z)
    if spec["name"] == "per_neuron":
        return np.stack([value_and_slope(unit, z[:, k])[0] for k, unit in enumerate(spec["units"])], axis=1)
    return value_and_slope(spec, z)[0]


def through_activation(spec, z, da):
    """dC/dz from dC/da."""
    if spec["name"] == "softmax":
        a = softmax(z)
        return np.stack([(np.diag(row) - np.outer(row, row)) @ d for row, d in zip(a, da, strict=False)])
    if spec["name"] == "per_neuron":
        columns = [value_and_slope(unit, z[:, k])[1] * da[:, k] for k, unit in enumerate(spec["units"])]
        return np.stack(columns, axis=1)
    return value_and_slope(spec, z)[1] * da


# ---- images, pixel by pixel


def convolve(layer, x, W, want_gradient=None):
    """z of a convolution without its bias; with dC/dz given instead (dC/dx, dC/dW)."""
    n, _, height, width = x.shape
    filters, channels, kh, kw = W.shape
    (sh, sw), (ph, pw) = layer["stride"], layer["padding"]
    rows, columns = (height + 2 * ph - kh) // sh + 1, (width + 2 * pw - kw) // sw + 1
    turned = layer.get("mode", "cross_correlation") == "convolution"
    z = np.zeros((n, filters, rows, columns))
    dx, dW = np.zeros_like(x), np.zeros_like(W)
    for i in range(rows):
        for j in range(columns):
            for u in range(kh):
                for v in range(kw):
                    y, t = i * sh + u - ph, j * sw + v - pw
                    if not (0 <= y < height and 0 <= t < width):
                        continue
                    wu, wv = (kh - 1 - u, kw - 1 - v) if turned else (u, v)
                    for f in range(filters):
                        for c in range(channels):
                            z[:, f, i, j] += W[f, c, wu, wv] * x[:, c, y, t]
                            if want_gradient is not None:
                                dx[:, c, y, t] += W[f, c, wu, wv] * want_gradient[:, f, i, j]
                                dW[f, c, wu, wv] += np.sum(want_gradient[:, f, i, j] * x[:, c, y, t])
    return z if want_gradient is None else (dx, dW)


def windows(layer, height, width):
    """(output row, output column, first row, last row, first column, last column, divisor) of each window."""
    places = []
    for n, k, s, p in zip((height, width), layer["kernel"], layer["stride"], layer["padding"], strict=False):
        exact = (n + 2 * p - k) / s
        count = (math.ceil(exact) if layer.get("ceil_mode", False) else math.floor(exact)) + 1
        if layer.get("ceil_mode", False) and (count - 1) * s >= n + p:
            count -= 1
        line = []
        for i in range(count):
            start, stop = i * s - p, min(i * s - p + k, n + p)
            inside = (max(start, 0), min(stop, n))
            line.append((inside, stop - start if layer.get("count_include_pad", True) else inside[1] - inside[0]))
        places.append(line)
    for i, ((top, bottom), high) in enumerate(places[0]):
        for j, ((left, right), wide) in enumerate(places[1]):
            yield i, j, top, bottom, left, right, high * wide


def pool(layer, x, error=None):
    """The pooled image, or dC/dx from dC/da."""
    n, channels, height, width = x.shape
    found = list(windows(layer, height, width))
    out = np.zeros((n, channels, found[-1][0] + 1, found[-1][1] + 1))
    dx = np.zeros_like(x)
    for i, j, top, bottom, left, right, divisor in found:
        if layer["type"] == "avgpool2d":
            out[:, :, i, j] = x[:, :, top:bottom, left:right].sum(axis=(2, 3)) / divisor
            if error is not None:
                dx[:, :, top:bottom, left:right] += error[:, :, i, j, None, None] / divisor
            continue
        for row in range(n):
            for c in range(channels):
                part = x[row, c, top:bottom, left:right]
                y, t = divmod(int(np.argmax(part)), part.shape[1])  # the first maximum, row by row
                out[row, c, i, j] = part[y, t]
                if error is not None:
                    dx[row, c, top + y, left + t] += error[row, c, i, j]
    return out if error is None else dx


# ---- the network


def forward(layers, params, x, rows):
    """For each layer (what came in, z, a)."""
    trace = []
    for layer, p in zip(layers, params, strict=False):
        kind = layer["type"]
        if kind in ("dense", "conv2d"):
            z = x @ p["W"].T if kind == "dense" else convolve(layer, x, p["W"])
            if "b" in p:
                sign = -1 if layer.get("bias_sign", "plus") == "minus" else 1
                z = z + sign * (p["b"] if kind == "dense" else p["b"][:, None, None])
        elif kind in ("maxpool2d", "avgpool2d"):
            z = pool(layer, x)
        elif kind == "flatten":
            z = x.reshape(len(x), -1)
        elif kind == "dropout":
            z = x * (np.asarray(layer["mask"], float)[rows].reshape(x.shape) * layer["scale"])
        else:
            z = x
        a = activate(layer["activation"], z) if "activation" in layer else z
        trace.append((x, z, a))
        x = a
    return trace


def element_loss(loss, last, z, a, y):
    """(loss of each sample, dloss/da or None, dloss/dz or None)"""
    name, d = loss["name"], a - y
    fused = last.get("activation", {}).get("name")
    if name == "half_squared_error":
        return (d * d / 2).sum(1), d, None
    if name == "squared_error":
        return (d * d).sum(1), 2 * d, None
    if name == "huber":
        delta = loss.get("delta", 1.0)
        near = np.abs(d) <= delta
        cost = np.where(near, d * d / 2, delta * (np.abs(d) - delta / 2))
        return cost.sum(1), np.where(near, d, delta * np.sign(d)), None
    if name in ("hinge", "squared_hinge"):
        margin = np.maximum(0, 1 - y * a)
        if name == "hinge":
            return margin.sum(1), np.where(margin > 0, -y, 0.0), None
        return (margin**2).sum(1), -2 * y * margin, None
    if name == "multiclass_hinge":
        cost, da = np.zeros(len(a)), np.zeros_like(a)
        for row in range(len(a)):
            c = int(np.argmax(y[row]))
            for j in range(a.shape[1]):
                violated = 1 + a[row, j] - a[row, c]
                if j != c and violated > 0:
                    cost[row] += violated
                    da[row, j] += 1
                    da[row, c] -= 1
        return cost, da, None
    if name == "bce":
        if fused == "sigmoid":
            cost = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
            return cost.sum(1), None, a - y
        return (-y * np.log(a) - (1 - y) * np.log(1 - a)).sum(1), (a - y) / (a * (1 - a)), None
    if name == "categorical_ce":
        if fused == "softmax":
            logs = z - z.max(1, keepdims=True)
            logs = logs - np.log(np.exp(logs).sum(1, keepdims=True))
            return -(y * logs).sum(1), None, a * y.sum(1, keepdims=True) - y
        return -(y * np.log(np.where(y == 0, 1.0, a))).sum(1), -y / a, None
    raise AssertionError(name)


def penalised(regularization, layer_number, p):
    """(penalty, what it adds to dW, what it adds to db) of one layer"""
    r = regularization or {}
    total, extra = 0.0, {}
    for key in ("W", "b"):
        if key not in p or (key == "b" and r.get("apply_to", "weights") == "weights"):
            extra[key] = 0.0
            continue
        l1, l2 = r.get("l1", 0.0), r.get("l2", 0.0)
        total += l1 * np.abs(p[key]).sum() + l2 / 2 * (p[key] ** 2).sum()
        extra[key] = l1 * np.sign(p[key]) + l2 * p[key]
    return total, extra


class Machine:
    """One network in training."""

    def __init__(self, case):
        self.case = case
        self.layers = case["network"]["layers"]
        self.params = [{key: np.array(v, float) for key, v in (p or {}).items()} for p in case["init"]]
        self.x, self.y = np.asarray(case["data"]["X"], float), np.asarray(case["data"]["Y"], float)
        self.rule = case.get("optimizer")
        self.state = [{key: {} for key in p} for p in self.params]
        self.average = {}
        self.mu_product = 1.0

    def rows(self, t):
        batches = self.case.get("batches")
        return np.arange(len(self.x)) if batches is None else np.asarray(batches[(t - 1) % len(batches)])

    def pass_(self, rows, learning=True, update=None):
        """Loss, objective, gradients and all between; `update(layer, gradients)` is called as soon as a layer's are
        known (sequential order).
        """
        case, layers, params = self.case, self.layers, self.params
        trace = forward(layers, params, self.x[rows], rows)
        x, z, a = trace[-1]
        y = self.y[rows]
        cost, da, dz = element_loss(case["loss"], layers[-1], z, a, y)
        by_sample = case["loss"]["name"] in ("categorical_ce", "multiclass_hinge")
        per = {"mean_batch": len(rows), "mean_all": len(rows) * (1 if by_sample else y.shape[1]), "sum": 1}
        share = 1 / per[case["loss"]["reduction"]]
        loss = float(cost.sum() * share)
        objective = loss + sum(penalised(case.get("regularization"), n, p)[0] for n, p in enumerate(params))
        terms = [0.0] * len(layers)
        sparsity = (case.get("regularization") or {}).get("sparsity")
        for n in sparsity["layers"] if sparsity else ():
            mean, rho, beta = trace[n][2].mean(0), sparsity["target"], sparsity["weight"]
            if sparsity["kind"] == "kl":
                objective += beta * np.sum(rho * np.log(rho / mean) + (1 - rho) * np.log((1 - rho) / (1 - mean)))
                p = mean
            else:
                decay = sparsity.get("decay", 0.99)
                p = decay * self.average.get(n, 0.0) + (1 - decay) * mean
                if learning:
                    self.average[n] = p
            terms[n] = beta * (-rho / p + (1 - rho) / (1 - p)) / len(rows)
        found = [None] * len(layers)
        error = None if da is None else da * share
        for n in reversed(range(len(layers))):
            layer, (x, z, a) = layers[n], trace[n]
            if error is None:  # loss and activation of the output are one formula
                delta = dz * share
                if not np.isscalar(terms[n]):
                    delta = delta + through_activation(layer["activation"], z, np.broadcast_to(terms[n], z.shape))
                with np.errstate(all="ignore"):
                    error = element_loss(case["loss"], {}, z, a, y)[1] * share + terms[n]
            else:
                error = error + terms[n]
                delta = through_activation(layer["activation"], z, error) if "activation" in layer else error
            here = {"z": z, "a": a, "da": error, "delta": delta}
            kind, W = layer["type"], params[n].get("W")
            if kind == "dense":
                here["dW"], here["db"] = delta.T @ x, delta.sum(0)
            elif kind == "conv2d":
                dx, here["dW"] = convolve(layer, x, W, delta)
                here["db"] = delta.sum((0, 2, 3))
            if layer.get("bias_sign", "plus") == "minus" and "db" in here:
                here["db"] = -here["db"]
            if "W" in params[n]:
                extra = penalised(case.get("regularization"), n, params[n])[1]
                here["dW"] = here["dW"] + extra["W"]
                if "b" in params[n]:
                    here["db"] = here["db"] + extra["b"]
                else:
                    del here["db"]
            if update is not None:
                update(n, here)
                W = params[n].get("W")
            if kind == "dense":
                error = delta @ W
            elif kind == "conv2d":
                error = dx if update is None else convolve(layer, x, W, delta)[0]
            elif kind in ("maxpool2d", "avgpool2d"):
                error = pool(layer, x, delta)
            elif kind == "flatten":
                error = delta.reshape(x.shape)
            elif kind == "dropout":
                error = delta * (np.asarray(layer["mask"], float)[rows].reshape(x.shape) * layer["scale"])
            else:
                error = delta
            found[n] = here
        return loss, objective, found, error

    # ---- updates

    def trains(self, n, key):
        return self.layers[n].get("train_weights" if key == "W" else "train_bias", True)

    def rate(self, t):
        lr, k, s = self.rule["lr"], t - 1, self.case.get("schedule") or {"name": "constant"}
        name = s["name"]
        if name == "step":
            return lr * s["gamma"] ** math.floor(k / s["step_size"])
        if name == "exponential":
            return lr * s["gamma"] ** k
        if name == "inverse_time":
            return lr / (1 + s["decay"] * k)
        if name == "inv":
            return lr * (1 + s["gamma"] * k) ** -s["power"]
        if name == "linear_warmup":
            return lr * (s["start_factor"] + (1 - s["start_factor"]) * min(k, s["total_iters"]) / s["total_iters"])
        if name == "cosine":
            low = s.get("eta_min", 0.0)
            return low + (lr - low) * (1 + math.cos(math.pi * k / s["t_max"])) / 2
        return lr

    def train(self, t):
        if self.rule.get("update_order") == "sequential":

            def update(n, here):
                for key in self.params[n]:
                    if self.trains(n, key):
                        self.move(n, key, here["d" + key], t)

            self.pass_(self.rows(t), update=update)
            return
        _, _, found, _ = self.pass_(self.rows(t))
        g = {(n, key): found[n]["d" + key] for n, p in enumerate(self.params) for key in p if self.trains(n, key)}
        clip = self.case.get("gradient_clipping")
        if clip and clip["kind"] == "value":
            g = {k: np.clip(v, -clip["limit"], clip["limit"]) for k, v in g.items()}
        elif clip:
            norm = math.sqrt(sum((v**2).sum() for v in g.values()))
            factor = min(1.0, clip["max_norm"] / (norm + clip.get("eps", 1e-6)))
            g = {k: v * factor for k, v in g.items()}
        if self.rule["name"] == "nadam":
            b1, psi = self.rule.get("beta1", 0.9), self.rule.get("momentum_decay", 0.004)
            self.mu = [b1 * (1 - 0.5 * 0.96 ** (step * psi)) for step in (t, t + 1)]
            self.mu_product *= self.mu[0]
        for (n, key), gradient in g.items():
            self.move(n, key, gradient, t)

    def move(self, n, key, g, t):
        r, s, p = self.rule, self.state[n][key], self.params[n][key]
        name, lr = r["name"], self.rate(t) * (r.get("bias_lr_mult", 1.0) if key == "b" else 1.0)
        decay = r.get("weight_decay", 0.0) if key == "W" or r.get("decay_bias", True) else 0.0
        if name == "adamw":
            p = p * (1 - lr * decay)
        else:
            g = g + decay * p
        zero = np.zeros_like(p)
        mu = r.get("momentum", 0.0)
        inside = r.get("eps_inside_sqrt", False)
        if name == "sgd":
            p = p - lr * g
        elif name == "momentum":
            v = s["v"] = mu * s.get("v", zero) + (lr * g if r.get("velocity") == "classic" else g)
            p = p - (v if r.get("velocity") == "classic" else lr * v)
        elif name == "nesterov":
            before = s.get("v", zero)
            v = s["v"] = mu * before + (lr * g if r.get("velocity") == "classic" else g)
            p = p - ((1 + mu) * v - mu * before if r.get("velocity") == "classic" else lr * (g + mu * v))
        elif name == "adagrad":
            s["s"] = s.get("s", zero + r.get("initial_accumulator", 0.0)) + g * g
            eps = r.get("eps", 1e-10)
            p = p - lr * g / (np.sqrt(s["s"] + eps) if inside else np.sqrt(s["s"]) + eps)
        elif name == "rmsprop":
            rho, eps = r.get("rho", 0.9), r.get("eps", 1e-8)
            s["s"] = rho * s.get("s", zero) + (1 - rho) * g * g
            spread = s["s"]
            if r.get("centered"):
                s["m"] = rho * s.get("m", zero) + (1 - rho) * g
                spread = spread - s["m"] ** 2
            s["b"] = mu * s.get("b", zero) + g / (np.sqrt(spread + eps) if inside else np.sqrt(spread) + eps)
            p = p - lr * s["b"]
        elif name in ("adam", "adamw"):
            b1, b2, eps = r.get("beta1", 0.9), r.get("beta2", 0.999), r.get("eps", 1e-8)
            s["m"] = b1 * s.get("m", zero) + (1 - b1) * g
            v = s["v"] = b2 * s.get("v", zero) + (1 - b2) * g * g
            if r.get("amsgrad"):
                v = s["top"] = np.maximum(s.get("top", zero), v)
            if r.get("eps_mode") == "hat":
                p = p - lr * math.sqrt(1 - b2**t) / (1 - b1**t) * s["m"] / (np.sqrt(v) + eps)
            else:
                p = p - lr * (s["m"] / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
        elif name == "adadelta":
            rho, eps = r.get("rho", 0.9), r.get("eps", 1e-6)
            s["s"] = rho * s.get("s", zero) + (1 - rho) * g * g
            d = np.sqrt(s.get("u", zero) + eps) / np.sqrt(s["s"] + eps) * g
            s["u"] = rho * s.get("u", zero) + (1 - rho) * d * d
            p = p - lr * d
        elif name == "adamax":
            b1, b2, eps = r.get("beta1", 0.9), r.get("beta2", 0.999), r.get("eps", 1e-8)
            s["m"] = b1 * s.get("m", zero) + (1 - b1) * g
            s["u"] = np.maximum(b2 * s.get("u", zero), np.abs(g) + eps)
            p = p - lr / (1 - b1**t) * s["m"] / s["u"]
        elif name == "nadam":
            b1, b2, eps = r.get("beta1", 0.9), r.get("beta2", 0.999), r.get("eps", 1e-8)
            s["m"] = b1 * s.get("m", zero) + (1 - b1) * g
            s["v"] = b2 * s.get("v", zero) + (1 - b2) * g * g
            under = np.sqrt(s["v"] / (1 - b2**t)) + eps
            now, following = self.mu
            p = p - lr * (1 - now) / (1 - self.mu_product) * g / under
            p = p - lr * following / (1 - self.mu_product * following) * s["m"] / under
        elif name == "rprop":
            step, turned = s.get("step", zero + lr), s.get("g", zero) * g
            grown, shrunk = r.get("eta_plus", 1.2), r.get("eta_minus", 0.5)
            step = step * np.where(turned > 0, grown, np.where(turned < 0, shrunk, 1.0))
            s["step"] = np.clip(step, r.get("step_min", 1e-6), r.get("step_max", 50.0))
            s["g"] = np.where(turned < 0, 0.0, g)
            p = p - np.sign(s["g"]) * s["step"]
        else:
            raise AssertionError(name)
        self.params[n][key] = p


def answer(case):
    """Everything that a case may expect."""
    machine = Machine(case)
    loss, objective, found, dx = machine.pass_(machine.rows(1), learning=False)
    layers = []
    for here, p in zip(found, machine.params, strict=False):
        keys = ("z", "a", "delta", *("d" + key for key in p)) if p else ("a", "da")
        layers.append({key: here[key] for key in keys})
    result = {"loss": loss, "objective": objective, "layers": layers, "dX": dx}
    result["grad_norm"] = math.sqrt(sum((here[k] ** 2).sum() for here in layers for k in ("dW", "db") if k in here))
    if case.get("optimizer") is None:
        return result
    history, checkpoints = case.get("history_steps", 0), set(case.get("checkpoints", ()))
    objectives, after = [], {}
    last = max({history, *checkpoints})
    for t in range(1, last + 1):
        if t <= history:
            objectives.append(machine.pass_(machine.rows(t), learning=False)[1])
        machine.train(t)
        if t in checkpoints:
            after[str(t)] = [{key: v.copy() for key, v in p.items()} for p in machine.params]
    result["history"] = {"objective": objectives, "lr": [machine.rate(t) for t in range(1, history + 1)]}
    result["params_after"] = after
    everything = np.arange(len(machine.x))
    result["final_objective"] = machine.pass_(everything, learning=False)[1]
    a, y = forward(machine.layers, machine.params, machine.x, everything)[-1][2], machine.y
    right = (a > 0.5) == (y > 0.5) if y.shape[1] == 1 else a.argmax(1) == y.argmax(1)
    result["final_accuracy"] = float(right.mean())
    return result

"""The mistakes: where each goes, and which tests are to catch it."""

from dataclasses import dataclass

ENGINE = ("tests/bpstudio/engine", "tests/bpstudio/training/test_properties.py")
RULES = ("tests/bpstudio/training/test_optimizers.py", "tests/bpstudio/training/test_schedules.py")
FUNCTIONS = ("tests/bpstudio/maths/test_activations.py",)
LOSSES = ("tests/bpstudio/maths/test_losses.py",)
PENALTIES = ("tests/bpstudio/training/test_penalized.py",)
RUNS = ("tests/bpstudio/training/test_session.py", "tests/bpstudio/training/test_replay.py")

PASSES, IMAGES = "bpstudio/engine/passes.py", "bpstudio/engine/images.py"
OPTIMIZERS, ADAPTIVE = "bpstudio/training/optimizers.py", "bpstudio/training/adaptive.py"


@dataclass(frozen=True)
class Mistake:
    """``right`` occurs once in the file, and ``wrong`` takes its place."""

    name: str
    file: str
    right: str
    wrong: str
    tests: tuple[str, ...]

    def planted(self, source: str) -> str:
        """The source with the mistake. Raises ValueError where its place is not there, or there twice."""
        if source.count(self.right) != 1:
            raise ValueError(f"{self.name}: {self.file} has {source.count(self.right)} places for it, expected 1")
        return source.replace(self.right, self.wrong)


MISTAKES = (
    Mistake(
        "f′ forgotten on the way back",
        PASSES,
        "return [(np.multiply, (da, here.slope, here.delta))]",
        "return [(np.copyto, (here.delta, da))]",
        ENGINE,
    ),
    Mistake(
        "weights not transposed on the way back",
        PASSES,
        "return [(here.delta.dot, (here.W_used, dx))]",
        "return [(here.delta.dot, (here.W_used.T if len(set(here.W_used.shape)) == 1 else here.W_used, dx))]",
        ("tests/bpstudio/files/test_case.py", "tests/bpstudio/insight/test_worked_example.py"),
    ),
    Mistake(
        "1/N forgotten",
        "bpstudio/maths/losses.py",
        "        return 1.0 / rows\n",
        "        return 1.0\n",
        ENGINE,
    ),
    Mistake(
        "mean over all taken for the mean over rows",
        "bpstudio/maths/losses.py",
        "        return 1.0 / (rows * outputs)\n",
        "        return 1.0 / rows\n",
        ENGINE,
    ),
    Mistake(
        "threshold with the sign of a bias in its gradient",
        PASSES,
        "operations.append((np.negative, (here.delta[0], here.db)))",
        "operations.append((np.copyto, (here.db, here.delta[0])))",
        ENGINE,
    ),
    Mistake(
        "the Jacobian of softmax cut to its diagonal",
        PASSES,
        "        (np.subtract, (da, total, here.delta)),\n",
        "        (np.subtract, (da, here.delta, here.delta)),\n",
        ENGINE,
    ),
    Mistake(
        "softmax without the shift by its maximum",
        "bpstudio/maths/squashing.py",
        "        (np.subtract, (z, peak, a)),\n",
        "        (np.copyto, (a, z)),\n",
        (*FUNCTIONS, *ENGINE),
    ),
    Mistake(
        "bias moved once per incoming edge",
        PASSES,
        "operations.append((ones[sign].dot, (here.delta, here.db)))",
        "operations.append((ones[sign].dot, (here.delta * here.x.shape[1], here.db)))",
        ENGINE,
    ),
    Mistake(
        "leaky ReLU with slope 0 in its derivative",
        "bpstudio/maths/rectifying.py",
        "            (np.copyto, (slope, constant(leak, z.dtype))),\n",
        "            (np.copyto, (slope, constant(0.0, z.dtype))),\n",
        FUNCTIONS,
    ),
    Mistake(
        "ReLU with slope 1 at its kink",
        "bpstudio/maths/rectifying.py",
        "return [(np.greater, (z, constant(0.0, z.dtype), slope))]",
        "return [(np.greater_equal, (z, constant(0.0, z.dtype), slope))]",
        FUNCTIONS,
    ),
    Mistake(
        "Adam multiplied by its bias correction",
        ADAPTIVE,
        '            step = clock.counted("step", factor, lambda rate, t: -factor * rate / correction(beta1, t))\n'
        "            whole",
        '            step = clock.counted("step", factor, lambda rate, t: -factor * rate * correction(beta1, t))\n'
        "            whole",
        RULES,
    ),
    Mistake(
        "Adam without the correction of its second moment",
        ADAPTIVE,
        "            operations += [(np.divide, (size, whole, under)), (np.sqrt, (under, under))]\n        return [\n"
        "            *operations,\n            (np.add, (under, constant(self.epsilon",
        "            operations += [(np.sqrt, (size, under))]\n        return [\n"
        "            *operations,\n            (np.add, (under, constant(self.epsilon",
        RULES,
    ),
    Mistake(
        "AMSGrad that forgets its maximum",
        ADAPTIVE,
        "            size = state_next[2]\n",
        "            size = state_next[1]\n",
        RULES,
    ),
    Mistake(
        "momentum that looks ahead where it should not",
        OPTIMIZERS,
        "            (np.multiply, (v_next, clock.rated(-factor), update)),\n        ]\n\n\n"
        "@dataclass(frozen=True, slots=True)\nclass Nesterov",
        "            (np.multiply, (v, clock.rated(-factor), update)),\n        ]\n\n\n"
        "@dataclass(frozen=True, slots=True)\nclass Nesterov",
        RULES,
    ),
    Mistake(
        "Nesterov without its look ahead",
        OPTIMIZERS,
        "                (np.multiply, (v_next, constant(1.0 + self.momentum, g.dtype), ahead)),\n",
        "                (np.multiply, (v_next, constant(1.0, g.dtype), ahead)),\n",
        RULES,
    ),
    Mistake(
        "decay on biases that should not decay",
        "bpstudio/training/update.py",
        "        decays = rule.decays(biases)\n",
        "        decays = rule.decays(False)\n",
        RULES,
    ),
    Mistake(
        "AdamW with its decay in the gradient",
        ADAPTIVE,
        "    decoupled: ClassVar[bool] = True\n",
        "    decoupled: ClassVar[bool] = False\n",
        RULES,
    ),
    Mistake(
        "the rate of biases forgotten",
        "bpstudio/training/update.py",
        "        factor = rule.bias_rate if biases else 1.0\n",
        "        factor = 1.0\n",
        RULES,
    ),
    Mistake(
        "clipping that stretches small gradients",
        "bpstudio/training/clipping.py",
        "            (partial(np.minimum, out=factor), (factor, one)),\n",
        "            (partial(np.maximum, out=factor), (factor, one)),\n",
        RULES,
    ),
    Mistake(
        "velocity advanced twice by an edit at rest",
        "bpstudio/training/arithmetic.py",
        "        self.compute: tuple[Operation, ...] = tuple(compute)\n",
        "        compute += [(np.copyto, (now, after)) for now, after in zip(state, state_next, strict=True)]\n"
        "        self.compute: tuple[Operation, ...] = tuple(compute)\n",
        RUNS,
    ),
    Mistake(
        "a last partial batch carried into the next epoch",
        "bpstudio/training/batches.py",
        "        return min(self._size, self._count - position * self._size)\n",
        "        return self._size\n",
        RUNS,
    ),
    Mistake(
        "a schedule one step late",
        "bpstudio/training/clock.py",
        "        return self._schedule.rate(self._base, step, reductions)\n",
        "        return self._schedule.rate(self._base, max(0, step - 1), reductions)\n",
        RULES,
    ),
    Mistake(
        "a maximum that shares its error among equals",
        IMAGES,
        "                    (np.logical_and, (won, left, won)),\n",
        "",
        ENGINE,
    ),
    Mistake(
        "a mean divided by the whole window at the edge",
        IMAGES,
        "        stop = np.minimum(start + k, n + p)\n",
        "        stop = start + k\n",
        ENGINE,
    ),
    Mistake(
        "padding that counts where it should not",
        IMAGES,
        "        if not layer.count_include_pad:\n",
        "        if False:\n",
        ENGINE,
    ),
    Mistake(
        "padding that can win a maximum",
        IMAGES,
        "        border = -np.inf if self._greatest else 0.0\n",
        "        border = 0.0\n",
        ENGINE,
    ),
    Mistake(
        "a convolution whose kernel is not turned back in its gradient",
        IMAGES,
        "            operations.append((np.copyto, (dW, self._as_laid(total))))\n",
        "            operations.append((np.copyto, (dW, total)))\n",
        ENGINE,
    ),
    Mistake(
        "a dropout that drops other numbers on the way back",
        "bpstudio/training/masks.py",
        "            draws = np.random.default_rng((self._seed, step, number)).random(slope.shape)\n",
        "            draws = np.random.default_rng().random(slope.shape)\n",
        ("tests/bpstudio/training/test_masks.py",),
    ),
    Mistake(
        "L2 with a slope of λ/2 w",
        "bpstudio/maths/penalties.py",
        "        return 2.0 * self.factor(rows, training_rows)\n",
        "        return self.factor(rows, training_rows)\n",
        PENALTIES,
    ),
    Mistake(
        "a cross-entropy that overflows at extreme scores",
        "bpstudio/maths/entropies.py",
        "    shifted = z - np.max(z, axis=-1, keepdims=True)\n",
        "    shifted = z\n",
        (*LOSSES, *ENGINE),
    ),
    Mistake(
        "a hinge that pulls at what is right already",
        "bpstudio/maths/margins.py",
        "        (np.less, (da, one, da)),\n",
        "        (np.less, (da, constant(9.0, da.dtype), da)),\n",
        LOSSES,
    ),
    Mistake(
        "sequential order that carries the error through the old weights",
        PASSES,
        "            operations.append((np.add, (params.W[number], here.update_W, here.W_used)))\n",
        "            operations.append((np.copyto, (here.W_used, params.W[number])))\n",
        ("tests/bpstudio/files/test_case.py", *RUNS),
    ),
)

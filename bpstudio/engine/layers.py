"""A layer is a frozen description; its parameters and everything it computes live in arrays that are handed in.

What a layer makes of one row is told by shapes: ``(features,)`` for a row of numbers, ``(channels, height, width)`` for
an image.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from typing_extensions import override

from bpstudio.maths.activations import activation
from bpstudio.maths.initializers import Initializer

Shape = tuple[int, ...]

BIAS_SIGNS: Mapping[str, int] = MappingProxyType({"bias": 1, "threshold": -1, "none": 0})
"""What a layer adds to its weighted sum: + b, − θ, or nothing; and what the node carries from which it comes."""

MODES = ("cross_correlation", "convolution")
NO_WEIGHTS: Shape = (0, 0)


@dataclass(frozen=True, slots=True)
class Layer:
    """What every layer can be asked. A layer without parameters answers with the values that stand here."""

    kind: ClassVar[str]
    spatial: ClassVar[bool] = False
    """Whether it works on images."""
    has_weights: ClassVar[bool] = False
    keeps_z: ClassVar[bool] = False
    """Whether z is computed here; otherwise it is what came in."""
    computes_a: ClassVar[bool] = True
    """Whether a differs from z; where it does not, the error passes as it is."""

    @property
    def name(self) -> str:
        """The given name, or nothing."""
        return ""

    @property
    def activation(self) -> str:
        """f, as a text; see ``bpstudio.maths.activations``."""
        return "identity"

    @property
    def train_weights(self) -> bool:
        """Whether the optimiser moves weights here."""
        return False

    @property
    def train_bias(self) -> bool:
        """Whether biases would be moved where there are any."""
        return False

    @property
    def bias(self) -> str:
        """One of ``BIAS_SIGNS``."""
        return "none"

    @property
    def initializer(self) -> Initializer:
        """How start values are drawn."""
        return _NOTHING

    @property
    def bias_sign(self) -> int:
        """1 for z = … + b, −1 for z = … − θ, 0 without either."""
        return BIAS_SIGNS[self.bias]

    @property
    def has_bias(self) -> bool:
        """Whether each unit has a bias or a threshold."""
        return self.bias != "none"

    @property
    def trains_bias(self) -> bool:
        """Whether the optimiser moves biases or thresholds here."""
        return self.train_bias and self.has_bias

    def output_shape(self, shape: Shape) -> Shape:
        """The shape of one row of a, from that of one row of x. Raises ValueError where they do not chain."""
        return shape

    def weight_shape(self, shape: Shape) -> Shape:
        """The shape of W for rows of x of this shape."""
        return NO_WEIGHTS

    def bias_count(self, shape: Shape) -> int:
        """How many numbers lie in b's place; a weighted layer without biases keeps zeros there."""
        return 0

    def fans(self, shape: Shape) -> tuple[int, int]:
        """(how many inputs a unit sees, how many units an input reaches): what scaled start rules divide by."""
        return (1, 1)


_NOTHING = Initializer(weights="zeros")


def _check_activation(text: str, units: int | None) -> None:
    record = activation(text)
    if record.family == "softmax" and units is not None and units < 2:
        raise ValueError(f"units: softmax shares 1 among the units, so it needs at least 2, got {units}")
    if record.units and units is not None and len(record.units) != units:
        raise ValueError(
            f"activation: names a function for each of {len(record.units)} units, but the layer has {units}"
        )


def _check_bias(bias: str) -> None:
    if bias not in BIAS_SIGNS:
        raise ValueError(f"bias: expected one of {', '.join(BIAS_SIGNS)}, got {bias!r}")


def _check_count(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name}: expected a whole number of at least 1, got {value!r}")


def _check_pair(name: str, value: object, lowest: int) -> None:
    if (
        not isinstance(value, tuple)
        or len(value) != 2
        or any(isinstance(n, bool) or not isinstance(n, int) or n < lowest for n in value)
    ):
        raise ValueError(f"{name}: expected two whole numbers of at least {lowest} (height, width), got {value!r}")


def _row(layer: str, shape: Shape) -> int:
    if len(shape) != 1:
        raise ValueError(
            f"{layer} expects a row of numbers, got images of {said(shape)}: put a Flatten layer before it"
        )
    return shape[0]


def _image(layer: str, shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise ValueError(f"{layer} expects images (channels, height, width), got a row of {shape[0]} numbers")
    channels, height, width = shape
    return channels, height, width


def said(shape: Shape) -> str:
    """A shape for people: 6×12×12."""
    return "×".join(str(n) for n in shape)


@dataclass(frozen=True, slots=True)
class Dense(Layer):
    """Every unit sees every output of the layer below: z = x Wᵀ + b, a = f(z).

    W has the shape (units, inputs), b (units,). A frozen parameter keeps its gradient and is not updated. ``bias`` is
    "bias", or "threshold" where z = x Wᵀ − θ and θ lies in b's place, or "none" where b is 0 and no parameter.
    """

    units: int
    activation: str = "sigmoid"
    initializer: Initializer = field(default_factory=Initializer)
    train_weights: bool = True
    train_bias: bool = True
    name: str = ""
    bias: str = "bias"
    kind: ClassVar[str] = "dense"
    has_weights: ClassVar[bool] = True
    keeps_z: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_count("units", self.units)
        _check_activation(self.activation, self.units)
        _check_bias(self.bias)

    @override
    def output_shape(self, shape: Shape) -> Shape:
        _row("a dense layer", shape)
        return (self.units,)

    @override
    def weight_shape(self, shape: Shape) -> Shape:
        return (self.units, *shape)

    @override
    def bias_count(self, shape: Shape) -> int:
        return self.units

    @override
    def fans(self, shape: Shape) -> tuple[int, int]:
        return (shape[0], self.units)


@dataclass(frozen=True, slots=True)
class Activate(Layer):
    """An activation on its own: z = x, a = f(z)."""

    activation: str = "relu"
    name: str = ""
    kind: ClassVar[str] = "activation"

    def __post_init__(self) -> None:
        _check_activation(self.activation, None)

    @override
    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) == 1:
            _check_activation(self.activation, shape[0])
        elif not activation(self.activation).everywhere:
            raise ValueError(f"{self.activation} works on a row of numbers, got images of {said(shape)}")
        return shape


@dataclass(frozen=True, slots=True)
class Conv2D(Layer):
    """Each filter slides over the image: z[f, i, j] = Σ W[f, c, u, v] x[c, i·stride + u − padding, …] + b[f], a = f(z).

    W has the shape (filters, channels, kernel height, kernel width), b (filters,). ``mode`` "cross_correlation" is what
    the common libraries call a convolution (LeCun et al. 1998); in a true "convolution" the kernel is turned by 180°.
    Outside the image lie zeros; the size of the result is rounded down.
    """

    filters: int
    kernel: tuple[int, int] = (3, 3)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    activation: str = "relu"
    mode: str = "cross_correlation"
    initializer: Initializer = field(default_factory=Initializer)
    train_weights: bool = True
    train_bias: bool = True
    name: str = ""
    bias: str = "bias"
    kind: ClassVar[str] = "conv2d"
    spatial: ClassVar[bool] = True
    has_weights: ClassVar[bool] = True
    keeps_z: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_count("filters", self.filters)
        _check_pair("kernel", self.kernel, 1)
        _check_pair("stride", self.stride, 1)
        _check_pair("padding", self.padding, 0)
        if self.mode not in MODES:
            raise ValueError(f"mode: expected one of {', '.join(MODES)}, got {self.mode!r}")
        if not activation(self.activation).everywhere:
            raise ValueError(
                f"activation: {self.activation} works on a row of numbers, not on images; "
                "put it on a layer of its own behind a Flatten layer"
            )
        _check_bias(self.bias)

    @override
    def output_shape(self, shape: Shape) -> Shape:
        _, height, width = _image("a convolution", shape)
        sizes = tuple(
            (n + 2 * p - k) // s + 1
            for n, k, s, p in zip((height, width), self.kernel, self.stride, self.padding, strict=True)
        )
        if min(sizes) < 1:
            raise ValueError(f"kernel: {said(self.kernel)} does not fit into an image of {height}×{width}")
        return (self.filters, *sizes)

    @override
    def weight_shape(self, shape: Shape) -> Shape:
        return (self.filters, shape[0], *self.kernel)

    @override
    def bias_count(self, shape: Shape) -> int:
        return self.filters

    @override
    def fans(self, shape: Shape) -> tuple[int, int]:
        window = math.prod(self.kernel)
        return (shape[0] * window, self.filters * window)


@dataclass(frozen=True, slots=True)
class _Pool(Layer):
    """What both kinds of pooling have in common: a window that slides over each channel."""

    kernel: tuple[int, int] = (2, 2)
    stride: tuple[int, int] = (2, 2)
    padding: tuple[int, int] = (0, 0)
    ceil_mode: bool = False
    name: str = ""
    spatial: ClassVar[bool] = True
    keeps_z: ClassVar[bool] = True
    computes_a: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_pair("kernel", self.kernel, 1)
        _check_pair("stride", self.stride, 1)
        _check_pair("padding", self.padding, 0)
        if any(p >= k for p, k in zip(self.padding, self.kernel, strict=True)):
            raise ValueError(
                f"padding: expected less than the window of {said(self.kernel)}, got {said(self.padding)}: "
                "a window must see the image"
            )

    @override
    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = _image("pooling", shape)
        sizes = tuple(
            pooled_size(n, k, s, p, self.ceil_mode)
            for n, k, s, p in zip((height, width), self.kernel, self.stride, self.padding, strict=True)
        )
        if min(sizes) < 1:
            raise ValueError(f"kernel: a window of {said(self.kernel)} leaves nothing of an image of {height}×{width}")
        return (channels, *sizes)


def pooled_size(size: int, kernel: int, stride: int, padding: int, ceil_mode: bool) -> int:
    """How many windows fit along one side. With ``ceil_mode`` a window may stick out, but must not begin beyond the
    image and its left padding (Caffe, PyTorch).
    """
    room = size + 2 * padding - kernel
    if room < 0 and not ceil_mode:
        return 0
    count = -(-room // stride) + 1 if ceil_mode else room // stride + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1
    return count


@dataclass(frozen=True, slots=True)
class MaxPool2D(_Pool):
    """The greatest number in each window; among equals the first, row by row. Padding never wins."""

    kind: ClassVar[str] = "maxpool2d"


@dataclass(frozen=True, slots=True)
class AvgPool2D(_Pool):
    """The mean of each window. With ``count_include_pad`` the zeros of the padding count as members of it; what sticks
    out beyond the padding never does.
    """

    count_include_pad: bool = True
    kind: ClassVar[str] = "avgpool2d"


@dataclass(frozen=True, slots=True)
class Flatten(Layer):
    """An image as a row of numbers: channel by channel, row by row."""

    name: str = ""
    kind: ClassVar[str] = "flatten"
    computes_a: ClassVar[bool] = False

    @override
    def output_shape(self, shape: Shape) -> Shape:
        return (math.prod(shape),)


@dataclass(frozen=True, slots=True)
class Dropout(Layer):
    """While training each number is dropped with probability ``rate`` (Srivastava et al. 2014): a = x ⊙ mask · scale.

    ``inverted`` scales what is kept by 1/(1 − rate), so that nothing need be done outside training; otherwise all
    outputs are scaled by 1 − rate there. Masks follow from (seed, step, layer), or are given in ``masks``: a text of 0
    and 1 for each row of the data, by row number, the same at every step.
    """

    rate: float = 0.5
    inverted: bool = True
    masks: tuple[str, ...] = ()
    name: str = ""
    kind: ClassVar[str] = "dropout"

    def __post_init__(self) -> None:
        if isinstance(self.rate, bool) or not isinstance(self.rate, (int, float)) or not 0 <= self.rate < 1:
            raise ValueError(
                f"rate: expected a probability from 0 to below 1, got {self.rate!r}; at 1 nothing would be left"
            )
        for number, mask in enumerate(self.masks):
            if not isinstance(mask, str) or not mask or set(mask) - {"0", "1"}:
                raise ValueError(f"masks[{number}]: expected a text of 0 and 1, got {mask!r}")

    @property
    def scale(self) -> float:
        """What a kept number is multiplied by while training."""
        return 1.0 / (1.0 - self.rate) if self.inverted else 1.0

    @property
    def scale_outside_training(self) -> float:
        """What every number is multiplied by where nothing is dropped."""
        return 1.0 if self.inverted else 1.0 - self.rate

    @override
    def output_shape(self, shape: Shape) -> Shape:
        for number, mask in enumerate(self.masks):
            if len(mask) != math.prod(shape):
                raise ValueError(f"masks[{number}]: expected {math.prod(shape)} digits, got {len(mask)}")
        return shape


LAYERS: Mapping[str, type[Layer]] = MappingProxyType(
    {layer.kind: layer for layer in (Dense, Activate, Conv2D, MaxPool2D, AvgPool2D, Flatten, Dropout)}
)
"""Each kind of layer by its name in files."""

"""Blocks that several networks share, all for any number of positions: none (vectors), one, two.

``join`` and ``initialize`` are functions; ``Dense``, ``Skip``, ``Convolution``, ``Upsampling`` and ``BatchNorm`` are
modules, each with ``describe()``: one line in words for tables of layers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "silu": nn.SiLU,
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "mish": nn.Mish,
    "leaky-relu": lambda: nn.LeakyReLU(0.2),
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "linear": nn.Identity,
}
"""What users call a function between two layers -> its module. The leaky one has slope 0.2 below zero."""

NORMALIZATIONS = ("none", "batch", "layer")
UPSAMPLINGS = ("nearest", "transposed")


def join(x: Tensor, condition: Tensor | None) -> Tensor:
    """x (N, F, *P) with condition (N, C) appended as C more channels, the same at every position -> (N, F + C, *P).

    >>> join(torch.zeros(2, 3, 4, 4), torch.ones(2, 10)).shape
    torch.Size([2, 13, 4, 4])
    """
    if condition is None:
        return x
    maps = condition.reshape(*condition.shape, *[1] * (x.dim() - 2)).expand(-1, -1, *x.shape[2:])
    return torch.cat([x, maps.to(x.dtype)], dim=1)


LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d)


def initialize(module: nn.Module) -> None:
    """Glorot's uniform weights and zero biases in every linear and convolutional layer, from torch's global generator.

    W ~ U(-a, a), a = sqrt(6 / (fan_in + fan_out)). After three epochs on MNIST the error is half that of PyTorch's default.

    Glorot, Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html
    """
    for m in module.modules():
        if isinstance(m, LAYERS):
            nn.init.xavier_uniform_(m.weight)
            if m.bias is not None:
                nn.init.zeros_(m.bias)


@torch.no_grad()
def set_last_bias(module: nn.Module, bias: Tensor) -> None:
    """Give the last linear or convolutional layer of a module this bias, (outputs,)."""
    last = [m for m in module.modules() if isinstance(m, LAYERS)][-1]
    assert last.bias is not None  # the last layer of a decoder is bare: no normalization follows it
    last.bias.copy_(bias)


def normalization(name: str, channels: int, positions: bool) -> nn.Module:
    """The module that ``"none"``, ``"batch"`` or ``"layer"`` names; ``positions`` tells maps (N, C, *P) from vectors (N, C).

    ``"layer"`` takes mean and variance over all the channels and positions of one row.
    """
    if name == "batch":
        return BatchNorm(channels)
    if name == "layer":
        return nn.GroupNorm(1, channels) if positions else nn.LayerNorm(channels)
    return nn.Identity()


def nonlinear(activation: str | None, norm: str, channels: int, positions: bool, dropout: float = 0.0) -> nn.Sequential:
    """What stands between two layers: normalization, activation, dropout. Those that do nothing are left out.

    activation None: nothing at all.
    """
    if activation is None:
        return nn.Sequential()
    steps = (
        normalization(norm, channels, positions),
        ACTIVATIONS[activation](),
        nn.Dropout(dropout) if dropout else nn.Identity(),
    )
    return nn.Sequential(*(step for step in steps if not isinstance(step, nn.Identity)))


def layer(inputs: int, outputs: int, kernel: int, dims: int, *, stride: int = 1, bias: bool = True) -> nn.Module:
    """A linear layer for vectors (``dims`` 0), or a convolution over one or two positions that keeps them at stride 1."""
    if not dims:
        return nn.Linear(inputs, outputs, bias=bias)
    make = nn.Conv1d if dims == 1 else nn.Conv2d
    return make(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=bias)


@final
class BatchNorm(nn.Module):
    """Batch normalization over every axis but the channels, (N, C, *P) -> the same shape.

    Differs from torch's in one thing: in training, a batch with a single value a channel (one row of a table) has no
    variance and is normalized with the running statistics, where torch raises.

    Ioffe, Szegedy 2015, https://arxiv.org/abs/1502.03167
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        learn = self.training and x.numel() > x.shape[1]
        return functional.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, learn, self.momentum, self.eps
        )

    def describe(self) -> str:
        """In words."""
        return f"batch normalization of {len(self.weight)} channels"


@final
class Dense(nn.Module):
    """Fully connected layer, normalization, activation, dropout: (N, inputs) -> (N, outputs)."""

    def __init__(self, inputs: int, outputs: int, activation: str, norm: str = "none", dropout: float = 0.0) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias=norm != "batch")
        self.follow = nonlinear(activation, norm, outputs, positions=False, dropout=dropout)
        self._words = f"fully connected, {inputs} → {outputs}{_words(activation, norm, dropout)}"

    def forward(self, x: Tensor) -> Tensor:
        return self.follow(self.linear(x))

    def describe(self) -> str:
        """In words."""
        return self._words


@final
class Skip(nn.Module):
    """What comes in is added to what a layer makes of it: (N, inputs) -> (N, outputs), ``shortcut(x) + layer(x)``.

    The shortcut hands x on as it is, or through a matrix without bias where the widths differ.

    He et al. 2016, eq. 1 and 2, https://arxiv.org/abs/1512.03385
    """

    def __init__(self, layer: nn.Module, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layer = layer
        self.shortcut = nn.Identity() if inputs == outputs else nn.Linear(inputs, outputs, bias=False)
        self._words = f"{_described(layer)}, added to {'what' if inputs == outputs else 'a linear map of what'} came in"

    def forward(self, x: Tensor) -> Tensor:
        return self.shortcut(x) + self.layer(x)

    def describe(self) -> str:
        """In words."""
        return self._words


@final
class Convolution(nn.Module):
    """Convolution that keeps or halves the positions (rounding up), normalization, activation: (N, C, *P) -> (N, C', *P').

    kernel: odd. halve: stride 2. activation None: the bare convolution.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        dims: int,
        *,
        halve: bool,
        activation: str | None = None,
        norm: str = "none",
    ) -> None:
        super().__init__()
        biased = activation is None or norm != "batch"
        self.convolution = layer(inputs, outputs, kernel, dims, stride=2 if halve else 1, bias=biased)
        self.follow = nonlinear(activation, norm, outputs, positions=True)
        effect = f", halves {'height and width' if dims == 2 else 'length'}" if halve else ""
        self._words = f"{_size(kernel, dims)} convolution, {inputs} → {outputs} channels{effect}{_words(activation, norm)}"

    def forward(self, x: Tensor) -> Tensor:
        return self.follow(self.convolution(x))

    def describe(self) -> str:
        """In words."""
        return self._words


@final
class Upsampling(nn.Module):
    """From positions ``low`` to exactly ``high`` (N, C, *low) -> (N, C', *high), then normalization and activation.

    Maps of any other size are enlarged by the whole factors ``high / low``, rounded up: (N, C, *P) -> (N, C', *(factors P)).

    way ``"nearest"``: each position is repeated, then a convolution (Odena et al. 2016,
    https://distill.pub/2016/deconv-checkerboard). ``"transposed"``: a transposed convolution, about four
    times faster; on each axis ``high`` is ``2 low - 1``, or ``low`` times 1, 2 or an odd number.
    activation None: nothing follows.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        low: Sequence[int],
        high: Sequence[int],
        *,
        kernel: int,
        way: str,
        activation: str | None = None,
        norm: str = "none",
    ) -> None:
        super().__init__()
        self.low, self.inputs = tuple(low), inputs
        self.factors = tuple(math.ceil(b / a) for a, b in zip(low, high, strict=True))
        dims, biased = len(low), activation is None or norm != "batch"
        if way == "nearest":
            convolution = layer(inputs, outputs, kernel, dims, bias=biased)
            self.layers = nn.Sequential(nn.Upsample(size=tuple(high)), convolution)
        else:
            self.layers = nn.Sequential(_transposed(inputs, outputs, kernel, low, high, biased))
        self.follow = nonlinear(activation, norm, outputs, positions=True)
        what = f"{_size(kernel, dims)} {'transposed ' if way == 'transposed' else ''}convolution, {inputs} → {outputs} channels"
        self._words = f"enlarges {by(low)} to {by(high)}, {what}{_words(activation, norm)}"

    def forward(self, x: Tensor) -> Tensor:
        return self.follow(self.layers(x)) if tuple(x.shape[2:]) == self.low else self.whole(x)

    def whole(self, x: Tensor) -> Tensor:
        """(N, C, *P) -> (N, C', *(factors P)), whatever P is: sizes that were rounded at building are not rounded here."""
        size = [f * a for f, a in zip(self.factors, x.shape[2:], strict=True)]
        first, *rest = self.layers
        large = functional.interpolate(x, size=size) if isinstance(first, nn.Upsample) else first(x, size)
        for module in rest:
            large = module(large)
        return self.follow(large)

    def describe(self) -> str:
        """In words."""
        return self._words


def _transposed(inputs: int, outputs: int, kernel: int, low: Sequence[int], high: Sequence[int], bias: bool) -> nn.Module:
    """Output size is s·low - s + 1 + extra for stride s, padding kernel // 2 and an odd kernel; extra makes it ``high``."""
    stride = [math.ceil(b / a) for a, b in zip(low, high, strict=True)]
    kernel = max(kernel, 2 * max(stride) - 1)  # a narrower one would leave holes at the far edge
    extra = [b - s * a + s - 1 for a, b, s in zip(low, high, stride, strict=True)]
    padding = kernel // 2
    if len(low) == 1:
        return nn.ConvTranspose1d(inputs, outputs, kernel, stride[0], padding, extra[0], bias=bias)
    return nn.ConvTranspose2d(inputs, outputs, kernel, (stride[0], stride[1]), padding, (extra[0], extra[1]), bias=bias)


def by(sizes: Sequence[int]) -> str:
    """Sizes as people write them.

    >>> by((28, 28))
    '28×28'
    """
    return "×".join(map(str, sizes))


def _size(kernel: int, dims: int) -> str:
    return by([kernel] * dims) if dims > 1 else f"{kernel}-wide"


def _described(module: nn.Module) -> str:
    describe = getattr(module, "describe", None)
    return str(describe()) if callable(describe) else type(module).__name__


def _words(activation: str | None, norm: str, dropout: float = 0.0) -> str:
    if activation is None:
        return ""
    parts = ("" if norm == "none" else f"{norm} normalization", activation, f"dropout {dropout:g}" if dropout else "")
    return "".join(f", {p}" for p in parts if p)

"""How far a network of maps looks: what part of the input one part of its output depends on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Any, final

from torch import nn

from diabolo.errors import UnsupportedError
from diabolo.parts.layers import BatchNorm, Convolution, Upsampling
from diabolo.parts.networks.base import Decoder, Encoder
from diabolo.parts.networks.custom import CustomDecoder, CustomEncoder
from diabolo.parts.networks.mlp import MlpDecoder, MlpEncoder
from diabolo.parts.networks.pyramid import PyramidDecoder, PyramidEncoder
from diabolo.parts.networks.residual import Block

Sizes = tuple[int, ...]

_IN_ORDER = (
    nn.Sequential,
    *(Convolution, Upsampling, Block, PyramidEncoder, PyramidDecoder, CustomEncoder, CustomDecoder),
)
_POINTWISE = (
    *(BatchNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Identity),
    *(nn.SiLU, nn.ReLU, nn.GELU, nn.ELU, nn.SELU, nn.Mish, nn.LeakyReLU, nn.Softplus, nn.Tanh, nn.Sigmoid),
)
_OVERALL = (nn.GroupNorm, nn.LayerNorm, nn.InstanceNorm1d, nn.InstanceNorm2d)
_VECTORS = (nn.Flatten, nn.Linear, nn.Unflatten, MlpEncoder, MlpDecoder)


@final
@dataclass(frozen=True)
class Reach:
    """What of the input a part of the output depends on, an entry an axis.

    stride: moving the input by so many positions moves the output by ``stride * scale`` and changes nothing else. halo:
    how many positions beyond a block of input (one that begins and ends at multiples of the stride) its output
    depends on, a multiple of the stride. scale: positions of the output for one of the input. width: numbers that one
    position of the input becomes where the network is widest.
    """

    stride: Sizes
    halo: Sizes
    scale: Sizes
    width: int


@final
@dataclass(frozen=True)
class _Slide:
    """One layer along one axis. Convolution: position o sees ``stride o - padding`` and ``span`` more.

    up: a transposed convolution, that is, position i is seen so from the other side; repeating positions is one too.
    channels: how many come out.
    """

    span: int
    stride: int
    padding: int
    up: bool
    channels: int

    def seen(self, low: int, high: int) -> tuple[int, int]:
        """The positions of the input, from and to, that the positions low to high of the output depend on."""
        if not self.up:
            return self.stride * low - self.padding, self.stride * high - self.padding + self.span
        return -((self.span - low - self.padding) // self.stride), (high + self.padding) // self.stride

    @property
    def factor(self) -> Fraction:
        """Positions of the output for one of the input."""
        return Fraction(self.stride) if self.up else Fraction(1, self.stride)


def reach_of(encoder: Encoder, decoder: Decoder) -> Reach:
    """How far an encoder and its decoder look together, from the kernels and strides of their layers.

    Raises UnsupportedError where an output depends on the whole input, or nothing is known of it.
    """
    layers = [*_slides(encoder), *_slides(decoder)]
    if not layers:
        raise _unbounded("it has no layers of maps")
    axes = [_along(list(axis)) for axis in zip(*layers, strict=True)]
    stride, halo, scale = zip(*axes, strict=True)
    scales = zip(*(accumulate((s.factor for s in axis), Fraction.__mul__) for axis in zip(*layers, strict=True)), strict=True)
    widest = max(row[0].channels * math.prod(at) for row, at in zip(layers, scales, strict=True))
    return Reach(stride, halo, scale, math.ceil(widest))


def _along(layers: list[_Slide]) -> tuple[int, int, int]:
    """Stride, halo and scale along one axis.

    The halo holds what each layer looks at between, too: beyond a block's margin a layer would find its own padding.
    """
    scales = list(accumulate((layer.factor for layer in layers), Fraction.__mul__, initial=Fraction(1)))
    stride = math.lcm(*(s.denominator for s in scales))
    if scales[-1].denominator != 1:
        raise _unbounded("its output is smaller than its input")
    low, high, beyond = 0, int(stride * scales[-1]) - 1, Fraction(0)
    for layer, scale in zip(layers[::-1], scales[-2::-1], strict=True):
        low, high = layer.seen(low, high)
        beyond = max(beyond, -low / scale, (high + 1) / scale - stride)
    return stride, math.ceil(beyond / stride) * stride, int(scales[-1])


def _slides(module: nn.Module) -> Iterator[tuple[_Slide, ...]]:
    """The layers of a module that look beside them, in order: an entry an axis."""
    if isinstance(module, Upsampling):
        yield from _enlarging(module)
    elif isinstance(module, _IN_ORDER):
        for child in module.children():
            yield from _slides(child)
    elif isinstance(module, nn.Conv1d | nn.Conv2d):
        yield _checked(module, _convolution(module, up=False))
    elif isinstance(module, nn.ConvTranspose1d | nn.ConvTranspose2d):
        yield _checked(module, _convolution(module, up=True))
    elif not isinstance(module, _POINTWISE):
        raise _unbounded(_why(module))


def _enlarging(module: Upsampling) -> Iterator[tuple[_Slide, ...]]:
    for layer in module.layers:
        if isinstance(layer, nn.Upsample):
            yield tuple(_Slide(f - 1, f, 0, True, module.inputs) for f in module.factors)
        else:
            yield _convolution(layer, up=not isinstance(layer, nn.Conv1d | nn.Conv2d))


def _convolution(layer: Any, up: bool) -> tuple[_Slide, ...]:
    if isinstance(layer.padding, str) or layer.padding_mode != "zeros":
        raise _unbounded(
            f"its convolutions are padded by {layer.padding_mode!r}, {layer.padding!r}; numbers of zeros are known"
        )
    spans = [d * (k - 1) for k, d in zip(layer.kernel_size, layer.dilation, strict=True)]
    return tuple(_Slide(*x, up, layer.out_channels) for x in zip(spans, layer.stride, layer.padding, strict=True))


def _checked(layer: Any, slides: tuple[_Slide, ...]) -> tuple[_Slide, ...]:
    """The user's own convolution, if it makes whole multiples or parts of every size."""
    extra = layer.output_padding
    for slide, added in zip(slides, extra, strict=True):
        rest = 2 * slide.padding - slide.span - 1  # a convolution of n positions gives floor((n + rest) / stride) + 1
        whole = added == slide.stride + rest if slide.up else -slide.stride <= rest < 0
        if not whole:
            raise _unbounded(f"the sizes that {layer} makes are no whole multiples or parts of those it is given")
    return slides


def _why(module: nn.Module) -> str:
    if isinstance(module, _VECTORS):
        return "its code is a vector, which is fully connected to every position"
    if isinstance(module, _OVERALL):
        return "its normalization takes mean and variance over all positions, as that by batch does not"
    return f"nothing is known of how far a {type(module).__name__} looks"


def _unbounded(why: str) -> UnsupportedError:
    return UnsupportedError(
        "Pictures of any size need a model of which each output depends on a bounded neighborhood of the input, and of this "
        f"one that is not so: {why}. Train one on squares of photographs, --patch 48 (patch=48), or with --network conv --set "
        'network.code=map (from diabolo.parts.networks import Conv; network=Conv(code="map")).'
    )

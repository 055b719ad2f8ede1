"""Weights with which linear stages of maps give back what went in: where a network that mends starts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from diabolo.parts.layers import Convolution, Upsampling
from diabolo.parts.networks.pyramid import PyramidDecoder, PyramidEncoder


@torch.no_grad()
def start_at_identity(encoder: PyramidEncoder, decoder: PyramidDecoder, fields: int, code: int) -> None:
    """Set the bare stages of a map's pyramid so that it answers with its input, (N, fields, *P), as far as there is room.

    code: channels of the code. Whatever else is between the stages must hand on what it is given.
    Each stage that halves takes the orthonormal Haar transform, low frequencies first, its counterpart the transpose; head and
    foot hand on the first ``code`` channels; stages that enlarge beyond the input repeat positions. The answer is the input
    exactly where every stage has 2^dims times the channels of the one before and the code as many as the last;
    where there are fewer, the highest frequencies are missing. All other channels keep their weights, and
    those that carry the answer do not listen to them yet.
    """
    down = [m for m in encoder.stages.modules() if isinstance(m, Convolution)]
    up = [m for m in decoder.stages.modules() if isinstance(m, Upsampling)]
    carried = [fields]
    for stage in down:
        carried.append(_split(stage.convolution, carried[-1]))
    kept = min(carried[-1], code)
    for part, made in ((encoder.head, kept), (decoder.foot, carried[-1])):
        for module in part.modules():
            if isinstance(module, nn.Conv1d | nn.Conv2d):
                _hand_on(module, kept, made)
    mirrored, added = up[: len(down)], up[len(down) :]
    for rung, count in zip(mirrored, carried[-2::-1], strict=True):
        _join(rung.layers[0], count)
    for rung in added:
        _repeat(rung.layers[0], fields, rung.factors)
    decoder.gives_back = True


def _split(layer: Any, inputs: int) -> int:
    """A convolution that halves as the Haar transform of its first channels; how many channels then carry something."""
    weight, bias = _parameters(layer)
    made = min(len(weight), inputs * 2 ** (weight.dim() - 2))
    weight[:made], bias[:made] = 0, 0
    for at, channel, taps in itertools.islice(_haar(weight, inputs), made):
        weight[at, channel] = taps
    return made


def _join(layer: Any, outputs: int) -> None:
    """The transpose of ``_split``: a transposed convolution from Haar's channels to its first ``outputs``."""
    weight, bias = _parameters(layer)
    weight[:, :outputs], bias[:outputs] = 0, 0
    for at, channel, taps in itertools.islice(_haar(weight, outputs), len(weight)):
        weight[at, channel] = taps


def _haar(weight: Tensor, channels: int) -> Iterator[tuple[int, int, Tensor]]:
    """Where each pattern belongs, low frequencies first: channel of the map half as large, channel of the large one, taps."""
    kernel = weight.shape[2:]
    frequencies = sorted(itertools.product((0, 1), repeat=len(kernel)), key=sum)
    for at, (frequency, channel) in enumerate(itertools.product(frequencies, range(channels))):
        taps = torch.zeros(kernel)
        for offset in itertools.product((0, 1), repeat=len(kernel)):
            sign = (-1) ** sum(f * o for f, o in zip(frequency, offset, strict=True))
            taps[tuple(k // 2 + o for k, o in zip(kernel, offset, strict=True))] = sign / math.sqrt(2 ** len(kernel))
        yield at, channel, taps


def _hand_on(layer: Any, channels: int, made: int) -> None:
    """The first channels as they are; of those that should carry something, the rest are 0."""
    weight, bias = _parameters(layer)
    weight[:made], bias[:made] = 0, 0
    for c in range(channels):
        weight[c, c] = 1


def _repeat(layer: Any, channels: int, factors: tuple[int, ...]) -> None:
    """A transposed convolution that repeats each position of the first channels."""
    weight, bias = _parameters(layer)
    weight[:, :channels], bias[:channels] = 0, 0
    window = tuple(slice(k // 2, k // 2 + f) for k, f in zip(weight.shape[2:], factors, strict=True))
    for c in range(channels):
        weight[c, c][window] = 1


def _parameters(layer: Any) -> tuple[Tensor, Tensor]:
    """Weight and bias of a bare convolution, plain or transposed."""
    weight: Tensor = layer.weight
    bias: Tensor = layer.bias
    return weight, bias

"""Convolutional networks, for images and series of any size."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, Self, final

from torch import nn

from diabolo.parts.layers import ACTIVATIONS, NORMALIZATIONS, UPSAMPLINGS, Convolution, Upsampling, initialize
from diabolo.parts.networks.base import Network, Ports
from diabolo.parts.networks.pyramid import (
    Pyramid,
    PyramidDecoder,
    PyramidEncoder,
    check_positions,
    chosen_channels,
    chosen_hidden,
    ladder,
)
from diabolo.records import Layout
from diabolo.spec import option


@final
@dataclass
class Conv(Network):
    """Strided convolutions down to the code, and a decoder that climbs back through the same sizes.

    Each stage of the encoder is convolution, normalization, activation and halves height and width, rounding up; a
    28×28 image goes 28 → 14 → 7. The decoder remembers those sizes, so odd ones and 1×1 come back exactly. A condition is
    joined to the input as constant channels, and to the code.

    Code ``"vector"``: fully connected layers between the smallest map and the code, with ``hidden`` units between them.
    Code ``"map"``: the code is (N, latent_dim, h, w), h and w of the smallest map; the target may then be larger than
    the data by whole factors. With a vector, the target may have any size.

    Channels that are not given: 16, 32 or 64 for size s, m or l, doubled at each stage up to eight times that, with as
    many stages as leave at most 64 positions; 28×28 gives (32, 64) for m.

    Masci et al. 2011, https://doi.org/10.1007/978-3-642-21735-7_7; strides for pooling: Radford et al. 2016,
    https://arxiv.org/abs/1511.06434
    """

    name: ClassVar[str] = "conv"
    aliases: ClassVar[tuple[str, ...]] = ("cnn", "convolutional")

    channels: tuple[int, ...] | None = option(None, "channels of the encoder's stages; none: from data and size", low=1)
    kernel: int = option(3, "width of the convolutions", choices=(1, 3, 5, 7, 9))
    activation: str = option("silu", "function after each convolution", choices=tuple(ACTIVATIONS))
    normalization: str = option("none", "normalization after each convolution", choices=NORMALIZATIONS)
    upsampling: str = option("transposed", "how the decoder enlarges maps", choices=UPSAMPLINGS)
    hidden: int | None = option(None, "units of a layer between map and vector, 0: no such layer; none: from size", low=0)
    code: str = option("vector", "the shape of a row's code", choices=("vector", "map"))

    def resolved(self, source: Layout, target: Layout, latent_dim: int, size: str) -> Self:
        check_positions(self.name, source, target)
        channels = self.channels or chosen_channels(source, target, size)
        hidden = chosen_hidden(size) if self.hidden is None else self.hidden
        return dataclasses.replace(self, channels=tuple(channels), hidden=hidden)

    def build(self, ports: Ports) -> tuple[PyramidEncoder, PyramidDecoder]:
        check_positions(self.name, ports.source, ports.target)
        plan = self._plan()
        encoder = PyramidEncoder(self._down(ports), plan.head(ports))
        sizes = plan.climb(ports)
        decoder = PyramidDecoder(plan.foot(ports, sizes[0], activate=True), self._up(ports, sizes))
        initialize(encoder)
        initialize(decoder)
        return encoder, decoder

"""Convolutional networks, for images and series of any size."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, Self, final

from torch import nn

from diabolo.parts.layers import ACTIVATIONS, NORMALIZATIONS, UPSAMPLINGS, Convolution, Upsampling, initialize
from diabolo.parts.networks.base import Network, Ports, settled
from diabolo.parts.networks.pyramid import (
    Pyramid,
    PyramidDecoder,
    PyramidEncoder,
    check_positions,
    chosen_channels,
    chosen_hidden,
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

    Code ``"vector"``: fully connected between the smallest map and the code, by way of ``hidden`` units; the
    target may have any size. Code ``"map"``: (N, latent_dim, h, w), h and w of the smallest map; the target may be larger
    than the data by whole factors.

    Normalization is by batch since it learns fastest; ``"layer"`` is nearly as good and keeps rows independent in training
    too, as a penalty on each row's derivatives would have it.

    What is not given: channels are 16, 32 or 64 for size s, m or l, doubled at each stage up to eight times that, with as
    many stages as leave at most 64 positions, one for a map, or ``stages``; 28×28 gives (32, 64) for m. ``hidden`` is 64, 128
    or 256, no fewer than the code, and 0 for a map.

    Masci et al. 2011, https://doi.org/10.1007/978-3-642-21735-7_7; strides for pooling: Radford et al. 2016,
    https://arxiv.org/abs/1511.06434
    """

    name: ClassVar[str] = "conv"
    aliases: ClassVar[tuple[str, ...]] = ("cnn", "convolutional")

    channels: tuple[int, ...] | None = option(None, "channels of the encoder's stages; none: from data and size", low=1)
    kernel: int = option(3, "width of the convolutions", choices=(3, 5, 7, 9))
    activation: str = option("silu", "function after each convolution", choices=tuple(ACTIVATIONS))
    normalization: str = option("batch", "normalization after each convolution", choices=NORMALIZATIONS)
    upsampling: str = option("transposed", "how the decoder enlarges maps", choices=UPSAMPLINGS)
    hidden: int | None = option(None, "units of a layer between map and vector; 0: no such layer; none: from size", low=0)
    code: str = option("vector", "the shape of a row's code", choices=("vector", "map"))
    stages: int | None = option(None, "stages where channels are not given; none: from the data", low=1, high=16)

    def resolved(self, source: Layout, target: Layout, latent_dim: int, size: str) -> Self:
        check_positions(self.name, source, target)
        reached = source if self.code == "map" else target  # a map is enlarged beyond the source's size, not shrunk further
        channels = chosen_channels(source, reached, size, self.code, self.stages) if self.channels is None else self.channels
        hidden = chosen_hidden(self.code, latent_dim, size) if self.hidden is None else self.hidden
        chosen = dataclasses.replace(self, channels=tuple(channels), hidden=hidden)
        chosen._plan()  # refuses what cannot be built
        return dataclasses.replace(chosen, stages=len(chosen.channels or ()))

    def build(self, ports: Ports) -> tuple[PyramidEncoder, PyramidDecoder]:
        check_positions(self.name, ports.source, ports.target)
        plan = self._plan()
        encoder = PyramidEncoder(self._down(plan, ports), plan.head(ports))
        decoder = PyramidDecoder(plan.foot(ports, activate=True), self._up(plan, ports))
        initialize(encoder)
        initialize(decoder)
        return encoder, decoder

    def code_shape(self, source: Layout, channels: int) -> tuple[int, ...]:
        return self._plan().code_shape(source, channels)

    def _plan(self) -> Pyramid:
        channels, hidden = settled(self.channels, "conv.channels"), settled(self.hidden, "conv.hidden")
        return Pyramid(tuple(channels), self.activation, self.normalization, self.code, hidden)

    def _down(self, plan: Pyramid, ports: Ports) -> list[nn.Module]:
        dims = len(ports.source.positions)
        return [
            Convolution(a, b, self.kernel, dims, halve=True, activation=self.activation, norm=self.normalization)
            for a, b in plan.descent(ports)
        ]

    def _up(self, plan: Pyramid, ports: Ports) -> list[nn.Module]:
        *inner, last = plan.climb(ports)
        kernel, way, activation, norm = self.kernel, self.upsampling, self.activation, self.normalization
        stages = [Upsampling(*rung, kernel=kernel, way=way, activation=activation, norm=norm) for rung in inner]
        return [*stages, Upsampling(*last, kernel=kernel, way=way)]

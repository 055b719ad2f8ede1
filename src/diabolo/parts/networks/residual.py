"""Residual networks, for images, series and tables."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Self, final

from torch import Tensor, nn

from diabolo.errors import ParameterError, unknown
from diabolo.parts.layers import (
    ACTIVATIONS,
    NORMALIZATIONS,
    UPSAMPLINGS,
    Convolution,
    Upsampling,
    initialize,
    layer,
    nonlinear,
)
from diabolo.parts.networks.base import Decoder, Encoder, Network, Ports, settled
from diabolo.parts.networks.embedding import flattened, initialize_embedding
from diabolo.parts.networks.identity import start_at_identity
from diabolo.parts.networks.mlp import MlpDecoder, MlpEncoder, chosen_widths
from diabolo.parts.networks.pyramid import Pyramid, PyramidDecoder, PyramidEncoder, check_positions, chosen_channels
from diabolo.records import Layout
from diabolo.spec import option

KERNEL = 3

FOR_MAPS = {"s": (32, 1), "m": (48, 2), "l": (64, 4)}
"""Channels of the one stage, and its blocks, where the code is a map."""


@final
class Block(nn.Module):
    """x + branch(x), the branch being twice (normalization, activation, layer): (N, C, *P) -> the same shape.

    dims: how many positions; the layers are fully connected without any, else convolutions. The last layer starts at zero,
    so an untrained block hands x on unchanged (Zhang et al. 2019, https://arxiv.org/abs/1901.09321).

    He et al. 2016, https://arxiv.org/abs/1603.05027
    """

    def __init__(self, channels: int, dims: int, activation: str, norm: str, dropout: float) -> None:
        super().__init__()
        self.first = nonlinear(activation, norm, channels, dims > 0)
        self.inner = layer(channels, channels, KERNEL, dims)
        self.second = nonlinear(activation, norm, channels, dims > 0, dropout)
        self.outer = layer(channels, channels, KERNEL, dims)
        what = (
            f"{KERNEL}×{KERNEL} convolutions"
            if dims == 2
            else f"{KERNEL}-wide convolutions"
            if dims
            else "fully connected layers"
        )
        self._words = f"residual block: two {what}, {channels} {'channels' if dims else 'units'}, added to what came in"

    def forward(self, x: Tensor) -> Tensor:
        return x + self.outer(self.second(self.inner(self.first(x))))

    def quiet(self) -> None:
        """Set the last layer to zero."""
        for p in self.outer.parameters():
            nn.init.zeros_(p)

    def describe(self) -> str:
        """In words."""
        return self._words


@final
@dataclass
class Residual(Network):
    """Residual blocks inside the encoder and inside the decoder; nothing skips the code.

    Each stage is a linear layer or convolution that changes the number of units or channels, and ``blocks`` blocks that
    add to it. On images and series a stage also halves height and width, as :class:`Conv` does; on tables it is fully
    connected (Gorishniy et al. 2021, https://arxiv.org/abs/2106.11959). Nothing but the blocks is nonlinear, and they
    start at zero: training begins at a linear autoencoder. A condition is joined to the input and to the code.

    Where the code is a map, that linear autoencoder is a Haar transform and its inverse, which give back what goes in, as far
    as widths and code have room (four times the channels a stage, on images). A model that mends then learns what to change
    only, as one that predicts the noise does (Zhang et al. 2017, https://arxiv.org/abs/1608.03981), and all of it still
    passes through the code. It takes a likelihood whose output is "linear", and transposed upsampling.

    What is not given: on tables one stage as wide as the first of :class:`Mlp`, and 1, 2 or 3 blocks for size s, m or l; on
    images the channels of :class:`Conv`, and 1, 1 or 2 blocks a stage; for a map one stage of 32, 48 or 64 channels, and
    1, 2 or 4 blocks.

    He et al. 2016, https://arxiv.org/abs/1512.03385 and https://arxiv.org/abs/1603.05027
    """

    name: ClassVar[str] = "residual"
    aliases: ClassVar[tuple[str, ...]] = ("resnet",)

    widths: tuple[int, ...] | None = option(
        None, "units, on images channels, of the encoder's stages; none: from the data", low=1
    )
    blocks: int | None = option(None, "residual blocks in each stage; none: from size", low=1)
    activation: str = option("silu", "function before each layer of a block", choices=tuple(ACTIVATIONS))
    normalization: str = option("batch", "normalization before each layer of a block", choices=NORMALIZATIONS)
    dropout: float = option(0.0, "share of units switched off at random inside blocks in training", low=0.0, high=0.99)
    upsampling: str = option("transposed", "how the decoder enlarges maps", choices=UPSAMPLINGS)
    code: str = option("vector", "the shape of a row's code; map: on images and series only", choices=("vector", "map"))

    def resolved(self, source: Layout, target: Layout, latent_dim: int, size: str) -> Self:
        self._check(source, target)
        chosen: tuple[int, ...]
        if size not in FOR_MAPS:
            raise unknown("size", size, FOR_MAPS)
        if self.code == "map":
            width, depth = FOR_MAPS[size]
            chosen, depths = (width,), {size: depth}
        elif source.positions:
            chosen, depths = chosen_channels(source, target, size, self.code), {"s": 1, "m": 1, "l": 2}
        else:
            chosen, depths = chosen_widths(max(source.cells, target.cells), latent_dim, size)[:1], {"s": 1, "m": 2, "l": 3}
        widths = chosen if self.widths is None else tuple(self.widths)
        return dataclasses.replace(self, widths=widths, blocks=self.blocks or depths[size])

    def build(self, ports: Ports) -> tuple[Encoder, Decoder]:
        self._check(ports.source, ports.target)
        encoder, decoder = self._maps(ports) if ports.source.positions else self._vectors(ports)
        for module in (encoder, decoder):
            initialize(module)
            for block in module.modules():
                if isinstance(block, Block):
                    block.quiet()
        if isinstance(encoder, MlpEncoder):
            initialize_embedding(encoder.flatten)
        if isinstance(encoder, PyramidEncoder) and isinstance(decoder, PyramidDecoder) and self._mirrored(ports):
            start_at_identity(encoder, decoder, ports.source.fields, min(ports.wants, ports.gives))
        return encoder, decoder

    def code_shape(self, source: Layout, channels: int) -> tuple[int, ...]:
        return self._plan().code_shape(source, channels) if source.positions else (channels,)

    def _check(self, source: Layout, target: Layout) -> None:
        if source.positions or target.positions:
            check_positions(self.name, source, target)
            if self.widths is not None:
                self._plan()
        elif self.code == "map":
            raise ParameterError(
                f'A code that is a map needs images or series; rows here are {source.shape}. Use code="vector".'
            )

    def _mirrored(self, ports: Ports) -> bool:
        """Whether the decoder's stages can undo the encoder's, and its output is data: it may then start as the input."""
        same = ports.direct and ports.source.fields == ports.target.fields
        return same and self.code == "map" and self.upsampling == "transposed"

    def _plan(self) -> Pyramid:
        return Pyramid(tuple(settled(self.widths, "residual.widths")), self.activation, self.normalization, self.code, hidden=0)

    def _maps(self, ports: Ports) -> tuple[Encoder, Decoder]:
        plan, dims = self._plan(), len(ports.source.positions)
        down = [
            nn.Sequential(Convolution(a, b, KERNEL, dims, halve=True), *self._blocks(b, dims)) for a, b in plan.descent(ports)
        ]
        up = [
            nn.Sequential(*self._blocks(a, dims), Upsampling(a, b, low, high, kernel=KERNEL, way=self.upsampling))
            for a, b, low, high in plan.climb(ports)
        ]
        return PyramidEncoder(down, plan.head(ports)), PyramidDecoder(plan.foot(ports, activate=False), up)

    def _vectors(self, ports: Ports) -> tuple[Encoder, Decoder]:
        widths = tuple(settled(self.widths, "residual.widths"))
        flatten, width = flattened(ports.source)
        into, out = (width + ports.condition, *widths), (ports.gives + ports.condition, *widths[::-1])
        encoder = MlpEncoder(flatten, self._tower(into), nn.Linear(into[-1], ports.wants))
        unflatten = nn.Unflatten(1, (ports.outputs,))
        return encoder, MlpDecoder(self._tower(out), nn.Linear(out[-1], ports.outputs), unflatten)

    def _tower(self, widths: tuple[int, ...]) -> list[nn.Module]:
        return [nn.Sequential(nn.Linear(a, b), *self._blocks(b, 0)) for a, b in pairwise(widths)]

    def _blocks(self, channels: int, dims: int) -> list[Block]:
        return [
            Block(channels, dims, self.activation, self.normalization, self.dropout)
            for _ in range(settled(self.blocks, "residual.blocks"))
        ]

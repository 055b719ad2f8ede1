"""What ``conv`` and ``residual`` have in common: maps that shrink stage by stage to the code, and grow back from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

from torch import Tensor, nn
from torch.nn import functional

from diabolo.errors import ParameterError, unknown
from diabolo.parts.layers import Convolution, Dense, Upsampling, by, join, nonlinear, set_last_bias
from diabolo.parts.networks.base import Decoder, Encoder, Ports
from diabolo.records import Layout

Sizes = tuple[int, ...]

SMALLEST = 64
"""Maps are halved until they have at most this many positions."""


@final
class PyramidEncoder(Encoder):
    """Stages, then a head that makes the code: x (N, F, *P) -> h (N, wants) or (N, wants, *L)."""

    def __init__(self, stages: Sequence[nn.Module], head: nn.Sequential) -> None:
        super().__init__()
        self.stages = nn.Sequential(*stages)
        self.head = head

    def forward(self, x: Tensor, real: Tensor | None = None, condition: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        h = self.head[-1](self.hidden(x, condition))
        if real is None or h.dim() == 2:
            return h, None
        pool = functional.adaptive_max_pool1d if h.dim() == 3 else functional.adaptive_max_pool2d
        return h, pool(real.to(h.dtype).amax(1, keepdim=True), h.shape[2:])  # a code position is real if any cell under it is

    def hidden(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.head[:-1](self.stages(join(x, condition)))


@final
class PyramidDecoder(Decoder):
    """A foot that spreads the code over the smallest map, then stages: z (N, gives) or (N, gives, *L) -> (N, outputs, *P)."""

    def __init__(self, foot: nn.Module, stages: Sequence[nn.Module]) -> None:
        super().__init__()
        self.foot = foot
        self.stages = nn.Sequential(*stages)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.stages(self.foot(join(z, condition)))

    def whole(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        h = self.foot(join(z, condition))
        for stage in self.stages:
            for module in stage if isinstance(stage, nn.Sequential) else (stage,):
                h = module.whole(h) if isinstance(module, Upsampling) else module(h)
        return h

    def start_at(self, params: Tensor) -> None:
        if not self.gives_back:
            set_last_bias(self.stages, params.flatten(1).mean(1))


@final
@dataclass(frozen=True)
class Pyramid:
    """The plan of one pyramid.

    channels: one a stage, from the data to the code. code: ``"vector"`` or ``"map"``. hidden: units of a fully
    connected layer between the smallest map and a vector code, 0 for none.
    """

    channels: tuple[int, ...]
    activation: str
    norm: str
    code: str
    hidden: int

    def __post_init__(self) -> None:
        if not self.channels:
            raise ParameterError("A network of maps needs the channels of at least one stage, such as 32,64; there are none.")
        if self.hidden and self.code == "map":
            raise ParameterError(f'hidden={self.hidden} stands before a code that is a vector. Use code="vector", or hidden=0.')

    def code_shape(self, source: Layout, channels: int) -> Sizes:
        """The shape of one row's code."""
        return (channels,) if self.code == "vector" else (channels, *ladder(source.positions, len(self.channels))[-1])

    def descent(self, ports: Ports) -> list[tuple[int, int]]:
        """Channels in and out of each stage of the encoder."""
        return list(pairwise((ports.source.fields + ports.condition, *self.channels)))

    def climb(self, ports: Ports) -> list[tuple[int, int, Sizes, Sizes]]:
        """Channels in and out, positions in and out of each stage of the decoder: the encoder's, backwards."""
        sizes = self._sizes(ports.source.positions, ports.target.positions)
        added = len(sizes) - 1 - len(self.channels)
        channels = (*self.channels[::-1], *[self.channels[0]] * added, ports.outputs)
        return [(*c, *p) for c, p in zip(pairwise(channels), pairwise(sizes), strict=True)]

    def head(self, ports: Ports) -> nn.Sequential:
        """The smallest map -> h."""
        channels, smallest = self.channels[-1], ladder(ports.source.positions, len(self.channels))[-1]
        if self.code == "map":
            return nn.Sequential(Convolution(channels, ports.wants, 1, len(smallest), halve=False))
        cells = channels * math.prod(smallest)
        if not self.hidden:
            return nn.Sequential(nn.Flatten(), nn.Linear(cells, ports.wants))
        dense = Dense(cells, self.hidden, self.activation, self.norm)
        return nn.Sequential(nn.Flatten(), dense, nn.Linear(self.hidden, ports.wants))

    def foot(self, ports: Ports, *, activate: bool) -> nn.Sequential:
        """z with its condition -> the smallest map of the decoder."""
        channels, inputs = self.channels[-1], ports.gives + ports.condition
        smallest = self._sizes(ports.source.positions, ports.target.positions)[0]
        follow = [nonlinear(self.activation, self.norm, channels, positions=True)] if activate else []
        if self.code == "map":
            return nn.Sequential(Convolution(inputs, channels, 1, len(smallest), halve=False), *follow)
        dense = [Dense(inputs, self.hidden, self.activation, self.norm)] if self.hidden else []
        spread = nn.Linear(self.hidden or inputs, channels * math.prod(smallest))
        return nn.Sequential(*dense, spread, nn.Unflatten(1, (channels, *smallest)), *follow)

    def _sizes(self, source: Sizes, target: Sizes) -> list[Sizes]:
        """The decoder's positions, from the smallest to the target's.

        A vector code has a ladder of the target's own. A map code climbs the source's ladder, then doubles as long as a
        whole factor remains; what is left of it (3, 5, …) is the last step.
        """
        stages = len(self.channels)
        if self.code == "vector":
            return ladder(target, stages)[::-1]
        if any(b % a for a, b in zip(source, target, strict=True)):
            raise ParameterError(
                f"A code that is a map can enlarge by whole factors only; the data are {by(source)} and the target "
                f'{by(target)}. Use code="vector", or bring the target to a multiple of the data\'s size.'
            )
        sizes = ladder(source, stages)[::-1]
        while sizes[-1] != target:
            sizes.append(tuple(2 * a if b // a % 2 == 0 else b for a, b in zip(sizes[-1], target, strict=True)))
        return sizes


def ladder(positions: Sizes, stages: int) -> list[Sizes]:
    """The sizes that halving (rounding up) goes through, the first included.

    >>> ladder((28, 5), 3)
    [(28, 5), (14, 3), (7, 2), (4, 1)]
    """
    sizes = [tuple(positions)]
    for _ in range(stages):
        sizes.append(tuple(-(-a // 2) for a in sizes[-1]))
    return sizes


def chosen_channels(source: Layout, target: Layout, size: str, code: str, asked: int | None = None) -> tuple[int, ...]:
    """Channels of the stages: 16, 32 or 64 for size s, m or l, doubled at each stage up to eight times that.

    As many stages as it takes to leave at most 64 positions, at least one. A code that is a map has one stage, which keeps what
    mending photographs needs: with three, fine detail was lost (LOG.md). asked: a number of stages instead.

    >>> chosen_channels(Layout(("grey",), (28, 28)), Layout(("grey",), (28, 28)), "m", "vector")
    (32, 64)
    """
    bases = {"s": 16, "m": 32, "l": 64}
    if size not in bases:
        raise unknown("size", size, bases)
    positions, stages = tuple(map(max, source.positions, target.positions)), asked or 1
    while asked is None and code == "vector" and math.prod(ladder(positions, stages)[-1]) > SMALLEST:
        stages += 1
    return tuple(bases[size] * 2 ** min(i, 3) for i in range(stages))


def chosen_hidden(code: str, latent_dim: int, size: str) -> int:
    """Units between the smallest map and a vector code: 64, 128 or 256 for size s, m or l, no fewer than the code."""
    units = {"s": 64, "m": 128, "l": 256}
    if size not in units:
        raise unknown("size", size, units)
    return 0 if code == "map" else max(units[size], latent_dim)


def check_positions(name: str, source: Layout, target: Layout, allowed: Sequence[int] = (1, 2)) -> None:
    """Raise ParameterError unless source and target both have as many positions as a pyramid can be built over."""
    dims = len(source.positions)
    if dims not in allowed or len(target.positions) != dims:
        shapes = " and ".join(str(s) for s in dict.fromkeys((source.shape, target.shape)))
        raise ParameterError(
            f"Network {name!r} needs images, (channels, height, width), or series, (channels, length); "
            f'rows here are {shapes}. Use network="mlp", which takes data of any shape.'
        )

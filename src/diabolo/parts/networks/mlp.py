"""Fully connected networks, for data of any layout."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Self, final

from torch import Tensor, nn

from diabolo.errors import unknown
from diabolo.parts.layers import ACTIVATIONS, NORMALIZATIONS, Dense, Skip, initialize, join, set_last_bias
from diabolo.parts.networks.base import Decoder, Encoder, Network, Ports, settled
from diabolo.parts.networks.embedding import flattened, initialize_embedding
from diabolo.records import Layout
from diabolo.spec import option


@final
class MlpEncoder(Encoder):
    """Flatten (and embed, in mixed tables), hidden layers, one linear layer: x (N, F, *P) -> h (N, wants)."""

    def __init__(self, flatten: nn.Module, stages: Sequence[nn.Module], head: nn.Module) -> None:
        super().__init__()
        self.flatten = flatten
        self.stages = nn.Sequential(*stages)
        self.head = head

    def forward(self, x: Tensor, real: Tensor | None = None, condition: Tensor | None = None) -> tuple[Tensor, None]:
        return self.head(self.hidden(x, condition)), None

    def hidden(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.stages(join(self.flatten(x), condition))


@final
class MlpDecoder(Decoder):
    """Hidden layers, one linear layer, unflatten: z (N, gives) -> (N, outputs, *P)."""

    def __init__(self, stages: Sequence[nn.Module], head: nn.Module, unflatten: nn.Module) -> None:
        super().__init__()
        self.stages = nn.Sequential(*stages)
        self.head = head
        self.unflatten = unflatten

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.unflatten(self.head(self.stages(join(z, condition))))

    def start_at(self, params: Tensor) -> None:
        set_last_bias(self.head, params.flatten())


@final
@dataclass
class Mlp(Network):
    """Fully connected encoder, and a decoder that mirrors it. Images are flattened; a condition is joined to x and to z.

    With ``widths=(256, 128)``, a code of 64 and 784 cells the layers are exactly 784-256-128-64-128-256-784.
    Normalization, activation and dropout follow each hidden layer; neither the code nor the output has any. With ``skip``
    each hidden layer adds to what comes in, or to a linear map of it where the width changes (He et al. 2016,
    https://arxiv.org/abs/1512.03385), which lets deep networks of any activation learn.

    Widths that are not given: 1, 2 or 3 hidden layers for size s, m or l. The first has the power of two nearest to the
    number of cells, between 64 and 512 (twice that for l); each next one has half as many, but never fewer than the code.
    784 cells give (512,), (512, 256) and (1024, 512, 256); 7 columns give (64,), (64, 32) and (128, 64, 32).

    A category of a mixed table with more than 16 states is first embedded in half as many numbers, at most 32 (Guo & Berkhahn
    2016, https://arxiv.org/abs/1604.06737).

    Hinton, Salakhutdinov 2006, https://doi.org/10.1126/science.1127647
    """

    name: ClassVar[str] = "mlp"
    aliases: ClassVar[tuple[str, ...]] = ("dense",)

    widths: tuple[int, ...] | None = option(None, "units of the encoder's hidden layers; none: from data and size", low=1)
    activation: str = option("silu", "function after each hidden layer", choices=tuple(ACTIVATIONS))
    normalization: str = option("none", "normalization in each hidden layer", choices=NORMALIZATIONS)
    dropout: float = option(0.0, "share of hidden units switched off at random in training", low=0.0, high=0.99)
    skip: bool = option(False, "whether each hidden layer is added to what comes in")

    def resolved(self, source: Layout, target: Layout, latent_dim: int, size: str) -> Self:
        if self.widths is not None:
            return dataclasses.replace(self, widths=tuple(self.widths))
        return dataclasses.replace(self, widths=chosen_widths(max(source.cells, target.cells), latent_dim, size))

    def build(self, ports: Ports) -> tuple[MlpEncoder, MlpDecoder]:
        widths = tuple(settled(self.widths, "mlp.widths"))
        flatten, width = flattened(ports.source)
        into, out = width + ports.condition, ports.gives + ports.condition
        cells = ports.outputs * math.prod(ports.target.positions)
        encoder = MlpEncoder(flatten, self._hidden(into, widths), nn.Linear((into, *widths)[-1], ports.wants))
        mirrored = widths[::-1]
        shape = (ports.outputs, *ports.target.positions)
        decoder = MlpDecoder(self._hidden(out, mirrored), nn.Linear((out, *mirrored)[-1], cells), nn.Unflatten(1, shape))
        initialize(encoder)
        initialize_embedding(flatten)
        initialize(decoder)
        return encoder, decoder

    def _hidden(self, inputs: int, widths: tuple[int, ...]) -> list[nn.Module]:
        layers = [Dense(a, b, self.activation, self.normalization, self.dropout) for a, b in pairwise((inputs, *widths))]
        return (
            [Skip(m, a, b) for m, (a, b) in zip(layers, pairwise((inputs, *widths)), strict=True)] if self.skip else [*layers]
        )


def chosen_widths(cells: int, latent_dim: int, size: str) -> tuple[int, ...]:
    """The rule in :class:`Mlp`'s docstring.

    >>> chosen_widths(784, 32, "m"), chosen_widths(7, 2, "s")
    ((512, 256), (64,))
    """
    depths = {"s": 1, "m": 2, "l": 3}
    if size not in depths:
        raise unknown("size", size, depths)
    first = min(max(2 ** round(math.log2(cells)), 64), 512) * (2 if size == "l" else 1)
    return tuple(max(first // 2**i, latent_dim) for i in range(depths[size]))

"""Vector quantization: each group of code numbers becomes the nearest entry of a learned codebook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from diabolo.maths.precision import at_least_float32
from diabolo.maths.quantization import averaged_codebook, entry_counts, entry_sums, moved, nearest_entries, straight_through
from diabolo.maths.rows import row_sum
from diabolo.parts.bottlenecks.activations import check_channels
from diabolo.parts.bottlenecks.base import Bottleneck
from diabolo.parts.bottlenecks.quantizer import Quantizer, grouped, ungrouped
from diabolo.records import Code, Context
from diabolo.spec import option


@final
@dataclass
class VectorQuantized(Bottleneck):
    """``z = the entry nearest to h``, of a codebook that is learned: a discrete code, the one of a VQ-VAE.

    The K code numbers (channels, for a map) are cut into groups of ``group`` neighbors, each with a codebook of its own; the
    last group is smaller where they do not come out even. A map is quantized position by position with the same codebooks.
    So a code is positions × groups whole numbers below ``entries``. Training pays, a row::

        cost = beta * |h - sg(z)|² + |sg(h) - z|²        (the second only with learning="gradient")

    - The gradient passes the choice by: it reaches the encoder as if z were h.
    - learning: "averages" moves each entry to the moving average of the vectors that chose it (the paper's appendix A.1),
      "gradient" pulls it there by the second term, with the optimizer of the rest.
    - Entries that are hardly used, at first all of them, start again: where an entry's moving average of use falls below
      ``restart`` of what equal use would be, it is put on a vector drawn from the batch and counts as equally used (Dhariwal
      et al. 2020). The codebook's first entries come from the first batch in the same way.

    The cost is no number of nats: the code's price in bits is the logarithm of the entries, and the same for every row.

    References: van den Oord et al. 2017, https://arxiv.org/abs/1711.00937; restarts: Dhariwal et al. 2020, section 3,
    https://arxiv.org/abs/2005.00341; groups with codebooks of their own: Jégou et al. 2011, https://doi.org/10.1109/TPAMI.2010.57
    """

    name: ClassVar[str] = "vq"
    aliases: ClassVar[tuple[str, ...]] = ("vector-quantized",)

    entries: int = option(512, "vectors in a codebook", low=2)
    group: int = option(4, "code numbers that are quantized together", low=1)
    beta: float = option(0.25, "weight of the commitment of the encoder to the entries", low=0.0)
    learning: str = option("averages", "how entries are learned", choices=("averages", "gradient"))
    decay: float = option(0.99, "of the moving averages", low=0.0, high=0.99999)
    restart: float = option(0.1, "share of equal use below which an entry starts again; 0: only at first", low=0.0, high=1.0)

    def build(self, latent_dim: int) -> VectorQuantizedNeck:
        """The module, with its codebooks."""
        width = min(self.group, latent_dim)
        return VectorQuantizedNeck(latent_dim, self.entries, width, self.beta, self.learning, self.decay, self.restart)


@final
class VectorQuantizedNeck(Quantizer):
    """h (N, K, *L) -> entries z (N, K, *L).

    codebook: (G, E, width). counts: (G, E), moving average of how often an entry is chosen in a batch, 0 before the first.
    sums: (G, E, width), of the vectors that chose it (learning by averages only).
    """

    counts: Tensor
    sums: Tensor

    def __init__(
        self, latent_dim: int, entries: int, width: int, beta: float, learning: str, decay: float, restart: float
    ) -> None:
        super().__init__()
        self.latent_dim, self.width, self.groups = latent_dim, width, -(-latent_dim // width)
        self.entries = (entries,) * self.groups
        self.beta, self.decay, self.restart = beta, decay, restart
        codebook = torch.randn(self.groups, entries, width)
        codebook[-1, :, width - (self.groups * width - latent_dim) :] = 0  # what a smaller last group has not
        self.by_averages = learning == "averages"
        if self.by_averages:
            self.register_buffer("codebook", codebook)
            self.register_buffer("sums", torch.zeros_like(codebook))
        else:
            self.codebook = nn.Parameter(codebook)
        self.register_buffer("counts", torch.zeros(self.groups, entries))

    def forward(self, h: Tensor, real: Tensor | None, context: Context) -> Code:
        """h (N, K, *L) -> entries. real: (N, 1, *L) or (N, K, *L), 0 where no code number counts.

        In training the codebooks learn from the batch, and ``context.generator`` draws what unused entries start from.
        """
        check_channels(h, self.latent_dim, "one a code number")
        h = at_least_float32(h)
        vectors = grouped(h, self.groups, self.width)  # (G, M, width)
        counted = None if real is None else real[:, :1].expand(len(h), 1, *h.shape[2:]).flatten() != 0  # (M,)
        if context.training:
            self._restart(vectors.detach(), counted, context.generator)
        indices = nearest_entries(vectors.detach(), self.codebook.detach())
        entries = self._taken(indices)
        z = ungrouped(entries, h)
        cost = self.beta * row_sum((h - z.detach()).square(), real)
        if not self.by_averages:
            cost = cost + row_sum((h.detach() - z).square(), real)
        if context.training:
            self._learn(vectors.detach(), indices, counted)
        return Code(straight_through(h, z), cost, indices=self._placed(indices, h))

    def mode(self, h: Tensor) -> Tensor:
        """The nearest entries, (N, K, *L)."""
        check_channels(h, self.latent_dim, "one a code number")
        h = at_least_float32(h)
        return ungrouped(self._taken(nearest_entries(grouped(h, self.groups, self.width), self.codebook)), h)

    def indices(self, z: Tensor) -> Tensor:
        """Which entries are nearest, (N, K, *L) -> (N, *L, G)."""
        check_channels(z, self.latent_dim, "one a code number")
        return self._placed(nearest_entries(grouped(z, self.groups, self.width), self.codebook), z)

    def entry(self, indices: Tensor) -> Tensor:
        """The entries that are meant, (N, *L, G) -> (N, K, *L)."""
        taken = self._taken(indices.reshape(-1, self.groups).T)
        like = taken.new_empty(len(indices), self.latent_dim, *indices.shape[1:-1])
        return ungrouped(taken, like)

    def _taken(self, indices: Tensor) -> Tensor:
        """Entries (G, M, width) of indices (G, M)."""
        return self.codebook.gather(1, indices[:, :, None].expand(*indices.shape, self.width))

    def _placed(self, indices: Tensor, like: Tensor) -> Tensor:
        """(G, M) -> (N, *L, G)."""
        return indices.T.reshape(len(like), *like.shape[2:], self.groups)

    @torch.no_grad()
    def _restart(self, vectors: Tensor, counted: Tensor | None, generator: torch.Generator) -> None:
        """Put entries that are hardly used on vectors of the batch."""
        weights = vectors.new_ones(vectors.shape[1]) if counted is None else counted.to(vectors.dtype)
        equal = weights.sum() / self.counts.shape[1]
        unused = (self.counts < self.restart * equal) | (self.counts == 0)  # (G, E); no entry stands without a vector
        again = counted is not None or vectors.shape[1] < self.counts.shape[1]  # draw one twice only where there are too few
        drawn = torch.multinomial(weights.expand(self.groups, -1), self.counts.shape[1], again, generator=generator)  # (G, E)
        new = vectors.gather(1, drawn[..., None].expand(self.codebook.shape))
        self.codebook.copy_(torch.where(unused[..., None], new, self.codebook))
        self.counts.copy_(torch.where(unused, equal.to(self.counts.dtype), self.counts))
        if self.by_averages:
            self.sums.copy_(torch.where(unused[..., None], new * equal, self.sums))

    @torch.no_grad()
    def _learn(self, vectors: Tensor, indices: Tensor, counted: Tensor | None) -> None:
        """Moving averages of use, and of the vectors of each entry, which become the codebook."""
        entries = self.counts.shape[1]
        self.counts.copy_(moved(self.counts, entry_counts(indices, entries, counted).to(self.counts.dtype), self.decay))
        if self.by_averages:
            self.sums.copy_(moved(self.sums, entry_sums(vectors, indices, entries, counted), self.decay))
            self.codebook.copy_(averaged_codebook(self.counts, self.sums))

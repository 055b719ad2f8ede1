"""Sparse codes: many numbers, few of them in use for any one row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from diabolo.errors import ParameterError
from diabolo.maths.divergences import kl_bernoulli
from diabolo.maths.precision import at_least_float32
from diabolo.maths.rows import row_sum
from diabolo.parts.bottlenecks.activations import ACTIVATIONS, check_channels
from diabolo.parts.bottlenecks.base import Bottleneck, Neck
from diabolo.records import Code, Context
from diabolo.spec import option


@final
@dataclass
class SparseL1(Bottleneck):
    """``z = activation(h)``, ``cost = weight * sum |z|``: most numbers of a code become small.

    With "relu" (the default) they become exactly zero; with "none" a code number can be negative, and only comes near
    zero. The cost stands beside a negative log-likelihood summed over cells. It falls when the code shrinks and the
    decoder's weights grow instead, so a run without weight decay can escape part of it.

    References: Olshausen & Field 1996, https://doi.org/10.1038/381607a0; Glorot, Bordes & Bengio 2011,
    https://proceedings.mlr.press/v15/glorot11a.html
    """

    name: ClassVar[str] = "sparse-l1"

    weight: float = option(0.03, "price of one unit of activity, beside nats a row", low=0.0)
    activation: str = option("relu", "last function of the encoder", choices=("relu", "none"))

    def build(self, latent_dim: int) -> SparseL1Neck:
        """The module; it has no parameters."""
        return SparseL1Neck(latent_dim, self.weight, self.activation)


@final
class SparseL1Neck(Neck):
    """A code of ``latent_dim`` channels that pays for its absolute values, h (N, K, *L) -> z (N, K, *L)."""

    def __init__(self, latent_dim: int, weight: float, activation: str) -> None:
        super().__init__()
        self.latent_dim, self.weight, self.activation = latent_dim, weight, activation

    def forward(self, h: Tensor, real: Tensor | None, context: Context) -> Code:
        """h (N, K, *L) -> the code. real: (N, 1, *L) or (N, K, *L), 0 where a number is free."""
        z = self.mode(h)
        return Code(z, cost=self.weight * row_sum(z.abs(), real))

    def mode(self, h: Tensor) -> Tensor:
        """activation(h), (N, K, *L)."""
        check_channels(h, self.latent_dim, "one a code number")
        return ACTIVATIONS[self.activation](at_least_float32(h))


@final
@dataclass
class SparseKL(Bottleneck):
    """``z = sigmoid(h)``, ``cost = weight * sum_j KL(target ‖ activity_j)``: each number is rarely on.

    ``activity_j`` is the mean of z_j over the batch, and over positions where there are any; the divergence is that of
    two coins, :func:`~diabolo.maths.divergences.kl_bernoulli`. It is a property of the batch, not of a row: every row
    is charged the same, and the mean over rows is the published penalty. So batches should be large beside
    ``1 / target``, and the cost of a row depends on the rows beside it. A number at several positions is charged at each.

    Reference: Ng 2011, Sparse autoencoder, CS294A lecture notes, https://web.stanford.edu/class/cs294a/sparseAutoencoder.pdf
    (beside half the squared error, which is the gaussian likelihood of std 1; the course's exercise takes weight 3)
    """

    name: ClassVar[str] = "sparse-kl"

    target: float = option(0.05, "mean activity each code number should have", low=0.0001, high=0.9999)
    weight: float = option(1.0, "price of one nat of divergence, beside nats a row", low=0.0)

    def build(self, latent_dim: int) -> SparseKLNeck:
        """The module; it has no parameters."""
        return SparseKLNeck(latent_dim, self.target, self.weight)


@final
class SparseKLNeck(Neck):
    """A sigmoid code of ``latent_dim`` channels with a mean activity to keep, h (N, K, *L) -> z (N, K, *L)."""

    def __init__(self, latent_dim: int, target: float, weight: float) -> None:
        super().__init__()
        self.latent_dim, self.target, self.weight = latent_dim, target, weight

    def forward(self, h: Tensor, real: Tensor | None, context: Context) -> Code:
        """h (N, K, *L) -> the code. real: (N, 1, *L) or (N, K, *L), 0 where a number is neither averaged nor charged."""
        z = self.mode(h)
        counted = torch.ones_like(z) if real is None else real.to(z.dtype).expand_as(z)
        others = [d for d in range(z.ndim) if d != 1]
        activity = (z * counted).sum(others, keepdim=True) / counted.sum(others, keepdim=True).clamp(min=1)  # (1, K, 1...)
        return Code(z, cost=self.weight * row_sum(kl_bernoulli(self.target, activity) * counted))

    def mode(self, h: Tensor) -> Tensor:
        """sigmoid(h), (N, K, *L)."""
        check_channels(h, self.latent_dim, "one a code number")
        return torch.sigmoid(at_least_float32(h))


@final
@dataclass
class TopK(Bottleneck):
    """``z = h`` where h is among the k largest numbers of its code, else 0: a sparse code at no cost.

    The k largest are taken by value, not by absolute value, as in the paper, at every position of a map or sequence
    anew. Training and inference use the same k. Only the numbers kept get a gradient.

    Reference: Makhzani & Frey 2013, https://arxiv.org/abs/1312.5663
    """

    name: ClassVar[str] = "top-k"

    k: int | None = option(None, "numbers of a code that stay; none is a quarter of latent_dim, at least one", low=1)

    def build(self, latent_dim: int) -> TopKNeck:
        """The module; it has no parameters. Raises ParameterError where k is more than latent_dim."""
        k = max(1, latent_dim // 4) if self.k is None else int(self.k)
        if k > latent_dim:
            raise ParameterError(f"top-k.k must be at most latent_dim, {latent_dim}, got {k}. Lower k, or raise latent_dim.")
        return TopKNeck(latent_dim, k)


@final
class TopKNeck(Neck):
    """A code of ``latent_dim`` channels of which k are not zero, h (N, K, *L) -> z (N, K, *L)."""

    def __init__(self, latent_dim: int, k: int) -> None:
        super().__init__()
        self.latent_dim, self.k = latent_dim, k

    def forward(self, h: Tensor, real: Tensor | None, context: Context) -> Code:
        """h (N, K, *L) -> the code; its cost is 0. ``real`` and ``context`` have nothing to say here."""
        z = self.mode(h)
        return Code(z, cost=z.new_zeros(len(z)))

    def mode(self, h: Tensor) -> Tensor:
        """h where it is among the k largest of its channels, else 0, (N, K, *L)."""
        check_channels(h, self.latent_dim, "one a code number")
        h = at_least_float32(h)
        kept = h.topk(self.k, dim=1).indices  # (N, k, *L)
        return h * torch.zeros_like(h).scatter(1, kept, 1.0)

"""The Bernoulli likelihood: binary cross-entropy, told in nats."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.nn import functional

from diabolo.errors import ParameterError
from diabolo.maths.precision import at_least_float32
from diabolo.maths.ranges import unbounded
from diabolo.maths.rows import cross_entropy
from diabolo.parts.likelihoods.base import Head, Likelihood, Output
from diabolo.parts.likelihoods.shapes import check_alike
from diabolo.records import Batch, Layout
from diabolo.spec import option


@final
@dataclass
class Bernoulli(Likelihood):
    """``p(x = 1|z) = sigmoid(logit(z))`` for each cell; ``-log p = -x log p - (1 - x) log(1 - p)``, data in [0, 1].

    For bits this is a log-probability. Grey values are no bits; binarize says what becomes of them:

    - "none": they stay, and -log_prob is the cross-entropy people call "bce". It equals the mean of -log p over bits
      drawn with the grey value as their chance, so it is in nats, about such bits and not about the grey values. Its
      least value is the grey values' own entropy, not 0.
    - "dynamic": bits are drawn anew whenever a batch is seen (Burda et al. 2016), which is the convention of published
      likelihoods on MNIST. Input and aim are then the same bits; where a batch has a target of its own, the target is
      drawn and the input stays, since the likelihood speaks about the target alone.

    References: Kingma & Welling 2013, appendix C.1, https://arxiv.org/abs/1312.6114; Burda et al. 2016,
    https://arxiv.org/abs/1509.00519
    """

    name: ClassVar[str] = "bernoulli"
    aliases: ClassVar[tuple[str, ...]] = ("bce",)
    everyday: ClassVar[str] = "bce"
    density: ClassVar[bool] = True
    scaled: ClassVar[bool] = False
    about: ClassVar[str] = "bits that are 1 as often as the data are bright"

    binarize: str = option("none", "what becomes of grey values", choices=("none", "dynamic"))

    def check_layout(self, layout: Layout) -> None:
        """Raise ParameterError unless the data lie in [0, 1]."""
        if layout.bounds is None or tuple(layout.bounds) != (0.0, 1.0):
            found = "are not bounded" if layout.bounds is None else f"lie in [{layout.bounds[0]}, {layout.bounds[1]}]"
            raise ParameterError(
                f"The likelihood 'bernoulli' (bce) needs data in [0, 1], these {found}. "
                "Use 'gaussian' (mse) or 'laplace' (l1), or scale the data with value_range=(0, 1)."
            )

    def build(self, layout: Layout) -> BernoulliHead:
        """The module; it has no parameters."""
        return BernoulliHead(self.binarize == "dynamic")


@final
class BernoulliHead(Head):
    """Decoder output -> Bernoulli distributions."""

    def __init__(self, dynamic: bool) -> None:
        super().__init__()
        self.dynamic = dynamic

    def start(self, mean: Tensor) -> Tensor:
        return unbounded(mean, (0.0, 1.0))

    def forward(self, params: Tensor) -> BernoulliOutput:
        """params, the logits, (N, F, *P) -> p(x|z)."""
        return BernoulliOutput(at_least_float32(params))

    def observe(self, batch: Batch, generator: torch.Generator, *, shared: bool = False) -> Batch:
        """The batch with bits in place of what the likelihood speaks about, if binarize is "dynamic"."""
        if not self.dynamic:
            return batch
        bits = _drawn(batch.aim, generator, shared)
        return dataclasses.replace(batch, x=bits) if batch.target is None else dataclasses.replace(batch, target=bits)


@final
class BernoulliOutput(Output):
    """Independent bits with the given logits, (N, F, *P)."""

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) of bits, minus the cross-entropy of grey values, (N, F, *P); computed from logits, never from p."""
        check_alike(x, self.logits)
        return -functional.binary_cross_entropy_with_logits(self.logits, x.to(self.logits.dtype), reduction="none")

    def log_mass(self, x: Tensor, step: float) -> Tensor:
        """The same as log_prob: a bit has a probability already, whatever grid the grey values came from."""
        return self.log_prob(x)

    def everyday(self, x: Tensor) -> Tensor:
        """Cross-entropy in nats, (N, F, *P)."""
        return -self.log_prob(x)

    def costs(self, x: Tensor, real: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Cross-entropy in nats, which is the everyday figure too."""
        if real is not None:
            return super().costs(x, real)
        check_alike(x, self.logits)
        nats = cross_entropy(self.logits, x.to(self.logits.dtype))
        return nats, nats.detach()

    @property
    def mean(self) -> Tensor:
        """The chance of a one, (N, F, *P)."""
        return torch.sigmoid(self.logits)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Bits, (N, F, *P), as floating-point zeros and ones."""
        return _drawn(self.mean, generator)


def _drawn(p: Tensor, generator: torch.Generator, shared: bool = False) -> Tensor:
    """Bits that are 1 with the chance p (N, ...), below 0 counts as 0, above 1 as 1; shared: one noise for all rows."""
    return (torch.rand(p.shape[1:] if shared else p.shape, generator=generator, device=p.device) < p).to(p.dtype)

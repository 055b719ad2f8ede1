"""The plain code: whatever the encoder says, within a range at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.distributions import Normal

from diabolo.errors import ParameterError
from diabolo.maths.precision import at_least_float32
from diabolo.parts.bottlenecks.activations import ACTIVATIONS, check_channels
from diabolo.parts.bottlenecks.base import Bottleneck, Neck
from diabolo.records import Code, Context
from diabolo.spec import option


@final
@dataclass
class Plain(Bottleneck):
    """``z = activation(h)``, at no cost: the code of an ordinary autoencoder.

    activation: "none" leaves the code free, which is what PCA does too; "relu" makes it nonnegative and can leave
    numbers that are never used; "sigmoid" and "tanh" keep it within (0, 1) and (-1, 1).
    prior: "normal" says that a regularizer (``mmd``, ``adversarial``) trains the codes towards a standard normal, so that new
    rows are drawn from there; by itself it changes no code.

    Reference: Hinton & Salakhutdinov 2006, https://doi.org/10.1126/science.1127647
    """

    name: ClassVar[str] = "plain"

    activation: str = option("none", "last function of the encoder", choices=tuple(ACTIVATIONS))
    prior: str = option("none", "what a regularizer trains codes towards; new rows come from it", choices=("none", "normal"))

    def check(self) -> None:
        """Also raise ParameterError where the codes' range is not the prior's."""
        super().check()
        if self.prior == "normal" and self.activation != "none":
            raise ParameterError(
                f"Codes that end in {self.activation!r} cannot become a standard normal. Use activation='none', "
                "or prior='none'."
            )

    def build(self, latent_dim: int) -> PlainNeck:
        """The module; it has no parameters."""
        return PlainNeck(latent_dim, self.activation, self.prior)


@final
class PlainNeck(Neck):
    """A plain code of ``latent_dim`` channels, h (N, K, *L) -> z (N, K, *L)."""

    origin: Tensor

    def __init__(self, latent_dim: int, activation: str, prior: str) -> None:
        super().__init__()
        self.latent_dim, self.activation, self.trained_towards = latent_dim, activation, prior
        self.register_buffer("origin", torch.zeros(()), persistent=False)  # puts the prior on the model's device

    def forward(self, h: Tensor, real: Tensor | None, context: Context) -> Code:
        """h (N, K, *L) -> the code; its cost is 0. ``real`` and ``context`` have nothing to say here."""
        z = self.mode(h)
        return Code(z, cost=z.new_zeros(len(z)))

    def mode(self, h: Tensor) -> Tensor:
        """activation(h), (N, K, *L)."""
        check_channels(h, self.latent_dim, "one a code number")
        return ACTIVATIONS[self.activation](at_least_float32(h))

    def prior(self) -> Normal | None:
        """The standard normal distribution of one code number, where codes are trained towards it."""
        if self.trained_towards == "none":
            return None
        return Normal(self.origin, torch.ones_like(self.origin), validate_args=False)

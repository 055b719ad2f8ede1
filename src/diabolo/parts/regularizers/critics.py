"""Critics: networks that tell two kinds of rows apart, and how they are asked without being taught by the question."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from diabolo.maths.precision import at_least_float32
from diabolo.parts.layers import Convolution, Dense, initialize

EPSILON = 0.01
ACTIVATION = "leaky-relu"  # passes gradients on where a critic is sure, as Radford et al. 2016 advise


@final
class Critic(nn.Module):
    """Stages, then one number: x (N, ...) -> features of the last stage (N, ...) and the logit (N,) that a row is real.

    Both in float32, whatever the stages compute in. Nothing in it mixes rows or remembers batches.
    """

    def __init__(self, stages: Sequence[nn.Module], features: int) -> None:
        super().__init__()
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(features, 1)
        initialize(self)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.stages(x)
        return at_least_float32(features), at_least_float32(self.head(features.flatten(1)).squeeze(1))


@final
@dataclass(frozen=True)
class Codes:
    """What a critic says of codes, by logits (M,), M = N * samples.

    taken: of the codes, for the model to learn from: its gradient reaches the codes and no weight of the critic. told: of the
    same, for the critic to learn from: its gradient reaches the weights and no code. others: (M, K), what codes are to be told
    from. other: said of those, for the critic.
    """

    taken: Tensor
    told: Tensor
    others: Tensor
    other: Tensor


def vector_critic(inputs: int, widths: Sequence[int], normalization: str = "none") -> Critic:
    """Fully connected layers of these widths: x (N, *P), of ``inputs`` numbers a row, is flattened."""
    sizes = (inputs, *widths)
    return Critic([nn.Flatten(), *(Dense(a, b, ACTIVATION, normalization) for a, b in pairwise(sizes))], sizes[-1])


def map_critic(shape: Sequence[int], channels: Sequence[int], normalization: str = "none") -> Critic:
    """Convolutions with these channels, each of which halves the positions, for x (N, F, *P) with shape ``(F, *P)``."""
    sizes, dims = (shape[0], *channels), len(shape) - 1
    stages = [Convolution(a, b, 3, dims, halve=True, activation=ACTIVATION, norm=normalization) for a, b in pairwise(sizes)]
    smallest = [-(-p // 2 ** len(channels)) for p in shape[1:]]
    return Critic(stages, sizes[-1] * math.prod(smallest))


def judged(critic: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """What the critic says of x (N, ...), in full precision: its slopes are taken from small differences."""
    with torch.autocast(x.device.type, enabled=False):
        found: tuple[Tensor, Tensor] = critic(x)
    return found


def frozen(critic: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """What the critic says of x (N, ...) with weights that no gradient reaches; gradients pass to x."""
    weights = {name: weight.detach() for name, weight in critic.named_parameters()}
    with torch.autocast(x.device.type, enabled=False):
        found: tuple[Tensor, Tensor] = functional_call(critic, weights, (x,))
    return found


def code_critic(code_shape: Sequence[int], widths: Sequence[int]) -> Critic:
    """Fully connected, for whole codes (N, K, *L) of the shape ``(K, *L)``."""
    return vector_critic(math.prod(code_shape), widths)


def asked_of_codes(critic: nn.Module, z: Tensor, others: Callable[[Tensor], Tensor]) -> Codes:
    """What a critic of codes says of codes z (M, K, *L), and of as many ``others``, made of them: flat and detached, (M, K)."""
    flat = at_least_float32(z.flatten(1))
    beside = others(flat.detach())
    (_, taken), (_, told), (_, other) = frozen(critic, flat), judged(critic, flat.detach()), judged(critic, beside)
    return Codes(taken, told, beside, other)


def slope(critic: nn.Module, x: Tensor, logit: Tensor, generator: torch.Generator) -> Tensor:
    """The squared norm of the critic's gradient at x (N, ...), where it says ``logit``; (N,), an estimate.

    ``((D(x + ε u) − D(x)) / ε)²`` with noise u from N(0, I) and ε = 0.01: its mean over u is ``‖∇D(x)‖²``, but for what the
    gradient changes over ε. It is forward differences that the compiler and one backward pass can do.
    """
    noise = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
    _, moved = judged(critic, x + EPSILON * noise)
    return ((moved - logit) / EPSILON).square()


def real_cost(logit: Tensor) -> Tensor:
    """``−log D`` with D = sigmoid(logit), elementwise: what a row pays that should be taken for real, or is."""
    return functional.softplus(-logit)


def fake_cost(logit: Tensor) -> Tensor:
    """``−log(1 − D)`` with D = sigmoid(logit), elementwise: what the critic pays for a row that is not real."""
    return functional.softplus(logit)


def a_row(values: Tensor, rows: int) -> Tensor:
    """values (N * samples,), a row's samples side by side -> their mean, (N,)."""
    return values.unflatten(0, (rows, -1)).mean(1)

"""Optimizers: how weights are moved, described as data, with schedule, clipping, averaging and patience."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import nn

from diabolo.errors import ParameterError
from diabolo.spec import Part, option
from diabolo.training.schedules import SCHEDULES


@dataclass
class Optimizer(Part, ABC):
    """Base of the optimizers (abstract): what all of them share.

    rate: the automatic learning rate. long_run: steps from which on it falls with the root of their number; None: never.

    The loss they see is nats a cell (the mean over rows divided by the number of cells), so that learning rates and clipping
    mean the same for a table of ten columns and a picture.
    """

    family: ClassVar[str] = "optimizer"
    rate: ClassVar[float]
    long_run: ClassVar[int | None] = None

    schedule: str = option("linear", "how the learning rate falls", choices=tuple(SCHEDULES))
    warmup: float = option(0.02, "share of the run over which the learning rate rises", low=0, high=0.9)
    weight_decay: float = option(0.0, "decoupled weight decay (L2 for sgd and adam)", low=0)
    clip: float | None = option(None, "longest gradient (norm over all weights)", low=1e-12)
    average: float = option(0.0, "decay of the moving average of the weights; 0 for none", low=0, high=0.999999)
    patience: int = option(
        0, "epochs without a better validation loss before training stops; 0: a fifth of them, at least 20", low=0
    )

    @abstractmethod
    def build(self, model: nn.Module, rate: float) -> list[torch.optim.Optimizer]:
        """The torch optimizers that together move all weights of the model."""


@final
@dataclass
class Sgd(Optimizer):
    """Stochastic gradient descent with Nesterov momentum (Sutskever et al. 2013)."""

    name: ClassVar[str] = "sgd"
    rate: ClassVar[float] = 0.5

    momentum: float = option(0.9, "share of the last move that is kept", low=0, high=0.9999)

    def build(self, model: nn.Module, rate: float) -> list[torch.optim.Optimizer]:
        nesterov = self.momentum > 0
        return [
            torch.optim.SGD(
                model.parameters(),
                lr=rate,
                momentum=self.momentum,
                weight_decay=self.weight_decay,
                nesterov=nesterov,
                fused=True,
            )
        ]


@final
@dataclass
class Adam(Optimizer):
    """Adam (Kingma & Ba 2015, https://arxiv.org/abs/1412.6980)."""

    name: ClassVar[str] = "adam"
    rate: ClassVar[float] = 2e-3

    def build(self, model: nn.Module, rate: float) -> list[torch.optim.Optimizer]:
        return [torch.optim.Adam(model.parameters(), lr=rate, weight_decay=self.weight_decay, fused=True)]


@final
@dataclass
class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101)."""

    name: ClassVar[str] = "adamw"
    rate: ClassVar[float] = 4e-3

    def build(self, model: nn.Module, rate: float) -> list[torch.optim.Optimizer]:
        return [torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=self.weight_decay, fused=True)]


@final
@dataclass
class Muon(Optimizer):
    """Muon: orthogonalized momentum for the matrices, AdamW for the rest (Jordan et al. 2024,
    https://kellerjordan.github.io/posts/muon/; scaled to AdamW's step length: Liu et al. 2025, https://arxiv.org/abs/2502.16982).

    torch's Muon takes matrices only: biases, norms and the kernels of convolutions go to AdamW.
    """

    name: ClassVar[str] = "muon"
    rate: ClassVar[float] = 2e-2
    long_run: ClassVar[int | None] = 3000  # steps; in ten times as many, 0.008 ended lower than 0.02 (LOG.md)

    iterations: int = option(3, "Newton-Schulz iterations a step; the paper has 5", low=1)

    def build(self, model: nn.Module, rate: float) -> list[torch.optim.Optimizer]:
        if not hasattr(torch.optim, "Muon"):
            raise ParameterError("optimizer 'muon' needs PyTorch 2.9 or newer; this is " + torch.__version__ + ". Use 'adamw'.")
        matrices = [p for p in model.parameters() if p.ndim == 2]
        others = [p for p in model.parameters() if p.ndim != 2]
        built: list[torch.optim.Optimizer] = []
        if matrices:
            muon = torch.optim.Muon(
                matrices, rate, weight_decay=self.weight_decay, ns_steps=self.iterations, adjust_lr_fn="match_rms_adamw"
            )
            built.append(muon)
        if others:
            built.append(torch.optim.AdamW(others, lr=min(rate, AdamW.rate), weight_decay=self.weight_decay, fused=True))
        return built


OPTIMIZERS: tuple[type[Optimizer], ...] = (Sgd, Adam, AdamW, Muon)


def for_critics(critics: Iterable[nn.Module], rate: float) -> list[torch.optim.Optimizer]:
    """What moves the weights of critics, whatever moves the model's: Adam that forgets soon (0.5, 0.99); [] without critics.

    rate: the run's learning rate; critics take it up to AdamW's. A long memory would push on in directions that were
    right before the other side moved (Radford et al. 2016, https://arxiv.org/abs/1511.06434).
    """
    weights = [p for critic in critics for p in critic.parameters()]
    return [torch.optim.Adam(weights, lr=min(rate, AdamW.rate), betas=(0.5, 0.99), fused=True)] if weights else []


def scale_rates(optimizers: Iterable[torch.optim.Optimizer], factor: float) -> None:
    """Set every group's learning rate to ``factor`` times the one it was built with."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = factor * group.setdefault("initial_lr", group["lr"])

"""Encoder: a trained encoder as a plain module of torch, with the scaling of the data inside."""

from __future__ import annotations

import copy
from typing import Any, final

import torch
from torch import Tensor, nn

from diabolo.errors import DataError
from diabolo.trained import Trained


@final
class EncoderModule(nn.Module):
    """From rows in the caller's own scale and shape to codes: (n, *row) -> (n, K), maps flattened, float32.

    What ``transform`` gives, to rounding, for any number of rows, and with gradients. It holds copies: training it leaves the
    model as it is. ``.train()`` wakes dropout and the statistics of batch normalization. Under autocast the networks run in
    what it says, scaling and code in float32.

    labels: of a conditional recipe, in the order of the columns of ``condition``; else empty.

    The state holds the scales of a table's columns too, in float64, which Apple's GPUs do not know: ``.float()`` before
    ``.to("mps")``.
    """

    def __init__(self, trained: Trained) -> None:
        super().__init__()
        model = copy.deepcopy(trained.model)
        self.scaling = trained.kind.scaling()
        self.encoder = model.encoder
        self.neck = model.bottleneck
        self.labels: tuple[Any, ...] = trained.config.labels
        self.to(trained.device)
        self.eval()

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """x: (n, *row), of any dtype. condition: (n, C) one-hot, for conditional recipes. DataError for other shapes."""
        self._check(condition)
        h, _ = self.encoder(self._own(self.scaling(x)), None, condition)
        return self.neck.mode(h.float()).flatten(1)

    def hidden(self, x: Tensor) -> Tensor:
        """x (n, F, *P), scaled already -> the encoder's last hidden layer, (n, H), maps flattened, float32."""
        self._check(None)
        return self.encoder.hidden(self._own(x)).flatten(1).float()

    def _own(self, x: Tensor) -> Tensor:
        """x in the dtype of the weights."""
        return x.to(next((p.dtype for p in self.encoder.parameters()), torch.float32))

    def _check(self, condition: Tensor | None) -> None:
        if (0 if condition is None else condition.shape[-1]) != len(self.labels):
            needs = f"a condition (n, {len(self.labels)}), one-hot over .labels" if self.labels else "no condition"
            raise DataError(f"This encoder takes {needs}; got {'none' if condition is None else tuple(condition.shape)}.")


def encoder_module(trained: Trained) -> EncoderModule:
    """The encoder as a module of its own, in evaluation mode, on the model's device."""
    return EncoderModule(trained)

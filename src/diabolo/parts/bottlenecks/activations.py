"""Last functions of an encoder: the range its code numbers may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor

from diabolo.errors import ParameterError


def _linear(h: Tensor) -> Tensor:
    return h


ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {"none": _linear, "relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}
)


def check_channels(h: Tensor, expected: int, what: str) -> None:
    """Raise ParameterError unless h is (N, expected, *L); ``what`` says what the channels are for."""
    if h.ndim < 2 or h.shape[1] != expected:
        raise ParameterError(
            f"The bottleneck expects {expected} channels from the encoder ({what}), so an output (N, {expected}, ...); "
            f"got {tuple(h.shape)}. Change the encoder's last layer, or latent_dim."
        )

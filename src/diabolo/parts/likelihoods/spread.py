"""How wide a likelihood is: one number that is given, one that is learned, or one a cell from the decoder."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from diabolo.errors import ParameterError
from diabolo.maths.precision import at_least_float32
from diabolo.maths.ranges import positive

SPREADS = ("fixed", "shared", "cell")

SPEED = 10.0
"""How much faster than other weights a shared spread learns.

Adam moves every number by about the learning rate a step, and this one has to go from log(1) to log(0.1) while a code is
still worth nothing beside it. On MNIST (784-256-16 VAE, Adam from 1e-3 to 0) 1000 steps ended at std 0.70 and -ELBO 481 nats
with speed 1, at 0.12 and -492 with speed 10; 3000 steps at 0.31 and -117, and at 0.105 and -549.
"""


def check_spread(name: str, start: float, floor: float, mode: str) -> None:
    """Raise ParameterError where a learned spread would start at or below its floor."""
    if mode != "fixed" and not start > floor:
        raise ParameterError(
            f"{name} must be above its floor, {floor}, where it is learned, got {start}. Raise it, or lower the floor."
        )


@final
class Spread(nn.Module):
    """Takes the decoder's channels apart into what locates a likelihood and what spreads it (a std, or a scale).

    mode: "fixed" is ``start`` for ever; "shared" one learned number for all cells, ``start`` at first; "cell" one a
    cell from the decoder, which gives 2F channels then, ``start`` where its last layer gives 0. Learned spreads stay
    above ``floor``.
    """

    value: Tensor

    def __init__(self, mode: str, start: float, floor: float) -> None:
        super().__init__()
        self.mode, self.start, self.floor = mode, start, floor
        if mode == "fixed":
            self.register_buffer("value", torch.tensor(float(start)), persistent=False)
        if mode == "shared":
            self.raw = nn.Parameter(torch.zeros(()))

    def forward(self, params: Tensor) -> tuple[Tensor, Tensor]:
        """params (N, outputs, *P) -> location (N, F, *P), any real number, and the spread: (), or (N, F, *P) a cell."""
        params = at_least_float32(params)
        if self.mode == "fixed":
            return params, self.value
        if self.mode == "shared":
            return params, positive(SPEED * self.raw, self.start, self.floor)
        if params.shape[1] % 2:
            raise ParameterError(
                f"A spread a cell needs an even number of channels from the decoder, got {tuple(params.shape)}."
            )
        location, raw = params.chunk(2, dim=1)
        return location, positive(raw, self.start, self.floor)

    def start_at(self, location: Tensor) -> Tensor:
        """location (F, *P) -> decoder output (outputs, *P) that says it, with the spread at its start."""
        return torch.cat([location, torch.zeros_like(location)]) if self.mode == "cell" else location

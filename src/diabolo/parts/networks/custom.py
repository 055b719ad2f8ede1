"""The user's own encoder and decoder."""

from __future__ import annotations

import copy
import dataclasses
import math
from dataclasses import dataclass
from typing import Any, ClassVar, Self, final

import torch
from torch import Tensor, nn

from diabolo.errors import ParameterError
from diabolo.parts.networks.base import Decoder, Encoder, Network, Ports
from diabolo.records import Layout
from diabolo.spec import option


@final
class CustomEncoder(Encoder):
    """Hands x to the user's module, and the condition as a second argument where there is one."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor, real: Tensor | None = None, condition: Tensor | None = None) -> tuple[Tensor, None]:
        return _call(self.module, x, condition), None


@final
class CustomDecoder(Decoder):
    """Hands z to the user's module, and the condition as a second argument where there is one."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        return _call(self.module, z, condition)


@final
@dataclass
class Custom(Network):
    """The user's own modules as the network. Fitting trains copies: the modules given stay as they are.

    encoder: takes x (N, F, *P), F fields (columns, channels) and P positions: (N, columns) for a table, (N, channels,
    height, width) for images, scaled as the kind scales them. Returns (N, wants): as many numbers as the bottleneck asks
    for, ``latent_dim`` of them, twice that for a gaussian one (means, then log σ). With ``code_positions`` it returns
    (N, wants, *code_positions), and ``latent_dim`` counts channels.
    decoder: takes z (N, latent_dim, *code_positions) and returns (N, outputs, *P): one number a cell for most likelihoods.
    These are raw: the likelihood applies the last function itself, so a decoder must not end in a sigmoid or tanh, which
    would then be applied twice and squeeze every output towards the middle of its range.

    With a conditional recipe both are called with the condition (N, C) as a second argument. Both are tried on a batch
    of zeros before training (in evaluation mode); a shape that does not fit is a ParameterError that gives both
    shapes. Weights start as given: lazy layers get their sizes, nothing is initialized anew.

    A saved model holds the weights and not the code: ``load(path, network=Custom(encoder, decoder))``.

    >>> custom = Custom(nn.Linear(7, 2), nn.Linear(2, 7))
    """

    name: ClassVar[str] = "custom"

    encoder: nn.Module | None = option(None, "module from x (N, F, *P) to (N, wants)")  # noqa: RUF009
    decoder: nn.Module | None = option(None, "module from z (N, latent_dim) to (N, outputs, *P), no last function")  # noqa: RUF009
    code_positions: tuple[int, ...] = option((), "positions of the code where it is a map, height and width say", low=1)

    def to_json(self) -> dict[str, Any]:
        """The name alone: modules are code, which a folder does not hold."""
        return {"name": self.name}

    def resolved(self, source: Layout, target: Layout, latent_dim: int, size: str) -> Self:
        self._modules()
        return dataclasses.replace(self)

    def build(self, ports: Ports) -> tuple[CustomEncoder, CustomDecoder]:
        encoder, decoder = map(copy.deepcopy, self._modules())
        code = tuple(self.code_positions)
        _try_encoder(encoder, ports, code)
        _try_decoder(decoder, ports, code)
        return CustomEncoder(encoder), CustomDecoder(decoder)

    def code_shape(self, source: Layout, channels: int) -> tuple[int, ...]:
        return (channels, *self.code_positions)

    def _modules(self) -> tuple[nn.Module, nn.Module]:
        if self.encoder is None or self.decoder is None:
            raise ParameterError(
                "The network 'custom' is made of your own modules, and a name or a saved folder does not hold them. "
                "Give them: network=Custom(encoder, decoder), or load(path, network=Custom(encoder, decoder))."
            )
        return self.encoder, self.decoder


def _call(module: nn.Module, x: Tensor, condition: Tensor | None) -> Tensor:
    return module(x) if condition is None else module(x, condition)


def _try_encoder(encoder: nn.Module, ports: Ports, code: tuple[int, ...]) -> None:
    got = _try("encoder", encoder, ports.source.shape, ports.condition)
    per, rest = divmod(ports.wants, ports.gives)
    if got != (ports.wants, *code):
        meaning = f" ({per} for each of the {ports.gives} of the code, such as mean and log σ)" if per > 1 and not rest else ""
        at = f" at each of {_shape('', code)} positions" if code else ""
        raise ParameterError(
            f"The bottleneck asks the encoder for {ports.wants} numbers a row{at}{meaning}, shape "
            f"{_shape('N', (ports.wants, *code))}; yours returned {_shape('N', got)}."
        )


def _try_decoder(decoder: nn.Module, ports: Ports, code: tuple[int, ...]) -> None:
    wanted = (ports.outputs, *ports.target.positions)
    got = _try("decoder", decoder, (ports.gives, *code), ports.condition)
    if got != wanted:
        hint = " End it with nn.Unflatten." if math.prod(got) == math.prod(wanted) else ""
        raise ParameterError(
            f"The likelihood asks the decoder for shape {_shape('N', wanted)}; yours returned {_shape('N', got)}.{hint}"
        )


def _try(what: str, module: nn.Module, shape: tuple[int, ...], condition: int) -> tuple[int, ...]:
    """The shape of one row of what the module makes of two rows of zeros."""
    example = next(module.parameters(), torch.empty(0))
    x, c = (torch.zeros(2, *s, device=example.device) for s in (shape, (condition,)))
    given = _shape("N", shape) + (f" and a condition {_shape('N', (condition,))}" if condition else "")
    was_training = module.training
    try:
        with torch.no_grad():
            got = _call(module.eval(), x, c if condition else None)
    except Exception as error:
        raise ParameterError(f"Your {what} was called with a batch of shape {given} and failed: {error}") from error
    finally:
        module.train(was_training)
    if not isinstance(got, Tensor) or got.dim() < 2 or len(got) != 2:
        found = f"shape {tuple(got.shape)} for 2 rows" if isinstance(got, Tensor) else type(got).__name__
        raise ParameterError(
            f"Your {what} was called with a batch of shape {given} and must return one tensor (N, ...), not {found}."
        )
    return tuple(got.shape[1:])


def _shape(first: str, sizes: tuple[int, ...]) -> str:
    return "(" + ", ".join([first, *map(str, sizes)] if first else map(str, sizes)) + ")"

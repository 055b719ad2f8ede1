"""What a network is: a description that builds an encoder and a decoder for data of a given layout."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self, TypeVar, final

from torch import Tensor, nn

from diabolo.errors import ParameterError
from diabolo.records import Layout
from diabolo.spec import Part

T = TypeVar("T")


@final
@dataclass(frozen=True)
class Ports:
    """What the rest of the model asks of a network.

    source: layout of what goes in. target: layout of what comes out. wants: channels the bottleneck asks of the
    encoder. gives: channels the bottleneck hands to the decoder. outputs: channels a position the likelihood asks of
    the decoder. condition: numbers in the condition vector, 0 where there is none. direct: whether the first of those outputs
    are the data as they are, with no function in between.
    """

    source: Layout
    target: Layout
    wants: int
    gives: int
    outputs: int
    condition: int = 0
    direct: bool = False


class Encoder(nn.Module, ABC):
    """Data to features (abstract)."""

    @abstractmethod
    def forward(self, x: Tensor, real: Tensor | None = None, condition: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """x (N, F, *P), real like x or None, condition (N, C) or None -> h (N, wants, *L), real at the code's positions."""

    def hidden(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """The last hidden layer, (N, H, *L): what the layer that makes h is given; h itself where nobody knows which it is."""
        return self(x, None, condition)[0]


class Decoder(nn.Module, ABC):
    """Codes to parameters of the likelihood (abstract).

    gives_back: whether, untrained, it answers with what the encoder was given, as far as the code has room.
    """

    gives_back: bool = False

    @abstractmethod
    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """z (N, gives, *L), condition (N, C) or None -> (N, outputs, *P') raw parameters, no last function."""

    def whole(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Like forward, for maps z (N, gives, *L) of any size: positions are the network's whole multiples of L."""
        params: Tensor = self(z, condition)
        return params

    def start_at(self, params: Tensor) -> None:
        """Let the untrained decoder answer with about ``params`` (outputs, *P).

        One that is the user's own, or that gives back its input, stays as it is.
        """


@dataclass
class Network(Part, ABC):
    """Base of the networks (abstract)."""

    family: ClassVar[str] = "network"

    @abstractmethod
    def resolved(self, source: Layout, target: Layout, latent_dim: int, size: str) -> Self:
        """A copy in which everything left to the data (widths, depth) is a number; kept in the model's config.

        size: one of "s", "m", "l". Raises ParameterError where the network has no meaning for such data.
        """

    @abstractmethod
    def build(self, ports: Ports) -> tuple[Encoder, Decoder]:
        """The two modules of a resolved network, initialized from torch's global generator (the caller seeds it)."""

    def code_shape(self, source: Layout, channels: int) -> tuple[int, ...]:
        """The shape ``(channels, *L)`` of one row's code; a plain vector unless the network says otherwise."""
        return (channels,)


def settled(value: T | None, what: str) -> T:
    """The value of an option that ``resolved`` has set; ParameterError where it is still left to the data."""
    if value is None:
        raise ParameterError(
            f"{what} is still left to the data. Build what resolved(source, target, latent_dim, size) returns."
        )
    return value

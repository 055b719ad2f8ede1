"""What travels between the parts: small frozen records, each tensor with its shape.

One shape convention holds everywhere inside: ``x`` is ``(N, F, *P)``, N rows, F fields (channels, columns), P
positions: ``()`` for a table, ``(H, W)`` for an image. Codes are ``(N, K, *L)``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    import torch
    from torch import Tensor
    from torch.distributions import Distribution

    from diabolo.parts.likelihoods.base import Output


@final
@dataclass(frozen=True)
class Column:
    """A column of a mixed table inside: a block of neighboring fields, of which the last says whether the cell is missing.

    start, stop: the fields are ``start <= f < stop``. levels: 0 for numbers and dates, whose fields are [value, missing]; else
    how many states a category has, whose fields are [one-hot over the states, missing]. Where missing is 1, the others are 0.
    """

    name: str
    start: int
    stop: int
    levels: int = 0

    @property
    def flag(self) -> int:
        """The field that is 1 where the cell is missing and 0 where it is there."""
        return self.stop - 1


@final
@dataclass(frozen=True)
class Layout:
    """The shape and range of the data as the parts see them.

    names: one a field (channel or column), F of them; all fields are numeric.
    positions: ``()`` for a table, ``(H, W)`` for an image.
    bounds: the range every cell lies in, or None where it is open; decides the decoder's last function.
    step: the distance between two neighbouring values where the data are whole numbers on a scale (1/255 for
        uint8 pixels), None where they are continuous; makes likelihoods of such data probabilities, not densities.
    columns: of a mixed table, which fields belong together, in order and without gaps; () where each field is for itself.
    """

    names: tuple[str, ...]
    positions: tuple[int, ...] = ()
    bounds: tuple[float, float] | None = None
    step: float | None = None
    columns: tuple[Column, ...] = ()
    _places: dict[torch.device, tuple[Tensor, Tensor]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def fields(self) -> int:
        """F, the number of channels or columns."""
        return len(self.names)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one row, ``(F, *P)``."""
        return (self.fields, *self.positions)

    @property
    def cells(self) -> int:
        """How many numbers one row has."""
        return self.fields * math.prod(self.positions)

    def real(self, x: Tensor) -> Tensor | None:
        """Which fields of x (N, F) hold something: (N, F) like x, 0 in missing cells and in all flags, 1 elsewhere. None of
        layouts without columns, where all fields do.

        >>> import torch
        >>> layout = Layout(("age", "age:missing"), columns=(Column("age", 0, 2),))
        >>> layout.real(torch.tensor([[1.5, 0.0], [0.0, 1.0]]))
        tensor([[1., 0.],
                [0., 0.]])
        """
        if not self.columns:
            return None
        flags, present = self._placed(x.device)
        return (1 - x[:, flags]) * present.to(x.dtype)

    def _placed(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """On a device: of each field the place of its column's flag, (F,); and 0 for flags, 1 for other fields, (F,)."""
        if device not in self._places:
            import torch

            flags = torch.tensor([c.flag for c in self.columns for _ in range(c.start, c.stop)], device=device)
            own = torch.arange(len(flags), device=device)
            self._places[device] = (flags, (flags != own).float())
        return self._places[device]


@final
@dataclass(frozen=True)
class Batch:
    """Rows on their way into a model.

    x: (N, F, *P) finite. target: (N, F', *P'), None where it is x itself. real: like the target, 0 where a cell is
    padding or missing and must not count, None where all are real. condition: (N, C), None for unconditional recipes.
    """

    x: Tensor
    target: Tensor | None = None
    real: Tensor | None = None
    condition: Tensor | None = None

    @property
    def aim(self) -> Tensor:
        """What the output is compared with: the target, or x itself."""
        return self.x if self.target is None else self.target


@final
@dataclass(frozen=True)
class Context:
    """Where training stands, and the only source of noise in a part.

    fraction: progress in [0, 1], 1 at inference. generator: on the tensors' device. training: False in evaluation.
    """

    fraction: float
    generator: torch.Generator
    training: bool


@final
@dataclass(frozen=True)
class Corrupted:
    """What a corruption returns.

    x: like its input. hidden: bool like x, True where cells were hidden; None if none were. judged: bool like x, True where
    the loss counts; None where it counts everywhere.
    """

    x: Tensor
    hidden: Tensor | None = None
    judged: Tensor | None = None


@final
@dataclass(frozen=True)
class Code:
    """What a bottleneck returns.

    z: (N * samples, K, *L), handed to the decoder, a row's samples side by side. cost: (N * samples,), what training pays for
    the code (0 where it is free); with more than one sample, log q(z|x) − log p(z). kl: (N, K, *L), raw KL divergence to the
    prior in nats, None where there is no density. posterior: q(z|x) or None. indices: (N, *L, G), of quantized codes which
    entry each of the G groups of channels is; None of others.
    """

    z: Tensor
    cost: Tensor
    kl: Tensor | None = None
    posterior: Distribution | None = None
    samples: int = 1
    indices: Tensor | None = None


@final
@dataclass(frozen=True)
class Penalty:
    """What a regularizer returns.

    value: (N,), already weighted. critic: (N,), what the regularizer's own critic is trained by, None where it has none. The
    value gives the critic's weights no gradient, and the critic's loss gives none to the model.
    """

    value: Tensor
    critic: Tensor | None = None


@final
@dataclass(frozen=True)
class Step:
    """One batch's way through the model, for regularizers to look at."""

    batch: Batch
    corrupted: Corrupted
    code: Code
    output: Output
    context: Context


@final
@dataclass(frozen=True)
class Loss:
    """One number a row in each, shape (N,). Nats where the likelihood is a density.

    total = reconstruction + cost + sum of penalties is what training minimizes. kl is the raw KL divergence (None
    without a posterior): reconstruction + kl is -ELBO. Of several samples reconstruction is the mean, and cost what is missing
    to minus the importance-weighted bound. everyday: the figure people know, MSE or BCE an element. perplexity: of
    the entries a batch's quantized codes use, the same for each row; None of other codes. critics: what critics are
    trained by, in the same backward pass; never in total.
    """

    total: Tensor
    reconstruction: Tensor
    cost: Tensor
    everyday: Tensor
    kl: Tensor | None = None
    perplexity: Tensor | None = None
    penalties: Mapping[str, Tensor] = field(default_factory=lambda: MappingProxyType({}))
    critics: Mapping[str, Tensor] = field(default_factory=lambda: MappingProxyType({}))

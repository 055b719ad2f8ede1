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
    _places: dict[torch.device, tuple[Tensor, Tensor, Tensor]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

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
        flags, present, _ = self._placed(x.device)
        return (1 - x[:, flags]) * present.to(x.dtype)

    @property
    def places(self) -> tuple[str, ...]:
        """What the cells of a row are called by whoever made the table: its columns, of layouts without columns the fields."""
        return tuple(c.name for c in self.columns) or self.names

    def owner(self, device: torch.device) -> Tensor:
        """Of each field the number of its column, (F,); of the field itself where there are no columns."""
        return self._placed(device)[2]

    def missing(self, x: Tensor) -> Tensor:
        """What stands in rows of a mixed table whose cells are all missing, like x but for the rows: (1, F)."""
        return (1 - self._placed(x.device)[1]).to(x.dtype)[None]

    def typical(self, mean: Tensor) -> Tensor:
        """mean (F, *P) over rows -> the mean over the cells that are there, whose fields are 0 in missing ones; 0 in flags."""
        if not self.columns:
            return mean
        flags, present, _ = self._placed(mean.device)
        return present.to(mean.dtype) * mean / (1 - mean[flags]).clamp(min=1e-6)

    def weights(self, x: Tensor) -> Tensor | None:
        """How much each field of x (N, F) counts in a mean over the cells of its row: (N, F) like x, None without columns.

        A column is one cell, whose error is the sum of its fields', so a field has the weight 1 over the number of columns that
        are there; missing cells and flags have none.
        """
        real = self.real(x)
        if real is None:
            return None
        there = real[:, [c.start for c in self.columns]].sum(1, keepdim=True)
        return real / there.clamp(min=1)

    def by_column(self, values: Tensor) -> Tensor:
        """values (N, F), summed over the fields of each column: (N, columns); as they are in layouts without columns."""
        if not self.columns:
            return values
        return values.new_zeros(len(values), len(self.columns)).index_add(1, self.owner(values.device), values)

    def _placed(self, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """On a device, (F,) each: of each field the place of its column's flag; 0 for flags, 1 for other fields; the number of
        its column."""
        if device not in self._places:
            import torch

            columns = self.columns or tuple(Column(name, i, i + 1) for i, name in enumerate(self.names))
            owner = torch.tensor([i for i, c in enumerate(columns) for _ in range(c.start, c.stop)], device=device)
            flags = torch.tensor([c.flag for c in columns], device=device)[owner]
            own = torch.arange(len(flags), device=device)
            self._places[device] = (flags, (flags != own).float(), owner)
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

"""The likelihood of mixed tables: each column its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from diabolo.errors import ParameterError
from diabolo.maths.blocks import block_sums, chosen, log_normalizers
from diabolo.maths.densities import normal_log_density
from diabolo.maths.intervals import normal_log_mass
from diabolo.maths.precision import at_least_float32
from diabolo.maths.ranges import positive
from diabolo.maths.rows import row_sum
from diabolo.parts.likelihoods.base import Head, Likelihood, Output
from diabolo.parts.likelihoods.shapes import check_alike
from diabolo.parts.likelihoods.spread import SPEED, SPREADS, check_spread
from diabolo.records import Layout
from diabolo.spec import option

RARE = 1e-4
"""Least probability a state starts with: one that no row of the training has must not start at minus infinity."""


@final
@dataclass
class Mixed(Likelihood):
    """``log p(x|z) = Σ_numbers log N(x; mean(z), std²) + Σ_categories log softmax(logits(z))[state of x]``.

    A number's (or date's) two channels are its mean and, with ``variance="cell"``, its raw spread; a category's are the logits
    of its states, and one that says nothing. A column's log-probability stands in its first field, 0 in its others. What a
    category costs and what a number costs are then in the same unit, nats, and no weight has to be found between them.

    variance says where the numbers' ``std`` comes from, in the units the model sees (a column scaled by its quartiles):

    - "shared": learned, one a column, for all rows; its optimum is the root of the column's mean squared error.
    - "cell": one a cell, from the decoder: the model says where it is unsure.
    - "fixed": ``std`` itself.

    The floor ``min_std`` keeps columns that are nearly always the same number from ruling the loss: at such a column a density
    has no upper limit (Mattei & Frellsen 2018). On held-out rows of the adult table (VAE, 1000 steps, two seeds) "shared" with
    this floor had -ELBOs of -13.4 and -13.2 nats, with a floor of 0.01 -12.9 and -12.6; "cell" -12.4, and -9.9 with 0.01.

    The everyday figure is the squared error of a column: ``(x - mean)²`` of numbers; ``Σ (x - p)²`` over the states of
    categories, which is the score of Brier (1950), between 0 and 2.

    References: Nazábal et al. 2020, Handling incomplete heterogeneous data using VAEs, section 2,
    https://arxiv.org/abs/1807.03653; https://arxiv.org/abs/1802.04826; https://doi.org/10.1175/1520-0493(1950)078
    """

    name: ClassVar[str] = "mixed"
    everyday: ClassVar[str] = "mse"
    density: ClassVar[bool] = True
    drawn: ClassVar[bool] = True

    variance: str = option("shared", "where the spread of numbers comes from", choices=SPREADS)
    std: float = option(1.0, "the standard deviation of numbers, or where it starts when it is learned", low=1e-6)
    min_std: float = option(0.1, "floor of a learned standard deviation", low=1e-6)

    def check(self) -> None:
        """Also raise ParameterError where a learned std would not start above its floor."""
        super().check()
        check_spread("mixed.std", self.std, self.min_std, self.variance)

    def check_layout(self, layout: Layout) -> None:
        """Raise ParameterError for data without columns: pictures, and tables that hold nothing but numbers."""
        if not layout.columns:
            raise ParameterError(
                f"The likelihood 'mixed' is for tables with columns of several kinds; rows here are {layout.shape} plain "
                "numbers. Use 'gaussian' (mse) or 'laplace' (l1), or read the table with kind=\"mixed\"."
            )

    def build(self, layout: Layout) -> MixedHead:
        """The module; with a shared std it has a parameter for each column of numbers."""
        return MixedHead(layout, self.variance, self.std, self.min_std)


@final
class MixedHead(Head):
    """Decoder output -> a distribution a column.

    values: (M,), the first field of each column of numbers. first: (K,), of each category. states: (S,), the fields of all
    states of all categories; owner: (S,), which category each is of.
    """

    values: Tensor
    first: Tensor
    states: Tensor
    owner: Tensor

    def __init__(self, layout: Layout, variance: str, std: float, min_std: float) -> None:
        super().__init__()
        self.layout = layout
        numbers, categories = [c for c in layout.columns if not c.levels], [c for c in layout.columns if c.levels]
        places = {
            "values": [c.start for c in numbers],
            "first": [c.start for c in categories],
            "states": [f for c in categories for f in range(c.start, c.flag)],
            "owner": [i for i, c in enumerate(categories) for _ in range(c.levels)],
        }
        for name, fields in places.items():
            self.register_buffer(name, torch.tensor(fields, dtype=torch.int64), persistent=False)
        self.variance, self.std, self.min_std = variance, std, min_std
        if variance == "shared" and numbers:
            self.raw = nn.Parameter(torch.zeros(len(numbers)))

    def start(self, mean: Tensor) -> Tensor:
        """mean (F,) of rows, in which missing cells are 0: outputs start at means and shares of the cells that are there."""
        mean, params = self.layout.typical(mean), torch.zeros_like(mean)
        params[self.values] = mean[self.values]
        params[self.states] = (mean[self.states] + RARE).log()
        return params

    def forward(self, params: Tensor) -> MixedOutput:
        """params (N, F) -> p(x|z)."""
        params = at_least_float32(params)
        return MixedOutput(self, params, self._spread(params))

    def _spread(self, params: Tensor) -> Tensor:
        """The standard deviations of numbers, (M,) or (N, M)."""
        if self.variance == "cell":
            return positive(params[:, self.values + 1], self.std, self.min_std)
        if self.variance == "shared" and len(self.values):
            return positive(SPEED * self.raw, self.std, self.min_std)
        return params.new_full(self.values.shape, self.std)


@final
class MixedOutput(Output):
    """Independent columns. location (N, M): means of numbers. std: their standard deviations, (M,) or (N, M). logits (N, S)."""

    def __init__(self, head: MixedHead, params: Tensor, std: Tensor) -> None:
        self.head, self.params, self.std = head, params, std
        self.location, self.logits = params[:, head.values], params[:, head.states]

    def log_prob(self, x: Tensor) -> Tensor:
        """A column's log-density or log-probability in its first field and 0 in its others, (N, F)."""
        check_alike(x, self.params)
        numbers = normal_log_density(x[:, self.head.values], self.location, self.std)
        return self._in_first_fields(numbers, self._categories(x, self._normalizers()))

    def log_mass(self, x: Tensor, step: float) -> Tensor:
        """Like log_prob, with the log-probability of a number's bin; categories are no densities and stay what they are."""
        check_alike(x, self.params)
        numbers = normal_log_mass(x[:, self.head.values], self.location, self.std, step, None)
        return self._in_first_fields(numbers, self._categories(x, self._normalizers()))

    def everyday(self, x: Tensor) -> Tensor:
        """Squared error of a column, of a category that of its probabilities, in its first field and 0 in its others."""
        check_alike(x, self.params)
        return self._in_first_fields(*self._squares(x, self._normalizers()))

    def costs(self, x: Tensor, real: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Column by column, without a tensor of all fields: (N,) and (N,)."""
        check_alike(x, self.params)
        head, normalizers = self.head, self._normalizers()
        of = (None, None) if real is None else (real[:, head.values], real[:, head.first])
        numbers = normal_log_density(x[:, head.values], self.location, self.std)
        loss = -row_sum(numbers, of[0]) - row_sum(self._categories(x, normalizers), of[1])
        with torch.no_grad():
            squares = self._squares(x, normalizers.detach())
            return loss, row_sum(squares[0], of[0]) + row_sum(squares[1], of[1])

    @property
    def mean(self) -> Tensor:
        """Means of numbers and probabilities of states, 0 in the flags: (N, F), shaped like what goes in."""
        made = self.params.new_zeros(self.params.shape).index_copy(1, self.head.values, self.location)
        return made.index_copy(1, self.head.states, self._probabilities(self._normalizers()))

    def sample(self, generator: torch.Generator) -> Tensor:
        """A draw, (N, F): of numbers ``mean + std * noise``; of each category one state, 1 there; no cell is missing.

        A state is drawn as the largest of its logits with Gumbel noise (Gumbel 1954; Maddison et al. 2014,
        https://arxiv.org/abs/1411.0030).
        """
        head = self.head
        noise = torch.randn(self.location.shape, generator=generator, device=self.params.device, dtype=self.params.dtype)
        u = torch.rand(self.logits.shape, generator=generator, device=self.params.device, dtype=self.params.dtype)
        gumbel = -(-u.clamp(min=torch.finfo(u.dtype).tiny).log()).log()
        made = self.params.new_zeros(self.params.shape).index_copy(1, head.values, self.location + self.std * noise)
        return made.index_copy(1, head.states, chosen(self.logits + gumbel, head.owner, len(head.first)))

    def _normalizers(self) -> Tensor:
        return log_normalizers(self.logits, self.head.owner, len(self.head.first))

    def _probabilities(self, normalizers: Tensor) -> Tensor:
        return (self.logits - normalizers[:, self.head.owner]).exp()

    def _categories(self, x: Tensor, normalizers: Tensor) -> Tensor:
        """``Σ x log p`` of each category, (N, K): the log-probability of its state, 0 where the cell is missing."""
        states, count = x[:, self.head.states], len(self.head.first)
        sums = block_sums(torch.cat([states * self.logits, states]), self.head.owner, count)
        return sums[: len(x)] - sums[len(x) :] * normalizers

    def _squares(self, x: Tensor, normalizers: Tensor) -> tuple[Tensor, Tensor]:
        """(N, M) and (N, K)."""
        head = self.head
        wrong = (x[:, head.states] - self._probabilities(normalizers)).square()
        return (x[:, head.values] - self.location).square(), block_sums(wrong, head.owner, len(head.first))

    def _in_first_fields(self, numbers: Tensor, categories: Tensor) -> Tensor:
        made = numbers.new_zeros(self.params.shape).index_copy(1, self.head.values, numbers)
        return made.index_copy(1, self.head.first, categories)

"""The mixed likelihood against torch.distributions, column by column."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, distributions

from diabolo.maths.blocks import chosen, log_normalizers
from diabolo.maths.rows import row_sum
from diabolo.parts.likelihoods import Mixed
from diabolo.parts.likelihoods.base import Output
from diabolo.records import Column, Layout
from tests.helpers import MIXED, mixed_rows

X = mixed_rows(40, missing=0.0)
GONE = mixed_rows(40, missing=0.3)
PARAMS = torch.randn(40, MIXED.fields, generator=torch.Generator().manual_seed(3))
NUMBERS = [c for c in MIXED.columns if not c.levels]
CATEGORIES = [c for c in MIXED.columns if c.levels]


def output(part: Mixed | None = None, params: Tensor = PARAMS) -> Output:
    return (part or Mixed(variance="fixed", std=0.7)).build(MIXED)(params)


def test_each_column_has_the_log_probability_of_torchs_distribution() -> None:
    found = output().log_prob(X)
    for c in NUMBERS:
        expected = distributions.Normal(PARAMS[:, c.start], 0.7).log_prob(X[:, c.start])
        torch.testing.assert_close(found[:, c.start], expected)
    for c in CATEGORIES:
        state = X[:, c.start : c.flag].argmax(1)
        expected = distributions.Categorical(logits=PARAMS[:, c.start : c.flag]).log_prob(state)
        torch.testing.assert_close(found[:, c.start], expected)
    first = [c.start for c in MIXED.columns]
    assert (found.index_fill(1, torch.tensor(first), 0) == 0).all()


def test_bins_of_numbers_have_the_mass_of_torchs_distribution() -> None:
    found, step = output().log_mass(X, 0.2), 0.2
    for c in NUMBERS:
        normal = distributions.Normal(PARAMS[:, c.start].double(), 0.7)
        x = X[:, c.start].double()
        expected = (normal.cdf(x + step / 2) - normal.cdf(x - step / 2)).log()
        torch.testing.assert_close(found[:, c.start].double(), expected, rtol=1e-3, atol=1e-4)
    for c in CATEGORIES:
        assert found[:, c.start].equal(output().log_prob(X)[:, c.start])


def test_a_std_a_cell_is_the_second_channel_and_a_shared_one_the_columns() -> None:
    raw = PARAMS.clone()
    raw[:, [c.start + 1 for c in NUMBERS]] = 0.0
    starts = [c.start for c in NUMBERS]
    plain = distributions.Normal(PARAMS[:, starts], 0.3).log_prob(X[:, starts])
    for part in (Mixed(variance="cell", std=0.3), Mixed(std=0.3)):
        torch.testing.assert_close(output(part, raw).log_prob(X)[:, starts], plain, rtol=1e-4, atol=1e-5)
    other = raw.clone()
    other[5, NUMBERS[0].start + 1] = 1.0
    changed = output(Mixed(variance="cell"), other).log_prob(X) != output(Mixed(variance="cell"), raw).log_prob(X)
    assert changed.nonzero().tolist() == [[5, NUMBERS[0].start]]
    head = Mixed().build(MIXED)
    assert [p.shape for p in head.parameters()] == [(2,)]


def test_everyday_is_the_squared_error_and_briers_score() -> None:
    found = output().everyday(X)
    for c in NUMBERS:
        torch.testing.assert_close(found[:, c.start], (X[:, c.start] - PARAMS[:, c.start]).square())
    for c in CATEGORIES:
        p = PARAMS[:, c.start : c.flag].softmax(1)
        torch.testing.assert_close(found[:, c.start], (X[:, c.start : c.flag] - p).square().sum(1))
        torch.testing.assert_close(output().mean[:, c.start : c.flag], p)
    assert output().mean[:, [c.flag for c in MIXED.columns]].abs().sum() == 0


@pytest.mark.parametrize("part", [Mixed(), Mixed(variance="cell"), Mixed(variance="fixed")], ids=repr)
def test_costs_of_a_row_are_those_of_its_cells(part: Mixed) -> None:
    """And so are their gradients; missing cells cost nothing."""
    real = MIXED.real(GONE)
    assert real is not None
    params = PARAMS.double().requires_grad_()
    given = part.build(MIXED).double()(params)
    loss, everyday = given.costs(GONE.double(), real.double())
    expected = row_sum(-given.log_prob(GONE.double()), real.double())
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(everyday, row_sum(given.everyday(GONE.double()), real.double()))
    assert not everyday.requires_grad
    (one,), (two,) = (torch.autograd.grad(t.sum(), params, retain_graph=True) for t in (loss, expected))
    torch.testing.assert_close(one, two)
    assert (one[real[:, 0] == 0, 0] == 0).all()
    torch.testing.assert_close(given.costs(X.double())[0], row_sum(-given.log_prob(X.double())))


def test_a_head_starts_at_the_mean_of_the_cells_that_are_there() -> None:
    """Half of the ages are missing, which lie at 0 inside: the mean of the others is twice that of all."""
    x = mixed_rows(4000, missing=0.5)
    start = Mixed().build(MIXED).start(x.mean(0))
    assert start is not None
    mean = Mixed().build(MIXED)(start[None]).mean[0]
    for c in MIXED.columns:
        there = x[x[:, c.flag] == 0, c.start : c.flag]
        torch.testing.assert_close(mean[c.start : c.flag], there.mean(0), atol=2e-3, rtol=0)


def test_a_draw_is_one_state_of_each_category() -> None:
    draw = output().sample(torch.Generator().manual_seed(0))
    for c in CATEGORIES:
        block = draw[:, c.start : c.flag]
        assert ((block == 0) | (block == 1)).all()
        assert (block.sum(1) == 1).all()
    assert draw[:, [c.flag for c in MIXED.columns]].abs().sum() == 0


@pytest.mark.parametrize("levels", [0, 4])
def test_tables_of_one_kind_of_column(levels: int) -> None:
    width = 2 if not levels else levels + 1
    layout = Layout(
        tuple(map(str, range(3 * width))),
        columns=tuple(Column(str(i), i * width, (i + 1) * width, levels) for i in range(3)),
    )
    params = torch.zeros(5, layout.fields)
    x = torch.zeros(5, layout.fields)
    x[:, [c.start for c in layout.columns]] = 1.0
    for variance in ("shared", "cell", "fixed"):
        given = Mixed(variance=variance).build(layout)(params)
        assert given.costs(x)[0].isfinite().all()
        assert given.sample(torch.Generator().manual_seed(0)).shape == x.shape
        assert given.mean.shape == x.shape


def test_a_thousand_categories_at_once() -> None:
    """Blocks of different sizes against a softmax a block."""
    sizes = [2 + i % 7 for i in range(1000)]
    owner = torch.repeat_interleave(torch.arange(1000), torch.tensor(sizes))
    logits = 20 * torch.randn(4, len(owner), generator=torch.Generator().manual_seed(0))
    parts = logits.split(sizes, 1)
    torch.testing.assert_close(log_normalizers(logits, owner, 1000), torch.stack([p.logsumexp(1) for p in parts], 1))
    expected = torch.cat([torch.nn.functional.one_hot(p.argmax(1), p.shape[1]) for p in parts], 1)
    assert chosen(logits, owner, 1000).equal(expected.float())

"""Quantization against loops, by hand and by enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from scipy.stats import entropy
from torch import Tensor

from diabolo.maths import quantization as q


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_nearest_entry_is_that_of_a_loop() -> None:
    vectors, codebook = numbers(3, 20, 4), numbers(3, 7, 4, seed=1)
    found = q.nearest_entries(vectors, codebook)
    for g, m in itertools.product(range(3), range(20)):
        distances = [float((vectors[g, m] - e).square().sum()) for e in codebook[g]]
        assert int(found[g, m]) == int(np.argmin(distances))


def test_the_straight_through_gradient_is_that_of_the_identity() -> None:
    """d/dx of (quantized value)² is 2 · quantized: the outer derivative at the quantized value, the inner one 1."""
    x = torch.tensor([0.4, -1.7, 2.2], requires_grad=True)
    y = q.straight_through(x, x.round())
    assert torch.equal(y, torch.tensor([0.0, -2.0, 2.0]))
    y.square().sum().backward()
    assert torch.equal(x.grad, 2 * y.detach())


def test_counts_and_sums_are_those_of_a_loop() -> None:
    vectors, indices = numbers(2, 9, 3), torch.randint(4, (2, 9), generator=torch.Generator().manual_seed(0))
    real = torch.tensor([1, 1, 0, 1, 1, 1, 0, 1, 1]).bool()
    counts, sums = q.entry_counts(indices, 4, real), q.entry_sums(vectors, indices, 4, real)
    for g, e in itertools.product(range(2), range(4)):
        mine = (indices[g] == e) & real
        assert counts[g, e] == mine.sum()
        torch.testing.assert_close(sums[g, e], vectors[g][mine].sum(0))


def test_a_moving_average_by_hand() -> None:
    """decay 0.9: count 0.9·10 + 0.1·2 = 9.2, sum 0.9·20 + 0.1·(3 + 5) = 18.8, entry 18.8 / 9.2."""
    counts = q.moved(torch.tensor([[10.0]]), torch.tensor([[2.0]]), 0.9)
    sums = q.moved(torch.tensor([[[20.0]]]), torch.tensor([[[8.0]]]), 0.9)
    assert counts.item() == pytest.approx(9.2)
    assert q.averaged_codebook(counts, sums).item() == pytest.approx(18.8 / 9.2, rel=1e-4)


def test_smoothing_leaves_the_sum_of_the_counts_and_divides_by_no_zero() -> None:
    counts, sums = torch.tensor([[6.0, 0.0, 4.0]]), torch.tensor([[[6.0], [0.0], [8.0]]])
    codebook = q.averaged_codebook(counts, sums)
    torch.testing.assert_close(codebook.flatten(), torch.tensor([1.0, 0.0, 2.0]), atol=1e-4, rtol=0)


def test_perplexity_is_the_exponential_of_scipys_entropy() -> None:
    counts = np.array([[3.0, 1.0, 0.0, 4.0], [1.0, 1.0, 1.0, 1.0]])
    np.testing.assert_allclose(q.perplexity(torch.from_numpy(counts)).numpy(), np.exp(entropy(counts, axis=1)), rtol=1e-6)
    assert q.perplexity(torch.zeros(1, 3)).item() == 1.0


@pytest.mark.parametrize("levels", [(8, 5, 5, 5), (2, 3), (4,), (2,), (7, 6, 5)])
def test_the_implicit_codebook_has_every_entry_once(levels: tuple[int, ...]) -> None:
    """Indices 0 … ΠL - 1 -> digits -> levels -> digits -> indices, all levels equally far apart within [-1, 1]."""
    which, every = torch.tensor(levels), torch.arange(int(np.prod(levels)))
    codebook = q.scalar_levels(q.split_digits(every, levels), which)
    assert len({tuple(row) for row in codebook.tolist()}) == len(every)
    assert codebook.abs().max() <= 1
    assert torch.equal(q.joined_digits(q.scalar_digits(codebook, which), levels), every)
    for channel, count in enumerate(levels):
        steps = codebook[:, channel].unique().diff()
        assert len(steps) == count - 1
        torch.testing.assert_close(steps, torch.full_like(steps, 1 / (count // 2)))


@pytest.mark.parametrize("count", [2, 3, 4, 5, 8, 9])
def test_every_level_is_reached_and_none_beyond(count: int) -> None:
    h, levels = torch.linspace(-20, 20, 4001)[:, None], torch.tensor([count])
    z = q.scalar_quantized(h, levels)
    assert q.scalar_digits(z, levels).unique().tolist() == list(range(count))
    torch.testing.assert_close(z, q.scalar_levels(q.scalar_digits(z, levels), levels))


def test_values_of_the_papers_code() -> None:
    """Appendix A.1 of the paper in NumPy: bound, round, divide by half the width."""
    levels, h = np.array([8, 5, 5, 5]), numbers(50, 4).numpy() * 2
    half = (levels - 1) * (1 - 1e-3) / 2
    offset = np.where(levels % 2 == 1, 0.0, 0.5)
    expected = np.round(np.tanh(h + np.tan(offset / half)) * half - offset) / (levels // 2)
    np.testing.assert_allclose(q.scalar_quantized(torch.from_numpy(h), torch.from_numpy(levels)).numpy(), expected, atol=1e-6)


def test_the_gradient_of_a_level_is_that_of_the_bound() -> None:
    h, levels = torch.tensor([[0.3, -0.8]], requires_grad=True), torch.tensor([5, 4])
    q.scalar_quantized(h, levels).sum().backward()
    free = h.detach().clone().requires_grad_()
    (q.scalar_bounded(free, levels) / (levels // 2)).sum().backward()
    torch.testing.assert_close(h.grad, free.grad)

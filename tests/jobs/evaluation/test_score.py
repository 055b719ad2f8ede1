"""Scores: the points that stand for noise, and the bound they give against many independent draws."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from diabolo.jobs.evaluation.evaluate import evaluate
from diabolo.jobs.evaluation.score import noise_for_all, score
from tests.helpers import low_rank, quick


def points(k: int) -> torch.Tensor:
    return noise_for_all((k,), torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("k", "count"), [(1, 16), (3, 18), (8, 16), (20, 40), (32, 64), (50, 64)])
def test_points_are_balanced(k: int, count: int) -> None:
    """Their mean is 0, and up to 32 numbers their mean outer product is the identity, as of standard normal noise."""
    found = points(k)
    assert found.shape == (count, k)
    torch.testing.assert_close(found.sum(0), torch.zeros(k), atol=1e-4, rtol=0)
    if k <= 32:
        torch.testing.assert_close(found.T @ found / count, torch.eye(k), atol=1e-4, rtol=0)
    assert found.square().sum(1).mean().item() == pytest.approx(k, rel=1e-4)


def test_maps_of_codes_get_points_of_their_shape() -> None:
    assert noise_for_all((2, 3, 3), torch.Generator().manual_seed(0)).shape == (36, 2, 3, 3)


def test_the_score_is_the_bound_that_independent_draws_give() -> None:
    """The mean score against 40 evaluations with a draw of its own a row each: within five standard errors of those."""
    x = low_rank()
    trained = quick(x, "vae", latent_dim=4, epochs=60)
    drawn = [-found["negative_elbo"] for found in (evaluate(trained, x, seed=s).elbo for s in range(40)) if found]
    error = np.std(drawn, ddof=1) / np.sqrt(len(drawn))
    assert score(trained, x).values.mean() == pytest.approx(np.mean(drawn), abs=5 * error + 0.01)


def test_large_maps_of_codes_need_no_large_basis() -> None:
    """64 points of 20 000 numbers, and no matrix of 20 000 × 20 000."""
    assert noise_for_all((20, 25, 40), torch.Generator().manual_seed(0)).shape == (64, 20, 25, 40)

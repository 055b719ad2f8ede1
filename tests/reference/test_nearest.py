"""Nearest rows against scikit-learn, in blocks of any size."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors

from diabolo.maths import nearest as module
from diabolo.maths.nearest import nearest

NOISE = np.random.default_rng(0).normal(scale=0.01, size=(1797, 64))  # so that no two distances are equal
ROWS = (load_digits().data + NOISE).astype(np.float32)


@pytest.fixture(params=[None, (7, 50, 2**22), (1024, 4096, 1000)], ids=["whole", "small blocks", "few numbers at once"])
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param is not None:
        for name, value in zip(("AT_ONCE", "BLOCK", "CELLS"), request.param, strict=True):
            monkeypatch.setattr(module, name, value)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_against_scikit_learn(blocks: None, metric: str) -> None:
    items, queries = ROWS[:600], ROWS[1000:1050]
    found, distances = nearest(torch.from_numpy(queries), torch.from_numpy(items), 6, metric)
    known = NearestNeighbors(n_neighbors=6, algorithm="brute", metric=metric).fit(items.astype(float))
    far, near = known.kneighbors(queries.astype(float))
    np.testing.assert_allclose(distances.numpy(), far, atol=1e-7)
    np.testing.assert_array_equal(found.numpy(), near)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_a_row_is_not_found_by_itself(blocks: None, metric: str) -> None:
    x, own = torch.from_numpy(ROWS[:300]), torch.arange(0, 300, 3)
    found, distances = nearest(x[own], x, 4, metric, own)
    assert not (found == own[:, None]).any()
    far, _ = NearestNeighbors(n_neighbors=4, metric=metric, algorithm="brute").fit(ROWS[:300].astype(float)).kneighbors()
    np.testing.assert_allclose(distances.numpy(), far[::3], atol=1e-7)


def test_rows_far_from_the_origin_are_still_told_apart() -> None:
    x = torch.tensor([[4096.0, 1.0], [4096.0, 1.0005], [4096.0, 1.001]])
    found, distances = nearest(x[:1], x, 3)
    assert found.tolist() == [[0, 1, 2]]
    np.testing.assert_allclose(distances.numpy(), [[0, 5e-4, 1e-3]], rtol=1e-3)


def test_of_equal_ones_the_lower_row_comes_first() -> None:
    x = torch.tensor([[1.0], [3.0], [1.0], [1.0]])
    assert nearest(torch.tensor([[1.0]]), x, 4)[0].tolist() == [[0, 2, 3, 1]]


def test_few_rows_and_none() -> None:
    x = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    assert nearest(x, x, 9)[0].shape == (2, 2)
    assert nearest(x, x, 9, own=torch.arange(2))[0].tolist() == [[1], [0]]
    assert nearest(x[:0], x, 1)[0].shape == (0, 1)
    assert nearest(x, x, 2, "cosine")[1].tolist() == [[0.0, 1.0], [1.0, 1.0]]  # zeros have no direction

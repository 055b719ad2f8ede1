"""Spoiling: which cells are replaced and by what, and what the verdict makes of wins."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from diabolo.data.sources import ArraySource
from diabolo.jobs.anomalies.detector.verdict import Verdict, cells_spoiled, spoiled, wins


def test_a_fifth_of_the_cells_comes_from_one_other_row() -> None:
    x = np.arange(200.0).reshape(20, 10)
    rows = torch.arange(4, 16)
    made, own = spoiled(ArraySource(x), rows, 0).numpy(), x[4:16]
    changed = made != own
    assert cells_spoiled(10) == 2
    assert (changed.sum(axis=1) == 2).all()
    for row, moved in zip(made, changed, strict=True):
        origin = row[moved] // 10
        assert len(set(origin)) == 1
        assert 4 <= origin[0] < 16
        assert np.array_equal(row[moved] % 10, np.flatnonzero(moved))
    assert np.array_equal(made, spoiled(ArraySource(x), rows, 0).numpy())
    assert not np.array_equal(made, spoiled(ArraySource(x), rows, 1).numpy())


def test_cells_that_are_alike_are_not_taken() -> None:
    x = np.zeros((30, 5))
    x[:, 3] = np.arange(30)
    made = spoiled(ArraySource(x), torch.arange(30), 0).numpy()
    assert (made[:, 3] != x[:, 3]).all()
    assert (made[:, [0, 1, 2, 4]] == 0).all()
    same = np.full((6, 4), np.nan)
    assert np.isnan(spoiled(ArraySource(same), torch.arange(6), 0).numpy()).all()


def test_wins() -> None:
    assert wins(np.array([2.0, 1.0, 0.0]), np.array([1.0, 1.0, 1.0])).tolist() == [1.0, 0.5, 0.0]


def verdict(autoencoder: float, neighbors: float) -> Verdict:
    n = 400
    found = {name: (np.arange(n) % 100 < 100 * share).astype(float) for name, share in
             {"autoencoder": autoencoder, "linear": 0.5, "neighbors": neighbors, "all": 0.9}.items()}  # fmt: skip
    return Verdict.of(found, 2, 9)


@pytest.mark.parametrize(
    ("autoencoder", "neighbors", "better", "words"),
    [
        (0.8, 0.6, True, "The autoencoder adds to what is simpler."),
        (0.6, 0.8, False, "The autoencoder is behind nearest neighbors"),
        (0.8, 0.8, None, "the autoencoder is no better than nearest neighbors."),
    ],
)
def test_the_verdict_goes_by_two_standard_errors(autoencoder: float, neighbors: float, better: bool | None, words: str) -> None:
    found = verdict(autoencoder, neighbors)
    assert found.better is better
    assert words in str(found)
    assert "with 2 of 9 cells" in str(found)
    assert f"the autoencoder {autoencoder:.0%}" in str(found)
    mean, error = found.ahead["neighbors"]
    assert mean == pytest.approx(autoencoder - neighbors)
    if mean:
        d = abs(mean)
        assert error == pytest.approx(np.sqrt(d * (1 - d) / 399), rel=1e-2)
    assert Verdict.from_dict(json.loads(json.dumps(found.to_dict()))) == found

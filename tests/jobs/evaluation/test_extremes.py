"""Best, median and worst: they are what they are called, and PCA beside them is the twin's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from diabolo.data.sources import ArraySource
from diabolo.data.subset import Subset
from diabolo.errors import DataError
from diabolo.jobs.codes.reconstruct import reconstruction_error
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.evaluation.extremes import find_extremes, ranked
from tests.helpers import little_images, low_rank, quick

IMAGES = little_images()


def test_groups_are_ordered_and_apart() -> None:
    errors = np.random.default_rng(0).random(100)
    groups = ranked(errors, 8)
    assert [len(g) for g in groups.values()] == [8, 8, 8]
    assert errors[groups["best"]].tolist() == sorted(errors)[:8]
    assert errors[groups["worst"]].tolist() == sorted(errors)[::-1][:8]
    assert errors[groups["median"]].min() <= np.median(errors) <= errors[groups["median"]].max()


@pytest.mark.parametrize(("rows", "sizes"), [(1, [1]), (2, [1, 1]), (3, [1, 1, 1]), (7, [2, 2, 2])])
def test_few_rows_make_small_groups(rows: int, sizes: list[int]) -> None:
    groups = ranked(np.arange(rows, dtype=float), 8)
    assert [len(g) for g in groups.values()] == sizes
    everyone = np.concatenate(list(groups.values()))
    assert len(set(everyone.tolist())) == len(everyone)


def test_errors_and_pca_are_those_of_the_rows() -> None:
    trained = quick(IMAGES, "conv")
    errors = reconstruction_error(trained, IMAGES)
    found = find_extremes(trained, IMAGES, np.arange(len(IMAGES)), each=3)
    twin = linear_twin(trained)
    assert twin is not None
    for e in (e for group in found.groups.values() for e in group):
        assert e.error == pytest.approx(errors[e.row], rel=1e-5)
        assert e.label == e.row == e.index
        assert torch.equal(e.shown, torch.from_numpy(IMAGES[e.row][None] / np.float32(255)))
        expected = twin.reconstruct(e.shown.flatten()[None].numpy()).reshape(1, 8, 8)
        np.testing.assert_allclose(e.pca, expected, atol=1e-6)
    assert found.groups["worst"][0].error == pytest.approx(errors.max())
    assert found.to_dict()["groups"]["best"][0]["row"] == int(errors.argmin())


def test_rows_keep_their_numbers_in_the_whole_data() -> None:
    trained = quick(IMAGES, "conv")
    chosen = torch.tensor([70, 30, 50])
    found = find_extremes(trained, Subset(ArraySource(IMAGES), chosen), each=1)
    assert {e.row for group in found.groups.values() for e in group} == {30, 50, 70}
    assert {e.index for group in found.groups.values() for e in group} == {0, 1, 2}


def test_pairs_have_a_target_and_no_pca() -> None:
    x = low_rank(120)
    trained = quick(x, target=2 * x)
    found = find_extremes(trained, x, target=2 * x, each=2)
    e = found.groups["median"][0]
    assert e.pca is None
    assert e.pca_error is None
    np.testing.assert_allclose(trained.out_kind.natural(e.aim[None])[0], 2 * x[e.row], rtol=1e-4)
    with pytest.raises(DataError, match="target="):
        find_extremes(trained, x)

"""Damaged rows: damaged as the recipe asks, the same each time, and only where there is a damage."""

from __future__ import annotations

import numpy as np
import pytest

from diabolo.jobs.mending.repairs import find_repairs
from tests.helpers import little_images, low_rank, quick

IMAGES = little_images()
ROWS = np.array([5, 3])


def test_rows_are_damaged_and_restored() -> None:
    trained = quick(IMAGES, "denoising")
    source = trained.kind.read(IMAGES)
    found = find_repairs(trained, source, ROWS, np.arange(len(IMAGES)))
    assert [r.label for r in found] == [5, 3]
    for r in found:
        np.testing.assert_allclose(r.clean[0], IMAGES[r.label] / 255, atol=1e-6)
        assert r.damage == pytest.approx(0.3**2, rel=0.5)  # 64 cells of noise with standard deviation 0.3
        assert r.error == pytest.approx(float((r.restored - r.clean).square().mean()))
    again = find_repairs(trained, source, ROWS)
    assert all(np.array_equal(a.damaged, b.damaged) for a, b in zip(found, again, strict=True))


def test_a_table_has_hidden_cells() -> None:
    trained = quick(low_rank(), "denoising")
    (r,) = find_repairs(trained, trained.kind.read(low_rank()), np.array([0]))
    assert (r.damaged == r.clean).any()


def test_no_damage_no_repair() -> None:
    trained = quick(IMAGES, "plain")
    assert find_repairs(trained, trained.kind.read(IMAGES), ROWS) == ()

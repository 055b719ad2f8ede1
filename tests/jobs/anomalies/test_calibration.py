"""What is kept beside a model to judge rows by: from the rows it was not fitted to, and honest p-values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kstest

from diabolo import store
from diabolo.data.split import split
from diabolo.jobs.anomalies.calibration import NAME, calibration, p_values, standard
from diabolo.jobs.anomalies.traits import Traits
from tests.helpers import little_images, low_rank, quick

IMAGES = little_images(300)


def test_it_comes_from_the_held_out_rows() -> None:
    trained = quick(IMAGES)
    found = calibration(trained)
    assert found is not None
    held_out = IMAGES[split(len(IMAGES), 0.1)[1].numpy()]
    traits = Traits.of(trained, trained.kind.read(held_out), None)
    assert found.held_out
    np.testing.assert_allclose(found.misfit, traits.misfit, rtol=1e-5)
    np.testing.assert_allclose(found.cells, traits.misfits.mean(0), rtol=1e-5)
    heat = found.heat(traits.misfits)
    np.testing.assert_allclose(heat, traits.misfits / (found.cells + found.cells.mean()), rtol=1e-5)
    assert heat.mean(0).max() < 1
    assert (heat < found.usual).mean() == pytest.approx(0.99, abs=0.002)


def test_training_rows_where_none_are_held_out() -> None:
    found = calibration(quick(IMAGES, validation_fraction=0.0))
    assert found is not None
    assert (found.held_out, len(found.misfit)) == (False, len(IMAGES))


def test_models_of_damaged_pictures_know_two_groups() -> None:
    plain, denoising = (calibration(quick(IMAGES, recipe)) for recipe in ("plain", "denoising"))
    assert plain is not None
    assert denoising is not None
    assert (len(plain.seen), len(denoising.seen)) == (1, 2)


def test_it_travels_with_the_model(tmp_path: Path) -> None:
    trained = quick(IMAGES, "denoising")
    store.save(trained, tmp_path / "m")
    saved, loaded = calibration(trained), calibration(store.load(tmp_path / "m"))
    assert saved is not None
    assert loaded is not None
    assert (loaded.held_out, loaded.usual) == (saved.held_out, saved.usual)
    np.testing.assert_array_equal(loaded.cells, saved.cells)
    np.testing.assert_array_equal(loaded.seen[1][0], saved.seen[1][0])


def test_none_where_input_and_output_differ_in_shape() -> None:
    """Pictures that come out larger by a whole factor are made small again; those turned on their side cannot be."""
    trained = quick(IMAGES[:, :, :6], target=IMAGES[:, :6].transpose(0, 1, 2))
    assert NAME not in trained.companions
    assert calibration(trained) is None


def test_large_rows_are_fewer() -> None:
    found = calibration(quick(low_rank(3000, 4), validation_fraction=0.9))
    assert found is not None
    assert 1_000 <= len(found.misfit) <= 2_000


def test_p_values_keep_their_promise() -> None:
    """Of rows like the held-out ones, at most α get a p-value of α or less; counted over many draws of both."""
    random = np.random.default_rng(0)
    found = np.concatenate([p_values(random.normal(size=20), random.normal(size=99)) for _ in range(500)])
    for alpha in (0.01, 0.05, 0.2):
        assert (found <= alpha).mean() == pytest.approx(alpha, abs=0.01)
    assert p_values(np.array([9.0]), np.zeros(9)).tolist() == [0.1]  # never zero


def test_standard_does_not_mind_some_strange_rows() -> None:
    random = np.random.default_rng(0)
    known = np.concatenate([random.normal(3, 2, size=(1000, 1)), np.full((50, 1), 1e6)])
    assert standard(np.array([[5.0]]), known)[0, 0] == pytest.approx(1, abs=0.15)
    assert standard(np.ones((2, 1)), np.ones((5, 1))).tolist() == [[0], [0]]


def test_smoothed_p_values_are_uniform_however_few_and_alike_the_held_out_rows_are() -> None:
    random = np.random.default_rng(0)
    for m in (3, 8, 40):
        draws = np.round(random.exponential(size=(4_000, m + 1)), 1)  # with ties
        found = np.concatenate([p_values(row[:1], row[1:], random.random(1)) for row in draws])
        assert kstest(found, "uniform").pvalue > 0.001
        assert (found <= 0.05).mean() == pytest.approx(0.05, abs=0.012)

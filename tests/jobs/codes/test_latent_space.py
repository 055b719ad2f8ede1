"""The plane and the walks: values by their own formulas, the most active numbers first, the rest at their means."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from diabolo.errors import ParameterError, UnsupportedError
from diabolo.jobs.codes.units import units_of
from diabolo.jobs.companions import CODES
from diabolo.jobs.generation.plane import latent_plane
from diabolo.jobs.generation.walks import latent_walks
from diabolo.trained import Companion, Trained
from tests.helpers import low_rank, quick

ROWS = low_rank(200)
RNG = np.random.default_rng(0)


def with_codes(trained: Trained, z: np.ndarray) -> Trained:
    return trained.with_companion(CODES, Companion({"rows": len(z)}, {"z": z.astype(np.float32)}))


@pytest.fixture(scope="module")
def plain() -> Trained:
    """Codes of four numbers: the third varies most, then the first; the last never."""
    z = RNG.exponential(size=(500, 4)) * [2, 1, 5, 0] + [0, 1, 2, 3]
    return with_codes(quick(ROWS, latent_dim=4, epochs=1), z)


@pytest.fixture(scope="module")
def vae() -> Trained:
    """Posterior means of three numbers, one of which hardly moves."""
    return with_codes(quick(ROWS, "vae", latent_dim=3, epochs=1), RNG.normal(size=(500, 3)) * [0.9, 0.05, 1.0])


def test_units_are_ordered_by_what_they_do(plain: Trained, vae: Trained) -> None:
    units = units_of(plain)
    assert units.order.tolist() == [2, 0, 1, 3]
    assert units.active == 3
    np.testing.assert_allclose(units.std, plain.companions[CODES].arrays["z"].std(0), rtol=1e-5)
    assert (units_of(vae).order.tolist(), units_of(vae).active) == ([2, 0, 1], 2)  # 0.05² is below 0.01


def test_a_standard_normal_prior_is_cut_by_its_inverse_distribution_function(vae: Trained) -> None:
    plane = latent_plane(vae, 5)
    shares = torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9], dtype=torch.float64)
    expected = torch.distributions.Normal(0.0, 1.0).icdf(shares).numpy()
    assert (plane.numbers, plane.scale, plane.steps) == ((2, 0), "prior", 5)
    np.testing.assert_allclose(plane.across, expected, atol=1e-6)
    np.testing.assert_allclose(plane.up, expected, atol=1e-6)


def test_other_codes_are_cut_by_their_own_quantiles(plain: Trained) -> None:
    plane = latent_plane(plain, 4, (1, 2))
    z = np.sort(plain.companions[CODES].arrays["z"], axis=0)
    assert (plane.numbers, plane.scale) == ((1, 2), "codes")
    for values, number in ((plane.across, 1), (plane.up, 2)):
        below = (z[:, number][:, None] < values).mean(0)
        np.testing.assert_allclose(below, [0.125, 0.375, 0.625, 0.875], atol=0.003)


def test_lines_go_down_and_columns_go_right(plain: Trained) -> None:
    plane = latent_plane(plain, 3, (0, 2))
    codes = plane.codes.reshape(3, 3, 4)
    np.testing.assert_allclose(codes[0, :, 0], plane.across, rtol=1e-6)
    np.testing.assert_allclose(codes[:, 0, 2], plane.up[::-1], rtol=1e-6)
    np.testing.assert_allclose(codes[..., 1], units_of(plain).mean[1], rtol=1e-6)
    assert latent_plane(plain, 3).numbers == (2, 0)


def test_walks_go_three_deviations_to_both_sides(plain: Trained) -> None:
    walks = latent_walks(plain, 7)
    units = units_of(plain)
    assert (walks.numbers.tolist(), walks.active) == ([2, 0, 1], 3)
    assert walks.offsets.tolist() == [-3, -2, -1, 0, 1, 2, 3]
    np.testing.assert_allclose(walks.variances, units.std[[2, 0, 1]] ** 2)
    for walk, number in zip(walks.codes, walks.numbers, strict=True):
        expected = units.mean + np.outer(walks.offsets, np.eye(4)[number] * units.std[number])
        np.testing.assert_allclose(walk, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(walks.flat.reshape(walks.codes.shape), walks.codes)
    assert latent_walks(plain, 3, most=1).numbers.tolist() == [2]


def test_a_collapsed_code_has_no_walks(vae: Trained) -> None:
    with pytest.raises(UnsupportedError, match="it has collapsed"):
        latent_walks(with_codes(vae, RNG.normal(size=(100, 3)) * 0.01))


def test_wrong_input_says_what_was_expected(plain: Trained) -> None:
    with pytest.raises(ParameterError, match="two different numbers of the code, from 0 to 3, got"):
        latent_plane(plain, 3, (0, 4))
    with pytest.raises(ParameterError, match="two different numbers"):
        latent_plane(plain, 3, (1, 1))
    with pytest.raises(ParameterError, match="steps must be a whole number of at least 2, got 1"):
        latent_plane(plain, 1)
    with pytest.raises(ParameterError, match="steps must be"):
        latent_walks(plain, 1)
    with pytest.raises(ParameterError, match="most must be"):
        latent_walks(plain, most=0)
    with pytest.raises(UnsupportedError, match="at least two numbers, this one has 1"):
        latent_plane(quick(ROWS, latent_dim=1, epochs=1))
    with pytest.raises(UnsupportedError, match="no training codes"):
        latent_walks(dataclasses.replace(plain, companions={}))

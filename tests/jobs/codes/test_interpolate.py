"""Ways through the code: how many steps, where they begin, pass and end, and what an arc keeps."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from diabolo.data.sources import ArraySource
from diabolo.errors import ParameterError
from diabolo.jobs.codes.interpolate import (
    codes_on_the_way,
    codes_through,
    interpolate,
    interpolate_codes,
    interpolate_through,
    lines_of,
)
from diabolo.jobs.codes.reconstruct import reconstruct
from tests.helpers import little_images, low_rank, quick

STOPS = np.random.default_rng(0).normal(size=(4, 5))


@pytest.mark.parametrize("spherical", [False, True])
@pytest.mark.parametrize(("cycle", "frames"), [(False, 3 * 6 + 1), (True, 4 * 6 + 1)])
def test_every_stop_is_passed_once(spherical: bool, cycle: bool, frames: int) -> None:
    way = codes_on_the_way(STOPS, 7, spherical=spherical, cycle=cycle)
    assert way.shape == (frames, 5)
    np.testing.assert_allclose(way[:19:6], STOPS, atol=1e-12)
    np.testing.assert_allclose(way[-1], STOPS[0] if cycle else STOPS[-1], atol=1e-12)
    legs = way[lines_of(frames, 7)]
    assert legs.shape == (4 if cycle else 3, 7, 5)
    np.testing.assert_allclose(legs[1], interpolate_codes(STOPS[1], STOPS[2], 7, spherical=spherical), atol=1e-12)


def test_an_arc_keeps_the_length_and_turns_evenly() -> None:
    a, b = (v / np.linalg.norm(v) * 3 for v in STOPS[:2])
    way = interpolate_codes(a, b, 9, spherical=True)
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), 3)
    turns = [np.arccos(p @ q / 9) for p, q in itertools.pairwise(way)]
    np.testing.assert_allclose(turns, turns[0])
    straight = np.linalg.norm(interpolate_codes(a, b, 9), axis=1)
    assert straight[4] < 2.9  # a chord passes nearer to the origin
    np.testing.assert_allclose(codes_on_the_way(np.stack([a, b]), 9, spherical=True, cycle=True)[:9], way)


def test_rows_begin_pass_and_end_at_the_restored_ones() -> None:
    for x in (little_images(40), low_rank()):
        trained = quick(x, "vae", latent_dim=3, epochs=1)
        rows, shown = x[[0, 5, 9]], reconstruct(trained, x[[0, 5, 9]])
        way = interpolate_through(trained, rows, 4, cycle=True)
        np.testing.assert_allclose(way[[0, 3, 6, 9]], shown[[0, 1, 2, 0]], rtol=1e-4, atol=1e-4)
        np.testing.assert_array_equal(interpolate_through(trained, ArraySource(rows), 4, cycle=True), way)
        np.testing.assert_allclose(interpolate(trained, x[0], x[5], 4), way[:4], rtol=1e-4, atol=1e-4)


def test_one_label_for_the_whole_way() -> None:
    x, y = low_rank(), np.arange(200) % 2
    trained = quick(x, "cvae", y=y, latent_dim=2, epochs=1)
    assert interpolate_through(trained, x[[0, 2, 4]], 3, y[[0, 2, 4]]).shape == (5, 12)
    with pytest.raises(ParameterError, match="rows of one label"):
        interpolate_through(trained, x[:3], 3, y[:3])


def test_a_way_goes_somewhere() -> None:
    trained = quick(low_rank(), epochs=1)
    with pytest.raises(ParameterError, match="at least two rows"):
        codes_through(trained, low_rank()[:1], 3)
    with pytest.raises(ParameterError, match="steps"):
        codes_through(trained, low_rank()[:2], 1)

"""What holds for every density."""

import dataclasses
import inspect
import json

import numpy as np
import pytest

from diabolo.densities import DENSITIES, find
from diabolo.densities.kernel import KernelDensity
from diabolo.errors import DataError, ParameterError


def cloud(n=300, k=3, seed=0):
    generator = np.random.default_rng(seed)
    return generator.normal(size=(n, k)) @ generator.normal(size=(k, k)) + generator.normal(size=k)


pytestmark = pytest.mark.parametrize("density", DENSITIES, ids=lambda d: d.name)


def test_final_frozen_and_found_by_name(density):
    assert find(density.name) is density
    assert density.__final__
    assert not inspect.isabstract(density)
    fitted = density.fit(cloud(), 0)
    first = dataclasses.fields(fitted)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(fitted, first, None)


def test_shapes_and_seeds(density):
    fitted = density.fit(cloud(), 0)
    assert fitted.dim == 3
    assert fitted.log_prob(cloud(n=7)).shape == (7,)
    one, same, other = (fitted.sample(11, random_state=seed) for seed in (1, 1, 2))
    assert one.shape == (11, 3)
    assert one.dtype == np.float64
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    assert fitted.sample(0, random_state=0).shape == (0, 3)
    assert not np.array_equal(fitted.sample(5), fitted.sample(5))


def test_a_generator_is_drawn_from_and_the_global_one_left_alone(density):
    fitted, generator = density.fit(cloud(), np.random.default_rng(0)), np.random.default_rng(1)
    before = np.random.get_state()[1].copy()
    assert not np.array_equal(fitted.sample(5, generator), fitted.sample(5, generator))
    density.fit(cloud(), 3)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_fit_is_the_same_for_a_seed(density):
    one, same = density.fit(cloud(), 5).to_json()[1], density.fit(cloud(), 5).to_json()[1]
    for name, array in one.items():
        np.testing.assert_array_equal(array, same[name])


def test_samples_have_the_codes_mean_and_covariance(density):
    z = cloud(n=2000)
    drawn = density.fit(z, 0).sample(40_000, random_state=0)
    np.testing.assert_allclose(drawn.mean(axis=0), z.mean(axis=0), atol=0.06)
    wider = 1 + len(z) ** (-2 / 7) if density is KernelDensity else 1  # a kernel's own spread comes on top
    np.testing.assert_allclose(np.cov(drawn.T), wider * np.cov(z.T), atol=0.15)


def test_density_integrates_to_one(density):
    z = cloud(n=500, k=2)
    fitted = density.fit(z, 0)
    axis = np.linspace(-12, 12, 400)
    at = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2) + z.mean(axis=0)
    assert np.exp(fitted.log_prob(at)).sum() * (axis[1] - axis[0]) ** 2 == pytest.approx(1, abs=1e-3)


def test_scaling_a_unit_shifts_the_density_by_its_logarithm(density):
    z = cloud()
    plain, scaled = density.fit(z, 0), density.fit(z * [10, 1, 1], 0)
    np.testing.assert_allclose(scaled.log_prob(z * [10, 1, 1]), plain.log_prob(z) - np.log(10), atol=1e-2)


def test_json_there_and_back(density):
    fitted = density.fit(cloud(), 0)
    data, arrays = fitted.to_json()
    back = density.from_json(json.loads(json.dumps(data)), {name: array.copy() for name, array in arrays.items()})
    np.testing.assert_array_equal(back.log_prob(cloud()), fitted.log_prob(cloud()))
    np.testing.assert_array_equal(back.sample(9, random_state=0), fitted.sample(9, random_state=0))


def test_json_that_does_not_fit(density):
    data, arrays = density.fit(cloud(), 0).to_json()
    first = next(iter(arrays))
    with pytest.raises(DataError, match="description"):
        density.from_json({"name": "other"}, arrays)
    with pytest.raises(DataError, match="description"):
        density.from_json({**data, "more": 1}, arrays)
    with pytest.raises(DataError, match="has the arrays"):
        density.from_json(data, {k: v for k, v in arrays.items() if k != first})
    with pytest.raises(DataError, match="must be finite"):
        density.from_json(data, {**arrays, first: np.full_like(arrays[first], np.nan)})
    for name in (n for n in arrays if n.startswith("covariance")):
        with pytest.raises(DataError, match="positive definite"):
            density.from_json(data, {**arrays, name: -arrays[name]})
        with pytest.raises(DataError, match="symmetric"):
            density.from_json(data, {**arrays, name: arrays[name] + np.triu(np.ones((3, 3)), 1)})
        with pytest.raises(DataError, match="shape"):
            density.from_json(data, {**arrays, name: arrays[name][..., :2]})


@pytest.mark.parametrize("n", [2, 3, 5, 9, 21])
def test_few_codes_still_make_a_density(density, n):
    z = cloud(n=n, k=8)
    fitted = density.fit(z, 0)
    assert np.isfinite(fitted.log_prob(z)).all()
    drawn = fitted.sample(500, random_state=0)
    assert drawn.std() < 3 * z.std() + 1e-9
    assert np.linalg.matrix_rank(np.cov(drawn.T)) == 8


def test_dead_units_stay_where_they_are(density):
    z = cloud(n=200, k=4)
    z[:, 2] = 0.3
    fitted = density.fit(z, 0)
    np.testing.assert_allclose(fitted.sample(100, random_state=0)[:, 2], 0.3, atol=1e-3)
    assert np.isfinite(fitted.log_prob(z)).all()


def test_codes_that_are_all_one_point(density):
    z = np.full((50, 3), 4.0)
    fitted = density.fit(z, 0)
    np.testing.assert_allclose(fitted.sample(20, random_state=0), 4.0, atol=0.02)
    assert np.isfinite(fitted.log_prob(z)).all()


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (np.zeros((1, 3)), "at least 2 codes"),
        (np.zeros(3), "shape"),
        (np.zeros((4, 2, 2)), "Flatten"),
        (np.array([[0.0], [np.nan], [1.0]]), "in 1 rows, the first is row 1"),
    ],
)
def test_codes_that_cannot_be_fitted(density, z, message):
    with pytest.raises(DataError, match=message):
        density.fit(z, 0)


def test_codes_of_another_width(density):
    with pytest.raises(DataError, match=r"\(n, 3\)"):
        density.fit(cloud(), 0).log_prob(np.zeros((2, 4)))


def test_an_unknown_name(density):
    with pytest.raises(ParameterError, match=f"Did you mean '{density.name}'"):
        find(density.name + "s")

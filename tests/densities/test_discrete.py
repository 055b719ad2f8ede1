"""Densities of discrete codes: what holds for all, and the references of each."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from diabolo.densities import DISCRETE, autoregressive, find_discrete
from diabolo.densities.autoregressive import AutoregressiveDensity
from diabolo.densities.discrete import DiscreteDensity, Whole, drawn
from diabolo.densities.independent import IndependentDensity
from diabolo.errors import DataError, ParameterError

ENTRIES = (4, 3)
EVERY = pytest.mark.parametrize("kind", DISCRETE, ids=lambda k: k.name)


def chain(n: int = 600, seed: int = 0) -> Whole:
    """Rows (n, 4) of alphabets 4, 3, 4, 3; the second number follows from the first, the third is mostly the first."""
    generator = np.random.default_rng(seed)
    first = generator.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    third = np.where(generator.random(n) < 0.9, first, generator.integers(4, size=n))
    return np.stack([first, first % 3, third, generator.integers(3, size=n)], axis=1)


@pytest.fixture(scope="module")
def fitted() -> Mapping[type[DiscreteDensity], DiscreteDensity]:
    return {kind: kind.fit(chain(), ENTRIES, 0) for kind in DISCRETE}


Fitted = Mapping[type[DiscreteDensity], DiscreteDensity]


@EVERY
def test_frozen_and_found_by_name(kind: type[DiscreteDensity], fitted: Fitted) -> None:
    assert find_discrete(kind.name) is kind
    with pytest.raises(dataclasses.FrozenInstanceError):
        fitted[kind].entries = ()  # type: ignore[misc]
    with pytest.raises(ParameterError, match=f"Did you mean '{kind.name}'"):
        find_discrete(kind.name + "s")


@EVERY
def test_probabilities_of_all_codes_sum_to_one(kind: type[DiscreteDensity], fitted: Fitted) -> None:
    every = np.array(list(itertools.product(range(4), range(3), range(4), range(3))))
    assert np.exp(fitted[kind].log_prob(every)).sum() == pytest.approx(1, abs=1e-5)


@EVERY
def test_samples_follow_the_probabilities(kind: type[DiscreteDensity], fitted: Fitted) -> None:
    """Shares of the pairs (first, third) among 20 000 draws are those the density says, summed over the others."""
    density = fitted[kind]
    z = density.sample(10_000, random_state=0)
    assert z.dtype == np.int64
    assert (z < [4, 3, 4, 3]).all()
    every = np.array(list(itertools.product(range(4), range(3), range(4), range(3))))
    expected = np.zeros((4, 4))
    np.add.at(expected, (every[:, 0], every[:, 2]), np.exp(density.log_prob(every)))
    found = np.zeros((4, 4))
    np.add.at(found, (z[:, 0], z[:, 2]), 1 / len(z))
    np.testing.assert_allclose(found, expected, atol=0.015)


@EVERY
def test_seeds(kind: type[DiscreteDensity], fitted: Fitted) -> None:
    density = fitted[kind]
    np.testing.assert_array_equal(density.sample(9, 1), density.sample(9, 1))
    assert not np.array_equal(density.sample(50, 1), density.sample(50, 2))
    assert not np.array_equal(density.sample(50), density.sample(50))
    assert density.sample(0, 0).shape == (0, 4)
    again = kind.fit(chain(), ENTRIES, 0)
    np.testing.assert_array_equal(again.log_prob(chain(20, 1)), density.log_prob(chain(20, 1)))


@EVERY
def test_json_there_and_back(kind: type[DiscreteDensity], fitted: Fitted) -> None:
    data, arrays = fitted[kind].to_json()
    back = kind.from_json(json.loads(json.dumps(data)), {name: array.copy() for name, array in arrays.items()})
    np.testing.assert_array_equal(back.log_prob(chain(20, 1)), fitted[kind].log_prob(chain(20, 1)))
    np.testing.assert_array_equal(back.sample(9, 0), fitted[kind].sample(9, 0))


@EVERY
def test_json_that_does_not_fit(kind: type[DiscreteDensity], fitted: Fitted) -> None:
    data, arrays = fitted[kind].to_json()
    first = next(iter(arrays))
    wrong: list[tuple[Any, Any]] = [
        ({"name": "other"}, arrays),
        ({**data, "more": 1}, arrays),
        ({**data, "entries": [4, 0]}, arrays),
        ({**data, "entries": [9, 9]}, arrays),
        (data, {k: v for k, v in arrays.items() if k != first}),
        (data, {**arrays, first: np.full_like(arrays[first], np.nan)}),
        (data, {**arrays, first: arrays[first][:1]}),
    ]
    for description, given in wrong:
        with pytest.raises(DataError):
            kind.from_json(description, given)


@EVERY
@pytest.mark.parametrize(
    ("indices", "says"),
    [
        (np.zeros((1, 2), dtype=int), "at least 2 codes"),
        (np.zeros((5, 3), dtype=int), "a multiple of 2"),
        (np.zeros((5, 2)), "whole numbers"),
        (np.zeros(4, dtype=int), "shape"),
        (np.array([[0, 0], [3, 3]]), "row 1"),
        (np.array([[0, 0], [-1, 0]]), "row 1"),
    ],
)
def test_codes_that_cannot_be_fitted(kind: type[DiscreteDensity], indices: Any, says: str) -> None:
    with pytest.raises(DataError, match=says):
        kind.fit(indices, ENTRIES, 0)


@EVERY
@pytest.mark.parametrize("n", [2, 3, 11])
def test_few_codes_still_make_a_density(kind: type[DiscreteDensity], n: int) -> None:
    density = kind.fit(chain(n), ENTRIES, 0)
    assert np.isfinite(density.log_prob(chain(200, 5))).all()
    assert density.sample(20, 0).shape == (20, 4)


@EVERY
def test_one_column(kind: type[DiscreteDensity]) -> None:
    z = chain()[:, :1]
    density = kind.fit(z, (4,), 0)
    shares = np.bincount(z[:, 0], minlength=4) / len(z)
    np.testing.assert_allclose(np.exp(density.log_prob(np.arange(4)[:, None])), shares, atol=0.03)


def test_independent_codes_have_their_frequencies() -> None:
    """(count + 1/E) / (n + 1) by hand, and bits that are minus the mean logarithm to base 2."""
    z = np.array([[0, 2], [0, 2], [1, 0]])
    density = IndependentDensity.fit(z, (2, 3))
    first, second = [2.5 / 4, 1.5 / 4], [(1 + 1 / 3) / 4, (1 / 3) / 4, (2 + 1 / 3) / 4]
    np.testing.assert_allclose(density.probabilities, [[*first, 0], second])
    expected = -np.mean([np.log2(first[a] * second[b]) for a, b in z])
    assert density.bits(z) == pytest.approx(expected)


def test_what_depends_is_learned() -> None:
    """Held-out codes cost fewer bits with the network, and come near the entropy of the source, known here."""
    train, test = chain(3000), chain(2000, 1)
    independent, network = IndependentDensity.fit(train, ENTRIES), AutoregressiveDensity.fit(train, ENTRIES, 0)
    p = np.array([0.4, 0.3, 0.2, 0.1])
    repeat = -(0.925 * np.log2(0.925) + 3 * 0.025 * np.log2(0.025))  # the third: 0.9 + 0.1 / 4, or one of three others
    entropy = -(p * np.log2(p)).sum() + repeat + np.log2(3)
    assert network.bits(test) == pytest.approx(entropy, abs=0.08)
    assert independent.bits(test) > network.bits(test) + 2


@pytest.mark.parametrize("column", range(4))
def test_no_number_is_seen_by_itself_or_those_before_it(column: int, fitted: Fitted) -> None:
    """Perturbed weights, no zeros among them: another number in a column changes the logits after it, and no others."""
    density = fitted[AutoregressiveDensity]
    assert isinstance(density, AutoregressiveDensity)
    torch = autoregressive.torch
    generator = torch.Generator().manual_seed(0)
    shapes = autoregressive._shapes(4, ENTRIES, 32)
    weights = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    masked = autoregressive._masked(weights, autoregressive._masks(4, 32))
    one = torch.tensor([[1, 1, 1, 1]])
    other = one.clone()
    other[0, column] = 2
    changed = (autoregressive._logits(masked, one) != autoregressive._logits(masked, other)).any(-1)[0]
    assert changed.tolist() == [c > column for c in range(4)]


def test_an_untrained_network_gives_the_frequencies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autoregressive, "_trained", lambda start, *rest: start)
    density = AutoregressiveDensity.fit(chain(), ENTRIES, 0)
    shares = np.exp(density.weights["bias"])
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(shares[0], np.bincount(chain()[:, 0]) / 600, atol=0.02)
    alone = np.log(shares[np.arange(4), chain(30, 2)]).sum(1)
    np.testing.assert_allclose(density.log_prob(chain(30, 2)), alone, rtol=1e-4)


def test_too_many_columns_for_a_network() -> None:
    with pytest.raises(ParameterError, match="'independent'"):
        AutoregressiveDensity.fit(np.zeros((3, 1025), dtype=int), (2,), 0)


def test_entries_are_drawn_by_the_inverse_of_the_distribution_function() -> None:
    p = np.tile([0.25, 0.0, 0.5, 0.25], (5, 1))
    assert drawn(p, np.array([0.0, 0.2499, 0.25, 0.7499, 0.9999])).tolist() == [0, 0, 2, 2, 3]

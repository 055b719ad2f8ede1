"""Uses: the figures of a report's short looks are those of the jobs themselves, on the rows that are named."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

from diabolo.data.subset import Subset
from diabolo.jobs.codes.cluster import Clustering
from diabolo.jobs.codes.embed import decoded, embed
from diabolo.jobs.codes.index import build_index
from diabolo.jobs.codes.search import judge_search
from diabolo.jobs.codes.uses import Found, Uses, find_uses
from diabolo.jobs.codes.ways import Ways, look_at_ways
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.findings import Finding
from diabolo.jobs.generation.new_rows import NewRows, nearest_rows
from diabolo.parts.networks import Conv
from tests.helpers import little_images, low_rank, quick

X, Y = low_rank(120), np.arange(120) % 2
TRAINED = quick(X, latent_dim=3, epochs=3)
SOURCE = TRAINED.kind.read(X[:60])


@pytest.fixture(scope="module")
def uses() -> Uses:
    found = find_uses(TRAINED, SOURCE, Y[:60], training=TRAINED.kind.read(X[60:]))
    assert isinstance(found, Uses)
    return found


def test_there_are_as_many_clusters_as_classes_and_profiles_are_their_means(uses: Uses) -> None:
    assert isinstance(uses.clusters, Clustering)
    assert uses.clusters.clusters == 2
    assert [line.name for line in uses.clusters.table] == ["model", "pca", "data"]
    x = TRAINED.kind.encode(torch.from_numpy(X[:60])).double().numpy()
    apart = (x - x.mean(0)) / x.std(0)
    assert uses.profiles is not None
    np.testing.assert_allclose(uses.profiles[1], apart[uses.clusters.assignments == 1].mean(0), rtol=1e-6)
    free = find_uses(TRAINED, SOURCE)
    assert isinstance(free, Uses)
    assert isinstance(free.clusters, Clustering)
    assert free.clusters.suggestion is not None
    assert free.clusters.nmi is None


def test_neighbors_by_code_are_counted_among_those_in_the_data(uses: Uses) -> None:
    assert isinstance(uses.search, Found)
    index = build_index(TRAINED, SOURCE, Y[:60])
    assert uses.search.precision == judge_search(TRAINED, index, SOURCE, 5)
    z, x = embed(TRAINED, SOURCE), TRAINED.kind.encode(torch.from_numpy(X[:60])).numpy()
    twin = linear_twin(TRAINED)
    assert twin is not None
    true = five(x)
    for name, space in (("model", z), ("pca", twin.transform(x))):
        shared = np.mean([len(set(a) & set(b)) / 5 for a, b in zip(five(space), true, strict=True)])
        assert uses.search.agreement[name] == pytest.approx(shared)
    assert uses.search.near[0].tolist() == five(z)[uses.search.queries[0]].tolist()


def five(space: np.ndarray) -> np.ndarray:
    """The five nearest others of each row."""
    away = np.linalg.norm(space[:, None].astype(np.float64) - space[None], axis=2)
    np.fill_diagonal(away, np.inf)
    return away.argsort(axis=1)[:, :5]


def test_new_rows_are_judged_and_held_to_the_training(uses: Uses) -> None:
    found = uses.new_rows
    assert isinstance(found, NewRows)
    assert found.usual == "mixture"
    assert found.best == found.judgment.table[0].origin
    assert (found.better is None) == (found.best == found.usual)
    assert found.nearest is not None
    rows = TRAINED.kind.encode(torch.from_numpy(X[60:])).double()
    away = torch.cdist(found.made.double(), rows)
    np.testing.assert_allclose(found.nearest.distances, away.min(1).values, rtol=1e-6)
    assert found.nearest.near.equal(rows.float()[away.argmin(1)])
    real = torch.cdist(TRAINED.kind.encode(torch.from_numpy(X[:60])).double(), rows).min(1).values
    assert found.judgment.near == pytest.approx(np.median(real), rel=1e-5)
    assert found.to_dict()["nearest"]["usual"] == found.judgment.near
    assert nearest_rows(TRAINED, rows[:3].float(), X[60:]).distances.tolist() == [0, 0, 0]


def test_ways_are_held_to_real_rows(uses: Uses) -> None:
    found = uses.ways
    assert isinstance(found, Ways)
    ends = embed(TRAINED, Subset(SOURCE, torch.from_numpy(found.ends.ravel()))).reshape(-1, 2, 3)
    assert found.through[0, 0].numpy() == pytest.approx(decoded(TRAINED, ends[0])[0].numpy(), abs=1e-6)
    assert found.through[1, 4].numpy() == pytest.approx(decoded(TRAINED, ends.mean(1))[1].numpy(), abs=1e-5)
    assert found.faded[1, 4].numpy() == pytest.approx(decoded(TRAINED, ends[1]).mean(0).numpy(), abs=1e-5)
    assert all(Y[a] != Y[b] for a, b in found.ends)
    alone = look_at_ways(TRAINED, SOURCE)
    assert alone is not None
    assert (alone.pairs, alone.reference) == (15, 30)
    conditional = quick(X, "cvae", y=Y, epochs=1)
    alike = look_at_ways(conditional, SOURCE, Y[:60])
    assert alike is not None
    assert all(Y[a] == Y[b] for a, b in alike.ends)


def test_what_was_found_is_json(uses: Uses) -> None:
    assert json.loads(json.dumps(uses.to_dict()))["rows"] == 60


def test_where_nothing_can_be_looked_at_it_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    few = find_uses(TRAINED, TRAINED.kind.read(X[:10]))
    assert few == Finding("uses.few", {"n": 10, "least": 20})
    images = little_images(40)
    maps = quick(images, "conv", network=Conv(code="map"), epochs=1)
    assert isinstance(find_uses(maps, maps.kind.read(images)), Uses)
    with monkeypatch.context() as patch:
        patch.setattr("diabolo.jobs.codes.uses.WIDEST", 2)
        assert find_uses(maps, maps.kind.read(images)) == Finding("uses.parts")
    alike = find_uses(TRAINED, TRAINED.kind.read(np.repeat(X[:1], 30, axis=0)))
    assert alike == Finding("uses.alike")
    bare = find_uses(dataclasses.replace(TRAINED, companions={}), SOURCE)
    assert isinstance(bare, Uses)
    assert bare.new_rows == Finding("generation.few", {"least": 20})
    pairs = quick(X, target=X + 1, latent_dim=3, epochs=1)
    found = find_uses(pairs, SOURCE)
    assert isinstance(found, Uses)
    assert (found.new_rows, found.ways) == (Finding("generation.pairs"), Finding("interpolation.pairs"))
    wide = quick(little_images(40, side=17), latent_dim=257, epochs=1)
    found = find_uses(wide, wide.kind.read(little_images(40, side=17)))
    assert isinstance(found, Uses)
    assert found.new_rows == Finding("generation.wide", {"n": 257, "most": 256})


def test_wide_discrete_codes_are_drawn_from_their_own_prior(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diabolo.jobs.codes.uses.WIDEST", 2)
    images = little_images(60)
    trained = quick(images, "vqvae", epochs=8)
    found = find_uses(trained, trained.kind.read(images))
    assert isinstance(found, Uses)
    assert isinstance(found.new_rows, NewRows)
    assert found.new_rows.usual in ("independent", "autoregressive")

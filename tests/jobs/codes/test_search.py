"""An index finds what scikit-learn finds, stays with its model, and is judged beside raw data and PCA."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from diabolo import Autoencoder, store
from diabolo.data.sources import ArraySource
from diabolo.errors import DataError, ParameterError, StoreError
from diabolo.jobs.codes.embed import embed
from diabolo.jobs.codes.index import Index, build_index, fingerprint
from diabolo.jobs.codes.search import judge_search, search
from diabolo.store.files import read_arrays, write_arrays
from diabolo.trained import Trained
from tests.helpers import low_rank, quick

X, Y = (load_digits().images / 16).astype(np.float32), load_digits().target
X = 0.99 * X + 0.01 * np.random.default_rng(0).random(X.shape, dtype=np.float32)  # so that no two distances are equal
ITEMS, QUERIES = slice(0, 500), slice(1500, 1560)


@cache
def model(recipe: str = "plain", seed: int = 0) -> Trained:
    return quick(X[ITEMS], recipe, y=Y[ITEMS], latent_dim=6, epochs=4, seed=seed, validation_fraction=0.0)


@cache
def an_index() -> Index:
    return build_index(model(), X[ITEMS], Y[ITEMS])


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_what_is_found_is_what_scikit_learn_finds(metric: str) -> None:
    index = build_index(model(), X[ITEMS], Y[ITEMS], names=[f"n{i}" for i in range(500)], metric=metric)
    found = search(model(), index, X[QUERIES], 7)
    known = NearestNeighbors(n_neighbors=7, metric=metric, algorithm="brute").fit(embed(model(), X[ITEMS]).astype(float))
    far, near = known.kneighbors(embed(model(), X[QUERIES]).astype(float))
    np.testing.assert_array_equal(found.rows, near)
    np.testing.assert_allclose(found.distances, far, atol=1e-7)
    assert found.names[3, 2] == f"n{near[3, 2]}"
    np.testing.assert_array_equal(found.labels, Y[ITEMS][near])
    assert found.to_dict()["rows"][0] == near[0].tolist()


def test_an_index_is_kept_whole(tmp_path: Path) -> None:
    place = an_index().save(tmp_path / "digits.safetensors")
    kept = Index.load(place)
    for field in dataclasses.fields(Index):
        np.testing.assert_array_equal(getattr(kept, field.name), getattr(an_index(), field.name))
    found, again = (search(model(), index, X[QUERIES], 3) for index in (an_index(), place))
    np.testing.assert_array_equal(found.rows, again.rows)
    plain = build_index(model(), X[:9])
    assert Index.load(plain.save(tmp_path / "plain.safetensors")).labels is None
    assert len(plain) == 9


def test_a_model_that_is_saved_knows_its_index_again(tmp_path: Path) -> None:
    for data in (X[:100], low_rank()):
        trained = quick(data, epochs=1)
        store.save(trained, tmp_path / f"model{data.ndim}")
        assert fingerprint(store.load(tmp_path / f"model{data.ndim}")) == fingerprint(trained)


def test_an_index_of_another_model_is_refused() -> None:
    with pytest.raises(DataError, match=r"another model .* Make it again"):
        search(model(seed=1), an_index(), X[:2])
    ae = Autoencoder("plain", latent_dim=3, epochs=1, random_state=0).fit(X[:100])
    index = ae.index(X[:50], Y[:50], metric="cosine")
    assert ae.search(index, X[:2], k=3).rows.shape == (2, 3)
    with pytest.raises(DataError, match="another model"):
        ae.partial_fit(X[:100]).search(index, X[:2])


def test_scales_of_columns_belong_to_the_fingerprint() -> None:
    trained = quick(low_rank(), epochs=1)
    moved = dataclasses.replace(trained, kind=dataclasses.replace(trained.kind, mean=trained.kind.mean + 1))  # type: ignore
    assert fingerprint(moved) != fingerprint(trained)


def test_queries_of_another_size_are_refused() -> None:
    with pytest.raises(DataError, match="images of 8×8"):
        search(model(), an_index(), np.zeros((2, 9, 9), dtype=np.float32))


def test_fewer_items_than_asked_for() -> None:
    assert search(model(), build_index(model(), X[:3]), X[:2], 10).rows.shape == (2, 3)


@pytest.mark.parametrize("k", [0, -1, 2.5, True])
def test_k_is_a_whole_number(k: Any) -> None:
    with pytest.raises(ParameterError, match="at least 1"):
        search(model(), an_index(), X[:2], k)


def test_what_an_index_cannot_be_made_of() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'euclidean'"):
        build_index(model(), X[:3], metric="euclid")
    with pytest.raises(DataError, match="one name an item: there are 3"):
        build_index(model(), X[:3], names=["a"])
    with pytest.raises(DataError, match="one label an item: there are 3"):
        build_index(model(), X[:3], [1, 2])
    with pytest.raises(ParameterError, match="safetensors"):
        an_index().save("digits.pkl")


def test_files_that_are_no_index(tmp_path: Path) -> None:
    place = an_index().save(tmp_path / "a.safetensors")
    with pytest.raises(StoreError, match="no index"):
        Index.load(tmp_path / "b.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(place.read_bytes()[:100])
    with pytest.raises(StoreError, match="no whole index"):
        Index.load(tmp_path / "cut.safetensors")
    arrays = read_arrays(place)
    write_arrays(tmp_path / "other.safetensors", {"codes": arrays["codes"]})
    with pytest.raises(StoreError, match="'about' is missing"):
        Index.load(tmp_path / "other.safetensors")
    write_arrays(tmp_path / "short.safetensors", arrays | {"codes": arrays["codes"][:5]})
    with pytest.raises(StoreError, match="does not fit together"):
        Index.load(tmp_path / "short.safetensors")
    write_arrays(tmp_path / "nan.safetensors", arrays | {"codes": arrays["codes"] * np.float32("nan")})
    with pytest.raises(StoreError, match="not finite"):
        Index.load(tmp_path / "nan.safetensors")
    text = arrays["about"].tobytes().decode().replace('"schema": 1', '"schema": 9')
    write_arrays(tmp_path / "new.safetensors", arrays | {"about": np.frombuffer(text.encode(), dtype=np.uint8)})
    with pytest.raises(StoreError, match="newer"):
        Index.load(tmp_path / "new.safetensors")


def votes(items: np.ndarray, queries: np.ndarray, k: int) -> float:
    """Precision at k by scikit-learn: the share of k neighbors' votes for a query's own class."""
    found = KNeighborsClassifier(k, algorithm="brute").fit(items, Y[ITEMS]).predict_proba(queries)
    return float(found[np.arange(len(queries)), Y[QUERIES]].mean())


def test_precision_beside_raw_data_and_pca_by_scikit_learn() -> None:
    judged = judge_search(model(), an_index(), ArraySource(X[ITEMS]), 5, ArraySource(X[QUERIES]), Y[QUERIES])
    assert judged is not None
    items, queries = (X[s].reshape(-1, 64).astype(float) for s in (ITEMS, QUERIES))
    pca = PCA(6, svd_solver="full").fit(items)
    assert judged.shares["model"] == pytest.approx(votes(embed(model(), X[ITEMS]), embed(model(), X[QUERIES]), 5))
    assert judged.shares["raw"] == pytest.approx(votes(items, queries, 5))
    assert judged.shares["pca"] == pytest.approx(votes(pca.transform(items), pca.transform(queries), 5), abs=0.005)
    assert judged.shares["chance"] == pytest.approx(np.mean([(Y[ITEMS] == label).mean() for label in Y[QUERIES]]))
    assert (judged.k, judged.queries, judged.rows, judged.left_out) == (5, 60, 500, False)


def test_items_looked_for_among_the_others() -> None:
    judged = judge_search(model(), an_index(), ArraySource(X[ITEMS]), 3)
    assert judged is not None
    near = NearestNeighbors(n_neighbors=3).fit(X[ITEMS].reshape(500, -1)).kneighbors(return_distance=False)
    assert judged.shares["raw"] == pytest.approx((Y[ITEMS][near] == Y[ITEMS][:, None]).mean(), abs=0.002)
    counts = np.bincount(Y[ITEMS])
    assert judged.shares["chance"] == pytest.approx((counts * (counts - 1)).sum() / 500 / 499)
    assert judged.left_out
    assert judged.to_dict()["shares"]["model"] > 0.3


def test_queries_that_are_items_do_not_find_themselves() -> None:
    rows, n = np.concatenate([np.arange(440, 500), np.arange(1500, 1560)]), len(X[ITEMS])
    judged = judge_search(model(), an_index(), ArraySource(X[ITEMS]), 3, ArraySource(X[rows]), Y[rows])
    assert judged is not None
    codes, asked = embed(model(), X[ITEMS]).astype(float), embed(model(), X[rows]).astype(float)
    near = NearestNeighbors(n_neighbors=4, algorithm="brute").fit(codes).kneighbors(asked, return_distance=False)
    others = np.array([[i for i in line if i != row][:3] for line, row in zip(near, rows, strict=True)])
    assert judged.shares["model"] == pytest.approx((Y[others] == Y[rows, None]).mean())
    there = rows < n
    chance = [(np.sum(Y[ITEMS] == Y[row]) - is_item) / (n - is_item) for row, is_item in zip(rows, there, strict=True)]
    assert judged.shares["chance"] == pytest.approx(np.mean(chance))
    assert (judged.queries, judged.themselves, judged.left_out) == (120, 60, False)
    other = judge_search(model(), an_index(), ArraySource(X[ITEMS]), 3, ArraySource(X[rows]), (Y[rows] + 1) % 10)
    assert other is not None
    assert other.themselves == 0  # of another label: found, and counted as what it is


def test_what_has_no_label_is_not_judged() -> None:
    some = np.where(np.arange(100) < 60, Y[:100].astype(str), "")
    judged = judge_search(model(), build_index(model(), X[:100], some), ArraySource(X[:100]), 3)
    assert judged is not None
    assert (judged.queries, judged.rows) == (60, 60)  # no item without a label counts as a wrong one
    alone = judge_search(model(), build_index(model(), X[:60], Y[:60]), ArraySource(X[:60]), 3)
    assert alone is not None
    assert judged.shares == pytest.approx(alone.shares)
    for labels in (None, np.arange(100), np.linspace(0, 1, 100), np.full(100, "")):
        assert judge_search(model(), build_index(model(), X[:100], labels), ArraySource(X[:100])) is None


def test_many_rows_are_judged_by_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diabolo.jobs.codes.search.JUDGED_CELLS", 64 * 200)
    monkeypatch.setattr("diabolo.jobs.codes.search.JUDGED_QUERIES", 50)
    judged = judge_search(model(), an_index(), ArraySource(X[ITEMS]), 3)
    assert judged == judge_search(model(), an_index(), ArraySource(X[ITEMS]), 3)
    assert judged is not None
    assert (judged.queries, judged.rows) == (50, 200)


def test_labels_as_text_and_as_numbers_are_alike() -> None:
    pairs = [
        judge_search(model(), an_index(), ArraySource(X[ITEMS]), 5, ArraySource(X[:50]), y)
        for y in (Y[:50], Y[:50].astype(str))
    ]
    assert pairs[0] == pairs[1]


def test_rows_that_are_not_the_index_s_are_refused() -> None:
    with pytest.raises(DataError, match="500 items"):
        judge_search(model(), an_index(), ArraySource(X[:9]))
    with pytest.raises(DataError, match="go together"):
        judge_search(model(), an_index(), ArraySource(X[ITEMS]), 5, ArraySource(X[:5]))
    with pytest.raises(DataError, match="one label a query"):
        judge_search(model(), an_index(), ArraySource(X[ITEMS]), 5, ArraySource(X[:5]), [1, 2])


def test_a_conditional_model_needs_labels() -> None:
    trained = model("cvae")
    index = build_index(trained, X[ITEMS], Y[ITEMS])
    assert search(trained, index, X[:4], 2, Y[:4]).labels is not None
    with pytest.raises(DataError, match="conditional"):
        search(trained, index, X[:4], 2)
    with pytest.raises(DataError, match="not trained with"):
        search(trained, index, X[:4], 2, 77)
    assert judge_search(trained, index, ArraySource(X[ITEMS]), 2) is not None


def test_models_of_pairs_have_no_pca_beside_them() -> None:
    trained = quick(low_rank(), target=low_rank() + 1, epochs=1)
    judged = judge_search(trained, build_index(trained, low_rank(), np.arange(200) % 2), ArraySource(low_rank()))
    assert judged is not None
    assert sorted(judged.shares) == ["chance", "model", "raw"]

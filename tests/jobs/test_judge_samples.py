"""New rows held to real ones: the better density is told from the worse, copies are found."""

from __future__ import annotations

import numpy as np
import pytest

from diabolo.errors import DataError
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.judge_samples import judge_samples
from diabolo.jobs.reconstruct import encode_all
from diabolo.metrics.generation import frechet_distance
from diabolo.trained import Trained
from tests.helpers import low_rank, quick


def two_clouds(rows: int = 600, seed: int = 0) -> np.ndarray:
    """Rows of two kinds far from each other, (rows, 6) float32."""
    random = np.random.default_rng(seed)
    side = random.integers(0, 2, rows)[:, None] * 2 - 1
    plane = np.random.default_rng(9).normal(size=(2, 6))
    return ((random.normal(size=(rows, 2)) * 0.3 + 3 * side) @ plane + 0.05 * random.normal(size=(rows, 6))).astype(np.float32)


@pytest.fixture(scope="module")
def trained() -> Trained:
    return quick(two_clouds(), latent_dim=2, epochs=30)


def test_a_mixture_comes_nearer_than_one_gaussian(trained: Trained) -> None:
    judged = judge_samples(trained, two_clouds(300, seed=1))
    found = {line.origin: line for line in judged.table}
    assert set(found) == {"gaussian", "mixture", "kernel", "pca + gaussian"}
    assert found["mixture"].precision > found["gaussian"].precision + 0.1
    assert found["mixture"].recall > 0.6
    assert [line.origin for line in judged.table][-1] == "pca + gaussian"
    assert all(line.copies is None for line in judged.table)
    assert judged.rows == 300


def test_the_figures_are_those_of_the_rows_it_says(trained: Trained) -> None:
    from diabolo.jobs.embed import decoded
    from diabolo.jobs.sample import sample_codes

    rows = two_clouds(100, seed=1)
    judged = judge_samples(trained, rows, origins=["gaussian"], seed=5)
    made = decoded(trained, sample_codes(trained, 100, density="gaussian", random_state=5)).flatten(1).numpy()
    real = encode_all(trained, trained.kind.read(rows)).flatten(1).numpy()
    assert judged.table[0].frechet == pytest.approx(frechet_distance(real, made), rel=1e-4)
    order = np.random.default_rng(5).permutation(100)
    halves = frechet_distance(real[order[:50]], real[order[50:]])
    assert judged.floor == pytest.approx(halves, rel=1e-4)


def test_named_features_are_compared(trained: Trained) -> None:
    judged = judge_samples(
        trained, two_clouds(100, seed=1), origins=["mixture"], features=lambda x: x[:, :2], features_name="two columns"
    )
    assert judged.features == "two columns"
    assert judged.to_dict()["table"][0]["origin"] == "mixture"


def test_copies_of_training_rows_are_found(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    training, rows = two_clouds(), two_clouds(200, seed=1)
    honest = judge_samples(trained, rows, training=training, origins=["kernel"]).table[0].copies
    assert honest is not None
    assert honest < 0.2
    inside = encode_all(trained, trained.kind.read(training[:200]))
    monkeypatch.setattr("diabolo.jobs.judge_samples.decoded", lambda *_: inside)
    assert judge_samples(trained, rows, training=training, origins=["kernel"]).table[0].copies == 1


def test_labels_of_real_rows_are_those_of_new_ones() -> None:
    x = two_clouds(300)
    y = (x[:, 0] > 0).astype(int)
    judged = judge_samples(quick(x, "cvae", y=y, latent_dim=2, epochs=5), x[:100], y[:100])
    assert [line.origin for line in judged.table if line.origin.startswith("pca")] == []
    assert "prior" in {line.origin for line in judged.table}


def test_too_few_real_rows_are_refused(trained: Trained) -> None:
    with pytest.raises(DataError, match="at least 20 real ones, got 3"):
        judge_samples(trained, two_clouds(3))


def test_pca_beside_it_has_the_twins_spread() -> None:
    trained = quick(low_rank(500), latent_dim=3, epochs=2)
    twin = linear_twin(trained)
    assert twin is not None
    assert judge_samples(trained, low_rank(500), origins=["gaussian"]).table[-1].frechet < 0.5

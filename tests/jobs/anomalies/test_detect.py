"""Anomalies are found, and where; the threshold keeps its promise; simpler methods stand beside."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from sklearn.metrics import roc_auc_score

from diabolo import Autoencoder, read
from diabolo.densities.mixture import MixtureDensity
from diabolo.errors import DataError, ParameterError, UnfamiliarWarning, UnsupportedError
from diabolo.jobs.anomalies.calibration import NAME, calibration
from diabolo.jobs.anomalies.detect import detect
from diabolo.jobs.anomalies.judge import Detection, threshold_of
from diabolo.jobs.anomalies.rarity import ITERATIONS
from diabolo.jobs.anomalies.traits import Traits
from diabolo.jobs.codes.embed import embed
from diabolo.jobs.companions import linear_twin
from tests.helpers import little_images, low_rank, quick

IMAGES = little_images(400)
TRAINED = quick(IMAGES, "denoising", latent_dim=3, epochs=60)


def with_spots(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Fresh pictures, every other one with a bright square of 2 pixels a side; and where it is."""
    x, where = little_images(n, seed=1), np.zeros((n, 8, 8), dtype=bool)
    random = np.random.default_rng(0)
    for i in range(0, n, 2):
        free = np.flatnonzero(x[i, :-1].max(1) + x[i, 1:].max(1) == 0)  # lines that hold nothing
        top, left = random.choice(free), random.integers(0, 6)
        where[i, top : top + 2, left : left + 2] = True
    return np.where(where, 255, x).astype(np.uint8), where


@pytest.fixture(scope="module")
def spots() -> tuple[np.ndarray, np.ndarray, Detection]:
    x, where = with_spots()
    return x, where, detect(TRAINED, TRAINED.kind.read(x), anomalous=where.any((1, 2)), reference=IMAGES)


def test_strange_pictures_are_found_and_where(spots: tuple[np.ndarray, np.ndarray, Detection]) -> None:
    _, where, found = spots
    assert found.auc is not None
    assert found.auc["model"] > 0.95
    assert found.is_outlier[::2].mean() > 0.8
    assert found.is_outlier[1::2].mean() < 0.15
    assert found.heat.shape == where.shape
    assert roc_auc_score(where.ravel(), found.heat.ravel()) > 0.95
    np.testing.assert_array_equal(found.is_outlier, found.scores > found.threshold)
    assert (found.p_values[found.is_outlier] <= 1 / 20).all()


def test_scores_and_heat_are_their_formulas(spots: tuple[np.ndarray, np.ndarray, Detection]) -> None:
    x, _, found = spots
    known = calibration(TRAINED)
    assert known is not None
    traits = Traits.of(TRAINED, TRAINED.kind.read(x), None)
    density = MixtureDensity.fit(
        TRAINED.companions["codes"].arrays["z"].astype(np.float64), random_state=0, iterations=ITERATIONS
    )

    def robust(values: np.ndarray, usual: np.ndarray) -> np.ndarray:
        low, middle, high = np.quantile(usual, [0.25, 0.5, 0.75])
        return (values - middle) / ((high - low) / 1.349)

    rare = robust(-density.log_prob(traits.codes.astype(float)), -density.log_prob(known.codes.astype(float)))
    expected = np.logaddexp(robust(traits.misfit, known.misfit), rare)
    np.testing.assert_allclose(found.scores, expected, rtol=1e-5)
    np.testing.assert_allclose(found.heat, traits.misfits / (known.cells + known.cells.mean()), rtol=1e-5)


def test_what_stands_beside_is_what_it_says(spots: tuple[np.ndarray, np.ndarray, Detection]) -> None:
    x, where, found = spots
    twin = linear_twin(TRAINED)
    assert twin is not None
    flat, training = (a.reshape(len(a), -1).astype(np.float32) / 255 for a in (x, IMAGES))
    np.testing.assert_allclose(found.beside["pca"], ((flat - twin.reconstruct(flat)) ** 2).mean(1), rtol=1e-4)
    near = np.sort(cdist(flat, training), axis=1)[:, :5].mean(1)
    np.testing.assert_allclose(found.beside["pixel neighbors"], near, rtol=1e-3, atol=1e-3)
    codes = np.sort(cdist(embed(TRAINED, TRAINED.kind.read(x)), TRAINED.companions["codes"].arrays["z"]), axis=1)
    np.testing.assert_allclose(found.beside["code neighbors"], codes[:, :5].mean(1), rtol=1e-3, atol=1e-3)
    assert found.auc is not None
    assert found.auc["pca"] == pytest.approx(roc_auc_score(where.any((1, 2)), found.beside["pca"]))


def test_the_threshold_keeps_its_promise() -> None:
    """Counted over many draws: as many usual rows are above it as it says."""
    random = np.random.default_rng(0)
    for m, quantile, share in ((199, 0.9, 0.1), (50, 0.9, 5 / 51), (20, 0.99, 1 / 21)):
        above = []
        for _ in range(2000):
            threshold, promised = threshold_of(random.normal(size=m), quantile)
            assert promised == pytest.approx(share)
            above.append((random.normal(size=20) > threshold).mean())
        assert np.mean(above) == pytest.approx(share, abs=0.005)


def test_plain_values(spots: tuple[np.ndarray, np.ndarray, Detection]) -> None:
    found = json.loads(json.dumps(spots[2].to_dict()))
    assert len(found["scores"]) == len(found["p_values"]) == len(found["is_outlier"]) == 60
    assert sorted(found["beside"]) == ["code neighbors", "pca", "pixel neighbors"]
    assert "heat" not in found


def test_a_table_is_judged_by_column() -> None:
    x = low_rank(500)
    trained = quick(x, latent_dim=3, epochs=60)
    odd = low_rank(500, seed=0)[:20].copy()
    odd[:, 4] += 40.0
    found = detect(trained, odd)
    assert found.is_outlier.mean() > 0.9
    assert found.heat.shape == (20, 12)
    assert (found.heat.argmax(1) == 4).mean() > 0.9


def test_wide_codes_go_through_pca() -> None:
    trained = quick(IMAGES, latent_dim=80)
    assert detect(trained, IMAGES[:5]).scores.shape == (5,)


def test_the_method_of_the_estimator() -> None:
    ae = Autoencoder.from_trained(TRAINED)
    np.testing.assert_array_equal(ae.detect(IMAGES[:7]).scores, detect(TRAINED, IMAGES[:7]).scores)
    assert ae.detect(IMAGES, quantile=0.5).is_outlier.mean() > 0.2


def test_one_row_is_judged_as_among_many() -> None:
    np.testing.assert_array_equal(detect(TRAINED, IMAGES[:1]).scores, detect(TRAINED, IMAGES[:9]).scores[:1])


def test_thresholds_from_training_rows_say_so() -> None:
    found = detect(quick(IMAGES, validation_fraction=0.0), IMAGES[:5])
    assert (found.held_out, found.rows) == (False, 400)


def test_what_cannot_be() -> None:
    with pytest.raises(ParameterError, match="quantile"):
        detect(TRAINED, IMAGES, quantile=1.0)
    with pytest.raises(DataError, match="one value a row: there are 400 rows, it has 3"):
        detect(TRAINED, IMAGES, anomalous=[0, 1, 1])
    with pytest.raises(DataError, match="Compare labels first"):
        detect(TRAINED, IMAGES, anomalous=np.arange(400))
    with pytest.raises(DataError, match="none of the rows"):
        detect(TRAINED, IMAGES, anomalous=np.zeros(400))
    pairs = quick(IMAGES, target=IMAGES[:, :, :-1])
    assert NAME not in pairs.companions
    with pytest.raises(UnsupportedError, match="nothing to judge rows by"):
        detect(pairs, IMAGES)


def test_one_digit_among_others(real_data: Path) -> None:
    """Real digits, the twos normal and all others not: found better than by PCA and by neighbors among pixels."""
    training, test = (read(name) for name in ("mnist", "mnist:test"))
    twos = np.asarray(training.source.take(torch.from_numpy(np.flatnonzero(np.asarray(training.labels) == 2))))
    ae = Autoencoder("denoising", latent_dim=16, epochs=15, random_state=0).fit(twos)
    digits, labels = np.asarray(test.source.take(torch.arange(3000))), np.asarray(test.labels)[:3000]
    with pytest.warns(UnfamiliarWarning):
        found = ae.detect(digits, anomalous=labels != 2, reference=twos)
    assert found.auc is not None
    assert found.auc["model"] > max(0.96, *(found.auc[name] for name in ("pca", "pixel neighbors", "code neighbors")))
    assert found.is_outlier[labels == 2].mean() < 0.03


def test_a_block_is_found_in_a_digit(real_data: Path) -> None:
    """A white block of 5 pixels a side at a random place: the heat map shows it."""
    training, test = (read(name) for name in ("mnist", "mnist:test"))
    ae = Autoencoder("denoising", epochs=2, random_state=0).fit(np.asarray(training.source.take(torch.arange(20_000))))
    digits, where = np.asarray(test.source.take(torch.arange(500))).copy(), np.zeros((500, 28, 28), dtype=bool)
    for place, (top, left) in zip(where, np.random.default_rng(0).integers(0, 24, size=(500, 2)), strict=True):
        place[top : top + 5, left : left + 5] = True
    digits[where] = 255
    heat = detect(ae.trained_, ae.trained_.kind.read(digits)).heat
    assert roc_auc_score(where.ravel(), heat.ravel()) > 0.95

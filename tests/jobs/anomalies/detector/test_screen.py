"""Screens: which rows calibrate, rows that are known again, rates of false alarms, models that were trained before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from diabolo import store
from diabolo.data import read
from diabolo.data.sources import ArraySource, Source
from diabolo.data.split import folds, split, split_off
from diabolo.errors import DataError, ParameterError, StoreError, UnsupportedError
from diabolo.jobs.anomalies.calibration import p_values
from diabolo.jobs.anomalies.detector.known_rows import chances, row_keys
from diabolo.jobs.anomalies.detector.scores import PREFIX, score_rows
from diabolo.jobs.anomalies.detector.scoring import to_learn_from, with_scores
from diabolo.jobs.anomalies.detector.screen import NAME, UNKNOWN, Screen, fit_screen, rows_held_out, screen_around
from diabolo.jobs.anomalies.rarity import NAME as RARITY
from diabolo.jobs.anomalies.seen import NAME as SEEN
from diabolo.jobs.anomalies.seen import Seen
from diabolo.jobs.companions import JUDGMENT, JUDGMENTS
from diabolo.jobs.train import Options, train
from diabolo.parts.networks import Mlp
from diabolo.trained import Companion
from diabolo.training.events import Event, Notice
from tests.helpers import little_images, low_rank, quick, same_weights

OPTIONS = Options("denoising", network=Mlp(widths=(16,)), epochs=3, batch_size=32, optimizer="adam", seed=0)
X = low_rank(300, 6, 2).astype(np.float64)
SPLIT = fit_screen(read(X), OPTIONS, novelty=True)


def source(rows: np.ndarray) -> Source:
    return SPLIT.trained.kind.read(rows)


def test_calibration_rows_are_neither_for_training_nor_for_validation() -> None:
    learning, held_out = split_off(300, rows_held_out(300))
    assert SPLIT.trained.config.data["rows"] == len(learning)
    rows, _ = split(len(learning), 0.1)
    np.testing.assert_allclose(SPLIT.trained.kind.mean, X[learning][rows].mean(axis=0))
    same = quick(X[learning.numpy()], "denoising", network=Mlp(widths=(16,)))
    assert same_weights(same, SPLIT.trained)
    assert len(SPLIT.usual) == len(held_out)


def test_a_row_is_not_its_own_neighbor() -> None:
    known = SPLIT.scores(source(X))
    inside = score_rows(SPLIT.trained, source(X), training=True)
    np.testing.assert_allclose(known.total, inside.total)
    assert (known.parts["neighbors"] > score_rows(SPLIT.trained, source(X)).parts["neighbors"]).all()
    mixed = SPLIT.scores(source(np.concatenate([X[7:9] + 0.5, X[40:50]])))
    np.testing.assert_allclose(mixed.total[2:], known.total[40:50])
    np.testing.assert_allclose(mixed.total[:2], score_rows(SPLIT.trained, source(X[7:9] + 0.5)).total)


def test_held_out_rows_have_the_scores_that_fresh_ones_would_have() -> None:
    held_out = split_off(300, rows_held_out(300))[1].numpy()
    np.testing.assert_allclose(SPLIT.usual, SPLIT.scores(source(X)).total[held_out])


def test_p_values_by_rank_and_by_the_row_alone() -> None:
    fresh = low_rank(50, 6, 2, seed=1).astype(np.float64)
    total, keys = SPLIT.scores(source(fresh)).total, row_keys(source(fresh))
    found = SPLIT.p_values(source(fresh))
    np.testing.assert_allclose(found, p_values(total, SPLIT.usual, chances(keys, 0)))
    np.testing.assert_allclose(SPLIT.p_values(source(fresh), smoothed=False), p_values(total, SPLIT.usual))
    np.testing.assert_allclose(SPLIT.p_values(source(fresh[30:31])), found[30:31])


@pytest.mark.parametrize("calibration", ["split", "cross"])
def test_false_alarms_are_as_many_as_promised_also_with_80_rows(calibration: str) -> None:
    """Over several small sets, since one calibrates by few rows; fresh rows of the same plane."""
    quick_options = Options("plain", network=Mlp(widths=(8,)), latent_dim=2, epochs=1, batch_size=32, optimizer="adam", seed=1)
    rates = []
    for seed in range(12 if calibration == "split" else 2):
        everything = low_rank(480, 4, 2, seed=seed).astype(np.float64)
        screen = fit_screen(read(everything[:80]), quick_options, novelty=True, calibration=calibration)
        assert len(screen.usual) == (80 if calibration == "cross" else 20)
        rates.append((screen.p_values(screen.trained.kind.read(everything[80:])) <= 0.05).mean())
    deviation = 0.05 if calibration == "split" else 0.025  # of one set, by 20 or by 80 held-out rows (a beta distribution)
    assert np.mean(rates) == pytest.approx(0.05, abs=2.5 * deviation / np.sqrt(len(rates)))


def test_cross_calibrates_by_every_row_once_and_trains_on_all() -> None:
    x = X[:60]
    screen = fit_screen(read(x), OPTIONS, calibration="cross", novelty=True)
    assert screen.trained.config.data["rows"] == len(screen.usual) == 60
    others = x[folds(60, 5) != 2]
    model = train(read(others), OPTIONS)
    model = with_scores(model, model.kind.read(others), torch.arange(len(others)), novelty=True, seed=0)
    own = x[folds(60, 5) == 2]
    np.testing.assert_allclose(screen.usual[folds(60, 5) == 2], score_rows(model, model.kind.read(own)).total)


def test_it_travels_with_the_model(tmp_path: Path) -> None:
    loaded = Screen.of(store.load(store.save(SPLIT.trained, tmp_path / "m")))
    rows = np.concatenate([X[:20], low_rank(20, 6, 2, seed=2)])
    np.testing.assert_allclose(loaded.p_values(source(rows)), SPLIT.p_values(source(rows)))
    assert (loaded.threshold, loaded.verdict, loaded.method) == (SPLIT.threshold, SPLIT.verdict, "split")
    assert str(loaded.drift(source(rows))) == str(SPLIT.drift(source(rows)))
    with pytest.raises(UnsupportedError, match=r"AnomalyDetector\(ae\).fit"):
        Screen.of(quick(X))


def test_around_a_model_of_these_rows_its_validation_rows_calibrate() -> None:
    trained = quick(X)
    screen = screen_around(trained, trained.kind.read(X), novelty=True)
    validation = split(300, 0.1)[1].numpy()
    assert screen.method == "validation"
    np.testing.assert_allclose(screen.usual, screen.scores(trained.kind.read(X)).total[validation])
    assert same_weights(screen.trained, trained)


def test_around_a_model_of_other_rows_some_of_the_new_ones_calibrate() -> None:
    trained = quick(X)
    other = low_rank(300, 6, 2, seed=3)
    screen = screen_around(trained, trained.kind.read(other))
    assert screen.method == "split"
    assert len(screen.usual) == len(split_off(300, rows_held_out(300))[1])


def test_a_model_of_all_of_these_rows_leaves_none() -> None:
    trained = quick(X, validation_fraction=0.0)
    with pytest.raises(DataError, match="trained on all of these rows"):
        screen_around(trained, trained.kind.read(X))


def unseen(screen: Screen, rows: np.ndarray) -> np.ndarray:
    """Which rows calibrate, told by their scores, none of which was trained by."""
    total = screen.scores(screen.trained.kind.read(rows)).total
    places = np.array([int(np.abs(total - value).argmin()) for value in screen.usual])
    np.testing.assert_allclose(total[places], screen.usual)
    found = Seen.of(screen.trained)
    assert found is not None
    assert not found.has(row_keys(screen.trained.kind.read(rows)))[places].any()
    return np.sort(places)


def test_no_row_that_was_trained_by_calibrates() -> None:
    """More rows than were trained on, the same in another order, some of them: keys tell, not places."""
    first = quick(X[:200])
    validation = split(200, 0.1)[1].numpy()
    assert set(unseen(screen_around(first, first.kind.read(X), novelty=True), X)) <= {*validation, *range(200, 300)}
    turned = X[:200][::-1].copy()
    assert np.array_equal(
        unseen(screen_around(first, first.kind.read(turned), novelty=True), turned), np.sort(199 - validation)
    )
    part = X[:100]
    found = unseen(screen_around(first, first.kind.read(part), novelty=True), part)
    assert np.array_equal(found, validation[validation < 100])


def test_rows_trained_by_later_do_not_calibrate_either() -> None:
    first = quick(X[:200])
    everything = train(X[:200], Options(epochs=1, validation_fraction=0.0), start=first)
    with pytest.raises(DataError, match="trained on all of these rows"):
        screen_around(everything, first.kind.read(X[:200]))
    assert unseen(screen_around(everything, first.kind.read(X), novelty=True), X).min() >= 200


def test_equal_rows_are_told_by_their_places_where_there_was_one_training() -> None:
    coarse = np.random.default_rng(0).integers(0, 2, size=(100, 3)).astype(np.float64)
    trained = quick(coarse)
    screen = screen_around(trained, trained.kind.read(coarse), novelty=True)
    assert len(screen.usual) == len(split(100, 0.1)[1])
    again = train(coarse, Options(epochs=1, validation_fraction=0.0), start=trained)
    with pytest.raises(DataError, match="trained on all of these rows"):
        screen_around(again, trained.kind.read(coarse))


def test_a_model_that_does_not_tell_what_it_was_trained_by() -> None:
    old = quick(X).without_companion(SEEN)
    screen = screen_around(old, old.kind.read(X), novelty=True)
    assert (screen.method, screen.doubt) == ("validation", "")
    assert len(screen.usual) == len(split(300, 0.1)[1])
    told: list[Event] = []
    doubtful = screen_around(old, old.kind.read(X[:200]), novelty=True, readers=[told.append])
    assert doubtful.doubt == UNKNOWN
    assert UNKNOWN in [e.text for e in told if isinstance(e, Notice)]
    assert Screen.of(doubtful.trained).doubt == UNKNOWN
    further = train(X, Options(epochs=1, validation_fraction=0.0), start=old)
    with pytest.raises(DataError, match="trained several times"):
        screen_around(further, old.kind.read(X))


def test_training_further_drops_what_rows_were_judged_by() -> None:
    assert (JUDGMENT, JUDGMENTS) == (NAME, PREFIX)
    further = train(X, Options(epochs=1), start=SPLIT.trained)
    assert not [name for name in further.companions if name == NAME or name.startswith(PREFIX)]
    with pytest.raises(UnsupportedError, match="trained further"):
        Screen.of(further)


def test_a_damaged_screen_says_what_to_do() -> None:
    kept = SPLIT.companion()
    threshold = {**kept.data["threshold"], "of a newer version": 1}
    for data in ({"method": "split"}, {**kept.data, "threshold": threshold}, {**kept.data, "seed": "?"}):
        with pytest.raises(StoreError, match=r"damaged.*fit anew"):
            Screen.of(SPLIT.trained.with_companion(NAME, Companion(data, kept.arrays)))


def test_rows_all_alike_with_empty_cells_are_all_learned_from() -> None:
    x = np.tile([1.0, np.nan, 2.0], (40, 1))
    x[:4] = [9.0, 8.0, 7.0]
    reading = read(x, kind="mixed")
    rows = to_learn_from(reading.kind, reading.source, torch.arange(40), novelty=False, seed=0)
    assert len(rows) == 40


def test_pictures() -> None:
    images = little_images(200)
    screen = fit_screen(read(images), Options("plain", epochs=2, batch_size=32, seed=0), novelty=True)
    odd = images[:5].copy()
    odd[:, :, 4:] = 255 - odd[:, :, 4:]
    fresh = little_images(30, seed=1)
    rows = screen.trained.kind.read(np.concatenate([odd, fresh]))
    assert (screen.p_values(rows)[:5] <= 0.15).all()
    assert set(screen.scores(rows).parts) == {"autoencoder", "linear", "neighbors"}
    assert screen.verdict is None
    assert RARITY in screen.trained.companions
    assert screen.drift(rows).columns == ()


def test_spoiled_rows_are_judged_by_a_model_that_knows_neither() -> None:
    held_out = split_off(300, rows_held_out(300))[1]
    verdict = SPLIT.verdict
    assert verdict is not None
    assert (verdict.rows, verdict.cells, verdict.columns) == (len(held_out), 1, 6)
    assert set(verdict.shares) == {"autoencoder", "linear", "neighbors", "all"}
    assert verdict.shares["all"] > 0.6


def test_what_a_user_should_know_is_told_to_readers() -> None:
    told: list[Event] = []
    screen = fit_screen(read(X), OPTIONS, readers=[told.append])
    texts = [e.text for e in told if isinstance(e, Notice)]
    assert texts == list(screen.in_words())
    assert texts[0].startswith("Expected false alarms: ")
    assert "fewer where these hold anomalies" in texts[0]


def test_the_share_that_is_held_out() -> None:
    assert [rows_held_out(n) for n in (4, 8, 80, 200, 1_000, 10_000, 10**6)] == [1, 2, 20, 40, 200, 1_000, 1_000]


def test_what_cannot_be_done_is_refused() -> None:
    with pytest.raises(ParameterError, match="calibration must be one of 'split', 'cross'"):
        fit_screen(read(X), OPTIONS, calibration="none")
    with pytest.raises(UnsupportedError, match="knows no labels"):
        fit_screen(read(X), Options("cvae"))
    with pytest.raises(DataError, match="needs at least 4"):
        fit_screen(read(X[:3]), OPTIONS)
    with pytest.raises(ParameterError, match="contamination"):
        screen_around(SPLIT.trained, ArraySource(torch.zeros(9, 6)), contamination=0.7)

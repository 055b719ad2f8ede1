"""Scores of tables: strange rows have high ones, whoever is asked, and a kept model says the same."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from diabolo import store
from diabolo.data.reading import read
from diabolo.errors import DataError, UnsupportedError
from diabolo.jobs.anomalies.detector.scores import (
    RULERS,
    WEIGHTS,
    fit_neighbors,
    fit_scores,
    score_rows,
    train_scores,
    training_options,
    trusted_rows,
)
from diabolo.trained import Trained
from diabolo.training.plan import steps_per_epoch
from tests.helpers import little_images, low_rank, quick

ROWS = low_rank(400)
STRANGE = np.random.default_rng(1).permuted(ROWS[:20], axis=0)  # each column as usual, together not
CLEAN = read(ROWS[20:])
DIRTY = read(np.concatenate([ROWS[20:], STRANGE]))


@pytest.fixture(scope="module")
def clean() -> Trained:
    return train_scores(CLEAN, novelty=True, seed=0)


@pytest.fixture(scope="module")
def dirty() -> Trained:
    return train_scores(DIRTY, novelty=False, seed=0)


def share_above(scores: np.ndarray, strange: np.ndarray) -> float:
    """ROC-AUC."""
    return float((strange[:, None] > scores[None]).mean())


def test_every_part_finds_what_does_not_belong(clean: Trained) -> None:
    usual, strange = (score_rows(clean, clean.kind.read(rows)) for rows in (ROWS[:20], STRANGE))
    assert set(usual.parts) == set(WEIGHTS)
    assert share_above(usual.total, strange.total) > 0.99
    for part in WEIGHTS:
        assert share_above(usual.parts[part], strange.parts[part]) > 0.95


def test_the_total_is_made_of_the_parts(clean: Trained) -> None:
    found = score_rows(clean, clean.kind.read(ROWS[:20]))
    np.testing.assert_allclose(found.total, sum(WEIGHTS[p] * found.parts[p] for p in WEIGHTS))
    assert sum(WEIGHTS.values()) == pytest.approx(1)


def test_training_rows_are_usual(clean: Trained) -> None:
    own = score_rows(clean, CLEAN.source, training=True)
    for values in own.parts.values():
        assert abs(np.median(values)) < 0.5
    seen = score_rows(clean, CLEAN.source)
    assert (seen.parts["neighbors"] < own.parts["neighbors"]).all()  # each row is its own neighbor there
    np.testing.assert_array_equal(seen.parts["linear"], own.parts["linear"])


def test_strange_rows_are_found_among_those_of_training(dirty: Trained) -> None:
    found = score_rows(dirty, DIRTY.source, training=True)
    assert share_above(found.total[:-20], found.total[-20:]) > 0.95
    rows = trusted_rows(dirty.kind, DIRTY.source, seed=0)
    assert len(rows) == 280
    assert (rows >= 380).sum() <= 2
    known = dirty.companions["scores-plain-neighbors"].arrays["places"]
    np.testing.assert_array_equal(known, rows.numpy())


def test_a_row_does_not_depend_on_the_others(clean: Trained) -> None:
    all_, one = (score_rows(clean, clean.kind.read(rows)).total for rows in (ROWS[:9], ROWS[4:5]))
    np.testing.assert_allclose(one, all_[4:5], rtol=1e-6)


def test_a_kept_model_scores_the_same(clean: Trained, tmp_path: Path) -> None:
    store.save(clean, tmp_path / "m")
    again = store.load(tmp_path / "m")
    source = clean.kind.read(ROWS[:20])
    np.testing.assert_array_equal(score_rows(again, source).total, score_rows(clean, source).total)


def test_neighbors_can_be_looked_for_among_other_rows(clean: Trained) -> None:
    other = clean
    for name, companion in fit_neighbors(clean, clean.kind.read(ROWS), seed=0).items():
        other = other.with_companion(name, companion)
    source = clean.kind.read(ROWS[:20])
    before, after = score_rows(clean, source), score_rows(other, source)
    np.testing.assert_array_equal(after.parts["linear"], before.parts["linear"])
    assert (after.parts["neighbors"] < before.parts["neighbors"]).all()
    assert len(other.companions) == len(clean.companions)
    assert {name.split("-")[1] for name in other.companions if name.startswith("scores-")} >= set(RULERS)


def test_what_cannot_be_scored_is_refused(clean: Trained) -> None:
    pictures = quick(little_images())
    with pytest.raises(UnsupportedError, match=r"for tables.*Autoencoder\.detect"):
        fit_scores(pictures, pictures.kind.read(little_images()), torch.arange(9), novelty=True, seed=0)
    with pytest.raises(DataError, match="at least 2 training rows, got 1"):
        fit_scores(clean, CLEAN.source, torch.arange(1), novelty=True, seed=0)
    bare = dataclasses.replace(clean, companions={})
    with pytest.raises(UnsupportedError, match="carries no scores"):
        score_rows(bare, CLEAN.source)


@pytest.mark.parametrize(("rows", "steps"), [(2, 125), (50, 125), (300, 300), (1_000, 500), (10_000, 500)])
def test_a_step_a_row_within_bounds(rows: int, steps: int) -> None:
    options = training_options(rows, seed=0)
    assert isinstance(options.epochs, int)
    assert isinstance(options.batch_size, int)
    made = options.epochs * steps_per_epoch(rows, options.batch_size)
    assert steps <= made < steps + steps_per_epoch(rows, options.batch_size)
    assert options.validation_fraction == 0


def test_all_steps_are_made(clean: Trained) -> None:
    assert len(clean.history) == training_options(len(CLEAN.source), seed=0).epochs

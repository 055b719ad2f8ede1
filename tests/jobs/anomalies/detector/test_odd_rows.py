"""Odd rows: what a detector or any model of a table says of rows, beside other people's figures for the same scores."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from diabolo.data import read
from diabolo.errors import DataError, ParameterError
from diabolo.jobs.anomalies.detect import detect
from diabolo.jobs.anomalies.detector.discoveries import discoveries
from diabolo.jobs.anomalies.detector.odd_rows import SHOWN, OddRows, curves_of, find_odd_rows, rarer_label, with_levels
from diabolo.jobs.anomalies.detector.screen import Screen, fit_screen, options_for, read_rows
from tests.helpers import low_rank, quick

N, ODD = 160, 10


def table(seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows near a plane with a color that follows the first column; the last of them far from it."""
    x = low_rank(N, 5, 2, seed=seed).astype(np.float64)
    x[-ODD:] += 60 * np.random.default_rng(seed).choice([-1, 1], (ODD, 5))
    frame = pd.DataFrame(x, columns=list("abcde")).assign(color=np.where(x[:, 0] > 0, "red", "blue"))
    return frame, np.arange(N) >= N - ODD


@cache
def screen() -> Screen:
    reading = read_rows(table()[0])
    options = dataclasses.replace(options_for(reading.kind, N, seed=0), epochs=4)
    return fit_screen(reading, options)


@cache
def found(seed: int = 0) -> OddRows:
    frame, truth = table(seed)
    return find_odd_rows(screen().trained, screen().trained.kind.read(frame), anomalous=truth)


def test_quality_is_scikit_learns() -> None:
    result, truth = found(1), table()[1]
    assert list(result.quality or {}) == ["all", "autoencoder", "linear", "neighbors"]
    for name, scores in {"all": result.scores, **result.parts}.items():
        assert result.quality is not None
        assert result.quality[name].auc == roc_auc_score(truth, scores)
        assert result.quality[name].precision == average_precision_score(truth, scores)
        known, same = curves_of(result)[name]
        assert (known == truth).all()
        assert (same == scores).all()
    assert result.quality is not None
    assert result.quality["all"].auc > 0.95


def test_rows_that_made_the_model_are_known_again() -> None:
    assert found(0).known.all()
    assert not found(1).known.any()
    assert found(0).expected_false == 0
    assert found(1).expected_false == pytest.approx(screen().threshold.false_alarms * N)


def test_the_strangest_with_their_cells() -> None:
    result, (frame, _) = found(1), table(1)
    order = np.argsort(-result.scores, kind="stable")
    assert result.strangest.tolist() == order[:SHOWN].tolist()
    assert result.columns == tuple(frame.columns)
    first = int(result.strangest[0])
    assert result.cells[0] == tuple(frame.iloc[first])
    assert set(result.blames) == set(order[: max(SHOWN, int(result.is_outlier.sum()))].tolist())
    for row, blames in result.blames.items():
        assert 1 <= len(blames) <= 3
        assert all(abs(b.sigmas) > 2 for b in blames[1:])
        assert all(frame[b.column][row] == b.saw for b in blames)
    assert (result.places["linear"][np.argmax(result.parts["linear"])], result.places["linear"].max()) == (1, N)


def test_rows_are_chosen_by_one_rule() -> None:
    trained, (frame, _) = screen().trained, table(1)
    source = trained.kind.read(frame)
    by_alpha = find_odd_rows(trained, source, alpha=0.1, explaining=False)
    assert (by_alpha.is_outlier == (screen().p_values(source) <= 0.1)).all()
    assert (by_alpha.chosen_by, by_alpha.level, by_alpha.false_alarms, by_alpha.blames) == ("alpha", 0.1, 0.1, {})
    by_rate = find_odd_rows(trained, source, fdr=0.3, explaining=False)
    assert (by_rate.is_outlier == discoveries(screen().p_values(source, smoothed=False), 0.3).found).all()
    assert by_rate.expected_false == pytest.approx(0.3 * by_rate.is_outlier.sum())
    strict = find_odd_rows(trained, source, quantile=0.9, explaining=False)
    assert strict.level == np.sort(screen().usual)[int(np.ceil(0.9 * (len(screen().usual) + 1))) - 1]
    with pytest.raises(ParameterError, match="one of them"):
        find_odd_rows(trained, source, alpha=0.1, fdr=0.1)
    with pytest.raises(ParameterError, match="quantile"):
        find_odd_rows(trained, source, quantile=1.0)


def test_a_model_without_a_screen_says_what_detect_says() -> None:
    x = low_rank(80, 5, 2)
    trained = quick(x, "plain")
    source = trained.kind.read(x)
    result, plain = find_odd_rows(trained, source, quantile=0.9), detect(trained, x, quantile=0.9)
    assert (result.scores == plain.scores).all()
    assert (result.is_outlier == plain.is_outlier).all()
    assert list(result.parts) == ["autoencoder", "linear", "neighbors"]
    assert (result.parts["linear"] == plain.beside["pca"]).all()
    assert (result.rows, result.verdict, result.known.any()) == (plain.rows, None, False)


def test_quality_rests_on_the_rows_it_is_told() -> None:
    trained, (frame, truth) = screen().trained, table(1)
    source, judged = trained.kind.read(frame), np.arange(N) % 2 == 0
    result = find_odd_rows(trained, source, anomalous=truth, judged=judged, explaining=False)
    assert result.quality is not None
    assert result.quality["all"].auc == roc_auc_score(truth[judged], result.scores[judged])
    with pytest.raises(DataError, match="nothing to tell apart"):
        find_odd_rows(trained, source, anomalous=truth, judged=~truth)


def test_what_is_simpler_is_named_where_it_is_ahead() -> None:
    result = found(1)
    assert result.quality is not None
    better = dataclasses.replace(result.quality["all"], auc=1.1)
    ahead = dataclasses.replace(result, quality={**result.quality, "linear": better})
    assert ahead.simpler_ahead == "linear"
    assert dataclasses.replace(ahead, quality={**ahead.quality, "all": better}).simpler_ahead is None
    assert dataclasses.replace(ahead, quality=None).simpler_ahead is None


def test_levels_never_seen_are_named_by_the_table() -> None:
    trained, (frame, _) = screen().trained, table(2)
    frame.loc[frame.index[-1], "color"] = "mauve"
    result = find_odd_rows(trained, trained.kind.read(frame), alpha=0.5)
    saw = {b.saw for b in with_levels(result, frame).blames.get(N - 1, ()) if b.column == "color"}
    assert saw <= {"mauve"}
    assert None not in {b.saw for blames in with_levels(result, frame).blames.values() for b in blames}


def test_the_rarer_of_two_labels() -> None:
    assert rarer_label(["a", "b", "a", ""]) == "b"
    assert (rarer_label([1, 2, 3]), rarer_label(["a", "a"]), rarer_label(None)) == (None, None, None)


def test_plain_values_for_json() -> None:
    data = found(1).to_dict()
    assert (len(data["scores"]), data["outliers"], data["judged"]) == (N, int(found(1).is_outlier.sum()), N)
    assert set(data["quality"]["all"]) == {"auc", "precision"}
    assert set(found(1).summary()) < set(data)


def test_all_tables_are_read_as_mixed_for_a_detector() -> None:
    assert (read_rows(low_rank(20)).kind.name, read(low_rank(20)).kind.name) == ("mixed", "table")
    assert read_rows(low_rank(20), kind="table").kind.name == "table"

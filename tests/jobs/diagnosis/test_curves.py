"""What the curves say: each rule on a history made for it, and on one that just misses it."""

from __future__ import annotations

import numpy as np
import pytest

from diabolo.jobs.diagnosis.curves import judge_curves, last_run
from tests.helpers import low_rank, quick


def history(validation: list[float] | np.ndarray | None, train: list[float] | np.ndarray, rates: object = None) -> list[dict]:
    rows = []
    for i, loss in enumerate(train):
        row = {
            "epoch": i + 1.0,
            "step": 10.0 * (i + 1),
            "seconds": i + 1.0,
            "train_loss": float(loss),
            "train_mse": float(loss),
        }
        row["learning_rate"] = 0.001 if rates is None else float(rates[i])  # type: ignore[index]
        if validation is not None:
            row |= {"validation_loss": float(validation[i]), "validation_mse": float(validation[i])}
        rows.append(row)
    return rows


def keys(rows: list[dict], steps: int | None = None) -> list[str]:
    return [f.key for f in judge_curves(rows, "mse", steps).findings]


T = np.arange(1, 41)
SETTLED = 0.1 + np.exp(-T / 2)


def test_a_straight_fall_is_still_falling() -> None:
    found = judge_curves(history(100.0 - T, 100.0 - T), "mse")
    assert [f.key for f in found.findings] == ["curves.falling"]
    assert found.findings[0].values["share"] == pytest.approx(4 / 20, abs=0.02)  # the last 4 of the second half's 20 epochs
    assert found.findings[0].values["n"] == 4


def test_a_settled_curve_is_level() -> None:
    assert keys(history(SETTLED, SETTLED)) == ["curves.level"]


def test_a_flat_end_under_a_spent_learning_rate_is_named_as_such() -> None:
    assert keys(history(SETTLED, SETTLED, np.linspace(1, 0.01, 40))) == ["curves.level-schedule"]


def test_an_offset_changes_nothing() -> None:
    """Losses in nats may be negative."""
    for shift in (-1000.0, 0.0, 1000.0):
        assert keys(history(SETTLED + shift, SETTLED + shift)) == ["curves.level"]
        assert keys(history(shift - T, shift - T)) == ["curves.falling"]


def test_overfitting_is_dated() -> None:
    validation = np.where(T <= 15, 2.0 - 0.1 * T, 0.5 + 0.02 * (T - 15))
    found = judge_curves(history(validation, 2.0 - 0.04 * T), "mse")
    assert found.findings[0].key == "curves.overfit"
    assert found.findings[0].values["epoch"] == found.best == 15
    assert found.has("curves.gap") is (found.held_out >= 1.5 * found.train)  # type: ignore[operator]


def test_a_rise_with_a_worse_training_loss_is_no_overfitting() -> None:
    validation = np.where(T <= 15, 2.0 - 0.1 * T, 0.5 + 0.02 * (T - 15))
    assert "curves.overfit" not in keys(history(validation, validation))


def test_a_gap_from_one_and_a_half_on() -> None:
    assert "curves.gap" in keys(history(1.51 * SETTLED, SETTLED))
    assert "curves.gap" not in keys(history(1.49 * SETTLED, SETTLED))


def test_an_early_end() -> None:
    waits = np.concatenate([2.0 - 0.1 * np.arange(15), np.full(25, 0.7)])
    found = judge_curves(history(waits, waits), "mse", steps=1000)
    assert found.findings[0].key == "curves.stopped"
    assert found.findings[0].values == {"epoch": 40, "best": 15, "n": 25}
    assert keys(history(None, waits), steps=1000)[0] == "curves.stopped.training"
    assert keys(history(100.0 - T, 100.0 - T), steps=1000)[0] == "curves.ended"
    assert keys(history(100.0 - T, 100.0 - T), steps=400)[0] == "curves.falling"


def test_few_epochs_say_nothing() -> None:
    assert keys(history([3.0, 2.0, 1.0, 0.5], [3.0, 2.0, 1.0, 0.5])) == ["curves.short"]


def test_without_held_out_rows_the_training_loss_is_watched() -> None:
    found = judge_curves(history(None, SETTLED), "mse")
    assert found.watched == "train_loss"
    assert found.held_out is None
    assert [f.key for f in found.findings] == ["curves.level", "curves.unwatched"]


def test_only_the_last_run_is_read() -> None:
    first, second = history(SETTLED, SETTLED), history(100.0 - T, 100.0 - T)
    both = first + [row | {"epoch": row["epoch"] + 40} for row in second]
    assert len(last_run(both)) == 40
    found = judge_curves(both, "mse")
    assert [f.key for f in found.findings] == ["curves.falling"]
    assert (found.epochs, found.best) == (40, 80)


def test_a_real_history_can_be_read() -> None:
    from diabolo.jobs.diagnosis.curves import read_curves

    trained = quick(low_rank(), epochs=6)
    found = read_curves(trained)
    assert found is not None
    best = min(trained.history, key=lambda row: row["validation_loss"])
    assert (found.best, found.held_out) == (best["epoch"], best["validation_mse"])
    assert found.to_dict()["findings"]

"""Residuals against the model's own reconstructions."""

from __future__ import annotations

import numpy as np
import polars as pl
import torch

from diabolo import read
from diabolo.jobs.anomalies.detector.residuals import GROUPS, Residuals, groups, squares
from diabolo.jobs.codes.reconstruct import encode_all, restored
from diabolo.records import Column, Layout
from tests.helpers import low_rank, quick

ROWS = low_rank()
TRAINED = quick(ROWS, "denoising")
SOURCE = TRAINED.kind.read(ROWS)


def test_rows_as_they_are_come_first() -> None:
    x = encode_all(TRAINED, SOURCE)
    with torch.inference_mode():
        found = squares(TRAINED, x)
    assert found.shape == (200, 3, 12)
    torch.testing.assert_close(found[:, 0], (x - restored(TRAINED, SOURCE, None)).square(), rtol=1e-4, atol=1e-6)


def test_a_hidden_cell_is_judged_by_what_the_others_say() -> None:
    x = encode_all(TRAINED, SOURCE)[:5]
    changed = x.clone()
    changed[:, 3] += 4
    with torch.inference_mode():
        before, after = squares(TRAINED, x)[:, 2, 3], squares(TRAINED, changed)[:, 2, 3]
    guess = x[:, 3] + before.sqrt() * torch.tensor([[1.0], [-1.0]])  # the same guess, whatever stood there
    far = (guess - changed[:, 3]).square()
    assert torch.isclose(far, after, rtol=1e-3, atol=1e-4).any(0).all()


def test_usual_rows_have_about_a_one() -> None:
    known = Residuals.fit(TRAINED, SOURCE)
    np.testing.assert_allclose(known.of(TRAINED, SOURCE).mean(), 1, rtol=1e-3)
    single = known.of(TRAINED, TRAINED.kind.read(ROWS[7:8]))
    np.testing.assert_array_equal(single, known.of(TRAINED, SOURCE)[7:8])
    assert np.isfinite(known.of(TRAINED, TRAINED.kind.read(1e15 * ROWS[:3]))).all()


def test_the_states_of_a_category_are_one_column() -> None:
    random = np.random.default_rng(0)
    town = random.integers(0, 30, 300)
    frame = pl.DataFrame({"town": [f"t{i}" for i in town], "height": 10.0 * town + random.normal(size=300), "deep": town > 9})
    frame = frame.with_columns(pl.when(pl.int_range(300) % 7 > 0).then("height"))
    trained = quick(read(frame), "denoising")
    x, layout = encode_all(trained, trained.kind.read(frame)), trained.kind.layout
    with torch.inference_mode():
        found = squares(trained, x)
    assert found.shape == (300, 3, 3)
    away = (x - restored(trained, trained.kind.read(frame), None)).square()
    town_fields = slice(layout.columns[0].start, layout.columns[0].flag)
    torch.testing.assert_close(found[:, 0, 0], away[:, town_fields].sum(1), rtol=1e-4, atol=1e-6)  # Brier's score
    torch.testing.assert_close(found[1:7, 0, 1], away[1:7, layout.columns[1].start], rtol=1e-4, atol=1e-6)
    assert (found[::7, :, 1] == 0).all()  # missing
    known = Residuals.fit(trained, trained.kind.read(frame))
    there = np.column_stack([np.ones(300), np.arange(300) % 7 > 0, np.ones(300)])
    usual = found.sum(0).numpy() / there.sum(0)
    np.testing.assert_allclose(known.usual, usual, rtol=1e-4)
    each = (found.numpy() / usual).sum(2) / there.sum(1)[:, None]
    np.testing.assert_allclose(known.of(trained, trained.kind.read(frame)), each.mean(1), rtol=1e-4)


def test_a_column_that_few_rows_have_is_as_usual_as_the_others() -> None:
    rows = ROWS.astype(np.float64)
    rows[np.random.default_rng(0).random(200) < 0.9, 3] = np.nan
    trained = quick(read(rows), "denoising")
    source = trained.kind.read(rows)
    found = Residuals.fit(trained, source).of(trained, source)
    gone = np.isnan(rows[:, 3])
    assert 0.7 < found[~gone].mean() / found[gone].mean() < 1.4


def test_a_column_that_no_row_has_is_taken_for_one_like_the_others() -> None:
    rows = ROWS.astype(np.float64)
    rows[:, 3] = np.nan
    trained = quick(read(rows), "denoising")
    usual = Residuals.fit(trained, trained.kind.read(rows)).usual
    np.testing.assert_allclose(usual[:, 3], np.delete(usual, 3, 1).mean(), rtol=1e-4)


def test_every_column_is_hidden_once() -> None:
    columns = tuple(Column(str(i), 3 * i, 3 * i + 3, levels=2) for i in range(20))
    layout = Layout(tuple(map(str, range(60))), columns=columns)
    found = list(groups(layout, torch.Generator().manual_seed(0), torch.zeros(1, 60)))
    assert len(found) == GROUPS
    assert torch.equal(sum(fields.long() for fields, _ in found), torch.ones(60, dtype=torch.int64))
    for fields, empty in found:
        assert (fields.reshape(20, 3).sum(1) % 3 == 0).all()
        assert torch.equal(empty.reshape(20, 3), torch.tensor([[0.0, 0, 1]]).expand(20, 3))

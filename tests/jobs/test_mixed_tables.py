"""Tables with categories, dates and missing cells through every recipe and job: a column is a cell, a missing one none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from diabolo.data import read
from diabolo.data.gather import gather
from diabolo.errors import DataError, ParameterError, UnsupportedError
from diabolo.jobs.anomalies.calibration import heat_of, usual_misfits
from diabolo.jobs.anomalies.detect import detect
from diabolo.jobs.anomalies.traits import Traits
from diabolo.jobs.codes.coloring import column_of
from diabolo.jobs.codes.embed import made_of
from diabolo.jobs.codes.interpolate import interpolate
from diabolo.jobs.codes.reconstruct import encode_all, reconstruction_error, restored
from diabolo.jobs.diagnosis.copying import copying, shuffled_cells, wide_code
from diabolo.jobs.diagnosis.diagnose import diagnose
from diabolo.jobs.evaluation.contenders import square_error
from diabolo.jobs.evaluation.evaluate import evaluate
from diabolo.jobs.evaluation.extremes import find_extremes
from diabolo.jobs.evaluation.likelihood import log_likelihood
from diabolo.jobs.evaluation.score import score
from diabolo.jobs.generation.judge_samples import judge_samples
from diabolo.jobs.generation.sample import sample
from diabolo.jobs.mending.mend import impute
from diabolo.jobs.mending.missing import fill
from diabolo.jobs.mending.repairs import find_repairs
from diabolo.jobs.set_apart import set_apart
from diabolo.recipes import RECIPES
from diabolo.trained import Trained
from tests.helpers import MIXED, mixed_rows, quick

REFUSED = {
    "conv": "conv",
    "noise2self": "blind-spots",
    "upscaling": "downsample",
    "jigsaw": "shuffle",
}
"""Recipes for pictures alone, and the part that says so."""


def people(rows: int = 200, seed: int = 0) -> pl.DataFrame:
    """Age goes with income, with a date and with being a senior; the city has 20 levels; a tenth of the cells is missing."""
    random = np.random.default_rng(seed)
    age = random.normal(40, 10, rows).round(1)
    table = pl.DataFrame(
        {
            "age": age,
            "income": np.exp(age / 20 + random.normal(0, 0.2, rows)),
            "senior": age > 45,
            "color": np.array(["red", "green", "blue"])[np.clip(age // 15, 1, 3).astype(int) - 1],
            "city": [f"c{i}" for i in random.integers(0, 20, rows)],
            "since": np.datetime64("2024-01-01") - (age * 365).astype("timedelta64[D]"),
        }
    )
    gone = random.random((rows, table.width)) < 0.1
    gone[:, 0] &= ~gone[:, 1:].all(1)
    columns = [pl.when(pl.Series(gone[:, i])).then(None).otherwise(pl.col(c)).alias(c) for i, c in enumerate(table.columns)]
    return table.with_columns(columns)


TABLE = people()


@pytest.fixture(scope="module")
def vae() -> Trained:
    return quick(TABLE, "vae", epochs=15, learning_rate=0.01)


@pytest.fixture(scope="module")
def masked() -> Trained:
    return quick(TABLE, "masked", epochs=60, learning_rate=0.01)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_trains_or_says_why_not(recipe: str) -> None:
    y = np.arange(len(TABLE)) % 2 if RECIPES[recipe].conditional else None
    if recipe in REFUSED:
        with pytest.raises(ParameterError, match=REFUSED[recipe]):
            quick(TABLE, recipe, y=y, epochs=1)
        return
    trained = quick(TABLE, recipe, y=y, epochs=1)
    assert all(np.isfinite(v) for v in trained.history[-1].values())
    assert trained.model.composition.likelihood.name == "mixed"
    assert trained.model.composition.network.name == "mlp"


def test_errors_count_a_column_once_and_missing_cells_never(masked: Trained) -> None:
    source = masked.kind.read(TABLE)
    x, x_hat, layout = encode_all(masked, source).numpy(), restored(masked, source, None).numpy(), masked.kind.layout
    missing = TABLE.select(pl.all().is_null()).to_numpy()
    each = np.stack([np.square(x - x_hat)[:, c.start : c.flag].sum(1) for c in layout.columns], 1)
    rows = np.where(missing, 0, each).sum(1) / (~missing).sum(1)
    np.testing.assert_allclose(reconstruction_error(masked, TABLE), rows, rtol=1e-4)
    found = evaluate(masked, TABLE)
    assert found.table[0].errors["mse"] == pytest.approx(rows.mean(), rel=1e-4)
    assert [c.name for c in found.table] == ["model", "pca", "mean"]
    assert found.table[2].errors["mse"] == pytest.approx(_of_means(each, x, missing, layout), rel=0.2)
    worst = find_extremes(masked, TABLE, each=2).groups["worst"][0]
    assert worst.error == pytest.approx(rows.max(), rel=1e-4)
    assert worst.row == rows.argmax()
    with pytest.raises(ParameterError, match="no meaning for a table with columns of several kinds"):
        reconstruction_error(masked, TABLE, metric="bce")


def _of_means(each: np.ndarray, x: np.ndarray, missing: np.ndarray, layout: Any) -> float:
    """The error of answering with the mean of the cells that are there, each column's."""
    errors = np.zeros_like(each)
    for i, c in enumerate(layout.columns):
        block, there = x[:, c.start : c.flag], ~missing[:, i]
        errors[:, i] = np.square(block - block[there].mean(0)).sum(1) * there
    return float((errors.sum(1) / (~missing).sum(1)).mean())


def test_what_is_missing_is_in_no_trait(masked: Trained) -> None:
    source = masked.kind.read(TABLE)
    found = Traits.of(masked, source, None)
    missing = TABLE.select(pl.all().is_null()).to_numpy()
    assert np.array_equal(np.isnan(found.misfits), missing)
    np.testing.assert_allclose(np.exp(found.misfit), np.nanmean(found.misfits, axis=1), rtol=1e-4)
    usual = usual_misfits(found.misfits)
    np.testing.assert_allclose(usual, np.nanmean(found.misfits, axis=0), rtol=1e-4)
    assert np.isnan(heat_of(found.misfits, usual)).sum() == missing.sum()
    strange = detect(masked, TABLE)
    assert strange.heat.shape == (len(TABLE), TABLE.width)
    assert np.isfinite(strange.heat).all()
    assert (strange.heat[missing] == 0).all()
    assert np.isfinite(strange.scores).all()
    assert set(strange.beside) == {"code neighbors", "pca"}


def test_a_row_without_a_cell_is_no_misfit(masked: Trained) -> None:
    empty = TABLE.head(3).with_columns([pl.lit(None, dtype=d).alias(n) for n, d in TABLE.schema.items()])
    assert np.isfinite(Traits.of(masked, masked.kind.read(empty), None).misfit).all()
    assert np.isfinite(detect(masked, empty).scores).all()
    assert reconstruction_error(masked, empty).tolist() == [0.0] * 3


def test_the_bound_speaks_of_the_cells_that_are_there(vae: Trained) -> None:
    """A row with a cell less has a likelihood of fewer columns; importance sampling is not below the bound."""
    bound = score(vae, TABLE).values
    better = log_likelihood(vae, TABLE, samples=200).values
    assert better.mean() > bound.mean() - 0.05
    empty = TABLE.head(2).with_columns([pl.lit(None, dtype=d).alias(n) for n, d in TABLE.schema.items()])
    assert abs(score(vae, empty).values).max() < 1.0  # of nothing but minus the KL divergence


def test_new_rows_have_levels_of_the_table_and_the_rare_ones_too(vae: Trained) -> None:
    made = sample(vae, 300, random_state=0)
    assert made.columns == TABLE.columns
    assert made.dtypes == TABLE.dtypes
    assert sum(made.null_count().row(0)) == 0
    assert set(made["city"].to_list()) <= set(TABLE["city"].to_list())
    assert made["city"].n_unique() > 10, "a mean would have the most frequent level alone"
    z = np.zeros((50, vae.model.code_shape[0]), dtype=np.float32)
    one, two, other = (made_of(vae, z, seed=s) for s in (0, 0, 1))
    assert one.equal(two)
    assert not one.equal(other)
    assert made_of(vae, z).shape == one.shape


def test_new_rows_are_judged(vae: Trained) -> None:
    found = judge_samples(vae, TABLE, training=TABLE)
    assert all(np.isfinite(line.frechet) for line in found.table)


def test_ways_between_frames_of_one_row(vae: Trained) -> None:
    way = interpolate(vae, TABLE[:1], TABLE[1:2], steps=4)
    assert way.columns == TABLE.columns
    assert len(way) == 4


def test_missing_cells_are_filled_in_and_no_others(masked: Trained) -> None:
    found = impute(masked, TABLE)
    made: pl.DataFrame = found.restored
    assert made.schema == TABLE.schema
    assert sum(made.null_count().row(0)) == 0
    for name in TABLE.columns:
        there = TABLE[name].is_not_null()
        assert made[name].filter(there).equals(TABLE[name].filter(there)), name
    assert [g.column for g in found.guesses] == TABLE.columns
    by = {g.column: g for g in found.guesses}
    assert by["age"].measure == by["since"].measure == "rmse"
    assert by["senior"].measure == by["city"].measure == "right"
    assert by["age"].better
    assert by["since"].better
    known = TABLE["age"].drop_nulls().to_numpy()
    assert by["age"].simplest == pytest.approx(known.std(), rel=1e-6)
    often = TABLE["color"].drop_nulls().value_counts()["count"].max()
    assert by["color"].simplest == pytest.approx(often / TABLE["color"].drop_nulls().len())
    assert found.to_dict()["guesses"][0]["column"] == "age"


def test_levels_never_seen_stay_and_hidden_cells_are_filled_in(masked: Trained) -> None:
    rows = TABLE.head(20).with_columns(pl.Series("city", ["elsewhere"] * 20), pl.Series("color", ["red"] * 20))
    hidden = np.zeros((20, TABLE.width), dtype=bool)
    hidden[:, 3] = True
    made = impute(masked, rows.select(reversed(rows.columns)), hidden[:, ::-1]).restored
    assert set(made["city"].to_list()) == {"elsewhere"}
    assert set(made["color"].to_list()) > {"red"} or made["color"].n_unique() > 1
    with pytest.raises(DataError, match="every cell missing"):
        impute(masked, rows, np.ones((20, TABLE.width), dtype=bool))
    with pytest.raises(DataError, match="nothing to fill in"):
        impute(masked, rows.drop_nulls())


def test_noise_and_hidden_cells_together_teach_to_fill_in() -> None:
    trained = quick(TABLE, "denoising", corruption="noisy-mask", epochs=1)
    assert sum(impute(trained, TABLE).restored.null_count().row(0)) == 0


def test_whole_numbers_are_rounded_where_they_are_filled_in() -> None:
    random = np.random.default_rng(0)
    x = random.integers(0, 50, (200, 1)) + random.integers(0, 3, (200, 4))
    trained = quick(read(x, kind="mixed"), "masked")
    given, hidden = gather(x), np.zeros(x.shape, dtype=bool)
    hidden[:, 1] = True
    made = fill(trained, trained.kind, given, hidden)
    table = made.table(trained.kind, given)
    assert table.dtype == x.dtype
    np.testing.assert_array_equal(table[:, 1], np.round(made.values[:, 1]))
    np.testing.assert_array_equal(table[~hidden], x[~hidden])


def test_hidden_cells_neither_help_nor_judge(masked: Trained) -> None:
    """Guesses are judged alike whatever stands in cells that the caller hid."""
    hidden = np.zeros((len(TABLE), TABLE.width), dtype=bool)
    hidden[::2, 0] = True
    other = TABLE.with_columns(pl.when(pl.int_range(len(TABLE)) % 2 == 0).then(1.0).otherwise("age").alias("age"))
    assert impute(masked, TABLE, hidden).guesses == impute(masked, other, hidden).guesses


def test_columns_that_training_never_had_are_not_judged() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 3))
    trained = quick(read(np.where([True, True, False], rows, np.nan), kind="mixed"), "masked", epochs=1)
    hidden = np.zeros((60, 3), dtype=bool)
    hidden[0, 0] = True
    assert [g.column for g in fill(trained, trained.kind, gather(rows), hidden).guesses] == ["x0", "x1"]


def test_numbers_that_are_told_count_columns(vae: Trained) -> None:
    found = evaluate(vae, TABLE)
    assert found.ratio == TABLE.width / math.prod(vae.model.code_shape)
    assert found.scale == "columns, numbers in units of their spread, levels as 0 and 1"
    apart = set_apart(read(TABLE), None, conditional=False, what="This")
    assert apart.cells == TABLE.width
    wide = quick(TABLE, "plain", latent_dim=TABLE.width + 1, epochs=1)
    warning = wide_code(wide)
    assert warning is not None
    assert (warning.values["n"], warning.values["cells"]) == (TABLE.width + 1, TABLE.width)


def test_only_models_that_saw_hidden_cells_fill_in(vae: Trained) -> None:
    with pytest.raises(UnsupportedError, match="--recipe masked"):
        impute(vae, TABLE)


def test_noise_made_of_the_rows_keeps_columns_together() -> None:
    x = mixed_rows(100)
    noise = shuffled_cells(x, MIXED)
    for c in MIXED.columns:
        block = slice(c.start, c.stop)
        assert sorted(x[:, block].tolist()) == sorted(noise[:, block].tolist())
    assert not noise.equal(x)


def test_diagnoses_and_repairs_are_of_columns(masked: Trained, vae: Trained) -> None:
    for trained in (masked, vae):
        found = diagnose(trained, TABLE, training=TABLE)
        assert found.errors["model"] == pytest.approx(evaluate(trained, TABLE).table[0].errors["mse"], rel=1e-4)
        assert diagnose(trained).errors == {}, "what PCA leaves is of fields"
    source = vae.kind.read(TABLE)
    kept = copying(vae, source)
    assert kept is not None
    assert kept.data > kept.noise
    (repair,) = find_repairs(masked, masked.kind.read(TABLE), np.array([0]))
    expected = square_error(masked.kind.layout, repair.clean[None].numpy(), repair.restored[None].numpy())
    assert repair.error == pytest.approx(expected)


def test_colors_are_levels(vae: Trained) -> None:
    source = vae.kind.read(TABLE)
    colors = column_of(vae, TABLE, source, "color")
    assert set(colors.tolist()) == {"", "red", "green", "blue"}
    ages = column_of(vae, TABLE, source, "age")
    np.testing.assert_array_equal(ages, TABLE["age"].to_numpy())


@pytest.mark.parametrize("corruption", ["swap", "gaussian-noise", "mask"])
def test_other_damage_can_be_chosen(corruption: str) -> None:
    trained = quick(TABLE, "denoising", epochs=1, corruption=corruption)
    assert trained.model.composition.corruption is not None
    assert trained.model.composition.corruption.name == corruption
    assert torch.isfinite(restored(trained, trained.kind.read(TABLE), None)).all()

"""Blame: planted wrong cells are found, told with what was expected, and cleared by what is proposed instead."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from diabolo import store
from diabolo.errors import ParameterError, UnsupportedError
from diabolo.jobs.anomalies.blame import surprise
from diabolo.jobs.anomalies.blame.column_figures import NAME
from diabolo.jobs.anomalies.blame.explain import CLEAR, Blame, explain, training_options
from diabolo.jobs.train import train
from diabolo.trained import Trained
from tests.helpers import little_images, low_rank, quick

CITIES = {"Oslo": "Norway", "Bergen": "Norway", "Rome": "Italy", "Milan": "Italy"}


def people(rows: int = 1000, seed: int = 0) -> pl.DataFrame:
    """Height and weight that go together, a city and its country, a constant; weights and cities missing here and there."""
    random = np.random.default_rng(seed)
    height = random.normal(170, 10, rows)
    weight = np.where(random.random(rows) < 0.1, np.nan, 0.9 * (height - 170) + 70 + random.normal(0, 2, rows))
    city = random.choice([*CITIES], rows)
    return pl.DataFrame(
        {
            "height": height.round(1),
            "weight": pl.Series(weight.round(1)).fill_nan(None),
            "city": [None if gone else c for gone, c in zip(random.random(rows) < 0.1, city, strict=True)],
            "country": [CITIES[c] for c in city],
            "unit": ["cm"] * rows,
            "floor": random.integers(0, 5, rows),
        }
    )


@cache
def trained() -> Trained:
    return quick(people(), "masked", epochs=40, latent_dim=16, batch_size=64)


def with_cell(frame: pl.DataFrame, column: str, value: object) -> pl.DataFrame:
    return frame.with_columns(pl.lit(value, dtype=frame[column].dtype).alias(column))


def fresh(rows: int = 40) -> pl.DataFrame:
    """Rows that the model has not seen, with every cell there."""
    return people(400, seed=1).drop_nulls().head(rows)


def firsts(frame: pl.DataFrame) -> list[Blame]:
    return [blames[0] for blames in explain(trained(), frame, most=1)]


def test_a_number_that_does_not_fit_the_others_is_blamed_and_told_with_its_sign() -> None:
    light = fresh().with_columns(weight=0.9 * (pl.col("height") - 170) + 70 - 25)
    found = [b for b in firsts(light) if b.column == "weight"]
    assert len(found) > 20  # weight and height contradict each other, and nothing else tells which is wrong
    assert all(b.sigmas < -3 for b in found)
    usual = {s: 0.9 * (h - 170) + 70 for s, h in zip(light["weight"], light["height"], strict=True)}
    assert np.median([abs(b.expected - usual[b.saw]) for b in found]) < 3
    assert all(b.saw < b.instead < b.expected for b in found)


def test_instead_clears_the_cell() -> None:
    light = fresh(10).with_columns(weight=pl.col("weight") - 30)
    found = explain(trained(), light, most=6)
    instead = [next(b.instead for b in row if b.column == "weight") for row in found]
    again = explain(trained(), light.with_columns(weight=pl.Series(instead)), most=6)
    sigmas = [next(b.sigmas for b in row if b.column == "weight") for row in again]
    np.testing.assert_allclose(sigmas, -CLEAR, rtol=0.02)
    assert all(b.instead == b.saw for row in again for b in row if abs(b.sigmas) <= CLEAR)


def test_a_level_that_contradicts_another_is_blamed_with_what_it_should_be() -> None:
    norwegian = fresh(300).filter(pl.col("city") == "Oslo")
    found = explain(trained(), with_cell(norwegian, "country", "Italy"), most=2)
    assert all({b.column for b in row} == {"city", "country"} for row in found)
    country = [b for row in found for b in row if b.column == "country"]
    assert all((b.saw, b.expected, b.instead) == ("Italy", "Norway", "Norway") and b.sigmas > 3 for b in country)
    city = [b for row in found for b in row if b.column == "city"]
    assert all(b.expected in ("Rome", "Milan") for b in city)


def test_a_level_never_seen_is_blamed_and_named() -> None:
    found = firsts(with_cell(fresh(), "country", "Atlantis"))
    assert np.mean([b.column == "country" and b.saw == "Atlantis" for b in found]) > 0.9
    assert all(b.expected in ("Norway", "Italy") and b.sigmas > 2 for b in found if b.column == "country")


def test_a_constant_that_is_another_is_blamed() -> None:
    found = firsts(with_cell(fresh(), "unit", "inch"))
    assert np.mean([b.column == "unit" and b.expected == "cm" for b in found]) > 0.9


def test_missing_cells_are_never_blamed() -> None:
    gaps = with_cell(with_cell(fresh(), "weight", None), "city", None)
    found = explain(trained(), gaps, most=6)
    assert all({b.column for b in row} == {"height", "country", "unit", "floor"} for row in found)
    np.testing.assert_allclose([sum(b.share for b in row) for row in found], 1)


def test_the_options_for_explanations_train_what_explains() -> None:
    options = training_options(1000, seed=3)
    assert (options.recipe, options.batch_size, options.epochs, options.seed) == ("masked", 256, 667, 3)
    model = train(people(300), dataclasses.replace(options, epochs=1))
    assert surprise.hides(model)
    assert len(explain(model, fresh(3))) == 3


def test_usual_rows_have_usual_sigmas() -> None:
    sigmas = np.array([b.sigmas for row in explain(trained(), people(400, seed=2), most=6) for b in row])
    assert 0.02 < np.mean(np.abs(sigmas) > CLEAR) < 0.08  # of a normal distribution 4.6 %


def test_rows_do_not_depend_on_the_others() -> None:
    rows = fresh(12)
    assert explain(trained(), rows)[:5] == explain(trained(), rows.head(5))


@cache
def of_numbers(recipe: str) -> Trained:
    return quick(low_rank(400, 6, 2), recipe, epochs=60, latent_dim=4, batch_size=64)


def share_found(recipe: str) -> float:
    """How often a number that is five standard deviations off is blamed first."""
    wrong = low_rank(400, 6, 2)[:200]
    planted = np.random.default_rng(1).integers(0, 6, 200)
    wrong[np.arange(200), planted] += 5 * wrong.std(0)[planted]
    found = [row[0] for row in explain(of_numbers(recipe), wrong, most=1)]
    assert all(isinstance(b.saw, float) for b in found)
    return float(np.mean([b.column == f"x{j}" for b, j in zip(found, planted, strict=True)]))


def test_plain_numbers_and_models_without_masks() -> None:
    assert share_found("masked") > 0.8
    assert share_found("plain") > 0.5


def test_columns_are_hidden_together_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surprise, "PASSES", 3)
    assert share_found("masked") > 0.7


def test_what_is_told_is_saved_with_the_model(tmp_path: Path) -> None:
    rows = fresh(5)
    store.save(trained(), tmp_path / "people")
    again = explain(store.load(tmp_path / "people"), rows)
    for one, other in zip(explain(trained(), rows), again, strict=True):
        assert [(b.column, b.saw, b.instead) for b in one] == [(b.column, b.saw, b.instead) for b in other]
        np.testing.assert_allclose([b.sigmas for b in one], [b.sigmas for b in other], rtol=1e-5)


def test_whole_numbers_stay_whole() -> None:
    x = np.random.default_rng(0).poisson(20, (300, 3)).astype(np.int64)
    x[:, 1] = 2 * x[:, 0]
    far = x[:20].copy()
    far[:, 1] += 60
    blames = [b for row in explain(quick(x, "masked", epochs=10), far) for b in row]
    assert all(isinstance(b.saw, int) and b.instead == round(b.instead) for b in blames)


def test_models_of_noise_and_hidden_cells_are_asked_as_masked_ones() -> None:
    options = {"corruption": "noisy-mask", "latent_dim": 16, "epochs": 20, "batch_size": 64}
    both = quick(people(), "denoising", **options)
    assert surprise.hides(both)
    wrong = with_cell(fresh().filter(pl.col("city") == "Rome"), "country", "Norway")
    blamed = [row[0].column for row in explain(both, wrong, most=1)]
    assert np.mean([b in ("city", "country") for b in blamed]) > 0.9


def test_other_rows_can_be_the_reference() -> None:
    bare = quick(people(), "masked", epochs=2)
    bare = Trained(bare.model, bare.kind, bare.config)
    assert NAME not in bare.companions
    with pytest.raises(UnsupportedError, match="reference="):
        explain(bare, fresh())
    assert len(explain(bare, fresh(), reference=people(200, seed=3))) == 40


def test_what_cannot_be_explained() -> None:
    images = little_images()
    with pytest.raises(UnsupportedError, match="heat map"):
        explain(quick(images), images)
    other = quick(people(100), "masked", epochs=1, likelihood="mse")
    assert NAME not in other.companions
    with pytest.raises(UnsupportedError, match=r'this model has .gaussian.*likelihood="mixed"'):
        explain(other, fresh())
    with pytest.raises(ParameterError, match="at least 1, got 0"):
        explain(trained(), fresh(), most=0)

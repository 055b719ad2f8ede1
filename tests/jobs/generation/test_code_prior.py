"""The prior over discrete codes: what it may take of a time budget, when it is fitted again, and when frequencies are kept."""

from __future__ import annotations

import dataclasses
import math
import time
import warnings
from typing import Any

import numpy as np
import pytest
import torch

from diabolo.data import read_like
from diabolo.data.examples import Examples
from diabolo.data.sources import ArraySource
from diabolo.densities.autoregressive import AutoregressiveDensity, _steps_left
from diabolo.densities.independent import IndependentDensity
from diabolo.errors import FewCodesWarning
from diabolo.jobs.generation import code_prior
from diabolo.jobs.generation.code_prior import fit_code_prior, prior_seconds, too_few, training_budget, usual_prior
from diabolo.jobs.generation.sample import sample, usual_origin
from diabolo.jobs.train import Options, untrained
from diabolo.parts.bottlenecks import VectorQuantized
from diabolo.trained import Companion, Trained
from diabolo.training.events import Event, Notice
from tests.helpers import low_rank, quick

ROWS = low_rank(200)
PART = VectorQuantized(entries=16, group=3)
ALL, NONE = torch.arange(200), torch.arange(0)


def model(**options: Any) -> Trained:
    return quick(ROWS, "vqvae", latent_dim=6, bottleneck=PART, **options)


def fitted(
    monkeypatch: pytest.MonkeyPatch, known: np.ndarray, judged: np.ndarray | None = None, before: Any = None
) -> Companion:
    """The prior of a model whose codes are these."""
    begun, _ = untrained(ROWS, Options(recipe="vqvae", latent_dim=6, bottleneck=PART, seed=0))
    rows = torch.arange(len(known))
    numbers = {len(known): known} | ({} if judged is None else {len(judged): judged})
    monkeypatch.setattr(code_prior, "_numbers", lambda trained, examples, rows: numbers[len(rows)])
    examples = Examples(ArraySource(torch.zeros(len(known), 12)), begun.kind)
    trained = begun if before is None else begun.with_companion(code_prior.NAME, before)
    validation = NONE if judged is None else torch.arange(len(judged))
    found = fit_code_prior(trained, examples, rows, validation, 0)
    assert found is not None
    return found


def twins(n: int, seed: int = 0) -> np.ndarray:
    """Two numbers that are always the same: 4 bits of each code are to be had by knowing that."""
    return np.repeat(np.random.default_rng(seed).integers(0, 16, size=(n, 1)), 2, axis=1)


def strangers(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 16, size=(n, 2))


def test_a_time_budget_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float | None] = []
    fit = AutoregressiveDensity.fit

    def watched(*args: Any, **options: Any) -> AutoregressiveDensity:
        given.append(options["seconds"])
        return fit(*args, **options)

    monkeypatch.setattr(AutoregressiveDensity, "fit", watched)
    trained = model(epochs="auto", time_budget=1.0, optimizer="adam")
    assert trained.config.plan["time_budget"] == pytest.approx(0.8)
    assert trained.config.options["time_budget"] == 1.0
    assert [r for r in trained.config.reasons if r.startswith("code prior 0.2 s of 1: a fifth")]
    (seconds,) = given
    assert seconds is not None
    assert 0.1 <= seconds < 1
    assert "code prior" not in " ".join(quick(ROWS, epochs="auto", time_budget=0.05).config.reasons)
    assert training_budget(trained, None) == (None, ())
    assert (prior_seconds(10.0, 7.0), prior_seconds(10.0, 9.9), prior_seconds(None, 3.0)) == (3.0, 1.0, None)


def test_a_limit_of_seconds_is_kept() -> None:
    codes = np.random.default_rng(0).integers(0, 8, size=(3000, 12))
    assert _steps_left(10.0, 2.0, 0.1) == int((10 - 2 - 40 * 0.1) / 0.19)
    assert _steps_left(1.0, 2.0, 0.1) == 0
    begun = time.perf_counter()
    AutoregressiveDensity.fit(codes, (8,), 0, seconds=0.01)
    short = time.perf_counter() - begun
    begun = time.perf_counter()
    AutoregressiveDensity.fit(codes, (8,), 0)
    assert short < (time.perf_counter() - begun) / 2


def test_going_on_begins_where_it_was() -> None:
    codes = twins(600)
    first = AutoregressiveDensity.fit(codes, (16, 16), 0)
    again = AutoregressiveDensity.fit(codes[:60], (16, 16), 0, start=first)
    anew = AutoregressiveDensity.fit(codes[:60], (16, 16), 0)
    assert again.bits(twins(300, seed=1)) < anew.bits(twins(300, seed=1)) - 0.2
    assert first.bits(twins(300, seed=1)) == pytest.approx(
        AutoregressiveDensity.fit(codes, (16, 16), 0).bits(twins(300, seed=1))
    )


def test_the_same_codes_keep_their_prior(monkeypatch: pytest.MonkeyPatch) -> None:
    first = fitted(monkeypatch, twins(200), twins(50, seed=1))
    assert fitted(monkeypatch, twins(200), twins(50, seed=1), before=first) is first
    other = fitted(monkeypatch, twins(200, seed=2), twins(50, seed=1), before=first)
    assert other is not first
    assert other.data["codes"] != first.data["codes"]


def test_few_rows_do_not_take_the_place_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that goes on with 24 rows keeps the frequencies of 600."""
    first = fitted(monkeypatch, twins(600), twins(90, seed=1))
    few = fitted(monkeypatch, twins(24, seed=3), twins(90, seed=1), before=first)
    np.testing.assert_array_equal(few.arrays["independent.probabilities"], first.arrays["independent.probabilities"])
    assert few.data["bits"]["autoregressive"] < first.data["bits"]["autoregressive"] + 0.5
    assert few.data["usual"] == "autoregressive"


def test_a_warm_start_goes_on_with_the_prior(monkeypatch: pytest.MonkeyPatch) -> None:
    first = model(epochs=2)
    starts: list[object] = []
    fit = AutoregressiveDensity.fit

    def watched(*args: Any, **options: Any) -> AutoregressiveDensity:
        starts.append(options["start"])
        return fit(*args, **options)

    monkeypatch.setattr(AutoregressiveDensity, "fit", watched)
    quick(read_like(first.kind, ROWS), start=first, epochs=1)
    (start,) = starts
    assert isinstance(start, AutoregressiveDensity)
    np.testing.assert_array_equal(start.weights["w2"], first.companions[code_prior.NAME].arrays["autoregressive.w2"])


def test_what_knows_more_is_usual_and_what_does_not_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = twins(80, seed=1)
    knows = fitted(monkeypatch, twins(600), judged)
    assert knows.data["usual"] == "autoregressive"
    network, simple = AutoregressiveDensity, IndependentDensity.fit(twins(600), (16, 16))
    parts = {k.removeprefix("autoregressive."): v for k, v in knows.arrays.items() if k.startswith("autoregressive.")}
    density = network.from_json(knows.data["densities"]["autoregressive"], parts)
    gains = (density.log_prob(judged) - simple.log_prob(judged)) / math.log(2)
    assert knows.data["gain"] == pytest.approx(gains.mean())
    assert knows.data["error"] == pytest.approx(gains.std(ddof=1) / math.sqrt(80))
    assert 3 < knows.data["gain"] < 4.5  # bits

    learns_nothing = fitted(monkeypatch, strangers(60), strangers(40, seed=1))
    assert learns_nothing.data["usual"] == "independent"
    monkeypatch.undo()
    trained = model(epochs=1).with_companion(code_prior.NAME, learns_nothing)
    assert usual_prior(trained) == usual_origin(trained) == "independent"
    said = too_few(trained)
    assert said is not None
    assert "60 training codes are too few" in said
    with pytest.warns(FewCodesWarning, match="by the frequencies of the entries"):
        sample(trained, 2, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sample(trained, 2, density="autoregressive", random_state=0)
        sample(trained.with_companion(code_prior.NAME, knows), 2, random_state=0)


def test_without_held_out_rows_a_tenth_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    found = fitted(monkeypatch, strangers(200))
    assert (found.data["rows"], found.data["held_out"]) == (180, 20)
    few = fitted(monkeypatch, strangers(12))
    assert (few.data["rows"], few.data["held_out"], few.data["usual"]) == (12, 0, "independent")
    monkeypatch.undo()
    said = too_few(model(epochs=1).with_companion(code_prior.NAME, few))
    assert said is not None
    assert "12 training codes are too few" in said


def test_a_single_number_goes_together_with_none(monkeypatch: pytest.MonkeyPatch) -> None:
    trained = quick(ROWS, "vqvae", latent_dim=3, bottleneck=PART)
    assert usual_prior(trained) == "independent"
    assert too_few(trained) is None


def test_readers_are_told() -> None:
    told: list[Event] = []
    trained = quick(ROWS[:40], "vqvae", latent_dim=6, bottleneck=PART, epochs=1, readers=[told.append])
    notices = [e.text for e in told if isinstance(e, Notice) and e.about == code_prior.NAME]
    assert notices == [t for t in [too_few(trained)] if t is not None]


def test_folders_that_do_not_say_draw_as_before() -> None:
    trained = model(epochs=1)
    kept = trained.companions[code_prior.NAME]
    old = dataclasses.replace(kept, data={k: kept.data[k] for k in ("rows", "held_out", "bits", "densities")})
    assert usual_prior(trained.with_companion(code_prior.NAME, old)) == "autoregressive"
    assert too_few(trained.with_companion(code_prior.NAME, old)) is None

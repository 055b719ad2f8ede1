"""How wide the code should be: figures on rows nothing was trained on, the rule as it is stated, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
import torch

from diabolo.baselines.pca import fit_pca
from diabolo.baselines.quantized_pca import QuantizedPca
from diabolo.data import read
from diabolo.data.split import split
from diabolo.errors import DataError, ParameterError, UnsupportedError
from diabolo.jobs.diagnosis.copying import WIDE
from diabolo.jobs.diagnosis.remarks import in_english
from diabolo.jobs.diagnosis.sweep import Sweep, Width, advise, cheaper_of, sweep, widths_of
from diabolo.jobs.findings import Finding
from diabolo.jobs.train import Options, train, untrained
from diabolo.parts.bottlenecks import Gaussian
from diabolo.parts.likelihoods import Gaussian as GaussianLikelihood
from diabolo.report.language import LANGUAGES, language
from diabolo.training.events import Event, Finished, Notice
from tests.helpers import little_images, low_rank

QUICK = Options(recipe="simple", epochs=40, batch_size=32, learning_rate=0.02, optimizer="adam", seed=0)
X = low_rank(300)


@pytest.fixture(scope="module")
def found() -> Sweep:
    return sweep(X, QUICK, [1, 3, 6, 12])


def test_three_dimensions_want_three_numbers(found: Sweep) -> None:
    assert [w.latent_dim for w in found.widths] == [1, 3, 6, 12]
    assert found.suggestion.latent_dim == 3
    assert found.suggestion.rule == "kept"
    assert not found.suggestion.at_the_edge
    words = ("3 is the smallest width that keeps 95 %", "Narrower loses: 1 keeps", "times that of PCA")
    assert [w for w in words if w not in found.suggestion.reason] == []
    assert found.warnings == ()


def test_errors_are_of_rows_no_model_was_trained_on(found: Sweep) -> None:
    rows, held = (part.numpy() for part in split(300, 0.2))
    assert (found.rows, found.held_out) == (len(rows), len(held))
    inner, _ = split(len(rows), 0.1)
    kind = read(X).kind.fit(read(X[rows]).source, inner)
    inside, judged = (kind.encode(torch.from_numpy(X[part])).numpy() for part in (rows[inner.numpy()], held))
    for width in found.widths:
        pca = fit_pca(inside, width.numbers)
        assert width.pca == pytest.approx(np.square(judged - pca.reconstruct(judged)).mean(), rel=1e-3, abs=1e-6)
    np.testing.assert_allclose(found.originals, judged[:8], atol=1e-5)
    variance = judged.var(axis=0).mean()
    assert found.variance == pytest.approx(variance, rel=1e-4)
    for width in found.widths:
        assert width.kept == pytest.approx(1 - width.error / variance, rel=1e-4)
        assert width.gap == pytest.approx(width.error / width.training)
        assert width.seconds > 0
        assert width.used <= width.numbers
    assert [p.shape for p in found.pictures] == [(8, 12)] * 4


def test_less_comes_back_of_noise_than_of_rows(found: Sweep) -> None:
    assert all(w.copied is not None and w.copied < w.kept - 0.3 for w in found.widths)


def test_plain_values(found: Sweep) -> None:
    data = json.loads(json.dumps(found.to_dict()))
    assert data["suggestion"]["latent_dim"] == 3
    assert len(data["widths"]) == 4
    assert data["widths"][0]["gap"] > 0


def line(latent_dim: int, kept: float, copied: float = 0.0, used: int | None = None) -> Width:
    return Width(latent_dim, latent_dim, 1 - kept, 1 - kept, 0.5, kept, copied, used or latent_dim, 1.0)


def test_the_rule() -> None:
    lines = [line(2, 0.5), line(4, 0.86), line(8, 0.9), line(16, 0.9)]
    assert advise(lines, 100, variational=False).latent_dim == 4  # 0.86 is more than 95 % of 0.9
    assert advise(lines[:2], 100, variational=False).at_the_edge
    assert "wider may be better" in advise(lines[:2], 100, variational=False).reason
    beyond = advise(lines[:2], 3, variational=False).reason
    assert "wider may be better" not in beyond
    assert "PCA" not in beyond  # which has nothing left to lose there


def test_a_wide_code_that_copies_is_not_the_best() -> None:
    lines = [line(2, 0.5), line(4, 0.8), line(8, 1.0, copied=0.99)]
    found = advise(lines, 8, variational=False)
    assert found.latent_dim == 4
    assert "Too wide copies: 8 gives back 99 %" in found.reason
    assert advise(lines, 9, variational=False).latent_dim == 8  # narrower than a row
    assert advise(lines[2:] * 2, 8, variational=False).latent_dim == 8  # all copy


def test_idle_numbers_make_room() -> None:
    lines = [line(2, 0.5), line(4, 0.80), line(8, 0.85, used=3), line(16, 0.9, used=4)]
    found = advise(lines, 100, variational=True)
    assert (found.latent_dim, found.rule) == (4, "active")
    assert "4 of 16" in found.reason
    plain = advise(lines, 100, variational=False)
    assert plain.latent_dim == 16
    assert "4 of 16" not in plain.reason
    held = advise([line(2, 0.88), line(4, 0.9)], 100, variational=True)
    assert (held.latent_dim, held.rule) == (2, "kept")
    assert "4 of 4 numbers are active" in held.reason


@pytest.mark.parametrize(
    ("recipe", "options", "key", "words"),
    [
        ("vae", {}, "widths.cheaper.beta", "bottleneck.beta (now 1)"),
        ("vae", {"bottleneck": Gaussian(beta=4.0), "likelihood": "laplace"}, "widths.cheaper.both", "likelihood.spread=shared"),
        ("iwae", {}, "widths.cheaper.longer", "train longer"),
        ("iwae", {"likelihood": GaussianLikelihood()}, "widths.cheaper.spread", "likelihood.variance=shared"),
        ("wae", {}, "widths.cheaper.weight", "regularizers.mmd.weight"),
        ("aae", {}, "widths.cheaper.weight", "regularizers.adversarial.weight"),
        ("plain", {}, None, ""),
        ("vqvae", {}, None, ""),
    ],
)
def test_what_makes_a_code_that_is_drawn_from_cheaper(
    recipe: str, options: dict[str, Any], key: str | None, words: str
) -> None:
    begun, _ = untrained(low_rank(40), Options(recipe=recipe, latent_dim=4, seed=0, **options))
    found = cheaper_of(begun)
    assert (found and found.key) == key
    assert found is None or words in in_english(found)


def test_recipes_to_draw_from_are_not_told_to_take_pca() -> None:
    """They are told what the KL costs: PCA told no more nats, by reverse water-filling."""
    found = sweep(X, dataclasses.replace(QUICK, recipe="vae", epochs=2), [2, 4])
    width = next(w for w in found.widths if w.latent_dim == found.suggestion.latent_dim)
    assert width.kl is not None
    assert width.told is not None
    assert width.pca is not None
    assert width.told >= width.pca
    poor = [dataclasses.replace(line(w, k), kl=3.0, told=0.7) for w, k in ((2, 0.1), (4, 0.3))]
    then = Finding("widths.cheaper.beta", {"beta": 1.0})
    reason = advise(poor, 100, variational=True, cheaper=then).reason
    assert "take PCA" not in reason
    assert "3 nats a row, and PCA would be at 0.7" in reason
    assert "bottleneck.beta" in reason
    without = advise([line(2, 0.1), line(4, 0.3)], 100, variational=False, cheaper=then).reason
    assert "pull to the prior is the price" in without
    assert "take PCA" in advise([line(2, 0.1), line(4, 0.3)], 100, variational=False).reason


def test_nothing_learned_is_said() -> None:
    found = advise([line(2, -0.1), line(4, -0.2)], 100, variational=False)
    assert "No width restores held-out rows better than their mean" in found.reason


def test_widths_to_try() -> None:
    assert widths_of("auto", 784, 60_000) == (2, 4, 8, 16, 32, 64, 128, 256, 512)
    assert widths_of("auto", 3, 100) == (1, 2)
    assert widths_of(np.array([4, 2]), 10, 10) == (2, 4)
    wrong: list[Any] = [[4], [4, 4], [0, 2], [1.5, 2], "2,4", 4, [True, 2]]
    for given in wrong:
        with pytest.raises(ParameterError, match="latent_dims must be"):
            widths_of(given, 10, 10)


def test_pictures_labels_and_a_code_wider_than_a_row() -> None:
    images, y = little_images(60, side=4), np.arange(60) % 2
    told: list[tuple[int, int, int]] = []
    quick = dataclasses.replace(QUICK, recipe="cvae", epochs=1)
    found = sweep(images, quick, [2, 20], y=y, tell=lambda *given: told.append(given))
    assert told == [(1, 2, 2), (2, 2, 20)]
    assert found.value_range == (0, 1)
    assert found.pictures[0].shape == (8, 1, 4, 4)
    (warned,) = found.warnings
    assert (warned.key, warned.values["n"], warned.values["cells"]) == ("wide.tried.copied", 20, 16)
    assert "A code of 20 numbers is wider than a row of 16" in found.to_dict()["warnings"][0]


def test_a_wide_code_is_told_once_and_not_where_it_is_meant() -> None:
    images, told = little_images(60, side=4), list[Event]()
    quick = dataclasses.replace(QUICK, epochs=1)
    found = sweep(images, quick, [2, 20], readers=[told.append])
    assert [f.key for f in found.warnings] == ["wide.tried.copied"]
    assert [e for e in told if isinstance(e, Notice)] == []
    assert sum(isinstance(e, Finished) for e in told) == 2
    train(images, dataclasses.replace(quick, latent_dim=20), readers=[told.append])
    (notice,) = [e for e in told if isinstance(e, Notice)]
    assert (notice.about, "more than the 16 numbers of a row" in notice.text) == (WIDE, True)
    assert sweep(images, dataclasses.replace(quick, recipe="denoising"), [2, 20]).warnings == ()


def test_discrete_codes_are_held_to_pca_at_as_many_bits() -> None:
    found = sweep(X, dataclasses.replace(QUICK, recipe="fsq", epochs=2), [2, 4])
    rows, held = (part.numpy() for part in split(300, 0.2))
    inner, _ = split(len(rows), 0.1)
    kind = read(X).kind.fit(read(X[rows]).source, inner)
    inside, judged = (kind.encode(torch.from_numpy(X[part])).numpy() for part in (rows[inner.numpy()], held))
    for width in found.widths:
        assert width.bits == 2 * width.numbers  # 4 levels each
        rival = QuantizedPca.of(fit_pca(inside, 12), 2 * width.numbers)
        assert width.pca == pytest.approx(np.square(judged - rival.reconstruct(judged)).mean(), rel=1e-3)
    last = found.suggestion.why[-1]
    assert (last.key, last.values["rival"].key) == ("widths.beside.bits", "diagnosis.rival.bits")
    assert f"PCA at as many bits ({last.values['rival'].values['n']:g})" in found.suggestion.reason
    assert "take PCA" not in found.suggestion.reason


@pytest.mark.parametrize("variational", [True, False])
def test_every_sentence_has_words_in_both_languages(variational: bool) -> None:
    ways = [
        [line(2, 0.5), line(4, 0.8), line(8, 1.0, copied=0.99)],
        [line(2, 0.5), line(4, 0.9), line(8, 0.85, used=3)],
        [line(2, 0.5), line(4, 0.95)],
        [line(2, -0.1), line(4, -0.2)],
        [dataclasses.replace(w, bits=6.0, copied=None) for w in (line(2, 0.3), line(4, 0.31), line(8, 0.32))],
    ]
    for lines in ways:
        found = advise(lines, 8, variational=variational)
        assert found.reason == " ".join(in_english(f) for f in found.why)
        assert json.loads(json.dumps(found.to_dict()))["reason"] == found.reason
        for code in LANGUAGES:
            said = [language(code).say(f) for f in found.why]
            assert all(said)
            assert not any("{" in s for s in said)


def test_what_cannot_be_swept_is_refused_in_words() -> None:
    with pytest.raises(DataError, match="at least 20 rows to train on some and judge by others, got 10"):
        sweep(X[:10], QUICK, [1, 2])
    with pytest.raises(DataError, match="one label a row: there are 300 rows"):
        sweep(X, QUICK, [1, 2], y=[1, 2])
    with pytest.raises(DataError, match="conditional: give labels"):
        sweep(X, dataclasses.replace(QUICK, recipe="cvae"), [1, 2])
    with pytest.raises(UnsupportedError, match="'upscaling' gives something else"):
        sweep(little_images(40), dataclasses.replace(QUICK, recipe="upscaling", epochs=1), [2, 4])
    with pytest.raises(ParameterError, match="no recipe 'plan'"):
        sweep(X, dataclasses.replace(QUICK, recipe="plan"), [1, 2])

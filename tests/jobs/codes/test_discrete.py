"""Discrete codes from training to files: indices, bits, the prior, what is refused."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from diabolo import Autoencoder, load
from diabolo.baselines.quantized_pca import QuantizedPca
from diabolo.data import read_like
from diabolo.data.split import split
from diabolo.densities.independent import IndependentDensity
from diabolo.errors import DataError, FewCodesWarning, ParameterError, UnsupportedError
from diabolo.jobs.codes import discrete
from diabolo.jobs.codes.embed import decode, decoded, embed
from diabolo.jobs.codes.interpolate import codes_on_the_way, codes_through, interpolate
from diabolo.jobs.codes.reconstruct import encode_all, reconstruct
from diabolo.jobs.codes.units import units_of
from diabolo.jobs.codes.ways import look_at_ways
from diabolo.jobs.companions import linear_rival, linear_twin
from diabolo.jobs.diagnosis.diagnose import diagnose
from diabolo.jobs.evaluation.evaluate import evaluate
from diabolo.jobs.generation import code_prior
from diabolo.jobs.generation.code_prior import DiscreteCodes, why_not
from diabolo.jobs.generation.holes import find_holes
from diabolo.jobs.generation.judge_samples import judge_samples
from diabolo.jobs.generation.new_rows import look_at_new_rows
from diabolo.jobs.generation.plane import latent_plane
from diabolo.jobs.generation.sample import origins_of, sample_codes, usual_origin
from diabolo.jobs.generation.vary import vary
from diabolo.jobs.generation.walks import latent_walks
from diabolo.parts.bottlenecks import FiniteScalar, VectorQuantized
from diabolo.parts.bottlenecks.vector_quantized import VectorQuantizedNeck
from diabolo.parts.networks import Conv
from diabolo.trained import Trained
from tests.helpers import little_images, low_rank, quick, same_weights

X, ROWS = little_images(160), low_rank(200)
MAP = Conv(code="map", stages=2)
MAKE = {
    "vq": lambda: quick(ROWS, "vqvae", latent_dim=6, bottleneck=VectorQuantized(entries=16, group=3)),
    "vq map": lambda: quick(X, "vqvae", network=MAP, bottleneck=VectorQuantized(entries=16)),
    "fsq": lambda: quick(ROWS, "fsq", latent_dim=6, bottleneck=FiniteScalar()),
    "fsq map": lambda: quick(X, "fsq", network=MAP, bottleneck=FiniteScalar(levels=(4, 3))),
}
SHAPES = {"vq": (2,), "vq map": (2, 2), "fsq": (2,), "fsq map": (2, 2, 2)}
BITS = {"vq": 8.0, "vq map": 16.0, "fsq": math.log2(1000 * 40), "fsq map": 8 * math.log2(12)}
EVERY = pytest.mark.parametrize("name", MAKE)
Made = dict[str, Trained]


@pytest.fixture(scope="module")
def made() -> Made:
    return {name: make() for name, make in MAKE.items()}


def data(name: str) -> np.ndarray:
    return X if "map" in name else ROWS


@EVERY
def test_indices_name_the_codes(name: str, made: Made) -> None:
    ae = Autoencoder.from_trained(made[name])
    indices = ae.indices(data(name))
    assert indices.shape == (len(data(name)), *SHAPES[name])
    assert indices.dtype == np.int64
    np.testing.assert_array_equal(discrete.codes_of(made[name], indices), ae.transform(data(name)))
    np.testing.assert_array_equal(ae.from_indices(indices), ae.reconstruct(data(name)))
    np.testing.assert_array_equal(
        ae.from_indices(indices.reshape(len(indices), -1)), ae.inverse_transform(ae.transform(data(name)))
    )
    np.testing.assert_array_equal(ae.indices(data(name)[:3]), indices[:3])


@EVERY
def test_bits_are_positions_times_the_logarithm_of_the_entries(name: str, made: Made) -> None:
    assert discrete.code_bits(made[name]) == pytest.approx(BITS[name])
    found = evaluate(made[name], data(name)).discrete
    assert found is not None
    assert found.bits == pytest.approx(BITS[name])
    numbers = Autoencoder.from_trained(made[name]).indices(data(name)).reshape(len(data(name)), -1)
    kinds = [len(np.unique(numbers[:, g :: len(found.entries)])) / e for g, e in enumerate(found.entries)]
    assert found.used == pytest.approx(np.mean(kinds))
    assert 1 <= found.perplexity <= max(found.entries)


@EVERY
def test_the_prior_travels_and_draws_entries(name: str, made: Made, tmp_path: Path) -> None:
    trained = made[name]
    kept = trained.companions[code_prior.NAME].data
    assert set(kept["bits"]) == {"independent", "autoregressive"}
    Autoencoder.from_trained(trained).save(tmp_path / "model")
    back = load(tmp_path / "model").trained_
    assert same_weights(trained, back)
    for density in ("auto", "independent", "autoregressive"):
        z = sample_codes(trained, 7, density=density, random_state=0)
        np.testing.assert_array_equal(sample_codes(back, 7, density=density, random_state=0), z)
        neck = discrete.require_quantizer(trained, "test")
        as_maps = torch.from_numpy(z).reshape(-1, *trained.model.code_shape)
        torch.testing.assert_close(neck.entry(neck.indices(as_maps)), as_maps)  # nothing between the entries
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewCodesWarning)
        assert len(Autoencoder.from_trained(back).sample(3, random_state=0)) == 3


def test_bits_of_the_prior_are_those_of_the_held_out_rows(made: Made) -> None:
    """The independent one again by hand: frequencies of the training rows, minus their mean logarithm on the others."""
    trained = made["vq"]
    rows, held_out = split(len(ROWS), 0.1)
    numbers = Autoencoder.from_trained(trained).indices(ROWS)
    density = IndependentDensity.fit(numbers[rows.numpy()], (16, 16))
    kept = trained.companions[code_prior.NAME].data
    assert (kept["rows"], kept["held_out"]) == (len(rows), len(held_out))
    assert kept["bits"]["independent"] == pytest.approx(density.bits(numbers[held_out.numpy()]))


def test_without_its_prior_a_model_fits_one_to_the_codes_it_carries(made: Made) -> None:
    trained = made["vq"]
    bare = Trained(trained.model, trained.kind, trained.config, companions={"codes": trained.companions["codes"]})
    assert isinstance(code_prior.code_prior(bare), IndependentDensity)
    assert sample_codes(bare, 4, random_state=0).shape == (4, 6)


def test_long_codes_go_without_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_prior, "MOST_COLUMNS", 1)
    trained = quick(ROWS, "fsq", latent_dim=6)
    assert set(trained.companions[code_prior.NAME].data["bits"]) == {"independent"}
    assert isinstance(code_prior.code_prior(trained), IndependentDensity)


def test_history_tells_the_perplexity(made: Made) -> None:
    for row in made["vq"].history:
        assert 1 <= row["validation_perplexity"] <= 16
        assert 1 <= row["train_perplexity"] <= 16
    assert "train_perplexity" not in quick(ROWS).history[-1]


def test_pca_beside_it_has_as_many_bits(made: Made) -> None:
    rival, twin = linear_rival(made["fsq"]), linear_twin(made["fsq"])
    assert isinstance(rival, QuantizedPca)
    assert rival.rates.sum() == math.ceil(BITS["fsq"])
    assert twin is not None
    assert len(twin.components) == 6
    found = evaluate(made["fsq"], ROWS)
    beside = {c.name: c for c in found.table}["pca"]
    flat = encode_all(made["fsq"], made["fsq"].kind.read(ROWS)).numpy()
    assert beside.errors["mse"] == pytest.approx(float(np.square(flat - rival.reconstruct(flat)).mean()), rel=1e-4)
    assert beside.numbers == rival.used
    assert found.to_dict()["discrete"]["bits"] == pytest.approx(BITS["fsq"])


def test_samples_are_judged_by_the_priors_of_such_codes(made: Made) -> None:
    table = judge_samples(made["vq"], ROWS[:60]).table
    assert {line.origin for line in table} == {"independent", "autoregressive", "pca + gaussian"}


def test_the_code_follows_from_the_data() -> None:
    images = little_images(16, side=12)
    trained = quick(images, "vqvae", epochs=1, size="s", bottleneck=VectorQuantized(entries=4))
    assert trained.model.code_shape == (4, 3, 3)
    assert trained.config.composition.network.name == "conv"
    assert quick(ROWS, "vqvae", epochs=1).model.code_shape == (12,)
    small = quick(images, "fsq", network="mlp", epochs=1, bottleneck=FiniteScalar(levels=(2,)))
    assert small.model.code_shape == (48,)


@pytest.mark.parametrize("density", ["gaussian", "mixture", "kernel", "prior"])
def test_densities_of_real_numbers_are_refused(density: str, made: Made) -> None:
    with pytest.raises(ParameterError, match="'independent' or 'autoregressive'"):
        sample_codes(made["vq"], 2, density=density)


@pytest.mark.parametrize("density", ["independent", "autoregressive"])
def test_densities_of_entries_are_refused_by_others(density: str) -> None:
    with pytest.raises(ParameterError, match="train vqvae or fsq"):
        sample_codes(quick(ROWS, epochs=1), 2, density=density)


def test_others_have_no_indices() -> None:
    plain = Autoencoder.from_trained(quick(ROWS, epochs=1))
    for call in (lambda: plain.indices(ROWS), lambda: plain.from_indices(np.zeros((2, 2), dtype=int))):
        with pytest.raises(UnsupportedError, match=r"discrete codes \(vqvae, fsq\); this is 'plain'"):
            call()
    assert evaluate(plain.trained_, ROWS).discrete is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (np.zeros((2, 3), dtype=int), "shape"),
        (np.zeros((2, 2)), "whole numbers"),
        (np.array([[0, 16]]), "0 to 15"),
        (np.array([[-1, 0]]), "0 to 15"),
        (np.zeros((0, 2), dtype=int), "at least one row"),
    ],
)
def test_indices_that_name_nothing(given: np.ndarray, says: str, made: Made) -> None:
    with pytest.raises(DataError, match=says):
        discrete.codes_of(made["vq"], given)


def test_why_a_model_loses() -> None:
    idle = DiscreteCodes(2, (512, 512), 18.0, 0.1, 8.0, {})
    assert why_not(idle, 0.2, 0.1).key == "discrete.idle"
    spent = why_not(DiscreteCodes(2, (512, 512), 18.0, 1.0, 400.0, {}), 0.2, 0.1)
    assert (spent.key, spent.values["pca"], spent.values["unrounded"]) == ("discrete.spent", 0.2, 0.1)
    assert spent.values["spent_share"] == pytest.approx(math.log2(400) / 9)


def test_what_rounding_costs_pca_is_measured() -> None:
    few = FiniteScalar(levels=(2, 2))
    trained = quick(ROWS, "fsq", latent_dim=4, bottleneck=few, epochs=10, learning_rate=0.02, batch_size=32)
    found = evaluate(trained, ROWS)
    (said,) = [f.values for f in found.why if f.key == "discrete.spent"]
    rival = linear_rival(trained)
    assert isinstance(rival, QuantizedPca)
    x = encode_all(trained, trained.kind.read(ROWS)).numpy().astype(np.float64)
    axes = rival.pca.components[: rival.used].astype(np.float64)
    away = (x - rival.mean) - (x - rival.mean) @ axes.T @ axes
    assert said["unrounded"] == pytest.approx(np.square(away).mean(), rel=1e-4)
    assert said["pca"] == pytest.approx({c.name: c for c in found.table}["pca"].errors["mse"], rel=1e-4)
    assert said["unrounded"] < said["pca"]


def test_a_row_alone_has_no_prior() -> None:
    trained = quick(X[:2], "fsq", network="mlp", epochs=1)
    assert code_prior.NAME not in trained.companions
    with pytest.raises(DataError, match="at least 2 codes"):
        sample_codes(trained, 1)


@pytest.mark.parametrize("learning", ["averages", "gradient"])
def test_the_same_seed_makes_the_same_codebooks(learning: str) -> None:
    part = VectorQuantized(entries=8, learning=learning)
    first, second = (quick(ROWS, "vqvae", bottleneck=part, epochs=2) for _ in range(2))
    assert same_weights(first, second)
    before = first.model.bottleneck.state_dict()["codebook"].clone()
    on = quick(read_like(first.kind, ROWS), start=first, epochs=1)
    assert not torch.equal(on.model.bottleneck.state_dict()["codebook"], before)
    assert torch.equal(first.model.bottleneck.state_dict()["codebook"], before)


@EVERY
def test_jobs_on_codes_draw_entries(name: str, made: Made) -> None:
    """What draws codes without being told from where takes a prior over entries, never a density of real numbers."""
    trained, rows = made[name], data(name)[:60]
    assert origins_of(trained) == ("independent", "autoregressive")
    usual = trained.companions[code_prior.NAME].data["usual"]
    assert usual_origin(trained) == usual
    found = look_at_new_rows(trained, trained.kind.read(rows), n=2)
    assert found.usual == usual
    diagnosis = diagnose(trained, rows)
    assert {c.name for c in diagnosis.checks if c.said.key == "diagnosis.skipped.discrete"} == {"holes", "bumpy code"}
    if "map" not in name:  # codes of maps are all alike after so few epochs
        assert find_holes(trained, rows, n=3).origin == "independent"
        assert diagnosis.spread is not None
        assert [o.name for o in diagnosis.spread.origins] == ["independent", "autoregressive"]


def test_the_doctor_holds_such_codes_to_pca_at_as_many_bits(made: Made) -> None:
    trained = made["fsq"]
    diagnosis, beside = diagnose(trained, ROWS), {c.name: c for c in evaluate(trained, ROWS).table}["pca"]
    assert diagnosis.errors["pca"] == pytest.approx(beside.errors["mse"], rel=1e-4)
    assert "PCA at as many bits (15.3)" in str(diagnosis.check("underfitting").to_dict()["text"])
    assert "pca" not in diagnose(trained).errors  # what PCA's numbers leave without rounding says nothing beside it


def test_nearest_entries_are_those_of_a_search(made: Made) -> None:
    trained = made["vq"]
    neck = trained.model.bottleneck
    assert isinstance(neck, VectorQuantizedNeck)
    z = np.random.default_rng(0).normal(size=(30, 6)).astype(np.float32)
    books = neck.codebook.detach().numpy()  # (2, 16, 3)
    away = [np.square(z[:, None, 3 * g : 3 * g + 3] - books[g]).sum(2) for g in (0, 1)]
    expected = np.concatenate([books[g][a.argmin(1)] for g, a in enumerate(away)], axis=1)
    np.testing.assert_array_equal(discrete.snapped(trained, z), expected)
    plain = quick(ROWS, latent_dim=6, epochs=1)
    assert discrete.snapped(plain, z) is z


@EVERY
def test_codes_between_entries_are_never_decoded(name: str, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """What vary, interpolate and ways give the decoder are entries, and a way ends where the rows are."""
    trained, rows = made[name], data(name)[:60]
    seen: list[np.ndarray] = []

    def watched(trained: Trained, z: np.ndarray, y: object = None) -> torch.Tensor:
        seen.append(np.asarray(z))
        return decoded(trained, z, y)

    for job in ("codes.embed", "generation.vary", "codes.ways"):
        monkeypatch.setattr(f"diabolo.jobs.{job}.decoded", watched)
    moved = vary(trained, rows[:3], 5, spread=1.0, random_state=0)
    way = interpolate(trained, rows[0], rows[1], 7)
    look_at_ways(trained, trained.kind.read(rows))
    assert (len(moved), len(way), len(seen) > 5) == (15, 7, True)
    for z in seen:
        np.testing.assert_array_equal(discrete.snapped(trained, z), z)
    np.testing.assert_array_equal(way[[0, -1]], reconstruct(trained, rows[:2]))
    z = embed(trained, rows[:3])
    straight = codes_on_the_way(z, 5)
    np.testing.assert_array_equal(codes_through(trained, rows[:3], 5)[0], discrete.snapped(trained, straight))
    random = np.random.default_rng(int(np.random.default_rng(3).integers(2**31)))
    step = units_of(trained).std * random.standard_normal((6, z.shape[1]))
    there = discrete.snapped(trained, (np.repeat(z, 2, 0) + step).astype(np.float32))
    np.testing.assert_array_equal(vary(trained, rows[:3], 2, spread=1.0, random_state=3), decode(trained, there))


@EVERY
def test_walks_and_grids_of_entries_are_refused(name: str, made: Made) -> None:
    for make in (latent_walks, latent_plane):
        with pytest.raises(UnsupportedError, match=r"evenly through their range.*sample\(\).*from_indices\(\)"):
            make(made[name])


def test_middles_between_entries_are_no_sign_of_holes(made: Made) -> None:
    found = diagnose(made["fsq"], ROWS).spread
    assert found is not None
    assert (found.own, found.between) == (None, None)

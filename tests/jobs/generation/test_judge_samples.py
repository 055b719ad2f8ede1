"""New rows held to real ones: the better density is told from the worse, copies are found."""

from __future__ import annotations

import numpy as np
import pytest

from diabolo.errors import DataError
from diabolo.jobs.codes.embed import decoded
from diabolo.jobs.codes.reconstruct import encode_all, restored
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.findings import Finding
from diabolo.jobs.generation.features import Features
from diabolo.jobs.generation.judge_samples import SampleJudgment, Samples, judge_samples
from diabolo.jobs.generation.sample import sample_codes
from diabolo.jobs.generation.sample_verdict import NEAR, sample_verdict
from diabolo.metrics.generation import frechet_distance
from diabolo.trained import Trained
from tests.helpers import low_rank, quick


def two_clouds(rows: int = 600, seed: int = 0) -> np.ndarray:
    """Rows of two kinds far from each other, (rows, 6) float32."""
    random = np.random.default_rng(seed)
    side = random.integers(0, 2, rows)[:, None] * 2 - 1
    plane = np.random.default_rng(9).normal(size=(2, 6))
    return ((random.normal(size=(rows, 2)) * 0.3 + 3 * side) @ plane + 0.05 * random.normal(size=(rows, 6))).astype(np.float32)


@pytest.fixture(scope="module")
def trained() -> Trained:
    return quick(two_clouds(), latent_dim=2, epochs=30)


def test_a_mixture_comes_nearer_than_one_gaussian(trained: Trained) -> None:
    judged = judge_samples(trained, two_clouds(300, seed=1))
    found = {line.origin: line for line in judged.table}
    assert set(found) == {"gaussian", "mixture", "kernel", "pca + gaussian"}
    assert found["mixture"].precision > found["gaussian"].precision + 0.1
    assert found["mixture"].recall > 0.6
    assert [line.origin for line in judged.table][-1] == "pca + gaussian"
    assert all(line.copies is None for line in judged.table)
    assert judged.rows == 300


def test_the_figures_are_those_of_the_rows_it_says(trained: Trained) -> None:
    rows = two_clouds(100, seed=1)
    judged = judge_samples(trained, rows, origins=["gaussian"], seed=5)
    made = decoded(trained, sample_codes(trained, 100, density="gaussian", random_state=5)).flatten(1).numpy()
    real = encode_all(trained, trained.kind.read(rows)).flatten(1).numpy()
    assert judged.table[0].frechet == pytest.approx(frechet_distance(real, made), rel=1e-4)
    order = np.random.default_rng(5).permutation(100)
    halves = frechet_distance(real[order[:50]], real[order[50:]])
    assert judged.floor == pytest.approx(halves, rel=1e-4)


def test_named_features_are_compared(trained: Trained) -> None:
    two = Features("two columns", lambda x: x[:, :2], 2, Finding("samples.features.cells", {"n": 2}))
    judged = judge_samples(trained, two_clouds(100, seed=1), origins=["mixture"], features=two)
    assert (judged.features, judged.width, judged.about.values["n"]) == ("two columns", 2, 2)
    found = judged.to_dict()
    assert (found["table"][0]["origin"], found["about"]) == ("mixture", {"key": "samples.features.cells", "n": 2})


def test_one_gaussian_between_two_clouds_draws_from_the_hole(trained: Trained) -> None:
    judged = judge_samples(trained, two_clouds(300, seed=1))
    holes = {line.origin: line.holes for line in judged.table}
    assert holes["pca + gaussian"] is None
    gaussian, mixture = holes["gaussian"], holes["mixture"]
    assert gaussian is not None
    assert mixture is not None
    assert gaussian > 0.3 > 0.1 > mixture
    found = {finding.key: finding.values for finding in sample_verdict(judged)}
    assert found["samples.holes"]["share"] == gaussian
    assert "samples.holes.prior" not in found


def test_the_reconstructions_stand_beside_them(trained: Trained) -> None:
    rows = two_clouds(100, seed=1)
    judged = judge_samples(trained, rows, origins=["mixture"])
    source = trained.kind.read(rows)
    back = restored(trained, source, None).flatten(1).numpy()
    assert judged.restored == pytest.approx(frechet_distance(encode_all(trained, source).flatten(1).numpy(), back), rel=1e-4)


def test_holes_of_a_vae_are_measured_with_drawn_codes() -> None:
    trained = quick(low_rank(400), "vae", latent_dim=6, epochs=30)  # most of the six numbers stay at the prior
    judged = judge_samples(trained, low_rank(300, seed=1), origins=["prior"])
    assert judged.prior
    assert judged.table[0].holes is not None
    assert judged.table[0].holes < 0.2


def test_copies_of_training_rows_are_found(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    training, rows = two_clouds(), two_clouds(200, seed=1)
    honest = judge_samples(trained, rows, training=training, origins=["kernel"]).table[0]
    assert honest.copies is not None
    assert honest.nearness is not None
    assert honest.copies < 0.2
    assert 0.3 < honest.nearness < 6
    inside = encode_all(trained, trained.kind.read(training[:200]))
    monkeypatch.setattr("diabolo.jobs.generation.judge_samples.made_of", lambda *_, **__: inside)
    judged = judge_samples(trained, rows, training=training, origins=["kernel"])
    assert (judged.table[0].copies, judged.table[0].nearness, judged.seen) == (1, 0, 0)
    assert "samples.copies" in {finding.key for finding in sample_verdict(judged)}


def test_nearness_is_a_ratio_of_medians(trained: Trained) -> None:
    training, rows = two_clouds(), two_clouds(150, seed=1)
    line = judge_samples(trained, rows, training=training, origins=["gaussian"], seed=3).table[0]
    made = decoded(trained, sample_codes(trained, 150, density="gaussian", random_state=3)).flatten(1).numpy()
    known, real = (encode_all(trained, trained.kind.read(x)).flatten(1).numpy() for x in (training, rows))
    middle = [np.median(np.sqrt(np.square(x[:, None] - known[None]).sum(2)).min(1)) for x in (made, real)]
    assert line.nearness == pytest.approx(middle[0] / middle[1], rel=1e-5)


def test_training_rows_are_no_judges_of_copies(trained: Trained) -> None:
    judged = judge_samples(trained, two_clouds()[:200], training=two_clouds(), origins=["kernel"])
    assert (judged.seen, judged.table[0].copies, judged.table[0].nearness) == (1, None, None)
    assert sample_verdict(judged)[-1].key == "samples.seen"
    assert judged.near == 0


def test_the_verdict_follows_from_the_table() -> None:
    def keys(*lines: Samples, restored: float = 2.0, prior: bool = False, usual: str = "mixture") -> list[str]:
        about = Finding("samples.features.cells", {"n": 1})
        judged = SampleJudgment(lines, "cells", 100, 1.0, restored, 1, about, prior, usual)
        return [f.key for f in sample_verdict(judged)]

    mixture, gaussian = Samples("mixture", 2.5, 0.8, 0.8, holes=0.01), Samples("gaussian", 9.0, 0.5, 0.8, holes=0.4)
    linear = Samples("pca + gaussian", 2.0, 0.5, 0.5)
    assert keys(mixture, gaussian) == ["samples.mended", "samples.holes", "samples.as-restored"]
    about = Finding("samples.features.cells", {"n": 1})
    near = sample_verdict(SampleJudgment((mixture, gaussian), "cells", 100, 1.0, 2.0, 1, about, False, "mixture"))[-1]
    assert dict(near.values) == {"restored": 2.0, "frechet": 2.5, "times": 1.25, "limit": NEAR}
    better = Samples("mixture", 1.4, 0.8, 0.8)
    assert keys(mixture, gaussian, restored=0.5)[-1] == "samples.worse-than-restored"
    assert keys(better, restored=0.5)[-1] == "samples.as-halves"
    assert keys(mixture, linear) == ["samples.one", "samples.as-restored", "samples.even"]
    for frechet, key in ((3.2, "better"), (3.0, "even"), (2.1, "even"), (1.9, "worse")):  # 1.25 times as far or near
        assert keys(mixture, Samples("pca + gaussian", frechet, 0.5, 0.5))[-1] == f"samples.{key}"
    assert keys(mixture, gaussian, usual="gaussian")[0] == "samples.mend.holes"
    blind = Samples("mixture", 2.5, 0.8, 0.8), Samples("gaussian", 9.0, 0.5, 0.8)  # nobody knows where holes are
    assert keys(*blind, usual="gaussian")[0] == "samples.mend"
    assert keys(mixture, Samples("prior", 3.1, 0.8, 0.8), usual="prior")[0] == "samples.alike"
    assert keys(mixture, Samples("prior", 3.2, 0.8, 0.8), usual="prior")[0] == "samples.mend"
    assert keys(Samples("mixture", 2.5, 0.4, 0.2))[-2:] == ["samples.unlike", "samples.narrow"]
    assert keys(Samples("mixture", 2.5, 0.8, 0.8, copies=0.05))[-1] == "samples.no-copies"
    assert keys(Samples("mixture", 2.5, 0.8, 0.8, copies=0.06))[-1] == "samples.copies"
    assert keys(Samples("prior", 2.5, 0.8, 0.8, holes=0.2), mixture, prior=True)[:2] == ["samples.alike", "samples.holes.prior"]
    learned = Samples("autoregressive", 2.5, 0.8, 0.8, holes=0.3), Samples("independent", 2.6, 0.8, 0.8, holes=0.9)
    assert keys(*learned, usual="autoregressive")[:2] == ["samples.alike", "samples.holes.learned"]
    assert keys(Samples("learned", 2.5, 0.8, 0.8, copies=0.5)) == ["samples.one", "samples.as-restored", "samples.copies"]


def test_labels_of_real_rows_are_those_of_new_ones() -> None:
    x = two_clouds(300)
    y = (x[:, 0] > 0).astype(int)
    judged = judge_samples(quick(x, "cvae", y=y, latent_dim=2, epochs=5), x[:100], y[:100])
    assert [line.origin for line in judged.table if line.origin.startswith("pca")] == []
    assert "prior" in {line.origin for line in judged.table}


def test_too_few_real_rows_are_refused(trained: Trained) -> None:
    with pytest.raises(DataError, match="at least 20 real ones, got 3"):
        judge_samples(trained, two_clouds(3))


def test_pca_beside_it_has_the_twins_spread() -> None:
    trained = quick(low_rank(500), latent_dim=3, epochs=2)
    twin = linear_twin(trained)
    assert twin is not None
    assert judge_samples(trained, low_rank(500), origins=["gaussian"]).table[-1].frechet < 0.5

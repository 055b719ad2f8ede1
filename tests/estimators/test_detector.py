"""AnomalyDetector: scikit-learn's own checks for outlier detectors, the ways to outliers, what it takes and keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils.estimator_checks import check_outliers_fit_predict, check_outliers_train, parametrize_with_checks

from diabolo import AnomalyDetector, Autoencoder
from diabolo.errors import DataError, ParameterError, UnsupportedError
from diabolo.parts.networks import Mlp
from tests.helpers import low_rank, same_weights


def quick_autoencoder(**options: Any) -> Autoencoder:
    return Autoencoder("denoising", network=Mlp(widths=(8,)), epochs=2, batch_size=32, optimizer="adam", **options)


@parametrize_with_checks([AnomalyDetector(quick_autoencoder(), random_state=0)])
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("check", [check_outliers_train, check_outliers_fit_predict])
def test_scikit_learns_checks_of_outlier_detectors_for_clean_rows(check: Any) -> None:
    check("AnomalyDetector", AnomalyDetector(quick_autoencoder(), novelty=True, random_state=0))


X = low_rank(250, 6, 2).astype(np.float64)
FRESH = low_rank(400, 6, 2, seed=0)[250:].astype(np.float64)
ODD = FRESH + np.random.default_rng(1).normal(size=FRESH.shape) * X.std(axis=0)
DETECTOR = AnomalyDetector(quick_autoencoder(), novelty=True, random_state=0).fit(X)


def test_rows_that_do_not_go_together_are_told() -> None:
    assert (DETECTOR.predict(ODD) == -1).mean() > 0.5
    assert (DETECTOR.predict(FRESH) == -1).mean() < 0.15
    assert (DETECTOR.predict(ODD, alpha=0.05) == -1).mean() > 0.5
    assert np.array_equal(DETECTOR.predict(ODD, alpha=0.05) == -1, DETECTOR.p_values(ODD) <= 0.05)
    found = DETECTOR.discoveries(np.concatenate([FRESH[:50], ODD[:50]]), rate=0.2)
    assert found.found[50:].sum() > 25
    assert found.found[:50].sum() <= 20
    assert np.array_equal(DETECTOR.predict(ODD, fdr=0.2) == -1, DETECTOR.discoveries(ODD, rate=0.2).found)


def test_scores_point_scikit_learns_way() -> None:
    assert DETECTOR.score_samples(FRESH).mean() > DETECTOR.score_samples(ODD).mean()
    parts = DETECTOR.score_parts(ODD)
    assert set(parts) == {"autoencoder", "linear", "neighbors"}
    assert all(values.mean() < DETECTOR.score_parts(FRESH)[name].mean() for name, values in parts.items())
    np.testing.assert_allclose(DETECTOR.decision_function(ODD), DETECTOR.score_samples(ODD) - DETECTOR.offset_)


def test_drift_is_told() -> None:
    assert not DETECTOR.drift(FRESH).drifted
    moved = FRESH.copy()
    moved[:, 2] += 2 * moved[:, 2].std()
    assert [c.column for c in DETECTOR.drift(moved).columns if c.drifted] == ["x2"]
    with pytest.raises(ParameterError, match="alpha must be a number above 0"):
        DETECTOR.drift(FRESH, alpha=5)


def test_two_rates_at_once_are_refused() -> None:
    with pytest.raises(ParameterError, match="not both"):
        DETECTOR.predict(FRESH, alpha=0.1, fdr=0.1)
    with pytest.raises(ParameterError, match="alpha must be a number above 0 and below 1"):
        DETECTOR.predict(FRESH, alpha=5)


def test_frames_with_labels_and_names_beside_the_features() -> None:
    names = ["a", "b", "c", "d", "e", "f"]
    frame = pd.DataFrame(X, columns=names).assign(row=np.arange(250), sick="no", note=1.0)
    options = {"label": "sick", "id": "row", "ignore": ["note"], "novelty": True, "random_state": 0}
    detector = AnomalyDetector(quick_autoencoder(), **options).fit(frame)
    assert detector.n_features_in_ == 6
    assert detector.feature_names_in_.tolist() == names
    np.testing.assert_allclose(detector.score_samples(frame[names]), detector.score_samples(frame))
    np.testing.assert_allclose(detector.score_samples(frame), DETECTOR.score_samples(X))
    assert [c.column for c in detector.drift(pl.DataFrame(FRESH, schema=names)).columns] == names
    with pytest.raises(DataError, match="yet now missing"):
        detector.predict(frame[names[:5]])
    with pytest.raises(ParameterError, match="no column 'ill'"):
        AnomalyDetector(label="ill").fit(frame)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    pl.DataFrame(X, schema=[*"abcdef"]).with_columns(klass=pl.lit("n")).write_csv(path)
    detector = AnomalyDetector(quick_autoencoder(), label="klass", novelty=True, random_state=0).fit(path)
    assert detector.predict(str(path)).shape == (250,)
    np.testing.assert_allclose(detector.score_samples(path), DETECTOR.score_samples(X), rtol=1e-5)


def test_a_trained_autoencoder_is_taken_as_it_is() -> None:
    ae = quick_autoencoder(random_state=0).fit(X)
    detector = AnomalyDetector(ae, novelty=True, random_state=0).fit(X)
    assert same_weights(detector.trained_, ae.trained_)
    assert "screen" not in ae.trained_.companions
    assert (detector.predict(ODD, alpha=0.1) == -1).mean() > 0.5
    assert clone(detector).autoencoder is ae
    frozen = AnomalyDetector(FrozenEstimator(ae), novelty=True, random_state=0).fit(X)
    np.testing.assert_array_equal(frozen.score_samples(ODD), detector.score_samples(ODD))
    other = AnomalyDetector(ae, novelty=True, random_state=0).fit(FRESH)
    assert len(other.calibration_scores_) == 30  # a fifth of 150; of its own 250 rows those for validation would
    with pytest.raises(DataError, match="features"):
        AnomalyDetector(ae).fit(X[:, :4])


def test_a_recipe_by_its_name() -> None:
    detector = AnomalyDetector("plain", random_state=0).fit(X[:8])
    assert detector.trained_.config.recipe == "plain"
    assert detector.autoencoder_.transform(X[:3]).shape[0] == 3
    with pytest.raises(UnsupportedError, match="knows no labels"):
        AnomalyDetector("cvae").fit(X)
    with pytest.raises(ParameterError, match="no recipe 'plein'"):
        AnomalyDetector("plein").fit(X)
    with pytest.raises(ParameterError, match="must be an Autoencoder"):
        AnomalyDetector(3).fit(X)


def test_kept_and_loaded(tmp_path: Path) -> None:
    loaded = AnomalyDetector.load(DETECTOR.save(tmp_path / "m"))
    rows = np.concatenate([X[:10], ODD[:10]])
    for method in ("score_samples", "p_values", "predict"):
        np.testing.assert_array_equal(getattr(loaded, method)(rows), getattr(DETECTOR, method)(rows))
    assert (loaded.offset_, loaded.false_alarms_, loaded.verdict_) == (
        DETECTOR.offset_,
        DETECTOR.false_alarms_,
        DETECTOR.verdict_,
    )
    assert loaded.n_features_in_ == 6
    assert loaded.novelty
    plain = quick_autoencoder().fit(X).save(tmp_path / "plain")
    with pytest.raises(UnsupportedError, match="AnomalyDetector"):
        AnomalyDetector.load(plain)


def test_what_it_says_while_it_learns(capsys: pytest.CaptureFixture[str]) -> None:
    detector = AnomalyDetector(quick_autoencoder(), random_state=0, verbose=1).fit(X)
    said = capsys.readouterr().err
    assert "Expected false alarms: " in said
    assert str(detector.verdict_) in said


def test_anomalies_in_the_training_rows_are_found() -> None:
    dirty = np.concatenate([X, 3 * ODD[:25]])
    detector = AnomalyDetector(quick_autoencoder(), random_state=0)
    found = detector.fit_predict(dirty)
    assert (found[250:] == -1).mean() > 5 * (found[:250] == -1).mean()
    assert detector.threshold_rule_ in ("fence", "level")
    share = AnomalyDetector(quick_autoencoder(), contamination=25 / 275, random_state=0).fit(dirty)
    assert (share.predict(dirty) == -1).sum() == 25
    assert share.threshold_rule_ == "contamination"


def test_unfitted() -> None:
    with pytest.raises(NotFittedError):
        AnomalyDetector().predict(X)


def test_mixed_tables_with_empty_cells_and_levels_never_seen(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    age = random.normal(40, 10, 260)
    job = np.where(age > 45, "old hand", np.where(age < 35, "beginner", "clerk"))
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 365, 260), "D")
    frame = pd.DataFrame({"age": age, "job": job, "wage": 100 * age + random.normal(0, 50, 260), "when": when, "empty": np.nan})
    frame.loc[::9, "wage"] = np.nan
    detector = AnomalyDetector(quick_autoencoder(), novelty=True, random_state=0).fit(frame[:200])
    assert (detector.kind_, detector.n_features_in_) == ("mixed", 5)
    new = frame[200:]
    turned = new[["job", "empty", "when", "wage", "age"]]
    np.testing.assert_allclose(detector.score_samples(turned), detector.score_samples(new))
    alien = new.assign(job="astronaut")
    assert detector.score_samples(alien).mean() < detector.score_samples(new).mean() - 1
    drift = detector.drift(alien)
    assert [c.column for c in drift.columns if c.drifted] == ["job"]
    assert drift.columns[1].unseen == 60
    late = detector.drift(new.assign(when=new["when"] + pd.Timedelta(days=300)))
    assert [c.column for c in late.columns if c.drifted] == ["when"]
    again = AnomalyDetector.load(detector.save(tmp_path / "model"))
    for rows in (new, alien, frame):
        np.testing.assert_array_equal(again.score_samples(rows), detector.score_samples(rows))
        np.testing.assert_array_equal(again.p_values(rows), detector.p_values(rows))
        assert np.isfinite(detector.p_values(rows)).all()
        assert all(np.isfinite(values).all() for values in detector.score_parts(rows).values())
    assert again.explain(alien) == detector.explain(alien)
    assert all(np.isfinite(b.sigmas) and 0 <= b.share <= 1 for blames in detector.explain(alien) for b in blames)
    job = next(b for b in detector.explain(alien[:1], most=5)[0] if b.column == "job")
    assert (job.saw, job.sigmas > 0) == ("astronaut", True)
    assert job.instead in set(frame["job"])


def test_the_cells_to_blame() -> None:
    random = np.random.default_rng(0)
    first = random.normal(size=400)
    x = np.column_stack([first, 2 * first + 0.1 * random.normal(size=400), random.normal(size=400)])
    model = Autoencoder("masked", network=Mlp(widths=(32,)), latent_dim=8, epochs=30, batch_size=32, optimizer="adam")
    detector = AnomalyDetector(model, novelty=True, random_state=0).fit(x)
    assert detector.trained_.companions["usual"].data["held_out"]
    assert detector.trained_.companions["usual"].data["rows"] == len(detector.calibration_scores_)
    blamed = detector.explain([[0.0, 0.0, 9.0]], most=2)[0]
    assert blamed[0].column == "x2"
    assert blamed[0].sigmas > 2
    assert len(blamed) == 2


def test_by_default() -> None:
    x = np.random.default_rng(0).normal(size=(60, 1)) * [1, 2, 3] + 0.1 * np.random.default_rng(1).normal(size=(60, 3))
    detector = AnomalyDetector(random_state=0).fit(x)
    rows = np.array([[0.0, 0.0, 0.0], [2.0, -4.0, 6.0]])
    assert detector.score_samples(rows).argmin() == 1
    assert detector.explain(rows, most=1)[1][0].column == "x1"
    assert set(detector.score_parts(rows)) == {"autoencoder", "linear", "neighbors"}


@pytest.mark.parametrize("rows", [4, 5, 9])
def test_very_few_rows(rows: int) -> None:
    detector = AnomalyDetector(quick_autoencoder(), random_state=0).fit(X[:rows])
    assert np.isfinite(detector.score_samples(FRESH)).all()
    p = detector.p_values(FRESH)
    assert ((p >= 0) & (p <= 1)).all()


def test_rows_that_are_all_alike_but_few() -> None:
    x = np.zeros((100, 3))
    x[::10] = 1
    detector = AnomalyDetector(quick_autoencoder(), random_state=0).fit(x)
    assert np.isfinite(detector.score_samples(x)).all()
    assert np.isfinite(detector.decision_function([[5.0, 0.0, 0.0]])).all()

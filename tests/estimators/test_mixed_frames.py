"""The estimator on data frames as people have them: columns come back, missing cells are allowed, order does not matter."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import get_tags

from diabolo import Autoencoder, load
from diabolo.errors import DataError

RNG = np.random.default_rng(0)
N = 80


def people() -> pd.DataFrame:
    """Numbers, levels, truths and dates that hang together, with gaps."""
    age = RNG.integers(18, 90, N)
    frame = pd.DataFrame(
        {
            "age": age,
            "income": np.where(RNG.random(N) < 0.1, np.nan, RNG.lognormal(8, 1, N)),
            "job": pd.Categorical(np.where(age > 65, "retired", "clerk"), categories=["clerk", "retired", "miner"]),
            "smokes": pd.array([None if i % 9 == 0 else bool(i % 2) for i in range(N)], dtype="boolean"),
            "born": pd.Timestamp("2024-01-01") - pd.to_timedelta(365 * age, "D"),
        }
    )
    return frame.astype({"born": "datetime64[s]"})


FRAME = people()


@pytest.fixture(scope="module")
def fitted() -> Autoencoder:
    return Autoencoder("plain", latent_dim=3, epochs=3, optimizer="adam", random_state=0).fit(FRAME)


def test_rows_come_back_with_columns_dtypes_and_categories(fitted: Autoencoder) -> None:
    z = fitted.transform(FRAME)
    made = fitted.inverse_transform(z)
    assert z.shape == (N, 3)
    assert made.dtypes.equals(FRAME.dtypes)
    assert made["job"].cat.categories.tolist() == ["clerk", "retired", "miner"]
    assert not made.isna().any().any(), "a model says something of every cell"
    pd.testing.assert_frame_equal(fitted.reconstruct(FRAME), made)


def test_columns_may_come_in_another_order_and_must_be_there(fitted: Autoencoder) -> None:
    z = fitted.transform(FRAME)
    np.testing.assert_array_equal(fitted.transform(FRAME[FRAME.columns[::-1]]), z)
    with pytest.raises(DataError, match="yet now missing:\n- job"):
        fitted.transform(FRAME.drop(columns="job"))


def test_what_is_known_of_the_features(fitted: Autoencoder) -> None:
    assert fitted.kind_ == "mixed"
    assert fitted.kind_reason_.startswith("a table of 5 columns (2 of numbers, 1 of dates, 1 of categories, 1 of booleans)")
    assert fitted.n_features_in_ == 5
    assert fitted.feature_names_in_.tolist() == FRAME.columns.tolist()
    assert get_tags(fitted).input_tags.allow_nan


def test_a_saved_model_gives_the_same(fitted: Autoencoder, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    again = load(tmp_path / "model")
    np.testing.assert_array_equal(again.transform(FRAME), fitted.transform(FRAME))
    pd.testing.assert_frame_equal(again.reconstruct(FRAME), fitted.reconstruct(FRAME))
    assert again.n_features_in_ == 5
    assert again.feature_names_in_.tolist() == FRAME.columns.tolist()


def test_levels_never_seen_and_empty_columns_are_taken(fitted: Autoencoder) -> None:
    strange = FRAME.assign(job="astronaut", income=None, born=pd.NaT).head(4)
    assert np.isfinite(fitted.transform(strange)).all()
    assert set(fitted.reconstruct(strange)["job"]) <= {"clerk", "retired"}


def test_arrays_with_missing_cells(tmp_path: Path) -> None:
    X = RNG.normal(size=(60, 4)).astype(np.float32)
    X[RNG.random(X.shape) < 0.1] = np.nan
    made = Autoencoder("vae", latent_dim=2, epochs=2, random_state=0).fit(X)
    assert made.reconstruct(X).dtype == np.float32
    assert np.isfinite(made.reconstruct(X)).all()
    assert np.isfinite(made.score_samples(X)).all()

"""scikit-learn's own checks, and the habits its users rely on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from diabolo import Autoencoder
from diabolo.errors import DataError, ParameterError
from diabolo.parts.bottlenecks import Gaussian
from diabolo.parts.networks import Mlp
from tests.helpers import low_rank

EXPECTED_FAILURES: dict[str, str] = {}
"""Checks that may fail, each with its reason. There are none."""


@parametrize_with_checks(
    [
        Autoencoder(recipe, network=Mlp(widths=() if recipe == "simple" else (16,)), epochs=3, optimizer="adam", random_state=0)
        for recipe in ("simple", "denoising", "sparse", "vae")
    ],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
)
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)


X = low_rank()
Y = (X[:, 0] > 0).astype(int)


def test_it_is_a_step_of_a_pipeline() -> None:
    pipeline = make_pipeline(StandardScaler(), Autoencoder(latent_dim=3, epochs=5, random_state=0), LogisticRegression())
    assert 0.5 < pipeline.fit(X, Y).score(X, Y) <= 1


def test_grid_search_reaches_into_parts() -> None:
    search = GridSearchCV(
        Autoencoder("vae", epochs=2, random_state=0), {"bottleneck__beta": [0.5, 4.0], "network__widths": [(8,), (4,)]}, cv=2
    )
    search.set_params(estimator__network="mlp")
    search.fit(X)
    assert search.best_estimator_.trained_.config.composition.bottleneck.beta in (0.5, 4.0)
    assert search.best_params_["network__widths"] in ((8,), (4,))


def test_setting_an_option_puts_the_recipes_own_part_there_first() -> None:
    ae = Autoencoder("beta-vae").set_params(bottleneck__warmup=0.3)
    assert ae.bottleneck == Gaussian(beta=4.0, warmup=0.3)
    assert Autoencoder("vae", bottleneck="gaussian").set_params(bottleneck__beta=2).bottleneck == Gaussian(beta=2)


def test_setting_an_option_of_a_part_nobody_has_named_says_so() -> None:
    with pytest.raises(ParameterError, match="network='"):
        Autoencoder("plain").set_params(network__widths=(8,))
    with pytest.raises(ParameterError, match="corruption='"):
        Autoencoder("plain").set_params(corruption__std=0.1)


def test_the_option_of_a_part_that_the_data_decide_wants_its_name() -> None:
    with pytest.raises(ParameterError, match="corruption='"):
        Autoencoder("denoising").set_params(corruption__std=0.2)
    with pytest.raises(ParameterError, match="likelihood='"):
        Autoencoder("beta-vae").set_params(likelihood__min_std=0.1)
    assert Autoencoder("contractive").set_params(regularizers__weight=0.2).regularizers.weight == 0.2
    assert Autoencoder("beta-vae", bottleneck="gaussian").set_params(bottleneck__free_bits=0.1).bottleneck.beta == 4.0


def test_warm_start_reads_new_data_as_the_old() -> None:
    pixels = (np.random.default_rng(0).random((40, 6, 6)) * 255).astype(np.uint8)
    ae = Autoencoder(random_state=0, epochs=1, warm_start=True).fit(pixels)
    with pytest.raises(DataError):
        ae.fit(pixels / 255.0)
    with pytest.raises(DataError, match="6"):
        ae.fit(np.zeros((40, 7, 7), np.uint8))


def test_numbers_from_numpy_are_numbers(tmp_path: Any) -> None:
    ae = Autoencoder("vae", latent_dim=np.int64(2), bottleneck=Gaussian(beta=np.float32(2.0)), epochs=np.int64(1))
    ae.fit(X).save(tmp_path / "m")


def test_a_clone_has_parts_of_its_own() -> None:
    ae = Autoencoder("vae", bottleneck=Gaussian(beta=2.0))
    copied = clone(ae).set_params(bottleneck__beta=3.0)
    assert (ae.bottleneck.beta, copied.bottleneck.beta) == (2.0, 3.0)


def test_nested_parameters_are_listed() -> None:
    assert Autoencoder(bottleneck=Gaussian()).get_params()["bottleneck__beta"] == 1.0


def test_output_names_and_frames() -> None:
    ae = Autoencoder(latent_dim=2, epochs=1, random_state=0).fit(X)
    assert ae.get_feature_names_out().tolist() == ["autoencoder0", "autoencoder1"]
    frame = ae.set_output(transform="polars").transform(X)
    assert frame.columns == ["autoencoder0", "autoencoder1"]


def test_nothing_works_before_fit() -> None:
    ae = Autoencoder()
    for call in (ae.transform, ae.reconstruct, ae.score_samples, ae.inverse_transform):
        with pytest.raises(NotFittedError):
            call(X)
    with pytest.raises(NotFittedError):
        ae.sample(3)


def test_codes_do_not_depend_on_the_batch() -> None:
    ae = Autoencoder("vae", epochs=2, random_state=0).fit(X)
    whole = ae.transform(X)
    np.testing.assert_array_equal(whole[5:6], ae.transform(X[5:6]))
    np.testing.assert_array_equal(ae.score_samples(X)[7:9], ae.score_samples(X[7:9]))
    np.testing.assert_array_equal(whole[::-1], ae.transform(X[::-1]))


def test_partial_fit_and_warm_start_go_on() -> None:
    ae = Autoencoder(random_state=0, optimizer="adam")
    for _ in range(4):
        ae.partial_fit(X)
    assert len(ae.history_) == 4
    first, last = (ae.history_[i]["train_loss"] for i in (0, -1))
    assert last < first
    warm = Autoencoder(random_state=0, epochs=3, warm_start=True).fit(X)
    assert len(warm.fit(X).history_) == 6


def test_partial_fit_wants_the_same_columns() -> None:
    ae = Autoencoder(random_state=0).partial_fit(X)
    with pytest.raises(ValueError, match="12 features"):
        ae.partial_fit(X[:, :5])


def test_labels_shaped_like_the_data_name_target() -> None:
    with pytest.raises(DataError, match="target="):
        Autoencoder(epochs=1).fit(X, X)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"recipe": "denosing"}, "Did you mean 'denoising'"),
        ({"network": "cnov"}, "Did you mean 'conv'"),
        ({"bottleneck": "gausian"}, "Did you mean 'gaussian'"),
        ({"likelihood": "mze"}, "Did you mean 'mse'"),
        ({"latent_dim": 0}, "latent_dim"),
        ({"latent_dim": 2.5}, "latent_dim"),
        ({"size": "xl"}, "size"),
        ({"validation_fraction": 1.0}, "validation_fraction"),
        ({"network": 3}, "network"),
    ],
)
def test_wrong_parameters_are_named_at_fit(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        Autoencoder(**({"epochs": 1} | wrong)).fit(X)


def test_one_row_is_too_few() -> None:
    with pytest.raises(DataError, match="1 sample"):
        Autoencoder(epochs=1).fit(X[:1])


def test_a_few_rows_are_enough() -> None:
    assert Autoencoder(epochs=2, random_state=0).fit(X[:4]).transform(X).shape[0] == len(X)

"""scikit-learn's own checks, and the habits its users rely on."""

from __future__ import annotations

from pathlib import Path
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

from diabolo import Autoencoder, load
from diabolo.errors import DataError, ParameterError
from diabolo.parts.bottlenecks import Gaussian
from diabolo.parts.corruptions import GaussianNoise, MaskCells
from diabolo.parts.networks import Mlp
from diabolo.training.optimizers import Sgd
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
    with pytest.raises(ParameterError, match="network='mlp'"):
        Autoencoder("plain").set_params(network__widths=(8,))
    with pytest.raises(ParameterError, match="corruption='"):
        Autoencoder("plain").set_params(corruption__std=0.1)
    with pytest.raises(ParameterError, match="corruption='"):
        Autoencoder("denoising", corruption="none").set_params(corruption__std=0.1)
    with pytest.raises(ParameterError, match="optimizer='adamw'"):
        Autoencoder().set_params(optimizer__clip=1.0)


def test_the_option_says_which_of_the_recipes_parts_is_meant() -> None:
    assert Autoencoder("denoising").set_params(corruption__std=0.2).corruption == GaussianNoise(std=0.2)
    assert Autoencoder("denoising").set_params(corruption__fraction=0.4).corruption == MaskCells(fraction=0.4)
    assert Autoencoder("beta-vae").set_params(likelihood__min_std=0.1).likelihood.min_std == 0.1
    assert Autoencoder("contractive").set_params(regularizers__weight=0.2).regularizers.weight == 0.2
    assert Autoencoder("beta-vae", bottleneck="gaussian").set_params(bottleneck__free_bits=0.1).bottleneck.beta == 4.0
    search = GridSearchCV(Autoencoder("denoising", epochs=1, random_state=0), {"corruption__fraction": [0.1, 0.2]}, cv=2)
    assert search.fit(X).best_estimator_.corruption.fraction in (0.1, 0.2)


def test_setting_an_option_of_a_named_optimizer() -> None:
    assert Autoencoder(optimizer="sgd").set_params(optimizer__momentum=0.1).optimizer == Sgd(momentum=0.1)


@pytest.mark.parametrize(
    "changed",
    [
        {"recipe": "vae"},
        {"network": "residual"},
        {"network__widths": (6,)},
        {"latent_dim": 3},
        {"size": "l"},
        {"bottleneck__activation": "relu"},
        {"corruption": "mask"},
        {"likelihood": "l1"},
        {"likelihood": lambda prediction, target: (prediction - target).abs()},
        {"regularizers": "contractive"},
        {"kind": "image"},
        {"image_shape": (3, 4)},
        {"value_range": (0, 1)},
    ],
    ids=lambda changed: next(iter(changed)),
)
@pytest.mark.parametrize("loaded", [False, True])
def test_going_on_refuses_what_needs_a_new_model(changed: dict[str, Any], loaded: bool, tmp_path: Path) -> None:
    ae = Autoencoder("plain", network=Mlp(widths=(8,)), latent_dim=2, bottleneck="plain", epochs=1, random_state=0).fit(X)
    if loaded:
        ae = load(ae.save(tmp_path / "m"))
    ae.partial_fit(X)
    ae.set_params(warm_start=True, epochs=2, learning_rate=1e-3, optimizer="adam", batch_size=16, device="cpu").fit(X)
    ae.set_params(**changed)
    name = next(iter(changed)).split("__")[0]
    for go_on in (ae.fit, ae.partial_fit):
        with pytest.raises(ParameterError, match=rf"^{name} changed.*clone"):
            go_on(X)


def test_what_was_chosen_may_be_said_when_going_on() -> None:
    ae = Autoencoder("vae", epochs=1, random_state=0, warm_start=True).fit(X)
    chosen = {"latent_dim": ae.latent_dim_, "bottleneck": "gaussian", "kind": "table", "regularizers": (), "corruption": "none"}
    assert len(ae.set_params(**chosen).fit(X).history_) == 2


def test_going_on_knows_the_users_own_loss_from_another() -> None:
    def one(prediction: Any, target: Any) -> Any:
        return (prediction - target).abs()

    def other(prediction: Any, target: Any) -> Any:
        return (prediction - target).square()

    ae = Autoencoder(likelihood=one, epochs=1, random_state=0, warm_start=True).fit(X)
    assert len(ae.fit(X).history_) == 2
    with pytest.raises(ParameterError, match="likelihood changed"):
        ae.set_params(likelihood=other).fit(X)


def test_an_option_changed_after_fit_leaves_the_model_as_it_is() -> None:
    ae = Autoencoder("vae", bottleneck=Gaussian(beta=2.0), epochs=1, random_state=0).fit(X)
    ae.set_params(bottleneck__beta=9.0)
    assert ae.trained_.config.composition.bottleneck.beta == 2.0


def test_warm_start_reads_new_data_as_the_old() -> None:
    pixels = (np.random.default_rng(0).random((40, 6, 6)) * 255).astype(np.uint8)
    ae = Autoencoder(random_state=0, epochs=1, warm_start=True).fit(pixels)
    with pytest.raises(DataError):
        ae.fit(pixels * 100.0)
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
        ({"time_budget": "1m"}, "time_budget must be a number of seconds"),
        ({"time_budget": float("inf")}, "time_budget"),
        ({"validation_fraction": "x"}, "validation_fraction"),
        ({"verbose": "x"}, "verbose must be 0, 1 or 2"),
        ({"random_state": "x"}, "random_state must be a whole number"),
        ({"random_state": 1.7}, "random_state must be a whole number"),
        ({"random_state": 2**70}, r"below 2\*\*63"),
        ({"learning_rate": float("inf")}, "learning_rate"),
    ],
)
def test_wrong_parameters_are_named_at_fit(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        Autoencoder(**({"epochs": 1} | wrong)).fit(X)


def test_a_text_is_no_labels() -> None:
    for ae in (Autoencoder(epochs=1), Autoencoder(epochs=1, random_state=0, warm_start=True).fit(X)):
        with pytest.raises(DataError, match=r"one a row.*frame\['label'\]"):
            ae.fit(X, y="label")


def test_one_row_is_too_few() -> None:
    with pytest.raises(DataError, match="1 sample"):
        Autoencoder(epochs=1).fit(X[:1])


def test_a_few_rows_are_enough() -> None:
    assert Autoencoder(epochs=2, random_state=0).fit(X[:4]).transform(X).shape[0] == len(X)

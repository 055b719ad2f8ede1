"""FineTunedClassifier: scikit-learn's own checks, frozen and unfrozen features in pipelines, and what is refused."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from diabolo import Autoencoder, FineTunedClassifier
from diabolo.errors import DataError, ParameterError, UnsupportedError
from diabolo.parts.networks import Mlp
from tests.helpers import same_weights

X, Y = load_digits().images, load_digits().target


@parametrize_with_checks(
    [
        FineTunedClassifier(
            Autoencoder("plain", network=Mlp(widths=(16,)), epochs=2, optimizer="adam", random_state=0),
            epochs=10,
            random_state=0,
        )
    ]
)
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@cache
def fitted() -> Autoencoder:
    return Autoencoder("denoising", network=Mlp(widths=(64,)), latent_dim=16, epochs=20, random_state=0).fit(X[:1000])


@cache
def by_name_fitted() -> Autoencoder:
    return Autoencoder("plain", network=Mlp(widths=(16,)), latent_dim=4, epochs=1, random_state=0).fit("demo:digits")


def quick(**options: Any) -> FineTunedClassifier:
    return FineTunedClassifier(**({"autoencoder": fitted(), "epochs": 10, "random_state": 0} | options))


def test_a_fitted_autoencoder_is_not_fitted_again_nor_changed() -> None:
    before = fitted().transform(X[:50])
    found = quick().fit(X[:200], Y[:200])
    assert found.autoencoder_ is fitted()
    np.testing.assert_array_equal(fitted().transform(X[:50]), before)
    assert found.score(X[1000:], Y[1000:]) > 0.7
    proba = found.predict_proba(X[1000:1010])
    np.testing.assert_allclose(proba.sum(1), 1)
    np.testing.assert_array_equal(found.classes_[proba.argmax(1)], found.predict(X[1000:1010]))
    assert found.n_features_in_ == 64


def test_one_that_is_not_fitted_is_fitted_to_the_rows() -> None:
    ae = Autoencoder("plain", network=Mlp(widths=(32,)), epochs=2, random_state=0)
    found = FineTunedClassifier(ae, epochs=2, random_state=0).fit(X[:100], Y[:100])
    assert found.autoencoder_ is not ae
    assert not hasattr(ae, "trained_")
    assert same_weights(found.autoencoder_.trained_, clone(ae).fit(X[:100]).trained_)


@pytest.mark.parametrize("wrap", [lambda ae: ae, FrozenEstimator], ids=["as it is", "frozen"])
def test_clones_and_grid_searches_keep_a_fitted_autoencoder(wrap: Any) -> None:
    search = GridSearchCV(quick(autoencoder=None), {"dropout": [0.0, 0.2]}, cv=2)
    search.set_params(estimator__autoencoder=wrap(fitted())).fit(X[:80], Y[:80])
    assert search.best_estimator_.autoencoder_ is fitted()
    assert not hasattr(clone(quick().fit(X[:80], Y[:80])), "finetuned_")


def test_the_same_seed_gives_the_same_classifier() -> None:
    one, same, other = (quick(random_state=s).fit(X[:80], Y[:80]).predict_proba(X[:9]) for s in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_labels_may_be_text_and_may_come_with_the_data() -> None:
    names = np.array([f"digit {y}" for y in Y])
    found = quick(epochs=2).fit(X[:100], names[:100])
    assert found.predict(X[:3])[0] in set(names)
    by_name = quick(autoencoder=by_name_fitted(), epochs=1).fit("demo:digits")
    assert by_name.score("demo:digits") == by_name.score(X / 16, Y)


def test_frozen_codes_in_a_pipeline_and_a_search_over_the_head() -> None:
    before = fitted().model_.state_dict()["encoder.head.weight"].clone()
    pipeline = make_pipeline(FrozenEstimator(fitted()), LogisticRegression(max_iter=500))
    search = GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1.0]}, cv=2).fit(X[:300], Y[:300])
    assert search.best_estimator_[0].estimator is fitted()
    assert (fitted().model_.state_dict()["encoder.head.weight"] == before).all()
    known = LogisticRegression(max_iter=500, C=search.best_params_["logisticregression__C"])
    known.fit(fitted().transform(X[:300]), Y[:300])
    np.testing.assert_array_equal(search.predict(X[300:]), known.predict(fitted().transform(X[300:])))


def test_unfrozen_it_is_fitted_in_every_fold() -> None:
    ae = Autoencoder("plain", network=Mlp(widths=(16,)), epochs=1, random_state=0)
    pipeline = make_pipeline(ae, LogisticRegression(max_iter=500))
    search = GridSearchCV(pipeline, {"autoencoder__latent_dim": [2, 4]}, cv=2).fit(X[:100], Y[:100])
    assert search.best_estimator_[0].latent_dim_ in (2, 4)
    assert not hasattr(ae, "trained_")


def test_labels_never_seen_count_as_wrong_and_are_told() -> None:
    found = quick(epochs=1).fit(X[:100], Y[:100])
    with pytest.warns(UserWarning, match="never seen in fit.*: 11"):
        assert found.score(X[:2], [11, 11]) == 0
    with pytest.raises(DataError, match="score needs labels"):
        found.score(X[:2])


@pytest.mark.parametrize(
    ("change", "y", "problem", "words"),
    [
        ({}, None, DataError, "requires y"),
        ({}, np.zeros(100, int), DataError, "one class only"),
        ({}, Y[:99], DataError, "one label a row"),
        ({"epochs": 0}, Y[:100], ParameterError, "epochs"),
        ({"dropout": 1.0}, Y[:100], ParameterError, "dropout"),
        ({"learning_rate": 0.0}, Y[:100], ParameterError, "learning_rate"),
        ({"batch_size": 0.5}, Y[:100], ParameterError, "batch_size"),
        ({"random_state": -1}, Y[:100], ParameterError, "random_state"),
        ({"autoencoder": LogisticRegression()}, Y[:100], ParameterError, "got LogisticRegression"),
    ],
)
def test_what_is_refused(change: dict[str, Any], y: Any, problem: type[Exception], words: str) -> None:
    with pytest.raises(problem, match=words):
        quick(**change).fit(X[:100], y)


def test_data_of_another_size_and_conditional_models_are_refused() -> None:
    with pytest.raises(DataError, match="8×8"):
        quick().fit(np.zeros((20, 9, 9)), Y[:20])
    with pytest.raises(DataError, match="8×8"):
        quick(epochs=1).fit(X[:100], Y[:100]).predict(np.zeros((2, 5)))
    told = Autoencoder("cvae", network=Mlp(widths=(8,)), epochs=1, random_state=0).fit(X[:100], Y[:100])
    with pytest.raises(UnsupportedError, match="is told the label"):
        FineTunedClassifier(told).fit(X[:100], Y[:100])
    with pytest.raises(NotFittedError):
        quick().predict(X)

"""What a trained autoencoder does, on tables and images, in the caller's own terms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone
from torch.utils.data import TensorDataset

from diabolo import Autoencoder, load
from diabolo.errors import DataError, ParameterError, UnsupportedError, WideCodeWarning
from diabolo.training.optimizers import Sgd
from tests.helpers import little_images, low_rank

X = low_rank()
IMAGES = little_images()
Y = np.where(X[:, 0] > 0, "up", "down")


@pytest.fixture(scope="module")
def vae() -> Autoencoder:
    return Autoencoder("vae", latent_dim=3, epochs=20, random_state=0).fit(X)


@pytest.fixture(scope="module")
def cvae() -> Autoencoder:
    return Autoencoder("cvae", latent_dim=2, epochs=150, random_state=0).fit(X, Y)


def test_images_come_back_in_their_own_shape_and_dtype() -> None:
    for shape in ((120, 8, 8), (120, 8, 8, 1), (120, 1, 8, 8)):
        x = IMAGES.reshape(shape)
        ae = Autoencoder("conv", epochs=1, random_state=0).fit(x)
        back = ae.inverse_transform(ae.transform(x))
        assert (back.shape, back.dtype) == (x.shape, np.uint8)
        assert ae.kind_ == "image"
        assert "8" in ae.kind_reason_


def test_frames_come_back_as_frames() -> None:
    frame = pl.DataFrame({"a": X[:, 0], "b": (X[:, 1] * 10).round().astype(np.int64), "c": X[:, 2].astype(np.float64)})
    ae = Autoencoder(epochs=2, random_state=0).fit(frame)
    back = ae.reconstruct(frame)
    assert back.schema == frame.schema
    assert ae.feature_names_in_.tolist() == ["a", "b", "c"]


def test_the_posterior_says_mean_and_standard_deviation(vae: Autoencoder) -> None:
    q = vae.posterior(X)
    np.testing.assert_array_equal(q.mean, vae.transform(X))
    assert q.std.shape == q.mean.shape
    assert (q.std > 0).all()
    draws = np.stack([q.sample(random_state=i) for i in range(400)])
    np.testing.assert_allclose(draws.std(0), q.std, rtol=0.25)
    np.testing.assert_array_equal(q.sample(1), q.sample(1))


def test_a_posterior_needs_a_distribution() -> None:
    with pytest.raises(UnsupportedError, match="vae"):
        Autoencoder(epochs=1).fit(X).posterior(X)


def test_the_elbo_is_below_the_log_likelihood_of_a_linear_gaussian(vae: Autoencoder) -> None:
    """ELBO ≤ log p(x): on held-out rows the mean score stays below the best Gaussian's, in the caller's units."""
    test = low_rank(seed=0, rows=400)[200:]
    centered = X - X.mean(0)
    covariance = centered.T @ centered / len(X)
    inverse, logdet = np.linalg.inv(covariance), np.linalg.slogdet(covariance)[1]
    d = test - X.mean(0)
    gaussian = -0.5 * (np.einsum("ni,ij,nj->n", d, inverse, d) + logdet + X.shape[1] * np.log(2 * np.pi))
    assert vae.score_unit_.startswith("nats")
    assert vae.score_samples(test).mean() < gaussian.mean() + 1
    assert vae.score_samples(test).mean() > gaussian.mean() - 40


def test_scores_change_units_with_the_data() -> None:
    """x → 10·x lowers a density by log 10 a column, exactly: same scaled rows, same seed."""
    a = Autoencoder("vae", latent_dim=2, epochs=3, random_state=0).fit(X.astype(np.float64))
    b = Autoencoder("vae", latent_dim=2, epochs=3, random_state=0).fit(10 * X.astype(np.float64))
    np.testing.assert_allclose(
        a.score_samples(X.astype(np.float64)) - b.score_samples(10 * X.astype(np.float64)), X.shape[1] * np.log(10), rtol=1e-3
    )


def test_whole_numbers_are_scored_as_probabilities() -> None:
    ae = Autoencoder("vae", network="mlp", latent_dim=2, epochs=5, random_state=0).fit(IMAGES)
    assert (ae.score_samples(IMAGES) < 0).all()


def test_where_there_is_no_density_the_score_is_minus_the_error() -> None:
    ae = Autoencoder(epochs=2, random_state=0).fit(X)
    assert ae.score_unit_ == "minus mean squared error"
    np.testing.assert_allclose(ae.score_samples(X), -ae.reconstruction_error(X))
    assert ae.score(X) == pytest.approx(-ae.reconstruction_error(X).mean())


def test_errors_are_on_the_datas_own_scale() -> None:
    ae = Autoencoder(epochs=2, random_state=0).fit(X)
    np.testing.assert_allclose(ae.reconstruction_error(X), ((X - ae.reconstruct(X)) ** 2).mean(1), rtol=1e-3)
    image = Autoencoder("conv", epochs=1, random_state=0).fit(IMAGES)
    by_hand = ((IMAGES / 255 - image.reconstruct(IMAGES) / 255.0) ** 2).mean((1, 2))
    np.testing.assert_allclose(image.reconstruction_error(IMAGES), by_hand, atol=1e-3)
    with pytest.raises(ParameterError, match="mse"):
        ae.reconstruction_error(X, metric="msee")


def test_conditional_recipes_ask_for_labels(cvae: Autoencoder) -> None:
    for call in (cvae.transform, cvae.reconstruct, cvae.score_samples):
        with pytest.raises(DataError, match="y="):
            call(X)
        assert len(call(X, Y)) == len(X)
    with pytest.raises(DataError, match="not trained with: 'left'"):
        cvae.transform(X, np.full(len(X), "left"))
    with pytest.raises(DataError, match="one label a row"):
        cvae.transform(X, Y[:5])
    with pytest.raises(DataError, match="y="):
        Autoencoder("cvae", epochs=1).fit(X)


def test_a_conditional_model_draws_what_it_is_told(cvae: Autoencoder) -> None:
    up, down = (cvae.sample(300, y=label, random_state=0)[:, 0].mean() for label in ("up", "down"))
    assert up > X[:, 0].mean() > down


def test_samples_differ_unless_seeded(vae: Autoencoder) -> None:
    assert not np.array_equal(vae.sample(5), vae.sample(5))
    np.testing.assert_array_equal(vae.sample(5, random_state=1), vae.sample(5, random_state=1))


@pytest.mark.parametrize("density", ["auto", "gaussian", "mixture"])
def test_any_autoencoder_generates_from_a_density_of_its_codes(density: str) -> None:
    ae = Autoencoder(latent_dim=3, epochs=60, random_state=0).fit(X)
    drawn = ae.sample(500, density=density, random_state=0)
    assert drawn.shape == (500, 12)
    np.testing.assert_allclose(drawn.mean(0), X.mean(0), atol=0.5 * X.std(0).max())
    with pytest.raises(UnsupportedError, match="prior"):
        ae.sample(3, density="prior")
    with pytest.raises(ParameterError, match="Did you mean 'mixture'"):
        ae.sample(3, density="mixtur")
    with pytest.raises(ParameterError, match="n must be"):
        ae.sample(0)


def test_interpolation_begins_and_ends_at_the_restored_rows(vae: Autoencoder) -> None:
    for spherical in (False, True):
        way = vae.interpolate(X[0], X[1], steps=5, spherical=spherical)
        np.testing.assert_allclose(way[[0, -1]], vae.reconstruct(X[:2]), rtol=1e-4, atol=1e-4)
        assert len(way) == 5
    with pytest.raises(ParameterError, match="steps"):
        vae.interpolate(X[0], X[1], steps=1)


def test_denoising_needs_a_model_that_saw_damage() -> None:
    with pytest.raises(UnsupportedError, match="denoising"):
        Autoencoder(epochs=1).fit(X).denoise(X)
    assert Autoencoder("denoising", epochs=1).fit(X).denoise(X).shape == X.shape


def test_pairs_teach_what_should_come_out() -> None:
    noise = np.random.default_rng(0).normal(size=X.shape).astype(np.float32)
    noisy = X + noise * X.std(0)
    ae = Autoencoder("deep", latent_dim=3, epochs=150, random_state=0).fit(noisy, target=X)
    assert ((ae.denoise(noisy) - X) ** 2).mean() < 0.6 * ((noisy - X) ** 2).mean()
    assert ae.reconstruction_error(noisy, target=X).shape == (len(X),)
    with pytest.raises(DataError, match="target="):
        ae.reconstruction_error(noisy)
    with pytest.raises(UnsupportedError, match="reconstruction_error"):
        ae.score(noisy)
    with pytest.raises(DataError, match="a row for each row"):
        Autoencoder(epochs=1).fit(noisy, target=X[:10])


def test_pairs_may_differ_in_shape() -> None:
    ae = Autoencoder("deep", epochs=2, random_state=0).fit(X[:, :4], target=X)
    assert ae.reconstruct(X[:, :4]).shape == X.shape
    small = IMAGES[:, ::2, ::2]
    up = Autoencoder("conv", epochs=1, random_state=0).fit(small, target=IMAGES)
    assert up.reconstruct(small).shape == IMAGES.shape


def test_wrong_sizes_at_transform_are_named() -> None:
    ae = Autoencoder("conv", epochs=1, random_state=0).fit(IMAGES)
    with pytest.raises(DataError, match=r"8.*9|9.*8"):
        ae.transform(np.zeros((3, 9, 8), np.uint8))
    with pytest.raises(DataError, match=r"\(n, 8\)"):
        Autoencoder("plain", latent_dim=8, epochs=1).fit(X).inverse_transform(np.zeros((2, 3)))


def test_one_image_alone_is_no_batch() -> None:
    for rows, shape in ((IMAGES, None), (IMAGES.reshape(-1, 64), (8, 8))):
        ae = Autoencoder(epochs=1, random_state=0, image_shape=shape).fit(rows)
        with pytest.raises(DataError, match=r"X is one image of shape \(8, 8\).*X\[None\]"):
            ae.transform(IMAGES[0])


def test_tensors_of_a_computation_are_rows_like_others() -> None:
    given = torch.from_numpy(X).requires_grad_()
    ae = Autoencoder(epochs=1, random_state=0).fit(given)
    np.testing.assert_array_equal(ae.transform(given), ae.transform(X))
    assert np.isfinite(Autoencoder(epochs=1, random_state=0).fit(given.bfloat16()).score(given.bfloat16()))


def test_names_of_columns_that_are_text_and_numbers_are_a_data_error() -> None:
    mixed = pd.DataFrame(X[:, :3], columns=["a", 1, "b"])
    with pytest.raises(DataError, match="all text or all numbers"):
        Autoencoder(epochs=1).fit(mixed)
    with pytest.raises(DataError, match="Feature names are only supported"):
        Autoencoder(epochs=1, random_state=0).fit(X[:, :3]).transform(mixed)


def test_codes_that_are_not_finite_are_refused(vae: Autoencoder) -> None:
    with pytest.raises(DataError, match="NaN"):
        vae.inverse_transform(np.full((1, 3), np.nan))


def test_the_textbook_network_is_exactly_itself() -> None:
    from torch import nn

    from diabolo.parts.networks import Mlp

    pixels = np.random.default_rng(0).random((40, 28, 28)).astype(np.float32)
    for activation in ("none", "relu"):
        ae = Autoencoder(
            "deep",
            network=Mlp(widths=(256, 128), activation="relu"),
            latent_dim=64,
            bottleneck="plain",
            epochs=1,
            random_state=0,
        )
        ae.set_params(bottleneck__activation=activation).fit(pixels)
        layers = [m for m in ae.model_.modules() if isinstance(m, nn.Linear)]
        widths = [layers[0].in_features, *(m.out_features for m in layers)]
        assert widths == [784, 256, 128, 64, 128, 256, 784]
        assert (
            sum(isinstance(m, nn.ReLU) for m in ae.model_.modules()) == 4
        )  # between the hidden layers; the code's own is part of the bottleneck
        codes = ae.transform(pixels)
        assert (codes.min() >= 0) == (activation == "relu")
        restored = ae.reconstruct(pixels)
        assert restored.min() >= 0
        assert restored.max() <= 1


@pytest.mark.parametrize("value_range", [(0, 1), (-1, 1)])
def test_pixels_stay_inside_their_range(value_range: Any) -> None:
    low, high = value_range
    x = (np.random.default_rng(0).random((30, 8, 8)) * (high - low) + low).astype(np.float32)
    ae = Autoencoder("conv", value_range=value_range, epochs=1, random_state=0).fit(x)
    back = ae.sample(50, density="gaussian", random_state=0)
    assert back.min() >= low
    assert back.max() <= high


def test_constant_columns_come_back_as_they_were() -> None:
    x = np.column_stack([X, np.full(len(X), 7.0, np.float32)])
    assert (Autoencoder(epochs=1, random_state=0).fit(x).reconstruct(x)[:, -1] == 7.0).all()
    with pytest.raises(DataError, match="constant"):
        Autoencoder(epochs=1).fit(np.ones((20, 3)))


def test_verbose_tells_the_choices(capsys: Any) -> None:
    Autoencoder(epochs=1, random_state=0, verbose=0).fit(X)
    assert capsys.readouterr() == ("", "")
    Autoencoder(epochs=1, random_state=0, verbose=1).fit(X)
    said = capsys.readouterr().err
    for word in ("table", "batch size", "optimizer", "learning rate", "best epoch"):
        assert word in said


def test_a_loaded_model_can_be_trained_again_as_it_was(tmp_path: Path) -> None:
    """load, then clone and fit: the same bits, from flat rows that are images, in the range that was asked for."""
    flat = IMAGES.reshape(len(IMAGES), -1) / np.float32(255)
    shape = IMAGES.shape[1:]
    asked = {"image_shape": shape, "value_range": (0, 1), "size": "s", "epochs": 2, "batch_size": 16, "random_state": 3}
    ae = Autoencoder("denoising", network="conv", optimizer=Sgd(clip=1.0), validation_fraction=0.2, **asked).fit(flat)
    ae.save(tmp_path / "m")
    again = clone(load(tmp_path / "m"))
    assert {name: getattr(again, name) for name in asked} == asked
    assert again.optimizer == Sgd(clip=1.0)
    np.testing.assert_array_equal(again.fit(flat).transform(flat), ae.transform(flat))


def test_labels_that_are_times_become_text(tmp_path: Path) -> None:
    when = np.array(["2026-01-05", "2026-01-06"], dtype="datetime64[D]")[np.arange(len(X)) % 2]
    ae = Autoencoder("cvae", latent_dim=2, epochs=1, random_state=0).fit(X, when)
    ae.save(tmp_path / "m")
    assert load(tmp_path / "m").sample(2, y="2026-01-06").shape == (2, X.shape[1])
    assert ae.sample(2, y=when[0]).shape == (2, X.shape[1])


def test_numbers_are_no_classes() -> None:
    with pytest.raises(DataError, match=r"classes.*not whole.*digitize"):
        Autoencoder("cvae", epochs=1).fit(X, np.linspace(0, 1, len(X)))


def test_the_choices_are_told_before_the_training(capsys: pytest.CaptureFixture[str]) -> None:
    Autoencoder(latent_dim=2, epochs=1, random_state=0, verbose=2).fit(X)
    lines = capsys.readouterr().err.splitlines()
    assert next(i for i, line in enumerate(lines) if "optimizer" in line) < next(
        i for i, line in enumerate(lines) if line.startswith("epoch 1")
    )


@pytest.mark.parametrize("missing", [None, np.nan])
def test_missing_labels_are_counted(missing: Any, cvae: Autoencoder) -> None:
    y = Y.astype(object)
    y[:3] = missing
    with pytest.raises(DataError, match=r"3 missing labels .* of 200"):
        Autoencoder("cvae", epochs=1).fit(X, y)
    with pytest.raises(DataError, match="3 missing labels"):
        cvae.transform(X, y)
    with pytest.raises(DataError, match=r"1 missing label .* of 200"):
        Autoencoder("cvae", epochs=1).fit(X, np.where(np.arange(len(X)) == 5, np.nan, 1.0))
    assert Autoencoder(epochs=1, random_state=0).fit(X, y).evaluate(X, [missing] * len(X)).neighbors is None


def test_labels_that_come_with_the_data_are_read() -> None:
    """By every method, as by fit; labels that are given win."""
    data = TensorDataset(torch.from_numpy(X), torch.from_numpy((X[:, 0] > 0).astype(np.int64)))
    y = (X[:, 0] > 0).astype(int)
    ae = Autoencoder("cvae", latent_dim=2, epochs=2, random_state=0).fit(data)
    for call in (ae.transform, ae.reconstruct, ae.score_samples, ae.reconstruction_error):
        np.testing.assert_array_equal(call(data), call(X, y))
        assert not np.array_equal(call(data, 1 - y), call(data))
    np.testing.assert_array_equal(ae.posterior(data).std, ae.posterior(X, y).std)
    assert ae.score(data) == ae.score(X, y)
    assert ae.evaluate(data).neighbors == ae.evaluate(X, y).neighbors
    ae.plot.reconstructions(data)
    ae.plot.codes(data)
    np.testing.assert_array_equal(ae.fit_transform(data), ae.transform(data))


def test_the_labels_of_a_named_set_are_read() -> None:
    ae = Autoencoder("cvae", network="mlp", latent_dim=2, epochs=1, random_state=0).fit("demo:digits")
    assert ae.transform("demo:digits").shape == (1797, 2)
    assert ae.evaluate("demo:digits").neighbors is not None


def test_codes_may_be_tensors_and_must_be_numbers(vae: Autoencoder) -> None:
    z = vae.transform(X[:4])
    np.testing.assert_array_equal(vae.inverse_transform(torch.from_numpy(z).requires_grad_()), vae.inverse_transform(z))
    with pytest.raises(DataError, match="at least one row"):
        vae.inverse_transform(np.zeros((0, 3)))
    with pytest.raises(DataError, match="must be numbers"):
        vae.inverse_transform("codes")
    with pytest.raises(DataError, match="must be numbers"):
        vae.inverse_transform([["a", "b", "c"]])


def test_an_interpolation_has_one_label(cvae: Autoencoder) -> None:
    way = cvae.interpolate(X[0], X[1], y="up")
    np.testing.assert_array_equal(cvae.interpolate(X[0], X[1], y=["up", "up"]), way)
    with pytest.raises(ParameterError, match="one label, and y holds 'down', 'up'"):
        cvae.interpolate(X[0], X[1], y=["up", "down"])


def test_the_seed_of_samples_is_checked(vae: Autoencoder) -> None:
    with pytest.raises(ParameterError, match="random_state"):
        vae.sample(2, random_state="x")  # type: ignore[arg-type]


def _one_argument(prediction: Any) -> Any:
    return prediction


def _no_gradient(prediction: Any, target: Any) -> Any:
    return (prediction.detach() - target).square()


@pytest.mark.parametrize(
    ("loss", "says"),
    [(_one_argument, r"Your loss was called with a prediction and a target.*failed"), (_no_gradient, "no gradient")],
)
def test_a_loss_of_the_user_that_cannot_work_is_explained(loss: Any, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        Autoencoder(likelihood=loss, epochs=1).fit(X)


def test_rows_where_one_chooses_and_their_judgment() -> None:
    ae = Autoencoder("plain", latent_dim=3, epochs=2, random_state=0).fit(X)
    near = ae.vary(X[:2], 3, spread=0.1, random_state=0)
    assert near.shape == (6, X.shape[1])
    assert ae.steadiness(X, by="input", training=X).nearness is not None
    assert ae.inverse_transform(ae.latent_grid(3, (0, 2)).codes).shape == (9, X.shape[1])
    assert ae.inverse_transform(ae.walks(5, most=2).flat).shape == (10, X.shape[1])
    assert ae.judge_samples(X, training=X, features="pca-2").features == "pca-2"


def test_a_code_wider_than_a_row_is_warned_of() -> None:
    x = low_rank(40, columns=6)
    with pytest.warns(WideCodeWarning, match=r"latent_dim=9 is more than the 6 numbers of a row.*may learn to copy"):
        Autoencoder("plain", latent_dim=9, epochs=1, random_state=0).fit(x)
    with pytest.warns(WideCodeWarning, match="idle"):
        Autoencoder("vae", latent_dim=9, epochs=1, random_state=0).fit(x)
    for recipe in ("sparse", "denoising", "contractive"):
        Autoencoder(recipe, latent_dim=9, epochs=1, random_state=0).fit(x)  # warnings are errors here


def test_widths_of_the_code() -> None:
    x = low_rank(60)
    found = Autoencoder("simple", epochs=3, random_state=0).sweep(x, [1, 3])
    assert found.latent_dim in (1, 3)
    assert f"Suggested: {found.latent_dim}. {found.reason}" in str(found)
    assert "held-out error" in str(found)
    assert found.to_dict()["widths"][1]["latent_dim"] == 3
    assert found.plot().get_axes()
    with pytest.raises(UnsupportedError, match="Rows of a table are no pictures"):
        found.plot_pictures()
    pictures = Autoencoder("plain", epochs=1, random_state=0).sweep(little_images(40), [2, 4])
    assert pictures.plot_pictures().get_axes()


def test_a_diagnosis_and_factors() -> None:
    x = low_rank(60)
    ae = Autoencoder("plain", latent_dim=2, epochs=2, random_state=0).fit(x)
    assert ae.diagnose(x, training=x).rows == 60
    assert ae.diagnose().rows == 0
    assert ae.disentanglement(x, {"first": x[:, 0]}).model.names == ("first",)

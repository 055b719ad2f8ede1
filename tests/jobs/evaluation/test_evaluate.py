"""Evaluation: the table says what it says, and PCA beside the model is PCA."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from diabolo.data import read
from diabolo.data.split import split
from diabolo.errors import DataError
from diabolo.jobs.codes.reconstruct import reconstruction_error
from diabolo.jobs.evaluation.evaluate import evaluate
from diabolo.jobs.train import Options
from diabolo.jobs.workshop import make
from diabolo.metrics.errors import ssim
from tests.helpers import little_images, low_rank, quick

X = low_rank(400)
TEST = low_rank(600)[400:]


def test_the_twin_is_pca_of_the_training_rows() -> None:
    trained = quick(X, latent_dim=3)
    found = evaluate(trained, TEST)
    rows = X[split(len(X), 0.1)[0].numpy()].astype(np.float64)
    mean, std = rows.mean(0), rows.std(0)
    pca = PCA(3).fit((rows - mean) / std)
    scaled = (TEST - mean) / std
    expected = np.square(scaled - pca.inverse_transform(pca.transform(scaled))).mean()
    errors = {c.name: c.errors for c in found.table}
    assert errors["pca"]["mse"] == pytest.approx(expected, rel=1e-3)
    assert errors["mean"]["mse"] == pytest.approx(np.square(scaled).mean(), rel=1e-3)
    assert found.gain == pytest.approx(errors["pca"]["mse"] / errors["model"]["mse"])
    assert found.ratio == 4.0


def test_images_are_judged_as_pixels() -> None:
    images = little_images()
    trained = quick(images, "conv")
    found = evaluate(trained, images)
    assert found.scale == "pixels in [0, 1]"
    model = found.table[0].errors
    assert set(model) == {"mse", "mae", "bce", "psnr", "ssim"}
    assert model["psnr"] == pytest.approx(-10 * np.log10(model["mse"]))
    assert model["ssim"] == pytest.approx(reconstruction_error(trained, images, metric="ssim").mean())


def test_every_line_of_pictures_has_its_similarity() -> None:
    """The mean of the training rows judged by hand, color as well as gray; columns of a table have none."""
    images = np.stack([little_images(seed=s) for s in range(3)], axis=-1)
    trained = quick(images, "conv")
    table = {c.name: c.errors for c in evaluate(trained, images).table}
    x = images.transpose(0, 3, 1, 2) / 255
    mean = x[split(len(x), 0.1)[0].numpy()].mean(0)
    assert table["mean"]["ssim"] == pytest.approx(ssim(x, np.broadcast_to(mean, x.shape), (0, 1)).mean(), abs=1e-6)
    assert all({"psnr", "ssim"} <= set(errors) for errors in table.values())
    assert all("ssim" not in c.errors for c in evaluate(quick(X), TEST).table)
    with pytest.raises(DataError, match="'ssim' expects pictures"):
        reconstruction_error(quick(X), TEST, metric="ssim")


def test_the_bound_is_the_validation_loss_in_other_units() -> None:
    """On a table the two differ by the logarithm of the scales, and by the noise of one draw a row."""
    trained = quick(X, "vae", latent_dim=2, epochs=30)
    held_out = X[split(len(X), 0.1)[1].numpy()]
    found = evaluate(trained, held_out).elbo
    assert found is not None
    expected = trained.history[-1]["validation_loss"] - trained.kind.log_scale
    assert found["negative_elbo"] == pytest.approx(expected, abs=1.0)
    assert found["negative_elbo"] == pytest.approx(found["reconstruction"] + found["kl"])


def test_kl_a_unit_adds_up() -> None:
    found = evaluate(quick(X, "vae", latent_dim=3), TEST)
    assert found.elbo is not None
    assert found.unit_kl is not None
    assert sum(found.unit_kl) == pytest.approx(found.elbo["kl"], rel=1e-4)


def test_labels_add_the_neighbors() -> None:
    y = (TEST[:, 0] > 0).astype(int)
    found = evaluate(quick(X), TEST, y).neighbors
    assert found is not None
    assert 0.5 < found["model"] <= 1
    with pytest.raises(DataError, match="one label a row"):
        evaluate(quick(X), TEST, y[:3])
    assert evaluate(quick(X), TEST[:1], y[:1]).neighbors is None


def test_pairs_stand_beside_their_input() -> None:
    noisy = X + np.random.default_rng(0).normal(size=X.shape).astype(np.float32)
    trained = quick(noisy, target=X)
    found = evaluate(trained, noisy, target=X)
    assert [c.name for c in found.table] == ["model", "input"]
    with pytest.raises(DataError, match="target="):
        evaluate(trained, noisy)


def test_everything_is_json() -> None:
    found = evaluate(quick(X, "vae"), TEST, np.arange(len(TEST)) % 2)
    assert json.loads(json.dumps(found.to_dict()))["rows"] == len(TEST)


def test_a_model_folder_is_made_in_one_go(tmp_path: Path) -> None:
    made = make(read(X), Options(epochs=2, optimizer="adam"), tmp_path / "m", run={"data": "x"})
    assert made.held_out is not None
    assert made.held_out.evaluation.rows == len(made.held_out.source) == len(split(len(X), 0.1)[1])
    assert json.loads((tmp_path / "m" / "metrics.json").read_text())["table"][0]["name"] == "model"
    assert not (tmp_path / "m" / "checkpoints").exists()


def test_without_held_out_rows_nothing_is_claimed(tmp_path: Path) -> None:
    made = make(read(X), Options(epochs=1, validation_fraction=0.0), tmp_path / "m")
    assert made.held_out is None
    assert json.loads((tmp_path / "m" / "metrics.json").read_text()) == {}


def test_measurements_have_no_neighbors_of_their_own_class() -> None:
    trained = quick(X)
    for y in (np.linspace(0, 1, len(TEST)), np.arange(len(TEST)), np.repeat([0.5, 1.5], len(TEST))[: len(TEST)]):
        assert evaluate(trained, TEST, y).neighbors is None

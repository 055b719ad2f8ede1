"""Mending: denoise, upscale, impute, unshuffle, and what is simpler beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from diabolo import Autoencoder
from diabolo.errors import DataError, ParameterError, UnsupportedError
from diabolo.jobs.mending.judge_mending import judge_mending
from diabolo.jobs.mending.mend import in_order
from diabolo.parts.corruptions import GaussianNoise, MaskCells, MaskPatches
from diabolo.parts.corruptions.shuffle import picture_of, placed, tiles_of
from diabolo.trained import Trained
from tests.helpers import little_images, low_rank

X = little_images()


def trained(recipe: str, **options: Any) -> Autoencoder:
    return Autoencoder(recipe, latent_dim=4, epochs=2, random_state=0, **options).fit(X)


def table(ae: Autoencoder, **given: Any) -> dict[str, dict[str, float]]:
    found = judge_mending(_record(ae), _record(ae).kind.read(given.pop("data", X)), **given)
    assert found is not None
    return {c.name: dict(c.errors) for c in found.table}


def _record(ae: Autoencoder) -> Trained:
    return ae.trained_


def test_tiles_go_where_the_guess_has_them() -> None:
    x = torch.rand(6, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    order = torch.rand(6, 16, generator=torch.Generator().manual_seed(1)).argsort(1)
    shuffled = picture_of(placed(tiles_of(x, 4), order), 4)
    noise = 0.05 * torch.randn(x.shape, generator=torch.Generator().manual_seed(2))
    found, pictures = in_order(shuffled, x + noise, 4)
    assert torch.equal(pictures, x)
    assert torch.equal(found, order.argsort(1))


def test_visible_cells_come_back_as_they_were() -> None:
    ae = trained("masked", corruption=MaskPatches(0.5, 2))
    hidden = np.zeros(X.shape, bool)
    hidden[:, 2:5, 1:4] = True
    filled = ae.impute(X, hidden)
    assert filled.dtype == X.dtype
    assert np.array_equal(filled[~hidden], X[~hidden])
    other = X.copy()
    other[hidden] = 0
    assert np.array_equal(ae.impute(other, hidden), filled)  # what stood there is not looked at
    assert np.array_equal(ae.impute(X[:7], hidden[:7]), filled[:7])


def test_nan_says_what_is_missing() -> None:
    x = low_rank()
    ae = Autoencoder("plain", corruption=MaskCells(0.3), latent_dim=4, epochs=30, random_state=0).fit(x)
    holed = x.copy()
    holed[::3, 1] = np.nan
    filled = ae.impute(holed)
    assert np.array_equal(filled[~np.isnan(holed)], x[~np.isnan(holed)])
    errors = np.square(filled - x)[::3, 1].mean()
    assert errors < np.square(x[:, 1] - x[:, 1].mean()).mean()


@pytest.mark.parametrize(
    ("hidden", "says"),
    [
        (np.zeros(X.shape, bool), "Nothing is hidden"),
        (np.ones(X.shape, bool), "every cell"),
        (np.ones((2, 3)), "shape"),
        (None, "NaN"),
    ],
)
def test_masks_that_make_no_sense_are_named(hidden: Any, says: str) -> None:
    with pytest.raises(DataError, match=says):
        trained("masked", corruption=MaskPatches(0.5, 2)).impute(X, hidden)


@pytest.mark.parametrize(
    ("job", "recipe"), [("denoise", "denoising"), ("upscale", "upscaling"), ("impute", "masked"), ("unshuffle", "jigsaw")]
)
def test_a_model_for_something_else_names_the_recipe(job: str, recipe: str) -> None:
    with pytest.raises(UnsupportedError, match=f"--recipe {recipe}"):
        getattr(trained("plain"), job)(X)


def test_what_is_simpler_stands_beside() -> None:
    denoise = table(trained("plain", corruption=GaussianNoise(0.2)))
    assert {"model", "input", "ridge", "median"} <= set(denoise)
    assert denoise["input"]["psnr"] == pytest.approx(10 * np.log10(1 / 0.04), abs=0.3)
    assert denoise["ridge"]["psnr"] > denoise["input"]["psnr"]
    impute = table(trained("masked", corruption=MaskPatches(0.5, 2)))
    assert {"model", "ridge", "gaussian", "mean", "biharmonic"} <= set(impute)
    assert impute["gaussian"]["psnr"] > impute["mean"]["psnr"]
    puzzle = table(trained("jigsaw"))
    assert set(puzzle) == {"model", "input", "ridge", "mean", "edges"}
    assert 0 <= puzzle["input"]["tiles"] < 0.5


def test_larger_pictures_beside_interpolation() -> None:
    small = np.rint(X.reshape(len(X), 4, 2, 4, 2).mean((2, 4))).astype(X.dtype)
    found = table(trained("upscaling"), data=small, target=X)
    assert {"model", "ridge", "nearest", "bicubic", "lanczos"} <= set(found)
    square = np.repeat(np.repeat(small, 2, 1), 2, 2).astype(float) - X
    assert found["nearest"]["psnr"] == pytest.approx(10 * np.log10(255**2 / np.square(square).mean()), abs=0.1)


def test_the_linear_map_is_the_same_whatever_the_model() -> None:
    """It is fitted on damaged training rows, so a better network does not make it better."""
    a, b = (table(trained("plain", corruption=GaussianNoise(0.2), network=n)) for n in ("mlp", "conv"))
    assert a["ridge"] == b["ridge"]


def test_no_table_where_nothing_clean_is_known() -> None:
    assert judge_mending(_record(trained("noise2self")), _record(trained("noise2self")).kind.read(X)) is None
    assert judge_mending(_record(trained("plain")), _record(trained("plain")).kind.read(X)) is None


def test_noisy_rows_and_clean_ones_judge_a_model_of_noisy_ones() -> None:
    noisy = np.clip(X + np.random.default_rng(0).normal(0, 40, X.shape), 0, 255).astype(X.dtype)
    ae = Autoencoder("noise2self", latent_dim=8, epochs=3, random_state=0).fit(noisy)
    found = table(ae, data=noisy, target=X)
    assert {"model", "input", "ridge", "median"} <= set(found)


def test_a_mask_knows_where_channels_are() -> None:
    color = np.stack([X, X[::-1], X], axis=1)  # (n, C, H, W)
    hidden = np.zeros(X.shape, bool)
    hidden[:, 2:5, 1:4] = True
    first = Autoencoder("masked", corruption=MaskPatches(0.5, 2), latent_dim=4, epochs=1, random_state=0).fit(color)
    last = Autoencoder("masked", corruption=MaskPatches(0.5, 2), latent_dim=4, epochs=1, random_state=0).fit(
        np.moveaxis(color, 1, -1)
    )
    a, b = first.impute(color, hidden), last.impute(np.moveaxis(color, 1, -1), hidden)
    assert np.array_equal(a, np.moveaxis(b, -1, 1))
    assert np.array_equal(a[:, :, ~hidden[0]], color[:, :, ~hidden[0]])
    assert not np.array_equal(a, color)


def test_a_model_that_makes_its_own_pairs_goes_on_and_is_judged_with_large_rows() -> None:
    ae = Autoencoder("upscaling", latent_dim=4, epochs=1, random_state=0, warm_start=True).fit(X)
    assert len(ae.fit(X).history_) == 2
    found = ae.evaluate(X).mending
    assert found is not None
    assert found.task == "upscale"
    again = Autoencoder.from_trained(ae.trained_)
    assert again.get_params()["corruption"].factor == 2
    pairs = Autoencoder("upscaling", latent_dim=4, epochs=1).fit(X[:, ::4, ::4], target=X)
    assert "shrinks" not in pairs.trained_.config.data


def test_few_further_rows_leave_what_was_found_on_many() -> None:
    ae = Autoencoder("denoising", latent_dim=4, epochs=1, random_state=0).fit(X)
    before = ae.trained_.companions
    after = ae.partial_fit(X[:9]).trained_.companions
    assert after["ridge"] is before["ridge"]
    assert after["calibration"] is before["calibration"]


def test_a_filter_is_kept_with_the_number_of_pictures_it_saw() -> None:
    large = np.kron(X[:40], np.ones((5, 5), X.dtype))  # 1 600 cells: too wide for a map of whole pictures
    kept = Autoencoder("denoising", latent_dim=4, epochs=1, random_state=0).fit(large).trained_.companions["ridge"]
    assert kept.data["size"] == 7
    assert 30 <= kept.data["rows"] <= 40


def test_damage_judged_in_part_needs_a_target_of_its_shape() -> None:
    with pytest.raises(ParameterError, match="judges cells of the input"):
        Autoencoder("plain", corruption=MaskCells(0.3, judge="hidden"), epochs=1).fit(X[:, ::2, ::2], target=X)


def test_pairs_of_other_channels_stand_beside_the_linear_map_alone() -> None:
    ae = Autoencoder("plain", latent_dim=4, epochs=1, random_state=0).fit(X, target=np.stack([X, X, X], axis=-1))
    assert set(table(ae, target=np.stack([X, X, X], axis=-1))) == {"model", "ridge"}

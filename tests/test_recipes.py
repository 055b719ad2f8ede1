"""Recipes: what each puts together, and how what the user gives replaces it."""

from __future__ import annotations

from typing import Any

import pytest

from diabolo.errors import ParameterError
from diabolo.parts.bottlenecks import Gaussian
from diabolo.recipes import RECIPES, Hints, compose, default_latent_dim, get, variational
from diabolo.records import Layout

TABLE = Layout(tuple("abcdefgh"))
IMAGE = Layout(("grey",), (12, 12), (0.0, 1.0))


def made(recipe: str, layout: Layout = TABLE, **options: Any) -> Any:
    hints = Hints("conv" if layout.positions else "mlp", "gaussian", layout.bounds)
    return compose(recipe, hints, layout, layout, 4, **options)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_says_what_when_and_whose_it_is(recipe: str) -> None:
    row = RECIPES[recipe]
    assert row.name == recipe
    assert len(row.what) > 20
    assert len(row.when) > 20
    assert "http" in row.paper


@pytest.mark.parametrize("network", ["mlp", "conv", "residual"])
@pytest.mark.parametrize("recipe", [r for r in RECIPES if r not in ("simple", "deep", "conv")])
def test_every_recipe_goes_with_every_network(recipe: str, network: str) -> None:
    composition = made(recipe, IMAGE, given={"network": network})
    assert composition.network.name == network
    assert composition.conditional == (recipe == "cvae")


def test_variational_are_those_whose_built_code_is_a_distribution() -> None:
    assert variational() == tuple(name for name in RECIPES if made(name, IMAGE).bottleneck.build(4).variational)


def test_recipes_for_textbooks_fix_the_network() -> None:
    assert made("simple").network.widths == ()
    assert len(made("deep").network.widths) >= 1
    assert made("conv", IMAGE).network.name == "conv"


def test_convolutions_have_no_meaning_for_columns() -> None:
    with pytest.raises(ParameterError, match="mlp"):
        made("conv")


def test_a_given_part_replaces_the_recipes() -> None:
    assert made("plain", given={"bottleneck": Gaussian(beta=2.0)}).bottleneck == Gaussian(beta=2.0)
    assert made("beta-vae", given={"bottleneck": "gaussian"}).bottleneck.beta == 4.0
    assert made("denoising", given={"corruption": "none"}).corruption is None
    assert made("plain", given={"corruption": "dropout"}).corruption.name == "dropout"


def test_settings_come_last() -> None:
    composition = made("vae", settings=(("bottleneck.beta", "3"), ("network.widths", "7,5")))
    assert composition.bottleneck.beta == 3.0
    assert composition.network.widths == (7, 5)
    weight = made("contractive", settings=(("regularizers.contractive.weight", "0.5"),)).regularizers[0].weight
    assert weight == 0.5


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        ("bottleneck.beta", "-1", "at least 0"),
        ("bottleneck.bta", "1", "Did you mean 'beta'"),
        ("bottlneck.beta", "1", "bottleneck.OPTION"),
        ("bottleneck", "1", "bottleneck.OPTION"),
        ("corruption.std", "1", "no corruption"),
        ("regularizers.weight", "1", "this model's regularizers: none"),
    ],
)
def test_wrong_settings_say_what_is_right(path: str, text: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        made("vae", settings=((path, text),))


def test_the_noise_follows_the_range_of_the_data() -> None:
    wide = Layout(("grey",), (12, 12), (-1.0, 1.0))
    assert made("denoising", IMAGE).corruption.std == pytest.approx(0.3)
    assert made("denoising", wide).corruption.std == pytest.approx(0.6)
    assert made("denoising", TABLE).corruption.name == "mask"


def test_auto_is_plain_and_typos_are_understood() -> None:
    assert get("auto") is RECIPES["plain"]
    with pytest.raises(ParameterError, match="Did you mean 'contractive'"):
        get("contractiv")


def test_the_code_is_never_wider_than_the_row() -> None:
    for cells in (1, 2, 5, 64, 784, 10_000):
        assert 1 <= default_latent_dim("plain", cells) <= default_latent_dim("sparse", cells) <= cells

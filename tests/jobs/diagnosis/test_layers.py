"""The table of layers: every parameter counted once, every shape real, words for everything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from diabolo.composition import FAMILIES
from diabolo.jobs.diagnosis.anatomy import ENGLISH, in_english
from diabolo.jobs.diagnosis.layers import layer_table
from diabolo.parts.networks import Custom
from diabolo.trained import Trained
from tests.helpers import little_images, low_rank, quick

IMAGES = little_images(60)
TABLE = low_rank(80)


class Mixing(nn.Module):
    """A user's block that says in words what it is."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(12, 12)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)

    def describe(self) -> str:
        return "mixes the columns"


class Odd(nn.Module):
    """A user's block with a weight of its own beside a layer, and a layer that is never called."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.used, self.unused = nn.Linear(12, 2), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * self.used(x)


CASES: dict[str, Any] = {
    "conv": lambda: quick(IMAGES, "conv", epochs=1),
    "residual": lambda: quick(IMAGES, "vae", network="residual", epochs=1),
    "mlp on images": lambda: quick(IMAGES, "deep", epochs=1),
    "mlp": lambda: quick(TABLE, "denoising", epochs=1),
    "simple": lambda: quick(TABLE, "simple", epochs=1),
    "sparse": lambda: quick(TABLE, "sparse", epochs=1),
    "contractive": lambda: quick(TABLE, "contractive", epochs=1),
    "conditional": lambda: quick(TABLE, "cvae", y=np.arange(80) % 3, epochs=1),
    "custom": lambda: quick(TABLE, latent_dim=2, network=Custom(nn.Sequential(Mixing(), Odd()), nn.Linear(2, 12)), epochs=1),
}


@pytest.fixture(scope="module", params=CASES)
def trained(request: pytest.FixtureRequest) -> Trained:
    return CASES[request.param]()


def test_it_runs_from_input_through_the_code_to_the_output(trained: Trained) -> None:
    table = layer_table(trained)
    roles = [layer.role for layer in table]
    assert (roles[0], roles[-1], roles.count("code")) == ("input", "output", 1)
    assert table[0].shape == trained.kind.layout.shape
    assert table[-1].shape == trained.out_kind.layout.shape
    assert next(x for x in table if x.role == "code").shape == trained.model.code_shape
    last = [x for x in table if x.role == "decoder"][-1]
    assert last.shape is not None
    assert last.shape[-len(trained.out_kind.layout.positions) :] == trained.out_kind.layout.positions or len(last.shape) == 1


def test_parameters_add_up(trained: Trained) -> None:
    assert sum(x.parameters for x in layer_table(trained)) == sum(p.numel() for p in trained.model.parameters())


def test_everything_has_words_and_a_name(trained: Trained) -> None:
    modules = dict(trained.model.named_modules())
    for layer in layer_table(trained):
        said = ", ".join(map(in_english, (layer.title, *layer.words)))
        assert said
        assert "module" not in said
        assert layer.name == "" or layer.name in modules
        assert layer.to_dict()["parameters"] == layer.parameters


def test_nothing_is_left_behind(trained: Trained) -> None:
    before = trained.model.training
    layer_table(trained)
    assert trained.model.training is before
    assert not any(m._forward_hooks for m in trained.model.modules())


def test_words_of_known_layers() -> None:
    said = [
        in_english(x.title)
        for x in layer_table(quick(TABLE, latent_dim=3, network="mlp", epochs=1, settings=(("network.widths", "7"),)))
    ]
    assert said[1:3] == ["fully connected, 12\u00a0→\u00a07", "fully connected, 7\u00a0→\u00a03"]


def test_a_users_blocks() -> None:
    table = {x.name: x for x in layer_table(CASES["custom"]())}
    assert in_english(table["encoder.module.0"].title) == "mixes the columns"
    assert table["encoder.module.0"].parameters == 12 * 13
    assert table["encoder.module.1"].parameters == 1 + 2 * 13 + 3 * 4
    assert table["encoder.module.1"].shape == (2,)


@pytest.mark.parametrize("family", ["bottleneck", "corruption", "regularizers"])
def test_every_part_has_words(family: str) -> None:
    assert not [p.name for p in FAMILIES[family] if f"part.{p.name}" not in ENGLISH]

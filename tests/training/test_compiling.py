"""A compiled step does what a step does; what cannot be compiled is told."""

from __future__ import annotations

import pytest
import torch

from diabolo import Autoencoder
from diabolo.errors import UnsupportedError
from tests.helpers import low_rank

pytestmark = pytest.mark.filterwarnings("ignore")  # the tracer of PyTorch warns of its own doings


@pytest.fixture
def eager_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch.compile that traces and generates no machine code: what is compiled is the same, in seconds."""
    compile_ = torch.compile
    monkeypatch.setattr(torch, "compile", lambda module: compile_(module, backend="aot_eager"))


@pytest.mark.usefixtures("eager_backend")
@pytest.mark.parametrize("recipe", ["plain", "vae"])
def test_a_compiled_training_ends_where_another_does(recipe: str) -> None:
    x = low_rank()
    losses = [
        Autoencoder(recipe, latent_dim=2, epochs=2, compile=compiled, random_state=0).fit(x).history_[-1]["train_loss"]
        for compiled in (False, True)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.usefixtures("eager_backend")
def test_what_cannot_be_compiled_is_told() -> None:
    """A penalty on derivatives needs gradients of gradients."""
    with pytest.raises(UnsupportedError, match=r"torch.compile failed .*Leave compile=True"):
        Autoencoder("contractive", latent_dim=2, epochs=1, compile=True).fit(low_rank())

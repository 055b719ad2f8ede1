"""The encoder as a module gives what ``transform`` gives, with gradients, and is a module like any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from diabolo import Autoencoder
from diabolo.errors import DataError
from diabolo.jobs.codes.encoder import EncoderModule
from diabolo.parts.networks import Conv, Mlp, Residual
from tests.helpers import little_images, low_rank, same_weights

TABLE = low_rank().astype(np.float64) * 1e3 + 1e6
PICTURES = little_images()
CASES = {
    "a table": (TABLE, "plain", Mlp(widths=(8,))),
    "a table with a constant": (np.column_stack([TABLE, np.full(len(TABLE), 7.0)]), "vae", Residual(widths=(8,), blocks=1)),
    "pictures": (PICTURES, "denoising", Mlp(widths=(16,), normalization="batch", dropout=0.3)),
    "pictures in [-1, 1], channels first": (np.stack([PICTURES / 127.5 - 1] * 3, axis=1), "plain", Conv(channels=(4,))),
    "a code that is a map": (PICTURES / 255, "sparse", Conv(channels=(4,), code="map")),
}


def fitted(data: np.ndarray, recipe: str = "plain", network: object = "auto") -> Autoencoder:
    return Autoencoder(recipe, network=network, latent_dim=3, epochs=1, batch_size=32, random_state=0).fit(data)


@pytest.mark.parametrize(("data", "recipe", "network"), CASES.values(), ids=CASES)
def test_it_gives_what_transform_gives(data: np.ndarray, recipe: str, network: object) -> None:
    ae = fitted(data, recipe, network)
    module = ae.encoder_module()
    assert not module.training
    for rows in (1, 7, 100):
        with torch.no_grad():
            z = module(torch.from_numpy(data[:rows]))
        assert z.dtype == torch.float32
        np.testing.assert_allclose(z.numpy(), ae.transform(data[:rows]), rtol=1e-4, atol=1e-5)


def test_gradients_go_through_and_the_model_stays_as_it_is() -> None:
    ae = fitted(PICTURES)
    before = fitted(PICTURES).trained_
    module = ae.encoder_module().train()
    head = torch.nn.Linear(3, 1)
    x = torch.from_numpy(PICTURES).float().requires_grad_()
    optimizer = torch.optim.SGD([*module.parameters(), *head.parameters()], lr=0.1)
    head(module(x)).sum().backward()
    assert x.grad is not None
    assert all(p.grad is not None for p in module.encoder.parameters())
    optimizer.step()
    assert same_weights(ae.trained_, before)


def test_train_wakes_dropout_and_statistics() -> None:
    module = fitted(PICTURES, "plain", Mlp(widths=(16,), normalization="batch", dropout=0.5)).encoder_module()
    x = torch.from_numpy(PICTURES)
    module.train()
    assert not torch.equal(module(x), module(x))
    module.eval()
    assert torch.equal(module(x), module(x))


def test_the_state_is_whole_and_fits_into_safetensors(tmp_path: Path) -> None:
    ae, other = fitted(TABLE), fitted(TABLE * 3 - 1e5)
    save_file(ae.encoder_module().state_dict(), tmp_path / "encoder.safetensors")
    module = other.encoder_module()
    module.load_state_dict(load_file(tmp_path / "encoder.safetensors"))
    with torch.no_grad():
        np.testing.assert_allclose(module(torch.from_numpy(TABLE)).numpy(), ae.transform(TABLE), rtol=1e-4, atol=1e-5)


def test_autocast_is_the_callers() -> None:
    ae = fitted(PICTURES, "vae")
    module, x = ae.encoder_module(), torch.from_numpy(PICTURES)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        z = module(x)
    assert z.dtype == torch.float32
    np.testing.assert_allclose(z.numpy(), ae.transform(PICTURES), rtol=0.1, atol=0.05)
    with torch.no_grad():
        np.testing.assert_allclose(module.double()(x).numpy(), ae.transform(PICTURES), rtol=1e-4, atol=1e-5)


def test_it_moves() -> None:
    module = fitted(TABLE).encoder_module().to("meta")
    assert module(torch.from_numpy(TABLE).to("meta")).shape == (200, 3)


def test_a_conditional_encoder_is_told_the_label() -> None:
    y = np.arange(len(PICTURES)) % 2
    ae = Autoencoder("cvae", network=Mlp(widths=(8,)), latent_dim=3, epochs=1, random_state=0).fit(PICTURES, y)
    module, x = ae.encoder_module(), torch.from_numpy(PICTURES)
    assert module.labels == (0, 1)
    with torch.no_grad():
        z = module(x, torch.nn.functional.one_hot(torch.from_numpy(y), 2).float())
    np.testing.assert_allclose(z.numpy(), ae.transform(PICTURES, y), rtol=1e-4, atol=1e-5)
    with pytest.raises(DataError, match=r"\(n, 2\)"):
        module(x)
    with pytest.raises(DataError, match="no condition"):
        fitted(PICTURES).encoder_module()(x, torch.ones(len(x), 2))


@pytest.mark.parametrize(
    ("data", "given", "words"),
    [
        (TABLE, torch.zeros(2, 5), r"shape \(n, 12\), got \(2, 5\)"),
        (TABLE, torch.zeros(12), r"give x\[None\]"),
        (PICTURES, torch.zeros(2, 9, 9), r"shape \(n, 8, 8\), got \(2, 9, 9\)"),
        (PICTURES, torch.zeros(2, 64), r"got \(2, 64\)"),
    ],
)
def test_rows_of_another_shape(data: np.ndarray, given: torch.Tensor, words: str) -> None:
    with pytest.raises(DataError, match=words):
        fitted(data).encoder_module()(given)


@pytest.mark.parametrize("network", [Mlp(widths=(6, 5)), Mlp(widths=()), Residual(widths=(5,), blocks=1)])
def test_the_last_hidden_layer_is_what_the_code_is_made_of(network: object) -> None:
    ae = fitted(TABLE, "plain", network)
    module = EncoderModule(ae.trained_)
    x = ae.trained_.kind.encode(torch.from_numpy(TABLE))
    with torch.no_grad():
        hidden = module.hidden(x)
        torch.testing.assert_close(module.encoder.head(hidden), module.encoder(x)[0])
    assert hidden.shape == (200, 5 if network.widths else 12)  # type: ignore[attr-defined]


def test_the_last_hidden_layer_of_convolutions() -> None:
    ae = fitted(PICTURES, "plain", Conv(channels=(4,), hidden=9))
    module = EncoderModule(ae.trained_)
    x = ae.trained_.kind.encode(torch.from_numpy(PICTURES))
    with torch.no_grad():
        hidden = module.hidden(x)
        torch.testing.assert_close(module.encoder.head[-1](hidden), module.encoder(x)[0])
    assert hidden.shape == (120, 9)

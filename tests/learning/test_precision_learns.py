"""bfloat16 learns what float32 learns."""

from __future__ import annotations

import pytest

from diabolo import Autoencoder, read
from diabolo.data.split import split


def test_the_held_out_error_is_within_two_percent_of_float32() -> None:
    images = read("demo:digits").array()
    kept, held_out = (images[rows.numpy()] for rows in split(len(images), 0.2))
    errors = [
        Autoencoder("deep", latent_dim=8, epochs=30, precision=precision, random_state=0)
        .fit(kept)
        .reconstruction_error(held_out)
        .mean()
        for precision in ("float32", "bfloat16")
    ]
    assert errors[1] == pytest.approx(errors[0], rel=0.02)
    assert errors[1] != errors[0]  # it was another precision indeed

"""Pictures from another domain are told as such; what the model was trained on, and a little of it, is not."""

from __future__ import annotations

import string
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_digits

from diabolo import Autoencoder, read
from diabolo.data.sources import ArraySource
from diabolo.errors import UnfamiliarWarning
from diabolo.jobs.anomalies.familiar import unfamiliar
from diabolo.jobs.codes.reconstruct import reconstruct
from diabolo.trained import Trained
from tests.helpers import low_rank, quick

DIGITS = np.random.default_rng(0).permutation((load_digits().images / 16).astype(np.float32))
TRAINING, REST = DIGITS[:1400], DIGITS[1400:]


@cache
def model(recipe: str) -> Trained:
    return quick(TRAINING, recipe, latent_dim=8, epochs=30)


def noisy(x: np.ndarray, std: float = 0.3) -> np.ndarray:
    return x + std * np.random.default_rng(0).normal(size=x.shape).astype(np.float32)


def told(trained: Trained, x: np.ndarray) -> bool:
    return unfamiliar(trained, trained.kind.read(x)) is not None


@pytest.mark.parametrize("recipe", ["plain", "denoising", "vae"])
def test_digits_are_familiar_and_noise_is_not(recipe: str) -> None:
    trained = model(recipe)
    assert [n for n in (1, 2, 5, 20, 100, len(REST)) if told(trained, REST[:n])] == []
    noise = np.random.default_rng(0).random((30, 8, 8)).astype(np.float32)
    assert [n for n in (5, 30) if not told(trained, noise[:n])] == []
    assert told(trained, 1 - REST)


def test_damaged_pictures_are_familiar_to_what_repairs_them() -> None:
    assert told(model("plain"), noisy(REST))
    assert not told(model("denoising"), noisy(REST))
    assert not told(model("denoising"), noisy(REST)[:3])


def test_the_warning_says_what_and_how_many() -> None:
    text = unfamiliar(model("plain"), model("plain").kind.read(1 - REST[:50]))
    assert text is not None
    assert "array of shape (1400, 8, 8)" in text
    assert "50 of 50" in text


def test_every_way_of_reading_warns_once() -> None:
    trained = model("plain")
    with pytest.warns(UnfamiliarWarning) as caught:
        reconstruct(trained, 1 - REST)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reconstruct(trained, trained.kind.read(1 - REST))  # whoever read them has said so
        reconstruct(trained, REST)


def test_silent_where_nothing_can_be_said() -> None:
    table = quick(low_rank())
    assert unfamiliar(table, ArraySource(low_rank() * 100)) is None
    assert not told(quick(TRAINING, validation_fraction=0.0), 1 - REST)  # nothing was held out
    assert not told(quick(TRAINING[:100]), 1 - REST)  # too little was
    labels = np.arange(len(TRAINING)) % 3
    conditional = quick(TRAINING, "cvae", y=labels)
    assert not told(conditional, 1 - REST)
    assert unfamiliar(conditional, conditional.kind.read(1 - REST), 0) is not None


def letters(n: int) -> np.ndarray:
    """Printed capitals that are no digits, at many sizes and places, (n, 28, 28) uint8."""
    random, drawn = np.random.default_rng(0), np.zeros((n, 28, 28), dtype=np.uint8)
    capitals = [c for c in string.ascii_uppercase if c not in "IO"]
    for i in range(n):
        image, font = Image.new("L", (28, 28)), ImageFont.load_default(size=int(random.integers(18, 26)))
        across, down = 14 + random.integers(-2, 3, size=2)
        ImageDraw.Draw(image).text((float(across), float(down)), capitals[i % len(capitals)], fill=255, font=font, anchor="mm")
        drawn[i] = np.asarray(image)
    return drawn


@pytest.mark.parametrize("recipe", ["plain", "denoising"])
def test_letters_are_told_from_digits(real_data: Path, recipe: str) -> None:
    training, test = (read(name) for name in ("mnist", "mnist:test"))
    ae = Autoencoder(recipe, latent_dim=32, epochs=2, random_state=0).fit(
        np.asarray(training.source.take(torch.arange(20_000)))
    )
    digits, labels = np.asarray(test.source.take(torch.arange(10_000))), np.asarray(test.labels)
    trained = ae.trained_
    assert told(trained, letters(200))
    assert not told(trained, digits)
    assert [d for d in range(10) if told(trained, digits[labels == d])] == []
    assert [n for n in (1, 3, 10, 30) if told(trained, digits[:n])] == []

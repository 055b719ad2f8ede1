"""Mending pictures: take noise out, enlarge, fill in, put tiles back in order, find oddities. Beside what is simpler.

Small pictures first, then a photograph at its own size, also with no clean picture to learn from.

python examples/mending_pictures.py                        # MNIST, some minutes on a laptop
python examples/mending_pictures.py --data demo:digits     # built in, a few seconds, no download
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_image
from sklearn.model_selection import train_test_split

import diabolo
from diabolo import Autoencoder
from diabolo.parts.corruptions import GaussianNoise


def main(data: str = "mnist", epochs: int | str = "auto", passes: int = 16) -> dict[str, dict[str, float]]:
    """Run the example; returns the PSNR in dB of each job, of the model and of what is simpler.

    data: a data set's name. epochs: passes over the training part. passes: those over a photograph's squares.
    """
    images = diabolo.read(data).array()
    train, test = train_test_split(images, test_size=0.15, random_state=0)
    found: dict[str, dict[str, float]] = {}

    # 1. One line trains a model for a job: the recipe says how training pictures are damaged, anew for every batch.
    for recipe in ("denoising", "masked", "jigsaw"):
        ae = Autoencoder(recipe, latent_dim=64, epochs=epochs, random_state=0).fit(train)
        # 2. evaluate damages unseen pictures in the same way and lets simpler methods mend them too.
        mending = ae.evaluate(test).mending
        assert mending is not None  # these recipes are for mending
        found[mending.task] = {c.name: c.errors["psnr"] for c in mending.table}

    # 3. Enlarging: the model takes small pictures, so evaluate is given those, and what they should become.
    upscaler = Autoencoder("upscaling", latent_dim=64, epochs=epochs, random_state=0).fit(train)
    small = halved(test)
    mending = upscaler.evaluate(small, target=test).mending
    assert mending is not None
    found[mending.task] = {c.name: c.errors["psnr"] for c in mending.table}
    print(f"pictures of {small.shape[1:]} come back as {upscaler.upscale(small).shape[1:]}")

    # 4. Filling in what you hide yourself: the lower half of every picture. What is visible stays as it is.
    filler = Autoencoder("masked", latent_dim=64, epochs=epochs, random_state=0).fit(train)
    hidden = np.zeros(test.shape, bool)
    hidden[:, test.shape[1] // 2 :] = True
    filled = filler.impute(test, hidden)
    print(f"visible pixels changed: {int((filled != test)[~hidden].sum())}")

    # 5. Where something does not belong: a white square pasted into each picture stands out in the heat map.
    pasted = test.copy()
    pasted[:, 2:4, 2:4] = test.max()
    square = np.zeros(test.shape[1:], bool)
    square[2:4, 2:4] = True
    judge = Autoencoder("denoising", latent_dim=64, epochs=epochs, random_state=0).fit(train)
    heat = judge.detect(pasted).heat
    assert heat is not None  # pictures have one
    print(f"heat in the squares {heat[:, square].mean():.2f}, elsewhere {heat[:, ~square].mean():.2f}")

    # 6. A photograph: patch=32 cuts squares from the pictures in a folder, and what is learned on them mends pictures of any
    # size. "noise2self" learns from noisy pictures alone, as one must where nobody has a clean one. "masked" fills a hole.
    temple, flower = (load_sample_image(name) for name in ("china.jpg", "flower.jpg"))
    damaged = noisy(temple)
    found["photograph"] = {"input": psnr(damaged, temple)}
    for recipe, picture in (("denoising", flower), ("noise2self", noisy(flower))):
        corruption = GaussianNoise(std=25 / 255) if recipe == "denoising" else None  # noise2self brings its own
        restored = learned(recipe, picture, passes, corruption=corruption).denoise(damaged)
        found["photograph"][recipe] = psnr(restored, temple)
    hole = np.zeros(temple.shape[:2], bool)
    hole[100:112, 300:312] = True
    filled = learned("masked", flower, 4).impute(temple, hole)
    print(f"pixels of the photograph changed outside the hole: {int((filled != temple)[~hole].sum())}")

    for task, table in found.items():
        print(f"{task}, dB: " + ", ".join(f"{name} {psnr:.1f}" for name, psnr in table.items()))
    return found


def learned(recipe: str, photograph: np.ndarray, epochs: int, **parts: object) -> Autoencoder:
    """A model trained on squares of a photograph, which is put into a folder in six pieces: whole ones are held out."""
    with TemporaryDirectory() as folder:
        for i, half in enumerate(np.array_split(photograph, 2)):
            for j, piece in enumerate(np.array_split(half, 3, axis=1)):
                Image.fromarray(piece).save(Path(folder) / f"{i}{j}.png")
        ae = Autoencoder(recipe, patch=32, size="s", batch_size=8, epochs=epochs, random_state=0, **parts)
        return ae.fit(folder)


def noisy(picture: np.ndarray) -> np.ndarray:
    """A uint8 picture with Gaussian noise of σ 25."""
    random = np.random.default_rng(0)
    return (picture + random.normal(0, 25, picture.shape)).clip(0, 255).astype(np.uint8)


def psnr(picture: np.ndarray, clean: np.ndarray) -> float:
    """Decibels of white against the root mean squared error."""
    return float(20 * np.log10(255 / np.sqrt(np.mean((picture - clean.astype(np.float64)) ** 2))))


def halved(pictures: np.ndarray) -> np.ndarray:
    """Pictures (n, H, W) -> (n, H/2, W/2), each pixel the mean of four, in their own dtype."""
    n, high, wide = pictures.shape
    means = pictures.reshape(n, high // 2, 2, wide // 2, 2).mean((2, 4))
    return (np.rint(means) if pictures.dtype.kind in "iu" else means).astype(pictures.dtype)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="mnist")
    main(parser.parse_args().data)

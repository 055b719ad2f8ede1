"""Mending pictures: take noise out, enlarge, fill in, put tiles back in order, find oddities. Beside what is simpler.

python examples/mending_pictures.py                        # MNIST, some minutes on a laptop
python examples/mending_pictures.py --data demo:digits     # built in, a few seconds, no download
"""

from __future__ import annotations

import argparse

import numpy as np
from sklearn.model_selection import train_test_split

import diabolo
from diabolo import Autoencoder


def main(data: str = "mnist", epochs: int | str = "auto") -> dict[str, dict[str, float]]:
    """Run the example; returns the PSNR in dB of each job, of the model and of what is simpler.

    data: a data set's name. epochs: passes over the training part.
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

    for task, table in found.items():
        print(f"{task}, dB: " + ", ".join(f"{name} {psnr:.1f}" for name, psnr in table.items()))
    return found


def halved(pictures: np.ndarray) -> np.ndarray:
    """Pictures (n, H, W) -> (n, H/2, W/2), each pixel the mean of four, in their own dtype."""
    n, high, wide = pictures.shape
    means = pictures.reshape(n, high // 2, 2, wide // 2, 2).mean((2, 4))
    return (np.rint(means) if pictures.dtype.kind in "iu" else means).astype(pictures.dtype)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="mnist")
    main(parser.parse_args().data)

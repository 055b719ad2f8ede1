"""How well what does not belong is found on real MNIST, each figure beside what is simpler.

    DIABOLO_DATA=folder python benchmarks/pictures_detect.py [--digits 0123456789] [--seed 0] [--json]

One digit is normal (its training images), the test images of the other nine are not: ROC-AUC over the 10 000 test images, ten
times. Then a model of all digits: a white block of 5 × 5 pixels at a random place of each test image, ROC-AUC over pixels.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from diabolo import Autoencoder, read
from diabolo.errors import UnfamiliarWarning

BLOCK = 5


def mnist(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 28, 28) uint8 and labels (n,), from ``DIABOLO_DATA`` or the cache."""
    found = read(name)
    return np.asarray(found.source.take(torch.arange(len(found.source)))), np.asarray(found.labels)


def one_digit(digit: int, seed: int, epochs: int) -> dict[str, float]:
    """ROC-AUC of the model and of what is simpler, share of false alarms at the default threshold, seconds of training."""
    (training, labels), (test, truth) = mnist("mnist"), mnist("mnist:test")
    normal = training[labels == digit]
    tick = time.perf_counter()
    ae = Autoencoder("denoising", epochs=epochs, random_state=seed).fit(normal)
    seconds = time.perf_counter() - tick
    found = ae.detect(test, anomalous=truth != digit, reference=normal)
    assert found.auc is not None
    return {**found.auc, "false alarms": float(found.is_outlier[truth == digit].mean()), "seconds": seconds}


def block(seed: int, epochs: int) -> dict[str, float]:
    """Pixel ROC-AUC of the heat map, of the plain squared residual beside it, of the residual of PCA; seconds of training."""
    (training, _), (test, _) = mnist("mnist"), mnist("mnist:test")
    tick = time.perf_counter()
    ae = Autoencoder("denoising", epochs=epochs, random_state=seed).fit(training)
    seconds = time.perf_counter() - tick
    where = np.zeros(test.shape, dtype=bool)
    places = np.random.default_rng(seed).integers(0, 28 - BLOCK + 1, size=(len(test), 2))
    for picture, (top, left) in zip(where, places, strict=True):
        picture[top : top + BLOCK, left : left + BLOCK] = True
    damaged = np.where(where, np.uint8(255), test)
    residual = np.square(damaged / 255.0 - ae.reconstruct(damaged) / 255.0)
    pca = ae.trained_.companions["pca"].arrays
    centered = damaged.reshape(len(damaged), -1) / 255.0 - pca["mean"]
    linear = np.square(centered - centered @ pca["components"].T @ pca["components"])
    contenders = {"heat map": ae.detect(damaged).heat, "squared residual": residual, "pca": linear}
    return {k: float(roc_auc_score(where.ravel(), v.ravel())) for k, v in contenders.items()} | {"seconds": seconds}


def main() -> None:
    """Print both tables, or one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--digits", default="0123456789")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, nargs=2, default=(30, 4), help="of a model of one digit, of the one of all")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    warnings.simplefilter("ignore", UnfamiliarWarning)  # nine of ten digits are meant to be strange
    digits: dict[str, Any] = {}
    for digit in given.digits:
        digits[digit] = one_digit(int(digit), given.seed, given.epochs[0])
        if not given.json:
            print(digit, {k: round(v, 4) for k, v in digits[digit].items()}, flush=True)
    names = next(iter(digits.values()))
    mean = {name: float(np.mean([row[name] for row in digits.values()])) for name in names}
    found = {"digits": digits, "mean": mean, "block": block(given.seed, given.epochs[1])}
    if given.json:
        print(json.dumps(found, indent=1))
        return
    print("mean", {k: round(v, 4) for k, v in mean.items()})
    print("block", {k: round(v, 4) for k, v in found["block"].items()})


if __name__ == "__main__":
    main()

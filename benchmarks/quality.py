"""How good the models are on real MNIST, each beside what is simpler. Judged on the 10 000 test images, never trained on.

    DIABOLO_DATA=folder python benchmarks/quality.py [--case NAME ...] [--seed 0] [--json]

Errors are means over all pixels in [0, 1]. The figure of each case, the bar it is held to and its neighbors are printed side by
side, with the time of the training alone.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from diabolo import Autoencoder, read
from diabolo.baselines.pca import Pca, fit_pca
from diabolo.data.split import split
from diabolo.jobs.evaluation.evaluate import evaluate
from diabolo.parts.likelihoods import Bernoulli, Gaussian
from diabolo.parts.networks import Mlp


@dataclass(frozen=True)
class Figure:
    """One line of the table. beside: name to number, of what it is compared with."""

    case: str
    what: str
    value: float
    target: str
    reached: bool
    seconds: float
    beside: dict[str, float]


@dataclass(frozen=True)
class Mnist:
    """Both splits: images (n, 28, 28) uint8, labels (n,)."""

    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray

    @classmethod
    def read(cls) -> Mnist:
        """From ``DIABOLO_DATA`` or the cache."""
        found = [read(name) for name in ("mnist", "mnist:test")]
        rows = [np.asarray(r.source.take(torch.arange(len(r.source)))) for r in found]
        return cls(rows[0], np.asarray(found[0].labels), rows[1], np.asarray(found[1].labels))

    def pca(self, k: int) -> Pca:
        """Fitted on all 60 000 training images."""
        return fit_pca(flat(self.train), k)


def flat(images: np.ndarray) -> np.ndarray:
    """(n, 28, 28) uint8 -> (n, 784) float32 in [0, 1]."""
    return images.reshape(len(images), -1).astype(np.float32) / 255


def fitted(ae: Autoencoder, data: Mnist) -> tuple[Autoencoder, float]:
    """The estimator, trained, and the seconds it took."""
    tick = time.perf_counter()
    ae.fit(data.train)
    return ae, time.perf_counter() - tick


def test_mse(ae: Autoencoder, data: Mnist) -> float:
    """Mean squared error on the test images."""
    return float(ae.reconstruction_error(data.test).mean())


def pca_mse(data: Mnist, k: int) -> float:
    """PCA's, with k numbers."""
    x = flat(data.test)
    return float(np.square(x - data.pca(k).reconstruct(x)).mean())


def exact(data: Mnist, seed: int) -> Figure:
    """784-256-128-64-128-256-784, ReLU inside, sigmoid out."""
    network = Mlp(widths=(256, 128), activation="relu")
    ae, seconds = fitted(Autoencoder("deep", network=network, latent_dim=64, random_state=seed), data)
    value = test_mse(ae, data)
    return Figure(
        "exact", "784-256-128-64, test MSE", value, "<= 0.0050", value <= 0.0050, seconds, {"PCA-64": pca_mse(data, 64)}
    )


def deep(data: Mnist, seed: int) -> Figure:
    """The deep recipe with 32 numbers and a minute: 57 s of training, the rest for the PCA and the codes beside it."""
    ae, seconds = fitted(Autoencoder("deep", latent_dim=32, time_budget=57, random_state=seed), data)
    value = test_mse(ae, data)
    beside = {"PCA-32": pca_mse(data, 32), "Hinton & Salakhutdinov 2006, 30 numbers": 0.0038}
    return Figure("deep", "deep, 32 numbers, 60 s, test MSE", value, "<= 0.0037", value <= 0.0037, seconds, beside)


def conv(data: Mnist, seed: int) -> Figure:
    """The conv recipe with 32 numbers."""
    ae, seconds = fitted(Autoencoder("conv", latent_dim=32, epochs=6, batch_size=256, random_state=seed), data)
    value = test_mse(ae, data)
    return Figure(
        "conv", "conv, 32 numbers, test MSE", value, "<= 0.0045", value <= 0.0045, seconds, {"PCA-32": pca_mse(data, 32)}
    )


def simple(data: Mnist, seed: int) -> Figure:
    """One linear layer each side: PCA by gradient descent."""
    ae = Autoencoder("simple", latent_dim=32, likelihood=Gaussian(output="linear"), random_state=seed)
    ae, seconds = fitted(ae, data)
    value, pca = test_mse(ae, data), data.pca(32)
    decoder = next(p for p in ae.model_.decoder.parameters() if p.ndim == 2).detach().numpy().astype(np.float64)  # (784, 32)
    basis = np.linalg.qr(decoder)[0]
    cosines = np.linalg.svd(basis.T @ pca.components.T.astype(np.float64), compute_uv=False)
    best = pca_mse(data, 32)
    beside = {
        "PCA-32": best,
        "ratio": value / best,
        "smallest cosine between the subspaces": float(cosines.min()),
        "mean squared cosine": float(np.square(cosines).mean()),
    }
    reached = value <= 1.02 * best and float(cosines.min()) > 0.9
    return Figure(
        "simple", "simple, 32 numbers, linear, test MSE", value, "<= 1.02 x PCA-32, same subspace", reached, seconds, beside
    )


def vae(data: Mnist, seed: int) -> Figure:
    """784-200-200-50, dynamic binarization; the bound on all 10 000 test images."""
    ae = Autoencoder(
        "vae",
        network=Mlp(widths=(200, 200), activation="tanh"),
        latent_dim=50,
        likelihood=Bernoulli(binarize="dynamic"),
        time_budget=285,
        random_state=seed,
    )
    ae, seconds = fitted(ae, data)
    found = [evaluate(ae.trained_, data.test, seed=s).elbo for s in range(3)]
    values = [e["negative_elbo"] for e in found if e is not None]
    value = float(np.mean(values))
    beside = {
        "three draws differ by": max(values) - min(values),
        "kl": float(np.mean([e["kl"] for e in found if e is not None])),
    }
    return Figure(
        "vae",
        "vae 784-200-200-50, test -ELBO, nats",
        value,
        "<= 95.0 in <= 300 s",
        value <= 95.0 and seconds <= 300,
        seconds,
        beside,
    )


def probe(data: Mnist, seed: int) -> Figure:
    """Logistic regression on 32 numbers of all 60 000 training images; the recipe is chosen on held-out training images."""
    rows, held = (i.numpy() for i in split(len(data.train), 0.1))
    candidates = {
        name: Autoencoder(name, latent_dim=32, epochs=12, random_state=seed)
        for name in ("plain", "denoising", "sparse", "contractive", "vae")
    }
    seconds, codes, chosen = 0.0, {}, {}
    for name, ae in candidates.items():
        ae, took = fitted(ae, data)
        seconds += took
        codes[name] = (ae.transform(data.train), ae.transform(data.test))
        z = codes[name][0]
        chosen[name] = accuracy(z[rows], data.train_labels[rows], z[held], data.train_labels[held])
    best = max(chosen, key=chosen.__getitem__)
    value = accuracy(codes[best][0], data.train_labels, codes[best][1], data.test_labels)
    pca = data.pca(32)
    x, x_test = flat(data.train), flat(data.test)
    beside = {
        "PCA-32": accuracy(pca.transform(x), data.train_labels, pca.transform(x_test), data.test_labels),
        "raw pixels": accuracy(x, data.train_labels, x_test, data.test_labels),
        **{f"{name}, held out": v for name, v in chosen.items()},
    }
    reached = value >= beside["PCA-32"] + 0.01
    return Figure(
        "probe", f"logistic regression on {best} codes, accuracy", value, ">= PCA-32 + 0.01", reached, seconds, beside
    )


def accuracy(z: np.ndarray, y: np.ndarray, z_test: np.ndarray, y_test: np.ndarray) -> float:
    """Of a logistic regression on standardized columns, fitted on (z, y), judged on (z_test, y_test)."""
    scaler = StandardScaler().fit(z)
    model = LogisticRegression(max_iter=300).fit(scaler.transform(z), y)
    return float(model.score(scaler.transform(z_test), y_test))


CASES: dict[str, Callable[[Mnist, int], Figure]] = {
    "exact": exact,
    "deep": deep,
    "conv": conv,
    "simple": simple,
    "vae": vae,
    "probe": probe,
}


def line(figure: Figure) -> str:
    """One line of the table, for reading."""
    beside = ", ".join(f"{k} {v:.5g}" for k, v in figure.beside.items())
    mark = "reached" if figure.reached else "MISSED"
    return (
        f"{figure.case:7} {figure.what}: {figure.value:.5g} ({figure.target}: {mark}), {figure.seconds:.0f} s; beside {beside}"
    )


def main() -> None:
    """Run the chosen cases and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, nargs="+", default=list(CASES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")
    args = parser.parse_args()
    data = Mnist.read()
    figures: list[dict[str, Any]] = []
    for name in args.case:
        figure = CASES[name](data, args.seed)
        figures.append(asdict(figure))
        if not args.json:
            print(line(figure), flush=True)
    if args.json:
        machine = {"torch": torch.__version__, "threads": torch.get_num_threads(), "machine": platform.machine()}
        print(json.dumps({"seed": args.seed, "machine": machine, "figures": figures}, indent=1))


if __name__ == "__main__":
    main()

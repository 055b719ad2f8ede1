"""What codes are good for on real MNIST, each figure beside what is simpler. Judged on the 10 000 test images.

    DIABOLO_DATA=folder python benchmarks/codes.py [--case NAME ...] [--seed 0] [--samples 5000] [--json]

Nothing is fitted to test images or chosen by them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from quality import Figure, Mnist, fitted, flat, line, test_mse
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score
from sklearn.neighbors import KNeighborsClassifier

from diabolo import Autoencoder
from diabolo.baselines.pca import fit_pca
from diabolo.jobs.evaluation.likelihood import log_likelihood
from diabolo.jobs.generation.features import features_of
from diabolo.jobs.generation.judge_samples import judge_samples
from diabolo.jobs.learning.label_curve import label_curve
from diabolo.parts.bottlenecks import Gaussian as GaussianCode
from diabolo.parts.likelihoods import Bernoulli
from diabolo.parts.networks import Mlp
from diabolo.recipes import RECIPES

CODE = 16
RATE = 0.006  # of Muon for a quarter of an hour; that of a time budget, 0.02, suits minutes
HALF = 0.5  # of the run one code a row, which makes three steps in the time of one
LABELS, DRAWS = 100, 5
DEEP, DEEP_ROWS, PASSES = (512, 256, 128, 64), 6_000, 10
NETWORKS = {"random start": {}, "batch normalization": {"normalization": "batch"}, "skip connections": {"skip": True}}


@dataclass(frozen=True)
class Generator:
    """A recipe that makes new images, its code numbers (None: the recipe's own width), and what codes are drawn from."""

    recipe: str
    latent_dim: int | None
    origins: tuple[str, ...]


GENERATORS = (
    Generator("plain", CODE, ("gaussian", "mixture", "kernel")),
    Generator("vae", CODE, ("auto", "mixture")),
    Generator("wae", CODE, ("auto", "mixture")),
    Generator("aae", CODE, ("auto",)),
    Generator("vae-gan", CODE, ("auto",)),
    Generator("vqvae", None, ("auto",)),
    Generator("fsq", None, ("auto",)),
)
"""Those that :data:`diabolo.recipes.RECIPES` knows are judged. ``"auto"`` is the prior, fixed or learned."""
GENERATOR_EPOCHS = 8


def neighbors(data: Mnist, seed: int, samples: int) -> Figure:
    """The share of test images whose five nearest training codes vote for their digit; 16 numbers."""
    ae, seconds = fitted(Autoencoder("denoising", latent_dim=CODE, epochs=30, random_state=seed), data)
    value = vote(ae.transform(data.train), ae.transform(data.test), data)
    pca = data.pca(CODE)
    beside = {
        f"PCA-{CODE}": vote(pca.transform(flat(data.train)), pca.transform(flat(data.test)), data),
        "raw pixels": vote(flat(data.train), flat(data.test), data),
    }
    return Figure("neighbors", "denoising, 16 numbers, 5 neighbors", value, ">= 0.970", value >= 0.970, seconds, beside)


def clusters(data: Mnist, seed: int, samples: int) -> Figure:
    """k-means with ten clusters on 16 numbers; the information shared with the digits, of the test images."""
    ae, seconds = fitted(Autoencoder("denoising", latent_dim=CODE, epochs=30, random_state=seed), data)
    pca = data.pca(CODE)
    value = grouped(ae.transform(data.train), ae.transform(data.test), data, seed)
    beside = {
        f"PCA-{CODE}": grouped(pca.transform(flat(data.train)), pca.transform(flat(data.test)), data, seed),
        "raw pixels": grouped(flat(data.train), flat(data.test), data, seed),
    }
    best = beside[f"PCA-{CODE}"] + 0.05
    return Figure("clusters", "denoising, k-means, NMI", value, f">= {best:.4f}", value >= best, seconds, beside)


def vae(data: Mnist, seed: int, samples: int) -> Figure:
    """784-200-200-50, dynamic bits, a quarter of an hour."""
    return likelihood(data, seed, samples, "vae", 1, 87.6)


def iwae(data: Mnist, seed: int, samples: int) -> Figure:
    """The same with five codes a row."""
    return likelihood(data, seed, samples, "iwae", 5, 86.2)


def likelihood(data: Mnist, seed: int, samples: int, recipe: str, codes: int, bar: float) -> Figure:
    """NLL of all test images by importance sampling, at most 15 minutes of training."""
    ae = Autoencoder(
        recipe,
        network=Mlp(widths=(200, 200), activation="tanh"),
        bottleneck=GaussianCode(samples=codes, samples_from=HALF if codes > 1 else 0.0),
        latent_dim=50,
        likelihood=Bernoulli(binarize="dynamic"),
        time_budget=870,
        learning_rate=RATE,
        random_state=seed,
    )
    ae, seconds = fitted(ae, data)
    found = log_likelihood(ae.trained_, data.test, samples=samples, seed=seed)
    beside = {"standard error": found.standard_error, "samples": samples, "epochs": len(ae.history_)}
    beside["bound of training, held out"] = min(row["validation_loss"] for row in ae.history_)
    reached = found.negative <= bar and seconds <= 900
    return Figure(recipe, f"{recipe} 784-200-200-50, test NLL, nats", found.negative, f"<= {bar}", reached, seconds, beside)


def generation(data: Mnist, seed: int, samples: int) -> Figure:
    """10 000 new images beside the 10 000 test images, seen by a LeNet-5 that was trained on the training labels.

    The figure is the Fréchet distance of a plain autoencoder's new images with a mixture of Gaussians on its codes, over
    that with one Gaussian. Every other origin and recipe stands beside it, and how well each restores the test images, beside
    PCA with as many numbers (of discrete codes: as many bits).
    """
    beside: dict[str, float] = {}
    frechet: dict[tuple[str, str], float] = {}
    seen, spent = None, 0.0
    for row in (g for g in GENERATORS if g.recipe in RECIPES):
        ae = Autoencoder(row.recipe, latent_dim=row.latent_dim, epochs=GENERATOR_EPOCHS, random_state=seed)
        ae, seconds = fitted(ae, data)
        spent += seconds
        if seen is None:
            x = flat(data.train).reshape(-1, 1, 28, 28)
            seen = features_of(ae.trained_, "probe", x, data.train_labels, seed=seed)
            beside["accuracy of the network that looks, held out"] = seen.accuracy or 0.0
        judged = judge_samples(
            ae.trained_, data.test, training=data.train, origins=row.origins, features=seen, rows=len(data.test), seed=seed
        )
        beside[f"{row.recipe}: reconstructions"] = judged.restored
        errors = {c.name: c.errors["mse"] for c in ae.evaluate(data.test).table}
        beside |= {f"{row.recipe}: mse of test images": errors["model"], f"{row.recipe}: mse of PCA beside": errors["pca"]}
        for line_ in judged.own:
            frechet[row.recipe, line_.origin] = line_.frechet
            told = {name: getattr(line_, name) for name in ("frechet", "precision", "recall", "copies", "nearness", "holes")}
            beside |= {f"{row.recipe} {line_.origin}: {name}": v for name, v in told.items() if v is not None}
        beside |= {f"{line_.origin}-{CODE}: frechet": line_.frechet for line_ in judged.table if line_ not in judged.own}
        beside["two halves of the test images"] = judged.floor
        print(row.recipe, {k: round(v, 5) for k, v in beside.items() if k.startswith(row.recipe)}, file=sys.stderr, flush=True)
    value = frechet["plain", "mixture"] / frechet["plain", "gaussian"]
    what = f"plain-{CODE}, Fréchet distance, mixture over one Gaussian, probe features"
    return Figure("generation", what, value, "<= 0.5", value <= 0.5, spent, beside)


def moves(data: Mnist, seed: int, samples: int) -> Figure:
    """How much less a denoising autoencoder's outputs change than a plain one's when 1 000 test images are moved a little.

    The figure is the change of the denoising model over that of the plain one, under noise on the images, of 0.3 of their
    range.
    """
    spent, found = 0.0, {}
    for recipe in ("plain", "denoising"):
        ae, seconds = fitted(Autoencoder(recipe, latent_dim=CODE, epochs=GENERATOR_EPOCHS, random_state=seed), data)
        spent += seconds
        for by in ("input", "code"):
            found[recipe, by] = ae.steadiness(data.test[:1000], spread=0.3, by=by, training=data.train)
    beside = {f"{recipe}, {by} moved: change": f.change for (recipe, by), f in found.items()}
    beside |= {f"{recipe}, {by} moved: distance to training": f.nearness or 0.0 for (recipe, by), f in found.items()}
    value = found["denoising", "input"].change / found["plain", "input"].change
    what = f"denoising-{CODE} over plain-{CODE}, change of outputs, noise 0.3"
    return Figure("moves", what, value, "<= 0.8", value <= 0.8, spent, beside)


def labels(data: Mnist, seed: int, samples: int) -> Figure:
    """Ten labels of each digit, five draws: an encoder trained on all images without labels, tuned, beside one from scratch."""
    ae, seconds = fitted(Autoencoder("denoising", latent_dim=32, epochs=20, random_state=seed), data)
    found = label_curve(
        ae.trained_, data.train, data.train_labels, counts=(LABELS,), seeds=DRAWS, test=data.test, test_y=data.test_labels
    )
    points = {a.method: a for a in found.accuracies}
    beside = {name: a.mean for name, a in points.items()} | {f"{name}, std": a.std for name, a in points.items()}
    value, best = points["fine-tuned"].mean, points["scratch"].mean + 0.05
    what = f"denoising, 32 numbers, tuned with {LABELS} labels, test accuracy"
    return Figure("labels", what, value, f">= {best:.4f}", value >= best, seconds, beside)


def layerwise(data: Mnist, seed: int, samples: int) -> Figure:
    """784-512-256-128-64-32, the same passes for all; layer by layer: five of them one layer each, then the whole network.

    The bar: it helps where it used to help, a saturating activation started at random. Beside it what is done today.
    """
    some, tick = data.train[:DEEP_ROWS], time.perf_counter()
    found: dict[str, float] = {}
    for activation in ("sigmoid", "silu"):

        def deep(epochs: int, activation: str = activation, **network: object) -> Autoencoder:
            parts = Mlp(widths=DEEP, activation=activation, **network)  # type: ignore[arg-type]
            return Autoencoder("deep", network=parts, latent_dim=32, epochs=epochs, batch_size=128, random_state=seed)

        stages = len(DEEP) + 1
        stacked = deep(PASSES - stages).fit_layerwise(some, stage_epochs=1)
        found[f"{activation}, layer by layer"] = test_mse(stacked, data)
        for name, network in NETWORKS.items():
            found[f"{activation}, {name}"] = test_mse(deep(PASSES, **network).fit(some), data)
    found["PCA-32"] = float(np.square(flat(data.test) - fit_pca(flat(some), 32).reconstruct(flat(data.test))).mean())
    value, bar = found.pop("sigmoid, layer by layer"), found["sigmoid, random start"]
    what = "784-512-256-128-64-32, sigmoid, layer by layer, test MSE"
    return Figure("layerwise", what, value, f"<= {bar:.4f}", value <= bar, time.perf_counter() - tick, found)


def vote(z: np.ndarray, z_test: np.ndarray, data: Mnist) -> float:
    """Accuracy of five nearest neighbors among the training rows."""
    known = KNeighborsClassifier(5, algorithm="brute").fit(z, data.train_labels)
    return float(known.score(z_test, data.test_labels))


def grouped(z: np.ndarray, z_test: np.ndarray, data: Mnist, seed: int) -> float:
    """NMI of digits and clusters of the test rows; clusters are found among the training rows."""
    found = KMeans(10, n_init=10, random_state=seed).fit(z.astype(np.float64)).predict(z_test.astype(np.float64))
    return float(normalized_mutual_info_score(data.test_labels, found))


CASES: dict[str, Callable[[Mnist, int, int], Figure]] = {
    "neighbors": neighbors,
    "clusters": clusters,
    "vae": vae,
    "iwae": iwae,
    "generation": generation,
    "moves": moves,
    "labels": labels,
    "layerwise": layerwise,
}


def main() -> None:
    """Run the chosen cases and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, nargs="+", default=list(CASES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    data = Mnist.read()
    for name in given.case:
        figure = CASES[name](data, given.seed, given.samples)
        print(json.dumps(asdict(figure)) if given.json else line(figure), flush=True)


if __name__ == "__main__":
    main()

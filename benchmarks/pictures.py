"""How well pictures are mended on real MNIST and real photographs, each figure beside what is simpler, in one run.

    DIABOLO_DATA=folder python benchmarks/pictures.py [--case NAME ...] [--rows 1000] [--seed 0] [--json] [--show FOLDER]

PSNR in dB of the mean squared error over all pixels of all judged pictures (never trained on), SSIM their mean. Photographs:
trained on squares cut from some of kodak's, judged on whole other ones. --show writes pictures to look at. Odd pictures have a
benchmark of their own, pictures_detect.py.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from diabolo import Autoencoder, read
from diabolo.baselines.filters import FILTERS
from diabolo.baselines.resizing import enlarge, shrink
from diabolo.jobs.mending.judge_mending import judge_mending
from diabolo.jobs.mending.photographs import mend_photograph
from diabolo.metrics.errors import row_errors
from diabolo.parts.corruptions import BlindSpots, GaussianNoise
from diabolo.parts.likelihoods import Gaussian
from diabolo.parts.networks import Conv, Mlp, Residual

STD, FINE = 0.5, 25 / 255
KODAK_TRAINING = 8
PATCH = 48
MAPS: dict[str, Any] = {
    "network": Residual(code="map", widths=(32, 64), blocks=2),
    "likelihood": Gaussian(output="linear"),
    "latent_dim": 64,
}
"""Two halvings, so that the code of 28 × 28 is 64 × 7 × 7 and each of its positions sees the whole digit."""

Damage = Callable[[np.ndarray, int], np.ndarray]


@dataclass(frozen=True)
class Figure:
    """One line of the table: PSNR, what it is held to, whether it reaches that, and everything beside it."""

    case: str
    psnr: float
    target: float
    reached: bool
    seconds: float
    beside: dict[str, dict[str, float]]


def figure(case: str, found: dict[str, dict[str, float]], above: list[str], by: float, seconds: float) -> Figure:
    """The model held to the best of some contenders, plus ``by`` dB."""
    target = max(found[name]["psnr"] for name in above if name in found) + by
    own = found["model"]["psnr"]
    return Figure(case, own, target, own >= target, seconds, found)


def judged(ae: Autoencoder, rows: Any, target: Any, seed: int) -> dict[str, dict[str, float]]:
    """The model and what is simpler on pictures damaged as in training, or on pairs."""
    trained = ae.trained_
    found = judge_mending(trained, trained.kind.read(rows), target=target, seed=seed, rows=len(rows))
    assert found is not None
    return {c.name: dict(c.errors) for c in found.table}


def fitted(ae: Autoencoder, data: Any) -> tuple[Autoencoder, float]:
    """The estimator, trained, and the seconds it took."""
    tick = time.perf_counter()
    ae.fit(data)
    return ae, time.perf_counter() - tick


def denoise(rows: int, seed: int, show: Path | None) -> Figure:
    """Gaussian noise of 0.5, cut to [0, 1]."""
    train, test = read("mnist").array(), read("mnist:test").array()[:rows]
    noise = GaussianNoise(std=STD, clip=True)
    ae, seconds = fitted(Autoencoder("denoising", corruption=noise, epochs=4, random_state=seed, **MAPS), train)
    return figure("denoise", judged(ae, test, None, seed), ["ridge"], 3, seconds)


def noise2self(rows: int, seed: int, show: Path | None) -> Figure:
    """From noisy pictures alone, noise not cut; filters are told its strength."""
    rng = np.random.default_rng(seed)
    train, test = (read(name).array().astype(np.float32) / 255 for name in ("mnist", "mnist:test"))
    clean = test[:rows]
    noisy_train = train + STD * rng.standard_normal(train.shape, dtype=np.float32)
    noisy = clean + STD * rng.standard_normal(clean.shape, dtype=np.float32)
    network = Conv(code="map", channels=(32, 64))
    ae, seconds = fitted(
        Autoencoder(
            "noise2self",
            network=network,
            corruption=BlindSpots(),
            latent_dim=32,
            epochs=2,
            value_range=(0, 1),
            random_state=seed,
        ),
        noisy_train,
    )
    found = judged(ae, noisy, clean, seed)
    for name, take in FILTERS.items():  # told the strength of the noise, which the model is not
        told = take(noisy[..., None]) if name == "median" else take(noisy[..., None], std=STD)
        found[name] = quality(clean[..., None], told)
    return figure("noise2self", found, list(FILTERS), 2, seconds)


def upscale(rows: int, seed: int, show: Path | None) -> Figure:
    """14 × 14, means of four pixels, to 28 × 28."""
    train, test = read("mnist").array(), read("mnist:test").array()[:rows]
    network = Mlp(widths=(512, 256))
    ae, seconds = fitted(Autoencoder("upscaling", network=network, latent_dim=128, epochs=25, random_state=seed), train)
    small = np.rint(shrink(test[..., None].astype(np.float64), 2)[..., 0]).astype(np.uint8)
    return figure("upscale", judged(ae, small, test, seed), ["lanczos"], 5, seconds)


def impute(rows: int, seed: int, show: Path | None) -> Figure:
    """Three quarters of the 4 × 4 patches hidden."""
    train, test = read("mnist").array(), read("mnist:test").array()[:rows]
    ae, seconds = fitted(Autoencoder("masked", epochs=6, random_state=seed, **MAPS), train)
    return figure("impute", judged(ae, test, None, seed), ["gaussian"], 2, seconds)


def unshuffle(rows: int, seed: int, show: Path | None) -> Figure:
    """Four tiles in random order: the share in place, as PSNR of the pictures put together."""
    train, test = read("mnist").array(), read("mnist:test").array()[:rows]
    ae, seconds = fitted(Autoencoder("jigsaw", latent_dim=64, epochs=10, random_state=seed), train)
    return figure("unshuffle", judged(ae, test, None, seed), ["edges"], 0, seconds)


def photographs(ae: Autoencoder, damage: Damage, seed: int, show: Path | None, name: str) -> Any:
    """Whole photographs that were not trained on: clean, damaged, and what the model makes of them; (H, W, 3) in [0, 1]."""
    for i, path in enumerate(kodak()[KODAK_TRAINING:]):
        clean = np.asarray(Image.open(path).convert("RGB"), dtype=np.float32) / 255
        damaged = damage(clean, seed + i)
        mended = mend_photograph(ae.trained_, damaged)
        if show is not None and i < 3:
            show.mkdir(parents=True, exist_ok=True)
            for what, picture in (("damaged", damaged), ("mended", mended), ("clean", clean)):
                shown = np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8)
                Image.fromarray(shown).save(show / f"{name}-{path.stem}-{what}.png")
        yield clean, damaged, mended


def photo_denoise(rows: int, seed: int, show: Path | None) -> Figure:
    """Gaussian noise of 25/255 on whole photographs."""
    ae = Autoencoder("denoising", corruption=GaussianNoise(std=FINE), epochs=20, patch=PATCH, random_state=seed)
    ae, seconds = fitted(ae, training_folder())

    def damage(clean: np.ndarray, seed: int) -> np.ndarray:
        return clean + FINE * np.random.default_rng(seed).standard_normal(clean.shape, dtype=np.float32)

    errors: dict[str, list[dict[str, float]]] = {}
    for clean, noisy, mended in photographs(ae, damage, seed, show, "noise"):
        made = {"model": mended, "input": noisy}
        made |= {n: (take(noisy[None]) if n == "median" else take(noisy[None], std=FINE))[0] for n, take in FILTERS.items()}
        for name, picture in made.items():
            errors.setdefault(name, []).append(quality(clean[None], picture[None]))
    return figure("photo-denoise", means(errors), ["non-local means", "wavelet"], 0, seconds)


def photo_upscale(rows: int, seed: int, show: Path | None) -> Figure:
    """Whole photographs, twice as large."""
    ae = Autoencoder("upscaling", epochs=40, patch=PATCH, random_state=seed)
    ae, seconds = fitted(ae, training_folder())
    errors: dict[str, list[dict[str, float]]] = {}
    for clean, small, mended in photographs(ae, lambda x, _: shrink(x[None], 2)[0], seed, show, "small"):
        made = {"model": mended} | {way: enlarge(small[None], 2, way)[0] for way in ("bicubic", "lanczos")}
        for name, picture in made.items():
            errors.setdefault(name, []).append(quality(clean[None], picture[None]))
    return figure("photo-upscale", means(errors), ["lanczos"], 0, seconds)


def kodak() -> list[Path]:
    """The photographs, by name."""
    return sorted((Path(os.environ["DIABOLO_DATA"]) / "images" / "kodak").glob("*.*"))


def training_folder() -> str:
    """A folder of links to the photographs to learn from."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="photographs-"))
    for path in kodak()[:KODAK_TRAINING]:
        (folder / path.name).symlink_to(path.resolve())
    return str(folder)


def quality(clean: np.ndarray, made: np.ndarray) -> dict[str, float]:
    """PSNR of the mean squared error and mean SSIM of pictures (n, H, W, C) in [0, 1]."""
    x, x_hat = (np.moveaxis(a, -1, 1) for a in (clean, np.clip(made, 0, 1)))
    error = float(np.square(x.astype(np.float64) - x_hat).mean())
    return {"psnr": float(10 * np.log10(1 / error)), "ssim": float(row_errors("ssim", x, x_hat, value_range=(0, 1)).mean())}


def means(errors: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    """The mean over photographs of each figure."""
    return {n: {k: float(np.mean([e[k] for e in every])) for k in every[0]} for n, every in errors.items()}


CASES: dict[str, Callable[[int, int, Path | None], Figure]] = {
    "denoise": denoise,
    "noise2self": noise2self,
    "upscale": upscale,
    "impute": impute,
    "unshuffle": unshuffle,
    "photo-denoise": photo_denoise,
    "photo-upscale": photo_upscale,
}


def main() -> None:
    """Run the cases asked for, all where none is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=CASES)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    for name in given.case or CASES:
        found = CASES[name](given.rows, given.seed, given.show)
        if given.json:
            print(json.dumps(asdict(found)), flush=True)
            continue
        mark = "reached" if found.reached else "MISSED"
        print(f"{found.case}: {found.psnr:.2f} dB, bar {found.target:.2f}, {mark}; trained in {found.seconds:.0f} s")
        for contender, errors in found.beside.items():
            print(f"    {contender:16}" + "  ".join(f"{k} {v:.4g}" for k, v in errors.items()), flush=True)


if __name__ == "__main__":
    main()

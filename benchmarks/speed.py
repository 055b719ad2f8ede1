"""Speed beside what people use today: the same data, network and machine, alternating in one run, medians and ratios.

    DIABOLO_DATA=folder python benchmarks/speed.py [--case NAME ...] [--repeats 3] [--json]

Needs benchmarks/requirements.txt for the peers. Every measurement runs in a process of its own, after a small warm-up there, so
that imports and first-time set-up count for nobody; compiling a model counts. No figure of training is without its error.
The machine's own rate of matrix products, at the shapes of the layers, is measured in the same run.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import contenders
import numpy as np
from contenders import CONTENDERS, WIDTHS, Data

EPOCHS: Mapping[str, Mapping[str, int]] = {
    # how many epochs each contender needs for the error, everything else as it comes; found beforehand, the error is printed
    "0.0090": {"diabolo": 1, "keras-jax": 4, "tensor-loader": 9, "tutorial": 9, "pythae": 8, "pyod": 12},
    "0.0060": {"diabolo": 3, "keras-jax": 8, "tensor-loader": 19},
    "conv": {"diabolo": 2, "keras-jax": 3},
    "vae": {"diabolo": 4, "pythae": 4},
}

ERRORS: Mapping[str, float] = {"0.0090": 0.0090, "0.0060": 0.0060}
"""What the races run to; the others run to the error of the best peer."""


@dataclass(frozen=True)
class Line:
    """One line of the table. value: the median. beside: what it is compared with, and the errors reached."""

    case: str
    what: str
    value: float
    unit: str
    target: str
    reached: bool | None
    beside: Mapping[str, Any]


# --- what runs in a process of its own -------------------------------------------------------------------------------


def child(name: str, given: Mapping[str, Any]) -> Any:
    """The function of CHILDREN called ``name``, in a new process; what it returns must be JSON."""
    line = [sys.executable, __file__, "--child", name, "--given", json.dumps(given)]
    done = subprocess.run(line, capture_output=True, text=True, env=os.environ | {"KERAS_BACKEND": "jax"})
    if done.returncode:
        raise RuntimeError(f"{name} {given} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def mnist() -> Data:
    """Both splits."""
    from diabolo import read

    return Data(read("mnist").array(), read("mnist:test").array())


def run_fit(task: str, name: str, epochs: int, seed: int) -> dict[str, Any]:
    """One fit of one contender, after a fit on 512 rows."""
    data = mnist()
    contender = CONTENDERS[task][name]
    contender(Data(data.train[:512], data.test[:64]), 1, seed)
    return asdict(contender(data, epochs, seed))


def run_rates() -> dict[str, float]:
    """Products a second of the fully connected network's layers, forward and backward, 1024 rows: GFLOP/s by precision."""
    import torch

    found = {}
    for dtype in (torch.float32, torch.bfloat16):
        widths = (*WIDTHS, *WIDTHS[-2::-1])
        h = [torch.randn(1024, w).to(dtype) for w in widths]
        w = [torch.randn(b, a).to(dtype) for a, b in itertools.pairwise(widths)]

        def products(h: list[Any] = h, w: list[Any] = w) -> None:
            for i, weight in enumerate(w):
                _ = h[i] @ weight.T
                _ = h[i + 1].T @ h[i]
                if i:
                    _ = h[i + 1] @ weight

        found[str(dtype).removeprefix("torch.")] = flops_a_row() * 1024 / median_time(products) / 1e9
    x, weight = torch.randn(512, WIDTHS[0]), torch.randn(WIDTHS[1], WIDTHS[0])
    found["transform"] = 2 * x.numel() * len(weight) / median_time(lambda: x @ weight.T) / 1e9
    return found


def flops_a_row() -> int:
    """Floating-point operations of a training step a row: 6 a weight, less the first layer's gradient of its input."""
    widths = (*WIDTHS, *WIDTHS[-2::-1])
    return 6 * sum(a * b for a, b in itertools.pairwise(widths)) - 2 * widths[0] * widths[1]


def median_time(function: Callable[[], Any], repeats: int = 40, warm: int = 10) -> float:
    """Seconds of one call."""
    times = []
    for _i in range(warm + repeats):
        tick = time.perf_counter()
        function()
        times.append(time.perf_counter() - tick)
    return statistics.median(times[warm:])


def run_throughput(seed: int) -> dict[str, Any]:
    """Rows a second in training at the automatic batch size, the first epoch aside."""
    from diabolo import Autoencoder
    from diabolo.parts.networks import Mlp

    network = Mlp(widths=WIDTHS[1:-1], activation="relu")
    ae = Autoencoder("deep", network=network, latent_dim=WIDTHS[-1], epochs=6, random_state=seed).fit(mnist().train)
    first, last = ae.history_[0], ae.history_[-1]
    size, plan = ae.trained_.config.plan["batch_size"], ae.trained_.config.plan
    rows = (last["step"] - first["step"]) * size / (last["seconds"] - first["seconds"])
    about = {"precision": plan["precision"], "batch": size, "optimizer": plan["optimizer"]["name"]}
    return about | {"rows": rows, "held-out mse after 6 epochs": last["validation_mse"]}


def run_transform(name: str, seed: int) -> dict[str, float]:
    """Seconds for the codes of 60 000 images: the best of five, as the first ones warm up."""
    import torch

    data = mnist()
    small = Data(data.train[:5000], data.test[:64])
    if name == "pythae":
        return {"seconds": min(_pythae_embed(small, data.train, seed))}
    from diabolo import Autoencoder
    from diabolo.parts.networks import Mlp

    network = Mlp(widths=WIDTHS[1:-1], activation="relu")
    ae = Autoencoder("deep", network=network, latent_dim=WIDTHS[-1], epochs=1, random_state=seed).fit(small.train)
    with torch.inference_mode():
        return {"seconds": min(_timed(lambda: ae.transform(data.train)) for _ in range(5))}


def _pythae_embed(small: Data, images: np.ndarray, seed: int) -> list[float]:
    """Pythae's ``embed`` in batches of 512."""
    import torch

    model = contenders.pythae_trained(small, 1, seed)[1]
    x = torch.from_numpy(contenders.rows(images))
    with torch.no_grad():
        return [_timed(lambda: [model.embed(part) for part in x.split(512)]) for _ in range(5)]


def _timed(function: Callable[[], Any]) -> float:
    tick = time.perf_counter()
    function()
    return time.perf_counter() - tick


def run_small(seed: int) -> dict[str, float]:
    """Defaults on 100 × 10 numbers (the second fit in the process) and on the digits, beside PCA with 8 numbers."""
    from sklearn.datasets import load_digits

    from diabolo import Autoencoder
    from diabolo.data.split import split

    x = np.random.default_rng(seed).normal(size=(100, 10))
    times = [_timed(lambda: Autoencoder(random_state=seed).fit(x)) for _ in range(3)]
    images = load_digits().images
    kept, held_out = (images[rows.numpy()] for rows in split(len(images), 0.2))
    ae = Autoencoder(latent_dim=8, random_state=seed)
    seconds = _timed(lambda: ae.fit(kept))
    found = {c.name: c.errors["mse"] for c in ae.evaluate(held_out).table}
    return {"table": statistics.median(times[1:]), "digits": seconds, "mse": found["model"], "pca": found["pca"]}


def run_memory(gigabytes: float, seed: int) -> dict[str, float]:
    """Peak memory of fit on a uint8 array in memory, in GB above what the process had before the array."""
    import torch

    from diabolo import Autoencoder

    Autoencoder(latent_dim=2, epochs=1).fit(np.random.default_rng(0).random((64, 8, 8)))  # imports are no part of it
    before = _rss()
    x = np.random.default_rng(seed).integers(0, 256, (int(gigabytes * 1e9) // 784, 28, 28), dtype=np.uint8)
    array = x.nbytes / 1e9
    ae = Autoencoder("deep", latent_dim=32, epochs=1, random_state=seed).fit(x)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    assert torch.isfinite(torch.tensor(ae.history_[-1]["train_mse"]))
    return {"array": array, "peak": peak - before}


def run_mapped(path: str, shape: list[int], seed: int) -> dict[str, float]:
    """One pass over an array on disk: peak anonymous memory in GB, rows a second, the error."""
    from diabolo import Autoencoder
    from diabolo.parts.networks import Mlp

    peak, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            peak[0] = max(peak[0], _anonymous())

    threading.Thread(target=watch, daemon=True).start()
    x = np.load(path, mmap_mode="r") if path else _pattern(tuple(shape))
    small = Mlp(widths=(128,))  # its steps are short, so that reading shows
    ae = Autoencoder("deep", network=small, latent_dim=32, epochs=1, batch_size=1024, optimizer="adamw", random_state=seed)
    seconds = _timed(lambda: ae.fit(x))
    done.set()
    row = ae.history_[-1]
    return {"peak": peak[0], "rows": row["step"] * 1024 / row["seconds"], "seconds": seconds, "mse": row["train_mse"]}


def _pattern(shape: tuple[int, ...]) -> np.ndarray:
    """Images repeated as often as it takes, with noise of 0 to 15 gray levels that differs from row to row."""
    images = mnist().train // 2
    rng = np.random.default_rng(0)
    block = images[rng.integers(0, len(images), shape[0])]
    return block + rng.integers(0, 16, shape, dtype=np.uint8)


def write_mapped(path: Path, rows: int) -> None:
    """An array (rows, 28, 28) uint8 on disk, written in pieces."""
    out = np.lib.format.open_memmap(path, "w+", np.uint8, (rows, 28, 28))
    block = _pattern((100_000, 28, 28))
    for start in range(0, rows, len(block)):
        part = block[: rows - start]
        out[start : start + len(part)] = np.roll(part, start // len(block), axis=2)
    out.flush()


def _rss() -> float:
    return _status("VmRSS")


def _anonymous() -> float:
    return _status("RssAnon")


def _status(name: str) -> float:
    """A line of /proc/self/status, in GB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024 / 1e9
    return float("nan")


def run_scaling(rows: int, columns: int, seed: int) -> dict[str, float]:
    """Seconds for one pass over a table, its standardization, PCA and everything."""
    from diabolo import Autoencoder

    rng = np.random.default_rng(seed)
    x = (rng.standard_normal((rows, 8), dtype=np.float32) @ rng.standard_normal((8, columns), dtype=np.float32)).astype(
        np.float32
    )
    Autoencoder(latent_dim=2, epochs=1).fit(x[:200])
    return {"seconds": _timed(lambda: Autoencoder("deep", latent_dim=8, epochs=1, random_state=seed).fit(x))}


CHILDREN: Mapping[str, Callable[..., Any]] = {
    "fit": run_fit,
    "rates": run_rates,
    "throughput": run_throughput,
    "transform": run_transform,
    "small": run_small,
    "memory": run_memory,
    "mapped": run_mapped,
    "scaling": run_scaling,
}


# --- the table -----------------------------------------------------------------------------------------------------------


def race(case: str, task: str, share: float, what: str, repeats: int, *, per_epoch: bool = False) -> list[Line]:
    """All contenders of a task in turn, as often as asked; Diabolo's median beside the best peer's."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in EPOCHS[case]}
    for seed in range(repeats):
        for name, epochs in EPOCHS[case].items():
            found[name].append(child("fit", {"task": task, "name": name, "epochs": epochs, "seed": seed}))
    divided = {name: EPOCHS[case][name] if per_epoch else 1 for name in found}
    seconds = {n: statistics.median(r["seconds"] for r in runs) / divided[n] for n, runs in found.items()}
    errors = {n: f"{statistics.median(r['error'] for r in runs):.5g}" for n, runs in found.items()}
    best = min((n for n in seconds if n != "diabolo"), key=lambda n: seconds[n])
    ratio = seconds["diabolo"] / seconds[best]
    beside = {f"{n}, {EPOCHS[case][n]} epochs": f"{seconds[n]:.2f} s, error {errors[n]}" for n in seconds}
    target = ERRORS.get(case, float(errors[best]))
    beside |= {"best peer": best, "note": found["diabolo"][0]["note"], "error to reach": target}
    reached = ratio <= share and float(errors["diabolo"]) <= target
    return [Line(case, what, ratio, "of the best peer's time", f"<= {share:.3g}", reached, beside)]


def medians(runs: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure over repeated runs."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def throughput(repeats: int) -> list[Line]:
    """Rows a second, beside the tutorial's and the machine's own rate."""
    rates = child("rates", {})
    ours, theirs = [], []
    for seed in range(repeats):
        ours.append(child("throughput", {"seed": seed}))
        theirs.append(child("fit", {"task": "ae", "name": "tutorial", "epochs": 1, "seed": seed}))
    rows = statistics.median(r["rows"] for r in ours)
    tutorial = 60_000 / statistics.median(r["seconds"] for r in theirs)
    precision = ours[0]["precision"]
    share = rows * flops_a_row() / 1e9 / rates[precision]
    beside = {
        "rows a second": round(rows),
        "tutorial": round(tutorial),
        "its error": theirs[0]["error"],
        "precision": precision,
    }
    beside |= {f"{n}, GFLOP/s": round(r) for n, r in rates.items()} | {"plan": ours[0]}
    return [
        Line(
            "throughput",
            "rows a second in training",
            rows / tutorial,
            "times the tutorial's",
            ">= 5",
            rows >= 5 * tutorial,
            beside,
        ),
        Line("throughput", "share of the matrix rate", share, "", ">= 0.25", share >= 0.25, {}),
    ]


def transform(repeats: int) -> list[Line]:
    """The codes of 60 000 images."""
    rate = child("rates", {})["transform"]
    ours, theirs = [], []
    for seed in range(repeats):
        ours.append(child("transform", {"name": "diabolo", "seed": seed})["seconds"])
        theirs.append(child("transform", {"name": "pythae", "seed": seed})["seconds"])
    seconds, pythae = statistics.median(ours), statistics.median(theirs)
    share = 60_000 * 2 * sum(a * b for a, b in itertools.pairwise(WIDTHS)) / seconds / 1e9 / rate
    beside = {"seconds": round(seconds, 3), "pythae's embed": round(pythae, 3), "float32, GFLOP/s": round(rate)}
    return [
        Line("transform", "share of the float32 matrix rate", share, "", ">= 0.70", share >= 0.7, beside),
        Line("transform", "Pythae's time over Diabolo's", pythae / seconds, "times", ">= 3", pythae >= 3 * seconds, {}),
    ]


def small(repeats: int) -> list[Line]:
    """Small data, defaults."""
    runs = [child("small", {"seed": seed}) for seed in range(repeats)]
    middle = medians(runs)
    beats = middle["mse"] < middle["pca"]
    beside = {"mse, held out": round(middle["mse"], 4), "PCA-8": round(middle["pca"], 4)}
    return [
        Line("small", "fit on 100 × 10, second fit", middle["table"], "s", "<= 0.2", middle["table"] <= 0.2, {}),
        Line("small", "fit on the digits", middle["digits"], "s", "<= 2, beats PCA", middle["digits"] <= 2 and beats, beside),
    ]


def memory(repeats: int) -> list[Line]:
    """A uint8 array of 1 GB."""
    found = medians([child("memory", {"gigabytes": 1.0, "seed": seed}) for seed in range(repeats)])
    limit = 1.25 * found["array"] + 0.5
    return [
        Line("memory", "peak of fit on 1 GB of uint8", found["peak"], "GB", f"<= {limit:.2f}", found["peak"] <= limit, found)
    ]


def mapped(repeats: int, gigabytes: float = 20.0) -> list[Line]:
    """One pass over an array on disk, beside the same pass over 1 GB in memory, in turn."""
    mine, others = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npy"
        write_mapped(path, int(gigabytes * 1e9) // 784)
        for seed in range(repeats):
            others.append(child("mapped", {"path": "", "shape": [1_300_000, 28, 28], "seed": seed}))
            mine.append(child("mapped", {"path": str(path), "shape": [], "seed": seed}))
    found, resident = medians(mine), medians(others)
    share = found["rows"] / resident["rows"]
    return [
        Line("mapped", f"anonymous memory, {gigabytes:g} GB", found["peak"], "GB", "<= 1.5", found["peak"] <= 1.5, found),
        Line("mapped", "share of the resident throughput", share, "", ">= 0.80", share >= 0.8, {"resident": resident}),
    ]


def start(repeats: int) -> list[Line]:
    """Import and help."""
    lines = []
    for what, words in (("import diabolo", ["-c", "import diabolo"]), ("diabolo --help", ["-m", "diabolo", "--help"])):
        times = [
            _timed(lambda w=words: subprocess.run([sys.executable, *w], capture_output=True, check=True)) for _ in range(7)
        ]
        value = statistics.median(times)
        lines.append(Line("start", what, value, "s", "<= 0.3", value <= 0.3, {}))
    return lines


def scaling(repeats: int) -> list[Line]:
    """Seconds a pass against rows and columns."""
    lines = []
    for name, cases in (
        ("rows", [(n, 20) for n in (10_000, 100_000, 1_000_000)]),
        ("columns", [(2_000, d) for d in (10, 100, 1_000, 10_000)]),
    ):
        seconds = {
            f"{n} x {d}": medians([child("scaling", {"rows": n, "columns": d, "seed": seed}) for seed in range(repeats)])[
                "seconds"
            ]
            for n, d in cases
        }
        first, last = list(seconds.values())[-2:]
        said = {k: f"{v:.2f} s" for k, v in seconds.items()}
        reached = last / first <= 11 if name == "rows" else None
        lines.append(
            Line("scaling", f"seconds a pass, ten times the {name}", last / first, "times", "<= 11 (rows)", reached, said)
        )
    return lines


CASES: Mapping[str, Callable[[int], list[Line]]] = {
    "0.0090": lambda n: race("0.0090", "ae", 1 / 3, "time to test MSE 0.0090", n),
    "0.0060": lambda n: race("0.0060", "ae", 1 / 4, "time to test MSE 0.0060", n),
    "throughput": throughput,
    "conv": lambda n: race("conv", "conv", 1 / 4, "time to what Keras reaches in 3 epochs, convolutions", n),
    "vae": lambda n: race("vae", "vae", 1 / 5, "an epoch of a VAE 784-200-200-50", n, per_epoch=True),
    "transform": transform,
    "small": small,
    "memory": memory,
    "mapped": mapped,
    "start": start,
    "scaling": scaling,
}


def main() -> None:
    """Print the lines of the cases asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=list(CASES), help="one or more; all without")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", choices=list(CHILDREN), help=argparse.SUPPRESS)
    parser.add_argument("--given", default="{}", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(CHILDREN[asked.child](**json.loads(asked.given))))
        return
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}", file=sys.stderr)
    for name in asked.case or CASES:
        for line in CASES[name](asked.repeats):
            if asked.json:
                print(json.dumps(asdict(line)), flush=True)
                continue
            verdict = "" if line.reached is None else ": reached" if line.reached else ": MISSED"
            beside = "; ".join(f"{k} {v}" for k, v in line.beside.items())
            print(f"{line.case:10} {line.what}: {line.value:.3g} {line.unit} ({line.target}{verdict}) {beside}", flush=True)


if __name__ == "__main__":
    main()

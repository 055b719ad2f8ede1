"""Evaluate: how good a model is on rows it has not seen, beside PCA with as many numbers and beside the mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.baselines.base import Baseline
from diabolo.baselines.pca import Pca
from diabolo.baselines.quantized_pca import QuantizedPca
from diabolo.data.sources import Source
from diabolo.jobs.codes.discrete import quantizer, whole_numbers
from diabolo.jobs.codes.reconstruct import aim_of, encode_all, restored
from diabolo.jobs.companions import linear_rival, linear_twin
from diabolo.jobs.diagnosis.shortfall import explain_shortfall
from diabolo.jobs.evaluation.contenders import Contender, errors_of, mean_row
from diabolo.jobs.evaluation.score import elbo_terms, score_unit
from diabolo.jobs.findings import Finding
from diabolo.jobs.generation.code_prior import DiscreteCodes, judge_discrete
from diabolo.jobs.inference import apply, codes, encoded
from diabolo.jobs.labels import classes_of, rows_and_labels
from diabolo.jobs.mending.judge_mending import Mending, judge_mending
from diabolo.jobs.mending.pairs import SHRINKS, aim_by_name, smaller_rows
from diabolo.maths.divergences import kl_normal
from diabolo.metrics.codes import CodeHealth, code_health, compression_ratio, kl_per_unit, unit_variance
from diabolo.metrics.neighbors import knn_accuracy
from diabolo.records import Batch, Layout
from diabolo.trained import Trained
from diabolo.training.device import device_generator, mixed_seed

NEIGHBOR_ROWS = 3_000
ROLES = {"held-out": "held-out rows of {}", "training": "the training rows of {}", "mixed": "{}", "other": "{}"}
"""What the judged rows were to the training: none of its weights were fitted to them, all were, some were, not known."""


@final
@dataclass(frozen=True)
class Evaluation:
    """What :func:`evaluate` finds.

    data: the judged rows in words. role: what they were to the training, one of ``ROLES``. rows: how many. scale: what an
    error of 1 means. table: the model first, what is simpler after it. health: of the code's units. unit_std, unit_kl: one
    number a unit, standard deviation of the code and KL in nats (None without a density). ratio: numbers in a row over
    numbers in its code. elbo: negative_elbo, reconstruction and kl in nats a row, None without a density; nats says what
    they are. neighbors: share of rows whose five nearest neighbours in code space vote for their label, for the model and
    for PCA; None without labels that are classes. mending: how well the model does the job it was trained for (denoise,
    upscale, impute, unshuffle) beside what is simpler; None for other models and for tables. discrete: what discrete codes
    cost; None of others. Beside such a model PCA's numbers are rounded to as many bits, and ``numbers`` are those with bits.
    why: why PCA restores the rows better, as findings whose words the report's catalogues have; empty where it does not.
    """

    data: str
    role: str
    rows: int
    scale: str
    table: tuple[Contender, ...]
    health: CodeHealth
    unit_std: tuple[float, ...]
    unit_kl: tuple[float, ...] | None
    ratio: float
    nats: str
    elbo: Mapping[str, float] | None = None
    neighbors: Mapping[str, float] | None = None
    mending: Mending | None = None
    discrete: DiscreteCodes | None = None
    why: tuple[Finding, ...] = ()

    @property
    def gain(self) -> float | None:
        """PCA's squared error over the model's: above 1 the model is better. None where there is no PCA beside it."""
        found = {c.name: c.errors["mse"] for c in self.table}
        return found["pca"] / found["model"] if "pca" in found and found["model"] > 0 else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        why = [f.to_dict() for f in self.why]
        return dataclasses.asdict(self) | {"health": self.health.to_dict(), "gain": self.gain, "why": why}


def evaluate(
    trained: Trained,
    data: Any,
    y: Any = None,
    target: Any = None,
    *,
    name: str = "data",
    role: str = "other",
    seed: int = 0,
) -> Evaluation:
    """Judge a model on ``data``; nothing is fitted to them.

    data: rows in the caller's own shape, or a source of such rows. y: labels, needed by conditional recipes, used for
    the neighbours otherwise; None for those that came with the data. target: what should have come out, for models trained
    on pairs. name, role: what the rows are called, and what they were to the training (``ROLES``).
    """
    if target is None and SHRINKS in trained.config.data and not isinstance(data, Source):
        target = trained.out_kind.read(data)
        data = smaller_rows(trained, target)
    target = aim_by_name(trained, data, target)
    source, y = rows_and_labels(trained, data, y)
    known = trained.config.data
    if role == "other" and (name, len(source)) == (known.get("name"), known.get("rows")):
        role = "mixed"
    condition = trained.condition(y, len(source))
    aim = encode_all(trained, aim_of(trained, source, target)).numpy()
    z = codes(trained, source, condition).flatten(1).numpy()
    kl = kl_of(trained, source, condition)
    contenders = _contenders(trained, source, condition, z.shape[1], same=target is None)
    layout = trained.out_kind.layout
    table = tuple(Contender(n, k, errors_of(aim, x_hat, layout)) for n, k, x_hat in contenders)
    health = code_health(z, kl)
    discrete = None if quantizer(trained) is None else judge_discrete(trained, whole_numbers(trained, source, condition))
    return Evaluation(
        data=ROLES[role].format(name),
        role=role,
        rows=len(source),
        scale=_scale(layout),
        table=table,
        health=health,
        unit_std=tuple(np.sqrt(unit_variance(z)).tolist()),
        unit_kl=None if kl is None else tuple(kl_per_unit(kl).tolist()),
        ratio=compression_ratio((trained.kind.features,), trained.model.code_shape),
        nats=score_unit(trained),
        elbo=None if kl is None or trained.target_kind is not None else _elbo(trained, source, condition, seed),
        neighbors=None if y is None else _neighbors(trained, source, z, y),
        discrete=discrete,
        mending=judge_mending(trained, source, y, target, seed=seed),
        why=explain_shortfall(trained, source, condition, table, health, discrete),
    )


def _scale(layout: Layout) -> str:
    """What errors are measured in, in words."""
    if layout.bounds is not None:
        return f"pixels in [{layout.bounds[0]:g}, {layout.bounds[1]:g}]"
    return "columns, numbers in units of their spread, levels as 0 and 1" if layout.columns else "standardized columns"


def _contenders(
    trained: Trained, source: Source, condition: Tensor | None, numbers: int, *, same: bool
) -> list[tuple[str, int, np.ndarray]]:
    """Name, code numbers and restored rows (n, F, *P) of the model and of what is simpler."""
    found = [("model", numbers, restored(trained, source, condition).numpy())]
    twin = linear_rival(trained)
    if twin is not None and same:
        x = encode_all(trained, source).numpy()
        found.append(("pca", _numbers(twin), twin.reconstruct(x.reshape(len(x), -1)).reshape(x.shape)))
        found.append(("mean", 0, np.broadcast_to(mean_row(trained.kind.layout, twin.mean), x.shape)))
    elif trained.kind.layout.shape == trained.out_kind.layout.shape:
        x = trained.kind.inside(source).numpy()
        found.append(("input", x[0].size, x))
    return found


def _numbers(rival: Baseline) -> int:
    return rival.used if isinstance(rival, QuantizedPca) else len(rival.components) if isinstance(rival, Pca) else 0


def kl_of(trained: Trained, source: Source, condition: Tensor | None) -> np.ndarray | None:
    """KL of each code number of each row, (n, K) nats, None without a density."""
    if not trained.model.bottleneck.variational:
        return None

    generator = device_generator(trained.device)

    def kl(x: Tensor, c: Tensor | None) -> Tensor:
        seen = trained.model.likelihood.observe(Batch(x), generator.manual_seed(0), shared=True)  # bits, where it draws bits
        q = trained.model.posterior(seen.x, c)
        assert q is not None  # a variational neck has one
        return kl_normal(q.mean, q.stddev)

    return apply(trained, source, condition, kl).flatten(1).numpy()


@torch.inference_mode()
def _elbo(trained: Trained, source: Source, condition: Tensor | None, seed: int) -> dict[str, float]:
    """The bound with one independent draw a row, seeded by chunk."""
    trained.model.eval()
    generator = device_generator(trained.device)
    terms = []
    for i, (x, c, n) in enumerate(encoded(trained, source, condition)):
        generator.manual_seed(mixed_seed(seed, i))
        terms.append(elbo_terms(trained, x, c, generator, shared=False)[:n].cpu().double())
    reconstruction, kl = torch.cat(terms).mean(0).tolist()
    return {"negative_elbo": kl - reconstruction, "reconstruction": -reconstruction, "kl": kl}


def _neighbors(trained: Trained, source: Source, z: np.ndarray, given: Any) -> dict[str, float] | None:
    """The shares of right votes among rows with a label; None where labels are no classes."""
    classes = classes_of(given, len(z))
    if classes is None:
        return None
    rows = np.flatnonzero(classes != "")[:NEIGHBOR_ROWS]
    y = classes[rows]
    found = {"model": knn_accuracy(z[rows], y)}
    twin = linear_twin(trained)
    if twin is not None:
        x = trained.kind.inside(source, rows).flatten(1).numpy()
        found["pca"] = knn_accuracy(twin.transform(x), y)
    return found

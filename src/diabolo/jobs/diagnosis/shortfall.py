"""Shortfall: why a model restores rows worse than PCA with as many numbers, each reason with what was measured."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from diabolo.baselines.pca import Pca
from diabolo.baselines.quantized_pca import QuantizedPca
from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.jobs.companions import TWIN, linear_rival, linear_twin
from diabolo.jobs.diagnosis.curves import read_curves
from diabolo.jobs.evaluation.contenders import EVEN, Contender, square_error
from diabolo.jobs.findings import Finding
from diabolo.jobs.generation.code_prior import DiscreteCodes, why_not
from diabolo.jobs.inference import apply
from diabolo.metrics.codes import CodeHealth
from diabolo.metrics.rates import gaussian_distortion
from diabolo.records import Batch
from diabolo.trained import Trained
from diabolo.training.device import device_generator

ROWS = 500
"""Rows that are restored once more, damaged or through noisy codes."""
FEW = 1000
"""Training rows that are few for a network."""
OWN = {"bernoulli": "bce", "laplace": "mae", "structural": "ssim"}
"""The error of the table that a likelihood trains for where it is not the squared one."""


@final
@dataclass(frozen=True)
class _Case:
    """What is asked about. x: (n, d), some of the judged rows as the model sees them. errors: squared, by contender."""

    trained: Trained
    source: Source
    condition: Tensor | None
    health: CodeHealth
    table: Sequence[Contender]
    twin: Pca
    x: np.ndarray

    @property
    def errors(self) -> dict[str, float]:
        return {c.name: c.errors["mse"] for c in self.table}

    def linear(self, numbers: int) -> float:
        """The squared error of PCA with fewer numbers, on the same rows."""
        cut = dataclasses.replace(self.twin, components=self.twin.components[:numbers], explained=self.twin.explained[:numbers])
        return self.error(cut.reconstruct(self.x))

    def error(self, x_hat: np.ndarray) -> float:
        """The squared error of a cell where the rows x come back as x_hat (n, d)."""
        return square_error(self.trained.kind.layout, self.x, x_hat)

    @property
    def cells(self) -> int:
        """Cells of a row; a column of a mixed table is one."""
        return len(self.trained.kind.layout.columns) or self.x.shape[1]

    def told(self, nats: float) -> float:
        """The squared error of PCA's numbers where no more than so many nats may be told about them."""
        powers = np.square(self.twin.transform(self.x)).mean(axis=0)
        lost = gaussian_distortion(powers.astype(np.float64), nats)
        return self.linear(len(self.twin.components)) + lost / self.cells


def explain_shortfall(
    trained: Trained,
    source: Source,
    condition: Tensor | None,
    table: Sequence[Contender],
    health: CodeHealth,
    discrete: DiscreteCodes | None = None,
) -> tuple[Finding, ...]:
    """Why the model loses to PCA in squared error; empty where it does not, or where there is no PCA beside it.

    source: the judged rows; up to 500 of them, evenly spread, are looked at again. condition: (n, C) of conditional recipes.
    table, health, discrete: of the evaluation.

    - what the code may tell: numbers the KL term or a sparse code left without use, held to PCA with as many as are in use; and
      the nats that are paid for: the error from codes with the noise they leave, held to PCA's numbers told with no more nats
      (reverse water-filling); of discrete codes whether their bits are used, and what rounding costs PCA;
    - what training asks besides: penalties, damaged inputs, another error than the squared one;
    - how training went: too short, still falling, learned by heart, few rows.

    Where none of it holds, that is said.
    """
    errors = {c.name: c.errors["mse"] for c in table}
    twin = linear_twin(trained)
    if twin is None or "pca" not in errors or errors["model"] <= EVEN * errors["pca"]:
        return ()
    rows = torch.arange(len(source))[:: -(-len(source) // ROWS)]
    some = Subset(source, rows)
    x = trained.kind.inside(some).flatten(1).numpy()
    case = _Case(trained, some, None if condition is None else condition[rows], health, table, twin, x)
    told = [*_units(case), *_nats(case), *_prices(case)] if discrete is None else [_bits(case, discrete)]
    found = [*told, *_damage(case), *_aim(case), *_run(case)]
    if not found:
        kept = 1 - errors["pca"] / errors["mean"] if errors.get("mean", 0) > 0 else 0.0
        found = [Finding("why.unknown", {"n": health.units, "kept_share": kept})]
    return tuple(found)


def _units(case: _Case) -> list[Finding]:
    """Numbers of the code that are not in use, and PCA with as few."""
    health, part = case.health, case.trained.model.composition.bottleneck
    if part.name == "top-k":
        used, key = int(getattr(case.trained.model.bottleneck, "k", health.units)), "why.top-k"
    elif case.trained.model.bottleneck.variational:
        used, key = health.active, "why.collapsed"
    else:
        used, key = health.units - health.dead, "why.dead"
    if used >= health.units:
        return []
    said = {"used": used, "n": health.units, "pca": case.linear(used), "error": case.errors["model"]}
    return [Finding(key, said)]


def _nats(case: _Case) -> list[Finding]:
    """What the KL term costs: noise in codes, and what a linear code of as many nats restores."""
    kl = case.health.kl
    if kl is None:
        return []
    noisy, share = _noise(case)
    linear = case.told(max(kl, 0.0))
    said = {
        "kl": Finding("noun.nats", {"n": kl}),
        "each": kl / case.health.units,
        "noise_share": share,
        "noisy": noisy,
        "error": case.errors["model"],
        "pca": linear,
    }
    return [Finding("why.kl.all" if noisy <= EVEN * linear else "why.kl.part", said)]


def _bits(case: _Case, discrete: DiscreteCodes) -> Finding:
    """What discrete codes make of their bits, and what PCA loses by as many."""
    rival = linear_rival(case.trained)
    assert isinstance(rival, QuantizedPca)  # codes are discrete, and there is a PCA
    pca, unrounded = (case.error(p.reconstruct(case.x)) for p in (rival, rival.unrounded))
    return why_not(discrete, pca, unrounded)


def _noise(case: _Case) -> tuple[float, float]:
    """The squared error from codes with the noise of training, and how much of what varies in a code number is noise."""
    trained = case.trained
    generator = device_generator(trained.device).manual_seed(0)

    def both(x: Tensor, c: Tensor | None) -> Tensor:
        q = trained.model.posterior(trained.model.likelihood.observe(Batch(x), generator).x, c)
        assert q is not None  # a variational neck has one
        noise = torch.randn(q.mean.shape, generator=generator, device=x.device)
        made = trained.model.decode(q.mean + q.stddev * noise, c).mean
        return torch.cat([q.mean.flatten(1), q.stddev.flatten(1), made.flatten(1)], dim=1)

    found = apply(trained, case.source, case.condition, both).double().numpy()
    numbers = math.prod(trained.model.code_shape)
    mean, std, made = np.split(found, [numbers, 2 * numbers], axis=1)
    noise, signal = np.square(std).mean(axis=0), mean.var(axis=0)
    used = signal > 0
    share = float((noise[used] / (noise[used] + signal[used])).mean()) if used.any() else 1.0
    return case.error(made), share


def _prices(case: _Case) -> list[Finding]:
    """Penalties of the best epoch, beside what the lead of PCA is worth in the same unit, where that is known."""
    trained = case.trained
    names = [r.name for r in trained.model.composition.regularizers]
    names += [] if trained.model.bottleneck.variational else ["cost"]
    best = _best(trained)
    found = []
    for name in names:
        price = best.get(f"validation_{name}", best.get(f"train_{name}", 0.0))
        if price <= 0:
            continue
        called = trained.model.composition.bottleneck.name if name == "cost" else name
        worth = _worth(case)
        key = "why.price" if worth is None else "why.price.beside"
        found.append(Finding(key, {"name": called, "price": price} | ({} if worth is None else {"worth": worth})))
    return found


def _worth(case: _Case) -> float | None:
    """Nats a row that PCA's lead in squared error would save, None where the likelihood sets no fixed price on it."""
    options = case.trained.model.composition.likelihood.get_params()
    if case.trained.model.composition.likelihood.name != "gaussian" or options["variance"] != "fixed":
        return None
    lead = case.errors["model"] - case.errors["pca"]
    return float(lead * case.cells / (2 * float(options["std"]) ** 2))


def _damage(case: _Case) -> list[Finding]:
    """Trained to undo damage: what comes back from damaged rows, beside what PCA makes of them."""
    trained, corruption = case.trained, case.trained.model.composition.corruption
    places = trained.kind.layout.positions
    if corruption is None or corruption.positions(places) != places:  # made smaller: PCA knows no such rows
        return []
    generator = device_generator(trained.device).manual_seed(0)

    def both(x: Tensor, c: Tensor | None) -> Tensor:
        bad = trained.model.corrupt(x, generator).x
        return torch.stack([bad.flatten(1), trained.model.decode(trained.model.encode(bad, None, c), c).mean.flatten(1)], dim=1)

    found = apply(trained, case.source, case.condition, both).numpy()
    error, pca = case.error(found[:, 1]), case.error(case.twin.reconstruct(found[:, 0]))
    return [Finding("why.damage.better" if error * EVEN < pca else "why.damage.worse", {"error": error, "pca": pca})]


def _aim(case: _Case) -> list[Finding]:
    """Trained for another error than the squared one: whether it wins there."""
    name = OWN.get(case.trained.model.composition.likelihood.name)
    found = {c.name: c.errors.get(name) for c in case.table if name is not None}
    model, pca = found.get("model"), found.get("pca")
    if name is None or model is None or pca is None:
        return []
    better = model > pca if name == "ssim" else model < pca
    said = {"measure": Finding(f"errors.{name}"), "error": model, "pca": pca}
    return [Finding("why.aim.better" if better else "why.aim.worse", said)]


def _run(case: _Case) -> list[Finding]:
    """What the learning curves say, and how little there was to learn from."""
    trained, curves = case.trained, read_curves(case.trained)
    found = [Finding("why.linear")] if trained.config.recipe == "simple" else []
    rows = int(trained.companions[TWIN].data["rows"])
    if curves is not None:
        if curves.has("curves.short"):
            found.append(Finding("why.short", {"n": curves.epochs}))
        for finding in curves.findings:
            if finding.key == "curves.falling":
                found.append(Finding("why.falling", finding.values))
            if finding.key == "curves.gap":
                found.append(Finding("why.gap", finding.values))
    if rows < FEW:
        weights = sum(p.numel() for p in trained.model.parameters())
        found.append(Finding("why.few", {"n": rows, "weights": weights}))
    return found


def _best(trained: Trained) -> Mapping[str, float]:
    """The history's line of the epoch whose weights were kept."""
    curves = read_curves(trained)
    return {} if curves is None else next(row for row in reversed(trained.history) if int(row["epoch"]) == curves.best)

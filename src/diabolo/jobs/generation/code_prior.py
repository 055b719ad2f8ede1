"""The prior over discrete codes: a second stage, fitted to the whole numbers of the training rows and kept beside the model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.examples import Examples
from diabolo.data.subset import Subset
from diabolo.densities import DISCRETE, find_discrete
from diabolo.densities.autoregressive import MOST_COLUMNS, AutoregressiveDensity
from diabolo.densities.discrete import DiscreteDensity
from diabolo.densities.independent import IndependentDensity
from diabolo.errors import ParameterError
from diabolo.jobs.anomalies.calibration import CODES
from diabolo.jobs.codes.discrete import code_bits, quantizer, require_quantizer, whole_numbers
from diabolo.jobs.findings import Finding
from diabolo.maths.quantization import entry_counts, perplexity
from diabolo.trained import Companion, Trained

NAME = "code-prior"
SPENT = 0.8
"""The share of the bits that entries of such a perplexity tell, below which they are called idle."""
ROWS = 50_000
"""Training rows whose codes the prior is fitted to; of more, so many are drawn."""


@final
@dataclass(frozen=True)
class DiscreteCodes:
    """What discrete codes cost. Of the judged rows where they are not the model's own.

    columns: whole numbers in a code. entries: of each group's codebook. bits: a row, as the codes come: log2(entries) a number.
    used: the share of the entries that any judged row uses. perplexity: as many entries would say as much if all were used
    equally; used and perplexity are means over the groups. prior: bits a row an ideal coder would write that knows the
    prior, by its name; empty where there is none.
    """

    columns: int
    entries: tuple[int, ...]
    bits: float
    used: float
    perplexity: float
    prior: Mapping[str, float]


def fit_code_prior(trained: Trained, examples: Examples, rows: Tensor, validation: Tensor, seed: int) -> Companion | None:
    """Every density of discrete codes, fitted to the training rows' (at most 50 000 of them).

    data: each density's description, how many rows there were, and bits a row on ``held_out`` codes: of the validation rows, or
    of the training rows where there are no others. The autoregressive one is left out for codes of more than 1024 whole
    numbers. None where codes are not discrete, or there is but one row.
    """
    neck = quantizer(trained)
    if neck is None or len(rows) < 2:
        return None
    kept = rows
    if len(rows) > ROWS:
        kept = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))[:ROWS]].sort().values
    known = _numbers(trained, examples, kept)
    judged = _numbers(trained, examples, validation[:ROWS]) if len(validation) else known
    described: dict[str, Any] = {}
    arrays: dict[str, np.ndarray] = {}
    bits: dict[str, float] = {}
    for kind in DISCRETE:
        if kind is AutoregressiveDensity and known.shape[1] > MOST_COLUMNS:
            continue
        density = _fitted(kind, known, neck.entries, seed, trained.device)
        described[kind.name], found = density.to_json()
        arrays |= {f"{kind.name}.{name}": np.ascontiguousarray(array) for name, array in found.items()}
        bits[kind.name] = density.bits(judged)
    return Companion({"rows": len(known), "held_out": len(validation), "bits": bits, "densities": described}, arrays)


def priors_of(trained: Trained) -> tuple[str, ...]:
    """Names of the priors over discrete codes that travel with the model, the simplest first; without any the simplest."""
    kept = trained.companions.get(NAME)
    known = [IndependentDensity.name] if kept is None else kept.data["densities"]
    return tuple(kind.name for kind in DISCRETE if kind.name in known)


def code_prior(trained: Trained, name: str = "auto") -> DiscreteDensity:
    """The prior over discrete codes called ``name``: the one that travels with the model, else fitted to its training codes.

    ``"auto"``: the last of :func:`priors_of`. Raises ParameterError for a density of codes that are
    no whole numbers, UnsupportedError where codes are not discrete.
    """
    neck = require_quantizer(trained, "A prior over entries")
    kept = trained.companions.get(NAME)
    known = {} if kept is None else kept.data["densities"]
    if name == "auto":
        name = priors_of(trained)[-1]
    if name not in [kind.name for kind in DISCRETE]:
        raise ParameterError(
            f"The codes of {trained.config.recipe!r} are entries of codebooks, and density {name!r} is of none. Use 'auto', "
            f"{' or '.join(repr(kind.name) for kind in DISCRETE)}."
        )
    if kept is not None and name in known:
        arrays = {k.removeprefix(f"{name}."): v for k, v in kept.arrays.items() if k.startswith(f"{name}.")}
        return find_discrete(name).from_json(known[name], arrays)
    z = torch.from_numpy(trained.companions[CODES].arrays["z"]).reshape(-1, *trained.model.code_shape).to(trained.device)
    with torch.inference_mode():
        numbers = neck.indices(z).flatten(1).cpu().numpy()
    return _fitted(find_discrete(name), numbers, neck.entries, 0, trained.device)


def judge_discrete(trained: Trained, numbers: np.ndarray) -> DiscreteCodes:
    """What the codes (n, columns) of judged rows cost and use."""
    neck = require_quantizer(trained, "Bits of a code")
    counts = entry_counts(torch.from_numpy(numbers).reshape(-1, len(neck.entries)).T, max(neck.entries))
    used = (counts > 0).sum(1) / torch.tensor(neck.entries)
    kept = trained.companions.get(NAME)
    known = () if kept is None else tuple(kept.data["densities"])
    bits = code_bits(trained)
    assert bits is not None  # there is a quantizer
    return DiscreteCodes(
        columns=numbers.shape[1],
        entries=neck.entries,
        bits=bits,
        used=float(used.mean()),
        perplexity=float(perplexity(counts).mean()),
        prior={name: code_prior(trained, name).bits(numbers) for name in known},
    )


def why_not(found: DiscreteCodes, pca: float, unrounded: float) -> Finding:
    """Why PCA at as many bits restores better than a model with such codes: entries that are hardly used waste bits.

    Below ``SPENT`` of the bits they are called idle. Else the bits are not what is wanting, and what they cost PCA is told.
    pca, unrounded: its squared error at as many bits, and with the same components not rounded.
    """
    spent = math.log2(found.perplexity) * len(found.entries) / sum(map(math.log2, found.entries))
    if spent < SPENT:
        return Finding(
            "discrete.idle", {"used_share": found.used, "perplexity": found.perplexity, "entries": max(found.entries)}
        )
    bits = Finding("noun.bits", {"n": round(found.bits)})
    return Finding("discrete.spent", {"bits": bits, "spent_share": spent, "pca": pca, "unrounded": unrounded})


def _numbers(trained: Trained, examples: Examples, rows: Tensor) -> np.ndarray:
    condition = None if examples.condition is None else examples.condition[rows]
    return whole_numbers(trained, Subset(examples.source, rows), condition)


def _fitted(
    kind: type[DiscreteDensity], numbers: np.ndarray, entries: tuple[int, ...], seed: int, device: torch.device
) -> DiscreteDensity:
    if kind is AutoregressiveDensity:
        return AutoregressiveDensity.fit(numbers, entries, seed, device=str(device))
    return kind.fit(numbers, entries, seed)

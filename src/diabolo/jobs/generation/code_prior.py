"""The prior over discrete codes: a second stage, fitted to the whole numbers of the training rows and kept beside the model."""

from __future__ import annotations

import hashlib
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
from diabolo.spec import is_number
from diabolo.trained import Companion, Trained

NAME = "code-prior"
SPENT = 0.8
"""The share of the bits that entries of such a perplexity tell, below which they are called idle."""
ROWS = 50_000
"""Training rows whose codes the prior is fitted to; of more, so many are drawn."""
RESERVED, LEAST = 0.2, 0.1
"""Shares of a time budget: kept from training for the prior, and what it has at least where training took longer."""
HELD_OUT = 10
"""Where no rows are held out, one in so many codes judges the prior instead of teaching it."""


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


def training_budget(trained: Trained, time_budget: float | None) -> tuple[float | None, tuple[str, ...]]:
    """What of a time budget is training's own, and the reason: of discrete codes a fifth is kept for the prior over them."""
    if not is_number(time_budget) or not math.isfinite(time_budget) or quantizer(trained) is None:  # a wrong one is told later
        return time_budget, ()
    kept = RESERVED * time_budget
    reason = f"code prior {kept:.3g} s of {time_budget:g}: a fifth of the time budget is kept for it, and what training leaves"
    return time_budget - kept, (reason,)


def prior_seconds(time_budget: float | None, spent: float) -> float | None:
    """What is left of a time budget for the prior, a tenth at least; None where there is none."""
    return None if time_budget is None else max(LEAST * time_budget, time_budget - spent)


def fit_code_prior(
    trained: Trained, examples: Examples, rows: Tensor, validation: Tensor, seed: int, seconds: float | None = None
) -> Companion | None:
    """Every density of discrete codes, fitted to the training rows' (at most 50 000 of them).

    seconds: for the autoregressive one, which is left out for codes of more than 1024 whole numbers. Where a prior travels with
    the model already, it stays as it is if the codes are the same; else the network goes on from its weights, and of the
    frequencies of before and those of now the ones are kept that tell held-out codes in fewer bits, as a model may go on with
    few rows.

    data: each density's description, how many rows there were, and bits a row on ``held_out`` codes: of the validation rows,
    or of a tenth of the training rows, which then teach nothing. usual: what codes are drawn from unless told otherwise: the
    autoregressive one where it tells those codes in fewer bits than their frequencies, by more than the standard error of the
    difference. gain, error: that difference in bits a row, and its standard error; gain is None where no codes were held out.
    codes: a fingerprint of the codes.

    None where codes are not discrete, or there is but one row.
    """
    neck = quantizer(trained)
    if neck is None or len(rows) < 2:
        return None
    kept = rows
    if len(rows) > ROWS:
        kept = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))[:ROWS]].sort().values
    known = _numbers(trained, examples, kept)
    mark = hashlib.sha256(known.tobytes()).hexdigest()
    before = trained.companions.get(NAME)
    if before is not None and before.data.get("codes") == mark:
        return before
    known, judged = _apart(known, _numbers(trained, examples, validation[:ROWS]) if len(validation) else None, seed)
    fitted: dict[str, DiscreteDensity] = {}
    for kind in DISCRETE:
        if kind is AutoregressiveDensity and known.shape[1] > MOST_COLUMNS:
            continue
        old = _kept(before, kind.name, neck.entries, known.shape[1])
        fitted[kind.name] = _fitted(kind, known, neck.entries, seed, trained.device, seconds, old)
        if kind is IndependentDensity and old is not None and old.bits(judged) < fitted[kind.name].bits(judged):
            fitted[kind.name] = old
    described: dict[str, Any] = {}
    arrays: dict[str, np.ndarray] = {}
    for name, density in fitted.items():
        described[name], found = density.to_json()
        arrays |= {f"{name}.{part}": np.ascontiguousarray(array) for part, array in found.items()}
    apart = judged is not known
    told = {"rows": len(known), "held_out": len(judged) if apart else 0, "codes": mark}
    bits = {name: density.bits(judged) for name, density in fitted.items()}
    return Companion(told | _usual(fitted, judged, apart=apart) | {"bits": bits, "densities": described}, arrays)


def usual_prior(trained: Trained) -> str:
    """The prior that codes are drawn from unless told otherwise; of folders that do not say, the last of :func:`priors_of`."""
    kept = trained.companions.get(NAME)
    return str(priors_of(trained)[-1] if kept is None else kept.data.get("usual", priors_of(trained)[-1]))


def too_few(trained: Trained) -> str | None:
    """What to tell where the network learned nothing from the codes that their frequencies do not say; None elsewhere."""
    kept = trained.companions.get(NAME)
    data: Mapping[str, Any] = {} if kept is None else kept.data
    if data.get("usual") != IndependentDensity.name or "gain" not in data:
        return None
    lead = "New codes are drawn number by number, by the frequencies of the entries: "
    if data["gain"] is None:
        return (
            lead + f"{data['rows']} training codes are too few to learn from which numbers go together. Train with more rows."
        )
    apart, frequencies = (data["bits"][name] for name in (AutoregressiveDensity.name, IndependentDensity.name))
    return (
        f"{lead}the prior that knows which numbers go together tells held-out codes in {apart:.4g} bits a row, the "
        f"frequencies alone in {frequencies:.4g}, and that is no gain beyond chance. {data['rows']} training codes are "
        "too few to learn from, or the numbers have nothing to do with each other. Train with more rows, or with fewer code "
        "numbers."
    )


def priors_of(trained: Trained) -> tuple[str, ...]:
    """Names of the priors over discrete codes that travel with the model, the simplest first; without any the simplest."""
    kept = trained.companions.get(NAME)
    known = [IndependentDensity.name] if kept is None else kept.data["densities"]
    return tuple(kind.name for kind in DISCRETE if kind.name in known)


def code_prior(trained: Trained, name: str = "auto") -> DiscreteDensity:
    """The prior over discrete codes called ``name``: the one that travels with the model, else fitted to its training codes.

    ``"auto"``: see :func:`usual_prior`. Raises ParameterError for a density of codes that are
    no whole numbers, UnsupportedError where codes are not discrete.
    """
    neck = require_quantizer(trained, "A prior over entries")
    kept = trained.companions.get(NAME)
    if name == "auto":
        name = usual_prior(trained)
    if name not in [kind.name for kind in DISCRETE]:
        raise ParameterError(
            f"The codes of {trained.config.recipe!r} are entries of codebooks, and density {name!r} is of none. Use 'auto', "
            f"{' or '.join(repr(kind.name) for kind in DISCRETE)}."
        )
    old = _kept(kept, name, neck.entries, math.prod(trained.model.code_shape[1:]) * len(neck.entries))
    if old is not None:
        return old
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


def _apart(known: np.ndarray, held_out: np.ndarray | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes to learn from and codes to judge by: those held out, else a tenth, drawn; the same ones where they are below 20."""
    if held_out is not None:
        return known, held_out
    aside = len(known) // HELD_OUT
    if aside < 2:
        return known, known
    order = np.random.default_rng(seed).permutation(len(known))
    return known[np.sort(order[aside:])], known[np.sort(order[:aside])]


def _usual(fitted: Mapping[str, DiscreteDensity], judged: np.ndarray, *, apart: bool) -> dict[str, Any]:
    """What to draw from, and by how many bits a row the network is better on judged codes (n, D). apart: whether these were
    held out."""
    network, simple = fitted.get(AutoregressiveDensity.name), fitted[IndependentDensity.name]
    if network is None or judged.shape[1] == 1:  # one number goes together with none
        return {"usual": simple.name}
    if not apart:
        return {"usual": simple.name, "gain": None}
    gains = (network.log_prob(judged) - simple.log_prob(judged)) / math.log(2)
    error = float(gains.std(ddof=1)) / math.sqrt(len(gains)) if len(gains) > 1 else math.inf
    better = float(gains.mean()) > error
    told = {"gain": float(gains.mean())} | ({"error": error} if math.isfinite(error) else {})
    return {"usual": network.name if better else simple.name} | told


def _kept(before: Companion | None, name: str, entries: tuple[int, ...], columns: int) -> DiscreteDensity | None:
    """A density of before, where there is one of such codes."""
    if before is None or name not in before.data["densities"]:
        return None
    arrays = {k.removeprefix(f"{name}."): v for k, v in before.arrays.items() if k.startswith(f"{name}.")}
    density = find_discrete(name).from_json(before.data["densities"][name], arrays)
    return density if (density.entries, density.columns) == (entries, columns) else None


def _fitted(
    kind: type[DiscreteDensity],
    numbers: np.ndarray,
    entries: tuple[int, ...],
    seed: int,
    device: torch.device,
    seconds: float | None = None,
    start: DiscreteDensity | None = None,
) -> DiscreteDensity:
    if kind is AutoregressiveDensity:
        old = start if isinstance(start, AutoregressiveDensity) else None
        return AutoregressiveDensity.fit(numbers, entries, seed, device=str(device), seconds=seconds, start=old)
    return kind.fit(numbers, entries, seed)

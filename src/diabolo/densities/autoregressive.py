"""Discrete codes in order, each number given those before it: a masked network."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, silu

from diabolo.densities.base import Floats, Random, generator_of
from diabolo.densities.discrete import DiscreteDensity, Whole, alphabet, drawn, frequencies, known_indices, training_indices
from diabolo.densities.independent import stored_entries
from diabolo.errors import DataError, ParameterError

UNITS, FEW_UNITS, MANY = 512, 128, 5000
"""Units of each of the two hidden layers, of at least MANY codes and of fewer."""
EMBEDDED, OUTPUTS = 16, 32
"""Numbers that stand for an index, numbers a column's logits are made of."""
MOST_COLUMNS = 1024  # of more the masks alone would be hundreds of megabytes
STEPS, EPOCHS, FEWEST_STEPS, BATCH = 2000, 40, 200, 128
RATE, DECAY, CHECKS, PATIENCE = 3e-3, 1e-2, 40, 6
AGAIN = 0.3  # the rate where training goes on, as a share of the usual one: a density that is nearly right is not thrown about
TIMED = 10  # steps whose time says how many a limit of seconds allows
HELD_OUT = 0.1
ROWS_AT_ONCE = 256
Weights = dict[str, Tensor]


@final
@dataclass(frozen=True, eq=False)
class AutoregressiveDensity(DiscreteDensity):
    """``p(i) = Π p(i_d | i_1 … i_{d-1})``, all factors from one network with two hidden layers whose masks let no number see
    itself or what follows it (MADE).

    Each index becomes a learned vector; hidden units see the columns below their degree, and a column's output sees the
    units of a degree no higher than it: so another number changes no factor of those before it, and the product sums to 1. An
    untrained network gives the frequencies of the entries (:class:`IndependentDensity`).

    Trained by AdamW on nine tenths of the codes; the rest chooses when to stop and which weights are kept.
    weights: float32 arrays by name.

    Reference: Germain et al. 2015, https://arxiv.org/abs/1502.03509
    """

    name: ClassVar[str] = "autoregressive"
    entries: tuple[int, ...]
    weights: Mapping[str, NDArray[np.float32]]

    @classmethod
    def fit(
        cls,
        indices: Whole,
        entries: Sequence[int],
        random_state: Random = None,
        *,
        device: str = "cpu",
        seconds: float | None = None,
        start: Self | None = None,
    ) -> Self:
        """The network of indices (n, D), n >= 2. ``random_state`` decides weights, batches and what is held out.

        device: where it is trained. seconds: for training, about; the first steps are timed and the others planned by them, ten
        at least. start: what to go on from, a density of codes of the same columns and entries. Raises ParameterError for more
        than 1024 columns.
        """
        known = training_indices(indices, entries)
        if known.shape[1] > MOST_COLUMNS:
            raise ParameterError(
                f"An autoregressive density takes codes of at most {MOST_COLUMNS} whole numbers, these have {known.shape[1]}. "
                "Use 'independent'."
            )
        generator = torch.Generator().manual_seed(int(generator_of(random_state).integers(2**63 - 1)))
        order = torch.randperm(len(known), generator=generator)
        aside = max(1, round(HELD_OUT * len(known)))
        tokens = torch.from_numpy(known)[order]
        if start is None:
            units = UNITS if len(known) >= MANY else FEW_UNITS
            begun, rate = _start(frequencies(known[order[aside:].numpy()], entries), tuple(entries), units, generator), RATE
        else:
            begun, rate = {name: torch.tensor(array) for name, array in start.weights.items()}, AGAIN * RATE
        best = _trained(begun, tokens[aside:], tokens[:aside], generator, torch.device(device), rate, seconds)
        return cls(tuple(entries), {name: value.numpy() for name, value in best.items()})

    @property
    def columns(self) -> int:
        """D, the whole numbers in a code."""
        return len(self.weights["bias"])

    @cached_property
    def tensors(self) -> Weights:
        """The weights as tensors, masked."""
        return _masked(
            {name: torch.from_numpy(array) for name, array in self.weights.items()},
            _masks(self.columns, len(self.weights["b1"])),
        )

    @torch.inference_mode()
    def sample(self, n: int, random_state: Random = None) -> Whole:
        """n new codes, (n, D) int64, a column at a time."""
        generator, w, groups = generator_of(random_state), self.tensors, len(self.entries)
        found = np.zeros((n, self.columns), dtype=np.int64)
        seen = w["b1"].expand(n, -1)  # what the first layer has added up so far
        for column in range(self.columns):
            hidden = _hidden(seen, w)
            rows = slice(column * OUTPUTS, (column + 1) * OUTPUTS)
            logits = (hidden @ w["w3"][rows].T + w["b3"][rows]) @ w["out"][column % groups] + w["bias"][column]
            found[:, column] = drawn(logits.double().softmax(1).numpy(), generator.random(n))
            vectors = w["embedding"][column % groups][torch.from_numpy(found[:, column])]
            seen = seen + vectors @ w["w1"][:, column * EMBEDDED : (column + 1) * EMBEDDED].T
        return found

    @torch.inference_mode()
    def log_prob(self, indices: Whole) -> Floats:
        """Log-probability in nats. indices: (n, D) -> (n,)."""
        tokens = torch.from_numpy(known_indices(indices, self.entries, self.columns))
        parts = [-_cost(_logits(self.tensors, part), part).double().sum(1) for part in tokens.split(ROWS_AT_ONCE)]
        return torch.cat(parts or [torch.zeros(0, dtype=torch.float64)]).numpy()

    def to_json(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Plain JSON values, and arrays."""
        return {"name": self.name, "entries": list(self.entries)}, dict(self.weights)

    @classmethod
    def from_json(cls, data: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of ``to_json``; a DataError where something is missing or does not fit together."""
        entries = stored_entries(cls.name, data)
        bias = np.asarray(arrays.get("bias"))
        if bias.ndim != 2 or len(bias) % len(entries) or bias.shape[1] != max(entries):
            raise DataError(f"A stored {cls.name} density of {entries} entries cannot have a bias of shape {bias.shape}.")
        expected = _shapes(len(bias), entries, np.size(arrays.get("b1", ())))
        found = {name: tuple(np.shape(array)) for name, array in arrays.items()}
        if found != expected:
            raise DataError(f"A stored {cls.name} density has the arrays {expected}, got {found}.")
        weights = {name: np.asarray(array, dtype=np.float32) for name, array in arrays.items()}
        if not all(np.isfinite(array).all() for name, array in weights.items() if name != "bias"):
            raise DataError(f"The weights of a stored {cls.name} density must be finite.")
        allowed = np.arange(bias.shape[1]) < alphabet(entries, len(bias))[:, None]
        if not np.isfinite(weights["bias"][allowed]).all() or not (weights["bias"][~allowed] == -np.inf).all():
            raise DataError(
                f"The bias of a stored {cls.name} density must be finite for each entry, and minus infinity elsewhere."
            )
        return cls(entries, weights)


def _shapes(columns: int, entries: Sequence[int], units: int) -> dict[str, tuple[int, ...]]:
    groups, most = len(entries), max(entries)
    return {
        "embedding": (groups, most, EMBEDDED),
        "w1": (units, columns * EMBEDDED),
        "b1": (units,),
        "w2": (units, units),
        "b2": (units,),
        "w3": (columns * OUTPUTS, units),
        "b3": (columns * OUTPUTS,),
        "out": (groups, OUTPUTS, most),
        "bias": (columns, most),
    }


def _masks(columns: int, units: int) -> Weights:
    """Which weight may be other than 0 (MADE, eqs. 8 and 9). Unit k sees the columns below its degree."""
    degree = 1 + torch.arange(units) * max(1, columns - 1) // units  # 1 … D - 1, evenly
    column = torch.arange(columns)
    return {
        "w1": (column.repeat_interleave(EMBEDDED)[None] < degree[:, None]).float(),
        "w2": (degree[None] <= degree[:, None]).float(),
        "w3": (degree[None] <= column.repeat_interleave(OUTPUTS)[:, None]).float(),
    }


def _start(shares: Floats, entries: tuple[int, ...], units: int, generator: torch.Generator) -> Weights:
    """An untrained network whose logits are those of the frequencies (D, E)."""
    weights = {}
    for name, shape in _shapes(len(shares), entries, units).items():
        fan = EMBEDDED if name == "embedding" else shape[-2] if name == "out" else shape[-1]
        zero = name.startswith("b") or name == "w3"
        weights[name] = torch.zeros(shape) if zero else torch.randn(shape, generator=generator) / math.sqrt(fan)
    with np.errstate(divide="ignore"):
        weights["bias"] = torch.from_numpy(np.log(shares)).float()
    return weights


def _masked(weights: Weights, masks: Weights) -> Weights:
    return weights | {name: weights[name] * mask for name, mask in masks.items()}


def _hidden(seen: Tensor, w: Weights) -> Tensor:
    """The hidden layers on top of the first one's sums (n, H) -> (n, H)."""
    first = silu(seen)
    return first + silu(first @ w["w2"].T + w["b2"])


def _logits(w: Weights, tokens: Tensor) -> Tensor:
    """Of masked weights and tokens (n, D) -> (n, D, E)."""
    groups = len(w["embedding"])
    group = torch.arange(tokens.shape[1], device=tokens.device) % groups
    vectors = w["embedding"][group, tokens].flatten(1)  # (n, D · EMBEDDED)
    outputs = (_hidden(vectors @ w["w1"].T + w["b1"], w) @ w["w3"].T + w["b3"]).unflatten(1, (-1, groups, OUTPUTS))
    logits = torch.einsum("npgo,goe->npge", outputs, w["out"]).flatten(1, 2)
    return logits + w["bias"]


def _cost(logits: Tensor, tokens: Tensor) -> Tensor:
    """Minus the log-probability of each number, (n, D)."""
    return cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="none").view_as(tokens)


def _trained(
    start: Weights,
    tokens: Tensor,
    aside: Tensor,
    generator: torch.Generator,
    device: torch.device,
    rate: float,
    seconds: float | None,
) -> Weights:
    """The weights that are the best for the codes held out, on the host. The rate falls along a cosine."""
    masks = {name: mask.to(device) for name, mask in _masks(tokens.shape[1], len(start["b1"])).items()}
    weights = {name: value.to(device).requires_grad_() for name, value in start.items()}
    tokens, aside = tokens.to(device), aside.to(device)
    size = min(BATCH, len(tokens))
    steps = min(STEPS, max(FEWEST_STEPS, EPOCHS * len(tokens) // size))
    decayed = [value for name, value in weights.items() if not name.startswith("b")]
    others = [value for name, value in weights.items() if name.startswith("b")]  # the frequencies are among them
    groups = [{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98))
    begun = time.perf_counter()
    best, least, since, step = copy.deepcopy(start), _judged(weights, masks, aside), 0, 0
    check = time.perf_counter() - begun
    while step < steps:
        for group in optimizer.param_groups:
            group["lr"] = rate * (1 + math.cos(math.pi * step / steps)) / 2
        chosen = torch.randint(len(tokens), (size,), generator=generator).to(device)
        optimizer.zero_grad()
        batch = tokens[chosen]
        _cost(_logits(_masked(weights, masks), batch), batch).mean().backward()
        torch.nn.utils.clip_grad_norm_(weights.values(), 1.0)
        optimizer.step()
        step += 1
        if seconds is not None and step == TIMED:
            steps = min(steps, step + _steps_left(seconds, time.perf_counter() - begun, check))
        if step % max(1, steps // CHECKS) == 0 or step == steps:
            now = _judged(weights, masks, aside)
            since = 0 if now < least else since + 1
            if now < least:
                least = now
                best = {name: value.detach().cpu().clone() for name, value in weights.items()}
            if since >= PATIENCE:
                break
    return {name: value.detach() for name, value in _masked(best, _masks(tokens.shape[1], len(best["b1"]))).items()}


def _steps_left(seconds: float, spent: float, check: float) -> int:
    """How many steps a limit of seconds allows after ``TIMED`` of them, in ``spent`` seconds with one check."""
    pace = max(spent - check, 1e-9) / TIMED
    return max(0, int((seconds - spent - CHECKS * check) / pace))


@torch.no_grad()
def _judged(weights: Weights, masks: Weights, aside: Tensor) -> float:
    """Mean cost of the codes held out, in nats a number."""
    masked = _masked(weights, masks)
    costs = [_cost(_logits(masked, part), part).double().sum() for part in aside[: 8 * ROWS_AT_ONCE].split(ROWS_AT_ONCE)]
    return float(torch.stack(costs).sum()) / aside[: 8 * ROWS_AT_ONCE].numel()

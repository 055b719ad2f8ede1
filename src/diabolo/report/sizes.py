"""How many times smaller the code is than a row: in numbers, and in bytes, which is another matter."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, final

import torch

from diabolo.jobs.findings import Finding
from diabolo.jobs.generation.code_prior import DiscreteCodes
from diabolo.report.gathered import Gathered

CODE_BYTES = 4  # a number of a code is a float32


@final
@dataclass(frozen=True)
class Sizes:
    """Numbers and bytes of a row as it came and of its code. dtype: of the row's numbers. discrete: of such codes, in bits."""

    cells: int
    numbers: int
    dtype: str
    row_bytes: int
    code_bytes: int
    stored: int | None = None
    discrete: DiscreteCodes | None = None

    @property
    def ratio(self) -> float:
        """Numbers in a row over numbers in its code."""
        return self.cells / self.numbers

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self) | {"ratio": self.ratio, "byte_ratio": self.row_bytes / self.code_bytes}


def measure(g: Gathered) -> Sizes:
    """Sizes of a row and its code. stored: numbers of a top-k code that are not zero, None for other codes."""
    row = g.source.take(torch.tensor([0]))
    k = getattr(g.trained.model.bottleneck, "k", None) if g.trained.model.composition.bottleneck.name == "top-k" else None
    name = str(row.dtype).removeprefix("torch.")
    discrete = g.evaluation.discrete
    code = g.numbers * CODE_BYTES if discrete is None else math.ceil(discrete.bits / 8)
    return Sizes(g.cells, g.numbers, name, g.cells * row.element_size(), code, k, discrete)


def judge_sizes(sizes: Sizes) -> tuple[Finding, ...]:
    """The sizes in sentences."""
    numbers = {"cells": sizes.cells, "n": sizes.numbers}
    if sizes.ratio > 1:
        found = [Finding("size.smaller", numbers | {"times": sizes.ratio})]
    else:
        found = [Finding("size.same" if sizes.ratio == 1 else "size.larger", numbers | {"times": 1 / sizes.ratio})]
    if sizes.stored is not None:
        found.append(Finding("size.sparse", {"k": sizes.stored, "n": sizes.numbers}))
    if sizes.discrete is not None:
        return (*found, *_in_bits(sizes, sizes.discrete))
    ratio = sizes.row_bytes / sizes.code_bytes
    said = {"row": sizes.row_bytes, "code": sizes.code_bytes, "dtype": sizes.dtype, "times": max(ratio, 1 / ratio)}
    key = "size.bytes-smaller" if ratio > 1 else "size.bytes-same" if ratio == 1 else "size.bytes-larger"
    return (*found, Finding(key, said), Finding("size.note"))


def _in_bits(sizes: Sizes, code: DiscreteCodes) -> list[Finding]:
    """What a discrete code takes as it comes, and what an ideal coder would make of it."""
    bits = Finding("noun.bits", {"n": round(code.bits)})
    said = {"n": code.columns, "entries": max(code.entries), "bits": bits, "code": sizes.code_bytes}
    found = [Finding("size.discrete", said | {"row": sizes.row_bytes, "dtype": sizes.dtype})]
    prior = {name: Finding("noun.bits", {"n": round(value)}) for name, value in code.prior.items()}
    if "autoregressive" in prior:
        found.append(Finding("size.priors", {"each": prior["independent"], "given": prior["autoregressive"]}))
    elif prior:
        found.append(Finding("size.prior", {"each": prior["independent"]}))
    return found

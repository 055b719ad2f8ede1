"""Sweep: how wide the code should be. The same recipe at several widths, judged on rows none of them has seen, beside PCA."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, final

import numpy as np

from diabolo import recipes
from diabolo.data import Reading, read
from diabolo.data.subset import Subset
from diabolo.errors import ParameterError
from diabolo.jobs.codes.discrete import code_bits
from diabolo.jobs.companions import linear_rival, linear_twin
from diabolo.jobs.diagnosis.copying import COPIES, WIDE, copying, wide_code_tried
from diabolo.jobs.diagnosis.remarks import in_english
from diabolo.jobs.diagnosis.shortfall import linear_told
from diabolo.jobs.evaluation.contenders import EVEN, square_error
from diabolo.jobs.evaluation.evaluate import kl_of
from diabolo.jobs.findings import Finding
from diabolo.jobs.inference import codes
from diabolo.jobs.kept_rows import kept_rows, shown_rows
from diabolo.jobs.set_apart import SHOWN, SetApart, refuse_unlike, set_apart, without
from diabolo.jobs.train import Options, Reader, train
from diabolo.metrics.codes import active_units, dead_units
from diabolo.spec import is_whole
from diabolo.trained import Companion, Trained

ENOUGH = 0.95
"""Of the variance that the best width keeps: the smallest width that keeps as much is suggested. Our own."""

Telling = Callable[[int, int, int], None]


@final
@dataclass(frozen=True)
class Width:
    """One width.

    latent_dim: what was asked. numbers: in a code, more than that for codes that are maps. error, training: mean squared errors
    inside the model's scale, of held-out rows and of rows it was trained on. pca: of the held-out rows through PCA with as many
    numbers, of discrete codes at as many bits. kept: ``1 − error / variance`` of the held-out rows. copied: the same of rows
    whose cells were shuffled, which have nothing to do with the data (:class:`diabolo.jobs.diagnosis.copying.Copying`); None
    where outputs are not like inputs. used: numbers of the code that say anything: active ones where codes are distributions,
    not dead ones elsewhere. seconds: of training. bits: a row, as discrete codes come; None of others. kl: nats that a row's
    code tells, where codes are distributions. told: the error of PCA if no more nats could be told of its numbers.
    """

    latent_dim: int
    numbers: int
    error: float
    training: float
    pca: float | None
    kept: float
    copied: float | None
    used: int
    seconds: float
    bits: float | None = None
    kl: float | None = None
    told: float | None = None

    @property
    def gap(self) -> float:
        """Held-out error over training error: about 1 where the model knows nothing by heart."""
        return self.error / self.training if self.training > 0 else math.inf if self.error > 0 else 1.0

    def copies(self, cells: int) -> bool:
        """Whether rows fit into the code whole and shuffled cells come back too."""
        return self.numbers >= cells and self.copied is not None and self.copied >= COPIES

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return dataclasses.asdict(self) | {"gap": self.gap if math.isfinite(self.gap) else None}


@final
@dataclass(frozen=True)
class Advice:
    """Which width, and why. rule: "kept", or "active" where the numbers in use of a wider code decided. at_the_edge: whether
    it is the widest that was tried, so that wider ones may be better. why: a sentence or more, with the rule and the figures.
    """

    latent_dim: int
    rule: Literal["kept", "active"]
    at_the_edge: bool
    why: tuple[Finding, ...]

    @property
    def reason(self) -> str:
        """Why, in English."""
        return " ".join(map(in_english, self.why))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON, with the English words."""
        plain = {"latent_dim": self.latent_dim, "rule": self.rule, "at_the_edge": self.at_the_edge}
        return {**plain, "reason": self.reason, "why": [f.to_dict() for f in self.why]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_dict`."""
        why = tuple(map(Finding.from_dict, data["why"]))
        return cls(data["latent_dim"], data["rule"], data["at_the_edge"], why)


@final
@dataclass(frozen=True, eq=False)
class Sweep:
    """What :func:`sweep` finds. widths: a line each, the narrowest first. variance: of the held-out rows, a mean over cells:
    the error of their mean. rows: that were trained on. held_out: that were judged. cells: numbers in a row. names: of its
    cells.

    originals: (m, F, *P), a few held-out rows inside the model's scale. pictures: one array like it for each width.
    value_range: of pixels, None for tables. warnings: what is doubtful, as of a code wider than a row.
    """

    recipe: str
    data: str
    widths: tuple[Width, ...]
    suggestion: Advice
    variance: float
    rows: int
    held_out: int
    cells: int
    originals: np.ndarray
    pictures: tuple[np.ndarray, ...]
    value_range: tuple[float, float] | None
    names: tuple[str, ...]
    warnings: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON, without the pictures."""
        plain = ("recipe", "data", "variance", "rows", "held_out", "cells")
        return {name: getattr(self, name) for name in plain} | {
            "widths": [w.to_dict() for w in self.widths],
            "suggestion": self.suggestion.to_dict(),
            "warnings": [in_english(f) for f in self.warnings],
        }

    @property
    def chosen(self) -> Width:
        """The suggested one."""
        return next(w for w in self.widths if w.latent_dim == self.suggestion.latent_dim)

    def kept(self) -> Companion:
        """As a model folder keeps it: every figure; of pictures also a few rows, as bytes."""
        more = {"value_range": self.value_range and list(self.value_range), "names": list(self.names)}
        data = self.to_dict() | more | {"warnings": [f.to_dict() for f in self.warnings]}
        return Companion(data, kept_rows([self.originals, *self.pictures], self.value_range))

    @classmethod
    def from_kept(cls, kept: Companion) -> Self:
        """The inverse of :meth:`kept`, but for rows of tables and what bytes round off. KeyError, ValueError: a damaged one."""
        data = kept.data
        known = {f.name for f in dataclasses.fields(Width)}
        widths = tuple(Width(**{k: v for k, v in line.items() if k in known}) for line in data["widths"])
        bounds = None if data["value_range"] is None else (data["value_range"][0], data["value_range"][1])
        originals, pictures = shown_rows(kept.arrays, 1 + len(widths), bounds)
        return cls(
            **{name: data[name] for name in ("recipe", "data", "variance", "rows", "held_out", "cells")},
            widths=widths,
            suggestion=Advice.from_dict(data["suggestion"]),
            originals=originals,
            pictures=pictures,
            value_range=bounds,
            names=tuple(data["names"]),
            warnings=tuple(map(Finding.from_dict, data["warnings"])),
        )


def sweep(
    data: Any,
    options: Options,
    latent_dims: Sequence[int] | str = "auto",
    *,
    y: Any = None,
    readers: Sequence[Reader] = (),
    tell: Telling | None = None,
) -> Sweep:
    """Train the same recipe at several widths of the code and say which one to take.

    A fifth of the rows, by a hash of their numbers, is kept from all trainings and judges them; each training holds out rows
    of its own besides, as ``options`` say. The width that is suggested is the smallest that keeps 95 % of the variance the
    best one keeps on those rows. Where codes are distributions a code need not be wider than the numbers a wider one uses:
    the smallest width with room for the active numbers of the best one is taken where that is narrower still. A code that
    holds a row whole and copies is never the best while another is not.

    Args:
        data: anything :func:`diabolo.data.read` takes, or what it returned.
        options: of the trainings; ``latent_dim`` is not looked at.
        latent_dims: widths to try, at least two different ones; ``"auto"``: the powers of two from 2 to the numbers in a row,
            or to the rows where these are fewer.
        y: labels, for conditional recipes. readers: called with the events of every training but notices of wide codes, which
            the result has. tell: called before each with its number from 1, how many there are, and the width.

    Raises:
        ParameterError for widths that are none, DataError for too few rows, UnsupportedError for recipes whose outputs are not
        like their inputs.
    """
    options.check()
    reading = data if isinstance(data, Reading) else read(data)
    apart = set_apart(reading, y, conditional=recipes.get(options.recipe).conditional, what="A sweep")
    known = widths_of(latent_dims, apart.cells, len(apart.rows))
    widths: list[Width] = []
    pictures: list[np.ndarray] = []
    warned: list[Finding] = []
    listening = [without(WIDE, reader) for reader in readers]
    last: Trained | None = None
    for number, latent_dim in enumerate(known, 1):
        if tell is not None:
            tell(number, len(known), latent_dim)
        started = time.perf_counter()
        trained = train(apart.part, dataclasses.replace(options, latent_dim=latent_dim), readers=listening)
        seconds = time.perf_counter() - started
        refuse_unlike(trained, "A sweep")
        width = _judged(trained, apart, latent_dim, seconds)
        widths.append(width)
        wide = wide_code_tried(trained, width.copied)
        warned += [] if wide is None else [wide]
        pictures.append(apart.restored(trained, apart.judged[:SHOWN]))
        last = trained
    assert last is not None  # there are at least two widths
    layout = last.kind.layout
    return Sweep(
        recipe=last.config.recipe,
        data=reading.name,
        widths=tuple(widths),
        suggestion=advise(widths, apart.cells, variational=last.model.bottleneck.variational, cheaper=cheaper_of(last)),
        variance=apart.variance(last),
        rows=len(apart.rows),
        held_out=len(apart.judged),
        cells=apart.cells,
        originals=apart.inside(last, apart.judged[:SHOWN]),
        pictures=tuple(pictures),
        value_range=layout.bounds,
        names=tuple(str(n) for n in layout.names),
        warnings=tuple(warned),
    )


def widths_of(given: Sequence[int] | str, cells: int, rows: int) -> tuple[int, ...]:
    """Widths to try, the narrowest first; of a row of so many cells, with so many rows to learn from.

    >>> widths_of("auto", 12, 1000), widths_of("auto", 784, 100), widths_of([8, 2, 8], 784, 100)
    ((2, 4, 8), (2, 4, 8, 16, 32, 64), (2, 8))
    """
    if isinstance(given, str) and given == "auto":
        found = [2**i for i in range(1, 30) if 2**i <= min(cells, rows)]
        return tuple(found) if len(found) > 1 else (1, 2)
    if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray):
        raise ParameterError(f"latent_dims must be 'auto' or whole numbers such as [2, 4, 8, 16], got {given!r}.")
    if not all(is_whole(v, 1) for v in given) or len({int(v) for v in given}) < 2:
        raise ParameterError(
            f"latent_dims must be at least two different whole numbers of at least 1, such as [2, 4, 8, 16], got "
            f"{list(given)!r}."
        )
    return tuple(sorted({int(v) for v in given}))


def cheaper_of(trained: Trained) -> Finding | None:
    """What to change in a recipe whose codes are to be drawn from, for rows to come back better; None of other recipes."""
    parts = trained.config.composition
    if trained.model.bottleneck.prior() is None:
        return None
    if not trained.model.bottleneck.variational:
        names = [r.name for r in parts.regularizers]
        return Finding("widths.cheaper.weight", {"name": names[0]}) if names else Finding("widths.cheaper.longer")
    neck, likelihood = parts.bottleneck.get_params(), parts.likelihood.get_params()
    weighs = {"beta": float(neck["beta"])} if neck["samples"] == 1 else {}  # the bound of several samples has no weight
    fixed = next(({"name": name} for name in ("variance", "spread") if likelihood.get(name) == "fixed"), {})
    key = "both" if weighs and fixed else "beta" if weighs else "spread" if fixed else "longer"
    return Finding(f"widths.cheaper.{key}", {**weighs, **fixed})


def advise(widths: Sequence[Width], cells: int, *, variational: bool, cheaper: Finding | None = None) -> Advice:
    """Which of the widths to take, by the rule of :func:`sweep`. cells: numbers in a row. cheaper: see :func:`cheaper_of`."""
    honest = [w for w in widths if not w.copies(cells)] or list(widths)
    best = max(honest, key=lambda w: w.kept)
    if best.kept <= 0:
        why = Finding("widths.none", {"best": best.latent_dim, "kept_share": best.kept})
        return Advice(honest[0].latent_dim, "kept", False, (why,))
    enough = next(w for w in honest if w.kept >= ENOUGH * best.kept)
    room = next((w for w in honest if w.numbers >= best.used), best)
    in_use = {"used": best.used, "n": best.numbers}
    if variational and room.numbers < enough.numbers:
        why = Finding("widths.active", {"width": room.latent_dim, "best": best.latent_dim} | in_use)
        return Advice(room.latent_dim, "active", room is widths[-1], (why, *_beside(widths, room, cells, cheaper)))
    said = {"width": enough.latent_dim, "limit_share": ENOUGH, "best": best.latent_dim}
    told = [Finding("widths.kept", said | {"kept_share": enough.kept, "best_share": best.kept})]
    told += [Finding("widths.in-use", in_use)] if variational else []
    return Advice(enough.latent_dim, "kept", enough is widths[-1], (*told, *_beside(widths, enough, cells, cheaper)))


def _beside(widths: Sequence[Width], chosen: Width, cells: int, cheaper: Finding | None) -> list[Finding]:
    """What narrower and wider ones do instead, and PCA."""
    at = list(widths).index(chosen)
    narrower, widest = widths[at - 1] if at > 0 else None, widths[-1]
    said = []
    if narrower is not None:
        said.append(Finding("widths.narrower", {"width": narrower.latent_dim, "kept_share": narrower.kept}))
    copies = next((w for w in widths if w.copies(cells)), None)
    if copies is not None:
        said.append(Finding("widths.copies", {"width": copies.latent_dim, "copied_share": copies.copied}))
    elif at + 1 == len(widths):
        said += [Finding("widths.edge")] if chosen.numbers < cells else []
    else:
        kept = {"width": widest.latent_dim, "kept_share": widest.kept}
        copied = {} if widest.copied is None else {"copied_share": max(0.0, widest.copied)}
        said.append(Finding("widths.widest.copied" if copied else "widths.widest", kept | copied))
    return [*said, *(_rival(chosen, cheaper) if chosen.numbers < cells or chosen.bits is not None else [])]


def _rival(chosen: Width, cheaper: Finding | None) -> list[Finding]:
    """Its error over PCA's; nothing where PCA is not there, or leaves nothing.

    To take PCA instead is no advice where codes are to be drawn from: there the price of that is told, and what lowers it.
    """
    if chosen.pca is None or not chosen.pca > 0:
        return []
    rival = Finding("diagnosis.rival.numbers", {"n": chosen.numbers})
    behind = "widths.beside.numbers"
    if chosen.bits is not None:
        rival, behind = Finding("diagnosis.rival.bits", {"n": chosen.bits}), "widths.beside.bits"
    said = {"times": chosen.error / chosen.pca, "rival": rival}
    if chosen.error <= EVEN * chosen.pca:
        return [Finding("widths.beside", said)]
    if cheaper is None:
        return [Finding(behind, said)]
    if chosen.kl is None or chosen.told is None:
        return [Finding("widths.beside.drawn", said | {"then": cheaper})]
    return [Finding("widths.beside.kl", said | {"kl": chosen.kl, "pca": chosen.told, "error": chosen.error, "then": cheaper})]


def _judged(trained: Trained, apart: SetApart, latent_dim: int, seconds: float) -> Width:
    error, training = (apart.error(trained, rows) for rows in (apart.judged, apart.seen))
    source, condition = Subset(apart.reading.source, apart.judged), apart.condition(trained, apart.judged)
    x = apart.inside(trained, apart.judged).reshape(len(source), -1)
    rival, twin, kl = linear_rival(trained), linear_twin(trained), kl_of(trained, source, condition)
    nats = None if kl is None else float(kl.sum(axis=1).mean())
    z = codes(trained, source, condition).flatten(1).numpy()
    used = active_units(z) if trained.model.bottleneck.variational else ~dead_units(z)
    copied = copying(trained, source, condition)
    variance = apart.variance(trained)
    return Width(
        latent_dim=latent_dim,
        numbers=z.shape[1],
        error=error,
        training=training,
        pca=None if rival is None else square_error(trained.kind.layout, x, rival.reconstruct(x)),
        kept=1 - error / variance if variance > 0 else 0.0,
        copied=None if copied is None else copied.noise,
        used=int(used.sum()),
        seconds=seconds,
        bits=code_bits(trained),
        kl=nats,
        told=None if nats is None or twin is None else linear_told(twin, x, max(nats, 0.0), trained.kind.layout),
    )

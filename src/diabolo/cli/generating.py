"""The ways of ``diabolo generate``: at random, near given rows, over the plane, along each number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from diabolo.cli import console, making_rows, walking
from diabolo.cli.inputs import open_model, read_for
from diabolo.errors import ParameterError
from diabolo.jobs.generation.judge_samples import SampleJudgment, judge_samples
from diabolo.jobs.generation.plane import latent_plane
from diabolo.jobs.generation.vary import steadiness
from diabolo.jobs.generation.walks import latent_walks
from diabolo.trained import Trained

NEW, NEAR, SPREAD = 25, 8, 0.3
"""Rows where nobody says how many, rows near each row, and how far from it."""


@final
@dataclass(frozen=True)
class Asked:
    """The options of the command; None where one was not given."""

    count: int | None
    density: str
    label: str | None
    seed: int | None
    around: str | None
    spread: float | None
    by: str | None
    grid: int | None
    numbers: str | None
    walk: bool
    judge: str | None
    training: str | None
    nearest: Path | None
    features: str

    def check(self) -> None:
        """Refuse before any work what does not go together."""
        ways = {"--around": self.around is not None, "--grid": self.grid is not None, "--walk": self.walk}
        chosen = [name for name, given in ways.items() if given]
        if len(chosen) > 1:
            raise ParameterError(f"{' and '.join(chosen)} are two ways to choose codes: give one of them.")
        self._need("--around", ways["--around"], {"--spread": self.spread, "--by": self.by})
        self._need("--grid", ways["--grid"], {"--numbers": self.numbers})
        if self.training is not None and self.judge is None and self.nearest is None:
            raise ParameterError("--training looks for copies beside real data: give --judge DATA too, or --nearest PNG.")
        if self.features != "cells" and self.judge is None:
            raise ParameterError(f"--features {self.features} says in what new rows are compared: give --judge DATA too.")
        if not chosen:
            return
        own = chosen[0] == "--around"
        others = {"--density": self.density != "auto", "--judge": self.judge is not None, "--nearest": self.nearest is not None}
        others |= {"--label": own and self.label is not None, "--count": not own and self.count is not None}
        others |= {"--seed": not own and self.seed is not None}
        idle = [name for name, given in others.items() if given]
        if idle:
            raise ParameterError(f"{idle[0]} says nothing with {chosen[0]}: leave it out.")

    def _need(self, way: str, given: bool, options: Mapping[str, Any]) -> None:
        for name, value in options.items():
            if value is not None and not given:
                raise ParameterError(f"{name} belongs to {way}: give that too, or leave it out.")


@final
@dataclass(frozen=True)
class Made:
    """What was written. rows, files: how many. words: lines about it. figures: the same for JSON. judged: beside real rows."""

    rows: int
    files: int
    words: tuple[str, ...]
    figures: Mapping[str, Any] = field(default_factory=dict)
    judged: SampleJudgment | None = None

    def document(self, output: Path) -> dict[str, Any]:
        """Plain values."""
        found = {"output": output, "rows": self.rows, "files": self.files, **self.figures}
        return found | {"judgment": making_rows.document(self.judged)}

    def show(self, output: Path) -> None:
        """The lines, the first with the output's name."""
        console.result(f"{self.words[0]}: {output}")
        for line in self.words[1:]:
            console.result(line)
        if self.judged is not None:
            making_rows.show(self.judged)


def make(model: Path, asked: Asked, output: Path, device: str) -> Made:
    """Make the rows that were asked for, and write them down."""
    trained = open_model("generate", model, asked.around, device)
    if asked.around is not None:
        return _near(trained, asked, asked.around, output)
    if asked.grid is not None or asked.walk:
        return _chosen(trained, asked, output)
    return _drawn(trained, asked, output)


def _drawn(trained: Trained, asked: Asked, output: Path) -> Made:
    ending = making_rows.ending(trained, output)
    making_rows.check_nearest(trained, asked.nearest, asked.training)
    y = making_rows.label_of(trained, asked.label)
    made = making_rows.drawn(trained, asked.count or NEW, asked.density, y, asked.seed)
    written = making_rows.write(trained, made, y, output, ending)
    words = [f"{len(made)} new rows"]
    if asked.nearest is not None and asked.training is not None:
        shown = making_rows.write_nearest(trained, made, read_for(trained, asked.training).array(), asked.nearest)
        some = f", the first {shown} of {len(made)}" if shown < len(made) else ""
        words.append(f"Beside the nearest of the training{some}: {asked.nearest}")
    judged = None if asked.judge is None else _judged(trained, asked, asked.judge)
    return Made(len(made), written, tuple(words), {"nearest": asked.nearest}, judged)


def _judged(trained: Trained, asked: Asked, data: str) -> SampleJudgment:
    reading = read_for(trained, data)
    known = None if asked.training is None else read_for(trained, asked.training)
    rows, labels = (None, None) if known is None else (known.source, known.labels)
    return judge_samples(
        trained,
        reading.source,
        reading.labels,
        training=rows,
        training_labels=labels,
        features=asked.features,
        seed=asked.seed or 0,
    )


def _near(trained: Trained, asked: Asked, data: str, output: Path) -> Made:
    ending = walking.ending(trained, output, data)
    reading = read_for(trained, data)
    spread, by, n = SPREAD if asked.spread is None else asked.spread, asked.by or "code", asked.count or NEAR
    rows = walking.around(trained, reading, n, output, ending, spread=spread, by=by, seed=asked.seed)
    found = steadiness(trained, reading.source, reading.labels, spread=spread, by=by, seed=asked.seed or 0)
    moved = {"code": "every code number moved by its own standard deviation", "input": "noise on the rows"}[by]
    words = (
        f"{rows} rows, {n} near each of {rows // n}",
        f"{moved} x {spread:g}: outputs change by {found.change:.1%} of what lies between two rows.",
    )
    return Made(rows, 1, words, {"steadiness": found.to_dict()})


def _chosen(trained: Trained, asked: Asked, output: Path) -> Made:
    """A grid or walks."""
    ending = walking.ending(trained, output)
    y = making_rows.label_of(trained, asked.label)
    if asked.grid is not None:
        plane = latent_plane(trained, asked.grid, walking.numbers(asked.numbers))
        rows = walking.plane(trained, plane, y, output, ending)
        scale = {"prior": "the standard normal prior", "codes": "the training codes"}[plane.scale]
        first, second = plane.numbers
        words = (
            f"{plane.steps} x {plane.steps} rows, code numbers {first} and {second}",
            f"Evenly spread by quantiles of {scale}.",
        )
        return Made(rows, 1, words, {"numbers": plane.numbers, "scale": plane.scale})
    found = latent_walks(trained, most=walking.MOST_WALKS if ending == ".png" else None)
    rows = walking.walks(trained, found, y, output, ending)
    shown, k = len(found.numbers), found.codes.shape[-1]
    idle = f" of the {found.active} active ones" if shown < found.active else ""
    words = (f"{shown} walks{idle}, the most active code number first", f"{found.active} of {k} code numbers are active.")
    figures = {"numbers": found.numbers.tolist(), "variances": found.variances.tolist(), "active": found.active}
    return Made(rows, 1, words, figures)

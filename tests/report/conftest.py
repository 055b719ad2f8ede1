"""Reports of small trainings, made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from diabolo.data import read
from diabolo.jobs.evaluation.evaluate import Evaluation, evaluate
from diabolo.report import Report, build_report
from diabolo.report.gathered import Gathered, gather
from diabolo.trained import Trained
from tests.helpers import little_images, low_rank, quick

IMAGES, TABLE = little_images(60), low_rank(60)
IMAGE_LABELS, LABELS = IMAGES.argmax(axis=1)[:, 0], np.array(["ash", "oak", "elm"])[np.arange(60) % 3]


@dataclass(frozen=True)
class Case:
    """A model, the rows it is judged by, their labels and targets."""

    trained: Trained
    rows: Any
    labels: Any = None
    target: Any = None

    @property
    def source(self) -> Any:
        return self.trained.kind.read(self.rows)

    def evaluation(self) -> Evaluation:
        return evaluate(self.trained, self.source, self.labels, self.target, name="trees", role="held-out")

    def report(self, lang: str = "en", **options: Any) -> Report:
        given = {"evaluation": self.evaluation(), "target": self.target, "lang": lang} | options
        return build_report(self.trained, self.source, self.labels, **given)

    def gathered(self) -> Gathered:
        return gather(self.trained, self.source, self.labels, self.evaluation(), target=self.target)


MAKE: dict[str, Callable[[], Case]] = {
    "image": lambda: Case(quick(IMAGES, "plain", epochs=6), IMAGES),
    "image with labels": lambda: Case(quick(IMAGES, "denoising", network="residual"), IMAGES, IMAGE_LABELS),
    "color": lambda: Case(quick(np.stack([IMAGES] * 3, axis=-1), "conv"), np.stack([IMAGES] * 3, axis=-1)),
    "table": lambda: Case(quick(TABLE, "deep", epochs=6), TABLE),
    "table with labels": lambda: Case(quick(TABLE, "denoising", latent_dim=3), TABLE, LABELS),
    "vae": lambda: Case(quick(IMAGES, "vae", latent_dim=4), IMAGES, IMAGE_LABELS),
    "vae on a table": lambda: Case(quick(TABLE, "beta-vae", latent_dim=2), TABLE),
    "conditional": lambda: Case(quick(TABLE, "cvae", y=LABELS), TABLE, LABELS),
    "sparse": lambda: Case(quick(TABLE, "sparse"), TABLE),
    "contractive": lambda: Case(quick(TABLE, "contractive", latent_dim=1), TABLE),
    "bce": lambda: Case(quick(IMAGES, "vae", likelihood="bce"), IMAGES),
    "pairs": lambda: Case(quick(IMAGES, "conv", target=255 - IMAGES), IMAGES, target=255 - IMAGES),
    "nothing held out": lambda: Case(quick(TABLE, "plain", validation_fraction=0.0), TABLE),
    "read as a frame": lambda: Case(quick(read(frame(), label="wood"), "plain"), frame().drop(columns="wood"), LABELS),
}


def frame() -> Any:
    """A data frame with columns of their own names, one of them constant."""
    import pandas as pd

    columns = {f"size_{i}": TABLE[:, i] for i in range(12)}
    return pd.DataFrame(columns | {"constant": np.ones(60, dtype=np.float32), "wood": LABELS})


@cache
def case(name: str) -> Case:
    """The case of that name."""
    return MAKE[name]()


@cache
def report(name: str, lang: str = "en") -> Report:
    """Its report."""
    return case(name).report(lang)

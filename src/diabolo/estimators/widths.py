"""Widths: what a sweep over the width of the code found, as notebooks look at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from diabolo.errors import UnsupportedError
from diabolo.jobs.diagnosis.remarks import in_english
from diabolo.jobs.diagnosis.sweep import Sweep, Width

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@final
@dataclass(frozen=True, eq=False)
class Widths:
    """The result of :meth:`diabolo.Autoencoder.sweep`. ``print(result)`` is a table and the suggestion.

    found: the :class:`diabolo.jobs.diagnosis.sweep.Sweep` with every figure.
    """

    found: Sweep

    @property
    def latent_dim(self) -> int:
        """The width that is suggested."""
        return self.found.suggestion.latent_dim

    @property
    def reason(self) -> str:
        """Why."""
        return self.found.suggestion.reason

    def plot(self) -> Figure:
        """Errors and copying by width, beside PCA."""
        from diabolo.figures.sweep import sweep_curve

        return sweep_curve(self.found)

    def plot_pictures(self) -> Figure:
        """A few held-out pictures through every width. Images only."""
        from diabolo.figures.sweep import sweep_pictures

        if self.found.value_range is None:
            raise UnsupportedError("Rows of a table are no pictures. plot() draws their errors by width.")
        return sweep_pictures(self.found)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return self.found.to_dict()

    def __str__(self) -> str:
        names = list(COLUMNS)
        lines = [[show(w) for show in COLUMNS.values()] for w in self.found.widths]
        wide = [max(len(line[i]) for line in (names, *lines)) for i in range(len(names))]
        table = ["  ".join(cell.rjust(n) for cell, n in zip(line, wide, strict=True)) for line in (names, *lines)]
        return "\n".join([*table, f"Suggested: {self.latent_dim}. {self.reason}", *map(in_english, self.found.warnings)])


COLUMNS: dict[str, Callable[[Width], str]] = {
    "latent_dim": lambda w: str(w.latent_dim),
    "held-out error": lambda w: f"{w.error:.4g}",
    "PCA's": lambda w: "" if w.pca is None else f"{w.pca:.4g}",
    "over training": lambda w: f"{w.gap:.2f}",
    "kept": lambda w: f"{w.kept:.1%}",
    "of shuffled cells": lambda w: "" if w.copied is None else f"{w.copied:.1%}",
    "in use": lambda w: f"{w.used} of {w.numbers}",
    "seconds": lambda w: f"{w.seconds:.1f}",
}
"""What a table of a sweep shows of each width."""

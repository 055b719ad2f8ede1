"""A map of codes, drawn: what its axes are, and what its colors mean."""

from __future__ import annotations

from matplotlib.figure import Figure

from diabolo.figures.codes import codes
from diabolo.figures.texts import Texts
from diabolo.jobs.codes.coloring import Coloring
from diabolo.jobs.codes.maps import CodeMap


def code_map(found: CodeMap, shown: Coloring | None = None, *, texts: Texts | None = None) -> Figure:
    """The points of a map as a scatter. shown: colors of all rows that were embedded, of which the map may hold some."""
    if shown is None:
        return codes(found.plane, axis_names=axis_names(found), texts=texts)
    values, name = shown.of(found.rows), shown.name or None
    return codes(found.plane, values, axis_names=axis_names(found), continuous=shown.continuous, color_name=name, texts=texts)


def axis_names(found: CodeMap) -> tuple[str, str] | None:
    """The code's own numbers, PCA's axes with their shares of the variance; None where axes have no meaning."""
    if found.shares is not None:
        return f"axis 1 ({found.shares[0]:.0%})", f"axis 2 ({found.shares[1]:.0%})"
    if found.method != "direct":
        return None
    return "code number 0", "code number 1" if found.points.shape[1] == 2 else ""

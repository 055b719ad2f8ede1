"""A figure as bytes or text, the same each time it is written."""

from __future__ import annotations

import io

from matplotlib import rc_context
from matplotlib.figure import Figure


def to_png(fig: Figure, dpi: float = 160) -> bytes:
    """The figure as a PNG of ``dpi`` pixels an inch, without a word about the program or the hour."""
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None}, facecolor="auto")
    return buffer.getvalue()


def to_svg(fig: Figure, salt: str = "diabolo") -> str:
    """The figure as SVG, from ``<svg`` on, so that it can stand in a page; letters are drawn as outlines.

    salt: where several figures stand in one page, a word of its own for each keeps their ids apart.
    """
    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": salt, "svg.fonttype": "path"}):
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        fig.savefig(buffer, format="svg", metadata=nothing, dpi=200, facecolor="auto")
    text = buffer.getvalue()
    return text[text.index("<svg") :]

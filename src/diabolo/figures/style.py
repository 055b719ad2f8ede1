"""One look for all figures: light, drawn to be read at 400 pixels, and in colors that color-blind readers tell apart.

The palette is Okabe & Ito's, 2008, https://jfly.uni-koeln.de/color/, and two more colors.
"""

from __future__ import annotations

import io
from typing import final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, YELLOW, BLACK = "#56B4E9", "#CC79A7", "#F0E442", "#000000"
WINE, GREY = "#882255", "#999999"  # from Paul Tol's "muted", so that ten digits have a color each
PALETTE = (BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, BLACK, YELLOW, WINE, GREY)
INK, MUTED, LINE, PAPER = "#222222", "#666666", "#DDDDDD", "#FFFFFF"
OTHER = "#AAAAAA"  # bars of what stands beside the model
SCALE = "cividis"  # the color map of everything continuous; made for color-blind readers

FONT = "DejaVu Sans"  # comes with matplotlib; has Latin, Greek and Cyrillic
WIDTH = 6.0  # inches: at 400 pixels the text of BODY points is 9 pixels high
BODY, SMALL = 10.0, 9.0


@final
class Picture(Figure):
    """A figure that a notebook shows by itself, whatever matplotlib was told there."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()


def blank(height: float, width: float = WIDTH) -> Figure:
    """An empty white figure of so many inches, whose parts make room for each other."""
    return Picture(figsize=(width, height), layout="constrained", facecolor=PAPER)


def clean(ax: Axes, *, grid: str = "y") -> None:
    """Quiet axes: two spines, small ticks, a light grid along ``grid`` (``"x"``, ``"y"``, ``"both"`` or ``""``)."""
    ax.set_facecolor(PAPER)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(MUTED)
    ax.tick_params(colors=INK, labelsize=SMALL, labelfontfamily=FONT, color=MUTED)
    ax.set_axisbelow(True)
    if grid in ("x", "y", "both"):
        ax.grid(True, axis="x" if grid == "x" else "y" if grid == "y" else "both", color=LINE, linewidth=0.8)


def bare(ax: Axes) -> None:
    """Axes without ticks, with a hairline around them: for pictures."""
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set(color=LINE, linewidth=0.6)


def say(ax: Axes, *, title: str | None = None, x: str | None = None, y: str | None = None) -> None:
    """A title above the axes' left end, and what the axes are called, as plain text."""
    if title is not None:
        ax.set_title(plain(title), font=font(BODY), color=INK, loc="left", pad=4)
    if x is not None:
        ax.set_xlabel(plain(x), font=font(BODY), color=INK)
    if y is not None:
        ax.set_ylabel(plain(y), font=font(BODY), color=INK)


def font(size: float, *, bold: bool = False) -> FontProperties:
    """The house's font at so many points."""
    return FontProperties(family=FONT, size=size, weight="bold" if bold else "normal")


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide one line of text is, in inches."""
    width, _, _ = text_to_path.get_text_width_height_descent(text, font(size, bold=bold), ismath=False)
    return float(width) / 72


def wrapped(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Text in lines of at most ``width`` inches. A word that is longer stands alone and is cut.

    >>> wrapped("what goes into the model", 1.0, 10)
    ['what goes', 'into the', 'model']
    """
    lines: list[str] = []
    for word in filter(None, text.split(" ")):  # thin and fixed spaces hold together
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(shortened(word, width, size, bold=bold))
    return lines


def shortened(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Text cut to ``width`` inches, with an ellipsis where something was cut."""
    if text_width(text, size, bold=bold) <= width:
        return text
    while text and text_width(text + "…", size, bold=bold) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def plain(text: object) -> str:
    """Text that matplotlib draws as it is: a dollar sign would begin a formula.

    >>> plain("price, $")
    'price, \\\\$'
    """
    return str(text).replace("$", r"\$")

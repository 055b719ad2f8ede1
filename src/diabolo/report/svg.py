"""Figures for a page: SVG that follows the page's colors, by day and by night."""

from __future__ import annotations

import re
from typing import Any, final

from markupsafe import Markup, escape
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter, ScalarFormatter

from diabolo.figures import style
from diabolo.figures.export import to_svg

COLORS = {
    style.INK: "ink",
    style.MUTED: "muted",
    style.LINE: "line",
    style.PAPER: "paper",
    style.BLUE: "blue",
    style.ORANGE: "orange",
    style.GREEN: "green",
    style.VERMILION: "vermilion",
    style.SKY: "sky",
    style.PURPLE: "purple",
    style.BLACK: "black",
    style.YELLOW: "yellow",
    style.WINE: "wine",
    style.GREY: "grey",
    style.OTHER: "other",
}
"""What figures are drawn in -> the variable of the page's style sheet that stands for it (``--fig-ink``, …)."""

_COLOR = re.compile("|".join(COLORS), re.IGNORECASE)
_ID = re.compile(r'(?<=\bid=")|(?<=url\(#)|(?<=href="#)')
_NOISE = re.compile(r"<style.*?</style>|<!--.*?-->", re.DOTALL)
_NUMBER = re.compile(r"^[−-]?\d+\.\d+$")


def inline_svg(fig: Figure, name: str, alt: str, *, comma: bool = False) -> Markup:
    """A figure as an element of the page.

    name: letters that no other figure of the page has; every id begins with it. alt: what it shows, for those who do not see
    it. comma: numbers at axes and bars with a decimal comma.
    """
    if comma:
        with_comma(fig)
    svg = to_svg(fig, salt=name)
    svg = _NOISE.sub("", svg[svg.index(">") + 1 :])  # a page knows better than inches and a style for every element
    svg = _COLOR.sub(lambda found: f"var(--fig-{COLORS[found.group().upper()]})", svg)
    svg = _ID.sub(f"{name}-", svg)
    svg = svg.replace("xlink:href", "href")
    width, height = (72 * inches for inches in fig.get_size_inches())
    opening = f'<svg class="figure" role="img" aria-label="{escape(alt)}" viewBox="0 0 {width:g} {height:g}">'
    return Markup(opening + svg.strip())


def with_comma(fig: Figure) -> None:
    """Numbers at the axes and beside bars get a decimal comma; names of categories stay as they are."""
    for ax in fig.axes:
        for axis in (ax.xaxis, ax.yaxis):
            formatter = axis.get_major_formatter()
            if isinstance(formatter, ScalarFormatter):
                axis.set_major_formatter(CommaFormatter(formatter))
        for text in ax.texts:
            if _NUMBER.match(text.get_text()):
                text.set_text(_comma(text.get_text()))


@final
class CommaFormatter(Formatter):
    """Another formatter's ticks with a decimal comma."""

    def __init__(self, inner: ScalarFormatter) -> None:
        self.inner = inner

    def __call__(self, x: float, pos: int | None = None) -> str:
        return _comma(self.inner(x, pos))

    def set_axis(self, axis: Any) -> None:
        super().set_axis(axis)
        self.inner.set_axis(axis)

    def set_locs(self, locs: Any) -> None:
        self.inner.set_locs(locs)

    def get_offset(self) -> str:
        return _comma(self.inner.get_offset())


def _comma(label: str) -> str:
    """In a formula a comma would be followed by a space, were it not in braces."""
    return label.replace(".", "{,}" if "$" in label else ",")

"""The model as a drawing: a diabolo that stands upright, wide where many numbers flow, narrow at the code."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Polygon

from diabolo.errors import DataError
from diabolo.figures.style import (
    BLUE,
    BODY,
    GREEN,
    INK,
    MUTED,
    PAPER,
    SKY,
    SMALL,
    VERMILION,
    WIDTH,
    blank,
    font,
    plain,
    wrapped,
)
from diabolo.figures.texts import Texts, resolved

Role = Literal["input", "encoder", "code", "decoder", "output"]

COLORS: dict[str, str] = {"input": MUTED, "encoder": BLUE, "code": VERMILION, "decoder": GREEN, "output": MUTED}
MIDDLE, WIDEST, NARROWEST = 1.15, 2.1, 0.3  # inches: the axis of the toy, and the widths of its blocks
BLOCK, LEAD, REST = 0.3, 0.165, 0.24  # inches: a block's height, a line of text, the air between two stages
WORDS_FROM = 2.4


@final
@dataclass(frozen=True)
class Stage:
    """One station of a row's way through the model.

    name: such as "convolution 3×3". words: what it does, in a sentence. shape: of one row as it leaves, without the batch
    axis. parameters: learned numbers. role: where it stands, "input", "encoder", "code", "decoder" or "output".
    """

    name: str
    words: str
    shape: tuple[int, ...]
    parameters: int
    role: Role

    @property
    def numbers(self) -> int:
        """How many numbers a row is as it leaves this stage."""
        return math.prod(self.shape)


def architecture(stages: Sequence[Stage], *, texts: Texts | None = None) -> Figure:
    """The stages from input at the top to output at the bottom. A block's width shows the logarithm of its numbers.

    Beside each block stand its name, the shape of a row as it leaves, the count of learned numbers and what it does. The toy
    stands upright so that these words have room, also on a narrow screen.
    """
    if not stages:
        raise DataError("Expected at least one stage to draw, got none.")
    said = [_said(stage, resolved(texts)) for stage in stages]
    heights = [max(BLOCK, LEAD * len(lines)) + REST for lines in said]
    height = sum(heights)
    fig = blank(height)
    fig.set_layout_engine("none")
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, WIDTH), ylim=(height, 0))  # inches from the upper left corner
    ax.set_axis_off()
    middles = [sum(heights[:i]) + heights[i] / 2 for i in range(len(stages))]
    widths = _widths(stages)
    for i in range(len(stages) - 1):
        _funnel(ax, middles[i], middles[i + 1], widths[i], widths[i + 1])
    for stage, lines, y, width in zip(stages, said, middles, widths, strict=True):
        _block(ax, stage, y, width)
        _write(ax, lines, y)
    return fig


def _widths(stages: Sequence[Stage]) -> list[float]:
    """Widths in inches, the logarithm of the numbers spread over what is allowed."""
    logs = [math.log(max(1, stage.numbers)) for stage in stages]
    low, high = min(logs), max(logs)
    share = [(value - low) / (high - low) if high > low else 1.0 for value in logs]
    return [NARROWEST + (WIDEST - NARROWEST) * s for s in share]


def _said(stage: Stage, words: Texts) -> list[tuple[str, float, str, bool]]:
    """Lines of (text, size, color, bold)."""
    room = WIDTH - WORDS_FROM - 0.05
    shape = "×".join(map(str, stage.shape)) or "1"
    facts = shape if len(stage.shape) < 2 else f"{shape} = {_grouped(stage.numbers)}"
    if stage.parameters:
        facts += " · " + words["architecture.parameters"].format(count=_grouped(stage.parameters))
    lines = [(line, BODY, INK, True) for line in wrapped(stage.name, room, BODY, bold=True)]
    lines += [(line, SMALL, COLORS[stage.role], False) for line in wrapped(facts, room, SMALL)]
    return lines + [(line, SMALL, INK, False) for line in wrapped(stage.words, room, SMALL)]


def _grouped(number: int) -> str:
    """A number in groups of three with thin spaces, which every language reads."""
    return f"{number:,}".replace(",", "\u2009")


def _funnel(ax: Axes, y: float, y_next: float, width: float, width_next: float) -> None:
    corners = [
        (MIDDLE - width / 2, y),
        (MIDDLE + width / 2, y),
        (MIDDLE + width_next / 2, y_next),
        (MIDDLE - width_next / 2, y_next),
    ]
    ax.add_patch(Polygon(corners, closed=True, facecolor=SKY, alpha=0.22, linewidth=0))


def _block(ax: Axes, stage: Stage, y: float, width: float) -> None:
    box = FancyBboxPatch(
        (MIDDLE - width / 2, y - BLOCK / 2),
        width,
        BLOCK,
        boxstyle="round,pad=0,rounding_size=0.06",
        facecolor=COLORS[stage.role],
        edgecolor=PAPER,
    )
    ax.add_patch(box)
    number = _grouped(stage.numbers)
    inside = width > 0.1 * len(number) + 0.1
    x, align, color = (MIDDLE, "center", PAPER) if inside else (MIDDLE + width / 2 + 0.06, "left", COLORS[stage.role])
    ax.text(x, y, number, font=font(SMALL, bold=True), color=color, ha=align, va="center_baseline")


def _write(ax: Axes, lines: list[tuple[str, float, str, bool]], y: float) -> None:
    top = y - LEAD * (len(lines) - 1) / 2
    for i, (text, size, color, bold) in enumerate(lines):
        ax.text(WORDS_FROM, top + LEAD * i, plain(text), font=font(size, bold=bold), color=color, va="center")

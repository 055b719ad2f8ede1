"""Which of the distributions that new codes can be drawn from to draw them from: one rule for all who give advice."""

from __future__ import annotations

from collections.abc import Mapping

from diabolo.densities import DENSITIES, DISCRETE
from diabolo.jobs.generation.holes import HOLES

SIMPLEST_FIRST = ("prior", *(density.name for density in DENSITIES), *(density.name for density in DISCRETE))


def best_origin(holes: Mapping[str, float], usual: str) -> str:
    """The origin to draw from, by the share of its codes that lie in holes. usual: what ``sample`` takes unless told otherwise.

    The usual one where it has no holes (a share of at most ``HOLES``); else the simplest that has none; else the one that has
    the fewest, of equal ones the simplest.

    Why not by a distance between new rows and real ones: a distance changes with the features and the number of rows it is
    measured by, so that one model would get several answers; it needs real rows and a decoder, which a diagnosis of codes
    alone has not; and it is the least where a density repeats its training codes, as a narrow kernel does. A code in a hole
    is what no feature excuses: nobody has taught the decoder what to make of it. Among densities without holes the simplest
    knows the least by heart, and to change what is usual needs a reason.

    >>> best_origin({"gaussian": 0.4, "mixture": 0.03, "kernel": 0.01}, "mixture")
    'mixture'
    >>> best_origin({"gaussian": 0.4, "mixture": 0.2, "kernel": 0.01}, "mixture")
    'kernel'
    """
    if holes.get(usual, 1.0) <= HOLES:
        return usual
    known = [name for name in SIMPLEST_FIRST if name in holes] + [name for name in holes if name not in SIMPLEST_FIRST]
    without = [name for name in known if holes[name] <= HOLES]
    return without[0] if without else min(known, key=lambda name: holes[name])

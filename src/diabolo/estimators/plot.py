"""Plot: pictures of an estimator's results, for notebooks (``ae.plot``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from diabolo.trained import Trained

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@final
@dataclass(frozen=True)
class Plot:
    """Each method returns a matplotlib Figure, which a notebook shows by itself."""

    trained: Trained

"""Activity: which units of the hidden layers do something, and which are stuck at an end of their range."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, final

import torch
from torch import Tensor, nn

from diabolo.data.sources import Source
from diabolo.jobs.inference import apply
from diabolo.metrics.codes import DEAD
from diabolo.trained import Trained

FUNCTIONS = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SELU, nn.SiLU, nn.GELU, nn.Mish, nn.Softplus, nn.Tanh, nn.Sigmoid)
ENDS = {nn.Tanh: (-1.0, 1.0), nn.Sigmoid: (0.0, 1.0)}
NEAR = 0.01
"""Of the width of a range: so near to its end a unit has next to no gradient left."""
STUCK = 0.95
"""The share of rows and positions at an end from which on a unit counts as stuck."""


@final
@dataclass(frozen=True)
class LayerActivity:
    """One activation function. name: of the module. function: its name. units: channels.

    dead: units that give the same at every position of every row: their range is at most the root of 1e-6 of the widest unit's.
    saturated: units of a sigmoid or tanh that lie within 1 % of an end in 95 % of all rows and positions.
    """

    name: str
    function: str
    units: int
    dead: int
    saturated: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def activity(trained: Trained, source: Source, condition: Tensor | None = None) -> tuple[LayerActivity, ...]:
    """The activation functions of encoder and decoder in order, while the rows of a source go through.

    Functions that a network of the user's own calls without a module are not seen. condition: (n, C).
    """
    model = trained.model
    watched = {
        id(m): (name, m)
        for name, m in model.named_modules()
        if isinstance(m, FUNCTIONS) and name.startswith(("encoder", "decoder"))
    }
    seen: dict[int, list[Tensor]] = {}
    handles = [m.register_forward_hook(_watch(seen)) for _, m in watched.values()]
    try:
        apply(trained, source, condition, lambda x, c: model.decode(model.encode(x, None, c), c).mean.flatten(1)[:, :1])
    finally:
        for handle in handles:
            handle.remove()
    return tuple(_activity(*watched[key], *found) for key, found in seen.items())


def _watch(seen: dict[int, list[Tensor]]) -> Any:
    """A hook that keeps, by module, each channel's least and largest value, how often it is at an end, and of how many."""

    def look(module: nn.Module, given: Any, made: Tensor) -> None:
        values = made.detach().float().transpose(0, 1).flatten(1) if made.ndim > 1 else made.detach().float()[None]  # (C, N·P)
        low, high = values.amin(1), values.amax(1)
        ends = next((e for kind, e in ENDS.items() if isinstance(module, kind)), None)
        count = torch.tensor(float(values.shape[1]))
        at = torch.zeros_like(low) if ends is None else at_an_end(values, ends)
        if id(module) in seen:
            old = seen[id(module)]
            low, high = torch.minimum(low, old[0]), torch.maximum(high, old[1])
            at, count = at + old[2], count + old[3]
        seen[id(module)] = [low, high, at, count]

    return look


def at_an_end(values: Tensor, ends: tuple[float, float]) -> Tensor:
    """How many of each channel's values (C, n) lie within 1 % of an end of their range, (C,)."""
    margin = NEAR * (ends[1] - ends[0])
    return ((values < ends[0] + margin) | (values > ends[1] - margin)).sum(1).float()


def _activity(name: str, module: nn.Module, low: Tensor, high: Tensor, at: Tensor, count: Tensor) -> LayerActivity:
    width = high - low
    dead = width <= DEAD**0.5 * width.max()
    return LayerActivity(
        name=name,
        function=type(module).__name__,
        units=len(width),
        dead=int(dead.sum()),
        saturated=int((at >= STUCK * count).sum()) if type(module) in ENDS else 0,
    )

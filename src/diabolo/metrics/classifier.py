"""A small network that tells labels apart, whose last hidden layer gives features in which sets of rows are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from diabolo.errors import DataError
from diabolo.metrics.arrays import Floats, flat_codes, labels_of

WIDTH = 84
"""Features: the units of the last hidden layer, as in LeNet-5."""
BATCH, AT_ONCE, RATE = 128, 1_000, 2e-3
STEPS, EPOCHS = 1_500, (4, 60)
"""Steps that are enough, and the fewest and most passes over the rows that are made for them."""
HELD_OUT = 10
"""One row of so many is held out of training, to judge by."""


@final
@dataclass(frozen=True, eq=False)
class Classifier:
    """What :func:`fit_classifier` finds.

    classes: the labels. accuracy: the share of held-out rows, none of them trained on, whose label it tells. majority: that of
    always saying the commonest one. rows, held_out: how many it was trained on and judged by. shift, scale: (cells,), what
    the network sees is ``(x - shift) / scale``.
    """

    network: nn.Sequential
    classes: tuple[Any, ...]
    accuracy: float
    majority: float
    rows: int
    held_out: int
    shape: tuple[int, ...]
    shift: Tensor
    scale: Tensor

    def features(self, x: Any) -> Floats:
        """The last hidden layer's units for rows x (n, F, *P), or flat (n, cells): (n, 84) float64, none below 0."""
        return _applied(self.network[:-1], self._seen(x))

    def predict(self, x: Any) -> np.ndarray:
        """Labels of rows x (n, F, *P), or flat (n, cells): (n,)."""
        return np.asarray(self.classes, dtype=object)[_applied(self.network, self._seen(x)).argmax(1)]

    def _seen(self, x: Any) -> Tensor:
        flat = flat_codes(x)
        if flat.shape[1] != len(self.shift):
            raise DataError(f"Expected rows of {len(self.shift)} cells, as the network was trained on, got {flat.shape[1]}.")
        return _scaled(torch.from_numpy(flat).float(), self.shift, self.scale).reshape(-1, *self.shape)


def fit_classifier(x: Any, labels: Any, seed: int = 0) -> Classifier:
    """A network trained to tell the labels of rows x (n, F, *P): LeNet-5 with ReLU and max pooling for pictures, else an MLP.

    Pictures (n, F, H, W): 6 kernels of 5 x 5, pooling, 16 kernels, pooling, 120 and 84 units. Others: 120 and 84 units. Adam on
    the cross entropy, about 1 500 steps of 128 rows, the rate falling to 0 along a cosine. A tenth of the rows, drawn with
    ``seed``, is held out and gives ``accuracy``. The same seed gives the same network on the same machine.

    labels: (n,). Raises DataError for fewer than 20 rows or a single label.
    Reference: LeCun et al. 1998, https://doi.org/10.1109/5.726791
    """
    flat = torch.from_numpy(flat_codes(x)).float()
    shape = tuple(np.shape(x)[1:])
    y = labels_of(labels, len(flat))
    classes, index = np.unique(y.astype(str) if y.dtype.kind == "O" else y, return_inverse=True)
    if len(flat) < 20 or len(classes) < 2:
        raise DataError(
            "A network that tells labels apart needs at least 20 rows with two labels, got "
            f"{len(flat)} rows with {len(classes)}."
        )
    order = np.random.default_rng(seed).permutation(len(flat))
    held, rest = order[: max(1, len(flat) // HELD_OUT)], order[max(1, len(flat) // HELD_OUT) :]
    shift, scale = _scaling(flat[rest], pictures=len(shape) == 3)
    seen, target = _scaled(flat, shift, scale).reshape(-1, *shape), torch.from_numpy(index)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _lenet(shape, len(classes)) if len(shape) == 3 else _mlp(flat.shape[1], len(classes))
    _train(network, seen[rest], target[rest], seed)
    right = _applied(network, seen[held]).argmax(1) == index[held]
    commonest = np.bincount(index[rest]).argmax()
    majority = float((index[held] == commonest).mean())
    names = tuple(v.item() if isinstance(v, np.generic) else v for v in classes)
    return Classifier(network, names, float(right.mean()), majority, len(rest), len(held), shape, shift, scale)


def _lenet(shape: tuple[int, ...], classes: int) -> nn.Sequential:
    channels, high, wide = shape
    left = 16 * -(-high // 4) * -(-wide // 4)
    pool = (nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True))
    return nn.Sequential(
        *(nn.Conv2d(channels, 6, 5, padding=2), *pool, nn.Conv2d(6, 16, 5, padding=2), *pool, nn.Flatten()),
        *(nn.Linear(left, 120), nn.ReLU(), nn.Linear(120, WIDTH), nn.ReLU(), nn.Linear(WIDTH, classes)),
    )


def _mlp(cells: int, classes: int) -> nn.Sequential:
    hidden = (nn.Linear(cells, 120), nn.ReLU(), nn.Linear(120, WIDTH), nn.ReLU())
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(WIDTH, classes))


def _scaling(flat: Tensor, *, pictures: bool) -> tuple[Tensor, Tensor]:
    """Columns are brought to mean 0 and deviation 1, each by itself, pixels all alike; what never varies stays 0."""
    shift, scale = (flat.mean(), flat.std()) if pictures else (flat.mean(0), flat.std(0))
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    return shift.expand(flat.shape[1]), scale.expand(flat.shape[1])


def _scaled(flat: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    return (flat - shift) / scale


def _train(network: nn.Sequential, x: Tensor, y: Tensor, seed: int) -> None:
    epochs = int(np.clip(round(STEPS * BATCH / len(x)), *EPOCHS))
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    plan = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * -(-len(x) // BATCH))
    generator = torch.Generator().manual_seed(seed)
    network.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=generator).split(BATCH):
            loss = functional.cross_entropy(network(x[rows]), y[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            plan.step()
    network.eval()


@torch.inference_mode()
def _applied(network: nn.Module, x: Tensor) -> Floats:
    return torch.cat([network(part) for part in x.split(AT_ONCE)]).double().numpy()

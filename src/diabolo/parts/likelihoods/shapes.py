"""One check all likelihoods make: tensors that broadcast by accident would give a wrong number without a word."""

from __future__ import annotations

from torch import Tensor

from diabolo.errors import DataError


def check_alike(x: Tensor, mean: Tensor) -> None:
    """Raise DataError unless the data and the model's output have one shape."""
    if x.shape != mean.shape:
        raise DataError(
            f"The model's output is {tuple(mean.shape)}, what it is compared with {tuple(x.shape)}. They must be alike: "
            "check the decoder's last layer, or the shape of the target."
        )

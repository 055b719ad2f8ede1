"""The user's own loss in the place of a likelihood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
from torch import Tensor

from diabolo.errors import ParameterError, UnsupportedError
from diabolo.maths.precision import at_least_float32
from diabolo.maths.ranges import bounded
from diabolo.parts.likelihoods.base import Head, Likelihood, Output
from diabolo.parts.likelihoods.shapes import check_alike
from diabolo.records import Layout
from diabolo.spec import option

LossFunction = Callable[[Tensor, Tensor], Tensor]


@final
@dataclass
class Custom(Likelihood):
    """``log_prob = -function(prediction, target)``: a loss of the user's own, to be minimized.

    function gets two tensors (N, F, *P), the prediction within the bounds of the data, and returns one number a cell,
    of the same shape, or one number a row, (N,). A number a row is spread evenly over the row's cells, so that their
    sum is right. Losses are summed over cells: use ``reduction="none"``.

    There is no distribution behind a loss: sampling and probabilities raise UnsupportedError. The function is not
    saved with a model; one that is loaded without it reconstructs as before, but has no loss.

    >>> from torch.nn.functional import huber_loss
    >>> part = Custom(function=lambda prediction, target: huber_loss(prediction, target, reduction="none"))
    >>> part.to_json()
    {'name': 'custom'}
    """

    name: ClassVar[str] = "custom"
    everyday: ClassVar[str] = "own_loss"
    density: ClassVar[bool] = False
    scaled: ClassVar[bool] = False

    function: LossFunction | None = option(None, "(prediction, target) -> loss, a number a cell or a row")  # noqa: RUF009

    def check(self) -> None:
        """Raise ParameterError unless the function can be called, or is None."""
        super().check()
        if self.function is not None and not callable(self.function):
            raise ParameterError(f"custom.function expects a function (prediction, target) -> loss, got {self.function!r}.")

    def to_json(self) -> dict[str, Any]:
        """The name alone: code is not data."""
        return {"name": self.name}

    def build(self, layout: Layout) -> CustomHead:
        """The module; parameters of the user's loss are not trained."""
        return CustomHead(layout.bounds, self.function)


@final
class CustomHead(Head):
    """Decoder output -> prediction, with the user's loss beside it."""

    def __init__(self, bounds: tuple[float, float] | None, function: LossFunction | None) -> None:
        super().__init__()
        self.bounds = bounds
        self._function = (function,)  # in a tuple, or a loss that is a module would be saved as part of the model

    def forward(self, params: Tensor) -> CustomOutput:
        """params (N, F, *P) -> what stands in the place of p(x|z)."""
        return CustomOutput(bounded(at_least_float32(params), self.bounds), self._function[0])


@final
class CustomOutput(Output):
    """A prediction (N, F, *P) and the loss that judges it."""

    def __init__(self, prediction: Tensor, function: LossFunction | None) -> None:
        self.prediction, self.function = prediction, function

    def log_prob(self, x: Tensor) -> Tensor:
        """Minus the loss, (N, F, *P)."""
        return -self.everyday(x)

    def log_mass(self, x: Tensor, step: float) -> Tensor:
        """Raises UnsupportedError."""
        raise UnsupportedError(
            "A model with a loss of your own has no probabilities. Use a likelihood such as 'gaussian' for that."
        )

    def everyday(self, x: Tensor) -> Tensor:
        """The loss, (N, F, *P). Raises ParameterError where it fails, has no gradient or another shape."""
        check_alike(x, self.prediction)
        if self.function is None:
            raise ParameterError(
                "This needs the loss function, and a name or a saved folder does not hold it. "
                "Give it: likelihood=function, or load(path, likelihood=function)."
            )
        loss = self._called(self.function, x)
        if isinstance(loss, Tensor) and loss.shape == x.shape:
            return loss
        if isinstance(loss, Tensor) and loss.shape == x.shape[:1]:
            return (loss / x[0].numel()).reshape(-1, *[1] * (x.ndim - 1)).expand(x.shape)
        got = f"shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else f"{type(loss).__name__}"
        raise ParameterError(
            f"A loss must be a tensor with one number a cell, {tuple(x.shape)}, or one a row, ({len(x)},); got {got}. "
            'Leave out the mean or sum over everything, such as with reduction="none".'
        )

    def _called(self, function: LossFunction, x: Tensor) -> Any:
        try:
            loss = function(self.prediction, x)
        except Exception as error:
            raise ParameterError(
                f"Your loss was called with a prediction and a target, both of shape {tuple(x.shape)}, and failed: {error}"
            ) from error
        if torch.is_grad_enabled() and self.prediction.requires_grad and isinstance(loss, Tensor) and not loss.requires_grad:
            raise ParameterError(
                "Your loss has no gradient, so nothing can be learned from it. Compute it from the prediction with torch, "
                "without detach(), numpy(), no_grad() or rounding to whole numbers."
            )
        return loss

    @property
    def mean(self) -> Tensor:
        """The prediction, (N, F, *P)."""
        return self.prediction

    def sample(self, generator: torch.Generator) -> Tensor:
        """Raises UnsupportedError."""
        raise UnsupportedError(
            "A model with a loss of your own has nothing to draw from. Use its mean, or a likelihood such as 'gaussian'."
        )

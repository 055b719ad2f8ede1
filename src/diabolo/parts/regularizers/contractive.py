"""The contractive penalty: the code should not follow small changes of the input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from torch import Tensor

from diabolo.maths.jacobians import jacobian_norm, jacobian_norm_estimate
from diabolo.maths.precision import at_least_float32
from diabolo.parts.regularizers.base import Regularizer
from diabolo.records import Penalty, Step
from diabolo.spec import option

if TYPE_CHECKING:
    from diabolo.model import Model


@final
@dataclass
class Contractive(Regularizer):
    """``weight * ‖∂z/∂x‖²``, the squared Frobenius norm of the encoder's Jacobian at each (corrupted) input.

    z is the deterministic code, the posterior's mean where there is one. The norm is estimated without bias from
    ``projections`` random directions, a backward pass each; ``exact`` computes it with a backward pass a code number
    instead, as the paper does. Conditions are held fixed.

    The penalty also falls when the code shrinks and the decoder grows instead, which the paper forbids by tying their
    weights. A code that is bounded (sigmoid, tanh) and weight decay do it here.

    Reference: Rifai et al. 2011, https://icml.cc/2011/papers/455_icmlpaper.pdf
    """

    name: ClassVar[str] = "contractive"

    weight: float = option(0.1, "price of one unit of the squared norm, beside nats a row", low=0.0)
    projections: int = option(1, "random directions of the estimate; exact needs none", low=1)
    exact: bool = option(False, "one backward pass a code number, without noise")

    def __call__(self, model: Model, step: Step) -> Penalty:
        """One weighted number a row, (N,); without a graph where gradients are switched off."""
        batch = step.batch
        real = batch.real if batch.target is None else None  # else it describes the target, not what goes in

        def encode(x: Tensor) -> Tensor:
            return at_least_float32(model.encode(x, real, batch.condition))

        if self.exact:
            norm = jacobian_norm(encode, step.corrupted.x)
        else:
            norm = jacobian_norm_estimate(encode, step.corrupted.x, step.context.generator, int(self.projections))
        return Penalty(self.weight * norm)

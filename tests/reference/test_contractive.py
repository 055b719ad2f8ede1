"""The contractive penalty against the closed form of one sigmoid layer and against torch.func."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from diabolo.maths.jacobians import jacobian_norm, jacobian_norm_estimate
from diabolo.parts.regularizers import Contractive
from diabolo.records import Batch, Code, Context, Corrupted, Step

GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(5, 3, generator=GENERATOR)
IMAGES = torch.randn(4, 2, 5, 6, generator=GENERATOR)


def layer(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 7), nn.Sigmoid())


def convolutions() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 3, 3, stride=2), nn.Tanh(), nn.Conv2d(3, 2, 2), nn.Softplus())


def by_hand(network: nn.Sequential, x: Tensor) -> Tensor:
    """Rifai et al. 2011, equation 7: sum over j of (h_j (1 - h_j))² sum over k of W_jk²."""
    h = network(x)
    return ((h * (1 - h)).square() * network[0].weight.square().sum(1)).sum(1)  # type: ignore[union-attr, operator]


def by_jacrev(network: nn.Module, x: Tensor) -> Tensor:
    rows = [torch.func.jacrev(lambda r: network(r[None])[0])(row) for row in x]
    return torch.stack([j.square().sum() for j in rows])


def penalty(part: Contractive, network: nn.Module, x: Tensor, corrupted: Tensor | None = None, seed: int = 0) -> Tensor:
    model: Any = _Model(network)
    unused: Any = None
    context = Context(1.0, torch.Generator().manual_seed(seed), training=True)
    code = Code(torch.zeros(len(x), 1), torch.zeros(len(x)))
    return part(model, Step(Batch(x), Corrupted(x if corrupted is None else corrupted), code, unused, context)).value


class _Model:
    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def encode(self, x: Tensor, real: Tensor | None = None, condition: Tensor | None = None) -> Tensor:
        return self.network(x)


def test_exact_is_the_closed_form_of_a_sigmoid_layer() -> None:
    network = layer()
    torch.testing.assert_close(penalty(Contractive(weight=0.3, exact=True), network, X), 0.3 * by_hand(network, X))


def test_its_gradient_is_that_of_the_closed_form() -> None:
    ours, theirs = layer(), layer()
    penalty(Contractive(weight=1.0, exact=True), ours, X).sum().backward()
    by_hand(theirs, X).sum().backward()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad)


@pytest.mark.parametrize(("network", "x"), [(layer(), X), (convolutions(), IMAGES)], ids=["layer", "convolutions"])
def test_exact_is_the_norm_of_torchs_jacobian(network: nn.Module, x: Tensor) -> None:
    torch.testing.assert_close(jacobian_norm(network, x), by_jacrev(network, x))


@pytest.mark.parametrize(("network", "x"), [(layer(), X), (convolutions(), IMAGES)], ids=["layer", "convolutions"])
def test_the_estimate_is_unbiased(network: nn.Module, x: Tensor) -> None:
    """4 000 draws of one projection a row: their mean is within five standard errors of the exact norm, row by row."""
    many = x.repeat(4000, *[1] * (x.ndim - 1))
    with torch.no_grad():
        draws = jacobian_norm_estimate(network, many, torch.Generator().manual_seed(0)).reshape(4000, len(x))
        exact = jacobian_norm(network, x)
    error = draws.std(0) / 4000**0.5
    assert ((draws.mean(0) - exact).abs() < 5 * error).all()
    assert (error < 0.02 * exact).all()


def test_its_gradient_is_unbiased() -> None:
    """Each row has its own projection, so the mean gradient of 20 000 copies is near the exact one: 3 % of its length."""
    ours, theirs = layer(), layer()
    many = X.repeat(4000, 1)
    penalty(Contractive(weight=1.0), ours, many).mean().backward()
    by_hand(theirs, X).mean().backward()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert a.grad is not None
        assert b.grad is not None
        assert (a.grad - b.grad).norm() < 0.03 * b.grad.norm()


def test_projections_are_averaged() -> None:
    """Nine projections scatter a third as much as one, and have the same mean."""
    many = X[:1].expand(4000, -1)
    one, nine = (penalty(Contractive(projections=p), layer(), many).detach() for p in (1, 9))
    assert nine.std().item() == pytest.approx(one.std().item() / 3, rel=0.15)
    assert nine.mean().item() == pytest.approx(one.mean().item(), rel=0.05)


def test_it_looks_at_the_corrupted_input() -> None:
    network = layer()
    part = Contractive(weight=1.0, exact=True)
    torch.testing.assert_close(penalty(part, network, X, corrupted=3 * X), by_hand(network, 3 * X))
    estimate = Contractive(weight=1.0)
    assert torch.equal(penalty(estimate, network, X, corrupted=3 * X), penalty(estimate, network, 3 * X))
    assert not torch.equal(penalty(estimate, network, X, corrupted=3 * X), penalty(estimate, network, X))


def test_projections_of_a_linear_function() -> None:
    """z = W x with orthogonal rows: every single projection already gives the norm, so nothing is left to chance."""
    w = torch.diag(torch.tensor([1.0, 2.0, 3.0]))
    for seed in range(3):
        estimate = jacobian_norm_estimate(lambda x: x @ w, X, torch.Generator().manual_seed(seed))
        torch.testing.assert_close(estimate, torch.full((5,), 14.0))

"""Errors of whole rows against the same, cell by cell, and their gradients against autograd's own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from diabolo.maths.rows import cross_entropy, square_error
from diabolo.parts.likelihoods import Bernoulli, Gaussian, Laplace
from diabolo.parts.likelihoods.base import Likelihood, Output
from diabolo.records import Layout

GENERATOR = torch.Generator().manual_seed(0)
PARAMS = 3 * torch.randn(6, 2, 3, 4, generator=GENERATOR, dtype=torch.float64)
X = torch.rand(6, 2, 3, 4, generator=GENERATOR, dtype=torch.float64)
LAYOUT = Layout(("a", "b"), (3, 4), bounds=(0.0, 1.0))
PARTS: list[Likelihood] = [
    Gaussian(),
    Gaussian(std=0.3),
    Gaussian(variance="shared", std=0.5),
    Gaussian(output="linear"),
    Bernoulli(),
    Laplace(),
]


@pytest.mark.parametrize("function", [square_error, cross_entropy])
def test_gradients(function: object) -> None:
    assert gradcheck(lambda p: function(p, X[:2]), PARAMS[:2].clone().requires_grad_())  # type: ignore[operator]
    p = PARAMS.clone().requires_grad_()
    (first,) = torch.autograd.grad(function(p, X).sum(), p, create_graph=True)  # type: ignore[operator]
    with pytest.raises(RuntimeError, match="does not require grad"):  # a second derivative is refused, not wrong
        first.sum().backward()


def test_far_logits_do_not_overflow() -> None:
    logits = torch.tensor([[-1e4, 1e4]])
    assert cross_entropy(logits, torch.tensor([[0.0, 1.0]])).item() == 0.0
    assert cross_entropy(logits, torch.tensor([[1.0, 0.0]])).item() == 2e4


@pytest.mark.parametrize("part", PARTS, ids=repr)
@pytest.mark.parametrize("real", [None, (torch.arange(12).reshape(1, 1, 3, 4) % 3 > 0).double().expand(6, 1, 3, 4)])
def test_costs_are_the_cells_added_up(part: Likelihood, real: Tensor | None) -> None:
    """The short way of a likelihood gives what log_prob and everyday give, and the same gradients."""
    head = part.build(LAYOUT).double()
    found = []
    for way in (lambda output: output.costs(X, real), lambda output: long_way(output, X, real)):
        params = PARAMS.clone().requires_grad_()
        nats, everyday = way(head(params))
        found.append([nats, everyday, *torch.autograd.grad(nats.sum(), [params, *head.parameters()])])
    torch.testing.assert_close(*found)
    assert not found[0][1].requires_grad


def long_way(output: Output, x: Tensor, real: Tensor | None) -> tuple[Tensor, Tensor]:
    weight = torch.ones_like(x) if real is None else real.expand_as(x)
    return -(output.log_prob(x) * weight).flatten(1).sum(1), (output.everyday(x) * weight).flatten(1).sum(1)

"""What holds for every regularizer."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from diabolo.parts.bottlenecks import Plain
from diabolo.parts.likelihoods.gaussian import GaussianOutput
from diabolo.parts.regularizers import REGULARIZERS, AdversarialOutput, Contractive, Mmd, TotalCorrelation
from diabolo.parts.regularizers.base import Regularizer
from diabolo.records import Batch, Code, Context, Corrupted, Layout, Step

WEIGHED = [part(features=0.0) if part is AdversarialOutput else part() for part in REGULARIZERS]
PARTS = [*WEIGHED, Contractive(exact=True), Contractive(projections=3)]
EVERY = pytest.mark.parametrize("part", PARTS, ids=repr)


class Encoding(nn.Module):
    """As much of a model as a regularizer needs: x (N, 3) or (N, 2, 4, 4), condition (N, 2) or None -> z."""

    def __init__(self, image: bool) -> None:
        super().__init__()
        self.layer = nn.Conv2d(2, 3, 3) if image else nn.Linear(3, 4)
        self.labels = nn.Linear(2, 3 if image else 4)
        self.back = nn.Linear(12, 32) if image else nn.Linear(4, 3)
        self.shape = (2, 4, 4) if image else (3,)
        self.code_shape = (3, 2, 2) if image else (4,)
        self.bottleneck = Plain(prior="normal").build(self.code_shape[0])
        self.critics: dict[str, nn.Module] = {}

    def encode(self, x: Tensor, real: Tensor | None = None, condition: Tensor | None = None) -> Tensor:
        h = self.layer(x if real is None else x * real)
        shift = 0 if condition is None else self.labels(condition).reshape(len(x), -1, *[1] * (x.ndim - 2))
        return torch.tanh(h + shift)

    def decode(self, z: Tensor, condition: Tensor | None = None) -> GaussianOutput:
        return GaussianOutput(self.back(z.flatten(1)).unflatten(1, self.shape), torch.ones(()), None)


def built(image: bool = False) -> Encoding:
    torch.manual_seed(0)
    return Encoding(image)


def step(image: bool = False, seed: int = 0, **batch: Any) -> Step:
    x = torch.randn(5, *((2, 4, 4) if image else (3,)), generator=torch.Generator().manual_seed(7))
    code: Any = Code(torch.zeros(5, 4), torch.zeros(5))
    context = Context(1.0, torch.Generator().manual_seed(seed), training=True)
    output: Any = None
    return Step(Batch(x, **batch), Corrupted(x + 0.1), code, output, context)


def value(part: Regularizer, model: Any, given: Step) -> Tensor:
    """The penalty of a step of this model: the code is what it makes of the corrupted input."""
    batch = given.batch
    z = model.encode(given.corrupted.x, batch.real if batch.target is None else None, batch.condition)
    layout = Layout(("a", "b"), (4, 4)) if len(model.shape) == 3 else Layout(("a", "b", "c"))
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        critic = part.build(layout, model.code_shape)
    model.critics = {} if critic is None else {part.name: critic}
    step = dataclasses.replace(given, code=Code(z, z.new_zeros(len(z))), output=model.decode(z))
    penalty = part(model, step)
    assert (penalty.critic is None) == (critic is None)
    assert penalty.critic is None or (penalty.critic.shape == (len(z),) and penalty.critic.min() > 0)
    return penalty.value


def test_all_members_are_here() -> None:
    assert {type(p) for p in PARTS} == set(REGULARIZERS)


@EVERY
@pytest.mark.parametrize("image", [False, True])
def test_one_number_a_row(part: Regularizer, image: bool) -> None:
    given = step(image)
    before = given.corrupted.x.clone()
    penalty = value(part, built(image), given)
    assert penalty.shape == (5,)
    assert penalty.dtype == torch.float32
    assert penalty.min() > 0 or isinstance(part, TotalCorrelation)
    assert torch.equal(given.corrupted.x, before)
    assert not given.corrupted.x.requires_grad


@EVERY
@pytest.mark.parametrize("image", [False, True])
def test_gradients_reach_the_encoder(part: Regularizer, image: bool) -> None:
    model = built(image)
    value(part, model, step(image)).sum().backward()
    assert model.layer.weight.grad is not None
    assert model.layer.weight.grad.abs().sum() > 0


@EVERY
@pytest.mark.parametrize("image", [False, True])
def test_the_same_number_without_gradients(part: Regularizer, image: bool) -> None:
    """Validation switches gradients off; the penalty is the same there, without a graph, and leaves no gradient behind."""
    model = built(image)
    with torch.no_grad():
        quiet = value(part, model, step(image))
        assert not torch.is_grad_enabled()
    assert not quiet.requires_grad
    assert all(p.grad is None for p in model.parameters())
    torch.testing.assert_close(quiet, value(part, model, step(image)))


@EVERY
def test_noise_comes_from_the_generator_alone(part: Regularizer) -> None:
    model = built()
    torch.manual_seed(1)
    first = value(part, model, step(seed=3))
    torch.manual_seed(2)
    assert torch.equal(first, value(part, model, step(seed=3)))
    noisy = isinstance(part, Mmd | AdversarialOutput) or (isinstance(part, Contractive) and not part.exact)
    assert torch.equal(first, value(part, model, step(seed=4))) is not noisy


@EVERY
def test_conditions_are_used_and_not_penalized(part: Regularizer) -> None:
    model = built()
    labels = torch.eye(2)[torch.tensor([0, 1, 0, 1, 1])].requires_grad_()
    conditioned = value(part, model, step(condition=labels))
    assert not torch.equal(conditioned, value(part, model, step()))


@pytest.mark.parametrize("part", [p for p in PARTS if isinstance(p, Contractive)], ids=repr)
def test_real_describes_the_input_only_where_there_is_no_target(part: Regularizer) -> None:
    """A hidden input cannot change the code; a ``real`` that speaks about a target of another shape is left alone."""
    model, nothing = built(), torch.zeros(5, 3)
    assert value(part, model, step(real=nothing)).abs().max() == 0
    pair = step(target=torch.zeros(5, 9), real=torch.zeros(5, 9))
    assert torch.equal(value(part, model, pair), value(part, model, step()))


@EVERY
def test_weight_is_a_factor(part: Regularizer) -> None:
    model = built()
    twice = type(part)(**part.get_params()).set_params(weight=2 * part.get_params()["weight"])
    torch.testing.assert_close(value(twice, model, step()), 2 * value(part, model, step()))
    assert value(twice.set_params(weight=0.0), model, step()).abs().max() == 0

"""What holds for every bottleneck, whatever it asks of the code."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

from diabolo.errors import ParameterError
from diabolo.parts.bottlenecks import BOTTLENECKS, FiniteScalar, Gaussian, Plain, SparseKL, SparseL1, TopK, VectorQuantized
from diabolo.parts.bottlenecks.base import Bottleneck
from diabolo.records import Code, Context

PARTS = [
    *(part() for part in BOTTLENECKS),
    *(Plain(activation=a) for a in ("relu", "sigmoid", "tanh")),
    Plain(prior="normal"),
    Gaussian(beta=4.0, warmup=0.5, free_bits=0.1),
    Gaussian(free_bits=50.0),
    SparseL1(weight=1.0, activation="none"),
    SparseKL(target=0.2, weight=2.0),
    TopK(k=1),
    VectorQuantized(entries=6, group=3, learning="gradient"),
    FiniteScalar(levels=(2, 3)),
]
EVERY = pytest.mark.parametrize("part", PARTS, ids=repr)
SHAPES = pytest.mark.parametrize("positions", [(), (7,), (3, 5)], ids=["vector", "sequence", "map"])
K = 4


def test_all_members_are_here() -> None:
    assert {type(p) for p in PARTS} == set(BOTTLENECKS)


def features(part: Bottleneck, positions: tuple[int, ...] = (), rows: int = 6, seed: int = 0, **options: object) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, part.wants(K), *positions, generator=generator).to(**options)


def context(seed: int = 0, fraction: float = 1.0, training: bool = True) -> Context:
    return Context(fraction, torch.Generator().manual_seed(seed), training)


def learns(part: Bottleneck) -> bool:
    """Whether the bottleneck has something of its own to learn: a codebook, which every step of training changes."""
    return isinstance(part, VectorQuantized)


def tensors(code: Code) -> list[Tensor]:
    return [t for t in (code.z, code.cost, code.kl) if t is not None]


@EVERY
@SHAPES
def test_shapes(part: Bottleneck, positions: tuple[int, ...]) -> None:
    neck, h = part.build(K), features(part, positions)
    before = h.clone()
    code = neck(h, None, context())
    assert code.z.shape == neck.mode(h).shape == (6, part.gives(K), *positions)
    assert code.cost.shape == (6,)
    assert code.kl is None or code.kl.shape == code.z.shape
    assert all(t.dtype == torch.float32 and t.isfinite().all() for t in tensors(code))
    assert torch.equal(h, before)


@EVERY
def test_the_channel_axis_is_all_that_matters(part: Bottleneck) -> None:
    """A position of a map is coded as a vector would be."""
    neck, h = part.build(K), features(part, (3, 5))
    torch.testing.assert_close(neck.mode(h)[:, :, 1, 2], neck.mode(h[:, :, 1, 2]))


@EVERY
def test_mode_is_deterministic_and_row_by_row(part: Bottleneck) -> None:
    neck, h = part.build(K), features(part)
    assert torch.equal(neck.mode(h), neck.mode(h))
    torch.testing.assert_close(neck.mode(h[2:3]), neck.mode(h)[2:3])


@EVERY
@pytest.mark.parametrize("training", [True, False])
def test_noise_comes_from_the_generator_alone(part: Bottleneck, training: bool) -> None:
    neck, h = part.build(K), features(part)
    torch.manual_seed(1)
    first = copy.deepcopy(neck)(h, None, context(0, training=training)).z
    torch.manual_seed(2)
    assert torch.equal(copy.deepcopy(neck)(h, None, context(0, training=training)).z, first)
    if not (training and learns(part)):  # what entries start from is drawn, and may come to the same
        random = neck.posterior(h) is not None
        assert torch.equal(copy.deepcopy(neck)(h, None, context(1, training=training)).z, first) is not random


@EVERY
def test_gradients_reach_the_encoder(part: Bottleneck) -> None:
    neck, h = part.build(K), features(part).requires_grad_()
    code = neck(h, None, context())
    (code.z.square().sum() + code.cost.sum()).backward()
    assert h.grad is not None
    assert h.grad.isfinite().all()
    assert h.grad.abs().sum() > 0


@EVERY
@SHAPES
def test_what_is_not_real_costs_nothing(part: Bottleneck, positions: tuple[int, ...]) -> None:
    """The last row has no real number: it is free, and whatever stands there changes nothing for the others."""
    neck, h = part.build(K), features(part, positions)
    real = torch.ones(6, 1, *positions)
    real[-1] = 0
    still = not learns(part)
    code = neck(h, real, context(training=still))
    assert code.cost[-1] == 0
    assert code.kl is None or code.kl[-1].abs().max() == 0
    other = h.clone()
    other[-1] = 3.0
    torch.testing.assert_close(neck(other, real, context(training=still)).cost, code.cost)
    torch.testing.assert_close(neck(h[:-1], None, context(training=still)).cost, code.cost[:-1])


@EVERY
def test_real_counts_positions(part: Bottleneck) -> None:
    """Padding at the end of a sequence costs what the sequence without it costs."""
    neck, h = part.build(K), features(part, (7,))
    real = torch.ones(6, 1, 7)
    real[..., 5:] = 0
    still = not learns(part)
    cost = neck(h, real, context(training=still)).cost
    torch.testing.assert_close(cost, neck(h[..., :5], None, context(training=still)).cost)
    torch.testing.assert_close(neck(h, real.expand(6, K, 7).bool(), context(training=still)).cost, cost)


@EVERY
def test_precision(part: Bottleneck) -> None:
    """Half precision is widened, double precision is kept."""
    neck = part.build(K)
    half = neck(features(part, dtype=torch.bfloat16), None, context())
    double = neck.double()(features(part, dtype=torch.float64), None, context())
    assert {t.dtype for t in tensors(half)} == {torch.float32}
    assert {t.dtype for t in tensors(double)} == {torch.float64}


@EVERY
def test_extreme_features_stay_finite(part: Bottleneck) -> None:
    neck, signs = part.build(K), torch.sign(features(part))
    h = (1e4 * signs).requires_grad_()
    code = neck(h, None, context())
    (code.z.sum() + code.cost.sum()).backward()
    assert all(t.isfinite().all() for t in tensors(code))
    assert h.grad is not None
    assert h.grad.isfinite().all()


@EVERY
def test_cost_is_never_negative(part: Bottleneck) -> None:
    assert part.build(K)(3 * features(part, rows=200), None, context()).cost.min() > -1e-5


@EVERY
def test_wrong_width_says_so(part: Bottleneck) -> None:
    with pytest.raises(ParameterError, match=f"expects {part.wants(K)} channels"):
        part.build(K).mode(torch.zeros(2, part.wants(K) + 2))


@EVERY
def test_nothing_but_a_codebook_is_learned_or_saved(part: Bottleneck) -> None:
    neck = part.build(K)
    assert bool(neck.state_dict()) is learns(part)
    assert learns(part) or not list(neck.parameters())


@EVERY
def test_the_module_does_not_follow_its_description(part: Bottleneck) -> None:
    """A description may change after the model was built; the model may not."""
    described = type(part)(**part.get_params())
    neck, h = described.build(K), features(described)
    before = neck(h, None, context(training=False)).cost
    for key in described.get_params().keys() & {"weight", "beta"}:
        described.set_params(**{key: 77.0})
    assert torch.equal(neck(h, None, context(training=False)).cost, before)


def test_plain_activations() -> None:
    h = torch.tensor([[-1.0, 0.0, 2.0, 5.0]])
    values = {a: Plain(activation=a).build(K).mode(h) for a in ("none", "relu", "sigmoid", "tanh")}
    assert torch.equal(values["none"], h)
    assert torch.equal(values["relu"], h.clamp(min=0))
    torch.testing.assert_close(values["sigmoid"], 1 / (1 + (-h).exp()))
    torch.testing.assert_close(values["tanh"], h.tanh())


def test_top_k_keeps_the_largest() -> None:
    h = torch.tensor([[3.0, -5.0, 1.0, 2.0], [-4.0, -3.0, -2.0, -1.0]])
    assert TopK(k=2).build(K).mode(h).tolist() == [[3.0, 0.0, 0.0, 2.0], [0.0, 0.0, -2.0, -1.0]]


@pytest.mark.parametrize(("k", "latent_dim", "kept"), [(None, 1, 1), (None, 3, 1), (None, 32, 8), (5, 5, 5), (2, 9, 2)])
def test_top_k_counts(k: int | None, latent_dim: int, kept: int) -> None:
    z = TopK(k=k).build(latent_dim).mode(torch.randn(20, latent_dim, 3, generator=torch.Generator().manual_seed(0)))
    assert ((z != 0).sum(1) == kept).all()


def test_top_k_gives_gradients_to_what_it_kept() -> None:
    h = torch.tensor([[3.0, -5.0, 1.0, 2.0]], requires_grad=True)
    TopK(k=2).build(K).mode(h).sum().backward()
    assert h.grad is not None
    assert h.grad.tolist() == [[1.0, 0.0, 0.0, 1.0]]


def test_top_k_larger_than_the_code() -> None:
    with pytest.raises(ParameterError, match="at most latent_dim, 4, got 5"):
        TopK(k=5).build(4)

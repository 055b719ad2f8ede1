"""The shared blocks: each does what its name and its words say."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from diabolo.parts.layers import (
    ACTIVATIONS,
    NORMALIZATIONS,
    BatchNorm,
    Convolution,
    Dense,
    Upsampling,
    initialize,
    join,
    layer,
    nonlinear,
    normalization,
)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_join_repeats_the_condition_at_every_position() -> None:
    x, c = noise(2, 3, 4, 5), noise(2, 6, seed=1)
    y = join(x, c)
    assert torch.equal(y[:, :3], x)
    assert torch.equal(y[:, 3:], c[:, :, None, None].expand(2, 6, 4, 5))
    assert torch.equal(join(x[:, :, 0, 0], c), torch.cat([x[:, :, 0, 0], c], 1))
    assert join(x, None) is x
    assert join(x.double(), c).dtype is torch.float64


@pytest.mark.parametrize(
    ("module", "fans"),
    [
        (nn.Linear(40, 60), 40 + 60),
        (nn.Conv2d(8, 16, 3), (8 + 16) * 9),
        (nn.Conv1d(8, 16, 5), (8 + 16) * 5),
        (nn.ConvTranspose2d(8, 16, 3), (8 + 16) * 9),
    ],
)
def test_weights_are_glorots_and_biases_zero(module: nn.Module, fans: int) -> None:
    torch.manual_seed(0)
    initialize(nn.Sequential(nn.ReLU(), module))
    bound = math.sqrt(6 / fans)
    assert 0.95 * bound < module.weight.abs().max() <= bound
    assert abs(module.weight.std() / (bound / math.sqrt(3)) - 1) < 0.1
    assert not module.bias.any()


@pytest.mark.parametrize("shape", [(16, 3), (4, 3, 7), (4, 3, 5, 6)])
def test_batch_normalization_is_torchs(shape: tuple[int, ...]) -> None:
    ours = BatchNorm(3)
    theirs = (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d)[len(shape) - 2](3)
    for seed in range(3):
        x = 2 * noise(*shape, seed=seed) + 1
        torch.testing.assert_close(ours(x), theirs(x))
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_var, theirs.running_var)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))


def test_batch_normalization_of_one_row_uses_the_running_statistics() -> None:
    norm = BatchNorm(3)
    norm(noise(8, 3))
    before, x = norm.running_mean.clone(), noise(1, 3, seed=1)
    trained = norm(x)
    assert torch.equal(norm.running_mean, before)
    assert torch.equal(trained, norm.eval()(x))


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 5), (4, 6, 5, 3)])
def test_layer_normalization_is_one_mean_and_variance_a_row(shape: tuple[int, ...]) -> None:
    y = normalization("layer", 6, positions=len(shape) > 2)(3 * noise(*shape) + 2).flatten(1)
    torch.testing.assert_close(y.mean(1), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(y.var(1, correction=0), torch.ones(4), atol=1e-3, rtol=0)


def test_nothing_idle_stands_between_layers() -> None:
    assert [type(m) for m in nonlinear("relu", "none", 3, positions=False)] == [nn.ReLU]
    assert [type(m) for m in nonlinear("relu", "batch", 3, False, 0.5)] == [BatchNorm, nn.ReLU, nn.Dropout]
    assert not list(nonlinear("linear", "none", 3, positions=True))
    assert not list(nonlinear(None, "batch", 3, positions=True))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_keep_shape_and_differ(name: str) -> None:
    x = torch.linspace(-3, 3, 20).reshape(4, 5)
    y = ACTIVATIONS[name]()(x)
    assert y.shape == x.shape
    others = [ACTIVATIONS[other]()(x) for other in ACTIVATIONS if other != name]
    assert not any(torch.allclose(y, other) for other in others)


@pytest.mark.parametrize("norm", NORMALIZATIONS)
def test_dense_is_linear_then_the_rest(norm: str) -> None:
    dense = Dense(5, 4, "relu", norm)
    x = noise(6, 5)
    torch.testing.assert_close(dense(x), normalization(norm, 4, positions=False)(dense.linear(x)).relu())
    assert (dense.linear.bias is None) == (norm == "batch")  # batch normalization would subtract it again


sizes = st.lists(st.integers(1, 40), min_size=1, max_size=2)


@settings(max_examples=60, deadline=None)
@given(high=sizes, kernel=st.sampled_from([3, 5, 7, 9]), way=st.sampled_from(["nearest", "transposed"]))
def test_upsampling_undoes_halving_exactly(high: list[int], kernel: int, way: str) -> None:
    x = torch.zeros(1, 2, *high)
    halved = Convolution(2, 3, kernel, len(high), halve=True)(x)
    low = halved.shape[2:]
    assert list(low) == [(size + 1) // 2 for size in high]
    assert Upsampling(3, 2, low, high, kernel=kernel, way=way)(halved).shape == x.shape


@settings(max_examples=30, deadline=None)
@given(low=sizes, factor=st.sampled_from([1, 2, 3, 5, 7]), way=st.sampled_from(["nearest", "transposed"]))
def test_upsampling_by_a_factor_leaves_no_holes(low: list[int], factor: int, way: str) -> None:
    high = [factor * size for size in low]
    up = Upsampling(1, 1, low, high, kernel=3, way=way)
    for p in up.parameters():
        nn.init.ones_(p) if p.dim() > 1 else nn.init.zeros_(p)
    y = up(torch.ones(1, 1, *low))
    assert y.shape == (1, 1, *high)
    assert (y > 0).all()


def test_blocks_say_in_words_what_they_do() -> None:
    assert (
        Dense(784, 256, "relu", "batch", 0.1).describe() == "fully connected, 784 → 256, batch normalization, relu, dropout 0.1"
    )
    down = Convolution(1, 32, 3, 2, halve=True, activation="silu")
    assert down.describe() == "3×3 convolution, 1 → 32 channels, halves height and width, silu"
    up = Upsampling(32, 1, (4, 3), (7, 6), kernel=3, way="transposed")
    assert up.describe() == "enlarges 4×3 to 7×6, 3×3 transposed convolution, 32 → 1 channels"
    assert Convolution(2, 4, 5, 1, halve=True).describe() == "5-wide convolution, 2 → 4 channels, halves length"
    assert BatchNorm(4).describe() == "batch normalization of 4 channels"


@pytest.mark.parametrize("dims", [0, 1, 2])
def test_a_layer_keeps_the_positions(dims: int) -> None:
    x = noise(2, 3, *(6, 5)[:dims])
    assert layer(3, 4, 5, dims)(x).shape == (2, 4, *x.shape[2:])

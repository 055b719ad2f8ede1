"""How far networks look: what kernels and strides say is what gradients see."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from diabolo.errors import UnsupportedError
from diabolo.parts.networks import Conv, Custom, Mlp, Residual
from diabolo.parts.networks.base import Decoder, Encoder, Network, Ports
from diabolo.parts.networks.reach import Reach, reach_of
from diabolo.records import Layout

NETWORKS: dict[str, tuple[Network, int, int]] = {  # with the sides it is built for
    "conv": (Conv(code="map"), 48, 48),
    "conv built for odd sizes": (Conv(code="map", channels=(4, 4, 4)), 27, 27),
    "one stage": (Conv(code="map", channels=(3,)), 8, 8),
    "wide kernels": (Conv(code="map", channels=(3, 4), kernel=7), 16, 16),
    "repeated positions": (Conv(code="map", channels=(3, 4, 5), upsampling="nearest", kernel=5), 16, 16),
    "residual": (Residual(code="map", widths=(3, 4)), 16, 16),
    "residual, two blocks, tanh": (Residual(code="map", widths=(3, 4), blocks=2, activation="tanh"), 16, 16),
    "twice as large": (Conv(code="map", channels=(3, 4)), 14, 28),
    "three times as large": (Residual(code="map", widths=(3, 4), upsampling="nearest"), 8, 24),
    "five times as large": (Conv(code="map", channels=(3,)), 8, 40),
    "the user's own": (
        Custom(
            nn.Sequential(nn.Conv2d(1, 3, 5, 2, 2, dilation=1), nn.SiLU(), nn.Conv2d(3, 4, 3, 1, 2, dilation=2)),
            nn.Sequential(nn.ConvTranspose2d(4, 3, 4, 2, 1), nn.SiLU(), nn.Conv2d(3, 1, 1)),
            code_positions=(8, 8),
        ),
        16,
        16,
    ),
}


def layout(*positions: int) -> Layout:
    return Layout(("gray",), positions)


def build(network: Network, side: int, target: int) -> tuple[Encoder, Decoder]:
    source, wanted = layout(side, side), layout(target, target)
    encoder, decoder = network.resolved(source, wanted, 4, "s").build(Ports(source, wanted, 4, 4, 1))
    return encoder.eval(), decoder.eval()


@torch.no_grad()
def averaging(module: nn.Module) -> nn.Module:
    """The module in float64 with all weights alike and positive: no derivative is zero but for what is out of reach."""
    for p in module.double().parameters():
        p.fill_(0 if p.ndim < 2 else 1 / p[0].numel())
    for m in module.modules():
        if hasattr(m, "running_mean"):
            m.weight.fill_(1)
    return module


def seen(encoder: Encoder, decoder: Decoder, reach: Reach, n: int) -> tuple[int, int]:
    """How far beyond a block of one stride the inputs lie that it depends on, before and behind, by gradients."""
    x = torch.ones(1, 1, n, n, dtype=torch.float64, requires_grad=True)
    out = decoder.whole(encoder(x)[0])
    assert out.shape[2:] == (n * reach.scale[0], n * reach.scale[1])
    stride, scale = reach.stride[0], reach.scale[0]
    start = n // 2 // stride * stride
    block = out[..., start * scale : (start + stride) * scale, n // 2 * scale]
    block.sum().backward()
    rows = (x.grad != 0).any(3).flatten().nonzero().flatten()
    return start - int(rows[0]), int(rows[-1]) - (start + stride - 1)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_reach_is_what_gradients_see(name: str) -> None:
    encoder, decoder = build(*NETWORKS[name])
    reach = reach_of(encoder, decoder)
    n = 3 * reach.halo[0] + 4 * reach.stride[0]
    before, behind = seen(averaging(encoder), averaging(decoder), reach, n)
    assert 0 < max(before, behind) <= reach.halo[0]
    assert max(before, behind) > reach.halo[0] - 2 * reach.stride[0]  # no larger than it need be


@pytest.mark.parametrize("name", NETWORKS)
def test_moving_the_input_by_the_stride_moves_the_output(name: str) -> None:
    encoder, decoder = build(*NETWORKS[name])
    reach = reach_of(encoder, decoder)
    stride, halo, scale = reach.stride[0], reach.halo[0], reach.scale[0]
    n = 2 * halo + 2 * stride
    x = torch.randn(1, 1, n + stride, n + stride, generator=torch.Generator().manual_seed(0))

    def answer(x: Tensor) -> Tensor:
        return decoder.whole(encoder(x)[0])

    here, there = answer(x[..., :n, :n]), answer(x[..., stride:, stride:])
    inner = slice(halo * scale, (n - halo - stride) * scale)
    moved = slice((halo + stride) * scale, (n - halo) * scale)
    torch.testing.assert_close(here[..., moved, moved], there[..., inner, inner], rtol=0, atol=1e-5)
    assert here.shape[2:] == (n * scale, n * scale)


def test_the_numbers_of_one_network() -> None:
    """By hand: 3-wide kernels down by 2 and 2; each way back sees one position to the right at most."""
    encoder, decoder = build(Conv(code="map", channels=(8, 4)), 16, 16)
    assert reach_of(encoder, decoder) == Reach((4, 4), (4, 4), (1, 1), 2)  # a stride of 2 x 2; 8 channels at a quarter


def test_axes_that_are_enlarged_differently() -> None:
    source, target = layout(8, 8), layout(16, 24)
    network = Conv(code="map", channels=(3,)).resolved(source, target, 4, "s")
    assert reach_of(*network.build(Ports(source, target, 4, 4, 1))).scale == (2, 3)


def test_series_have_one_axis() -> None:
    network = Conv(code="map", channels=(3, 3)).resolved(layout(32), layout(32), 4, "s")
    assert reach_of(*network.build(Ports(layout(32), layout(32), 4, 4, 1))).stride == (4,)


@pytest.mark.parametrize(
    ("network", "why"),
    [
        (Conv(), "vector"),
        (Mlp(), "vector"),
        (Residual(), "vector"),
        (Conv(code="map", normalization="layer"), "mean and variance"),
        (Custom(nn.Conv2d(1, 4, 3, padding="same"), nn.Conv2d(4, 1, 1), code_positions=(16, 16)), "same"),
        (Custom(nn.Conv2d(1, 4, 3, 2, 2), nn.ConvTranspose2d(4, 1, 2, 2, 1), code_positions=(9, 9)), "no whole multiples"),
        (Custom(nn.Conv2d(1, 4, 1), nn.Sequential(nn.Conv2d(4, 1, 1), nn.Softmax2d()), code_positions=(16, 16)), "Softmax2d"),
    ],
)
def test_networks_that_look_everywhere_say_why(network: Network, why: str) -> None:
    with pytest.raises(UnsupportedError, match=rf'{why}.*network=Conv\(code="map"'):
        reach_of(*build(network, 16, 16))


@pytest.mark.parametrize("network", [Conv(code="map", channels=(3, 4, 5)), Residual(code="map")])
@pytest.mark.parametrize("side", [27, 28, 32])
def test_sizes_other_than_those_at_building(network: Network, side: int) -> None:
    """The size of building comes back as it did; every multiple of the stride comes back too."""
    encoder, decoder = build(network, side, side)
    stride = reach_of(encoder, decoder).stride[0]
    for n in (side, stride, 5 * stride, 11 * stride):
        z, _ = encoder(torch.randn(2, 1, n, n + 3 * stride if n != side else n))
        assert decoder.whole(z).shape[2:] == (z.shape[2] * stride, z.shape[3] * stride)
        if n == side:
            assert decoder(z).shape[2:] == (side, side)
        else:
            torch.testing.assert_close(decoder(z), decoder.whole(z))

"""What each architecture promises beyond the contract: exact layers, sizes of maps, rules for what is not given."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from diabolo.errors import ParameterError
from diabolo.parts.layers import Dense, Skip
from diabolo.parts.networks import Conv, Mlp, Residual
from diabolo.parts.networks.base import Decoder, Encoder, Network, Ports
from diabolo.parts.networks.mlp import chosen_widths
from diabolo.parts.networks.pyramid import chosen_channels, ladder
from diabolo.parts.networks.residual import Block
from diabolo.records import Layout


def layout(fields: int, *positions: int) -> Layout:
    return Layout(tuple(f"f{i}" for i in range(fields)), positions)


def build(network: Network, source: Layout, target: Layout | None = None, latent: int = 4) -> tuple[Encoder, Decoder]:
    torch.manual_seed(0)
    target = target or source
    resolved = network.resolved(source, target, latent, "m")
    return resolved.build(Ports(source, target, latent, latent, target.fields))


def plain(module: nn.Module) -> list[nn.Module]:
    """The modules without modules inside, in order."""
    return [m for m in module.modules() if not list(m.children()) and not isinstance(m, nn.Sequential)]


def test_the_textbook_network_is_exact() -> None:
    encoder, decoder = build(Mlp(widths=(256, 128), activation="relu"), layout(784), latent=64)
    widths = [(m.in_features, m.out_features) for part in (encoder, decoder) for m in plain(part) if isinstance(m, nn.Linear)]
    assert widths == [(784, 256), (256, 128), (128, 64), (64, 128), (128, 256), (256, 784)]
    assert [type(m).__name__ for m in plain(encoder)] == ["Flatten", "Linear", "ReLU", "Linear", "ReLU", "Linear"]
    assert [type(m).__name__ for m in plain(decoder)] == ["Linear", "ReLU", "Linear", "ReLU", "Linear", "Unflatten"]
    assert sum(p.numel() for part in (encoder, decoder) for p in part.parameters()) == 484_944 - 64 - 784 + 64 + 784


def test_no_hidden_layer_is_one_linear_layer_a_side() -> None:
    encoder, decoder = build(Mlp(widths=()), layout(1, 3, 2))
    x = torch.rand(5, 1, 3, 2)
    h, _ = encoder(x)
    torch.testing.assert_close(h, x.flatten(1) @ encoder.head.weight.T)
    torch.testing.assert_close(decoder(h), (h @ decoder.head.weight.T).reshape(5, 1, 3, 2))


@pytest.mark.parametrize("cells", [1, 2, 7, 30, 784, 3072, 10_000])
@pytest.mark.parametrize("latent", [1, 32, 300])
def test_widths_shrink_to_the_code_and_no_further(cells: int, latent: int) -> None:
    for size, depth in (("s", 1), ("m", 2), ("l", 3)):
        widths = chosen_widths(cells, latent, size)
        assert len(widths) == depth
        assert list(widths) == sorted(widths, reverse=True)
        assert min(widths) >= latent
        assert max(widths) <= max(1024, latent)


def test_images_that_want_a_wider_target_get_wider_layers() -> None:
    network = Mlp().resolved(layout(3), layout(400), 2, "m")
    assert network.widths == chosen_widths(400, 2, "m")


def test_map_sizes_are_halved_rounding_up() -> None:
    encoder, decoder = build(Conv(channels=(4, 6, 8)), layout(2, 33, 17))
    x = torch.rand(2, 2, 33, 17)
    for stage, shape in zip(encoder.stages, [(4, 17, 9), (6, 9, 5), (8, 5, 3)], strict=True):
        x = stage(x)
        assert x.shape == (2, *shape)
    x = decoder.foot(torch.rand(2, 4))
    for stage, shape in zip(decoder.stages, [(6, 9, 5), (4, 17, 9), (2, 33, 17)], strict=True):
        x = stage(x)
        assert x.shape == (2, *shape)


def test_channels_leave_at_most_64_positions() -> None:
    for side in (1, 2, 8, 9, 28, 32, 65, 200):
        image = layout(1, side, side)
        channels = chosen_channels(image, image, "m", "vector")
        assert ladder((side, side), len(channels))[-1][0] ** 2 <= 64
        assert len(channels) == 1 or ladder((side, side), len(channels) - 1)[-1][0] ** 2 > 64
    assert chosen_channels(layout(1, 300, 300), layout(1, 300, 300), "s", "vector") == (16, 32, 64, 128, 128, 128)
    assert chosen_channels(layout(1, 300, 300), layout(1, 300, 300), "m", "map") == (32,)


@pytest.mark.parametrize("upsampling", ["nearest", "transposed"])
@pytest.mark.parametrize("network", [Conv, Residual])
@pytest.mark.parametrize("target", [(14, 14), (28, 28), (42, 42), (28, 14), (84, 70)])
def test_a_map_enlarges_by_whole_factors(
    network: type[Conv] | type[Residual], upsampling: str, target: tuple[int, int]
) -> None:
    source, aim = layout(2, 14, 14), layout(1, *target)
    encoder, decoder = build(network(code="map", upsampling=upsampling), source, aim)
    h, _ = encoder(torch.rand(2, 2, 14, 14))
    assert h.shape == (2, 4, 7, 7)
    assert decoder(h).shape == (2, 1, *target)


@pytest.mark.parametrize("target", [(21, 14), (7, 7), (15, 15)])
def test_a_map_enlarges_by_nothing_else(target: tuple[int, int]) -> None:
    with pytest.raises(ParameterError, match=r"14×14.*whole factors|whole factors.*14×14"):
        build(Conv(code="map"), layout(1, 14, 14), layout(1, *target))


def test_a_code_position_is_real_where_any_cell_under_it_is() -> None:
    encoder, _ = build(Conv(channels=(2, 2), code="map"), layout(3, 8, 8))
    real = torch.zeros(1, 3, 8, 8)
    real[0, 1, 5, 2] = 1
    _, at_code = encoder(torch.rand(1, 3, 8, 8), real)
    assert at_code.shape == (1, 1, 2, 2)
    assert at_code[0, 0].tolist() == [[0, 0], [1, 0]]
    assert build(Conv(), layout(3, 8, 8))[0](torch.rand(1, 3, 8, 8), real)[1] is None


@pytest.mark.parametrize("source", [layout(6), layout(2, 9, 7), layout(2, 30)], ids=str)
@pytest.mark.parametrize("norm", ["none", "layer"])
def test_residual_training_begins_at_a_linear_autoencoder(source: Layout, norm: str) -> None:
    encoder, decoder = build(Residual(normalization=norm), source)
    a, b = torch.rand(2, 3, *source.shape)

    def f(x: torch.Tensor) -> torch.Tensor:
        return decoder(encoder(x)[0])

    torch.testing.assert_close(f(2 * a - 3 * b), 2 * f(a) - 3 * f(b), atol=1e-4, rtol=1e-4)


def test_residual_becomes_nonlinear() -> None:
    block = Block(3, 2, "relu", "none", 0.0)
    x = torch.rand(2, 3, 4, 4) - 0.5
    block.quiet()
    assert torch.equal(block(x), x)
    nn.init.ones_(block.outer.weight)
    assert not torch.allclose(block(-x), -block(x))
    torch.testing.assert_close(block(x) - x, block.outer(block.inner(x.relu()).relu()))


def test_residual_blocks_say_what_they_are() -> None:
    assert Block(8, 0, "relu", "none", 0.0).describe() == (
        "residual block: two fully connected layers, 8 units, added to what came in"
    )
    assert "3×3 convolutions, 8 channels" in Block(8, 2, "relu", "none", 0.0).describe()


def test_a_skip_adds_what_comes_in() -> None:
    same, other = (Skip(Dense(4, b, "sigmoid"), 4, b) for b in (4, 3))
    x = torch.rand(5, 4)
    torch.testing.assert_close(same(x), x + torch.sigmoid(x @ same.layer.linear.weight.T + same.layer.linear.bias))
    torch.testing.assert_close(other(x), x @ other.shortcut.weight.T + other.layer(x))
    assert same.describe() == "fully connected, 4 → 4, sigmoid, added to what came in"
    assert other.describe().endswith("added to a linear map of what came in")


def test_skips_carry_gradients_through_a_deep_network_that_saturates() -> None:
    """A sigmoid passes at most a quarter of a gradient; what goes around it is not diminished."""
    first = []
    for skip in (False, True):
        encoder, _ = build(Mlp(widths=(8,) * 12, activation="sigmoid", skip=skip), layout(8))
        encoder(torch.rand(4, 8))[0].sum().backward()
        first.append(next(encoder.parameters()).grad.norm())  # type: ignore[union-attr]
    assert first[1] > 1e4 * first[0]


def test_dropout_acts_in_training_only() -> None:
    for network in (Mlp(dropout=0.5), Residual(dropout=0.5)):
        encoder, _ = build(network, layout(6))
        for block in encoder.modules():
            if isinstance(block, Block):
                nn.init.ones_(block.outer.weight)  # starts at zero, where dropout cannot be seen
        x = torch.rand(4, 6)
        assert not torch.equal(encoder(x)[0], encoder(x)[0])
        encoder.eval()
        assert torch.equal(encoder(x)[0], encoder(x)[0])


@pytest.mark.parametrize("network", [Conv(), Conv(code="map")])
def test_a_table_has_no_maps(network: Conv) -> None:
    with pytest.raises(ParameterError, match='network="mlp"'):
        build(network, layout(7))


@pytest.mark.parametrize(("source", "target"), [(layout(7), layout(1, 4, 4)), (layout(1, 4, 4), layout(7))], ids=str)
def test_maps_on_both_sides_or_on_none(source: Layout, target: Layout) -> None:
    for network in (Residual(), *((Conv(),) if source.positions else ())):
        with pytest.raises(ParameterError, match='network="mlp"'):
            build(network, source, target)
    y = build(Mlp(), source, target)[1](torch.rand(2, 4))
    assert y.shape == (2, *target.shape)


def test_residual_maps_need_maps() -> None:
    with pytest.raises(ParameterError, match='code="vector"'):
        build(Residual(code="map"), layout(7))


@pytest.mark.parametrize("network", [Conv(channels=()), Residual(widths=())])
def test_maps_need_a_stage(network: Network) -> None:
    with pytest.raises(ParameterError, match="at least one stage"):
        build(network, layout(1, 8, 8))


def test_units_between_map_and_code_are_no_fewer_than_the_code() -> None:
    image = layout(1, 8, 8)
    assert [Conv().resolved(image, image, 10, size).hidden for size in "sml"] == [64, 128, 256]
    assert Conv().resolved(image, image, 200, "m").hidden == 200
    assert Conv(hidden=0).resolved(image, image, 200, "m").hidden == 0


def test_a_map_has_no_fully_connected_layer() -> None:
    encoder, decoder = build(Conv(code="map"), layout(1, 8, 8))
    assert not any(isinstance(m, nn.Linear) for part in (encoder, decoder) for m in part.modules())
    assert Conv(code="map").resolved(layout(1, 8, 8), layout(1, 8, 8), 4, "m").hidden == 0
    with pytest.raises(ParameterError, match="hidden=16"):
        build(Conv(code="map", hidden=16), layout(1, 8, 8))

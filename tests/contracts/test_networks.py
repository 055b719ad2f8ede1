"""What holds for every network, on every layout it takes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import pytest
import torch
from sklearn.base import clone
from torch import Tensor, nn

from diabolo.errors import ParameterError
from diabolo.parts.networks import NETWORKS, Conv, Custom, Mlp, Residual
from diabolo.parts.networks.base import Decoder, Encoder, Network, Ports
from diabolo.records import Layout
from diabolo.spec import find, from_json

SIZES = ("s", "m", "l")
WANTS, GIVES = 6, 3


def layout(fields: int, *positions: int) -> Layout:
    return Layout(tuple(f"f{i}" for i in range(fields)), positions)


LAYOUTS = (
    layout(1),
    layout(7),
    layout(784),
    layout(1, 1, 1),
    layout(3, 5, 7),
    layout(1, 28, 28),
    layout(4, 33, 17),
    layout(2, 9),
)
THOROUGH = (layout(7), layout(3, 5, 7))


def flat(shape: tuple[int, ...], outputs: int, condition: int) -> Custom:
    """A user's network for one layout."""
    return Custom(
        Joined(nn.Linear(cells(shape) + condition, WANTS)),
        Joined(nn.Linear(GIVES + condition, cells(shape) * outputs), shape, outputs),
    )


class Joined(nn.Module):
    """A linear layer that takes a condition when it is handed one."""

    def __init__(self, linear: nn.Linear, shape: tuple[int, ...] = (), outputs: int = 1) -> None:
        super().__init__()
        self.linear = linear
        self.shape = (shape[0] * outputs, *shape[1:]) if shape else (-1,)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        x = x.flatten(1)
        return self.linear(x if condition is None else torch.cat([x, condition], 1)).reshape(len(x), *self.shape)


def cells(shape: tuple[int, ...]) -> int:
    return layout(*shape).cells


def described(layout: Layout, condition: int = 0) -> Iterator[Network]:
    """A description of each network that takes the layout; on two layouts, of its variants too."""
    yield Mlp()
    yield Residual()
    yield flat(layout.shape, 2, condition)
    if layout.positions:
        yield Conv()
        yield Conv(code="map", normalization="layer")
    if layout in THOROUGH:
        yield Mlp(widths=(5, 4), activation="leaky-relu", normalization="batch", dropout=0.2)
        yield Mlp(widths=(), activation="tanh")
        yield Mlp(widths=(5, 5, 4), activation="sigmoid", skip=True)
        yield Mlp(normalization="layer")
        yield Residual(widths=(6, 4), blocks=2, normalization="batch", dropout=0.1, upsampling="nearest")
    if layout in THOROUGH and layout.positions:
        yield Conv(channels=(3, 5, 4), kernel=5, activation="gelu", normalization="none", upsampling="nearest", hidden=9)
        yield Residual(code="map", normalization="none")


CASES = [
    pytest.param(i, shape, condition, id=f"{net.name}{i}-{'x'.join(map(str, shape.shape))}-{condition}")
    for shape in LAYOUTS
    for condition in (0, 3)
    for i, net in enumerate(described(shape))
]


def build(network: Network, source: Layout, condition: int = 0, target: Layout | None = None) -> tuple[Encoder, Decoder]:
    """Both modules, with seeded weights; twice as many outputs as fields."""
    torch.manual_seed(0)
    target = target or source
    return network.build(Ports(source, target, WANTS, GIVES, 2 * target.fields, condition))


def case(number: int, source: Layout, condition: int, size: str = "s") -> tuple[Network, Encoder, Decoder]:
    network = list(described(source, condition))[number].resolved(source, source, GIVES, size)
    return network, *build(network, source, condition)


def rows(n: int, source: Layout, condition: int) -> tuple[Tensor, Tensor | None]:
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(n, *source.shape, generator=generator)
    return x, torch.rand(n, condition, generator=generator) if condition else None


@pytest.mark.parametrize(("number", "source", "condition"), CASES)
def test_shapes_and_gradients(number: int, source: Layout, condition: int) -> None:
    network, encoder, decoder = case(number, source, condition)
    x, c = rows(4, source, condition)
    h, _ = encoder(x, None, c)
    assert h.shape == (4, *network.code_shape(source, WANTS))
    params = decoder(h[:, :GIVES], c)
    assert params.shape == (4, 2 * source.fields, *source.positions)
    (params.square().sum() + h.square().sum()).backward()
    for module in (encoder, decoder):
        for name, p in module.named_parameters():
            assert p.grad is not None, name
            assert p.grad.isfinite().all(), name


@pytest.mark.parametrize(("number", "source", "condition"), CASES)
def test_evaluation_is_deterministic_and_treats_each_row_alone(number: int, source: Layout, condition: int) -> None:
    _, encoder, decoder = case(number, source, condition)
    x, c = rows(5, source, condition)
    encoder(x, None, c)  # moves running means away from where they start
    encoder.eval(), decoder.eval()
    with torch.no_grad():
        h, _ = encoder(x, None, c)
        y = decoder(h[:, :GIVES], c)
        assert torch.equal(h, encoder(x, None, c)[0])
        assert torch.equal(y, decoder(h[:, :GIVES], c))
        one = slice(2, 3)
        alone, _ = encoder(x[one], None, None if c is None else c[one])
        torch.testing.assert_close(alone, h[one], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(decoder(h[one, :GIVES], None if c is None else c[one]), y[one], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("number", "source", "condition"), [c for c in CASES if c.values[2]])
def test_the_condition_reaches_code_and_output(number: int, source: Layout, condition: int) -> None:
    _, encoder, decoder = case(number, source, condition)
    encoder.eval(), decoder.eval()
    x, c = rows(2, source, condition)
    assert c is not None
    with torch.no_grad():
        h, _ = encoder(x, None, c)
        assert not torch.allclose(h, encoder(x, None, c + 1)[0])
        assert not torch.allclose(decoder(h[:, :GIVES], c), decoder(h[:, :GIVES], c + 1))


@pytest.mark.parametrize(("number", "source", "condition"), CASES)
def test_one_row_can_be_trained_on(number: int, source: Layout, condition: int) -> None:
    _, encoder, decoder = case(number, source, condition)
    x, c = rows(1, source, condition)
    y = decoder(encoder(x, None, c)[0][:, :GIVES], c)
    y.sum().backward()
    assert y.isfinite().all()


@pytest.mark.parametrize(("number", "source", "condition"), [c for c in CASES if not c.values[2]])
def test_seeded_build_and_state_dict(number: int, source: Layout, condition: int) -> None:
    network, encoder, decoder = case(number, source, condition)
    again = build(network, source)
    for a, b in zip((encoder, decoder), again, strict=True):
        assert all(torch.equal(v, b.state_dict()[k]) for k, v in a.state_dict().items())
    x, _ = rows(3, source, 0)
    encoder(x)  # changes running means
    other = network.build(Ports(source, source, WANTS, GIVES, 2 * source.fields))[0]
    other.load_state_dict(encoder.state_dict())
    assert torch.equal(other.eval()(x)[0], encoder.eval()(x)[0])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("source", LAYOUTS, ids=lambda s: "x".join(map(str, s.shape)))
def test_every_size_resolves_to_something_that_builds(source: Layout, size: str) -> None:
    for network in described(source):
        resolved = network.resolved(source, source, GIVES, size)
        assert type(resolved) is type(network)
        assert resolved.resolved(source, source, GIVES, "m") == resolved
        if not isinstance(network, Custom):
            assert None not in resolved.get_params().values()
        encoder, _ = build(resolved, source)
        assert encoder.eval()(torch.zeros(2, *source.shape))[0].shape == (2, *resolved.code_shape(source, WANTS))


def test_larger_sizes_have_more_parameters() -> None:
    for source in (layout(7), layout(784), layout(1, 28, 28), layout(3, 64, 64)):
        for network in (Mlp(), Residual(), *((Conv(),) if source.positions else ())):
            with torch.device("meta"):
                built = [build(network.resolved(source, source, GIVES, size), source) for size in SIZES]
            counts = [sum(p.numel() for module in pair for p in module.parameters()) for pair in built]
            assert counts == sorted(set(counts)), (network, source.shape)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (layout(3), layout(8)),
        (layout(1, 14, 14), layout(3, 28, 28)),
        (layout(4, 9, 5), layout(1, 7, 12)),
        (layout(3, 8), layout(1, 24)),
    ],
    ids=str,
)
def test_target_of_another_shape(source: Layout, target: Layout) -> None:
    for network in described(source):
        if isinstance(network, Custom) or getattr(network, "code", "") == "map":
            continue
        resolved = network.resolved(source, target, GIVES, "s")
        encoder, decoder = build(resolved, source, target=target)
        y = decoder(encoder(torch.rand(2, *source.shape))[0][:, :GIVES])
        assert y.shape == (2, 2 * target.fields, *target.positions)


@pytest.mark.parametrize(("number", "source", "condition"), [c for c in CASES if not c.values[2]])
def test_json_and_clone(number: int, source: Layout, condition: int) -> None:
    network = list(described(source))[number]
    assert clone(network).to_json() == network.to_json()
    if isinstance(network, Custom):
        return
    assert clone(network) == network
    resolved = network.resolved(source, source, GIVES, "m")
    for one in (network, resolved):
        assert from_json(NETWORKS, json.loads(json.dumps(one.to_json()))) == one


@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: n.name)
def test_names(network: type[Network]) -> None:
    assert [find(NETWORKS, name) for name in (network.name, *network.aliases)] == [network] * (1 + len(network.aliases))


@pytest.mark.parametrize(
    ("network", "options"),
    [
        (Mlp, {"widths": (0,)}),
        (Mlp, {"widths": (8, -1)}),
        (Mlp, {"widths": 8}),
        (Mlp, {"widths": (1.5,)}),
        (Mlp, {"activation": "rellu"}),
        (Mlp, {"normalization": "instance"}),
        (Mlp, {"dropout": 1.0}),
        (Mlp, {"dropout": -0.1}),
        (Conv, {"channels": (0, 4)}),
        (Conv, {"kernel": 4}),
        (Conv, {"upsampling": "bicubic"}),
        (Conv, {"hidden": -1}),
        (Conv, {"code": "sequence"}),
        (Residual, {"blocks": 0}),
        (Residual, {"widths": (0,)}),
        (Residual, {"dropout": 1.0}),
        (Custom, {"encoder": "resnet18"}),
        (Custom, {"code_positions": (0,)}),
    ],
    ids=str,
)
def test_options_out_of_range(network: type[Network], options: dict[str, object]) -> None:
    key = next(iter(options))
    with pytest.raises(ParameterError, match=f"{network.name}.{key}"):
        network(**options)


@pytest.mark.parametrize("network", [Mlp(), Conv(), Residual()], ids=lambda n: n.name)
def test_a_size_that_does_not_exist(network: Network) -> None:
    with pytest.raises(ParameterError, match="no size 'xl'"):
        network.resolved(LAYOUTS[-2], LAYOUTS[-2], GIVES, "xl")


@pytest.mark.parametrize("network", [Mlp(), Conv(), Residual()], ids=lambda n: n.name)
def test_what_is_left_to_the_data_cannot_be_built(network: Network) -> None:
    with pytest.raises(ParameterError, match="resolved"):
        build(network, LAYOUTS[-2])


def test_resolving_leaves_the_description_as_it_was() -> None:
    for source in LAYOUTS:
        for network in described(source):
            before = dataclasses.replace(network)
            network.resolved(source, source, GIVES, "l")
            assert network == before

"""A map-shaped residual network starts by giving back its input, and says so."""

from __future__ import annotations

import math

import pytest
import torch

from diabolo.parts.networks import Residual
from diabolo.parts.networks.base import Decoder, Encoder, Ports
from diabolo.records import Layout


def built(
    fields: int,
    positions: tuple[int, ...],
    widths: tuple[int, ...],
    code: int,
    factor: int = 1,
    direct: bool = True,
    **options: object,
) -> tuple[Encoder, Decoder]:
    source = Layout(tuple(map(str, range(fields))), positions)
    target = Layout(source.names, tuple(factor * p for p in positions))
    torch.manual_seed(0)
    network = Residual(code="map", widths=widths, blocks=1, **options)  # type: ignore[arg-type]
    resolved = network.resolved(source, target, code, "m")
    return resolved.build(Ports(source=source, target=target, wants=code, gives=code, outputs=fields, direct=direct))


def answer(modules: tuple[Encoder, Decoder], x: torch.Tensor) -> torch.Tensor:
    encoder, decoder = modules
    return decoder(encoder(x)[0]).detach()


@pytest.mark.parametrize(
    ("fields", "positions", "widths", "code"),
    [
        (3, (16, 16), (12,), 12),
        (3, (15, 9), (20,), 30),
        (1, (28, 28), (4, 16), 16),
        (2, (27,), (4, 8), 8),
        (1, (1, 5), (4,), 4),
    ],
)
def test_with_room_it_starts_as_the_identity(
    fields: int, positions: tuple[int, ...], widths: tuple[int, ...], code: int
) -> None:
    x = torch.rand(2, fields, *positions)
    modules = built(fields, positions, widths, code)
    assert modules[1].gives_back
    torch.testing.assert_close(answer(modules, x), x)


@pytest.mark.parametrize("factor", [2, 3, 5, 6])
def test_larger_outputs_start_as_repeated_positions(factor: int) -> None:
    x = torch.rand(2, 3, 6, 8)
    expected = x.repeat_interleave(factor, 2).repeat_interleave(factor, 3)
    torch.testing.assert_close(answer(built(3, (6, 8), (12,), 12, factor), x), expected)


@pytest.mark.parametrize(("width", "code"), [(1, 1), (12, 1), (1, 12)])
def test_without_room_the_low_frequencies_remain(width: int, code: int) -> None:
    x = torch.rand(2, 1, 8, 8)
    means = torch.nn.functional.avg_pool2d(x, 2).repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(answer(built(1, (8, 8), (width,), code), x), means)


def test_the_codes_start_as_the_haar_transform() -> None:
    encoder, _ = built(1, (2, 2), (4,), 4)
    a, b, c, d = 1.0, 2.0, 5.0, 11.0
    code = encoder(torch.tensor([[[[a, b], [c, d]]]]))[0].detach().flatten()
    expected = torch.tensor([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]) / 2
    torch.testing.assert_close(code, expected)
    assert math.isclose(float(code.square().sum()), a * a + b * b + c * c + d * d)


def test_the_start_stays_when_outputs_should_start_at_a_mean() -> None:
    x = torch.rand(2, 1, 8, 8)
    modules = built(1, (8, 8), (4,), 4)
    modules[1].start_at(torch.full((1, 8, 8), 0.7))
    torch.testing.assert_close(answer(modules, x), x)


def test_no_such_start_where_positions_are_repeated_or_outputs_bent() -> None:
    assert not built(1, (8, 8), (4,), 4, upsampling="nearest")[1].gives_back
    assert not built(1, (8, 8), (4,), 4, direct=False)[1].gives_back


def test_no_channel_is_constant() -> None:
    """Where the output is larger than the input, three of many channels carry the answer; the others are there to learn."""
    encoder, decoder = built(3, (6, 8), (12,), 12, 2)
    seen = []
    decoder.stages[0].register_forward_hook(lambda m, x, y: seen.append(y))  # type: ignore[index, union-attr]
    decoder(encoder(torch.rand(16, 3, 6, 8))[0])
    assert (seen[0].transpose(0, 1).flatten(1).std(1) > 1e-3).all()


def test_the_rest_of_the_network_learns() -> None:
    encoder, decoder = built(1, (8, 8), (8,), 8)
    decoder(encoder(torch.rand(4, 1, 8, 8))[0]).square().sum().backward()
    first, last = encoder.stages[0][0].convolution.weight, decoder.stages[0][-1].layers[0].weight  # type: ignore[index, union-attr]
    assert first.grad[:4].abs().sum() > 0  # what carries the input
    assert last.grad[4:].abs().sum() > 0  # what is not listened to yet

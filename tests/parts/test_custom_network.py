"""The user's own modules: taken as they are, checked before training, and never trained themselves."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from diabolo.errors import ParameterError
from diabolo.parts.networks import NETWORKS, Custom
from diabolo.parts.networks.base import Decoder, Encoder, Ports
from diabolo.records import Layout
from diabolo.spec import from_json

TABLE = Layout(tuple("abcdefg"))
IMAGE = Layout(("grey",), (6, 4))


def build(
    custom: Custom, layout: Layout = TABLE, wants: int = 4, gives: int = 2, condition: int = 0
) -> tuple[Encoder, Decoder]:
    return custom.resolved(layout, layout, gives, "m").build(Ports(layout, layout, wants, gives, layout.fields, condition))


def fitting() -> Custom:
    return Custom(nn.Sequential(nn.Linear(7, 5), nn.BatchNorm1d(5), nn.Linear(5, 4)), nn.Linear(2, 7))


def test_copies_are_trained_and_the_users_modules_are_not() -> None:
    custom = fitting()
    assert custom.encoder is not None
    before = {k: v.clone() for k, v in custom.encoder.state_dict().items()}
    encoder, decoder = build(custom)
    x = torch.rand(3, 7)
    decoder(encoder(x)[0][:, :2]).sum().backward()
    torch.optim.SGD(encoder.parameters(), lr=1.0).step()
    assert all(torch.equal(v, before[k]) for k, v in custom.encoder.state_dict().items())
    assert all(p.grad is None for p in custom.encoder.parameters())


def test_the_trial_changes_nothing() -> None:
    custom = fitting()
    assert custom.encoder is not None
    state = torch.get_rng_state()
    encoder, _ = build(custom)
    assert torch.equal(torch.get_rng_state(), state)
    assert encoder.training
    assert all(torch.equal(v, custom.encoder.state_dict()[k.removeprefix("module.")]) for k, v in encoder.state_dict().items())


def test_an_encoder_of_the_wrong_width() -> None:
    with pytest.raises(ParameterError, match=r"4 numbers a row \(2 for each of the 2 .*\(N, 4\); yours returned \(N, 2\)"):
        build(Custom(nn.Linear(7, 2), nn.Linear(2, 7)))


def test_a_decoder_of_the_wrong_width() -> None:
    with pytest.raises(ParameterError, match=r"shape \(N, 7\); yours returned \(N, 6\)\.$"):
        build(Custom(nn.Linear(7, 4), nn.Linear(2, 6)))


def test_a_decoder_that_is_flat_where_an_image_is_meant() -> None:
    custom = Custom(nn.Sequential(nn.Flatten(), nn.Linear(24, 4)), nn.Linear(2, 24))
    with pytest.raises(ParameterError, match=r"shape \(N, 1, 6, 4\); yours returned \(N, 24\)\. End it with nn.Unflatten"):
        build(custom, IMAGE)
    custom.decoder = nn.Sequential(nn.Linear(2, 24), nn.Unflatten(1, (1, 6, 4)))
    assert build(custom, IMAGE)[1](torch.rand(3, 2)).shape == (3, 1, 6, 4)


def test_an_encoder_that_fails_on_such_data() -> None:
    with pytest.raises(ParameterError, match=r"encoder was called with a batch of shape \(N, 1, 6, 4\) and failed: mat1"):
        build(Custom(nn.Linear(24, 4), nn.Linear(2, 24)), IMAGE)


@pytest.mark.parametrize(
    ("returns", "words"), [(lambda x: (x, x), "tuple"), (lambda x: x.sum(), r"shape \(\)"), (lambda x: x[:1], r"\(1, 7\)")]
)
def test_an_encoder_that_returns_something_else(returns: object, words: str) -> None:
    class Odd(nn.Module):
        def forward(self, x: Tensor) -> object:
            return returns(x)  # type: ignore[operator]

    with pytest.raises(ParameterError, match=f"one tensor .*{words}"):
        build(Custom(Odd(), nn.Linear(2, 7)))


class Conditional(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs + 3, outputs)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        return self.linear(torch.cat([x, condition], 1))


def test_the_condition_is_a_second_argument_of_conditional_recipes_only() -> None:
    encoder, decoder = build(Custom(Conditional(7, 4), Conditional(2, 7)), condition=3)
    assert encoder(torch.rand(2, 7), None, torch.rand(2, 3))[0].shape == (2, 4)
    assert decoder(torch.rand(2, 2), torch.rand(2, 3)).shape == (2, 7)
    with pytest.raises(ParameterError, match="missing 1 required positional argument: 'condition'"):
        build(Custom(Conditional(7, 4), Conditional(2, 7)))
    with pytest.raises(ParameterError, match=r"and a condition \(N, 3\)"):
        build(fitting(), condition=3)


def test_lazy_layers_get_their_sizes() -> None:
    encoder, decoder = build(Custom(nn.LazyLinear(4), nn.LazyLinear(7)))
    assert encoder.module.in_features == 7
    assert decoder.module.in_features == 2


def test_a_code_that_is_a_map() -> None:
    custom = Custom(nn.Conv2d(1, 4, 2, stride=2), nn.ConvTranspose2d(2, 1, 2, stride=2), code_positions=(3, 2))
    encoder, decoder = build(custom, IMAGE)
    h, _ = encoder(torch.rand(2, 1, 6, 4))
    assert h.shape == (2, *custom.code_shape(IMAGE, 4))
    assert decoder(h[:, :2]).shape == (2, 1, 6, 4)
    custom.code_positions = ()
    with pytest.raises(ParameterError, match=r"shape \(N, 4\); yours returned \(N, 4, 3, 2\)"):
        build(custom, IMAGE)


def test_a_folder_holds_the_name_alone() -> None:
    assert fitting().to_json() == {"name": "custom"}
    loaded = from_json(NETWORKS, fitting().to_json())
    for use in (lambda: loaded.resolved(TABLE, TABLE, 2, "m"), lambda: loaded.build(Ports(TABLE, TABLE, 4, 2, 7))):
        with pytest.raises(ParameterError, match=r"load\(path, network=Custom"):
            use()

"""What holds for every likelihood."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

from diabolo.errors import DataError, ParameterError, UnsupportedError
from diabolo.parts.likelihoods import LIKELIHOODS, Bernoulli, Custom, Gaussian, Laplace, Mixed, Structural
from diabolo.parts.likelihoods.base import Likelihood, Output
from diabolo.records import Batch, Layout
from tests.helpers import MIXED, mixed_rows

NAMES = ("a", "b", "c")
LAYOUTS = [
    *(Layout(NAMES, (), bounds) for bounds in (None, (0.0, 1.0), (-1.0, 1.0), (-3.0, 250.0))),
    Layout(NAMES, (4, 5), (0.0, 1.0)),
    Layout(NAMES, (23, 22), (-3.0, 250.0)),
    Layout(NAMES, (6,)),
    MIXED,
]


def squared(prediction: Tensor, target: Tensor) -> Tensor:
    return (prediction - target).square()


PARTS = [
    Gaussian(),
    Gaussian(variance="shared", std=0.5),
    Gaussian(variance="cell"),
    Bernoulli(),
    Bernoulli(binarize="dynamic"),
    Laplace(),
    Laplace(spread="shared", scale=0.5),
    Laplace(spread="cell"),
    Structural(),
    Structural(weight=0.5, levels=5, gradient=0.3),
    Mixed(),
    Mixed(variance="cell", std=0.5),
    Mixed(variance="fixed"),
    Custom(function=squared),
]
DENSITIES = [p for p in PARTS if p.density]


def layouts(part: Likelihood) -> list[Layout]:
    found = []
    for layout in LAYOUTS:
        try:
            part.check_layout(layout)
        except ParameterError:
            continue
        found.append(layout)
    return found


def name(part: Likelihood, layout: Layout) -> str:
    """The same in every process: an address in memory, as a function's repr has, is left out."""
    return f"{repr(part).partition(' at 0x')[0]}-{len(layout.shape)}d-{'columns' if layout.columns else layout.bounds}"


EVERY = pytest.mark.parametrize(
    ("part", "layout"),
    [pytest.param(p, y, id=name(p, y)) for p in PARTS for y in layouts(p)],
)


def params(part: Likelihood, layout: Layout, scale: float = 1.0, rows: int = 5) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return scale * torch.randn(rows, part.wants(layout), *layout.positions, generator=generator)


def data(layout: Layout, rows: int = 5) -> Tensor:
    if layout.columns:
        return mixed_rows(rows)
    u = torch.rand(rows, *layout.shape, generator=torch.Generator().manual_seed(1))
    low, high = layout.bounds or (-2.0, 2.0)
    return low + (high - low) * u


def numbers(output: Output, x: Tensor) -> list[Tensor]:
    return [output.log_prob(x), output.everyday(x), output.mean]


def test_all_members_are_here() -> None:
    assert {type(p) for p in PARTS} == set(LIKELIHOODS)
    assert all(layouts(p) for p in PARTS)


@EVERY
def test_one_finite_number_a_cell(part: Likelihood, layout: Layout) -> None:
    output, x = part.build(layout)(params(part, layout)), data(layout)
    for value in numbers(output, x):
        assert value.shape == x.shape
        assert value.dtype == torch.float32
        assert value.isfinite().all()
    assert output.everyday(x).min() >= 0


@EVERY
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_the_mean_is_within_the_bounds(part: Likelihood, layout: Layout, scale: float) -> None:
    mean = part.build(layout)(params(part, layout, scale)).mean
    low, high = layout.bounds or (-float("inf"), float("inf"))
    assert mean.isfinite().all()
    assert mean.min() >= low
    assert mean.max() <= high


@EVERY
def test_gradients_reach_the_decoder_and_what_is_learned(part: Likelihood, layout: Layout) -> None:
    head, given = part.build(layout), params(part, layout).requires_grad_()
    (-head(given).log_prob(data(layout)).sum()).backward()
    for tensor in (given, *head.parameters()):
        assert tensor.grad is not None
        assert tensor.grad.isfinite().all()
        assert tensor.grad.abs().sum() > 0


@EVERY
def test_extreme_parameters_stay_finite(part: Likelihood, layout: Layout) -> None:
    given = params(part, layout, scale=1e4).requires_grad_()
    value = part.build(layout)(given).log_prob(data(layout))
    value.sum().backward()
    assert value.isfinite().all()
    assert given.grad is not None
    assert given.grad.isfinite().all()


@EVERY
def test_half_precision_is_widened(part: Likelihood, layout: Layout) -> None:
    """Under autocast the decoder gives bfloat16; all that follows is the same as from float32 of the same values."""
    head, x = part.build(layout), data(layout)
    half = params(part, layout).bfloat16()
    for a, b in zip(numbers(head(half), x), numbers(head(half.float()), x), strict=True):
        assert a.dtype == torch.float32
        assert torch.equal(a, b)


@EVERY
def test_double_precision_is_kept(part: Likelihood, layout: Layout) -> None:
    output = part.build(layout).double()(params(part, layout).double())
    assert {value.dtype for value in numbers(output, data(layout).double())} == {torch.float64}


@EVERY
def test_the_data_stay_as_they_are(part: Likelihood, layout: Layout) -> None:
    x, given = data(layout), params(part, layout)
    before = x.clone(), given.clone()
    numbers(part.build(layout)(given), x)
    assert torch.equal(x, before[0])
    assert torch.equal(given, before[1])


@EVERY
def test_shapes_that_would_broadcast_are_refused(part: Likelihood, layout: Layout) -> None:
    output, x = part.build(layout)(params(part, layout)), data(layout)
    with pytest.raises(DataError, match="must be alike"):
        output.log_prob(x[:, :1])
    with pytest.raises(DataError, match="must be alike"):
        output.everyday(x[:1])


@EVERY
def test_samples_come_from_the_generator_alone(part: Likelihood, layout: Layout) -> None:
    output = part.build(layout)(params(part, layout))
    if not part.density:
        with pytest.raises(UnsupportedError, match="nothing to draw from"):
            output.sample(torch.Generator())
        with pytest.raises(UnsupportedError, match="no probabilities"):
            output.log_mass(data(layout), 1.0)
        return
    draws = [output.sample(torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)]
    assert draws[0].shape == output.mean.shape
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


@pytest.mark.parametrize("part", DENSITIES, ids=repr)
def test_samples_have_the_mean(part: Likelihood) -> None:
    """20 000 draws of three cells, against five standard errors of each."""
    layout = MIXED if isinstance(part, Mixed) else Layout(("a", "b", "c"), bounds=(0.0, 1.0))
    output = part.build(layout)(params(part, layout, rows=1).expand(20_000, -1))
    draws = output.sample(torch.Generator().manual_seed(0))
    error = draws.std(0) / 20_000**0.5
    assert ((draws.mean(0) - output.mean[0]).abs() <= 5 * error).all()  # flags do not vary


@EVERY
def test_the_module_survives_copies_and_state_dicts(part: Likelihood, layout: Layout) -> None:
    head, given, x = part.build(layout), params(part, layout), data(layout)
    with torch.no_grad():
        for p in head.parameters():
            p.add_(0.05)
    other = part.build(layout)
    other.load_state_dict(head.state_dict())
    for same in (copy.deepcopy(head), other):
        assert torch.equal(same(given).log_prob(x), head(given).log_prob(x))


@EVERY
def test_observe(part: Likelihood, layout: Layout) -> None:
    batch = Batch(data(layout))
    seen = part.build(layout).observe(batch, torch.Generator().manual_seed(0))
    assert (seen is batch) is not (isinstance(part, Bernoulli) and part.binarize == "dynamic")


@pytest.mark.parametrize("bounds", [None, (-1.0, 1.0), (0.0, 255.0)])
def test_bernoulli_needs_zero_to_one(bounds: tuple[float, float] | None) -> None:
    with pytest.raises(ParameterError, match=r"needs data in \[0, 1\].*value_range"):
        Bernoulli().check_layout(Layout(("a",), bounds=bounds))


def test_mixed_needs_columns() -> None:
    with pytest.raises(ParameterError, match=r"columns of several kinds; rows here are \(3,\).*'gaussian'"):
        Mixed().check_layout(Layout(NAMES))


@pytest.mark.parametrize("part", [Gaussian, Laplace, Mixed])
def test_a_learned_spread_starts_above_its_floor(part: type[Gaussian] | type[Laplace] | type[Mixed]) -> None:
    spread, start, floor = (("variance", "std", "min_std"), ("spread", "scale", "min_scale"))[part is Laplace]
    for mode in ("shared", "cell"):
        with pytest.raises(ParameterError, match="above its floor"):
            part(**{spread: mode, start: 0.1, floor: 0.1})
    assert part(**{spread: "fixed", start: 1e-4}).get_params()[start] == 1e-4  # a fixed one has no floor


def test_an_odd_number_of_channels_cannot_be_halves() -> None:
    with pytest.raises(ParameterError, match="even number of channels"):
        Gaussian(variance="cell").build(Layout(("a", "b", "c")))(torch.zeros(5, 3))


def custom_loss(function: object, x: Tensor) -> Tensor:
    layout = Layout(tuple(map(str, range(x.shape[1]))), tuple(x.shape[2:]))
    return Custom(function=function).build(layout)(torch.zeros_like(x)).everyday(x)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 4, 2)])
def test_a_loss_a_row_is_spread_over_its_cells(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    cells = custom_loss(lambda p, t: (p - t).square().flatten(1).sum(1), x)
    assert cells.shape == x.shape
    torch.testing.assert_close(cells.flatten(1).sum(1), x.square().flatten(1).sum(1))
    assert (cells == cells.flatten(1)[:, :1].reshape(5, *[1] * (x.ndim - 1))).all()


@pytest.mark.parametrize(
    "function",
    [lambda p, t: (p - t).square().mean(), lambda p, t: (p - t).square().sum(0), lambda p, t: 1.0, lambda p, t: (p - t)[:, :1]],
    ids=["scalar", "columns", "float", "one column"],
)
def test_a_loss_of_another_shape_is_refused(function: object) -> None:
    with pytest.raises(ParameterError, match=r'one number a cell.*reduction="none"'):
        custom_loss(function, torch.ones(5, 3))


def test_a_loss_that_is_a_module_is_not_part_of_the_model() -> None:
    head = Custom(function=torch.nn.Sequential(torch.nn.Linear(3, 3))).build(Layout(("a",)))
    assert not list(head.parameters())
    assert not head.state_dict()


def test_a_loss_that_was_not_saved_is_asked_for() -> None:
    output = Custom().build(Layout(("a",)))(torch.zeros(2, 1))
    assert output.mean.shape == (2, 1)
    with pytest.raises(ParameterError, match=r"load\(path, likelihood=function"):
        output.log_prob(torch.zeros(2, 1))
    with pytest.raises(ParameterError, match="expects a function"):
        Custom(function=3)  # type: ignore[arg-type]

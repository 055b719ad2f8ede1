"""Likelihoods against torch.distributions, and learned spreads against their closed forms."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, distributions

from diabolo.parts.likelihoods import Bernoulli, Custom, Gaussian, Laplace
from diabolo.parts.likelihoods.base import Likelihood, Output
from diabolo.records import Batch, Layout

OPEN = Layout(("a", "b", "c"))
UNIT = Layout(("a", "b", "c"), bounds=(0.0, 1.0))
GENERATOR = torch.Generator().manual_seed(0)
PARAMS = torch.randn(40, 3, generator=GENERATOR)
X = PARAMS + 0.4 * torch.randn(40, 3, generator=GENERATOR)


def output(part: Likelihood, layout: Layout = OPEN, params: Tensor = PARAMS) -> Output:
    return part.build(layout)(params)


@pytest.mark.parametrize("std", [0.05, 1.0, 7.0])
def test_gaussian_is_torchs_normal(std: float) -> None:
    expected = distributions.Normal(PARAMS, std).log_prob(X)
    torch.testing.assert_close(output(Gaussian(std=std)).log_prob(X), expected, rtol=1e-5, atol=1e-5)


def test_mse_states_its_std() -> None:
    """With std 1, -log p is half the squared error and the constant log(2π) / 2."""
    given = output(Gaussian())
    torch.testing.assert_close(-given.log_prob(X), given.everyday(X) / 2 + 0.5 * math.log(2 * math.pi))
    torch.testing.assert_close(given.everyday(X), (X - PARAMS) ** 2)


def test_std_is_a_standard_deviation() -> None:
    """Doubling std takes log 2 off and leaves a quarter of the quadratic term; doubling a variance would do otherwise."""
    once, twice = output(Gaussian(std=0.5)).log_prob(X), output(Gaussian(std=1.0)).log_prob(X)
    quadratic = (X - PARAMS).square() / (2 * 0.5**2)
    torch.testing.assert_close(twice - once, quadratic * (1 - 1 / 4) - math.log(2))


def test_gaussian_with_a_std_a_cell() -> None:
    """The first F channels are means, the others spreads: raw 0 is the start, and only its own cell changes with one."""
    raw = torch.zeros(40, 3)
    raw[0, 1] = 2.0
    given = output(Gaussian(variance="cell", std=0.3), params=torch.cat([PARAMS, raw], 1))
    expected = distributions.Normal(PARAMS, 0.3).log_prob(X)
    same = torch.ones(40, 3, dtype=torch.bool)
    same[0, 1] = False
    torch.testing.assert_close(given.log_prob(X)[same], expected[same], rtol=1e-5, atol=1e-5)
    assert given.log_prob(X)[0, 1] != expected[0, 1]


@pytest.mark.parametrize(
    ("part", "best"),
    [
        (Gaussian(variance="shared"), lambda e: e.square().mean().sqrt()),
        (Laplace(spread="shared"), lambda e: e.abs().mean()),
    ],
    ids=["gaussian", "laplace"],
)
def test_a_learned_spread_has_its_optimum_where_the_closed_form_says(part: Likelihood, best: object) -> None:
    """The gradient vanishes at std² = mean squared error, at scale = mean absolute error, and points there from both sides."""
    head, target = part.build(OPEN).double(), best(X.double() - PARAMS.double())  # type: ignore[operator]
    (raw,) = head.parameters()

    def slope(factor: float) -> float:
        """d(-log p)/d raw where the spread is ``factor`` times its optimum, found by bisection."""
        low, high = -10.0, 10.0
        for _ in range(100):
            middle = (low + high) / 2
            raw.data.fill_(middle)
            spread = head.spread(PARAMS.double())[1].item()
            low, high = (middle, high) if spread < factor * target else (low, middle)
        raw.grad = None
        (-head(PARAMS.double()).log_prob(X.double())).mean().backward()
        assert raw.grad is not None
        return raw.grad.item()

    assert abs(slope(1.0)) < 1e-10
    assert slope(0.5) < -0.1
    assert slope(2.0) > 0.1


def test_a_learned_spread_gets_there() -> None:
    """300 steps of Adam from std 1 to 0.1, the way a training on pixels has to go."""
    torch.manual_seed(0)
    noise = 0.1 * torch.randn(500, 3)
    head = Gaussian(variance="shared").build(OPEN)
    optimizer = torch.optim.Adam(head.parameters(), lr=2e-3)
    for _ in range(300):
        optimizer.zero_grad()
        (-head(torch.zeros(500, 3)).log_prob(noise)).mean().backward()
        optimizer.step()
    assert head(torch.zeros(500, 3)).std.item() == pytest.approx(noise.square().mean().sqrt().item(), rel=0.02)


@pytest.mark.parametrize("scale", [0.05, 1.0, 7.0])
def test_laplace_is_torchs(scale: float) -> None:
    given = output(Laplace(scale=scale))
    torch.testing.assert_close(given.log_prob(X), distributions.Laplace(PARAMS, scale).log_prob(X), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(given.everyday(X), (X - PARAMS).abs())


def test_gaussian_samples_have_the_std() -> None:
    """The standard error of a standard deviation over 60 000 draws is std / 346; five of them. A variance would be 0.09."""
    draws = output(Gaussian(std=0.3), params=torch.zeros(20_000, 3)).sample(torch.Generator().manual_seed(0))
    assert draws.std().item() == pytest.approx(0.3, abs=0.0044)


def test_laplace_samples_have_the_scale() -> None:
    """The mean absolute deviation is the scale; its standard error over 60 000 draws is scale / 245; five of them."""
    draws = output(Laplace(scale=0.3), params=torch.zeros(20_000, 3)).sample(torch.Generator().manual_seed(0))
    assert draws.abs().mean().item() == pytest.approx(0.3, abs=0.0062)
    assert (draws > 0).float().mean().item() == pytest.approx(0.5, abs=0.0103)


def test_bernoulli_is_torchs() -> None:
    bits = (X > 0).float()
    torch.testing.assert_close(output(Bernoulli(), UNIT).log_prob(bits), distributions.Bernoulli(logits=PARAMS).log_prob(bits))
    torch.testing.assert_close(
        output(Bernoulli(), UNIT).log_mass(bits, 1 / 255), distributions.Bernoulli(logits=PARAMS).log_prob(bits)
    )


def test_bernoulli_far_out() -> None:
    """log sigmoid(-60) is -60; a likelihood that goes through p = 0 would say -infinity, or -100 as torch's BCELoss does."""
    given = output(Bernoulli(), UNIT, torch.tensor([[-60.0, 60.0, -60.0]]))
    torch.testing.assert_close(given.log_prob(torch.tensor([[1.0, 0.0, 0.0]])), torch.tensor([[-60.0, -60.0, 0.0]]))


def test_cross_entropy_of_grey_values_is_the_mean_over_bits() -> None:
    grey = torch.sigmoid(X)
    given = output(Bernoulli(), UNIT)
    mean = grey * given.log_prob(torch.ones(40, 3)) + (1 - grey) * given.log_prob(torch.zeros(40, 3))
    torch.testing.assert_close(given.log_prob(grey), mean)
    entropy = distributions.Bernoulli(grey).entropy()
    torch.testing.assert_close(output(Bernoulli(), UNIT, torch.logit(grey)).everyday(grey), entropy)


def test_dynamic_binarization() -> None:
    """Bits with the grey values as their chances: 0 and 1 stay, x and aim are the same bits, the next look draws new ones."""
    grey = torch.tensor([0.0, 0.3, 1.0]).expand(20_000, 3)
    head, generator = Bernoulli(binarize="dynamic").build(UNIT), torch.Generator().manual_seed(0)
    seen = head.observe(Batch(grey, condition=PARAMS), generator)
    assert seen.aim is seen.x
    assert seen.condition is PARAMS
    assert set(seen.x.flatten().tolist()) == {0.0, 1.0}
    assert seen.x[:, 0].max() == 0
    assert seen.x[:, 2].min() == 1
    assert seen.x[:, 1].mean().item() == pytest.approx(0.3, abs=0.0163)  # five standard errors
    assert not torch.equal(head.observe(Batch(grey), generator).x, seen.x)
    assert torch.equal(head.observe(Batch(grey), torch.Generator().manual_seed(0)).x, seen.x)


def test_shared_noise_gives_a_row_the_same_bits_whoever_stands_beside_it() -> None:
    """The noise is drawn once for all rows: alike rows get alike bits, and a brighter cell is never the darker one."""
    head, grey = Bernoulli(binarize="dynamic").build(UNIT), torch.rand(40, 3, generator=torch.Generator().manual_seed(3))
    all_rows = head.observe(Batch(grey), torch.Generator().manual_seed(0), shared=True).x
    one_row = head.observe(Batch(grey[7:8]), torch.Generator().manual_seed(0), shared=True).x
    assert torch.equal(all_rows[7:8], one_row)
    assert (all_rows.gather(0, grey.argsort(0)).diff(dim=0) >= 0).all()
    assert not torch.equal(head.observe(Batch(grey), torch.Generator().manual_seed(0)).x, all_rows)


def test_dynamic_binarization_of_pairs_draws_the_target_only() -> None:
    batch = Batch(X, target=torch.full((40, 3), 0.5), real=torch.ones(40, 3))
    seen = Bernoulli(binarize="dynamic").build(UNIT).observe(batch, torch.Generator().manual_seed(0))
    assert seen.x is X
    assert set(seen.aim.flatten().tolist()) == {0.0, 1.0}
    assert seen.real is batch.real


@pytest.mark.parametrize("part", [Gaussian(std=0.1), Laplace(scale=0.1), Gaussian(variance="cell", std=0.1)], ids=repr)
def test_masses_of_a_pixel_add_up_to_one_within_the_bounds_of_the_layout(part: Likelihood) -> None:
    """Through the whole part: the bounds come from the layout, the tails go to 0 and 255."""
    layout = Layout(("grey",), bounds=(0.0, 1.0), step=1 / 255)
    given = part.build(layout)(torch.tensor([[-2.5, 0.0][: part.wants(layout)]]).expand(256, -1))
    masses = given.log_mass((torch.arange(256) / 255)[:, None], 1 / 255)
    assert masses.exp().sum().item() == pytest.approx(1, abs=1e-5)
    inner = slice(100, 150)
    densities = given.log_prob((torch.arange(256) / 255)[:, None])
    torch.testing.assert_close(masses[inner], densities[inner] - math.log(255), rtol=0, atol=5e-3)


@pytest.mark.parametrize("part", [Gaussian(output="linear"), Laplace(output="linear")], ids=repr)
def test_a_linear_output_is_the_decoders_own_and_masses_keep_the_tails(part: Likelihood) -> None:
    layout = Layout(("grey",), bounds=(0.0, 1.0), step=1 / 255)
    given = part.build(layout)(torch.full((256, 1), -2.5))
    assert torch.equal(given.mean, torch.full((256, 1), -2.5))
    assert given.log_mass((torch.arange(256) / 255)[:, None], 1 / 255).exp().sum().item() == pytest.approx(1, abs=1e-5)


def test_a_custom_loss_is_its_function() -> None:
    """Squared error as a function of one's own is the everyday figure of the gaussian likelihood, and bounded alike."""
    own = output(Custom(function=lambda p, t: (p - t) ** 2), UNIT)
    known = output(Gaussian(), UNIT)
    grey = torch.sigmoid(X)
    torch.testing.assert_close(own.log_prob(grey), -known.everyday(grey))
    assert torch.equal(own.mean, known.mean)

"""Blind spots, tiles and smaller pictures: what they do to a picture, cell by cell."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from diabolo import Autoencoder
from diabolo.errors import ParameterError
from diabolo.parts.corruptions import BlindSpots, Downsample, GaussianNoise, MaskCells, MaskPatches, NoisyMask, Shuffle
from diabolo.parts.corruptions.blind import neighbors_mean
from diabolo.parts.corruptions.shuffle import picture_of, placed, tiles_of
from diabolo.records import Column, Layout
from tests.helpers import little_images, low_rank, quick

IMAGE = Layout(("r", "g"), (6, 8), bounds=(0.0, 1.0))


def pictures(n: int = 3) -> torch.Tensor:
    return torch.rand(n, *IMAGE.shape, generator=torch.Generator().manual_seed(0))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_neighbors_are_the_eight_around_and_fewer_at_an_edge() -> None:
    x = pictures(1)
    found, plain = neighbors_mean(x)[0, 0], x[0, 0].numpy()
    for row in range(6):
        for column in range(8):
            around = plain[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
            expected = (around.sum() - plain[row, column]) / (around.size - 1)
            assert found[row, column] == pytest.approx(expected, rel=1e-5)


def test_a_blind_spot_holds_nothing_of_what_was_there_and_is_judged() -> None:
    x = pictures()
    other = x.clone()
    got = BlindSpots(fraction=0.3)(x, IMAGE, generator())
    assert got.hidden is not None
    assert got.judged is not None
    assert torch.equal(got.hidden, got.judged)
    assert torch.equal(got.hidden[:, 0], got.hidden[:, 1])  # a position with all its channels
    spot = got.hidden.nonzero()[0].tolist()
    other[tuple(spot)] += 5.0
    again = BlindSpots(fraction=0.3)(other, IMAGE, generator())
    assert got.x[tuple(spot)] == again.x[tuple(spot)]


def test_tiles_come_together_again() -> None:
    x = torch.rand(4, 2, 6, 9, generator=generator())
    tiles = tiles_of(x, 3)
    assert tiles.shape == (4, 9, 2, 2, 3)
    assert torch.equal(tiles[0, 5], x[0, :, 2:4, 6:9])
    assert torch.equal(picture_of(tiles, 3), x)
    order = torch.rand(4, 9, generator=generator(1)).argsort(1)
    assert torch.equal(placed(placed(tiles, order), order.argsort(1)), tiles)


def test_shuffling_keeps_every_tile() -> None:
    x = pictures()
    shuffled = Shuffle(2)(x, IMAGE, generator()).x
    before, after = tiles_of(x, 2).flatten(2).sum(2).sort(1).values, tiles_of(shuffled, 2).flatten(2).sum(2).sort(1).values
    torch.testing.assert_close(before, after)


def test_smaller_pictures_are_means_of_squares() -> None:
    x = pictures()
    small = Downsample(2)(x, IMAGE, generator()).x
    torch.testing.assert_close(small, x.reshape(3, 2, 3, 2, 4, 2).mean((3, 5)))
    assert Downsample(2).positions((6, 8)) == (3, 4)


@pytest.mark.parametrize(
    ("part", "layout", "says"),
    [
        (BlindSpots(), Layout(("a", "b")), "'mask' with judge='hidden'"),
        (Shuffle(4), IMAGE, "Use grid=2"),
        (Shuffle(), Layout(("a",), (40,)), "rows here are none"),
        (Downsample(4), IMAGE, "Use a factor of 2"),
        (Downsample(), Layout(("a", "b")), "neither"),
    ],
)
def test_what_makes_no_sense_is_refused(part: object, layout: Layout, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        part.check_layout(layout)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "part", [MaskCells(0.5, judge="hidden"), MaskPatches(0.5, 2, judge="hidden"), BlindSpots(0.5)], ids=repr
)
def test_the_loss_counts_where_it_is_judged(part: object) -> None:
    """The reconstruction of the model is the sum of half squared errors (plus a constant) over judged cells alone."""
    from diabolo.records import Batch, Context

    trained = quick(little_images(), "plain", corruption=part)
    x = trained.kind.encode(torch.from_numpy(little_images()[:5]))
    loss = trained.model.eval()(Batch(x), Context(1.0, generator(), training=False))
    damaged = part(x, trained.kind.layout, generator())  # type: ignore[operator]
    output = trained.model.decode(trained.model.encode(damaged.x))
    cells = -output.log_prob(x) * damaged.judged
    torch.testing.assert_close(loss.reconstruction, cells.flatten(1).sum(1), rtol=1e-4, atol=1e-3)
    squares = ((x - output.mean).square() * damaged.judged).flatten(1).sum(1) / damaged.judged.flatten(1).sum(1)
    torch.testing.assert_close(loss.everyday, squares, rtol=1e-4, atol=1e-5)


def test_a_model_that_enlarges_takes_small_pictures_and_gives_large_ones() -> None:
    X = little_images()
    ae = Autoencoder("upscaling", latent_dim=4, epochs=2, random_state=0).fit(X)
    small = np.rint(X.reshape(len(X), 4, 2, 4, 2).mean((2, 4))).astype(X.dtype)
    assert ae.reconstruct(small).shape == X.shape
    assert ae.reconstruct(small).dtype == X.dtype
    given = Autoencoder("plain", latent_dim=4, epochs=2, random_state=0).fit(small, target=X)
    np.testing.assert_allclose(ae.reconstruct(small), given.reconstruct(small), atol=1e-5)
    assert ae.get_params()["corruption"] is None


def test_how_many_times_is_a_setting() -> None:
    X = little_images()
    ae = Autoencoder("plain", corruption=Downsample(4), latent_dim=4, epochs=1).fit(X)
    assert ae.reconstruct(np.zeros((1, 2, 2), X.dtype)).shape == (1, 8, 8)


def test_tables_cannot_be_made_smaller() -> None:
    with pytest.raises(ParameterError, match="neither"):
        Autoencoder("upscaling", epochs=1).fit(low_rank())


def test_noise_of_unknown_strength_lies_between_two_ends() -> None:
    x = torch.zeros(400, 1, 20, 20)
    layout = Layout(("gray",), (20, 20), bounds=(0.0, 1.0))
    stds = GaussianNoise(std=0.5, least=0.1)(x, layout, generator()).x.flatten(1).std(1)
    assert 0.08 < stds.min() < 0.14
    assert 0.46 < stds.max() < 0.56
    assert stds.mean() == pytest.approx(0.3, abs=0.02)


def test_noise_and_hidden_cells_of_every_strength() -> None:
    x = torch.ones(4000, 50)
    got = NoisyMask(std=0.5, fraction=0.6)(x, Layout(tuple("abcde" * 10)), generator())
    assert got.hidden is not None
    assert torch.equal(got.x == 0, got.hidden)
    shares = got.hidden.float().mean(1)
    assert shares.mean().item() == pytest.approx(0.3, abs=0.01)
    assert shares.min() == 0
    assert shares.max() > 0.6
    noise = torch.where(got.hidden, torch.nan, got.x - 1)
    assert noise.square().nanmean().item() == pytest.approx(0.5**2 / 3, rel=0.05)


def test_noisy_columns_of_a_mixed_table_are_hidden_as_a_whole() -> None:
    layout = Layout(tuple("abcde"), columns=(Column("age", 0, 2), Column("color", 2, 5, levels=2)))
    x = torch.tensor([[1.5, 0, 0, 1, 0], [0, 1, 1, 0, 0]]).repeat_interleave(500, 0)
    got = NoisyMask(std=1.0, fraction=1.0)(x, layout, generator())
    assert got.hidden is not None
    assert torch.equal(got.hidden[:, 0], got.hidden[:, 1])
    assert torch.equal(got.hidden[:, 2], got.hidden[:, 4])
    empty = torch.tensor([0.0, 1, 0, 0, 1])
    assert torch.equal(got.x[got.hidden], empty.expand(1000, 5)[got.hidden])
    kept = ~got.hidden
    assert torch.equal(got.x[:, 1:][kept[:, 1:]], x[:, 1:][kept[:, 1:]])
    assert (got.x[:500, 0] != 1.5).all()
    assert (got.x[500:, 0] == 0).all()  # what is missing gets no noise

"""Puzzles: a photograph in order again, and small grids against every possible filling."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_sample_image

from diabolo.baselines.jigsaw import dissimilarity, solve, solve_by_mean
from diabolo.errors import DataError


def cost(tiles, order, grid):
    """Squared differences over all cuts of the picture put together."""
    lines, columns = grid
    placed = tiles[np.asarray(order)].reshape(lines, columns, *tiles.shape[1:])
    across = ((placed[:, :-1, :, -1] - placed[:, 1:, :, 0]) ** 2).sum()
    return across + ((placed[:-1, :, -1] - placed[1:, :, 0]) ** 2).sum()


@pytest.mark.parametrize("grid", [(2, 2), (3, 3), (5, 5), (2, 4)])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_photograph_is_put_in_order(grid, seed):
    lines, columns = grid
    photo = load_sample_image("china.jpg")[: 40 * lines, : 50 * columns] / 255
    tiles = photo.reshape(lines, 40, columns, 50, 3).swapaxes(1, 2).reshape(-1, 40, 50, 3)
    shuffle = np.random.default_rng(seed).permutation(len(tiles))
    assert solve(tiles[shuffle], grid).tolist() == np.argsort(shuffle).tolist()


@pytest.mark.parametrize("grid", [(1, 1), (1, 4), (2, 2), (4, 1), (2, 3), (5, 1)])
def test_no_filling_is_cheaper(grid):
    tiles = np.random.default_rng(0).random((grid[0] * grid[1], 3, 4, 2))
    found = solve(tiles, grid)
    least = min(cost(tiles, order, grid) for order in permutations(range(len(tiles))))
    assert cost(tiles, found, grid) == pytest.approx(least)


def test_dissimilarity():
    tiles = np.random.default_rng(0).random((3, 2, 2, 1))
    beside, below = dissimilarity(tiles)
    assert beside[0, 2] == pytest.approx(((tiles[0, :, 1] - tiles[2, :, 0]) ** 2).sum())
    assert below[2, 1] == pytest.approx(((tiles[2, 1] - tiles[1, 0]) ** 2).sum())


def test_by_the_mean_no_assignment_is_cheaper():
    rng = np.random.default_rng(0)
    tiles, mean = rng.random((6, 3, 4, 2)), rng.random((6, 3, 4, 2))
    sums = {order: ((tiles[list(order)] - mean) ** 2).sum() for order in permutations(range(6))}
    assert tuple(solve_by_mean(tiles, mean)) == min(sums, key=sums.get)


def test_digits_are_put_in_order_by_their_mean():
    x = load_digits().images[..., None] / 16
    tiles = x.reshape(-1, 2, 4, 2, 4, 1).swapaxes(2, 3).reshape(-1, 4, 4, 4, 1)
    shuffle = np.random.default_rng(0).permutation(4)
    right = [
        solve_by_mean(t[shuffle], tiles[:1000].mean(axis=0)).tolist() == np.argsort(shuffle).tolist() for t in tiles[1000:]
    ]
    assert np.mean(right) > 0.5  # by chance 0.04


def test_tiles_without_a_pattern_stay_where_they_are():
    assert solve(np.zeros((9, 2, 2, 1)), (3, 3)).tolist() == list(range(9))


def test_bad_grids():
    for grid in ((2, 3), (0, 4)):
        with pytest.raises(DataError, match=r"Expected \d tiles .* got 4"):
            solve(np.zeros((4, 2, 2, 1)), grid)
    with pytest.raises(DataError, match="a mean tile for each tile"):
        solve_by_mean(np.zeros((4, 2, 2, 1)), np.zeros((3, 2, 2, 1)))

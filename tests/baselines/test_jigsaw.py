"""Puzzles: a photograph in order again, and small grids against every possible filling."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from diabolo.baselines.jigsaw import dissimilarity, solve
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


def test_tiles_without_a_pattern_stay_where_they_are():
    assert solve(np.zeros((9, 2, 2, 1)), (3, 3)).tolist() == list(range(9))


def test_bad_grids():
    for grid in ((2, 3), (0, 4)):
        with pytest.raises(DataError, match=r"Expected \d tiles .* got 4"):
            solve(np.zeros((4, 2, 2, 1)), grid)

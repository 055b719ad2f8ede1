"""States: levels by how frequent they are, the rest in one, and those never seen apart."""

import numpy as np
import torch

from diabolo.data.kinds.states import MOST_KEPT, States


def test_levels_have_states_in_the_order_of_their_counts():
    states = States.fit([np.array([2, 5, 0, 3]), np.array([1, 1])])
    assert states.numbers == [4, 3]
    places = torch.tensor([[1, 0], [3, 1], [0, -1], [2, 0], [-1, 0]])
    assert states.of(places).tolist() == [[0, 0], [1, 1], [2, 2], [3, 0], [3, 0]]
    assert states.levels(0).tolist() == [1, 3, 0]
    assert states.levels(1).tolist() == [0, 1]


def test_very_many_levels_share_one_state():
    count = np.arange(1000)
    states = States.fit([count])
    assert states.numbers == [MOST_KEPT + 2]
    found = states.of(torch.arange(-1, 1000)[:, None])[:, 0]
    assert found[-1] == 0
    assert found[0] == MOST_KEPT + 1, "no level"
    assert found[1] == MOST_KEPT + 1, "a level that no training row has"
    assert found[2] == MOST_KEPT
    assert (found == MOST_KEPT).sum() == 999 - MOST_KEPT


def test_columns_without_a_level():
    states = States.fit([np.zeros(0, np.int64)])
    assert states.numbers == [1]
    assert states.of(torch.tensor([[-1]])).tolist() == [[0]]
    assert states.levels(0).tolist() == []
    assert States.fit([]).numbers == []

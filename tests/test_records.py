"""Layouts of mixed tables: which fields belong together, and which of them hold something."""

import torch

from diabolo.records import Column, Layout

COLUMNS = (Column("age", 0, 2), Column("color", 2, 6, levels=3), Column("height", 6, 8))
MIXED = Layout(tuple("abcdefgh"), columns=COLUMNS)


def test_only_cells_that_are_there_are_real_and_no_flag_is() -> None:
    x = torch.tensor([[0.5, 0, 0, 1, 0, 0, -2.0, 0], [0, 1, 0, 0, 0, 1, 0.0, 0], [0, 0, 1, 0, 0, 0, 0, 1]])
    wanted = torch.tensor([[1.0, 0, 1, 1, 1, 0, 1, 0], [0, 0, 0, 0, 0, 0, 1, 0], [1, 0, 1, 1, 1, 0, 0, 0]])
    real = MIXED.real(x)
    assert real is not None
    assert real.dtype == x.dtype
    assert real.equal(wanted)
    assert real.equal(MIXED.real(x)), "the second time from what was kept"


def test_layouts_without_columns_have_nothing_missing() -> None:
    assert Layout(("a", "b")).real(torch.zeros(3, 2)) is None


def test_a_column_is_one_cell_of_a_mean() -> None:
    """Of the first row all three cells are there, of the second only the last, of the third none."""
    x = torch.tensor([[0.5, 0, 0, 1, 0, 0, -2.0, 0], [0, 1, 0, 0, 0, 1, 0.0, 0], [0, 1, 0, 0, 0, 1, 0, 1]])
    weights = MIXED.weights(x)
    assert weights is not None
    third = 1 / 3
    torch.testing.assert_close(weights[0], torch.tensor([third, 0, third, third, third, 0, third, 0]))
    assert weights[1].tolist() == [0, 0, 0, 0, 0, 0, 1, 0]
    assert weights[2].sum() == 0
    assert Layout(("a", "b")).weights(x) is None
    assert MIXED.by_column(x)[0].tolist() == [0.5, 1.0, -2.0]
    assert Layout(tuple("abcdefgh")).by_column(x) is x


def test_places_are_what_the_users_cells_are_called() -> None:
    assert MIXED.places == ("age", "color", "height")
    assert Layout(("a", "b")).places == ("a", "b")
    assert MIXED.owner(torch.device("cpu")).tolist() == [0, 0, 1, 1, 1, 1, 2, 2]
    assert Layout(("a", "b")).owner(torch.device("cpu")).tolist() == [0, 1]


def test_what_is_typical_is_the_mean_of_what_is_there() -> None:
    """Ages 4 and 2, two of four missing: 6 / 4 over all rows, 3 over those that are there."""
    x = torch.zeros(4, 8)
    x[:, 0], x[:, 1] = torch.tensor([4.0, 2, 0, 0]), torch.tensor([0.0, 0, 1, 1])
    x[0, 2:6], x[1, 2:6], x[2, 2:6], x[3, 2:6] = (
        torch.tensor(v) for v in ([1.0, 0, 0, 0], [0.0, 1, 0, 0], *[[0.0, 0, 0, 1]] * 2)
    )
    assert MIXED.typical(x.mean(0)).tolist() == [3.0, 0, 0.5, 0.5, 0, 0, 0, 0]
    assert Layout(tuple("abcdefgh")).typical(x.mean(0)).equal(x.mean(0))
    assert MIXED.missing(x).tolist() == [[0, 1, 0, 0, 0, 1, 0, 1]]


def test_what_is_kept_for_a_device_is_no_part_of_what_a_layout_is() -> None:
    used, fresh = Layout(tuple("abcdefgh"), columns=COLUMNS), Layout(tuple("abcdefgh"), columns=COLUMNS)
    used.real(torch.zeros(1, 8))
    assert used == fresh
    assert hash(used) == hash(fresh)
    assert repr(used) == repr(fresh)
    assert [column.flag for column in COLUMNS] == [1, 5, 7]

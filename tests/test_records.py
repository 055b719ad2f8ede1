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


def test_what_is_kept_for_a_device_is_no_part_of_what_a_layout_is() -> None:
    used, fresh = Layout(tuple("abcdefgh"), columns=COLUMNS), Layout(tuple("abcdefgh"), columns=COLUMNS)
    used.real(torch.zeros(1, 8))
    assert used == fresh
    assert hash(used) == hash(fresh)
    assert repr(used) == repr(fresh)
    assert [column.flag for column in COLUMNS] == [1, 5, 7]

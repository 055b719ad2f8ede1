"""What corruptions do to rows of mixed tables: whole columns, and nothing that no row could be."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from diabolo.errors import ParameterError
from diabolo.parts.corruptions import CORRUPTIONS, Dropout, GaussianNoise, MaskCells, Swap
from diabolo.parts.corruptions.base import Corruption
from diabolo.records import Corrupted, Layout
from tests.helpers import MIXED, mixed_rows

ROWS = mixed_rows(400)
NUMBERS = [c.start for c in MIXED.columns if not c.levels]
HIDING = [MaskCells(0.4), MaskCells(0.4, judge="hidden"), Swap(0.4)]


def corrupted(part: Corruption, x: Tensor = ROWS, seed: int = 1) -> Corrupted:
    before = x.clone()
    found = part(x, MIXED, torch.Generator().manual_seed(seed))
    assert x.equal(before)
    return found


def is_a_row(x: Tensor) -> bool:
    """Whether each column is a number or one state with the flag 0, or all 0 with the flag 1."""
    for column in MIXED.columns:
        block, gone = x[:, column.start : column.flag], x[:, column.flag]
        if not bool(((gone == 0) | (gone == 1)).all()) or bool((block[gone == 1] != 0).any()):
            return False
        if column.levels and not bool((block[gone == 0].sum(1) == 1).all() and ((block == 0) | (block == 1)).all()):
            return False
    return True


def test_each_has_a_meaning_for_columns_or_is_refused() -> None:
    for part in CORRUPTIONS:
        try:
            part().check_layout(MIXED)
        except ParameterError:
            continue
        assert is_a_row(corrupted(part()).x), part.name


@pytest.mark.parametrize("part", [*HIDING, GaussianNoise(0.5), GaussianNoise(0.5, least=0.1)], ids=repr)
def test_what_comes_out_is_a_row(part: Corruption) -> None:
    got = corrupted(part)
    assert is_a_row(got.x)
    assert not got.x.equal(ROWS)
    assert got.x.equal(corrupted(part).x)
    assert not got.x.equal(corrupted(part, seed=2).x)


@pytest.mark.parametrize("part", HIDING, ids=repr)
def test_columns_are_struck_as_a_whole_each_by_itself(part: Corruption) -> None:
    got = corrupted(part)
    assert got.hidden is not None
    struck = torch.stack([got.hidden[:, c.start] for c in MIXED.columns], 1)
    assert got.hidden.equal(struck[:, MIXED.owner(ROWS.device)])
    assert got.x[~got.hidden].equal(ROWS[~got.hidden])
    assert abs(struck.float().mean().item() - 0.4) < 5 * (0.24 / struck.numel()) ** 0.5
    assert len(struck.unique(dim=0)) == 2 ** len(MIXED.columns)


def test_hidden_columns_are_missing() -> None:
    got = corrupted(MaskCells(1.0))
    flags = [c.flag for c in MIXED.columns]
    assert (got.x[:, flags] == 1).all()
    assert got.x.sum() == len(ROWS) * len(flags)
    assert got.judged is None
    assert corrupted(MaskCells(1.0, judge="hidden")).judged is not None


def test_noise_moves_numbers_that_are_there_and_nothing_else() -> None:
    moved = corrupted(GaussianNoise(0.5)).x - ROWS
    there = ROWS[:, [n + 1 for n in NUMBERS]] == 0
    assert ((moved[:, NUMBERS] != 0) == there).all()
    assert moved.abs().sum() == moved[:, NUMBERS].abs().sum()
    assert abs(moved[:, NUMBERS][there].std().item() - 0.5) < 5 * 0.5 / (2 * there.sum().item()) ** 0.5


def test_what_is_swapped_in_stands_in_another_row() -> None:
    x = torch.arange(50.0)[:, None].repeat(1, 3)
    got = Swap(1.0)(x, Layout(("a", "b", "c")), torch.Generator().manual_seed(0))
    assert (got.x != x).all(), "another row, never its own"
    assert torch.isin(got.x, x).all()
    assert not got.x[:, 0].equal(got.x[:, 1]), "drawn for each cell"


def test_a_row_alone_has_nothing_to_swap_with() -> None:
    assert corrupted(Swap(1.0), ROWS[:1]).x.equal(ROWS[:1])


@pytest.mark.parametrize(
    ("part", "says"),
    [(MaskCells(value=0.5), "marked as missing. Leave value=None"), (Dropout(), "no meaning for categories. Use 'mask'")],
    ids=repr,
)
def test_what_has_no_meaning_for_columns_is_refused(part: Corruption, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        part.check_layout(MIXED)

"""What holds for every corruption."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from diabolo.errors import ParameterError
from diabolo.parts.corruptions import (
    CORRUPTIONS,
    Downsample,
    Dropout,
    GaussianNoise,
    MaskCells,
    MaskPatches,
    NoisyMask,
    SaltAndPepper,
    Shuffle,
    Swap,
)
from diabolo.parts.corruptions.base import Corruption
from diabolo.records import Corrupted, Layout

COLUMNS = tuple(f"column {i}" for i in range(50))
TABLE = Layout(COLUMNS)
SCALED = Layout(COLUMNS, bounds=(-1.0, 1.0))
IMAGE = Layout(("r", "g", "b"), (9, 11), bounds=(0.0, 1.0))
SERIES = Layout(("a", "b"), (40,))
EVEN = Layout(("gray",), (8, 12), bounds=(0.0, 1.0))
LAYOUTS = [TABLE, SCALED, IMAGE, SERIES, EVEN]
PARTS = [
    *(part() for part in CORRUPTIONS),
    MaskCells(value=0.5),
    MaskPatches(patch=2, value=0.25),
    MaskCells(judge="hidden"),
]


def fits(part: Corruption, layout: Layout) -> bool:
    try:
        part.check_layout(layout)
    except ParameterError:
        return False
    return True


CASES = [pytest.param(p, y, id=f"{p!r}-{len(y.shape)}d-{y.bounds}") for p in PARTS for y in LAYOUTS if fits(p, y)]
EVERY = pytest.mark.parametrize(("part", "layout"), CASES)
BY_CHANCE = pytest.mark.parametrize(("part", "layout"), [c for c in CASES if not isinstance(c.values[0], Downsample)])
NOT_OF_OTHER_ROWS = pytest.mark.parametrize(
    ("part", "layout"), [c for c in CASES if not isinstance(c.values[0], (Downsample, Swap))]
)


def rows(layout: Layout, count: int = 20) -> Tensor:
    """Values strictly inside the bounds, so that a struck cell can be told from an untouched one."""
    u = torch.rand(count, *layout.shape, generator=torch.Generator().manual_seed(0))
    low, high = layout.bounds or (-2.0, 2.0)
    return low + (high - low) * (0.05 + 0.9 * u)


def corrupted(part: Corruption, layout: Layout, seed: int = 1, x: Tensor | None = None) -> Corrupted:
    return part(rows(layout) if x is None else x, layout, torch.Generator().manual_seed(seed))


def test_every_member_meets_data_of_several_shapes() -> None:
    met = [(type(c.values[0]), len(c.values[1].shape)) for c in CASES]
    assert {part for part, _ in met} == set(CORRUPTIONS)
    assert all((part, 3) in met for part in CORRUPTIONS)
    assert {part for part, size in met if size == 1} == {GaussianNoise, SaltAndPepper, MaskCells, NoisyMask, Dropout, Swap}


@EVERY
def test_shape_dtype_and_the_input_stay(part: Corruption, layout: Layout) -> None:
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        x = rows(layout).to(dtype)
        before = x.clone()
        got = corrupted(part, layout, x=x)
        assert got.x.shape == (*x.shape[:2], *part.positions(layout.positions))
        assert got.x.dtype == dtype
        assert torch.equal(x, before)
        assert got.hidden is None or (got.hidden.shape == x.shape and got.hidden.dtype == torch.bool)


@EVERY
def test_something_changes_and_it_is_finite(part: Corruption, layout: Layout) -> None:
    got = corrupted(part, layout)
    assert got.x.isfinite().all()
    assert not torch.equal(got.x, rows(layout))


@BY_CHANCE
def test_noise_is_fresh_and_comes_from_the_generator_alone(part: Corruption, layout: Layout) -> None:
    torch.manual_seed(1)
    first, generator = corrupted(part, layout, seed=5), torch.Generator().manual_seed(5)
    torch.manual_seed(2)
    again, next_one = part(rows(layout), layout, generator), part(rows(layout), layout, generator)
    assert torch.equal(first.x, again.x)
    assert not torch.equal(again.x, next_one.x)


@NOT_OF_OTHER_ROWS
def test_rows_get_noise_of_their_own(part: Corruption, layout: Layout) -> None:
    x = rows(layout, 1).expand(8, *layout.shape)
    got = corrupted(part, layout, x=x).x
    assert not all(torch.equal(got[0], row) for row in got[1:])


@EVERY
def test_hidden_tells_which_cells_changed(part: Corruption, layout: Layout) -> None:
    """Except for the rescaling of dropout, cells that are not hidden are as they were, unless none is called hidden."""
    part = NoisyMask(std=0.0) if isinstance(part, NoisyMask) else part
    got = corrupted(part, layout)
    if isinstance(part, (GaussianNoise, Shuffle, Downsample)):
        assert got.hidden is None
        return
    assert got.hidden is not None
    scale = 1 - part.p if isinstance(part, Dropout) else 1.0
    torch.testing.assert_close((got.x * scale)[~got.hidden], rows(layout)[~got.hidden])
    assert (got.x[got.hidden] != rows(layout)[got.hidden]).float().mean() > 0.99


@pytest.mark.parametrize("layout", [layout for layout in LAYOUTS if layout.bounds is not None], ids=lambda at: str(at.bounds))
@pytest.mark.parametrize("part", [GaussianNoise(std=1.0, clip=True), SaltAndPepper(0.3), MaskCells(0.3), Swap(0.3)], ids=repr)
def test_bounded_data_stay_bounded(part: Corruption, layout: Layout) -> None:
    """Dropout's rescaling may leave the bounds, as documented; so may noise that is not clipped."""
    assert within(corrupted(part, layout).x, layout)
    assert not within(corrupted(GaussianNoise(std=1.0), layout).x, layout)


def within(x: Tensor, layout: Layout) -> bool:
    return layout.bounds is None or bool((x >= layout.bounds[0]).all() and (x <= layout.bounds[1]).all())


@pytest.mark.parametrize(
    "part", [GaussianNoise(std=0.0), SaltAndPepper(0.0), MaskCells(0.0), MaskPatches(0.0), Dropout(0.0), Swap(0.0)], ids=repr
)
def test_none_of_it_is_no_change(part: Corruption) -> None:
    assert torch.equal(corrupted(part, IMAGE).x, rows(IMAGE))


@pytest.mark.parametrize("part", [SaltAndPepper(0.3), MaskCells(0.3), Dropout(0.3), Swap(0.3)], ids=repr)
def test_the_share_of_hidden_cells(part: Corruption) -> None:
    """20 000 cells: the standard error of the share is 0.0032; five of them."""
    hidden = corrupted(part, IMAGE, x=rows(IMAGE, 68)).hidden
    assert hidden is not None
    assert hidden.numel() > 20_000
    assert abs(hidden.float().mean().item() - 0.3) < 0.016


def test_gaussian_noise_has_its_standard_deviation() -> None:
    """20 000 draws: the standard error of a standard deviation is std / 200; five of them. A variance would be 0.04."""
    x = torch.zeros(400, 50)
    noise = corrupted(GaussianNoise(std=0.2), TABLE, x=x).x
    assert abs(noise.std().item() - 0.2) < 0.005
    assert abs(noise.mean().item()) < 0.0071


def test_salt_and_pepper_are_the_bounds_and_equally_likely() -> None:
    got = corrupted(SaltAndPepper(0.5), SCALED, x=rows(SCALED, 400))
    assert got.hidden is not None
    struck = got.x[got.hidden]
    assert set(struck.tolist()) == {-1.0, 1.0}
    assert abs(struck.mean().item()) < 0.05


def test_masked_cells_hold_the_lower_bound_or_zero_or_the_value() -> None:
    for part, layout, value in [(MaskCells(), TABLE, 0.0), (MaskCells(), SCALED, -1.0), (MaskCells(value=0.5), SCALED, 0.5)]:
        got = corrupted(part, layout)
        assert got.hidden is not None
        assert set(got.x[got.hidden].tolist()) == {value}


def test_dropout_keeps_the_mean() -> None:
    """E[x̃] = x: survivors are divided by 1 - p. 100 000 cells of 1: standard error sqrt(p / (1 - p) / n) = 0.0021; five."""
    got = corrupted(Dropout(0.3), TABLE, x=torch.ones(2000, 50))
    assert sorted(set(got.x.flatten().tolist())) == pytest.approx([0.0, 1 / 0.7])
    assert abs(got.x.mean().item() - 1) < 0.0105


@pytest.mark.parametrize("size", [(8, 8), (9, 11), (7, 4), (5, 1), (40,), (4, 6, 5)], ids=str)
def test_patches_are_patches(size: tuple[int, ...]) -> None:
    """Every patch is hidden in all its cells and channels or in none, in the same share of every row."""
    layout = Layout(("a", "b"), size)
    part = MaskPatches(fraction=0.5, patch=4)
    part.check_layout(layout)
    got = corrupted(part, layout).hidden
    assert got is not None
    patches = [got]
    for axis in range(2, got.ndim):
        patches = [piece for patch in patches for piece in patch.split(4, axis)]
    whole = torch.stack([p.flatten(1).all(1) for p in patches])  # (patches, N)
    some = torch.stack([p.flatten(1).any(1) for p in patches])
    assert torch.equal(whole, some)
    assert (whole.sum(0) == round(0.5 * len(patches))).all()


@pytest.mark.parametrize(
    ("part", "layout", "says"),
    [
        (SaltAndPepper(), TABLE, "'gaussian-noise' or 'mask'"),
        (MaskPatches(), TABLE, "use 'mask'"),
        (MaskPatches(patch=16), IMAGE, "covers all of 9 x 11 positions"),
        (MaskPatches(value=-0.5), IMAGE, "mask-patches.value must lie within"),
        (MaskCells(value=2.0), SCALED, "mask.value must lie within"),
        (GaussianNoise(clip=True), TABLE, "Use clip=False"),
    ],
    ids=lambda v: getattr(v, "name", ""),
)
def test_no_meaning_for_such_data(part: Corruption, layout: Layout, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        part.check_layout(layout)

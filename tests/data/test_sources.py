"""Sources give the rows that were asked for, in the data's own dtype."""

import numpy as np
import pytest
import torch

from diabolo.data.sources import ArraySource, MappedSource, is_mapped, source_of, tensor_of

INDEX = torch.tensor([3, 0, 3])


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"])
def test_rows_keep_their_dtype(dtype):
    rows = np.arange(10).reshape(5, 2).astype(dtype)
    taken = ArraySource(rows).take(INDEX)
    assert taken.dtype == torch.from_numpy(np.ones(1, dtype)).dtype
    np.testing.assert_array_equal(taken.numpy(), rows[INDEX.numpy()])


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64", ">f4", ">i2", "longdouble"])
def test_dtypes_torch_cannot_gather_keep_their_values(dtype):
    rows = np.array([[1, 2], [3, 4], [5, 6], [60000, 8]]).clip(0, 32000 if dtype == ">i2" else None).astype(dtype)
    np.testing.assert_array_equal(ArraySource(rows).take(INDEX).numpy(), rows[INDEX.numpy()].astype(np.float64))


def test_arrays_are_shared_not_copied():
    rows = np.zeros((4, 2), np.float32)
    rows_again = ArraySource(rows).rows
    rows[0, 0] = 7
    assert rows_again[0, 0] == 7


@pytest.mark.parametrize("view", [lambda a: a[::-1], lambda a: a[:, ::-1], lambda a: a.T, np.asfortranarray])
def test_any_strides_are_taken(view):
    rows = view(np.arange(16.0).reshape(4, 4))
    np.testing.assert_array_equal(ArraySource(rows).take(INDEX).numpy(), rows[INDEX.numpy()])


def test_read_only_arrays_are_taken_without_a_warning():
    rows = np.arange(8.0).reshape(4, 2)
    rows.flags.writeable = False
    np.testing.assert_array_equal(tensor_of(rows).numpy(), rows)


def test_a_device_that_holds_the_rows_already_moves_nothing():
    source = ArraySource(np.zeros((4, 2)))
    assert source.to(torch.device("cpu")) is source


def test_float64_stays_on_the_host_where_the_device_has_none():
    source = ArraySource(np.zeros((4, 2)))
    assert source.to(torch.device("mps")) is source


def test_mapped_rows_are_read_when_taken(tmp_path):
    rows = np.random.default_rng(0).integers(0, 256, (5, 3, 4), dtype=np.uint8)
    np.save(tmp_path / "x.npy", rows)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    source = MappedSource(mapped)
    taken = source.take(INDEX)
    np.testing.assert_array_equal(taken.numpy(), rows[INDEX.numpy()])
    taken.zero_()  # what was taken is the caller's own
    np.testing.assert_array_equal(source.take(INDEX).numpy(), rows[INDEX.numpy()])
    assert len(source) == 5
    assert source.to(torch.device("cpu")) is source


def test_only_large_maps_stay_on_disk(tmp_path, monkeypatch):
    np.save(tmp_path / "x.npy", np.zeros((5, 3)))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert is_mapped(np.asarray(mapped).reshape(5, 3, 1))
    assert not is_mapped(np.zeros(3))
    assert isinstance(source_of(mapped), ArraySource)
    monkeypatch.setattr("diabolo.data.sources.MAPPED_FROM", 100)
    assert isinstance(source_of(mapped), MappedSource)
    assert isinstance(source_of(np.zeros((5, 3))), ArraySource)


def test_a_pass_over_rows_on_disk_reads_neighbours_together(tmp_path, monkeypatch):
    """Every row once, in another order each time, and within a window of blocks only the rows of those blocks."""
    monkeypatch.setattr("diabolo.data.sources.BLOCK_BYTES", 40)  # ten rows of four bytes
    monkeypatch.setattr("diabolo.data.sources.WINDOW_BLOCKS", 4)
    mapped = np.memmap(tmp_path / "x", np.uint8, "w+", shape=(205, 4))
    rows = torch.arange(205)[torch.arange(205) % 7 > 0]
    first, second = (MappedSource(mapped).order(rows, torch.Generator().manual_seed(seed)) for seed in (0, 1))
    assert first.sort().values.tolist() == second.sort().values.tolist() == rows.tolist()
    assert first.tolist() != second.tolist()
    position = {int(row): i // 10 for i, row in enumerate(rows)}
    window = first[:40].tolist()
    assert len({position[row] for row in window}) <= 5  # four whole blocks, or three and the short last one beside another
    assert window != sorted(window)

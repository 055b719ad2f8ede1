"""Rows for training and validation: by a hash of the row number alone."""

import numpy as np
import pytest
import torch

from diabolo.data.split import folds, hashed, split, split_off
from diabolo.errors import DataError, ParameterError


@pytest.mark.parametrize("n", [2, 3, 10, 1000])
def test_the_parts_share_no_row_and_miss_none(n):
    train, validation = split(n, 0.1)
    assert len(train) >= 1
    assert len(validation) >= 1
    assert train.dtype == validation.dtype == torch.int64
    torch.testing.assert_close(torch.cat([train, validation]).sort().values, torch.arange(n))


def test_appended_rows_do_not_reshuffle_earlier_ones():
    _, few = split(1000, 0.2)
    _, many = split(5000, 0.2)
    assert few.tolist() == [i for i in many.tolist() if i < 1000]


@pytest.mark.parametrize("fraction", [0.05, 0.1, 0.5])
def test_the_share_is_the_fraction(fraction):
    _, validation = split(20_000, fraction)
    assert len(validation) / 20_000 == pytest.approx(fraction, abs=0.01)


def test_nothing_is_held_out_when_nothing_is_asked_for():
    train, validation = split(50, 0.0)
    assert (len(train), len(validation)) == (50, 0)


def test_the_hash_is_splitmix64():
    """The first outputs of SplitMix64 from seed 0, as published in its reference implementation."""
    expected = np.array([0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F], dtype=np.uint64)
    np.testing.assert_array_equal(hashed(np.arange(3)), (expected >> np.uint64(11)) / 2.0**53)


def test_one_row_cannot_be_split():
    with pytest.raises(DataError, match="1 sample"):
        split(1, 0.1)


@pytest.mark.parametrize("fraction", [-0.1, 1.0, float("nan")])
def test_fractions_outside_the_range_are_refused(fraction):
    with pytest.raises(ParameterError, match="validation_fraction"):
        split(10, fraction)


def test_calibration_rows_are_a_split_of_their_own():
    learning, calibration = split_off(2_000, 150)
    assert len(calibration) == 150
    torch.testing.assert_close(torch.cat([learning, calibration]).sort().values, torch.arange(2_000))
    assert not np.isin(calibration.numpy(), split(2_000, 0.1)[1].numpy()).any()


def test_calibration_rows_of_a_group_stay_together():
    groups = np.repeat(np.arange(40), 5)
    learning, calibration = split_off(200, 52, groups)
    assert len(calibration) == 55
    assert not set(groups[learning.numpy()]) & set(groups[calibration.numpy()])
    assert len(split_off(200, 199, groups)[0]) == 5
    assert len(split_off(20, 4, np.zeros(20))[1]) == 4


def test_folds_are_even_and_keep_groups():
    found = folds(103, 5)
    assert sorted(np.bincount(found)) == [20, 20, 21, 21, 21]
    groups = np.repeat(np.arange(20), 3)
    assert all(len(set(folds(60, 4, groups)[groups == g])) == 1 for g in range(20))
    with pytest.raises(DataError, match="at least 5 rows"):
        folds(4, 5)


@pytest.mark.parametrize("held_out", [0, 10, -1])
def test_rows_are_left_on_both_sides(held_out):
    with pytest.raises(ParameterError, match="at least 1 and at most 9"):
        split_off(10, held_out)


def test_calibration_needs_two_rows():
    with pytest.raises(DataError, match="at least 2"):
        split_off(1, 1)

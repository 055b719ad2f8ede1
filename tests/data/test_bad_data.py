"""Data that cannot be used get an error that says what came and what to do."""

import numpy as np
import pytest
import scipy.sparse
import torch

from diabolo.data import read
from diabolo.errors import DataError, ParameterError, SourceError, UnsupportedError

RNG = np.random.default_rng(0)


def test_no_rows():
    for X in (np.ones((0, 3)), np.ones((0, 4, 4))):
        with pytest.raises(DataError, match=r"Found array with 0 sample\(s\)"):
            read(X)


def test_no_columns():
    with pytest.raises(DataError, match=r"0 feature\(s\) \(shape=\(3, 0\)\) while a minimum of 1 is required."):
        read(np.ones((3, 0)))


def test_one_axis():
    with pytest.raises(DataError, match=r"Expected 2D array, got 1D array instead(.|\n)*Reshape your data"):
        read(np.ones(3))


def test_nan_and_infinity_are_counted_by_column():
    X = RNG.normal(size=(9, 4))
    X[0, 1], X[3:5, 2], X[7, 2] = np.nan, -np.inf, np.nan
    with pytest.raises(DataError, match=r"inf .*: 2 in column 2\. Mend"):
        read(X)
    whole = read(RNG.normal(size=(9, 4)))
    with pytest.raises(DataError, match=r"NaN .*1 in column 1, 1 in column 2; and inf .*2 in column 2"):
        whole.kind.fit(whole.source, torch.arange(9)).read(X)


def test_nan_and_infinity_are_counted_by_image():
    X = RNG.random((9, 4, 4))
    X[0, 1, :2], X[3] = np.nan, np.inf
    with pytest.raises(DataError, match="NaN: 2 pixels in 1 of 9 images and inf: 16 pixels in 1 of 9 images"):
        read(X)


def test_missing_objects_are_nan():
    np.testing.assert_array_equal(read(np.array([[1, None], [2, 3]], dtype=object)).array(), [[1, np.nan], [2, 3]])


def test_masked_cells_are_nan():
    X = np.ma.masked_equal(np.array([[1.0, 2], [3, 4]]), 3)
    np.testing.assert_array_equal(read(X).array(), [[1, 2], [np.nan, 4]])
    assert len(read(np.ma.array([[1.0, 2], [3, 4]])).source) == 2


def test_checks_go_over_blocks(monkeypatch):
    monkeypatch.setattr("diabolo.data.checks.CHUNK_BYTES", 64)
    X = RNG.normal(size=(50, 4))
    whole = read(X)
    assert len(whole.source) == 50
    X = X.copy()
    X[40, 3] = X[9, 3] = np.nan
    with pytest.raises(DataError, match="2 in column 3"):
        whole.kind.fit(whole.source, torch.arange(50)).read(X)


@pytest.mark.parametrize("make", [scipy.sparse.csr_matrix, scipy.sparse.coo_array])
def test_sparse(make):
    with pytest.raises(DataError, match=r"sparse.*toarray\(\)"):
        read(make(np.eye(3)))


def test_sparse_tensors():
    with pytest.raises(DataError, match=r"sparse.*to_dense\(\)"):
        read(torch.eye(3).to_sparse())


def test_complex():
    for X in (np.ones((3, 2), complex), torch.ones(3, 2, dtype=torch.complex64), np.array([[1, 2j], [3, 4]], dtype=object)):
        with pytest.raises(DataError, match="Complex data not supported"):
            read(X)


def test_object_columns_are_named_with_an_example():
    with pytest.raises(DataError, match="column 1 holds 'red'"):
        read(np.array([[1, "red"], [2, "blue"]], dtype=object))


def test_cells_that_are_no_scalars_are_a_type_error_as_in_scikit_learn():
    with pytest.raises(TypeError, match=r"argument must be .* string.* number"):
        read(np.array([[1.5, {"foo": "bar"}]], dtype=object))


@pytest.mark.parametrize(
    ("X", "word"),
    [
        (np.array([["1", "2"]]), "text such as '1'"),
        (np.array([["2020-01-01"]], dtype="M8[D]"), "dates"),
        (np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]), "data frame"),
        (None, "NoneType"),
        (5.0, "0D"),
    ],
)
def test_what_is_no_numbers(X, word):
    with pytest.raises(DataError, match=word):
        read(X)


def test_what_is_another_kind_says_which():
    with pytest.raises(UnsupportedError, match="text"):
        read(["to be", "or not"])
    with pytest.raises(UnsupportedError, match="series"):
        read([np.ones(3), np.ones(5)])
    with pytest.raises(UnsupportedError, match="series"):
        read([[1, 2], [3]])


def test_arrays_that_fit_in_no_array():
    with pytest.raises(DataError, match="regular array"):
        read([np.ones((2, 3)), np.ones((2, 4))])


def test_images_whose_channels_are_not_to_be_found():
    with pytest.raises(DataError, match=r"image_shape=\(H, W, C\)"):
        read(RNG.random((4, 7, 7, 7)))
    with pytest.raises(DataError, match=r"\(n, H, W, C\)"):
        read(RNG.random((4, 3, 3, 3, 3)))


def test_an_unknown_name_gives_the_nearest():
    with pytest.raises(ParameterError, match=r"Did you mean 'mnist'.*no file or folder"):
        read("mnits")


def test_a_path_that_is_not_there(tmp_path):
    for path in (tmp_path / "x.csv", str(tmp_path / "x.csv"), "nowhere/at/all", "table.csv"):
        with pytest.raises(SourceError, match="no file or folder"):
            read(path)


def test_constant_columns():
    X = RNG.normal(size=(9, 3))
    X[:, 1] = 4
    assert read(X).notes == ("column 'x1' is constant",)
    reading = read(np.ones((5, 2)))
    assert reading.notes == ("2 columns are constant: 'x0', 'x1'",)
    with pytest.raises(DataError, match="Every column is constant"):
        reading.kind.fit(reading.source, torch.arange(5))

"""Numeric tables: standardized by the training rows, and back in the caller's dtype and columns."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.preprocessing import StandardScaler

from diabolo.data import read
from diabolo.data.kinds import KINDS, TableKind
from diabolo.data.kinds.table import cast
from diabolo.data.split import split
from diabolo.errors import DataError
from diabolo.jobs.codes.reconstruct import reconstruct, reconstruction_error
from diabolo.jobs.evaluation.score import score
from tests.helpers import quick

RNG = np.random.default_rng(0)


def fitted(X, rows=None, **options):
    reading = read(X, **options)
    rows = torch.arange(len(reading.source)) if rows is None else rows
    return reading.kind.fit(reading.source, rows), reading.source


def test_scales_are_those_of_scikit_learn_on_the_training_rows_alone():
    X = RNG.normal(3, 20, (500, 4)) ** 3
    train, validation = split(500, 0.2)
    kind, source = fitted(X, train)
    reference = StandardScaler().fit(X[train.numpy()])
    np.testing.assert_allclose(kind.mean, reference.mean_, rtol=1e-12)
    np.testing.assert_allclose(kind.scale, reference.scale_, rtol=1e-12)
    x = kind.encode(source.take(validation))
    np.testing.assert_allclose(x, reference.transform(X[validation.numpy()]), rtol=1e-5, atol=1e-6)
    assert x.dtype == torch.float32


def test_blocks_change_nothing(monkeypatch):
    X = RNG.normal(1e6, 1, (500, 4))
    whole, _ = fitted(X)
    monkeypatch.setattr("diabolo.data.kinds.table._CHUNK_CELLS", 60)
    blocks, _ = fitted(X)
    torch.testing.assert_close(blocks.mean, whole.mean, rtol=1e-14, atol=0)
    torch.testing.assert_close(blocks.scale, whole.scale, rtol=1e-9, atol=0)


def test_large_offsets_cost_no_digits():
    X = 1e9 + RNG.normal(size=(200, 2))
    kind, source = fitted(X)
    x = kind.encode(source.take(torch.arange(200)))
    np.testing.assert_allclose(x.std(0, correction=0), 1, rtol=1e-5)
    np.testing.assert_allclose(kind.decode(x), X, atol=1e-6, rtol=0)


@pytest.mark.parametrize("size", [1e-300, 1e-150, 1e150, 1e300])
def test_very_small_and_very_large_numbers(size):
    X = RNG.normal(size=(200, 2)) * size
    kind, source = fitted(X)
    x = kind.encode(source.take(torch.arange(200)))
    np.testing.assert_allclose(x.std(0, correction=0), 1, rtol=1e-5)


@pytest.mark.parametrize("value", [0.1, -7.0, 0.0, 1e17])
def test_constant_columns_come_back_exactly(value):
    X = RNG.normal(size=(50, 3))
    X[:, 1] = value
    kind, source = fitted(X)
    x = kind.encode(source.take(torch.arange(50)))
    assert (x[:, 1] == 0).all()
    assert (kind.decode(x + 0.3)[:, 1] == value).all()
    assert (kind.natural(kind.settled(x + 0.3))[:, 1] == value).all()


def test_what_deviates_from_a_constant_column_is_an_error_of_its_row():
    X = np.c_[RNG.normal(size=(60, 4)), np.ones(60)]
    trained = quick(X)
    X[:3, 4] = 9
    error = ((reconstruct(trained, X) - X) ** 2).mean(1)
    assert error[:3].min() > 64 / 5
    np.testing.assert_allclose(reconstruction_error(trained, X), error, rtol=1e-5)
    np.testing.assert_allclose(score(trained, X).values, -error, rtol=1e-5)


def test_numbers_too_far_to_be_squared_are_named():
    X = RNG.normal(size=(60, 4))
    kind, _ = fitted(X)
    X[2:4, 1] *= 1e300
    X[3, 3] = -1e20
    with pytest.raises(DataError, match=r"standard deviations .*: 2 in column 'x1', 1 in column 'x3'\. Mend these cells"):
        kind.read(X)
    X[2:4, 1], X[3, 3] = 1e15, 1e15
    assert kind.encode(kind.read(X).take(torch.arange(60))).square().isfinite().all()


def test_columns_that_span_more_than_float64_holds_are_named():
    X = RNG.normal(size=(9, 3))
    X[:2, 1] = 1.5e308, -1.5e308
    with pytest.raises(DataError, match="more than float64 can hold in column 'x1'"):
        fitted(X)


def test_only_constant_columns():
    with pytest.raises(DataError, match="Every column is constant in the training rows"):
        fitted(np.ones((5, 2)))


def test_too_few_rows_to_hold_some_out():
    with pytest.raises(DataError, match=r"Too few rows: 1 of 2 is left for training.*more rows.*validation_fraction=0"):
        fitted(RNG.normal(size=(2, 4)), torch.tensor([0]))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "int64", "uint8", "uint16", "uint32", "bool"])
def test_arrays_come_back_in_their_dtype(dtype):
    X = RNG.integers(0, 2 if dtype == "bool" else 100, (40, 3)).astype(dtype)
    kind, source = fitted(X)
    made = kind.decode(kind.encode(source.take(torch.arange(40))))
    assert made.dtype == X.dtype
    np.testing.assert_allclose(made, X, rtol=1e-5, atol=1e-4)


def test_whole_numbers_stay_in_their_range():
    assert cast(np.array([-300.0, 300, 1.6]), "int8").tolist() == [-128, 127, 2]
    assert cast(np.array([-1e30, 1e30]), "int64").tolist() == [-(2**63), 2**63 - 1]
    assert cast(np.array([-1.0, 1e30]), "uint64").tolist() == [0, 2**64 - 1]
    assert cast(np.array([1e30, -1e30]), "float16").tolist() == [65504, -65504]


def test_the_scale_in_nats():
    """log p(v) = log p(x) + log |dx/dv|, with a normal distribution of the columns' own moments."""
    X = RNG.normal(5, 3, (100, 3))
    X[:, 2] = 4
    kind, source = fitted(X)
    x = kind.encode(source.take(torch.arange(100))).double()
    outside = torch.distributions.Normal(kind.mean[:2], kind.scale[:2]).log_prob(torch.from_numpy(X[:, :2])).sum(1)
    inside = torch.distributions.Normal(0.0, 1.0).log_prob(x[:, :2]).sum(1)
    torch.testing.assert_close(inside + kind.log_scale, outside, rtol=1e-5, atol=1e-5)


def test_natural_units_are_the_columns_own():
    X = RNG.normal(5, 3, (100, 3))
    kind, source = fitted(X)
    natural = kind.natural(kind.encode(source.take(torch.arange(100))))
    assert natural.dtype == torch.float64
    np.testing.assert_allclose(natural, X, rtol=1e-5, atol=1e-5)


def test_a_kind_that_was_not_fitted_says_so():
    with pytest.raises(DataError, match="not been fitted"):
        read(np.eye(3)).kind.encode(torch.eye(3))


def test_another_width_speaks_as_scikit_learn_does():
    kind, _ = fitted(RNG.normal(size=(9, 4)))
    for named in ("Autoencoder", "the model"):
        with pytest.raises(DataError, match=f"X has 3 features, but {named} is expecting 4 features as input"):
            kind.read(np.ones((2, 3)), named=named)


def test_one_row_alone_is_no_table():
    kind, _ = fitted(RNG.normal(size=(9, 4)))
    with pytest.raises(DataError, match=r"Expected 2D array, got 1D array instead[\s\S]*Reshape your data[\s\S]*X\[None\]"):
        kind.read(np.ones(4))
    with pytest.raises(DataError, match="3D array"):
        kind.read(np.ones((2, 4, 4)))


def test_further_data_are_checked():
    kind, _ = fitted(RNG.normal(size=(9, 4)))
    with pytest.raises(DataError, match=r"0 sample\(s\)"):
        kind.read(np.ones((0, 4)))
    with pytest.raises(DataError, match=r"NaN .*: 1 in column 2"):
        kind.read(np.array([[1, 2, np.nan, 3]]))
    with pytest.raises(DataError, match="table of 4 columns"):
        kind.read("demo:digits")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["c", "b", "a"], "Feature names must be in the same order as they were in fit."),
        (["a", "b", "d"], "Feature names unseen at fit time:\n- d\nFeature names seen at fit time, yet now missing:\n- c\n"),
        (["a", "b"], "Feature names seen at fit time, yet now missing:\n- c\n"),
        (["a", "b", "c", "d"], "Feature names unseen at fit time:\n- d\n"),
    ],
)
def test_other_columns_are_named_as_scikit_learn_does(columns, message):
    kind, _ = fitted(pd.DataFrame(RNG.normal(size=(9, 3)), columns=["a", "b", "c"]))
    with pytest.raises(DataError) as caught:
        kind.read(pd.DataFrame(RNG.normal(size=(2, len(columns))), columns=columns))
    assert str(caught.value).startswith("The feature names should match those that were passed during fit.\n" + message)


def test_frames_and_arrays_of_one_width_may_be_mixed():
    frame = pd.DataFrame(RNG.normal(size=(9, 3)), columns=["a", "b", "c"])
    by_frame, _ = fitted(frame)
    by_array, _ = fitted(frame.to_numpy())
    assert len(by_frame.read(frame.to_numpy())) == len(by_array.read(frame)) == 9


def test_columns_that_are_no_features_may_come_again_or_not():
    frame = pd.DataFrame({"a": [1.0, 2, 3], "y": ["u", "v", "w"], "note": ["", "x", ""], "b": [4.0, 3, 1]})
    kind, _ = fitted(frame, label="y", ignore=["note"])
    for columns in (["a", "y", "note", "b"], ["a", "b"], ["y", "a", "b"]):
        np.testing.assert_array_equal(kind.read(frame[columns]).take(torch.arange(3)), frame[["a", "b"]])


@pytest.mark.parametrize("frame", [False, True])
def test_the_kind_is_kept_as_json_and_tensors(frame):
    X = RNG.normal(size=(9, 3))
    X[:, 1] = 4
    kind, source = fitted(pd.DataFrame(X, columns=["a", "b", "c"]) if frame else X)
    data, tensors = kind.to_json()
    again = KINDS["table"].from_json(json.loads(json.dumps(data)), tensors)
    rows = source.take(torch.arange(9))
    torch.testing.assert_close(again.encode(rows), kind.encode(rows))
    assert again.to_json()[0] == data
    assert again.log_scale == kind.log_scale
    assert type(again.decode(kind.encode(rows))) is type(kind.decode(kind.encode(rows)))


def test_descriptions_that_do_not_fit_together_are_refused():
    data, tensors = fitted(RNG.normal(size=(9, 3)))[0].to_json()
    for change, kept in (
        ({"width": 4}, tensors),
        ({}, {"mean": tensors["mean"]}),
        ({}, tensors | {"other": tensors["mean"]}),
        ({"dtype": "nothing"}, tensors),
        ({"columns": {"names": ["a"]}}, tensors),
        ({"columns": {"names": ["a"], "dtypes": ["float64"], "native": [], "library": "polars"}}, tensors),
    ):
        with pytest.raises(DataError, match="description of the table"):
            TableKind.from_json(data | change, kept)

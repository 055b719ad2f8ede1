"""What data are taken to be, and the reason that is given."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from diabolo.data import read, read_like
from diabolo.data.kinds import ImageKind, TableKind
from diabolo.data.split import split
from diabolo.errors import DataError, ParameterError, UnsupportedError

RNG = np.random.default_rng(0)


def pixels(*shape):
    return RNG.integers(0, 256, shape, dtype=np.uint8)


class Pairs(Dataset):
    """Items (x, y) as torch datasets give them."""

    def __init__(self, xs, ys):
        self.xs, self.ys = xs, ys

    def __len__(self):
        return len(self.xs)

    def __getitem__(self, i):
        return self.xs[i], self.ys[i]


@pytest.mark.parametrize(
    ("shape", "axes", "size"),
    [
        ((6, 9, 7), "HW", (1, 9, 7)),
        ((6, 9, 7, 3), "HWC", (3, 9, 7)),
        ((6, 9, 7, 1), "HWC", (1, 9, 7)),
        ((6, 3, 9, 7), "CHW", (3, 9, 7)),
        ((6, 4, 9, 7), "CHW", (4, 9, 7)),
        ((6, 3, 9, 4), "HWC", (4, 3, 9)),
    ],
)
def test_arrays_of_three_or_four_axes_are_images_with_the_channels_last_if_they_can_be(shape, axes, size):
    reading = read(pixels(*shape))
    assert isinstance(reading.kind, ImageKind)
    assert reading.kind.axes == axes
    assert reading.kind.layout.shape == size
    assert str(shape) in reading.reason


def test_two_axes_are_a_table_or_images_when_a_shape_is_given():
    X = RNG.random((6, 12))
    assert isinstance(read(X).kind, TableKind)
    assert read(X, image_shape=(3, 4)).kind.layout.shape == (1, 3, 4)
    assert read(X, image_shape=[2, 2, 3]).kind.layout.shape == (3, 2, 2)


def test_any_number_of_channels_when_the_shape_says_so():
    assert read(RNG.random((4, 5, 6, 7)), image_shape=(5, 6, 7)).kind.axes == "HWC"
    assert read(RNG.random((4, 7, 5, 6)), image_shape=(5, 6, 7)).kind.axes == "CHW"


@pytest.mark.parametrize(
    ("X", "scale", "bounds"),
    [
        (np.array([0, 255], np.uint8), (0, 255), (0, 1)),
        (np.array([0, 40], np.uint8), (0, 255), (0, 1)),
        (np.array([0, 1], np.uint8), (0, 1), (0, 1)),
        (np.array([0, 300], np.uint16), (0, 65535), (0, 1)),
        (np.array([False, True]), (0, 1), (0, 1)),
        (np.array([0, 200], np.int64), (0, 255), (0, 1)),
        (np.array([0, 3000], np.int64), (0, 65535), (0, 1)),
        (np.array([0.0, 0.3]), (0, 1), (0, 1)),
        (np.array([-0.0004, 1.0004]), (0, 1), (0, 1)),
        (np.array([-0.7, 0.3]), (-1, 1), (-1, 1)),
        (np.array([0.0, 254.5]), (0, 255), (0, 1)),
        (np.array([0.0, 16.0]), (0, 16), (0, 1)),
    ],
)
def test_the_range_of_pixels_is_inferred(X, scale, bounds):
    kind = read(np.tile(X, 8).reshape(4, 2, 2)).kind
    assert kind.pixels.scale == scale
    assert kind.layout.bounds == bounds


@pytest.mark.parametrize(
    "X", [np.array([0.0, 17.0]), np.array([-3.0, 3.0]), np.array([0, 16]), np.array([-5, 200]), np.array([0.0, 1e6])]
)
def test_an_unclear_range_is_refused_and_can_be_said(X):
    images = np.tile(X, 8).reshape(4, 2, 2)
    with pytest.raises(DataError, match="value_range"):
        read(images)
    said = (float(X.min()), float(X.max()))
    assert read(images, value_range=said).kind.pixels.scale == said


def test_value_range_is_the_range_inside():
    kind = read(pixels(4, 2, 2), value_range=(-1, 1)).kind
    assert kind.layout.bounds == (-1, 1)
    assert kind.layout.step == pytest.approx(2 / 255)
    noisy = RNG.normal(0.5, 0.5, (4, 2, 2))
    assert read(noisy, value_range=(0, 1)).kind.layout.bounds == (0, 1)
    with pytest.raises(DataError, match="another scale"):
        read(RNG.random((4, 2, 2)) * 255, value_range=(0, 1))


@pytest.mark.parametrize("value_range", [(1, 0), (0,), "wide", (0, float("nan"))])
def test_a_value_range_that_is_none_is_refused(value_range):
    with pytest.raises(ParameterError, match="value_range"):
        read(pixels(4, 2, 2), value_range=value_range)


def test_dark_images_are_noted():
    assert "value_range=(0, 16)" in read(np.full((4, 2, 2), 16, np.uint8)).notes[0]


def test_lists_are_arrays():
    reading = read([[1, 2], [3, 4.5]])
    np.testing.assert_array_equal(reading.source.take(torch.arange(2)).numpy(), [[1, 2], [3, 4.5]])


def test_objects_that_are_numbers_are_numbers():
    X = np.array([[1, 2.5], [True, 4]], dtype=object)
    np.testing.assert_array_equal(read(X).source.take(torch.arange(2)).numpy(), [[1, 2.5], [1, 4]])


def test_bool_is_zero_and_one():
    reading = read(np.array([[True, False], [False, True], [True, True]]))
    kind = reading.kind.fit(reading.source, torch.arange(3))
    x = kind.encode(reading.source.take(torch.arange(3)))
    assert kind.decode(x).tolist() == [[True, False], [False, True], [True, True]]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.int64, torch.uint8])
def test_tensors(dtype):
    X = torch.arange(12).reshape(6, 2).to(dtype).requires_grad_(dtype == torch.float32)
    reading = read(X)
    assert isinstance(reading.kind, TableKind)
    np.testing.assert_array_equal(reading.source.take(torch.arange(6)).double().numpy(), np.arange(12).reshape(6, 2))
    assert "tensor" in reading.reason


def test_lists_of_tensors():
    assert len(read([torch.ones(3), torch.zeros(3)]).source) == 2


def test_torch_datasets_give_rows_and_labels_in_their_order():
    xs = torch.rand(7, 1, 5, 5)
    for data in (
        TensorDataset(xs, torch.arange(7)),
        Pairs(xs, list(range(7))),
        Pairs(xs.numpy(), torch.arange(7)),
        DataLoader(Pairs(xs, list(range(7))), batch_size=2, shuffle=True),
    ):
        reading = read(data)
        assert reading.kind.axes == "CHW"
        assert reading.labels.tolist() == list(range(7))
        torch.testing.assert_close(reading.source.take(torch.arange(7)), xs)


def test_torch_datasets_without_labels():
    assert read(TensorDataset(torch.rand(7, 3))).labels is None
    reading = read(Pairs(torch.rand(7, 3), torch.rand(7, 3)))
    assert reading.labels is None
    assert "left out" in reading.notes[0]


def test_text_labels():
    assert read(Pairs(np.ones((2, 3)), ["cat", "dog"])).labels.tolist() == ["cat", "dog"]


def test_a_dataset_that_may_never_end_is_refused():
    class Endless(IterableDataset):
        def __iter__(self):
            while True:
                yield torch.zeros(3)

    with pytest.raises(DataError, match="no length"):
        read(Endless())
    with pytest.raises(DataError, match="no length"):
        read(DataLoader(Endless()))


def test_iterable_datasets_that_say_how_long_they_are():
    class Counted(IterableDataset):
        def __len__(self):
            return 3

        def __iter__(self):
            return iter(torch.arange(12.0).reshape(4, 3))

    rows = read(Counted()).source.take(torch.arange(3))
    torch.testing.assert_close(rows, torch.arange(9.0).reshape(3, 3))


def test_an_empty_dataset():
    with pytest.raises(DataError, match=r"0 sample\(s\)"):
        read(Pairs([], []))


def test_items_of_unequal_shape_are_named():
    with pytest.raises(DataError, match="item 1 is 4"):
        read(Pairs([np.ones(3), np.ones(4)], [0, 1]))


def test_items_that_are_dicts_are_refused():
    class Dicts(Dataset):
        def __len__(self):
            return 2

        def __getitem__(self, i):
            return {"image": i}

    with pytest.raises(UnsupportedError, match="image"):
        read(Dicts())


@pytest.mark.parametrize("kind", ["series", "text", "music", "interactions"])
def test_kinds_to_come_say_so(kind):
    with pytest.raises(UnsupportedError, match="not supported yet"):
        read(np.ones((3, 2)), kind=kind)


def test_an_unknown_kind_gives_the_nearest():
    with pytest.raises(ParameterError, match="Did you mean 'image'"):
        read(np.ones((3, 2)), kind="imgae")


def test_a_kind_that_does_not_fit_is_refused():
    with pytest.raises(DataError, match=r"image_shape=\(28, 28\)"):
        read(np.ones((3, 784)), kind="image")
    with pytest.raises(DataError, match="2D array, got 3D"):
        read(np.ones((3, 2, 2)), kind="table")
    with pytest.raises(DataError, match="not a table"):
        read("demo:digits", kind="table")
    with pytest.raises(DataError, match="image_shape"):
        read(pd.DataFrame({"a": [1, 2]}), kind="image")


def test_options_of_other_data_are_refused():
    with pytest.raises(ParameterError, match="value_range"):
        read(np.eye(3), value_range=(0, 1))
    with pytest.raises(ParameterError, match="label="):
        read(np.eye(3), label="a")
    with pytest.raises(ParameterError, match="side="):
        read(np.eye(3), side=8)


@pytest.mark.parametrize("shape", [(3,), (0, 3), (3, 4, 5, 6), ("a", 2)])
def test_an_image_shape_that_is_none_is_refused(shape):
    with pytest.raises(ParameterError, match="image_shape"):
        read(np.ones((3, 12)), image_shape=shape)


def test_an_image_shape_that_does_not_fit_is_refused():
    with pytest.raises(DataError, match=r"rows have the shape \(12,\)"):
        read(np.ones((3, 12)), image_shape=(5, 5))


def test_further_data_bring_their_labels():
    frame = pd.DataFrame({"a": [1.0, 2, 3], "b": [3.0, 1, 2], "c": ["u", "v", "u"], "d": ["p", "q", "p"]})
    reading = read(frame, label="c", ignore=["d"])
    kind = reading.kind.fit(reading.source, torch.arange(3))
    assert reading.labels.tolist() == ["u", "v", "u"]
    assert read_like(kind, frame).labels.tolist() == ["u", "v", "u"]
    assert read_like(kind, frame, label="d").labels.tolist() == ["p", "q", "p"]
    assert read_like(kind, frame[["a", "b"]]).labels is None
    with pytest.raises(DataError, match="'e'"):
        read_like(kind, frame, label="e")


def test_the_demo_digits_are_images_of_seventeen_grays():
    reading = read("demo:digits")
    assert reading.name == "demo:digits"
    assert reading.kind.layout.step == 1 / 16
    assert reading.labels[:3].tolist() == [0, 1, 2]
    train, _ = split(len(reading.source), 0.1)
    x = reading.kind.fit(reading.source, train).encode(reading.source.take(train[:100]))
    torch.testing.assert_close(x * 16, (x * 16).round())
    assert x.max() == 1

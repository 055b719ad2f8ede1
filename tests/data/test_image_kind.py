"""Images: into the model and back, and what is refused on the way."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import torch

from diabolo.data import read
from diabolo.data.kinds import KINDS, ImageKind
from diabolo.errors import DataError

RNG = np.random.default_rng(0)


def pixels(*shape):
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def encoded(X, **options):
    reading = read(X, **options)
    return reading.kind, reading.kind.encode(reading.source.take(torch.arange(len(X))))


def test_bytes_are_kept_and_scaled_on_the_way_in():
    X = pixels(5, 9, 7, 3)
    reading = read(X)
    rows = reading.source.take(torch.arange(5))
    assert rows.dtype == torch.uint8
    x = reading.kind.encode(rows)
    assert x.dtype == torch.float32
    assert x.is_contiguous()
    torch.testing.assert_close(x, torch.from_numpy(X.transpose(0, 3, 1, 2) / 255).float())


@pytest.mark.parametrize("shape", [(5, 9, 7), (5, 9, 7, 3), (5, 3, 9, 7), (5, 63)])
@pytest.mark.parametrize("value_range", [(0, 1), (-1, 1)])
def test_every_byte_comes_back(shape, value_range):
    X = np.resize(np.arange(256, dtype=np.uint8), shape)
    kind, x = encoded(X, value_range=value_range, image_shape=(9, 7) if len(shape) == 2 else None)
    assert (x.min().item(), x.max().item()) == value_range
    made = kind.decode(x)
    assert made.dtype == X.dtype
    np.testing.assert_array_equal(made, X)


def test_every_sixteen_bit_gray_comes_back():
    X = np.arange(65536, dtype=np.uint16).reshape(64, 32, 32)
    kind, x = encoded(X)
    np.testing.assert_array_equal(kind.decode(x), X)


def test_flat_rows_are_laid_out_as_height_width_channels():
    X = RNG.random((4, 12))
    kind, x = encoded(X, image_shape=(2, 2, 3))
    np.testing.assert_allclose(x[0, :, 1, 0].numpy(), X[0].reshape(2, 2, 3)[1, 0], rtol=1e-6)
    np.testing.assert_allclose(kind.decode(x), X, rtol=1e-6)


def test_what_leaves_the_range_is_clipped_on_the_way_out_only():
    kind, _ = encoded(pixels(5, 9, 7))
    noisy = RNG.normal(128, 200, (5, 9, 7))
    x = kind.encode(kind.read(noisy).take(torch.arange(5)))
    assert x.min() < 0
    assert x.max() > 1
    np.testing.assert_array_equal(kind.decode(x), np.clip(noisy, 0, 255).round())


def test_the_step_is_the_distance_of_two_grays():
    kind, x = encoded(np.arange(32, dtype=np.uint8).reshape(2, 4, 4), value_range=(-1, 1))
    torch.testing.assert_close(x[0, 0, 0, 1] - x[0, 0, 0, 0], torch.tensor(kind.layout.step), rtol=1e-4, atol=0)


def test_the_scale_in_nats():
    assert encoded(pixels(5, 9, 7))[0].log_scale == 0  # probabilities know no units
    assert encoded(RNG.random((5, 9, 7)))[0].log_scale == 0
    kind, _ = encoded(RNG.random((5, 9, 7)) * 255)
    assert kind.log_scale == pytest.approx(9 * 7 * math.log(1 / 255))


def test_a_density_is_the_same_in_both_units():
    """log p(v) = log p(x) + log |dx/dv|, with a normal distribution on the caller's scale."""
    X = RNG.random((3, 2, 2)) * 255
    kind, x = encoded(X)
    outside = torch.distributions.Normal(100.0, 50.0).log_prob(torch.from_numpy(X)).flatten(1).sum(1)
    inside = torch.distributions.Normal(100 / 255, 50 / 255).log_prob(x.double()).flatten(1).sum(1)
    torch.testing.assert_close(inside + kind.log_scale, outside, rtol=1e-6, atol=1e-5)


def test_errors_are_reported_on_pixels_as_they_are():
    kind, x = encoded(pixels(5, 9, 7))
    assert kind.natural(x) is x


@pytest.mark.parametrize(
    ("shape", "network"), [((4, 32, 32), "conv"), ((4, 40, 50, 3), "conv"), ((4, 28, 28), "mlp"), ((4, 1, 1), "mlp")]
)
def test_the_default_network_follows_the_size(shape, network):
    assert encoded(pixels(*shape))[0].network == network


@pytest.mark.parametrize("shape", [(2, 9, 7), (2, 9, 7, 1), (2, 1, 9, 7)])
@pytest.mark.parametrize("trained", [(5, 9, 7), (5, 9, 7, 1), (5, 1, 9, 7), (5, 63)])
def test_other_layouts_of_one_size_are_turned(shape, trained):
    kind, _ = encoded(pixels(*trained), image_shape=(9, 7) if len(trained) == 2 else None)
    X = pixels(*shape)
    x = kind.encode(kind.read(X).take(torch.arange(2)))
    torch.testing.assert_close(x, torch.from_numpy(X.reshape(2, 1, 9, 7) / 255).float())


def test_channels_last_is_turned_to_channels_first():
    kind, _ = encoded(pixels(5, 3, 9, 7))
    X = pixels(2, 9, 7, 3)
    x = kind.encode(kind.read(X).take(torch.arange(2)))
    torch.testing.assert_close(x, torch.from_numpy(X.transpose(0, 3, 1, 2) / 255).float())


def test_another_size_names_both():
    kind, _ = encoded(pixels(5, 9, 7))
    with pytest.raises(DataError, match=r"9×7, 1 channel.*Autoencoder.*shape \(2, 8, 8\)"):
        kind.read(pixels(2, 8, 8), named="Autoencoder")
    with pytest.raises(DataError, match=r"9×7, 1 channel.*data frame"):
        kind.read(pd.DataFrame(np.eye(3)))


def test_flat_rows_of_another_width_speak_as_scikit_learn_does():
    kind, _ = encoded(pixels(5, 63), image_shape=(9, 7))
    with pytest.raises(DataError, match="X has 62 features, but Autoencoder is expecting 63 features as input"):
        kind.read(pixels(2, 62), named="Autoencoder")


@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 3), (3, 9, 7)])
def test_one_image_alone_is_no_batch(shape):
    kind, _ = encoded(pixels(5, *shape))
    with pytest.raises(DataError, match=r"use X\[None\]"):
        kind.read(pixels(*shape))


def test_other_scales_are_refused():
    kind, _ = encoded(pixels(5, 9, 7))
    floats, _ = encoded(RNG.random((5, 9, 7)))
    deep, _ = encoded(RNG.integers(0, 65536, (5, 9, 7), dtype=np.uint16))
    for model, X in ((kind, np.ones((2, 9, 7), bool)), (floats, pixels(2, 9, 7)), (deep, pixels(2, 9, 7))):
        with pytest.raises(DataError, match="another scale"):
            model.read(X)
    assert len(kind.read(pixels(2, 9, 7).astype(float))) == 2
    assert len(kind.read(np.zeros((2, 9, 7)))) == 2  # black is black on every scale
    assert encoded(RNG.random((5, 9, 7)), value_range=(0, 255))[1].max() < 1 / 255  # what is said is believed


def test_a_picture_is_accepted_alone_as_it_is_among_others():
    """What a model says of one row does not depend on the rows beside it: a dark one is dark, not on another scale."""
    X = np.concatenate([RNG.random((1, 9, 7)) * 0.9, RNG.random((4, 9, 7)) * 255])
    for kind in (encoded(X)[0], encoded(X.astype(np.uint8))[0]):
        for rows in (X, X[:1], X[:1].astype(np.float32)):
            x = kind.encode(kind.read(rows).take(torch.arange(1)))
            np.testing.assert_allclose(x[0, 0], X[0] / 255, rtol=1e-6)


def test_nan_is_refused_later_too():
    kind, _ = encoded(RNG.random((5, 9, 7)))
    with pytest.raises(DataError, match="NaN: 63 pixels in 1 of 1 images"):
        kind.read(np.full((1, 9, 7), np.nan))
    with pytest.raises(DataError, match=r"0 sample\(s\)"):
        kind.read(np.zeros((0, 9, 7)))


def test_the_kind_is_kept_as_json():
    for X, options in ((pixels(5, 9, 7), {}), (RNG.random((5, 12)), {"image_shape": (2, 2, 3), "value_range": (-1, 1)})):
        kind, _ = encoded(X, **options)
        data, tensors = kind.to_json()
        assert KINDS["image"].from_json(json.loads(json.dumps(data)), tensors) == kind


@pytest.mark.parametrize(
    "change",
    [
        {"height": 0},
        {"height": "9"},
        {"axes": "WH"},
        {"pixels": {}},
        {"pixels": {"dtype": "nothing", "scale": [0, 1], "bounds": [0, 1], "step": None}},
        {"pixels": {"dtype": "uint8", "scale": [1, 0], "bounds": [0, 1], "step": None}},
        {"pixels": {"dtype": "uint8", "scale": [0, 1], "bounds": [0, 2], "step": None}},
    ],
)
def test_descriptions_that_do_not_fit_together_are_refused(change):
    data, _ = encoded(pixels(5, 9, 7))[0].to_json()
    with pytest.raises(DataError, match="description of the images"):
        ImageKind.from_json(data | change, {})
    with pytest.raises(DataError, match="description of the images"):
        ImageKind.from_json({}, {})

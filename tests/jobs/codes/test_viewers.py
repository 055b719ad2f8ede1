"""Files for the Embedding Projector and the Embedding Atlas, read back as those programs read them."""

from __future__ import annotations

import io
import re

import numpy as np
import polars as pl
import pytest
from PIL import Image
from sklearn.neighbors import NearestNeighbors

from diabolo.errors import DataError
from diabolo.jobs.codes.viewers import atlas_table, pictures_of, projector_files
from tests.helpers import little_images, low_rank, quick

RANDOM = np.random.default_rng(0)
Z = RANDOM.normal(size=(11, 3)).astype(np.float32)
PICTURES = RANDOM.integers(0, 256, size=(11, 6, 4), dtype=np.uint8)


def lines(content: bytes) -> list[list[str]]:
    return [line.split("\t") for line in content.decode().splitlines()]


def test_the_projectors_tables() -> None:
    files = projector_files(Z, {"row": np.arange(11), "label": np.array(["a\tb", "", None, *"cdefghij"], dtype=object)})
    assert list(files) == ["tensors.tsv", "metadata.tsv", "projector_config.pbtxt"]
    np.testing.assert_allclose(np.array(lines(files["tensors.tsv"]), dtype=float), Z, rtol=1e-6)  # no heading
    assert lines(files["metadata.tsv"])[:4] == [["row", "label"], ["0", "a b"], ["1", "-"], ["2", "-"]]
    alone = projector_files(Z, {"label": np.arange(11)})["metadata.tsv"]
    assert lines(alone) == [[str(i)] for i in range(11)]  # one column has no heading


def test_the_projectors_sprite_and_configuration() -> None:
    files = projector_files(Z, {}, PICTURES)
    sheet = np.asarray(Image.open(io.BytesIO(files["sprite.png"])))
    assert sheet.shape == (4 * 6, 4 * 4)  # a square of four by four pictures
    assert np.array_equal(sheet[6:12, 4:8], PICTURES[5])
    config = files["projector_config.pbtxt"].decode()
    assert re.findall(r"single_image_dim: (\d+)", config) == ["4", "6"]  # width, then height
    for name in ("tensors.tsv", "metadata.tsv", "sprite.png"):
        assert f'"{name}"' in config
    assert config.count("{") == config.count("}") == 2


def test_large_pictures_are_made_small() -> None:
    large = np.zeros((3, 300, 150, 3), dtype=np.uint8)
    assert Image.open(io.BytesIO(projector_files(Z[:3], {}, large)["sprite.png"])).size == (100, 200)


def test_the_atlas() -> None:
    points = RANDOM.normal(size=(11, 2))
    content = atlas_table(Z, points, {"label": np.arange(11) % 2, "x": np.arange(11)}, PICTURES)
    frame = pl.read_parquet(io.BytesIO(content))
    assert frame.columns == ["label", "x_", "x", "y", "vector", "neighbors", "image"]
    np.testing.assert_array_equal(frame.select("x", "y").to_numpy(), points)
    np.testing.assert_array_equal(np.array(frame["vector"].to_list(), dtype=np.float32), Z)
    distances, ids = NearestNeighbors(n_neighbors=10).fit(Z).kneighbors()
    assert frame["neighbors"][0]["ids"] == ids[0].tolist()
    np.testing.assert_allclose(frame["neighbors"][0]["distances"], distances[0], rtol=1e-5)
    image = frame["image"][5]
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(image["bytes"]))), PICTURES[5])
    assert image["path"] == "5.png"
    assert "image" not in pl.read_parquet(io.BytesIO(atlas_table(Z, points, {}))).columns


def test_what_does_not_fit_together() -> None:
    with pytest.raises(DataError, match=r"\(11,\), in the column 'label', got the shape \(3,\)"):
        projector_files(Z, {"label": [1, 2, 3]})
    with pytest.raises(DataError, match=r"a point \(x, y\) for each of 11 codes"):
        atlas_table(Z, Z, {})
    with pytest.raises(DataError, match="11 pictures"):
        projector_files(Z, {}, PICTURES[:3])


def test_rows_as_pictures() -> None:
    images = little_images(30)
    trained = quick(images, epochs=1)
    rows = np.array([4, 2])
    np.testing.assert_array_equal(pictures_of(trained, trained.kind.read(images), rows), images[rows])
    table = low_rank(40)
    model = quick(table, epochs=1)
    assert pictures_of(model, model.kind.read(table), rows) is None
    color = RANDOM.random((20, 8, 8, 3)).astype(np.float32)
    model = quick(color, epochs=1)
    assert pictures_of(model, model.kind.read(color), rows).shape == (2, 8, 8, 3)

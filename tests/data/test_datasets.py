"""Named data sets: found, downloaded, checked; never the network here."""

import gzip
import hashlib
import os
from dataclasses import replace

import numpy as np
import pytest

from diabolo.data import datasets, download
from diabolo.data.datasets import SETS, IdxSet
from diabolo.data.download import Remote
from diabolo.data.idx import read_idx
from diabolo.errors import ParameterError, SourceError

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)
LABELS = np.arange(5, dtype=np.uint8)


def idx(rows):
    sizes = b"".join(size.to_bytes(4, "big") for size in rows.shape)
    return bytes([0, 0, 8, rows.ndim]) + sizes + rows.tobytes()


def md5(data):
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


CONTENTS = {name: idx(LABELS if "labels" in name else IMAGES) for names in datasets._SPLITS.values() for name in names}


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A tiny data set called mnist, a mirror that is a folder, an empty cache, no folder of the user's own."""
    files = tuple(Remote(name, md5(data), md5(gzip.compress(data, mtime=0))) for name, data in CONTENTS.items())
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    for name, data in CONTENTS.items():
        (mirror / f"{name}.gz").write_bytes(gzip.compress(data, mtime=0))
    small = IdxSet("mnist", "", "", (f"{mirror.as_uri()}/",), files)
    monkeypatch.setattr(datasets, "SETS", (small,))
    monkeypatch.setenv("DIABOLO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("DIABOLO_DATA", raising=False)
    return tmp_path


def check(given):
    np.testing.assert_array_equal(given.rows, IMAGES)
    assert given.labels.tolist() == LABELS.tolist()


def test_downloaded_once_then_from_the_cache(places):
    check(datasets.load("mnist"))
    kept = sorted(p.name for p in (places / "cache" / "mnist").iterdir())
    assert kept == ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"]
    for path in (places / "mirror").iterdir():
        path.unlink()
    check(datasets.load("mnist"))
    with pytest.raises(SourceError, match="t10k-images"):
        datasets.load("mnist:test")


@pytest.mark.parametrize("compressed", [True, False])
def test_the_users_own_folder_comes_first(places, monkeypatch, compressed):
    own = places / "own" / "mnist"
    own.mkdir(parents=True)
    for name, data in CONTENTS.items():
        (own / (f"{name}.gz" if compressed else name)).write_bytes(gzip.compress(data) if compressed else data)
    monkeypatch.setenv("DIABOLO_DATA", str(places / "own"))
    check(datasets.load("mnist", mirrors=()))
    assert not (places / "cache").exists()


def test_another_mirror_is_asked_when_one_is_silent_or_altered(places):
    bad = places / "bad"
    bad.mkdir()
    for name, data in CONTENTS.items():
        (bad / f"{name}.gz").write_bytes(gzip.compress(data + b"!"))
    mirrors = [f"{(places / 'nothing').as_uri()}/", f"{bad.as_uri()}/", f"{(places / 'mirror').as_uri()}/"]
    check(datasets.load("mnist", mirrors=mirrors))


def test_when_no_mirror_answers_the_error_says_which_files_to_put_where(places):
    with pytest.raises(SourceError) as caught:
        datasets.load("mnist", mirrors=[f"{(places / 'nothing').as_uri()}/"])
    text = str(caught.value)
    assert "train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz" in text
    assert str(places / "cache" / "mnist") in text
    assert "DIABOLO_DATA" in text


@pytest.mark.parametrize(
    "alter", [lambda raw: raw[:-9], lambda raw: gzip.compress(gzip.decompress(raw)[:-1]), lambda raw: b"<html>"]
)
def test_a_cut_or_altered_download_is_not_kept(places, alter):
    path = places / "mirror" / "train-images-idx3-ubyte.gz"
    path.write_bytes(alter(path.read_bytes()))
    with pytest.raises(SourceError, match=r"train-images-idx3-ubyte\.gz was cut or altered"):
        datasets.load("mnist")
    assert not (places / "cache").exists()


def test_both_checksums_are_said(places):
    path = places / "mirror" / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(b"other"))
    expected = md5(CONTENTS["train-images-idx3-ubyte"])
    with pytest.raises(SourceError, match=f"MD5 {expected}, but have {md5(b'other')}"):
        datasets.load("mnist")


def test_an_altered_file_in_the_cache_is_fetched_again(places):
    datasets.load("mnist")
    path = places / "cache" / "mnist" / "train-labels-idx1-ubyte.gz"
    path.write_bytes(b"altered")
    check(datasets.load("mnist"))
    path.write_bytes(b"altered")
    with pytest.raises(SourceError, match=r"cache: .*altered.*It was removed"):
        datasets.load("mnist", mirrors=())
    assert not path.exists()


def test_an_altered_file_of_the_users_is_an_error_and_stays(places, monkeypatch):
    own = places / "own" / "mnist" / "train-images-idx3-ubyte"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"altered")
    monkeypatch.setenv("DIABOLO_DATA", str(places / "own"))
    with pytest.raises(SourceError, match="cut or altered"):
        datasets.load("mnist")
    assert own.exists()


def test_published_archives_are_known_by_their_own_checksum_too(places, monkeypatch):
    small = datasets.SETS[0]
    wrong = tuple(replace(f, md5="0" * 32) for f in small.files)
    monkeypatch.setattr(datasets, "SETS", (replace(small, files=wrong),))
    check(datasets.load("mnist"))


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs a file where a folder is expected")
def test_a_cache_that_cannot_be_written(places, monkeypatch):
    (places / "file").write_text("x")
    monkeypatch.setenv("DIABOLO_CACHE", str(places / "file"))
    with pytest.raises(SourceError, match=r"cannot be written.*DIABOLO_CACHE"):
        datasets.load("mnist")


def test_images_and_labels_must_belong_together(places, monkeypatch):
    small = datasets.SETS[0]
    fewer = idx(LABELS[:3])
    files = tuple(replace(f, md5=md5(fewer)) if "labels" in f.name else f for f in small.files)
    monkeypatch.setattr(datasets, "SETS", (replace(small, files=files),))
    (places / "mirror" / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(fewer))
    with pytest.raises(SourceError, match="5 images but 3 labels"):
        datasets.load("mnist")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "nothing"),
        (b"<html>", "3c 68"),
        (bytes([0, 0, 13, 1, 0, 0, 0, 1, 0]), "no IDX"),
        (idx(IMAGES)[:-1], "cut or altered"),
        (idx(IMAGES) + b"!", "cut or altered"),
    ],
)
def test_what_is_no_idx_file(data, message):
    with pytest.raises(SourceError, match=message):
        read_idx(data, "train-images")


def test_unknown_names_give_the_nearest():
    with pytest.raises(ParameterError, match="Did you mean 'fashion-mnist'"):
        datasets.load("fashion_mnist")
    with pytest.raises(ParameterError, match="Did you mean 'test'"):
        datasets.load("mnist:tests")


def test_names_are_known():
    assert set(datasets.names()) == {"demo:digits", "mnist", "fashion-mnist", "kmnist"}
    assert all(datasets.is_name(name) for name in (*datasets.names(), "mnist:test", "kmnist:train"))
    assert not datasets.is_name("digits")


def test_every_mirror_is_encrypted_and_every_file_has_its_sums():
    for each in SETS:
        assert len(each.mirrors) >= 2
        assert all(m.startswith("https://") and m.endswith("/") for m in each.mirrors)
        assert {f.name for f in each.files} == {name for names in datasets._SPLITS.values() for name in names}
        assert all(len(bytes.fromhex(s)) == 16 for f in each.files for s in (f.md5, f.gz_md5))
    sums = [s for each in SETS for f in each.files for s in (f.md5, f.gz_md5)]
    assert len(set(sums)) == len(sums)


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", "diabolo"),
        ("win32", "LOCALAPPDATA", "diabolo/cache"),
    ],
)
def test_the_cache_is_where_the_platform_keeps_caches(tmp_path, monkeypatch, platform, variable, expected):
    monkeypatch.delenv("DIABOLO_CACHE", raising=False)
    monkeypatch.setattr(download.sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert download.cache_folder() == tmp_path / expected


@pytest.mark.usefixtures("real_data")
@pytest.mark.parametrize(("name", "n", "counts"), [("mnist", 60000, [5923, 6742]), ("mnist:test", 10000, [980, 1135])])
def test_the_real_mnist(name, n, counts):
    given = datasets.load(name, mirrors=())
    assert given.rows.shape == (n, 28, 28)
    assert np.bincount(given.labels)[:2].tolist() == counts

"""Data sets known by name: one built in, others downloaded once and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from diabolo.data.download import Remote, fetch
from diabolo.data.given import Given
from diabolo.data.idx import read_idx
from diabolo.errors import SourceError, unknown

DIGITS = "demo:digits"
_SPLITS = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


@final
@dataclass(frozen=True)
class IdxSet:
    """A data set in MNIST's four files. about, reference: for lists. mirrors: addresses the file names are added to."""

    name: str
    about: str
    reference: str
    mirrors: tuple[str, ...]
    files: tuple[Remote, ...]

    def load(self, part: str, mirrors: Sequence[str] | None = None) -> Given:
        """Images (n, 28, 28) uint8 and labels of the part ``"train"`` or ``"test"``."""
        by_name = {f.name: f for f in self.files}
        where = self.mirrors if mirrors is None else mirrors
        contents = fetch([by_name[name] for name in _SPLITS[part]], self.name, where)
        images, labels = (read_idx(data, name) for data, name in zip(contents, _SPLITS[part], strict=True))
        if len(images) != len(labels):
            raise SourceError(
                f"{self.name} has {len(images)} images but {len(labels)} labels: the files do not belong together."
            )
        name = self.name if part == "train" else f"{self.name}:{part}"
        what = f"{len(images)} images of {name}"
        return Given(images, name, what, "images", labels=labels.astype(np.int64))


def _files(train_images: str, train_labels: str, test_images: str, test_labels: str) -> tuple[Remote, ...]:
    """Each argument is the MD5 of the contents and that of the published .gz file, with a space between."""
    names = (*_SPLITS["train"], *_SPLITS["test"])
    sums = (train_images, train_labels, test_images, test_labels)
    return tuple(Remote(name, *both.split()) for name, both in zip(names, sums, strict=True))


SETS = (
    IdxSet(
        "mnist",
        "70 000 handwritten digits, 28×28, gray (60 000 to train, 10 000 to test)",
        "LeCun, Cortes & Burges 1998, http://yann.lecun.com/exdb/mnist/, CC BY-SA 3.0",
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://raw.githubusercontent.com/fgnt/mnist/master/",
        ),
        _files(
            "6bbc9ace898e44ae57da46a324031adb f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "a25bea736e30d166cdddb491f175f624 d53e105ee54ea40749a09fcbcd1e9432",
            "2646ac647ad5339dbf082846283269ea 9fb629c4189551a2d022fa330f9573f3",
            "27ae3e4e09519cfbb04c329615203637 ec29112dd5afa0611ce80d1b7f02629c",
        ),
    ),
    IdxSet(
        "fashion-mnist",
        "70 000 pieces of clothing, 28×28, gray (60 000 to train, 10 000 to test)",
        "Xiao, Rasul & Vollgraf 2017, https://arxiv.org/abs/1708.07747, MIT",
        (
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ),
        _files(
            "f4a8712d7a061bf5bd6d2ca38dc4d50a 8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "9018921c3c673c538a1fc5bad174d6f9 25c81989df183df01b3e8a0aad5dffbe",
            "8181f5470baa50b63fa0f6fddb340f0a bef4ecab320f06d8554ea6380940ec79",
            "15d484375f8d13e6eb1aabb0c3f46965 bb300cfdad3c16e7a12a480ee83cd310",
        ),
    ),
    IdxSet(
        "kmnist",
        "70 000 cursive Japanese characters, 28×28, gray (60 000 to train, 10 000 to test)",
        "Clanuwat et al. 2018, https://arxiv.org/abs/1812.01718, CC BY-SA 4.0",
        (
            "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            "https://huggingface.co/datasets/tanganke/kmnist/resolve/756d43e894032ce8838db8b32e7500c9c3b5d050/raw/",
        ),
        _files(
            "92be26ec9822e900ac425d0a0aa84ced bdb82020997e1d708af4cf47b453dcf7",
            "949e75301f8813e0dc5800dcc320fc52 e144d726b3acfaa3e44228e80efcd344",
            "bf305b8cd328700fbc17f5acbc2856d2 5c965bf0a639b31b8f53240b1b52f4d7",
            "9f55f451c0988b028eccdf7d5cc265ab 7320c461ea6c1c855c0b718fb2a4b134",
        ),
    ),
)


def names() -> tuple[str, ...]:
    """The names that :func:`load` knows; those in MNIST's format also take ``:train`` and ``:test``."""
    return (DIGITS, *(s.name for s in SETS))


def is_name(text: str) -> bool:
    """Whether a text names a data set."""
    return text == DIGITS or text.partition(":")[0] in {s.name for s in SETS}


def load(name: str, *, mirrors: Sequence[str] | None = None) -> Given:
    """The data set called ``name``, its training part unless it says ``:test``.

    mirrors: addresses to download from in the place of the known ones. Raises ParameterError for an unknown name,
    SourceError where the files are not to be had or are not what they should be.

    >>> load("demo:digits").rows.shape
    (1797, 8, 8)
    """
    if name == DIGITS:
        return _digits()
    base, _, part = name.partition(":")
    found = next((s for s in SETS if s.name == base), None)
    if found is None:
        raise unknown("data set", name, names())
    if (part or "train") not in _SPLITS:
        raise unknown(f"part of {base}", part, _SPLITS)
    return found.load(part or "train", mirrors)


def _digits() -> Given:
    """scikit-learn's digits: 17 gray levels, here 0, 1/16, …, 1. Reference: Alpaydin & Kaynak 1998, UCI repository."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    rows = (digits.images / 16).astype(np.float32)  # (1797, 8, 8)
    return Given(rows, DIGITS, f"{len(rows)} images of {DIGITS}", "images", labels=digits.target.astype(np.int64), step=1 / 16)

"""The IDX format of MNIST and its relatives: a header of sizes, then unsigned bytes."""

from __future__ import annotations

import math

import numpy as np

from diabolo.errors import SourceError

_UNSIGNED_BYTES = 8


def read_idx(data: bytes, name: str) -> np.ndarray:
    """The array in the bytes of a decompressed IDX file, uint8.

    The header is two zero bytes, the type, the number of axes, then each size as four bytes, highest first. Raises
    SourceError for other contents. Reference: LeCun, Cortes & Burges, http://yann.lecun.com/exdb/mnist/

    >>> read_idx(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]), "labels")
    array([7, 9], dtype=uint8)
    """
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != _UNSIGNED_BYTES:
        raise SourceError(f"{name} is no IDX file of unsigned bytes: it begins with {data[:4].hex(' ') or 'nothing'}.")
    start = 4 + 4 * data[3]
    shape = tuple(int.from_bytes(data[i : i + 4], "big") for i in range(4, start, 4))
    if len(data) != start + math.prod(shape):
        raise SourceError(
            f"{name} says it holds {shape}, {start + math.prod(shape)} bytes, but it has {len(data)}: it was cut or altered."
        )
    return np.frombuffer(data, dtype=np.uint8, offset=start).reshape(shape)

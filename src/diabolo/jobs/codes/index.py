"""An index: the codes of many items with their names and labels, kept to be searched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, final

import numpy as np

from diabolo.errors import DataError, ParameterError, StoreError, unknown
from diabolo.jobs.codes.embed import embed
from diabolo.jobs.labels import rows_labels_names
from diabolo.maths.nearest import METRICS
from diabolo.store.files import read_arrays, write_arrays
from diabolo.trained import Trained, as_labels

ENDING = ".safetensors"
SCHEMA = 1
TEXTS = ("metric", "model", "data")


@final
@dataclass(frozen=True, eq=False)
class Index:
    """The codes of n items, as one model gives them.

    codes: (n, K) float32. names: (n,) text, row numbers where the items have no names. labels: (n,) or None. metric:
    ``"euclidean"`` or ``"cosine"``, how far two codes are from each other. model: the fingerprint of the model that made it.
    data: where the items are from, a path or a name; empty where they came as arrays.
    """

    codes: np.ndarray
    names: np.ndarray
    labels: np.ndarray | None
    metric: str
    model: str
    data: str = ""

    def __len__(self) -> int:
        return len(self.codes)

    def save(self, path: str | Path) -> Path:
        """Write the index as one file, codes and JSON in the safetensors format; a file that is there is replaced.

        Raises ParameterError for another ending than ``.safetensors``, StoreError where the file cannot be written.
        """
        place = Path(path)
        if place.suffix.lower() != ENDING:
            raise ParameterError(f"An index is kept in a file that ends with {ENDING}, got {place.name}.")
        if place.is_dir():
            raise StoreError(f"{place} is a folder; an index needs the name of a file.")
        about = {"schema": SCHEMA, "metric": self.metric, "model": self.model, "data": self.data, "names": self.names.tolist()}
        about |= {"labels": None if self.labels is None else self.labels.tolist()}
        text = np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), dtype=np.uint8)
        write_arrays(place, {"codes": self.codes, "about": text})
        return place

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The inverse of :meth:`save`. Raises StoreError where there is no index, or it is damaged or of a newer version."""
        place = Path(path)
        if not place.is_file():
            raise StoreError(f"There is no index {place}. Make it with ae.index(X).save(...), or diabolo search --keep-index.")
        try:
            arrays = read_arrays(place)
            about = json.loads(arrays["about"].tobytes().decode())
            texts = {name: str(about[name]) for name in TEXTS}
            names, given, schema = np.asarray(about["names"], dtype=str), about["labels"], int(about["schema"])
            codes = arrays["codes"]
        except (StoreError, KeyError, TypeError, ValueError) as problem:
            raise StoreError(f"{place} is no whole index of Diabolo ({_told(problem)}). Make the index again.") from problem
        if schema > SCHEMA:
            raise StoreError(f"The index {place} was kept by a newer Diabolo (schema {schema}). Make it again with this one.")
        labels = None if given is None else np.asarray(given)
        shapes = codes.dtype == np.float32 and codes.ndim == 2 and names.shape == codes.shape[:1] and len(codes) > 0
        if not shapes or labels is not None and labels.shape != names.shape or texts["metric"] not in METRICS:
            raise StoreError(
                f"The index {place} does not fit together: codes of {codes.shape}, {len(names)} names. Make it again."
            )
        if not np.isfinite(codes).all():
            raise StoreError(f"The index {place} holds codes that are not finite. Make it again.")
        return cls(codes, names, labels, **texts)


def build_index(
    trained: Trained,
    data: Any,
    y: Any = None,
    names: Sequence[object] | np.ndarray | None = None,
    metric: str = "euclidean",
    *,
    place: str | None = None,
) -> Index:
    """The items' codes, ready to be searched.

    data: rows in the caller's own shape, a path or a name, or a source of such rows. y: labels (n,), else those that came with
    the data. names: (n,) of the items, else those that came with the data, else row numbers. metric: ``"euclidean"`` or
    ``"cosine"``. place: where the items are from, for :attr:`Index.data`.

    Raises ParameterError for another metric, DataError where there is not one label or name an item.
    """
    if metric not in METRICS:
        raise unknown("metric to search by", metric, METRICS)
    source, y, own = rows_labels_names(trained, data, y)
    codes = embed(trained, source, y)
    given = own if names is None else np.asarray(names)
    known = np.arange(len(codes)).astype(str) if given is None else given.astype(str)
    labels = None if y is None else np.broadcast_to(as_labels(y), (len(codes),)) if np.ndim(y) == 0 else as_labels(y)
    for what, found in (("name", known), ("label", labels)):
        if found is not None and found.shape != (len(codes),):
            raise DataError(f"An index needs one {what} an item: there are {len(codes)} items, the {what}s have {found.shape}.")
    where = (str(data) if isinstance(data, str | Path) else "") if place is None else place
    return Index(np.ascontiguousarray(codes, dtype=np.float32), known, labels, metric, fingerprint(trained), where)


def fingerprint(trained: Trained) -> str:
    """64 hexadecimal digits that are the same for models that give the same codes: weights, parts and scales of the data.

    SHA-256 over the names, shapes and bytes of all weights, and over what the parts and the kind are described by.
    """
    described, scales = trained.kind.to_json()
    texts = {"parts": trained.config.composition.to_json(), "kind": described, "labels": list(trained.config.labels)}
    digest = hashlib.sha256(json.dumps(texts, sort_keys=True, default=str).encode())
    tensors = trained.model.state_dict() | {f"kind.{name}": tensor for name, tensor in scales.items()}
    for name in sorted(tensors):
        array = tensors[name].detach().cpu().contiguous().numpy()
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def check_made_by(trained: Trained, index: Index) -> None:
    """Raise DataError where an index was made by another model, or by this one before it learned more."""
    own = fingerprint(trained)
    if index.model != own or index.codes.shape[1] != int(np.prod(trained.model.code_shape)):
        raise DataError(
            f"The index was made by another model (fingerprint {index.model[:8]}, this model's is {own[:8]}), and codes of two "
            "models cannot be compared. Make it again with this model: ae.index(X), or diabolo search MODEL DATA QUERY "
            "--keep-index FILE."
        )


def _told(problem: Exception) -> str:
    return f"{problem.args[0]!r} is missing" if isinstance(problem, KeyError) else str(problem).rstrip(".")

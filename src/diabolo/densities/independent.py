"""Discrete codes whose numbers know nothing of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, final

import numpy as np
from numpy.typing import NDArray

from diabolo.densities.base import Floats, Random, generator_of, stored_arrays
from diabolo.densities.discrete import DiscreteDensity, Whole, alphabet, drawn, frequencies, known_indices, training_indices
from diabolo.errors import DataError


@final
@dataclass(frozen=True, eq=False)
class IndependentDensity(DiscreteDensity):
    """The frequencies of the entries, a column by itself. probabilities: (D, E), rows of sum 1.

    >>> density = IndependentDensity.fit(np.array([[0, 1], [0, 2], [1, 2]]), (3,))
    >>> density.probabilities.round(2).tolist()
    [[0.58, 0.33, 0.08], [0.08, 0.33, 0.58]]
    """

    name: ClassVar[str] = "independent"
    entries: tuple[int, ...]
    probabilities: Floats

    @classmethod
    def fit(cls, indices: Whole, entries: Sequence[int], random_state: Random = None) -> Self:
        """The frequencies in indices (n, D), n >= 2. Nothing is drawn: ``random_state`` is there for all densities alike."""
        return cls(tuple(entries), frequencies(training_indices(indices, entries), entries))

    @property
    def columns(self) -> int:
        """D, the whole numbers in a code."""
        return len(self.probabilities)

    def sample(self, n: int, random_state: Random = None) -> Whole:
        """n new codes, (n, D) int64."""
        u = generator_of(random_state).random((self.columns, n))
        return np.stack([drawn(np.broadcast_to(p, (n, len(p))), v) for p, v in zip(self.probabilities, u, strict=True)], axis=1)

    def log_prob(self, indices: Whole) -> Floats:
        """Log-probability in nats. indices: (n, D) -> (n,)."""
        known = known_indices(indices, self.entries, self.columns)
        return np.log(self.probabilities[np.arange(self.columns), known]).sum(axis=1)

    def to_json(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Plain JSON values, and arrays."""
        return {"name": self.name, "entries": list(self.entries)}, {"probabilities": self.probabilities}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of ``to_json``; a DataError where something is missing or does not fit together."""
        entries = stored_entries(cls.name, data)
        p = stored_arrays(cls.name, arrays, {"probabilities": 2})["probabilities"]
        if len(p) % len(entries) or p.shape[1] != max(entries):
            raise DataError(f"The probabilities of {entries} entries cannot have the shape {p.shape}.")
        allowed = np.arange(p.shape[1]) < alphabet(entries, len(p))[:, None]
        if not ((p > 0) == allowed).all() or not np.allclose(p.sum(axis=1), 1):
            raise DataError("Expected probabilities above 0 of sum 1 in each row, got others.")
        return cls(entries, p)


def stored_entries(name: str, data: Mapping[str, Any]) -> tuple[int, ...]:
    """The entries of a stored density; a DataError where its description is another's."""
    entries = data.get("entries")
    right = isinstance(entries, list) and bool(entries) and all(type(e) is int and e >= 1 for e in entries)
    if not right or dict(data) != {"name": name, "entries": entries}:
        raise DataError(f"Expected the description of a {name} density, got {dict(data)!r}.")
    return tuple(entries or ())

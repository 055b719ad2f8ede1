"""Composition: which parts a model is made of, each described as data."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from diabolo.errors import ParameterError, unknown
from diabolo.parts.bottlenecks import BOTTLENECKS
from diabolo.parts.bottlenecks.base import Bottleneck
from diabolo.parts.corruptions import CORRUPTIONS
from diabolo.parts.corruptions.base import Corruption
from diabolo.parts.likelihoods import LIKELIHOODS
from diabolo.parts.likelihoods.base import Likelihood
from diabolo.parts.networks import NETWORKS
from diabolo.parts.networks.base import Network
from diabolo.parts.regularizers import REGULARIZERS
from diabolo.parts.regularizers.base import Regularizer
from diabolo.records import Layout
from diabolo.spec import Part, find, from_json

FAMILIES: Mapping[str, tuple[type[Part], ...]] = {
    "network": NETWORKS,
    "bottleneck": BOTTLENECKS,
    "corruption": CORRUPTIONS,
    "likelihood": LIKELIHOODS,
    "regularizers": REGULARIZERS,
}
"""The roles a part can play in a model, and who can play them."""


@final
@dataclass(frozen=True)
class Composition:
    """Network × bottleneck × likelihood × corruption × regularizers; conditional: whether labels go in too."""

    network: Network
    bottleneck: Bottleneck
    likelihood: Likelihood
    corruption: Corruption | None = None
    regularizers: tuple[Regularizer, ...] = ()
    conditional: bool = False

    def check(self, source: Layout, target: Layout) -> None:
        """Raise ParameterError where a part has no meaning for such data."""
        self.likelihood.check_layout(target)
        if self.corruption is not None:
            self.corruption.check_layout(source)
            if self.corruption.partial and source.shape != target.shape:
                raise ParameterError(
                    f"The corruption {self.corruption.name!r} judges cells of the input, so the target must have its shape, "
                    f"{source.shape}; it has {target.shape}. Use a corruption that judges all, or none."
                )

    def with_setting(self, path: str, text: str) -> Composition:
        """A copy with one option changed: ``("bottleneck.beta", "4")``, ``("regularizers.contractive.weight", "0.1")``."""
        role, _, key = path.partition(".")
        if role not in FAMILIES or not key:
            raise unknown("part to set an option of", path, [f"{r}.OPTION" for r in FAMILIES])
        if role == "regularizers":
            return self._with_regularizer(key, text)
        part = getattr(self, role)
        if part is None:
            raise ParameterError(f"--set {path}: this model has no {role}. Give one first, such as --{role} NAME.")
        return dataclasses.replace(self, **{role: part.with_text(key, text)})

    def _with_regularizer(self, path: str, text: str) -> Composition:
        name, _, key = path.rpartition(".")
        chosen = [r for r in self.regularizers if not name or r.name == name]
        if len(chosen) != 1:
            have = ", ".join(r.name for r in self.regularizers) or "none"
            raise ParameterError(
                f"--set regularizers.{path}: expected regularizers.NAME.OPTION; this model's regularizers: {have}."
            )
        changed = tuple(r.with_text(key, text) if r is chosen[0] else r for r in self.regularizers)
        return dataclasses.replace(self, regularizers=changed)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "network": self.network.to_json(),
            "bottleneck": self.bottleneck.to_json(),
            "likelihood": self.likelihood.to_json(),
            "corruption": self.corruption.to_json() if self.corruption else None,
            "regularizers": [r.to_json() for r in self.regularizers],
            "conditional": self.conditional,
        }

    @classmethod
    def from_json(
        cls, data: Mapping[str, Any], network: Network | None = None, likelihood: Likelihood | None = None
    ) -> Composition:
        """The inverse of ``to_json``; ``network`` and ``likelihood`` stand in for parts that are the user's own code."""
        return cls(
            network=network or from_json(NETWORKS, data["network"]),
            bottleneck=from_json(BOTTLENECKS, data["bottleneck"]),
            likelihood=likelihood or from_json(LIKELIHOODS, data["likelihood"]),
            corruption=from_json(CORRUPTIONS, data["corruption"]) if data["corruption"] else None,
            regularizers=tuple(from_json(REGULARIZERS, r) for r in data["regularizers"]),
            conditional=bool(data["conditional"]),
        )


def as_part(role: str, given: object) -> Part:
    """A part given by name, by its JSON description or as an object, as an object of its own: a later change stays outside."""
    family = FAMILIES[role]
    if isinstance(given, str):
        return find(family, given)()
    if isinstance(given, Mapping):
        return from_json(family, given)
    if isinstance(given, Part) and isinstance(given, tuple(family)):
        return dataclasses.replace(given)
    if role == "likelihood" and callable(given):
        return find(family, "custom")(function=given)  # type: ignore[call-arg]
    names = ", ".join(p.name for p in family)
    raise ParameterError(f"Expected a {role} by name ({names}) or as an object, got {type(given).__name__} {given!r}.")

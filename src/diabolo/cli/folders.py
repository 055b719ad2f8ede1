"""Model folders below a place, looked at without loading them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

DEPTH = 4
"""How many folders deep models are looked for."""

_SKIPPED = ("node_modules", "site-packages", "__pycache__")


@final
@dataclass(frozen=True)
class Found:
    """A model folder in a list. error: mean squared error on held-out rows. pca: PCA's. None where nothing was held out."""

    folder: str
    recipe: str
    latent_dim: int | None
    data: str
    epochs: int | None
    error: float | None
    pca: float | None


def models_below(place: Path) -> list[Found]:
    """The model folders in ``place`` and up to four folders below, by path; damaged ones say so in the place of a recipe."""
    return [_found(path) for path in sorted(_walk(place, DEPTH))]


def _walk(place: Path, depth: int) -> Iterator[Path]:
    if _is_ours(place) or _is_classifier(place):
        yield place
        return
    if depth == 0:
        return
    try:
        below = [Path(e.path) for e in os.scandir(place) if e.is_dir(follow_symlinks=False)]
    except OSError:  # a folder closed to us holds no models for us
        return
    for path in below:
        if not path.name.startswith(".") and path.name not in _SKIPPED:
            yield from _walk(path, depth - 1)


def _is_ours(path: Path) -> bool:
    """Other programs have a config.json too; none has all three."""
    return all((path / name).is_file() for name in ("config.json", "preprocess.json", "model.safetensors"))


def _is_classifier(path: Path) -> bool:
    """A fine-tuned classifier, with the autoencoder it began with inside."""
    return (path / "classifier.json").is_file() and _is_ours(path / "autoencoder")


def _found(path: Path) -> Found:
    if not _is_ours(path):
        begun, known = _found(path / "autoencoder"), _read(path / "classifier.json")
        recipe = "damaged" if known is None else f"classifier from {begun.recipe}"
        return Found(str(path), recipe, begun.latent_dim, begun.data, None, None, None)
    config, metrics = _read(path / "config.json"), _read(path / "metrics.json") or {}
    if config is None or not isinstance(config.get("data"), dict):
        return Found(str(path), "damaged", None, "", None, None, None)
    errors = {row["name"]: row["errors"].get("mse") for row in metrics.get("table", [])}
    return Found(
        folder=str(path),
        recipe=str(config.get("recipe")),
        latent_dim=config.get("latent_dim"),
        data=str(config["data"].get("name", "")),
        epochs=_epochs(path / "history.csv"),
        error=errors.get("model"),
        pca=errors.get("pca"),
    )


def _read(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def _epochs(path: Path) -> int | None:
    try:
        return max(0, len(path.read_text(encoding="utf-8").splitlines()) - 1)
    except (OSError, ValueError):
        return None

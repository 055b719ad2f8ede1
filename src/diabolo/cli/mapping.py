"""What ``diabolo embed`` makes of codes beside the file: a map, its picture, and files for programs that show codes."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from diabolo.cli import console, outputs
from diabolo.cli.invocation import command
from diabolo.data import Reading
from diabolo.errors import ParameterError, unknown
from diabolo.figures.export import to_png, to_svg
from diabolo.figures.maps import code_map
from diabolo.jobs.codes.coloring import Coloring
from diabolo.jobs.codes.maps import METHODS, NAMES, CodeMap, map_codes
from diabolo.jobs.codes.neighborhoods import PURITY_K, TRUST_K, Neighborhood, neighborhoods
from diabolo.jobs.codes.viewers import atlas_table, pictures_of, projector_files
from diabolo.store.files import write_bytes, write_text
from diabolo.trained import Trained

ARRANGED = 5_000
"""Rows that t-SNE and UMAP arrange where nobody says how many: half a minute of t-SNE."""
WORDS = {"data": "the data themselves", "model": "this model's codes", "pca": "PCA, as many numbers", "map": "the map"}


@final
@dataclass(frozen=True)
class Asked:
    """The options of the command that ask for something to look at."""

    method: str | None
    rows: int | None
    picture: Path | None
    color: str | None
    projector: Path | None
    atlas: Path | None

    @property
    def maps(self) -> bool:
        """Whether a map is needed."""
        return any(given is not None for given in (self.method, self.rows, self.picture, self.atlas))

    @property
    def shows(self) -> bool:
        """Whether anything is colored."""
        return any(given is not None for given in (self.picture, self.projector, self.atlas))

    def check(self, output: Path, data: str) -> None:
        """Refuse before any work what cannot be done."""
        if self.method is not None and self.method not in METHODS:
            raise unknown("method of mapping codes", self.method, METHODS)
        if self.color is not None and not self.shows:
            raise ParameterError("--color colors a map: add --picture map.png (or --projector FOLDER, --atlas FILE).")
        for option, path, known in (("--picture", self.picture, (".png", ".svg")), ("--atlas", self.atlas, (".parquet",))):
            if path is not None:
                outputs.ending(path, known, data, option=option)
                if path.resolve() == output.resolve():
                    raise ParameterError(f"{option} {path} would replace the codes of -o. Choose another name.")


def drawn_from(asked: Asked, z: np.ndarray) -> CodeMap | None:
    """The map that was asked for, None where none was."""
    if not asked.maps:
        return None
    method = asked.method or "auto"
    arranged = method in ("tsne", "umap") or (method == "auto" and z.shape[1] > 2)
    return map_codes(z, method, rows=asked.rows or (ARRANGED if arranged else len(z)))


def coordinates(found: CodeMap | None, n: int, taken: Container[str]) -> dict[str, np.ndarray]:
    """The columns x and y (n,) of a map, NaN for rows that are not on it; under other names where these are taken."""
    if found is None:
        return {}
    points = np.full((n, 2), np.nan)
    points[found.rows] = found.plane
    return {_apart(name, taken): points[:, i] for i, name in enumerate(("x", "y"))}


def judged(trained: Trained, reading: Reading, z: np.ndarray, found: CodeMap) -> tuple[Neighborhood, ...]:
    """How well the codes and their map keep neighbors."""
    return neighborhoods(trained, reading.source, z, reading.labels, found)


def write(
    asked: Asked,
    trained: Trained,
    reading: Reading,
    z: np.ndarray,
    found: CodeMap | None,
    shown: Coloring | None,
    beside: Mapping[str, np.ndarray],
) -> dict[str, Path]:
    """The picture, the folder for the Projector and the file for the Atlas, as far as asked; where each is."""
    columns = dict(beside)
    if shown is not None and shown.name not in (*columns, "label"):
        columns[shown.name] = shown.values
    if asked.picture is not None and found is not None:
        fig = code_map(found, shown)
        if asked.picture.suffix.lower() == ".svg":
            write_text(asked.picture, to_svg(fig))
        else:
            write_bytes(asked.picture, to_png(fig))
    if asked.projector is not None:
        everything = np.arange(len(z))
        files = projector_files(z, {"row": everything} | columns, pictures_of(trained, reading.source, everything))
        for name, content in files.items():
            write_bytes(asked.projector / name, content)
    if asked.atlas is not None and found is not None:
        rows = found.rows
        kept = {"row": rows} | {name: np.asarray(values)[rows] for name, values in columns.items()}
        write_bytes(asked.atlas, atlas_table(z[rows], found.plane, kept, pictures_of(trained, reading.source, rows)))
    places = {"picture": asked.picture, "projector": asked.projector, "atlas": asked.atlas}
    return {name: path for name, path in places.items() if path is not None}


def show(found: CodeMap | None, judged: Sequence[Neighborhood] | None, written: Mapping[str, Path]) -> None:
    """The map in a sentence, the table of neighbors, and how to open each file."""
    if found is not None:
        console.result(f"Map: {NAMES[found.method]}, {len(found.rows)} rows, in the columns x and y.")
    if judged:
        rows = [[WORDS[n.name], str(n.numbers), _figure(n.trustworthiness), _figure(n.purity)] for n in judged]
        title = f"Who is near whom: trustworthiness of the {TRUST_K} nearest, purity (same label) of the {PURITY_K} nearest"
        console.table(["", "numbers", "trustworthiness", "purity"], rows, title=title, numbers=(1, 2, 3))
    if "picture" in written:
        console.result(f"Picture: {written['picture']}")
    if "projector" in written:
        console.result(f"Embedding Projector: {command('tensorboard', '--logdir', written['projector'])}")
    if "atlas" in written:
        call = command("embedding-atlas", written["atlas"], "--x", "x", "--y", "y", "--neighbors", "neighbors")
        console.result(f"Embedding Atlas: {call}")


def document(found: CodeMap | None, judged: Sequence[Neighborhood] | None, written: Mapping[str, Path]) -> dict[str, Any]:
    """The same as data; empty where nothing of it was asked for."""
    mapped: dict[str, Any] = {}
    if found is not None:
        mapped["map"] = {"method": found.method, "rows": len(found.rows), "neighbors": list(judged or ())}
    return mapped | dict(written)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _apart(name: str, taken: Container[str]) -> str:
    return name if name not in taken else _apart(name + "_", taken)

"""Studies in a model folder: what was found by more trainings than the model's own, for reports to show.

studies/NAME.json           schema, and what was found, as plain values
studies/NAME.safetensors    rows it shows, where it shows any

Which studies there are and what they hold is the affair of the jobs that make them. A folder without studies/ has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from diabolo.errors import StoreError
from diabolo.store.files import read_arrays, read_json, write_arrays, write_json
from diabolo.trained import Companion

FOLDER = "studies"
SCHEMA = 1


def write_studies(folder: Path, studies: Mapping[str, Companion]) -> None:
    """These studies and no others: those of a model that stood in the folder before are taken away."""
    for old in (folder / FOLDER).glob("*"):
        if old.suffix in (".json", ".safetensors") and old.stem not in studies:
            old.unlink()
    for name, study in studies.items():
        keep_study(folder, name, study)


def keep_study(folder: Path | str, name: str, study: Companion) -> None:
    """Put one study beside the others in a model folder; one of that name is replaced.

    Raises StoreError where the folder cannot be written to.
    """
    path = Path(folder) / FOLDER
    try:
        path.mkdir(exist_ok=True)
        if not study.arrays:
            (path / f"{name}.safetensors").unlink(missing_ok=True)
    except OSError as problem:
        raise StoreError(f"The folder {path} cannot be written to ({problem.strerror}).") from problem
    if study.arrays:
        write_arrays(path / f"{name}.safetensors", study.arrays)
    write_json(path / f"{name}.json", {"schema": SCHEMA, **study.data})


def read_studies(folder: Path) -> dict[str, Companion]:
    """The studies in a model folder, by name. Raises StoreError for a damaged one, or a newer schema."""
    found = {}
    for path in sorted((folder / FOLDER).glob("*.json")):
        data = read_json(path)
        schema = data.pop("schema", None)
        if not isinstance(schema, int) or schema < 1:
            raise StoreError(f"{path} is damaged: it has no valid schema number ({schema!r}). Delete it, or copy it again.")
        if schema > SCHEMA:
            raise StoreError(
                f"{path} was saved by a newer Diabolo (schema {schema}; this version reads up to {SCHEMA}). Upgrade with: "
                "pip install -U diabolo"
            )
        arrays = path.with_suffix(".safetensors")
        found[path.stem] = Companion(data, read_arrays(arrays) if arrays.is_file() else {})
    return found

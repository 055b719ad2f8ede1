"""What ``denoise``, ``upscale``, ``impute`` and ``unshuffle`` share: a model, damaged data, and where the result goes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diabolo.cli import console
from diabolo.cli.inputs import is_model, open_model, read_for
from diabolo.cli.invocation import command
from diabolo.errors import ParameterError, SourceError, StoreError

if TYPE_CHECKING:
    import numpy as np

    from diabolo.data.photographs import Photograph
    from diabolo.trained import Trained


TRAININGS: Mapping[str, str] = {
    "denoise": "--recipe denoising --patch 48",
    "upscale": "--recipe upscaling --patch 48",
    "impute": "--recipe masked",
    "unshuffle": "--recipe jigsaw",
}
"""How a model for each verb is trained on pictures."""


def run(
    verb: str,
    model: Path,
    data: str | None,
    output: Path | None,
    *,
    label: str | None,
    skip_broken: bool,
    device: str,
    as_json: bool,
    hidden: Callable[[tuple[int, ...]], np.ndarray] | None = None,
) -> None:
    """Mend DATA with MODEL, write it, and say how well the model mends.

    hidden: of ``impute``: the shape of rows as the user has them, (n, H, W) or (n, d) -> which cells are hidden, bool.
    """
    if data is None or output is None:
        raise _incomplete(verb, model, data)

    from diabolo.data.pictures import picture_paths
    from diabolo.jobs.tasks import require

    if not is_model(model) and model.exists() and not is_model(data) and not model.is_dir():
        raise _incomplete(verb, model, data)
    trained = open_model(verb, model, data, device)
    require(trained, verb)
    files = picture_paths(Path(data)) if trained.kind.name == "image" else []
    if files:
        written, notes = _pictures(trained, verb, Path(data), files, output, hidden, skip_broken=skip_broken)
    else:
        written, notes = _rows(trained, verb, data, output, hidden, label=label, skip_broken=skip_broken)
    beside = _beside(model, verb)
    if as_json:
        document = {"model": model, "output": output, "files": written, "notes": notes, "mending": beside}
        console.document(document)
        return
    for note in notes:
        console.say(note)
    console.result(f"{verb}: {output}" if written == 1 else f"{verb}: {written} files in {output}")
    if beside:
        from diabolo.cli.results import show_mending

        show_mending(beside, " held out in training, not these")


def _incomplete(verb: str, model: Path, data: str | None) -> ParameterError:
    """What is missing: the output, the data, or, where a file stands in the place of the model, the model itself."""
    call = f"diabolo {verb} MODEL DATA -o OUT"
    if is_model(model):
        what = "-o OUT, where the result goes" if data else "DATA, what is to be mended, and -o OUT"
        return ParameterError(f"Say {what}: {call}")
    ending = model.suffix or ".png"
    make = f"diabolo train FOLDER_OF_PICTURES {TRAININGS[verb]} -o {verb}r"
    parts = ("--hide", "ROW,COLUMN,HEIGHT,WIDTH") if verb == "impute" else ()
    use = command("diabolo", verb, f"{verb}r", model, *parts, "-o", f"mended{ending}")
    return ParameterError(
        f"`{verb}` needs a model, and {model} is none. Two commands make one from pictures like it, and use it:\n"
        f"  {make}\n  {use}"
    )


def _pictures(
    trained: Trained, verb: str, data: Path, files: list[Path], output: Path, hidden: Any, *, skip_broken: bool
) -> tuple[int, tuple[str, ...]]:
    """Each picture at its own size, channels and bits; a folder gives a folder."""
    from diabolo import store
    from diabolo.data.photographs import read_photograph, write_photograph
    from diabolo.jobs.photographs import unfamiliar_photograph

    single = data.is_file()
    if single and output.exists() and output.samefile(data):
        raise ParameterError(f"{output} is the picture itself: give the result another name.")
    if not single:
        store.prepare(output)
    notes: dict[str, None] = {}
    left = 0
    for file in files:
        try:
            photograph = read_photograph(file)
        except SourceError:
            if not skip_broken:
                raise
            left += 1
            continue
        warning = unfamiliar_photograph(trained, photograph) if verb == "denoise" else None
        if warning is not None:
            console.warn(f"Warning: {file.name}: {warning}")
        mended = _mended(trained, verb, photograph, hidden)
        place = output if single else _place(output / file.relative_to(data))
        place.parent.mkdir(parents=True, exist_ok=True)
        notes |= dict.fromkeys((*mended.notes, *write_photograph(mended, place)))
    broken = (f"broken pictures were left out, {left} in all",) if left else ()
    return len(files) - left, (*notes, *broken)


def _place(path: Path) -> Path:
    """Where a picture of a folder goes: its own name, or .png where such files are read and not written."""
    from diabolo.data.photographs import FORMATS

    return path if path.suffix.lower() in FORMATS else path.with_suffix(".png")


def _mended(trained: Trained, verb: str, photograph: Photograph, hidden: Any) -> Photograph:
    """A picture of any size to denoise and enlarge, where the model can; of its own size to fill in and to put in order."""
    import dataclasses

    from diabolo.errors import DataError
    from diabolo.jobs import mend
    from diabolo.jobs.photographs import mended

    size = trained.kind.layout.positions
    if verb in ("denoise", "upscale"):
        return mended(trained, photograph)
    if photograph.pixels.shape[:2] != size:
        got = "×".join(map(str, photograph.pixels.shape[:2]))
        raise DataError(f"{verb} takes pictures of the model's own size, {size[0]}×{size[1]}; {photograph.name} is {got}.")
    rows = photograph.pixels[None]
    found = mend.impute(trained, rows, hidden(rows.shape[:3])) if verb == "impute" else mend.unshuffle(trained, rows)
    return dataclasses.replace(photograph, pixels=found.restored[0])


def _rows(
    trained: Trained, verb: str, data: str, output: Path, hidden: Any, *, label: str | None, skip_broken: bool
) -> tuple[int, tuple[str, ...]]:
    """A named set, an array file or a table, written as ``diabolo reconstruct`` writes."""
    from diabolo.cli import restoring
    from diabolo.jobs.mend import inside, mend_rows

    ending = restoring.ending(trained, output, data)
    reading = restoring.first(read_for(trained, data, label=label, skip_broken=skip_broken), None, ending)
    n, shape = len(reading.source), trained.kind.layout
    gone = None
    if hidden is not None:
        mask = hidden((n, *shape.positions)) if shape.positions else hidden((n, shape.fields))
        gone = inside(trained, mask).expand(n, *shape.shape)
    condition = trained.condition(reading.labels, n)
    x_hat, _ = mend_rows(trained, verb, reading.source, condition, gone)
    return restoring.WRITERS[ending](trained, reading, x_hat, output), reading.notes


def _beside(model: Path, verb: str) -> dict[str, Any] | None:
    """How well the model did this on held-out pictures when it was trained, beside what is simpler; None where nobody knows."""
    path = model / "metrics.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8")).get("mending")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        raise StoreError(f"{path} is damaged ({problem}). Copy the model folder again.") from problem
    return found if isinstance(found, dict) and found.get("task") == verb else None

"""What ``denoise``, ``upscale``, ``impute``, ``extend`` and ``unshuffle`` share: a model, data, and where the result goes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diabolo.cli import console
from diabolo.cli.inputs import is_model, open_model, read_for
from diabolo.cli.invocation import command
from diabolo.errors import DataError, DiaboloError, ParameterError, SourceError, StoreError, UnsupportedError

if TYPE_CHECKING:
    from diabolo.cli.hiding import Hidden
    from diabolo.data.photographs import Photograph
    from diabolo.trained import Trained


TRAININGS: Mapping[str, str] = {
    "denoise": "--recipe denoising --patch 48",
    "upscale": "--recipe upscaling --patch 48",
    "impute": "--recipe masked --patch 48",
    "extend": "--recipe masked --patch 48",
    "unshuffle": "--recipe jigsaw",
}
"""How a model for each verb is trained on pictures."""

MORE = {"impute": ("--hide", "ROW,COLUMN,HEIGHT,WIDTH"), "extend": ("--at", "ROW,COLUMN")}
"""What else a verb needs to know of pictures."""

Change = Callable[["Trained", "Photograph"], "Photograph"]


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
    hidden: Hidden | None = None,
    change: Change | None = None,
) -> None:
    """Mend DATA with MODEL, write it, and say how well the model mends.

    hidden: of ``impute``: which cells of which rows are hidden; None for those that are missing. change: what becomes of a
    picture; None for what the verb says. A verb that brings its own takes pictures only.
    """
    if data is None or output is None:
        raise _incomplete(verb, model, data)

    from diabolo.data.pictures import picture_paths
    from diabolo.jobs.mending.tasks import require

    if not is_model(model) and model.exists() and not is_model(data) and not model.is_dir():
        raise _incomplete(verb, model, data)
    task = "impute" if verb == "extend" else verb
    trained = open_model(verb, model, data, device)
    require(trained, task)
    files = picture_paths(Path(data)) if trained.kind.name == "image" else []
    if files:
        if verb == "impute" and hidden is None:
            raise ParameterError("Say which parts to fill in: --hide ROW,COLUMN,HEIGHT,WIDTH or --mask FILE, one of the two.")
        made = change or _change(task, hidden)
        written, notes = _pictures(trained, made, Path(data), files, output, skip_broken=skip_broken)
    elif change is not None:
        raise UnsupportedError(
            f"`{verb}` takes a picture or a folder of pictures, and a model of those; for arrays there is ae.{verb} in Python."
        )
    else:
        written, notes = _rows(trained, verb, data, output, hidden, label=label, skip_broken=skip_broken)
    beside = _beside(model, task)
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
    parts = MORE.get(verb, ())
    call = " ".join(["diabolo", verb, "MODEL DATA", *parts, "-o OUT"])
    if is_model(model):
        what = "-o OUT, where the result goes" if data else "DATA, what is to be mended, and -o OUT"
        return ParameterError(f"Say {what}: {call}")
    ending, name = model.suffix or ".png", f"{verb.removesuffix('e')}er"
    make = f"diabolo train FOLDER_OF_PICTURES {TRAININGS[verb]} -o {name}"
    use = command("diabolo", verb, name, model, *parts, "-o", f"mended{ending}")
    return ParameterError(
        f"`{verb}` needs a model, and {model} is none. Two commands make one from pictures like it, and use it:\n"
        f"  {make}\n  {use}"
    )


def _change(task: str, hidden: Hidden | None) -> Change:
    """A picture of any size to denoise, enlarge, fill in and put in order, where the model can."""
    from diabolo.jobs.mending.one_picture import mended_photograph, unfamiliar_one

    def made(trained: Trained, photograph: Photograph) -> Photograph:
        gone = None if hidden is None else hidden((1, *photograph.pixels.shape[:2]), photograph.name)[0]
        warning = unfamiliar_one(trained, task, photograph, hidden=gone)
        if warning is not None:
            console.warn(f"Warning: {photograph.name}: {warning}")
        return mended_photograph(trained, task, photograph, hidden=gone)

    return made


def _pictures(
    trained: Trained, change: Change, data: Path, files: list[Path], output: Path, *, skip_broken: bool
) -> tuple[int, tuple[str, ...]]:
    """Each picture at its own size, channels and bits; a folder gives a folder."""
    from diabolo import store
    from diabolo.data.photographs import format_of, read_photograph, write_photograph

    single = data.is_file()
    if single and output.exists() and output.samefile(data):
        raise ParameterError(f"{output} is the picture itself: give the result another name.")
    if single:
        format_of(output.suffix)
    else:
        store.prepare(output)
    notes: dict[str, None] = {}
    written = 0
    for file in files:
        try:
            photograph = read_photograph(file)
        except SourceError as problem:
            if skip_broken and not single:
                continue
            raise problem if single else _stopped(problem, str(problem), written, files, output) from problem
        try:
            mended = change(trained, photograph)
        except (DataError, ParameterError) as problem:
            raise problem if single else _stopped(problem, f"{file.name}: {problem}", written, files, output) from problem
        place = output if single else _place(output / file.relative_to(data))
        place.parent.mkdir(parents=True, exist_ok=True)
        notes |= dict.fromkeys((*mended.notes, *write_photograph(mended, place)))
        written += 1
    left = len(files) - written
    if not written:
        raise SourceError(f"None of the {left} pictures in {data} can be read.")
    return written, (*notes, *((f"broken pictures were left out, {left} in all",) if left else ()))


def _stopped(problem: DiaboloError, text: str, written: int, files: list[Path], output: Path) -> DiaboloError:
    """The error with how far the folder was done when it came."""
    left = len(files) - written - 1
    skip = (
        " To leave out pictures that cannot be read and go on with the others, say --skip-broken, with another -o OUT or "
        f"without {output}."
        if isinstance(problem, SourceError)
        else ""
    )
    return type(problem)(
        f"{text} Before it {written} of {len(files)} pictures were written to {output}; "
        f"{'none remains' if not left else f'{left} remain' + 's' * (left == 1)} beside it.{skip}"
    )


def _place(path: Path) -> Path:
    """Where a picture of a folder goes: its own name, or .png where such files are read and not written."""
    from diabolo.data.photographs import FORMATS

    return path if path.suffix.lower() in FORMATS else path.with_suffix(".png")


def _rows(
    trained: Trained, verb: str, data: str, output: Path, hidden: Hidden | None, *, label: str | None, skip_broken: bool
) -> tuple[int, tuple[str, ...]]:
    """A named set, an array file or a table, written as ``diabolo reconstruct`` writes."""
    from diabolo.cli import restoring
    from diabolo.jobs.mending.mend import mend_rows

    ending = restoring.ending(trained, output, data)
    if verb == "impute":
        from diabolo.cli import gaps

        return gaps.fill(trained, data, output, ending, hidden, label=label, skip_broken=skip_broken)
    reading = restoring.first(read_for(trained, data, label=label, skip_broken=skip_broken), None, ending)
    condition = trained.condition(reading.labels, len(reading.source))
    x_hat, _ = mend_rows(trained, verb, reading.source, condition)
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

"""From a command line to a model folder with its report: what ``train`` and ``demo`` have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from diabolo import recipes
from diabolo.cli import console
from diabolo.cli.inputs import is_model, is_unfinished, refuse_model
from diabolo.cli.invocation import command
from diabolo.cli.outputs import write_report
from diabolo.errors import DiaboloError, ParameterError

if TYPE_CHECKING:
    from diabolo.cli.progress import ProgressLine
    from diabolo.data import Reading
    from diabolo.jobs.evaluation.evaluate import Evaluation
    from diabolo.jobs.train import Options
    from diabolo.jobs.workshop import Made
    from diabolo.report import Report
    from diabolo.trained import Companion
    from diabolo.training.events import Finished


@final
@dataclass(frozen=True)
class Request:
    """What was asked for on the command line.

    read_as: arguments of :func:`diabolo.data.read`. train_as: those of :class:`diabolo.jobs.train.Options`. output: None
    for a name made from data and recipe. line: the command as typed. target: what should come out, None where the data.
    """

    data: str
    read_as: Mapping[str, Any]
    train_as: Mapping[str, Any]
    output: Path | None
    resume: bool
    lang: str
    as_json: bool
    line: str
    target: str | None = None


Before = Callable[["Reading", "Options"], "tuple[Options, Mapping[str, Companion]]"]
"""What is done with the data before the training: the options it then has, and the studies that its model carries."""


@final
@dataclass(frozen=True)
class Built:
    """A model folder, how good the model is, its report, and how its training ended."""

    made: Made
    evaluation: Evaluation
    report: Report
    finished: Finished | None


def make(request: Request) -> None:
    """Train, judge, report, and say how it went."""
    refuse_model(request.data)
    if request.target is not None:
        refuse_model(request.target)
    if request.resume and _already_done(request):
        return
    options = checked_options(request.train_as)

    from diabolo.cli.outcome import show_outcome

    show_outcome(build(request, options), request)


def build(request: Request, options: Options, before: Before | None = None) -> Built:
    """Train, judge, report. before: as above."""
    from diabolo import store
    from diabolo.cli.progress import ProgressLine

    folder = request.output or free_folder(default_name(request.data, options.recipe))
    studies: Mapping[str, Companion] = {}
    with removed_if_empty(folder), ProgressLine() as progress:
        store.prepare(folder, resume=request.resume, advice=_advice(folder))
        reading = read_data(request.data, request.read_as, options)
        reading, wanted = _paired(request, reading)
        if before is not None:
            options, studies = before(reading, options)
        made = _trained(request, options, reading, wanted, folder, progress, studies)
    evaluation, report = _report(request, reading, wanted, made)
    return Built(made, evaluation, report, progress.finished)


def default_name(data: str, recipe: str) -> str:
    """A folder's name from data and recipe.

    >>> default_name("demo:digits", "auto"), default_name("logs/my sensors.csv", "vae"), default_name("mnist:test", "deep")
    ('digits-plain', 'my-sensors-vae', 'mnist-test-deep')
    """
    return f"{clean_name(data)}-{recipes.get(recipe).name}"


def clean_name(data: str) -> str:
    """What data are called, in letters that a folder's name may have.

    >>> clean_name("logs/my sensors.csv")
    'my-sensors'
    """
    path = Path(data.removeprefix("demo:"))
    stem = path.name if path.is_dir() else path.stem
    return re.sub(r"[^\w.-]+", "-", stem or path.resolve().name).strip("-.") or "model"


def free_folder(name: str) -> Path:
    """The folder ``name`` in the current directory, numbered from 2 on where it is taken."""
    path, number = Path(name), 2
    while path.exists():
        path, number = Path(f"{name}-{number}"), number + 1
    return path


def _advice(folder: Path) -> str:
    """What to do where the folder for a model holds something already."""
    if is_unfinished(folder):
        return "It holds an unfinished training: end it with diabolo train DATA -o FOLDER --resume, or choose another one."
    return "Choose another one with -o FOLDER."


def _already_done(request: Request) -> bool:
    """Whether the folder to resume holds a finished model, which is then said. Raises ParameterError without a folder."""
    if request.output is None:
        raise ParameterError("--resume needs the folder of the broken training: -o FOLDER.")
    if not is_model(request.output):
        return False
    text = (
        f"The training in {request.output} is finished already. Look at it with: {command('diabolo', 'show', request.output)}"
    )
    if request.as_json:
        console.say(text)
        console.document({"folder": request.output, "finished_before": True})
    else:
        console.result(text)
    return True


def checked_options(train_as: Mapping[str, Any]) -> Options:
    """The options, with all that can be checked before the data are read."""
    from diabolo.composition import as_part
    from diabolo.jobs.train import Options
    from diabolo.training.plan import as_optimizer

    values = dict(train_as)
    values["optimizer"], values["settings"] = _optimizer(train_as.get("optimizer", "auto"), train_as.get("settings", ()))
    options = Options(**values)
    options.check()
    for role in ("network", "bottleneck", "corruption", "likelihood"):
        name = getattr(options, role)
        if name not in (None, "auto") and (role, name) != ("corruption", "none"):
            as_part(role, name)
    for name in options.regularizers or ():
        as_part("regularizers", name)
    if options.optimizer != "auto":
        as_optimizer(options.optimizer)
    return options


def _optimizer(name: str, settings: Sequence[tuple[str, str]]) -> tuple[Any, tuple[tuple[str, str], ...]]:
    """The optimizer with the settings that are its own, and the settings that are left."""
    own = [(path.removeprefix("optimizer."), text) for path, text in settings if path.startswith("optimizer.")]
    rest = tuple(s for s in settings if not s[0].startswith("optimizer."))
    if not own:
        return name, rest

    from diabolo.training.plan import as_optimizer

    if name == "auto":
        name = "adamw"
        console.say("optimizer adamw: --set optimizer.… needs one by name, and --optimizer gave none")
    part = as_optimizer(name)
    for key, text in own:
        part = part.with_text(key, text)
    return part, rest


@contextmanager
def removed_if_empty(folder: Path) -> Iterator[None]:
    """A folder that was made for a training that failed at once is taken away again."""
    there = folder.exists()
    try:
        yield
    finally:
        if not there and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def read_data(data: str, read_as: Mapping[str, Any], options: Options) -> Reading:
    """The data, with what was understood said aloud. Raises ParameterError where a conditional recipe finds no labels."""
    from diabolo.data import read

    reading = read(data, **read_as)
    tell(reading)
    if recipes.get(options.recipe).conditional and reading.labels is None:
        raise ParameterError(
            f"The recipe {options.recipe} reads labels, and {reading.name} came without any: name their column with "
            "--label COLUMN, put pictures of each label into a sub-folder of its own, or give an npz file with an array y."
        )
    return reading


def tell(reading: Reading, what: str = "Data") -> None:
    """Say how data were understood, and what the user should know of them."""
    console.say(f"{what}: {reading.reason}")
    for note in reading.notes:
        console.say(f"  {note}")


def _paired(request: Request, reading: Reading) -> tuple[Reading, Reading | None]:
    """The data and what should come out, a row for a row, with what was understood said aloud."""
    if request.target is None:
        return reading, None

    from diabolo.jobs.mending.pairs import matched
    from diabolo.jobs.train import read_target

    wanted = read_target(request.target, reading)
    tell(wanted, "Target")
    pairs, wanted = matched(reading, wanted)
    for note in pairs.notes[len(reading.notes) :]:
        console.say(f"  {note}")
    return pairs, wanted


def _trained(
    request: Request,
    options: Options,
    reading: Reading,
    wanted: Reading | None,
    folder: Path,
    progress: ProgressLine,
    studies: Mapping[str, Companion],
) -> Made:
    """The model folder, with how it was asked for in its run.toml."""
    from diabolo.jobs import workshop

    run = {"command": request.line, "data": request.data}
    if request.target is not None:
        run["target"] = request.target
    return workshop.make(
        reading, options, folder, target=wanted, run=run, readers=[progress], resume=request.resume, studies=studies
    )


def _report(request: Request, reading: Reading, wanted: Reading | None, made: Made) -> tuple[Evaluation, Report]:
    """The evaluation, of the training rows where none were held out, and the report on the same rows, written down."""
    from diabolo.jobs.workshop import judge_rows
    from diabolo.report import build_report

    aim = None if wanted is None else wanted.source
    on = made.held_out or judge_rows(made.trained, reading.source, reading.labels, aim, name=reading.name, role="training")
    console.say("Writing the report …")
    try:
        report = build_report(
            made.trained,
            on.source,
            on.labels,
            evaluation=on.evaluation,
            command=request.line,
            lang=request.lang,
            target=on.aim,
            training=on.training,
        )
        write_report(made.folder, report)
    except DiaboloError:
        console.warn(f"The model is whole and in {made.folder}; only its report failed.")
        raise
    return on.evaluation, report

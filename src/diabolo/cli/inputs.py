"""What a command is given: a model folder and data that fit it, or an error that shows the right call."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diabolo.cli.invocation import command
from diabolo.errors import DataError, ParameterError, StoreError

if TYPE_CHECKING:
    from diabolo.data import Reading
    from diabolo.data.sources import Source
    from diabolo.trained import Trained


def is_model(path: Path | str) -> bool:
    """Whether there is a model folder: one with a config.json."""
    return (Path(path) / "config.json").is_file()


def is_unfinished(path: Path) -> bool:
    """Whether there is a training that was broken off: checkpoints, and no model yet."""
    return (path / "checkpoints").is_dir() and not is_model(path)


def refuse_model(data: str) -> None:
    """ParameterError where a model folder stands in the place of the data to train on."""
    if is_model(data):
        raise ParameterError(
            f"{data} is a model folder, and `train` needs data: diabolo train DATA. "
            f"To look at this model: {command('diabolo', 'show', data)}"
        )


def open_model(verb: str, model: Path, data: str | None = None, device: str = "auto") -> Trained:
    """The model in a folder, on a device.

    Raises ParameterError where the folder is none and the data are one (the two were swapped), StoreError where there is
    no such folder.
    """
    if not is_model(model):
        _refuse(verb, model, data)
    if data is not None and is_model(data):
        raise ParameterError(f"{data} is a model folder too: the call is diabolo {verb} MODEL DATA, and DATA came as a model.")

    from diabolo import store
    from diabolo.training.device import choose_device

    return store.load(model, device=str(choose_device(device)[0]))


def _refuse(verb: str, model: Path, data: str | None) -> None:
    call = f"diabolo {verb} MODEL DATA"
    if data is not None and is_model(data):
        raise ParameterError(f"The model comes first: {command('diabolo', verb, data, model)}")
    if model.is_dir():
        hint = (
            " It holds an unfinished training: end it with diabolo train DATA -o FOLDER --resume."
            if is_unfinished(model)
            else " List models with: diabolo list FOLDER"
        )
        raise StoreError(f"{model} is a folder, but no model folder (it has no config.json): {call}.{hint}")
    what = "a file" if model.is_file() else "not there"
    raise StoreError(
        f"MODEL should be a folder that `diabolo train` made, and {model} is {what}. The call is {call}. "
        "List the models here with: diabolo list"
    )


def read_for(
    trained: Trained,
    data: str,
    *,
    label: str | None = None,
    id: str | None = None,
    skip_broken: bool = False,
    wanted: bool = False,
    may_lack: bool = False,
) -> Reading:
    """Data read as the model's own kind, with what stands beside them: labels, names of rows.

    label, id: columns of a table, where they are others than in training. wanted: whether a model that enlarges is to have
    rows of the size that comes out, to be made small again. may_lack: whether those columns may be absent. Raises DataError
    where the data do not fit; says so on stderr where they are pictures from another domain than those of the training.
    """
    from diabolo.cli import console
    from diabolo.data import read_like
    from diabolo.jobs.anomalies.familiar import unfamiliar
    from diabolo.jobs.mending.pairs import SHRINKS

    kind = trained.out_kind if wanted and SHRINKS in trained.config.data else trained.kind
    reading = read_like(kind, data, label=label, id=id, skip_broken=skip_broken, may_lack=may_lack)
    if trained.config.labels and reading.labels is None:
        raise DataError(
            f"The recipe {trained.config.recipe} reads labels, and {reading.name} came without any: name their column with "
            f"--label COLUMN. The model knows the labels {', '.join(map(str, trained.config.labels[:10]))}."
        )
    warning = unfamiliar(trained, reading.source, reading.labels) if kind is trained.kind else None
    if warning is not None:
        console.warn(f"Warning: {warning}")
    return reading


def say_notes(data: str, reading: Reading) -> None:
    """What should be known of data that were read, such as pictures that were scaled, to stderr."""
    from diabolo.cli import console

    for note in reading.notes:
        console.say(f"{data}: {note}")


def read_pair(
    trained: Trained, data: str, target: str | None, *, label: str | None = None, skip_broken: bool = False
) -> tuple[Reading, Source | None]:
    """Data as :func:`read_for` reads them, and what should have come out for each row: None where nobody says."""
    reading = read_for(trained, data, label=label, skip_broken=skip_broken, wanted=target is None)
    if target is None:
        return reading, None

    from diabolo.data import read_like
    from diabolo.jobs.mending.pairs import matched

    asked = {"skip_broken": skip_broken}
    wanted = read_like(trained.out_kind, target, skip_broken=skip_broken)
    reading, wanted = matched(replace(reading, asked=asked), wanted)
    return reading, wanted.source


def run_record(model: Path) -> Mapping[str, Any]:
    """How a model was asked for: the table [run] of its run.toml; empty where there is none."""
    try:
        text = (model / "run.toml").read_text(encoding="utf-8")
        found = tomllib.loads(text).get("run", {})
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        raise StoreError(f"{model / 'run.toml'} is damaged ({problem}). Copy the model folder again.") from problem
    return found if isinstance(found, dict) else {}


def known_target(model: Path) -> str | None:
    """What should come out, where the model was trained on pairs from the command line."""
    target = run_record(model).get("target")
    return target if isinstance(target, str) else None


def known_data(model: Path) -> str:
    """The data a model was trained on, where run.toml says and they are still there. Raises ParameterError elsewhere."""
    data = run_record(model).get("data")
    call = f"Say which data: {command('diabolo', 'report', model)} DATA"
    if not isinstance(data, str):
        raise ParameterError(f"{model} does not say which data it was trained on. {call}")

    from diabolo.data.datasets import is_name

    if not is_name(data) and not Path(data).exists():
        raise ParameterError(f"The data {model} was trained on, {data}, are not there any more. {call}")
    return data

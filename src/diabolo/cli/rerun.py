"""``diabolo train MODEL/run.toml``: a training again, as the file of another one describes it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import typer

from diabolo.cli.making import Request
from diabolo.errors import ParameterError, SourceError

ALLOWED = ("data", "output", "resume", "lang", "as_json")


def is_run(data: str) -> bool:
    """Whether what is to be trained on is the description of a training."""
    return Path(data).suffix.lower() == ".toml"


def rerun(ctx: typer.Context, data: str, output: Path | None, resume: bool, lang: str, as_json: bool) -> Request:
    """The request that a run.toml holds.

    Raises ParameterError for options beside it that it gives itself, SourceError where it is missing, damaged or does not say
    which data it was.
    """
    from diabolo.jobs.train import Options

    own = [name for name in sorted(ctx.params) if name not in ALLOWED and _was_typed(ctx, name)]
    if own:
        options = ", ".join("--" + name.strip("_").replace("_", "-") for name in own)
        raise ParameterError(f"{data} says all about the training: leave {options} out, or change it in a copy of the file.")
    found = _tables(Path(data))
    if found["run"].get("verb", "train") != "train":
        raise ParameterError(
            f"{data} describes what `diabolo {found['run']['verb']}` made, with more than a training. The same again: "
            f"{found['run'].get('command', '')}"
        )
    source = found["run"].get("data")
    if not isinstance(source, str):
        raise SourceError(f"{data} does not say which data it was: the model was trained from Python. Use fit there.")
    known = {f.name for f in fields(Options)}
    train_as = {name: value for name, value in found["options"].items() if name in known}
    train_as["settings"] = tuple((path, text) for path, text in train_as.get("settings", ()))
    read_as = {name: tuple(v) if isinstance(v, list) else v for name, v in found["data"].get("asked", {}).items()}
    return Request(source, read_as, train_as, output, resume, lang, as_json, ctx.obj.text, found["run"].get("target"))


def _was_typed(ctx: typer.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _tables(path: Path) -> dict[str, Mapping[str, Any]]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as problem:
        raise SourceError(f"There is no file {path}.") from problem
    except (OSError, ValueError) as problem:
        raise SourceError(f"{path} cannot be read as TOML ({problem}).") from problem
    tables = {name: found.get(name) for name in ("run", "data", "options")}
    missing = [name for name, table in tables.items() if not isinstance(table, dict)]
    if missing:
        raise SourceError(f"{path} is no run.toml of a model folder: the table [{missing[0]}] is missing.")
    return {name: table for name, table in tables.items() if isinstance(table, dict)}

"""``diabolo list``: what there is to name, or the models in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options

WORDS = "recipes, networks, bottlenecks, corruptions, likelihoods, regularizers, optimizers, data"


def listing(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[WHAT|FOLDER]",
            help=f"One of {WORDS}; or a folder to look for models in. Default: models below the current folder.",
            show_default=False,
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """List models, recipes, parts or data sets.

    \b
    diabolo list           models below the current folder, with their recipe, data and error
    diabolo list recipes   what can be asked of a code
    diabolo list data      data sets known by name; a folder of that name is ./data
    """
    from diabolo.cli.catalogue import LISTS

    if what is not None and what in LISTS:
        _names(what, as_json)
    else:
        _models(what or ".", as_json)


def _names(what: str, as_json: bool) -> None:
    from diabolo.cli import console
    from diabolo.cli.catalogue import LISTS

    entries = LISTS[what]()
    if as_json:
        console.document({what: [{"name": e.name, "about": e.about, "aliases": list(e.aliases)} for e in entries]})
        return
    console.table(["name", "what it is"], [[", ".join((e.name, *e.aliases)), e.about] for e in entries])
    if what == "data":
        console.result("\nmnist:test is the test part. Your own files and folders need no name: diabolo train PATH")
    else:
        console.result("\nMore about one: diabolo show NAME")


def _models(place: str, as_json: bool) -> None:
    import dataclasses

    from diabolo.cli import console
    from diabolo.cli.catalogue import LISTS
    from diabolo.cli.folders import models_below
    from diabolo.errors import unknown

    if not Path(place).is_dir():
        raise unknown("list or folder", place, LISTS)
    found = models_below(Path(place))
    if as_json:
        console.document({"models": [dataclasses.asdict(m) for m in found]})
        return
    if not found:
        console.result(f"No models in {Path(place).resolve()}. Make one: diabolo demo, or diabolo train DATA")
    else:
        rows = [[m.folder, m.recipe, _text(m.latent_dim), m.data, _text(m.epochs), _text(m.error), _text(m.pca)] for m in found]
        console.table(["model", "recipe", "numbers", "data", "epochs", "MSE", "PCA's MSE"], rows, numbers=(2, 4, 5, 6))
    console.result(f"\nWhat else there is to list: {WORDS}")


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"

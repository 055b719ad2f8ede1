"""``diabolo show``: one recipe, part, data set or model, in detail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options


def show(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME|MODEL", help="Any name that `diabolo list` knows, or a model folder.", show_default=False),
    ],
    as_json: options.Json = False,
) -> None:
    """Show a recipe, part, data set or model in detail.

    \b
    diabolo show vae            what the recipe sets, and its paper
    diabolo show gaussian       options of everything called gaussian
    diabolo show diabolo-demo   a model folder
    """
    from diabolo.cli import console
    from diabolo.cli.inputs import is_classifier, is_model
    from diabolo.cli.showing import describe_model, describe_names, show_model, show_names

    if is_model(name):
        document = describe_model(Path(name))
        console.document(document) if as_json else show_model(document)
        return
    if is_classifier(name):
        from diabolo.cli.classifying import describe_classifier, show_classifier

        document = describe_classifier(Path(name))
        console.document(document) if as_json else show_classifier(document)
        return
    found = describe_names(name)
    console.document({"found": found}) if as_json else show_names(found)

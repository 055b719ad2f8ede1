"""``diabolo doctor``: what this machine has, and what would get in the way."""

from __future__ import annotations

import typer

from diabolo.cli import options


def doctor(as_json: options.Json = False) -> None:
    """Look for what is wrong on this machine.

    Versions, devices, memory, disk space and known problems.
    Exit code 1 where nothing would train.
    """
    from diabolo.cli import console
    from diabolo.cli.machine import examine

    found = examine()
    if as_json:
        console.document(found.to_dict())
    else:
        width = max(len(name) for name, _ in found.facts)
        for name, text in found.facts:
            console.result(f"{name + ':':<{width + 2}}{text}")
        console.result()
        for problem in (*found.fatal, *found.problems):
            console.result(f"Problem: {problem}")
        if not found.fatal and not found.problems:
            console.result("No problems found.")
    if found.fatal:
        raise typer.Exit(1)

"""How a training went, for the one who waited for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from diabolo.cli import console
from diabolo.cli.invocation import command
from diabolo.cli.outputs import REPORT
from diabolo.cli.results import show_details, show_errors, show_history, show_mending, show_verdict

if TYPE_CHECKING:
    from diabolo.cli.making import Built, Request
    from diabolo.jobs.workshop import Made

ENDED = {
    "complete": "Trained to the end",
    "early stopping": "Stopped where the held-out rows no longer gained",
    "stopped": "Stopped by Ctrl-C, the best model so far is kept",
    "time budget": "Stopped at the end of the time budget",
}


def show_outcome(built: Built, request: Request) -> None:
    """The log as a table, the verdict, where things are, and what to try next; or all of it as JSON."""
    made, report = built.made, built.report
    if request.as_json:
        console.document(outcome(built))
        return
    metrics, page = built.evaluation.to_dict(), made.folder / REPORT
    finished = built.finished
    assert finished is not None  # build() returns only after the engine's last event
    show_history(made.trained.history)
    console.result()
    show_errors(metrics)
    if metrics["mending"] is not None:
        console.result()
        show_mending(metrics["mending"])
    console.result()
    console.result(
        f"{ENDED.get(finished.reason, finished.reason)}: best epoch {finished.best_epoch}, {finished.seconds:.1f} s."
    )
    show_verdict(report)
    show_details(metrics)
    console.result()
    console.result(f"Model:   {made.folder}")
    console.result(f"Report:  {page}  (open it in a browser)")
    console.result("Next:    " + "\n         ".join(next_commands(made, request.data, request.target)))


def outcome(built: Built) -> dict[str, Any]:
    """All of it as plain values."""
    made, finished = built.made, built.finished
    assert finished is not None  # build() returns only after the engine's last event
    config = made.trained.config
    return {
        "folder": made.folder,
        "report": made.folder / REPORT,
        "recipe": config.recipe,
        "latent_dim": config.latent_dim,
        "data": config.data,
        "reasons": config.reasons,
        "ended": finished.reason,
        "best_epoch": finished.best_epoch,
        "seconds": finished.seconds,
        "evaluation": built.evaluation.to_dict(),
        "history": made.trained.history,
    }


def next_commands(made: Made, data: str, target: str | None = None) -> list[str]:
    """Two commands worth trying with this model, that run as they stand.

    A picture of the user's own is named where the model takes pictures of any size, the data of the training elsewhere.
    """
    from diabolo.data.pictures import picture_paths
    from diabolo.jobs.mending.tasks import UNSHUFFLE, UPSCALE, tasks_of
    from diabolo.jobs.mending.tiles import takes_any_size

    folder, trained = made.folder, made.trained
    shown = "restored.png" if trained.kind.name == "image" else "restored.csv"
    usual = [command("diabolo", "reconstruct", folder, data, "-o", shown)]
    usual += [command("diabolo", "embed", folder, data, "-o", "codes.csv")]
    tasks = tasks_of(trained) if trained.kind.name == "image" else ()
    if not tasks or tasks[0] == "impute":
        return usual
    report = command("diabolo", "report", folder, "--lang", "ru")
    if tasks[0] == UNSHUFFLE or takes_any_size(trained):
        return [command("diabolo", tasks[0], folder, "picture.png", "-o", "mended.png"), report]
    if tasks[0] == UPSCALE and target is None:  # the data are as large as what comes out
        return [command("diabolo", "eval", folder, data), report]
    if picture_paths(Path(data)):  # pictures in files go through at their own size, which may be any
        return usual
    return [command("diabolo", tasks[0], folder, data, "-o", "mended.png"), report]

"""How a training went, for the one who waited for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diabolo.cli import console
from diabolo.cli.invocation import command
from diabolo.cli.outputs import REPORT
from diabolo.cli.results import show_details, show_errors, show_history, show_mending, show_verdict

if TYPE_CHECKING:
    from diabolo.cli.making import Request
    from diabolo.jobs.evaluate import Evaluation
    from diabolo.jobs.workshop import Made
    from diabolo.report import Report
    from diabolo.training.events import Finished

ENDED = {
    "complete": "Trained to the end",
    "early stopping": "Stopped where the held-out rows no longer gained",
    "stopped": "Stopped by Ctrl-C, the best model so far is kept",
    "time budget": "Stopped at the end of the time budget",
}


def show_outcome(made: Made, evaluation: Evaluation, report: Report, finished: Finished | None, request: Request) -> None:
    """The log as a table, the verdict, where things are, and what to try next; or all of it as JSON."""
    assert finished is not None  # make() returns only after the engine's last event
    metrics = evaluation.to_dict()
    config, page = made.trained.config, made.folder / REPORT
    if request.as_json:
        console.document(
            {
                "folder": made.folder,
                "report": page,
                "recipe": config.recipe,
                "latent_dim": config.latent_dim,
                "data": config.data,
                "reasons": config.reasons,
                "ended": finished.reason,
                "best_epoch": finished.best_epoch,
                "seconds": finished.seconds,
                "evaluation": metrics,
                "history": made.trained.history,
            }
        )
        return
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
    console.result("Next:    " + "\n         ".join(next_commands(made, request.data)))


def next_commands(made: Made, data: str) -> list[str]:
    """Two commands worth trying with this model."""
    from diabolo.jobs.tasks import tasks_of

    folder = made.folder
    tasks = tasks_of(made.trained) if made.trained.kind.name == "image" else ()
    if tasks and tasks[0] != "impute":
        return [
            command("diabolo", tasks[0], folder, "picture.png", "-o", "mended.png"),
            command("diabolo", "report", folder, "--lang", "ru"),
        ]
    shown = "restored.png" if made.trained.kind.name == "image" else "restored.csv"
    return [
        command("diabolo", "reconstruct", folder, data, "-o", shown),
        command("diabolo", "embed", folder, data, "-o", "codes.csv"),
    ]

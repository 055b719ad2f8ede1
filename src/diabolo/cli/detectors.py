"""A detector for ``diabolo detect`` where there is none yet: trained on the data first, and kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from diabolo.cli import console
from diabolo.cli.inputs import is_model
from diabolo.cli.invocation import command
from diabolo.cli.making import clean_name, free_folder, removed_if_empty, tell
from diabolo.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np

    from diabolo.cli.progress import ProgressLine
    from diabolo.cli.screening import Asked
    from diabolo.data import Reading
    from diabolo.jobs.anomalies.detector.screen import Screen
    from diabolo.jobs.train import Options
    from diabolo.trained import Trained

VERB = "detect"
"""What the run.toml of such a model says it was made by."""


@final
@dataclass(frozen=True)
class First:
    """What is said of the training, where DATA come without a MODEL."""

    ignore: tuple[str, ...]
    novelty: bool
    contamination: float | None
    keep: Path | None
    epochs: int | None
    seed: int

    def refuse(self, model: Path) -> None:
        """ParameterError where something is said that was settled when the model was trained."""
        said = {
            "--ignore": bool(self.ignore),
            "--novelty": self.novelty,
            "--contamination": self.contamination is not None,
            "--keep": self.keep is not None,
            "--epochs": self.epochs is not None,
            "--seed": self.seed != 0,
        }
        found = [option for option, given in said.items() if given]
        if found:
            raise ParameterError(
                f"{found[0]} is for training, and {model} is trained already: leave it out, or leave MODEL out."
            )


@final
@dataclass(frozen=True, eq=False)
class MadeFirst:
    """A detector that was just made. truth: (n,) which rows are anomalies, None where labels do not say. held_out: numbers of
    rows that no weight was fitted to. fresh: (n,) bool, rows by which scores can be judged; None: all, as the detector was
    trained among anomalies."""

    trained: Trained
    folder: Path
    reading: Reading
    truth: np.ndarray | None
    held_out: np.ndarray
    fresh: np.ndarray | None


def model_and_data(given: Sequence[str]) -> tuple[Path | None, str]:
    """MODEL, None where there is none, and DATA. Raises ParameterError for more, and for a model without data."""
    if len(given) > 2:
        raise ParameterError(f"The call is diabolo detect [MODEL] DATA, and {len(given)} names came: {' '.join(given)}")
    if len(given) == 2:
        return Path(given[0]), given[1]
    if is_model(given[0]):
        raise ParameterError(
            f"{given[0]} is a model folder. Say what it is to judge: {command('diabolo', VERB, given[0])} DATA"
        )
    return None, given[0]


def takes_tables(trained: Trained) -> bool:
    """Whether a model takes tables."""
    return trained.kind.name != "image"


def make(
    data: str,
    first: First,
    asked: Asked,
    *,
    beside: Path | None,
    label: str | None,
    id: str | None,
    device: str,
    skip_broken: bool,
) -> MadeFirst:
    """Train a detector on data and keep it in a folder.

    beside: the output, next to which the folder goes where no other was named.
    """
    from diabolo import store
    from diabolo.cli.progress import ProgressLine
    from diabolo.jobs.anomalies.detector.screen import read_rows
    from diabolo.jobs.anomalies.detector.threshold import AUTO, check_contamination
    from diabolo.jobs.train import Options

    contamination = AUTO if first.contamination is None else first.contamination
    check_contamination(contamination)
    Options(seed=first.seed, device=device).check()
    place = Path() if beside is None else beside.parent
    folder = first.keep or free_folder(str(place / f"{clean_name(data)}-detector"))
    with removed_if_empty(folder), ProgressLine() as progress:
        store.prepare(folder, advice="Choose another one with --keep FOLDER.")
        read_as: dict[str, Any] = {"label": label, "id": id, "ignore": first.ignore, "skip_broken": skip_broken}
        reading = read_rows(data, **read_as)
        tell(reading)
        truth = asked.truth(reading)
        console.say(f"No MODEL was given, so one is trained on {reading.name} first and kept in {folder}.")
        rows, part = _normal_rows(reading, truth if first.novelty else None)
        screen = _fitted(part, first, contamination, device, progress)
    run = {"command": asked.line, "data": data, "verb": VERB}
    held_out = _held_out(part)
    store.save(screen.trained, folder, run=run, metrics=_metrics(screen.trained, part, held_out))
    found = rows[held_out]
    return MadeFirst(screen.trained, folder, reading, truth, found, _fresh(truth, found) if first.novelty else None)


def _fitted(reading: Reading, first: First, contamination: float | str, device: str, progress: ProgressLine) -> Screen:
    from diabolo.jobs.anomalies.detector.screen import NAME, fit_screen, options_for
    from diabolo.training.events import Event, Notice

    def watch(event: Event) -> None:
        if not (isinstance(event, Notice) and event.about == NAME):  # the verdict is told with the results
            progress(event)

    options: Options | None = None
    if first.epochs is not None or device != "auto":
        options = dataclasses.replace(options_for(reading.kind, len(reading.source), seed=first.seed), device=device)
        options = options if first.epochs is None else dataclasses.replace(options, epochs=first.epochs)
    rules: dict[str, Any] = {"contamination": contamination, "novelty": first.novelty, "seed": first.seed}
    return fit_screen(reading, options, readers=[watch], **rules)


def _normal_rows(reading: Reading, anomalous: np.ndarray | None) -> tuple[np.ndarray, Reading]:
    """The numbers of the rows to train on, and these: all, or those that are known to be normal."""
    import numpy as np
    import torch

    from diabolo.data.subset import Subset

    if anomalous is None:
        return np.arange(len(reading.source)), reading
    rows = np.flatnonzero(~anomalous)
    console.say(f"Novelty: the {len(rows)} normal rows of {len(anomalous)} train the model.")
    beside: dict[str, Any] = {name: getattr(reading, name) for name in ("labels", "ids", "groups")}
    beside = {name: None if values is None else values[rows] for name, values in beside.items()}
    return rows, dataclasses.replace(reading, source=Subset(reading.source, torch.from_numpy(rows)), **beside)


def _held_out(reading: Reading) -> np.ndarray:
    from diabolo.jobs.anomalies.detector.screen import held_out_of

    return held_out_of(len(reading.source), reading.groups).numpy()


def _fresh(truth: np.ndarray | None, held_out: np.ndarray) -> np.ndarray | None:
    """The anomalies and the held-out normal rows, (n,) bool: no weight was fitted to either."""
    if truth is None:
        return None
    fresh = truth.copy()
    fresh[held_out] = True
    return fresh


def _metrics(trained: Trained, reading: Reading, held_out: np.ndarray) -> dict[str, Any]:
    import torch

    from diabolo.data.subset import Subset
    from diabolo.jobs.workshop import judge_rows

    rows = Subset(reading.source, torch.from_numpy(held_out))
    return judge_rows(trained, rows, None, name=reading.name, role="held-out").evaluation.to_dict()

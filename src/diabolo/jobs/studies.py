"""Studies: what more trainings than a model's own have shown about its data, kept beside it for its report.

sweep: how wide the code should be (:class:`diabolo.jobs.diagnosis.sweep.Sweep`).
labels: how good a classifier is with few labels (:class:`diabolo.jobs.learning.label_curve.LabelCurve`).
layerwise: layers trained one by one beside what is done today (:class:`diabolo.jobs.learning.layer_study.LayerStudy`).

Each has ``kept()``, plain values and perhaps rows, and is made again of them by ``from_kept``. The store writes them without
knowing them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, final

from diabolo.errors import StoreError
from diabolo.jobs.diagnosis.sweep import Sweep
from diabolo.jobs.learning.label_curve import LabelCurve
from diabolo.jobs.learning.layer_study import LayerStudy
from diabolo.trained import Companion, Trained

SWEEP, LABELS, LAYERWISE = "sweep", "labels", "layerwise"
Study = Sweep | LabelCurve | LayerStudy
StudyT = TypeVar("StudyT", Sweep, LabelCurve, LayerStudy)


@final
@dataclass(frozen=True, eq=False)
class Studies:
    """Those that travel with a model; None where one was never made."""

    sweep: Sweep | None = None
    labels: LabelCurve | None = None
    layerwise: LayerStudy | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON, of those there are."""
        return {name: study.to_dict() for name, study in vars(self).items() if study is not None}


def studies_of(trained: Trained) -> Studies:
    """The studies of a model. Raises StoreError for one that does not fit together."""
    return Studies(
        _read(trained, SWEEP, Sweep.from_kept),
        _read(trained, LABELS, LabelCurve.from_kept),
        _read(trained, LAYERWISE, LayerStudy.from_kept),
    )


def with_study(trained: Trained, study: Study) -> Trained:
    """A copy that carries one more study; one of the same sort is replaced."""
    return trained.with_study(name_of(study), study.kept())


def name_of(study: Study) -> str:
    """What a study is called in a model folder."""
    return SWEEP if isinstance(study, Sweep) else LABELS if isinstance(study, LabelCurve) else LAYERWISE


def _read(trained: Trained, name: str, make: Callable[[Companion], StudyT]) -> StudyT | None:
    kept = trained.studies.get(name)
    if kept is None:
        return None
    try:
        return make(kept)
    except (KeyError, TypeError, ValueError, IndexError) as problem:
        raise StoreError(
            f"What the model carries as its study {name!r} is damaged ({problem!r}). Delete studies/{name}.json in its folder, "
            "or make it again."
        ) from problem

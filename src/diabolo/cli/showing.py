"""Names and models in detail: as data, and as text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from diabolo.cli import catalogue, console
from diabolo.cli.outputs import REPORT
from diabolo.cli.results import show_details, show_errors, show_history
from diabolo.errors import StoreError, unknown

ONE = {
    "recipes": "recipe",
    "networks": "network",
    "bottlenecks": "bottleneck",
    "corruptions": "corruption",
    "likelihoods": "likelihood",
    "regularizers": "regularizer",
    "optimizers": "optimizer",
    "data": "data set",
}
PATHS = {"regularizer": "regularizers.{}"}
"""How `--set` addresses a part where it is not by its role's name."""


def describe_names(name: str) -> list[dict[str, Any]]:
    """Everything called ``name``. Raises ParameterError with the nearest name, StoreError for a folder that is no model."""
    found = catalogue.named(name)
    if not found and Path(name).is_dir():
        raise StoreError(
            f"{name} is a folder, but no model folder (it has no config.json). List models in it: diabolo list {name}"
        )
    if not found:
        raise unknown("recipe, part, data set or model folder", name, catalogue.names())
    return [{"family": ONE[what], **_document(what, entry)} for what, entry in found]


def _document(what: str, entry: catalogue.Entry) -> dict[str, Any]:
    if what == "recipes":
        return catalogue.recipe_document(entry.name)
    if what == "data":
        return {"name": entry.name, "about": entry.about, "source": entry.source}
    return catalogue.part_document(entry)


def show_names(found: Sequence[Mapping[str, Any]]) -> None:
    """Each as text, one below the other."""
    for i, document in enumerate(found):
        if i:
            console.result()
        if document["family"] == "recipe":
            _show_recipe(document)
        elif document["family"] == "data set":
            console.result(f"data set {document['name']}\n  {document['about']}\n  {document['source']}")
            console.result(f"  Try it: diabolo train {document['name']}")
        else:
            _show_part(document)


def _show_recipe(document: Mapping[str, Any]) -> None:
    console.result(f"recipe {document['name']}\n  What:   {document['what']}\n  When:   {document['when']}")
    console.result(f"  Paper:  {document['paper']}")
    images, tables = (_parts(document["parts"][kind]) for kind in ("images", "tables"))
    if images == tables:
        console.result(f"  Sets:   {images}")
    else:
        console.result(f"  Sets:   images: {images}\n          tables: {tables}")
    labels = " --label COLUMN" if document["needs_labels"] else ""
    console.result(f"  The rest follows from the data. Try it: diabolo train DATA --recipe {document['name']}{labels}")


def _parts(parts: Mapping[str, Any]) -> str:
    """``bottleneck gaussian (beta=4.0), likelihood bernoulli``."""
    texts = []
    for role, given in parts.items():
        for part in given if isinstance(given, list) else [given]:
            own = ", ".join(f"{k}={v}" for k, v in part.items() if k != "name")
            texts.append(f"{ONE.get(role, role)} {part['name']}" + (f" ({own})" if own else ""))
    return ", ".join(texts)


def _show_part(document: Mapping[str, Any]) -> None:
    also = f" (also: {', '.join(document['aliases'])})" if document["aliases"] else ""
    console.result(f"{document['family']} {document['name']}{also}")
    for line in document["about"].splitlines():
        console.result(f"  {line}" if line else "")
    path = PATHS.get(document["family"], document["family"]).format(document["name"])
    rows = [
        [f"{path}.{row['name']}", "" if row["default"] is None else str(row["default"]), row["range"], row["doc"]]
        for row in document["options"]
    ]
    console.result()
    if not rows:
        console.result("  It has no options.")
        return
    console.table(["--set", "default", "range", "meaning"], rows)


def describe_model(folder: Path) -> dict[str, Any]:
    """A model folder as data: its choices, sizes, metrics and history. The whole model is loaded, so damage is found."""
    from diabolo import store
    from diabolo.cli.inputs import run_record

    trained = store.load(folder)
    config = trained.config
    return {
        "model": folder,
        "recipe": config.recipe,
        "data": config.data,
        "latent_dim": config.latent_dim,
        "composition": config.composition.to_json(),
        "labels": config.labels,
        "row": trained.kind.layout.shape,
        "code": trained.model.code_shape,
        "weights": sum(p.numel() for p in trained.model.parameters()),
        "layers": {
            half: sum(1 for m in module.modules() if any(p.ndim > 1 for p in m.parameters(recurse=False)))
            for half, module in (("encoder", trained.model.encoder), ("decoder", trained.model.decoder))
        },
        "plan": config.plan,
        "reasons": config.reasons,
        "run": run_record(folder),
        "metrics": _metrics(folder),
        "history": trained.history,
        "report": folder / REPORT if (folder / REPORT).is_file() else None,
    }


def _metrics(folder: Path) -> dict[str, Any] | None:
    try:
        return json.loads((folder / "metrics.json").read_text(encoding="utf-8")) or None
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        raise StoreError(f"{folder / 'metrics.json'} is damaged ({problem}). Copy the model folder again.") from problem


def show_model(document: Mapping[str, Any]) -> None:
    """A model folder as text: what it is, how it was made, how good it is, how training ended."""
    data, layers = document["data"], document["layers"]
    lines = {
        "Model": f"{document['model']}: {document['recipe']}, {_shape(document['row'])} → {_shape(document['code'])} → back",
        "Data": f"{data.get('name')}, {data.get('rows')} rows; {data.get('reason')}",
        "Parts": _parts({k: v for k, v in document["composition"].items() if k != "conditional" and v}),
        "Layers": f"{layers['encoder']} in the encoder, {layers['decoder']} in the decoder; {document['weights']:,} weights",
        "Choices": "; ".join(document["plan"].get("reasons", ())) or "all as asked",
        "Command": document["run"].get("command", "made from Python"),
        "Report": document["report"] or "none; make one with: diabolo report MODEL",
    }
    for heading, text in lines.items():
        console.result(f"{heading + ':':<9}{text}")
    if document["metrics"]:
        console.result()
        show_errors(document["metrics"])
        show_details(document["metrics"])
    if document["history"]:
        console.result()
        show_history(document["history"], limit=8)


def _shape(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))

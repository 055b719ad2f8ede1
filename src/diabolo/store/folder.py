"""The model folder: JSON, safetensors and text; nothing in it can run code.

config.json            schema, recipe, every part with its options, the kind
model.safetensors      weights
preprocess.json        what the kinds learned (scales, names, shapes); preprocess.safetensors
companions.json        what jobs fitted beside the model; companions.safetensors
studies/               what more trainings have shown, where there were any: see studies.py
metrics.json           the evaluation on held-out rows
history.csv            the training log, a line an epoch
run.toml               how it was asked for, every option and the resolved plan; `diabolo train run.toml` does it again
environment.json       versions and machine
README.md              the model card
report.html            the report, where one was made, and its figures in report.json
checkpoints/           while training runs
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from diabolo.composition import Composition
from diabolo.data.kinds import KINDS
from diabolo.data.kinds.base import Kind
from diabolo.errors import DataError, DiaboloError, ParameterError, StoreError, UnsafeError
from diabolo.model import Model
from diabolo.parts.likelihoods.base import Likelihood
from diabolo.parts.networks.base import Network
from diabolo.recipes import RECIPES
from diabolo.spec import Part
from diabolo.store.card import model_card
from diabolo.store.environment import environment
from diabolo.store.files import read_arrays, read_json, write_arrays, write_json, write_text
from diabolo.store.studies import read_studies, write_studies
from diabolo.store.toml import to_toml
from diabolo.trained import Companion, Config, Trained

SCHEMA = 1
FIELDS: Mapping[str, tuple[type, str]] = {
    "recipe": (str, "a name"),
    "composition": (dict, "an object"),
    "latent_dim": (int, "a whole number"),
    "labels": (list, "a list"),
    "data": (dict, "an object"),
    "plan": (dict, "an object"),
    "options": (dict, "an object"),
    "reasons": (list, "a list"),
}
"""What config.json holds beside its schema."""

OWN = {"network": "network=Custom(encoder, decoder)", "likelihood": "likelihood=function"}
UNSAFE = (".pkl", ".pickle", ".pt", ".pth", ".bin", ".joblib", ".ckpt", ".dill", ".cloudpickle")


def prepare(folder: Path | str, *, resume: bool = False, advice: str = "Choose another one.") -> Path:
    """Make an output folder and see that it can be written to.

    advice: what to do where it holds something. Raises StoreError where it is a file, cannot be written, or already holds
    something (unless ``resume``).
    """
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise StoreError(f"{path} is a file; a model needs a folder. Choose another name.")
    if path.is_dir() and any(path.iterdir()) and not resume:
        raise StoreError(f"The folder {path} is not empty. {advice}")
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as problem:
        raise StoreError(f"The folder {path} cannot be written to ({problem.strerror}). Choose another one.") from problem
    return path


def prepare_for_model(folder: Path | str, *, overwrite: bool = False, mark: str = "config.json") -> Path:
    """:func:`prepare` for a model that is kept from Python. overwrite: replace the one that is there, which ``mark`` tells."""
    if overwrite:
        replaces = (Path(folder) / mark).is_file()
        refused = f"It is no model folder (it has no {mark}), and only those are replaced: choose another one."
        return prepare(folder, resume=replaces, advice=refused)
    return prepare(folder, advice="Choose another one, or overwrite=True for a model folder.")


def save(
    trained: Trained, folder: Path | str, *, metrics: Mapping[str, Any] | None = None, run: Mapping[str, Any] | None = None
) -> Path:
    """Write a model folder; files of the same names in it are replaced, each whole or not at all.

    metrics: what goes into metrics.json and the card. run: what goes into run.toml beside the resolved plan.
    """
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    kinds = {"kind": trained.kind} | ({"target_kind": trained.target_kind} if trained.target_kind else {})
    described = {role: kind.to_json() for role, kind in kinds.items()}
    weights = {name: value.detach().cpu().numpy() for name, value in trained.model.state_dict().items()}
    write_arrays(path / "model.safetensors", weights)
    write_json(path / "preprocess.json", {role: {"name": kinds[role].name, **data} for role, (data, _) in described.items()})
    arrays = {f"{role}.{k}": v.cpu().numpy() for role, (_, tensors) in described.items() for k, v in tensors.items()}
    write_arrays(path / "preprocess.safetensors", arrays)
    write_json(path / "companions.json", {name: dict(c.data) for name, c in trained.companions.items()})
    fitted = {f"{name}.{k}": v for name, c in trained.companions.items() for k, v in c.arrays.items()}
    write_arrays(path / "companions.safetensors", fitted)
    write_studies(path, trained.studies)
    for told_before in ("report.html", "report.json"):
        (path / told_before).unlink(missing_ok=True)
    write_text(path / "history.csv", _history_text(trained.history))
    write_text(path / "run.toml", to_toml(_run_tables(trained.config, run or {})))
    write_json(path / "environment.json", environment(trained.config.plan))
    add_metrics(trained, path, metrics or {})
    write_json(path / "config.json", {"schema": SCHEMA, **trained.config.to_json()})
    return path


def add_metrics(trained: Trained, folder: Path | str, metrics: Mapping[str, Any]) -> None:
    """Write metrics.json, and the model card that tells of them."""
    write_json(Path(folder) / "metrics.json", metrics)
    write_text(Path(folder) / "README.md", model_card(trained, metrics))


def load(
    folder: Path | str, *, network: Network | None = None, likelihood: Likelihood | None = None, device: str = "cpu"
) -> Trained:
    """Read a model folder. Nothing is unpickled, imported or run because a file says so.

    network, likelihood: the user's own code for models that were saved with it.

    Raises:
        StoreError: no model folder, a damaged or missing file, a newer schema, weights that do not fit the config.
        UnsafeError: the folder holds a pickle.
    """
    path = Path(folder)
    if not path.is_dir():
        raise StoreError(f"There is no model folder {path}. List what is here with: diabolo list")
    refuse_pickles(path)
    if (path / "classifier.json").is_file():
        raise StoreError(
            f"{path} holds a fine-tuned classifier: FineTunedClassifier.load reads it, and diabolo classify applies it. The "
            f"autoencoder it began with is {path / 'autoencoder'}."
        )
    config = read_json(path / "config.json")
    _check_schema(config.get("schema"))
    _check_config(config, path)
    _check_own(config["composition"], "network", network, path)
    _check_own(config["composition"], "likelihood", likelihood, path)
    try:
        return _load(path, config, network, likelihood, device)
    except StoreError:
        raise
    except (DiaboloError, KeyError, TypeError, ValueError, AttributeError) as problem:
        raise StoreError(f"The model folder {path} does not fit together: {_told(problem)}") from problem


def read_history(path: Path) -> tuple[dict[str, float], ...]:
    """history.csv as rows of numbers."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = tuple({k: float(v) for k, v in row.items() if v != ""} for row in csv.DictReader(file))
    except FileNotFoundError as problem:
        raise StoreError(f"{path.name} is missing in {path.parent}: it is no whole model folder.") from problem
    except (ValueError, TypeError) as problem:
        raise StoreError(f"{path} is damaged ({problem}).") from problem
    if not all("epoch" in row for row in rows) or not rows:
        raise StoreError(f"{path} is damaged: expected a table with a line an epoch. Copy the model folder again.")
    return rows


def _load(path: Path, config: dict[str, Any], network: Network | None, likelihood: Likelihood | None, device: str) -> Trained:
    kinds = _read_kinds(path)
    kind, target_kind = kinds["kind"], kinds.get("target_kind")
    composition = Composition.from_json(config["composition"], network, likelihood)
    labels = tuple(config["labels"])
    weights = {k: torch.from_numpy(v) for k, v in read_arrays(path / "model.safetensors").items()}

    def build() -> Model:
        return Model(composition, kind.layout, (target_kind or kind).layout, config["latent_dim"], len(labels))

    if network is None:  # shapes first: a damaged number must not fill the memory
        with torch.device("meta"):
            _check_weights(build(), weights, path)
    with torch.random.fork_rng([]):
        model = build()
    _check_weights(model, weights, path)
    model.load_state_dict(weights)
    known = {k: config[k] for k in ("recipe", "latent_dim", "data", "plan", "options")}
    resolved = Config(composition=composition, labels=labels, reasons=tuple(config["reasons"]), **known)
    history = read_history(path / "history.csv")
    model.to(device).eval()
    return Trained(model, kind, resolved, history, _read_companions(path), target_kind, read_studies(path))


def _read_kinds(path: Path) -> dict[str, Kind]:
    arrays = read_arrays(path / "preprocess.safetensors")
    kinds = {}
    for role, data in read_json(path / "preprocess.json").items():
        name = data.pop("name")
        if name not in KINDS:
            raise DataError(f"there is no kind {name!r} in this version of Diabolo")
        tensors = {k.removeprefix(role + "."): torch.from_numpy(v) for k, v in arrays.items() if k.startswith(role + ".")}
        kinds[role] = KINDS[name].from_json(data, tensors)
    return kinds


def _read_companions(path: Path) -> dict[str, Companion]:
    arrays = read_arrays(path / "companions.safetensors")
    return {
        name: Companion(data, {k.removeprefix(name + "."): v for k, v in arrays.items() if k.startswith(name + ".")})
        for name, data in read_json(path / "companions.json").items()
    }


def _check_weights(model: Model, weights: Mapping[str, torch.Tensor], path: Path) -> None:
    expected = {k: tuple(v.shape) for k, v in model.state_dict().items()}
    found = {k: tuple(v.shape) for k, v in weights.items()}
    if expected != found:
        wrong = sorted(k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k))
        name = wrong[0]
        raise StoreError(
            f"The weights in {path / 'model.safetensors'} do not fit config.json: {len(wrong)} differ, the first is {name}: "
            f"expected {expected.get(name, 'none')}, found {found.get(name, 'none')}."
        )


def _check_schema(schema: object) -> None:
    if not isinstance(schema, int) or schema < 1:
        raise StoreError(f"config.json has no valid schema number ({schema!r}): it is no model folder of Diabolo.")
    if schema > SCHEMA:
        raise StoreError(
            f"The model was saved by a newer Diabolo (schema {schema}; this version reads up to {SCHEMA}). Upgrade with: "
            "pip install -U diabolo"
        )


def _check_config(config: Mapping[str, Any], path: Path) -> None:
    """Raise StoreError where config.json has other fields or other kinds of values than ``save`` writes."""
    file = path / "config.json"
    for name, (kind, what) in FIELDS.items():
        if name not in config:
            raise StoreError(f"{file} is damaged: {name!r} is missing. Copy the model folder again.")
        if not isinstance(config[name], kind) or isinstance(config[name], bool):
            raise StoreError(f"{file} is damaged: {name!r} should be {what}, and is {config[name]!r}.")
    unexpected = sorted(config.keys() - FIELDS.keys() - {"schema"})
    if unexpected:
        raise StoreError(f"{file} holds what this version does not know: {', '.join(unexpected)}. Upgrade, or copy it again.")
    if config["recipe"] not in RECIPES:
        raise StoreError(f"{file} names a recipe that is not known: {config['recipe']!r}. Known: {', '.join(RECIPES)}.")
    if config["latent_dim"] < 1:
        raise StoreError(f"{file} is damaged: 'latent_dim' should be at least 1, and is {config['latent_dim']}.")
    if not isinstance(config["data"].get("asked", {}), dict):
        raise StoreError(f"{file} is damaged: 'data.asked' should be an object, and is {config['data']['asked']!r}.")


def _check_own(composition: Mapping[str, Any], role: str, given: Part | None, path: Path) -> None:
    """Raise StoreError where the part handed over to ``load`` is not what the model was saved with."""
    saved = composition.get(role)
    name = saved.get("name") if isinstance(saved, dict) else None
    if given is None or given.name == name:
        return
    if name == "custom":
        raise StoreError(
            f"The model {path} was saved with its own {role}, and needs it again: load(path, {OWN[role]}). "
            f"Got the {role} {given.name!r}."
        )
    raise StoreError(f"The model {path} was saved with the {role} {name!r}, which it brings along: leave {role}= out.")


def refuse_pickles(path: Path) -> None:
    """Raise UnsafeError where a folder holds files that can run code, whatever is in them."""
    found = sorted(p.name for p in path.rglob("*") if p.suffix.lower() in UNSAFE)
    if found:
        raise UnsafeError(
            f"The model folder {path} holds {', '.join(found[:3])}: such files can run code when loaded, and a Diabolo model "
            "never has any. Delete them if you trust the rest."
        )


def _run_tables(config: Config, run: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """How the training was asked for, what the data turned out to be, and every choice as it was made."""
    return {"run": run, "data": config.data, "options": config.options, "plan": config.plan}


def _history_text(history: tuple[Mapping[str, float], ...]) -> str:
    columns = list(dict.fromkeys(name for row in history for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()


def _told(problem: Exception) -> str:
    if isinstance(problem, KeyError):
        return f"{problem.args[0]!r} is missing."
    text = str(problem)
    if isinstance(problem, ParameterError) and "custom" in text:
        return text
    return text if text.endswith(".") else text + "."

"""How a model was made: what makes it again, its plan, its parts, the machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diabolo.jobs.train import Options
from diabolo.report.gathered import Gathered
from diabolo.report.language import Language
from diabolo.report.reasons import translated
from diabolo.spec import Part
from diabolo.store.environment import environment

Pair = tuple[str, str]

_PYTHON = {"seed": "random_state"}  # what Autoencoder calls an option
_READ = ("kind", "image_shape", "value_range", "patch")  # what Autoencoder knows of the options of reading


def python_lines(g: Gathered) -> str:
    """The Python that trains the same model again: the options that were given, and the data by name."""
    config, defaults = g.trained.config, Options().to_json()
    asked = {k: v for k, v in config.options.items() if v != defaults.get(k)}
    recipe, seed = asked.pop("recipe", "auto"), asked.pop("seed", defaults["seed"])
    parts = config.composition.to_json()
    changed = {path.partition(".")[0] for path, _ in asked.pop("settings", ())}
    asked |= {role: parts[role] for role in sorted(changed)} | {"seed": seed}
    asked |= {name: tuple(v) if isinstance(v, list) else v for name, v in config.data.get("asked", {}).items() if name in _READ}
    arguments = [repr(recipe)] + [f"{_PYTHON.get(k, k)}={_code(k, v)}" for k, v in asked.items()]
    labels = ", y" if config.labels else ""
    target = ", target=target" if g.trained.target_kind is not None else ""
    return f"from diabolo import Autoencoder\n\nae = Autoencoder({', '.join(arguments)}).fit(X{labels}{target})"


def facts(g: Gathered, say: Language) -> list[Pair]:
    """Name and value of everything that decided about the training."""
    config, plan = g.trained.config, g.trained.config.plan
    optimizer = plan.get("optimizer", {})
    schedule = f"schedule.{optimizer.get('schedule')}"
    found = [
        (say.plain("made.data"), translated(str(config.data.get("name", "?")), say).text),
        (say.plain("made.rows"), _rows(g, say)),
        (say.plain("made.recipe"), config.recipe),
        (say.plain("made.seed"), str(config.options.get("seed", plan.get("seed", "?")))),
    ]
    if optimizer:
        rate = say.number(float(plan["learning_rate"]), 2)
        words = {"name": optimizer["name"], "rate": rate, "schedule": say.plain(schedule) if say.has(schedule) else ""}
        found += [
            (say.plain("made.optimizer"), say.plain("made.optimizer.value", **words).rstrip(", ")),
            (say.plain("made.batch"), say.count(plan["batch_size"])),
            (say.plain("made.steps"), say.count(int(g.trained.history[-1]["step"])) if g.trained.history else "–"),
            (say.plain("made.device"), say.plain("made.device.value", device=plan["device"], precision=plan["precision"])),
        ]
    return [*found, *_machine(g, say)]


def part_facts(g: Gathered) -> list[Pair]:
    """Each part of the model with its options, as ``--set`` and JSON write them."""
    composition = g.trained.model.composition
    parts: list[tuple[str, Part | None]] = [
        (role, getattr(composition, role)) for role in ("network", "bottleneck", "likelihood", "corruption")
    ]
    parts += [("regularizer", part) for part in composition.regularizers]
    return [(role, _described(part)) for role, part in parts if part is not None]


def _code(name: str, value: Any) -> str:
    """An option as Python; the user's own code by a name of its own."""
    if isinstance(value, Mapping) and value.get("name") == "custom":
        return "Custom(encoder, decoder)" if name == "network" else "loss"
    return repr(value)


def _described(part: Part) -> str:
    options = {k: v for k, v in part.to_json().items() if k != "name"}
    return f"{part.name}({', '.join(f'{k}={_written(v)}' for k, v in options.items())})"


def _written(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _rows(g: Gathered, say: Language) -> str:
    rows = g.trained.config.data.get("rows")
    if rows is None or g.split is None:
        return say.plain(f"noun.{g.noun}", n=rows) if rows is not None else "–"
    kept, held_out = g.split
    every = say.plain(f"noun.{g.noun}", n=rows)
    if not held_out:
        return say.plain("made.rows.all", all=every)
    return say.plain("made.rows.split", all=every, train=kept, held_out=held_out)


def _machine(g: Gathered, say: Language) -> list[Pair]:
    found: Mapping[str, Any] = environment(g.trained.config.plan)
    machine = say.plain(
        "made.machine.cores", system=found["system"], cpu=found["cpu"], n=found["cores"], threads=found["threads"]
    )
    if found["gpu"]:
        machine += f", {found['gpu']}"
    versions = {"python": found["python"], **found["packages"]}
    shown = ", ".join(f"{name} {version}" for name, version in versions.items() if version[0].isdigit())
    return [(say.plain("made.machine"), machine), (say.plain("made.versions"), shown)]

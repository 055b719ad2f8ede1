"""The engine: a generator of events that turns an untrained model into a trained one.

Noise, dropout and order are functions of (seed, step) and (seed, epoch) alone, so a run that was broken and resumed ends bit
for bit where an unbroken one ends (same CPU, threads and versions).
"""

from __future__ import annotations

import dataclasses
import json
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, final

import torch
from torch import Tensor

from diabolo.data.examples import Examples
from diabolo.errors import DivergedError, ParameterError, UnsupportedError
from diabolo.model import Model
from diabolo.parts.bottlenecks.quantizer import Quantizer
from diabolo.records import Context, Loss
from diabolo.trained import CRITIC, Trained
from diabolo.training import checkpoints
from diabolo.training.averaging import Average
from diabolo.training.device import device_generator, mixed_seed, seed_all, threads
from diabolo.training.events import Epoch, Event, Finished, Notice, Progress, Saved, Started
from diabolo.training.optimizers import for_critics, scale_rates
from diabolo.training.plan import Plan, automatic_rate, steps_per_epoch
from diabolo.training.schedules import multiplier

VALIDATION_ROWS = 1024
CHUNK_SECONDS = 0.25
LOOK_SECONDS = 30.0
"""How long an epoch may go on before its losses are looked at though it is not over."""
KEEP_SECONDS = 30.0
MARKS = (0.1, 0.3, 0.6, 0.85)  # shares of a time budget at which the pace since the mark before is taken
OVERRUN = 1.2
_ORDER, _STEP, _VALIDATION, _CRITICS = 1, 2, 3, 4


def train(
    trained: Trained,
    examples: Examples,
    rows: Tensor,
    validation: Tensor,
    plan: Plan,
    *,
    checkpoint_folder: Path | None = None,
    resume: bool = False,
) -> Iterator[Event]:
    """Train ``trained.model`` (in place) and yield what happens, :class:`Finished` last.

    Args:
        trained: the model to start from, new or trained before; its history is continued.
        examples: the data. rows, validation: int64 row numbers; without validation rows the training loss chooses the
            best weights.
        plan: every choice, resolved.
        checkpoint_folder: where checkpoints go, at epoch ends, at most every ``KEEP_SECONDS``.
        resume: go on from the checkpoint there.

    Raises:
        DivergedError: the loss became NaN or infinite; the text says which term and when.
        StoreError: there is nothing to resume.
    """
    run = _Run(trained, examples, rows, validation, plan)
    if resume and checkpoint_folder is not None:
        run.restore(*checkpoints.read(checkpoint_folder))
    with _ctrl_c(run.stop), threads(plan.threads):
        yield from run.events(checkpoint_folder)


@final
class _Run:
    """The state of one training."""

    def __init__(self, trained: Trained, examples: Examples, rows: Tensor, validation: Tensor, plan: Plan) -> None:
        self.trained, self.plan = trained, plan
        self.device = torch.device(plan.device)
        self.model = _placed(trained.model, self.device, plan.seed)
        self.forward = torch.compile(self.model) if plan.compiled else self.model
        self.examples = examples.to(self.device)
        self.rows, self.validation = rows, validation
        self.critics = torch.nn.ModuleDict(self.model.critics)
        self.optimizers = plan.optimizer.build(self.model, plan.learning_rate)
        self.optimizers += for_critics(self.critics.values(), plan.learning_rate)
        self.average = Average(self.model, plan.optimizer.average) if plan.optimizer.average else None
        self.generator = device_generator(self.device)
        self.columns = _columns(self.model)
        self.history: list[dict[str, float]] = [dict(row) for row in trained.history]
        self.first_epoch = self.epoch = len(self.history)
        self.step, self.steps, self.seconds = 0, plan.steps, 0.0
        self.best_loss, self.best_epoch = math.inf, self.epoch
        self.best: dict[str, Tensor] = self._weights()
        self.marks: list[tuple[float, int]] = []  # (seconds, step) where a time budget was measured
        self.stopped = False
        self.reason = "complete"

    def stop(self) -> None:
        """Ask for an end after the current steps."""
        self.stopped = True

    # --- the run ---------------------------------------------------------------------------------------------------

    def events(self, folder: Path | None) -> Iterator[Event]:
        parameters = sum(p.numel() for p in self.model.parameters() if p.requires_grad)
        reasons = self.trained.config.reasons
        yield Started(self.plan, len(self.rows), len(self.validation), parameters, self.epoch, reasons, stop=self.stop)
        begun, kept = time.perf_counter() - self.seconds, time.perf_counter()
        while not self._over():
            for seconds in self._epoch(begun):
                yield Progress(self.step, self.steps, self.epoch + 1, seconds, stop=self.stop)
            if self.stopped and self.epoch > self.first_epoch:
                self.reason = "stopped"
                break  # an unfinished epoch is left out: the best weights are those of a finished one
            yield self._close_epoch(time.perf_counter() - begun)
            if folder is not None and (time.perf_counter() - kept > KEEP_SECONDS or self.epoch == self.first_epoch + 1):
                yield self._keep(folder)
                kept = time.perf_counter()
        yield self._finish(time.perf_counter() - begun)

    def _epoch(self, begun: float) -> Iterator[float]:
        """Make the steps of one epoch, in chunks; yields the seconds so far after each chunk.

        The losses stay on the device until the epoch ends, where they are read once; of long epochs every half a minute.
        """
        order = self._order()
        size = self.plan.batch_size
        self.sums = torch.zeros(len(self.columns), device=self.device)
        self.made = 0
        chunk, looked = 1, time.perf_counter()
        while self.made < steps_per_epoch(len(order), size) and not self.stopped:
            tick = time.perf_counter()
            last = min(self.made + chunk, steps_per_epoch(len(order), size))
            batches = [order[i * size : (i + 1) * size] for i in range(self.made, last)]
            self.model.train()
            with self._own_randomness():
                for index in batches:
                    self._step(index, time.perf_counter() - begun)
                    if self._made_all():
                        break
            now = time.perf_counter()
            if now - looked > LOOK_SECONDS:
                self._check_finite()
                looked = now
            if now - tick < CHUNK_SECONDS:
                chunk *= 2
            self._measure(now - begun)
            yield now - begun
            if self._made_all():
                break
        self._check_finite()

    def _step(self, index: Tensor, seconds: float) -> None:
        fraction = self._fraction(seconds)
        scale_rates(self.optimizers, multiplier(self.plan.optimizer.schedule, self.plan.optimizer.warmup, fraction))
        seed_all(mixed_seed(self.plan.seed, _STEP, self.epoch, self.made), self.generator)
        batch = self.examples.batch(index, self.device)
        with _compiling(self.plan.compiled):
            with self._precision():
                loss = self.forward(batch, Context(fraction, self.generator, training=True))
            critics = (critic.mean() for critic in loss.critics.values())  # no gradient of one reaches the other
            sum(critics, loss.total.mean() / self.model.target.cells).backward()
        if self.plan.optimizer.clip is not None:
            for side in (self.model, *([self.critics] if self.critics else [])):
                torch.nn.utils.clip_grad_norm_(side.parameters(), self.plan.optimizer.clip)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.step += 1
        self.made += 1
        if self.average is not None:
            self.average.update(self.step)
        self.sums += _means(loss, self.columns)

    def _close_epoch(self, seconds: float) -> Epoch:
        """Validate, write the history's line and remember the weights where they are the best."""
        self.epoch += 1
        self.seconds = seconds
        rate = self.plan.learning_rate * multiplier(
            self.plan.optimizer.schedule, self.plan.optimizer.warmup, self._fraction(seconds)
        )
        row = {"epoch": float(self.epoch), "step": float(self.step), "seconds": round(seconds, 3), "learning_rate": rate}
        row |= self._named("train", (self.sums / max(1, self.made)).tolist())
        with self._averaged():
            if len(self.validation):
                row |= self._named("validation", self._validate())
            watched = row["validation_loss" if len(self.validation) else "train_loss"]
            if not math.isfinite(watched):
                raise DivergedError(
                    f"The held-out loss became {watched} in epoch {self.epoch} while the training loss is "
                    f"{row['train_loss']:.4g}. Lower the learning rate, or look for rows unlike the others."
                )
            best = watched < self.best_loss or bool(self.critics)  # what critics say of two epochs cannot be compared
            if best:
                self.best_loss, self.best_epoch, self.best = watched, self.epoch, self._weights()
        self.history.append(row)
        return Epoch(row, best, stop=self.stop)

    @torch.no_grad()
    def _validate(self) -> list[float]:
        """The training objective at its final weights, with the same corruption and noise every time."""
        self.model.eval()
        sums = torch.zeros(len(self.columns), dtype=torch.float64)
        for i, index in enumerate(self.validation.split(VALIDATION_ROWS)):
            self.generator.manual_seed(mixed_seed(self.plan.seed, _VALIDATION, i))
            with self._precision():
                loss = self.model(self.examples.batch(index, self.device), Context(1.0, self.generator, training=False))
            sums += _means(loss, self.columns).cpu() * len(index)
        return (sums / len(self.validation)).tolist()

    def _finish(self, seconds: float) -> Finished:
        self.model.load_state_dict(self.best)
        self.model.eval()
        plan = dataclasses.replace(self.plan, steps=self.steps)
        config = dataclasses.replace(self.trained.config, plan=plan.to_json())
        trained = dataclasses.replace(self.trained, model=self.model, config=config, history=tuple(self.history))
        return Finished(trained, self.reason, self.best_epoch, seconds)

    def _precision(self) -> torch.autocast:
        """The plan's precision for the products of the networks."""
        return torch.autocast(self.device.type, self.plan.dtype, enabled=self.plan.dtype != torch.float32)

    # --- when it is over -------------------------------------------------------------------------------------------

    def _over(self) -> bool:
        done = self.epoch - self.first_epoch
        if self.stopped:
            self.reason = "stopped"
        elif self._made_all():
            self.reason = "complete"
        elif self.plan.time_budget and self.seconds > OVERRUN * self.plan.time_budget:
            self.reason = "time budget"
        elif done and self.epoch - self.best_epoch >= self._patience():
            self.reason = "early stopping"
        else:
            return done >= self.plan.epochs
        return True

    def _made_all(self) -> bool:
        return self.steps is not None and self.step >= self.steps

    def _patience(self) -> int:
        if self.plan.optimizer.patience:
            return self.plan.optimizer.patience
        total = self.plan.epochs if self.steps is None else self.steps // steps_per_epoch(len(self.rows), self.plan.batch_size)
        return max(20, total // 5)

    def _fraction(self, seconds: float) -> float:
        if self.steps is not None:
            return min(1.0, self.step / self.steps)
        return min(1.0, seconds / self.plan.time_budget) if self.plan.time_budget else 0.0

    def _measure(self, seconds: float) -> None:
        """Turn what is left of a time budget into steps, by the pace between two marks; the first, slow steps aside.

        A resumed run keeps the number of its checkpoint.
        """
        budget, mark = self.plan.time_budget, len(self.marks)
        if budget is None or mark == len(MARKS) or seconds < MARKS[mark] * budget or (self.steps is not None and mark < 2):
            return
        self.marks.append((seconds, self.step))
        if mark == 0:
            return
        tick = time.perf_counter()
        if len(self.validation):
            self._validate()
        validation = time.perf_counter() - tick
        (before, first), (now, last) = self.marks[-2:]
        per_epoch = steps_per_epoch(len(self.rows), self.plan.batch_size)
        price = (now - before) / (last - first) + validation / per_epoch
        left = budget - now - validation
        self.steps = min(self.plan.epochs * per_epoch, self.step + max(1, int(left / price)))

    def _check_finite(self) -> None:
        if bool(torch.isfinite(self.sums).all()):
            return
        bad = [c for c, s in zip(self.columns, self.sums.tolist(), strict=True) if not math.isfinite(s)]
        terms = ", ".join([c for c in bad if c != "loss"] or bad)
        best = f" The best finished epoch was {self.best_epoch}." if self.best_epoch > self.first_epoch else ""
        rate, usual = self.plan.learning_rate, automatic_rate(self.plan.optimizer, self.plan.batch_size, self.steps)
        advice = f"{rate / 10:.1g}" if rate <= usual else f"'auto', which is {usual:.2g}"
        raise DivergedError(
            f"The loss became NaN or infinite in epoch {self.epoch + 1}, by step {self.step}: in {terms}. "
            f"The learning rate was {rate:g}: try {advice}, or clip gradients "
            f"(optimizer.clip=1).{best}"
        )

    # --- randomness, weights, checkpoints --------------------------------------------------------------------------

    def _order(self) -> Tensor:
        generator = torch.Generator().manual_seed(mixed_seed(self.plan.seed, _ORDER, self.epoch))
        return self.examples.source.order(self.rows, generator)

    @contextmanager
    def _own_randomness(self) -> Iterator[None]:
        """Dropout draws from torch's global generator: seeded inside, left as it was outside."""
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            yield

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        if self.average is None:
            yield
            return
        self.average.swap()
        try:
            yield
        finally:
            self.average.swap()

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self.model.state_dict().items()}

    def _named(self, part: str, values: list[float]) -> dict[str, float]:
        return {f"{part}_{name}": value for name, value in zip(self.columns, values, strict=True)}

    def _keep(self, folder: Path) -> Saved | Notice:
        tensors = (
            checkpoints.with_prefix("model", self._weights())
            | checkpoints.with_prefix("critics", self.critics.state_dict())
            | checkpoints.with_prefix("best", self.best)
            | checkpoints.with_prefix("average", self.average.tensors() if self.average else {})
            | checkpoints.optimizer_tensors(self.optimizers)
        )
        state = {name: getattr(self, name) for name in _KEPT} | {"asked": self._asked()}
        try:
            return Saved(checkpoints.write(folder, tensors, state), stop=self.stop)
        except OSError as problem:
            return Notice(
                f"The checkpoint could not be written ({problem}); the last good one is kept and training goes on.",
                stop=self.stop,
            )

    def _asked(self) -> dict[str, Any]:
        """What must be the same for a broken run to go on, as JSON gives it back; it may go on with another device."""
        config = self.trained.config
        free = {"device": "", "precision": "", "compiled": False, "threads": 0, "reasons": []}
        asked = {
            "plan": self.plan.to_json() | free,
            "model": [config.composition.to_json(), config.latent_dim],
            "data": [config.data.get("kind"), len(self.rows), len(self.validation)],
        }
        return dict(json.loads(json.dumps(asked)))

    def restore(self, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
        """Go back to where a checkpoint was written."""
        other = [name for name, value in self._asked().items() if state["asked"].get(name) != value]
        if other:
            raise ParameterError(
                f"The checkpoint was written by a run with another {' and '.join(other)}. "
                "Resume it with the same options and data."
            )
        self.model.load_state_dict(checkpoints.without_prefix("model", tensors))
        self.critics.load_state_dict(checkpoints.without_prefix("critics", tensors))
        checkpoints.restore_optimizers(self.optimizers, tensors)
        self.best = {name: value.to(self.device) for name, value in checkpoints.without_prefix("best", tensors).items()}
        if self.average is not None:
            self.average.restore(checkpoints.without_prefix("average", tensors))
        for name in _KEPT:
            setattr(self, name, state[name])


_KEPT = ("history", "first_epoch", "epoch", "step", "steps", "seconds", "best_loss", "best_epoch")


def _placed(model: Model, device: torch.device, seed: int) -> Model:
    """The model and its critics on the device; the kernels of pictures on a GPU with channels last, as its tensor units want
    them. Critics that are not there yet are made.
    """
    with torch.random.fork_rng([]):
        torch.manual_seed(mixed_seed(seed, _CRITICS))
        model.build_critics()
    for module in (model, *model.critics.values()):
        module.to(device)
        if device.type == "cuda" and len(model.source.positions) == 2:
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack it
    return model


def _columns(model: Any) -> list[str]:
    """The figures of an epoch, in the order of :func:`_means`."""
    composition = model.composition
    names = ["loss", "reconstruction", "cost", composition.likelihood.everyday]
    if model.bottleneck.variational:
        names.append("kl")
    if isinstance(model.bottleneck, Quantizer):
        names.append("perplexity")
    return names + [r.name for r in composition.regularizers] + [name + CRITIC for name in model.critics]


def _means(loss: Loss, columns: list[str]) -> Tensor:
    """Mean over rows of each figure, one tensor, no synchronization."""
    values = [loss.total, loss.reconstruction, loss.cost, loss.everyday]
    if loss.kl is not None:
        values.append(loss.kl)
    if loss.perplexity is not None:
        values.append(loss.perplexity)
    return torch.stack([v.detach() for v in (*values, *loss.penalties.values(), *loss.critics.values())]).mean(1)


@contextmanager
def _compiling(compiled: bool) -> Iterator[None]:
    """What ``torch.compile`` cannot do, told with the way out."""
    if not compiled:
        yield
        return
    from torch._dynamo.exc import TorchDynamoException  # takes a second to import

    try:
        yield
    except (TorchDynamoException, RuntimeError) as problem:
        if not isinstance(problem, TorchDynamoException) and "torch.compile" not in str(problem):
            raise  # the model's own; penalties on derivatives raise a plain one that names torch.compile
        why = str(problem).strip().splitlines()[0]
        raise UnsupportedError(f"torch.compile failed for this model ({why}). Leave compile=True (--compile) out.") from problem


@contextmanager
def _ctrl_c(stop: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C asks for an orderly end, the second interrupts at once. Only in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def handle(number: int, frame: FrameType | None) -> None:
        stop()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

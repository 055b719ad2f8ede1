"""Plan: every choice about a training, resolved to a value, with the reason for each automatic one."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import torch

from diabolo.errors import ParameterError
from diabolo.spec import find, from_json, is_number
from diabolo.training.device import SHARED_FROM, choose_device, choose_precision, threads_for
from diabolo.training.optimizers import OPTIMIZERS, AdamW, Muon, Optimizer

AUTO_STEPS = 3000
AUTO_EPOCHS = (10, 300)
LARGEST_BATCH, CONVOLVED_BATCH, STEPS_AN_EPOCH, STEPS = 1024, 64, 25, 100
MUON_ROWS = 512


@final
@dataclass(frozen=True)
class Plan:
    """What the engine does.

    epochs: passes over the training rows at most. steps: of the whole run; None until a time budget (seconds) has been
    measured. threads: of the processor, while it trains. seed: of shuffling, noise and dropout. compiled: whether a step's
    forward and backward are compiled by ``torch.compile``.
    """

    epochs: int
    batch_size: int
    optimizer: Optimizer
    learning_rate: float
    device: str
    precision: str
    threads: int
    seed: int
    steps: int | None = None
    time_budget: float | None = None
    compiled: bool = False
    reasons: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return fields | {"optimizer": self.optimizer.to_json(), "reasons": list(self.reasons)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """The inverse of ``to_json``."""
        return cls(**{**data, "optimizer": from_json(OPTIMIZERS, data["optimizer"]), "reasons": tuple(data["reasons"])})

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the networks' matrix products."""
        return torch.bfloat16 if self.precision == "bfloat16" else torch.float32


def as_optimizer(given: str | Mapping[str, Any] | Optimizer) -> Optimizer:
    """An optimizer given by name, by its JSON description or as an object."""
    if isinstance(given, Optimizer):
        return given
    if isinstance(given, Mapping):
        return from_json(OPTIMIZERS, given)
    if not isinstance(given, str):
        raise ParameterError(f"optimizer must be a name or an object from diabolo, got {given!r}.")
    return find(OPTIMIZERS, given)()


def make_plan(
    rows: int,
    *,
    products: int = 0,
    matrices: bool = True,
    kernels: bool = False,
    epochs: int | str = "auto",
    time_budget: float | None = None,
    batch_size: int | str = "auto",
    optimizer: str | Optimizer = "auto",
    learning_rate: float | str = "auto",
    device: str = "auto",
    precision: str = "auto",
    compile: bool | str = "auto",
    threads: int | str = "auto",
    seed: int = 0,
) -> Plan:
    """Resolve every ``"auto"`` for ``rows`` training rows.

    products: how many multiplications a row takes. kernels: whether there are convolutions. matrices: whether all weights are
    matrices (mlp) and no part is the user's own: Muon pays there, and its long steps want outputs that start at the mean of the
    rows.
    """
    reasons: list[str] = []
    _check_whole("epochs", epochs)
    _check_whole("batch_size", batch_size)
    chosen_device, why = choose_device(device)
    reasons.append(why)
    size = _batch_size(batch_size, rows, epochs, _largest_batch(chosen_device, kernels), reasons)
    work = size * products
    dtype, why = choose_precision(precision, chosen_device, large=work >= SHARED_FROM)
    reasons.append(why)
    chosen = _optimizer(optimizer, matrices, size, reasons)
    _check_whole("threads", threads)
    used = _threads(threads, chosen_device, work, reasons)
    passes = _epochs(epochs, time_budget, rows, size, reasons)
    steps = None if time_budget else passes * steps_per_epoch(rows, size)
    rate = _learning_rate(learning_rate, chosen, size, steps, reasons)
    reasons.append(f"schedule {chosen.schedule}: after {chosen.warmup:.0%} of the run at a rising rate")
    compiled = _compiled(compile, chosen_device, reasons)
    return Plan(
        epochs=passes,
        batch_size=size,
        optimizer=chosen,
        learning_rate=rate,
        device=str(chosen_device),
        precision=str(dtype).removeprefix("torch."),
        threads=used,
        seed=seed,
        steps=steps,
        time_budget=time_budget,
        compiled=compiled,
        reasons=tuple(reasons),
    )


def steps_per_epoch(rows: int, batch_size: int) -> int:
    """Whole batches in a pass; the rest of the rows waits for the next shuffle."""
    return max(1, rows // batch_size)


def _check_whole(name: str, given: int | str) -> None:
    if given != "auto" and (isinstance(given, (str, bool)) or not hasattr(given, "__index__") or given < 1):
        raise ParameterError(f"{name} must be a whole number of at least 1, or 'auto', got {given!r}.")


def _largest_batch(device: torch.device, kernels: bool) -> int:
    """Few rows of convolutions keep a processor as busy as many, and more steps learn more."""
    return CONVOLVED_BATCH if kernels and device.type == "cpu" else LARGEST_BATCH


def _batch_size(given: int | str, rows: int, epochs: int | str, largest: int, reasons: list[str]) -> int:
    if given == "auto":
        most = rows / max(STEPS_AN_EPOCH, STEPS / (STEPS if epochs == "auto" else int(epochs)))
        size = 32
        while 2 * size <= min(most, largest):
            size *= 2
        size = min(size, rows)
        reasons.append(
            f"batch size {size}: at least {STEPS_AN_EPOCH} steps an epoch and {STEPS} in all where rows allow, "
            f"at most {largest} rows"
        )
        return size
    size = min(int(given), rows)
    reasons.append(f"batch size {size}: " + ("as asked" if size == int(given) else f"all rows, as {given} were asked for"))
    return size


def _optimizer(given: str | Optimizer, matrices: bool, batch_size: int, reasons: list[str]) -> Optimizer:
    if given != "auto":
        asked = as_optimizer(given)
        reasons.append(f"optimizer {asked.name}: as asked")
        return asked
    if matrices and batch_size >= MUON_ROWS and hasattr(torch.optim, "Muon"):
        reasons.append("optimizer muon: large batches through matrices, where it needs a third of AdamW's steps")
        return Muon()
    why = "small batches, where its cheap steps win" if matrices else "convolutions and parts of your own learn well with it"
    reasons.append(f"optimizer adamw: {why}")
    return AdamW()


def _threads(given: int | str, device: torch.device, work: int, reasons: list[str]) -> int:
    if given != "auto":
        reasons.append(f"threads {int(given)}: as asked")
        return int(given)
    chosen = threads_for(device, work)
    small = chosen < torch.get_num_threads()
    reasons.append(f"threads {chosen}: " + ("the steps are too small to be worth sharing" if small else "as PyTorch is set"))
    return chosen


def automatic_rate(optimizer: Optimizer, batch_size: int, steps: int | None) -> float:
    """The learning rate where nobody gives one: the optimizer's own, less for batches below 256 rows and in long runs.

    Long: where the optimizer says from how many steps on; the rate then falls with the root of their number. steps None, a
    time budget that nobody has measured yet, counts as not long.
    """
    long = 1.0 if optimizer.long_run is None or steps is None else min(1.0, (optimizer.long_run / steps) ** 0.5)
    return optimizer.rate * min(1.0, (batch_size / 256) ** 0.25) * long


def _learning_rate(given: float | str, optimizer: Optimizer, batch_size: int, steps: int | None, reasons: list[str]) -> float:
    if isinstance(given, str) and given == "auto":
        rate = automatic_rate(optimizer, batch_size, steps)
        long = optimizer.long_run is not None and steps is not None and steps > optimizer.long_run
        why = f" and in runs of more than {optimizer.long_run} steps" if long else ""
        reasons.append(f"learning rate {rate:.2g}: {optimizer.name}'s {optimizer.rate:g}, less for batches below 256 rows{why}")
        return rate
    if not is_number(given) or not 0 < given < math.inf:
        raise ParameterError(f"learning_rate must be a number above 0, or 'auto', got {given!r}.")
    reasons.append(f"learning rate {float(given):g}: as asked")
    return float(given)


def _compiled(given: bool | str, device: torch.device, reasons: list[str]) -> bool:
    if given == "auto":
        why = "half a minute of compiling buys a quarter of a step at best" if device.type == "cpu" else "not measured on GPUs"
        reasons.append(f"compile no: {why}; compile=True asks for it")
        return False
    if not isinstance(given, bool):
        raise ParameterError(f"compile must be True, False or 'auto', got {given!r}.")
    reasons.append(f"compile {'yes' if given else 'no'}: as asked")
    return given


def _epochs(given: int | str, time_budget: float | None, rows: int, batch_size: int, reasons: list[str]) -> int:
    if time_budget is not None and not (is_number(time_budget) and 0 < time_budget < math.inf):
        raise ParameterError(f"time_budget must be a number of seconds above 0, got {time_budget!r}.")
    if given == "auto":
        if time_budget:
            return 1_000_000
        low, high = AUTO_EPOCHS
        epochs = min(high, max(low, -(-AUTO_STEPS // steps_per_epoch(rows, batch_size))))
        reasons.append(f"epochs {epochs}: about {AUTO_STEPS} steps, between {low} and {high} epochs")
        return epochs
    reasons.append(f"epochs {int(given)}: as asked")
    return int(given)

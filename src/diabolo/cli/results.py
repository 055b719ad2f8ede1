"""What was found, as text: the verdict, the table of errors, the health of the code, the training log.

Everything comes as plain values, fresh from a job or read from a model folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from diabolo.cli import console

if TYPE_CHECKING:
    from diabolo.jobs.findings import Finding
    from diabolo.report import Report
    from diabolo.report.language import Language

WORDS = {
    "model": "this model",
    "pca": "PCA",
    "mean": "mean of the rows",
    "input": "input as it is",
    "ridge": "ridge regression",
    "gaussian": "conditional Gaussian",
    "edges": "tiles by their edges",
    "lanczos": "Lanczos",
}

_SHORT = {"validation": "held out", "reconstruction": "recon.", "seconds": "time, s"}
_DECIMALS = {"psnr": 2, "ssim": 3}
_HEADINGS = {"mse": "MSE", "mae": "MAE", "bce": "BCE", "psnr": "PSNR, dB", "ssim": "SSIM"}


def show_verdict(report: Report) -> None:
    """The verdict of a report, in English as all of the command line, why PCA is ahead where it is, and advice below."""
    from diabolo.report.language import language

    words, whole = language("en"), report.to_dict()
    found = whole["verdict"]
    for finding in found["sentences"]:
        console.result(_said(words, finding))
    show_why(whole["evaluation"])
    if found["advice"]:
        console.result(words.plain("verdict.try") + ":")
    for finding in found["advice"]:
        console.result(f"- {_said(words, finding)}")


def show_why(metrics: Mapping[str, Any]) -> None:
    """Why PCA restores the rows better, a line a reason; nothing where it does not."""
    from diabolo.report.language import language

    words, reasons = language("en"), metrics.get("why") or ()
    if reasons:
        console.result(words.plain("why.title") + ":")
    for finding in reasons:
        console.result(f"- {_said(words, finding)}")


def _said(words: Language, found: Mapping[str, Any]) -> str:
    finding = _finding(found)
    return words.plain(finding.key, **finding.values)


def _finding(found: Mapping[str, Any]) -> Finding:
    """The inverse of ``Finding.to_dict``: some values of a finding are findings themselves."""
    from diabolo.jobs.findings import Finding

    inner = {name: _finding(v) if isinstance(v, Mapping) else v for name, v in found.items() if name != "key"}
    return Finding(found["key"], inner)


def show_errors(metrics: Mapping[str, Any]) -> None:
    """The table of errors: the model, and what is simpler below it."""
    names = list(metrics["table"][0]["errors"])
    words = WORDS | ({"pca": "PCA at as many bits"} if metrics.get("discrete") else {})
    rows = [
        [words.get(row["name"], row["name"]), str(row["numbers"]), *(_figure(n, row["errors"].get(n)) for n in names)]
        for row in metrics["table"]
    ]
    console.table(
        ["", "numbers", *(_HEADINGS.get(n, n) for n in names)],
        rows,
        title=f"Errors on {metrics['data']}: {metrics['rows']} row{'s' * (metrics['rows'] != 1)}, {metrics['scale']}",
        numbers=range(1, len(names) + 2),
    )


TASKS = {"denoise": "Denoising", "upscale": "Enlarging", "impute": "Filling in", "unshuffle": "Tiles in order"}


def show_mending(mending: Mapping[str, Any], where: str = "") -> None:
    """How well the model does what it was trained for, beside what is simpler. where: which pictures, in words."""
    names = list(mending["table"][0]["errors"])
    rows = [[WORDS.get(r["name"], r["name"]), *(_figure(n, r["errors"].get(n)) for n in names)] for r in mending["table"]]
    damage = f", {mending['damage']}" if mending["damage"] else ""
    console.table(
        ["", *(_HEADINGS.get(n, n) for n in names)],
        rows,
        title=f"{TASKS[mending['task']]} of {mending['rows']} pictures{where}{damage}",
        numbers=range(1, len(names) + 1),
    )
    if mending.get("absent"):
        console.say(mending["absent"])


def show_details(metrics: Mapping[str, Any]) -> None:
    """The ELBO, the health of the code and what neighbours say, a line each, where there are such figures."""
    for line in details(metrics):
        console.result(line)


def details(metrics: Mapping[str, Any]) -> list[str]:
    """The lines of :func:`show_details`."""
    lines = [_health(metrics["health"], metrics.get("ratio"))]
    lines += _discrete(metrics["discrete"]) if metrics.get("discrete") else []
    elbo = metrics.get("elbo")
    if elbo:
        bound, likelihood = -elbo["negative_elbo"], -elbo["reconstruction"]
        lines.append(f"Bound: {bound:.5g} a row = {likelihood:.5g} (reconstruction) − {elbo['kl']:.4g} (KL); {metrics['nats']}")
    neighbors = metrics.get("neighbors")
    if neighbors:
        beside = f", of PCA's {neighbors['pca']:.1%}" if "pca" in neighbors else ""
        lines.append(f"Neighbors: the five nearest codes name the right label for {neighbors['model']:.1%} of the rows{beside}")
    return lines


def _health(health: Mapping[str, Any], ratio: float | None) -> str:
    units = health["units"]
    if health.get("kl_active") is None:
        parts = [f"{units - health['dead']} of {units} units carry something"]
    else:
        parts = [f"{health['active']} of {units} units active, {health['kl_active']} of them paying more than 0.01 nats of KL"]
    if health["zeros"] > 0.005:
        parts.append(f"{health['zeros']:.0%} of the numbers are zero")
    parts.append(f"they fill {health['effective']:.1f} dimensions")
    smaller = "" if ratio is None else f"; {ratio:.3g} times fewer numbers than a row"
    return f"Code: {', '.join(parts)}{smaller}"


def _discrete(code: Mapping[str, Any]) -> list[str]:
    """Bits of a discrete code, as they come and with its prior."""
    numbers = f"{code['columns']} whole number{'s' * (code['columns'] != 1)} below {max(code['entries'])}"
    used = f"{code['used']:.1%} of the entries occur, as if {code['perplexity']:.4g} occurred equally often"
    lines = [f"Discrete code: {numbers}, {code['bits']:.5g} bits a row; {used}"]
    if code["prior"]:
        told = ", ".join(f"{bits:.5g} ({name})" for name, bits in code["prior"].items())
        lines.append(f"Bits a row an ideal coder would need that knows the prior: {told}")
    return lines


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.{_DECIMALS[name]}f}" if name in _DECIMALS else f"{value:.4g}"


def show_history(history: Sequence[Mapping[str, float]], limit: int = 15) -> None:
    """The training log, an epoch a row, at most about ``limit`` of them; the best one is marked."""
    columns = _log_columns(history)
    best = best_row(history)
    kept = thinned(len(history), best, limit)
    rows = [
        [f"{history[i]['epoch']:.0f}{'*' if i == best else ''}", *(_cell(history[i], name) for name in columns)] for i in kept
    ]
    thin = f" ({len(kept)} of {len(history)} epochs; all are in history.csv)" if len(kept) < len(history) else ""
    console.table(
        ["epoch", *(_log_heading(name) for name in columns)],
        rows,
        title=f"Training log{thin}; * is the best epoch",
        numbers=range(len(columns) + 1),
    )


def best_row(history: Sequence[Mapping[str, float]]) -> int:
    """The row whose weights were kept, of the last run."""
    from diabolo.jobs.diagnosis.curves import best_of, last_run

    run = last_run(history)
    return len(history) - len(run) + best_of(run)


def thinned(n: int, best: int, limit: int) -> list[int]:
    """At most ``limit`` of n row numbers, evenly spaced, with the first, the last, and the best beside them.

    >>> thinned(100, 97, 5)
    [0, 25, 50, 74, 97, 99]
    """
    if n <= limit:
        return list(range(n))
    return sorted({round(i * (n - 1) / (limit - 1)) for i in range(limit)} | {best})


def _log_columns(history: Sequence[Mapping[str, float]]) -> list[str]:
    """seconds, then the figures of each part of the data; reconstruction only where it is not the whole loss."""
    shown = []
    for name in history[0]:
        part, _, figure = name.partition("_")
        whole = figure == "reconstruction" and all(row.get(name) == row.get(f"{part}_loss") for row in history)
        if part in ("train", "validation") and figure != "cost" and not whole:
            shown.append(name)
    return ["seconds", *shown]


def _log_heading(name: str) -> str:
    part, _, figure = name.partition("_")
    return f"{_SHORT.get(part, part)}\n{_SHORT.get(figure, figure)}"


def _cell(row: Mapping[str, float], name: str) -> str:
    return "" if name not in row else f"{row[name]:.1f}" if name == "seconds" else f"{row[name]:.4g}"

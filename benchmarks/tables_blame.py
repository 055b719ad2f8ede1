"""How often the wrong cell of a row is the one that is blamed, on real people's records.

    DIABOLO_DATA=folder python benchmarks/tables_blame.py [--seed 0] [--rows 3000] [--label] [--json]

Of each held-out row of ``adult`` one cell, drawn evenly, is replaced by the same column's value in another row, drawn evenly
among those in which it is another. Missing cells are left alone. Beside the blame stand what is simpler: the cell that is
marginally rarest (-log of the share of training rows with that level, or with a number within a quarter of a spread of it), and
chance. --label leaves the column income out.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import polars as pl
import torch

from diabolo import read
from diabolo.jobs.anomalies.blame.explain import explain, training_options
from diabolo.jobs.train import train

HELD_OUT = 4_000
WINDOW = 0.5


def adult(label: bool) -> pl.DataFrame:
    """The table without the blanks before its words; a question mark is a missing cell."""
    frame = pl.read_csv(Path(os.environ["DIABOLO_DATA"]) / "tables" / "adult.csv", null_values=["?", " ?"])
    frame = frame.with_columns(pl.col(pl.String).str.strip_chars().replace("?", None))
    return frame.drop("income") if label else frame


def with_wrong_cells(frame: pl.DataFrame, pool: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, np.ndarray]:
    """The rows with one cell each replaced, and which."""
    random = np.random.default_rng(seed)
    columns = {c: frame[c].to_list() for c in frame.columns}
    values = {c: pool[c].drop_nulls().to_list() for c in frame.columns}
    which = np.empty(len(frame), dtype=np.int64)
    for i in range(len(frame)):
        there = [j for j, c in enumerate(frame.columns) if columns[c][i] is not None]
        which[i] = random.choice(there)
        name = frame.columns[which[i]]
        value = columns[name][i]
        while value == columns[name][i]:
            value = values[name][random.integers(len(values[name]))]
        columns[name][i] = value
    return pl.DataFrame(columns, schema=frame.schema), which


def rarest(rows: pl.DataFrame, training: pl.DataFrame) -> np.ndarray:
    """Which cell of each row is the rarest by itself, (n,)."""
    rarity = np.full((len(rows), len(rows.columns)), -np.inf)
    for j, name in enumerate(rows.columns):
        known, cells = training[name].drop_nulls(), rows[name]
        there = cells.is_not_null().to_numpy()
        if cells.dtype == pl.String:
            counts = dict(known.value_counts().iter_rows())
            found = np.array([counts.get(v, 0) for v in cells.drop_nulls().to_list()])
        else:
            ordered, v = np.sort(known.to_numpy()), cells.drop_nulls().to_numpy()
            spread = np.subtract(*np.quantile(ordered, (0.75, 0.25))) / 1.349 or ordered.std()
            near = [np.searchsorted(ordered, v + s * WINDOW / 2 * spread, side) for s, side in ((1, "right"), (-1, "left"))]
            found = near[0] - near[1]
        rarity[there, j] = -np.log((found + 0.5) / (len(known) + 1))
    return rarity.argmax(axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=3_000, help="held-out rows that are blamed")
    parser.add_argument("--label", action="store_true", help="leave the column income out")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    frame = adult(given.label)
    order = np.random.default_rng(given.seed).permutation(len(frame))
    training, held_out = frame[order[HELD_OUT:]], frame[order[: min(HELD_OUT, given.rows)]]
    rows, which = with_wrong_cells(held_out, frame, given.seed)
    start = time.perf_counter()
    model = train(read(training), training_options(len(training), seed=given.seed))
    trained_in = time.perf_counter() - start
    start = time.perf_counter()
    found = explain(model, rows, most=1)
    blamed = np.array([frame.columns.index(b[0].column) for b in found])
    told_in = time.perf_counter() - start
    hits = {"blame": blamed == which, "rarest": rarest(rows, training) == which}
    table = {name: {c: float(hit[which == j].mean()) for j, c in enumerate(frame.columns)} for name, hit in hits.items()}
    whole = {name: float(hit.mean()) for name, hit in hits.items()}
    if given.json:
        print(json.dumps({"all": whole, "by column": table, "seconds": [trained_in, told_in]}))
        return
    chance = 1 / len(frame.columns)
    print(f"{'column':16s} {'blame':>7s} {'rarest':>7s} {'chance':>7s}  of {len(rows)} rows, seed {given.seed}")
    for c in frame.columns:
        print(f"{c:16s} {table['blame'][c]:7.1%} {table['rarest'][c]:7.1%} {chance:7.1%}")
    print(
        f"{'all':16s} {whole['blame']:7.1%} {whole['rarest']:7.1%} {chance:7.1%}  {whole['blame'] / whole['rarest']:.2f} times"
    )
    print(f"trained in {trained_in:.0f} s, blamed in {told_in:.1f} s, one thread")


if __name__ == "__main__":
    main()

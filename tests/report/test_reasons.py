"""Lines the program prints: in Russian where the report is, those without words for them marked as English."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from diabolo.data import read
from diabolo.report.language import language
from diabolo.report.reasons import reasons_of, translated
from diabolo.training.plan import _compiled, make_plan
from tests.helpers import little_images, low_rank, quick
from tests.report.conftest import frame

RU = language("ru")


@pytest.mark.parametrize("data", [little_images(), low_rank(), frame().drop(columns="wood")])
def test_what_a_training_prints_has_words(data: object) -> None:
    config = quick(data, "plain", epochs="auto", batch_size="auto", optimizer="auto", seed=0, time_budget=0.05).config
    assert len(config.reasons) >= 6
    assert not [r for r in config.reasons if translated(r, RU).foreign]
    assert not translated(str(config.data["name"]), RU).foreign


@pytest.mark.parametrize("matrices", [True, False])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"device": "cpu", "precision": "float32"},
        {"precision": "bfloat16", "compile": True},
        {"epochs": 900, "optimizer": "muon", "compile": False},
    ],
)
def test_every_reason_of_a_plan_has_words(matrices: bool, options: dict[str, Any]) -> None:
    plan = make_plan(1000, matrices=matrices, **options)
    assert not [r for r in plan.reasons if translated(r, RU).foreign]


def test_what_only_a_gpu_is_told_has_words() -> None:
    reasons: list[str] = []
    assert not _compiled("auto", torch.device("cuda"), reasons)
    assert "GPU" in reasons[0]
    assert not translated(reasons[0], RU).foreign


def test_notes_on_files_have_words(tmp_path: Path) -> None:
    table = tmp_path / "prices.csv"
    rows = ["a;b;c", *(f"{i},5;{i * i};3" for i in range(20))]
    table.write_text("\n".join(rows), encoding="cp1251")
    reading = read(str(table))
    assert len(reading.notes) >= 2
    assert not [n for n in (reading.reason, *reading.notes) if translated(n, RU).foreign]


def test_notes_on_mixed_tables_have_words(tmp_path: Path) -> None:
    many, few = tmp_path / "many.csv", tmp_path / "few.csv"
    rows = [f"{i},{'?' if i == 3 else f'n{i}'},,," for i in range(600)]
    many.write_text("\n".join(["a,name,b,c,d", *rows]), encoding="utf-8")
    few.write_text("a,b,c\n1,u,\n,v,\n3,u,\n", encoding="utf-8")
    for path, notes in ((many, 5), (few, 2)):
        reading = read(path)
        assert len(reading.notes) == notes
        assert not [n for n in (reading.reason, *reading.notes) if translated(n, RU).foreign]


def test_notes_on_pictures_have_words(tmp_path: Path) -> None:
    for i in range(3):
        deep = np.random.default_rng(i).integers(0, 65536, (8 + i, 9), dtype=np.uint16)
        Image.fromarray(deep).save(tmp_path / f"{i}.png")
    (tmp_path / "list.txt").write_text("0 1 2")
    reading = read(tmp_path)
    assert len(reading.notes) == 3
    assert not [n for n in reading.notes if translated(n, RU).foreign]


def test_choices_and_notes_are_told_apart() -> None:
    config = quick(frame().drop(columns="wood"), "plain").config
    found = reasons_of(config.reasons, config.plan, RU)
    assert [line.text for line in found.notes] == ["столбец 'constant' постоянен"]
    assert len(found.choices) + len(found.notes) == len(config.reasons)
    assert found.choices[0].text == "числовая таблица, столбцов: 13"


def test_numbers_get_their_comma() -> None:
    line = translated("learning rate 0.0021: muon's 0.006, less for batches below 256 rows", RU)
    assert line.text == "шаг обучения 0,0021: для muon обычно 0,006, для пакетов меньше 256 строк он уменьшен"


def test_what_has_no_words_stays_and_is_marked() -> None:
    line = translated("the moon was full", RU)
    assert (line.text, line.foreign) == ("the moon was full", True)
    assert not translated("the moon was full", language("en")).foreign


def test_every_start_of_the_weights_has_words() -> None:
    """Told as it is: glorot and the mean, glorot alone under a loss of the user's own, the weights that are gone on with."""
    x = low_rank()
    first = quick(x, epochs=1)
    configs = [
        c.config for c in (first, quick(x, epochs=1, likelihood=lambda p, t: (p - t) ** 2), quick(x, start=first, epochs=1))
    ]
    told = [next(r for r in c.reasons if r.startswith("initialization")) for c in configs]
    assert ["mean" in told[0], told[1].endswith("Glorot's weights"), "gone on with" in told[2]] == [True, True, True]
    assert not [r for r in told if translated(r, RU).foreign]

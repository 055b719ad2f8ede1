"""Sections of what more trainings have shown: there where a model carries them, in both languages, with their figures."""

from __future__ import annotations

import dataclasses

import pytest

from diabolo.jobs.studies import Studies, with_study
from diabolo.report.few_labels import few_labels
from diabolo.report.language import LANGUAGES, language
from diabolo.report.sections import STUDIES
from diabolo.report.stacked import stacked
from diabolo.report.widths import sweep
from tests.jobs.test_studies import a_curve, a_layer_study, a_sweep
from tests.report.conftest import case
from tests.report.test_report import Page

EN, RU = language("en"), language("ru")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_page_shows_what_the_model_carries(lang: str) -> None:
    made = case("image")
    trained = made.trained
    for study in (a_sweep(), a_curve(), a_layer_study()):
        trained = with_study(trained, study)
    report = dataclasses.replace(made, trained=trained).report(lang)
    page = Page(report.html)
    assert page.open == []
    ids = page.attributes("id")
    assert [i for i in ids if i in STUDIES] == list(STUDIES)
    assert len(ids) == len(set(ids))
    assert {f"#{name}" for name in STUDIES} <= set(page.attributes("href"))
    assert all(values.get("alt") for tag, values in page.tags if tag == "img")
    found = report.to_dict()["studies"]
    assert found["sweep"]["suggestion"]["latent_dim"] == 2
    assert found["labels"]["test_rows"] == 30
    assert len(found["layerwise"]["trainings"]) == 8


def test_of_a_sweep() -> None:
    shown = sweep(a_sweep(), "image", 2, EN)
    assert shown is not None
    assert [row["name"] for row in shown["table"]["rows"]] == ["2", "4"]
    assert [row["own"] for row in shown["table"]["rows"]] == [True, False]
    first = dict(zip(shown["table"]["heads"], shown["table"]["rows"][0]["values"], strict=True))
    texts = {"error": "0.500", "PCA's": "0.600", "over training": "1.25", "kept": "50%", "in use": "2", "seconds": "1.50"}
    assert {head: first[head]["text"] for head in texts} == texts
    assert shown["table"]["rows"][1]["values"][2]["text"] == "∞"  # the training rows are known by heart
    assert shown["numbers"]  # a code of 4 channels has 16
    assert shown["suggested"] == "Suggested: 2 numbers."
    assert shown["this"] == EN("sweep.this")
    other = sweep(a_sweep(), "image", 4, EN)
    assert other is not None
    assert "another width: 4" in other["this"]
    assert [line["own"] for line in shown["group"]["lines"]] == [False, True, False]
    assert shown["group"]["count"] == 5
    table = sweep(a_sweep(originals=a_sweep().originals[:0], value_range=None), "table", 2, RU)
    assert table is not None
    assert table["group"] is None


def test_of_a_label_curve() -> None:
    shown = few_labels(a_curve(), EN)
    assert shown is not None
    assert shown["table"]["heads"] == ["10 labels", "20 labels"]
    assert [row["name"] for row in shown["table"]["rows"]][:2] == [
        "the encoder, trained further",
        "the same network from scratch",
    ]
    assert shown["table"]["rows"][0]["values"][0]["text"] == "60.0 ± 14.1%"  # of 0.5 and 0.7
    assert "30 test rows of 2 classes" in shown["sentences"][0]
    assert len(shown["about"]) == 1
    once = dataclasses.replace(a_curve(), seeds=1, apart=False, data="")
    assert len((few_labels(once, EN) or {})["about"]) == 2
    russian = few_labels(a_curve(), RU)
    assert russian is not None
    assert russian["table"]["rows"][0]["values"][0]["text"] == "60,0 ± 14,1\u00a0%"


def test_of_layers() -> None:
    shown = stacked(a_layer_study(), "image", EN)
    assert shown is not None
    assert shown["table"]["heads"] == ["error, sigmoid", "time, sigmoid", "error, silu", "time, silu"]
    assert [row["name"] for row in shown["table"]["rows"]][-1] == "PCA, as many numbers"
    assert [row["values"][0]["text"] for row in shown["table"]["rows"]] == ["0.100", "0.200", "0.300", "0.400", "0.200"]
    assert [row["values"][0]["best"] for row in shown["table"]["rows"]] == [True, False, False, False, False]
    assert "64-8-4-2" in shown["sentences"][0]
    assert [line["label"] for line in shown["group"]["lines"]][:2] == ["input", "layer by layer, sigmoid"]
    assert (stacked(a_layer_study(value_range=None), "table", RU) or {"group": 1})["group"] is None


def test_nothing_carried_nothing_shown() -> None:
    none = Studies()
    assert sweep(none.sweep, "image", 2, EN) is None
    assert few_labels(none.labels, EN) is None
    assert stacked(none.layerwise, "image", EN) is None

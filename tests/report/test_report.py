"""The page: whole, self-contained, escaped, in both languages, for every kind of model."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
import torch

from diabolo.errors import ParameterError
from diabolo.jobs.evaluation.evaluate import evaluate
from diabolo.report import build_report
from diabolo.report.drawings import draw_scores
from diabolo.report.language import language
from diabolo.report.sections import SECTIONS, STUDIES
from diabolo.report.verdict import judge
from tests.helpers import quick
from tests.report.conftest import LABELS, MAKE, TABLE, Case, case, report

VOID = {"meta", "img", "br", "wbr", "link", "input", "hr"}
ENGLISH = ("image", "image with labels", "table", "table with labels", "vae", "pairs", "read as a frame")
RUSSIAN = tuple(name for name in MAKE if name not in ("image", "image with labels", "color", "table"))
SCORED = ("image", "image with labels", "color", "vae", "bce", "pairs")
PAGES = [*((name, "en") for name in ENGLISH), *((name, "ru") for name in RUSSIAN)]
pages = pytest.mark.parametrize(("name", "lang"), PAGES)


class Page(HTMLParser):
    """A page taken apart: tags that are opened and closed, attributes, and the text a reader of its language sees."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        foreign = values.get("lang", self.tags[0][1].get("lang") if self.tags else None) != (self.tags or [(tag, values)])[0][
            1
        ].get("lang")
        self.tags.append((tag, values))
        self.texts += [values[a] for a in ("alt", "aria-label") if values.get(a)]  # type: ignore[misc]
        if tag not in VOID:
            hidden = tag in ("style", "code", "svg") or foreign or any(h for _, h in self.open)
            self.open.append((tag, hidden))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        opened, _ = self.open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        if not any(hidden for _, hidden in self.open) and data.strip():
            self.texts.append(data.strip())

    def attributes(self, name: str) -> list[str]:
        return [str(values[name]) for _, values in self.tags if name in values]


@pages
def test_a_whole_page_in_its_language(name: str, lang: str) -> None:
    page = Page(report(name, lang).html)
    assert page.open == []
    assert page.tags[0] == ("html", {"lang": lang})
    expected = [s for s in SECTIONS if s not in (*STUDIES, "anomalies") and (s != "oddness" or name in SCORED)]
    assert [i for i in page.attributes("id") if i in SECTIONS] == expected
    assert {f"#{s}" for s in expected} == {a for a in page.attributes("href") if a.startswith("#") and "-" not in a}
    assert all(values.get("alt") for tag, values in page.tags if tag == "img")
    assert all(values.get("aria-label") for tag, values in page.tags if tag == "svg")


@pages
def test_ids_are_unique_and_references_lead_somewhere(name: str, lang: str) -> None:
    html = report(name, lang).html
    ids = Page(html).attributes("id")
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", html)) <= set(ids)
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)


@pages
def test_nothing_is_loaded_and_nothing_runs(name: str, lang: str) -> None:
    page = Page(report(name, lang).html)
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "iframe", "object", "embed", "base", "form")]
    assert all(address.startswith("data:") for address in page.attributes("src"))
    assert all(a.startswith(("#", "https://")) for tag, v in page.tags if tag == "a" for a in [v["href"]])
    assert all(v["href"].startswith(("#", "data:")) for tag, v in page.tags if tag != "a" and "href" in v)
    assert not re.search(r"url\((?!#)|@import|https?://[^\"<]*\.(?:css|js|woff)", report(name, lang).html)
    assert not [a for _, values in page.tags for a in values if a.startswith("on")]


@pytest.mark.parametrize("name", RUSSIAN)
def test_no_english_is_left_in_russian(name: str) -> None:
    """Names, numbers and abbreviations aside: no two English words in a row, in what is not marked as English."""
    known = "Diabolo PCA t-SNE KL ELBO MSE MAE BCE PSNR SiLU float32 float64 uint8 cpu cuda Linux PyTorch muon adam adamw trees"
    words = re.compile(r"[A-Za-z]{2,}(?:[ ,;:]+[A-Za-z]{2,})+")
    english = []
    for text in Page(report(name, "ru").html).texts:
        if re.match(r"python [\d.]+, diabolo", text):
            continue
        english += words.findall(re.sub(rf"\b(?:{known.replace(' ', '|')}|AVX\w*|x\d+)\b", "", text))
    assert not english


@pages
def test_no_placeholder_is_left(name: str, lang: str) -> None:
    assert not [t for t in Page(report(name, lang).html).texts if re.search(r"[{}]|\bNone\b|\bnan\b|Finding\(", t)]


def test_pictures_and_values() -> None:
    image, table = report("image").html, report("table").html
    labeled = report("image with labels").html
    before = [html[: html.index('<section id="codes">')].count("data:image/png;base64,") for html in (image, labeled)]
    assert before == [11, 14]  # input, model, PCA; best, ordinary, worst; the strangest and where; the damaged
    assert "data:image/png" not in table
    assert table.count('<table class="values">') == 3
    assert "size_<wbr>7" in report("read as a frame").html
    assert "Damaged as in training" in report("table with labels").html


def test_labels_are_shown_where_there_are_any() -> None:
    assert "label oak" in report("table with labels").html
    assert not [text for text in Page(report("table").html).texts if re.search(r"\blabel\b", text)]
    assert "five nearest codes" in report("table with labels").html
    assert "five nearest codes" not in report("table").html


def test_the_bound_is_told_for_what_it_is() -> None:
    assert "ELBO" not in report("image").html
    assert "to write down one picture exactly" in report("vae").html
    assert "смысл имеет только разница между моделями" in report("vae on a table", "ru").html
    assert "Полутона понимаются как вероятность белого пикселя" in report("bce", "ru").html


def test_pairs_stand_beside_their_input() -> None:
    html = report("pairs").html
    assert "wanted" in html
    assert "input as it is" in html
    assert "PCA with" not in html


def test_tampered_names_are_text() -> None:
    """A column, a label, a data set and a command that look like HTML stay what they are: names."""
    import pandas as pd

    evil = "<script>alert(1)</script>"
    data = pd.DataFrame(TABLE, columns=[evil, '"><img src=x>', *map(str, range(10))])
    trained = quick(data, "plain")
    config = dataclasses.replace(trained.config, data={**trained.config.data, "name": evil}, reasons=(evil, evil, evil))
    labels = np.where(np.arange(60) % 2, evil, "</style>")
    made = Case(dataclasses.replace(trained, config=config), data, labels)
    for lang in ("en", "ru"):
        html = made.report(lang, command=f"diabolo train '{evil}'").html
        page = Page(html)
        assert not [tag for tag, _ in page.tags if tag == "script"]
        assert all(a.startswith("data:") for a in page.attributes("src"))
        assert html.count("</style>") == 1
        assert any(evil in text for text in page.texts)
        assert "&lt;script&gt;" in html


def test_the_command_or_the_python_for_it() -> None:
    made = case("table")
    assert "diabolo train trees --seed 3" in made.report(command="diabolo train trees --seed 3").html
    html = report("table").html
    assert "ae = Autoencoder(&#39;deep&#39;, epochs=6, batch_size=32, optimizer=&#39;adam&#39;, random_state=0).fit(X)" in html


@pytest.mark.parametrize(
    ("name", "role", "said"),
    [
        ("spring", "held-out", "Rows it was not trained on"),
        ("spring", "training", "Its own training rows"),
        ("spring", "other", "The rows of spring"),
        ("array of shape (60, 12)", "other", "The rows of array of shape (60, 12), among them those it was trained on,"),
    ],
)
def test_rows_are_called_what_they_are(name: str, role: str, said: str) -> None:
    g = case("table").gathered()
    evaluation = evaluate(g.trained, g.source, name=name, role=role)
    verdict = judge(dataclasses.replace(g, evaluation=evaluation))
    assert language("en").say(verdict.sentences[0]).startswith(said)


def test_phones_paper_and_the_night() -> None:
    html = report("image").html
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in html
    assert "@media screen and (prefers-color-scheme: dark)" in html
    assert "@media print" in html
    assert "@media (max-width: 40rem)" in html
    assert html.count("var(--fig-ink)") > 10


def test_the_same_every_time() -> None:
    assert case("vae").report().html == report("vae").html


def test_values_for_json() -> None:
    for name, lang in PAGES:
        found = report(name, lang).to_dict()
        assert json.loads(json.dumps(found, allow_nan=False))["recipe"] == case(name).trained.config.recipe
    found = report("vae").to_dict()
    assert found["verdict"]["level"] in ("better", "even", "worse", "none")
    assert found["evaluation"]["elbo"]["kl"] > 0
    assert sum(layer["parameters"] for layer in found["layers"]) == sum(
        p.numel() for p in case("vae").trained.model.parameters()
    )


def test_it_is_small_and_leaves_the_model_alone() -> None:
    made = case("image with labels")
    before = {k: v.clone() for k, v in made.trained.model.state_dict().items()}
    assert len(made.report().html) < 600_000
    assert all(v.equal(before[k]) for k, v in made.trained.model.state_dict().items())


def test_a_model_without_companions_and_history_still_has_a_report() -> None:
    bare = dataclasses.replace(case("table").trained, history=(), companions={})
    made = Case(bare, TABLE, LABELS)
    page = Page(made.report().html)
    assert page.open == []
    assert "The model carries no history." in page.texts


def test_one_row_is_enough() -> None:
    made = Case(case("image").trained, case("image").rows[:1])
    assert Page(made.report().html).open == []


def test_an_unknown_language() -> None:
    made = case("table")
    with pytest.raises(ParameterError, match="There is no language of reports 'de'"):
        build_report(made.trained, made.source, evaluation=made.evaluation(), lang="de")


def test_what_does_not_belong_is_shown() -> None:
    g = case("image").gathered()
    odd = g.oddities
    assert odd is not None
    assert (len(odd.found.scores), len(odd.strangest)) == (60, 6)
    assert odd.found.scores[odd.strangest[0]] == odd.found.scores.max()
    np.testing.assert_allclose(odd.shown[0], g.trained.kind.encode(g.source.take(torch.from_numpy(odd.strangest[:1])))[0])
    found = report("image").to_dict()["oddness"]
    assert found["outliers"] == odd.found.is_outlier.sum()
    assert "diabolo detect MODEL PICTURES --heatmap FOLDER" in report("image").html
    assert "red where they are unlike the others" in report("image").html
    assert report("table").to_dict()["oddness"] is None
    far = dataclasses.replace(odd, found=dataclasses.replace(odd.found, scores=odd.found.scores + 1e3))
    figure, most = draw_scores(far.found, language("en"))
    assert most == 3 * odd.found.threshold
    assert "svg" in figure
